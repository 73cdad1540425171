"""What a run's report tells: which pictures and numbers, from a fitted model, its data and its evaluation."""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np

from latently import figures
from latently.data import Dataset, Splits, Table, TablePreprocessing, Views
from latently.data.layout import PICTURES, is_volume
from latently.data.natures import nature_of
from latently.errors import Setting, in_python, words
from latently.estimators.networks import named
from latently.evaluation import Line, advice, as_table, counted
from latently.report.code_scenes import codes_over_prior, film, manifold, plane_of, prior_match
from latently.report.curve_scenes import curve_samples, curve_scenes
from latently.report.label_scenes import class_scenes, condition_scenes, drawing_scenes, prediction_scenes
from latently.report.page import ReportFigure, ReportTable, write_report
from latently.report.scenes import (
    Scene,
    drawn,
    interpolations,
    reconstructions,
    samples,
    table_samples,
    table_scenes,
)
from latently.report.view_scenes import view_scenes
from latently.run import Run
from latently.training import LEARNED_TOO_LITTLE
from latently.wording import short_number

CODED_ROWS = 5000
EXPLORER = "explorer.html"
"""Of a run's folder: the page that holds the model itself."""


def report_run(
    model: Any,
    run: Run,
    splits: Splits,
    evaluation: Mapping[str, Any] | None,
    next_commands: Mapping[str, str],
    door: Setting = in_python,
) -> Path:
    """Draw the pictures of a run, and write its `report.html` and give the path.

    Args:
        model: the fitted estimator.
        run: its folder; pictures go to `figures/`.
        splits: the data it was trained on.
        evaluation: what `latently.evaluation.evaluate` gave, or `None`.
        next_commands: how to go on: what a command does to the command.
        door: how arguments are written.
    """
    folder = run.folder / "figures"
    folder.mkdir(exist_ok=True)
    shown = held_out(splits)
    about = run.config().get("run", {})
    pictures = [
        ReportFigure(scene.title, scene.caption, path, wide=scene.wide)
        for scene in scenes(model, run, splits, shown, evaluation or {})
        if (path := scene.draw(folder / scene.file)) is not None
    ]
    lines = [] if evaluation is None else as_table(dict(evaluation))
    told = advice(dict(evaluation or {}))
    return write_report(
        run.folder / "report.html",
        title=str(about.get("title") or type(model).__name__),
        subtitle=f"{shown.name}: {counted(len(splits.train), 'row')} to learn from, {len(shown):,} held out",
        facts=_facts(model, splits, run, door),
        numbers=headline(lines),
        figures=pictures,
        tables=_tables(lines, evaluation or {}, len(shown)),
        warnings=[words(said, door) for said in (*shortcomings(about), *told, *about.get("warnings", ()))],
        command=about.get("command"),
        next_commands=next_commands,
        explorer=EXPLORER if (run.folder / EXPLORER).exists() else None,
    )


def scenes(model: Any, run: Run, splits: Splits, shown: Dataset, evaluation: Mapping[str, Any]) -> Iterator[Scene]:
    """The scenes of a run's report, in reading order: those that its model can sit for."""
    first = shown.rows[: min(len(shown), CODED_ROWS)]
    rows: Any = first if isinstance(first, Table | Views) else np.asarray(first)
    if isinstance(model.preprocessing_, TablePreprocessing):  # its rows are tables, be they arrays with gaps
        rows = Table.like(rows, model.preprocessing_.columns)
    labels = None if shown.labels is None else shown.labels[: len(rows)]
    nature = None
    if not isinstance(rows, Views):
        nature = nature_of(rows, shown.description.get("columns"), model.preprocessing_)
    if "encode" in model.abilities():
        codes, draws = np.asarray(model.transform(rows)), np.asarray(model.aggregate_codes(rows, random_state=0))
        plane = plane_of(model, codes)
        yield film(run, plane, splits)
        yield codes_over_prior(model, plane, codes, draws, shown)
        yield from prediction_scenes(evaluation)
        if isinstance(rows, Views):
            yield from view_scenes(model, shown, rows)
        elif nature in PICTURES:
            yield reconstructions(model, rows)
            yield from class_scenes(model, shown, rows, labels) if model.knows_labels else [samples(model)]
            yield from condition_scenes(model) if model.conditions_ is not None else []
            yield manifold(model, plane, codes, shown, nature)
            yield interpolations(model, rows, labels)
        elif nature == "series":
            yield from curve_scenes(model, shown, rows, labels)
            yield manifold(model, plane, codes, shown, nature)
        else:
            yield from table_scenes(model, shown, rows)
        yield prior_match(model, plane, codes, draws)
    else:
        if nature == "series":
            yield curve_samples(model, shown, rows)
        else:
            yield from drawing_scenes(model, shown) if nature in PICTURES else table_samples(model, shown, rows)
        yield from prediction_scenes(evaluation)
    if history := run.history():
        caption = "Means over a few rounds each, unweighted. Where the first hundredth of them dwarfs the rest, "
        caption += "the axis is that of the rest."
        if any(record.get("held_out") for record in history):
            caption += " Dotted lines are the same terms of held-out rows, which the model does not learn from."
        yield Scene("terms.png", "The terms over time", caption, True, drawn(lambda: figures.terms(history)))


def held_out(splits: Splits) -> Dataset:
    """The rows that the model has not learned from: the test rows, or where there are none, the closest to them."""
    return next(part for part in (splits.test, splits.validation, splits.train) if len(part))


def _facts(model: Any, splits: Splits, run: Run, door: Setting) -> dict[str, str]:
    train, config = splits.train, run.config()
    about = config.get("run", {})
    facts = {
        "model": f"{type(model).__name__}" + (f", preset {about['preset']}" if about.get("preset") else ""),
        "data": f"{train.name}, {_shapes(train)}",
        "split": f"{len(train):,} train, {len(splits.validation):,} validation, {len(splits.test):,} test",
    }
    if any(is_volume(view.shape[1:]) for view in train.views):
        facts["pictures"] = "of volumes, four slices across their first axis"
    if train.labels is not None:
        classes = counted(len(train.classes), "class", "classes")
        known = f"{int((train.labels >= 0).sum()):,} of {counted(len(train), 'row')}"
        facts["labels"] = f"{known}, {classes}" if model.classes_ is not None else f"{classes}, not shown to the model"
    if train.conditions is not None:
        names = ", ".join(train.conditions.names)
        facts["conditions"] = names if model.conditions_ is not None else f"{names}, not shown to the model"
    facts |= {
        "code": f"{counted(model.latent_dim, 'dimension')}, {model.game_.prior.name} prior",
        "network": f"{named(model.network)}, hidden {tuple(model.hidden) if model.hidden else 'as by default'}",
        "training": f"{epochs_in_words(config)} of batches of {model.batch_size}, seed {model.seed_}",
    }
    if criterion := about.get("validation"):
        facts["judged by"] = _judged_by(criterion, about.get("best", {}).get("kept", False))
    if sentence := about.get("verdict", {}).get("sentence"):
        facts["held-out rows"] = words(sentence, door)
    return facts | _pace(run.history(), about)


def _judged_by(criterion: Mapping[str, Any], kept_best: bool) -> str:
    """Which number of held-out rows told how good the model was while it was trained, and which model is kept."""
    unit = criterion["unit"] and f" in {criterion['unit']}"
    return f"{criterion['about']}{unit}, of held-out rows; the {'best' if kept_best else 'last'} model is kept"


def shortcomings(about: Mapping[str, Any]) -> list[str]:
    """Why a model should be trained again, its arguments marked; nothing where it should not."""
    found = about.get("verdict", {})
    kept = about.get("best", {}).get("kept", False)
    poor = (*LEARNED_TOO_LITTLE, *(() if kept else ("over-fitted",)))
    return [found["sentence"]] if found.get("kind") in poor else []


def epochs_in_words(config: Mapping[str, Any]) -> str:
    """How often a run goes over the data, by the configuration of its model; in both stages, where it has two."""
    parameters = config.get("parameters", {})
    first, own = parameters.get("first"), counted(parameters.get("epochs", 0), "epoch")
    if not isinstance(first, dict):
        return own
    return f"{counted(first['parameters']['epochs'], 'epoch')} of the first stage, then {own}"


def _pace(history: list[dict[str, Any]], about: Mapping[str, Any]) -> dict[str, str]:
    """How fast and how long: the speed is that of the last stage at work, the time that of all it took to train."""
    facts, staged = {}, "first_seconds" in about
    if history:
        late = [record for record in history if 2 * record["round"] > history[-1]["round"]]
        if speeds := [record["samples_per_second"] for record in late if "samples_per_second" in record]:
            of_stage = " in the second stage" if staged else ""
            facts["speed"] = f"{np.median(speeds):,.0f} samples/s{of_stage}, once compiled"
    if about.get("seconds"):
        parts = "both stages and compilation" if staged else "compilation"
        shared = f", shared by {about['together']} runs" if "together" in about else ""
        facts["training time"] = f"{about['seconds']:,.1f} s with {parts}, without evaluation and pictures{shared}"
    return facts


def _shapes(part: Dataset) -> str:
    shapes = [" × ".join(map(str, view.shape[1:])) for view in part.views]
    if isinstance(part.x, Table):
        return f"rows of {counted(len(part.x.columns), 'column')}"
    if not part.view_names:
        table = len(part.views[0].shape) == 2
        return f"rows of {counted(part.views[0].shape[1], 'number')}" if table else f"rows of shape {shapes[0]}"
    return "views " + ", ".join(f"{name} ({shape})" for name, shape in zip(part.view_names, shapes, strict=True))


_HEADLINE = (
    "samples read as the * asked for",
    "correlation of * with what was asked",
    "classification error",
    "accuracy by the AAE protocol",
    "accuracy by Hungarian matching",
    "read as the true class, * completed",
    "error of numbers, * completed",
    "total canonical correlation of the codes of *",
    "coverage of samples",
    "density of samples",
    "negative evidence lower bound",
    "negative evidence lower bound given the label",
    "variance explained",
    "variance explained, mean of *",
    "words given back, mean of *",
    "MMD to the prior, relative",
    "accuracy of the linear probe",
    "expected calibration error",
    "Brier score",
)
"""Names of lines, some with a star for the names of views."""


def headline(lines: list[Line]) -> dict[str, str]:
    """The first few of the numbers that matter most, of those that were measured: in words → the number."""
    measured = [line for line in lines if line.value is not None and ", by " not in line.name]
    alike = [[line for line in measured if fnmatchcase(line.name, name)][:2] for name in _HEADLINE]
    chosen = [line for lines_of_name in alike for line in lines_of_name][:4]
    return {f"{line.name} ({line.unit})" if line.unit else line.name: short_number(line.value) for line in chosen}


def _tables(lines: list[Line], evaluation: Mapping[str, Any], held_out_rows: int) -> list[ReportTable]:
    if not lines:
        return []
    measured = evaluation.get("test_rows", held_out_rows)
    rows = [(line.name, short_number(line.value), line.unit, line.note) for line in lines]
    of_all = "" if measured == held_out_rows else f" of {held_out_rows:,}"
    about = f"On {measured:,}{of_all} held-out {'row' if held_out_rows == 1 else 'rows'}."
    return [ReportTable("Evaluation", ("measure", "value", "unit", "note"), rows, about), *_columns(evaluation)]


def _columns(evaluation: Mapping[str, Any]) -> list[ReportTable]:
    """How each column of a table comes back, and is filled in where it is hidden."""
    back, filled = (evaluation.get(name, {}).get("columns", {}) for name in ("reconstruction", "imputation"))
    if not back:
        return []

    def cells(of_column: Mapping[str, Any]) -> tuple[str, str]:
        """How well the model does, and the likeliest word or the mean."""
        if "accuracy" in of_column:
            right, majority = of_column["accuracy"], of_column["majority"]
            return ("–", "–") if right is None else (f"{100 * right:.3g} %", f"{100 * majority:.3g} %")
        error = of_column.get("standardized_error")
        return ("–", "–") if error is None else (f"{short_number(error, 3)} sd", "1 sd")

    kinds = {name: (column["kind"], f"{column['cells']:,}") for name, column in back.items()}
    rows = [(name, *kinds[name], *cells(back[name]), *cells(filled.get(name, {}))[:1]) for name in kinds]
    header = ("column", "kind", "cells", "given back", "by the mean, or the likeliest word", "filled in")
    about = (
        "Of words, the share that is right; of numbers, counts and dates, the root mean squared error in standard "
        "deviations (of logarithms, where tails are heavy). Cells are filled in that were hidden, a fifth at a time."
    )
    return [ReportTable("Columns", header, rows, about)]
