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


def scaled(game, x):
    """A function of a game that counts how often it is traced."""
    scaled.traced += 1
    return {"product": x @ game["kernel"] * game["factor"]}


def doubled(result):
    return result["product"] * 2


def first(stored):
    return stored[0]


def test_questions_that_differ_in_arrays_alone_share_a_program_and_those_that_differ_in_more_do_not():
    scaled.traced = 0
    rows, one, other = np.ones((3, 2), np.float32), np.full((2, 4), 1.0, np.float32), np.full((2, 4), 5.0, np.float32)
    answers = [
        inference.in_pieces(
            inference.Asked(scaled, {"kernel": kernel, "factor": factor}, first, doubled), rows, tuple_of
        )
        for kernel, factor in ((one, 1), (other, 1), (one, 3))
    ]
    assert [answer.ravel()[0] for answer in answers] == [4, 20, 12]
    assert all(answer.shape == (3, 4) for answer in answers)
    assert scaled.traced == 2


def tuple_of(piece):
    return (piece,)


def test_results_are_the_callers_own_to_write_to():
    whole = inference.in_pieces(jax.jit(lambda x: (x, {"sum": x.sum(axis=1)})), np.ones((5, 2)))
    whole[0][:], whole[1]["sum"][:] = 0, 0
    assert whole[1]["sum"].shape == (5,)


def test_one_row_is_a_piece_of_its_own_and_answers_as_among_others():
    rows, seen = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32), []
    square = inference.Asked(lambda game, x: seen.append(len(x)) or game * x**2, 3, first)
    among = inference.in_pieces(square, rows, tuple_of)
    alone = inference.in_pieces(square, rows[7:8], tuple_of)
    assert seen[-1] == 1
    np.testing.assert_allclose(alone[0], among[7])
