"""A run's report: one HTML file that opens without a network, a server or a script."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from latently.report.elements import (
    ReportFigure,
    ReportRow,
    ReportTable,
    escaped,
    figure_bytes,
    figure_element,
    footer,
    header,
    table_element,
    write_page,
)


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
    film = next((figure for figure in figures if figure_bytes(figure).startswith(b"GIF8")), None)
    body = [
        header(title, subtitle, numbers or {}),
        _warnings(warnings),
        _opening(film, facts),
        _gallery([figure for figure in figures if figure is not film]),
        "".join(table_element(table) for table in tables),
        "".join(_row(row) for row in rows),
        footer(command, next_commands or {}),
    ]
    return write_page(path, title, body)


def _warnings(warnings: Sequence[str]) -> str:
    if not warnings:
        return ""
    items = "".join(f"<li>{escaped(warning)}</li>" for warning in warnings)
    return f'<section class="warnings" role="note"><h2>Worth a look</h2><ul>{items}</ul></section>'


def _opening(film: ReportFigure | None, facts: Mapping[str, str]) -> str:
    entries = "".join(f"<div><dt>{escaped(name)}</dt><dd>{escaped(value)}</dd></div>" for name, value in facts.items())
    run = f'<section class="facts"><h2>The run</h2><dl>{entries}</dl></section>' if entries else ""
    if film is None:
        return run
    return f'<div class="opening">{figure_element(film, "film", "h2")}{run}</div>'


def _gallery(figures: Sequence[ReportFigure]) -> str:
    if not figures:
        return ""
    halves = [figure for figure in figures if not figure.wide]
    alone = halves[-1] if len(halves) % 2 else None  # one without a partner beside it takes the whole row
    cards = "\n".join(
        figure_element(figure, "wide" if figure.wide or figure is alone else "half") for figure in figures
    )
    return f'<section><h2>Pictures</h2><div class="gallery">{cards}</div></section>'


def _row(row: ReportRow) -> str:
    cells = "\n".join("<div></div>" if figure is None else figure_element(figure, "half") for figure in row.figures)
    columns = f"--columns: {len(row.figures)}"
    return (
        f'<section><h2>{escaped(row.title)}</h2><div class="scroll"><div class="beside" style="{columns}">{cells}</div>'
        "</div></section>"
    )
