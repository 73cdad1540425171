"""The normal that is fitted to codes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import multivariate_normal

from latently.probability import FittedNormal

KEY = jax.random.key(0)
COVARIANCE = np.array([[4.0, 1.5, 0.0], [1.5, 1.0, 0.2], [0.0, 0.2, 0.5]])
CODES = np.random.default_rng(0).multivariate_normal(np.zeros(3), COVARIANCE, 50_000)
OWN = CODES.T @ CODES / len(CODES)


def fitted(codes: np.ndarray = CODES) -> FittedNormal:
    return FittedNormal(codes.shape[1]).fitted(jnp.asarray(codes))


def test_its_density_is_that_of_a_normal_with_the_codes_covariance() -> None:
    z = jnp.asarray(CODES[:50])
    np.testing.assert_allclose(fitted().log_prob(z), multivariate_normal(np.zeros(3), OWN).logpdf(z), rtol=1e-9)


def test_its_draws_have_that_covariance() -> None:
    draws = np.asarray(fitted().sample(KEY, 50_000))
    np.testing.assert_allclose(draws.T @ draws / len(draws), OWN, atol=0.08)
    assert abs(draws.mean(axis=0)).max() < 0.05


def test_until_it_is_fitted_it_is_the_standard_normal() -> None:
    z = jnp.asarray(CODES[:50])
    np.testing.assert_allclose(
        FittedNormal(3).log_prob(z), multivariate_normal(np.zeros(3), np.eye(3)).logpdf(z), rtol=1e-12
    )


def test_its_support_holds_three_deviations_of_the_widest_dimension() -> None:
    low, high = fitted().support()
    assert -low == high == pytest.approx(3 * np.sqrt(OWN.diagonal().max()), rel=1e-9)


@pytest.mark.parametrize("codes", [CODES * [1, 1, 0], CODES[:2], np.zeros((5, 3))], ids=["flat", "few", "a point"])
def test_codes_without_volume_still_give_finite_draws_and_densities(codes: np.ndarray) -> None:
    prior = fitted(codes)
    assert np.isfinite(prior.sample(KEY, 10)).all()
    assert np.isfinite(prior.log_prob(jnp.asarray(codes))).all()


def test_it_is_one_region_for_all_labels() -> None:
    labels = jnp.zeros(4, int)
    assert fitted().sample(KEY, 4, labels, 1).shape == (4, 3)
    assert (fitted().responsibilities(jnp.asarray(CODES[:4]), 1) == 1).all()
    with pytest.raises(ValueError, match="one region for all labels; got n_labels=2"):
        fitted().sample(KEY, 4, labels, 2)
