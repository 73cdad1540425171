"""Tables in files: CSV and other text, Parquet, Excel. Numbers alone are rows of numbers; all else is a `Table`."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from jaxtyping import Bool, Float32, Shaped

from latently.data.columns import Kind
from latently.data.dataset import Dataset
from latently.data.rows import DataArgumentError, DataError, Rows
from latently.data.table import Table
from latently.data.text_tables import Dialect, header_of, read_text
from latently.data.view_making import Groups

if TYPE_CHECKING:
    import pandas as pd

TEXT = (".csv", ".tsv", ".tab", ".txt")
PARQUET = (".parquet", ".pq")
EXCEL = (".xlsx", ".xls")
SUFFIXES = (*TEXT, *PARQUET, *EXCEL)
_PACKED = (".gz", ".bz2", ".xz")


def table_suffix(path: Path) -> str | None:
    """The suffix that says what table a file is, `.csv` of `rows.csv.gz`; `None` where it is none."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    last = suffixes[-2] if len(suffixes) > 1 and suffixes[-1] in _PACKED else (suffixes or [""])[-1]
    return last if last in SUFFIXES and (last in TEXT or suffixes[-1] == last) else None


def is_parquet_folder(path: Path) -> bool:
    """Whether a folder holds the parts of one Parquet table."""
    return path.is_dir() and any(entry.suffix.lower() in PARQUET for entry in path.iterdir())


def open_table(
    path: Path,
    labels_column: str | None = None,
    groups: Groups | None = None,
    *,
    columns: Iterable[str] | None = None,
    leave_out: Iterable[str] = (),
    kinds: Mapping[str, Kind] | None = None,
    dialect: Mapping[str, str] | None = None,
) -> Dataset:
    """The rows of a table in a file; an empty label is unknown.

    Where all columns are numbers without gaps, and none is of a kind that is told, they are an array of float32. Else
    the rows are a `Table`. With groups, each view has the columns of its own, which are such numbers; a row whose cells
    of a view are all missing lacks it.

    Args:
        path: a text file (.csv, .tsv, .txt, gzipped or not), a Parquet file or a folder of its parts, an Excel file.
        labels_column: the column of labels.
        groups: which columns are the views.
        columns: the names of those to take; all unless said.
        leave_out: the names of those not to take.
        kinds: name of a column → what it is, where that is not to be guessed.
        dialect: how a text is written, where that is not to be guessed: see `latently.data.text_tables.Dialect`.

    Raises:
        DataError: it is no table, or a column is not what it is said to be.
    """
    frame, assumed = read_frame(path, dialect, words=() if labels_column is None else (labels_column,))
    names = list(map(str, frame.columns))
    if labels_column is not None and labels_column not in names:
        rule = f"must be a column of {path}, which has {', '.join(names)}"
        raise DataArgumentError("labels_column", rule, labels_column)
    labels = None if labels_column is None else _labels(frame.pop(labels_column))
    description: dict[str, Any] = {"source": "table", "labels_column": labels_column}
    source = f'{path.name}, column "{labels_column}"'
    if groups is not None:
        of_view = groups.matched(list(map(str, frame.columns)), f"{path} has the columns")
        present = {view: frame[chosen].notna().any(axis=1).to_numpy(bool) for view, chosen in of_view.items()}
        views = {view: _matrix(frame[chosen], path, present[view]) for view, chosen in of_view.items()}
        return Dataset.of(path.name, views, labels, source, {**description, "columns": of_view}, present)
    try:
        rows, said = _rows(frame, columns, leave_out, kinds)
    except DataArgumentError:
        raise
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    kept = list(rows.names) if isinstance(rows, Table) else said.pop(0)
    for sentence in (*assumed, *said):
        warnings.warn(sentence, stacklevel=2)
    return Dataset.of(path.name, cast(Rows, rows), labels, source, {**description, "columns": kept})
