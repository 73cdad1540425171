"""What a run's report tells: which pictures and numbers, from a fitted model, its data and its evaluation."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int, Shaped
from matplotlib.figure import Figure

from latently import figures
from latently.data import Dataset, Splits
from latently.evaluation import Line, as_table
from latently.report.page import ReportFigure, ReportTable, write_report
from latently.report.plane import Plane, plane_in_words, plane_of, widened
from latently.run import Run, film_rows

SHOWN_ROWS = 12
CODED_ROWS = 5000
MANIFOLD_ROWS = 20


def report_run(model: Any, run: Run, splits: Splits, evaluation: Mapping[str, Any] | None) -> Path:
    """Draw the pictures of a run and write its `report.html`.

    Args:
        model: the fitted estimator.
        run: its folder; pictures go to `figures/`.
        splits: the data it was trained on.
        evaluation: what `latently.evaluation.evaluate` gave, or `None`.

    Returns:
        The path of the report.
    """
    folder = run.folder / "figures"
    folder.mkdir(exist_ok=True)
    shown = held_out(splits)
    about = run.config().get("run", {})
    pictures = [
        ReportFigure(title, caption, path, wide=wide)
        for name, title, caption, wide, draw in _scenes(model, run, splits, shown)
        if (path := draw(folder / name)) is not None
    ]
    lines = [] if evaluation is None else as_table(dict(evaluation))
    return write_report(
        run.folder / "report.html",
        title=str(about.get("title") or type(model).__name__),
        subtitle=f"{shown.name}: {len(splits.train):,} rows to learn from, {len(shown):,} held out",
        facts=_facts(model, splits, about),
        numbers=_headline(lines),
        figures=pictures,
        tables=_tables(lines, shown),
        warnings=about.get("warnings", ()),
        command=about.get("command"),
        next_commands={
            "draw new data": f"latently sample {run.folder} --n 64",
            "encode other data": f"latently encode {run.folder} DATA",
            "measure again, with more samples": f"latently evaluate {run.folder} --importance-samples 1000",
        },
    )


def held_out(splits: Splits) -> Dataset:
    """The rows that the model has not learned from: the test rows, or where there are none, the closest to them."""
    return next(part for part in (splits.test, splits.validation, splits.train) if len(part))


_Scene = tuple[str, str, str, bool, Callable[[Path], Path | None]]


def _scenes(model: Any, run: Run, splits: Splits, shown: Dataset) -> Iterator[_Scene]:
    """File name, title, caption, whether it is wide, and what draws it (to a path, or to nothing)."""
    rows = np.asarray(shown.x[: min(len(shown), CODED_ROWS)])
    labels = None if shown.labels is None else shown.labels[: len(rows)]
    codes = model.transform(rows)
    plane = plane_of(model, codes)
    yield (
        "film.gif",
        "The latent space as it forms",
        f"Codes of held-out rows over the prior, from the first rounds to the last ({plane_in_words(model, plane)}).",
        True,
        lambda path: _film(run, plane, film_rows(splits), path),
    )
    yield (
        "codes.png",
        "Codes over the prior",
        f"The mean code of {len(rows):,} held-out rows ({plane_in_words(model, plane)}).",
        False,
        lambda path: _save(
            figures.codes(
                plane.project(codes),
                labels,
                shown.classes,
                background=plane.background,
                limits=widened(plane.limits, plane.project(codes)),
                axis_labels=plane.axis_labels,
            ),
            path,
        ),
    )
    yield from _data_scenes(model, shown, rows, labels)
    aggregate = model.aggregate_codes(rows, random_state=0)
    draws = model.sample_prior(len(rows), random_state=1)
    yield (
        "prior_match.png",
        "Do the codes fill the prior?",
        "One draw of the posterior of every held-out row, beside as many draws of the prior.",
        True,
        lambda path: _save(figures.prior_match(aggregate, draws, limits=plane.limits), path),
    )
    if history := run.history():
        caption = "Means over chunks of rounds, unweighted."
        yield "terms.png", "The terms over time", caption, True, lambda path: _save(figures.terms(history), path)


def _data_scenes(
    model: Any, shown: Dataset, rows: Shaped[np.ndarray, "rows ..."], labels: Int[np.ndarray, "rows"] | None
) -> Iterator[_Scene]:
    originals = rows[:SHOWN_ROWS]
    if not figures.are_pictures(rows.shape[1:]):
        columns = shown.description.get("columns")
        reconstructed, samples = model.reconstruct(rows), model.sample(len(rows), random_state=0)
        yield (
            "reconstructions.png",
            "Reconstructions",
            "Each column of held-out rows, against its reconstruction.",
            True,
            lambda path: _save(figures.table_reconstructions(rows, reconstructed, columns), path),
        )
        yield (
            "samples.png",
            "Samples",
            "Draws from the prior, decoded, beside held-out rows.",
            True,
            lambda path: _save(figures.table_samples(samples, rows, columns), path),
        )
        return
    yield (
        "reconstructions.png",
        "Reconstructions" if model.corruption is None else "Noise cleaned away",
        "Held-out rows, and what the decoder gives back for their codes.",
        True,
        lambda path: _save(_reconstructions(model, originals), path),
    )
    yield "samples.png", "Samples", _samples_caption(model), False, lambda path: _save(_samples(model, shown), path)
    support = model.prior_support()
    rest = "" if model.latent_dim == 2 else " The other dimensions are 0."
    yield (
        "manifold.png",
        "The manifold",
        f"A grid over the prior's support, decoded.{rest}",
        False,
        lambda path: _save(figures.manifold(model.manifold(MANIFOLD_ROWS), support), path),
    )
    starts, ends = _ends(rows, labels)
    yield (
        "interpolations.png",
        "Between two rows",
        "Straight paths between the codes of held-out rows, decoded.",
        True,
        lambda path: _save(figures.interpolations(model.interpolate(starts, ends, 10)), path),
    )


def _reconstructions(model: Any, originals: Shaped[np.ndarray, "rows ..."]) -> Figure:
    if model.corruption is None:
        return figures.reconstructions(originals, model.reconstruct(originals))
    noisy = model.corrupt(originals, random_state=0)
    return figures.reconstructions(originals, model.reconstruct(noisy), corrupted=noisy)


def _samples(model: Any, shown: Dataset) -> Figure:
    if model.knows_labels:
        names = model.classes_.tolist()
        data = model.sample(10 * len(names), labels=np.repeat(model.classes_, 10), random_state=0)
        titles = [
            str(shown.classes[k]) if len(shown.classes) == len(names) else str(name) for k, name in enumerate(names)
        ]
        return figures.image_grid(data, rows=len(names), columns=10, row_labels=titles)
    return figures.image_grid(model.sample(100, random_state=0), rows=10, columns=10)


def _samples_caption(model: Any) -> str:
    if model.knows_labels:
        return "Draws from the region of each class in the prior, decoded: one row a class."
    return "Draws from the prior, decoded."


def _film(run: Run, plane: Plane, filmed_rows: Dataset, path: Path) -> Path | None:
    filmed = run.film()
    if filmed is None:
        return None
    rounds, codes = filmed
    history = run.history()
    per_epoch = history[-1]["round"] / history[-1]["epoch"] if history else None
    frames = [(int(round_), plane.project(frame)) for round_, frame in zip(rounds, codes, strict=True)]
    return figures.latent_film(
        frames,
        filmed_rows.labels,
        filmed_rows.classes or None,
        limits=widened(plane.limits, frames[-1][1]),
        background=plane.background,
        path=path,
        rounds_per_epoch=per_epoch,
        axis_labels=plane.axis_labels,
    )


def _ends(
    rows: Shaped[np.ndarray, "rows ..."], labels: Int[np.ndarray, "rows"] | None
) -> tuple[Shaped[np.ndarray, "paths ..."], Shaped[np.ndarray, "paths ..."]]:
    """Six pairs of rows, of two classes each where the classes are known."""
    if labels is None or len(np.unique(labels[labels >= 0])) < 2:
        n = max(1, min(6, len(rows) // 2))
        return rows[:n], rows[-n:]
    firsts = [np.flatnonzero(labels == label)[0] for label in np.unique(labels[labels >= 0])]
    pairs = [(firsts[k], firsts[(k + len(firsts) // 2) % len(firsts)]) for k in range(min(6, len(firsts)))]
    starts, ends = zip(*pairs, strict=True)
    return rows[list(starts)], rows[list(ends)]


def _facts(model: Any, splits: Splits, about: Mapping[str, Any]) -> dict[str, str]:
    train = splits.train
    facts = {
        "model": f"{type(model).__name__}" + (f", preset {about['preset']}" if about.get("preset") else ""),
        "data": f"{train.name}, rows of shape {' × '.join(map(str, train.x.shape[1:]))}",
        "split": f"{len(train):,} train, {len(splits.validation):,} validation, {len(splits.test):,} test",
    }
    if train.labels is not None:
        facts["labels"] = f"{int((train.labels >= 0).sum()):,} of {len(train):,} rows, {len(train.classes)} classes"
    facts |= {
        "code": f"{model.latent_dim} dimensions, {model.game_.prior.name} prior",
        "network": f"{model.network}, hidden {tuple(model.hidden) if model.hidden else 'as by default'}",
        "training": f"{model.epochs:g} epochs of batches of {model.batch_size}, seed {model.seed_}",
    }
    if history := model.history_:
        speed = np.median([record["samples_per_second"] for record in history])
        facts["throughput"] = f"{speed:,.0f} samples/s"
    if about.get("seconds"):
        facts["wall time"] = f"{about['seconds']:,.1f} s"
    return facts


def _headline(lines: list[Line]) -> dict[str, str]:
    """The first few numbers that carry a value."""
    wanted = ("negative evidence lower bound", "root mean squared error", "MMD", "linear probe", "own region")
    chosen: dict[str, str] = {}
    for line in lines:
        if line.value is not None and any(word in line.name for word in wanted) and "per dimension" not in line.name:
            chosen[f"{line.name} ({line.unit})" if line.unit else line.name] = f"{line.value:.4g}"
    return dict(list(chosen.items())[:4])


def _tables(lines: list[Line], shown: Dataset) -> list[ReportTable]:
    if not lines:
        return []
    rows = [(line.name, "–" if line.value is None else f"{line.value:.4g}", line.unit, line.note) for line in lines]
    return [ReportTable("Evaluation", ("measure", "value", "unit", "note"), rows, f"On {len(shown):,} held-out rows.")]


def _save(figure: Figure, path: Path) -> Path:
    return Path(figures.save(figure, path))
