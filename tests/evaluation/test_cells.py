"""Cells of a table: what comes back, and what is filled in, is measured column by column."""

import json

import numpy as np
import pandas as pd
import pytest

from latently import VAE, ConditionalVAE
from latently.data import Table
from latently.evaluation import Judge, as_table, evaluate
from latently.evaluation.cells import TIMES, agreement, by_column, imputation, reconstruction
from latently.evaluation.rows import Selection
from small_models import as_if_loaded

DRAW = np.random.default_rng(0)
N = 200
TOWN = DRAW.integers(0, 3, N)
FRAME = pd.DataFrame(
    {
        "age": (30 + 15 * TOWN + DRAW.normal(0, 3, N)).round(1),
        "town": np.array(["Bonn", "Trier", "Ulm"])[TOWN],
        "visits": DRAW.poisson(1 + 2 * TOWN),
        "income": np.exp(9 + TOWN + DRAW.normal(0, 0.3, N)),
        "seen": pd.Timestamp("2024-01-01") + pd.to_timedelta(DRAW.integers(0, 300, N), unit="D"),
        "smoker": DRAW.random(N) < 0.2 + 0.3 * TOWN,
    }
).mask(np.random.default_rng(1).random((N, 6)) < [0.1, 0.1, 0, 0.1, 0.1, 0])
TABLE = Table.of(FRAME, kinds={"income": "heavy"})
SMALL = {"latent_dim": 2, "hidden": (16,), "epochs": 4, "random_state": 0}


class Knowing:
    """A model of a table without gaps: it gives back what it is told to, and fills in from the whole table."""

    latent_dim = 1

    def __init__(self, whole, back=None):
        self.whole, self.back, self.asked = whole, back, []

    def abilities(self):
        return frozenset({"encode", "decode", "impute"})

    def reconstruct(self, X):
        return self.back

    def impute(self, X, random_state):
        self.asked.append(X.missing)
        frame = self.whole.frame()
        return frame.assign(town="Ulm")


@pytest.fixture(scope="module")
def model():
    return as_if_loaded(VAE(**SMALL), TABLE)


def of(column, cells):
    return next(each for each in TABLE.columns if each.name == column), np.asarray(cells, np.float64)


def test_numbers_are_measured_by_the_variance_that_is_explained():
    column, truth = of("age", [1.0, 2.0, 3.0, 6.0])
    given = truth + np.array([1.0, -1.0, 0.0, 0.0])
    found = agreement(column, truth, given)
    assert found["variance_explained"] == pytest.approx(1 - 2 / 14)
    assert found["standardized_error"] == pytest.approx(np.sqrt(2 / 14))
    mean = agreement(column, truth, np.full(4, truth.mean()))
    assert (mean["variance_explained"], mean["standardized_error"]) == (0, 1)


def test_heavy_tails_are_measured_on_the_scale_of_their_logarithm():
    column, truth = of("income", np.exp([1.0, 2.0, 3.0, 6.0]) * 1e4)
    found = agreement(column, truth, truth * np.exp([1.0, -1.0, 0.0, 0.0]))
    assert found["variance_explained"] == pytest.approx(1 - 2 / 14)
    debts = Table.of({"debt": np.array([-1e6, -2.0, 0.0, 1.0, 2.0, 3e5])}, kinds={"debt": "heavy"})
    exact = agreement(debts.columns[0], np.asarray(debts)[:, 0], np.asarray(debts)[:, 0])
    halved = agreement(debts.columns[0], np.asarray(debts)[:, 0], np.asarray(debts)[:, 0] / 2)
    assert exact["variance_explained"] == 1
    assert 0.9 < halved["variance_explained"] < 1  # on the plain scale it would be 0.75


def test_words_are_measured_by_how_often_they_are_right_beside_the_likeliest_one():
    column, truth = of("town", [0, 0, 0, 1, 2])
    found = agreement(column, truth, np.array([0.0, 0.0, 1.0, 1.0, 1.0]))
    assert (found["accuracy"], found["majority"], found["cells"]) == (0.6, 0.6, 5)
    assert found["standard_error"] == pytest.approx(np.sqrt(0.6 * 0.4 / 5))


def test_columns_without_cells_or_of_one_number_have_no_measure():
    assert agreement(*of("age", []), np.empty(0))["variance_explained"] is None
    assert agreement(*of("town", []), np.empty(0))["accuracy"] is None
    assert agreement(*of("age", [3.0, 3.0]), np.array([2.0, 3.0]))["standardized_error"] is None
    empty = by_column(TABLE.columns[:2], np.full((3, 2), np.nan), np.zeros((3, 2)))
    assert (empty["numbers"], empty["variance_explained"], empty["words"], empty["accuracy"]) == (0, None, 0, None)


def test_missing_cells_count_for_nothing_and_what_is_not_finite_is_told():
    truth = np.array([[1.0, 0], [np.nan, 1], [3.0, np.nan], [5.0, 1]])
    given = np.where(np.isnan(truth), 1000, truth)
    found = by_column(TABLE.columns[:2], truth, given)
    assert [column["cells"] for column in found["columns"].values()] == [3, 3]
    assert (found["variance_explained"], found["accuracy"]) == (1, 1)
    given[0, 0] = np.inf
    assert by_column(TABLE.columns[:2], truth, given) == {
        "skipped": 'cells of the column "age" come back that are not finite'
    }


def test_what_a_model_gives_back_as_words_and_dates_is_compared_as_such():
    rows = Selection.choose(TABLE, None, N, 0)
    assert reconstruction(Knowing(None, TABLE.frame()), rows)["accuracy"] == 1
    shifted = TABLE.frame().assign(town="Ulm")
    found = reconstruction(Knowing(None, shifted), rows)
    town = FRAME["town"].dropna()
    assert found["columns"]["town"]["accuracy"] == pytest.approx((town == "Ulm").mean())
    assert found["columns"]["town"]["majority"] == pytest.approx(town.value_counts(normalize=True).max())
    assert found["columns"]["seen"]["variance_explained"] == 1
    assert found["variance_explained"] == pytest.approx(1, abs=1e-6)
    assert found["rows"] == N


def test_each_cell_is_hidden_once_and_filled_in_from_the_others():
    knowing = Knowing(TABLE)
    found = imputation(knowing, Selection.choose(TABLE, None, N, 0), seed=3)
    hidden = np.array(knowing.asked) & ~TABLE.missing
    assert len(knowing.asked) == TIMES
    assert (hidden.sum(axis=0) == ~TABLE.missing).all()
    assert 0.15 < hidden[0].mean() / (~TABLE.missing).mean() < 0.25
    assert found["columns"]["age"]["standardized_error"] == 0
    assert found["columns"]["town"]["accuracy"] == pytest.approx((FRAME["town"].dropna() == "Ulm").mean())
    assert found["columns"]["town"]["cells"] == FRAME["town"].notna().sum()
    again = Knowing(TABLE)
    assert imputation(again, Selection.choose(TABLE, None, N, 0), seed=3) == found
    np.testing.assert_array_equal(again.asked, knowing.asked)


def test_a_table_is_evaluated_with_all_that_its_model_can_do(model):
    whole = evaluate(model, (TABLE[:120], TOWN[:120], TABLE[120:], TOWN[120:]), importance_samples=5, parzen=True)
    again = evaluate(model, (TABLE[:120], TOWN[:120], TABLE[120:], TOWN[120:]), importance_samples=5, parzen=True)
    assert json.loads(json.dumps(whole)) == again
    assert set(whole["reconstruction"]["columns"]) == set(TABLE.names)
    assert {"likelihood", "reconstruction", "imputation", "prior_match", "probe", "dimensions"} <= set(whole)
    assert whole["probe"]["linear"]["accuracy"] > 0.6
    assert whole["parzen"]["skipped"] == "a window needs rows of numbers without gaps"
    names = [line.name for line in as_table(whole)]
    assert "variance explained, mean of 4 columns" in names
    assert "words given back, mean of 2 columns" in names
    assert "error of numbers filled in, mean of 4 columns" in names
    assert "words filled in rightly, mean of 2 columns" in names
    assert "mean squared error" not in names


def test_the_worst_column_is_named_in_the_lines():
    column = {"kind": "number", "cells": 3}
    block = {
        **{"numbers": 2, "variance_explained": 0.5, "standardized_error": 0.7, "words": 1, "accuracy": 0.75},
        **{"majority": 0.5, "rows": 60, "seed": 0, "times": 5},
        "columns": {
            "age": {**column, "variance_explained": 0.9, "standardized_error": 0.3},
            "visits": {**column, "variance_explained": 0.1, "standardized_error": 1.1},
            "never": {**column, "variance_explained": None, "standardized_error": None},
            "town": {"kind": "category", "cells": 3, "accuracy": 0.75, "majority": 0.5},
        },
    }
    back, words = as_table({"reconstruction": {name: value for name, value in block.items() if name != "times"}})
    assert (back.value, back.unit) == (50, "%")
    assert "least for visits: 10.0 %; 60 rows" in back.note
    assert words.value == 75
    assert "the likeliest word is right for 50.0 %; least for town: 75.0 %" in words.note
    filled, _ = as_table({"imputation": block})
    assert (filled.name, filled.value) == ("error of numbers filled in, mean of 2 columns", 0.7)
    assert "most for visits: 1.1; 60 rows, 1 of 5 cells hidden at a time" in filled.note


def test_frames_and_arrays_with_gaps_are_tables(model):
    frames = evaluate(as_if_loaded(VAE(**SMALL), FRAME), (FRAME[:120], None, FRAME[120:], None), importance_samples=2)
    assert frames["reconstruction"]["columns"]["town"]["kind"] == "category"
    numbers = FRAME[["age", "income"]].to_numpy()
    gaps = as_if_loaded(VAE(**SMALL), numbers)
    found = evaluate(gaps, (None, None, numbers[120:], None), importance_samples=2)
    assert set(found["imputation"]["columns"]) == {"x0", "x1"}
    whole = numbers[~np.isnan(numbers).any(axis=1)]
    assert evaluate(gaps, (None, None, whole, None), importance_samples=2)["imputation"]["numbers"] == 2


def test_a_frame_of_numbers_alone_is_evaluated_as_an_array_is(recwarn):
    frame = FRAME[["visits"]].assign(twice=2.0 * FRAME["visits"] + 1)
    fitted = as_if_loaded(VAE(**SMALL), frame)
    by_frame = evaluate(fitted, (frame[:120], None, frame[120:], None), importance_samples=2)
    assert not [warning for warning in recwarn if "feature names" in str(warning.message)]
    assert by_frame["reconstruction"]["rows"] == 80
    assert "imputation" not in by_frame


def test_a_judge_reads_tables_and_samples_have_the_gaps_of_real_rows(tmp_path, monkeypatch):
    monkeypatch.setenv("LATENTLY_CACHE", str(tmp_path))
    from latently.evaluation.judge import judge_of, kept_judge

    names = np.array(["Bonn", "Trier", "Ulm"])[TOWN]
    table = Table.of(FRAME.drop(columns="town"), kinds={"income": "heavy"})
    judge = Judge.fit(table[:150], names[:150], rounds=80)
    assert np.mean(judge.predict(table[150:]) == names[150:]) > 0.9
    frame = table.frame().iloc[150:]
    np.testing.assert_array_equal(judge.predict_proba(frame), judge.predict_proba(table[150:]))
    model = ConditionalVAE(**SMALL).fit(table, names)
    seen = []

    class Watching:
        classes, training_rows = judge.classes, judge.training_rows

        def features(self, X):
            seen.append(X.missing)
            return judge.features(X)

        def predict_proba(self, X):
            return judge.predict_proba(X)

    found = evaluate(model, (table[:150], names[:150], table[150:], names[150:]), judge=Watching())["samples"]
    assert found["rows"] == 50
    assert found["test"]["class_consistency"] > 0.9
    np.testing.assert_array_equal(seen[1], table[150:].missing)  # of the samples, with the gaps of the test rows
    monkeypatch.setattr("latently.evaluation.judge.LEAST_ROUNDS", 3)
    monkeypatch.setattr("latently.evaluation.judge.EPOCHS", 0)
    kept = judge_of(table, names)
    again = kept_judge(table, names)
    np.testing.assert_array_equal(kept.features(table), again.features(table))
    renamed = Table.of(FRAME.drop(columns="town").assign(smoker=np.where(FRAME["smoker"], "y", "n")))
    assert kept_judge(renamed, names) is None  # the same numbers, but other words
