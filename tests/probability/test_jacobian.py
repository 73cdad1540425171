"""The estimate of a Jacobian's norm against the Jacobian itself."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from latently.networks import Chain, mlp
from latently.probability import with_jacobian_norm

KEY = jax.random.key(0)
ROWS = np.random.default_rng(0).normal(size=(3, 5))


def network(latent: int) -> Chain:
    return mlp(5, (7, 6), latent, KEY, activation="tanh")


def exact(function: Chain, x: jax.Array) -> jax.Array:
    return (jax.vmap(jax.jacrev(lambda row: function(row[None])[0]))(x) ** 2).sum() / len(x)


def rows() -> jax.Array:
    return jnp.asarray(ROWS)  # once float64 is on


def estimate(latent: int, key: jax.Array) -> jax.Array:
    return with_jacobian_norm(network(latent), rows(), key)[1]


def test_it_is_exact_for_a_code_of_one_dimension() -> None:
    assert float(estimate(1, KEY)) == pytest.approx(float(exact(network(1), rows())), rel=1e-12)


def test_the_jacobian_it_speaks_of_is_that_of_finite_differences() -> None:
    step = 1e-6 * jnp.eye(5)
    slopes = [(network(1)(rows() + each) - network(1)(rows() - each)) / 2e-6 for each in step]
    assert float(estimate(1, KEY)) == pytest.approx(float((jnp.stack(slopes) ** 2).sum() / 3), rel=1e-8)


def test_it_is_unbiased_for_codes_of_any_length_and_so_is_its_gradient() -> None:
    keys = jax.random.split(KEY, 20_000)
    draws = np.asarray(jax.jit(jax.vmap(lambda key: estimate(4, key)))(keys))
    assert draws.std() > 0
    assert abs(draws.mean() - float(exact(network(4), rows()))) < 4 * draws.std() / np.sqrt(len(draws))

    def slope(norm):  # by the scale of the input
        return jax.grad(lambda scale: norm(scale * rows()))

    gradients = np.asarray(
        jax.jit(jax.vmap(lambda key: slope(lambda x: with_jacobian_norm(network(4), x, key)[1])(1.0)))(keys)
    )
    truth = float(slope(lambda x: exact(network(4), x))(1.0))
    assert abs(gradients.mean() - truth) < 4 * gradients.std() / np.sqrt(len(gradients))


def test_its_gradient_is_that_of_finite_differences() -> None:
    check_grads(lambda x: with_jacobian_norm(network(4), jnp.asarray(x), KEY)[1], (rows(),), order=1, modes=["rev"])


def test_the_output_beside_it_is_the_function_s() -> None:
    assert (with_jacobian_norm(network(4), rows(), KEY)[0] == network(4)(rows())).all()
