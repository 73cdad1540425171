"""Text that is a table: how it is written (delimiter, decimal mark, encoding …) is found out, said, and can be told."""

import csv
import io
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latently.data.rows import DataArgumentError, DataError
from latently.reading import check_room, reading

if TYPE_CHECKING:
    import pandas as pd

MISSING: tuple[str, ...] = (
    "",
    "na",
    "NA",
    "n/a",
    "N/A",
    "nan",
    "NaN",
    "null",
    "NULL",
    "none",
    "None",
    "?",
    "<NA>",
    "#N/A",
)
SIGNS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|", "space": " ", "point": ".", "apostrophe": "'"}
"""Words for signs that a shell or a list would take for its own."""
_DELIMITERS = (",", ";", "\t", "|")
_HEAD_BYTES = 2**16
_COUNTED = 2**24  # bytes, after which it is asked again whether they fit
_DECIMAL_COMMA = re.compile(r"^\s*[-+]?(\d+|\d{1,3}(\.\d{3})+),\d+([eE][-+]?\d+)?\s*$")
_DECIMAL_POINT = re.compile(r"^\s*[-+]?\d*\.\d+\s*$")
_GROUPED = {
    ",": re.compile(r"^\s*[-+]?\d{1,3}(,\d{3})+(\.\d+)?\s*$"),
    ".": re.compile(r"^\s*[-+]?\d{1,3}(\.\d{3})+(,\d+)?\s*$"),
}


@dataclass(frozen=True)
class Dialect:
    """How a table is written as text.

    Attributes:
        delimiter: between the cells of a line.
        decimal: the mark before the fraction of a number.
        thousands: the mark between groups of three digits; none where it is empty.
        comment: what lines begin with that are no rows; none where it is empty.
        encoding: of the bytes.
        missing: words that stand for a missing cell, as an empty one does; joined by `+` where they are told.
    """

    delimiter: str = ","
    decimal: str = "."
    thousands: str = ""
    comment: str = ""
    encoding: str = "utf-8-sig"
    missing: tuple[str, ...] = MISSING

    @classmethod
    def of(cls, path: Path, told: Mapping[str, str] | str | None = None) -> "Dialect":
        """The dialect of a file, from its first 64 kB; what is told of it is not guessed.

        Raises:
            DataError: it is no text in the encoding that is told, or something is told that a dialect has not got.
        """
        known = [field.name for field in fields(cls)]
        given = {name: SIGNS.get(value, value) for name, value in told_of(told, known, "text").items()}
        with _reading(path):
            return cls._found(path, given)

    @classmethod
    def _found(cls, path: Path, given: Mapping[str, str]) -> "Dialect":
        with _opened(path) as file:
            head = file.read(_HEAD_BYTES)
        encoding = given.get("encoding") or _encoding(head)
        text = _decoded(head, encoding)
        whole = len(head) < _HEAD_BYTES
        lines = text.splitlines() if whole else text.splitlines()[:-1]
        comment = given.get("comment", "#" if lines and lines[0].startswith("#") else "")
        lines = [line for line in lines if line.strip() and not (comment and line.startswith(comment))]
        expected = "\t" if ".tsv" in path.suffixes or ".tab" in path.suffixes else ","
        delimiter = given.get("delimiter") or _delimiter(lines, expected)
        cells = [cell for row in csv.reader(lines[1:], delimiter=delimiter) for cell in row]
        decimal = given.get("decimal") or _decimal(cells, delimiter)
        thousands = given.get("thousands", _thousands(cells, decimal))
        return cls(delimiter, decimal, thousands, comment, encoding, missing_words(given.get("missing")))

    def unusual(self, path: Path) -> str | None:
        """What is not as in most files of this name, in a sentence; `None` where all is."""
        usual = Dialect(delimiter="\t" if ".tsv" in path.suffixes else ",")
        words = {sign: word for word, sign in SIGNS.items()}
        found = [
            f"{name}={words.get(value, value)}"
            for name, value in asdict(self).items()
            if value != getattr(usual, name) and isinstance(value, str) and value
        ]
        return (
            f"{path.name} is written with {', '.join(found)}; {{dialect=NAME=VALUE}} says otherwise" if found else None
        )


def told_of(told: Mapping[str, str] | str | None, known: Sequence[str], what: str) -> dict[str, str]:
    """What is told of how a table is written, by name.

    Args:
        told: a dict, or as in `delimiter=semicolon,decimal=comma`.
        known: what may be told.
        what: the table is, in a word.

    Raises:
        DataError: something is told that such a table has not got.
    """
    if isinstance(told, str):
        told = {name: value for name, _, value in (word.partition("=") for word in told.split(","))}
    given = {name.strip(): value for name, value in (told or {}).items()}
    for name in given:
        if name not in known:
            raise DataArgumentError("dialect", f"may say {', '.join(known)} of {what}", name, known=known)
    return given


def missing_words(told: str | Sequence[str] | None) -> tuple[str, ...]:
    """The words that stand for a missing cell, those that are told or else `MISSING`; an empty cell always does.

    Example:
        >>> missing_words("-999+none"), missing_words("")
        (('', '-999', 'none'), ('',))
    """
    if told is None:
        return MISSING
    return tuple(dict.fromkeys(("", *(told.split("+") if isinstance(told, str) else told))))


def said_of_gaps(found: Mapping[str, Collection[str]]) -> str | None:
    """That words were taken for missing cells, from the words of each column; `None` where none was.

    Example:
        >>> said_of_gaps({"age": {"NA"}, "town": {"none", "NA"}})
        'NA in age, NA and none in town are taken for missing cells; {dialect=missing=WORD+WORD} says which words are'
    """
    each = [f"{' and '.join(sorted(words))} in {name}" for name, words in found.items() if words]
    if not each:
        return None
    listed = ", ".join(each[:6]) + (f" and others in {len(each) - 6} columns more" if len(each) > 6 else "")
    return f"{listed} are taken for missing cells; {{dialect=missing=WORD+WORD}} says which words are"


def read_text(
    path: Path, dialect: Dialect, *, as_words: bool = False, only: Any = None, gaps: dict[str, set[str]] | None = None
) -> "pd.DataFrame":
    """The table of a text file, gzipped or not: numbers, truth values and words, missing cells `NA`.

    Args:
        path: of the file.
        dialect: how it is written.
        as_words: leave all cells as they are written.
        only: the names of columns that are left as they are written.
        gaps: takes the words that stand for missing cells, by column.

    Raises:
        DataError: lines have more or fewer cells than there are columns, or it is no table.
    """
    import pandas as pd

    names = _checked_header(path, dialect, {} if gaps is None else gaps)
    options: dict[str, Any] = {"dtype": str} if as_words else {"dtype": dict.fromkeys(only or (), str)}
    with _reading(path, dialect.encoding):
        frame: pd.DataFrame = pd.read_csv(
            path,
            sep=dialect.delimiter,
            decimal=dialect.decimal,
            thousands=dialect.thousands or None,
            comment=dialect.comment or None,
            encoding=dialect.encoding,
            na_values=list(dialect.missing),
            keep_default_na=False,
            na_filter=not as_words,
            skipinitialspace=True,
            names=names,
            header=0,
            index_col=False,
            skip_blank_lines=len(names) > 1,
            dtype_backend="numpy_nullable",
            low_memory=False,
            **options,
        )
        return frame


def header_of(path: Path, told: Mapping[str, str] | str | None = None) -> list[str]:
    """The names of a text file's columns, from its head alone."""
    dialect = Dialect.of(path, told)
    with _reading(path, dialect.encoding), _text(path, dialect) as lines:
        return _names(next(csv.reader(lines, delimiter=dialect.delimiter), []))


def _checked_header(path: Path, dialect: Dialect, gaps: dict[str, set[str]]) -> list[str]:
    """The names of the columns, of a table whose lines all have as many cells; pandas would fill up short ones.

    Words that stand for missing cells are put into `gaps`.
    """
    marks = set(dialect.missing) - {""}
    with _reading(path, dialect.encoding), _text(path, dialect) as lines:
        reader = csv.reader(lines, delimiter=dialect.delimiter, strict=True, skipinitialspace=True)
        names, rows = _names(next(reader, [])), 0
        for row in reader:
            if row and len(row) != len(names):
                raise DataError(
                    f"{path} has {len(row)} cells in line {reader.line_num}, but {len(names)} columns; "
                    "give every line one cell a column."
                )
            if not marks.isdisjoint(row):
                for name, cell in zip(names, row, strict=False):
                    if cell in marks:
                        gaps.setdefault(name, set()).add(cell)
            rows += bool(row) or len(names) == 1
    if names and all(_is_number(name) for name in names):
        raise DataError(f"{path} begins with a line of numbers; put a line of column names above it.")
    if not rows:
        raise DataError(f"{path} holds no rows below its column names; give at least 2.")
    if repeated := sorted(name for name, count in Counter(names).items() if count > 1):
        raise DataError(f"{path} has more than one column named {repeated[0]!r}; give every column a name of its own.")
    return names


@contextmanager
def _text(path: Path, dialect: Dialect) -> Iterator[Iterator[str]]:
    """The lines of a text file that are no comments."""
    comment = dialect.comment
    with io.TextIOWrapper(_opened(path), encoding=dialect.encoding, newline="") as file:
        yield (line for line in file if not (comment and line.startswith(comment)))


def _names(cells: list[str]) -> list[str]:
    return [cell.strip() for cell in cells]


def _reading(path: Path, encoding: str = "") -> AbstractContextManager[None]:
    """While a text is read: what is wrong with it is a sentence that names it."""
    what = "table in text" if not encoding else f"table in {'UTF-8' if encoding == 'utf-8-sig' else encoding}"
    return reading(path, what, "save it anew as CSV in UTF-8", DataError)


def _opened(path: Path) -> Any:
    """The bytes of a text file, unpacked and counted: what a packed file unpacks to is not told beforehand."""
    import bz2
    import gzip
    import lzma

    opens: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
    unpacks = opens.get(path.suffix.lower())
    return path.open("rb") if unpacks is None else io.BufferedReader(_Counted(unpacks(path, "rb"), path), 2**17)


class _Counted(io.RawIOBase):
    """The bytes of a packed file; a `DataError` where there are more than fit into memory as a table."""

    def __init__(self, file: Any, path: Path) -> None:
        self._file, self._path, self._count, self._checked = file, path, 0, 0

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer."""
        count: int = self._file.readinto(buffer)
        self._count += count
        if self._count - self._checked > _COUNTED:
            check_room(self._path, self._count, "unpack it, and give it in parts", DataError)
            self._checked = self._count
        return count

    def close(self) -> None:
        """Close the file, too."""
        self._file.close()
        super().close()


def _encoding(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4 and b"\x00" not in head and not any(byte in head for byte in (0x81, 0x8D, 0x8F)):
            return "cp1252"
    return "utf-8-sig"


def _decoded(head: bytes, encoding: str) -> str:
    try:
        return io.TextIOWrapper(io.BytesIO(head), encoding=encoding, errors="ignore").read()
    except LookupError:
        raise DataArgumentError("dialect", "must name an encoding that Python knows", f"encoding={encoding}") from None


def _delimiter(lines: list[str], expected: str) -> str:
    """The delimiter that cuts the first lines into as many cells as the header, and into most."""
    best, most = expected, (0.0, 1)
    for delimiter in sorted(_DELIMITERS, key=lambda sign: sign != expected):
        counts = [len(row) for row in csv.reader(lines[:100], delimiter=delimiter, skipinitialspace=True)]
        if counts and counts[0] > 1:
            alike = sum(count == counts[0] for count in counts) / len(counts)
            if (alike > 0.9, counts[0]) > most and alike > 0.5:
                best, most = delimiter, (alike > 0.9, counts[0])
    return best


def _decimal(cells: list[str], delimiter: str) -> str:
    """A comma, where more cells have one before their fraction than have a point, and it cannot group digits."""
    commas = [cell for cell in cells if _DECIMAL_COMMA.match(cell)]
    points = sum(_DECIMAL_POINT.match(cell) is not None for cell in cells)
    groups = any(cell.count(",") > 1 and _GROUPED[","].match(cell) for cell in cells)
    all_in_threes = all(_GROUPED[","].match(cell) for cell in commas)
    may_group = groups or (delimiter == "," and all_in_threes)
    return "," if len(commas) > points and not may_group else "."


def _thousands(cells: list[str], decimal: str) -> str:
    """The mark between groups of digits, where some numbers have it and all such are grouped in threes."""
    mark = "," if decimal == "." else "."
    marked = [cell for cell in cells if mark in cell and re.match(r"^\s*[-+]?[\d.,]+\s*$", cell)]
    return mark if marked and all(_GROUPED[mark].match(cell) for cell in marked) else ""


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
