"""How far the codes are from the prior: the maximum mean discrepancy and the sliced Wasserstein distance."""

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.spatial.distance import pdist

from latently.evaluation.rows import squared_distances

Codes = Float[np.ndarray, "rows latent"]
MULTIPLIERS = (0.25, 0.5, 1.0, 2.0, 4.0)
MEDIAN_ROWS = 1000
PROJECTIONS = 256
BLOCK_ROWS, BLOCK_COLUMNS = 256, 1024  # a block of distances and one of kernel values stay within a core's L2 cache


def prior_match(
    codes: Codes, prior_samples: list[Float[np.ndarray, "_ _"]], *, projections: int = PROJECTIONS, seed: int = 0
) -> dict[str, Any]:
    r"""Two distances between codes and prior, each beside the same distance between two samples of the prior.

    A distance between samples says nothing by itself: it depends on the kernel, the units and the number of points.
    The distance between two samples of the prior, of the same size, is what a perfect match would give, and `ratio` is
    the multiple of it that the codes reach: of the root of the biased MMD² (see `mmd`), since the unbiased one is zero
    on average for a perfect match. It is about 1 for codes from the prior and grows with \(\sqrt n\) for others, so
    that ratios compare only at the same number of rows. The unbiased MMD² of the codes, which estimates the same number
    whatever n, stands beside it.

    Codes are one draw of the posterior of every row (means alone would be too narrow), beside two or more samples of
    the prior of the same shape. The kernel is the mean of Gaussian kernels whose bandwidths are the median distance
    between draws of the prior times 1/4, 1/2, 1, 2, 4.

    Returns:
        `rows`, `prior_samples`, `prior_pairs`, and for each of `mmd` and `sliced_wasserstein`: `codes_to_prior` (the
        mean over the prior samples), `prior_to_prior_mean` and `prior_to_prior_max` over all pairs of them, and `ratio`
        (codes to the mean; `None` where a prior without spread makes it meaningless). `mmd` adds `unbiased_squared` and
        `bandwidths`, `sliced_wasserstein` adds `projections`.
    """
    if len(prior_samples) < 2 or len(codes) < 2 or any(sample.shape != codes.shape for sample in prior_samples):
        raise ValueError(
            "prior_samples must be two or more samples of the shape of the codes, of two or more rows; got "
            f"{[sample.shape for sample in prior_samples]} for codes of shape {codes.shape}. "
            "Draw as many points of the prior as there are codes."
        )
    samples, bandwidths = _centered(codes, *prior_samples), median_bandwidths(prior_samples[0])
    sliced = [_slices(sample, projections, seed) for sample in samples]
    return {
        "rows": len(codes),
        "prior_samples": len(prior_samples),
        "prior_pairs": len(prior_samples) * (len(prior_samples) - 1) // 2,
        "mmd": {**_mmd_match(samples, bandwidths), "bandwidths": list(bandwidths)},
        "sliced_wasserstein": {
            **_beside_prior(lambda a, b: _distance_of_slices(sliced[a], sliced[b]), len(sliced)),
            "projections": projections,
        },
    }


def _mmd_match(samples: list[np.ndarray], bandwidths: Sequence[float]) -> dict[str, Any]:
    n = len(samples[0])
    within = [_kernel_total(sample, None, bandwidths) for sample in samples]  # each needed for several pairs
    squared = {
        (a, b): [_squared_from_totals(within[a], within[b], across, n, n, biased=biased) for biased in (True, False)]
        for a, b in combinations(range(len(samples)), 2)
        for across in [_kernel_total(samples[a], samples[b], bandwidths)]
    }
    match = _beside_prior(lambda a, b: float(np.sqrt(max(squared[a, b][0], 0.0))), len(samples))
    return {**match, "unbiased_squared": float(np.mean([squared[0, b][1] for b in range(1, len(samples))]))}


def _beside_prior(distance: Callable[[int, int], float], n: int) -> dict[str, Any]:
    """A distance between sample 0, the codes, and the prior's samples 1 … n - 1, and between each two of those."""
    codes_to_prior = float(np.mean([distance(0, b) for b in range(1, n)]))
    prior_to_prior = [distance(a, b) for a, b in combinations(range(1, n), 2)]
    mean = float(np.mean(prior_to_prior))
    return {
        "codes_to_prior": codes_to_prior,
        "prior_to_prior_mean": mean,
        "prior_to_prior_max": max(prior_to_prior),
        "ratio": codes_to_prior / mean if mean > 0 else None,
    }


def median_bandwidths(draws: Codes, multipliers: Sequence[float] = MULTIPLIERS) -> tuple[float, ...]:
    """The median distance between two of (the first 1000) draws, or 1 where most coincide, times each multiplier."""
    median = float(np.median(pdist(draws[:MEDIAN_ROWS]))) if len(draws) > 1 else 0.0
    return tuple(multiplier * (median or 1.0) for multiplier in multipliers)


def mmd_squared(x: Codes, y: Float[np.ndarray, "_ _"], bandwidths: Sequence[float], *, biased: bool = False) -> float:
    r"""The squared maximum mean discrepancy under a mixture of Gaussian kernels.

    \(\text{MMD}^2 = E\,k(x, x') + E\,k(y, y') - 2\,E\,k(x, y)\) with \(k(a, b) = \frac1J \sum_j \exp(-\|a - b\|^2 / 2
    \sigma_j^2)\), so that k(a, a) = 1. The unbiased estimate (equation 3) leaves the pairs of a point with itself out
    and can be negative; the biased one (equation 5) keeps them and cannot.

    References:
        Gretton et al.: A Kernel Two-Sample Test, 2012. https://jmlr.org/papers/v13/gretton12a.html
    """
    least = 1 if biased else 2
    if x.shape[1] != y.shape[1] or min(len(x), len(y)) < least:
        raise ValueError(
            f"x and y must have the same dimension and at least {least} rows each; got shapes {x.shape} and {y.shape}. "
            "Compare samples of the same space."
        )
    x, y = _centered(x, y)
    xx, yy = _kernel_total(x, None, bandwidths), _kernel_total(y, None, bandwidths)
    return _squared_from_totals(xx, yy, _kernel_total(x, y, bandwidths), len(x), len(y), biased=biased)


def mmd(x: Codes, y: Float[np.ndarray, "_ _"], bandwidths: Sequence[float]) -> float:
    """The root of the biased `mmd_squared`, clipped at zero: a distance, positive for any two finite samples."""
    return float(np.sqrt(max(mmd_squared(x, y, bandwidths, biased=True), 0.0)))


def _squared_from_totals(xx: float, yy: float, xy: float, n: int, m: int, *, biased: bool) -> float:
    """MMD² from the three sums of `_kernel_total`: within x, within y, and across, of `n` and `m` points."""
    own = 0 if biased else 1
    return (xx - own * n) / (n * (n - own)) + (yy - own * m) / (m * (m - own)) - 2 * xy / (n * m)


def _centered(*samples: Float[np.ndarray, "_ latent"]) -> list[np.ndarray]:
    """The samples around the mean of the last one, in float32: small numbers keep distances exact."""
    mean = samples[-1].astype(np.float64).mean(axis=0)
    return [np.ascontiguousarray(sample - mean, dtype=np.float32) for sample in samples]


def _kernel_total(x: np.ndarray, y: np.ndarray | None, bandwidths: Sequence[float]) -> float:
    """The sum of the kernel over all pairs of points of `x` and `y`, or within `x`, each with itself included."""
    rates = [np.float32(-0.5 / bandwidth**2) for bandwidth in bandwidths]
    total = 0.0
    for top in range(0, len(x), BLOCK_ROWS):
        rows = x[top : top + BLOCK_ROWS]
        if y is None:  # the pairs right of the diagonal block count twice, for those left of it
            total += _block_total(rows, rows, rates, diagonal=True)
            rest, weight = x[top + BLOCK_ROWS :], 2
        else:
            rest, weight = y, 1
        for left in range(0, len(rest), BLOCK_COLUMNS):
            total += weight * _block_total(rows, rest[left : left + BLOCK_COLUMNS], rates)
    return total / len(rates)


def _block_total(rows: np.ndarray, columns: np.ndarray, rates: list[np.float32], *, diagonal: bool = False) -> float:
    distances = squared_distances(rows, columns)
    if diagonal:
        np.fill_diagonal(distances, 0)
    kernel = np.empty_like(distances)
    total = 0.0
    for rate in rates:
        np.multiply(distances, rate, out=kernel)
        np.exp(kernel, out=kernel)
        total += float(kernel.sum())
    return total


def sliced_wasserstein(
    x: Codes, y: Float[np.ndarray, "_ _"], *, projections: int = PROJECTIONS, seed: int = 0
) -> float:
    r"""The sliced Wasserstein-2 distance, in the units of the samples, over a fixed number of random directions.

    \(\left( E_\theta\, W_2^2(\theta \cdot x, \theta \cdot y) \right)^{1/2}\); in one dimension \(W_2\) pairs the sorted
    points of two samples of the same size.

    References:
        Bonneel et al.: Sliced and Radon Wasserstein Barycenters of Measures, 2015.
        https://doi.org/10.1007/s10851-014-0506-3
    """
    if x.shape != y.shape:
        raise ValueError(
            f"x and y must have the same shape; got {x.shape} and {y.shape}. Draw as many of one as of the other."
        )
    return _distance_of_slices(_slices(x, projections, seed), _slices(y, projections, seed))


def _slices(x: Codes, projections: int, seed: int) -> Float[np.ndarray, "projections rows"]:
    """The points along random directions, uniform on the sphere, sorted in each."""
    directions = np.random.default_rng(seed).normal(size=(projections, x.shape[1]))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    projected = directions.astype(np.float32) @ x.astype(np.float32).T
    projected.sort(axis=1)
    return projected


def _distance_of_slices(a: Float[np.ndarray, "projections rows"], b: Float[np.ndarray, "projections rows"]) -> float:
    return float(np.sqrt(np.mean(np.square(a - b), dtype=np.float64)))
