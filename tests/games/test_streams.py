"""No two consumers of a round share a key, in any game: not the players, nor the feed, nor what they are made of."""

import functools
import re

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from games.builders import GAMES, rows_for
from games.draws import DRAWING, Record
from latently.data import Preprocessing, ViewsPreprocessing
from latently.game import Game, Player
from latently.networks import Chain, Conditional, Dropout, mlp
from latently.probability import (
    PRIORS,
    Averaged,
    BernoulliHead,
    CategoricalHead,
    Corruption,
    EachView,
    Gaussian,
    GaussianHead,
    GaussianNoise,
    Implicit,
    LaplaceHead,
    MaskingNoise,
    Mixture,
    SaltAndPepperNoise,
)
from latently.streams import stream
from latently.training import Feed, Trainer

KEY = jax.random.key(5)

SHARED = {
    "acgan": {"prior", "generator"},  # a fake, that the critic judges and the generator answers for
    "supervised aae, implicit": {"code"},  # a code, that the decoder, the critic and the encoder meet
    "aae, gaussian": {"code"},
    "aae, joint step": {"code"},
    "aae, implicit, penalty": {"code"},
    "aae, implicit, joint step": {"code"},
    "factor vae": {"encoder", "corruption", "code"},  # a code, that the decoder and the critic meet
    "acca, gaussian": {"code of left", "code of right", "code of all"},
    "acca, implicit, no joint encoder": {"code of left", "code of right"},
    "acca, product of experts": {"shown views"},  # of a row, to coders and critic alike
}
"""What players draw together, by design: a pass of theirs that is then computed once. In other games: nothing."""


def recorded(game, feed):
    """The draws of one round, played op by op: so keys are numbers."""
    trainer, record = Trainer(game, feed, seed=0), Record()
    with record.listening():
        trainer._rounds.play(trainer._arrays, feed.chunk(0, 1), jnp.asarray(0))
    return record


@functools.cache
def played(name):
    """A round of a game, on pixels that are drawn as 0 or 1, and on as many rows that have a label."""
    rows = rows_for(name)
    views = [np.asarray(x, np.float32) for x in rows.views]
    layouts = ["images" if x.ndim == 4 else "vectors" for x in views]
    pixels = [
        Preprocessing.fit(x, range="unit", layout=layout, binarize=True)
        for x, layout in zip(views, layouts, strict=True)
    ]
    prepare = ViewsPreprocessing(dict(zip("ab", pixels, strict=False))).prepare

    def as_the_weights(stored, key):
        return tuple(x.astype(float) for x in prepare(stored, key))

    present = None if rows.present is None else np.asarray(rows.present)
    labels = np.asarray(rows.labels)
    if "all labels known" in name:
        labels = abs(labels)
    feed = Feed(
        views, labels, present=present, batch_size=6, seed=0, prepare=as_the_weights, draw_labelled="all" not in name
    )
    return recorded(GAMES[name](), feed)


@pytest.mark.sampled
@pytest.mark.parametrize("name", GAMES)
def test_no_two_consumers_of_a_round_share_a_key(name):
    record = played(name)
    assert not record.clashes()
    assert record.shared() == SHARED.get(name, set())


@pytest.mark.sampled
@pytest.mark.parametrize("name", GAMES)
def test_all_that_can_draw_in_a_game_does(name):
    """Else the question above would be asked of less than a game can do."""
    game, who = GAMES[name](), {draw.by.partition(".")[0] for draw in played(name).draws}
    if name == "m1m2":
        game = game.second  # the first stage, fitted before, draws codes only
    parts = jax.tree.leaves(game, is_leaf=lambda part: isinstance(part, Corruption) or _is_noise(part))
    noisy = {type(part).__name__ for part in parts if isinstance(part, Corruption) or _is_noise(part)}
    assert {"Dropout", "InputNoise"} <= noisy <= who
    feed = [draw for draw in played(name).draws if draw.who == "feed"]
    assert {draw.by for draw in feed} == {"Reading.__call__"}
    assert len({draw.key for draw in feed}) == len(rows_for(name).views) * (1 if "all" in name else 2)


def _is_noise(part):
    return type(part).__name__ in ("Dropout", "InputNoise")


@pytest.mark.parametrize(
    ("name", "by"),
    [
        ("vae", "Gaussian.sample"),
        ("supervised aae, implicit", "Implicit.sample"),
        ("contractive autoencoder", "with_jacobian_norm"),
        ("aae, implicit, joint step", "gradient_penalty"),
        ("semi-supervised aae", "SemiSupervisedAAE._drawn_labels"),
        ("acca, implicit, no joint encoder", "Implicit.sample"),
        ("acca, gaussian", "Gaussian.sample"),
    ],
)
def test_what_only_some_games_draw_is_heard(name, by):
    assert by in {draw.by for draw in played(name).draws}


# ---- what games are made of ----


def noisy(inputs, outputs):
    return mlp(inputs, (5, 5), outputs, jax.random.key(0), dropout=0.3, input_noise=0.1)


IMPLICIT = {"head": GaussianHead(scale="exp"), "noise_dim": 3}
X = np.linspace(0.1, 0.9, 24).reshape(6, 4)

PARTS = {
    "a chain of chains": lambda key: Chain((noisy(4, 4), Dropout(0.3), Chain((noisy(4, 4), Dropout(0.3)))))(
        jnp.asarray(X), key
    ),
    "a chain, crossed with labels": lambda key: noisy(7, 4).crossed(jnp.asarray(X), jnp.eye(3), key),
    "an implicit posterior": lambda key: Conditional(noisy(7, 4), **IMPLICIT)(
        jnp.asarray(X), stream(key, "encoder")
    ).sample(stream(key, "code")),
    "implicit, calibrated": lambda key: Conditional(noisy(7, 4), **IMPLICIT).calibrated(jnp.asarray(X), key),
    "an average": lambda key: Averaged(
        (
            Gaussian(jnp.asarray(X), jnp.asarray(X)),
            Gaussian(jnp.asarray(-X), jnp.asarray(X)),
            Implicit(noisy(7, 4), jnp.asarray(X), 3),
        ),
        jnp.full((6, 3), 1 / 3),
    ).sample(key),
    "each view": lambda key: EachView((GaussianNoise(0.3), MaskingNoise(0.3), SaltAndPepperNoise(0.3)))(
        (jnp.asarray(X),) * 3, key
    ),
    **{
        f"a draw of {type(head).__name__}": lambda key, head=head: head(jnp.ones((6, 8))).sample(key)
        for head in (BernoulliHead(), GaussianHead(scale="exp"), LaplaceHead(), CategoricalHead(4))
    },
    "views, binarised": lambda key: ViewsPreprocessing(
        {name: Preprocessing.fit(X.astype(np.float32), range="unit", binarize=True) for name in "ab"}
    ).prepare((X, X), key),
}
MIXTURE = Mixture(4, centers=((0.0,) * 4, (1.0,) * 4, (2.0,) * 4))


@pytest.mark.parametrize("part", PARTS)
def test_a_part_draws_from_no_key_twice(part):
    record = Record()
    with record.listening():
        PARTS[part](KEY)
    assert record.draws
    assert not record.clashes()


@pytest.mark.parametrize("labels", [None, [0, 2, -1, 1, -1, 2]], ids=["free", "tied to labels"])
@pytest.mark.parametrize("name", ["mixture", *PRIORS])
def test_a_prior_draws_from_no_key_twice(name, labels):
    prior, record = MIXTURE if name == "mixture" else PRIORS[name](4), Record()
    n_labels = {"star": 10, "categorical": 4}.get(name, 3)
    with record.listening():
        prior.sample(KEY, 6, None if labels is None else jnp.asarray(labels), n_labels)
    assert not record.clashes()


@pytest.mark.sampled
@pytest.mark.parametrize("name", GAMES)
def test_a_games_calibration_draws_from_no_key_twice(name):
    game, record = GAMES[name](), Record()
    rows = rows_for(name).known if "acca" not in name else rows_for(name)
    with record.listening():
        game.calibrated(rows, KEY)
    record.draws = [draw for draw in record.draws if draw.by != "Implicit.mean"]  # whose draws are the same for all
    assert not record.clashes()


# ---- the record itself ----


class Toy(Game):
    """Players that draw as a test wants it."""

    weights: tuple[jax.Array, ...]
    draw: tuple = ()

    def players(self):
        def loss(number):
            def distance(game, batch, key):
                noise = sum(jnp.sum(each) for each in game.draw[number](key))
                return {"distance": ((batch.x.mean() + noise - game.weights[0]) ** 2).mean()}

            return distance

        return tuple(Player(f"p{n}", ("weights",), loss(n), optax.sgd(0.1)) for n in range(len(self.draw)))


def toy(*draw, prepare=lambda views, key: views):
    return recorded(Toy((jnp.zeros(2),), draw), Feed((np.ones((4, 2)),), batch_size=4, seed=0, prepare=prepare))


def normal(key, shape=(2,)):
    return jax.random.normal(key, shape)


def second_of_two(key):
    return jax.random.split(key)[1]


def test_split_and_fold_in_are_caught_where_they_give_one_key():
    (clash,) = toy(lambda key: (normal(second_of_two(key)), normal(jax.random.fold_in(key, 1)))).clashes()
    one, other = clash.split("; so did ")
    told = r"p0 0 at test_streams\.py:\d+ drew \('normal', \(2,\), 'float64'\) with '\.split\(1\) = \.fold_in\(1\)'"
    assert re.fullmatch(told, one)
    assert re.fullmatch(told, other)
    assert not toy(lambda key: (normal(second_of_two(key)), normal(jax.random.fold_in(key, 2)))).clashes()


@pytest.mark.parametrize(
    "draw",
    [
        lambda key: (normal(key), normal(key)),
        lambda key: (normal(key), jax.random.uniform(key, (3,))),
        lambda key: (normal(key), normal(second_of_two(key))),
        lambda key: (normal(stream(key, "a")), normal(jax.random.fold_in(stream(key, "a"), 0))),
        lambda key: (normal(second_of_two(key)), jax.random.bernoulli(jax.random.fold_in(key, 1), 0.5, (2,))),
    ],
    ids=["the same draw", "another draw", "a key and its child", "a stream and its child", "split and fold_in"],
)
def test_a_loss_that_uses_a_key_twice_is_caught(draw):
    assert toy(draw).clashes()


def test_players_may_share_a_draw_and_nothing_else():
    def draws(shape=(2,)):
        return lambda key: (normal(stream(key, "code"), shape),)

    shared = toy(draws(), draws(), lambda key: (normal(stream(key, "prior")),))
    assert not shared.clashes()
    assert shared.shared() == {"code"}
    assert toy(draws(), draws((3,))).clashes()
    assert toy(draws(), lambda key: (jax.random.uniform(stream(key, "code"), (2,)),)).clashes()


def test_a_feed_that_draws_with_the_players_key_is_caught():
    def prepare(views, key):
        return tuple(view + jax.random.uniform(jax.random.key(7), view.shape) for view in views)

    assert toy(lambda key: (normal(jax.random.key(7)),), prepare=prepare).clashes()
    assert not toy(lambda key: (normal(key),), prepare=prepare).clashes()


def test_all_functions_that_draw_are_heard():
    assert {
        "bits",
        "normal",
        "uniform",
        "bernoulli",
        "randint",
        "gumbel",
        "categorical",
        "permutation",
        "choice",
    } < set(DRAWING)
    assert {"exponential", "rademacher", "truncated_normal", "laplace", "gamma", "multivariate_normal"} < set(DRAWING)
    assert not {"key", "split", "fold_in", "clone", "key_data", "wrap_key_data"} & set(DRAWING)
