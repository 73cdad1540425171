"""Rows as NumPy arrays, from memory or from a file of any size, and what one pass over them tells."""

import hashlib
import mmap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, Protocol, final, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float64, Int, Shaped

from latently.data.sparse import Sparse
from latently.errors import ArgumentError

if TYPE_CHECKING:
    from hashlib import _Hash

# Pieces that stay in the processor's cache: passes over 64 MB at a time took four times as long.
PIECE_BYTES = 8 * 2**20
WHOLE_BYTES = 2**28
"""Rows of up to this size are hashed whole; of larger ones, a few thousand spread over all of them."""
# What float32, in which training computes, tells apart: a deviation below this part of the mean is rounding.
_FLOAT32_RESOLUTION = 10 * float(np.finfo(np.float32).eps)


class DataError(ValueError):
    """Data that cannot be used as given: one sentence on what was found and on the way out."""


class DataArgumentError(ArgumentError, DataError):
    """Data that cannot be used because of an argument, such as `X` or `labels_column`, or that another argument mends.

    The name is that of the argument, or of the file or array where only the remedy names an argument.
    """


@runtime_checkable
class Rows(Protocol):
    """What is asked of the data, be it an array, a memory map or a `Subset`: rows by slice or integer array."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of rows, then the shape of a row."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the numbers."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: Any, /) -> Any: ...


@final
class Subset:
    """Some rows of an array, by number: a view that reads only the rows it is asked for.

    A 20 GB memory map is split without being read, and what is read does not stay in memory. Rows come out in native
    byte order, whatever the file's.

    Args:
        array: the rows to choose from, of shape `(n, ...)`; a `Subset` of a `Subset` looks through to its array.
        rows: the numbers of the chosen rows, in `[0, n)`, in the order wanted.

    Raises:
        DataError: `rows` is not a vector of integers within the array.

    Example:
        >>> tens = Subset(np.arange(0, 100, 10), np.array([5, 1, 3]))
        >>> len(tens), tens[0], tens[1:]
        (3, np.int64(50), array([10, 30]))
    """

    def __init__(self, array: Rows, rows: Int[np.ndarray, "..."]) -> None:
        if rows.ndim != 1 or (rows.size and (rows.min() < 0 or rows.max() >= len(array))):
            span = f" with values from {rows.min()} to {rows.max()}" if rows.size else ""
            raise DataArgumentError(
                "rows", f"must be a vector of row numbers in [0, {len(array)}); got shape {rows.shape}{span}"
            )
        self.array: Rows = array.array if isinstance(array, Subset) else array
        self.rows: Int[np.ndarray, rows] = array.rows[rows] if isinstance(array, Subset) else rows

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of chosen rows, then the shape of a row."""
        return (len(self.rows), *self.array.shape[1:])

    @property
    def ndim(self) -> int:
        """How many axes the rows have together."""
        return len(self.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the numbers, in native byte order."""
        return self.array.dtype.newbyteorder("=")

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: Any) -> Any:
        """One row for an integer; an array of rows for a slice, an integer array or a mask."""
        if isinstance(index, tuple):
            chosen = self[index[0]]
            return chosen[(slice(None),) * (chosen.ndim == self.ndim) + index[1:]]
        rows = self.rows[index]
        pages = _memory_map(self.array)
        if pages is not None and _is_scattered(rows, prod(self.shape[1:]) * self.dtype.itemsize):
            pages.madvise(mmap.MADV_RANDOM)  # else the system reads far ahead of every row
        chosen = np.array(self.array[rows], dtype=self.dtype)[()]
        if pages is not None:
            pages.madvise(mmap.MADV_NORMAL)
            release(self.array)  # what was read is copied: a mapped file's pages need not stay in memory
        return chosen

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if copy is False:
            raise ValueError("a Subset has no array of its own to share; use np.asarray, which copies its rows.")
        return np.asarray(self[:], dtype=dtype)

    def __repr__(self) -> str:
        return f"Subset({len(self)} of {len(self.array)} rows, shape={self.shape}, dtype={self.dtype})"


def _is_scattered(rows: Any, row_bytes: int) -> bool:
    """Whether small rows lie so far apart that what a system reads ahead (128 kB) would be thrown away."""
    return row_bytes < 2**16 and np.size(rows) > 0 and int(np.ptp(rows)) * row_bytes > np.size(rows) * 2**17


def as_rows(X: Any, name: str = "X") -> Rows:
    """X as rows of real numbers: arrays, maps, subsets and sparse rows as they are, others through `np.asarray`."""
    rows: Rows = X if isinstance(X, np.ndarray | Subset | Sparse) else np.asarray(X)
    if rows.dtype.names:
        remedy = "Make columns of them: np.lib.recfunctions.structured_to_unstructured(X), or a data frame."
        raise DataArgumentError(name, f"has named fields ({', '.join(rows.dtype.names)}) for columns", remedy=remedy)
    if len(rows.shape) < 2:
        raise DataArgumentError(
            name,
            f"must be rows of features, of shape (n, ...); got shape {rows.shape}",
            remedy="Reshape your data: X.reshape(-1, 1) for one feature, X.reshape(1, -1) for one row.",
        )
    if rows.dtype.kind == "c":
        raise DataArgumentError(
            name,
            f"must hold real numbers; got dtype {rows.dtype} (Complex data not supported)",
            remedy="Give real and imaginary parts as two features.",
        )
    if not is_numeric(rows.dtype):
        raise DataArgumentError(
            name,
            f"must hold integers, booleans or floats of at most 64 bits; got dtype {rows.dtype}",
            remedy="Convert it, for example with X.astype(np.float32).",
        )
    if 0 in rows.shape:  # in the words that scikit-learn's own checks look for
        what = "sample" if rows.shape[0] == 0 else "feature"
        raise DataError(
            f"Found array with 0 {what}(s) (shape={rows.shape}) while a minimum of 1 is required in {name}."
        )
    return rows


def is_numeric(dtype: np.dtype[Any]) -> bool:
    """Whether numbers of this type are booleans, integers or floats of at most 64 bits."""
    return dtype.kind in "biuf" and dtype.itemsize <= 8


def is_mapped(rows: Rows) -> bool:
    """Whether rows lie in a memory-mapped file."""
    return _memory_map(rows) is not None


def release(rows: Rows) -> None:
    """Give a memory map's pages back to the system; not of copy-on-write maps, whose changes live in them alone."""
    pages = _memory_map(rows)
    if pages is not None and hasattr(mmap, "MADV_DONTNEED"):
        pages.madvise(mmap.MADV_DONTNEED)


def pieces(rows: Rows, limit_bytes: int = PIECE_BYTES) -> Iterator[np.ndarray]:
    """The rows in order, as many at a time as take `limit_bytes` in float64 (but one at least), released when done."""
    step = max(1, limit_bytes // max(1, 8 * prod(rows.shape[1:])))
    for start in range(0, len(rows), step):
        yield np.asarray(rows[start : start + step])
        release(rows)


def check_finite(rows: Rows, name: str = "X", columns: Iterable[Any] | None = None, *, allow_nan: bool = False) -> None:
    """See that all numbers are finite: the error tells rows and columns where one is not, the first few of each.

    Args:
        rows: of shape `(n, ...)`, read 8 MB at a time. Of a `Subset`, rows go by their numbers in the whole array.
        name: what the rows are called in the error.
        columns: the names of the columns of a table.
        allow_nan: NaN stands for a number that is missing, and is no error.

    Raises:
        DataArgumentError: a number is infinite or, unless they are allowed, NaN.

    Example:
        >>> table = np.array([[20.0, 1.0], [np.nan, 2.0], [np.nan, np.inf]])
        >>> check_finite(table, columns=["age", "visits"])
        Traceback (most recent call last):
        latently.data.rows.DataArgumentError: X must be finite, and has NaN in column 'age' (rows 1 and 2) and infinity
        in column 'visits' (row 2), counted from 0. Fill in those values, or leave those rows out.
    """
    kinds = {"NaN": np.isnan, "infinity": np.isinf}
    start = 0
    for piece in pieces(rows) if rows.dtype.kind == "f" else ():
        with np.errstate(over="ignore", invalid="ignore"):
            fine = np.isfinite(piece.sum())  # in one pass and without a mask
        bad = {} if fine else {kind: test(piece) for kind, test in kinds.items() if not (allow_nan and kind == "NaN")}
        if any(places.any() for places in bad.values()):
            numbers = rows.rows[start:] if isinstance(rows, Subset) else np.arange(start, len(rows))
            found = [f"{kind} in {_places(at, numbers, columns)}" for kind, at in bad.items() if at.any()]
            rule = f"must be finite, and has {' and '.join(found)}, counted from 0"
            raise DataArgumentError(name, rule, remedy="Fill in those values, or leave those rows out.")
        start += len(piece)


def _places(bad: Bool[np.ndarray, "rows ..."], numbers: Int[np.ndarray, "_"], columns: Iterable[Any] | None) -> str:
    """Where something holds, in words: columns of a table with their rows; else rows, and the first place."""

    def rows_of(places: Bool[np.ndarray, "rows"]) -> str:
        found = numbers[np.flatnonzero(places)].tolist()
        return f"row{'' if len(found) == 1 else 's'} {_first(found)}"

    if bad.ndim != 2:
        row, *place = np.argwhere(bad)[0].tolist()
        return f"{rows_of(np.asarray(bad.reshape(len(bad), -1).any(axis=1)))} (first at {[int(numbers[row]), *place]})"
    names = range(bad.shape[1]) if columns is None else list(map(repr, columns))
    return _first([f"column {names[place]} ({rows_of(bad[:, place])})" for place in np.flatnonzero(bad.any(axis=0))])


def _first(found: Sequence[Any], most: int = 3) -> str:
    """The first few of a list, in words; an ellipsis stands for the rest."""
    told = list(map(str, found[:most]))
    if len(found) > most:
        return ", ".join([*told, "…"])
    return " and ".join([", ".join(told[:-1]), told[-1]] if len(told) > 1 else told)


def _memory_map(rows: Any) -> mmap.mmap | None:
    found = False
    while rows is not None:
        if isinstance(rows, mmap.mmap):
            return rows if found else None
        if isinstance(rows, np.memmap):
            if rows.mode == "c":
                return None
            found = True
        rows = rows.array if isinstance(rows, Subset) else getattr(rows, "base", getattr(rows, "values", None))
    return None


@dataclass(frozen=True)
class Statistics:
    """The extremes of all numbers, and mean and standard deviation: of each feature, or `[]`, of all elements together.

    The deviation is 1 where the numbers are all the same; the variance is 0 there, or rounding.
    """

    minimum: float
    maximum: float
    mean: Float64[np.ndarray, "..."]
    deviation: Float64[np.ndarray, "..."]
    variance: Float64[np.ndarray, "..."]


def summarize(rows: Rows, per_feature: bool, name: str = "X") -> Statistics:
    """One pass over the rows, 8 MB at a time; they must be finite, or an error calls them by their name.

    The mean and the sum of squared deviations of each piece are merged into those so far by the update of
    Chan, Golub & LeVeque (1983), "Algorithms for computing the sample variance", which does not cancel.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # where float64 does not hold a square, it is infinite
        return _summarized(rows, per_feature, name)


def _summarized(rows: Rows, per_feature: bool, name: str) -> Statistics:
    minimum, maximum, n = np.inf, -np.inf, 0
    mean = squares = np.zeros(())
    for piece in pieces(rows):
        numbers = piece.astype(np.float64).reshape((len(piece), -1) if per_feature else (-1,))
        low, high = float(numbers.min()), float(numbers.max())
        if not (np.isfinite(low) and np.isfinite(high)):
            check_finite(rows, name)
        minimum, maximum = min(minimum, low), max(maximum, high)
        m = len(numbers)
        piece_mean = numbers.mean(axis=0)
        numbers -= piece_mean
        shift = piece_mean - mean
        mean = mean + shift * (m / (n + m))
        squares = squares + np.einsum("i...,i...->...", numbers, numbers) + shift**2 * (n * m / (n + m))
        n += m
    mean, variance = np.asarray(mean), np.asarray(squares / n)
    return Statistics(minimum, maximum, mean, deviations(variance, mean), variance)


def extremes(rows: Rows) -> tuple[Shaped[np.ndarray, "features"], Shaped[np.ndarray, "features"]]:
    """The smallest and the largest number of each feature, exactly as they are stored, in one pass."""
    found = [(part.min(axis=0), part.max(axis=0)) for piece in pieces(rows) for part in [piece.reshape(len(piece), -1)]]
    return np.min([low for low, _ in found], axis=0), np.max([high for _, high in found], axis=0)


def deviations(variance: Float64[np.ndarray, "..."], mean: Float64[np.ndarray, "..."]) -> Float64[np.ndarray, "..."]:
    """Standard deviations to divide by: 1 where float32 would not tell the numbers apart."""
    return np.where(are_constant(variance, mean), 1.0, np.sqrt(variance))


def are_constant(variance: Float64[np.ndarray, "..."], mean: Float64[np.ndarray, "..."]) -> Bool[np.ndarray, "..."]:
    """Where numbers of this variance and mean are the same, as far as float32 can tell."""
    return np.asarray(np.sqrt(variance) <= _FLOAT32_RESOLUTION * np.abs(mean))


def hash_rows(
    views: Sequence[Rows],
    labels: Int[np.ndarray, "rows"] | None,
    digest: "_Hash | None" = None,
    present: Bool[np.ndarray, "rows views"] | None = None,
) -> "_Hash":
    """Take shapes, types and contents of a data set's views, codes of labels and present views into a SHA-256 hash."""
    digest = hashlib.sha256() if digest is None else digest
    for view in views:
        digest.update(f"{tuple(view.shape)} {view.dtype}".encode())
        if columns := getattr(view, "columns", None):  # of a table: what its numbers stand for
            digest.update(repr(columns).encode())
        whole = int(np.prod(view.shape)) * view.dtype.itemsize <= WHOLE_BYTES
        rows = view[:] if whole else view[spread_rows(len(view), 4096)]
        digest.update(np.ascontiguousarray(rows).tobytes())
    if labels is not None:
        digest.update(np.ascontiguousarray(labels, np.int64).tobytes())
    if present is not None:
        digest.update(np.ascontiguousarray(present).tobytes())
    return digest


def as_names(names: str | Iterable[str] | None) -> tuple[str, ...]:
    """No name, one or several, as an argument or a run's configuration holds them.

    Example:
        >>> as_names(None), as_names("age"), as_names(["age", "sex"])
        ((), ('age',), ('age', 'sex'))
    """
    return (names,) if isinstance(names, str) else tuple(names or ())


def spread_rows(rows: int, most: int) -> Int[np.ndarray, "chosen"]:
    """The numbers of at most so many rows, spread evenly over all of them: 0, 3, 6, 9 for 4 of 10."""
    return np.unique(np.linspace(0, rows - 1, min(rows, most)).astype(int))


def as_type(rows: Any, dtype: np.dtype[Any], library: Any = np) -> Any:
    """Numbers as a type that data has: rounded and within its limits where it is one of integers."""
    if dtype.kind == "f":
        return rows.astype(np.float32)
    if dtype.kind == "b":
        return rows > 0.5
    if rows.dtype == dtype:
        return rows
    # The largest 64-bit integers are no floats: step down to one that is, or the conversion would overflow.
    limits = np.iinfo(dtype)
    high = float(limits.max) if dtype.itemsize < 8 else float(np.nextafter(float(limits.max), 0))
    return library.clip(library.round(rows), float(limits.min), high).astype(dtype)
