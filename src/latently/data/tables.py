"""Tables, CSV and Parquet: numeric columns are the features of a row, one named column may be its label."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32, Float64, Shaped

from latently.data.dataset import Dataset
from latently.data.rows import DataArgumentError, DataError
from latently.data.view_making import Groups

_MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?"})
DELIMITERS = {".csv": ",", ".tsv": "\t"}
SUFFIXES = (*DELIMITERS, ".parquet", ".pq")


@dataclass(frozen=True)
class Column:
    """One column: its numbers, NaN where one is missing; they mean nothing where a value is a word."""

    name: str
    numbers: Float64[np.ndarray, "rows"]
    word: str | None = None


def open_table(path: Path, labels_column: str | None = None, groups: Groups | None = None) -> Dataset:
    """The rows of a CSV file in UTF-8, of a .tsv file, or (with PyArrow, the `tables` extra) of a Parquet file.

    An empty label is unknown. Columns of no view are passed over; a row whose cells of a view are all missing lacks it.
    """
    text = path.suffix.lower() in DELIMITERS
    names, cells = read_cells(path) if text else _read_parquet(path)
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise DataError(f"{path} has more than one column named {repeated[0]!r}; give every column a name of its own.")
    if labels_column is not None and labels_column not in names:
        rule = f"must be a column of {path}, which has {', '.join(names)}"
        raise DataArgumentError("labels_column", rule, labels_column)
    columns: dict[str, Column] = {}
    labels = None
    for name, values in zip(names, cells, strict=True):
        if name != labels_column:
            columns[name] = _column(name, values) if text else _arrow_column(name, values)
        else:
            labels = np.array([cell.strip() for cell in values]) if text else _arrow_labels(values)
    description: dict[str, Any] = {"source": "table", "labels_column": labels_column}
    source = f'{path.name}, column "{labels_column}"'
    if groups is None:
        rows = _matrix(list(columns.values()), path)
        return Dataset.of(path.name, rows, labels, source, {**description, "columns": list(columns)})
    of_view = groups.matched(list(columns), f"{path} has the columns")
    parts = {view: [columns[name] for name in names] for view, names in of_view.items()}
    present = {
        view: np.any([~np.isnan(column.numbers) | (column.word is not None) for column in part], axis=0)
        for view, part in parts.items()
    }
    views = {view: _matrix(part, path, present[view]) for view, part in parts.items()}
    return Dataset.of(path.name, views, labels, source, {**description, "columns": of_view}, present)


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
        numbers = column.numbers[rows]
        if n_missing := int(np.isnan(numbers).sum()):
            raise DataError(
                f'{path} misses values in column "{column.name}", in {n_missing:,} of {len(numbers):,} rows; drop '
                "those rows or fill in the values (for example with sklearn.impute.SimpleImputer)."
            )
        with np.errstate(over="ignore"):
            matrix[rows, place] = numbers.astype(np.float32)
        if not np.isfinite(matrix[rows, place]).all():
            raise DataError(
                f'{path} has infinite values, or values beyond 3.4e38, in column "{column.name}"; drop or rescale them.'
            )
    return matrix


def column_names(path: Path) -> list[str]:
    """The names of a table's columns, from its head alone; none where it cannot be read, as opening it will say."""
    try:
        if path.suffix.lower() not in DELIMITERS:
            from pyarrow import parquet

            return list(parquet.read_schema(path).names)
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [name.strip() for name in next(csv.reader(file, delimiter=DELIMITERS[path.suffix.lower()]), [])]
    except (ImportError, OSError, ValueError, csv.Error):  # PyArrow's errors and those of UTF-8 are ValueErrors
        return []


def read_cells(path: Path) -> tuple[list[str], list[tuple[str, ...]]]:
    """The names of the columns of a CSV file (or of a .tsv file, with tabs), and the cells of each column."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, delimiter=DELIMITERS.get(path.suffix.lower(), ","), strict=True)
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


def _read_parquet(path: Path) -> tuple[list[str], list[Any]]:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise DataError(f"{path} needs PyArrow to be read; run: pip install 'latently[tables]'.") from error
    try:
        table = parquet.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path} is damaged or no Parquet file; save it anew.") from error
    if table.num_rows == 0:
        raise DataError(f"{path} holds no rows below its column names; give at least 2.")
    return list(table.column_names), list(table.columns)


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


def _arrow_column(name: str, column: Any) -> Column:
    import pyarrow as pa

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
