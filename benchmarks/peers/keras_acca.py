"""The `acca-halves` game in Keras, as a loop of `train_on_batch`: the way in which Keras' own examples wrote GANs.

A round draws the codes of all origins, trains the critic on them beside draws of the prior, and then encoders and
decoders, in one combined model through the critic, which is frozen there. By default codes come from each encoder's
`predict`, as in the well-known scripts; `--tuned` draws them with one `predict_on_batch`, which costs far less.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from common import mnist_images, parser
from keras_common import freeze_within_others, leaky, row_batches, run, start

# isort: split
import keras
from keras import layers, losses

LATENT_DIM, VIEW, BATCH, ORIGINS, VIEWS, FOOLING = 100, 28 * 14, 256, 3, 2, 1e-4


def make_mlp(inputs: int, hidden: tuple[int, ...], outputs: int, activation: str | None = None) -> keras.Sequential:
    """A multilayer perceptron, layer by layer."""
    network = keras.Sequential([keras.Input((inputs,))])
    for width in hidden:
        network.add(layers.Dense(width))
        network.add(leaky())
    network.add(layers.Dense(outputs, activation))
    return network


def compiled(model: keras.Model, terms: list[losses.Loss], weights: list[float] | None = None) -> keras.Model:
    """The model, with a loss for each output and an optimiser of its own."""
    model.compile(keras.optimizers.Adam(1e-3), loss=terms, loss_weights=weights)
    return model


class Networks(NamedTuple):
    """The left half's encoder, the right's, and that of both; and the decoder of each half."""

    encoders: list[keras.Sequential]
    decoders: list[keras.Sequential]


def make_networks() -> Networks:
    """Untrained ones."""
    encoders = [make_mlp(size, (256, 256), LATENT_DIM) for size in (VIEW, VIEW, VIEWS * VIEW)]
    return Networks(encoders, [make_mlp(LATENT_DIM, (256, 256), VIEW, "tanh") for _ in range(VIEWS)])


def train(networks: Networks, left_half: np.ndarray, right_half: np.ndarray, tuned: bool) -> Iterator[dict[str, float]]:
    """One round for every batch; yields the losses of both players."""
    random = np.random.default_rng(0)
    left, right = keras.Input((VIEW,)), keras.Input((VIEW,))
    both, decoders = layers.Concatenate()([left, right]), networks.decoders
    codes = [encoder(x) for encoder, x in zip(networks.encoders, (left, right, both), strict=True)]
    encoders = [keras.Model([left, right], z) for z in codes]
    all_codes = keras.Model([left, right], layers.Concatenate(axis=0)(codes))
    critic = compiled(make_mlp(LATENT_DIM, (512, 256), 1), [losses.BinaryCrossentropy(from_logits=True)])
    target = np.concatenate([np.ones((BATCH, 1)), np.zeros((ORIGINS * BATCH, 1))]).astype("float32")
    share = np.concatenate([np.full(BATCH, 2.0), np.full(ORIGINS * BATCH, 2 / ORIGINS)]).astype("float32")  # 1/2 each
    freeze_within_others(critic, np.zeros((len(target), LATENT_DIM), "float32"), target, sample_weight=share)
    reconstructions = [decoder(z) for z in codes for decoder in decoders]
    combined = compiled(
        keras.Model([left, right], reconstructions + [critic(z) for z in codes]),
        [losses.MeanSquaredError()] * (ORIGINS * VIEWS) + [losses.BinaryCrossentropy(from_logits=True)] * ORIGINS,
        [1 / (ORIGINS * VIEWS)] * (ORIGINS * VIEWS) + [FOOLING] * ORIGINS,
    )
    real = np.ones((BATCH, 1), "float32")
    for rows in row_batches(len(left_half), BATCH, random):
        views = [left_half[rows], right_half[rows]]
        prior = random.normal(size=(BATCH, LATENT_DIM)).astype("float32")
        if tuned:
            fake = [all_codes.predict_on_batch(views)]
        else:
            fake = [encoder.predict(views, verbose=0) for encoder in encoders]
        critic_loss = critic.train_on_batch(np.concatenate([prior, *fake]), target, sample_weight=share)
        loss = combined.train_on_batch(views, views * ORIGINS + [real] * ORIGINS)
        yield {"critic": critic_loss, "autoencoder": loss[0]}


def main() -> None:
    """Train for a while, and print the line; or show completed halves now and then."""
    arguments = parser(__doc__)
    arguments.add_argument("--tuned", action="store_true", help="draw all codes with one predict_on_batch")
    options = start(arguments)
    images, test = (mnist_images(options.data, part).astype("float32") / 127.5 - 1 for part in ("train", "t10k"))
    halves = (images[:, :, :14].reshape(-1, VIEW), images[:, :, 14:].reshape(-1, VIEW))
    networks = make_networks()
    rounds = train(networks, *halves, options.tuned)

    def completed() -> dict[str, np.ndarray]:
        codes = networks.encoders[0].predict(test[:, :, :14].reshape(-1, VIEW), batch_size=1000, verbose=0)
        right = networks.decoders[1].predict(codes, batch_size=1000, verbose=0)
        return {"right": np.rint(127.5 * (right.reshape(-1, 28, 14) + 1)).astype(np.uint8)}

    run(rounds, BATCH, options, completed, tuned=options.tuned)


if __name__ == "__main__":
    main()
