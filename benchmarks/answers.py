"""How fast a fitted model answers: Latently's side of the contest after training.

Run as `python -m benchmarks.answers`; prints one JSON line, as `benchmarks/peers/torch_answers.py` does. Rows are
MNIST's training images, uint8 in and uint8 out, and the model is a VAE of the preset `vae-mlp`.
"""

import os
import re
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from benchmarks.peers.common import best_seconds, mnist_images, parser, print_answers

ROUNDS = 10
"""Of training: how good the model is does not change how fast it answers."""


def main() -> None:
    """Train a little, ask, and print the line."""
    options = parser(__doc__).parse_args()
    if hasattr(os, "sched_setaffinity"):  # XLA takes as many threads as there are cores to run on
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.threads])
    from latently import VAE

    images = mnist_images(options.data)
    model = VAE.from_preset("vae-mlp", epochs=1, random_state=0)
    model.fit(images[: ROUNDS * model.batch_size])
    n, one = len(images), images[:1]
    start = time.perf_counter()
    model.reconstruct(images[:1024])
    first = time.perf_counter() - start
    print_answers(
        "latently",
        n,
        {
            "transform": best_seconds(lambda: model.transform(images), options.seconds),
            "reconstruct": best_seconds(lambda: model.reconstruct(images), options.seconds),
            "sample": best_seconds(lambda: model.sample(n, random_state=0), options.seconds),
        },
        peak_mb_of_reconstruct=peak_mb(lambda: model.reconstruct(images)),
        one_row=best_seconds(lambda: model.transform(one), options.seconds / 4),
        first_call_seconds=first,
        versions={name: version(name) for name in ("latently", "jax")},
    )


def peak_mb(ask: Callable[[], object]) -> float | None:
    """The MB by which the resident set grows at most while a call runs, its results included; `None` but on Linux."""
    own = Path("/proc/self")
    if not (own / "clear_refs").exists():
        return None

    def highest() -> int:
        return int(re.findall(r"VmHWM:\s+(\d+)", (own / "status").read_text())[0])

    (own / "clear_refs").write_text("5")  # forget the highest mark so far
    before = highest()
    ask()
    return (highest() - before) * 1024 / 1e6


if __name__ == "__main__":
    main()
