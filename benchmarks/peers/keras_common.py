"""What the Keras peers share: command line, batches, the frozen critic of a combined model, and the line they print.

Imported before Keras itself, whose backend it names.
"""

import argparse
import os
from collections.abc import Callable, Iterator, Mapping

import numpy as np
from common import examine, print_line, time_rounds

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import tensorflow as tf


def start(arguments: argparse.ArgumentParser) -> argparse.Namespace:
    """Read the command line, and give TensorFlow the threads that it names."""
    options = arguments.parse_args()
    keras.utils.set_random_seed(options.seed)
    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(options.threads)
    return options


def row_batches(rows: int, batch: int, random: np.random.Generator) -> Iterator[np.ndarray]:
    """Epoch after epoch of full batches of row numbers, each epoch in a new order."""
    while True:
        yield from random.permutation(rows)[: rows // batch * batch].reshape(-1, batch)


def leaky() -> keras.layers.Layer:
    """LeakyReLU with the slope that the GANs of the contests have."""
    return keras.layers.LeakyReLU(negative_slope=0.2)


def freeze_within_others(critic: keras.Model, *batch: object, **more: object) -> None:
    """Freeze a critic for the models that it becomes part of, but not for its own `train_on_batch`.

    Keras fixes what a model trains when its step is traced, so the critic makes its first step, on `batch`, before.
    """
    critic.train_on_batch(*batch, **more)
    critic.trainable = False


def print_rounds(
    rounds: Iterator[Mapping[str, object]], batch: int, options: argparse.Namespace, **more: object
) -> None:
    """Time a training in rounds, and print its line."""
    print_timing(batch, **time_rounds(rounds, options.warm_up, options.seconds), **more)


def run(
    rounds: Iterator[Mapping[str, object]],
    batch: int,
    options: argparse.Namespace,
    answers: Callable[[], Mapping[str, np.ndarray]],
    **more: object,
) -> None:
    """Time a training, and print its line; or, with `--answers`, show now and then what its model answers."""
    if options.answers:
        examine(rounds, batch, answers, options)
    else:
        print_rounds(rounds, batch, options, **more)


def print_timing(batch: int, **timing: object) -> None:
    """Print the line of a training, and the versions that it ran with."""
    print_line("keras", batch, **timing, versions={"keras": keras.__version__, "tensorflow": tf.__version__})
