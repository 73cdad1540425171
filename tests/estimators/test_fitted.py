"""A fitted model is a plain object that answers for rows, in pieces of bounded size, and knows no scikit-learn."""

import subprocess
import sys

import jax
import numpy as np
import optax
import pytest

from latently.data import Preprocessing
from latently.fitted import Fitted
from latently.game import Task
from latently.games import VAE, ConditionalVAE
from latently.networks import Conditional, mlp
from latently.probability import BernoulliHead, GaussianHead, Normal

ROWS = np.random.default_rng(0).integers(0, 256, (300, 3, 4), dtype=np.uint8)
CLASSES = np.array(["ant", "bee", "cow"])
LABELS = CLASSES[np.arange(300) % 3]


def fitted(labels):
    """A game of random weights as a fitted model."""
    told = 3 if labels else 0
    encoder = Conditional(mlp(12 + told, (8,), 4, jax.random.key(0)), GaussianHead(scale="exp"))
    decoder = Conditional(mlp(2 + told, (8,), 12, jax.random.key(1)), BernoulliHead())
    game = VAE(encoder, decoder, Normal(2), optax.sgd(0.1))
    if labels:
        game = ConditionalVAE(encoder, decoder, Normal(2), optax.sgd(0.1), n_labels=3)
    task = Task((12,), "unit", 300, 3 if labels else None, "all" if labels else "none", 1)
    return Fitted(game, Preprocessing.fit(ROWS), CLASSES if labels else None, task)


def test_it_encodes_decodes_bounds_and_samples():
    model = fitted(labels=False)
    assert model.abilities == {"encode", "decode", "sample", "log_likelihood", "score", "posterior_kl"}
    codes = model.codes(ROWS)
    assert codes.shape == model.draw_codes(ROWS, 0).shape == model.posterior_kl(ROWS).shape == (300, 2)
    decoded = model.decode(codes)
    assert (decoded.shape, decoded.dtype) == (ROWS.shape, np.uint8)
    assert model.bounds(ROWS, 2, "elbo", 0).shape == model.bounds(ROWS, 2, "importance", 0).shape == (300,)
    assert model.decode(model.sample_prior(5, None, 0)).shape == (5, 3, 4)
    assert model.prior_log_density(codes).shape == (300,)
    assert model.label_values is None


def test_it_takes_labels_as_they_were_given_and_tells_classes():
    model = fitted(labels=True)
    assert {"predict", "restyle", "label_likelihood", "sample_labels"} <= model.abilities
    np.testing.assert_allclose(model.class_probabilities(ROWS).sum(axis=1), 1, rtol=1e-5)
    assert (model.codes(ROWS, LABELS) != model.codes(ROWS, "ant")).any()
    assert model.draw_codes(ROWS, 0).shape == model.posterior_kl(ROWS).shape == (300, 2), (
        "the likeliest class stands in"
    )
    bee = model.one_hot(model.label_places("bee", 4))
    assert model.decode(np.zeros((4, 2), np.float32), bee).shape == (4, 3, 4)
    known, marginal = model.bounds(ROWS, 2, "importance", 0, LABELS), model.bounds(ROWS, 2, "importance", 0)
    each = np.stack([model.bounds(ROWS, 2, "importance", 0, label) for label in CLASSES])
    np.testing.assert_allclose(known, each[np.arange(300) % 3, np.arange(300)], rtol=1e-5)
    np.testing.assert_allclose(marginal, np.logaddexp.reduce(each) - np.log(3), rtol=1e-5)
    with pytest.raises(ValueError, match="labels must be among the classes ant, bee, cow; got 'dog'"):
        model.codes(ROWS, "dog")


def test_every_answer_comes_in_pieces_of_bounded_size_and_is_the_same(monkeypatch):
    model, sizes = fitted(labels=True), []
    whole = Preprocessing.stored
    monkeypatch.setattr(Preprocessing, "stored", lambda self, rows: sizes.append(len(rows)) or whole(self, rows))

    def answers(rows, labels):
        codes, bounds = model.codes(rows, labels), model.bounds(rows, 2, "elbo", 0)
        return codes, bounds, model.class_probabilities(rows), model.decode(codes, model.label_weights(rows, labels))

    few = answers(ROWS, LABELS)
    assert set(sizes) == {512}
    sizes.clear()
    many = answers(np.tile(ROWS, (7, 1, 1)), np.tile(LABELS, 7))
    assert sizes == [1024] * 3 * 4
    for one, other in zip(few, many, strict=True):
        np.testing.assert_allclose(
            np.tile(one, (7, *[1] * (one.ndim - 1))), other, rtol=1e-4, atol=1 if one.dtype == np.uint8 else 1e-5
        )


def test_it_needs_no_scikit_learn():
    script = "import sys, latently.fitted; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0


def test_importing_the_package_imports_nothing_that_is_slow():
    slow = "{'jax', 'jaxlib', 'numpy', 'scipy', 'sklearn', 'equinox', 'optax', 'matplotlib', 'rich'}"
    script = f"import sys, latently; sys.exit(', '.join({slow} & set(sys.modules)) or 0)"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stderr
