"""Disks that are full, folders that are lost, places that nobody may write to.

Run as `python -m endurance.disk` (some minutes on two cores; as root it mounts small file systems, and gives up what
root alone may do). Figure: how many of the questions were answered well.
"""

import contextlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from endurance.commands import Command, summed_up
from endurance.kills import differences

SMALL = ("--data", "digits", "--hidden", "16", "--latent-dim", "2", "--quiet", "--no-report", "--no-early-stopping")
EPOCHS = 3000
MB = 10**6


def main() -> int:
    """Ask, and print; 1 if an answer is wrong."""
    with tempfile.TemporaryDirectory(prefix="latently-disk-") as name:
        folder = Path(name)
        return summed_up("disk", _asked(folder))


def _asked(folder: Path) -> Iterator[tuple[str, bool]]:
    for ask in (in_training, full, forbidden, without_cache):
        yield from ask(folder)


def trained(folder: Path, run: Path, epochs: int = EPOCHS) -> Command:
    """A run that is being trained, and saved after every chunk."""
    words = ["fit", "vae", *SMALL, "--epochs", epochs, "--checkpoint-every", "0", "--out", run]
    return Command(words, folder / f"{run.name}.log", fresh=False)


def in_training(folder: Path) -> Iterator[tuple[str, bool]]:
    """The disk is full while a run is trained, or its folder is away; then all is well again."""
    whole = folder / "whole"
    yield "a run with nothing in its way", trained(folder, whole).wait() == 0
    with small_disk(folder / "disk", 4 * MB) as disk:
        if disk is not None:
            filler = disk / "filler"
            yield from goes_on("a full disk", folder, disk / "full", whole, lambda: fill(filler), filler.unlink)
    run, away = folder / "lost", folder / "away"
    yield from goes_on("a lost folder", folder, run, whole, lambda: move(run, away), lambda: move(away, run))


def goes_on(
    what: str, folder: Path, run: Path, whole: Path, harm: Callable[[], object], mend: Callable[[], object]
) -> Iterator[tuple[str, bool]]:
    """Harm is done to a run in training, and mended once it was told."""
    command = trained(folder, run)
    command.waits_for((run / "checkpoint.safetensors").exists)
    harm()
    named = command.waits_for(lambda: f"{run}/" in command.said and "cannot be written" in command.said)
    yield f"{what} in mid-training is named, and training goes on", named and command.wait(0.0) is None
    mend()
    code = command.wait()
    yield f"once it is mended, the run is what it is without {what}", code == 0 and not differences(run, whole, False)


def fill(filler: Path) -> None:
    """Write until nothing more fits."""
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(b"0" * 4096)


def move(folder: Path, to: Path) -> None:
    """Move a folder, and what has been written to its new place meanwhile away."""
    shutil.rmtree(to, ignore_errors=True)
    folder.rename(to)


@contextlib.contextmanager
def small_disk(place: Path, size: int) -> Iterator[Path | None]:
    """A file system of its own with little room; `None`, which is said, where this user may not mount one."""
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
        print("---  a full disk: this user may not mount one", flush=True)
        yield None
        return
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def full(folder: Path) -> Iterator[tuple[str, bool]]:
    """What a command writes does not fit on the disk."""
    run = folder / "whole"
    before = {path.name: path.read_bytes() for path in run.iterdir() if path.is_file()}
    with small_disk(folder / "little", MB // 8) as disk:
        if disk is None:
            return
        for words, out in {
            ("sample", run, "--n", 20000): disk / "samples.npy",
            ("fit", "vae", *SMALL, "--hidden", 500, "--epochs", 1): disk / "run",
        }.items():
            command = Command([*words, "--out", out], folder / f"{out.name}.log", fresh=False)
            code = command.wait()
            named = f"{out}" in command.said and "no space left on device" in command.said
            well = code == 1 and named and "Traceback" not in command.said
            yield f"what {words[0]} writes does not fit on the disk: the file is named", well
        yield "and no half of a file is left", not list(disk.rglob("*.npy")) + list(disk.rglob(".*.tmp"))
    after = {path.name: path.read_bytes() for path in run.iterdir() if path.is_file()}
    yield "the run that was asked is as it was", before == after


def forbidden(folder: Path) -> Iterator[tuple[str, bool]]:
    """A user who may read a place, and not write to it."""
    place = folder / "forbidden"
    place.mkdir(mode=0o555)
    for what, words in {
        "a run": ["fit", "vae", *SMALL, "--epochs", 1, "--out", place / "run"],
        "a result": ["sample", folder / "whole", "--out", place / "samples.npz"],
    }.items():
        command = Command(
            words, folder / f"{what}.log", unprivileged=True, environment={"LATENTLY_CACHE": "/proc/nowhere"}
        )
        code = command.wait()
        named = f"latently: {place}/" in command.said and "permission denied" in command.said
        yield (
            f"{what} in a folder that cannot be written to: it is named",
            code == 2 and named and not any(place.iterdir()),
        )


def without_cache(folder: Path) -> Iterator[tuple[str, bool]]:
    """A cache that cannot be written, and no home for one."""
    places: dict[str, dict[str, str | None]] = {
        "a cache that cannot be written": {"LATENTLY_CACHE": "/proc/nowhere"},
        "a home that is not there": {"LATENTLY_CACHE": None, "XDG_CACHE_HOME": None, "HOME": "/proc/nowhere"},
    }
    for what, environment in places.items():
        place = folder / what.replace(" ", "-")
        place.mkdir()
        words = ["fit", "vae", *SMALL, "--epochs", 1, "--out", place / "run"]
        command = Command(words, folder / f"{place.name}.log", environment=environment, unprivileged=True)
        code = command.wait()
        yield f"{what}: it goes without", code == 0 and "latently: " not in command.said


if __name__ == "__main__":
    sys.exit(main())
