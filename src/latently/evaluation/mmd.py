"""The maximum mean discrepancy between two samples."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from scipy.spatial.distance import pdist

MULTIPLIERS = (0.25, 0.5, 1.0, 2.0, 4.0)
MEDIAN_ROWS = 1000
BLOCK_ROWS, BLOCK_COLUMNS = 256, 1024  # a block of distances and one of kernel values stay within a core's L2 cache


def median_bandwidths(
    draws: Float[np.ndarray, "rows latent"], multipliers: Sequence[float] = MULTIPLIERS
) -> tuple[float, ...]:
    """Bandwidths of a kernel mixture: the median distance between two draws, times each multiplier.

    Args:
        draws: independent draws of the distribution compared with; the first 1000 are used.
        multipliers: what the median is multiplied with.

    Returns:
        One bandwidth a multiplier, in the units of the draws. Draws that (mostly) coincide have no median distance; 1
        stands in for it.

    Example:
        >>> import numpy as np
        >>> median_bandwidths(np.array([[0.0], [1.0], [3.0]]))
        (0.5, 1.0, 2.0, 4.0, 8.0)
    """
    median = float(np.median(pdist(draws[:MEDIAN_ROWS]))) if len(draws) > 1 else 0.0
    return tuple(multiplier * (median or 1.0) for multiplier in multipliers)


def mmd_squared(
    x: Float[np.ndarray, "n latent"],
    y: Float[np.ndarray, "m _"],
    bandwidths: Sequence[float],
    *,
    biased: bool = False,
) -> float:
    r"""The squared maximum mean discrepancy under a mixture of Gaussian kernels.

    \(\text{MMD}^2 = E\,k(x, x') + E\,k(y, y') - 2\,E\,k(x, y)\) with \(k(a, b) = \frac1J \sum_j \exp(-\|a - b\|^2 / 2
    \sigma_j^2)\), so that k(a, a) = 1. The unbiased estimate (equation 3) leaves the pairs of a point with itself out
    and can be negative; the biased one (equation 5) keeps them and cannot.

    References:
        Gretton et al.: A Kernel Two-Sample Test, 2012. https://jmlr.org/papers/v13/gretton12a.html

    Args:
        x: a sample of one distribution.
        y: a sample of the other.
        bandwidths: σ of each kernel, in the units of the samples.
        biased: whether to keep the pairs of a point with itself.

    Returns:
        The estimate, without unit.

    Raises:
        ValueError: the samples differ in dimension, or one is too small for the estimate.

    Example:
        >>> import numpy as np
        >>> x, y = np.random.default_rng(0).normal(size=(2, 500, 2))
        >>> bandwidths = median_bandwidths(y)
        >>> abs(mmd_squared(x, y, bandwidths)) < 0.01, mmd_squared(x + 1, y, bandwidths) > 0.1
        (True, True)
    """
    least = 1 if biased else 2
    if x.shape[1] != y.shape[1] or min(len(x), len(y)) < least:
        raise ValueError(
            f"x and y must have the same dimension and at least {least} rows each; got shapes {x.shape} and {y.shape}. "
            "Compare samples of the same space."
        )
    x, y = centered(x, y)
    xx, yy = kernel_total(x, None, bandwidths), kernel_total(y, None, bandwidths)
    return squared_from_totals(xx, yy, kernel_total(x, y, bandwidths), len(x), len(y), biased=biased)


def mmd(x: Float[np.ndarray, "n latent"], y: Float[np.ndarray, "m _"], bandwidths: Sequence[float]) -> float:
    """The root of the biased `mmd_squared`, clipped at zero: a distance, positive for any two finite samples.

    Example:
        >>> import numpy as np
        >>> x = np.random.default_rng(0).normal(size=(100, 2))
        >>> round(mmd(x, x, (1.0,)), 3)
        0.0
    """
    return float(np.sqrt(max(mmd_squared(x, y, bandwidths, biased=True), 0.0)))


def squared_from_totals(xx: float, yy: float, xy: float, n: int, m: int, *, biased: bool) -> float:
    """MMD² from the three sums of `kernel_total`: within x, within y, and across, of `n` and `m` points."""
    own = 0 if biased else 1
    return (xx - own * n) / (n * (n - own)) + (yy - own * m) / (m * (m - own)) - 2 * xy / (n * m)


def centered(*samples: Float[np.ndarray, "_ latent"]) -> list[np.ndarray]:
    """The samples around the mean of the last one, in float32: small numbers keep distances exact."""
    mean = samples[-1].astype(np.float64).mean(axis=0)
    return [np.ascontiguousarray(sample - mean, dtype=np.float32) for sample in samples]


def kernel_total(
    x: Float[np.ndarray, "n latent"], y: Float[np.ndarray, "m latent"] | None, bandwidths: Sequence[float]
) -> float:
    """The sum of the kernel over all pairs of a point of `x` and one of `y`, in blocks of bounded memory.

    Args:
        x: float32 points, see `centered`.
        y: likewise; `None` for the pairs within `x`, each point with itself included.
        bandwidths: as in `mmd_squared`.
    """
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
    # ‖a - b‖² = ‖a‖² + ‖b‖² - 2 a·b
    distances = rows @ columns.T
    distances *= -2
    distances += np.einsum("ij,ij->i", rows, rows)[:, None]
    distances += np.einsum("ij,ij->i", columns, columns)[None, :]
    np.maximum(distances, 0, out=distances)
    if diagonal:
        np.fill_diagonal(distances, 0)
    kernel = np.empty_like(distances)
    total = 0.0
    for rate in rates:
        np.multiply(distances, rate, out=kernel)
        np.exp(kernel, out=kernel)
        total += float(kernel.sum())
    return total
