"""What the peers share: their arguments, the data, the stopwatch and the line that they print.

The peers live in environments of their own, without Latently, so this file needs NumPy alone.
"""

import argparse
import gzip
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np


def parser(description: str | None) -> argparse.ArgumentParser:
    """The arguments that every contender of a benchmark takes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, default=os.environ.get("LATENTLY_DATA"), help="the folder that has mnist/")
    parser.add_argument("--seconds", type=float, default=8.0, help="how long the steady state is measured")
    parser.add_argument("--warm-up", type=float, default=2.0, help="seconds of training that are not measured")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="processor cores to use")
    return parser


def mnist_images(folder: Path | None) -> np.ndarray:
    """The training images of MNIST, of shape [60000, 28, 28], uint8.

    Raises:
        SystemExit: no folder was named, or it holds no `mnist/train-images-idx3-ubyte`, gzipped or not.
    """
    return np.frombuffer(_idx_bytes(folder, "train-images-idx3-ubyte"), np.uint8, offset=16).reshape(-1, 28, 28)


def mnist_labels(folder: Path | None) -> np.ndarray:
    """The training labels of MNIST, of shape [60000], uint8.

    Raises:
        SystemExit: no folder was named, or it holds no `mnist/train-labels-idx1-ubyte`, gzipped or not.
    """
    return np.frombuffer(_idx_bytes(folder, "train-labels-idx1-ubyte"), np.uint8, offset=8)


def _idx_bytes(folder: Path | None, name: str) -> bytes:
    if folder is None:
        raise SystemExit("--data must name the folder that has mnist/ (or set LATENTLY_DATA)")
    path = Path(folder) / "mnist" / name
    packed = path.with_name(f"{path.name}.gz")
    if not (path.is_file() or packed.is_file()):
        raise SystemExit(f"--data must name the folder that has mnist/; there is neither {path} nor {packed}")
    return gzip.decompress(packed.read_bytes()) if packed.is_file() else path.read_bytes()


def time_rounds(rounds: Iterator[Mapping[str, object]], warm_up: float, seconds: float) -> dict[str, object]:
    """Rounds of training for `seconds`, after `warm_up` seconds that are not counted.

    Args:
        rounds: an endless iterator; each `next` plays one round of training and gives its losses.
        warm_up: seconds of training before the stopwatch starts; at least ten rounds in any case.
        seconds: how long to measure.

    Returns:
        `rounds`, the `seconds` that they took, and the `losses` of the last, so that a run which learns nothing shows.
    """
    start = time.perf_counter()
    played = 0
    while played < 10 or time.perf_counter() - start < warm_up:
        next(rounds)
        played += 1
    start = time.perf_counter()
    played = 0
    while (elapsed := time.perf_counter() - start) < seconds:
        losses = next(rounds)
        played += 1
    return {"rounds": played, "seconds": elapsed, "losses": {name: float(loss) for name, loss in losses.items()}}


def best_seconds(ask: Callable[[], object], seconds: float) -> float:
    """The least time that a call takes, of as many as fit into `seconds`, three at least; the first is not counted."""
    ask()
    times: list[float] = []
    while len(times) < 3 or sum(times) < seconds:
        start = time.perf_counter()
        ask()
        times.append(time.perf_counter() - start)
    return min(times)


def print_answers(name: str, rows: int, seconds: Mapping[str, float], *, one_row: float, **more: object) -> None:
    """Print the one line of a contest after training: rows a second of each question, and the seconds of one row."""
    rates = {question: rows / each for question, each in seconds.items()}
    print(json.dumps({"name": name, "rows_per_second": rates, "one_row_ms": 1000 * one_row, **more}), flush=True)


class EpochClock:
    """A stopwatch for libraries that own their training loop: call `tick` at the end of every epoch.

    The first epoch (tracing, compilation, first touch of the data) and those within `warm_up` seconds are not counted.
    """

    def __init__(self, warm_up: float, seconds: float):
        self.warm_up, self.seconds = warm_up, seconds
        self.born = time.perf_counter()
        self.start: float | None = None
        self.epochs = 0
        self.elapsed = 0.0

    def tick(self) -> bool:
        """Count an epoch; returns whether enough of them have been seen."""
        now = time.perf_counter()
        if self.start is None:
            if now - self.born >= self.warm_up:
                self.start = now
            return False
        self.epochs += 1
        self.elapsed = now - self.start
        return self.elapsed >= self.seconds


def print_line(name: str, batch: int, *, rounds: float, seconds: float, **more: object) -> None:
    """Print the one line that the harness reads."""
    line = {
        "name": name,
        "samples_per_second": rounds * batch / seconds,
        "batch": batch,
        "rounds": rounds,
        "seconds": seconds,
        **more,
    }
    print(json.dumps(line), flush=True)
