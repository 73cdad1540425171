"""What the peers share: their arguments, the data, the stopwatch and the line that they print.

The peers live in environments of their own, without Latently, so this file needs NumPy alone.
"""

import argparse
import gzip
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np

MNIST_ROWS = 60_000


def parser(description: str | None) -> argparse.ArgumentParser:
    """The arguments that every contender of a benchmark takes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, default=os.environ.get("LATENTLY_DATA"), help="the folder that has mnist/")
    parser.add_argument("--seconds", type=float, default=8.0, help="how long the steady state is measured")
    parser.add_argument("--warm-up", type=float, default=2.0, help="seconds of training that are not measured")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="processor cores to use")
    parser.add_argument("--answers", type=Path, help="time no steady state: what the model answers goes to this file")
    parser.add_argument("--every", type=int, default=MNIST_ROWS, help="how many rows of training are between answers")
    parser.add_argument("--seed", type=int, default=0, help="of the weights and draws, where answers are asked for")
    return parser


def mnist_images(folder: Path | None, part: str = "train") -> np.ndarray:
    """The training images of MNIST, of shape [60000, 28, 28], uint8; or those of the part `t10k`, to test with.

    Raises:
        SystemExit: no folder was named, or it holds no `mnist/train-images-idx3-ubyte`, gzipped or not.
    """
    return np.frombuffer(_idx_bytes(folder, f"{part}-images-idx3-ubyte"), np.uint8, offset=16).reshape(-1, 28, 28)


def mnist_labels(folder: Path | None, part: str = "train") -> np.ndarray:
    """The training labels of MNIST, of shape [60000], uint8; or those of the part `t10k`, to test with.

    Raises:
        SystemExit: no folder was named, or it holds no `mnist/train-labels-idx1-ubyte`, gzipped or not.
    """
    return np.frombuffer(_idx_bytes(folder, f"{part}-labels-idx1-ubyte"), np.uint8, offset=8)


def few_labels(labels: np.ndarray, count: int, seed: int) -> np.ndarray:
    """The row numbers of `count` labels, as many of each of ten classes, drawn by a seed."""
    random = np.random.default_rng(seed)
    return np.concatenate([random.choice(np.flatnonzero(labels == each), count // 10, False) for each in range(10)])


class Exam:
    """Shows a training now and then to the program that started this one, which says whether it is good enough.

    The clock runs from the start, so that building and compiling count, and stands while answers are made and judged.
    Each time a line of JSON is printed, the `rows` learned from and the `seconds`, when the answers are in their file;
    what is read from the standard input then is `more`, or the exam is over.
    """

    def __init__(self, answers: Path):
        self.path = answers
        self.seconds, self.running_since = 0.0, time.perf_counter()

    def over(self, rows: int, answers: Callable[[], Mapping[str, np.ndarray]]) -> bool:
        """Show what the model answers after so many rows; whether the training may end."""
        self.seconds += time.perf_counter() - self.running_since
        np.savez(self.path, **answers())
        print(json.dumps({"rows": rows, "seconds": self.seconds}), flush=True)
        over = sys.stdin.readline().strip() != "more"
        self.running_since = time.perf_counter()
        return over


def examine(
    rounds: Iterator[object], batch: int, answers: Callable[[], Mapping[str, np.ndarray]], options: argparse.Namespace
) -> None:
    """Play rounds, and show what the model answers every `options.every` rows, until that is good enough."""
    exam, every = Exam(options.answers), max(1, options.every // batch)
    for number, _ in enumerate(rounds, 1):
        if number % every == 0 and exam.over(number * batch, answers):
            return


def star(labels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Codes [n, 2] of a star with ten petals, each in the petal of its label (Makhzani et al. 2015, Section 2.3)."""
    along, across = 1.4 + 0.5 * random.normal(size=len(labels)), 0.1 * random.normal(size=len(labels))
    angle = 2 * np.pi / 10 * labels
    return np.stack([along * np.cos(angle) - across * np.sin(angle), along * np.sin(angle) + across * np.cos(angle)], 1)


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
