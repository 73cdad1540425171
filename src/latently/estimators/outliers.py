"""How strange rows are, of which a model may have learned some: cross-fitting, so that none tells on itself."""

from typing import Any

import numpy as np
from jaxtyping import Float
from sklearn.base import clone

from latently.data import label_values
from latently.data.rows import as_rows
from latently.data.table import Table, needs_table
from latently.data.views import Views
from latently.errors import ArgumentError, warn
from latently.estimators.inputs import accept_conditions
from latently.training import LEARNED_TOO_LITTLE, Verdict

FOLDS = 5


def cross_outlier_scores(
    estimator: Any, X: Any, y: Any = None, *, folds: int = FOLDS, random_state: int = 0
) -> Float[np.ndarray, "rows"]:
    """How strange each row is among all others, told by models that have not learned from it.

    A model learns a few strange rows by heart, and then finds them ordinary. So the rows are cut into folds, a model
    is fitted to all but one, and scores that one. The scores of a fold are centred by their median and divided by their
    median absolute deviation, so that those of different models compare.

    Args:
        estimator: not fitted, or fitted: clones of it are.
        X: rows, as in `fit`.
        y: the class of each row, or its conditions, as in `fit`; a model that is told them scores rows under them.
        folds: how many; 2 or more.
        random_state: seed of the folds.

    Returns:
        For each row the share of all rows that are less strange, from 0 to 1.

    Warns:
        UserWarning: a model has learned too little to tell, by its `verdict_`.

    Raises:
        ArgumentError: there are fewer than 2 folds, fewer rows than folds, or not as many labels as rows.

    Example:
        >>> import numpy as np
        >>> from latently import VAE, cross_outlier_scores
        >>> X = np.random.default_rng(0).normal(size=(100, 4)); X[7] += 20
        >>> scores = cross_outlier_scores(VAE(2, hidden=(16,), epochs=20, random_state=0), X, folds=2)
        >>> int(scores.argmax())
        7
    """
    rows: Any = _rows(X)
    n = len(rows)
    if not 2 <= folds <= n:
        raise ArgumentError("folds", f"must be from 2 to the {n} rows of X", folds)
    told = _told(estimator, y, n)
    order = np.random.default_rng(random_state).permutation(n)
    scores, verdicts = np.empty(n), [vars(estimator).get("verdict_")]
    for fold in np.array_split(order, folds):
        rest = np.setdiff1d(np.arange(n), fold)
        fold = np.sort(fold)
        model = clone(estimator).fit(rows[rest], None if told is None else told[rest])
        known = None if told is None or not model.decodes_labels else _known(model, told[fold])
        strange = model._strangeness(rows[fold], known)
        verdicts.append(model.verdict_)
        centre = np.median(strange)
        scores[fold] = (strange - centre) / max(float(np.median(np.abs(strange - centre))), 1e-12)
    warn_of_little_learned(*verdicts)
    return shares(scores, scores)


def warn_of_little_learned(*verdicts: Verdict | None) -> None:
    """Warn where one of the verdicts on models, the first such, is that it has learned too little."""
    for told in verdicts:
        if told is not None and told.kind in LEARNED_TOO_LITTLE:
            warn(f"a model that has learned too little finds ordinary rows strange as well. {told.sentence}")
            return


def shares(scores: Float[np.ndarray, "rows"], reference: Float[np.ndarray, "others"]) -> Float[np.ndarray, "rows"]:
    """For each score, the share of the others that are lower."""
    found: Float[np.ndarray, rows] = np.searchsorted(np.sort(reference), scores) / len(reference)
    return found


def _rows(X: Any) -> Any:
    """Rows that can be chosen by number, whatever they come in."""
    if isinstance(X, dict | Views):
        return Views.of(X)
    return Table.of(X) if needs_table(X) else as_rows(X)


def _told(estimator: Any, y: Any, rows: int) -> Any:
    """Classes, or a table of conditions, of which some can be chosen by number; `None` where there are none."""
    if y is None or estimator.labels == "ignored":
        return None
    told: Any = accept_conditions(y, rows, estimator)
    if told is None:
        told = np.asarray(y, object) if isinstance(y, list | tuple) else np.asanyarray(y)
        if told.shape not in ((rows,), (rows, 1)):
            raise ArgumentError("y", f"must have one label for each of the {rows} rows of X", told.shape)
    return told


def _known(model: Any, told: Any) -> Any:
    """Conditions of rows that a model has not met, or their classes; classes that it has not met are unknown."""
    if model.conditions_ is not None:
        return told
    values = label_values(told, model.unlabelled).reshape(len(told))
    return np.ma.MaskedArray(values, np.ma.getmaskarray(values) | ~np.isin(np.ma.getdata(values), model.classes_))
