"""How much two sets of codes of the same rows have in common."""

import numpy as np
from jaxtyping import Float
from scipy.linalg import eigh
from sklearn.metrics import pairwise_distances

RIDGE = 1e-4
HSIC_ROWS = 2000


def total_canonical_correlation(
    train: tuple[Float[np.ndarray, "train a"], Float[np.ndarray, "train b"]],
    test: tuple[Float[np.ndarray, "test a"], Float[np.ndarray, "test b"]],
    components: int,
) -> float:
    r"""The sum of the correlations of the first canonical pairs: directions found on training rows, measured on others.

    Linear canonical correlation analysis (Hotelling 1936): directions \(u, v\) that maximise
    \(\mathrm{corr}(u^\top a, v^\top b)\), each uncorrelated with those before, from covariances with a ridge of 1e-4 of
    their mean variance. As Andrew et al. 2013 (deep CCA) report it for halves of images; the most it can be is
    `components`.

    Args:
        train: two sets of codes, row by row of the same data, that the directions are found on.
        test: two sets that the correlations are measured on.
        components: how many pairs; no more than the smaller dimension are taken.

    Example:
        >>> a = np.random.default_rng(0).normal(size=(500, 3))
        >>> b = a[:, ::-1] + 1
        >>> round(total_canonical_correlation((a[:400], b[:400]), (a[400:], b[400:]), 2), 2)
        2.0
    """
    a, b = (codes - codes.mean(axis=0) for codes in train)
    n, d = len(a), a.shape[1]
    covariance = np.cov(np.hstack([a, b]).astype(np.float64).T)
    for block in (slice(0, d), slice(d, None)):
        part = covariance[block, block]
        part[np.diag_indices_from(part)] += RIDGE * np.trace(part) / len(part) + 1e-12
    of_a, across, of_b = covariance[:d, :d], covariance[:d, d:], covariance[d:, d:]
    _, u = eigh(across @ np.linalg.solve(of_b, across.T), of_a)
    u = u[:, ::-1][:, : min(components, n - 1, d, len(of_b))]
    v = np.linalg.solve(of_b, across.T @ u)
    left, right = test[0] @ u, test[1] @ v
    left, right = left - left.mean(axis=0), right - right.mean(axis=0)
    norms = np.linalg.norm(left, axis=0) * np.linalg.norm(right, axis=0)
    together = (left * right).sum(axis=0)
    return float(np.divide(together, norms, out=np.zeros_like(together), where=norms > 0).sum())


def normalized_hsic(a: Float[np.ndarray, "rows a"], b: Float[np.ndarray, "rows b"]) -> float:
    r"""The dependence of two sets of codes, of any form: 0 where they are independent, 1 where one tells the other.

    \(\mathrm{HSIC}(a, b) / \sqrt{\mathrm{HSIC}(a, a)\,\mathrm{HSIC}(b, b)}\) with Gaussian kernels as wide as the
    median distance (Gretton et al. 2005, the biased estimate; normalised as in Cortes et al. 2012). Finite samples of
    independent codes are a little above 0.

    Args:
        a, b: codes, row by row of the same data; of more than 2000 rows the first 2000 are taken.

    Example:
        >>> a = np.random.default_rng(0).normal(size=(200, 2))
        >>> round(normalized_hsic(a, 3 * a + 1), 6)
        1.0
    """
    k, m = (_centred_kernel(codes[:HSIC_ROWS].astype(np.float64)) for codes in (a, b))
    norm = np.linalg.norm(k) * np.linalg.norm(m)
    return float(np.vdot(k, m) / norm) if norm > 0 else 0.0


def _centred_kernel(codes: Float[np.ndarray, "rows d"]) -> Float[np.ndarray, "rows rows"]:
    squared = pairwise_distances(codes, metric="sqeuclidean")
    kernel = np.exp(-squared / max(float(np.median(squared)), 1e-12))
    kernel = kernel - kernel.mean(axis=0)
    centred: Float[np.ndarray, "rows rows"] = kernel - kernel.mean(axis=1, keepdims=True)
    return centred
