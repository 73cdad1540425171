"""Samples of a table are as good as the columns, the correlations and the disguise that they keep."""

import json

import numpy as np
import pytest

from latently.data import Table
from latently.evaluation import as_table, evaluate
from latently.evaluation.rows import Selection
from latently.evaluation.table_samples import table_samples

COVARIANCE = np.array([[1.0, 0.8, 0], [0.8, 1, 0], [0, 0, 4]])


def draw(n, seed):
    return np.random.default_rng(seed).multivariate_normal([5, 0, -3], COVARIANCE, size=n)


class Drawer:
    """A model that draws what the data was drawn from, changed in some way."""

    latent_dim = 2
    asked = None

    def __init__(self, change=lambda rows: rows):
        self.change = change

    def abilities(self):
        return frozenset({"sample"})

    def sample_prior(self, n, random_state):
        raise AssertionError("codes are not asked for")

    def sample(self, n, labels=None, random_state=None):
        self.asked = labels
        return self.change(draw(n, random_state))


def compared(model, n=400):
    train, test = (Selection.choose(draw(n, seed), None, n, 0) for seed in (0, 1))
    return table_samples(model, train, test, None, 0)


@pytest.fixture(scope="module")
def exact():
    return compared(Drawer())


def test_exact_samples_are_as_good_as_the_mixture_and_as_training_rows(exact):
    mixture = exact["baselines"]["gaussian_mixture"]
    assert mixture["parts"] == 1
    for block in (exact, mixture):
        assert block["wasserstein_distance"] < 0.15
        assert block["correlation_difference"] < 0.08
        assert block["area_under_curve"] == pytest.approx(0.5, abs=0.08)
        assert block["accuracy"] == pytest.approx(0.5, abs=0.08)
    assert exact["training_rows"]["wasserstein_distance"] < 0.15
    assert (exact["rows"], len(exact["by_column"])) == (400, 3)


def test_a_column_that_is_moved_is_that_far_away_in_standard_deviations():
    block = compared(Drawer(lambda rows: rows + np.array([0, 0, 6])))
    assert block["by_column"][2] == pytest.approx(3, abs=0.25)
    assert block["wasserstein_distance"] == pytest.approx(1, abs=0.15)
    assert block["area_under_curve"] > 0.9


def test_correlations_that_are_lost_and_spread_that_is_lost_are_told(exact):
    lost = compared(Drawer(lambda rows: rows[:, [1, 1, 2]] * [0, 1, 1] + [5, 0, 0]))
    assert lost["correlation_difference"] == pytest.approx(0.8 / 3, abs=0.05)
    assert lost["area_under_curve"] > 0.99  # all of one column alike
    shuffled = compared(Drawer(lambda rows: np.stack([np.roll(rows[:, 0], 1), *rows.T[1:]], axis=1)))
    assert shuffled["correlation_difference"] == pytest.approx(0.8 / 3, abs=0.08)
    assert shuffled["wasserstein_distance"] < 0.15
    assert shuffled["area_under_curve"] > 0.65 > exact["area_under_curve"]


def test_gaps_of_real_rows_are_no_hint_and_are_filled_by_means_for_a_mixture():
    holed = [np.where(np.random.default_rng(seed).random((200, 3)) < 0.2, np.nan, draw(200, seed)) for seed in (0, 1)]
    columns = Table.of(holed[0]).columns
    train, test = (Selection.choose(Table.like(rows, columns), None, 200, 0) for rows in holed)
    block = table_samples(Drawer(), train, test, None, 0)
    assert block["area_under_curve"] == pytest.approx(0.5, abs=0.12)
    assert block["wasserstein_distance"] < 0.25
    mixture = block["baselines"]["gaussian_mixture"]
    assert (mixture["gaps"], mixture["train_rows"]) == ("filled by means", 200)
    assert np.isfinite(mixture["wasserstein_distance"])


def test_words_are_shares_and_a_mixture_gives_whole_words():
    random = np.random.default_rng(0)
    town = random.integers(3, size=200)
    names = np.array(["Bonn", "Trier", "Ulm"])
    table = Table.of({"age": 30 + 15 * town + random.normal(0, 1, 200), "town": names[town]})
    always = Drawer(lambda rows: Table.like({"age": 30 + rows[:, 0], "town": ["Bonn"] * len(rows)}, table.columns))
    half = Selection.choose(table, None, 200, 0)
    block = table_samples(always, half, half, None, 0)
    assert block["by_column"][1] > 0.6  # of the three shares, 0.67, 0.33 and 0.33 are off, each over its deviation
    mixture = block["baselines"]["gaussian_mixture"]
    assert mixture["wasserstein_distance"] < 0.2
    assert mixture["area_under_curve"] < 0.9 < block["area_under_curve"]


def test_the_labels_asked_for_are_those_of_the_held_out_rows_and_the_lines_say_all():
    class Knowing(Drawer):
        classes_ = label_values = np.array([0, 1])

        def abilities(self):
            return frozenset({"sample", "sample_labels"})

    model, labels = Knowing(), np.arange(40) % 2
    result = evaluate(model, (draw(40, 0), labels, draw(40, 1), labels))
    assert model.asked.tolist() == labels.tolist()
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    names = [line.name for line in as_table(result) if line.value is not None]
    assert "samples told from held-out rows, by a Gaussian mixture" in names
    assert "distance of the columns of samples" in names


def test_few_rows_and_long_ones_are_skipped_with_a_reason():
    assert compared(Drawer(), n=20) == {"skipped": "there are fewer than 30 held-out rows"}
    long = Selection.choose(np.zeros((50, 101)), None, 50, 0)
    assert table_samples(Drawer(), long, long, None, 0) == {"skipped": "there are more than 100 columns"}
