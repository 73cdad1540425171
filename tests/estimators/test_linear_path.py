"""Models of tables of numbers begin as principal components, and add what is not linear."""

import re

import jax
import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

import latently
from latently import (
    AAE,
    ACCA,
    ACGAN,
    VAE,
    VCCA,
    Autoencoder,
    ClusteringAAE,
    ConditionalVAE,
    FactorVAE,
    SemiSupervisedAAE,
    SupervisedAAE,
)
from latently.errors import ArgumentError
from latently.networks import BesideLinear, Linear, mlp

RANDOM = np.random.default_rng(0)
X = StandardScaler().fit_transform(
    RANDOM.normal(size=(150, 3)) @ RANDOM.normal(size=(3, 8)) + 0.3 * RANDOM.normal(size=(150, 8))
)
Y = np.arange(150) % 3


def begun(model, X=X, y=None):
    return model.adopt(model.trainer(X, y))


def explained(model, X):
    return 1 - ((model.reconstruct(X) - X) ** 2).sum() / (X**2).sum()


@pytest.mark.parametrize("estimator", [VAE, FactorVAE, AAE, Autoencoder, ConditionalVAE])
def test_before_a_round_is_played_the_model_is_pca(estimator):
    model = begun(estimator(3, random_state=0), y=Y if estimator is ConditionalVAE else None)
    pca = PCA(3).fit(X)
    theirs = 1 - ((pca.inverse_transform(pca.transform(X)) - X) ** 2).sum() / (X**2).sum()
    assert theirs - 0.02 < explained(model, X) <= theirs + 1e-6
    codes = model.transform(X, labels=Y) if estimator is ConditionalVAE else model.transform(X)
    across = np.abs(np.corrcoef(codes.T, pca.transform(X).T)[:3, 3:])
    assert across == pytest.approx(np.eye(3), abs=1e-3)


def test_the_start_is_what_probabilistic_pca_says_of_the_likelihood():
    """Its log-likelihood, Equation 6 of Tipping & Bishop, and the model's bound are the same at the best weights."""
    model = begun(VAE(3, random_state=0))
    bound = model.score_samples(X, n_samples=500).mean()
    assert bound == pytest.approx(PCA(3).fit(X).score(X), abs=0.05)


def test_what_is_not_linear_is_learned_beside_it():
    angle = RANDOM.uniform(0, 2 * np.pi, 400)
    ring = np.column_stack([np.cos(angle), np.sin(angle), np.cos(2 * angle), np.sin(2 * angle)])
    ring += 0.05 * RANDOM.normal(size=ring.shape)
    model = VAE(2, hidden=(64,), epochs=200, learning_rate=3e-3, random_state=0)
    assert explained(begun(model, ring), ring) < 0.6 < 0.9 < explained(model.fit(ring), ring)


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_rows_that_are_all_the_same_are_no_fault():
    assert np.isfinite(begun(VAE(2, random_state=0), np.full((20, 4), 7.0)).transform(np.full((1, 4), 7.0))).all()


def own(inputs, outputs, key):
    return mlp(inputs[0], (8,), outputs, key)


IMAGES, GAPPY = RANDOM.uniform(size=(40, 8, 8)), np.where(RANDOM.random(X.shape) < 0.1, np.nan, X)


@pytest.mark.parametrize(
    ("model", "rows", "y", "words"),
    [
        (VAE(network="conv"), IMAGES, None, 'beside other networks than network="mlp"'),
        (VAE(network="resnet"), X, None, 'beside other networks than network="mlp"'),
        (VAE(network=own), X, None, 'beside other networks than network="mlp"'),
        (AAE(decoder_network="resnet"), X, None, 'beside other networks than network="mlp"'),
        (Autoencoder(hidden=()), X, None, "for networks without hidden layers, which are linear by themselves"),
        (AAE(encoder="implicit"), X, None, 'for encoder="implicit", which reads noise, too'),
        (VAE(), GAPPY, None, "for a table with gaps, or of several kinds"),
        (ConditionalVAE(), X, X[:, 0], "for networks that are told conditions, which may be unknown"),
        (SupervisedAAE(), X, X[:, 0], "for networks that are told conditions, which may be unknown"),
        (SemiSupervisedAAE(), X, Y, "for SemiSupervisedAAE, whose encoder gives classes, too"),
        (ClusteringAAE(), X, None, "for ClusteringAAE, whose encoder gives classes, too"),
        (ACGAN(), X, Y, "for ACGAN, which has no encoder"),
        (VCCA(hidden=()), {"left": X[:, :4], "right": X[:, 4:]}, None, "for networks without hidden layers"),
    ],
)
def test_a_linear_path_is_refused_where_there_can_be_none(model, rows, y, words):
    with pytest.raises(ArgumentError, match=f"^linear_path must be left at auto {re.escape(words)}"):
        model.set_params(linear_path=True).fit(rows, y)
    assert not hasattr(model, "game_")


@pytest.mark.parametrize("rows", [IMAGES, IMAGES.reshape(40, 64)])
def test_perceptrons_of_pixels_have_a_linear_path_where_it_is_asked_for(rows):
    assert isinstance(begun(VAE(2, linear_path=True, random_state=0), rows).game_.encoder.network, BesideLinear)


def test_of_several_views_pixels_have_one_too_where_a_view_is_told_from_another():
    pixels = (X - X.min()) / (X.max() - X.min())
    halves = {"left": pixels[:, :4].reshape(-1, 2, 2), "right": pixels[:, 4:].reshape(-1, 2, 2)}
    assert isinstance(begun(VCCA(2, hidden=(8,), random_state=0), halves).game_.encoders[0].network, BesideLinear)
    assert not isinstance(begun(ACCA(2, hidden=(8,), random_state=0), halves).game_.encoders[0].network, BesideLinear)


def test_pixels_and_models_that_were_saved_without_have_no_linear_path(tmp_path):
    pixels = begun(VAE(2, random_state=0), RANDOM.uniform(size=(40, 6)))
    assert not isinstance(pixels.game_.encoder.network, BesideLinear)
    plain = VAE(2, hidden=(8,), epochs=1, linear_path=False, random_state=0).fit(X)
    plain.save(tmp_path)
    config = (tmp_path / "config.json").read_text()
    (tmp_path / "config.json").write_text(config.replace('"linear_path": false,', ""))
    again = latently.load(tmp_path)
    assert np.array_equal(again.transform(X), plain.transform(X))
    assert not isinstance(again.game_.encoder.network, BesideLinear)


def test_a_model_with_a_linear_path_is_saved_and_loaded_with_it(tmp_path):
    model = VAE(2, hidden=(8,), epochs=2, random_state=0).fit(X)
    assert isinstance(model.game_.encoder.network, BesideLinear)
    model.save(tmp_path)
    again = latently.load(tmp_path)
    assert jax.tree.all(jax.tree.map(lambda a, b: bool((a == b).all()), again.game_.encoder, model.game_.encoder))


def test_a_path_stands_beside_a_network_that_can_begin_at_zero():
    path = Linear(2, 3, jax.random.key(0))
    with pytest.raises(TypeError, match="branch must be a Chain that ends in a Linear layer; got Linear"):
        BesideLinear(path, path)
