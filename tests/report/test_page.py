"""The report is one whole HTML page: nothing loaded, nothing run, nothing lost."""

import base64
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from html_page import Page
from latently.figures import image_grid, latent_film, png
from latently.report import Exhibit, ReportFigure, ReportTable, write_exhibition, write_report

HOSTILE = "</style><script>alert('x')</script><img src=x onerror=alert(1)> & \"quoted\""


@pytest.fixture
def film(tmp_path: Path) -> Path:
    frames = [(k, np.full((3, 2), 0.1 * k)) for k in range(3)]
    return latent_film(frames, np.arange(3), ["a", "b", "c"], limits=(-1.0, 1.0), path=tmp_path / "film.gif")


@pytest.fixture
def grid() -> bytes:
    return png(image_grid(np.zeros((4, 8, 8), np.uint8)))


def everything(path: Path, film: Path, grid: bytes, word: str = "word") -> Page:
    write_report(
        path,
        title=f"title {word}",
        subtitle=f"subtitle {word}",
        numbers={f"number {word}": f"1.5 {word}"},
        facts={f"fact {word}": f"value {word}"},
        figures=[
            ReportFigure(f"grid {word}", f"grid caption {word}", grid),
            ReportFigure(f"film {word}", f"film caption {word}", film),
            ReportFigure(f"wide {word}", f"wide caption {word}", grid, wide=True),
        ],
        tables=[ReportTable(f"table {word}", [f"name {word}", "nats"], [[f"cell {word}", "−1.5"]], f"note {word}")],
        warnings=[f"warning {word}"],
        command=f"latently fit {word}",
        next_commands={f"sample {word}": f"latently sample {word}"},
    )
    return Page(path.read_text(encoding="utf-8"))


PLACES = (
    "title", "subtitle", "number", "1.5", "fact", "value", "grid", "grid caption", "film", "film caption", "wide",
    "wide caption", "table", "name", "cell", "note", "warning", "latently fit", "sample", "latently sample",
)  # fmt: skip


def test_page_holds_all_it_was_given(tmp_path: Path, film: Path, grid: bytes) -> None:
    page = everything(tmp_path / "report.html", film, grid)
    for place in PLACES:
        assert f"{place} word" in page.text


def test_names_are_shown_as_they_are_and_never_become_markup(tmp_path: Path, film: Path, grid: bytes) -> None:
    plain = everything(tmp_path / "plain.html", film, grid)
    page = everything(tmp_path / "hostile.html", film, grid, HOSTILE)
    for place in PLACES:
        assert f"{place} {HOSTILE}" in page.text
    assert [tag for tag, _ in page.elements] == [tag for tag, _ in plain.elements]
    assert [sorted(attributes) for _, attributes in page.elements] == [
        sorted(attributes) for _, attributes in plain.elements
    ]


def test_every_image_is_inside_the_page_byte_for_byte(tmp_path: Path, film: Path, grid: bytes) -> None:
    page = everything(tmp_path / "report.html", film, grid)
    inside = []
    for image in page.all("img"):
        media, _, data = (image["src"] or "").partition(";base64,")
        inside.append((media, base64.b64decode(data, validate=True)))
        assert image["alt"]
        assert int(image["width"] or 0) > 0
    assert inside == [("data:image/gif", film.read_bytes()), ("data:image/png", grid), ("data:image/png", grid)]


def test_nothing_is_loaded_and_nothing_runs(tmp_path: Path, film: Path, grid: bytes) -> None:
    path = tmp_path / "report.html"
    page = everything(path, film, grid)
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"https?:|//[a-z]|@import|url\(", re.sub(r"base64,[^\"]*", "", text))
    assert not {"script", "link", "iframe", "object", "embed"} & {tag for tag, _ in page.elements}
    for _, attributes in page.elements:
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "href"):
            assert (attributes.get(name) or "data:").startswith("data:")


def test_headings_descend_by_one_level_at_a_time(tmp_path: Path, film: Path, grid: bytes) -> None:
    assert everything(tmp_path / "report.html", film, grid).outline_is_sound


def test_page_serves_dark_screens_narrow_screens_and_paper(tmp_path: Path, film: Path, grid: bytes) -> None:
    everything(tmp_path / "report.html", film, grid)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    for rule in ("prefers-color-scheme: dark", "max-width: 760px", "@media print", 'name="viewport"', 'lang="en"'):
        assert rule in text


def test_columns_of_numbers_are_flush_right_and_others_are_not(tmp_path: Path) -> None:
    rows = [["5 nearest neighbours", "−3.5 nats", "", "2 of 10"], ["bound", "1,024", "≥ 3", "–"]]
    table = ReportTable("t", ["name", "a", "b", "c"], rows)
    path = write_report(tmp_path / "r.html", title="t", facts={}, tables=[table])
    cells = Page(path.read_text(encoding="utf-8")).all("td")
    assert [cell.get("class") for cell in cells[4:]] == [None, "value", "value", "value"]


def test_a_page_of_little_is_a_page(tmp_path: Path) -> None:
    page = Page(write_report(tmp_path / "r.html", title="VAE", facts={}).read_text(encoding="utf-8"))
    assert "VAE" in page.text
    assert not page.all("figure")
    empty = ReportTable("nothing", ["a", "b"], [])
    Page(write_report(tmp_path / "r.html", title="VAE", facts={}, tables=[empty]).read_text(encoding="utf-8"))


def test_a_lone_narrow_figure_takes_the_row(tmp_path: Path, grid: bytes) -> None:
    three = [ReportFigure(name, "", grid) for name in "abc"]
    page = Page(write_report(tmp_path / "r.html", title="t", facts={}, figures=three).read_text(encoding="utf-8"))
    assert [figure["class"] for figure in page.all("figure")] == ["half", "half", "wide"]


def test_a_report_that_fails_leaves_the_old_one(tmp_path: Path) -> None:
    path = write_report(tmp_path / "r.html", title="first", facts={})
    with pytest.raises(ValueError, match="PNG, GIF or JPEG"):
        write_report(path, title="second", facts={}, figures=[ReportFigure("f", "", b"text")])
    with pytest.raises(ValueError, match="header's 2 cells; got 1"):
        write_report(path, title="second", facts={}, tables=[ReportTable("t", ["a", "b"], [["1"]])])
    assert "first" in path.read_text(encoding="utf-8")
    assert [file.name for file in tmp_path.iterdir()] == ["r.html"]


def test_an_exhibition_shows_names_as_they_are_and_numbers_its_sections(tmp_path: Path, grid: bytes) -> None:
    exhibits = [
        Exhibit(
            f"{name}{HOSTILE}", HOSTILE, HOSTILE, [ReportFigure(HOSTILE, HOSTILE, grid)], {HOSTILE: HOSTILE},
            {"In Python": f"import {HOSTILE}\nfit()"}, f'{name}/"report".html', f"{name}/explorer.html",
        )
        for name in "ab"
    ]  # fmt: skip
    path = write_exhibition(
        tmp_path / "index.html", title=HOSTILE, subtitle=HOSTILE, exhibits=exhibits, next_commands={HOSTILE: HOSTILE}
    )
    page = Page(path.read_text(encoding="utf-8"))
    assert page.text.count(HOSTILE) == 5 + 2 * 10  # of the page's own words, and of each exhibit's
    assert not {"script", "link", "iframe"} & {tag for tag, _ in page.elements}
    assert [link["href"] for link in page.all("a")] == [
        *("#1", "#2", "a/explorer.html", 'a/"report".html', "b/explorer.html", 'b/"report".html'),
    ]
    assert [part["id"] for part in page.all("section")] == ["1", "2"]
    assert page.outline_is_sound


def test_the_template_engine_is_not_loaded_before_a_page_is_wanted() -> None:
    code = "import sys, latently.cli; latently.cli.main(['--help']); print('jinja2' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert found.stdout.splitlines()[-1:] == ["False"], found.stderr
