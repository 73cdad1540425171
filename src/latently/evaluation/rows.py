"""Rows: which ones are evaluated, how they pass through a model in bounded memory, and what is counted over them."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from latently.data import Table, Views
from latently.data.table import is_frame
from latently.evaluation.model import Data

BLOCK_ROWS = 4096


class Selection(NamedTuple):
    """Chosen rows of a data set, not yet read: the whole data, the labels of the chosen rows, and their numbers.

    Of rows that come under conditions, the labels are a table of these.
    """

    data: Data
    labels: Any
    chosen: Int[np.ndarray, "rows"]

    @classmethod
    def choose(cls, data: Data, labels: np.ndarray | None, max_rows: int, seed: int) -> "Selection":
        """All rows, or a random `max_rows` of them."""
        n = len(data)
        if labels is not None and len(labels) != n:
            raise ValueError(f"y must have one label a row of X; got {len(labels)} labels and {n} rows.")
        chosen = np.arange(n)
        if n > max_rows:
            chosen = np.sort(np.random.default_rng(seed).choice(n, size=max_rows, replace=False))
        return cls(data, None if labels is None else np.asanyarray(labels)[chosen], chosen)

    def __len__(self) -> int:
        return len(self.chosen)

    def where(self, kept: Bool[np.ndarray, "rows"]) -> "Selection":
        """Those of the chosen rows for which `kept` holds."""
        return Selection(self.data, None if self.labels is None else self.labels[kept], self.chosen[kept])

    def some(self, n: int, seed: int) -> "Selection":
        """A random `n` of the chosen rows, in their order."""
        kept = np.zeros(len(self), bool)
        kept[np.random.default_rng(seed).choice(len(self), n, replace=False)] = True
        return self.where(kept)

    def blocks(self) -> Iterator[tuple[Data, Any]]:
        """The chosen rows and their labels, read `BLOCK_ROWS` at a time."""
        for start in range(0, len(self.chosen), BLOCK_ROWS):
            block = slice(start, start + BLOCK_ROWS)
            chosen = self.chosen[block]
            rows = self.data.iloc[chosen] if hasattr(self.data, "iloc") else self.data[chosen]
            labels = None if self.labels is None else self.labels[block]
            yield rows if isinstance(rows, Table | Views) or is_frame(rows) else np.asarray(rows), labels

    def apply(self, function: Callable[[Data], np.ndarray]) -> np.ndarray:
        """`function` of the chosen rows, block by block, joined."""
        return np.concatenate([np.asarray(function(rows)) for rows, _ in self.blocks()])


def known_labels(labels: np.ndarray) -> Bool[np.ndarray, "rows"]:
    """Where a label is known: everywhere but at the number -1 and at the empty word, or where a mask says so."""
    if np.ma.isMaskedArray(labels):
        return ~np.ma.getmaskarray(labels)
    unknown = -1 if labels.dtype.kind in "if" else ""
    return np.asarray(labels != unknown)


def unlabelled(labels: np.ndarray | None) -> str | None:
    """Why nothing can be compared with these labels, if so."""
    if labels is None:
        return "the data has no labels"
    return None if known_labels(labels).any() else "every label is unknown"


def not_finite(values: Shaped[np.ndarray, "rows ..."], sentence: str) -> str | None:
    """How many rows hold a number that is not finite, if one does: "3 of 10" in the place of `{}` in the sentence."""
    broken = np.count_nonzero(~np.isfinite(values).reshape(len(values), -1).all(axis=1))
    return sentence.format(f"{broken} of {len(values)}") if broken else None


def share(name: str, holds: Bool[np.ndarray, "rows"], error: str = "standard_error") -> dict[str, float]:
    """The share of rows for which something holds, and its binomial standard error, under these names."""
    p = float(holds.mean())
    return {name: p, error: float(np.sqrt(p * (1 - p) / len(holds)))}


def standard_error(values: Float[np.ndarray, "rows"]) -> float | None:
    """The standard error of the mean; `None` for one row."""
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else None


def squared_distances(x: Float[np.ndarray, "n d"], y: Float[np.ndarray, "m d"]) -> Float[np.ndarray, "n m"]:
    """Of every point to every other, ‖a - b‖² = ‖a‖² + ‖b‖² - 2 a·b: exact where the points are near the origin."""
    distances: Float[np.ndarray, "n m"] = x @ y.T
    distances *= -2
    distances += np.einsum("ij,ij->i", x, x)[:, None]
    distances += np.einsum("ij,ij->i", y, y)
    np.maximum(distances, 0, out=distances)
    return distances


def stream(seed: int, *branch: int) -> int:
    """A seed for one purpose, independent of the seeds for others."""
    return int(np.random.SeedSequence([seed, *branch]).generate_state(1)[0] >> 1)
