"""How each verb is answered: from what is asked of a fitted model to what is written."""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np

from latently import figures
from latently.cli.asked import Asked
from latently.cli.errors import UsageError
from latently.cli.outputs import (
    InPieces,
    Result,
    Table,
    are_curves,
    beside,
    by_view,
    images,
    paths_of_images,
    slices,
    vectors,
)
from latently.cli.terminal import print_measures, say
from latently.cli.verbs import COMPLETED, PATHS, RECONSTRUCTED, RESTYLED, STRANGEST
from latently.data import Views
from latently.data.table import filled_in, is_frame
from latently.data.tables import column_names, is_table, is_text, read_cells, read_frame
from latently.data.text_tables import Dialect
from latently.errors import ArgumentError, called
from latently.evaluation import as_table, classification, clustering, counted
from latently.figures.images import display_range
from latently.run import Run, labels_of, located, open_rows, open_run_splits, open_views
from latently.run.outliers import strangeness_of

PIECE_NUMBERS, LEAST_PIECE = 2**26, 2**14
"""Rows are reconstructed about so many numbers at a time, and so many rows at least."""


def sample(asked: Asked) -> Result:
    """New data from the prior, or from the sampler that the model has."""
    model, given = asked.model, asked.given
    wanted = None if given.labels is None else asked.labels(given.labels)
    n = given.n or (64 if wanted is None else 10)
    many, labels = (n, None) if wanted is None else (n * len(wanted.labels), partial(wanted.each, n))
    asked.begin()
    how = {"random_state": given.seed, "noise": False if given.mean else None, "from_prior": given.from_prior}
    drawn = model.drawn(many, labels, **how)

    def told(some: slice) -> dict[str, np.ndarray]:
        return {} if wanted is None else wanted.columns_of(n, some)

    def pieces() -> Iterator[Table]:
        for some in slices(many, drawn.step):
            yield beside(vectors(drawn[some], asked.columns), **told(some))

    def draw() -> Any:
        samples, names = model.sample(many, labels, **how), None if wanted is None else wanted.names
        if are_curves(samples):
            places = np.arange(many).reshape(len(names or [""]), -1)
            of_name = [(name, each, each[:0]) for name, each in zip(names or [], places, strict=False)]
            return figures.curve_samples(samples, None, of_name)
        return figures.image_grid(images(samples), rows=None if names is None else len(names), row_labels=names)

    views = list(model.row_shape_) if isinstance(model.row_shape_, dict) else [None]
    made = {view: InPieces(many, partial(_drawn_view, drawn, view), drawn.step) for view in views}
    labels_of = {name: InPieces(many, partial(_column_of, told, name), drawn.step) for name in told(slice(0, 0))}
    return Result(
        "{rows} samples", by_view("samples", made.get(None, made)) | _plural(labels_of), draw=draw, pieces=pieces
    )


def _drawn_view(drawn: Any, view: str | None, some: slice) -> np.ndarray:
    """Some rows that are drawn, of one view where there are several."""
    rows = drawn[some]
    return np.asarray(rows if view is None else rows[view])


def _column_of(told: Callable[[slice], Mapping[str, np.ndarray]], name: str, some: slice) -> np.ndarray:
    """What some rows are told, in the column of a name."""
    return told(some)[name]


def _plural(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Columns as arrays of a `.npz` file: that of classes is called `labels`, that of a condition `labels_NAME`."""
    return {"labels" if name == "label" else f"labels_{name}": values for name, values in columns.items()}


def encode(asked: Asked) -> Result:
    """The codes of the rows."""
    rows, of_rows = asked.part.rows, asked.of_rows
    ids = _identifiers(asked)
    asked.begin()
    codes = asked.model.transform(rows, asked.known)
    header = [*ids, *(f"z{place + 1}" for place in range(codes.shape[1]))]

    def pieces() -> Iterator[Table]:
        for some in slices(len(codes), LEAST_PIECE):
            cells = [[f"{value:.9g}" for value in row] for row in codes[some].tolist()]
            named = zip(*(each[some] for each in ids.values()), strict=True) if ids else itertools.repeat(())
            told = {name: None if values is None else values[some] for name, values in of_rows.items()}
            yield beside((header, [[*name, *row] for name, row in zip(named, cells, strict=False)]), **told)

    what = "{rows} codes of " + f"{codes.shape[1]} dimensions"
    columns = {**dict(zip(header, [*ids.values(), *codes.T], strict=True)), **of_rows}
    return Result(what, {"codes": codes} | _plural(of_rows) | ids, columns=lambda: columns, pieces=pieces)


def outliers(asked: Asked) -> Result:
    """The rows, the strangest first."""
    model, part, ids = asked.model, asked.part, _identifiers(asked)
    rows, folds = part.rows, asked.given.folds
    asked.begin()

    def fitting(count: int) -> None:
        say(
            f"{counted(count, 'row')} of these were learned from, so {min(folds, count)} models are fitted that have "
            "not seen them."
        )

    scores, learned = strangeness_of(model, asked.about, part, folds=folds, seed=asked.given.seed, fitting=fitting)
    order = np.argsort(-scores, kind="stable")
    places = np.arange(len(scores)) if part.numbers is None else part.numbers
    found = {"row": places, **ids, "strangeness": scores, "learned_from": learned}
    found = {name: column[order] for name, column in found.items()}

    def table() -> Table:
        cells = {**found, "strangeness": [f"{score:.6g}" for score in found["strangeness"]]}
        return list(cells), [[str(cell) for cell in line] for line in zip(*cells.values(), strict=True)]

    def draw() -> Any:
        shown = rows[order[:STRANGEST]]
        if isinstance(shown, Views):
            raise UsageError("strange rows of several views are written as a table; give --out outliers.csv.")
        if are_curves(shown):
            return figures.curve_reconstructions(np.asarray(shown), model.reconstruct(shown))
        if figures.are_pictures(shown.shape[1:]):
            back = images(model.reconstruct(shown))
            return figures.reconstructions(np.asarray(shown).reshape(back.shape), back, columns=STRANGEST)
        names = [str(name) for name in found[next(iter(ids), "row")][:STRANGEST].tolist()]
        return figures.strangest(model.fitted_.residuals(model.preprocessing_.check(shown)), names, asked.columns)

    what = "{rows} rows, the strangest first"
    return Result(what, found, table, draw, columns=lambda: found, shown=STRANGEST)


def _identifiers(asked: Asked) -> dict[str, np.ndarray]:
    """The column that `--id` names, as it stands in the table, or the files of images; else none."""
    name, source = asked.given.id, asked.source
    if name is None:
        return {} if asked.part.files is None else {"file": asked.part.files}
    if not is_table(source):
        raise UsageError(f"--id names a column of a table, and {source.name} is none.")
    known = column_names(source, asked.dialect)
    if name not in known:
        rule = f"must be a column of {source.name}, which has {', '.join(known)}"
        raise ArgumentError("id", rule, name, known=known)
    if is_text(source):
        names, cells = read_cells(source, asked.dialect)
        whole = np.asarray(cells[names.index(name)])
    else:
        whole = read_frame(source, asked.dialect)[0][name].astype(str).to_numpy(str)
    return {name: whole if asked.part.numbers is None else whole[asked.part.numbers]}


def reconstruct(asked: Asked) -> Result:
    """The rows, encoded and decoded again."""
    rows, known = asked.part.rows, asked.known
    asked.begin()

    def made(some: slice) -> Any:
        return asked.model.reconstruct(rows[some], None if known is None else known[some])

    step = max(LEAST_PIECE, PIECE_NUMBERS // math.prod(rows.shape[1:]))
    if not isinstance(rows, Views):
        arrays: dict[str, Any] = {"reconstructions": InPieces(len(rows), lambda some: np.asarray(made(some)), step)}
    else:
        arrays = by_view("reconstructions", made(slice(None)))

    def draw() -> Any:
        shown = made(slice(0, RECONSTRUCTED))
        if are_curves(shown):
            return figures.curve_reconstructions(np.asarray(rows[:RECONSTRUCTED]).reshape(shown.shape), shown)
        pictures = images(shown)
        return figures.reconstructions(_pictures_of(rows[:RECONSTRUCTED]).reshape(pictures.shape), pictures)

    return Result(
        "{rows} reconstructions",
        arrays,
        draw=draw,
        shown=RECONSTRUCTED,
        pieces=lambda: (vectors(made(some), asked.columns) for some in slices(len(rows), step)),
    )


def classify(asked: Asked) -> Result:
    """The likeliest class of every row."""
    return _predict(asked, "classes", "class")


def cluster(asked: Asked) -> Result:
    """The likeliest cluster of every row."""
    return _predict(asked, "clusters", "cluster")


def _predict(asked: Asked, stem: str, column: str) -> Result:
    """The likeliest class or cluster of every row, its probability, and where asked for that of each."""
    rows, labels = asked.part.rows, labels_of(asked.part)
    asked.begin()
    probabilities = asked.model.predict_proba(rows)
    names = np.asarray(asked.model.label_values)
    predicted = names[probabilities.argmax(axis=1)]

    def table() -> Table:
        shown = names.tolist() if asked.given.proba else []
        numbers = np.column_stack([probabilities.max(axis=1), probabilities[:, : len(shown)]]).tolist()
        rows = zip(predicted.tolist(), numbers, strict=True)
        cells = [[value, *(f"{number:.6g}" for number in line)] for value, line in rows]
        return beside(([column, "probability", *(f"p({name})" for name in shown)], cells), label=labels)

    def columns() -> dict[str, Any]:
        of_each = {f"p({name})": probabilities[:, place] for place, name in enumerate(names) if asked.given.proba}
        return {column: predicted, "probability": probabilities.max(axis=1), **of_each, "label": labels}

    arrays = {stem: predicted, "probabilities": probabilities, "names": names, "labels": labels}
    what = f"the {stem} of " + "{rows} rows"
    return Result(
        what, arrays, table, columns=columns, remark=lambda: _print_agreement(asked, predicted, probabilities, labels)
    )


def _print_agreement(asked: Asked, predicted: np.ndarray, probabilities: np.ndarray, labels: np.ndarray | None) -> None:
    """How predictions agree with the labels of the data, where it has any."""
    if labels is None:
        return
    if asked.model.classes_ is None:
        print_measures(as_table({"clustering": clustering(predicted, probabilities, labels)}))
    else:
        found = classification(predicted, probabilities, labels, np.asarray(asked.model.label_values))
        print_measures(as_table({"classification": {"labels_in_training": None, **found}}))
    own = asked.about.get("data", {}).get("source") == located(asked.given.data)
    if own and asked.given.part in ("all", "train"):
        print("These are the run's own data, the rows that it learned from among them; --part test is of others.")


def restyle(asked: Asked) -> Result:
    """Each row under other labels."""
    given, part, wanted = asked.given, asked.part, asked.labels(asked.given.labels)
    if asked.model.conditions_ is not None and asked.known is None:
        names = ", ".join(column.name for column in asked.model.conditions_.columns)
        raise UsageError(f"{given.data} has none of the conditions {names}; name its columns of them: --labels-column.")
    only_pictures = all(path.suffix.lower() == ".png" for path in asked.paths)
    count = given.n or (RESTYLED if only_pictures else len(part))
    chosen = np.asarray(_check_rows(given.rows or range(min(count, len(part))), len(part)))
    rows = part.rows[chosen]
    asked.begin()
    restyled = asked.model.restyle(rows, wanted.labels, None if asked.known is None else asked.known[chosen])
    shown = len(chosen) if given.rows else given.n or RESTYLED

    def draw() -> Any:
        originals = np.asarray(rows).reshape(len(restyled), *restyled.shape[2:])
        if are_curves(originals):
            return figures.curves_by_label(restyled[:shown], wanted.names, originals[:shown])
        return figures.restyled(originals[:shown], restyled[:shown], wanted.names)

    def table() -> Table:
        labels = list(zip(*(column.tolist() for column in wanted.columns.values()), strict=True))
        places = [(row, *label) for row, label in itertools.product(range(len(chosen)), labels)]
        return _grouped(["row", *wanted.columns], places, restyled, asked.columns)

    what = "{rows} rows under " + f"{len(wanted.labels)} label{'' if len(wanted.labels) == 1 else 's'}"
    arrays = {"rows": chosen} if is_frame(restyled) else {"restyled": restyled} | _plural(wanted.columns)
    return Result(what, arrays, table, draw, shown=shown)


def _grouped(names: Sequence[str], places: Sequence[tuple[Any, ...]], data: Any, columns: Any) -> Table:
    """Groups of rows as a table that says beside each where it belongs, in columns of these names."""
    several = isinstance(data, dict)
    if not is_frame(data):  # which is as long as all groups together
        flat = {view: each.reshape(-1, each.shape[-1]) for view, each in (data if several else {"": data}).items()}
        data = flat if several else flat[""]
    header, cells = vectors(data, columns)
    return [*names, *header], [[*place, *line] for place, line in zip(places, cells, strict=True)]


def _check_rows(rows: Sequence[int], total: int) -> Sequence[int]:
    """See that there are rows of such numbers."""
    for row in rows:
        if not 0 <= row < total:
            raise ArgumentError("rows", f"must be numbers from 0 to {total - 1:,}", row)
    return rows


def impute(asked: Asked) -> Result:
    """The rows, their missing cells filled in."""
    given, rows = asked.given, cast(Any, asked.part.rows)
    asked.begin()
    with called(n_samples="samples"):
        found = asked.model.impute(rows, asked.known, given.draws, given.seed, given.samples)
    filled, is_array = [found] if given.draws is None else found, not hasattr(rows, "missing")
    count = int((np.isnan(rows[:]) if is_array else rows.missing).sum())
    of_text = is_text(asked.source)

    def table() -> Table:
        wholes = [vectors(each, asked.columns) if is_array else _filled_cells(asked, rows, each) for each in filled]
        if given.draws is None:
            return wholes[0]
        cells = [[*line, draw] for draw, (_, lines) in enumerate(wholes, 1) for line in lines]
        return [*wholes[0][0], "draw"], cells

    def columns() -> Any:
        frames = [_filled_frame(asked, each) for each in filled]
        if given.draws is None:
            return frames[0]
        import pandas as pd

        return pd.concat([frame.assign(draw=draw) for draw, frame in enumerate(frames, 1)], ignore_index=True)

    what = f"{len(rows):,} rows, {count:,} missing cells filled in"
    whole = None if is_array or of_text else columns
    sign = Dialect.of(asked.source, asked.dialect).delimiter if of_text and not is_array else ","
    return Result(what, {"imputed": np.asarray(found)}, table, columns=whole, delimiter=sign)


def _filled_cells(asked: Asked, rows: Any, filled: Any) -> Table:
    """The rows as they are written in their table, all its columns, with the cells in their gaps."""
    if not is_text(asked.source):
        return vectors(_filled_frame(asked, filled))
    header, cells = read_cells(asked.source, asked.dialect)
    if (numbers := asked.part.numbers) is not None:
        cells = [tuple(column[row] for row in numbers.tolist()) for column in cells]
    frame, decimal = filled.to_pandas(), Dialect.of(asked.source, asked.dialect).decimal
    whole = dict(zip(header, map(list, cells), strict=True))
    for column, gaps in zip(rows.columns, rows.missing.T, strict=True):
        texts = frame[column.name].astype(str)
        texts = texts if column.words or column.kind == "date" else texts.str.replace(".", decimal)
        for row in np.flatnonzero(gaps).tolist():
            whole[column.name][row] = texts.iloc[row]
    return header, list(zip(*whole.values(), strict=True))


def _filled_frame(asked: Asked, filled: Any) -> Any:
    """The rows of a table that is no text, all its columns, their gaps filled in."""
    if not is_table(asked.source):
        return filled.to_pandas()
    whole, numbers = read_frame(asked.source, asked.dialect)[0], asked.part.numbers
    return filled_in(whole if numbers is None else whole.iloc[numbers].reset_index(drop=True), filled)


def denoise(asked: Asked) -> Result:
    """The rows, cleaned of noise."""
    rows, corrupt = asked.part.rows, asked.given.corrupt
    asked.begin()
    noisy = asked.model.corrupt(rows, random_state=asked.given.seed) if corrupt else rows
    cleaned = asked.model.reconstruct(noisy, asked.known)
    states = {"original": rows, "noisy": noisy, "cleaned": cleaned} if corrupt else {"noisy": rows, "cleaned": cleaned}

    def draw() -> Any:
        """The same rows in each state, one state above the other; all in the range of clean ones."""
        shown = [np.asarray(state[:COMPLETED]).reshape(-1, *cleaned.shape[1:]) for state in states.values()]
        if are_curves(cleaned):
            return figures.curve_reconstructions(shown[0], shown[-1], names=(next(iter(states)), "cleaned"))
        scale = display_range(cleaned)
        return figures.image_grid(np.concatenate(shown), rows=len(shown), row_labels=list(states), value_range=scale)

    arrays = {"denoised": cleaned} | ({"noisy": noisy} if corrupt else {})
    return Result("{rows} rows cleaned", arrays, lambda: vectors(cleaned, asked.columns), draw, shown=COMPLETED)


def complete(asked: Asked) -> Result:
    """The views that rows lack, or that are not given."""
    given, model = asked.given, asked.model
    names = _chosen_views(model, given.given)
    truth, columns = open_views(given.data, model, asked.about, names, **asked.opening)
    rows = truth if names is None else truth.only(*names)
    if rows.complete:
        raise UsageError(
            f"every row of {given.data} has all of {', '.join(rows.names)}, so there is nothing to complete; name the "
            "views to complete the others from with --given."
        )
    asked.begin()
    completed = model.complete(rows, draws=given.draws, random_state=given.seed)
    return Result(
        "{rows} rows, " + " and ".join(completed) + " completed",
        completed,
        lambda: _filled_table(asked, completed, rows, columns),
        lambda: _draw_completions(rows, completed, truth),
        shown=COMPLETED,
    )


def _chosen_views(model: Any, text: str | None) -> list[str] | None:
    """The views that `--given` names."""
    if text is None:
        return None
    names, known = [name.strip() for name in text.split(",")], ", ".join(model.view_names_)
    for name in names:
        if name not in model.view_names_:
            raise ArgumentError("given", f"must be among the views {known}", name, known=model.view_names_)
    if set(names) == set(model.view_names_):
        raise UsageError(f"--given names all of the views {known}, so none is left to complete; leave one out.")
    return names


def _filled_table(asked: Asked, completed: dict[str, np.ndarray], rows: Views, columns: Any) -> Table:
    """The table that was given with its gaps filled and all else as it was; of other data, the completed views.

    Columns that the table has not got follow those that it has.
    """
    given, source = asked.given, Path(located(asked.given.data))
    if given.given is not None or given.part != "all" or not is_table(source):
        return vectors(completed, columns)
    decimal = Dialect.of(source, asked.dialect).decimal if is_text(source) else "."
    header, cells = read_cells(source, asked.dialect)
    filled = dict(zip(header, map(list, cells), strict=True))
    for view, values in completed.items():
        gaps = np.flatnonzero(rows.lacking(view))
        names, _ = vectors({view: values[:0]}, columns)
        for column, numbers in zip(names, values.T.astype(str), strict=True):
            cells_of = filled.setdefault(column, [""] * len(rows))
            for row in gaps.tolist():
                cells_of[row] = numbers[row].replace(".", decimal)
    return list(filled), list(zip(*filled.values(), strict=True))


def _draw_completions(rows: Views, completed: dict[str, np.ndarray], truth: Views) -> Any:
    """The first rows; where the truth is not known, given and completed alone."""
    first, whole = rows[:COMPLETED], truth[:COMPLETED]
    given = {name: np.asarray(first.view(name)) for name in rows.names if name not in completed}
    true = {name: np.asarray(whole.view(name)) for name in rows.names} if whole.complete else None
    return figures.completions(given, {n: v[:COMPLETED] for n, v in completed.items()}, true, names=rows.names)


def interpolate(asked: Asked) -> Result:
    """Paths between the codes of pairs of the run's rows."""
    given = asked.given
    starts, stops, which = _given_ends(asked) if given.ends else _pairs_of_rows(given)
    asked.begin()
    steps, paths = asked.model.interpolate(starts, stops, given.steps), len(next(iter(which.values())))
    arrays = {} if is_frame(steps) else by_view("interpolations", steps)

    def draw() -> Any:
        ends = _pictures_of(starts), _pictures_of(stops)
        if are_curves(ends[0]):
            return figures.curve_paths(steps, ends)
        pictures = paths_of_images(steps)
        first, last = (each.reshape(paths, *pictures.shape[2:]) for each in ends)
        return figures.interpolations(pictures, (first, last))

    return Result(
        "{rows} paths",
        arrays | which,
        lambda: _grouped(
            ("path", "step"), list(itertools.product(range(paths), range(given.steps))), steps, asked.columns
        ),
        draw,
    )


def _pairs_of_rows(given: Any) -> tuple[Any, Any, dict[str, np.ndarray]]:
    """The rows of the run that paths begin with, those that they end with, and their numbers."""
    rows = getattr(open_run_splits(Run.open(given.run).about()), given.part).rows
    if len(rows) < 2:
        raise UsageError(f"--part {given.part} has {len(rows)} rows; a path needs two.")
    if given.rows is None:
        pairs = np.random.default_rng(given.seed).choice(len(rows), (PATHS, 2), replace=len(rows) < 2 * PATHS)
    else:
        pairs = np.asarray([_check_rows(pair, len(rows)) for pair in given.rows])
    return rows[pairs[:, 0]], rows[pairs[:, 1]], {"rows": pairs}


def _given_ends(asked: Asked) -> tuple[Any, Any, dict[str, np.ndarray]]:
    """The one row of each of two files, and which these are."""
    files = asked.given.ends
    if len(files) != 2 or asked.given.rows is not None:
        raise UsageError("a path is between two files, or else between --rows of the run's data.")
    parts = [open_rows(file, asked.model, asked.about) for file in files]
    for file, part in zip(files, parts, strict=True):
        if len(part) != 1:
            raise UsageError(f"{file} must hold one row, an end of a path; it holds {len(part):,}.")
    return parts[0].rows, parts[1].rows, {"ends": np.asarray([files])}


def _pictures_of(rows: Any) -> np.ndarray:
    """Rows as they are, or those of several views as one picture each, with zeros where one is missing."""
    if not isinstance(rows, Views):
        return np.asarray(rows)
    return images({name: np.nan_to_num(np.asarray(rows.view(name))) for name in rows.names})


def manifold(asked: Asked) -> Result:
    """A grid of codes, decoded."""
    model, given, label = asked.model, asked.given, _label_of_plane(asked)
    if not 1 <= min(given.dimensions) < max(given.dimensions) <= max(2, model.latent_dim):
        two = " ".join(map(str, given.dimensions))
        raise UsageError(f"--dimensions must be two of 1 to {model.latent_dim}; got {two}.")
    across, up = (dimension - 1 for dimension in given.dimensions)
    asked.begin()
    codes = model.manifold_codes(given.rows, (across, up))
    data = model.manifold(given.rows, label, (across, up))
    names = f"$z_{{{across + 1}}}$", f"$z_{{{up + 1}}}$"

    def table() -> Table:
        """A point of the plane a line: its code, and what it decodes to."""
        header, cells = vectors(data, asked.columns)
        place, numbers = vectors(codes, [f"z{dimension + 1}" for dimension in range(codes.shape[1])])
        return [*place, *header], [[*code, *row] for code, row in zip(numbers, cells, strict=True)]

    return Result(
        "{rows} points of the plane",
        by_view("manifold", data) | {"codes": codes},
        table,
        lambda: (
            figures.curve_manifold(data, model.prior_support(), axis_labels=names)
            if are_curves(data)
            else figures.manifold(images(data), model.prior_support(), axis_labels=names)
        ),
    )


def _label_of_plane(asked: Asked) -> Any:
    """The label whose plane is decoded, where the decoder is given one."""
    model, text = asked.model, asked.given.label
    if text is not None:
        if not model.decodes_labels:
            model.require("restyle")
        return asked.label(text)
    if model.decodes_labels and model.knows_labels:
        names = ", ".join(map(str, model.label_values.tolist()))
        raise UsageError(f"every label has a plane of its own; give --label, one of {names}.")
    return None
