"""What rows of a table have beside what their codes stand for, and how their numbers are written.

A decoder gives the mean of a row, and its likelihood noise that is independent from column to column. What rows have
beside that mean hangs together, though: a tumour whose radius is larger than its code says has a larger area, too. A
sampler draws it with the code, as rows have it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from jaxtyping import Float, Float64, Shaped

from latently.data.far import rounded_whole

DIRECTIONS = 32
"""Of what rows have beside their means, so many principal components are drawn with the code; what is left is noise."""
PIECE = 1024
"""So many rows share a stream of noise."""
_ROWS_OF_DIRECTION = 15  # at least, so that it is more than chance
_LEAST_MOVE, _LEAST_VARIANCE = 0.3, 1e-3  # of standardised rows, by a number of a code and along a direction
_FINEST, _EXACT = 1e-4, 1e-6  # of a step, and of the places of numbers on steps, as shares of a column's range


@dataclass(frozen=True, eq=False)
class Scatter:
    """The directions of what rows have beside their means, and the steps on which their numbers lie.

    Attributes:
        slopes: what a code adds to the mean of its row, and behind that what is added to all: a decoder shrinks rows
            towards their mean, since codes are uncertain.
        axes: of length 1 and at right angles, in the units that networks read.
        spread: the standard deviation of what is left of each column beside these directions.
        low: the smallest number of each column, in the units of the data.
        high: the largest.
        step: how far neighbouring numbers are apart at least, where they lie on a grid, such as that of tenths; else 0.
    """

    slopes: Float[np.ndarray, "latent_and_one columns"]
    axes: Float[np.ndarray, "directions columns"]
    spread: Float[np.ndarray, "columns"]
    low: Float64[np.ndarray, "columns"]
    high: Float64[np.ndarray, "columns"]
    step: Float64[np.ndarray, "columns"]

    @classmethod
    def fit(
        cls,
        codes: Float[np.ndarray, "rows latent"],
        means: Float[np.ndarray, "rows columns"],
        read: Float[np.ndarray, "rows columns"],
        data: Shaped[np.ndarray, "rows columns"],
        seed: int = 0,
    ) -> tuple[Self, Float[np.ndarray, "rows directions"], Float[np.ndarray, "numbers"]]:
        """The directions and the steps; where each row is along the directions; and how far all numbers move rows.

        These are the numbers of a code, and behind them those along the directions.

        Args:
            codes: of two rows or more.
            means: of rows of these codes.
            read: the rows, as networks read them.
            data: the same in their own units.
            seed: of the search for directions, where columns are many.

        Example:
            >>> rows = np.random.default_rng(0).normal(size=(50, 1)) * np.array([[1.0, 1.0]])
            >>> scatter, along, _ = Scatter.fit(np.zeros((50, 1)), np.zeros((50, 2)), rows, rows.round(1))
            >>> along.shape, scatter.step.round(3).tolist()
            ((50, 1), [0.1, 0.1])
        """
        from latently.data.components import principal_components  # scikit-learn takes a second to be imported

        left = read - means
        told = np.column_stack([codes, np.ones(len(codes))])
        slopes = np.linalg.lstsq(told, left, rcond=None)[0].astype(np.float32)
        left = left - told @ slopes
        moves = np.linalg.norm(np.linalg.lstsq(told, read, rcond=None)[0][:-1], axis=1)
        most = min(DIRECTIONS, max(len(left) // _ROWS_OF_DIRECTION, 1))
        pca = principal_components(left, most, seed)
        axes = pca.components_[: max(1, int((pca.explained_variance_ > _LEAST_VARIANCE).sum()))]
        along = left @ axes.T
        spread = (left - along @ axes).std(axis=0)
        numbers = np.asarray(data, np.float64)
        low, high = numbers.min(axis=0), numbers.max(axis=0)
        step = np.array([step_of(column) for column in numbers.T])
        step[step <= np.spacing(np.maximum(np.abs(low), np.abs(high)))] = 0  # these are float64's own
        scatter = cls(slopes, axes.astype(np.float32), spread.astype(np.float32), low, high, step)
        return scatter, along, np.concatenate([np.maximum(moves, _LEAST_MOVE), np.ones(len(axes))])

    def draw(
        self,
        codes: Float[np.ndarray, "rows latent"],
        along: Float[np.ndarray, "rows directions"],
        seed: int,
        first: int = 0,
    ) -> Float[np.ndarray, "rows columns"]:
        """What rows of these codes have beside their means that are there along the directions.

        Args:
            codes: of the rows.
            along: the directions.
            seed: of the noise.
            first: the number of the first row, where they are a part of more; a multiple of `PIECE`.
        """
        beside: Float[np.ndarray, "rows columns"] = codes @ self.slopes[:-1] + self.slopes[-1] + along @ self.axes
        for start in range(0, len(along), PIECE):
            random = np.random.default_rng((seed, 1, first + start))  # (seed, 0) is the stream of seed alone
            piece = beside[start : start + PIECE]
            piece += self.spread * random.standard_normal(piece.shape, np.float32)
        return beside

    def written(self, rows: Shaped[np.ndarray, "rows columns"]) -> Shaped[np.ndarray, "rows columns"]:
        """Rows whose numbers lie as those of the data do: within their range and, where there are some, on steps.

        Whole numbers that float64 does not hold are left as they are.
        """
        numbers = np.clip(np.asarray(rows, np.float64), self.low, self.high)
        step = np.where(self.step > 0, self.step, 1.0)
        stepped = self.low + step * np.round((numbers - self.low) / step)
        written = np.where(self.step > 0, stepped, numbers).astype(rows.dtype)
        return np.where(rounded_whole(rows), rows, written)

    def arrays(self) -> dict[str, Any]:
        """Its arrays that hold no numbers of the data, by name."""
        return {"slopes": self.slopes, "axes": self.axes, "spread": self.spread}

    def config(self) -> dict[str, Any]:
        """What it is but for those, as JSON values: float32 does not hold all numbers of data."""
        steps = {name: getattr(self, name).tolist() for name in ("low", "high", "step")}
        return {"directions": len(self.axes), **steps}

    @classmethod
    def outline(cls, config: Mapping[str, Any], dim: int) -> Self:
        """The one that a config describes, of codes of `dim` numbers, with zeros that take no memory for arrays."""
        low, high, step = (np.asarray(config[name], np.float64) for name in ("low", "high", "step"))
        usable = low.shape == high.shape == step.shape and low.ndim == 1 and (low <= high).all() and (step >= 0).all()
        if not (usable and np.isfinite([low, high, step]).all()):
            raise ValueError("its sampler must have a finite low, high and step for each column")
        zero = np.float32(0)
        axes, slopes = (np.broadcast_to(zero, (n, len(low))) for n in (int(config["directions"]), dim + 1))
        return cls(slopes, axes, np.broadcast_to(zero, low.shape), low, high, step)


def step_of(numbers: Float64[np.ndarray, "rows"]) -> float:
    """The largest step that all distances between numbers are multiples of; 0 where it is too fine to matter.

    Example:
        >>> round(step_of(np.array([0.2, 0.5, 1.1])), 9), step_of(np.array([0.0, 1.0, 1.0])), step_of(np.ones(3))
        (0.3, 1.0, 0.0)
    """
    apart = np.diff(np.unique(numbers))
    if not len(apart):
        return 0.0
    reach = float(apart.sum())
    step = float(apart.min())
    while step > _FINEST * reach:  # Euclid's algorithm, on all distances at once
        missed = np.abs(apart - step * np.round(apart / step))
        missed = missed[missed > _EXACT * reach]
        if not len(missed):
            return reach / round(reach / step)  # the mean over all steps is more exact than one of them
        step = float(missed.min())
    return 0.0
