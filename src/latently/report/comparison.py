"""Several runs side by side: in what they differ, their numbers, their pictures."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from latently.evaluation import Line, as_table
from latently.report.page import ReportFigure, ReportRow, ReportTable, write_report
from latently.report.story import epochs_in_words
from latently.run import Run
from latently.wording import short_number

_SPLIT = ("source", "validation", "test", "seed")
_NONE = "–"
_EPOCHS = ("epochs", "first_epochs")


def compare_runs(runs: Sequence[Run], path: Path) -> Path:
    """Write one page that shows runs side by side, with a column for each.

    Args:
        runs: two or more; what one of them lacks, numbers or pictures, leaves an empty place.
        path: the page; its folder must exist.
    """
    names = names_of(runs)
    configs = [run.config() for run in runs]
    data = [config.get("run", {}).get("data", {}) for config in configs]
    doubt = "The runs kept other rows from training, or learned from other data: their numbers are not comparable."
    return write_report(
        path,
        title=", ".join(names[:-1]) + f" and {names[-1]}",
        subtitle=f"{len(runs)} runs side by side",
        facts={},
        tables=[differences(runs), measures(runs)],
        rows=_pictures(runs, names, configs),
        warnings=[
            *([doubt] if _differ([[each.get(name) for name in _SPLIT] for each in data if each]) else []),
            *unmeasured(runs),
        ],
    )


def names_of(runs: Sequence[Run]) -> list[str]:
    """The shortest ends of the runs' paths that tell them apart, such as "a/repeat-1" and "b/repeat-1"."""
    parts = [run.folder.resolve().parts for run in runs]
    for length in range(1, max(map(len, parts)) + 1):
        names = ["/".join(each[-length:]) for each in parts]
        if len(set(names)) == len(names):
            return names
    return [str(run.folder) for run in runs]


def measures(runs: Sequence[Run]) -> ReportTable:
    """The numbers of each run's `evaluation.json`: a line for each measure, a column for each run."""
    tables: list[dict[str, str]] = []
    for run in runs:
        lines = as_table(run.read_json("evaluation.json")) if (run.folder / "evaluation.json").exists() else []
        tables.append(dict(_cell(line, line.value) for line in lines if line.value is not None))
    rows = [(name, *(table.get(name, _NONE) for table in tables)) for name in _merged(tables)]
    about = "Each run's evaluation.json, on the rows that it kept from training."
    return ReportTable("Evaluation", ("measure", *names_of(runs)), rows, about)


def unmeasured(runs: Sequence[Run]) -> list[str]:
    """A sentence for each run without an `evaluation.json`: why its column is empty, and how to fill it."""
    told = []
    for name, run in zip(names_of(runs), runs, strict=True):
        if (run.folder / "evaluation.json").exists():
            continue
        about, folder = run.config().get("run"), shlex.quote(str(run.folder))
        if about is None:
            why = f"it was saved from Python, without rows to measure it on; `latently evaluate {folder} --data SOURCE`"
            why += " measures it on yours"
        elif not run.is_finished:
            why = f"it is not trained to its end; `latently resume {folder}` goes on"
        elif not run.lacks_evaluation:
            why = "no rows were kept from training"
        else:
            why = f"it was not evaluated; `latently evaluate {folder}` does that"
        told.append(f"{name} has no numbers: {why}.")
    return told


def differences(runs: Sequence[Run]) -> ReportTable:
    """What each run is, and the hyperparameters in which they differ."""
    configs = [run.config() for run in runs]
    parameters = [config.get("parameters", {}) for config in configs]
    seconds = [config.get("run", {}).get("seconds") for config in configs]
    names = [name for name in _merged(parameters) if name not in _EPOCHS]
    changed = [name for name in names if _differ([each[name] for each in parameters if name in each])]
    rows = [
        ("model", *(str(config.get("estimator", _NONE)) for config in configs)),
        ("data", *(str(config.get("run", {}).get("data_name", _NONE)) for config in configs)),
        ("labels shown", *map(_labels_shown, configs)),
        ("training", *(epochs_in_words(config) if config.get("parameters") else _NONE for config in configs)),
        *((name.replace("_", " "), *(_plain(each.get(name)) for each in parameters)) for name in changed),
        ("training time (s)", *(_NONE if value is None else f"{value:,.1f}" for value in seconds)),
    ]
    about = (
        f"{_NONE} stands where there is nothing to tell: a model that takes no labels is shown none. The training time "
        "includes compilation and all stages, but neither evaluation nor pictures."
    )
    return ReportTable("The runs", ("", *names_of(runs)), rows, about)


def _pictures(runs: Sequence[Run], names: Sequence[str], configs: Sequence[Mapping[str, Any]]) -> list[ReportRow]:
    """A row for each picture that one of the runs has."""
    titles = [str(config.get("run", {}).get("title") or config.get("estimator", "")) for config in configs]
    found = [
        {path.stem: path for path in sorted((run.folder / "figures").glob("*")) if path.suffix in (".png", ".gif")}
        for run in runs
    ]
    return [
        ReportRow(
            stem.replace("_", " ").capitalize(),
            [
                ReportFigure(name, title, paths[stem]) if stem in paths else None
                for name, title, paths in zip(names, titles, found, strict=True)
            ],
        )
        for stem in sorted({stem for paths in found for stem in paths})
    ]


def _merged(tables: Sequence[Mapping[str, Any]]) -> list[str]:
    """All names in the order of the tables; those that only a later one has, before what follows them there.

    Example:
        >>> _merged([{"bound": 1, "error": 2, "kl": 3}, {"bits": 1, "error": 2, "purity": 3}])
        ['bound', 'bits', 'error', 'kl', 'purity']
    """
    names: list[str] = []
    for table in tables:
        new: list[str] = []
        for name in table:
            if name in names:
                place = names.index(name)
                names[place:place] = new
                new = []
            else:
                new.append(name)
        names += new
    return names


def _differ(values: Sequence[Any]) -> bool:
    return len(set(map(str, values))) > 1


def _labels_shown(config: Mapping[str, Any]) -> str:
    about = config.get("run", {})
    if not about.get("use_labels", True):
        return "none"
    if config.get("classes") is None:
        return _NONE  # the model takes none, or the data has none
    count = about.get("data", {}).get("labels")
    return "all" if count is None else f"{count:,}"


def _cell(line: Line, value: float) -> tuple[str, str]:
    """What a line is called, with its unit, and its value; "2 of 10" is a value, since runs differ in the ten."""
    if line.unit.startswith("of "):
        return line.name, f"{short_number(value)} {line.unit}"
    return f"{line.name} ({line.unit})" if line.unit else line.name, short_number(value)


def _plain(value: Any) -> str:
    if value is None:
        return _NONE
    if isinstance(value, dict):  # an earlier stage
        return str(value.get("estimator", value))
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
