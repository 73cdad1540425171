"""Adversarial losses against their definitions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from latently.probability import ADVERSARIAL_LOSSES, hinge, least_squares, logistic

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
