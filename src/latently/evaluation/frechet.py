"""The Fréchet distance between two samples, each taken for a Gaussian."""

import numpy as np
from jaxtyping import Float


def frechet_distance(x: Float[np.ndarray, "n features"], y: Float[np.ndarray, "m _"]) -> float:
    r"""The squared Fréchet distance between the Gaussians that have the moments of two samples.

    \(\|\mu_x - \mu_y\|^2 + \text{tr}(C_x + C_y - 2 (C_x C_y)^{1/2})\), squared as in all that is published under its
    name (Equation 6). It grows with the scale of the features, and as the samples get smaller: compare it with the
    distance of another sample of the same size, in the same features.

    References:
        Heusel et al.: GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium, 2017.
        https://arxiv.org/abs/1706.08500

    Args:
        x, y: features, in rows; two rows or more of each.

    Returns:
        The squared distance, in squared units of the features, computed in float64; 0 for equal moments.

    Raises:
        ValueError: the samples differ in dimension, or one has a single row.

    Example:
        >>> import numpy as np
        >>> x = np.random.default_rng(0).normal(size=(1000, 2))
        >>> round(frechet_distance(x, x + [3, 4]), 6)
        25.0
    """
    if x.shape[1] != y.shape[1] or min(len(x), len(y)) < 2:
        raise ValueError(
            f"x and y must have the same dimension and two rows or more each; got shapes {x.shape} and {y.shape}. "
            "Compare samples in the same features."
        )
    (mean_x, root_x), (mean_y, root_y) = _moments(x), _moments(y)
    # tr (C_x C_y)^1/2 is the sum of the singular values of C_x^1/2 C_y^1/2: no root of what is not symmetric is taken.
    overlap = np.linalg.svd(root_x @ root_y, compute_uv=False).sum()
    spread = np.sum(root_x**2) + np.sum(root_y**2) - 2 * overlap
    return max(0.0, float(np.sum((mean_x - mean_y) ** 2) + spread))


def _moments(
    x: Float[np.ndarray, "n features"],
) -> tuple[Float[np.ndarray, "features"], Float[np.ndarray, "features _"]]:
    """The mean, and the symmetric root of the covariance."""
    exact = x.astype(np.float64)
    values, vectors = np.linalg.eigh(np.atleast_2d(np.cov(exact, rowvar=False)))
    return exact.mean(axis=0), (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
