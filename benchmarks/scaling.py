"""What several devices buy: the arithmetic of communication against computation, and a measurement on this machine.

`python -m benchmarks.scaling` prints the table of docs/scale.md; `--measure` trains on one and on two processes, each
with a core of its own, at batches of several sizes, and prints rows a second as ratios. Nothing else should run then.
"""

import argparse
import json
import math
import os
import socket
import statistics
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.flops import TRAININGS
from benchmarks.latently_side import Stopwatch, make_trainer

FLOAT_BYTES, ROW_BYTES = 4, 784


@dataclass(frozen=True)
class Cluster:
    """Devices and what lies between them; round figures, to be replaced by those of the cluster at hand.

    Attributes:
        devices: that share a batch.
        flops: floating-point operations a second that a device reaches on such products.
        bandwidth: bytes a second between two of them.
        latency_seconds: of one step of a sum over all of them.
    """

    devices: int
    flops: float
    bandwidth: float
    latency_seconds: float


CLUSTERS = {
    "8 GPUs of one host": Cluster(8, 30e12, 200e9, 10e-6),
    "64 hosts, a GPU each": Cluster(64, 30e12, 20e9, 30e-6),
    "64 hosts, CPUs alone": Cluster(64, 1e12, 1e9, 100e-6),
}
"""By name."""


@dataclass(frozen=True)
class Work:
    """What a round of a preset takes.

    Attributes:
        flops_per_row: floating-point operations.
        sums: bytes of gradients of each update of the round, which are summed over all devices.
    """

    flops_per_row: int
    sums: tuple[int, ...]


def round_seconds(work: Work, cluster: Cluster, batch: int) -> tuple[float, float]:
    """The seconds that a round computes and communicates, the first divided among the devices, the second by a ring.

    A ring moves each byte 2 (n - 1) / n times, and takes 2 log2(n) steps at best; nothing is hidden behind anything.

    Example:
        >>> cluster = Cluster(devices=4, flops=1e12, bandwidth=1e9, latency_seconds=1e-4)
        >>> round_seconds(Work(flops_per_row=10**6, sums=(4 * 10**6,)), cluster, batch=4000)
        (0.001, 0.0064)
    """
    n = cluster.devices
    moved = sum(work.sums) * 2 * (n - 1) / n / cluster.bandwidth
    waited = len(work.sums) * 2 * math.log2(n) * cluster.latency_seconds
    return work.flops_per_row * batch / n / cluster.flops, round(moved + waited, 12)


def even_batch(work: Work, cluster: Cluster) -> int:
    """The batch at which a round computes as long as it communicates; of a larger one, most of the time is learning.

    Example:
        >>> cluster = Cluster(devices=4, flops=1e12, bandwidth=1e9, latency_seconds=1e-4)
        >>> even_batch(Work(flops_per_row=10**6, sums=(4 * 10**6,)), cluster)
        25600
    """
    computed, communicated = round_seconds(work, cluster, 1)
    return math.ceil(round(communicated / computed, 6))


def work_of(preset: str) -> Work:
    """What a round of a preset takes, its gradients counted in the game itself."""
    import equinox as eqx
    import jax

    random = np.random.default_rng(0)
    images = random.integers(0, 256, (300, 28, 28), np.uint8)
    game = make_trainer(preset, images, np.arange(300) % 10).state.game
    sums = []
    for player in game.players():
        moved = jax.tree.leaves(eqx.filter(game, player.owns(game)))
        sums += [FLOAT_BYTES * sum(leaf.size for leaf in moved)] * player.updates
    return Work(TRAININGS[preset].flops_per_row, tuple(sums))


def table(presets: Any = tuple(TRAININGS)) -> str:
    """Each preset on each cluster: the batch at which half of the time is learning, and an epoch of a billion rows."""
    lines = [
        "| preset | operations a row | gradients a round | batch | "
        + " | ".join(f"{name}: even batch, hours" for name in CLUSTERS)
        + " |",
        "| --- |" + " ---: |" * (3 + len(CLUSTERS)),
    ]
    for preset in presets:
        work, cells = work_of(preset), []
        for cluster in CLUSTERS.values():
            batch = even_batch(work, cluster)
            hours = sum(round_seconds(work, cluster, batch)) / batch * 1e9 / 3600
            cells.append(f"{batch:,}, {hours:.2g}")
        told = f"{work.flops_per_row / 1e6:,.1f} M | {sum(work.sums) / 1e6:.1f} MB | {TRAININGS[preset].batch}"
        lines.append(f"| {preset} | {told} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def rows_per_second(preset: str, batch: int, seconds: float) -> float:
    """How fast this process trains, together with those that share the run."""
    from latently import distributed
    from latently.catalogue import MODELS

    if "JAX_PROCESS_ID" in os.environ:
        distributed.initialize()
    owner = next(model.load() for model in MODELS if preset in model.load().presets)
    images = np.random.default_rng(0).integers(0, 256, (16_384, 28, 28), np.uint8)
    trainer = owner.from_preset(preset, random_state=0, batch_size=batch).trainer(images)
    watch = Stopwatch(2.0, seconds)
    trainer.run(10**9, [watch])
    return watch.rounds * batch / watch.elapsed


def measured(processes: int, preset: str, batch: int, seconds: float) -> float:
    """Rows a second of so many processes, the n-th of which has the n-th core to itself."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    words = [sys.executable, "-m", "benchmarks.scaling", "--worker", preset, str(batch), str(seconds)]
    started = []
    for place in range(processes):
        shared = {"JAX_COORDINATOR_ADDRESS": address, "JAX_NUM_PROCESSES": processes, "JAX_PROCESS_ID": place}
        environment = os.environ | {name: str(value) for name, value in shared.items() if processes > 1}
        pinned = ["taskset", "-c", str(place), *words]
        started.append(subprocess.Popen(pinned, stdout=subprocess.PIPE, text=True, env=environment))
    told = [process.communicate()[0].splitlines()[-1] for process in started]
    return float(json.loads(told[0]))


def measure(seconds: float, repeats: int) -> str:
    """Two processes against one, the two in turns: the median of the ratios, and how far they lie apart."""
    lines = ["| preset | batch | rows a second, one core | two processes, two cores |", "| --- |" + " ---: |" * 3]
    for preset in ("vae-2d", "aae-mlp"):
        for batch in (128, 1024, 8192):
            pairs = [[measured(count, preset, batch, seconds) for count in (1, 2)] for _ in range(repeats)]
            ratios = [two / one for one, two in pairs]
            apart = f"{min(ratios):.2f} to {max(ratios):.2f}"
            one = statistics.median(pair[0] for pair in pairs)
            lines.append(f"| {preset} | {batch} | {one:,.0f} | × {statistics.median(ratios):.2f} ({apart}) |")
            print(lines[-1], file=sys.stderr, flush=True)
    return "\n".join(lines)


def main() -> None:
    """What this file's first lines say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measure", action="store_true")
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        preset, batch, seconds = given.worker
        print(json.dumps(rows_per_second(preset, int(batch), float(seconds))))
    else:
        print(measure(given.seconds, given.repeats) if given.measure else table())


if __name__ == "__main__":
    main()
