"""Isolation is structural: every array has an owner, and a player changes only what it owns."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from latently import games
from latently.batch import Batch, masked
from latently.game import check_game
from latently.games.vcca import VCCA
from latently.networks import Chain, Conditional, LabelProduct, conv_decoder, conv_encoder, mlp
from latently.probability import (
    BernoulliHead,
    CategoricalHead,
    DeterministicHead,
    FittedNormal,
    GaussianHead,
    Normal,
    Star,
    logistic,
)
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


def conditional(n_inputs, outputs, head, **options):
    return Conditional(mlp(n_inputs, (5,), outputs, KEY, **options), head)


def m2(inputs=16):
    return games.SemiSupervisedVAE(
        conditional(inputs, 3, CategoricalHead(3, per_row=True)),
        conditional(inputs + 3, 4, GaussianHead(scale="exp"), normalize="batch"),
        conditional(2 + 3, inputs, GaussianHead(scale="learned")),
        Normal(2),
        optax.adam(0.1),
        n_labels=3,
    )


def cvae():
    encoder, decoder = conditional(19, 4, GaussianHead(scale="exp")), conditional(5, 16, BernoulliHead())
    return games.ConditionalVAE(encoder, decoder, Normal(2), optax.adam(0.1), n_labels=3)


def supervised_aae():
    encoder, decoder = conditional(16, 2, DeterministicHead()), conditional(5, 16, BernoulliHead())
    optimizers = (optax.adam(0.1),) * 3
    return games.SupervisedAAE(encoder, decoder, mlp(5, (5,), 1, KEY), Normal(2), logistic, *optimizers, n_labels=3)


def semi_supervised_aae(heads=None):
    inputs = 5 if heads is None else 2
    return games.SemiSupervisedAAE(
        mlp(16, (5,), 5, KEY, normalize="batch"),
        conditional(inputs, 16, BernoulliHead()),
        mlp(3, (5,), 1, KEY),
        mlp(5, (5,), 1, KEY),
        Normal(2),
        logistic,
        *(optax.adam(0.1),) * 4,
        n_labels=3,
        heads=heads,
    )


def autoencoder(**options):
    encoder, decoder = conditional(16, 2, DeterministicHead(), normalize="batch"), conditional(2, 16, BernoulliHead())
    return games.Autoencoder(encoder, decoder, FittedNormal(2), jnp.zeros(2), jnp.ones(()), optax.adam(0.1), **options)


def acgan(**options):
    keys = jax.random.split(KEY, 4)

    def generator(key):
        layers = (LabelProduct(3, 2, key), *mlp(2, (5,), 16, key, normalize="batch").layers)
        return Conditional(Chain(layers), DeterministicHead())

    critic, adam = mlp(16, (5,), 1 + 3, keys[1], dropout=0.2), optax.adam(0.1)
    options |= {"average": generator(keys[2])} if "decay" in options else {}
    return games.ACGAN(generator(keys[0]), critic, Normal(2), logistic, adam, adam, n_labels=3, **options)


def vcca(private=3):
    def network(inputs, outputs, head, **options):
        return conditional(inputs, outputs * head.parameters, head, **options)

    head, sizes = GaussianHead(scale="exp"), (10, 6)
    return VCCA(
        tuple(network(size, 2, head, normalize="batch") for size in sizes) if private else (network(10, 2, head), None),
        network(16, 2, head) if private else None,
        tuple(network(2 + private, size, GaussianHead(scale="learned"), dropout=0.2) for size in sizes),
        Normal(2),
        optax.adam(0.1),
        names=("left", "right"),
        private=tuple(network(size, private, head) for size in sizes if private),
        private_dim=private,
        code_dropout=0.2,
    )


GAMES = {
    "classifier": lambda: games.Classifier(mlp(16, (5,), 3, KEY, normalize="batch"), optax.adam(0.1), 0.1),
    "acgan": acgan,
    "acgan, averaged": lambda: acgan(decay=0.9),
    "autoencoder": autoencoder,
    "contractive autoencoder": lambda: autoencoder(contraction=0.1),
    "cvae": cvae,
    "m2": m2,
    "m1m2": lambda: games.StackedSemiSupervisedVAE(vae(), m2(2)),
    "supervised aae": supervised_aae,
    "semi-supervised aae": semi_supervised_aae,
    "semi-supervised aae, heads": lambda: semi_supervised_aae(jnp.eye(3, 2)),
    "vae": vae,
    "vae, importance": lambda: vae(importance_samples=3),
    "vae, convolutional": convolutional,
    "vcca, private codes, joint encoder": vcca,
    "vcca, from the first view": lambda: vcca(private=0),
    "aae, separate steps": lambda: aae(generator_updates=2),
    "aae, joint step": lambda: aae(fooling_weight=0.1),
    "aae, implicit, penalty": lambda: aae(noise_dim=3, penalty="r1"),
}


def fields_of(game):
    return [field.name for field in dataclasses.fields(game)]


def rows_for(name):
    """Eight rows in the shape in which the decoder gives them back, two of them without a label."""
    shape = (8, 4, 4, 1) if "convolutional" in name else (8, 16)
    labels = jnp.asarray(np.arange(8) % 4 - 1)
    if name.startswith("vcca"):
        present = jnp.asarray(np.arange(8)[:, None] % 4 != np.array([0, 2]))
        return Batch(masked(tuple(jax.random.uniform(KEY, (8, size)) for size in (10, 6)), present), present=present)
    x = jax.random.uniform(KEY, shape)
    return Batch((x,), labels, Batch((x[1:4],), labels[1:4]))


@pytest.mark.parametrize("name", GAMES)
def test_every_array_belongs_to_a_player(name):
    game = GAMES[name]()
    owned = jax.tree.map(lambda *owners: any(owners), *(player.owns(game) for player in game.players()))
    for part in fields_of(game):
        disowned = any(leaf is False for leaf in jax.tree.leaves(getattr(owned, part)))
        assert disowned == (part in game.frozen), part
    assert len(jax.tree.leaves(owned)) == len(jax.tree.leaves(game))
    check_game(game, rows_for(name))


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
