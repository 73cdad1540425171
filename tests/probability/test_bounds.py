"""Bounds on a linear-Gaussian model, where log p(x) is known: z ~ N(0, 1), x | z ~ N(z, s²)."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats
from jaxtyping import Array, Float

from latently.probability import Gaussian, Normal, elbo, importance_weighted_bound

NOISE = 0.5  # s
X = np.array([[1.3], [-0.2]])
LOG_EVIDENCE = scipy.stats.norm.logpdf(X[:, 0], 0, np.sqrt(1 + NOISE**2))
EXACT_MEAN, EXACT_SCALE = X / (1 + NOISE**2), np.sqrt(NOISE**2 / (1 + NOISE**2))


def posterior(shift: float = 0.0, factor: float = 1.0) -> Gaussian:
    """The exact posterior, moved and widened."""
    return Gaussian(jnp.asarray(EXACT_MEAN + shift), jnp.full(X.shape, EXACT_SCALE * factor))


def log_weights(q: Gaussian, k: int, seed: int) -> Float[Array, "k batch"]:
    def weight(key: Array) -> Float[Array, "batch"]:
        z = q.sample(key)
        return Gaussian(z, NOISE).log_prob(jnp.asarray(X)) + Normal(1).log_prob(z) - q.log_prob(z)

    return jax.jit(jax.vmap(weight))(jax.random.split(jax.random.key(seed), k))


def exact_elbo(q: Gaussian) -> Float[Array, "batch"]:
    squared = (jnp.asarray(X) - q.mean) ** 2 + q.scale**2  # E_q (x - z)²
    log_likelihood = (-0.5 * squared / NOISE**2 - 0.5 * jnp.log(2 * jnp.pi * NOISE**2)).sum(axis=1)
    return elbo(log_likelihood, q.kl(Normal(1)))


def test_the_elbo_at_the_exact_posterior_is_the_evidence() -> None:
    np.testing.assert_allclose(exact_elbo(posterior()), LOG_EVIDENCE, rtol=1e-12)


def test_the_elbo_is_below_the_evidence_by_the_divergence_from_the_exact_posterior() -> None:
    q = posterior(shift=0.4, factor=1.7)
    np.testing.assert_allclose(LOG_EVIDENCE - exact_elbo(q), q.kl(posterior()), rtol=1e-9)


@pytest.mark.parametrize("k", [1, 2, 50])
def test_at_the_exact_posterior_the_bound_is_tight_for_every_k(k: int) -> None:
    np.testing.assert_allclose(importance_weighted_bound(log_weights(posterior(), k, seed=0)), LOG_EVIDENCE)


def test_with_one_sample_the_bound_is_the_elbo_of_that_sample() -> None:
    weights = log_weights(posterior(shift=0.4), 1, seed=0)
    np.testing.assert_array_equal(importance_weighted_bound(weights), weights[0])


def test_the_mean_bound_equals_the_elbo_at_one_sample_and_tightens_with_k_toward_the_evidence() -> None:
    q, draws = posterior(shift=0.4, factor=1.5), 40_000
    weights = log_weights(q, draws, seed=1)  # the same draws in groups of k
    means, errors = [], []
    for k in (1, 5, 50):
        bounds = np.asarray(jax.jit(jax.vmap(importance_weighted_bound))(weights.reshape(draws // k, k, 2)))
        means.append(bounds.mean(axis=0))
        errors.append(bounds.std(axis=0) / np.sqrt(draws // k))
    assert np.all(np.abs(means[0] - exact_elbo(q)) < 4.5 * errors[0])
    assert np.all(means[0] < means[1])
    assert np.all(means[1] < means[2])
    assert np.all(means[2] < LOG_EVIDENCE + 4.5 * errors[2])
    np.testing.assert_allclose(means[2], LOG_EVIDENCE, atol=0.03)


def test_the_bound_survives_weights_that_underflow() -> None:
    weights = jnp.array([[-2000.0], [-2000.0 + np.log(3)]])
    assert float(importance_weighted_bound(weights)[0]) == pytest.approx(-2000 + np.log(2))
