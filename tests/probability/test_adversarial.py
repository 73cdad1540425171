"""Adversarial losses against their definitions, penalties against known gradients and Jacobians."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from jaxtyping import Array

from latently.networks import Chain, mlp
from latently.probability import (
    ADVERSARIAL_LOSSES,
    gradient_penalty,
    hinge,
    least_squares,
    logistic,
    r1_penalty,
    with_jacobian_norm,
)

KEY = jax.random.key(0)
ROWS = np.random.default_rng(0).normal(size=(3, 5))
LOGITS = np.array([[-2.0], [0.5], [3.0]])
every_loss = pytest.mark.parametrize("name", list(ADVERSARIAL_LOSSES))


def test_the_logistic_loss_is_the_cross_entropy_of_the_sigmoid() -> None:
    p = 1 / (1 + np.exp(-LOGITS))
    np.testing.assert_allclose(logistic.real(jnp.asarray(LOGITS)), -np.log(p).mean())
    np.testing.assert_allclose(logistic.fake(jnp.asarray(LOGITS)), -np.log(1 - p).mean())
    np.testing.assert_allclose(logistic.fool(jnp.asarray(LOGITS)), -np.log(p).mean())


def test_least_squares_and_hinge_follow_their_definitions() -> None:
    logits = jnp.asarray(LOGITS)
    np.testing.assert_allclose(least_squares.real(logits), np.mean((LOGITS - 1) ** 2) / 2)
    np.testing.assert_allclose(least_squares.fake(logits), np.mean(LOGITS**2) / 2)
    np.testing.assert_allclose(least_squares.fool(logits), np.mean((LOGITS - 1) ** 2) / 2)
    np.testing.assert_allclose(hinge.real(logits), np.mean([3, 0.5, 0]))
    np.testing.assert_allclose(hinge.fake(logits), np.mean([0, 1.5, 4]))
    np.testing.assert_allclose(hinge.fool(logits), -LOGITS.mean())


@every_loss
def test_the_critic_and_its_opponent_pull_fake_logits_in_opposite_directions(name: str) -> None:
    loss, logits = ADVERSARIAL_LOSSES[name], jnp.array([0.1])
    assert jax.grad(loss.real)(logits) < 0
    assert jax.grad(loss.fake)(logits) > 0
    assert jax.grad(loss.fool)(logits) < 0


@every_loss
def test_extreme_logits_give_finite_losses_and_gradients(name: str) -> None:
    loss, logits = ADVERSARIAL_LOSSES[name], jnp.array([-1e4, 1e4])
    for part in (loss.real, loss.fake, loss.fool):
        assert jnp.isfinite(part(logits))
        assert jnp.all(jnp.isfinite(jax.grad(part)(logits)))


@every_loss
def test_loss_gradients_agree_with_finite_differences(name: str) -> None:
    loss = ADVERSARIAL_LOSSES[name]
    for part in (loss.real, loss.fake, loss.fool):
        check_grads(jax.jit(part), (jnp.asarray(LOGITS),), order=1, modes=["rev"])


@every_loss
def test_a_game_can_hold_a_loss_without_owning_arrays(name: str) -> None:
    assert not jax.tree.leaves(ADVERSARIAL_LOSSES[name])
    assert ADVERSARIAL_LOSSES[name].name == name


def quadratic() -> tuple[Array, Array]:
    """A symmetric matrix A and rows x, for the critic x·Ax / 2 with gradient Ax."""
    half, x = np.split(np.random.default_rng(0).normal(size=(9, 3)), [3])
    return jnp.asarray(half + half.T), jnp.asarray(x)


@pytest.mark.parametrize("column", [False, True], ids=["[batch]", "[batch, 1]"])
def test_r1_of_a_linear_critic_is_its_squared_weight(column: bool) -> None:
    weight = jnp.array([1.0, -2.0, 2.0])
    penalty = r1_penalty(lambda x: x @ (weight[:, None] if column else weight) + 7, jnp.ones((4, 3)))
    assert float(penalty) == pytest.approx(9)


def test_r1_of_a_quadratic_critic_is_the_mean_squared_gradient() -> None:
    a, x = quadratic()
    penalty = r1_penalty(lambda rows: 0.5 * jnp.einsum("bi,ij,bj->b", rows, a, rows), x)
    np.testing.assert_allclose(penalty, ((x @ a) ** 2).sum(axis=1).mean())


def test_r1_sums_over_every_axis_of_an_image() -> None:
    assert float(r1_penalty(lambda x: 2 * x.sum(axis=(1, 2, 3)), jnp.zeros((5, 3, 4, 2)))) == pytest.approx(4 * 24)


def test_gradient_penalty_of_a_linear_critic_is_its_weight_norms_distance_to_one() -> None:
    weight, x = jnp.array([1.0, -2.0, 2.0]), jnp.ones((4, 3))
    assert float(gradient_penalty(lambda rows: rows @ weight, x, -x, KEY)) == pytest.approx((3 - 1) ** 2)


def test_gradient_penalty_of_a_quadratic_critic_is_taken_between_the_rows() -> None:
    a, x = quadratic()
    critic = lambda rows: 0.5 * jnp.einsum("bi,ij,bj->b", rows, a, rows)  # noqa: E731
    expected = ((jnp.linalg.norm(x @ a, axis=1) - 1) ** 2).mean()
    np.testing.assert_allclose(gradient_penalty(critic, x, x, KEY), expected)
    # In one dimension between 1 and 4 the gradient of x²/2 is uniform there: the mean of (g - 1)² is ∫₀³ g² dg / 3 = 3.
    ends = jnp.ones((20_000, 1)), jnp.full((20_000, 1), 4.0)
    penalty = gradient_penalty(lambda rows: 0.5 * rows[:, 0] ** 2, *ends, KEY)
    assert float(penalty) == pytest.approx(3, abs=0.1)


def test_penalties_are_differentiable_in_the_critic_even_where_its_gradient_vanishes() -> None:
    x = jnp.ones((4, 3))
    for weight in (jnp.array([1.0, -2.0, 2.0]), jnp.zeros(3)):
        for penalty in (
            lambda w: r1_penalty(lambda rows: rows @ w, x),
            lambda w: gradient_penalty(lambda rows: rows @ w, x, -x, KEY),
        ):
            assert jnp.all(jnp.isfinite(jax.grad(penalty)(weight)))
    slope = jax.grad(lambda w: r1_penalty(lambda rows: rows @ w, x))(jnp.array([1.0, -2.0, 2.0]))
    np.testing.assert_allclose(slope, [2, -4, 4])


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
