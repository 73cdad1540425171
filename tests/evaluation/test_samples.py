"""A judge sees what samples lack, beside what real rows reach."""

import json

import numpy as np
import pytest

from latently.evaluation import as_table, evaluate
from latently.evaluation.samples import agreement
from latently.recipes.recipe import Target

MIDDLES = np.array([[0.0, 0.0], [20.0, 0.0], [0.0, 20.0]])
WORDS = np.array(["ant", "bee", "cat"])


def draw(labels, seed):
    """Rows of each class around its middle, beside a column that says nothing."""
    noise = np.random.default_rng(seed).normal(size=(len(labels), 2))
    return np.pad(MIDDLES[np.searchsorted(WORDS, labels)] + noise, ((0, 0), (0, 1)))


class Reader:
    """A judge that knows the middles."""

    classes, training_rows = WORDS, 999

    def features(self, X):
        return X[:, :2]

    def predict_proba(self, X):
        nearest = np.linalg.norm(X[:, None, :2] - MIDDLES, axis=2).argmin(axis=1)
        return np.eye(3)[nearest]


class Knowing:
    """A model that draws the class it is asked for, as the data is drawn."""

    latent_dim = 2
    label_values = WORDS
    asked = None

    def abilities(self):
        return frozenset({"sample", "sample_labels"})

    def sample_prior(self, n, labels=None, random_state=None):
        raise AssertionError("codes are not asked for")

    def sample(self, n=1, labels=None, random_state=None):
        self.asked = labels
        return draw(np.random.default_rng(1).choice(WORDS, n) if labels is None else labels, random_state)


class Unlabelled(Knowing):
    def abilities(self):
        return frozenset({"sample"})


class Forgetful(Knowing):
    """It draws ants where it is asked for cats."""

    def sample(self, n=1, labels=None, random_state=None):
        return draw(np.where(labels == "cat", "ant", labels), random_state)


class Broken(Unlabelled):
    def sample(self, n=1, labels=None, random_state=None):
        return np.full((n, 3), np.nan)


def make_data(n=600, words=("ant", "bee", "bee", "cat")):
    y_train, y_test = np.random.default_rng(0).choice(np.array(words), size=(2, n))
    return draw(y_train, 1), y_train, draw(y_test, 2), y_test


def judged(model, data=None, **options):
    return evaluate(model, data or make_data(), judge=Reader(), **options)["samples"]


def test_a_perfect_model_reaches_what_real_rows_reach():
    block = judged(Knowing())
    assert block["class_consistency"] == block["test"]["class_consistency"] == 1
    assert block["class_consistency_by_label"] == {"ant": 1, "bee": 1, "cat": 1}
    for name, tolerance in {"precision": 0.05, "recall": 0.05, "density": 0.15, "coverage": 0.05}.items():
        assert block[name] == pytest.approx(block["test"][name], abs=tolerance)
    assert block["frechet_distance"] == pytest.approx(block["test"]["frechet_distance"], abs=1)
    assert block["rows"] == 600
    assert block["neighbours"] == {"precision_recall": 3, "density_coverage": 5}
    assert block["judge"] == {"training_rows": 999, "features": 2}


def test_the_classes_asked_for_are_those_of_the_test_rows():
    model, data = Knowing(), make_data()
    judged(model, data)
    assert sorted(model.asked) == sorted(data[3])
    hidden = np.where(np.arange(600) < 400, "", data[3])
    judged(model, (*data[:3], hidden))
    assert len(model.asked) == 600
    assert set(model.asked) == set(WORDS)
    judged(model, (data[0], None, data[2], None))
    assert np.unique(model.asked, return_counts=True)[1].min() > 150  # evenly, where nothing is known


def test_a_class_that_is_never_drawn_costs_consistency_coverage_and_distance():
    block, ceiling = judged(Forgetful()), judged(Knowing())
    assert block["class_consistency_by_label"] == {"ant": 1, "bee": 1, "cat": 0}
    assert block["class_consistency"] == pytest.approx(0.75, abs=0.05)
    assert block["coverage"] < ceiling["coverage"] - 0.15
    assert block["frechet_distance"] > 10 * ceiling["frechet_distance"]
    assert block["precision"] > 0.9
    assert block["test"] == ceiling["test"]


def test_a_model_that_knows_no_labels_is_asked_for_none():
    model = Unlabelled()
    block = judged(model)
    assert model.asked is None
    assert "class_consistency" not in block
    assert block["test"]["class_consistency"] == 1
    assert block["coverage"] > 0.9


def test_all_sets_are_as_large_as_the_smaller_of_training_and_test_rows():
    data = make_data()
    assert judged(Knowing(), (data[0][:50], data[1][:50], *data[2:]))["rows"] == 50
    assert judged(Knowing(), data, max_rows=70)["rows"] == 70


def test_what_cannot_be_judged_is_skipped_with_a_reason():
    data = make_data()
    assert judged(Broken())["skipped"] == "600 of 600 samples are not finite"
    assert "too few" in judged(Knowing(), (data[0][:5], data[1][:5], *data[2:]))["skipped"]
    assert "too few" in judged(Knowing(), (None, None, *data[2:]))["skipped"]

    class Silent(Knowing):
        def abilities(self):
            return frozenset()

    assert judged(Silent())["skipped"] == "the model cannot draw from a prior"
    assert "samples" not in evaluate(Knowing(), data)


def test_the_block_is_json_the_same_for_the_same_seed_and_known_to_recipes_and_table():
    result = evaluate(Knowing(), make_data(), judge=Reader(), seed=4)
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    assert result == evaluate(Knowing(), make_data(), judge=Reader(), seed=4)
    assert result["samples"]["recall"] != judged(Knowing(), seed=5)["recall"]
    for key, least in {"samples.class_consistency": 0.97, "samples.coverage": 0.5}.items():
        assert Target("", key, at_least=least).judge(result).reached
    lines = {line.name: line for line in as_table(result)}
    assert lines["samples read as the class asked for"].value == 100
    assert lines["coverage of samples"].value == pytest.approx(100 * result["samples"]["coverage"])
    assert "real test rows" in lines["Fréchet distance of samples"].note


def test_agreement_is_the_share_of_rows_read_as_their_label():
    labels = np.array(["ant", "bee", "cat", "cat", ""])
    rows = draw(np.array(["ant", "bee", "cat", "bee", "ant"]), 0)
    assert agreement(Reader(), rows, labels) == 0.75
    with pytest.raises(ValueError, match="every one is unknown"):
        agreement(Reader(), rows, np.array([""] * 5))
    with pytest.raises(ValueError, match="one label a row"):
        agreement(Reader(), rows, labels[:3])


class WithSampler(Knowing):
    """Its sampler draws what it is asked for; draws of its prior are ants."""

    sampler_ = "a mixture"

    def sample(self, n=1, labels=None, random_state=None, from_prior=False):
        return draw(np.where(from_prior, "ant", labels), random_state)


def test_samples_of_the_prior_stand_beside_those_of_a_sampler():
    evaluation = evaluate(WithSampler(), make_data(), judge=Reader())
    block = evaluation["samples"]
    assert block["class_consistency"] == 1
    assert block["from_prior"]["class_consistency_by_label"] == {"ant": 1, "bee": 0, "cat": 0}
    assert block["from_prior"]["coverage"] < 0.5 < block["coverage"]
    (line,) = [line for line in as_table(evaluation) if line.name == "coverage of samples"]
    assert f"from the prior {100 * block['from_prior']['coverage']:.4g} %" in line.note
