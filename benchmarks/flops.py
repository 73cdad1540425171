"""How many floating-point operations a round of training needs, counted from the sizes of its layers.

Only the products count (2 m n for each row of an `[m, n]` layer), and each only where mathematics needs it: a forward
pass that two players share counts once, a gradient that no player asks for counts never, and a convolution after a
nearest-neighbour upsampling counts its products at the low resolution, 1/4 of the naive ones. So the share of the
machine's rate that follows from these counts is, if anything, too low.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import equinox as eqx
import jax


@dataclass(frozen=True)
class Network:
    """A chain of layers, each by the operations of its forward pass for one row."""

    layers: tuple[int, ...]

    @property
    def forward(self) -> int:
        """The output."""
        return sum(self.layers)

    @property
    def update(self) -> int:
        """The output, the gradients of the weights, and what carries them back to the first layer; not to the input."""
        return 3 * self.forward - self.layers[0]

    @property
    def inner_update(self) -> int:
        """The same where the input is another network's output, which needs a gradient too."""
        return 3 * self.forward

    @property
    def judgement(self) -> int:
        """The output and its gradient for the input, but none of the weights."""
        return 2 * self.forward

    def __add__(self, other: "Network") -> "Network":
        return Network(self.layers + other.layers)


def dense(*widths: int) -> Network:
    """A multilayer perceptron.

    Example:
        >>> dense(784, 256, 4).layers
        (401408, 2048)
    """
    return Network(tuple(2 * inputs * outputs for inputs, outputs in pairwise(widths)))


def convolution(pixels: int, inputs: int, outputs: int) -> Network:
    """A 3×3 convolution with so many output pixels, or so many input pixels that are upsampled before it."""
    return Network((2 * pixels * 9 * inputs * outputs,))


def train_autoencoder(encoder: Network, decoder: Network) -> int:
    """One update of encoder and decoder on one row; the data need no gradient."""
    return encoder.update + decoder.inner_update


def train_critic(critic: Network) -> int:
    """One update of a critic on one code and one draw of the prior, both given."""
    return 2 * critic.update


def joint_aae(encoder: Network, decoder: Network, critic: Network) -> int:
    """A round of critic and autoencoder; the codes that the critic learns from are those that are decoded."""
    return train_autoencoder(encoder, decoder) + train_critic(critic) + critic.judgement


def separate_aae(encoder: Network, decoder: Network, critic: Network, generator_updates: int) -> int:
    """A round of autoencoder, critic and generator; the generator's first codes are those the critic learned from."""
    fooling = critic.judgement + encoder.update
    return train_autoencoder(encoder, decoder) + train_critic(critic) + generator_updates * fooling


def semi_supervised_aae(classes: int, latent_dim: int, labelled_share: float) -> int:
    """A round of autoencoder, critics, generator and classifier; the last on so many labelled rows for each row."""
    both = classes + latent_dim
    encoder, decoder = dense(784, 1000, 1000, both), dense(both, 1000, 1000, 784)
    critics = dense(classes, 500, 500, 1), dense(both, 500, 500, 1)
    fooling = sum(critic.judgement for critic in critics) + encoder.update
    classify = round(labelled_share * encoder.update)
    return train_autoencoder(encoder, decoder) + sum(map(train_critic, critics)) + fooling + classify


def acgan(generator: Network, critic: Network) -> int:
    """A round of critic and generator; the fakes that the critic learns from are those that the generator improves."""
    return train_critic(critic) + critic.judgement + generator.update


def semi_supervised_vae(
    classifier: Network, encoder: Network, decoder: Network, classes: int, labelled_share: float
) -> int:
    """A round of M2: every row with every class; the encoder's first product, with the row alone, once for all."""
    first, rest = Network(encoder.layers[:1]), Network(encoder.layers[1:])
    each = rest.inner_update + decoder.inner_update
    return first.update + classes * each + round((1 + labelled_share) * classifier.update)


def acca(encoders: tuple[Network, ...], decoders: tuple[Network, ...], critic: Network) -> int:
    """A round of critic and autoencoder, with a code from each encoder, each decoded to every view."""
    codes = len(encoders)
    encode = sum(encoder.update for encoder in encoders)
    decode = sum(decoder.inner_update for decoder in decoders)
    return encode + codes * (decode + critic.judgement) + (codes + 1) * critic.update


@dataclass(frozen=True)
class Training:
    """One of the trainings that are measured."""

    batch: int
    flops_per_row: int

    @property
    def flops_per_round(self) -> int:
        """Floating-point operations of a round."""
        return self.batch * self.flops_per_row


TRAININGS = {
    "vae-2d": Training(100, train_autoencoder(dense(784, 256, 2 * 2), dense(2, 256, 784))),
    "aae-gaussian": Training(
        64, joint_aae(dense(784, 512, 512, 2 * 10), dense(10, 512, 512, 784), dense(10, 512, 256, 1))
    ),
    "aae-mlp": Training(
        128, separate_aae(dense(784, 1000, 1000, 2), dense(2, 1000, 1000, 784), dense(2, 1000, 1000, 1), 2)
    ),
    "aae-semi-supervised": Training(128, semi_supervised_aae(10, 10, 100 / 128)),
    "aae-clustering": Training(128, semi_supervised_aae(30, 5, 0.0)),
    "cvae": Training(128, train_autoencoder(dense(784 + 10, 500, 500, 2 * 20), dense(20 + 10, 500, 500, 784))),
    "m2": Training(
        128,
        semi_supervised_vae(dense(784, 500, 10), dense(784, 500, 2 * 50), dense(50 + 10, 500, 784), 10, 100 / 128),
    ),
    "vae-conv": Training(
        128,
        train_autoencoder(
            convolution(14 * 14, 1, 32) + convolution(7 * 7, 32, 64) + dense(64 * 7 * 7, 256, 2 * 16),
            dense(16, 64 * 7 * 7) + convolution(7 * 7, 64, 32) + convolution(14 * 14, 32, 1),
        ),
    ),
    "acca-halves": Training(
        256,
        acca(
            (dense(392, 256, 256, 100), dense(392, 256, 256, 100), dense(784, 256, 256, 100)),
            (dense(100, 256, 256, 392), dense(100, 256, 256, 392)),
            dense(100, 512, 256, 1),
        ),
    ),
    "acgan-mnist": Training(
        32,
        acgan(
            dense(100, 1024, 128 * 7 * 7)
            + convolution(7 * 7, 128, 256)
            + convolution(14 * 14, 256, 128)
            + convolution(28 * 28, 128, 1),
            convolution(14 * 14, 1, 32)
            + convolution(7 * 7, 32, 64)
            + convolution(4 * 4, 64, 128)
            + convolution(2 * 2, 128, 256)
            + dense(256 * 2 * 2, 1 + 10),
        ),
    ),
}
"""The trainings that are measured, by the name of the preset."""


def xla_flops_per_round(trainer: Any) -> float:
    """XLA's own count for one compiled round: a cross-check, since it adds every activation and the optimiser.

    Args:
        trainer: a `latently.training.Trainer` before or after training.

    Returns:
        Floating-point operations of a round as compiled.
    """
    from latently.training import play_round

    arrays, static = eqx.partition(trainer.state, eqx.is_array)
    batch = trainer.feed.batch(trainer.feed.chunk(0, 1), 0, jax.random.key(0))

    def play(arrays: Any, batch: Any) -> Any:
        state, terms = play_round(eqx.combine(arrays, static), batch)
        return eqx.filter(state, eqx.is_array), terms

    analysis: Any = jax.jit(play).lower(arrays, batch).compile().cost_analysis()
    return float((analysis[0] if isinstance(analysis, Sequence) else analysis)["flops"])
