"""Parquet of more numbers than memory should hold: they are written once to a file in the cache, which is mapped."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from latently.data.rows import DataArgumentError, DataError, Rows, check_finite
from latently.files import cache_directory

if TYPE_CHECKING:
    import pandas as pd

TALL_BYTES = 2**30
"""A table of more numbers than this, at 8 bytes each, is read a piece at a time."""


def is_tall(path: Path) -> bool:
    """Whether a Parquet file, or a folder of its parts, is too large to be read at once."""
    return _size(path) > TALL_BYTES


def open_tall(path: Path, names: Sequence[str], labels_columns: Sequence[str]) -> tuple[Rows, "pd.DataFrame"]:
    """The numbers of these columns as a memory map of float32, and the columns of labels.

    The file that is mapped stays in the cache, under a name that follows from the table's path, size and date, and from
    the columns; it takes 4 bytes a number.

    Raises:
        DataError: a column is not of numbers, or has gaps.
    """
    import pyarrow as pa
    from pyarrow import dataset

    source = dataset.dataset(path, format="parquet")
    numeric = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_decimal)
    words = [name for name in names if not any(test(source.schema.field(name).type) for test in numeric)]
    if words:
        raise DataArgumentError(
            str(path),
            f"is read a piece at a time, being large, and has columns that are not numbers: {', '.join(words)}",
            remedy="Leave them out with {leave_out}, or choose others with {columns}.",
        )
    mapped = _cached(path, names)
    if not mapped.is_file():
        _write(source, path, names, mapped)
    rows: Rows = np.load(mapped, mmap_mode="r")
    return rows, source.to_table(columns=list(labels_columns)).to_pandas()


def _write(source: Any, path: Path, names: Sequence[str], mapped: Path) -> None:
    """The numbers, piece by piece, to a file that takes its name when it is whole."""
    mapped.parent.mkdir(parents=True, exist_ok=True)
    part = mapped.with_suffix(f".{os.getpid()}.part")
    shape = (source.count_rows(), len(names))
    try:
        rows = np.lib.format.open_memmap(part, mode="w+", dtype=np.float32, shape=shape)
        start = 0
        for batch in source.to_batches(columns=list(names)):
            piece = np.column_stack([column.cast("float64", safe=False).to_numpy(False) for column in batch.columns])
            try:
                check_finite(piece, columns=names)
            except DataError as error:
                raise DataError(f"{path}: {error}") from None
            with np.errstate(over="ignore"):
                rows[start : start + len(piece)] = piece
            start += len(piece)
        rows.flush()
        part.replace(mapped)
    finally:
        part.unlink(missing_ok=True)


def _size(path: Path) -> int:
    from pyarrow import parquet

    parts = sorted(path.glob("*.pa*q*")) if path.is_dir() else [path]
    metadata = [parquet.read_metadata(part) for part in parts]
    return sum(8 * each.num_rows * each.num_columns for each in metadata)


def _cached(path: Path, names: Sequence[str]) -> Path:
    """Where the numbers of a table are kept."""
    parts = sorted(path.iterdir()) if path.is_dir() else [path]
    facts = [(str(part.resolve()), part.stat().st_size, part.stat().st_mtime_ns) for part in parts]
    digest = hashlib.sha256(repr((facts, list(names))).encode()).hexdigest()[:16]
    return cache_directory() / "tables" / f"{path.stem}-{digest}.npy"
