"""The rows of a run: those that it was trained on, and new ones, opened for its model as it opened its own."""

import hashlib
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Shaped

from latently.data import (
    BUILTIN,
    Dataset,
    Splits,
    Table,
    TablePreprocessing,
    Views,
    open_dataset,
    open_whole,
)
from latently.data.hub import PREFIX
from latently.data.labels import UNKNOWN
from latently.data.layout import channels_first
from latently.data.open import holds_images, takes
from latently.data.parts import conditions_like
from latently.data.rows import as_names, hash_rows, spread_rows
from latently.data.stores import ANNDATA, anndata_names, array_names
from latently.data.stores import SUFFIXES as STORES
from latently.data.table import some
from latently.data.tables import column_names, is_parquet, is_table, is_text
from latently.errors import ArgumentError

FILM_ROWS, FILM_NUMBERS, LEAST_FILMED = 1500, 2**19, 8
"""Rows that are filmed at most; numbers of a frame at most, of which long codes leave fewer rows; but so many rows."""
PARTS = ("all", "train", "validation", "test")
"""What can be asked of data: all of it, or a part of the split that the run made."""

TABLE_OPTIONS = ("columns", "leave_out", "kinds", "dialect")
"""Arguments of `open_dataset` that are for tables."""

IMAGE_OPTIONS = ("image_size", "image_fit", "gray", "white_level", "background", "frame", "skip_bad")
"""Arguments of `open_dataset` that are for images."""

PLACE_OPTIONS = ("parts", "nested", "labels_file")
"""Arguments of `open_dataset` that say where the rows and labels of a source are, and not of others like it."""


def filmed_at_most(latent_dim: int) -> int:
    """How many rows are filmed, at most, whose codes have so many dimensions."""
    return max(LEAST_FILMED, min(FILM_ROWS, FILM_NUMBERS // latent_dim))


def film_rows(splits: Splits, most: int = FILM_ROWS) -> Dataset:
    """The rows that are filmed: up to so many, spread over the test rows, or else over the training rows."""
    part = splits.test if len(splits.test) > 1 else splits.train
    return part.take(spread_rows(len(part), most))


def fingerprint(splits: Splits) -> str:
    """Sixteen hexadecimal digits of all rows and labels, their shapes and types: a resumed run must meet the same."""
    digest = hashlib.sha256()
    for part in (splits.train, splits.validation, splits.test):
        digest.update(",".join(part.view_names).encode())
        hash_rows(part.views, part.labels, digest, part.present)
        if part.conditions is not None:
            digest.update(repr(part.conditions.columns).encode())
            hash_rows((part.conditions.values,), None, digest)
    return digest.hexdigest()[:16]


def located(source: str) -> str:
    """A data set's name as it is, a path absolute; what does not exist stays as it was typed, for the error."""
    if source.startswith(PREFIX) and (inner := located(source.removeprefix(PREFIX))):
        return PREFIX + inner
    path = Path(source).expanduser()
    return str(path.resolve()) if source not in BUILTIN and path.exists() else source


def short_name(source: str) -> str:
    """What to call a source in the name of a folder.

    Example:
        >>> short_name("mnist"), short_name("/data/My photos/"), short_name("table.csv")
        ('mnist', 'my-photos', 'table')
    """
    stem = source if source in BUILTIN else Path(source).name.split(".")[0]
    return "-".join("".join(letter if letter.isalnum() else " " for letter in stem.lower()).split()) or "data"


def open_splits(arguments: Mapping[str, Any]) -> Splits:
    """Open data whose arguments of `open_dataset` are JSON values, as a run's configuration holds them."""
    return open_dataset(**_opening(arguments))


def _opening(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of `open_dataset` from JSON values: sizes are pairs."""
    size = arguments["image_size"]
    sizes = {view: _pair(each) for view, each in size.items()} if isinstance(size, dict) else _pair(size)
    return {**arguments, "image_size": sizes, "leave_out": arguments.get("leave_out") or ()}


def open_run_splits(about: Mapping[str, Any]) -> Splits:
    """The data that a run was trained on, again; `ValueError` where it is not the same any more."""
    source = about["data"]["source"]
    try:
        splits = open_splits(about["data"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"the run's configuration is damaged: its data cannot be opened ({error}).") from None
    if fingerprint(splits) != about["fingerprint"]:
        raise ValueError(
            f"{source} has changed since the run began; bring the old data back, or begin anew with `latently fit`."
        )
    return splits


def open_rows(
    source: str,
    model: Any,
    about: Mapping[str, Any],
    *,
    part: str = "all",
    labels_column: Sequence[str] | None = None,
    skip_bad: bool = False,
    views: str | None = None,
    dialect: str | None = None,
) -> Dataset:
    """The rows of any data, for a fitted model.

    Args:
        source: a data set's name, a folder or a file.
        model: fitted; a folder's images are brought to its size.
        about: what the run says of its own data, which decides the split, a table's column of labels and what is which
            view.
        part: one of `PARTS`.
        labels_column: of a table, one or several; the run's own unless said.
        skip_bad: leave out images that cannot be read.
        views: what is which view; as the run says unless said.
        dialect: how a table is written as text, where that is not to be guessed.

    Returns:
        The rows; for a model of several views, with its views in its order, blank and not given where the data has not
        got them.
    """
    place, own = located(source), about.get("data", {})
    views = views_in(place, views, own.get("views"), model)
    as_its_own = reading_of(place, model, about, views, labels_column=labels_column, dialect=dialect)
    arguments = {"source": place, "skip_bad": skip_bad, "views": views, "some_views": True, **as_its_own}
    same = own.get("source") == place
    arguments |= {name: own.get(name) for name in PLACE_OPTIONS} if same else {}
    if part == "all":
        return _with_views_of(model, open_whole(**_opening(arguments)))
    cut = {name: own.get(name) for name in ("validation", "test")} | {"seed": own.get("seed", 0)} if same else {}
    rows: Dataset = getattr(open_splits({**arguments, **cut}), part)
    if not len(rows):
        raise ArgumentError("part", f"{part} has no rows in {source}", remedy=f"The parts are {', '.join(PARTS)}.")
    return _with_views_of(model, rows)


def open_views(
    source: str, model: Any, about: Mapping[str, Any], given: Sequence[str] | None, **opening: Any
) -> tuple[Views, Any]:
    """The rows that `open_rows` opens for a model of several views, and the columns of each view that a table gave.

    Where the others are to be completed from one `given` view alone, a file may hold that view and no other.
    """
    shapes, columns = model.row_shape_, about.get("columns")
    if given is not None and len(given) == 1:
        with suppress(ValueError):  # the file holds more than one view, and the run knows which is which
            unnamed = {**about, "data": {**about.get("data", {}), "views": None}}
            alone: Any = open_rows(source, model, unnamed, **opening).rows
            if not isinstance(alone, Views) and tuple(alone.shape[1:]) == shapes[given[0]]:
                blank = {name: np.zeros((len(alone), *shape), np.float32) for name, shape in shapes.items()}
                present = {name: np.full(len(alone), name == given[0]) for name in blank}
                return Views({**blank, given[0]: alone}, present), columns
    part = open_rows(source, model, about, **opening)
    rows: Any = part.rows
    return rows, {**(columns or {}), **(part.description.get("columns") or {})}


def reading_of(
    source: str,
    model: Any,
    about: Mapping[str, Any],
    views: str | None = None,
    *,
    labels_column: Sequence[str] | None = None,
    dialect: str | None = None,
) -> dict[str, Any]:
    """Arguments of `open_dataset` that read a source as a model's own data was read; see `open_rows`."""
    own, path = about.get("data", {}), Path(source)
    table = source not in BUILTIN and is_table(path)
    dialect = dialect_for(source, about, dialect)
    held = () if source in BUILTIN else _names_in(path, dialect)
    if not labels_column:  # where there is none, new rows come without labels
        labels_column = [name for name in as_names(own.get("labels_column")) if name in held]
    return {
        "labels_column": list(labels_column) if labels_column else None,
        "array": own.get("array") if own.get("array") in held else None,
        "row_axis": own.get("row_axis") if takes(source, "row_axis") else None,
        "unlabelled": own.get("unlabelled", "auto"),
        "channel_axis": own.get("channel_axis", "auto"),
        **(columns_for(held, model, about) if table and views is None else {}),
        "dialect": dialect,
        **(images_like(model, views, about) if holds_images(source) else {"image_size": None}),
    }


def dialect_for(source: str, about: Mapping[str, Any], told: str | None = None) -> str | None:
    """How a table is written: as it is told; else as the run's own was told to be, if both are text, or of Excel."""
    own, path = about.get("data", {}), Path(source)
    if told or source in BUILTIN or not is_table(path):
        return told
    alike = own.get("dialect") and is_text(path) == is_text(Path(own["source"]))
    return own["dialect"] if alike and not is_parquet(path) else None


def columns_for(there: Sequence[str], model: Any, about: Mapping[str, Any]) -> dict[str, Any]:
    """How `open_dataset` is to read a table for a model: its own columns that are there, as what it learned them.

    Raises:
        ArgumentError: columns are not there that a model without gaps was fitted on.
    """
    preprocessing = model.preprocessing_
    kinds = {
        column.name: "category" if column.kind == "binary" else column.kind  # new rows may have other words
        for column in (preprocessing.columns if isinstance(preprocessing, TablePreprocessing) else ())
        if column.name in there
    }
    own = found if isinstance(found := about.get("columns"), list) else []  # of several views they are by view
    if there and not kinds and (lacking := [name for name in own if name not in there]):
        rule = f"lacks the column{'s' * (len(lacking) > 1)} {some(lacking)}, which the model was fitted on"
        raise ArgumentError("X", rule, remedy=f"It has {some(there)}.")
    columns = list(kinds) or [name for name in own if name in there]
    return ({"columns": columns} if columns else {}) | ({"kinds": kinds} if kinds else {})


def labels_of(part: Dataset) -> Shaped[np.ndarray, "rows"] | None:
    """A part's labels as they were in the data; unknown ones are -1 among numbers and empty among words.

    Where -1 is a class, they are a masked array, whose mask says which are unknown.

    Example:
        >>> labels_of(Dataset("two", (np.zeros(3),), np.array([1, -1, 0]), ("ant", "bee"))).tolist()
        ['bee', '', 'ant']
    """
    if part.labels is None or not part.classes:
        return None
    unknown = "" if isinstance(part.classes[0], str) else -1
    values: np.ndarray = np.asarray([*part.classes, unknown])[part.labels]
    return np.ma.MaskedArray(values, mask=part.labels == UNKNOWN) if UNKNOWN in part.classes else values


def targets_of(part: Dataset) -> Shaped[np.ndarray, "rows"] | Table | None:
    """What a model is given beside a part's rows: labels as they were in the data, or conditions."""
    return labels_of(part) if part.conditions is None else part.conditions


def known_labels(model: Any, part: Dataset) -> Shaped[np.ndarray, "rows"] | Table | None:
    """A part's labels for a model whose decoder is given the label; `None` where it is not, or knows none of them.

    A label that it does not know is -1 among numbers and empty among words; a condition, missing.
    """
    values = labels_of(part)
    if model.conditions_ is not None:
        return conditions_like(part, model.conditions_.columns)
    if values is None or not model.decodes_labels or model.classes_ is None:
        return None
    own = {str(value): value for value in model.classes_.tolist()}
    unknown = "" if model.classes_.dtype.kind == "U" else -1
    known = np.array([str(value) in own for value in values.tolist()])
    labels: np.ndarray = np.asarray([own.get(str(value), unknown) for value in values.tolist()])
    if not known.any():
        return None
    return np.ma.MaskedArray(labels, mask=~known) if str(UNKNOWN) in own else labels


def image_size_of(model: Any, views: str | None) -> Any:
    """The height and width of a folder's images that suit a model, as JSON: of all, or of each view."""
    shapes = model.row_shape_
    if not isinstance(shapes, dict):
        return list(_image_shape(model, shapes)[:2]) if len(shapes) > 1 else None
    sizes = {view: list(_image_shape(model, shape)[:2]) for view, shape in shapes.items() if len(shape) > 1}
    if len(sizes) < len(shapes) or views is None:
        return None
    (height, width), (height2, width2) = list(sizes.values())[:2]
    made = {"halves": [height, width + width2], "top-bottom": [height + height2, width], "noisy": [height, width]}
    return made.get(views, sizes)


def images_like(model: Any, views: str | None, about: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that open images as a model met them: in its size and colours, fitted as in its run."""
    shape = model.row_shape_
    gray = None if isinstance(shape, dict) or len(shape) < 2 else _image_shape(model, shape)[2] == 1
    own = {name: about.get("data", {}).get(name) for name in ("image_fit", "background", "frame")}
    return {"image_size": image_size_of(model, views), "gray": gray, "white_level": about.get("white_level"), **own}


def _image_shape(model: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Height, width and channels of rows of a model that are images."""
    if len(shape) == 2:
        return (*shape, 1)
    return (*shape[1:], shape[0]) if channels_first(shape, getattr(model, "channel_axis", "auto")) else shape


def views_in(source: str, given: str | None, own: str | None, model: Any) -> str | None:
    """The `views` that data is opened with: those given, or those that arrays are named after, or the run's own.

    Arrays of a `.npz` file may have the names of the model's views, as in what `latently complete` writes.
    """
    if not isinstance(model.row_shape_, dict):
        if given is not None:
            name = type(model).__name__
            raise ArgumentError("views", f"is for models of several views, and {name} has one", remedy="Leave it out.")
        return None
    if given is not None:
        return given
    held = _names_in(Path(source))
    named = [view for view in model.row_shape_ if view in held]
    return ",".join(f"{view}={view}" for view in named) or own


def _with_views_of(model: Any, part: Dataset) -> Dataset:
    """Rows with the views of a model in its order; those that the data has not got are blank, and not given."""
    shapes = model.row_shape_
    if not part.view_names or not isinstance(shapes, dict) or part.view_names == tuple(shapes):
        return part
    if unknown := [view for view in part.view_names if view not in shapes]:
        raise ArgumentError(
            "views",
            f"has the view {unknown[0]!r}, and those of the model are {', '.join(shapes)}",
            remedy="Name them so: {views=NAME=WHAT,NAME=WHAT}.",
        )
    n = len(part)
    arrays = dict(zip(part.view_names, part.views, strict=True))
    has = np.ones((n, len(arrays)), dtype=bool) if part.present is None else part.present
    present = dict(zip(part.view_names, has.T, strict=True))
    blank = np.float32(0)
    return replace(
        part,
        views=tuple(arrays.get(view, np.broadcast_to(blank, (n, *shape))) for view, shape in shapes.items()),
        view_names=tuple(shapes),
        present=np.stack([present.get(view, np.zeros(n, dtype=bool)) for view in shapes], axis=1),
    )


def _names_in(path: Path, dialect: str | None = None) -> Sequence[str]:
    """The names of the columns or arrays that a file holds."""
    suffix = path.suffix.lower()
    if is_table(path):
        return column_names(path, dialect)
    if suffix == ANNDATA:
        return anndata_names(path)
    if suffix in STORES:
        return array_names(path)
    if suffix != ".npz" or not zipfile.is_zipfile(path):
        return []
    with zipfile.ZipFile(path) as archive:
        return [name.removesuffix(".npy") for name in archive.namelist()]


def _pair(size: Any) -> Any:
    """A height and a width from JSON; one number, and none, as they are."""
    return (int(size[0]), int(size[1])) if isinstance(size, list) else size
