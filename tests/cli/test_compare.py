"""`latently compare`: runs side by side, in the terminal and on one page."""

import json
from pathlib import Path

from latently.evaluation import as_table
from latently.run import Run

from .conftest import call, contents


def test_every_measure_is_a_line_and_every_run_a_column(vae_run: Path, aae_run: Path, here: Path) -> None:
    before = contents(vae_run)
    answer = call("compare", vae_run, aae_run)
    assert answer.code == 0, answer.err
    header, *lines = answer.out.splitlines()
    assert [name.split("/")[-1] for name in header.split()[1:]] == ["run", "run"]
    for run in (vae_run, aae_run):
        for line in as_table(Run.open(run).read_json("evaluation.json")):
            if line.value is not None:
                assert any(each.startswith(line.name) and f"{line.value:.4g}" in each for each in lines), line
    bound = next(line for line in lines if line.startswith("negative evidence lower bound ("))
    assert bound.split()[-1] == "–"  # an AAE has none
    assert answer.out.endswith("\ncompare.html\n")
    assert contents(vae_run) == before


def test_the_page_holds_the_pictures_of_all(vae_run: Path, aae_run: Path, here: Path) -> None:
    assert call("compare", vae_run, aae_run, "--out", "both.html").code == 0
    page = (here / "both.html").read_text()
    pictures = [path for path in (vae_run / "figures").iterdir() if path.suffix in (".png", ".gif")]
    assert page.count("<img") == len(pictures)  # the other run has no report
    assert "numbers are not comparable" in page
    assert call("compare", vae_run, aae_run, "--out", "both.html").code == 2


def test_evaluations_are_also_json(vae_run: Path, aae_run: Path, here: Path) -> None:
    values = json.loads(call("compare", vae_run, aae_run, "--json").out)
    assert values[str(vae_run)] == Run.open(vae_run).read_json("evaluation.json")


def test_one_run_is_not_compared(vae_run: Path, here: Path) -> None:
    for words in ((vae_run,), (vae_run, vae_run), (vae_run, "nowhere")):
        assert call("compare", *words).code == 2
    assert not list(here.iterdir())
