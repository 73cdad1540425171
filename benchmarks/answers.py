"""How fast a fitted model answers: Latently's side of the contest after training.

Run as `python -m benchmarks.answers`; prints one JSON line, as `benchmarks/peers/torch_answers.py` does. Rows are
MNIST's training images, uint8 in and uint8 out, and the model is a VAE of the preset `vae-mlp`.
"""

import os
import time
from importlib.metadata import version

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
        one_row=best_seconds(lambda: model.transform(one), options.seconds / 4),
        first_call_seconds=first,
        versions={name: version(name) for name in ("latently", "jax")},
    )


if __name__ == "__main__":
    main()
