"""Columns of a table as axes: where a cell lies, and what the ticks say, for numbers, counts, dates and words."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
from jaxtyping import Float64, Int
from matplotlib.axis import Axis, XAxis
from matplotlib.ticker import MaxNLocator

from latently.figures.style import fix_ticks, limits_of, numbers, shortened

if TYPE_CHECKING:
    from latently.data.columns import Column

MOST_WORDS = 6
"""Words of a column that a panel has room for; the rarest of more are put together."""
WORD_LENGTH = 11
_DATES = (
    *(("h", step, "%m-%d %H:%M") for step in (1, 3, 6, 12)),
    *(("D", step, "%Y-%m-%d") for step in (1, 2, 7, 14)),
    *(("M", step, "%Y-%m") for step in (1, 3, 6)),
    *(("Y", step, "%Y") for step in (1, 2, 5, 10, 20, 50, 100)),
)
"""Units of NumPy, how many of them lie between ticks, and how these are written."""
_DAY = 86_400  # seconds
_MOST_TICKS, _CHARACTERS = 5, 21  # on the axis of a panel

Cells: TypeAlias = Float64[np.ndarray, "_"]
Ticks: TypeAlias = tuple[Float64[np.ndarray, "ticks"], list[str]]
"""Places on an axis, and what is written there."""


class Shown(NamedTuple):
    """A column as an axis shows it.

    Attributes:
        name: of the column.
        kind: of the column, one of `latently.data.KINDS`.
        words: of a column of words, in the order of their codes.
        middle: of numbers with heavy tails on both sides: where the axis is most drawn out.
        spread: likewise, over which interval.
    """

    name: str
    kind: str = "number"
    words: tuple[Any, ...] = ()
    middle: float = 0.0
    spread: float | None = None

    @classmethod
    def of(cls, columns: "Sequence[str | Column] | None", originals: Float64[np.ndarray, "n columns"]) -> "list[Shown]":
        """The columns of rows: named, known to be of a kind, or neither."""
        d = originals.shape[1]
        if columns is None:
            return [cls(f"column {place}") for place in range(d)]
        if len(columns) != d:
            raise ValueError(f"columns must hold {d} names, one a column; got {len(columns)}. Give all, or none.")
        shown = []
        for column, cells in zip(columns, originals.T, strict=True):
            there = cells[np.isfinite(cells)]
            if isinstance(column, str) or not hasattr(column, "kind"):
                shown.append(cls(str(column)))
            elif column.kind == "heavy" and len(there) and there.min() <= 0:
                low, middle, high = np.quantile(there, (0.25, 0.5, 0.75))
                shown.append(cls(column.name, "heavy", (), float(middle), float((high - low) or there.std() or 1.0)))
            else:
                shown.append(cls(column.name, column.kind, tuple(column.words)))
        return shown

    @property
    def has_words(self) -> bool:
        """Whether cells are words, and not on a scale."""
        return self.kind in ("category", "binary")

    @property
    def is_plain(self) -> bool:
        """Whether cells are numbers on a linear scale."""
        return self.kind in ("number", "robust")

    @property
    def is_whole(self) -> bool:
        """Whether cells are counts."""
        return self.kind in ("count", "poisson")

    def places(self, cells: Cells) -> Cells:
        """Where cells lie on an axis; those that are missing, or have no place there, are NaN."""
        if self.kind != "heavy":
            return cells
        if self.spread is not None:
            return np.arcsinh((cells - self.middle) / self.spread)
        return np.log10(np.where(cells > 0, cells, np.nan))

    def limits(self, *places: Cells) -> tuple[float, float]:
        """The ends of an axis that holds all of these places; of counts, it begins below 0."""
        low, high = limits_of(*places, air=0.05)
        return (min(low, -0.5), max(high, 0.5)) if self.is_whole else (low, high)

    def edges(self, limits: tuple[float, float], most: int) -> Float64[np.ndarray, "edges"]:
        """The edges of at most so many bins between the limits; those of counts hold as many whole numbers each."""
        if not self.is_whole:
            return np.linspace(*limits, most + 1)
        low, high = np.floor(limits[0]) + 0.5, np.ceil(limits[1]) + 0.5
        return np.arange(low, high + 1, np.ceil((high - low) / most))

    def fix_ticks(self, axis: Axis, limits: tuple[float, float]) -> None:
        """Ticks within the limits that keep apart on the axis of a small panel."""
        if self.kind not in ("heavy", "date"):
            fix_ticks(axis, limits, most=4, characters=17, whole=self.is_whole)
            return
        found = _dates(*limits) if self.kind == "date" else self._tails(*limits)
        flat = isinstance(axis, XAxis)
        fitting = [ticks for ticks in found if ticks[1] and _keep_apart(ticks, limits, flat=flat)]
        places, names = max(
            fitting, key=lambda ticks: (len(ticks[1]), float(np.ptp(ticks[0]))), default=(np.empty(0), [])
        )
        axis.set_ticks(list(places), names)

    def _tails(self, low: float, high: float) -> Iterator[Ticks]:
        """Round numbers within the limits, many or few."""
        bottom, top = (self._cell(place) for place in (low, high))
        least = bottom if self.spread is None else self.spread
        most = max(abs(bottom), abs(top))
        decades = 10.0 ** np.arange(np.floor(np.log10(least)), np.ceil(np.log10(most)) + 1)
        found = [decades[first::step] for first in range(len(decades)) for step in (1, 2, 3, 4)]
        if self.spread is not None:
            found = [np.concatenate([-each[::-1], [0.0], each]) for each in found]
        elif top < 100 * bottom:
            found += [np.outer(decades, digits).ravel() for digits in ((1, 2, 5), (2, 5), (1, 3), (2,), (3,), (5,))]
            found += [np.asarray(MaxNLocator(bins, steps=[1, 2, 5, 10]).tick_values(bottom, top)) for bins in (4, 3, 2)]
        for each in found:
            kept = [cell for cell in each.tolist() if bottom <= cell <= top]
            yield self.places(np.array(kept)), [_in_short(cell) for cell in kept]

    def _cell(self, place: float) -> float:
        return 10.0**place if self.spread is None else float(np.sinh(place)) * self.spread + self.middle


def _dates(low: float, high: float) -> Iterator[Ticks]:
    """The beginnings of years, months, days or hours within the limits, which are days since 1970."""
    first, last = (np.array([low, high]) * _DAY).astype("datetime64[s]")
    for unit, step, written in _DATES:
        ends = [int(end.astype(f"datetime64[{unit}]").astype(int)) for end in (first, last)]
        if (ends[1] - ends[0]) // step > _MOST_TICKS:
            continue
        zero = -1970 if unit == "Y" else 0  # years are counted from there
        start = (ends[0] - zero) // step * step + zero
        moments = np.arange(start, ends[1] + 1, step).astype(f"datetime64[{unit}]")
        seconds = moments.astype("datetime64[s]")
        seconds = seconds[(seconds >= first) & (seconds <= last)]
        yield seconds.astype(np.float64) / _DAY, [moment.strftime(written) for moment in seconds.tolist()]


def _in_short(cell: float) -> str:
    """A round number: as it is read where it is whole and not long, else as short as can be."""
    whole = cell == int(cell) and 1000 <= abs(cell) < 1e6
    return f"{int(cell):,}".replace("-", "−") if whole else numbers(np.array([cell]))[0]


def _keep_apart(ticks: Ticks, limits: tuple[float, float], *, flat: bool) -> bool:
    """Whether the names of ticks, side by side or one above the other, do not touch."""
    lengths = np.array([len(name) if flat else 1 for name in ticks[1]])
    gaps = _CHARACTERS * np.diff(ticks[0]) / (limits[1] - limits[0])
    return len(lengths) <= _MOST_TICKS and bool((gaps >= (lengths[1:] + lengths[:-1]) / 2 + 1).all())


def counts_of_words(column: Shown, *cells: Cells) -> tuple[list[str], list[Int[np.ndarray, "words"]]]:
    """The words of a column, the rarest of many put together, and how often each is in several sets of its cells."""
    counts = [np.bincount(each[np.isfinite(each)].astype(int), minlength=len(column.words)) for each in cells]
    codes = most_frequent(counts[0], MOST_WORDS)
    names = [shortened(column.words[code], WORD_LENGTH) for code in codes]
    if len(codes) == len(column.words):
        return names, counts
    rest = np.setdiff1d(np.arange(len(column.words)), codes)
    return [*names, f"{len(rest)} others"], [np.append(each[codes], each[rest].sum()) for each in counts]


def most_frequent(counts: Int[np.ndarray, "words"], most: int) -> list[int]:
    """The codes of so many words that are counted most often, in their order."""
    codes: list[int] = np.sort(np.argsort(-counts, kind="stable")[:most]).tolist()
    return codes
