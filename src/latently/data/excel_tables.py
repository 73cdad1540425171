"""Excel files that are tables: one sheet of them, and which words of it are gaps, said, and can be told."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latently.data.rows import DataArgumentError, DataError
from latently.data.text_tables import missing_words, said_of_gaps, told_of
from latently.reading import check_room, reading

if TYPE_CHECKING:
    import pandas as pd

_TOLD = ("sheet", "missing")
_BYTES_OF_BYTE = 5
"""What is taken of memory for a byte of a sheet's text."""


def read_excel(
    path: Path, told: Mapping[str, str] | str | None = None, rows: int | None = None
) -> tuple["pd.DataFrame", list[str]]:
    """The table of a sheet, missing cells `NA`, and what was assumed of it.

    Args:
        path: of the file.
        told: the `sheet`, the first unless said; and the words for `missing` cells, joined by `+`.
        rows: how many to read; all, unless said.

    Raises:
        DataError: it is no Excel file, there is no such sheet, or what reads such files is not installed.
    """
    import pandas as pd

    given = told_of(told, _TOLD, "an Excel file")
    try:
        with reading(path, "Excel file", "save it anew", DataError):
            if zipfile.is_zipfile(path):
                with zipfile.ZipFile(path) as packed:
                    unpacked = sum(each.file_size for each in packed.infolist())
                check_room(path, _BYTES_OF_BYTE * unpacked, "save it as CSV", DataError)
            book = pd.ExcelFile(path)
        with book, reading(path, "Excel file", "save it anew", DataError):
            sheet, said = _sheet(path, list(map(str, book.sheet_names)), given.get("sheet"))
            how: dict[str, Any] = {"sheet_name": sheet, "nrows": rows, "keep_default_na": False}
            words = missing_words(given.get("missing"))
            frame = pd.read_excel(book, **how, na_values=list(words), dtype_backend="numpy_nullable")
            if rows is None and "missing" not in given and frame.isna().any(axis=None):
                cells = pd.read_excel(book, **how, na_filter=False, dtype=object)
                marks = set(words) - {""}
                found = {str(name): marks.intersection(map(str, cells[name])) for name in cells.columns}
                said += [sentence] if (sentence := said_of_gaps(found)) else []
    except ImportError as error:
        if path.suffix.lower() == ".xls":
            raise DataError(f"{path} needs xlrd to be read; run: pip install xlrd, or save it as .xlsx.") from error
        raise DataError(f"{path} needs openpyxl to be read; run: pip install 'latently[tables]'.") from error
    return frame, said


def _sheet(path: Path, names: list[str], told: str | None) -> tuple[str, list[str]]:
    """The sheet to read, and what is to be said of it."""
    if told is not None:
        if told not in names:
            rule = f"must name a sheet of {path}, which has {', '.join(names)}"
            raise DataArgumentError("dialect", rule, told, known=names)
        return told, []
    others = f"{path.name} has the sheets {', '.join(names)}, of which the first, {names[0]}, is read"
    return names[0], [f"{others}; {{dialect=sheet={names[1]}}} reads another"] if len(names) > 1 else []
