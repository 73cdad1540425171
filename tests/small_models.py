"""What the tests of estimators share."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import latently
from latently.estimators import base
from latently.estimators.saving import game_shape
from latently.training import Trainer


class Unplayed(Trainer):
    """A trainer that plays no rounds, and so has none."""

    def __init__(self, game):
        self.game, self.validation = game, None

    result = property(lambda self: self.game)
    whole_history = property(lambda self: [])


def as_if_fitted(model, X, y=None):
    """The model after no rounds at all, its arrays shaken: whatever does not hang on what it learned can be asked.

    Rounds that nobody plays are not traced, neither for the trainer nor for the memory that they would take.
    """
    vars(model)["_trainer"] = lambda game, *run: Unplayed(game)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(base, "check_memory", lambda *run, **how: None)
            trainer = model.trainer(X, y)
    finally:
        del vars(model)["_trainer"]
    model.adopt(trainer)
    random = np.random.default_rng(0)

    def shake(array):
        noise = np.tanh(random.normal(size=array.shape))
        return array * jnp.asarray(1 + 0.1 * noise, array.dtype) + jnp.asarray(0.1 * abs(noise), array.dtype)

    arrays, rest = eqx.partition(model.game_, eqx.is_inexact_array)
    model._take_game(eqx.combine(jax.tree.map(shake, arrays), rest))
    return model


SMALL = {
    **{"latent_dim": 2, "epochs": 1, "batch_size": 16, "random_state": 0, "n_clusters": 3, "cluster_start": "random"},
    **{"hidden": (), "critic_hidden": ()},
}
"""What makes an estimator small, where it has such a hyperparameter."""


def small(estimator, **changes):
    """An estimator of the catalogue, as small as its hyperparameters let it be."""
    fields = {field.name for field in dataclasses.fields(estimator)}
    given = {name: value for name, value in SMALL.items() if name in fields}
    if "first" in fields:  # a model that is fitted before
        given["first"] = small(latently.VAE)
    return estimator(**given | changes)


def as_if_loaded(model, X, y=None):
    """The model with arrays that nothing was learned by, nor computed for: for what asks for any numbers at all."""
    X, labels, _ = model._meet(X, y, None)
    model.task_ = model._task(len(X), "none" if labels is None else "all", 1)
    model.history_ = []
    random = np.random.default_rng(0)

    def filled(path, leaf):
        if not isinstance(leaf, jax.ShapeDtypeStruct):
            return leaf
        numbers = random.uniform(0.1, 0.5, leaf.shape)
        widths = any(name in jax.tree_util.keystr(path) for name in ("variance", "scale"))
        return jnp.asarray(numbers if widths else numbers * random.choice([-1, 1], leaf.shape), leaf.dtype)

    model._take_game(jax.tree_util.tree_map_with_path(filled, game_shape(model)))
    return model
