"""Rows: which ones are evaluated, and how they pass through a model in bounded memory."""

from collections.abc import Callable
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Int

from latently.data import Views
from latently.evaluation.model import Data

BLOCK_ROWS = 4096


@runtime_checkable
class _Part(Protocol):
    """A part of a data set: its rows as a model takes them, and its labels if it has any."""

    @property
    def rows(self) -> Data: ...

    @property
    def labels(self) -> np.ndarray | None: ...


@runtime_checkable
class Splits(Protocol):
    """Data split for training and testing."""

    @property
    def train(self) -> _Part: ...

    @property
    def test(self) -> _Part: ...


class Rows(NamedTuple):
    """Chosen rows of a data set, not yet read.

    Attributes:
        data: the whole data, of one view or of several.
        labels: the labels of the chosen rows; `None` when there are none.
        chosen: the positions of the chosen rows in `data`, ascending.
    """

    data: Data
    labels: np.ndarray | None
    chosen: Int[np.ndarray, "rows"]

    @classmethod
    def choose(cls, data: Data, labels: np.ndarray | None, max_rows: int, seed: int) -> "Rows":
        """All rows, or a random `max_rows` of them."""
        n = len(data)
        if labels is not None and len(labels) != n:
            raise ValueError(f"y must have one label a row of X; got {len(labels)} labels and {n} rows.")
        if n > max_rows:
            chosen = np.sort(np.random.default_rng(seed).choice(n, size=max_rows, replace=False))
        else:
            chosen = np.arange(n)
        return cls(data, None if labels is None else np.asarray(labels)[chosen], chosen)

    def __len__(self) -> int:
        return len(self.chosen)

    def blocks(self) -> list[Callable[[], Data]]:
        """The chosen rows in pieces of `BLOCK_ROWS`, each read when it is called."""
        pieces = [self.chosen[start : start + BLOCK_ROWS] for start in range(0, len(self.chosen), BLOCK_ROWS)]
        return [lambda piece=piece: _take(self.data, piece) for piece in pieces]  # type: ignore[misc]

    def where(self, kept: Bool[np.ndarray, "rows"]) -> "Rows":
        """Those of the chosen rows for which `kept` holds."""
        return Rows(self.data, None if self.labels is None else self.labels[kept], self.chosen[kept])

    def apply(self, function: Callable[[Data], np.ndarray]) -> np.ndarray:
        """`function` of the chosen rows, block by block, joined."""
        return np.concatenate([np.asarray(function(read())) for read in self.blocks()])

    def apply_with_labels(self, function: Callable[[Data, np.ndarray], np.ndarray]) -> np.ndarray:
        """`function` of the chosen rows and their labels, block by block, joined."""
        if self.labels is None:
            raise ValueError("these rows have no labels; choose them with labels.")
        labels = np.array_split(self.labels, range(BLOCK_ROWS, len(self.chosen), BLOCK_ROWS))
        pairs = zip(self.blocks(), labels, strict=True)
        return np.concatenate([np.asarray(function(read(), of_block)) for read, of_block in pairs])


def has_views(data: Data) -> bool:
    """Whether a row of the data is made of several views."""
    return isinstance(data, Views)


def known_labels(labels: np.ndarray) -> Bool[np.ndarray, "rows"]:
    """Where a label is known: everywhere but at the number -1 and at the empty word.

    Example:
        >>> import numpy as np
        >>> known_labels(np.array([3, -1, 0]))
        array([ True, False,  True])
    """
    unknown = -1 if labels.dtype.kind in "if" else ""
    return np.asarray(labels != unknown)


def unlabelled(labels: np.ndarray | None) -> str | None:
    """Why nothing can be compared with these labels, if so."""
    if labels is None:
        return "the data has no labels"
    return None if known_labels(labels).any() else "every label is unknown"


def stream(seed: int, *branch: int) -> int:
    """A seed for one purpose, independent of the seeds for others.

    Example:
        >>> stream(0, 1) == stream(0, 1), stream(0, 1) == stream(0, 2)
        (True, False)
    """
    return int(np.random.SeedSequence([seed, *branch]).generate_state(1)[0] >> 1)


def _take(data: Data, rows: Int[np.ndarray, "rows"]) -> Data:
    return data[rows] if has_views(data) else np.asarray(data[rows])
