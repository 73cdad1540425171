"""Several processes in one place: fits that begin at once, a run that two want to train, and commands that read it.

Run as `python -m endurance.together` (a minute on two cores). Figure: how many of the questions were answered well.
"""

import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from endurance.commands import Command, summed_up

SMALL = ("--data", "digits", "--hidden", "16", "--latent-dim", "2", "--quiet", "--no-report")
LONG = ("--epochs", "1000000", "--checkpoint-every", "0", "--no-early-stopping")


def main() -> int:
    """Ask, and print; 1 if an answer is wrong."""
    with tempfile.TemporaryDirectory(prefix="latently-together-") as folder:
        return summed_up("together", [*fits_at_once(Path(folder)), *one_run(Path(folder))])


def fits_at_once(folder: Path, fits: int = 3) -> Iterator[tuple[str, bool]]:
    """Fits without names, begun in one folder at the same time."""
    begun = [
        Command(["fit", "vae", *SMALL, "--epochs", "1"], folder / f"log-{number}", fresh=False, folder=folder)
        for number in range(fits)
    ]
    codes = [command.wait() for command in begun]
    runs = sorted(path.parent.name for path in (folder / "runs").glob("*/model.safetensors"))
    names = [f"vae-digits-{number}" for number in range(1, fits + 1)]
    yield (
        f"{fits} fits into one folder get names of their own ({', '.join(runs)})",
        codes == [0] * fits and runs == names,
    )


def one_run(folder: Path) -> Iterator[tuple[str, bool]]:
    """A run that is in training, and others who come to it."""
    run = folder / "run"

    def ask(*words: object) -> tuple[int | None, str]:
        (folder / "answer").unlink(missing_ok=True)
        command = Command(words, folder / "answer", fresh=False)
        return command.wait(), command.said

    training = Command(["fit", "vae", *SMALL, *LONG, "--out", run], folder / "log", fresh=False)
    training.waits_for((run / "checkpoint.safetensors").exists)
    busy = "another process is training in"
    code, said = ask("resume", run, "--quiet")
    yield "a second process that would train it is told so", code == 2 and busy in said
    code, said = ask("fit", "vae", *SMALL, "--epochs", "1", "--out", run)
    yield "a fit into its folder is refused", code == 2 and "holds a run already" in said
    code, said = ask("info", run)
    yield "a command that reads it answers meanwhile", code == 0 and "unfinished" in said and training.wait(0.0) is None
    training.send(signal.SIGKILL)
    training.wait()
    again = Command(["resume", run, "--quiet", "--no-report"], folder / "again", fresh=False)
    taken = again.waits_for(lambda: busy in again.said or _trains(again))
    again.send(signal.SIGTERM)
    code = again.wait()
    yield "its lock dies with its owner", taken and busy not in again.said and code == 143


def _trains(command: Command) -> bool:
    """Whether a command is in its training, by the lock that it holds."""
    locks = Path("/proc/locks").read_text()
    return any(f" {command.pid} " in line for line in locks.splitlines())


if __name__ == "__main__":
    sys.exit(main())
