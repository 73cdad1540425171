"""Time to quality: the seconds of training until a figure on held-out rows is reached, ours beside what else one runs.

`python -m benchmarks.quality` trains every contender in a process of its own with all cores, in turns. Now and then its
clock stands, and what its model answers for MNIST's test images is judged here, by one judge for all; it is told to go
on until the figure is reached, or until it has trained for `--limit` seconds. Building and compiling count, imports and
answers do not; Latently begins with an empty cache of compiled programs. All contenders have the settings of their own
documentation, or of the scripts that people copy; ours are below, and each is a line of options over a preset.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from benchmarks.bench import cached_data
from benchmarks.contests import Peer
from benchmarks.measure import HERE, machine
from benchmarks.peers.common import MNIST_ROWS
from benchmarks.quality_side import HALF
from benchmarks.table import Sheet
from latently import open_dataset
from latently.data import Dataset
from latently.evaluation.fidelity import fidelity
from latently.evaluation.judge import Judge, judge_of
from latently.evaluation.samples import agreement
from latently.files import write_atomically
from latently.probability.priors import Star

RESULTS = HERE.parent / "results" / "quality" / "measured.json"
COLUMNS = (
    "what has to be reached",
    "Latently, seconds",
    "epochs",
    "beside it",
    "seconds",
    "epochs",
    "sooner",
    "must",
    "",
)
Answers = Mapping[str, np.ndarray]


class Examiner:
    """Reads figures in the answers of a model for MNIST's test images."""

    def __init__(self, mnist: Dataset) -> None:
        assert mnist.test is not None
        self.train, self.labels = mnist.train, np.asarray(mnist.test.labels)
        self.images = np.asarray(mnist.test.x)

    @property
    def judge(self) -> Judge:
        """A classifier of real digits; it is kept in Latently's cache."""
        return judge_of(self.train.x, np.asarray(self.train.labels))

    def nats(self, answers: Answers) -> dict[str, float]:
        """The negative evidence lower bound."""
        return {"nats": float(answers["nats"].mean())}

    def petals(self, answers: Answers) -> dict[str, float]:
        """The share of codes that lie in the petal of their class."""
        found = Star(2).responsibilities(jnp.asarray(answers["codes"], jnp.float32), 10).argmax(axis=1)
        return {"share": float(np.mean(np.asarray(found) == self.labels))}

    def accuracy(self, answers: Answers) -> dict[str, float]:
        """The share of rows that are told right."""
        return {"share": float(np.mean(answers["classes"] == self.labels))}

    def completed(self, answers: Answers) -> dict[str, float]:
        """The share of images with a completed right half that the judge reads as their class."""
        whole = np.concatenate([self.images[:, :, :HALF], answers["right"]], axis=2)
        return {"share": agreement(self.judge, whole, self.labels)}

    def drawn(self, answers: Answers) -> dict[str, float]:
        """The share of draws that the judge reads as the class asked for; and how much of real digits they cover."""
        judge, n = self.judge, len(answers["images"])
        real = np.asarray(self.train.x)[np.random.default_rng(0).choice(len(self.train.x), n, replace=False)]
        covered = fidelity(judge.features(real), judge.features(answers["images"]))["coverage"]
        return {"share": agreement(judge, answers["images"], self.labels), "coverage": covered}


@dataclass(frozen=True)
class Figure:
    """A figure that models are trained to reach.

    Attributes:
        title: what has to be reached.
        asked: of our model; see `benchmarks.quality_side.ANSWERS`.
        read: reads the figures in the answers.
        at_least: what the figures must reach.
        at_most: or may not exceed.
        model: ours, by its terminal name.
        options: its hyperparameters, over a preset.
        peers: what one would run instead.
        floor: how many times sooner Latently has to be there than the first of them.
        every: rows of training between two answers.
    """

    title: str
    asked: str
    read: Callable[[Examiner, Answers], dict[str, float]]
    model: str
    options: Mapping[str, Any]
    peers: tuple[Peer, ...]
    floor: float
    at_least: Mapping[str, float] = field(default_factory=dict)
    at_most: Mapping[str, float] = field(default_factory=dict)
    every: int = MNIST_ROWS // 2

    def reached(self, found: Mapping[str, float]) -> bool:
        """Whether figures are good enough."""
        high = all(found[name] >= limit for name, limit in self.at_least.items())
        return high and all(found[name] <= limit for name, limit in self.at_most.items())


FIGURES: Mapping[str, Figure] = {
    "vae-2d": Figure(
        "negative bound of a VAE 784-256-2: 152 nats",
        "nats",
        Examiner.nats,
        "vae",
        {"preset": "vae-2d-quick"},
        (Peer("Keras `fit`", "tensorflow", "keras_vae.py"), Peer("Pythae", "torch", "pythae_vae.py")),
        floor=8,
        at_most={"nats": 152},
        every=MNIST_ROWS,
    ),
    "vae-mlp": Figure(
        "negative bound of a VAE 784-500-500-20: 104 nats",
        "nats",
        Examiner.nats,
        "vae",
        {"preset": "vae-mlp-quick"},
        (Peer("eager PyTorch", "torch", "torch_vae.py"),),
        floor=6,
        at_most={"nats": 104},
        every=MNIST_ROWS,
    ),
    "star": Figure(
        "AAE with a star and labels: 90 % of codes in the petal of their class",
        "codes",
        Examiner.petals,
        "aae",
        {
            "preset": "aae-mlp",
            "prior": "star",
            "hidden": [500, 500],
            "critic_hidden": [500, 500],
            "epochs": 4,
            "schedule": "cosine",
        },
        (Peer("eager PyTorch", "torch", "torch_aae_mlp.py", ("--star",)),),
        floor=5,
        at_least={"share": 0.9},
    ),
    "few-labels": Figure(
        "95 % right with 100 labels",
        "classes",
        Examiner.accuracy,
        "semi-supervised-aae",
        {
            "preset": "aae-semi-supervised",
            "input_noise": 0.3,
            "consistency_weight": 1,
            "hidden": [500, 500],
            "epochs": 5,
        },
        (
            Peer("a public PyTorch script's recipe", "torch", "torch_few_labels.py"),
            Peer("eager PyTorch, our preset without consistency", "torch", "torch_semi_supervised_aae.py"),
        ),
        floor=5,
        at_least={"share": 0.95},
    ),
    "acca": Figure(
        "ACCA: 92.5 % of completed halves read as their class",
        "right",
        Examiner.completed,
        "acca",
        {"preset": "acca-halves", "epochs": 6, "learning_rate": 2e-3, "schedule": "cosine"},
        (Peer("Keras loop", "tensorflow", "keras_acca.py"),),
        floor=8,
        at_least={"share": 0.925},
    ),
    "acgan": Figure(
        "ACGAN: 97 % of draws of the class asked for, coverage 0.6",
        "images",
        Examiner.drawn,
        "acgan",
        {"preset": "acgan-small", "epochs": 4},
        (Peer("Keras loop", "tensorflow", "keras_acgan.py"),),
        floor=4,
        at_least={"share": 0.97, "coverage": 0.6},
    ),
}


def time_to(figure: Figure, examiner: Examiner, command: list[str], limit: float) -> dict[str, Any]:
    """Train until a figure is reached.

    Args:
        figure: what is to be reached.
        examiner: says when.
        command: starts the contender.
        limit: the seconds of training after which it is not to be reached any more.

    Returns:
        `seconds` and `epochs` of training, whether it was `reached`, and the `course` of the figures on the way.

    Raises:
        RuntimeError: the contender failed.
    """
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "said").open("w+") as said:
        path = Path(folder) / "answers.npz"
        with subprocess.Popen(
            [*command, "--answers", str(path), "--every", str(figure.every)],
            cwd=HERE.parent,
            env={**os.environ, "LATENTLY_CACHE": folder},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        ) as process:
            course = list(judged(process, path, figure, examiner, limit))
        said.seek(0)
        if process.returncode or not course:
            raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{said.read()[-1500:]}")
    last = course[-1]
    epochs = last["rows"] / MNIST_ROWS
    return {"seconds": last["seconds"], "epochs": epochs, "reached": figure.reached(last), "course": course}


def judged(
    process: "subprocess.Popen[str]", path: Path, figure: Figure, examiner: Examiner, limit: float
) -> Iterator[dict[str, float]]:
    """What is found in each answer of a contender, with its rows and seconds; it is told to go on until all is over."""
    assert process.stdin is not None
    assert process.stdout is not None
    for line in process.stdout:
        if not line.startswith('{"rows"'):
            continue
        with np.load(path, allow_pickle=False) as answers:
            found = figure.read(examiner, answers)
        told: dict[str, float] = {**json.loads(line), **found}
        print("   ", told, file=sys.stderr, flush=True)
        yield told
        over = figure.reached(found) or told["seconds"] > limit
        process.stdin.write("enough\n" if over else "more\n")
        process.stdin.flush()


def ours(figure: Figure, common: list[str]) -> list[str]:
    """The command that trains Latently's model."""
    model = ["--model", figure.model, "--options", json.dumps(figure.options), "--asked", figure.asked]
    return [sys.executable, "-m", "benchmarks.quality_side", *model, *common]


def theirs(peer: Peer, common: list[str]) -> list[str]:
    """The command that trains a peer's.

    Raises:
        RuntimeError: its environment has not been made.
    """
    python = HERE / ".peers" / peer.environment / "bin" / "python"
    if not python.exists():
        raise RuntimeError(f"benchmarks/.peers/{peer.environment} is missing; make it with benchmarks/peers.sh")
    return [str(python), str(HERE / "peers" / peer.script), *peer.arguments, *common]


def sheet(turns: Mapping[str, list[dict[str, Any]]]) -> Sheet:
    """The medians of all turns, as a table."""
    rows = []
    for name, of_figure in turns.items():
        figure = FIGURES[name]
        mine = [turn["Latently"] for turn in of_figure]
        for place, peer in enumerate(figure.peers if len(of_figure[0]) > 1 else ()):
            other = [turn[peer.title] for turn in of_figure]
            ratio = statistics.median(b["seconds"] / a["seconds"] for a, b in zip(mine, other, strict=True))
            missed = not all(each["reached"] for each in other)
            must = f"{figure.floor:g} ×" if place == 0 else ""
            verdict = "" if place else "reached" if ratio >= figure.floor and _all_reached(mine) else "MISSED"
            rows.append(
                (
                    figure.title,
                    *_cells(mine),
                    peer.title,
                    *_cells(other),
                    f"{'> ' * missed}{ratio:.1f} ×",
                    must,
                    verdict,
                )
            )
        if len(of_figure[0]) == 1:
            rows.append((figure.title, *_cells(mine), *[""] * 6))
    return Sheet("Time to quality", COLUMNS, rows)


def _all_reached(runs: list[dict[str, Any]]) -> bool:
    return all(each["reached"] for each in runs)


def _cells(runs: list[dict[str, Any]]) -> tuple[str, str]:
    """Seconds and epochs of the median run; of runs that did not get there, how long they tried."""
    seconds, epochs = (statistics.median(each[name] for each in runs) for name in ("seconds", "epochs"))
    return f"{'' if _all_reached(runs) else 'not in '}{seconds:.0f}", f"{epochs:.1f}"


def main() -> int:
    """Train all contenders, write what was found, print the table; 1 if Latently was not soon enough."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=FIGURES, action="append", help="this figure alone; may be repeated")
    parser.add_argument("--turns", type=int, default=3, help="runs of each contender, with other seeds")
    parser.add_argument("--limit", type=float, default=1800.0, help="seconds of training that a contender may take")
    parser.add_argument("--alone", action="store_true", help="train no peer, and write no results")
    parser.add_argument("--options", type=json.loads, default={}, help="other hyperparameters of ours, as JSON")
    parser.add_argument("--data", default=os.environ.get("LATENTLY_DATA"), help="the folder that has mnist/")
    parser.add_argument("--json", type=Path, default=RESULTS, help="where the results go; others in it are kept")
    options = parser.parse_args()
    data = str(Path(options.data or cached_data()).resolve())
    examiner, turns = Examiner(open_dataset("mnist")), {}
    for name in options.only or FIGURES:
        figure = FIGURES[name]
        figure = replace(figure, options={**figure.options, **options.options})
        turns[name] = [
            turn_of(figure, examiner, ["--data", data, "--seed", str(turn)], options.limit, alone=options.alone)
            for turn in range(options.turns)
        ]
        if not options.alone:
            keep(options.json, name, figure, turns[name])
    found = sheet(turns)
    print(found.markdown())
    return int(any("MISSED" in row for row in found.rows))


def turn_of(figure: Figure, examiner: Examiner, common: list[str], limit: float, *, alone: bool) -> dict[str, Any]:
    """One turn of a contest, one contender after the other: what `time_to` gives of each, by its title."""
    commands = {"Latently": ours(figure, common)}
    commands |= {} if alone else {peer.title: theirs(peer, common) for peer in figure.peers}
    found = {}
    for title, command in commands.items():
        print(f"{figure.title}: {title}", file=sys.stderr, flush=True)
        found[title] = time_to(figure, examiner, command, limit)
    return found


def keep(path: Path, name: str, figure: Figure, turns: list[dict[str, Any]]) -> None:
    """Write the turns of a figure, beside those of others that the file holds."""
    before = json.loads(path.read_text()) if path.exists() else {}
    path.parent.mkdir(parents=True, exist_ok=True)
    about = {"title": figure.title, "model": figure.model, "options": figure.options, "machine": machine()}
    write_atomically(path, (json.dumps({**before, name: {**about, "turns": turns}}, indent=1) + "\n").encode())


if __name__ == "__main__":
    sys.exit(main())
