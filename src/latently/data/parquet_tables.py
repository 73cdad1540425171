"""Parquet that is a table: a file, or a folder of its parts, as a frame of pandas with columns that know gaps."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latently.data.rows import DataError
from latently.reading import reading

if TYPE_CHECKING:
    import pandas as pd

PARQUET = (".parquet", ".pq")


def is_parquet_folder(path: Path) -> bool:
    """Whether a folder holds the parts of one Parquet table."""
    return path.is_dir() and any(entry.suffix.lower() in PARQUET for entry in path.iterdir())


def read_parquet(path: Path) -> "pd.DataFrame":
    """The table of a Parquet file, or of a folder of its parts.

    Raises:
        DataError: it is no Parquet file, has two columns of one name, or PyArrow is not installed.
    """
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise DataError(f"{path} needs PyArrow to be read; run: pip install 'latently[tables]'.") from error
    with reading_parquet(path):
        names = parquet.read_schema(first_part(path)).names
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            told = f"{path} has more than one column named {repeated[0]!r}"
            raise DataError(f"{told}; give every column a name of its own.")
        return frame_of(parquet.read_table(path))


def reading_parquet(path: Path) -> AbstractContextManager[None]:
    """While PyArrow reads a file: what is wrong with it is a sentence that names it."""
    return reading(path, "Parquet file", "save it anew", DataError)


def first_part(path: Path) -> Path:
    """A Parquet file, or the first one of a folder of parts."""
    return min(part for part in path.iterdir() if part.suffix.lower() in PARQUET) if path.is_dir() else path


def frame_of(table: Any) -> "pd.DataFrame":
    """A table of Arrow as a frame of pandas. What pandas kept as an index is a column like the others."""
    import pyarrow as pa

    for place, field in enumerate(table.schema):
        if pa.types.is_decimal(field.type):
            table = table.set_column(place, field.name, table.column(place).cast(pa.float64(), safe=False))
    frame: pd.DataFrame = table.to_pandas(types_mapper=_nullable, ignore_metadata=True)
    return frame


def names_of(path: Path) -> list[str]:
    """The names of the columns, from the head alone."""
    from pyarrow import parquet

    with reading_parquet(path):
        return list(parquet.read_schema(first_part(path)).names)


def _nullable(kind: Any) -> Any:
    """The type of pandas that knows gaps, for whole numbers and truth values of Arrow."""
    import pandas as pd
    import pyarrow as pa

    if pa.types.is_boolean(kind):
        return pd.BooleanDtype()
    if pa.types.is_integer(kind):
        return pd.array([], dtype=str(kind).replace("int", "Int").replace("uInt", "UInt")).dtype
    return None
