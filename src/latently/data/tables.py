"""Tables, CSV and Parquet: numeric columns are the features of a row, one named column may be its label."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32, Float64, Shaped

from latently.data.dataset import Dataset
from latently.data.labels import encode_any
from latently.data.rows import DataArgumentError, DataError
from latently.data.view_making import Groups

_MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?"})
_DELIMITERS = {".csv": ",", ".tsv": "\t"}


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        name: its header.
        numbers: its values, NaN where one is missing.
        word: a value that is no number, where there is one; the numbers mean nothing then.
    """

    name: str
    numbers: Float64[np.ndarray, "rows"]
    word: str | None = None


def open_csv(path: Path, labels_column: str | None = None, groups: Groups | None = None) -> Dataset:
    """The rows of a CSV file (or of a .tsv file, with tabs) with a header of column names.

    Args:
        path: a file in UTF-8.
        labels_column: the column of labels; an empty cell is an unknown one.
        groups: the columns of each view, where a row has several; other columns are passed over. A row whose cells of a
            view are all missing lacks that view.

    Raises:
        DataError: columns other than the labels hold words or miss values, or the file is no such table.
    """
    names, cells = read_cells(path)
    _check_names(names, labels_column, path)
    columns = [_column(name, values) for name, values in zip(names, cells, strict=True) if name != labels_column]
    labels = None if labels_column is None else np.array([cell.strip() for cell in cells[names.index(labels_column)]])
    return _dataset(path, columns, labels, labels_column, groups)


def open_parquet(path: Path, labels_column: str | None = None, groups: Groups | None = None) -> Dataset:
    """The rows of a Parquet file; see `open_csv`. Needs PyArrow, the `tables` extra.

    Raises:
        DataError: as `open_csv`, or PyArrow is missing.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise DataError(f"{path} needs PyArrow to be read; run: pip install 'latently[tables]'.") from error
    try:
        table = parquet.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path} is damaged or no Parquet file; save it anew.") from error
    _check_names(table.column_names, labels_column, path)
    if table.num_rows == 0:
        raise DataError(f"{path} holds no rows below its column names; give at least 2.")
    columns = [_arrow_column(name, table.column(name), pa) for name in table.column_names if name != labels_column]
    labels = None if labels_column is None else _arrow_labels(table.column(labels_column))
    return _dataset(path, columns, labels, labels_column, groups)


def _dataset(
    path: Path,
    columns: Sequence[Column],
    labels: Shaped[np.ndarray, "rows"] | None,
    labels_column: str | None,
    groups: Groups | None,
) -> Dataset:
    codes, classes = encode_any(labels, f'{path.name}, column "{labels_column}"')
    description: dict[str, Any] = {"source": "table", "labels_column": labels_column}
    if groups is None:
        names = [column.name for column in columns]
        return Dataset(path.name, (_matrix(columns, path),), codes, classes, {**description, "columns": names})
    by_name = {column.name: column for column in columns}
    of_view = groups.matched(list(by_name), f"{path} has the columns")
    present = {view: _present([by_name[name] for name in names]) for view, names in of_view.items()}
    views = {view: _matrix([by_name[name] for name in names], path, present[view]) for view, names in of_view.items()}
    description |= {"columns": of_view}
    return Dataset.of_views(path.name, views, present, labels=codes, classes=classes, description=description)


def _present(columns: Sequence[Column]) -> Bool[np.ndarray, "rows"]:
    """Which rows have a number in any of these columns."""
    missing = [np.isnan(column.numbers) & (column.word is None) for column in columns]
    present: Bool[np.ndarray, rows] = ~np.all(missing, axis=0)
    return present


def _matrix(
    columns: Sequence[Column], path: Path, present: Bool[np.ndarray, "rows"] | None = None
) -> Float32[np.ndarray, "rows columns"]:
    """The numbers of these columns, NaN in rows that are not `present`."""
    words = [f'"{column.name}" (such as "{column.word}")' for column in columns if column.word is not None]
    if words:
        raise DataArgumentError(
            str(path),
            f"has columns that are not numbers: {', '.join(words)}",
            remedy="Leave them out, turn them into numbers, or name one as the labels with {labels_column}.",
        )
    if not columns:
        raise DataError(f"{path} has no numeric columns to learn from; give at least one besides the labels.")
    matrix = np.full((len(columns[0].numbers), len(columns)), np.nan, dtype=np.float32)
    rows = slice(None) if present is None else present
    for place, column in enumerate(columns):
        matrix[rows, place] = _float32(column.name, column.numbers[rows], path)
    return matrix


def _float32(name: str, numbers: Float64[np.ndarray, "rows"], path: Path) -> Float32[np.ndarray, "rows"]:
    n_missing = int(np.isnan(numbers).sum())
    if n_missing:
        raise DataError(
            f'{path} misses values in column "{name}", in {n_missing:,} of {len(numbers):,} rows; drop those '
            "rows or fill in the values (for example with sklearn.impute.SimpleImputer)."
        )
    with np.errstate(over="ignore"):
        values = numbers.astype(np.float32)
    if not np.isfinite(values).all():
        raise DataError(
            f'{path} has infinite values, or values beyond 3.4e38, in column "{name}"; drop or rescale them.'
        )
    return values


def _check_names(names: Sequence[str], labels_column: str | None, path: Path) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise DataError(f"{path} has more than one column named {repeated[0]!r}; give every column a name of its own.")
    if labels_column is not None and labels_column not in names:
        raise DataArgumentError(
            "labels_column", f"must be a column of {path}, which has {', '.join(names)}", labels_column
        )


def column_names(path: Path) -> list[str]:
    """The names of a table's columns, from its head alone; none where it cannot be read, as opening it will say."""
    try:
        if path.suffix.lower() not in _DELIMITERS:
            from pyarrow import parquet

            return list(parquet.read_schema(path).names)
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [name.strip() for name in next(csv.reader(file, delimiter=_DELIMITERS[path.suffix.lower()]), [])]
    except (ImportError, OSError, ValueError, csv.Error):  # PyArrow's errors and those of UTF-8 are ValueErrors
        return []


def read_cells(path: Path) -> tuple[list[str], list[tuple[str, ...]]]:
    """The names of the columns of a CSV file (or of a .tsv file, with tabs), and the cells of each column.

    Raises:
        DataError: the file is no such table.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, delimiter=_DELIMITERS.get(path.suffix.lower(), ","), strict=True)
            names = [name.strip() for name in next(reader, [])]
            rows = []
            for row in reader:
                if not row and len(names) == 1:
                    row = [""]  # a missing value looks like a blank line where there is one column alone
                if row and len(row) != len(names):
                    raise DataError(
                        f"{path} has {len(row)} cells in line {reader.line_num}, but {len(names)} columns; "
                        "give every line one cell a column."
                    )
                if row:
                    rows.append(row)
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} is no table in UTF-8 ({error}); save it anew as CSV in UTF-8.") from error
    if names and all(_number(name) is not None for name in names):
        raise DataError(f"{path} begins with a line of numbers; put a line of column names above it.")
    if not rows:
        raise DataError(f"{path} holds no rows below its column names; give at least 2.")
    return names, list(zip(*rows, strict=True))


def _column(name: str, cells: Sequence[str]) -> Column:
    numbers = np.empty(len(cells))
    for row, cell in enumerate(cells):
        number = _number(cell)
        if number is None:
            return Column(name, numbers, word=cell.strip())
        numbers[row] = number
    return Column(name, numbers)


def _number(cell: str) -> float | None:
    """The number in a cell, NaN for a missing one, `None` for a word."""
    try:
        return float(cell)
    except ValueError:
        return np.nan if cell.strip().lower() in _MISSING else None


def _arrow_column(name: str, column: Any, pa: Any) -> Column:
    kind, types = column.type, pa.types
    if types.is_boolean(kind):
        column = column.cast(pa.uint8())
    elif not any(test(kind) for test in (types.is_integer, types.is_floating, types.is_decimal, types.is_null)):
        word = next((value for value in column.to_pylist() if value is not None), "")
        return Column(name, np.full(len(column), np.nan), word=str(word))
    return Column(name, column.cast(pa.float64(), safe=False).to_numpy())


def _arrow_labels(column: Any) -> Shaped[np.ndarray, "rows"]:
    values = column.to_pylist()
    if any(isinstance(value, float) for value in values):
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    return np.array(["" if value is None else str(value) for value in values])
