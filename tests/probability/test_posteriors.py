"""Posteriors without a density."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array, Float, PRNGKeyArray

from latently.probability import Deterministic, Implicit, Normal

KEY = jax.random.key(0)


class Square(eqx.Module):
    """A network that is not linear in its noise, and noisy unless in inference mode."""

    weight: Float[Array, "inputs outputs"]

    def __call__(self, rows: Float[Array, "batch inputs"], key: PRNGKeyArray | None = None) -> Array:
        dropped = rows if key is None else rows * jax.random.bernoulli(key, 0.5, rows.shape)
        return (dropped @ self.weight) ** 2


def implicit(rows: int = 4) -> Implicit:
    numbers = np.random.default_rng(0)
    x, weight = numbers.normal(size=(rows, 2, 3)), numbers.normal(size=(6 + 5, 2))
    return Implicit(Square(jnp.asarray(weight)), jnp.asarray(x), noise_dim=5)


def test_a_deterministic_code_is_its_own_sample_and_mean() -> None:
    value = jnp.array([[1.0, 2.0], [3.0, 4.0]])
    q = Deterministic(value)
    np.testing.assert_array_equal(q.sample(KEY), value)
    np.testing.assert_array_equal(q.mean, value)
    np.testing.assert_array_equal(q.repeat(2).mean, np.repeat(value, 2, axis=0))


def test_an_implicit_sample_depends_on_the_key_and_its_mean_on_nothing() -> None:
    q = implicit()
    assert q.sample(KEY).shape == (4, 2)
    assert not jnp.allclose(q.sample(KEY), q.sample(jax.random.key(3)))
    np.testing.assert_array_equal(q.mean, q.mean)


def test_the_mean_of_an_implicit_row_does_not_depend_on_its_neighbors() -> None:
    q = implicit()
    alone = Implicit(q.network, q.x[2:3], q.noise_dim)
    np.testing.assert_allclose(alone.mean[0], q.mean[2], rtol=1e-12)


def test_the_implicit_mean_is_near_the_expectation_under_its_noise() -> None:
    def network(rows: Array, key: PRNGKeyArray | None = None) -> Array:
        return rows[:, :1] + 0.1 * rows[:, 1:]

    q = Implicit(network, jnp.array([[3.0], [-2.0]]), noise_dim=1)
    np.testing.assert_allclose(q.mean.ravel(), [3, -2], atol=4 * 0.1 / np.sqrt(32))


def test_gradients_reach_the_network_behind_an_implicit_sample() -> None:
    q = implicit(rows=50)
    gradients = eqx.filter_grad(lambda network: Implicit(network, q.x, q.noise_dim).sample(KEY).sum())(q.network)
    assert jnp.all(jnp.isfinite(gradients.weight))
    assert jnp.all(gradients.weight != 0)


def test_repeat_of_an_implicit_posterior_repeats_what_it_is_conditioned_on() -> None:
    q = implicit()
    np.testing.assert_allclose(q.repeat(3).mean, np.repeat(q.mean, 3, axis=0), rtol=1e-12)


def test_what_has_no_density_says_so() -> None:
    for q in (implicit(), Deterministic(jnp.zeros((4, 2)))):
        with pytest.raises(NotImplementedError, match="use a Gaussian"):
            q.log_prob(jnp.zeros((4, 2)))
        with pytest.raises(NotImplementedError, match="no closed form"):
            q.kl(Normal(2))
