"""How a model reads rows: as numbers side by side in the units in which it learns them, and back."""

from math import prod
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from latently.data import Table
from latently.evaluation.model import Data, FittedModel

Numbers = Float[np.ndarray, "_ numbers"]


class Reading(NamedTuple):
    """From rows of one view to numbers and back; rows are their own numbers where nothing was done to them.

    Attributes:
        done: what was done to the data, as `latently.data.Preprocessing` says it; `None` for nothing.
        row_shape: the shape of a row.
    """

    done: Any
    row_shape: tuple[int, ...]

    @classmethod
    def of(cls, model: FittedModel, data: Data) -> "Reading":
        """The reading of such data by a model, which has `preprocessing_` where anything is done to rows."""
        done = getattr(model, "preprocessing_", None)
        if isinstance(data, Table) and not hasattr(done, "columns"):
            from latently.data import TablePreprocessing  # it needs JAX, and no other number does

            done = TablePreprocessing.fit(data)
        return cls(done, tuple(data.shape[1:]))

    def numbers(self, rows: Data) -> Numbers:
        """Rows as numbers, NaN where a cell of a table is missing."""
        if isinstance(rows, Table):
            return np.asarray(self.done(Table.like(rows, self.done.columns)), np.float64)
        if self.done is None:
            return np.asarray(rows, np.float64).reshape(len(rows), -1)
        x: Numbers = self.done.scaled(rows).reshape(len(rows), -1)
        return x

    def rows(self, numbers: Numbers) -> Data:
        """Numbers as rows again, in the data's own units: integers are rounded, and of words the likeliest is taken."""
        if self.done is None:
            return numbers.reshape(len(numbers), *self.row_shape)
        if hasattr(self.done, "columns"):
            return self.done.inverse(numbers)
        x = numbers.reshape(len(numbers), *self.done.row_shape) * self.done.scale + self.done.offset
        rows: Data = self.done.in_type(x).reshape(len(x), *self.row_shape)
        return rows

    @property
    def owners(self) -> Int[np.ndarray, "numbers"]:
        """The column of a table that each of the numbers of a row belongs to; of other rows, each is its own."""
        if not hasattr(self.done, "columns"):
            return np.arange(prod(self.row_shape))
        return np.repeat(self.done.order, [cell.width for cell in self.done.cells])
