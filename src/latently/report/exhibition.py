"""One page that several runs share, to be shown to others: what each is for, its best pictures, how it is made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from latently.report.elements import (
    ReportFigure,
    escaped,
    figure_element,
    footer,
    header,
    number_strip,
    terminal,
    write_page,
)


@dataclass(frozen=True)
class Exhibit:
    """A run, as the page shows it.

    Attributes:
        name: of the model, short; no two on a page are the same.
        title: what it does, in a few words.
        about: what it is for, in a sentence or two.
        figures: its best pictures.
        numbers: the few that matter most: name to value.
        makers: how to make it: where one types it to what is typed.
        report: its full report, as a link from the page.
    """

    name: str
    title: str
    about: str
    figures: Sequence[ReportFigure]
    numbers: Mapping[str, str]
    makers: Mapping[str, str]
    report: str


def write_exhibition(
    path: str | Path,
    *,
    title: str,
    subtitle: str,
    exhibits: Sequence[Exhibit],
    next_commands: Mapping[str, str],
) -> Path:
    """Write the page; like a report it is one file that loads nothing, and leads to the reports beside it.

    Args:
        path: the file; its folder must exist.
        title, subtitle: the lines that open it.
        exhibits: in the order shown.
        next_commands: what to try next: what a command does to the command.

    Returns:
        The path written.

    Raises:
        ValueError: an image is no PNG, GIF or JPEG.

    Example:
        >>> import tempfile
        >>> exhibit = Exhibit("VAE", "Map", "", (), {}, {"In the terminal": "latently demo"}, "vae/report.html")
        >>> page = Path(tempfile.mkdtemp()) / "index.html"
        >>> path = write_exhibition(page, title="Digits", subtitle="", exhibits=[exhibit], next_commands={})
        >>> 'href="vae/report.html"' in path.read_text()
        True
    """
    sections = [_section(exhibit, place) for place, exhibit in enumerate(exhibits, start=1)]
    parts = [header(title, subtitle, {}), _contents(exhibits), *sections, footer(None, next_commands)]
    return write_page(path, title, parts)


def _contents(exhibits: Sequence[Exhibit]) -> str:
    links = "".join(
        f'<li><a href="#{place}"><b>{escaped(exhibit.name)}</b> {escaped(exhibit.title)}</a></li>'
        for place, exhibit in enumerate(exhibits, start=1)
    )
    return f'<nav aria-label="On this page"><ol class="contents">{links}</ol></nav>'


def _section(exhibit: Exhibit, place: int) -> str:
    figures = "\n".join(figure_element(figure, "wide" if figure.wide else "half") for figure in exhibit.figures)
    makers = "".join(f"<div><h3>{escaped(where)}</h3>{terminal(line)}</div>" for where, line in exhibit.makers.items())
    return (
        f'<section class="exhibit" id="{place}"><p class="brand">{escaped(exhibit.name)}</p>'
        f'<h2>{escaped(exhibit.title)}</h2><p class="about">{escaped(exhibit.about)}</p>'
        f'<div class="gallery">{figures}</div>{number_strip(exhibit.numbers)}<div class="makers">{makers}</div>'
        f'<p class="more"><a href="{escaped(exhibit.report)}">All pictures and numbers of this run</a></p></section>'
    )
