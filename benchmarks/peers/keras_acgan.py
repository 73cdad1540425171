"""The `acgan-mnist` game in Keras, as a loop of `train_on_batch`: the way in which Keras' own examples wrote GANs.

A round draws fakes with `predict_on_batch`, trains the critic on them beside a batch of images, and then the generator
through the critic, which is frozen in the combined model.
"""

import os
from collections.abc import Iterator

import numpy as np
from common import mnist_images, mnist_labels, parser, print_line, time_rounds

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import tensorflow as tf
from keras import layers, losses

LATENT_DIM, CLASSES, BATCH = 100, 10, 32


def leaky():
    return layers.LeakyReLU(negative_slope=0.2)


def make_generator():
    z, y = keras.Input((LATENT_DIM,)), keras.Input((), dtype="int32")
    x = layers.Multiply()([z, layers.Embedding(CLASSES, LATENT_DIM)(y)])
    for width in (1024, 7 * 7 * 128):
        x = leaky()(layers.Dense(width)(x))
    x = layers.Reshape((7, 7, 128))(x)
    for channels in (256, 128):
        x = leaky()(layers.Conv2D(channels, 3, padding="same")(layers.UpSampling2D()(x)))
    return keras.Model([z, y], layers.Conv2D(1, 3, padding="same", activation="tanh")(x))


def make_critic():
    image = x = keras.Input((28, 28, 1))
    for channels in (32, 64, 128, 256):
        x = layers.Dropout(0.3)(leaky()(layers.Conv2D(channels, 3, strides=2, padding="same")(x)))
    x = layers.Flatten()(x)
    return keras.Model(image, [layers.Dense(1)(x), layers.Dense(CLASSES)(x)])


def compiled(model, weight: float):
    terms = [losses.BinaryCrossentropy(from_logits=True), losses.SparseCategoricalCrossentropy(from_logits=True)]
    model.compile(keras.optimizers.Adam(2e-4, beta_1=0.5), loss=terms, loss_weights=[weight, weight])
    return model


def train(images: np.ndarray, labels: np.ndarray) -> Iterator[dict[str, float]]:
    """One round for every batch; yields the losses of both players."""
    random = np.random.default_rng(0)
    generator, critic = make_generator(), compiled(make_critic(), 2.0)
    real, fake = np.ones((BATCH, 1), "float32"), np.zeros((BATCH, 1), "float32")
    # Keras fixes what a model trains when its step is traced: the critic's is, before the combined model freezes it.
    critic.train_on_batch(images[: 2 * BATCH], [np.concatenate([fake, real]), labels[: 2 * BATCH]])
    critic.trainable = False
    combined = compiled(keras.Model(generator.inputs, critic(generator.output)), 1.0)
    while True:
        for rows in random.permutation(len(images))[: len(images) // BATCH * BATCH].reshape(-1, BATCH):
            x, y = images[rows], labels[rows]
            fakes = generator.predict_on_batch([random.normal(size=(BATCH, LATENT_DIM)).astype("float32"), y])
            sources, classes = np.concatenate([fake, real]), np.concatenate([y, y])
            critic_loss = critic.train_on_batch(np.concatenate([fakes, x]), [sources, classes])
            z = random.normal(size=(BATCH, LATENT_DIM)).astype("float32")
            generator_loss = combined.train_on_batch([z, y], [real, y])
            yield {"critic": critic_loss[0], "generator": generator_loss[0]}


def main() -> None:
    options = parser(__doc__).parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(options.threads)
    images = mnist_images(options.data)[..., None].astype("float32") / 127.5 - 1
    labels = mnist_labels(options.data).astype("int32")
    timing = time_rounds(train(images, labels), options.warm_up, options.seconds)
    print_line("keras", BATCH, **timing, versions={"keras": keras.__version__, "tensorflow": tf.__version__})


if __name__ == "__main__":
    main()
