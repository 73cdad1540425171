"""Held-out rows of an estimator: set aside or given, prepared, and measured while it is trained."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Int, PRNGKeyArray, Shaped

from latently.criterion import LOSS, criterion_of, held_out
from latently.data import ConditionPreprocessing, Dataset, Subset
from latently.data.rows import spread_rows
from latently.data.sparse import Sparse
from latently.errors import ArgumentError
from latently.estimators.going_on import known_rows, read_labels
from latently.game import Batch
from latently.training import Feed, Validation

MOST_ROWS = 1000
"""Held-out rows that are measured, at most."""
_MOST_NUMBERS = 2**22
_COST = 40
"""Rows trained on for each held-out row: a measurement, without gradients, then takes 1 or 2 % of the time."""
_LEAST_ROUNDS = 20


class HeldOut(NamedTuple):
    """Rows that are not learned from, as an estimator has accepted them.

    Attributes:
        rows: at least one.
        labels: the class of each as a number, -1 where it is unknown; or its conditions, NaN where one is; or `None`.
    """

    rows: Any
    labels: Shaped[np.ndarray, "rows ..."] | None


@dataclass(frozen=True, eq=False)
class Measure:
    """Measures games on held-out rows, always the same ones and with the same draws.

    Attributes:
        batch: the rows, prepared, with what is known of their labels.
        key: of the draws.
        criterion: the name of what tells how good a game is.
        terms: whether to add the players' terms.
        calibrated: gives a game whose batch norms hold statistics.
    """

    batch: Batch
    key: PRNGKeyArray
    criterion: str
    terms: bool
    calibrated: Callable[[Any], Any]

    def __call__(self, game: Any) -> dict[str, float]:
        """What the rows say of a game."""
        return self._numbers(game, self.criterion, self.terms)

    def unexplained(self, game: Any) -> float:
        """The share of their variance that reconstructions miss, of a game that encodes and decodes."""
        return self._numbers(game, LOSS.name, terms=False)[LOSS.name]

    def _numbers(self, game: Any, name: str, terms: bool) -> dict[str, float]:
        found = held_out(self.calibrated(game), self.batch, self.key, name, terms=terms)
        return {name: float(value) for name, value in found.items()}


def set_aside(X: Any, labels: Any, weights: Any, share: float, seed: int) -> tuple[Any, Any, Any, HeldOut]:
    """Accepted rows, their labels and their weights without a share of them, and that share.

    Raises:
        ArgumentError: there are too few rows for both.
    """
    n = len(X)
    kept_out = max(1, round(share * n))
    if n - kept_out < 2:
        rule = f"needs more rows than the {n} of X: some of them are set aside"
        raise ArgumentError("early_stopping", rule, remedy="Leave it out, or give {X_val}.")
    order = np.random.default_rng((seed, 2)).permutation(n)
    out, rest = np.sort(order[:kept_out]), np.sort(order[kept_out:])
    of = [None, None] if labels is None else [labels[rest], labels[out]]
    return some_rows(X, rest), of[0], None if weights is None else weights[rest], HeldOut(some_rows(X, out), of[1])


def given(model: Any, X: Any, y: Any) -> HeldOut:
    """Rows that a user gives to be measured, and their labels, for a model that has met its training rows.

    Args:
        model: the estimator.
        X: rows, as in `fit`.
        y: the class of each row `(n,)`, or its conditions; unknown where it is as in `fit`, or no class of the model.
            `None`: none is known.

    Raises:
        ArgumentError: they are not rows of the model, or a label is none of its classes.
    """
    if isinstance(X, Dataset):
        y = X.targets if y is None else y
    with _naming("X", "X_val"):
        rows = known_rows(model, X)
    if model.conditions_ is not None:
        with _naming("labels", "y_val"):
            return HeldOut(rows, model.conditions_(y, len(rows)))
    if y is None or model.classes_ is None:
        return HeldOut(rows, None)
    codes, found = read_labels(y, "y_val", model.unlabelled)
    if len(codes) != len(rows):
        raise ArgumentError("y_val", f"must have one label for each of the {len(rows)} rows of X_val", len(codes))
    places = {label: place for place, label in enumerate(model.classes_.tolist())}
    return HeldOut(rows, np.asarray([*(places.get(label, -1) for label in found.tolist()), -1])[codes])


@contextmanager
def _naming(name: str, own: str) -> Iterator[None]:
    """Errors about an argument are about one that a user knows by another name."""
    try:
        yield
    except ArgumentError as error:
        if error.name != name:
            raise
        remedy = error.remedy.replace(f"{{{name}}}", f"{{{own}}}")
        raise ArgumentError(own, error.rule, error.value, remedy, error.known) from None


def validation(
    model: Any, game: Any, feed: Feed, out: HeldOut, calibrated: Callable[[Any], Any], cost: int
) -> tuple[Validation, Any]:
    """What measures held-out rows while a game is trained on a feed, and the criterion that it goes by.

    Args:
        model: the estimator, which has met its training rows.
        game: at round 0.
        feed: of the training rows.
        out: the held-out rows.
        calibrated: gives a game whose batch norms hold statistics.
        cost: how many rows that takes.
    """
    chosen = _measured(model, out)
    labels = None if out.labels is None else out.labels[chosen]
    x, known = model.preprocessing_(out.rows[chosen]), _known(labels, model.conditions_)
    criterion = criterion_of(game, labels=bool(known.any()) and model.conditions_ is None)
    batch = _batch(x, labels if known.any() or model.conditions_ is not None else None)
    if game.draws_labelled and known.any() and not known.all():
        batch = Batch(batch.views, batch.labels, _take(batch, np.flatnonzero(known)), batch.present)
    told = model.classes_ is not None or model.conditions_ is not None
    terms = bool(known.any()) or not told
    measure = Measure(batch, model._key("validation"), criterion.name, terms, calibrated)
    every = max(math.ceil(_COST * (len(chosen) + cost) / feed.batch_size), min(_LEAST_ROUNDS, model.task_.rounds // 10))
    patience = int(model.patience) if model.early_stopping else None
    return Validation(measure, criterion.name, every=every, patience=patience), criterion


def _measured(model: Any, out: HeldOut) -> Int[np.ndarray, "rows"]:
    """The held-out rows that are measured: with a label, where there are any and a model learns from these alone."""
    usable, known = np.arange(len(out.rows)), _known(out.labels, model.conditions_)
    if model.labels == "required" and model.conditions_ is None and known.any():
        usable = np.flatnonzero(known)
    most = max(16, min(MOST_ROWS, _MOST_NUMBERS // model.n_features_in_))
    chosen: Int[np.ndarray, rows] = usable[spread_rows(len(usable), most)]
    return chosen


def _known(labels: Any, conditions: ConditionPreprocessing | None) -> Bool[np.ndarray, "rows"]:
    if labels is None:
        return np.zeros(1, bool)
    known: Bool[np.ndarray, rows] = labels >= 0 if conditions is None else np.isfinite(labels).any(axis=1)
    return known


def _batch(x: Any, labels: Any) -> Batch:
    views, present = (x.views, x.present) if isinstance(x, Batch) else ((x,), None)
    if labels is not None:
        labels = jnp.asarray(labels, jnp.int32 if labels.ndim == 1 else jnp.float32)
    return Batch(views, labels, present=present)


def _take(batch: Batch, rows: Int[np.ndarray, "chosen"]) -> Batch:
    present = None if batch.present is None else batch.present[rows]
    return Batch(tuple(view[rows] for view in batch.views), batch.y[rows], present=present)


def some_rows(X: Any, rows: Int[np.ndarray, "chosen"]) -> Any:
    """Some accepted rows, in their kind: a file stays one, and sparse rows stay sparse."""
    if isinstance(X, Sparse):
        return Sparse(X.matrix[rows])
    return Subset(X, rows) if isinstance(X, Subset) else X[rows]
