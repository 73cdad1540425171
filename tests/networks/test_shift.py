"""Images are moved about in training, and left alone in inference."""

import jax
import jax.numpy as jnp
import numpy as np

from latently.networks import Shift


def test_every_image_moves_by_a_step_of_its_own_within_reach_and_its_border_is_drawn_on() -> None:
    x = jnp.asarray(np.random.default_rng(0).normal(size=(60, 6, 5, 2)))
    moved = np.asarray(Shift(1)(x, jax.random.key(0)))
    steps = []
    for image, result in zip(np.asarray(x), moved, strict=True):
        padded = np.pad(image, ((1, 1), (1, 1), (0, 0)), mode="edge")
        places = [(i, j) for i in range(3) for j in range(3) if (padded[i : i + 6, j : j + 5] == result).all()]
        assert len(places) == 1
        steps += places
    assert len(set(steps)) == 9
    assert max(steps.count(step) for step in steps) < 20


def test_inference_moves_nothing() -> None:
    x = jnp.ones((2, 4, 4, 1)).at[0, 0].set(3)
    assert (Shift(2)(x) == x).all()
    assert (Shift(0)(x, jax.random.key(0)) == x).all()
