"""The worst small move of a row, and what classes lose by it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import log_softmax, softmax

from latently.games.consistency import inconsistency, uninformativeness
from latently.networks import mlp
from latently.streams import stream

KEY, RADIUS = jax.random.key(3), 0.05
X = jax.random.normal(jax.random.key(1), (6, 5))


def network(x, key=None, weights=mlp(5, (7,), 3, jax.random.key(2), activation="elu")):  # noqa: B008
    return weights(x)


def divergence(p, q):
    return (softmax(p, axis=-1) * (log_softmax(p, axis=-1) - log_softmax(q, axis=-1))).sum(axis=-1)


def first_direction():
    return np.asarray(jax.random.normal(stream(KEY, "direction"), X.shape, X.dtype))


def unit(x):
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def test_the_move_is_a_step_of_the_power_iteration_with_the_hessian_of_the_divergence():
    def change(move, x):
        p, q = jax.nn.log_softmax(network(x[None])), jax.nn.log_softmax(network((x + move)[None]))
        return (jnp.exp(p) * (p - q)).sum()

    hessians = jax.vmap(jax.hessian(change), (None, 0))(jnp.zeros(5), X)
    first = unit(first_direction())
    moves = RADIUS * unit(np.einsum("rij,rj->ri", hessians, first))
    expected = divergence(np.asarray(network(X)), np.asarray(network(X + moves))).mean()
    np.testing.assert_allclose(inconsistency(network, X, RADIUS, KEY)[0], expected, rtol=1e-3)


def test_with_two_classes_no_other_move_of_that_length_changes_them_more():
    def two(x, key=None):
        return network(x)[:, :2]

    worst = inconsistency(two, X, RADIUS, KEY)[0]
    moves = RADIUS * unit(np.random.default_rng(0).normal(size=(300, *X.shape)))
    others = [divergence(np.asarray(two(X)), np.asarray(two(X + move))).mean() for move in moves]
    assert max(others) < worst < 4 * max(others)


def test_neither_the_target_nor_the_move_is_differentiated():
    def at(scale):
        return inconsistency(lambda x, key: scale * network(x), X, RADIUS, KEY)[0]

    def with_fixed(scale):
        q = jax.nn.softmax(network(X))
        change = jax.jvp(
            network,
            (X,),
            (jnp.asarray(unit(first_direction())),),
        )[1]
        (steepest,) = jax.vjp(network, X)[1](q * (change - (q * change).sum(1, keepdims=True)))
        moved = scale * network(X + RADIUS * steepest / jnp.linalg.norm(steepest, axis=1, keepdims=True))
        return (q * (jnp.log(q) - jax.nn.log_softmax(moved))).sum(1).mean()

    np.testing.assert_allclose(jax.grad(at)(1.0), jax.grad(with_fixed)(1.0), rtol=1e-4)


@pytest.mark.parametrize("scale", [1e-12, 1.0])
def test_rows_of_any_shape_are_moved_by_the_radius_however_little_they_tell(scale):
    moved = []

    def flat(x, key):
        moved.append(x)
        return scale * x.reshape(len(x), -1)[:, :3]

    images = jnp.ones((4, 2, 2, 1))
    assert inconsistency(flat, images, RADIUS, KEY)[0] > 0 or scale < 1
    lengths = jnp.sqrt(((moved[-1] - images) ** 2).sum(axis=(1, 2, 3)))
    np.testing.assert_allclose(lengths, RADIUS, rtol=1e-5)


def test_where_nothing_tells_classes_nothing_moves_and_nothing_is_lost():
    loss, gradient = jax.value_and_grad(
        lambda s: inconsistency(lambda x, _: s * jnp.zeros((len(x), 3)), X, 1.0, KEY)[0]
    )(1.0)
    assert loss == gradient == 0


def test_clusters_are_worth_the_information_between_rows_and_classes():
    sure = 50.0 * jnp.eye(4)
    assert uninformativeness(sure) == pytest.approx(-np.log(4))
    assert uninformativeness(jnp.zeros((8, 4))) == pytest.approx(0, abs=1e-9)
    assert uninformativeness(jnp.tile(sure[:1], (8, 1))) == pytest.approx(0, abs=1e-9)
