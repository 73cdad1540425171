"""Divergences against quadrature and Monte Carlo; bounds on a linear-Gaussian model, where log p(x) is known.

The model: z ~ N(0, 1), x | z ~ N(z, s²).
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.integrate
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from jax.test_util import check_grads
from jaxtyping import Array, Float

from latently.probability import (
    Bernoulli,
    Gaussian,
    Normal,
    Star,
    Uniform,
    elbo,
    importance_weighted_bound,
    kl,
    kl_per_dimension,
)

KEY = jax.random.key(0)
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


def gaussian_pair() -> tuple[Gaussian, Gaussian]:
    """Built inside the tests, in float64."""
    q = Gaussian(jnp.array([[0.3, -1.2], [2.0, 0.5]]), jnp.array([[0.5, 1.5], [0.1, 2.0]]))
    p = Gaussian(jnp.array([[0.0, 1.0], [-1.0, 0.4]]), jnp.array([[1.0, 0.7], [2.0, 3.0]]))
    return q, p


def quadrature(mean_q: float, scale_q: float, mean_p: float, scale_p: float) -> float:
    q, p = scipy.stats.norm(mean_q, scale_q), scipy.stats.norm(mean_p, scale_p)
    value, _ = scipy.integrate.quad(
        lambda z: q.pdf(z) * (q.logpdf(z) - p.logpdf(z)), mean_q - 12 * scale_q, mean_q + 12 * scale_q, limit=200
    )
    return float(value)


def test_kl_of_two_gaussians_agrees_with_quadrature_in_every_dimension() -> None:
    q, p = gaussian_pair()
    expected = np.vectorize(quadrature)(q.mean, q.scale, p.mean, p.scale)
    np.testing.assert_allclose(kl_per_dimension(q, p), expected, rtol=1e-7)


@pytest.mark.parametrize("scale", [1.0, 5.0])
def test_kl_to_the_normal_prior_agrees_with_quadrature(scale: float) -> None:
    q, _ = gaussian_pair()
    expected = np.vectorize(quadrature)(q.mean, q.scale, 0.0, scale).sum(axis=1)
    np.testing.assert_allclose(kl(q, Normal(2, scale)), expected, rtol=1e-7)
    np.testing.assert_allclose(q.kl(Normal(2, scale)), expected, rtol=1e-7)


def test_kl_agrees_with_monte_carlo() -> None:
    q, _ = gaussian_pair()
    prior = Normal(2, 1.5)

    @jax.jit
    @jax.vmap
    def log_ratio(key: Array) -> Array:
        z = q.sample(key)
        return q.log_prob(z) - prior.log_prob(z)

    terms = np.asarray(log_ratio(jax.random.split(KEY, 50_000)))
    assert np.all(np.abs(terms.mean(axis=0) - kl(q, prior)) < 4.5 * terms.std(axis=0) / np.sqrt(50_000))


@settings(max_examples=30, deadline=None)
@given(
    mean=st.floats(-10, 10),
    log_scale=st.floats(-5, 3),
    scale=st.floats(0.1, 10),
)
def test_kl_is_never_negative_and_zero_only_at_the_prior(mean: float, log_scale: float, scale: float) -> None:
    value = float(kl(Gaussian(jnp.full((1, 1), mean), jnp.exp(jnp.full((1, 1), log_scale))), Normal(1, scale))[0])
    assert value >= -1e-12
    assert kl(Gaussian(jnp.zeros((1, 1)), scale), Normal(1, scale))[0] == pytest.approx(0, abs=1e-14)


def test_kl_gradients_agree_with_finite_differences() -> None:
    q, p = gaussian_pair()
    for prior in (p, Normal(2, 5.0)):
        divergence = jax.jit(lambda mean, scale, prior=prior: kl(Gaussian(mean, scale), prior))
        check_grads(divergence, (q.mean, q.scale), order=1, modes=["rev"], atol=1e-5, rtol=1e-5)


def test_a_shared_scale_counts_in_every_dimension() -> None:
    mean = jnp.array([[0.3, -1.2, 0.1]])
    np.testing.assert_allclose(
        kl_per_dimension(Gaussian(mean, 0.5), Normal(3)),
        kl_per_dimension(Gaussian(mean, jnp.full((1, 3), 0.5)), Normal(3)),
    )


@pytest.mark.parametrize("prior", [Uniform(2), Star(2)])
def test_a_pair_without_a_closed_form_is_named(prior: Uniform | Star) -> None:
    q, _ = gaussian_pair()
    with pytest.raises(NotImplementedError, match=rf"KL\(Gaussian ‖ {type(prior).__name__}\) has no closed form"):
        kl(q, prior)
    with pytest.raises(NotImplementedError, match="Bernoulli"):
        Bernoulli(jnp.zeros((1, 2))).kl(Normal(2))


def test_codes_of_another_dimension_than_the_prior_are_refused() -> None:
    q, p = gaussian_pair()
    with pytest.raises(ValueError, match=r"dim=3; got shape \(2, 2\)"):
        kl(q, Normal(3))
    with pytest.raises(ValueError, match="rows of one shape"):
        kl(q, p.repeat(2))
