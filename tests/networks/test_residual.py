"""Residual networks begin as plain ones without their blocks, and learn what the blocks add."""

from functools import cache
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from latently.networks import Chain, Linear, Residual, conv_decoder, conv_encoder, mlp

KEY = jax.random.key(0)
X = jnp.asarray(np.random.default_rng(0).normal(size=(5, 7, 6, 2)))
Z = jnp.asarray(np.random.default_rng(1).normal(size=(5, 3)))
COMMON: dict[str, Any] = {"normalize": "batch", "activation": "tanh"}
NETWORKS = {
    "perceptron": (lambda: mlp(84, (6, 6, 4), 2, KEY, residual=True, **COMMON), X),
    "images": (lambda: conv_encoder((7, 6, 2), (3, 4), 5, 2, KEY, residual=True, **COMMON), X),
    "series": (lambda: conv_encoder((7, 12), (3, 4), None, 2, KEY, residual=True, **COMMON), X.reshape(5, 7, 12)),
    "to images": (lambda: conv_decoder(3, 4, (4, 3), (7, 6, 2), 2, KEY, residual=True, last=2, **COMMON), Z),
    "to series": (lambda: conv_decoder(3, None, (4, 3), (7, 2), 4, KEY, residual=True, **COMMON), Z),
}
every_network = pytest.mark.parametrize("name", NETWORKS)
applied = eqx.filter_jit(lambda network, x: network(x))


@cache
def built(name: str) -> tuple[Any, Any]:
    make, x = NETWORKS[name]
    return eqx.filter_jit(make)(), x


def gains(network: Chain) -> list[Any]:
    return [layer.gain for layer in network.layers if isinstance(layer, Residual)]


def grown(network: Chain) -> Chain:
    """As training leaves it: its blocks count."""
    return eqx.tree_at(gains, network, [gain + 0.5 for gain in gains(network)])


@every_network
def test_at_the_start_the_blocks_pass_on_what_they_read(name: str) -> None:
    network, x = built(name)
    rest = Chain(tuple(layer for layer in network.layers if not isinstance(layer, Residual)))
    np.testing.assert_allclose(applied(network, x), applied(rest, x), atol=1e-5)
    assert not np.allclose(applied(grown(network), x), applied(rest, x))


@pytest.mark.parametrize("name", ["perceptron", "to series"])
def test_gains_learn_at_once_and_then_all_that_is_in_a_block(name: str) -> None:
    network, x = built(name)

    @eqx.filter_jit
    def slopes(network: Chain) -> Any:
        return eqx.filter_grad(lambda network: jnp.sin(network(x)).sum())(network)

    assert all(abs(slope) > 0 for slope in gains(slopes(network)))
    weights = [leaf for leaf in jax.tree.leaves(slopes(grown(network))) if leaf.ndim > 1]
    assert all(np.abs(leaf).max() > 0 for leaf in weights)


@every_network
def test_batch_norms_within_blocks_are_calibrated(name: str) -> None:
    network, x = built(name)
    calibrated, output = eqx.filter_jit(lambda network, x: network.calibrated(x))(grown(network), x)
    np.testing.assert_allclose(output, applied(grown(network), x), atol=1e-5)
    np.testing.assert_allclose(applied(calibrated, x[:2]), output[:2], atol=1e-5)


def test_only_where_the_width_changes_is_there_a_linear_map_between_blocks() -> None:
    kinds = [type(layer) for layer in mlp(5, (4, 4, 3), 2, KEY, residual=True).layers]
    assert [kind.__name__ for kind in kinds if kind in (Linear, Residual)] == [
        *("Linear", "Residual", "Residual", "Linear", "Residual", "Linear"),
    ]
    assert mlp(5, (), 2, KEY, residual=True)(jnp.ones((1, 5))).shape == (1, 2)


@pytest.mark.parametrize("steps", [1, 2, 7, 16])
def test_series_of_any_length_are_given_back_at_their_length(steps: int) -> None:
    def read_and_write(x: Any) -> Any:
        code = conv_encoder((steps, 3), (4, 5), None, 2, KEY)(x)
        return conv_decoder(2, None, (5, 4), (steps, 3), 6, KEY)(code)

    assert jax.eval_shape(read_and_write, jnp.ones((2, steps, 3))).shape == (2, steps, 6)
