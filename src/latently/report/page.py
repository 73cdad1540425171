"""The pages: what they are made of, and one HTML file each that opens without a network, a server or a script.

The HTML and its style sheet are in `templates/`; Jinja2 fills them in and escapes all text that it is given.
"""

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from PIL import Image

from latently.files import write_atomically

_MEDIA_TYPES = {b"\x89PNG": "image/png", b"GIF8": "image/gif", b"\xff\xd8\xff": "image/jpeg"}
"""What an image file starts with, and what it then is."""


class Picture(NamedTuple):
    """An image as a page holds it: its type, such as "image/png", all of it as an address, and its size in pixels."""

    media: str
    source: str
    width: int
    height: int


@dataclass(frozen=True)
class ReportFigure:
    """A picture with its words.

    Attributes:
        title: a few words, also what a screen reader says.
        caption: what is to be seen in it, in a sentence or two.
        image: a PNG, GIF or JPEG: the bytes, or the file's path.
        wide: whether it takes the page's whole width.
    """

    title: str
    caption: str
    image: bytes | Path
    wide: bool = False

    def read(self) -> Picture:
        """The picture as it stands in the page."""
        data = self.image if isinstance(self.image, bytes) else self.image.read_bytes()
        media = next((media for start, media in _MEDIA_TYPES.items() if data.startswith(start)), None)
        if media is None:
            raise ValueError(
                f"figure {self.title!r} must be a PNG, GIF or JPEG; it starts with {data[:4]!r}. Save it as PNG."
            )
        with Image.open(io.BytesIO(data)) as image:
            return Picture(media, f"data:{media};base64,{base64.b64encode(data).decode('ascii')}", *image.size)


@dataclass(frozen=True)
class ReportRow:
    """Pictures that are to be seen side by side.

    Attributes:
        title: a few words.
        figures: in the order shown; `None` leaves a place empty. Rows of equal length stand in the same columns.
    """

    title: str
    figures: Sequence[ReportFigure | None]


@dataclass(frozen=True)
class ReportTable:
    """A table; columns that hold numbers only are set flush right.

    Attributes:
        title: a few words.
        header: the columns' names, with units.
        rows: the cells as they are shown, as many a row as the header has.
        caption: what the numbers mean.
    """

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.header):
                raise ValueError(
                    f"every row of table {self.title!r} must have the header's {len(self.header)} cells; "
                    f'got {len(row)}. Give "" for a cell that is empty.'
                )

    @property
    def numeric(self) -> list[bool]:
        """For each column, whether it holds numbers only."""
        return [_numeric([row[place] for row in self.rows]) for place in range(len(self.header))]


@dataclass(frozen=True)
class Exhibit:
    """A run, as the page of an exhibition shows it.

    Attributes:
        name: of the model, short; no two on a page are the same.
        title: what it does, in a few words.
        about: what it is for, in a sentence or two.
        figures: its best pictures.
        numbers: the few that matter most: name to value.
        makers: how to make it: where one types it to what is typed.
        report: its full report, as a link from the page.
        explorer: the page that holds the model itself, likewise.
    """

    name: str
    title: str
    about: str
    figures: Sequence[ReportFigure]
    numbers: Mapping[str, str]
    makers: Mapping[str, str]
    report: str
    explorer: str


def write_report(
    path: str | Path,
    *,
    title: str,
    facts: Mapping[str, str],
    figures: Sequence[ReportFigure] = (),
    tables: Sequence[ReportTable] = (),
    rows: Sequence[ReportRow] = (),
    warnings: Sequence[str] = (),
    command: str | None = None,
    subtitle: str = "",
    numbers: Mapping[str, str] | None = None,
    next_commands: Mapping[str, str] | None = None,
    explorer: str | None = None,
) -> Path:
    """Write the page of a run. The first animation among the figures opens it, beside the facts.

    Args:
        path: the file; its folder must exist.
        title: the model's name.
        facts: what was trained on what: name to value.
        figures: in the order shown.
        tables: in the order shown, under the figures.
        rows: of pictures side by side, under the tables.
        warnings: sentences shown above all pictures.
        command: what made this run.
        subtitle: a line under the title.
        numbers: the few numbers that matter most, shown large: name (with its unit) to value.
        next_commands: how to go on: what a command does to the command.
        explorer: the page that holds the model itself, as a link from this one.

    Returns:
        The path written. It is written to a temporary name first, so that a file seen is a file whole.

    Raises:
        ValueError: an image is no PNG, GIF or JPEG.
    """
    film = next((figure for figure in figures if figure.read().media == "image/gif"), None)
    return _write(
        path,
        "report.html.j2",
        title=title,
        subtitle=subtitle,
        numbers=numbers or {},
        warnings=warnings,
        film=film,
        facts=facts,
        figures=[figure for figure in figures if figure is not film],
        tables=tables,
        rows=rows,
        command=command,
        next_commands=next_commands or {},
        explorer=explorer,
    )


def write_exhibition(
    path: str | Path, *, title: str, subtitle: str, exhibits: Sequence[Exhibit], next_commands: Mapping[str, str]
) -> Path:
    """Write one page that shows several runs to others: what each is for, its best pictures, how it is made.

    Like a report it is one file that loads nothing; it leads to the reports beside it.

    Args:
        path: the file; its folder must exist.
        title: the words that open it.
        subtitle: a line under the title.
        exhibits: in the order shown.
        next_commands: what to try next: what a command does to the command.
    """
    return _write(
        path, "exhibition.html.j2", title=title, subtitle=subtitle, exhibits=exhibits, next_commands=next_commands
    )


def _write(path: str | Path, template: str, **content: Any) -> Path:
    """Fill a template and write it, to a temporary name first."""
    page = _templates().get_template(template).render(version=version("latently"), **content)
    return write_atomically(Path(path), page.encode())


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("latently.report"), autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
    )


def _numeric(column: Sequence[str]) -> bool:
    """Whether all cells that are not empty start like numbers, as "104.2", "−3 %" and "1,024" do."""
    cells = [cell.strip().lstrip("+-−<≤≥>≈~ ") for cell in column]
    filled = [cell for cell in cells if cell and cell not in "–—"]
    return bool(filled) and all(cell[0].isdigit() or cell.lower() in ("nan", "inf", "∞") for cell in filled)
