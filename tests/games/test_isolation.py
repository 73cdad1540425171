"""Isolation is structural: every array has an owner, and a player changes only what it owns."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest

from games.builders import GAMES, rows_for
from latently import games
from latently.game import Game, check_game
from latently.training import State, play_round
from toy_games import same_bits

KEY = jax.random.key(0)


def test_every_game_is_built():
    exported = {getattr(games, name) for name in games.__all__}
    assert all(issubclass(game, Game) for game in exported)
    assert {type(build()) for build in GAMES.values()} == exported


def fields_of(game):
    return [field.name for field in dataclasses.fields(game)]


@pytest.mark.parametrize("name", GAMES)
def test_every_array_belongs_to_a_player(name):
    game = GAMES[name]()
    owned = jax.tree.map(lambda *owners: any(owners), *(player.owns(game) for player in game.players()))
    for part in [field.name for field in dataclasses.fields(game) if not field.metadata.get("static")]:
        disowned = any(leaf is False for leaf in jax.tree.leaves(getattr(owned, part)))
        assert disowned == (part in game.frozen and getattr(game, part) is not None), part
    assert len(jax.tree.leaves(owned)) == len(jax.tree.leaves(game))
    check_game(game, rows_for(name))


@pytest.mark.sampled
@pytest.mark.parametrize("name", GAMES)
def test_each_player_changes_all_of_its_own_parts_and_no_other(name):
    game = GAMES[name]()
    for number, player in enumerate(game.players()):

        class Solo(type(game)):
            def players(self, number=number):
                return (super().players()[number],)

        solo = Solo(**{field: getattr(game, field) for field in fields_of(game)})
        optimizer = player.optimizer.init(eqx.filter(solo, player.owns(solo)))
        state = State(solo, {player.name: optimizer}, jnp.zeros((), jnp.int32), KEY)
        after, _ = eqx.filter_jit(play_round)(state, rows_for(name))
        for part in fields_of(game):
            if jax.tree.leaves(eqx.filter(getattr(game, part), eqx.is_inexact_array)):
                assert same_bits(getattr(after.game, part), getattr(game, part)) == (part not in player.parts), part
