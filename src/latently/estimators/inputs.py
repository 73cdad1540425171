"""What users hand to an estimator: rows, labels, seeds; checked, and told how they are scaled."""

import dataclasses
from collections.abc import Mapping, Sequence
from math import prod
from numbers import Integral
from typing import Any, Literal, TypeAlias

import numpy as np
from jaxtyping import Float, Int, Shaped
from scipy.sparse import issparse
from sklearn.utils import check_array, check_random_state
from sklearn.utils.validation import validate_data

from latently.abilities import may
from latently.catalogue import models_that_may
from latently.data import (
    Dataset,
    Preprocessing,
    Subset,
    Table,
    TablePreprocessing,
    Views,
    ViewsPreprocessing,
    check_finite,
    encode_labels,
    label_values,
)
from latently.data.assumptions import warn_of
from latently.data.conditions import conditions_of
from latently.data.labels import Unlabelled, minus_ones
from latently.data.layout import bytes_are
from latently.data.rows import as_rows
from latently.data.sparse import Sparse
from latently.data.table import columns_of, is_frame, needs_table
from latently.errors import ArgumentError, check_seed, setting, warn
from latently.estimators.frames import numbers_in
from latently.estimators.networks import layout_of, said_of_channels, said_of_perceptrons, takes_tables

RandomState: TypeAlias = int | np.random.RandomState | None

_COUNTED = (
    "uint8 of which hardly a number is above 127 is counts, with a negative binomial likelihood; {likelihood=gaussian} "
    "takes it for numbers, {output=sigmoid} for pixels"
)
_RANGES: dict[str, Literal["auto", "unit", "symmetric"]] = {
    "auto": "auto",
    "identity": "auto",
    "sigmoid": "unit",
    "tanh": "symmetric",
}


def seed_of(random_state: RandomState) -> int:
    """The seed that scikit-learn's `random_state` stands for."""
    if isinstance(random_state, Integral) and not isinstance(random_state, bool):
        check_seed("random_state", random_state)
        return int(random_state)
    if random_state is not None and not isinstance(random_state, np.random.RandomState):
        raise ArgumentError("random_state", "must be a whole number, a RandomState or None", random_state)
    return int(check_random_state(random_state).randint(2**31 - 1))


def accept(estimator: Any, X: Any, *, reset: bool = False) -> Any:
    """X as rows, or as views for a model of several; memory maps are left on disk.

    Args:
        estimator: for which they are; its `n_features_in_` is set with `reset`, and checked else.
        X: what the user gave.
        reset: whether it is about to be fitted.

    Raises:
        ValueError: X is nothing that the estimator can take.
    """
    if isinstance(X, Dataset):
        X = X.rows
    if estimator.takes_views:
        return _accept_first_views(estimator, X) if reset else _accept_known_views(estimator, X)
    if isinstance(X, list | tuple):
        _check_even(X)
    elif isinstance(X, np.ndarray) and (X.dtype.kind == "c" or X.dtype.names):
        as_rows(X)  # whose sentence says what to do
    if reset and _are_counts(estimator, X):
        return _counts(X)
    if isinstance(X, Subset):
        if not (needs_table(X) if reset else isinstance(estimator.preprocessing_, TablePreprocessing)):
            return X
        X = np.asarray(X)
    if isinstance(X, Views | Mapping):
        names, others = tuple(X.names if isinstance(X, Views) else X), models_that_may("complete")
        one = f'X.view("{names[0]}")' if isinstance(X, Views) else f"X[{next(iter(names), '')!r}]"
        remedy = f"Use {' or '.join(model.name for model in others)} for several, or give one of them: {one}."
        raise ArgumentError("X", "must have one view", ", ".join(map(str, names)), remedy)
    if issparse(X):
        return Sparse(validate_data(estimator, X, reset=reset, accept_sparse="csr"))
    if isinstance(X, Sparse):
        return X
    if needs_table(X) if reset else isinstance(estimator.preprocessing_, TablePreprocessing):
        return _accept_first_table(estimator, X) if reset else _accept_known_table(estimator, X)
    if isinstance(X, np.memmap):
        return Subset(X, np.arange(len(X)))
    if is_frame(X):  # which stays one, for the names of its columns
        X = numbers_in(X) if reset else columns_of(X, estimator.preprocessing_.names)
    X = X if hasattr(X, "shape") else np.asarray(X)
    shape, columns = X.shape, None
    if len(shape) <= 2 and (reset or len(estimator.row_shape_) == 1):
        X = validate_data(estimator, X, reset=reset, ensure_all_finite=False)
        columns = getattr(estimator, "feature_names_in_", None)
    elif not (type(X) is np.ndarray and X.dtype.kind in "biuf" and X.size):  # there is nothing to see to, and it takes
        X = check_array(X, allow_nd=len(shape) > 2, ensure_all_finite=False)  # as long as reading a row
    check_finite(X, columns=columns)
    return X.astype(X.dtype.newbyteorder("="), copy=False)


def _check_even(X: Any) -> None:
    """See that rows that are lists are equally long."""
    lengths = sorted({len(row) for row in X if isinstance(row, list | tuple)})
    if len(lengths) > 1:
        rule = f"must have rows of one length; got rows of {lengths[0]} to {lengths[-1]} numbers"
        raise ArgumentError("X", rule, remedy="Fill them up with NaN, or cut them.")


def _are_counts(estimator: Any, X: Any) -> bool:
    """Whether rows are counts, for a model that has a likelihood for them and is not told otherwise."""
    bytes_ = isinstance(X, np.ndarray | Subset) and X.dtype == np.uint8 and len(X.shape) == 2
    if not (bytes_ and takes_tables(estimator) and may(estimator.game_type, "impute")):
        return False
    told = estimator.white_level is not None or not estimator.likelihood == estimator.output == "auto"
    return not told and bytes_are(X) == "counts"


def _counts(X: Any) -> Table:
    """Rows of uint8 as counts."""
    warn_of(_COUNTED)
    table = Table.of(np.asarray(X), kinds={f"x{place}": "count" for place in range(X.shape[1])})
    return Table(table.columns, table.values, table.container, (_COUNTED,))


def _accept_first_table(estimator: Any, X: Any) -> Table:
    """The table that a model is about to be fitted on."""
    table = X if isinstance(X, Table) else Table.of(X)
    for sentence in table.assumed:
        if "is left out" in sentence:
            warn_of(sentence)
    if not estimator.__sklearn_tags__().input_tags.allow_nan:
        name = type(estimator).__name__
        rule = f"must be numbers without gaps (NaN) for {name}, which has no likelihood for other columns"
        raise ArgumentError("X", rule, remedy="Use VAE or AAE, or fill in the gaps and turn words into numbers.")
    if not takes_tables(estimator):
        name = "network" if estimator.decoder_network is None else "decoder_network"
        rule = "must be mlp or resnet for a table with gaps, or of several kinds"
        raise ArgumentError(name, rule, getattr(estimator, name))
    if is_frame(X):
        validate_data(estimator, X, reset=True, skip_check_array=True)  # for feature_names_in_
    return table


def _accept_known_table(estimator: Any, X: Any) -> Table:
    """Rows for a model that was fitted on a table."""
    if not isinstance(X, Table) and np.ndim(X) < 2:
        check_array(X, ensure_all_finite="allow-nan")  # which refuses it, in the words of scikit-learn
    return Table.like(X, estimator.preprocessing_.columns, type(estimator).__name__)


def row_alone(estimator: Any, X: Any) -> Any:
    """One row that is given alone, as rows of one; `None` where X is rows.

    Args:
        estimator: fitted; a row is as those of its data, or flat.
        X: what the user gave; of several views a dict or a list of such rows.
    """
    if not estimator.takes_views:
        return _alone(X, estimator.row_shape_)
    if not isinstance(X, dict | list | tuple):
        return None
    named = X if isinstance(X, dict) else dict(zip(estimator.view_names_, X, strict=False))
    alone = {name: _alone(row, estimator.row_shape_.get(name)) for name, row in named.items()}
    return None if any(row is None for row in alone.values()) else alone


def _alone(row: Any, shape: tuple[int, ...] | None) -> Any:
    if shape is None or np.shape(row) not in (shape, (prod(shape),)) or np.shape(row) == (1, prod(shape)):
        return None
    named = hasattr(row, "to_frame") and hasattr(row, "index")  # a row of a pandas frame keeps its columns' names
    return row.to_frame().T if named else np.asarray(row)[None]


def accept_codes(estimator: Any, Z: Any) -> Float[np.ndarray, "n latent"]:
    """Codes `(n, latent_dim)` for a fitted model, from an array or a data frame; `ValueError` where they are none."""
    codes: Float[np.ndarray, "n latent"] = check_array(Z, dtype=np.float32, ensure_all_finite=False)
    check_finite(codes, "Z")
    if codes.shape[1] != estimator.latent_dim:
        raise ValueError(f"Z must have latent_dim={estimator.latent_dim} columns; got {codes.shape[1]}.")
    return codes


def _accept_first_views(estimator: Any, X: Any) -> Views:
    """The views that a model is about to be fitted on."""
    views, name = Views.of(X), type(estimator).__name__
    if len(views.names) < 2:
        raise ArgumentError("X", f"must have two views or more for {name}", views.names[0], "Use AAE for one.")
    likelihood = estimator.likelihood
    if isinstance(likelihood, Mapping):
        for view in likelihood:
            if view not in views.names:
                rule = f"must name views among {', '.join(views.names)}"
                raise ArgumentError("likelihood", rule, view, known=views.names)
    elif not isinstance(likelihood, str) and len(likelihood) != len(views.names):
        raise ArgumentError(
            "likelihood", f"must be one for all views, or one for each of {len(views.names)}", likelihood
        )
    return views


def _accept_known_views(estimator: Any, X: Any) -> Views:
    """Views for a fitted model, in its order; those that are not given are zeros, and not present."""
    known = estimator.view_names_
    views = Views.of(X, None if isinstance(X, Views | Mapping) else known)
    for name in views.names:
        if name not in known:
            raise ArgumentError("X", f"must have views among {', '.join(known)}", name, known=known)
    if views.names == known:
        return views
    n, given = len(views), dict(zip(views.names, views.present.T, strict=True))
    blank = {name: np.broadcast_to(np.float32(0), (n, *shape)) for name, shape in estimator.row_shape_.items()}
    return Views(
        {name: views.view(name) if name in given else blank[name] for name in known},
        {name: given.get(name, np.zeros(n, dtype=bool)) for name in known},
    )


def accept_labels(
    y: Any, rows: int, name: str, role: Literal["ignored", "optional", "required"], unlabelled: Unlabelled = "auto"
) -> tuple[Int[np.ndarray, "rows"] | None, Shaped[np.ndarray, "classes"] | None]:
    """The class of each row as a number, -1 where it is unknown, and the classes; `None` twice where there are none.

    Args:
        y: labels, as the user gave them.
        rows: how many there must be.
        name: of the estimator.
        role: what it makes of labels.
        unlabelled: which label marks a row without one, as for `latently.data.label_values`.

    Raises:
        ValueError: they are needed and none is known, they are too many or too few, or -1 may be a class.
    """
    if y is None:
        if role == "required":
            raise ValueError(
                f"{name} requires y to be passed, but the target y is None: it learns from labels. "
                "Give y, or use a model that learns without."
            )
        return None, None
    if role == "ignored" and isinstance(y, Mapping):  # conditions, which other models learn from
        return None, None
    values = label_values(y, unlabelled)
    if np.shape(values)[:1] != (rows,):
        given = len(values) if np.ndim(values) else 1
        raise _too_many_or_few(rows, given, "Give -1 where a label is unknown.")
    if role == "ignored":
        return None, None
    codes, classes = encode_labels(y, "y", unlabelled)
    if unlabelled == "auto" and not np.ma.isMaskedArray(y):
        check_minus_ones("y", minus_ones(y), rows, len(classes), role)
    unknown = int((codes < 0).sum())
    if role == "required" and not classes:
        raise ValueError(f"{name} learns from labels, and y holds none: every one is unknown.")
    if role == "required" and unknown:
        warn(
            f"{unknown:,} of {rows:,} labels are unknown (-1, None, NaN or empty): {name} learns what hangs on "
            "labels from the other rows alone. If -1 is a class of yours, say {unlabelled=None}."
        )
    return (codes, np.asarray(classes).astype(values.dtype)) if classes else (None, None)  # as given: "7" stays a word


def check_minus_ones(
    name: str, found: int, rows: int, classes: int, role: Literal["ignored", "optional", "required"]
) -> None:
    """See that -1, which marks rows without a label unless something else is said, is not a class.

    Args:
        name: of the labels' argument.
        found: how many labels are -1.
        rows: how many there are.
        classes: how many other labels there are.
        role: what the model makes of labels.

    Raises:
        ArgumentError: -1 and one other value are all there is, or it is half the labels of a model that needs them.
    """
    if not found or not classes or role == "ignored":
        return
    half = role == "required" and 2 * found >= rows
    if classes == 1 or half:
        what = "-1 and one other value alone" if classes == 1 else f"-1 in {found:,} of {rows:,} rows"
        raise ArgumentError(
            name,
            f"must not be {what}, where -1 marks a row whose label is not known",
            remedy="If -1 is a class like the others, say {unlabelled=None}; if it marks such rows, {unlabelled=-1}.",
        )


def accept_conditions(y: Any, rows: int, estimator: Any) -> Table | None:
    """The conditions of each row, for a model that takes them; `None` where y is classes, or is ignored.

    Args:
        y: as the user gave it.
        rows: how many there must be.
        estimator: for which they are.

    Raises:
        ValueError: y is no classes and the model takes no others, is too long or too short, or wholly unknown.
    """
    if y is None or estimator.labels == "ignored":
        return None
    table = conditions_of(y, unlabelled=estimator.unlabelled)
    if table is None:
        return None
    name = type(estimator).__name__
    if len(table) != rows:
        raise _too_many_or_few(rows, len(table), "Leave cells empty (NaN) that are unknown.")
    if not may(estimator.game_type, "sample_conditions"):
        what = "fractions, as if they were measured" if len(table.columns) == 1 else f"{len(table.columns)} columns"
        able = ", ".join(model.name for model in models_that_may("sample_conditions"))
        rule = f"must be integers or words; got {what}, and {name} learns from one class a row"
        raise ArgumentError("y", rule, remedy=f"Models that take several labels, and measured ones: {able}.")
    if table.missing.all():
        raise ValueError(f"{name} learns from labels, and y holds none: every one is unknown.")
    return table


def _too_many_or_few(rows: int, found: int, remedy: str) -> ArgumentError:
    return ArgumentError("y", f"must have one label for each of the {rows} rows of X", found, remedy)


def fit_preprocessing(model: Any, X: Any) -> Preprocessing | TablePreprocessing | ViewsPreprocessing:
    """How the data is scaled, each view of it: to where the decoder's likelihood can reach it.

    Args:
        model: whose hyperparameters say so.
        X: what `accept` gave.

    Raises:
        ValueError: the data does not lie where the likelihood needs it, or is no image for convolutions.
    """
    if isinstance(X, Views):
        return ViewsPreprocessing({name: _fit_view(model, X, name) for name in X.names})
    if isinstance(X, Table):
        if model.white_level is not None:
            raise ArgumentError("white_level", "is for pixels, and a table with gaps or of several kinds has none")
        return TablePreprocessing.fit(X)
    return _fit_rows(model, X, model.likelihood)


def views_asked_for(model: Any) -> tuple[str, ...]:
    """Names for the views of data that a model's hyperparameters suit: those that they name, and more where needed.

    Args:
        model: an estimator of several views, fitted or not.
    """
    likelihood, sources = model.likelihood, getattr(model, "inferred_from", ())
    named = [*(likelihood if isinstance(likelihood, Mapping) else ())]
    named += [sources] if isinstance(sources, str) else sources
    named = [name for name in dict.fromkeys(named) if name not in ("each", "first")]
    wanted = len(likelihood) if isinstance(likelihood, list | tuple) else 2
    return (*named, *(f"view {place}" for place in range(len(named), wanted)))


def view_likelihood(model: Any, names: Sequence[str], place: int) -> str:
    """The likelihood of one view: the model's, its own by its name, or its own by its place.

    Args:
        model: an estimator.
        names: of all views, in order.
        place: of the one.
    """
    if isinstance(model.likelihood, Mapping):
        named: str = model.likelihood.get(names[place], "auto")
        return named
    likelihood: str = model.likelihood if isinstance(model.likelihood, str) else model.likelihood[place]
    return likelihood


def _fit_rows(model: Any, X: Any, likelihood: str, *, view: bool = False) -> Preprocessing:
    wanted = "unit" if likelihood == "bernoulli" else _RANGES[model.output]
    if model.standardize != "auto" and wanted != "auto":
        other = "{likelihood=bernoulli}" if likelihood == "bernoulli" else setting("output", model.output)
        raise ArgumentError("standardize", f"must be left at auto for {other}", model.standardize)
    if model.standardize != "auto" and model.white_level is not None:
        raise ArgumentError("standardize", "must be left at auto where {white_level} is given", model.standardize)
    layout = layout_of(model, len(X.shape) - 1, view=view)
    asked = {name: getattr(model, name) for name in ("channel_axis", "standardize", "binarize", "white_level")}
    preprocessing = Preprocessing.fit(X, range=wanted, layout=layout, **asked)
    said = (*said_of_channels(model, preprocessing.event_shape), *said_of_perceptrons(model, preprocessing.row_shape))
    for sentence in said:
        warn_of(sentence)
    return dataclasses.replace(preprocessing, assumed=(*preprocessing.assumed, *said))


def _fit_view(model: Any, X: Views, name: str) -> Preprocessing:
    """How a view is scaled, judged by the rows that have it."""
    present = ~X.lacking(name)
    if not present.any():
        raise ArgumentError("X", f"must not have a view that no row has, such as {name!r}", remedy="Leave it out.")
    rows = X.view(name) if present.all() else Subset(X.view(name), np.flatnonzero(present))
    try:
        return _fit_rows(model, rows, view_likelihood(model, X.names, X.names.index(name)), view=True)
    except ArgumentError as error:
        about = f"view {name!r}: {error.name}"
        raise ArgumentError(about, error.rule, error.value, error.remedy, error.known) from None
