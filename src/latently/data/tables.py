"""Tables in files: CSV and other text, Parquet, Excel. Numbers alone are rows of numbers; all else is a `Table`."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from jaxtyping import Bool, Shaped

from latently.data.assumptions import assume
from latently.data.columns import Told, finite
from latently.data.conditions import conditions_of
from latently.data.dataset import Dataset
from latently.data.excel_tables import read_excel
from latently.data.far import loses_whole_numbers, need_doubles
from latently.data.labels import Unlabelled
from latently.data.parquet_tables import PARQUET, is_parquet_folder, names_of, read_parquet
from latently.data.rows import DataArgumentError, DataError, Rows, as_names
from latently.data.table import Table, chosen_names, kinds_of, plain_names, rounded_sentence
from latently.data.tall_tables import ParquetSource, Source, is_tall, open_tall
from latently.data.text_tables import MISSING, Dialect, TextSource, header_of, read_text, said_of_gaps
from latently.data.view_making import Groups

if TYPE_CHECKING:
    import pandas as pd

TEXT = (".csv", ".tsv", ".tab", ".txt")
EXCEL = (".xlsx", ".xls")
SUFFIXES = (*TEXT, *PARQUET, *EXCEL)
_PACKED = (".gz", ".bz2", ".xz")


def table_suffix(path: Path) -> str | None:
    """The suffix that says what table a file is, `.csv` of `rows.csv.gz`; `None` where it is none."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    last = suffixes[-2] if len(suffixes) > 1 and suffixes[-1] in _PACKED else (suffixes or [""])[-1]
    return last if last in SUFFIXES and (last in TEXT or suffixes[-1] == last) else None


def is_table(path: Path) -> bool:
    """Whether a path is that of a table, by its suffix; of a folder, by what it holds."""
    return table_suffix(path) is not None or is_parquet_folder(path)


def is_text(path: Path) -> bool:
    """Whether a path is that of a table in text, by its suffix."""
    return table_suffix(path) in TEXT


def is_parquet(path: Path) -> bool:
    """Whether a path is that of a Parquet table, a file or a folder of parts."""
    return table_suffix(path) in PARQUET or is_parquet_folder(path)


def open_table(
    path: Path,
    labels_column: str | Sequence[str] | None = None,
    groups: Groups | None = None,
    *,
    columns: Iterable[str] | None = None,
    leave_out: Iterable[str] = (),
    kinds: Mapping[str, str] | str | None = None,
    dialect: Mapping[str, str] | str | None = None,
    unlabelled: Unlabelled = "auto",
) -> Dataset:
    """The rows of a table in a file; an empty label is unknown.

    Where all columns are numbers without gaps, and none is of a kind that is told, they are an array of float32, or of
    the type that it takes to hold them. Else the rows are a `Table`. With groups, each view has the columns of its own,
    which are such numbers; a row whose cells of a view are all missing lacks it.

    Args:
        path: a text file (.csv, .tsv, .txt, gzipped or not), a Parquet file or a folder of its parts, an Excel file.
        labels_column: the column of labels; several are conditions (see `latently.data.conditions`), and so is one of
            fractions, or one whose kind is told.
        groups: which columns are the views.
        columns: the names of those to take; all unless said.
        leave_out: the names of those not to take.
        kinds: name of a column → what it is, where that is not to be guessed.
        dialect: how a text is written, where that is not to be guessed: see `latently.data.text_tables.Dialect`; of an
            Excel file the `sheet`, and which words are `missing` cells.
        unlabelled: which label marks a row without one, as for `latently.data.label_values`.

    Raises:
        DataError: it is no table, or a column is not what it is said to be.
    """
    told, kinds = as_names(labels_column), kinds_of(kinds)
    of_labels = {name: kinds.pop(name) for name in told if name in kinds}
    words = told if len(told) == 1 and not of_labels else ()
    if groups is None and (tall := _tall_source(path, dialect, words)):
        names = [name for name in tall.names if name not in told]
        names = chosen_names(names, columns, [name for name in leave_out if name not in told], kinds)
        found = open_tall(tall, names, told, kinds, told=columns is not None)
        about = {"source": "table, read a piece at a time", "labels_column": labels_column, "columns": found.names}
        about = assume(about, *found.assumed)
        labels = _labels(_plain(found.labels), of_labels, getattr(tall, "dialect", None))
        return Dataset.of(path.name, found.rows, labels, path.name, about, unlabelled=unlabelled)
    frame, assumed = read_frame(path, dialect, words=words)
    names = list(map(str, frame.columns))
    for name in told:
        if name not in names:
            rule = f"must be a column of {path}, which has {', '.join(names)}"
            raise DataArgumentError("labels_column", rule, name, known=names)
    of_text = Dialect.of(path, dialect) if table_suffix(path) in TEXT else None
    labels, frame = _labels(frame[list(told)], of_labels, of_text), frame.drop(columns=list(told))
    description: dict[str, Any] = {"source": "table", "labels_column": labels_column}
    source = f'{path.name}, column "{labels_column}"'
    if groups is not None:
        of_view = groups.matched(list(map(str, frame.columns)), f"{path} has the columns")
        present = {view: frame[chosen].notna().any(axis=1).to_numpy(bool) for view, chosen in of_view.items()}
        views = {view: _matrix(frame[chosen], path, present[view]) for view, chosen in of_view.items()}
        rounded = {view: rounded_sentence(frame[chosen], f'the view "{view}"') for view, chosen in of_view.items()}
        description = assume({**description, "columns": of_view}, *assumed, *filter(None, rounded.values()))
        return Dataset.of(path.name, views, labels, source, description, present, unlabelled)
    try:
        chosen = frame[chosen_names(list(frame.columns), columns, leave_out)]
        rows, names, said = _rows(chosen, path, kinds, assumed, told=columns is not None)
    except DataArgumentError:
        raise
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    description = assume({**description, "columns": names}, *assumed, *said)
    return Dataset.of(path.name, rows, labels, source, description, unlabelled=unlabelled)


def _tall_source(path: Path, dialect: Mapping[str, str] | str | None, words: Sequence[str]) -> Source | None:
    """A table that is too large to be read at once; `None` of others."""
    source: Source | None = None
    try:
        if is_parquet(path) and not dialect:
            source = ParquetSource(path)
        elif is_text(path) and path.suffix.lower() in TEXT:  # what a packed file holds is not told
            source = TextSource(path, Dialect.of(path, dialect), words)
        return source if source is not None and is_tall(source) else None
    except (ImportError, OSError, ValueError):  # reading it will say what is wrong
        return None


def _rows(
    frame: "pd.DataFrame", path: Path, kinds: Mapping[str, str] | str | None, assumed: tuple[str, ...], *, told: bool
) -> tuple[Rows, list[str], list[str]]:
    """Numbers without gaps as an array, other columns as a `Table`; the names of those taken, and what was assumed.

    A table holds what was `assumed` before as well, for the model that meets it.
    """
    plain = None if kinds else plain_names(frame)
    if plain is None:
        table = Table.of(frame, kinds=kinds, columns=list(frame.columns) if told else None)
        table = Table(table.columns, table.values, table.container, (*assumed, *table.assumed))
        return cast(Rows, table), list(table.names), []
    places, said = (range(frame.shape[1]), []) if told else plain
    names = [frame.columns[place] for place in places]
    return _matrix(frame[names], path), names, said


def read_frame(
    path: Path, dialect: Mapping[str, str] | str | None = None, *, words: Sequence[str] = ()
) -> tuple["pd.DataFrame", tuple[str, ...]]:
    """A table as a frame of pandas, and what was assumed of how it is written; columns in `words` stay as written."""
    suffix = table_suffix(path)
    gaps: dict[str, set[str]] = {}
    said: Sequence[str | None] = ()
    if suffix in TEXT:
        found = Dialect.of(path, dialect)
        frame = _plain(read_text(path, found, only=words, gaps=gaps))
        guessed = {str(name): gaps[name] for name in frame.columns if name in gaps and found.missing == MISSING}
        said = [found.unusual(path), said_of_gaps(guessed)]
    elif suffix in EXCEL:
        frame, said = read_excel(path, dialect)
        frame = _plain(frame)
    elif dialect:
        raise DataArgumentError("dialect", f"is for tables in text and Excel files, and {path} is none", dialect)
    else:
        frame = _plain(read_parquet(path))
    if not len(frame):
        raise DataError(f"{path} holds no rows below its column names; give at least 2.")
    return frame.set_axis(list(map(str, frame.columns)), axis=1), tuple(filter(None, said))


def column_names(path: Path, dialect: Mapping[str, str] | str | None = None) -> list[str]:
    """The names of a table's columns, from its head alone; none where it cannot be read, as opening it will say."""
    try:
        if table_suffix(path) in TEXT:
            return header_of(path, dialect)
        if table_suffix(path) in EXCEL:
            return list(map(str, read_excel(path, dialect, rows=0)[0].columns))
        return names_of(path)
    except (ImportError, OSError, ValueError):
        return []


def read_cells(path: Path, dialect: str | None = None) -> tuple[list[str], list[tuple[str, ...]]]:
    """The names of the columns of a table, and the cells of each column as they are written.

    Those of a file that is no text are written as Python does, and are empty where one is missing.
    """
    if is_text(path):
        frame = read_text(path, Dialect.of(path, dialect), as_words=True)
    else:
        frame = read_frame(path, dialect)[0]
        frame = frame.astype(str).where(frame.notna(), "")
    return list(frame.columns), [tuple(frame[name].tolist()) for name in frame.columns]


def _matrix(
    frame: "pd.DataFrame", path: Path, present: Bool[np.ndarray, "rows"] | None = None
) -> Shaped[np.ndarray, "rows columns"]:
    """The numbers of these columns, NaN in rows that are not `present`; float32, if it holds them."""
    from pandas.api.types import is_numeric_dtype

    words = [name for name in frame.columns if not is_numeric_dtype(frame[name])]
    if words:
        named = ", ".join(f'"{name}" (such as "{_word_in(frame[name])}")' for name in words)
        raise DataArgumentError(
            str(path),
            f"has columns that are not numbers: {named}",
            remedy="Leave them out, turn them into numbers, or name one as the labels with {labels_column}.",
        )
    rows = np.ones(len(frame), bool) if present is None else present
    dtype = _type_for(frame)
    if dtype.kind in "iu":
        return np.asarray(frame.to_numpy(dtype))
    matrix = np.full(frame.shape, np.nan, dtype)
    for place, name in enumerate(frame.columns):
        numbers = frame[name].to_numpy(np.float64, na_value=np.nan)[rows]
        if n_missing := int(np.isnan(numbers).sum()):
            raise DataError(
                f'{path} misses values in column "{name}", in {n_missing:,} of {len(numbers):,} rows of its view; drop '
                "those rows or fill in the values (for example with `latently impute`)."
            )
        matrix[rows, place] = finite(name, numbers)
    return matrix


def _type_for(frame: "pd.DataFrame") -> np.dtype[Any]:
    """The type of an array of these columns."""
    dtypes = [getattr(dtype, "numpy_dtype", dtype) for dtype in frame.dtypes]
    together = np.result_type(*dtypes)
    whole = together.kind in "iu" and not frame.isna().any(axis=None)
    if whole and any(
        loses_whole_numbers(frame[name].to_numpy(dtype)) for name, dtype in zip(frame, dtypes, strict=True)
    ):
        return together
    for name in frame.columns:
        numbers = frame[name].to_numpy(np.float64, na_value=np.nan)
        numbers = numbers[np.isfinite(numbers)]
        if len(numbers) and need_doubles(float(numbers.min()), float(numbers.max())):
            return np.dtype(np.float64)
    return np.dtype(np.float32)


def _word_in(cells: "pd.Series[Any]") -> str:
    """The first cell that is no number."""
    import pandas as pd

    there = cells.dropna().astype(str)
    words = there[pd.to_numeric(there, errors="coerce").isna()]
    return str(words.iloc[0]) if len(words) else ""


def _labels(
    frame: "pd.DataFrame", kinds: Mapping[str, Told], of_text: Dialect | None = None
) -> Shaped[np.ndarray, "rows"] | Table | None:
    """Labels as words, or as numbers with NaN where one is missing; conditions as a table; `None` of no column."""
    from pandas.api.types import is_float_dtype

    if len(frame.columns) > 1 or kinds:
        return conditions_of({name: frame[name] for name in frame.columns}, kinds=kinds)
    if not len(frame.columns):
        return None
    cells = frame[frame.columns[0]]
    measured = conditions_of(cells, str(frame.columns[0]))
    if measured is not None:
        return measured
    if is_float_dtype(cells):
        return np.asarray(cells.to_numpy(np.float64, na_value=np.nan))
    words = np.array(["" if missing else str(cell).strip() for cell, missing in zip(cells, cells.isna(), strict=True)])
    if of_text is not None and of_text.decimal == ",":
        measured = conditions_of(np.char.replace(words, ",", "."), str(frame.columns[0]))
    return words if measured is None else measured


def _plain(frame: "pd.DataFrame") -> "pd.DataFrame":
    """A frame whose columns without gaps are of NumPy's types; others keep those that know gaps."""
    types = {name: dtype.numpy_dtype for name, dtype in frame.dtypes.items() if _has_numpy_type(frame[name])}
    return frame.astype(types)


def _has_numpy_type(cells: "pd.Series[Any]") -> bool:
    kind = getattr(cells.dtype, "kind", "O")
    return hasattr(cells.dtype, "numpy_dtype") and (kind == "f" or (kind in "iub" and not cells.hasnans))
