"""Conditions from the terminal: columns of a table that a model is told, and asked for."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import latently
from latently.run import Run

from .conftest import SMALL, call


def table_of(path: str) -> list[dict[str, str]]:
    with Path(path).open() as file:
        return list(csv.DictReader(file))


def people(n: int) -> list[list[Any]]:
    random = np.random.default_rng(0)
    age, sex = random.integers(20, 80, n), random.integers(2, size=n)
    X = np.stack([age / 10, 3.0 * sex, random.normal(size=n)], axis=1).round(3)
    cells = [[*row, a, "fm"[s]] for row, a, s in zip(X.tolist(), age.tolist(), sex.tolist(), strict=True)]
    cells[0][3] = cells[1][4] = ""  # an age and a sex that are not known
    return cells


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run on people of some age and sex, with its report."""
    folder = tmp_path_factory.mktemp("people")
    with (folder / "people.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["a", "b", "c", "age", "sex"], *people(60)])
    columns = ("--labels-column", "age", "--labels-column", "sex")
    words = ("--data", folder / "people.csv", *columns, "--latent-dim", "2", "--test", "0.3", *SMALL)
    answer = call("fit", "cvae", *words, "--out", folder / "run")
    assert answer.code == 0, answer.err
    assert "correlation of age with what was asked" in answer.out
    assert "samples read as the sex asked for" in answer.out
    return folder / "run"


def test_a_run_keeps_its_conditions_and_goes_on(run: Path, here: Path) -> None:
    config = Run.open(run).config()
    assert config["run"]["data"]["labels_column"] == ["age", "sex"]
    assert config["classes"] is None
    assert "each row comes under conditions, age=number,sex=binary;" in config["run"]["reading"][-1]
    assert "conditions" in Run.open(run).read_json("evaluation.json")
    assert "age, sex" in (run / "report.html").read_text()
    assert call("resume", run, "--epochs", "3", "--quiet", "--no-report").code == 0
    again = call("evaluate", run, "--json")
    assert again.code == 0, again.err
    assert json.loads(again.out)["conditions"]["by_condition"].keys() == {"age", "sex"}


def test_samples_are_drawn_under_what_is_named(run: Path, here: Path) -> None:
    words = ("--labels", "age=30,70,sex=m", "--n", "3", "--out", "s.csv", "--out", "s.npz")
    assert call("sample", run, *words).code == 0
    model, asked = latently.load(run), [{"age": age, "sex": "m"} for age in (30, 30, 30, 70, 70, 70)]
    arrays = np.load("s.npz")
    np.testing.assert_array_equal(arrays["samples"], model.sample(6, asked, random_state=0))
    assert arrays["labels_age"].tolist() == [30.0] * 3 + [70.0] * 3
    assert arrays["labels_sex"].tolist() == ["m"] * 6
    assert [(row["age"], row["sex"]) for row in table_of("s.csv")] == [("30.0", "m")] * 3 + [("70.0", "m")] * 3
    assert call("sample", run, "--labels", "40,f", "--n", "1", "--out", "t.npz").code == 0
    np.testing.assert_array_equal(np.load("t.npz")["samples"], model.sample(1, [40, "f"], random_state=0))
    assert call("manifold", run, "--rows", "2", "--label", "age=40,sex=f", "--out", "m.npz").code == 0
    np.testing.assert_array_equal(np.load("m.npz")["manifold"], model.manifold(2, {"age": 40, "sex": "f"}))


def test_rows_are_read_with_the_conditions_that_they_come_with(run: Path, here: Path) -> None:
    source = Run.open(run).config()["run"]["data"]["source"]
    model = latently.load(run)
    rows = people(60)
    X = np.array([row[:3] for row in rows], np.float32)
    known = [{"age": row[3] or None, "sex": row[4] or None} for row in rows]
    assert call("encode", run, source, "--out", "z.npz", "--out", "z.csv").code == 0
    np.testing.assert_allclose(np.load("z.npz")["codes"], model.transform(X, known), rtol=1e-5, atol=1e-6)
    assert np.load("z.npz")["labels_age"][:3].tolist() == pytest.approx(
        [np.nan, *[r[3] for r in rows[1:3]]], nan_ok=True
    )
    assert list(table_of("z.csv")[0]) == ["z1", "z2", "age", "sex"]
    assert call("restyle", run, source, "--labels", "sex=f,m", "--n", "4", "--out", "r.npz").code == 0
    restyled = model.restyle(X[:4], {"sex": ["f", "m"]}, known=known[:4])
    np.testing.assert_allclose(np.load("r.npz")["restyled"], restyled, rtol=1e-5, atol=1e-5)
    # New rows may lack a column, or have a word that the model has not met.
    Path("new.csv").write_text("a,b,c,sex\n4.0,0,1,x\n5.0,3,1,m\n")
    assert call("encode", run, "new.csv", "--labels-column", "sex", "--out", "n.npz").code == 0
    codes = model.transform(np.array([[4, 0, 1], [5, 3, 1]], np.float32), [{"sex": None}, {"sex": "m"}])
    np.testing.assert_allclose(np.load("n.npz")["codes"], codes, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("sample", "--labels", "all"), "--labels must name conditions, of age, sex: --labels age=VALUE; got 'all'."),
        (("sample", "--labels", "agee=4"), "--labels must name conditions among age, sex; got 'agee'."),
        (("sample", "--labels", "sex=x"), "--labels must be among f, m for sex; got 'x'."),
        (("sample", "--labels", "age=old"), "--labels must give a number for age; got 'old'."),
        (("manifold", "--label", "age=4,5"), "--label takes one value for each condition; got 'age=4,5'."),
        (
            ("restyle", "bare.csv", "--labels", "age=4"),
            "bare.csv has none of the conditions age, sex; name its columns",
        ),
        (("classify", "bare.csv"), "this ConditionalVAE cannot predict classes: it was fitted without classes"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_sentence(
    run: Path, here: Path, words: tuple[str, ...], sentence: str
) -> None:
    Path("bare.csv").write_text("a,b,c\n1,2,3\n4,5,6\n")
    answer = call(words[0], run, *words[1:])
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(f"latently: {sentence}")


def test_arrays_hold_conditions_too(here: Path) -> None:
    random = np.random.default_rng(0)
    X, several = random.normal(size=(40, 3)).astype(np.float32), random.integers(2, size=(40, 4))
    np.savez("several.npz", X=X, y=several)
    np.savez("measured.npz", X=X, y=random.uniform(20, 80, 40))
    words = ("--latent-dim", "2", "--no-report", *SMALL)
    assert call("fit", "acgan", "--data", "several.npz", "--critic-hidden", "8", "--out", "several", *words).code == 0
    assert call("sample", "several", "--labels", "1,0,0,1", "--n", "2", "--out", "s.npy").code == 0
    assert (
        call("fit", "supervised-aae", "--data", "measured.npz", "--critic-hidden", "8", "--out", "m", *words).code == 0
    )
    assert call("sample", "m", "--labels", "30,70", "--n", "2", "--out", "m.npz").code == 0
    assert np.load("m.npz")["labels_y"].tolist() == [30, 30, 70, 70]
    refused = call("fit", "aae", "--data", "measured.npz", "--out", "aae", *words)
    assert refused.code == 2
    assert "and AAE learns from one class a row. Models that take several labels, and measured ones" in refused.err
    assert call("fit", "vae", "--data", "measured.npz", "--out", "vae", *words).code == 0


def test_images_are_shown_under_each_condition(here: Path) -> None:
    random = np.random.default_rng(0)
    np.savez("images.npz", X=random.integers(0, 256, (40, 8, 8), dtype=np.uint8), y=random.uniform(0, 360, 40))
    for model in ("cvae", "acgan"):
        answer = call("fit", model, "--data", "images.npz", "--latent-dim", "2", "--out", model, *SMALL)
        assert answer.code == 0, answer.err
        assert (Path(model) / "figures" / "condition-1.png").exists()
        assert "Under y" in (Path(model) / "report.html").read_text()
    assert call("sample", "cvae", "--labels", "0,90,180", "--n", "4", "--out", "s.png").code == 0
