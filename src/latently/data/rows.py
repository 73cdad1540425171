"""Rows: anything that hands out rows as NumPy arrays, from memory or from a file of any size."""

import mmap
from collections.abc import Iterator
from math import prod
from typing import Any, Protocol, final, runtime_checkable

import numpy as np
from jaxtyping import Int

from latently.errors import ArgumentError

# Pieces that stay in the processor's cache: passes over 64 MB at a time took four times as long.
PIECE_BYTES = 8 * 2**20


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
    """X as rows of real numbers: arrays, memory maps and subsets as they are, anything else through `np.asarray`."""
    rows: Rows = X if isinstance(X, np.ndarray | Subset) else np.asarray(X)
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


def _memory_map(rows: Any) -> mmap.mmap | None:
    found = False
    while rows is not None:
        if isinstance(rows, mmap.mmap):
            return rows if found else None
        if isinstance(rows, np.memmap):
            if rows.mode == "c":
                return None
            found = True
        rows = rows.array if isinstance(rows, Subset) else getattr(rows, "base", None)
    return None
