"""One round of a game: the state of a run goes in, and comes out as the players have moved it; and rounds, compiled."""

import dataclasses
from collections.abc import Callable, Hashable
from functools import cached_property
from typing import Any, Generic, Self, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jax.extend.core import Jaxpr, jaxprs_in_params
from jaxtyping import Array, Float, Int, PRNGKeyArray

from latently.game import Batch, Game, Terms
from latently.streams import stream
from latently.training.compilation import Kept, compiled_once, computed_once, loop_options
from latently.training.feed import Chunk, Prepare
from latently.training.precision import Precision, products_in

AnyGame = TypeVar("AnyGame", bound=Game)


class State(eqx.Module, Generic[AnyGame]):
    """All that a run is: save it, and the run goes on bit for bit where it stood.

    Attributes:
        game: the game as it stands.
        optimizers: each player's optimiser state, by the player's name.
        round: how many rounds have been played.
        key: the key of the run; those of round `r` are streams of `fold_in(key, r)`.
        average: a running mean of all weights, shaped like the game; `None` for none.
        averaging: the share that the mean keeps each round.
        precision: of the products that rounds compute.
    """

    game: AnyGame
    optimizers: dict[str, optax.OptState]
    round: Int[Array, ""]
    key: PRNGKeyArray
    average: Any = None
    averaging: float = eqx.field(static=True, default=0.0)
    precision: Precision = eqx.field(static=True, default="float32")

    @classmethod
    def begin(cls, game: AnyGame, key: PRNGKeyArray, averaging: float, precision: Precision) -> Self:
        """That of round 0."""
        program, shapes, rest = eqx.filter_make_jaxpr(_standing)(game)
        leaves = compiled_once(program)(*jax.tree.leaves(eqx.filter(game, eqx.is_array)))
        moved = eqx.combine(jax.tree.unflatten(jax.tree.structure(shapes), leaves), rest)
        average = eqx.filter(game, eqx.is_inexact_array) if averaging else None
        return cls(game, moved, jnp.zeros((), jnp.int32), key, average, averaging, precision)

    @property
    def averaged(self) -> AnyGame:
        """The game that is used for inference: with the mean of its weights, where one is kept."""
        game: AnyGame = self.game if self.average is None else eqx.combine(self.average, self.game)
        return game


def _standing(game: Game) -> dict[str, optax.OptState]:
    """Each player's optimiser state before it has moved, by the player's name."""
    return {each.name: each.optimizer.init(eqx.filter(game, each.owns(game))) for each in game.players()}


def _follow(average: Any, game: Game, averaging: float, round_: Int[Array, ""]) -> Any:
    """The exponential moving average of the weights (Yazıcı et al. 2019, arXiv 1806.04498), after a round.

    It keeps `averaging` of itself in the end; less in the first rounds, and nothing in the first, so that it forgets
    how the game began (as with `num_updates` of TensorFlow's ExponentialMovingAverage).
    """
    step = jnp.maximum(1 - averaging, 10 / (10 + round_))
    return jax.tree.map(lambda mean, now: mean + step * (now - mean), average, eqx.filter(game, eqx.is_inexact_array))


def play_round(state: State[AnyGame], batch: Batch) -> tuple[State[AnyGame], Terms]:
    """One round: every player in turn makes its updates. A pure function.

    All players get the same key, with the number of the update folded in, so that a forward pass that two of them share
    is one computation to the compiler. Beside the new state it gives the raw terms of each player's last update as
    `"player/term"`.
    """
    game, optimizers = state.game, dict(state.optimizers)
    logged: Terms = {}
    key = stream(jax.random.fold_in(state.key, state.round), "players")
    for player in game.players():
        owned = player.owns(game)
        for update in range(player.updates):
            mine, others = eqx.partition(game, owned)

            def objective(mine: Game, others: Game = others, update: int = update) -> tuple[Float[Array, ""], Terms]:
                whole = eqx.combine(mine, others)
                return player.objective(whole, batch, jax.random.fold_in(key, update), state.round)  # noqa: B023

            gradients, terms = jax.grad(objective, has_aux=True)(mine)
            steps, optimizers[player.name] = player.optimizer.update(gradients, optimizers[player.name], mine)
            game = eqx.combine(eqx.apply_updates(mine, steps), others)
        logged |= {f"{player.name}/{name}": term for name, term in terms.items()}
    average = state.average
    if average is not None:
        average = _follow(average, game, state.averaging, state.round)
    return dataclasses.replace(state, game=game, optimizers=optimizers, round=state.round + 1, average=average), logged


class Rounds:
    """The compiled rounds of one kind of run: programs alone, that hold no weights and no data.

    `static` is what a state holds beside its arrays; `arrays` and `chunk` give their shapes alone, and `sharding` is
    that of what the rounds give. `program` is what one round computes; a chunk is one compiled loop if `looped`.
    """

    def __init__(
        self, static: Any, prepare: Prepare, max_rounds: int, arrays: Any, chunk: Chunk, sharding: Any
    ) -> None:
        self._static, self._prepare, self._max_rounds = static, prepare, max_rounds
        number = jax.ShapeDtypeStruct((), jnp.int32)
        play = computed_once(products_in(static.precision, self.play))
        self.inline: Any = jax.jit(play, inline=True)  # so that the round is traced once, here
        traced = self.inline.trace(arrays, chunk, number)
        self.terms, self.program = traced.out_info[1], traced.jaxpr
        self.looped = not (jax.default_backend() == "cpu" and "conv_general_dilated" in _primitives(self.program.jaxpr))
        how: Any = {"out_shardings": sharding, "compiler_options": loop_options()}
        self.play_loop = jax.jit(self.loop, donate_argnums=0, **how)
        self.play_one = jax.jit(self.inline, donate_argnums=0, **how)

    def clear_cache(self) -> None:
        """Let JAX forget what it traced; what is compiled goes with the last run that needs it."""
        self.inline.clear_cache()

    @cached_property
    def in_words(self) -> str:
        """The program as JAX writes it."""
        return str(self.program)

    def play(self, arrays: Any, chunk: Chunk, number: Int[Array, ""]) -> tuple[Any, Terms]:
        """Round `number` of a chunk."""
        state = eqx.combine(arrays, self._static)
        batch = chunk.batch(self._prepare, number, stream(jax.random.fold_in(state.key, state.round), "feed"))
        state, terms = play_round(state, batch)
        return eqx.filter(state, eqx.is_array), terms

    def loop(self, arrays: Any, chunk: Chunk, count: Int[Array, ""]) -> tuple[Any, dict[str, Float[Array, "rounds"]]]:
        """The first `count` rounds of a chunk, and the terms of each."""

        def turn(number: Int[Array, ""], carry: tuple[Any, dict[str, Array]]) -> tuple[Any, dict[str, Array]]:
            arrays, logged = carry
            arrays, terms = self.inline(arrays, chunk, number)
            put = jax.lax.dynamic_update_index_in_dim  # `.at[number].set` is a scatter, which takes long to compile
            return arrays, {name: put(logged[name], term, number, 0) for name, term in terms.items()}

        logged = {name: jnp.zeros(self._max_rounds, term.dtype) for name, term in self.terms.items()}
        first = jnp.zeros((), jnp.int32)
        played: tuple[Any, dict[str, Array]] = jax.lax.fori_loop(first, count, turn, (arrays, logged))
        return played


def _primitives(program: Jaxpr) -> set[str]:
    """The names of all operations of a traced program."""
    inner = (_primitives(inner) for equation in program.eqns for inner in jaxprs_in_params(equation.params))
    return {equation.primitive.name for equation in program.eqns}.union(*inner)


KEPT_ROUNDS = 8
"""Of so many kinds: enough for the folds of a search or for two stages, and each takes some 30 MB."""
_kept: Kept[Rounds] = Kept(KEPT_ROUNDS)


def compiled_rounds(
    check: Callable[[], None], static: Any, prepare: Prepare, max_rounds: int, arrays: Any, chunk: Chunk, sharding: Any
) -> Rounds:
    """The compiled rounds of a run. Runs that differ in weights, data, labels and seeds alone share them.

    `check` sees that the game can be played, and is called where its rounds are new; all others are as for `Rounds`.
    """
    leaves, tree = jax.tree.flatten((arrays, chunk))
    shapes = tuple((leaf.shape, leaf.dtype) for leaf in leaves)
    parts, part_tree = jax.tree.flatten(prepare)
    scaling = part_tree, *((getattr(part, "__self__", None), getattr(part, "__func__", part)) for part in parts)
    others, other_tree = jax.tree.flatten(static)
    kind: Hashable = (tree, shapes, tuple(others), other_tree, scaling, max_rounds, sharding, jnp.zeros(()).dtype)
    try:
        hash(kind)
    except TypeError:  # something in it has no hash, so it can be like no other
        kind = object()

    def made() -> Rounds:
        check()
        return Rounds(static, prepare, max_rounds, arrays, chunk, sharding)

    return _kept.of(kind, made)
