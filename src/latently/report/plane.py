"""The plane that codes are drawn in: two dimensions, and the prior behind them."""

import dataclasses
from typing import Any

import numpy as np
from jaxtyping import Float

from latently import figures

NEAR = 0.15  # of the axes' length: codes that lie no further outside are taken in, to the last
AIR = 0.02  # of the axes' length, beyond the outermost code
GRID = 141  # points a side of the grid on which a density is drawn


@dataclasses.dataclass(frozen=True)
class Plane:
    """The two dimensions of a code that are drawn, and the prior behind them.

    Attributes:
        dimensions: which two; of a one-dimensional code, the same one twice.
        limits: the interval that both axes show.
        background: the prior, as contours of its density or as draws.
    """

    dimensions: tuple[int, int]
    limits: tuple[float, float]
    background: figures.Background

    @property
    def axis_labels(self) -> tuple[str, str]:
        """The names of the axes, counted from 1."""
        first, second = self.dimensions
        return f"$z_{{{first + 1}}}$", f"$z_{{{second + 1}}}$"

    def project(self, codes: Float[np.ndarray, "... latent"]) -> Float[np.ndarray, "... 2"]:
        """The two coordinates of codes."""
        return codes[..., list(self.dimensions)]


def plane_of(model: Any, codes: Float[np.ndarray, "rows latent"]) -> Plane:
    """The plane of the two dimensions in which codes vary most, with the prior behind it."""
    widest = np.sort(np.argsort(codes.std(axis=0), kind="stable")[::-1][:2])
    dimensions = (int(widest[0]), int(widest[-1]))
    low, high = model.prior_support()
    if model.latent_dim == 2:
        axis = np.linspace(low, high, GRID, dtype=np.float32)
        grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
        density = model.prior_log_density(grid)
        if density is not None:
            return Plane(dimensions, (low, high), ("density", axis, axis, np.exp(density).reshape(GRID, GRID)))
    draws = model.sample_prior(3000, random_state=0)[:, list(dimensions)]
    return Plane(dimensions, (low, high), ("points", draws))


def widened(
    limits: tuple[float, float], codes: Float[np.ndarray, "... latent"], most: float = np.inf
) -> tuple[float, float]:
    """The prior's interval, widened where codes lie outside of it: one in two hundred may stay there, if far out.

    Args:
        limits: of the prior.
        codes: to be shown.
        most: how many times as wide as the prior it may be.

    Example:
        >>> widened((-3.0, 3.0), np.array([[0.0, 5.0]]), most=1.5)
        (-3.0, 4.5)
    """
    finite = codes[np.isfinite(codes)]
    if finite.size == 0:
        return limits
    least, low, high, greatest = map(float, np.quantile(finite, [0, 0.0025, 0.9975, 1]))
    low, high = min(limits[0], low), max(limits[1], high)
    near = NEAR * (high - low)
    low, high = (least if low - near <= least < low else low), (greatest if high < greatest <= high + near else high)
    air = AIR * (high - low)
    low, high = (low - air if low < limits[0] else low), (high + air if high > limits[1] else high)
    middle, reach = (limits[0] + limits[1]) / 2, most * (limits[1] - limits[0]) / 2
    return max(low, middle - reach), min(high, middle + reach)


def plane_in_words(model: Any, plane: Plane) -> str:
    if model.latent_dim == 2:
        return "both dimensions"
    first, second = plane.dimensions
    return f"dimensions {first + 1} and {second + 1} of {model.latent_dim}, in which codes vary most"
