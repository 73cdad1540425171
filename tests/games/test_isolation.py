"""Isolation is structural: every array has an owner, and a player changes only what it owns."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from latently import games
from latently.batch import Batch
from latently.game import check_game
from latently.networks import Conditional, conv_decoder, conv_encoder, mlp
from latently.probability import BernoulliHead, DeterministicHead, GaussianHead, Normal, Star, logistic
from latently.training import State, play_round
from toy_games import same_bits

KEY = jax.random.key(0)


def vae(**options):
    return games.VAE(
        Conditional(mlp(16, (5,), 4, KEY, normalize="batch"), GaussianHead(scale="exp")),
        Conditional(mlp(2, (5,), 16, KEY, dropout=0.2), GaussianHead(scale="learned", activation="sigmoid")),
        Normal(2),
        optax.adam(0.1),
        **options,
    )


def aae(noise_dim=0, **options):
    adam = optax.adam(0.1)
    return games.AAE(
        Conditional(mlp(16 + noise_dim, (5,), 2, KEY), DeterministicHead(), noise_dim),
        Conditional(mlp(2, (5,), 16, KEY, normalize="layer"), BernoulliHead()),
        mlp(2 + 4, (5,), 1, KEY, spectral_norm=True),
        Star(2, petals=3),
        logistic,
        adam,
        adam,
        adam,
        n_labels=3,
        **options,
    )


def convolutional():
    return games.VAE(
        Conditional(conv_encoder((4, 4, 1), (3,), 5, 4, KEY), GaussianHead(scale="softplus")),
        Conditional(conv_decoder(2, None, (3,), (4, 4, 1), 1, KEY), BernoulliHead()),
        Normal(2),
        optax.adam(0.1),
    )


GAMES = {
    "vae": vae,
    "vae, importance": lambda: vae(importance_samples=3),
    "vae, convolutional": convolutional,
    "aae, separate steps": lambda: aae(generator_updates=2),
    "aae, joint step": lambda: aae(fooling_weight=0.1),
    "aae, implicit, penalty": lambda: aae(noise_dim=3, penalty="r1"),
}


def rows_for(name):
    """Eight rows in the shape in which the decoder gives them back, two of them without a label."""
    shape = (8, 4, 4, 1) if "convolutional" in name else (8, 16)
    return Batch((jax.random.uniform(KEY, shape),), jnp.asarray(np.arange(8) % 4 - 1))


@pytest.mark.parametrize("name", GAMES)
def test_every_array_belongs_to_a_player(name):
    game = GAMES[name]()
    owned = jax.tree.map(lambda *owners: any(owners), *(player.owns(game) for player in game.players()))
    assert all(jax.tree.leaves(owned))
    assert len(jax.tree.leaves(owned)) == len(jax.tree.leaves(game))
    check_game(game, rows_for(name))


@pytest.mark.parametrize("name", GAMES)
def test_each_player_changes_all_of_its_own_parts_and_no_other(name):
    game = GAMES[name]()
    for number, player in enumerate(game.players()):

        class Solo(type(game)):
            def players(self, number=number):
                return (super().players()[number],)

        solo = Solo(**{field: getattr(game, field) for field in game.__dataclass_fields__})
        optimizer = player.optimizer.init(eqx.filter(solo, player.owns(solo)))
        state = State(solo, {player.name: optimizer}, jnp.zeros((), jnp.int32), KEY)
        after, _ = eqx.filter_jit(play_round)(state, rows_for(name))
        for part in ("encoder", "decoder", "critic"):
            if hasattr(game, part):
                assert same_bits(getattr(after.game, part), getattr(game, part)) == (part not in player.parts), part
