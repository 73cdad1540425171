"""Going on: a fitted model learns from more rows, of the kind that it knows; and rows that count more than others."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jax
import numpy as np
from jaxtyping import Float, Int, Shaped

from latently.data import encode_labels, label_values
from latently.data.labels import Unlabelled
from latently.errors import ArgumentError, first_line
from latently.estimators.inputs import accept, accept_labels
from latently.game import Game


@contextmanager
def as_it_was(model: Any) -> Iterator[None]:
    """While a model learns: where that fails, or is broken off, the model is what it was before."""
    before = dict(vars(model))
    try:
        yield
    except BaseException:
        vars(model).clear()
        vars(model).update(before)
        raise


def check_weights(weights: Any, rows: int) -> Float[np.ndarray, "rows"] | None:
    """The weight of each row; `None` where there are none, or all are one.

    Args:
        weights: as the user gave them.
        rows: how many there must be.

    Raises:
        ArgumentError: they are no numbers, too many or too few, negative, not finite, or all 0.
    """
    if weights is None:
        return None
    try:
        numbers: Float[np.ndarray, rows] = np.asarray(weights, np.float64)
    except (TypeError, ValueError) as error:
        rule = f"must be numbers, one for each of the {rows} rows of X ({first_line(error)})"
        raise ArgumentError("sample_weight", rule) from error
    if numbers.shape != (rows,):
        rule = f"must have one weight for each of the {rows} rows of X; got an array"
        raise ArgumentError("sample_weight", f"{rule} of shape {numbers.shape}")
    if not np.isfinite(numbers).all() or (numbers < 0).any():
        bad = numbers[~np.isfinite(numbers) | (numbers < 0)][0]
        raise ArgumentError("sample_weight", "must be finite and 0 or more", float(bad))
    if not numbers.any():
        raise ArgumentError("sample_weight", "must not be zero for all rows: those of weight 0 are left out")
    return None if (numbers == numbers[0]).all() else numbers


def known_rows(model: Any, X: Any) -> Any:
    """X as more rows of the kind that a fitted model knows; `ValueError` where they are of another."""
    return model.preprocessing_.check(accept(model, X), type(model).__name__, noisy=model.corruption is not None)


def known_labels(model: Any, y: Any, rows: int, name: str = "y") -> Shaped[np.ndarray, "rows ..."] | None:
    """What a fitted model is told of more rows: their classes among those that it knows, or their conditions.

    Args:
        model: that has its `classes_` and `conditions_`.
        y: as the user gave it.
        rows: how many there must be.
        name: of the labels' argument.

    Raises:
        ArgumentError: a label is none of its classes, or they are too many or too few.
    """
    if model.labels == "ignored" or y is None:
        return accept_labels(y, rows, type(model).__name__, model.labels)[0]
    if model.conditions_ is not None:
        told: Shaped[np.ndarray, rows] = model.conditions_(y, rows)
        return told
    codes, found = read_labels(y, name, model.unlabelled)
    if len(codes) != rows:
        raise ArgumentError(name, f"must have one label for each of the {rows} rows of X", len(codes))
    places = {label: place for place, label in enumerate([] if model.classes_ is None else model.classes_.tolist())}
    for label in found.tolist():
        if label not in places:
            rule = f"must be among the classes that it began with ({', '.join(map(str, places)) or 'none'})"
            remedy = "Name those that come later in the first call of partial_fit, with classes; or fit anew."
            raise ArgumentError(name, rule, label, remedy)
    known: Int[np.ndarray, rows] = np.asarray([*(places[label] for label in found.tolist()), -1], np.int32)[codes]
    return known


def read_labels(
    y: Any, name: str, unlabelled: Unlabelled
) -> tuple[Int[np.ndarray, "rows"], Shaped[np.ndarray, "classes"]]:
    """The class of each row as a number, -1 where it is unknown, and the classes as they were given."""
    codes, classes = encode_labels(y, name, unlabelled)
    return codes, np.asarray(classes).astype(label_values(y, unlabelled).dtype)  # "7" stays a word


def with_weights_of(game: Game, learned: Game) -> Game:
    """A game with the arrays of one that was fitted, each by its place.

    Raises:
        ArgumentError: it has other arrays: hyperparameters or labels are no longer those that it was fitted with.
    """
    arrays = {jax.tree_util.keystr(path): leaf for path, leaf in jax.tree_util.tree_leaves_with_path(learned)}

    def taken(path: Any, leaf: Any) -> Any:
        name = jax.tree_util.keystr(path)
        if not hasattr(leaf, "shape"):
            return leaf
        if getattr(arrays.get(name), "shape", None) != leaf.shape:
            rule = f"goes on with the weights of the last fit, and {name[1:]} is of another shape now"
            raise ArgumentError(
                "warm_start", rule, remedy="Undo what was changed since, or fit with {warm_start=False}."
            )
        return arrays[name]

    with_arrays: Game = jax.tree_util.tree_map_with_path(taken, game)
    return with_arrays


def check_stream(model: Any, classes: Any) -> None:
    """See that a model can learn from a stream, whose length nobody knows, and is told no other classes than before.

    Raises:
        ArgumentError: it cannot.
    """
    moving = {"schedule": model.schedule if model.schedule != "constant" else None}
    for name, value in ({"learning_rate_decay": model.learning_rate_decay} | moving).items():
        if value and not callable(value):
            rule, remedy = "needs to know how long the training is, which partial_fit does not", f"Use {{{name}=None}}."
            raise ArgumentError(name, rule, value, remedy.replace("decay=None", "decay=0"))
    if classes is not None and model.__sklearn_is_fitted__() and model.labels != "ignored":
        before = [] if model.classes_ is None else model.classes_.tolist()
        if sorted(map(str, np.unique(classes).tolist())) != sorted(map(str, before)):
            rule = f"must be those of the first call ({', '.join(map(str, before)) or 'none'}), or left out"
            raise ArgumentError("classes", rule, list(classes))


def rounds_of_a_pass(rows: int, batch_size: int) -> int:
    """The rounds in which each row is drawn once at least."""
    return math.ceil(rows / min(batch_size, rows))
