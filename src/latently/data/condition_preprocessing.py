"""From the conditions of rows to what a network is told of them; and the drawing of those that nobody names."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Float64, Int

from latently.data.columns import Column
from latently.data.conditions import asked_conditions
from latently.data.rows import DataError
from latently.data.table import Table
from latently.data.table_preprocessing import TablePreprocessing
from latently.game import Cells

EXAMPLES = 500
_WIDTH = 0.2
"""Of the window within which training rows count as alike, in deviations of a number; words are 1 or more apart."""

_DRAWN_ROWS = 2**14
"""For so many rows at a time, examples that are like them are looked for."""


@dataclass(frozen=True, eq=False)
class ConditionPreprocessing:
    """What was done to conditions, kept with a model, and what it takes to draw them as the training rows have them.

    Its `columns` are the one description of conditions: of each the name, the kind, the words or the range.

    Attributes:
        preprocessing: from columns to elements.
        examples: the conditions of some training rows, without gaps.

    Example:
        >>> told = ConditionPreprocessing.fit(Table.of({"age": [20.5, 21.5, 60.5, 61.5], "sex": ["f", "f", "m", "m"]}))
        >>> told({"age": 41.0}, 2).tolist()
        [[0.0, nan], [0.0, nan]]
        >>> told.draw({"age": 61.0}, 2, seed=0).frame()["sex"].tolist()  # as rows of that age have it
        ['m', 'm']
    """

    preprocessing: TablePreprocessing
    examples: Float64[np.ndarray, "examples columns"]

    @classmethod
    def fit(cls, table: Table, seed: int = 0) -> "ConditionPreprocessing":
        """Learn the scale of each condition, and keep some rows: those without gaps first.

        Args:
            table: the conditions of the training rows.
            seed: of the choice of rows, and of what stands in for their gaps: cells of other rows.

        Raises:
            DataError: a condition is known of no row.
        """
        preprocessing, random = TablePreprocessing.fit(table), np.random.default_rng(seed)
        order = random.permutation(len(table))
        order = order[np.argsort(table.missing[order].any(axis=1), kind="stable")][:EXAMPLES]
        examples = np.array(np.asarray(table.values)[np.sort(order)], np.float64)
        for place, cells in enumerate(np.asarray(table.values).T):
            gaps = np.isnan(examples[:, place])
            examples[gaps, place] = random.choice(cells[~np.isnan(cells)], int(gaps.sum()))
        return cls(preprocessing, examples)

    @property
    def columns(self) -> tuple[Column, ...]:
        """What each condition is."""
        return self.preprocessing.columns

    @property
    def cells(self) -> tuple[Cells, ...]:
        """What each is in what a network is told, in that order."""
        return self.preprocessing.cells

    @property
    def event_shape(self) -> tuple[int, ...]:
        """How many elements a network is told of a row."""
        return self.preprocessing.event_shape

    def __call__(self, labels: Any, n: int | None = None) -> Float[np.ndarray, "n elements"]:
        """What a network is told of n rows, NaN where a condition is not named; `None` names none.

        Args:
            labels: as for `asked_conditions`.
            n: how many rows; as many as are given, unless said.
        """
        if labels is None:
            return np.full((n or 1, *self.event_shape), np.nan, np.float32)
        return np.asarray(self.preprocessing(asked_conditions(labels, self.columns, n)))

    def draw(self, labels: Any, n: int, seed: int) -> Table:
        """The conditions of n rows; those that are not named are those of a training row that is like what is named.

        Args:
            labels: as for `asked_conditions`; `None` names none.
            n: how many rows.
            seed: of the draws.
        """
        named = np.full((n, len(self.columns)), np.nan)
        if labels is not None:
            named = np.array(asked_conditions(labels, self.columns, n).values)
        gaps = np.isnan(named)
        if gaps.any():
            told = np.asarray(self.preprocessing(Table(self.columns, named)))
            examples = np.asarray(self.preprocessing(Table(self.columns, self.examples)))
            random = np.random.default_rng(seed)
            for start in range(0, n, _DRAWN_ROWS):  # all at once may not fit in memory
                some = slice(start, start + _DRAWN_ROWS)
                alike = self.examples[_alike(told[some], examples, random)]
                named[some][gaps[some]] = alike[gaps[some]]
        return Table(self.columns, named)

    def to_config(self) -> dict[str, Any]:
        """All fields as JSON-able values; the examples of a column in one line."""
        examples = {
            column.name: " ".join(map(_shortest, cells.tolist()))
            for column, cells in zip(self.columns, self.examples.T, strict=True)
        }
        return {"preprocessing": self.preprocessing.to_config(), "examples": examples}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "ConditionPreprocessing":
        """What `to_config` wrote, checked: files may be damaged."""
        preprocessing = TablePreprocessing.from_config(config["preprocessing"])
        examples = np.array([config["examples"][column.name].split() for column in preprocessing.columns], np.float64)
        if examples.ndim != 2 or not examples.size or not np.isfinite(examples).all():
            raise DataError("the examples of conditions must be finite numbers, equally many of each condition.")
        return cls(preprocessing, examples.T)


def _alike(
    told: Float[np.ndarray, "rows elements"], examples: Float[np.ndarray, "examples elements"], random: Any
) -> Int[np.ndarray, "rows"]:
    """The number of an example for each row, as probable as it is near in what is told of the row."""
    apart = np.zeros((len(told), len(examples)))
    for element in range(examples.shape[1]):
        apart += np.nan_to_num(told[:, element][:, None] - examples[:, element]) ** 2
    found: Int[np.ndarray, rows] = np.argmax(random.gumbel(size=apart.shape) - apart / (2 * _WIDTH**2), axis=1)
    return found


def _shortest(value: float) -> str:
    """A number in as few digits as are no other number."""
    short = f"{value:.9g}"
    return short if float(short) == value else repr(value)
