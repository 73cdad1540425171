"""The `vae-2d` network in Keras, trained by `fit`: 784-256 ReLU-(2 means, 2 log-variances), 2-256 ReLU-784 Bernoulli.

Written as Keras' own example of a VAE: a `Model` with a `train_step`, which Keras compiles. By default everything is as
Keras has it; `--tuned` sets the two options of `compile` that a careful user would find.
"""

from common import MNIST_ROWS, EpochClock, Exam, mnist_images, parser
from keras_common import print_timing, start

# isort: split
import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

LATENT_DIM, HIDDEN, PIXELS, BATCH = 2, 256, 784, 100


class VAE(keras.Model):
    """An encoder and a decoder, trained on the evidence lower bound."""

    def __init__(self):
        super().__init__()
        x = keras.Input((PIXELS,))
        hidden = layers.Dense(HIDDEN, "relu")(x)
        self.encoder = keras.Model(x, [layers.Dense(LATENT_DIM)(hidden), layers.Dense(LATENT_DIM)(hidden)])
        z = keras.Input((LATENT_DIM,))
        self.decoder = keras.Model(z, layers.Dense(PIXELS)(layers.Dense(HIDDEN, "relu")(z)))
        self.seed = keras.random.SeedGenerator(0)
        self.reconstruction = keras.metrics.Mean(name="reconstruction")
        self.kl = keras.metrics.Mean(name="kl")

    @property
    def metrics(self):
        """What `fit` reports, and resets before every epoch."""
        return [self.reconstruction, self.kl]

    def train_step(self, x):
        """One update on images of shape [batch, 784]; returns the means of both terms so far, in nats."""
        with tf.GradientTape() as tape:
            mean, log_variance = self.encoder(x)
            z = mean + ops.exp(log_variance / 2) * keras.random.normal(ops.shape(mean), seed=self.seed)
            pixels = ops.binary_crossentropy(x, self.decoder(z), from_logits=True)
            reconstruction = ops.mean(ops.sum(pixels, axis=1))
            kl = ops.mean(ops.sum(ops.square(mean) + ops.exp(log_variance) - log_variance - 1, axis=1)) / 2
            loss = reconstruction + kl
        weights = self.trainable_weights
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        self.reconstruction.update_state(reconstruction)
        self.kl.update_state(kl)
        return {metric.name: metric.result() for metric in self.metrics}


class Stopwatch(keras.callbacks.Callback):
    """Stops the training once enough epochs have been timed."""

    def __init__(self, clock: EpochClock):
        super().__init__()
        self.clock = clock

    def on_epoch_end(self, epoch, logs=None):  # noqa: ARG002
        """Count the epoch."""
        self.model.stop_training = self.clock.tick()


class Examined(keras.callbacks.Callback):
    """Shows the negative bound of test rows after every epoch, and stops the training once it is good enough."""

    def __init__(self, exam: Exam, test: np.ndarray):
        super().__init__()
        self.exam, self.test = exam, test

    def on_epoch_end(self, epoch, logs=None):  # noqa: ARG002
        """Show it."""
        rows = (epoch + 1) * MNIST_ROWS
        self.model.stop_training = self.exam.over(rows, lambda: {"nats": negative_bound(self.model, self.test)})


def negative_bound(model: VAE, x: np.ndarray) -> np.ndarray:
    """The negative evidence lower bound of each row, in nats, by one draw of its code."""
    mean, log_variance = model.encoder.predict(x, batch_size=1000, verbose=0)
    z = mean + np.exp(log_variance / 2) * np.random.default_rng(0).normal(size=mean.shape)
    logits = model.decoder.predict(z, batch_size=1000, verbose=0)
    kl = (mean**2 + np.exp(log_variance) - log_variance - 1).sum(1) / 2
    return (np.logaddexp(0, logits) - x * logits).sum(1) + kl


def main() -> None:
    """Train for a while, and print the line."""
    arguments = parser(__doc__)
    arguments.add_argument("--tuned", action="store_true", help="compile with XLA, 100 rounds an execution")
    options = start(arguments)
    x, test = (
        mnist_images(options.data, part).reshape(-1, PIXELS).astype("float32") / 255 for part in ("train", "t10k")
    )
    exam = Exam(options.answers)
    model = VAE()
    tuning = {"steps_per_execution": 100, "jit_compile": True} if options.tuned else {}
    model.compile(optimizer=keras.optimizers.Adam(1e-3), **tuning)
    if options.answers:
        model.fit(x, batch_size=BATCH, epochs=10_000, verbose=0, callbacks=[Examined(exam, test)])
        return
    clock = EpochClock(options.warm_up, options.seconds)
    history = model.fit(x, batch_size=BATCH, epochs=10_000, verbose=0, callbacks=[Stopwatch(clock)]).history
    loss = history["reconstruction"][-1] + history["kl"][-1]
    rounds = clock.epochs * (len(x) // BATCH)
    print_timing(
        BATCH,
        rounds=rounds,
        seconds=clock.elapsed,
        loss=loss,
        jit_compile=model.jit_compile,
        tuned=options.tuned,
    )


if __name__ == "__main__":
    main()
