"""The plain autoencoders' terms, and what calibration makes of their codes."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from latently.game import Batch
from latently.games import Autoencoder
from latently.networks import Conditional, mlp
from latently.probability import DeterministicHead, FittedNormal, GaussianHead, MaskingNoise

KEY = jax.random.key(0)
X = np.random.default_rng(0).normal(size=(40, 6)) + 3.0


@pytest.fixture
def batch():
    return Batch((jnp.asarray(X),))  # once float64 is on


def autoencoder(latent=2, **options):
    return Autoencoder(
        Conditional(mlp(6, (5,), latent, KEY, activation="tanh", normalize="batch"), DeterministicHead()),
        Conditional(mlp(latent, (5,), 6, KEY, activation="tanh"), GaussianHead(scale="fixed", value=0.5)),
        FittedNormal(latent),
        jnp.zeros(latent),
        jnp.ones(()),
        optax.adam(1e-3),
        **options,
    )


def test_the_reconstruction_is_that_of_the_code_in_nats(batch):
    game = autoencoder()
    mean = game.decoder(game.encoder(batch.x).mean).mean
    nats = ((batch.x - mean) ** 2).sum(axis=1).mean() / (2 * 0.5**2) + 3 * np.log(2 * np.pi * 0.5**2)
    assert float(game.reconstruct(batch, KEY)["reconstruction"]) == pytest.approx(float(nats), rel=1e-12)


def test_a_corruption_hides_the_input_and_leaves_the_target_clean(batch):
    blind = autoencoder(corruption=MaskingNoise(1.0))
    given_nothing = blind.decoder(blind.encoder(jnp.zeros_like(batch.x)).mean)
    expected = -given_nothing.log_prob(batch.x).mean()
    assert float(blind.reconstruct(batch, KEY)["reconstruction"]) == pytest.approx(float(expected), rel=1e-12)


def test_the_contractive_term_is_the_jacobian_s_and_leaves_the_other_as_it_is(batch):
    game = autoencoder(latent=1, contraction=0.1)
    calibrated = game.calibrated(batch, KEY)  # its batch norm ties no rows to each other
    terms = calibrated.reconstruct_and_contract(batch, KEY)
    jacobians = jax.vmap(jax.jacrev(lambda row: calibrated.encoder(row[None]).mean[0]))(batch.x)
    assert float(terms["contraction"]) == pytest.approx(float((jacobians**2).sum() / len(batch.x)), rel=1e-12)
    assert terms["reconstruction"] == calibrated.reconstruct(batch, KEY)["reconstruction"]
    (player,) = game.players()
    assert dict(player.weights) == {"contraction": 0.1}


def test_calibrated_codes_have_mean_0_and_variance_1_and_decode_as_before(batch):
    game = autoencoder().calibrated(batch, KEY)
    z = game.encode(batch.x).mean
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=1e-12)
    assert float(z.var(axis=0).mean()) == pytest.approx(1, rel=1e-12)
    np.testing.assert_allclose(game.decode(z).mean, game.decoder(game.encoder(batch.x).mean).mean, rtol=1e-9)


def test_the_prior_is_fitted_to_the_codes(batch):
    game = autoencoder().calibrated(batch, KEY)
    z = np.asarray(game.encode(batch.x).mean)
    covariance = (game.prior.axes.T * game.prior.scales**2) @ game.prior.axes
    np.testing.assert_allclose(covariance, np.cov(z.T, bias=True), atol=1e-9)


def test_calibrating_twice_is_calibrating_once(batch):
    once = autoencoder().calibrated(batch, KEY)
    twice = once.calibrated(batch, KEY)
    np.testing.assert_allclose(once.encode(batch.x).mean, twice.encode(batch.x).mean, atol=1e-12)


def test_codes_that_are_all_the_same_stay_finite():
    same = Batch((jnp.ones((4, 6)),))
    game = autoencoder().calibrated(same, KEY)
    assert (game.encode(same.x).mean == 0).all()
    assert np.isfinite(game.prior.sample(KEY, 3)).all()
