"""`latently outliers`: strange rows come first, new ones and such as the model has learned by heart."""

import csv
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import latently
from latently.errors import ArgumentError
from latently.estimators.outliers import warn_of_little_learned
from latently.training import Verdict

from .conftest import SMALL, call

FIT = ("fit", "vae", "--hidden", "32", "--epochs", "200", "--latent-dim", "2", "--no-report", "--quiet")


def written(path: Path, rows: np.ndarray, names: list[str]) -> Path:
    lines = [",".join([name, *(f"{cell:.6f}" for cell in row)]) for name, row in zip(names, rows, strict=True)]
    path.write_text("\n".join(["name,a,b,c,d,e", *lines]) + "\n")
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on a plane of rows, eight of which lie off it; the table beside it, and one of new rows."""
    folder, random = tmp_path_factory.mktemp("outliers"), np.random.default_rng(0)
    basis = random.normal(size=(2, 5))
    rows = random.normal(size=(160, 2)) @ basis + 0.1 * random.normal(size=(160, 5))
    rows[:8] += 2.5 * random.choice([-1, 1], size=(8, 5))
    names = [f"odd{k}" if k < 8 else f"row{k}" for k in range(160)]
    table = written(folder / "table.csv", rows, names)
    new = random.normal(size=(20, 2)) @ basis + 0.1 * random.normal(size=(20, 5))
    new[3] += 5
    written(folder / "new.csv", new, [f"new{k}" for k in range(20)])
    assert call(*FIT, "--data", table, "--out", folder / "run").code == 0
    return folder / "run"


def found(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.open()))


def test_a_new_row_that_is_strange_comes_first(run: Path, tmp_path: Path) -> None:
    table, picture = tmp_path / "o.csv", tmp_path / "o.png"
    answer = call("outliers", run, run.parent / "new.csv", "--id", "name", "--out", table, "--out", picture)
    assert answer.code == 0, answer.err
    first, *others = found(table)
    assert (first["row"], first["name"], first["strangeness"]) == ("3", "new3", "1")
    assert {line["learned_from"] for line in others} == {"False"}
    scores = [float(line["strangeness"]) for line in (first, *others)]
    assert scores == sorted(scores, reverse=True)
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_strange_rows_among_those_that_were_learned_are_found_by_models_that_have_not(
    run: Path, tmp_path: Path
) -> None:
    answer = call(
        "outliers", run, run.parent / "table.csv", "--id", "name", "--folds", "2", "--out", tmp_path / "o.csv"
    )
    assert answer.code == 0, answer.err
    assert "112 rows of these were learned from, so 2 models are fitted" in answer.err
    lines = found(tmp_path / "o.csv")
    assert len(lines) == 160
    assert sum(line["learned_from"] == "True" for line in lines) == 112
    strange = {line["name"] for line in lines[:16] if line["name"].startswith("odd")}
    assert len(strange) >= 6


def test_a_model_that_has_learned_too_little_is_said_to_have(run: Path, tmp_path: Path) -> None:
    table, words = run.parent / "table.csv", ("--id", "name", "--folds", "2", "--out", tmp_path / "o.csv", "--force")
    short = tmp_path / "short"
    assert call("fit", "vae", "--data", table, "--out", short, "--no-report", *SMALL).code == 0
    said = (
        "latently: warning: a model that has learned too little finds ordinary rows strange as well. The training was"
    )
    for rows in (run.parent / "new.csv", table):
        answer = call("outliers", short, rows, *words)
        assert (answer.code, answer.err.count(said)) == (0, 1), answer.err


@pytest.mark.parametrize("kind", ["settled", "over-fitted", None])
def test_a_model_that_has_learned_enough_is_not_warned_of(kind: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_little_learned(None if kind is None else Verdict(kind, "It is so."))


def test_the_verdict_of_a_saved_model_stays_with_it(tmp_path: Path) -> None:
    X = np.random.default_rng(0).normal(size=(60, 4))
    short = latently.VAE(2, hidden=(8,), epochs=2, early_stopping=True, random_state=0).fit(X)
    short.save(tmp_path)
    loaded = latently.load(tmp_path)
    assert loaded.verdict_ == short.verdict_
    assert loaded.verdict_.kind == "unknown"
    for score in (loaded.outlier_scores, lambda rows: latently.cross_outlier_scores(short, rows, folds=2)):
        with pytest.warns(UserWarning, match=r"^a model that has learned too little .* too short to tell") as caught:
            score(X)
        assert len(caught) == 1
    whole = latently.VAE(2, hidden=(8,), epochs=2, random_state=0).fit(X)
    assert whole.verdict_ is None  # no rows were held out, and nothing is known
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        whole.outlier_scores(X)


def test_a_table_of_other_numbers_than_those_that_were_learned_is_refused(here: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(20, 3))
    for name, columns in (("table", "a,b,c"), ("other", "x,b,z")):
        np.savetxt(f"{name}.csv", rows, delimiter=",", header=columns, comments="")
    assert call("fit", "vae", "--data", "table.csv", "--out", "run", "--no-report", *SMALL).code == 0
    for verb in ("outliers", "encode"):
        answer = call(verb, "run", "other.csv")
        assert answer.code == 2
        assert answer.err == (
            "latently: the data lacks the columns a, c, which the model was fitted on. It has x, b, z.\n"
        )
    assert {path.name for path in here.iterdir()} == {"table.csv", "other.csv", "run"}


def test_scores_are_shares_of_a_reference_and_bounds_or_residuals_without() -> None:
    X = np.random.default_rng(0).normal(size=(60, 4))
    vae = latently.VAE(2, hidden=(8,), epochs=5, random_state=0).fit(X)
    strange = vae.outlier_scores(X)
    assert np.array_equal(strange, -vae.score_samples(X, n_samples=16, kind="importance", random_state=0))
    shares = vae.outlier_scores(X, reference=X)
    assert sorted(shares.tolist()) == [place / 60 for place in range(60)]
    assert np.array_equal(np.argsort(shares), np.argsort(strange))
    plain = latently.Autoencoder(2, hidden=(8,), epochs=5, random_state=0).fit(X)
    missed = ((plain.reconstruct(X) - X) / X.std(axis=0)) ** 2
    np.testing.assert_allclose(plain.outlier_scores(X), missed.mean(axis=1), rtol=1e-4)


def test_fewer_than_two_folds_are_refused() -> None:
    with pytest.raises(ArgumentError, match="folds must be from 2 to the 5 rows of X; got 1"):
        latently.cross_outlier_scores(latently.VAE(2), np.eye(5), folds=1)


def test_a_row_that_is_like_others_but_not_like_those_of_its_conditions_is_strange() -> None:
    pandas, random = pytest.importorskip("pandas"), np.random.default_rng(0)
    ages = random.uniform(20, 80, size=120)
    X = (ages[:, None] - 50) * [1.0, -1.0, 0.5] / 15 + 0.2 * random.normal(size=(120, 3))
    X[7] = X[np.argmax(ages if ages[7] < 50 else -ages)]
    conditions = {"age": ages, "old": np.where(ages > 50, "old", "young")}
    vae = latently.ConditionalVAE(1, hidden=(16,), epochs=60, learning_rate=1e-2, random_state=0)
    scores = latently.cross_outlier_scores(vae, X, conditions, folds=2)
    assert scores.argmax() == 7
    assert np.array_equal(scores, latently.cross_outlier_scores(vae, X, pandas.DataFrame(conditions), folds=2))


def test_a_class_that_the_model_of_a_fold_has_not_met_is_unknown_to_it() -> None:
    X, y = np.random.default_rng(0).normal(size=(40, 3)), ["a", "b"] * 19 + [None, "c"]
    vae = latently.ConditionalVAE(1, hidden=(8,), epochs=1, random_state=0)
    with pytest.warns(UserWarning, match="1 of 20 labels are unknown"):
        assert sorted(latently.cross_outlier_scores(vae, X, y, folds=2)) == [place / 40 for place in range(40)]


def test_other_than_one_label_a_row_is_refused() -> None:
    for y, found in (([1, 2], r"\(2,\)"), (7, r"\(\)")):
        with pytest.raises(ArgumentError, match=f"y must have one label for each of the 5 rows of X; got {found}"):
            latently.cross_outlier_scores(latently.ConditionalVAE(2), np.eye(5), y, folds=2)
