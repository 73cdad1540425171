"""What the pages are made of: figures, tables, commands; one HTML file that opens without a network or a script."""

import base64
import html
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from PIL import Image

from latently.files import write_atomically
from latently.report.style import STYLE


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


def write_page(path: str | Path, title: str, parts: Sequence[str]) -> Path:
    """Write elements as a page, to a temporary name first; empty ones are left out."""
    page = _PAGE.format(title=escaped(title), style=STYLE, body="\n".join(part for part in parts if part))
    return write_atomically(Path(path), page.encode())


# Nothing may be loaded from elsewhere, and no script may run, whatever the names in the data say.
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{title} · Latently</title>
<style>{style}</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""


def header(title: str, subtitle: str, numbers: Mapping[str, str]) -> str:
    """The head of a page: its title, a line under it, and the numbers that matter most."""
    line = f'<p class="subtitle">{escaped(subtitle)}</p>' if subtitle else ""
    return f'<header><p class="brand">Latently</p><h1>{escaped(title)}</h1>{line}{number_strip(numbers)}</header>'


def number_strip(numbers: Mapping[str, str]) -> str:
    """Numbers, large, side by side: name to value."""
    cards = "".join(
        f'<div class="number"><dt>{escaped(name)}</dt><dd>{escaped(value)}</dd></div>'
        for name, value in numbers.items()
    )
    return f'<dl class="numbers">{cards}</dl>' if cards else ""


def figure_element(figure: ReportFigure, kind: str, heading: str = "h3") -> str:
    """A figure, its picture inside the page; `kind` is its place in the style sheet: `film`, `half` or `wide`."""
    data = figure_bytes(figure)
    media, (width, height) = _kind(figure.title, data)
    source = f"data:{media};base64,{base64.b64encode(data).decode('ascii')}"
    return (
        f'<figure class="{kind}"><{heading}>{escaped(figure.title)}</{heading}>'
        f'<div class="paper"><img src="{source}" alt="{escaped(figure.title)}" width="{width}" height="{height}"></div>'
        f"<figcaption>{escaped(figure.caption)}</figcaption></figure>"
    )


def table_element(table: ReportTable) -> str:
    """A table; raises a ValueError where a row has not as many cells as the header."""
    for row in table.rows:
        if len(row) != len(table.header):
            raise ValueError(
                f"every row of table {table.title!r} must have the header's {len(table.header)} cells; got {len(row)}. "
                'Give "" for a cell that is empty.'
            )
    columns = list(zip(*table.rows, strict=True)) or [()] * len(table.header)
    classes = [' class="value"' if _numeric(column) else "" for column in columns]
    head = "".join(f'<th scope="col"{c}>{escaped(name)}</th>' for name, c in zip(table.header, classes, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{c}>{escaped(cell)}</td>" for cell, c in zip(row, classes, strict=True)) + "</tr>"
        for row in table.rows
    )
    caption = f'<p class="caption">{escaped(table.caption)}</p>' if table.caption else ""
    return (
        f'<section class="table"><h2>{escaped(table.title)}</h2><div class="scroll"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{caption}</section>"
    )


def footer(command: str | None, next_commands: Mapping[str, str]) -> str:
    """The end of a page: what made it, and how to go on."""
    made = f"<h2>This run</h2>{terminal(command)}" if command else ""
    steps = "".join(f"<p>{escaped(what)}</p>{terminal(line)}" for what, line in next_commands.items())
    on = f"<h2>To go on</h2>{steps}" if steps else ""
    return f'<footer>{made}{on}<p class="version">Made by Latently {escaped(version("latently"))}</p></footer>'


def terminal(command: str) -> str:
    """Lines to be typed."""
    return f"<pre><code>{escaped(command)}</code></pre>"


def figure_bytes(figure: ReportFigure) -> bytes:
    """The picture's file."""
    return figure.image if isinstance(figure.image, bytes) else figure.image.read_bytes()


def _kind(title: str, data: bytes) -> tuple[str, tuple[int, int]]:
    """The media type of an image, and its width and height in pixels."""
    for start, media in ((b"\x89PNG", "image/png"), (b"GIF8", "image/gif"), (b"\xff\xd8\xff", "image/jpeg")):
        if data.startswith(start):
            with Image.open(io.BytesIO(data)) as image:
                return media, image.size
    raise ValueError(f"figure {title!r} must be a PNG, GIF or JPEG; it starts with {data[:4]!r}. Save it as PNG.")


def _numeric(column: Sequence[str]) -> bool:
    """Whether all cells that are not empty start like numbers, as "104.2", "−3 %" and "1,024" do."""
    cells = [cell.strip().lstrip("+-−<≤≥>≈~ ") for cell in column]
    filled = [cell for cell in cells if cell and cell not in "–—"]
    return bool(filled) and all(cell[0].isdigit() or cell.lower() in ("nan", "inf", "∞") for cell in filled)


def escaped(text: object) -> str:
    """Text as it stands in a page, whatever it says."""
    return html.escape(str(text), quote=True)
