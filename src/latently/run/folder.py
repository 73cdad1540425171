"""A run's folder: its files, each written whole or not at all."""

import contextlib
import dataclasses
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from safetensors import safe_open
from safetensors.numpy import load_file

from latently.errors import NotSupportedError
from latently.files import is_temporary, read_history, write_atomically
from latently.reading import FileError, path_meant, read_json, reading, reason

_MENDED = "bring back copies of config.json, history.jsonl and evaluation.json"
_NEEDED = ("data", "fingerprint", "model", "rounds", "title", "use_labels")
"""What every run says of itself."""


@contextlib.contextmanager
def fields_of(folder: object) -> Iterator[None]:
    """While it is told what the JSON files of a folder say: a field of theirs may be missing, or of another type.

    Raises:
        FileError: it is; the sentence names the folder.
    """
    try:
        yield
    except NotSupportedError:  # an AttributeError, too
        raise
    except (AttributeError, LookupError, TypeError) as error:
        told = f"it has no {error}" if isinstance(error, KeyError) else reason(error)
        raise FileError(f"a file in {folder} lacks a field, or has one of another kind ({told}); {_MENDED}.") from error


class TakenError(ValueError):
    """A new run cannot begin in a folder, since something is there."""


class BusyError(ValueError):
    """Another process is training in a folder."""


@dataclasses.dataclass(frozen=True)
class Run:
    """The folder of a run.

    Attributes:
        folder: `config.json`, `model.safetensors`, `checkpoint.safetensors`, `history.jsonl`, `clock.jsonl`,
            `film.safetensors`, `evaluation.json`, `figures/`, `report.html`, `explorer.html`.
    """

    folder: Path

    @classmethod
    def create(cls, folder: Path) -> "Run":
        """A new run in a folder that is missing or empty; nothing is ever overwritten."""
        cls.check_free(folder)
        folder.mkdir(parents=True, exist_ok=True)
        return cls(folder)

    @classmethod
    @contextlib.contextmanager
    def claim(cls, folder: Path) -> Iterator["Run"]:
        """A folder that is missing or empty, for a new run, and for this process alone.

        Where this ends by an error before anything was played, the folder is as it was.

        Raises:
            TakenError: something is there, or another process is about to begin a run there.
        """
        made = [path for path in (folder, *folder.parents) if not path.exists()]
        run = cls.create(folder)
        try:
            with run.lock():
                cls.check_free(folder)  # again, now that nobody else begins one
                try:
                    yield run
                except BaseException:
                    if not any(folder.rglob("checkpoint.safetensors")):
                        _remove_all_in(folder)
                        with contextlib.suppress(OSError):  # somebody else has put something there
                            for path in made:
                                path.rmdir()
                    raise
        except BusyError as error:
            raise TakenError(str(error)) from None

    @classmethod
    def open(cls, folder: Path) -> "Run":
        """The run that lives in a folder; `ValueError` where it holds none."""
        if not (folder / "config.json").is_file():
            if (folder / "repeat-1" / "config.json").is_file():
                raise ValueError(f"{folder} holds several runs, {folder / 'repeat-1'} and so on; name one of them.")
            if (folder / "study.json").is_file():
                raise ValueError(f"{folder} holds a study; name one of its runs, such as {folder / 'trial-0000'}.")
            if not folder.exists():
                raise ValueError(f"there is no folder {folder}.{path_meant(folder)}")
            raise ValueError(f"{folder} holds no run (it has no config.json); `latently fit` makes one.")
        return cls(folder)

    @staticmethod
    def check_free(folder: Path) -> None:
        """See that a new run can begin in a folder, without making it; `TakenError` where something is there.

        What a process that was killed was just writing is nothing.
        """
        if not folder.exists():
            return
        if (folder / "config.json").is_file():
            raise TakenError(
                f"{folder} holds a run already, and a run never overwrites; choose another folder, or go on with "
                f"`latently resume {folder}`."
            )
        if not folder.is_dir() or not all(map(is_temporary, folder.iterdir())):
            raise TakenError(f"{folder} is not empty, and a run never overwrites; choose another folder.")

    @property
    def checkpoint(self) -> Path:
        """Game, optimiser states, key and position."""
        return self.folder / "checkpoint.safetensors"

    @property
    def is_finished(self) -> bool:
        """Whether the model was trained to the end that `config.json` names, or to where it had stopped to gain."""
        about = self.config().get("run", {})
        return self.has_model and (about.get("played", 0) >= about.get("rounds", 0) or self.stopped_early)

    @property
    def stopped_early(self) -> bool:
        """Whether held-out rows have ended the training before that."""
        return bool(self.config().get("run", {}).get("stopped_early"))

    @property
    def lacks_evaluation(self) -> bool:
        """Whether rows were kept from training, and the model as it is now was not measured on them."""
        rows = self.config().get("run", {}).get("rows", {})
        return bool(rows.get("test") or rows.get("validation")) and self._is_missing("evaluation.json")

    @property
    def lacks_report(self) -> bool:
        """Whether no report was written of the model as it is now."""
        return self._is_missing("report.html")

    @property
    def has_model(self) -> bool:
        """Whether there is a model to load."""
        return (self.folder / "model.safetensors").exists()

    def _is_missing(self, name: str) -> bool:
        """Whether a file is not there, or older than the model: of the time before the run was made longer."""
        path, model = self.folder / name, self.folder / "model.safetensors"
        return not path.exists() or path.stat().st_mtime_ns < model.stat().st_mtime_ns

    def config(self) -> dict[str, Any]:
        """What `write_config` wrote."""
        return self.read_json("config.json")

    def about(self) -> dict[str, Any]:
        """What `config.json` says of the run's data and its course; `ValueError` where that is not all."""
        config, path = self.config(), self.folder / "config.json"
        about = config.get("run")
        if about is None and "estimator" in config:
            raise ValueError(
                f"{self.folder} holds a model that was saved from Python, and not the run that trained it; "
                "what needs the run's data or checkpoint cannot be done with it."
            )
        missing = _NEEDED if not isinstance(about, dict) else [name for name in _NEEDED if name not in about]
        if missing or not isinstance(config.get("parameters"), dict) or not isinstance(about, dict):
            raise ValueError(f"{path} is damaged: it has no {(*missing, 'parameters')[0]!r}.")
        return about

    def write_config(self, config: Mapping[str, Any], *, new: bool = False) -> None:
        """Write `config.json`: the model's configuration, and under `"run"` what it is trained on.

        `new`: that of a run that begins; `TakenError` where another one has begun here meanwhile.
        """
        try:
            self.write_json("config.json", config, new=new)
        except FileExistsError:
            self.check_free(self.folder)
            raise

    def evaluation(self) -> dict[str, Any] | None:
        """What `evaluation.json` holds; `None` where the run was not evaluated."""
        return self.read_json("evaluation.json") if (self.folder / "evaluation.json").exists() else None

    def history(self) -> list[dict[str, Any]]:
        """The rows of the run's course, and the `seconds` that it took so far; a line that a crash cut is left out."""
        return read_history(self.folder)

    def film(self) -> tuple[Int[np.ndarray, "frames"], Float[np.ndarray, "frames rows latent"]] | None:
        """The rounds of the film's frames and the codes of `film_rows` in them, or `None` where nothing was filmed."""
        path = self.folder / "film.safetensors"
        if not path.exists():
            return None
        with reading(path, "film of a run", "remove it: without it the run goes on, and its film is shorter"):
            arrays = load_file(path)
            rounds, codes = arrays["rounds"], arrays["codes"]
            if codes.ndim != 3 or rounds.shape != codes.shape[:1]:
                raise ValueError(f"its arrays have the shapes {rounds.shape} and {codes.shape}")
        return rounds, codes

    def position(self) -> int:
        """The round of the checkpoint: 0 where there is none."""
        if not self.checkpoint.exists():
            return 0
        with reading(self.checkpoint, "checkpoint", f"remove {self.folder}, and fit the model again"):
            with safe_open(self.checkpoint, framework="numpy") as file:
                found = int(json.loads((file.metadata() or {})["about"])["round"])
            if found < 0:
                raise ValueError(f"it is of round {found}")
            return found

    def read_json(self, name: str) -> dict[str, Any]:
        """Read a JSON file of the folder; `ValueError` where it is damaged."""
        path = self.folder / name
        values = read_json(path, "JSON file")
        if not isinstance(values, dict):
            raise FileError(f"{path} is damaged: it holds no JSON object.")
        return values

    def write_json(self, name: str, values: Mapping[str, Any], *, new: bool = False) -> None:
        """Write a JSON file into the folder, atomically; `new`: `FileExistsError` where there is one."""
        write_atomically(self.folder / name, (json.dumps(values, indent=2) + "\n").encode(), new=new)

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other processes from training in the same folder; `BusyError` where one is doing so.

        A lock falls when its process ends, in whatever way.
        """
        try:
            import fcntl
        except ImportError:  # a system without file locks
            yield
            return
        handle = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise BusyError(f"another process is training in {self.folder}; wait for it, or stop it.") from None
        try:
            yield
        finally:
            os.close(handle)


def _remove_all_in(folder: Path) -> None:
    for path in folder.iterdir():
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
