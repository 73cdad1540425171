"""Runs are killed at random moments, resumed to their end, and compared with runs that nobody killed.

Run as `python -m endurance.kills --n 200` (an hour on two cores). Each run is a small one of a model on the digits; a
third of the processes import everything anew, the others begin when all is imported. Each is killed (SIGKILL) at a
moment drawn from the time that the whole takes, so that imports, compiling, training, evaluation and report are all
met; what resumes it is killed likewise, up to three times. At the end the weights, the film, the evaluation and the
rows of the history must be those of the run that was not killed, byte by byte, and no other file may be there.
Figure: how many kills were survived.
"""

import argparse
import collections
import contextlib
import dataclasses
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from endurance.commands import Command
from latently.catalogue import MODELS

SMALL = {"data": "digits", "network": "mlp", "latent-dim": 2, "hidden": 16, "epochs": 60, "checkpoint-every": 0}
CASES: dict[str, dict[str, Any]] = {
    **{model.terminal: {} for model in MODELS},
    "aae": {"critic-hidden": 16},
    "acca": {"critic-hidden": 16, "views": "halves"},
    "adgm": {"labels": 100},
    "clustering-aae": {"critic-hidden": 16, "n-clusters": 10},
    "denoising-autoencoder": {"corruption": "gaussian:0.3"},
    "factor-vae": {"critic-hidden": 16},
    "m1m2": {"labels": 100, "first-epochs": 20},
    "m2": {"labels": 100},
    "semi-supervised-aae": {"critic-hidden": 16, "labels": 100},
    "supervised-aae": {"critic-hidden": 16},
    "vcca": {"views": "halves"},
    "vae, convolutions": {"network": "conv", "channels": 4, "epochs": 4},
    "vae, sampler": {"sampler": "gaussian-mixture"},
    "vae, repeats": {"repeats": 2, "epochs": 20},
    "demo": {},
}
"""A model in the terminal, and what else the run is called → options that change the small ones, or stand beside.

Of the demo, all five models, a short form is killed; it goes on by the same command.
"""

MOST_KILLS = 3  # of one run
FRESH = 3  # one in so many processes imports everything anew
REPORTED = 4  # one in so many runs draws its report
COMPARED = (".safetensors", "evaluation.json", "history.jsonl")
OF_REPORTS = ("report.html", "explorer.html", "figures")
WARM, UNREPORTED = 0.7, 0.6  # of the seconds of a run: once all is compiled, and without a report
PATIENCE_SECONDS = 900.0
STAGES = ("nothing written", "before training", "training", "evaluation", "report", "done")


def main(arguments: Sequence[str] | None = None) -> int:
    """Kill, resume and compare; 1 if a run came out otherwise."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=200, help="kills")
    parser.add_argument("--only", choices=CASES, action="append", help="these runs alone; may be repeated")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="latently-kills-") as folder:
        found = Kills(Path(folder), options.only or list(CASES), options.seed)
        with contextlib.suppress(KeyboardInterrupt):  # what was found until then is told all the same
            found.until(options.n)
    for fault in found.faults:
        print(fault)
    moments = ", ".join(f"{found.stages[stage]} {stage}" for stage in STAGES if found.stages[stage])
    print(
        f"kills: {sum(found.stages.values())} ({moments}) of {found.runs} runs of {len(found.names)} kinds; "
        f"{found.runs - len(found.faults)} of them came out as if nobody had killed them"
    )
    return int(bool(found.faults))


@dataclasses.dataclass
class Kills:
    """Runs that are killed, one after the other.

    Attributes:
        folder: for all files.
        names: of the runs, keys of `CASES`, in turn.
        seed: of the moments.
        reports: whether some runs draw their reports.
        stages: how far a run was when it was killed → how often.
        runs: that were killed, and brought to their end.
        faults: what was found, a line each.
    """

    folder: Path
    names: Sequence[str]
    seed: int
    reports: bool = True
    stages: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    runs: int = 0
    faults: list[str] = dataclasses.field(default_factory=list)

    def __post_init__(self) -> None:
        self._random, self._processes = random.Random(self.seed), 0
        self._whole: dict[str, tuple[Path, float]] = {}

    def until(self, kills: int) -> "Kills":
        """Go on until so many processes were killed."""
        while sum(self.stages.values()) < kills:
            name, report = self.names[self.runs % len(self.names)], self.reports and self.runs % REPORTED == 0
            if name not in self._whole:
                self._whole[name] = self._uninterrupted(name)
            whole, seconds = self._whole[name]
            run = self.folder / f"{self.runs:04d}"
            seconds *= WARM if report or not self.reports else WARM * UNREPORTED
            if fault := self._killed(name, report, run, seconds) or differences(run, whole, report or name == "demo"):
                self.faults.append(f"{name}, run {self.runs} of seed {self.seed}: {fault}")
            else:
                shutil.rmtree(run)
            self.runs += 1
            print(f"{sum(self.stages.values())} of {kills}: {name}", file=sys.stderr, flush=True)
        return self

    def _uninterrupted(self, name: str) -> tuple[Path, float]:
        """The run that nobody kills, and its seconds."""
        folder, began = self.folder / f"whole {name}", time.monotonic()
        code = self._command(words_of(name, self.reports, folder)).wait(PATIENCE_SECONDS)
        if code != 0:
            raise SystemExit(f"{name} ended with {code}:\n{self._log.read_text()}")
        return folder, time.monotonic() - began

    def _killed(self, name: str, report: bool, run: Path, seconds: float) -> str | None:
        """Begin a run, kill it and what resumes it, and bring it to its end; what went wrong."""
        kills = self._random.randint(1, MOST_KILLS)
        for turn in range(kills + 1):
            command = self._command(begun_or_resumed(name, report, run), self._processes % FRESH == 0)
            code = command.wait(self._random.uniform(0.0, 1.1 * seconds) if turn < kills else PATIENCE_SECONDS)
            if code is None and turn < kills:
                command.send(signal.SIGKILL)
                command.wait(PATIENCE_SECONDS)
                self.stages[stage_of(run)] += 1
            elif code not in (0, 2) or (code == 2 and "is finished" not in " ".join(self._log.read_text().split())):
                return f"{' '.join(command.words)} ended with {code}: {self._log.read_text().strip()}"
            elif turn < kills:
                return None
        return None

    def _command(self, words: Sequence[str], fresh: bool = False) -> Command:
        self._processes += 1
        self._log.unlink(missing_ok=True)
        return Command(words, self._log, fresh=fresh, environment={"LATENTLY_CACHE": str(self.folder / "cache")})

    @property
    def _log(self) -> Path:
        return self.folder / "log"


def words_of(name: str, report: bool, out: Path) -> list[str]:
    """The words of the command that begins a run."""
    if name == "demo":
        return ["demo", "--epochs", "1", "--quiet", "--out", str(out)]
    options = SMALL | CASES[name] | {"out": out}
    words = ["fit", name.partition(",")[0], *(word for key, value in options.items() for word in (f"--{key}", value))]
    return [*map(str, words), "--quiet", *([] if report else ["--no-report"])]


def begun_or_resumed(name: str, report: bool, run: Path) -> list[str]:
    """What a person would type: the first command again where it has left nothing, else what resumes the run."""
    if name == "demo" or not any((run / file).exists() for file in ("config.json", "repeats.json")):
        return words_of(name, report, run)
    return ["resume", str(run), "--quiet", "--checkpoint-every", "0", *([] if report else ["--no-report"])]


def stage_of(run: Path) -> str:
    """How far a run had come when it was killed; of several, the last one that has begun."""
    several = (*run.glob("repeat-*"), *run.glob("demo-*"))
    run = max(several, key=lambda folder: folder.stat().st_mtime_ns, default=run)
    if not (run / "config.json").exists():
        return STAGES[0]
    files = ("checkpoint.safetensors", "model.safetensors", "evaluation.json", "report.html")
    return next((STAGES[place] for place, file in enumerate(files, 1) if not (run / file).exists()), STAGES[-1])


def differences(run: Path, whole: Path, report: bool) -> str | None:
    """How the folder of a run differs from that of the run that nobody killed; `None` where it does not.

    `report`: whether the run has its report, as the other one does.
    """
    mine, theirs = ({str(path.relative_to(root)) for path in root.rglob("*")} for root in (run, whole))
    theirs = {name for name in theirs if report or not any(part in name for part in OF_REPORTS)}
    if mine != theirs:
        return f"{sorted(mine ^ theirs)} {'is' if mine - theirs else 'is not'} there"
    for name in sorted(mine):
        compared = name.endswith(COMPARED) and not name.endswith("checkpoint.safetensors")
        if compared and (run / name).read_bytes() != (whole / name).read_bytes():
            return f"{name} is another"
    return None


if __name__ == "__main__":
    sys.exit(main())
