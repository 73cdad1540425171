"""Early stopping: what each model goes by, what is held out, and what comes of it."""

import numpy as np
import pytest

import latently
from latently import VAE, Views
from latently.catalogue import MODELS
from latently.errors import ArgumentError
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


@pytest.mark.parametrize("name", [model.name for model in MODELS])
def test_every_model_is_measured_by_what_it_is_for(name):
    model = small(latently.catalogue.BY_NAME[name].load())
    rows, y = data(model)
    found = measured(model, rows, y, rows[:12], None if y is None else y[:12])
    assert model.criterion_.name == CRITERIA[name]
    assert np.isfinite(list(found.values())).all(), found
    assert any("/" in term for term in found)  # the players' terms stand beside it


def test_where_no_label_of_held_out_rows_is_known_a_model_of_few_labels_goes_by_its_bound():
    model = small(latently.SemiSupervisedVAE)
    found = measured(model, X, SOME, X[:12], None)
    assert (model.criterion_.name, list(found)) == ("negative_bound", ["negative_bound"])


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
    model = VAE(2, hidden=(8,), epochs=30, random_state=0).fit(X[:50], X_val=X[50:])
    assert model.task_.rows == 50
    assert model.history_[-1]["round"] == 30
    assert model.verdict_.kind != "unknown"
    assert {"held_out/negative_bound", "vae/kl"} <= set(model.history_frame().columns)
    assert VAE(2, hidden=(8,), epochs=1).fit(X).verdict_ is None


@pytest.mark.parametrize(
    ("model", "given", "words"),
    [
        (VAE(early_stopping=True), {"X": X[:2]}, "early_stopping needs more rows than the 2 of X"),
        (VAE(), {"X": X, "X_val": X[:, :3]}, "X has 3 features, but VAE is expecting 6"),
        (latently.ConditionalVAE(), {"X": X, "y": Y, "X_val": X[:9], "y_val": Y[:8]}, "y_val must have one label"),
        (VAE(), {"X": X, "y_val": Y}, "X_val is missing"),
    ],
)
def test_what_cannot_be_held_out_is_said_before_anything_is_trained(model, given, words):
    with pytest.raises((ArgumentError, ValueError), match=words):
        model.fit(**given)
