"""Labels tie the codes of an adversarial autoencoder to regions of its prior."""

import subprocess
import sys
import warnings

import jax.numpy as jnp
import numpy as np
import pytest

from latently import AAE, VAE, NotSupportedError
from latently.catalogue import MODELS
from latently.data import label_values
from latently.estimators.inputs import accept_labels
from small_models import as_if_fitted, small

FAST = {"latent_dim": 2, "hidden": (8,), "critic_hidden": (8,), "epochs": 1, "batch_size": 16, "random_state": 0}
X = np.random.default_rng(0).uniform(size=(30, 4))
NUMBERS = np.arange(30) % 3 * 10
WORDS = np.array(["cat", "ant", "dog"])[np.arange(30) % 3]


@pytest.mark.parametrize(
    ("y", "classes", "unknown"),
    [
        (NUMBERS, [0, 10, 20], 0),
        (np.where(np.arange(30) < 9, -1, NUMBERS), [0, 10, 20], 9),
        (NUMBERS.astype(float), [0.0, 10.0, 20.0], 0),
        (np.where(np.arange(30) < 9, np.nan, NUMBERS), [0.0, 10.0, 20.0], 9),
        (NUMBERS > 0, [False, True], 0),
        (NUMBERS.astype(np.uint8), [0, 10, 20], 0),
        (NUMBERS[:, None], [0, 10, 20], 0),
        (NUMBERS.tolist(), [0, 10, 20], 0),
        (NUMBERS.astype(object), [0, 10, 20], 0),
        (WORDS, ["ant", "cat", "dog"], 0),
        (WORDS.tolist(), ["ant", "cat", "dog"], 0),
        (WORDS.astype(object), ["ant", "cat", "dog"], 0),
        ([-1] * 9 + WORDS[9:].tolist(), ["ant", "cat", "dog"], 9),
        (np.array([-1] * 9 + WORDS[9:].tolist()), ["ant", "cat", "dog"], 9),
        (np.array([None] * 9 + WORDS[9:].tolist(), dtype=object), ["ant", "cat", "dog"], 9),
        (NUMBERS.astype(str), ["0", "10", "20"], 0),
    ],
)
def test_labels_may_be_numbers_or_words_and_come_back_as_they_were_given(y, classes, unknown):
    model = AAE(**FAST)
    trainer = model.trainer(X, y)
    assert model.classes_.tolist() == classes
    assert [type(value) for value in model.classes_.tolist()] == [type(value) for value in classes]
    assert (trainer.feed.labels == -1).sum() == unknown
    given = np.ravel(label_values(y))
    known = trainer.feed.labels >= 0
    assert (model.classes_[trainer.feed.labels[known]] == given[known]).all()


def test_predictions_are_labels_as_they_were_given():
    model = as_if_fitted(AAE(**FAST, prior="star"), X, WORDS)
    assert set(model.predict(X)) <= {"ant", "cat", "dog"}
    probabilities = model.predict_proba(X)
    assert probabilities.shape == (30, 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    assert (model.classes_[probabilities.argmax(axis=1)] == model.predict(X)).all()


@pytest.mark.parametrize("y", [None, np.full(30, -1)])
def test_without_a_known_label_nothing_is_tied(y):
    model = as_if_fitted(AAE(**FAST, prior="star"), X, y)
    assert model.classes_ is None
    assert not model.knows_labels
    assert not hasattr(model, "predict")
    assert model.game_.prior.petals == 10
    with pytest.raises(NotSupportedError, match="this AAE cannot draw codes of a class: no label is tied to its codes"):
        model.sample(3, labels=0)


@pytest.mark.parametrize("prior", ["star", "normal", "uniform", "swiss-roll", "s-curve"])
def test_a_sample_by_label_comes_from_the_region_of_its_label(prior):
    model = as_if_fitted(AAE(**FAST, prior=prior), X, WORDS)
    wanted = np.array(["dog", "ant"] * 150)
    z = model.sample_prior(300, labels=wanted, random_state=0)
    region = np.asarray(model.game_.prior.responsibilities(jnp.asarray(z), 3)).argmax(axis=1)
    assert (model.classes_[region] == wanted).mean() > 0.97
    one = model.sample_prior(5, labels="cat", random_state=0)
    assert (np.asarray(model.game_.prior.responsibilities(jnp.asarray(one), 3)).argmax(axis=1) == 1).all()
    assert model.sample(5, labels="cat", random_state=0).shape == (5, 4)


def test_many_classes_keep_their_order():
    y = np.arange(30) % 12
    model = as_if_fitted(AAE(**FAST, prior="star"), X, y.astype(str))
    z = model.sample_prior(24, labels=np.repeat(["2", "10"], 12), random_state=0)
    region = np.asarray(model.game_.prior.responsibilities(jnp.asarray(z), 12)).argmax(axis=1)
    assert (model.classes_[region[:12]] == "2").mean() > 0.8
    assert (model.classes_[region[12:]] == "10").mean() > 0.8


def test_an_aae_learns_to_put_each_class_into_its_petal():
    random = np.random.default_rng(0)
    truth = np.arange(300) % 3
    rows = np.eye(3)[truth].repeat(2, axis=1) + 0.1 * random.normal(size=(300, 6))
    names = np.array(["cat", "ant", "dog"], dtype=object)[truth]
    y = np.where(np.arange(300) < 100, -1, names)
    options = {"hidden": (32,), "critic_hidden": (32,), "epochs": 200, "batch_size": 50, "learning_rate": 3e-3}
    models = [AAE(2, prior="star", **options, random_state=seed).fit(rows, y) for seed in range(5)]
    learned = [model for model in models if (model.predict(rows) == names).mean() > 0.9]
    assert len(learned) >= 4  # now and then two classes share a petal
    drawn = {
        name: [(model.predict(model.sample(200, labels=name, random_state=1)) == name).mean() for model in learned]
        for name in ("ant", "cat", "dog")
    }
    assert min(map(np.mean, drawn.values())) > 0.8, drawn


# ---- labels that are unknown ----

THIRD = np.where(np.arange(30) < 10, -1, NUMBERS)
NEEDY = [model.load() for model in MODELS if model.load().labels == "required"]


@pytest.mark.parametrize("estimator", NEEDY, ids=lambda estimator: estimator.__name__)
@pytest.mark.parametrize(("y", "unknown"), [(THIRD, 10), (np.where(np.arange(30) < 29, WORDS, ""), 1)])
def test_a_model_that_needs_labels_warns_once_of_those_that_are_unknown(estimator, y, unknown):
    with pytest.warns(UserWarning, match="labels are unknown") as caught:
        small(estimator).fit(X, y)
    (warning,) = [each for each in caught if "labels are" in str(each.message)]
    assert str(warning.message) == (
        f"{unknown} of 30 labels are unknown (-1, None, NaN or empty): {estimator.__name__} learns what hangs on "
        "labels from the other rows alone. If -1 is a class of yours, say unlabelled=None."
    )


def test_labels_that_are_all_known_or_may_be_unknown_are_taken_without_a_word():
    assert NEEDY
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for estimator in (model.load() for model in MODELS):
            accept_labels(NUMBERS, 30, estimator.__name__, estimator.labels)
            if estimator not in NEEDY:
                accept_labels(THIRD, 30, estimator.__name__, estimator.labels)


def test_the_warning_points_at_the_line_that_calls_fit(tmp_path):
    script = tmp_path / "users.py"
    script.write_text(
        "import os, warnings\n"
        "from latently import SupervisedAAE\n"
        "def show(message, category, filename, line, *_):\n"
        "    print(filename, line, message)\n"
        "    os._exit(3)\n"
        "warnings.showwarning = show\n"
        "model = SupervisedAAE(epochs=1)\n"
        "model.fit([[0.0], [1.0], [0.5]], [1, 2, -1])\n"
    )
    ended = subprocess.run([sys.executable, "-u", str(script)], capture_output=True, text=True)
    assert ended.returncode == 3, ended.stderr
    assert ended.stdout.startswith(f"{script} 8 1 of 3 labels are unknown")


# ---- what is refused ----


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        ("cow", "labels must be among the classes ant, cat, dog; got 'cow'."),
        (-1, "labels must be among the classes ant, cat, dog; got -1."),
        (["ant", "cat"], "labels must be one for all, or one for each of n=3; got 2."),
    ],
)
def test_labels_that_are_no_classes_are_refused(labels, sentence):
    model = as_if_fitted(AAE(**FAST), X, WORDS)
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        model.sample(3, labels=labels)


@pytest.mark.parametrize("estimator", [VAE(2, hidden=(8,)), AAE(**FAST)])
def test_labels_of_another_length_are_refused(estimator):
    sentence = r"y must have one label for each of the 30 rows of X; got 29\. Give -1 where a label is unknown\."
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        estimator.fit(X, NUMBERS[:29])


@pytest.mark.parametrize(
    ("y", "words"),
    [
        (np.linspace(0, 1, 30), "must be integers or words; got fractions"),
        (np.eye(3)[np.arange(30) % 3], "For one-hot labels, take labels.argmax"),
    ],
)
def test_labels_that_are_no_classes_are_refused_in_words(y, words):
    with pytest.raises(ValueError, match=words):
        AAE(**FAST).fit(X, y)


def test_a_vae_ties_no_labels():
    model = as_if_fitted(VAE(2, hidden=(8,), random_state=0), X, WORDS)
    assert not model.knows_labels
    with pytest.raises(NotSupportedError, match="this VAE cannot draw codes of a class: no label is tied to its codes"):
        model.sample(2, labels="cat")


@pytest.mark.parametrize("estimator", [VAE(2, hidden=(8,), epochs=1), AAE(**FAST)])
def test_what_another_model_does_is_refused_in_words(estimator):
    model = as_if_fitted(estimator, X)
    name = type(model).__name__
    with pytest.raises(
        NotSupportedError, match=f"this {name} cannot decode a code under another label: its decoder is given no"
    ):
        model.restyle(X, 0)
    with pytest.raises(NotSupportedError, match=f"this {name} cannot complete a missing view: its rows have one view"):
        model.complete({"left": X})
