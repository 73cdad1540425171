"""The `acgan-mnist` game in Keras, as a loop of `train_on_batch`: the way in which Keras' own examples wrote GANs.

A round draws fakes with `predict_on_batch`, trains the critic on them beside a batch of images, and then the generator
through the critic, which is frozen in the combined model.
"""

from collections.abc import Iterator

import numpy as np
from common import mnist_images, mnist_labels, parser
from keras_common import freeze_within_others, leaky, row_batches, run, start

# isort: split
import keras
from keras import layers, losses

LATENT_DIM, CLASSES, BATCH = 100, 10, 32


def make_generator() -> keras.Model:
    """Noise and a class to an image."""
    z, y = keras.Input((LATENT_DIM,)), keras.Input((), dtype="int32")
    x = layers.Multiply()([z, layers.Embedding(CLASSES, LATENT_DIM)(y)])
    for width in (1024, 7 * 7 * 128):
        x = leaky()(layers.Dense(width)(x))
    x = layers.Reshape((7, 7, 128))(x)
    for channels in (256, 128):
        x = leaky()(layers.Conv2D(channels, 3, padding="same")(layers.UpSampling2D()(x)))
    return keras.Model([z, y], layers.Conv2D(1, 3, padding="same", activation="tanh")(x))


def make_critic() -> keras.Model:
    """An image to a logit of its source and one of each class."""
    image = x = keras.Input((28, 28, 1))
    for channels in (32, 64, 128, 256):
        x = layers.Dropout(0.3)(leaky()(layers.Conv2D(channels, 3, strides=2, padding="same")(x)))
    x = layers.Flatten()(x)
    return keras.Model(image, [layers.Dense(1)(x), layers.Dense(CLASSES)(x)])


def compiled(model: keras.Model, weight: float) -> keras.Model:
    """The model, with the losses of source and class, equally weighted, and an optimiser of its own."""
    terms = [losses.BinaryCrossentropy(from_logits=True), losses.SparseCategoricalCrossentropy(from_logits=True)]
    model.compile(keras.optimizers.Adam(2e-4, beta_1=0.5), loss=terms, loss_weights=[weight, weight])
    return model


def train(generator: keras.Model, images: np.ndarray, labels: np.ndarray) -> Iterator[dict[str, float]]:
    """One round for every batch; yields the losses of both players."""
    random = np.random.default_rng(0)
    critic = compiled(make_critic(), 2.0)
    real, fake = np.ones((BATCH, 1), "float32"), np.zeros((BATCH, 1), "float32")
    sources = np.concatenate([fake, real])
    freeze_within_others(critic, images[: 2 * BATCH], [sources, labels[: 2 * BATCH]])
    combined = compiled(keras.Model(generator.inputs, critic(generator.output)), 1.0)
    for rows in row_batches(len(images), BATCH, random):
        x, y = images[rows], labels[rows]
        z = random.normal(size=(BATCH, LATENT_DIM)).astype("float32")
        both = np.concatenate([generator.predict_on_batch([z, y]), x])
        critic_loss = critic.train_on_batch(both, [sources, np.concatenate([y, y])])
        z = random.normal(size=(BATCH, LATENT_DIM)).astype("float32")
        generator_loss = combined.train_on_batch([z, y], [real, y])
        yield {"critic": critic_loss[0], "generator": generator_loss[0]}


def main() -> None:
    """Train for a while, and print the line; or show draws of each class now and then."""
    options = start(parser(__doc__))
    images = mnist_images(options.data)[..., None].astype("float32") / 127.5 - 1
    labels = mnist_labels(options.data).astype("int32")
    generator = make_generator()
    rounds = train(generator, images, labels)

    def drawn() -> dict[str, np.ndarray]:
        y = mnist_labels(options.data, "t10k").astype("int32")
        z = np.random.default_rng(1).normal(size=(len(y), LATENT_DIM)).astype("float32")
        found = generator.predict([z, y], batch_size=1000, verbose=0)[..., 0]
        return {"images": np.rint(127.5 * (found + 1)).astype(np.uint8)}

    run(rounds, BATCH, options, drawn)


if __name__ == "__main__":
    main()
