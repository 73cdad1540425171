"""Whether samples are what was asked for: what readers of real rows make of them, beside the conditions."""

from typing import Any

import numpy as np
from jaxtyping import Float, Shaped
from sklearn.compose import TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR

from latently.data import Table
from latently.data.columns import PERIODS, Column, on_circle
from latently.data.conditions import asked_conditions, conditions_of, recognised
from latently.evaluation.model import Data, FittedModel
from latently.evaluation.reading import Reading
from latently.evaluation.rows import Selection, not_finite, share, stream

READER_ROWS = 4000
COMPONENTS = 50
LEAST_ROWS = 10
_TRAIN, _DRAWS = range(2)  # one stream of numbers each
_WORDS = ("category", "binary")

_Rows = Float[np.ndarray, "_ numbers"]


def known_conditions(model: FittedModel, y: Any, n: int) -> Table | None:
    """The conditions of n rows as a model knows them; `None` where there are none."""
    if y is None:
        return None
    table, columns = conditions_of(y), model.conditions_.columns
    known = asked_conditions(y, columns) if table is None else recognised(table, columns)
    if len(known) != n:
        raise ValueError(f"y must have the conditions of each row of X; got those of {len(known)}, and {n} rows.")
    return known


def conditions(
    model: FittedModel, train: Selection | None, told: Table | None, test: Selection, asked: Table | None, seed: int
) -> dict[str, Any]:
    """How samples agree with the conditions that they were asked for, those of the test rows.

    Each condition has a reader, fitted on training rows and their conditions alone: a support vector machine on their
    first 50 principal components, for regression of numbers and for classification of words. What it reads of real test
    rows stands beside what it reads of samples: it is what a perfect model would reach.

    Args:
        model: that samples under conditions.
        train: training rows.
        told: all conditions of the training data.
        test: test rows.
        asked: all conditions of the test data.
        seed: of the draws.

    Returns:
        `rows`, and `by_condition`: of numbers the `correlation` of what is read with what was asked, of words the
        `accuracy` and its binomial `standard_error`; `real`, the same of real test rows; and `train_rows`, which the
        reader was fitted on. Or `skipped`.
    """
    if train is None or told is None or asked is None:
        return {"skipped": "the data has no conditions, or there are no training rows to fit a reader on"}
    train = train if len(train) <= READER_ROWS else train.some(READER_ROWS, stream(seed, _TRAIN))
    told, asked = told[train.chosen], asked[test.chosen]
    drawn = model.sample(len(test), asked, random_state=stream(seed, _DRAWS))
    rows = (train.data[train.chosen], test.data[test.chosen], drawn)
    fitted, real, samples = (_numbers(model, train.data, each) for each in rows)
    if reason := not_finite(samples, "{} samples are not finite"):
        return {"skipped": reason}
    seen = make_pipeline(StandardScaler(), PCA(min(COMPONENTS, *fitted.shape), random_state=0)).fit(fitted)
    fitted, real, samples = map(seen.transform, (fitted, real, samples))
    by_condition = {
        column.name: _compared(column, fitted, told.values[:, place], (samples, real), asked.values[:, place])
        for place, column in enumerate(asked.columns)
    }
    return {"rows": len(test), "by_condition": by_condition}


def _compared(
    column: Column,
    fitted: _Rows,
    told: Shaped[np.ndarray, "fitted"],
    seen: tuple[_Rows, _Rows],
    asked: Shaped[np.ndarray, "seen"],
) -> dict[str, Any]:
    """What a reader of one condition makes of samples and of real rows."""
    known, wanted = ~np.isnan(told), ~np.isnan(asked)
    if known.sum() < LEAST_ROWS or wanted.sum() < LEAST_ROWS:
        return {"skipped": f"it is known of fewer than {LEAST_ROWS} training or test rows"}
    told, asked = told[known], asked[wanted]
    if len(np.unique(told)) < 2:
        return {"skipped": "it is the same in all training rows"}
    rows = {"train_rows": int(known.sum()), "rows": len(asked)}
    if column.kind in _WORDS:
        reader = SVC(C=10).fit(fitted[known], told)
        samples, real = (reader.predict(each[wanted]) for each in seen)
        return {**share("accuracy", samples == asked), "real": float((real == asked).mean()), **rows}
    told, asked = _scaled(column, told), _scaled(column, asked)
    reader = TransformedTargetRegressor(MultiOutputRegressor(SVR(C=10)), transformer=StandardScaler())
    reader.fit(fitted[known], told)
    samples, real = (reader.predict(each[wanted]) for each in seen)
    return {"correlation": _correlation(samples, asked), "real": _correlation(real, asked), **rows}


def _scaled(column: Column, values: Shaped[np.ndarray, "rows"]) -> Shaped[np.ndarray, "rows numbers"]:
    """Numbers on the scale on which they are compared: of heavy tails about their logarithm, of angles two each."""
    if column.kind in PERIODS:
        return on_circle(column, values)
    return (np.arcsinh(values) if column.kind == "heavy" else values)[:, None]


def _correlation(read: Shaped[np.ndarray, "rows numbers"], asked: Shaped[np.ndarray, "rows numbers"]) -> float | None:
    """Between what is read and what was asked; of several numbers each the mean."""
    if (np.std(read, axis=0) == 0).any() or (np.std(asked, axis=0) == 0).any():
        return None
    return float(np.mean([np.corrcoef(*numbers)[0, 1] for numbers in zip(read.T, asked.T, strict=True)]))


def _numbers(model: FittedModel, like: Data, rows: Data) -> _Rows:
    """Rows as the model reads them, 0 where a cell is missing."""
    if not isinstance(like, Table):
        return Reading.of(model, like).numbers(rows)
    return np.asarray(np.nan_to_num(Reading.of(model, like).numbers(Table.like(rows, like.columns))))
