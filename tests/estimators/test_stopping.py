"""Early stopping: what each model goes by, what is held out, and what comes of it."""

import numpy as np
import pytest

import latently
from latently import VAE, Views
from latently.catalogue import MODELS
from latently.errors import ArgumentError
from latently.estimators.validating import set_aside
from small_models import small

RANDOM = np.random.default_rng(0)
X = RANDOM.uniform(size=(60, 6))
Y = np.arange(60) % 3
SOME = np.where(np.arange(60) % 2, Y, -1)

CRITERIA = {
    "Autoencoder": "held_out_loss",
    "DenoisingAutoencoder": "held_out_loss",
    "ContractiveAutoencoder": "held_out_loss",
    "VAE": "negative_bound",
    "FactorVAE": "negative_bound",
    "ConditionalVAE": "negative_bound",
    "SemiSupervisedVAE": "classification_error",
    "StackedSemiSupervisedVAE": "classification_error",
    "AuxiliaryDeepGenerativeModel": "classification_error",
    "AAE": "unexplained_and_prior_distance",
    "SupervisedAAE": "unexplained_and_prior_distance",
    "SemiSupervisedAAE": "classification_error",
    "ClusteringAAE": "unexplained_and_prior_distance",
    "ACCA": "unexplained_and_prior_distance",
    "VCCA": "held_out_loss",
    "ACGAN": "sample_distance_and_mistakes",
}


def data(model):
    rows = Views({"left": X[:, :4], "right": X[:, 4:]}) if model.takes_views else X
    return rows, {"ignored": None, "optional": SOME, "required": Y}[model.labels]


def measured(model, X, y, X_val, y_val):
    trainer = model.trainer(X, y, X_val=X_val, y_val=y_val)
    return trainer.validation.measure(trainer.state.game)


@pytest.mark.sampled
@pytest.mark.parametrize("name", [model.name for model in MODELS])
def test_every_model_is_measured_by_what_it_is_for(name):
    model = small(latently.catalogue.BY_NAME[name].load())
    rows, y = data(model)
    found = measured(model, rows, y, rows[:12], None if y is None else y[:12])
    assert model.criterion_.name == CRITERIA[name]
    assert np.isfinite(list(found.values())).all(), found
    assert any("/" in term for term in found)  # the players' terms stand beside it


LEARN_FROM_LABELS = [model.name for model in MODELS if model.load().labels != "ignored"]
CONDITIONS = {"age": RANDOM.uniform(size=60), "group": np.array(["a", "b", "c"])[Y]}
UNKNOWN_CONDITIONS = {"age": np.full(12, np.nan), "group": np.full(12, None)}


@pytest.mark.parametrize("name", LEARN_FROM_LABELS)
def test_held_out_labels_of_which_none_is_known_are_no_labels(name):
    model = small(latently.catalogue.BY_NAME[name].load())
    criteria = set()
    for unknown in (None, np.full(12, -1), [None] * 12, np.full(12, np.nan), [""] * 12):
        assert model.trainer(X, data(model)[1], X_val=X[:12], y_val=unknown).validation.measure.batch.labels is None
        criteria.add(model.criterion_)
    (criterion,) = criteria
    assert criterion.name not in ("classification_error", "sample_distance_and_mistakes")


@pytest.mark.parametrize(
    ("name", "y", "unknown"),
    [
        ("ConditionalVAE", CONDITIONS, UNKNOWN_CONDITIONS),
        ("SupervisedAAE", CONDITIONS, UNKNOWN_CONDITIONS),
        ("ACGAN", CONDITIONS, UNKNOWN_CONDITIONS),
        ("ACGAN", Y, [-1] * 12),
    ],
)
def test_a_model_that_learns_from_labels_is_measured_without_any(name, y, unknown):
    model = small(latently.catalogue.BY_NAME[name].load())
    found = measured(model, X, y, X[:12], None)
    assert list(found)[-1] == model.criterion_.name
    assert np.isfinite(list(found.values())).all()
    assert measured(model, X, y, X[:12], unknown) == found


@pytest.mark.filterwarnings("ignore:6 of 60 labels")
@pytest.mark.parametrize("name", ["ConditionalVAE", "SemiSupervisedAAE"])
def test_rows_set_aside_of_which_no_label_is_known_are_measured_without_labels(name):
    model = small(latently.catalogue.BY_NAME[name].load(), early_stopping=True)
    y = np.where(np.isin(np.arange(60), set_aside(X, np.arange(60), None, 0.1, 0)[3].labels), -1, Y)
    batch = model.trainer(X, np.ma.masked_equal(y, -1)).validation.measure.batch
    assert (len(batch.x), batch.labels) == (6, None)
    assert model.criterion_.name != "classification_error"


def test_held_out_words_are_compared_as_the_labels_of_training_are():
    words = np.array([" ant", "bee", "cat "])[Y]
    given = [[word.strip()] for word in words[:12]]
    trainer = small(latently.ConditionalVAE).trainer(X, words, X_val=X[:12], y_val=given)
    np.testing.assert_array_equal(trainer.validation.measure.batch.y, Y[:12])


def test_held_out_rows_are_measured_as_the_model_scores_them():
    model = small(VAE, random_state=1)
    trainer = model.trainer(X, X_val=X[:12])
    bound = trainer.validation.measure(trainer.state.game)["negative_bound"]
    model.adopt(trainer)
    assert bound == pytest.approx(-model.score_samples(X[:12], kind="elbo", n_samples=100).mean(), abs=0.3)


def test_early_stopping_sets_a_share_of_the_rows_aside_and_gives_the_best_model_back():
    few = RANDOM.normal(size=(40, 8))
    model = VAE(2, hidden=(64,), epochs=2000, learning_rate=1e-2, early_stopping=True, patience=4, random_state=0)
    model.fit(few)
    losses = [record["held_out"]["negative_bound"] for record in model.history_ if record["held_out"]]
    assert model.history_[-1]["round"] < 2000 * 2
    assert len(losses) - np.argmin(losses) == 5  # the best, and then four in a row that were not
    assert model.verdict_.kind in ("over-fitted", "settled", "diverged")
    assert "that model was kept" in str(model.verdict_)
    assert model.task_.rows == 36


def test_rows_that_are_given_are_measured_without_stopping_unless_that_is_asked_for():
    model = VAE(2, hidden=(8,), epochs=40, random_state=0).fit(X[:50], X_val=X[50:])
    assert model.task_.rows == 50
    assert model.history_[-1]["round"] == 40
    assert model.verdict_.kind != "unknown"
    assert {"held_out/negative_bound", "vae/kl"} <= set(model.history_frame().columns)
    assert VAE(2, hidden=(8,), epochs=1).fit(X).verdict_ is None


def test_both_stages_of_m1m2_are_measured_on_the_rows_that_are_held_out():
    first = VAE(2, hidden=(8,), epochs=16, random_state=0)
    model = latently.StackedSemiSupervisedVAE(2, hidden=(8,), first=first, epochs=1, random_state=0)
    model.fit(X[:50], Y[:50], X_val=X[50:], y_val=Y[50:])
    last = model.first_.history_[-1]["held_out"]
    bound = -model.first_.score_samples(X[50:], kind="elbo", n_samples=100).mean()
    assert last["negative_bound"] == pytest.approx(bound, abs=0.3)
    assert model.first_.verdict_ is not None
    assert model.first_.task_.rows == 50


@pytest.mark.parametrize(
    ("model", "given", "words"),
    [
        (VAE(early_stopping=True), {"X": X[:2]}, "early_stopping needs more rows than the 2 of X"),
        (VAE(), {"X": X, "X_val": np.full((2, 6), np.nan)}, "X_val must be finite"),
        (VAE(), {"X": X, "X_val": X[:, :3]}, "X has 3 features, but VAE is expecting 6"),
        (latently.ConditionalVAE(), {"X": X, "y": Y, "X_val": X[:9], "y_val": Y[:8]}, "y_val must have one label"),
        (latently.ConditionalVAE(), {"X": X, "y": Y, "X_val": X[:2], "y_val": X[:2]}, "y_val must be one value a row"),
        (latently.ConditionalVAE(), {"X": X, "y": X, "X_val": X[:9], "y_val": X[:8]}, "y_val must be one for all, or"),
        (
            latently.ConditionalVAE(),
            {"X": X, "y": X, "X_val": X, "y_val": X[:, 1:]},
            r"got an array of shape \(60, 5\)",
        ),
        (VAE(), {"X": X, "y_val": Y}, "X_val is missing"),
    ],
)
def test_what_cannot_be_held_out_is_said_before_anything_is_trained(model, given, words):
    with pytest.raises((ArgumentError, ValueError), match=words):
        model.fit(**given)
