"""Tables of more cells than memory should hold: they are written once to a file in the cache, which is mapped.

One pass finds out what each column is, by cells from all over the table; a second one writes its cells as numbers.
"""

import dataclasses
import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from latently.data.columns import Column, Told, finite, ordered, said_of_dates
from latently.data.far import need_doubles
from latently.data.parquet_tables import first_part, frame_of, reading_parquet
from latently.data.rows import DataError
from latently.data.table import Table, is_plain, left_out_sentence, said_of_kinds
from latently.files import cache_for, npy_header, write_atomically, written_whole

if TYPE_CHECKING:
    import pandas as pd

TALL_BYTES = 2**30
"""A table of more cells than this, at 8 bytes each, is read a piece at a time."""
_LOOKED_AT = 100_000
_MOST_WORDS = 10_000
_BATCH = 2**17  # rows
_FORMAT = 3  # of what is kept in the cache


class Tall(NamedTuple):
    """A table that is mapped.

    Attributes:
        rows: numbers of float32, or of float64 where it does not hold some column; a `Table` where there are words,
            dates or gaps, or kinds are told.
        names: of the columns.
        labels: the columns of labels.
        assumed: what was guessed, in sentences.
    """

    rows: Any
    names: list[str]
    labels: "pd.DataFrame"
    assumed: list[str]


@runtime_checkable
class Source(Protocol):
    """A file, or a folder of files, that is a table and is read some rows at a time.

    Attributes:
        path: of it.
        names: of its columns.
        size: in bytes, of all its cells, or of the file where these are not counted.
        how: it is read, as far as that could be told otherwise.
    """

    path: Path
    names: list[str]
    size: int
    how: Any

    def reading(self) -> AbstractContextManager[None]:
        """While it is read: what is wrong with it is a sentence that names it."""

    def rows(self) -> int:
        """How many rows it has; it is read through for this where they are not counted."""

    def pieces(self, names: Sequence[str], rows: int) -> Iterator["pd.DataFrame"]:
        """These columns, so many rows at a time."""

    def assumed(self) -> list[str]:
        """What was assumed of how it is written, in sentences; once it has been read."""


class ParquetSource:
    """A Parquet file, or a folder of its parts; for the attributes see `Source`."""

    how = None

    def __init__(self, path: Path) -> None:
        from pyarrow import dataset, parquet

        self.path = path
        parts = sorted(path.glob("*.pa*q*")) if path.is_dir() else [path]
        with self.reading():
            self.names = list(parquet.read_schema(first_part(path)).names)
            self.size = sum(8 * each.num_rows * each.num_columns for each in map(parquet.read_metadata, parts))
            self._source = dataset.dataset(path, format="parquet")

    def reading(self) -> AbstractContextManager[None]:
        """While it is read: what is wrong with it is a sentence that names it."""
        return reading_parquet(self.path)

    def rows(self) -> int:
        """How many rows it has."""
        return int(self._source.count_rows())

    def pieces(self, names: Sequence[str], rows: int) -> Iterator["pd.DataFrame"]:
        """These columns, so many rows at a time."""
        import pyarrow as pa

        for batch in self._source.to_batches(columns=list(names), batch_size=rows):
            if batch.num_rows:
                yield frame_of(pa.Table.from_batches([batch]))

    def assumed(self) -> list[str]:
        """Nothing is."""
        return []


def is_tall(source: Source) -> bool:
    """Whether a table is too large to be read at once."""
    return source.size > TALL_BYTES


def open_tall(
    source: Source,
    names: Sequence[str],
    labels_columns: Sequence[str],
    kinds: Mapping[str, Told],
    *,
    told: bool = False,
) -> Tall:
    """These columns as a memory map, and the columns of labels.

    The file that is mapped stays in the cache, under a name that follows from the table's path, size and date, and from
    the columns and their kinds; it takes 4 bytes a cell, or 8.

    Args:
        source: the table.
        names: of the columns to learn from.
        labels_columns: those of labels.
        kinds: name of a column → what it is told to be.
        told: whether the columns were named, so that none of them is left out for counting the rows.

    Raises:
        DataError: a column is not of the kind that is said, or has infinite numbers.
    """
    with source.reading():
        return _mapped(source, names, labels_columns, kinds, told=told)


def _mapped(
    source: Source, names: Sequence[str], labels_columns: Sequence[str], kinds: Mapping[str, Told], *, told: bool
) -> Tall:
    import pandas as pd

    path = source.path
    mapped = _cached(path, (list(names), dict(kinds), told, *(() if source.how is None else (source.how,))))
    about = mapped.with_suffix(".json")
    if not (mapped.is_file() and about.is_file()):
        try:
            columns, plain, dtype, assumed = _found_out(source, names, kinds, told=told)
            columns = _write(source, columns, mapped, dtype)
            assumed = [*source.assumed(), *assumed]
        except DataError as error:
            raise DataError(f"{path}: {error}") from None
        known = {"columns": [column.to_config() for column in columns], "plain": plain, "assumed": assumed}
        write_atomically(about, json.dumps(known).encode())
    known = json.loads(about.read_text(encoding="utf-8"))
    columns, rows = [Column.from_config(each) for each in known["columns"]], np.load(mapped, mmap_mode="r")
    if not known["plain"]:
        rows = Table(columns, rows, assumed=tuple(known["assumed"]))
    labels = pd.DataFrame()
    if labels_columns:
        labels = pd.concat(source.pieces(labels_columns, _BATCH), ignore_index=True)
    return Tall(rows, [column.name for column in columns], labels, known["assumed"])


@dataclass
class _Seen:
    """What a pass over a table has seen of a column.

    Attributes:
        gaps: whether a cell is missing.
        whole: whether all numbers are whole.
        low: the smallest number.
        high: the largest.
        counts: whether its numbers have counted the rows so far.
        words: that it holds, where it holds words; `None` where these are too many.
    """

    gaps: bool = False
    whole: bool = True
    low: float = math.inf
    high: float = -math.inf
    counts: bool = True
    words: set[Any] | None = field(default_factory=set)

    @property
    def far(self) -> bool:
        """Whether float32 does not hold its numbers."""
        return self.low < self.high and need_doubles(self.low, self.high)

    def see(self, cells: "pd.Series[Any]", start: int) -> None:
        """Take in some cells, the first of which stands in the row of this number."""
        import pandas as pd

        self.gaps |= bool(cells.hasnans)
        if pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells):
            numbers = cells.to_numpy(np.float64, na_value=np.nan)
            there = finite(str(cells.name), numbers[~np.isnan(numbers)])
            if not len(there):
                return
            first = numbers[0] if not start else self.low
            counted = (
                not self.gaps
                and first in (0.0, 1.0)
                and np.array_equal(numbers, first + start + np.arange(len(numbers)))
            )
            self.counts &= counted
            self.low, self.high = min(self.low, float(there.min())), max(self.high, float(there.max()))
            self.whole &= bool((there == np.trunc(there)).all())
            return
        self.counts = False
        if self.words is not None and not pd.api.types.is_datetime64_any_dtype(cells):
            self.words |= set(cells.dropna().unique().tolist())
            self.words = None if len(self.words) > _MOST_WORDS else self.words


def _found_out(
    source: Source, names: Sequence[str], kinds: Mapping[str, Told], *, told: bool
) -> tuple[list[Column], bool, type[np.floating], list[str]]:
    """What the columns are, whether they are plain numbers, the type that holds these, and what was assumed."""
    import pandas as pd

    seen, samples, start = {name: _Seen() for name in names}, [], 0
    each = math.ceil(_LOOKED_AT / max(1, math.ceil(source.rows() / _BATCH)))
    for frame in source.pieces(names, _BATCH):
        for name in names:
            seen[name].see(frame[name], start)
        samples.append(frame.head(each))
        start += len(frame)
    sample = pd.concat(samples, ignore_index=True)
    plain = not kinds and all(is_plain(sample[name].dtype) and not seen[name].gaps for name in names)
    columns, assumed = [], []
    for name in names:
        found = _column(name, sample[name], seen[name], "number" if plain else kinds.get(name), told=told)
        if isinstance(found, str):
            assumed.append(left_out_sentence(name, found, "number" if is_plain(sample[name].dtype) else "category"))
            continue
        columns.append(found)
        if not plain and name not in kinds and (said := said_of_dates(name, sample[name], found.pattern)):
            assumed.append(said)
    if not columns:
        raise DataError("it has no column to learn from; name those to learn from and their kinds.")
    plain = plain and not any(column.origin for column in columns)
    if not plain:
        looked_at = f"judged by {len(sample):,} of its {start:,} rows"
        assumed = [*said_of_kinds(columns, kinds, looked_at), *assumed]
    far = any(each.origin or (not each.words and seen[each.name].far) for each in columns)
    return columns, plain, np.float64 if far else np.float32, assumed


def _column(name: str, cells: "pd.Series[Any]", seen: _Seen, kind: Told | None, *, told: bool) -> Column | str:
    """What a column is by some of its cells, and by what was seen of all of them; or why it is left out."""
    if seen.counts and not told and kind in (None, "number"):
        return "it counts the rows"
    found = Column.of(name, cells, kind)
    if isinstance(found, str):
        return Column.of(name, cells, "number") if told and is_plain(cells.dtype) else found
    if found.kind in ("category", "binary") and found.dtype not in ("category", "bool", "boolean"):
        if seen.words is None:
            return f"it is free text, with more than {_MOST_WORDS:,} different values"
        if seen.words:
            words = tuple(ordered(list(seen.words)))
            more = "category" if kind is None and len(words) > 2 else found.kind
            return dataclasses.replace(found, words=words, kind=more)
        if kind is None and (seen.low, seen.high, seen.whole) != (0.0, 1.0, True):  # numbers, of which some are others
            found = Column.of(name, cells, "number")
    if isinstance(found, Column) and found.kind == "count" and kind is None and not (seen.whole and seen.low >= 0):
        found = Column.of(name, cells, "number")
    if isinstance(found, Column) and found.decimals == 0 and found.kind != "date" and not seen.whole:
        found = dataclasses.replace(found, decimals=None)
    return found


def _write(source: Source, columns: Sequence[Column], mapped: Path, dtype: type[np.floating]) -> list[Column]:
    """The numbers of the cells, to a file that takes its name when it is whole; the columns with their ranges."""
    mapped.parent.mkdir(parents=True, exist_ok=True)
    names, shape = [column.name for column in columns], (source.rows(), len(columns))
    lows, highs = np.full(len(columns), np.inf), np.full(len(columns), -np.inf)
    with written_whole(mapped) as file:
        file.write(npy_header(dtype, shape))
        for frame in source.pieces(names, _BATCH):
            piece = np.column_stack([column.numbers(frame[column.name]) for column in columns])
            lows, highs = np.fmin(lows, np.fmin.reduce(piece)), np.fmax(highs, np.fmax.reduce(piece))
            file.write(np.ascontiguousarray(piece, dtype).data)
    ranges = zip(columns, lows.tolist(), highs.tolist(), strict=True)
    return [column if column.words else dataclasses.replace(column, low=low, high=high) for column, low, high in ranges]


def _cached(path: Path, how: Any) -> Path:
    """Where the numbers of a table are kept that is read so."""
    parts = sorted(path.iterdir()) if path.is_dir() else [path]
    facts = [(str(part.resolve()), part.stat().st_size, part.stat().st_mtime_ns) for part in parts]
    digest = hashlib.sha256(repr((_FORMAT, facts, how)).encode()).hexdigest()[:16]
    return cache_for("tables") / f"{path.stem}-{digest}.npy"
