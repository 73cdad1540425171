"""How much memory a run will take, from shapes alone: asked before its weights are made."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import equinox as eqx
import jax
import numpy as np
from jax.extend.core import Jaxpr, jaxprs_in_params

from latently.game import Game, check_game
from latently.memory import available_bytes
from latently.training.feed import Feed
from latently.training.round import State, compiled_rounds


class Room(NamedTuple):
    """What a run takes, in bytes.

    Attributes:
        weights: of the game.
        kept: all copies of the weights, and what is kept beside each weight: the optimisers' means, gradients, a
            running mean, the best game so far.
        batch: what a round makes of its batch.
        rows: the rows that stay on the device.
    """

    weights: int
    kept: int
    batch: int
    rows: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.kept + self.batch + self.rows


def device_bytes() -> int | None:
    """The memory that a device has left, or this machine where that is its CPU; `None` where nothing tells."""
    device = jax.local_devices()[0]
    if device.platform == "cpu":
        return available_bytes()
    told = device.memory_stats() or {}
    return int(told["bytes_limit"] - told["bytes_in_use"]) if "bytes_limit" in told else None


def room_for(begun: State[Game], feed: Feed, *, best: bool, there: int) -> Room | None:
    """What a run on one device takes; `None` where all that its rounds make, kept at once, would take no more.

    The rounds are traced once for this and for the trainer, and nothing is computed. Only where that bound is too large
    are they compiled, as they will be played (the program is kept on disk), since the compiler alone knows what it
    keeps at once.

    Args:
        begun: the state to begin with, with `jax.ShapeDtypeStruct`s for arrays.
        feed: of the rows.
        best: whether a copy of the best game is kept.
        there: bytes that there are.
    """
    arrays, static = eqx.partition(begun, _is_shape)
    arrays = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), arrays)
    chunk = feed.chunk_shapes()

    def check() -> None:
        batch = jax.eval_shape(lambda chunk, key: feed.batch(chunk, 0, key), chunk, arrays.key)
        jax.eval_shape(lambda arrays: check_game(eqx.combine(arrays, static).game, batch), arrays)

    rounds = compiled_rounds(check, static, feed.prepare, feed.max_rounds, arrays, chunk, None)
    weights, state, rows = _bytes(arrays.game), _bytes(arrays), _bytes(chunk)
    copies = weights if best else 0
    begins = 2 * state + copies  # the state as it is made, and its copy, which rounds may write over
    begins -= weights if begun.averaging else 0  # a mean begins as the game itself
    if max(begins, state + copies + sum(_made(rounds.program.jaxpr))) + rows <= there:
        return None
    play = rounds.play_loop if rounds.looped else rounds.play_one
    used = play.lower(arrays, chunk, jax.ShapeDtypeStruct((), np.int32)).compile().memory_analysis()
    temporary = 0 if used is None else used.temp_size_in_bytes + used.output_size_in_bytes - used.alias_size_in_bytes
    gradients = min(temporary, weights)
    kept = max(begins, state + copies + gradients)
    return Room(weights, kept, max(0, state + copies + temporary - kept), rows)


def _is_shape(leaf: Any) -> bool:
    return isinstance(leaf, jax.ShapeDtypeStruct)


def _bytes(tree: Any) -> int:
    """Of all arrays, a key of two numbers counting as one."""
    return sum(math.prod(leaf.shape) * getattr(leaf.dtype, "itemsize", 8) for leaf in jax.tree.leaves(tree))


def _made(program: Jaxpr) -> Iterator[int]:
    """The bytes of all arrays that a traced program makes."""
    for equation in program.eqns:
        yield sum(_bytes(made.aval) for made in equation.outvars if hasattr(made.aval, "shape"))
        for inner in jaxprs_in_params(equation.params):
            yield from _made(inner)
