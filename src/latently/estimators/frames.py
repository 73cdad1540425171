"""Frames in, frames out: what rows came in is kept beside what was done to them, and they are given back in it."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from sklearn.utils._set_output import _get_output_config

from latently.data import Dataset, Table, TablePreprocessing, Views, ViewsPreprocessing, assumed
from latently.data.assumptions import warn_of
from latently.data.table import (
    Container,
    as_frame,
    columns_of,
    filled_in,
    framed,
    in_container,
    is_frame,
    plain_names,
    said_of_numbers,
)
from latently.inference import regroup

if TYPE_CHECKING:
    import pandas as pd


class Origin(NamedTuple):
    """What rows came in, and what is known of them beside their numbers.

    Attributes:
        names: of their columns; none of rows that have no names.
        container: what they came in.
        dtypes: of their columns, where they came in a frame.
        assumed: what was guessed while they were read.
    """

    names: tuple[str | int, ...] = ()
    container: Container = "array"
    dtypes: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()


def origin_of(X: Any) -> Any:
    """The `Origin` of what a user handed over; of several views, that of each by its name."""
    if isinstance(X, Dataset):
        return _origin_of_data(X)
    if isinstance(X, Mapping) and not isinstance(X, Views):
        return {str(name): _origin_of_frame(rows) for name, rows in X.items() if is_frame(rows)}
    if isinstance(X, list | tuple):
        return {f"view{place}": _origin_of_frame(rows) for place, rows in enumerate(X, 1) if is_frame(rows)}
    if not is_frame(X):
        return Origin()
    places, said = plain_names(as_frame(X)[0]) or (None, [])
    for sentence in said:
        warn_of(sentence)
    whole = _origin_of_frame(X)
    places = list(range(len(whole.names))) if places is None else places
    names, dtypes = tuple(whole.names[place] for place in places), tuple(whole.dtypes[place] for place in places)
    return Origin(names, whole.container, dtypes, tuple(said))


def _origin_of_frame(X: Any) -> Origin:
    """The names and types of all columns of a frame, names numbers where all are, and its library."""
    names = list(X.columns)
    library: Container = "polars" if type(X).__module__.startswith("polars") else "pandas"
    dtypes = tuple(str(getattr(dtype, "numpy_dtype", dtype)) for dtype in as_frame(X)[0].dtypes)
    return Origin(tuple(names if all(isinstance(name, int) for name in names) else map(str, names)), library, dtypes)


def _origin_of_data(data: Dataset) -> Any:
    """What a data set knows of its rows."""
    columns, guesses = data.description.get("columns"), assumed(data.description)
    if data.view_names:
        of_view = columns if isinstance(columns, Mapping) else {}
        return {view: Origin(tuple(of_view.get(view, ())), assumed=guesses) for view in data.view_names}
    return Origin(tuple(columns or ()), assumed=guesses)


def with_origin(preprocessing: Any, origin: Any, X: Any) -> Any:
    """What was done to rows, with what they came in.

    Args:
        preprocessing: fitted to the rows.
        origin: of them, as `origin_of` says.
        X: the rows as they were accepted.
    """
    if isinstance(preprocessing, ViewsPreprocessing):
        of_view = origin if isinstance(origin, dict) else {}
        views = {
            name: with_origin(view, of_view.get(name, Origin()), X.view(name))
            for name, view in preprocessing.views.items()
        }
        return ViewsPreprocessing(views)
    if not isinstance(origin, Origin):
        return preprocessing
    said = (*origin.assumed, *preprocessing.assumed)
    if isinstance(preprocessing, TablePreprocessing) or len(origin.names) != preprocessing.n_features:
        return dataclasses.replace(preprocessing, assumed=tuple(dict.fromkeys(said)))
    named = dataclasses.replace(preprocessing, names=origin.names, container=origin.container, dtypes=origin.dtypes)
    scaled = named.reading.rpartition(", ")[2]
    said = (*said, said_of_numbers(X, list(map(str, origin.names)), scaled))
    return dataclasses.replace(named, assumed=tuple(dict.fromkeys(said)))


def given_back(model: Any, data: Any, groups: Sequence[int] = (), like: Any = None) -> Any:
    """Rows as they are given back: in the frame that `set_output` asks for or that `fit` saw, arrays in groups.

    Args:
        model: fitted.
        data: what its preprocessing gives: an array, a table, or name → array of several views.
        groups: how many rows belong together, level by level; frames stay one below the other.
        like: rows in whose place these stand; frames of pandas have their index.
    """
    asked = _get_output_config("transform", model)["dense"]
    done = model.preprocessing_
    if not isinstance(data, dict):
        return _given_back(data, done, asked, groups, like)
    each = like if isinstance(like, Mapping) else {}
    return {name: _given_back(rows, done.views[name], asked, groups, each.get(name)) for name, rows in data.items()}


def _given_back(data: Any, done: Any, asked: str, groups: Sequence[int], like: Any) -> Any:
    container: Any = done.container if asked == "default" else asked
    if isinstance(data, Table):
        frame = data.frame(container)
    elif container == "array" or data.ndim != 2 or len(done.row_shape) > 1:
        return regroup(data, *groups) if groups else data
    else:
        names: Iterable[Any] = done.names or [f"x{place}" for place in range(data.shape[1])]
        frame = framed(data, names, container, done.dtypes)
    if not is_frame(frame):
        return regroup(frame, *groups) if groups else frame
    return _indexed(frame, like) if container == "pandas" and not groups else frame


def _indexed(frame: "pd.DataFrame", like: Any) -> "pd.DataFrame":
    """A frame with the index of the rows in whose place it stands."""
    index = getattr(like, "index", None) if is_frame(like) else None
    return frame if index is None or len(index) != len(frame) else frame.set_axis(index, axis=0)


def filled_back(model: Any, X: Any, table: Table) -> Any:
    """What X is, its gaps filled in from a table; in the frame that `set_output` asks for, where it asks for one."""
    filled, asked = filled_in(X, table), _get_output_config("transform", model)["dense"]
    if asked == "default" or isinstance(filled, Table):
        return filled
    if not is_frame(filled):
        return framed(filled, table.names, asked)
    return filled if as_frame(filled)[1] == asked else in_container(as_frame(filled)[0], asked)


def numbers_in(X: Any) -> Any:
    """The rows of a table as they are learned: a frame without the columns that count its rows."""
    found = plain_names(as_frame(X)[0])
    return X if found is None else columns_of(X, [X.columns[place] for place in found[0]])


def frame_names(preprocessing: Any) -> tuple[str, ...]:
    """The names of columns that scikit-learn keeps as `feature_names_in_`: of rows that came in a frame, all words."""
    if getattr(preprocessing, "container", "array") == "array":
        return ()
    columns = isinstance(preprocessing, TablePreprocessing)
    names = [column.name for column in preprocessing.columns] if columns else preprocessing.names
    return tuple(names) if all(isinstance(name, str) for name in names) else ()
