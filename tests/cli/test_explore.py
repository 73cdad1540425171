"""`latently explore`: one file that holds a model, or two."""

import contextlib
import io
import json
import re
import webbrowser
from pathlib import Path
from typing import Any

import pytest

import latently
import latently.report
from latently.cli import main
from latently.export import ExportError

from .conftest import SMALL, call, contents


class Screen(io.StringIO):
    """Standard output that people look at."""

    def isatty(self) -> bool:
        return True


def manifest(path: Path) -> Any:
    return json.loads(path.read_text().split('id="manifest">')[1].split("</script>")[0])


def test_a_run_leaves_its_explorer_beside_its_report_which_links_it(vae_run: Path) -> None:
    (model,) = manifest(vae_run / "explorer.html")["models"]
    assert (model["name"], model["title"], model["rows"]["count"]) == ("vae", "VAE on digits", 359)
    assert model["film"]["rounds"][0] == 0
    assert model["labels"]["values"] == [str(digit) for digit in range(10)]
    assert model["image_fit"] == "fill"
    assert any(name.startswith("negative evidence lower bound") for name, _ in model["about"]["numbers"])
    assert 'href="explorer.html"' in (vae_run / "report.html").read_text()


def test_it_is_made_again_in_the_runs_folder_or_where_it_is_wanted(vae_run: Path, here: Path) -> None:
    before = contents(vae_run)
    (vae_run / "explorer.html").unlink()
    answer = call("explore", vae_run)
    assert (answer.code, answer.out) == (0, f"{vae_run / 'explorer.html'}\n")
    again = contents(vae_run)
    assert {name: again[name][1] for name in again} == {name: before[name][1] for name in before}
    assert call("explore", vae_run, "--part", "validation", "--out", "here.html").out == "here.html\n"
    assert manifest(here / "here.html")["models"][0]["rows"]["count"] == 180
    assert call("explore", vae_run, "--out", "here.html").code == 2


def test_two_models_stand_in_one_page(vae_run: Path, aae_run: Path, here: Path) -> None:
    assert call("explore", vae_run, aae_run).out == "explorer.html\n"
    models = manifest(here / "explorer.html")["models"]
    assert [model["name"] for model in models] == ["vae", "aae"]
    assert [column["name"] for column in models[1]["views"][0]["columns"]] == ["legs", "wings", "eyes"]
    assert models[1]["labels"]["values"] == ["ant", "bee"]
    answer = call("explore", vae_run, aae_run, "third")
    assert (answer.code, "takes one run, or two to compare; got 3" in answer.err) == (2, True)


def test_a_model_saved_from_python_is_shown_over_rows_that_are_named(vae_run: Path, here: Path) -> None:
    latently.load(vae_run).save("model")
    answer = call("explore", "model")
    assert (answer.code, "was saved from Python; name its rows: --data DATA" in answer.err) == (2, True)
    assert call("explore", "model", "--data", "digits").out == "model/explorer.html\n"
    assert manifest(here / "model" / "explorer.html")["models"][0]["rows"]["of"] == 1797


def test_a_run_whose_model_no_page_can_hold_has_all_else(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise ExportError("this model cannot be explored in a page: its 'encode' computes `sort`.")

    monkeypatch.setattr(latently.report, "explore_run", fail)
    monkeypatch.setattr(latently.report, "report_run", lambda *_: here / "report.html")
    answer = call("fit", "vae", "--data", "digits", "--latent-dim", "2", "--out", "run", *SMALL)
    assert answer.code == 0
    assert "Report" in answer.out
    assert not (here / "run" / "explorer.html").exists()


def test_it_opens_in_a_browser_unless_told_not_to(vae_run: Path, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    with contextlib.redirect_stdout(Screen()):
        assert main(["explore", str(vae_run), "--out", "one.html", "--no-open"]) == 0
        assert opened == []
        assert main(["explore", str(vae_run), "--out", "two.html"]) == 0
    assert opened == [(here / "two.html").resolve().as_uri()]


def test_full_precision_keeps_32_bits_of_the_weights(vae_run: Path, here: Path) -> None:
    kinds = {}
    for name, words in {"half": (), "whole": ("--full-precision",)}.items():
        assert call("explore", vae_run, "--out", f"{name}.html", *words).code == 0
        (model,) = manifest(here / f"{name}.html")["models"]
        kinds[name] = set(re.findall(r'"type": "(f\d+)"', json.dumps(model["functions"])))
    assert "f16" in kinds["half"]
    assert kinds["whole"] == {"f32"}
