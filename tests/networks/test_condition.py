"""Rows conditioned on facts: products shared among many facts are the products written out."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array

from latently.networks import Chain, Gate, LabelProduct, Layer, condition, conv_encoder, cross_condition, mlp

KEY = jax.random.key(0)
OPTIONS: list[dict[str, Any]] = [
    {},
    {"dropout": 0.3},
    {"input_noise": 0.2},
    {"normalize": "batch"},
    {"spectral_norm": True},
]


def agree(network: Layer, x: Array, y: Array) -> None:
    """Outputs and gradients of `crossed` are those of every pair written out, in the same order."""

    def weighed(outputs: Array) -> Array:
        return (outputs**2 * jnp.cos(jnp.arange(outputs.size, dtype=float)).reshape(outputs.shape)).sum()

    def crossed(parts: tuple[Layer, Array, Array]) -> Array:
        network, x, y = parts
        return weighed(network.crossed(x, y, KEY))

    def written_out(parts: tuple[Layer, Array, Array]) -> Array:
        network, x, y = parts
        return weighed(network(cross_condition(x, y), KEY))

    both = [eqx.filter_jit(eqx.filter_value_and_grad(each))((network, x, y)) for each in (crossed, written_out)]
    for one, other in zip(*map(jax.tree.leaves, both), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


def test_pairs_are_written_out_row_by_row() -> None:
    pairs = cross_condition(jnp.array([[7.0], [8.0]]), jnp.eye(2))
    np.testing.assert_array_equal(pairs, [[7, 1, 0], [7, 0, 1], [8, 1, 0], [8, 0, 1]])


def test_a_gate_shuts_features_out() -> None:
    np.testing.assert_array_equal(Gate(jnp.array([1.0, 0.0]))(jnp.ones((1, 2))), [[1, 0]])


def test_a_label_product_is_noise_times_the_embedding_of_the_label() -> None:
    product = LabelProduct(3, 5, KEY)
    rows = condition(jnp.full((3, 5), 2.0), jnp.eye(3))
    np.testing.assert_array_equal(product(rows), 2 * product.embedding)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_a_network_on_every_pair_is_the_network_on_the_pairs_written_out(options: dict[str, Any]) -> None:
    x = jnp.asarray(np.random.default_rng(0).normal(size=(3, 4)))
    agree(mlp(4 + 2, (5, 3), 2, KEY, activation="tanh", **options), x, jnp.eye(2))
    agree(mlp(2 * (2 + 2), (5,), 2, KEY, **options), x.reshape(3, 2, 2), jnp.eye(2))  # a series, told at every step


def test_a_gate_and_convolutions_are_fed_the_pairs_written_out() -> None:
    random = np.random.default_rng(1)
    gated = Chain((Gate(jnp.array([1.0, 0.0, 1.0, 1.0])), mlp(4, (3,), 2, KEY)))
    agree(gated, jnp.asarray(random.normal(size=(3, 2))), jnp.eye(2))
    images = jnp.asarray(random.normal(size=(2, 4, 4, 1)))
    agree(conv_encoder((4, 4, 1 + 2), (3,), None, 2, KEY), images, jnp.eye(2))


def test_each_row_may_have_facts_of_its_own() -> None:
    x, y = (jnp.asarray(np.random.default_rng(0).normal(size=size)) for size in ((3, 4), (3, 2, 5)))
    np.testing.assert_array_equal(cross_condition(x, y)[3], [*x[1], *y[1, 1]])
    agree(mlp(4 + 5, (5, 3), 2, KEY, activation="tanh"), x, y)
    agree(mlp(2 * (2 + 5), (5,), 2, KEY), x.reshape(3, 2, 2), y)


def test_the_product_with_a_row_is_taken_once_for_all_facts() -> None:
    network, x, y = mlp(50, (7,), 2, KEY), jnp.ones((6, 40)), jnp.eye(10)
    products = str(jax.make_jaxpr(lambda x, y: network.crossed(x, y))(x, y))
    assert "[6,7] = dot_general" in products
    assert "[60,7] = dot_general" not in products
