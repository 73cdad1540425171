"""`latently compare`: runs side by side, in the terminal and on one page."""

import html
import json
import shutil
from pathlib import Path

import latently
from latently.evaluation import as_table
from latently.run import Run
from latently.wording import short_number

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
                assert any(each.startswith(line.name) and short_number(line.value) in each for each in lines), line
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


def test_of_a_model_without_numbers_it_is_said_why(vae_run: Path, here: Path) -> None:
    latently.load(vae_run).save("model")
    answer = call("compare", vae_run, "model")
    assert answer.code == 0, answer.err
    said = (
        "model has no numbers: it was saved from Python, without rows to measure it on; `latently evaluate model "
        "--data SOURCE` measures it on yours."
    )
    assert f"\n\n{said}\n\ncompare.html\n" in answer.out
    page = (here / "compare.html").read_text()
    assert said in html.unescape(page)
    assert "not comparable" not in page  # it has no numbers to compare
    shutil.copytree(vae_run, here / "copy")
    (here / "copy" / "evaluation.json").unlink()
    answer = call("compare", vae_run, "copy", "model", "--force")
    assert "copy has no numbers: it was not evaluated; `latently evaluate copy` does that." in answer.out
    assert said in answer.out


def test_one_run_is_not_compared(vae_run: Path, here: Path) -> None:
    for words in ((vae_run,), (vae_run, vae_run), (vae_run, "nowhere")):
        assert call("compare", *words).code == 2
    assert not list(here.iterdir())
