"""Latently's side of a contest: a preset trained through the public interface, `model.trainer(X)`.

Run as `python -m benchmarks.latently_side --preset vae-2d`; prints one JSON line, as the peers do.
"""

import os
import time
from importlib.metadata import version
from typing import Any

import numpy as np

from benchmarks.flops import TRAININGS, xla_flops_per_round
from benchmarks.peers.common import mnist_images, mnist_labels, parser, print_line

LABELLED = 100
"""Rows whose label a semi-supervised model is shown."""


class Stopwatch:
    """Looks on between chunks of rounds, and stops the trainer once enough has been measured."""

    def __init__(self, warm_up: float, seconds: float):
        self.warm_up, self.seconds = warm_up, seconds
        self.born = time.perf_counter()
        self.start: tuple[float, int] | None = None
        self.rounds, self.elapsed = 0, 0.0
        self.chunks = 0

    def next_stop(self, round_: int) -> None:  # noqa: ARG002
        """Chunks may end anywhere."""
        return

    def __call__(self, trainer: Any, progress: Any) -> None:
        """Start the clock after the warm-up: compilation, and a few chunks in which the trainer finds their size."""
        now = time.perf_counter()
        self.chunks += 1
        if self.start is None:
            if self.chunks >= 4 and now - self.born >= self.warm_up:
                self.start = now, progress.round
            return
        self.elapsed, self.rounds = now - self.start[0], progress.round - self.start[1]
        trainer.stop_requested = self.elapsed >= self.seconds


def make_trainer(preset: str, images: Any, labels: Any, held_out: int = 0) -> Any:
    """A trainer of the preset's estimator on images, at round 0; where a few labels do, it is given 100.

    What learns from several views is given the images' left and right halves. The last `held_out` rows are measured
    while it is trained, and not learned from.
    """
    from latently.catalogue import MODELS

    owner = next(model.load() for model in MODELS if preset in model.load().presets)
    estimator = owner.from_preset(preset, random_state=0)
    n = len(images) - held_out
    X: Any = {"left": images[:, :, :14], "right": images[:, :, 14:]} if estimator.takes_views else images
    y = None
    if estimator.game_type.draws_labelled:
        few = np.where(np.arange(len(images)) < LABELLED, labels.astype(int), -1)
        y = labels if estimator.labels == "required" else few
    parts = [
        {name: rows[part] for name, rows in X.items()} if isinstance(X, dict) else X[part]
        for part in (slice(n), slice(n, None))
    ]
    out = {"X_val": parts[1], "y_val": None if y is None else y[n:]} if held_out else {}
    return estimator.trainer(parts[0], None if y is None else y[:n], **out)


def main() -> None:
    """Train for a while, and print the line."""
    arguments = parser(__doc__)
    arguments.add_argument("--preset", choices=sorted(TRAININGS), required=True)
    options = arguments.parse_args()
    if hasattr(os, "sched_setaffinity"):  # XLA takes as many threads as there are cores to run on
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.threads])
    training = TRAININGS[options.preset]
    trainer = make_trainer(options.preset, mnist_images(options.data), mnist_labels(options.data))
    batch = trainer.feed.batch_size
    if batch != training.batch:
        raise SystemExit(f"{options.preset} has batches of {batch}; benchmarks/flops.py says {training.batch}")
    stopwatch = Stopwatch(options.warm_up, options.seconds)
    trainer.run(10**9, [stopwatch])
    print_line(
        "latently",
        batch,
        rounds=stopwatch.rounds,
        seconds=stopwatch.elapsed,
        losses=trainer.history[-1].terms,
        flops_per_round=training.flops_per_round,
        xla_flops_per_round=xla_flops_per_round(trainer),
        versions={name: version(name) for name in ("latently", "jax")},
    )


if __name__ == "__main__":
    main()
