"""Small games that the engine is tested with."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float

from latently.game import Game, Player
from latently.networks import Layer, mlp
from latently.probability import logistic, r1_penalty
from latently.training import Feed, Trainer


class Tug(Game):
    """Two players that pull at two vectors with noise: every source of randomness of a run shows in them."""

    left: Float[Array, "features"]
    right: Float[Array, "features"]

    def players(self):
        return (
            Player("left", ("left",), Tug.pull_left, optax.adam(0.05), updates=2),
            Player("right", ("right",), Tug.pull_right, optax.sgd(0.1, momentum=0.9), {"labels": 0.5}),
        )

    def pull_left(self, batch, key):
        target = batch.x + 0.1 * jax.random.normal(key, batch.x.shape)
        return {"distance": ((target - self.left) ** 2).mean() + ((self.left - self.right) ** 2).mean()}

    def pull_right(self, batch, key):
        labels = 0.0 if batch.labels is None else batch.labels.astype(float).mean()
        draw = batch if batch.labelled is None else batch.labelled
        return {
            "distance": ((draw.x - self.right) ** 2).mean(),
            "labels": ((self.right - self.left - labels) ** 2).mean(),
        }


def tug_rows(rows=37, features=3):
    """Rows and labels, a third of them unknown."""
    random = np.random.default_rng(5)
    return random.normal(size=(rows, features)).astype(np.float32), random.integers(-1, 2, rows)


def tug_trainer(*, rows=37, batch_size=8, seed=3, labelled=True, devices=1, **feed):
    """A trainer of `Tug` at round 0."""
    x, labels = tug_rows(rows)
    game = Tug(jnp.zeros(3), jnp.ones(3))
    feed = Feed((x,), labels, batch_size=batch_size, seed=seed, draw_labelled=labelled, **feed)
    return Trainer(game, feed, seed=seed, devices=devices)


class RingGAN(Game):
    """A two-player game: a generator learns a distribution on the plane (Goodfellow et al. 2014)."""

    generator: Layer
    critic: Layer

    def players(self):
        adam = optax.adam(2e-3, b1=0.5)
        return (
            Player("critic", ("critic",), RingGAN.discriminate, adam, {"penalty": 0.1}),
            Player("generator", ("generator",), RingGAN.fool, adam),
        )

    def generate(self, key, n):
        return self.generator(jax.random.normal(key, (n, 4)))

    def discriminate(self, batch, key):
        fake = self.generate(key, len(batch.x))
        return {
            "real": logistic.real(self.critic(batch.x)),
            "fake": logistic.fake(self.critic(fake)),
            "penalty": r1_penalty(self.critic, batch.x),
        }

    def fool(self, batch, key):
        return {"fooling": logistic.fool(self.critic(self.generate(key, len(batch.x))))}


class FewLabels(Game):
    """One player, two populations: cross-entropy on the labelled draw, entropy on all rows."""

    classifier: Layer

    def players(self):
        return (Player("classifier", ("classifier",), FewLabels.classify, optax.adam(0.01), {"entropy": 0.3}),)

    def classify(self, batch, key):
        known = jax.nn.log_softmax(self.classifier(batch.labelled.x))
        anywhere = jax.nn.log_softmax(self.classifier(batch.x))
        return {
            "cross_entropy": -jnp.take_along_axis(known, batch.labelled.labels[:, None], axis=1).mean(),
            "entropy": -(jnp.exp(anywhere) * anywhere).sum(axis=1).mean(),
        }


class TwoViews(Game):
    """Two players, two views: each predicts one view from the other by a linear map."""

    forward: Float[Array, "first second"]
    backward: Float[Array, "second first"]

    def players(self):
        return (
            Player("forward", ("forward",), TwoViews.predict_second, optax.adam(0.05)),
            Player("backward", ("backward",), TwoViews.predict_first, optax.adam(0.05)),
        )

    def predict_second(self, batch, key):
        first, second = batch.views
        return {"error": ((first @ self.forward - second) ** 2).mean()}

    def predict_first(self, batch, key):
        first, second = batch.views
        return {"error": ((second @ self.backward - first) ** 2).mean()}


class Convolving(Game):
    """One player with a convolution."""

    kernel: Float[Array, "3 3 1 1"]

    def players(self):
        return (Player("kernel", ("kernel",), Convolving.distance, optax.adam(0.01)),)

    def distance(self, batch, key):
        blurred = jax.lax.conv_general_dilated(
            batch.x, self.kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
        )
        return {"distance": ((blurred - batch.x - 0.1 * jax.random.normal(key, batch.x.shape)) ** 2).mean()}


def small_mlp(inputs, outputs, seed):
    """A network of two hidden layers."""
    return mlp(inputs, (64, 64), outputs, jax.random.key(seed), activation="leaky_relu")


def same_bits(a, b):
    """Whether two pytrees hold the same arrays, bit for bit."""
    leaves_a, leaves_b = (jax.tree.leaves(eqx.filter(tree, lambda leaf: hasattr(leaf, "dtype"))) for tree in (a, b))
    return len(leaves_a) == len(leaves_b) and all(map(_same_array, leaves_a, leaves_b))


def _same_array(a, b):
    a, b = (
        np.asarray(jax.random.key_data(leaf) if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key) else leaf)
        for leaf in (a, b)
    )
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


class StopEvery:
    """An observer that asks for chunks to end at every multiple of `rounds`, and remembers where they did."""

    def __init__(self, rounds):
        self.rounds = rounds
        self.seen = []

    def next_stop(self, round_):
        return (round_ // self.rounds + 1) * self.rounds

    def __call__(self, trainer, progress):
        self.seen.append(progress.round)
