"""Everything that can be asked of one fitted model, as numbers."""

from typing import Any, cast

import numpy as np

from latently.evaluation.dimensions import active_dimensions, kl_by_dimension
from latently.evaluation.likelihood import likelihood
from latently.evaluation.model import (
    BoundsLikelihood,
    Data,
    Decodes,
    Encodes,
    FittedModel,
    MeasuresPosterior,
    Predicts,
    Samples,
    inability,
)
from latently.evaluation.prior_match import prior_match
from latently.evaluation.probe import probe
from latently.evaluation.reconstruction import reconstruction
from latently.evaluation.regions import regions
from latently.evaluation.rows import Rows, Splits, stream

Block = dict[str, Any]
PRIOR_SAMPLES = 3
_TRAIN, _TEST, _CODES, _PRIOR, _DIRECTIONS = range(5)  # one stream of random numbers each


def evaluate(
    model: FittedModel,
    data: Splits | tuple[Data, Any, Data, Any],
    *,
    importance_samples: int = 100,
    max_rows: int = 10_000,
    seed: int = 0,
) -> Block:
    """All that the model can be asked, in numbers that JSON can hold.

    Args:
        model: a fitted model; what it cannot do is skipped.
        data: splits with `train` and `test`, or `(X_train, y_train, X_test, y_test)`, where the training rows and
            the labels may be `None`. Labels are those that the model was fitted on, -1 where unknown.
        importance_samples: the number of posterior samples behind each importance-weighted bound.
        max_rows: larger training or test sets are cut to a random choice of so many rows.
        seed: decides that choice and every draw; the same seed gives the same numbers.

    Returns:
        `seed`, `train_rows`, `test_rows`, and the blocks `likelihood`, `reconstruction`, `prior_match`, `probe`,
        `dimensions` and `regions`, each as its function in this package returns it, or `{"skipped": reason}`, and with
        the seed. All but the fitting of the probe is about the test rows.

    Raises:
        ValueError: an argument below its least value, labels of another length than the rows, or no test rows.
    """
    for name, value, least in (("importance_samples", importance_samples, 1), ("max_rows", max_rows, 2)):
        if value < least:
            raise ValueError(f"{name} must be at least {least}; got {value}. The default suits most data.")
    X_train, y_train, X_test, y_test = _four(data)
    train = None if X_train is None else Rows.choose(X_train, y_train, max_rows, stream(seed, _TRAIN))
    test = Rows.choose(X_test, y_test, max_rows, stream(seed, _TEST))
    if not len(test):
        raise ValueError("data must hold at least one test row; got none. Keep some rows out of the training split.")
    blocks = {
        "likelihood": _likelihood(model, test, importance_samples),
        "reconstruction": _reconstruction(model, test),
        "prior_match": _prior_match(model, test, seed),
        **_about_means(model, train, test, seed),
        "regions": _regions(model, test),
    }
    counts = {"seed": seed, "train_rows": 0 if train is None else len(train), "test_rows": len(test)}
    return {**counts, **{name: {**block, "seed": seed} for name, block in blocks.items()}}


def _four(data: Splits | tuple[Data, Any, Data, Any]) -> tuple[Data, Any, Data, Any]:
    if isinstance(data, tuple):
        return data
    parts = (data.train, data.test)
    (X_train, y_train), (X_test, y_test) = (
        (part.views[0] if len(part.views) == 1 else list(part.views), part.labels) for part in parts
    )
    return X_train, y_train, X_test, y_test


def _likelihood(model: FittedModel, test: Rows, importance_samples: int) -> Block:
    if reason := inability(model, "log_likelihood"):
        return {"skipped": reason}
    return likelihood(cast(BoundsLikelihood, model), test, importance_samples=importance_samples)


def _reconstruction(model: FittedModel, test: Rows) -> Block:
    if reason := inability(model, "encode", "decode"):
        return {"skipped": reason}
    if isinstance(test.data, list | tuple):
        return {"skipped": "the data has several views"}
    return reconstruction(cast(Decodes, model), test)


def _prior_match(model: FittedModel, test: Rows, seed: int) -> Block:
    if reason := inability(model, "encode", "sample"):
        return {"skipped": reason}
    starts = iter(range(len(test)))  # every block has noise of its own
    encoder, prior = cast(Encodes, model), cast(Samples, model)
    codes = test.apply(lambda X: encoder.aggregate_codes(X, random_state=stream(seed, _CODES, next(starts))))
    if reason := _unusable(codes):
        return {"skipped": reason}
    draws = [
        np.asarray(prior.sample_prior(len(codes), random_state=stream(seed, _PRIOR, sample)))
        for sample in range(PRIOR_SAMPLES)
    ]
    return prior_match(codes, draws, seed=stream(seed, _DIRECTIONS))


def _about_means(model: FittedModel, train: Rows | None, test: Rows, seed: int) -> Block:
    """The blocks that look at the mean code of each row: `probe` and `dimensions`."""
    reason = inability(model, "encode")
    if reason is None:
        encoder = cast(Encodes, model)
        means = test.apply(encoder.transform)
        reason = _unusable(means)
    if reason is not None:
        return {"probe": {"skipped": reason}, "dimensions": {"skipped": reason}}
    return {
        "probe": _probe(encoder, train, test, means, seed),
        "dimensions": {**active_dimensions(means), "kl": _kl(model, test)},
    }


def _kl(model: FittedModel, test: Rows) -> Block:
    if reason := inability(model, "posterior_kl"):
        return {"skipped": reason}
    return kl_by_dimension(test.apply(cast(MeasuresPosterior, model).posterior_kl))


def _probe(encoder: Encodes, train: Rows | None, test: Rows, means: np.ndarray, seed: int) -> Block:
    if train is None or not len(train):
        return {"skipped": "no training rows were given to fit it on"}
    if train.labels is None or test.labels is None:
        return {"skipped": "the data has no labels"}
    train_means = train.apply(encoder.transform)
    if reason := _unusable(train_means):
        return {"skipped": reason}
    return probe(train_means, train.labels, means, test.labels, seed=seed)


def _regions(model: FittedModel, test: Rows) -> Block:
    if reason := inability(model, "predict"):
        return {"skipped": reason}
    predictor = cast(Predicts, model)
    return regions(test.apply(predictor.predict), test.labels, predictor.classes_)


def _unusable(codes: np.ndarray) -> str | None:
    """Why distances between these codes mean nothing, if so."""
    if len(codes) < 2:
        return "a single row has no distribution"
    broken = np.count_nonzero(~np.isfinite(codes).all(axis=1))
    return f"the codes of {broken} of {len(codes)} rows are not finite" if broken else None
