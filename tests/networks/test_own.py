"""A user's own modules are layers, with keys and batch norms; what is wrong with one is said before it is used."""

from collections.abc import Callable
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array

from latently.errors import ArgumentError
from latently.networks import BatchNorm, Layer, Linear, PerRow, own_network

KEY = jax.random.key(0)
X = jnp.asarray(np.random.default_rng(0).normal(size=(6, 3)))


class Net(eqx.Module):
    """Rows times a matrix, with a batch norm of Latently and a dropout of Equinox."""

    linear: eqx.nn.Linear
    norm: BatchNorm
    dropout: eqx.nn.Dropout

    def __init__(self, inputs: tuple[int, ...], outputs: int, key: Any) -> None:
        self.linear = eqx.nn.Linear(inputs[0], outputs, key=key)
        self.norm, self.dropout = BatchNorm(outputs), eqx.nn.Dropout(0.5)

    def __call__(self, x: Array, *, key: Any = None) -> Array:
        return self.dropout(self.norm(jax.vmap(self.linear)(x)), key=key)


def one_row(inputs: Any, outputs: int, key: Any) -> eqx.nn.MLP:
    return eqx.nn.MLP(inputs[0], outputs, 4, 1, key=key)


def test_a_key_is_handed_to_a_module_that_takes_one_and_inference_has_none() -> None:
    network = own_network("network", Net, (3,), 4, KEY)
    np.testing.assert_array_equal(network(X), network(X))
    dropped = network(X, KEY)
    assert 0.1 < (np.asarray(dropped) == 0).mean() < 0.9
    np.testing.assert_array_equal(dropped, network(X, KEY))
    with_parameters = jax.tree_util.Partial(lambda weight, x: x @ weight, jnp.ones((3, 4)))  # which takes no key
    network = own_network("network", lambda *_: with_parameters, (3,), 4, KEY)
    np.testing.assert_array_equal(network(X, KEY), network(X))


def test_batch_norms_within_a_module_hold_the_statistics_of_the_rows_they_were_calibrated_on() -> None:
    network = own_network("network", Net, (3,), 4, KEY)
    calibrated, output = jax.jit(lambda network, x: network.calibrated(x))(network, X)
    np.testing.assert_allclose(output, network(X), atol=1e-12)
    np.testing.assert_allclose(calibrated(X[:2]), output[:2], atol=1e-12)
    assert not np.allclose(network(X[:2]), output[:2])


def test_a_module_of_one_row_maps_a_batch_row_by_row_each_with_its_own_key() -> None:
    module = eqx.nn.Sequential([one_row((3,), 40, KEY), eqx.nn.Dropout(0.5)])
    network = own_network("network", lambda *_: PerRow(module), (3,), 40, KEY)
    whole = eqx.nn.inference_mode(module)
    np.testing.assert_allclose(network(X), np.stack([whole(row) for row in X]), atol=1e-12)
    zeros = np.asarray(network(X, KEY)) == 0
    assert (zeros[0] != zeros[1]).any()
    with pytest.raises(ValueError, match="Latently's norms take a batch, and PerRow hands them one row"):
        PerRow(Net((3,), 4, KEY))
    plain = PerRow(Linear(3, 2, KEY).__call__)
    assert plain(X[:, None], KEY).shape == (6, 1, 2)


def test_a_layer_stays_what_it_is_and_a_ready_module_is_taken_as_it_is() -> None:
    layer = Linear(3, 4, KEY)
    assert own_network("network", lambda *_: layer, (3,), 4, KEY) is layer
    ready = Net((3,), 4, KEY)
    np.testing.assert_array_equal(own_network("network", ready, (3,), 4, KEY)(X), eqx.nn.inference_mode(ready)(X))


def test_a_decoder_is_told_the_length_of_a_code_and_the_shape_of_a_row() -> None:
    asked: list[Any] = []

    def make(in_size: int, out_shape: tuple[int, ...], key: Any) -> Callable[..., Any]:
        asked.append((in_size, out_shape))
        return jax.tree_util.Partial(lambda w, z: (z @ w).reshape(-1, *out_shape), jnp.ones((in_size, 8)))

    network = own_network("decoder_network", make, 3, (4, 2), KEY)
    assert isinstance(network, Layer)
    assert network(X).shape == (6, 4, 2)
    assert asked == [(3, (4, 2))]


FAULTS: dict[str, tuple[Callable[..., Any], str]] = {
    "the function fails": (
        lambda in_shape, out_size, key: one_row(in_shape, out_size, key).nothing,
        r"network must be a function of \(in_shape=\(3,\), out_size=4, key\); called so, it fails: AttributeError: ",
    ),
    "the function takes something else": (lambda key: None, "called so, it fails: TypeError: .* positional argument"),
    "no module": (lambda *_: 3, "network must make a module that maps a batch of rows; got 3"),
    "no arrays": (
        lambda *_: jax.vmap(one_row((3,), 4, KEY)),
        r"network must make a module with arrays to train, and holds none. jax.vmap\(module\) hides .*PerRow",
    ),
    "one row": (
        one_row,
        r"must map a batch of rows, \[batch, 3\], to \[batch, 4\]; this one maps a single row. Wrap it: .*PerRow\(",
    ),
    "wrong size": (partial(lambda *_: Linear(3, 5, KEY)), r"to \[batch, 4\]; of 5 rows it makes \(5, 5\)"),
    "wrong batch axis": (
        lambda *_: jax.tree_util.Partial(lambda w, x: w.T @ x.swapaxes(0, 1), jnp.ones((3, 4))),
        r"of 5 rows it makes \(4, 5\)",
    ),
    "another input": (lambda *_: Linear(2, 4, KEY), "on 5 rows it fails: TypeError: dot_general"),
    "a pair": (lambda *_: jax.tree_util.Partial(lambda w, x: (x @ w, x), jnp.ones((3, 4))), "it makes a tuple"),
    "whole numbers": (
        lambda *_: jax.tree_util.Partial(lambda w, x: jnp.argsort(x @ w), jnp.ones((3, 4))),
        "it makes numbers of type int",
    ),
    "dropout without a key": (
        lambda *_: jax.tree_util.Partial(lambda w, x: eqx.nn.Dropout(0.5)(x @ w), jnp.ones((3, 4))),
        "RuntimeError: Dropout requires a key",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_with_a_network_is_one_sentence_before_anything_is_computed(fault: str) -> None:
    make, words = FAULTS[fault]
    with pytest.raises(ArgumentError, match=words) as caught:
        own_network("network", make, (3,), 4, KEY)
    assert "\n" not in str(caught.value)
