"""The sliced Wasserstein distance between two samples."""

import numpy as np
from jaxtyping import Float

PROJECTIONS = 256


def sliced_wasserstein(
    x: Float[np.ndarray, "rows latent"],
    y: Float[np.ndarray, "_ _"],
    *,
    projections: int = PROJECTIONS,
    seed: int = 0,
) -> float:
    r"""The sliced Wasserstein-2 distance, over a fixed number of random directions.

    \(\left( E_\theta\, W_2^2(\theta \cdot x, \theta \cdot y) \right)^{1/2}\); in one dimension \(W_2\) pairs the sorted
    points of two samples of the same size.

    References:
        Bonneel et al.: Sliced and Radon Wasserstein Barycenters of Measures, 2015.
        https://doi.org/10.1007/s10851-014-0506-3

    Args:
        x: a sample of one distribution.
        y: a sample of the other, of the same size.
        projections: the number of directions, uniform on the sphere.
        seed: draws the directions.

    Returns:
        The distance, in the units of the samples.

    Raises:
        ValueError: the samples differ in shape.

    Example:
        >>> import numpy as np
        >>> x = np.random.default_rng(0).normal(size=(100, 1))
        >>> round(sliced_wasserstein(x, x + 3), 4)
        3.0
    """
    if x.shape != y.shape:
        raise ValueError(
            f"x and y must have the same shape; got {x.shape} and {y.shape}. Draw as many of one as of the other."
        )
    directions = random_directions(projections, x.shape[1], seed)
    return distance_of_slices(slices(x, directions), slices(y, directions))


def random_directions(projections: int, dim: int, seed: int) -> Float[np.ndarray, "projections latent"]:
    """Unit vectors, uniform on the sphere."""
    directions = np.random.default_rng(seed).normal(size=(projections, dim))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return directions.astype(np.float32)


def slices(
    x: Float[np.ndarray, "rows latent"], directions: Float[np.ndarray, "projections latent"]
) -> Float[np.ndarray, "projections rows"]:
    """The points along each direction, sorted."""
    projected = directions @ x.astype(np.float32).T
    projected.sort(axis=1)
    return projected


def distance_of_slices(a: Float[np.ndarray, "projections rows"], b: Float[np.ndarray, "projections rows"]) -> float:
    """The distance between two samples from their sorted projections."""
    return float(np.sqrt(np.mean(np.square(a - b), dtype=np.float64)))
