"""An experiment repeated over seeds: a folder with a run for each, and what their numbers come to."""

import dataclasses
import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from latently.evaluation import as_table
from latently.files import write_atomically
from latently.run.folder import Run

FILE = "repeats.json"


@dataclasses.dataclass(frozen=True)
class Repeats:
    """The folder of a repeated experiment.

    Attributes:
        folder: `repeat-1`, `repeat-2` and so on, each the folder of a run; and `repeats.json`.
        count: how many runs there are to be.
    """

    folder: Path
    count: int

    @classmethod
    def open(cls, folder: Path) -> "Repeats":
        """The experiment that lives in a folder; `ValueError` where it holds none, or a damaged one."""
        return cls(folder, int(_read(folder, "repeats")))

    @staticmethod
    def are_in(folder: Path) -> bool:
        """Whether a folder holds repeated runs."""
        return (folder / FILE).is_file()

    @property
    def path(self) -> Path:
        """The file that sums them up."""
        return self.folder / FILE

    @property
    def are_finished(self) -> bool:
        """Whether all runs have been made and summed up."""
        return "runs" in json.loads(self.path.read_text())

    def plan(self) -> dict[str, Any]:
        """What is repeated (see `Plan.config`; of 0.1.0 its `parameters` alone), while the experiment goes on."""
        _read(self.folder, "parameters")
        return dict(json.loads(self.path.read_text()))

    def run_folder(self, place: int) -> Path:
        """The folder of a run, by its place from 0."""
        return self.folder / f"repeat-{place + 1}"

    def runs(self) -> list[Run]:
        """The runs, all of which have begun."""
        return [Run.open(self.run_folder(place)) for place in range(self.count)]

    def is_finished(self, place: int) -> bool:
        """Whether a run was begun, and trained to its end."""
        folder = self.run_folder(place)
        return (folder / "config.json").exists() and Run.open(folder).is_finished

    def write(self, summary: Mapping[str, Any]) -> Path:
        """Write `repeats.json`: beside the count the plan at first, and what `summarize` gives at the end."""
        text = json.dumps({"repeats": self.count, **summary}, indent=2) + "\n"
        return write_atomically(self.path, text.encode())

    def summarize(self) -> dict[str, Any]:
        """What the finished runs come to: `runs` says of each its folder, seeds, seconds, and how many shared these.

        Where they were evaluated there are `mean` and `sd` of every number, too, in the form of an `evaluation.json`.
        """
        runs = self.runs()
        evaluations = [evaluation for run in runs if (evaluation := run.evaluation()) is not None]
        summary: dict[str, Any] = {"runs": [_about(run) for run in runs]}
        if len(evaluations) == len(runs):
            mean, sd = mean_and_sd(evaluations)
            summary |= {"mean": mean, "sd": sd}
        return summary

    def measures(self) -> list[tuple[str, float, float, str]]:
        """Every number that all runs have: its name, its mean, its standard deviation, its unit."""
        tables = [{line.name: line for line in as_table(run.read_json("evaluation.json"))} for run in self.runs()]
        found = []
        for name, line in tables[0].items():
            given = [table[name].value for table in tables if name in table]
            values = [value for value in given if value is not None]
            if len(values) == self.count:
                found.append((name, statistics.fmean(values), statistics.stdev(values), line.unit))
        return found


def mean_and_sd(evaluations: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Mean and standard deviation (with n - 1) of every number of two evaluations or more, as evaluations themselves.

    What some lack is left out. Words stay where they are the same in all, and are `None` where they differ.
    """
    return _pooled(evaluations, _mean), _pooled(evaluations, statistics.stdev)


def _read(folder: Path, name: str) -> Any:
    path = folder / FILE
    try:
        return json.loads(path.read_text())[name]
    except FileNotFoundError:
        raise ValueError(f"{folder} holds no repeated runs; `latently fit --repeats N` makes them.") from None
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is damaged ({type(error).__name__}: {error}).") from None


def _pooled(values: Sequence[Any], pool: Callable[[Sequence[float]], float]) -> Any:
    first = values[0]
    if all(isinstance(value, Mapping) for value in values):
        shared = [key for key in first if all(key in value for value in values)]
        return {key: _pooled([value[key] for value in values], pool) for key in shared}
    if all(isinstance(value, list) and len(value) == len(first) for value in values):
        return [_pooled(items, pool) for items in zip(*values, strict=True)]
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return pool(values)
    return first if all(value == first for value in values) else None


def _mean(values: Sequence[float]) -> float:
    return values[0] if len(set(values)) == 1 else statistics.fmean(values)


def _about(run: Run) -> dict[str, Any]:
    config = run.config()
    data = config["run"]["data"]
    return {
        "folder": run.folder.name,
        "seed": config["seed"],
        "label_seed": data["seed"] if data.get("label_seed") is None else data["label_seed"],
        "seconds": config["run"]["seconds"],
        "together": config["run"].get("together", 1),
    }
