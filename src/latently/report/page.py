"""A run's report: one HTML file that opens without a network, a server or a script."""

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
) -> Path:
    """Write the page. The first animation among the figures opens it, beside the facts.

    Args:
        path: the file; its folder must exist.
        title: the model's name.
        facts: what was trained on what: name to value.
        figures, tables: in the order shown.
        rows: of pictures side by side, under the tables.
        warnings: sentences shown above all pictures.
        command: what made this run.
        subtitle: a line under the title.
        numbers: the few numbers that matter most, shown large: name (with its unit) to value.
        next_commands: how to go on: what a command does to the command.

    Returns:
        The path written. It is written to a temporary name first, so that a file seen is a file whole.

    Raises:
        ValueError: an image is no PNG, GIF or JPEG, or a table's row has not as many cells as its header.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> write_report(folder / "report.html", title="VAE", facts={"data": "digits"}).name
        'report.html'
    """
    film = next((figure for figure in figures if _bytes(figure).startswith(b"GIF8")), None)
    body = [
        _header(title, subtitle, numbers or {}),
        _warnings(warnings),
        _opening(film, facts),
        _gallery([figure for figure in figures if figure is not film]),
        "".join(_table(table) for table in tables),
        "".join(_row(row) for row in rows),
        _footer(command, next_commands or {}),
    ]
    page = _PAGE.format(title=_text(title), style=STYLE, body="\n".join(part for part in body if part))
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


def _header(title: str, subtitle: str, numbers: Mapping[str, str]) -> str:
    cards = "".join(
        f'<div class="number"><dt>{_text(name)}</dt><dd>{_text(value)}</dd></div>' for name, value in numbers.items()
    )
    line = f'<p class="subtitle">{_text(subtitle)}</p>' if subtitle else ""
    strip = f'<dl class="numbers">{cards}</dl>' if cards else ""
    return f'<header><p class="brand">Latently</p><h1>{_text(title)}</h1>{line}{strip}</header>'


def _warnings(warnings: Sequence[str]) -> str:
    if not warnings:
        return ""
    items = "".join(f"<li>{_text(warning)}</li>" for warning in warnings)
    return f'<section class="warnings" role="note"><h2>Worth a look</h2><ul>{items}</ul></section>'


def _opening(film: ReportFigure | None, facts: Mapping[str, str]) -> str:
    entries = "".join(f"<div><dt>{_text(name)}</dt><dd>{_text(value)}</dd></div>" for name, value in facts.items())
    run = f'<section class="facts"><h2>The run</h2><dl>{entries}</dl></section>' if entries else ""
    if film is None:
        return run
    return f'<div class="opening">{_figure(film, "film")}{run}</div>'


def _gallery(figures: Sequence[ReportFigure]) -> str:
    if not figures:
        return ""
    halves = [figure for figure in figures if not figure.wide]
    alone = halves[-1] if len(halves) % 2 else None  # one without a partner beside it takes the whole row
    cards = "\n".join(_figure(figure, "wide" if figure.wide or figure is alone else "half") for figure in figures)
    return f'<section><h2>Pictures</h2><div class="gallery">{cards}</div></section>'


def _row(row: ReportRow) -> str:
    cells = "\n".join("<div></div>" if figure is None else _figure(figure, "half") for figure in row.figures)
    columns = f"--columns: {len(row.figures)}"
    return (
        f'<section><h2>{_text(row.title)}</h2><div class="scroll"><div class="beside" style="{columns}">{cells}</div>'
        "</div></section>"
    )


def _figure(figure: ReportFigure, kind: str) -> str:
    data = _bytes(figure)
    media, (width, height) = _kind(figure.title, data)
    source = f"data:{media};base64,{base64.b64encode(data).decode('ascii')}"
    return (
        f'<figure class="{kind}"><h3>{_text(figure.title)}</h3>'
        f'<div class="paper"><img src="{source}" alt="{_text(figure.title)}" width="{width}" height="{height}"></div>'
        f"<figcaption>{_text(figure.caption)}</figcaption></figure>"
    )


def _table(table: ReportTable) -> str:
    for row in table.rows:
        if len(row) != len(table.header):
            raise ValueError(
                f"every row of table {table.title!r} must have the header's {len(table.header)} cells; got {len(row)}. "
                'Give "" for a cell that is empty.'
            )
    columns = list(zip(*table.rows, strict=True)) or [()] * len(table.header)
    classes = [' class="value"' if _numeric(column) else "" for column in columns]
    head = "".join(f'<th scope="col"{c}>{_text(name)}</th>' for name, c in zip(table.header, classes, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{c}>{_text(cell)}</td>" for cell, c in zip(row, classes, strict=True)) + "</tr>"
        for row in table.rows
    )
    caption = f'<p class="caption">{_text(table.caption)}</p>' if table.caption else ""
    return (
        f'<section class="table"><h2>{_text(table.title)}</h2><div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>{caption}</section>"
    )


def _footer(command: str | None, next_commands: Mapping[str, str]) -> str:
    made = f"<h2>This run</h2>{_terminal(command)}" if command else ""
    steps = "".join(f"<p>{_text(what)}</p>{_terminal(line)}" for what, line in next_commands.items())
    on = f"<h2>To go on</h2>{steps}" if steps else ""
    return f'<footer>{made}{on}<p class="version">Made by Latently {_text(version("latently"))}</p></footer>'


def _terminal(command: str) -> str:
    return f"<pre><code>{_text(command)}</code></pre>"


def _bytes(figure: ReportFigure) -> bytes:
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


def _text(text: object) -> str:
    return html.escape(str(text), quote=True)
