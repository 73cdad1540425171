"""How true a sample is to the data, and how much of it there is, told by moments and by nearest neighbours.

References:
    Heusel et al.: GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium, 2017.
    https://arxiv.org/abs/1706.08500
    Kynkäänniemi et al.: Improved Precision and Recall Metric for Assessing Generative Models, 2019.
    https://arxiv.org/abs/1904.06991
    Naeem et al.: Reliable Fidelity and Diversity Metrics for Generative Models, 2020.
    https://arxiv.org/abs/2002.09797
"""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

from latently.evaluation.rows import squared_distances

SUPPORT_NEIGHBOURS = 3
DENSITY_NEIGHBOURS = 5
BLOCK_NUMBERS = 2**22
"""Distances held at a time: 32 MB of them."""
ROUNDING = 1e-12
Points = Float[np.ndarray, "_ features"]


def frechet_distance(x: Float[np.ndarray, "n features"], y: Float[np.ndarray, "m _"]) -> float:
    r"""The squared Fréchet distance between the Gaussians that have the moments of two samples; 0 for equal moments.

    \(\|\mu_x - \mu_y\|^2 + \text{tr}(C_x + C_y - 2 (C_x C_y)^{1/2})\), squared as in all that is published under its
    name (Heusel et al., Equation 6). It grows with the scale of the features, and as the samples get smaller: compare
    it with the distance of another sample of the same size, in the same features.
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


def _moments(x: Points) -> tuple[Float[np.ndarray, "features"], Float[np.ndarray, "features _"]]:
    """The mean, and the symmetric root of the covariance."""
    exact = x.astype(np.float64)
    values, vectors = np.linalg.eigh(np.atleast_2d(np.cov(exact, rowvar=False)))
    return exact.mean(axis=0), (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T


def fidelity(
    real: Float[np.ndarray, "n features"],
    fake: Float[np.ndarray, "m _"],
    *,
    support_neighbours: int = SUPPORT_NEIGHBOURS,
    density_neighbours: int = DENSITY_NEIGHBOURS,
) -> dict[str, float]:
    r"""Precision and recall, density and coverage of samples.

    A ball around a point reaches to its k-th nearest neighbour within its own set.

    - Precision is the share of samples within the balls of the data, recall the share of the data within the balls of
      the samples (Kynkäänniemi et al., Equations 1 and 2); k is `support_neighbours`.
    - Only balls of the data count in the other two, so that no outlier among the samples claims room. Density is the
      mean number of balls that a sample lies in, over k (Naeem et al., Equation 3). Coverage is the share of balls that
      hold a sample (Equation 4); k is `density_neighbours`.

    For samples of the data's own distribution, as many as data, the density is 1 on average and may be more; the
    coverage is about \(1 - 2^{-k}\), 0.969 for k = 5. Larger sets have smaller balls: give as many samples as data.
    """
    least = max(support_neighbours, density_neighbours)
    if real.shape[1] != fake.shape[1] or min(len(real), len(fake)) <= least:
        raise ValueError(
            f"real and fake must have the same dimension and more than {least} rows each, as many neighbours as are "
            f"asked for; got shapes {real.shape} and {fake.shape}. Give more rows, or ask for fewer neighbours."
        )
    middle = real.astype(np.float64).mean(axis=0)  # small numbers keep distances exact
    real, fake = real - middle, fake - middle
    support, dense = _radii(real, support_neighbours, density_neighbours)
    (fake_support,) = _radii(fake, support_neighbours)
    in_real, in_fake, held = np.zeros(len(fake), bool), np.zeros(len(real), bool), np.zeros(len(real), int)
    for rows, distances in _blocks(real, fake):
        in_real |= (distances <= support[rows, None]).any(axis=0)
        in_fake[rows] = (distances <= fake_support).any(axis=1)
        held[rows] = np.count_nonzero(distances <= dense[rows, None], axis=1)
    return {
        "precision": float(in_real.mean()),
        "recall": float(in_fake.mean()),
        "density": float(held.sum() / (density_neighbours * len(fake))),
        "coverage": float((held > 0).mean()),
    }


def neighbour_distances(x: Float[np.ndarray, "n features"], *neighbours: int) -> Float[np.ndarray, "neighbours n"]:
    """The squared distance of each point to its k-th nearest neighbour, itself not counted, for each k."""
    places, parts = [k - 1 for k in neighbours], []
    for rows, distances in _blocks(x, x):
        distances[np.arange(len(distances)), np.arange(rows.start, rows.stop)] = np.inf
        distances.partition(places, axis=1)
        parts.append(distances[:, places].T)
    return np.concatenate(parts, axis=1)


def _radii(x: Float[np.ndarray, "n features"], *neighbours: int) -> Float[np.ndarray, "neighbours n"]:
    """Squared radii of the balls, a trace wider than they are: a point on the rim is inside, however it is rounded."""
    rim = ROUNDING * np.mean(x**2) * x.shape[1]
    return np.asarray(neighbour_distances(x, *neighbours) * (1 + ROUNDING) + rim)


def _blocks(x: Points, y: Points) -> Iterator[tuple[slice, Float[np.ndarray, "block m"]]]:
    """Squared distances of some rows of x at a time to all of y."""
    step = max(1, BLOCK_NUMBERS // len(y))
    for start in range(0, len(x), step):
        rows = slice(start, min(start + step, len(x)))
        yield rows, squared_distances(x[rows], y)
