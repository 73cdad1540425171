"""A model that cannot encode, in the terminal: its run, its report, and one sentence for what it cannot do."""

import json
from pathlib import Path

import numpy as np
import pytest

from .conftest import SMALL, call


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of a small ACGAN on digits, with its report."""
    folder = tmp_path_factory.mktemp("acgan") / "run"
    sizes = ("--latent-dim", "4", "--critic-hidden", "16")
    answer = call("fit", "acgan", "--data", "digits", "--out", folder, *sizes, *SMALL)
    assert answer.code == 0, answer.err
    assert "latently sample" in answer.out
    assert "encode" not in answer.out
    return folder


def test_the_report_shows_the_classes_and_no_codes(run: Path) -> None:
    figures = {path.name for path in (run / "figures").iterdir()}
    assert {"samples.png", "styles.png", "walks.png", "confusion.png", "terms.png"} <= figures
    assert not figures & {"film.gif", "codes.png", "reconstructions.png", "prior_match.png", "interpolations.png"}
    assert "latently encode" not in (run / "report.html").read_text()
    assert not (run / "film.safetensors").exists()
    evaluation = json.loads((run / "evaluation.json").read_text())
    assert evaluation["reconstruction"]["skipped"] == "the model cannot encode data"
    assert 0 <= evaluation["classification"]["error"] <= 1


def test_it_samples_by_label_and_classifies(run: Path, here: Path) -> None:
    assert call("sample", run, "--labels", "3,7", "--n", "2", "--out", "a.npz").code == 0
    arrays = np.load("a.npz")
    assert (arrays["samples"].shape, arrays["labels"].tolist()) == ((4, 8, 8), [3, 3, 7, 7])
    assert call("classify", run, "digits", "--part", "test").code == 0
    assert call("manifold", run, "--label", "3", "--rows", "2", "--out", "m.npz").code == 0
    assert np.load("m.npz")["manifold"].shape == (4, 8, 8)


@pytest.mark.parametrize("command", ["encode", "reconstruct", "restyle", "interpolate"])
def test_what_needs_codes_is_refused_in_a_sentence(run: Path, here: Path, command: str) -> None:
    answer = call(command, run, *(() if command == "interpolate" else ("digits",)))
    assert answer.code == 2
    assert ": it has no encoder" in answer.err
    assert answer.err.startswith("latently: this ACGAN cannot ")


def test_it_does_not_denoise(run: Path, here: Path) -> None:
    answer = call("denoise", run, "digits")
    assert (answer.code, "this ACGAN cannot clean noise" in answer.err) == (2, True)
