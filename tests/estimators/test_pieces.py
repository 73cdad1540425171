"""How many rows go through a network at once."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from latently import inference


def widening(kernel, x):
    """A function that is wider inside than its input, its output and, in all, its weights."""
    weights = (2 * kernel).reshape(4, -1)  # as many numbers as ten rows inside
    inside = jax.jit(lambda x: jnp.tanh(x @ weights))(x)
    return jax.lax.scan(lambda total, each: (total + each.sum(), each.sum(axis=-1)), 0.0, inside)[1]


KERNEL = jnp.asarray(np.random.default_rng(0).normal(size=(2, 2, 3000)))


def test_the_widest_layer_is_found_inside_and_weights_are_passed_over():
    assert inference.widest_layer(partial(widening, KERNEL), np.ones((16, 4))) == 3000
    pair = partial(lambda x, labels: jnp.tanh(x[0][:, :, None] * x[1][:, None, :]) + labels[:, None, None])
    assert inference.widest_layer(pair, (np.ones((16, 7)), np.ones((16, 5))), np.ones(16, np.int32)) == 35


def test_a_wide_layer_makes_pieces_smaller_and_changes_no_result(monkeypatch):
    rows = np.random.default_rng(0).normal(size=(150, 4))
    seen = []
    function = partial(lambda kernel, x: seen.append(len(x)) or widening(kernel, x), KERNEL)
    whole = inference.in_pieces(function, rows)
    monkeypatch.setattr(inference, "LAYER_NUMBERS", 3000 * 70)
    small = inference.in_pieces(function, rows)
    assert [size for size in seen if size % 2 == 0] == [256, 64, 64, 64], "the look at its layers is of a prime"
    np.testing.assert_allclose(small, whole, rtol=1e-5)


@pytest.mark.parametrize("rows", [5, 100])
def test_a_function_with_a_state_of_its_own_is_called_once_a_piece(rows):
    calls = iter(range(10))
    numbers = inference.in_pieces(lambda x: x[:, 0] * 0 + next(calls), np.ones((rows, 3)))
    assert (numbers == 0).all()
    assert next(calls) == 1
