"""`latently dimensions DATA`: codes of several sizes, told apart by held-out rows, beside principal components."""

import json
from pathlib import Path

import numpy as np
import pytest

from .conftest import call


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of five columns that lies in a plane, but for a little noise."""
    random = np.random.default_rng(0)
    rows = random.normal(size=(200, 2)) @ random.normal(size=(2, 5)) + 0.05 * random.normal(size=(200, 5))
    path = tmp_path_factory.mktemp("plane") / "plane.csv"
    np.savetxt(path, rows, delimiter=",", header="a,b,c,d,e", comments="")
    return path


def test_a_plane_needs_two_dimensions(plane: Path, tmp_path: Path) -> None:
    table, picture = tmp_path / "dims.csv", tmp_path / "dims.png"
    fit = ("--epochs", "150", "--hidden", "64", "--learning-rate", "5e-3", "--batch-size", "32")
    answer = call("dimensions", plane, "--sizes", "1,2,4,8", *fit, "--out", table, "--out", picture, "--json")
    assert answer.code == 0, answer.err
    found = json.loads(answer.out.splitlines()[-1])
    steps = found["steps"]
    assert [step["latent_dim"] for step in steps] == [1, 2, 4]  # a row has five numbers
    assert found["criterion"]["name"] == "negative_bound"
    assert found["enough"] == 2
    assert steps[1]["pca"] == pytest.approx(0.002, abs=0.002)
    assert steps[0]["pca"] > 0.1 > steps[1]["unexplained"]
    assert table.read_text().splitlines()[0].split(",")[:2] == ["latent_dim", "value"]
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("digits", "--latent-dim", "3"), "--latent-dim is what is tried here; give --sizes"),
        (("digits", "--model", "vea"), "--model must be one of vae, "),
        (("digits", "--epoch", "3"), "there is no option --epoch"),
        (("--epochs", "3"), "DATA must come before the options"),
        (("digits", "--validation", "0"), "--validation must keep some of the 1,797 rows: they tell the sizes"),
        (("digits", "--sizes", "2,0"), "--sizes must be whole numbers of 1 or more; got 0"),
        (("digits", "--model", "acgan"), "--model acgan has no code, whatever its size; models that have: vae"),
        (("digits", "--sizes", "100"), "--sizes must hold one that is no larger than a row of digits"),
    ],
)
def test_what_cannot_be_tried_is_said_in_a_sentence(words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    answer = call("dimensions", *words, *(() if words[0] == "--epochs" else ("--out", tmp_path / "d.png")))
    assert answer.code == 2, answer.out
    assert said in answer.err
    assert not list(tmp_path.iterdir())
