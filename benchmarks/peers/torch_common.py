"""What the PyTorch peers share around a training: the command line, the data in memory, and the line they print."""

import argparse
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from common import examine, mnist_images, mnist_labels, parser, print_line, time_rounds
from torch import Tensor, nn


def torch_parser(description: str | None) -> argparse.ArgumentParser:
    """The common arguments, and which Adam to use."""
    arguments = parser(description)
    arguments.add_argument("--fused", action="store_true", help="Adam as one kernel, not PyTorch's default")
    return arguments


def start(arguments: argparse.ArgumentParser) -> argparse.Namespace:
    """Read the command line, and give PyTorch the threads that it names."""
    options = arguments.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    return options


def load_images(folder: Path | None, part: str = "train") -> Tensor:
    """The training images of MNIST as float32 in [0, 1], of shape [60000, 28, 28]; or those of the part `t10k`."""
    return torch.from_numpy(mnist_images(folder, part).astype(np.float32) / 255)


def load_labels(folder: Path | None) -> Tensor:
    """The training labels of MNIST as int64, of shape [60000]."""
    return torch.from_numpy(mnist_labels(folder).astype(np.int64))


def row_batches(rows: int, batch: int) -> Iterator[Tensor]:
    """Epoch after epoch of full batches of row numbers, each epoch in a new order."""
    while True:
        for numbers in torch.randperm(rows).split(batch):
            if len(numbers) == batch:
                yield numbers


def memory_batches(data: Tensor, batch: int) -> Iterator[Tensor]:
    """Epoch after epoch of full batches from one tensor, each epoch in a new order."""
    return (data[rows] for rows in row_batches(len(data), batch))


def print_rounds(rounds: Iterator[Mapping[str, Tensor]], batch: int, options: argparse.Namespace) -> None:
    """Time a training, and print its line."""
    print_timing(time_rounds(rounds, options.warm_up, options.seconds), batch, options)


def run(
    rounds: Iterator[Mapping[str, Tensor]],
    batch: int,
    options: argparse.Namespace,
    answers: Callable[[], Mapping[str, np.ndarray]],
) -> None:
    """Time a training, and print its line; or, with `--answers`, show now and then what its model answers."""
    if options.answers:
        examine(rounds, batch, answers, options)
    else:
        print_rounds(rounds, batch, options)


@contextmanager
def answering(*networks: nn.Module) -> Iterator[None]:
    """While a model is asked: no dropout, no statistics of batches, no gradients."""
    for network in networks:
        network.eval()
    with torch.no_grad():
        yield
    for network in networks:
        network.train()


def print_fastest(
    trials: Mapping[str, Iterator[Mapping[str, Tensor]]], batch: int, options: argparse.Namespace
) -> None:
    """Time the same training done in several ways, and print the line of the fastest, with the rates of all."""
    timings = {way: time_rounds(rounds, options.warm_up, options.seconds) for way, rounds in trials.items()}
    rates = {way: timing["rounds"] * batch / timing["seconds"] for way, timing in timings.items()}
    fastest = max(rates, key=rates.__getitem__)
    print_timing(timings[fastest], batch, options, fastest=fastest, trials=rates)


def print_timing(timing: Mapping[str, object], batch: int, options: argparse.Namespace, **more: object) -> None:
    """Print the line of a training, and what the script ran with."""
    print_line("torch", batch, **timing, **more, fused=options.fused, versions={"torch": torch.__version__})
