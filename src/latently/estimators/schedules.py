"""What moves with the rounds of a run: learning rates that fall, weights that rise.

Schedules and optimisers are functions, which are the same only where they are one: equal ones are made once, so that
runs of one kind share their compiled programs.
"""

from functools import lru_cache
from typing import Any

import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int

from latently.game import Task, Weight


def build_optimizer(model: Any, task: Task) -> optax.GradientTransformation:
    """Adam at the model's learning rate, which falls as it says, for an update in each round."""
    return adam(float(model.learning_rate), decay=float(model.learning_rate_decay), updates=task.rounds)


@lru_cache(maxsize=256)
def adam(
    learning_rate: float, b1: float = 0.9, b2: float = 0.999, *, decay: float = 0.0, updates: int = 1
) -> optax.GradientTransformation:
    """Adam (Kingma & Ba 2014, arXiv 1412.6980).

    Args:
        learning_rate: the step's size.
        b1: decay of the gradient's running mean.
        b2: decay of the running mean of its square.
        decay: share of the updates, at their end, over which the learning rate falls to 0 in a straight line.
        updates: how many there will be.

    Example:
        >>> weight, falling = jnp.zeros(1), adam(0.1, decay=0.5, updates=4)
        >>> state, steps = falling.init(weight), []
        >>> for _ in range(4):
        ...     step, state = falling.update(jnp.ones(1), state)
        ...     steps.append(round(float(step[0]), 3))
        >>> steps
        [-0.1, -0.1, -0.1, -0.05]
    """
    if not decay:
        return optax.adam(float(learning_rate), b1=b1, b2=b2)
    falling = max(1, round(decay * updates))
    schedule = optax.linear_schedule(float(learning_rate), 0.0, falling, transition_begin=updates - falling)
    return optax.adam(schedule, b1=b1, b2=b2)


@lru_cache(maxsize=256)
def warm_up(beta: float, rounds: int) -> Weight:
    """A weight that rises in a straight line from 0 to `beta` over so many rounds; with 0, `beta` from the start.

    Example:
        >>> weight = warm_up(4.0, 20)
        >>> [float(weight(jnp.asarray(round_))) for round_ in (0, 5, 20, 30)]
        [0.0, 1.0, 4.0, 4.0]
    """
    if not rounds:
        return float(beta)

    def weight(round_: Int[Array, ""]) -> Float[Array, ""]:
        return float(beta) * jnp.minimum(1.0, round_ / rounds)

    return weight


def kl_weight(model: Any, task: Task) -> Weight:
    """The weight of a model's KL term: `beta`, after a warm-up of `warm_up_epochs`."""
    epochs = float(model.warm_up_epochs)
    return warm_up(float(model.beta), task.rounds_in(epochs, int(model.batch_size)) if epochs else 0)
