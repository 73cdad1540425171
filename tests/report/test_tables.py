"""The report of a table of several kinds of columns shows each column, and what they have to do with each other."""

import numpy as np
import pandas as pd
import pytest

from latently import VAE, ConditionalVAE
from latently.data import Table
from latently.data.dataset import Dataset, split
from latently.evaluation import evaluate
from latently.report import report_run
from latently.report.story import _columns, _shapes, held_out, scenes
from latently.run import Run, Training, film_rows, train_together

DRAW = np.random.default_rng(0)
N = 150
TOWN = DRAW.integers(0, 3, N)
FRAME = pd.DataFrame(
    {
        "age": (30 + 15 * TOWN + DRAW.normal(0, 3, N)).round(1),
        "town": np.array(["Bonn", "Trier", "Ulm"])[TOWN],
        "visits": DRAW.poisson(1 + 2 * TOWN),
        "seen": pd.Timestamp("2024-01-01") + pd.to_timedelta(DRAW.integers(0, 300, N), unit="D"),
    }
).mask(np.random.default_rng(1).random((N, 4)) < [0.1, 0.1, 0, 0.1])
SMALL = {"latent_dim": 2, "hidden": (8,), "epochs": 2, "random_state": 0}


def run_of(model, splits, folder, labels=None):
    from latently.estimators.saving import model_config

    run = Run.create(folder)
    trainer = model.trainer(splits.train.rows, labels)
    run.write_config(model_config(model) | {"run": {"command": "latently fit"}})
    training = Training(model, trainer, run, film=film_rows(splits).rows, until=model.total_rounds(trainer))
    assert train_together([training])
    return run


@pytest.fixture(scope="module")
def splits():
    return split(Dataset("people.csv", (Table.of(FRAME),)), seed=0)


def test_a_table_gives_its_pictures_and_the_measures_of_each_column(splits, tmp_path):
    model = VAE(**SMALL)
    run = run_of(model, splits, tmp_path / "run")
    page = report_run(model, run, splits, evaluate(model, splits, importance_samples=2), {}).read_text()
    assert {path.name for path in (run.folder / "figures").iterdir()} == {
        *("film.gif", "codes.png", "reconstructions.png", "samples.png", "relations.png", "prior_match.png"),
        "terms.png",
    }
    assert "rows of 4 columns" in page
    assert "Do samples keep what columns have to do with each other?" in page
    assert "variance explained, mean of 3 columns" in page
    assert "by the mean, or the likeliest word" in page
    for column in FRAME:
        assert f">{column}<" in page


def test_a_table_of_one_column_has_no_relations(tmp_path):
    splits = split(Dataset("ages.csv", (Table.of(FRAME[["age"]]),)), seed=0)
    model = VAE(**SMALL)
    run = run_of(model, splits, tmp_path / "run")
    files = [scene.file for scene in scenes(model, run, splits, held_out(splits), {})]
    assert "samples.png" in files
    assert "relations.png" not in files


def test_labels_of_a_table_colour_its_codes(tmp_path):
    rows = Dataset("people.csv", (Table.of(FRAME.drop(columns="town")),), TOWN, ("Bonn", "Trier", "Ulm"))
    splits = split(rows, seed=0)
    model = ConditionalVAE(**SMALL)
    run = run_of(model, splits, tmp_path / "run", splits.train.labels)
    shown = {scene.file for scene in scenes(model, run, splits, held_out(splits), {})}
    assert {"codes.png", "relations.png", "reconstructions.png"} <= shown
    assert "manifold.png" not in shown


def test_a_columns_line_says_how_it_comes_back_and_what_needs_no_model(splits):
    assert _shapes(splits.train) == "rows of 4 columns"
    age = {"kind": "number", "cells": 1200, "variance_explained": 0.75, "standardized_error": 0.5}
    town = {"kind": "category", "cells": 9, "accuracy": 0.625, "standard_error": 0.1, "majority": 0.5}
    never = {"kind": "number", "cells": 0, "variance_explained": None, "standardized_error": None}
    back = {"age": age, "town": town, "never": never}
    filled = {"age": {**age, "standardized_error": 0.9}, "town": {**town, "accuracy": 0.55}, "never": never}
    (table,) = _columns({"reconstruction": {"columns": back}, "imputation": {"columns": filled}})
    assert list(map(tuple, table.rows)) == [
        ("age", "number", "1,200", "0.5 sd", "1 sd", "0.9 sd"),
        ("town", "category", "9", "62.5 %", "50 %", "55 %"),
        ("never", "number", "0", "–", "–", "–"),
    ]
    assert _columns({"reconstruction": {"skipped": "the model cannot encode data"}}) == []
