"""A multilayer perceptron is the formula that its arguments spell; what follows a hidden layer's linear map."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array

from latently.errors import ArgumentError
from latently.networks import Activate, BatchNorm, Chain, Dropout, LayerNorm, Linear, mlp
from latently.networks.builders import hidden_layers

KEY = jax.random.key(0)


def rows(*shape: int) -> Array:
    return jnp.asarray(np.random.default_rng(0).normal(size=shape))


def linears(network: Chain) -> list[Linear]:
    return [layer for layer in network.layers if isinstance(layer, Linear)]


def test_it_is_linear_maps_with_an_activation_between_them() -> None:
    network = mlp(4, (5, 6), 2, KEY, activation=("tanh", "relu"))
    first, second, last = linears(network)
    x = np.asarray(rows(7, 4))
    hidden = np.maximum(np.tanh(x @ first.weight + first.bias) @ second.weight + second.bias, 0)
    np.testing.assert_allclose(network(jnp.asarray(x)), hidden @ last.weight + last.bias, atol=1e-6)


def test_without_hidden_layers_it_is_one_linear_map() -> None:
    network = mlp(4, (), 2, KEY)
    (only,) = linears(network)
    np.testing.assert_allclose(network(rows(3, 4)), rows(3, 4) @ only.weight + only.bias, atol=1e-12)


def test_rows_of_any_shape_are_flattened() -> None:
    network = mlp(12, (5,), 2, KEY)
    np.testing.assert_array_equal(network(rows(3, 2, 3, 2)), network(rows(3, 2, 3, 2).reshape(3, 12)))


def test_the_norm_comes_before_the_activation_where_it_is_asked_for() -> None:
    network = mlp(4, (5, 6), 2, KEY, normalize=(None, "batch"))
    kinds = [type(layer) for layer in network.layers]
    assert kinds.count(BatchNorm) == 1
    assert kinds[kinds.index(BatchNorm) + 1] is Activate
    norm = network.layers[kinds.index(BatchNorm)]
    assert isinstance(norm, BatchNorm)
    assert norm.gain.shape == (6,)


def test_batch_norm_calibrated_makes_inference_independent_of_the_batch() -> None:
    x = rows(20, 4)
    network, output = mlp(4, (5, 6), 2, KEY, normalize="batch").calibrated(x)
    np.testing.assert_allclose(network(x[:1]), output[:1], atol=1e-12)


@pytest.mark.parametrize("option", [{"dropout": 0.5}, {"input_noise": 0.5}], ids=str)
def test_dropout_and_input_noise_act_with_a_key_alone(option: dict[str, Any]) -> None:
    x = rows(6, 4)
    network, plain = mlp(4, (5,), 2, KEY, **option), mlp(4, (5,), 2, KEY)
    np.testing.assert_allclose(network(x), plain(x), atol=1e-12)
    assert not np.allclose(network(x, KEY), network(x))
    np.testing.assert_array_equal(network(x, KEY), network(x, KEY))


def test_initial_weights_are_glorots_and_differ_between_layers() -> None:
    first, second, _ = linears(mlp(50, (50, 50), 2, KEY))
    limit = np.sqrt(6 / 100)
    assert limit * 0.98 < np.abs(first.weight).max() <= limit
    assert first.weight.std() == pytest.approx(limit / np.sqrt(3), rel=0.05)
    assert not np.allclose(first.weight, second.weight)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"activation": "sine"}, "activation must be one of .*relu.*; got 'sine'"),
        ({"activation": ("relu",)}, "activation names 1 layers but there are 2; give one value for all"),
        ({"normalize": "group"}, "normalization must be one of batch, layer or None; got 'group'"),
        ({"normalize": (None, None, None)}, "normalization names 3 layers but there are 2"),
    ],
)
def test_what_it_cannot_be_made_of_is_refused_in_words(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        mlp(4, (5, 5), 2, KEY, **changes)


def test_norm_activation_and_dropout_follow_in_this_order_each_layer_with_its_own() -> None:
    first, second, third = hidden_layers((5, 4, 3), ("relu", "tanh", "elu"), ("batch", None, "layer"), 0.1)
    assert [type(layer) for layer in first] == [BatchNorm, Activate, Dropout]
    assert [type(layer) for layer in second] == [Activate, Dropout]
    assert [type(layer) for layer in third] == [LayerNorm, Activate, Dropout]
    assert [layers[-2].name for layers in (first, second, third)] == ["relu", "tanh", "elu"]
    assert (first[0].gain.shape, third[0].gain.shape) == ((5,), (3,))


@pytest.mark.parametrize(
    ("activation", "normalize", "words"),
    [
        ("relu", "group", "normalization must be one of batch, layer or None; got 'group'"),
        ("relu", ("batch",), "normalization names 1 layers but there are 2"),
        ("rule", None, "activation must be one of elu, .*; got 'rule'"),
        (("relu",) * 3, None, "activation names 3 layers but there are 2"),
    ],
)
def test_what_no_layer_can_be_is_refused(activation: str, normalize: str, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        hidden_layers((5, 4), activation, normalize, 0.0)
