"""From the cells of a table to what a network reads, and back: words as ones among zeros, dates as turns."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Float64, PRNGKeyArray

from latently.data.columns import PERIODS, Column
from latently.data.events import Stored
from latently.data.far import MOST, NOT_SINGLE, WHOLE, Read, are_far
from latently.data.rows import DataError, Rows, is_mapped, spread_rows
from latently.data.table import Container, Table
from latently.game import Cells

_CELLS = {
    "number": "gaussian",
    "date": "gaussian",
    **dict.fromkeys(PERIODS, "gaussian"),
    "robust": "student",
    "heavy": "student",
    "count": "negative-binomial",
    "poisson": "poisson",
    "binary": "bernoulli",
    "category": "categorical",
}
"""The kind of a column → that of its cells. In an event, the columns stand in the order of these."""
_PLURAL = {
    "number": "numbers, each standardised",
    "date": "dates",
    "degrees": "angles in degrees",
    "radians": "angles in radians",
    "hour": "hours of the day",
    "weekday": "days of the week",
    "month": "months",
    "robust": "robust numbers",
    "heavy": "heavy-tailed numbers",
    "count": "counts",
    "poisson": "Poisson counts",
    "binary": "of two words",
    "category": "of several words",
}
_MAPPED_ROWS = 100_000
_YEAR, _UNIX_YEAR = 365.2425, 1970.0
_TURNS = {"day of the year": _YEAR, "hour": 1.0}


@dataclass(frozen=True, eq=False)
class TablePreprocessing:
    """What was done to each column of a table, kept with a model; missing cells are NaN in all of their elements.

    Numbers are standardised, of `heavy` columns their logarithm (or asinh of the standardised number, where some are 0
    or less), and of counts log(1 + count). Words are ones among zeros. A date is its year, standardised, and the cosine
    and the sine of the day of the year and, where dates have one, of the hour. What comes round, such as an angle, is
    its cosine and sine.

    Attributes:
        columns: what each is, in the order of the table.
        offset: of each column, in the units of the numbers that are standardised; 0 for words and for what comes round.
        scale: likewise, above 0; 1 for these.
        container: what rows come in, and are given back in.
        assumed: what was guessed of the columns (see `latently.data.assumptions`).
        in_single: whether all is done in float32, whatever the numbers; never of a model.

    Example:
        >>> table = Table.of({"age": [30.0, 50.0, None], "town": ["Bonn", "Ulm", "Trier"]}, kinds={"town": "category"})
        >>> preprocessing = TablePreprocessing.fit(table)
        >>> preprocessing(table).tolist()
        [[-1.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 1.0], [nan, 0.0, 1.0, 0.0]]
        >>> preprocessing.inverse(preprocessing(table)).frame()["town"].tolist()
        ['Bonn', 'Ulm', 'Trier']
    """

    columns: tuple[Column, ...]
    offset: Float64[np.ndarray, "columns"]
    scale: Float64[np.ndarray, "columns"]
    container: Container = "pandas"
    assumed: tuple[str, ...] = ()
    in_single: bool = False

    @classmethod
    def fit(cls, table: Table) -> "TablePreprocessing":
        """Find the offset and the scale of each column, over the cells that it has; of a mapped table, over some rows.

        Raises:
            DataError: a column has no cell.
        """
        offset, scale = np.zeros(len(table.columns)), np.ones(len(table.columns))
        values = table.values[spread_rows(len(table), _MAPPED_ROWS)] if is_mapped(table) else table.values
        for place, column in enumerate(table.columns):
            cells = np.asarray(values[:, place], np.float64)
            if np.isnan(cells).all():
                raise DataError(f'column "{column.name}" is empty in the rows to learn from; leave it out.')
            if column.kind in ("category", "binary", *PERIODS):
                continue
            if _bends(column):  # asinh bends where the middle half of the numbers ends
                low, middle, high = np.nanquantile(cells, (0.25, 0.5, 0.75))
                offset[place], scale[place] = middle, high - low or _moments(cells)[1]
                if not np.isfinite(scale[place]):
                    rule = f'column "{column.name}" reaches further than float64 does; divide it by a large number.'
                    raise DataError(rule)
                continue
            mean, deviation = _moments(_moved(column.kind, cells, column.low))
            offset[place], scale[place] = mean + _origin(column), deviation
        return cls(table.columns, offset, scale, table.container, table.assumed)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TablePreprocessing) and self.to_config() == other.to_config()

    def __hash__(self) -> int:
        return hash(self.columns)

    @property
    def row_shape(self) -> tuple[int, ...]:
        """The number of columns."""
        return (len(self.columns),)

    @property
    def event_shape(self) -> tuple[int, ...]:
        """The number of elements of a row as a network reads it."""
        return (sum(cell.width for cell in self.cells),)

    @property
    def n_features(self) -> int:
        """The number of columns."""
        return len(self.columns)

    @property
    def reading(self) -> str:
        """What the rows were taken for, in words that follow their number."""
        kinds = Counter(column.kind for column in self.columns)
        return "rows of a table: " + ", ".join(f"{count} {_PLURAL.get(kind, kind)}" for kind, count in kinds.items())

    @property
    def range(self) -> str:
        """`"table"`: an element lies where its column says."""
        return "table"

    @property
    def order(self) -> tuple[int, ...]:
        """The columns in the order of an event: those of a kind side by side."""
        ranks = {kind: rank for rank, kind in enumerate(_CELLS)}
        keys = [(ranks[column.kind], _bends(column)) for column in self.columns]
        return tuple(sorted(range(len(keys)), key=keys.__getitem__))

    @property
    def cells(self) -> tuple[Cells, ...]:
        """The cells of an event, in its order."""
        return tuple(self._cell(place) for place in self.order)

    def _cell(self, place: int) -> Cells:
        column, kind = self.columns[place], _CELLS[self.columns[place].kind]
        if column.kind in ("count", "poisson"):
            return Cells(kind, 1, float(self.offset[place]), float(self.scale[place]))
        if column.kind == "category":
            return Cells(kind, len(column.words))
        return Cells(kind, (column.kind not in PERIODS) + 2 * len(_turns(column)))

    @cached_property
    def far(self) -> bool:
        """Whether float32 does not hold the numbers of a column, so that rows are read before they become float32."""
        return not self.in_single and bool(self._are_far().any())

    @property
    def single(self) -> "TablePreprocessing":
        """The same in float32 alone, as whoever has no other numbers does it.

        Raises:
            DataError: float32 does not tell the cells of a column apart at all.
        """
        if self._are_far(exact=True).any() or any(column.origin for column in self.columns):
            raise DataError(NOT_SINGLE)
        return replace(self, in_single=True)

    def _are_far(self, *, exact: bool = False) -> Bool[np.ndarray, "columns"]:
        """Which columns float32 does not hold; `exact`: not even roughly."""
        low, high = (
            np.nan_to_num([getattr(each, end) for each in self.columns], posinf=0.0, neginf=0.0)
            for end in ("low", "high")
        )
        most = np.maximum(np.abs(low), np.abs(high))
        whole = np.array([column.decimals == 0 for column in self.columns]) & (most <= WHOLE)
        offset = self.offset - [_origin(column) for column in self.columns]
        far = are_far(offset, self.scale, np.abs(offset), exact=whole | exact) | (most > MOST)
        far = np.where(low == high, most > WHOLE, far)  # what is always the same has no spread to lose
        return np.asarray(far & [not column.words and column.kind not in PERIODS for column in self.columns])

    def __call__(
        self,
        rows: Table | Stored,
        key: PRNGKeyArray | None = None,  # noqa: ARG002
    ) -> Float[Array, "batch elements"]:
        """Rows as a network reads them; pure, so it may run inside `jax.jit`, unless a column is `far`."""
        if isinstance(rows, jax.Array) and not self.far:
            return self.reads((rows,))
        return self.reads(self.stored(rows))

    def _event(self, values: Any, library: Any) -> Any:
        """The elements of rows, `[batch, elements]`, from the numbers of their cells."""
        parts = [self._elements(places, values[:, np.asarray(places)], library) for places in self._alike()]
        return library.concatenate(parts, axis=1)

    def _alike(self) -> list[list[int]]:
        """The columns in the order of an event, in runs that are read alike; each of several elements by itself."""
        runs: dict[Any, list[int]] = {}
        for place in self.order:
            column = self.columns[place]
            alone = place if column.kind == "category" or _turns(column) else None
            runs.setdefault((column.kind, _bends(column), alone), []).append(place)
        return list(runs.values())

    def _elements(self, places: list[int], cells: Any, library: Any) -> Any:
        column = self.columns[places[0]]
        offset, scale = (library.asarray(each, cells.dtype) for each in self._scaling(places))
        if column.kind == "binary":
            return cells
        if column.kind == "category":
            ones = (cells == library.arange(len(column.words))).astype(cells.dtype)
            return library.where(library.isnan(cells), library.nan, ones)
        if _bends(column):
            return library.arcsinh((cells - offset) / scale)
        angles = [2 * library.pi * (cells / period - library.floor(cells / period)) for period in _turns(column)]
        turns = [turn(angle) for angle in angles for turn in (library.cos, library.sin)]
        if column.kind in PERIODS:
            return library.concatenate(turns, axis=1)
        moved = (_moved(column.kind, cells, self._lows(places), library) - offset) / scale
        return library.concatenate([moved, *turns], axis=1)

    def _scaling(self, places: list[int]) -> tuple[Float64[np.ndarray, "columns"], Float64[np.ndarray, "columns"]]:
        """The offset and the scale of columns that are alike; of dates that of the years since 1970.

        A float32 tells these to two minutes, and years like 2026 to an hour.
        """
        return self.offset[places] - _origin(self.columns[places[0]]), self.scale[places]

    def _lows(self, places: list[int]) -> Float64[np.ndarray, "columns"]:
        return np.array([self.columns[place].low for place in places])

    def stored(self, rows: Table | Stored) -> tuple[np.ndarray]:
        """The numbers of some rows, as `reads` takes them: where a column is `far`, all that a network reads."""
        values = np.asarray(rows.values if isinstance(rows, Table) else rows)
        if not self.far:
            return (values,)
        with np.errstate(over="ignore", invalid="ignore"):
            return (np.asarray(self._event(values.astype(np.float64), np), np.float32),)

    def laid_out(self, rows: Table) -> tuple[Rows]:
        """All rows, whatever their number, as `prepare` takes them: read some at a time where a column is `far`."""
        if not self.far:
            return (rows.values,)
        return (Read(rows.values, lambda some: self.stored(some)[0], self.event_shape),)

    def reads(self, stored: tuple[Stored, ...]) -> Float[Array, "batch elements"]:
        """What a game reads of `stored` arrays; pure."""
        values: Float[Array, "batch elements"] = jnp.asarray(stored[0], dtype=jnp.float32)
        return values if self.far else self._event(values, jnp)

    @property
    def writes(self) -> None:
        """Tables are given back by `inverse` alone."""

    def prepare(
        self, stored: tuple[Stored, ...], key: PRNGKeyArray | None = None
    ) -> tuple[Float[Array, "batch elements"]]:
        """The one stored array of a batch as a game reads it."""
        del key  # nothing is drawn
        return (self.reads(stored),)

    def template(self, rows: int) -> tuple[Float[Array, "batch elements"]]:
        """A view of the shape that `prepare` gives."""
        return (jnp.zeros((rows, *self.event_shape)),)

    def inverse(self, x: Float[Array, "batch elements"] | Float[np.ndarray, "batch elements"]) -> Table:
        """Rows of the table: of words the likeliest, of dates the one next to its year, as far as a season is told."""
        return Table(self.columns, self.in_units(np.asarray(x, np.float64)), self.container)

    def in_units(self, x: Any, library: Any = np) -> Any:
        """The numbers of a table: of words the place of the likeliest, of dates days since 1970.

        Args:
            x: rows as a network writes them, `[batch, elements]`.
            library: `jax.numpy`, to run inside `jax.jit`.

        Returns:
            A number a cell, `[batch, columns]`.
        """
        columns: dict[int, Any] = {}
        start = 0
        for places in self._alike():
            end = start + sum(self._cell(place).width for place in places)
            cells = self._cells(places, x[:, start:end], library)
            columns |= {place: cells[:, [number]] for number, place in enumerate(places)}
            start = end
        return library.concatenate([columns[place] for place in range(len(self.columns))], axis=1)

    def _cells(self, places: list[int], elements: Any, library: Any) -> Any:
        """The numbers of columns that are alike, `[batch, columns]`, from their elements."""
        column = self.columns[places[0]]
        offset, scale = (np.asarray(each, elements.dtype) for each in self._scaling(places))
        most = 80 if elements.dtype == np.float32 else 700  # of what an exponential is taken
        if column.kind == "binary":
            return library.where(library.isnan(elements), library.nan, elements > 0.5)
        if column.kind == "category":
            likeliest = library.nan_to_num(elements).argmax(axis=1)
            return library.where(library.isnan(elements[:, 0]), library.nan, likeliest)[:, None]
        if _bends(column):
            return library.sinh(library.clip(elements, -most, most)) * scale + offset
        if column.kind in PERIODS:
            phase = _phase(elements, PERIODS[column.kind], library)
            return phase + PERIODS[column.kind] * library.ceil((column.low - phase) / PERIODS[column.kind])
        moved = elements[:, : len(places)] * scale + offset
        if column.kind == "heavy":
            return library.exp(library.clip(moved, -most, most))
        if column.kind in ("count", "poisson"):
            return library.maximum(library.round(library.expm1(library.minimum(moved, 40))), 0)
        if column.kind != "date":
            return moved
        days = moved * _YEAR
        for number, turn in enumerate(_turns(column)):
            towards = elements[:, 1 + 2 * number : 3 + 2 * number]
            phase = _phase(towards, turn, library)
            sure = library.minimum(library.hypot(towards[:, :1], towards[:, 1:]), 1)
            nearest = phase + turn * library.round((days - phase) / turn)  # the days of this phase next to those
            days = days + sure * (nearest - days)  # a mean of many seasons is short, and tells of none
        return days if column.decimals is None else library.round(days)

    def check(self, X: Table, owner: str = "TablePreprocessing", *, noisy: bool = False) -> Table:  # noqa: ARG002
        """X with the columns that were fitted."""
        return Table.like(X, self.columns, owner)

    def to_config(self) -> dict[str, Any]:
        """All fields as JSON-able values."""
        return {
            "columns": [column.to_config() for column in self.columns],
            "offset": self.offset.tolist(),
            "scale": self.scale.tolist(),
            "container": self.container,
            "assumed": list(self.assumed),
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "TablePreprocessing":
        """What `to_config` wrote, checked: files may be damaged."""
        if set(config) != set(cls.__dataclass_fields__) - {"in_single"}:
            found = ", ".join(sorted(config))
            raise DataError(
                f"a table's preprocessing must have columns, offset, scale, container and assumed; got {found}."
            )
        columns = tuple(Column.from_config(column) for column in config["columns"])
        offset, scale = (np.asarray(config[name], np.float64) for name in ("offset", "scale"))
        usable = np.isfinite(offset).all() and np.isfinite(scale).all() and (scale > 0).all()
        if not (columns and offset.shape == scale.shape == (len(columns),) and usable):
            raise DataError("a table's preprocessing must have a finite offset, and a scale above 0, for each column.")
        return cls(columns, offset, scale, config["container"], tuple(map(str, config["assumed"])))


def _turns(column: Column) -> tuple[float, ...]:
    """After how much a column comes round; a date after a year, in days, and one with an hour after a day as well."""
    if column.kind != "date":
        return (PERIODS[column.kind],) if column.kind in PERIODS else ()
    return (_TURNS["day of the year"],) if column.decimals == 0 else tuple(_TURNS.values())


def _origin(column: Column) -> float:
    """What is added to the numbers of a column to be in the units of its offset: dates are counted from 1970."""
    return _UNIX_YEAR if column.kind == "date" else 0.0


def _bends(column: Column) -> bool:
    """Whether heavy tails are on both sides, so that asinh takes the place of the logarithm."""
    return column.kind == "heavy" and column.low <= 0


def _moved(kind: str, cells: Any, lows: Any, library: Any = np) -> Any:
    """What is standardised of columns of a kind: their numbers, the logarithm of them, or the years since 1970."""
    if kind == "heavy":
        return library.log(library.maximum(cells, lows))
    if kind in ("count", "poisson"):
        return library.log1p(library.maximum(cells, 0.0))
    return cells / _YEAR if kind == "date" else cells


def _moments(cells: Float64[np.ndarray, "rows"]) -> tuple[float, float]:
    """The mean and the standard deviation of numbers, 1 where they are all the same; NaN is missing."""
    with np.errstate(over="ignore", invalid="ignore"):
        mean, deviation = float(np.nanmean(cells)), float(np.nanstd(cells))
    if np.isfinite(deviation) and deviation > 1e-6 * max(1.0, abs(mean)):
        return mean, deviation
    low, high = float(np.nanmin(cells)), float(np.nanmax(cells))
    half = high / 2 - low / 2
    if not half > 0:
        return low, 1.0
    middle = low / 2 + high / 2
    inner = (cells - middle) / half
    return middle + half * float(np.nanmean(inner)), half * float(np.nanstd(inner)) or 1.0


def _phase(towards: Any, period: float, library: Any) -> Any:
    """How much of a period has passed, `[batch, 1]`, from a cosine and a sine, `[batch, 2]`."""
    return library.arctan2(towards[:, 1:], towards[:, :1]) / (2 * np.pi) * period
