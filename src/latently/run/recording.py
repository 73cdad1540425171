"""Those who look on while a run is trained: they write its history, its film and its checkpoints."""

import dataclasses
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from safetensors.numpy import save

from latently.files import write_atomically, write_records
from latently.run.folder import Run
from latently.training import Progress, Trainer

FILM_FRAMES = 60


class HistoryWriter:
    """Appends each row to `history.jsonl`; on resuming, what the checkpoint does not know is cut off.

    Rows are a function of the run, but for what a clock told: `seconds`, `seconds_left` and `samples_per_second`.
    """

    def __init__(self, run: Run, round_: int) -> None:
        self._path = run.folder / "history.jsonl"
        kept = [record for record in run.history() if record["round"] <= round_]
        write_records(self._path, kept)
        self._began = time.monotonic() - seconds_in(kept)
        self._written = 0

    def __call__(self, trainer: Trainer[Any], progress: Progress) -> None:
        """Write the rows that were completed since."""
        del progress
        rows = [dataclasses.asdict(row) for row in trainer.history[self._written :]]
        seconds = round(time.monotonic() - self._began, 3)
        told = [{name: value for name, value in row.items() if value is not None} for row in rows]
        with self._path.open("a") as file:
            file.writelines(json.dumps({**row, "seconds": seconds}) + "\n" for row in told)
        self._written = len(trainer.history)


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
    """Writes a checkpoint now and then; films are flushed before it, so that it never runs ahead of them."""

    def __init__(self, run: Run, films: Sequence[Film], seconds: float) -> None:
        self._path, self._films, self._seconds = run.checkpoint, films, seconds
        self._written = time.monotonic()

    def __call__(self, trainer: Trainer[Any], progress: Progress) -> None:
        """Write one, if it is time."""
        del progress
        if time.monotonic() - self._written >= self._seconds:
            self.write(trainer)

    def write(self, trainer: Trainer[Any]) -> None:
        """Write one now."""
        for film in self._films:
            film.flush()
        trainer.save(self._path)
        self._written = time.monotonic()


def seconds_in(history: Sequence[Mapping[str, Any]]) -> float:
    """How long training took so far."""
    return float(history[-1].get("seconds", 0.0)) if history else 0.0
