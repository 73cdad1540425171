"""Those who look on while a run is trained: they write its history, its film and its checkpoints."""

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from safetensors.numpy import save

from latently.errors import warn
from latently.files import HISTORY, append_history, write_atomically, write_history
from latently.run.folder import Run
from latently.training import Progress, Trainer

FILM_FRAMES = 60
PATIENCE = 9
"""Times as long as it took to write a checkpoint, the next one waits at least."""


class Saving:
    """Saves a file of a run that goes on, too, where that cannot be done: the disk is full, the folder is gone.

    It is said once, with what is wrong; so it is when the file can be written again.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        self._path, self.fails = path, False

    def __call__(self, save: Callable[[], Any]) -> bool:
        """Save; whether that was done."""
        try:
            save()
        except OSError as error:
            if not self.fails:
                reason = (error.strerror or str(error)).lower()
                warn(f"{self._path} cannot be written ({reason}); training goes on, and it is tried again.")
            self.fails = True
            return False
        if self.fails:
            warn(f"{self._path} could be written again.")
        self.fails = False
        return True


class HistoryWriter:
    """Appends each row to `history.jsonl`; on resuming, what the checkpoint does not know is cut off.

    Rows are a function of the run; what a clock told of them goes to `clock.jsonl`.
    """

    def __init__(self, run: Run, round_: int) -> None:
        self._folder = run.folder
        self._rows = [row for row in run.history() if row["round"] <= round_]
        write_history(self._folder, self._rows)
        self._began = time.monotonic() - seconds_in(self._rows)
        self._told = 0
        self._saving = Saving(self._folder / HISTORY)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """All of them, with those before a resumed run."""
        return self._rows

    def __call__(self, trainer: Trainer[Any], progress: Progress) -> None:
        """Write the rows that were completed since."""
        del progress
        new = [dataclasses.asdict(row) for row in trainer.history[self._told :]]
        if not new:
            return
        self._told = len(trainer.history)
        seconds = round(time.monotonic() - self._began, 3)
        told = [{name: value for name, value in row.items() if value is not None} for row in new]
        added = [{**row, "seconds": seconds} for row in told]
        self._rows += added
        # Where the last ones could not be written, or were cut, all are written anew.
        whole = self._saving.fails
        self._saving(lambda: write_history(self._folder, self._rows) if whole else append_history(self._folder, added))


class Film:
    """Films the codes of a few rows while the latent space forms: dense at first, when most happens."""

    def __init__(self, model: Any, run: Run, rows: Any, until: int, trainer: Trainer[Any]) -> None:
        self._model, self._rows, self._path = model, rows, run.folder / "film.safetensors"
        self._stops = np.unique(np.round(until * np.linspace(0, 1, FILM_FRAMES) ** 2).astype(int)[1:])
        filmed = run.film()
        self._frames: list[tuple[int, Float[np.ndarray, "rows latent"]]] = (
            [] if filmed is None else [(int(r), codes) for r, codes in zip(*filmed, strict=True) if r <= trainer.round]
        )
        if trainer.round == 0:
            self._frames = [(0, model.peek(trainer, rows))]

    def next_stop(self, round_: int) -> int | None:
        """The round of the next frame."""
        later = self._stops[self._stops > round_]
        return int(later[0]) if len(later) else None

    def __call__(self, trainer: Trainer[Any], progress: Progress) -> None:
        """Take a frame, if this is the round for one."""
        if progress.round in self._stops:
            self._frames.append((progress.round, self._model.peek(trainer, self._rows)))

    def flush(self) -> None:
        """Write the frames so far."""
        if self._frames:
            rounds, codes = zip(*self._frames, strict=True)
            write_atomically(self._path, save({"rounds": np.asarray(rounds, np.int64), "codes": np.stack(codes)}))


class Checkpointer:
    """Writes a checkpoint now and then; films are flushed before it, so that it never runs ahead of them.

    Where so many seconds are asked for that a model takes longer to write, it is written more rarely: a tenth of the
    time goes into it at most.
    """

    def __init__(self, run: Run, films: Sequence[Film], seconds: float) -> None:
        self._path, self._films, self._seconds = run.checkpoint, films, seconds
        self._written, self._took = time.monotonic(), 0.0
        self._saving = Saving(self._path)

    def __call__(self, trainer: Trainer[Any], progress: Progress) -> None:
        """Write one, if it is time; where it cannot be written, training goes on."""
        del progress
        pause = max(self._seconds, PATIENCE * self._took) if self._seconds else 0.0
        if time.monotonic() - self._written >= pause:
            self._saving(lambda: self.write(trainer))
            self._written = time.monotonic()

    def write(self, trainer: Trainer[Any]) -> None:
        """Write one now."""
        began = time.monotonic()
        for film in self._films:
            film.flush()
        trainer.save(self._path)
        self._written = time.monotonic()
        self._took = self._written - began


def seconds_in(history: Sequence[Mapping[str, Any]]) -> float:
    """How long training took so far."""
    return next((float(row["seconds"]) for row in reversed(history) if "seconds" in row), 0.0)
