"""A fitted game taken apart and put together again: its arrays are kept, all else follows from the hyperparameters."""

from typing import Any

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, PyTree, Shaped

from latently.batch import Batch


def game_shape(model: Any) -> PyTree:
    """The game of a fitted estimator with `jax.ShapeDtypeStruct`s for arrays: nothing is computed.

    Args:
        model: an estimator that has its hyperparameters, its preprocessing and its classes.
    """
    return eqx.filter_eval_shape(_calibrated_game, model)


def array_leaves(game: Any) -> list[Shaped[np.ndarray, "..."]]:
    """The arrays of a game, in order."""
    return [np.asarray(leaf) for leaf in jax.tree.leaves(eqx.filter(game, eqx.is_array))]


def game_with(model: Any, leaves: list[Shaped[np.ndarray, "..."]]) -> Any:
    """The game of a fitted estimator, from its arrays.

    Args:
        model: an estimator that has its hyperparameters, its preprocessing and its classes.
        leaves: what `array_leaves` gave.
    """
    shapes, static = eqx.partition(game_shape(model), lambda leaf: isinstance(leaf, jax.ShapeDtypeStruct))
    arrays: list[Array] = [jax.numpy.asarray(leaf) for leaf in leaves]
    return eqx.combine(jax.tree.unflatten(jax.tree.structure(shapes), arrays), static)


def _calibrated_game(model: Any) -> Any:
    """The game that `model` would build, calibrated: only its shapes are wanted."""
    shape, key = model.preprocessing_.event_shape, jax.random.key(0)
    game = model._build_game(shape, model._n_labels(), lambda epochs: max(1, int(epochs)), key)
    rows = Batch(model.preprocessing_.template(2), jax.numpy.zeros(2, int))
    return game.calibrated(rows, key)
