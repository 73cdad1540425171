"""How far the codes are from the prior, in multiples of how far the prior is from itself."""

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
from jaxtyping import Float

from latently.evaluation.mmd import centered, kernel_total, median_bandwidths, squared_from_totals
from latently.evaluation.wasserstein import PROJECTIONS, distance_of_slices, random_directions, slices


def prior_match(
    codes: Float[np.ndarray, "rows latent"],
    prior_samples: list[Float[np.ndarray, "_ _"]],
    *,
    projections: int = PROJECTIONS,
    seed: int = 0,
) -> dict[str, Any]:
    r"""Two distances between codes and prior, each beside the same distance between two samples of the prior.

    A distance between samples says nothing by itself: it depends on the kernel, the units and the number of points.
    The distance between two samples of the prior, of the same size, is the value that a perfect match would give, and
    `ratio` is the multiple of it that the codes reach. That needs a value that is positive for a perfect match. The
    unbiased MMD² is not: it is zero on average and as often negative. So the ratio is taken of the root of the biased
    MMD² (see `latently.evaluation.mmd.mmd`), whose value for a perfect match of n points is near
    \(\sqrt{2 (1 - E\,k(z, z')) / n}\). The ratio is about 1 for codes from the prior and grows with \(\sqrt n\) for
    others, so that ratios compare only at the same number of rows. The unbiased MMD² of the codes, which estimates the
    same number whatever n, stands beside it.

    Every distance is between as many points as there are codes. The kernel is the mean of Gaussian kernels whose
    bandwidths are the median distance between draws of the prior times 1/4, 1/2, 1, 2, 4.

    Args:
        codes: one draw of the posterior of every row (means alone would be too narrow).
        prior_samples: at least two independent samples of the prior, each of the shape of the codes.
        projections: the number of directions of the sliced Wasserstein-2 distance.
        seed: draws those directions.

    Returns:
        `rows`, `prior_samples`, `prior_pairs`, and for each of `mmd` and `sliced_wasserstein`: `codes_to_prior` (the
        mean over the prior samples), `prior_to_prior_mean` and `prior_to_prior_max` over all pairs of them, and `ratio`
        (codes to the mean; `None` where a prior without spread makes it meaningless). `mmd` adds `unbiased_squared` and
        `bandwidths`, `sliced_wasserstein` adds `projections`.

    Raises:
        ValueError: too few prior samples, or one of another shape than the codes, or fewer than two codes.

    Example:
        >>> import numpy as np
        >>> codes, *prior = np.random.default_rng(0).normal(size=(4, 1000, 2))
        >>> 0.5 < prior_match(codes, prior)["mmd"]["ratio"] < 2
        True
        >>> prior_match(codes + 1, prior)["mmd"]["ratio"] > 3
        True
    """
    if len(prior_samples) < 2 or len(codes) < 2 or any(sample.shape != codes.shape for sample in prior_samples):
        raise ValueError(
            "prior_samples must be two or more samples of the shape of the codes, of two or more rows; got "
            f"{[sample.shape for sample in prior_samples]} for codes of shape {codes.shape}. "
            "Draw as many points of the prior as there are codes."
        )
    return {
        "rows": len(codes),
        "prior_samples": len(prior_samples),
        "prior_pairs": len(prior_samples) * (len(prior_samples) - 1) // 2,
        "mmd": _mmd_match(codes, prior_samples),
        "sliced_wasserstein": _wasserstein_match(codes, prior_samples, projections, seed),
    }


def _mmd_match(codes: np.ndarray, prior_samples: list[np.ndarray]) -> dict[str, Any]:
    n = len(codes)
    bandwidths = median_bandwidths(prior_samples[0])
    samples = centered(codes, *prior_samples)
    within = [kernel_total(sample, None, bandwidths) for sample in samples]  # each needed for several pairs
    squared = {
        (a, b): [squared_from_totals(within[a], within[b], across, n, n, biased=biased) for biased in (True, False)]
        for a, b in combinations(range(len(samples)), 2)
        for across in [kernel_total(samples[a], samples[b], bandwidths)]
    }
    match = _beside_prior(lambda a, b: float(np.sqrt(max(squared[a, b][0], 0.0))), len(samples))
    unbiased = float(np.mean([squared[0, b][1] for b in range(1, len(samples))]))
    return {**match, "unbiased_squared": unbiased, "bandwidths": list(bandwidths)}


def _wasserstein_match(
    codes: np.ndarray, prior_samples: list[np.ndarray], projections: int, seed: int
) -> dict[str, Any]:
    directions = random_directions(projections, codes.shape[1], seed)
    sliced = [slices(sample, directions) for sample in centered(codes, *prior_samples)]
    match = _beside_prior(lambda a, b: distance_of_slices(sliced[a], sliced[b]), len(sliced))
    return {**match, "projections": projections}


def _beside_prior(distance: Callable[[int, int], float], n: int) -> dict[str, float | None]:
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
