"""One round of a game: the state of a run goes in, and comes out as the players have moved it."""

from typing import Generic, TypeVar

import equinox as eqx
import jax
import optax
from jaxtyping import Array, Float, Int, PRNGKeyArray

from latently.batch import Batch
from latently.game import Game, Terms
from latently.streams import stream

AnyGame = TypeVar("AnyGame", bound=Game)


class State(eqx.Module, Generic[AnyGame]):
    """All that a run is: save it, and the run goes on bit for bit where it stood.

    Attributes:
        game: the game as it stands.
        optimizers: each player's optimiser state, by the player's name.
        round: how many rounds have been played.
        key: the key of the run; those of round `r` are streams of `fold_in(key, r)`.
    """

    game: AnyGame
    optimizers: dict[str, optax.OptState]
    round: Int[Array, ""]
    key: PRNGKeyArray


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
    return State(game, optimizers, state.round + 1, state.key), logged
