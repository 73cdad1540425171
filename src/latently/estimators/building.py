"""How the game of an estimator is built: by one compiled program for all that are alike, which are traced once."""

import json
from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Any

import equinox as eqx
import jax
from jaxtyping import PRNGKeyArray

from latently.game import Game, Task
from latently.training import Precision, State, compiled_once


class Builder:
    """Builds the untrained game of an estimator: traced once, as one compiled program, not one for each initial weight.

    Builders whose weights are drawn alike share what is compiled.

    Args:
        build: from a key to the game.
    """

    def __init__(self, build: Callable[[PRNGKeyArray], Game]) -> None:
        self._build = build
        self._begun: dict[tuple[float, Precision], State[Game]] = {}

    def __call__(self, key: PRNGKeyArray) -> Game:
        """The game, its weights drawn by a key."""
        jaxpr, arrays, rest = self._traced
        leaves = compiled_once(jaxpr)(key)
        game: Game = eqx.combine(jax.tree.unflatten(jax.tree.structure(arrays), leaves), rest)
        return game

    @property
    def shapes(self) -> Game:
        """The game with `jax.ShapeDtypeStruct`s for arrays: nothing is computed."""
        game: Game = eqx.combine(*self._traced[1:])
        return game

    def begun(self, averaging: float, precision: Precision) -> State[Game]:
        """The state that a run begins with, likewise."""
        how = averaging, precision
        if how not in self._begun:
            self._begun[how] = eqx.filter_eval_shape(State.begin, self.shapes, jax.random.key(0), *how)
        return self._begun[how]

    @cached_property
    def _traced(self) -> tuple[Any, Any, Any]:
        """The jaxpr, the shapes of the arrays that it makes, and the rest of the game."""
        traced: tuple[Any, Any, Any] = eqx.filter_make_jaxpr(self._build)(jax.random.key(0))
        return traced


def builder(model: Any, task: Task) -> Builder:
    """What builds the game of an estimator for a task; those that are alike share one, so a refit compiles nothing."""
    kind: Any = type(model)
    parameters = model.get_params(deep=False) | {"random_state": None, "verbose": False}
    try:
        if model.first_stage() is model:  # an earlier stage can change between two fits
            return _shared(kind, json.dumps(parameters), task, jax.dtypes.canonicalize_dtype(float))
    except TypeError:
        pass  # a parameter is more than words and numbers: a prior, say
    return Builder(lambda key: model.build_game(task, key))


@lru_cache(maxsize=16)
def _shared(kind: Any, parameters: str, task: Task, _dtype: Any) -> Builder:
    """Where numbers have another width, it is traced anew."""
    model = kind(**json.loads(parameters))
    return Builder(lambda key: model.build_game(task, key))
