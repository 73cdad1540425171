"""Everything that can be asked of one fitted model, as numbers."""

from typing import Any, cast

import numpy as np

from latently.evaluation.classification import classification
from latently.evaluation.clustering import clustering
from latently.evaluation.dimensions import active_dimensions, kl_by_dimension
from latently.evaluation.likelihood import label_likelihood, likelihood
from latently.evaluation.model import (
    BoundsLabelLikelihood,
    BoundsLikelihood,
    Completes,
    Data,
    Decodes,
    Encodes,
    FittedModel,
    MeasuresPosterior,
    Predicts,
    Samples,
    inability,
)
from latently.evaluation.parzen import parzen as parzen_window
from latently.evaluation.prior_match import prior_match
from latently.evaluation.probe import probe
from latently.evaluation.reconstruction import reconstruction
from latently.evaluation.regions import regions
from latently.evaluation.rows import Rows, Splits, has_views, known_labels, stream
from latently.evaluation.samples import Judges, samples
from latently.evaluation.views import several_views

Block = dict[str, Any]
PRIOR_SAMPLES = 3
BANDWIDTH_ROWS = 1000
VIEWS_ROWS = 5
_LEAST = {"importance_samples": 1, "max_rows": 2, "parzen_samples": 1}
# Streams of numbers.
_TRAIN, _TEST, _CODES, _PRIOR, _DIRECTIONS, _BOUNDS, _BANDWIDTH, _DRAWS, _SAMPLES, _COSTS = range(10)


def evaluate(
    model: FittedModel,
    data: Splits | tuple[Data, Any, Data, Any],
    *,
    importance_samples: int = 100,
    max_rows: int = 10_000,
    seed: int = 0,
    parzen: bool = False,
    parzen_samples: int = 10_000,
    validation: Data | None = None,
    judge: Judges | None = None,
) -> Block:
    """All that the model can be asked, in numbers that JSON can hold.

    Args:
        model: a fitted model; what it cannot do is skipped.
        data: splits with `train` and `test`, or `(X_train, y_train, X_test, y_test)`, where the training rows and
            the labels may be `None`. Labels are those that the model was fitted on, -1 where unknown.
        importance_samples: the number of posterior samples behind each importance-weighted bound.
        max_rows: larger training or test sets are cut to a random choice of so many rows.
        seed: decides that choice and every draw; the same seed gives the same numbers.
        parzen: also estimate the likelihood of the test rows by a Parzen window on samples of the model. It is for
            models that bound no likelihood, and expensive: about 15 s on two cores for the 10,000 test rows of MNIST,
            growing with test rows × samples × numbers in a row.
        parzen_samples: how many samples that is.
        validation: rows to choose the window's bandwidth by; those of the splits, unless given. Where there are none,
            training rows are taken. 1000 of them suffice.
        judge: also show samples of the model to it: a classifier of real data, `latently.evaluation.judge_of(X, y)`.

    Returns:
        `seed`, `train_rows`, `test_rows`, and blocks, each as its function in this package returns it, or
        `{"skipped": reason}`, and with the seed. All but the fitting of the probe is about the test rows.

        - every model: `likelihood`, `reconstruction`, `prior_match`, `probe`, `dimensions`, `regions`;
        - models that bound log p(x|y): `label_likelihood`;
        - models that complete missing views: `views`;
        - models that predict clusters: `clustering`; all others: `classification`;
        - where they are asked for: `parzen`, and `samples` with a judge.

        `classification` has `labels_in_training` beside: how many training rows had a label.

    Raises:
        ValueError: an argument below its least value, labels of another length than the rows, or no test rows.
    """
    _check_least(importance_samples=importance_samples, max_rows=max_rows, parzen_samples=parzen_samples)
    X_train, y_train, X_test, y_test = _four(data)
    train = None if X_train is None else Rows.choose(X_train, y_train, max_rows, stream(seed, _TRAIN))
    test = Rows.choose(X_test, y_test, max_rows, stream(seed, _TEST))
    if not len(test):
        raise ValueError("data must hold at least one test row; got none. Keep some rows out of the training split.")
    blocks = {
        "likelihood": _likelihood(model, test, importance_samples, seed),
        **_label_likelihood(model, test, importance_samples, seed),
        "reconstruction": _reconstruction(model, test),
        "prior_match": _prior_match(model, test, seed),
        **_about_means(model, train, test, seed),
        **_predictions(model, test, y_train),
        **_views(model, None if X_train is None else (X_train, y_train), max_rows, test, judge, seed),
    }
    if parzen:
        rows = _validation(data) if validation is None else validation
        blocks["parzen"] = _parzen(model, test, rows, train, parzen_samples, seed)
    if judge is not None:
        blocks["samples"] = samples(model, judge, train, test, stream(seed, _SAMPLES))
    counts = {"seed": seed, "train_rows": 0 if train is None else len(train), "test_rows": len(test)}
    return {**counts, **{name: {**block, "seed": seed} for name, block in blocks.items()}}


def _check_least(**numbers: int) -> None:
    for name, value in numbers.items():
        if value < _LEAST[name]:
            raise ValueError(f"{name} must be at least {_LEAST[name]}; got {value}. The default suits most data.")


def _four(data: Splits | tuple[Data, Any, Data, Any]) -> tuple[Data, Any, Data, Any]:
    if isinstance(data, tuple):
        return data
    return data.train.rows, data.train.labels, data.test.rows, data.test.labels


def _validation(data: Splits | tuple[Data, Any, Data, Any]) -> Data | None:
    part = getattr(data, "validation", None)
    return None if part is None or has_views(part.rows) or not len(part.rows) else part.rows


def _likelihood(model: FittedModel, test: Rows, importance_samples: int, seed: int) -> Block:
    if reason := inability(model, "log_likelihood"):
        return {"skipped": reason}
    bounded = cast(BoundsLikelihood, model)
    return likelihood(bounded, test, importance_samples=importance_samples, random_state=stream(seed, _BOUNDS))


def _label_likelihood(model: FittedModel, test: Rows, importance_samples: int, seed: int) -> dict[str, Block]:
    if inability(model, "label_likelihood"):
        return {}
    bounded, state = cast(BoundsLabelLikelihood, model), stream(seed, _BOUNDS)
    block = label_likelihood(bounded, test, importance_samples=importance_samples, random_state=state)
    return {"label_likelihood": block}


def _reconstruction(model: FittedModel, test: Rows) -> Block:
    if reason := inability(model, "encode", "decode"):
        return {"skipped": reason}
    if has_views(test.data):
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


def _predictions(model: FittedModel, test: Rows, y_train: np.ndarray | None) -> dict[str, Block]:
    """The block `regions`, and `classification` or `clustering`."""
    if reason := inability(model, "predict"):
        return {"regions": {"skipped": reason}, "classification": {"skipped": reason}}
    predictor = cast(Predicts, model)
    predicted, probabilities = test.apply(predictor.predict), test.apply(predictor.predict_proba)
    classes = predictor.classes_
    blocks = {"regions": regions(predicted, test.labels, classes)}
    if classes is None:
        return blocks | {"clustering": clustering(predicted, probabilities, test.labels)}
    block = classification(predicted, probabilities, test.labels, classes)
    if "skipped" not in block:
        known = None if y_train is None else int(np.count_nonzero(known_labels(np.asarray(y_train))))
        block["labels_in_training"] = known
    return blocks | {"classification": block}


def _views(
    model: FittedModel, training: tuple[Data, Any] | None, max_rows: int, test: Rows, judge: Judges | None, seed: int
) -> dict[str, Block]:
    """Baselines and classifiers of codes learn from more rows than the other blocks look at: they are often quoted."""
    if inability(model, "complete"):
        return {}
    train = None if training is None else Rows.choose(*training, VIEWS_ROWS * max_rows, stream(seed, _TRAIN))
    return {"views": several_views(cast(Completes, model), train, test, judge, stream(seed, _COSTS))}


def _parzen(
    model: FittedModel, test: Rows, validation: Data | None, train: Rows | None, samples: int, seed: int
) -> Block:
    if reason := inability(model, "sample"):
        return {"skipped": reason}
    if has_views(test.data):
        return {"skipped": "the data has several views"}
    source = "validation"
    if validation is None or not len(validation):
        if train is None or not len(train):
            return {"skipped": "there are no validation or training rows to choose its bandwidth by"}
        source, validation = "training", train.data
    chosen = Rows.choose(validation, None, BANDWIDTH_ROWS, stream(seed, _BANDWIDTH))
    drawn = np.asarray(cast(Samples, model).sample(samples, random_state=stream(seed, _DRAWS)))
    rows, by = (np.concatenate([np.asarray(read()) for read in part.blocks()]) for part in (test, chosen))
    block = parzen_window(rows, by, drawn)
    return block if "skipped" in block else {**block, "bandwidth_chosen_on": source}


def _unusable(codes: np.ndarray) -> str | None:
    """Why distances between these codes mean nothing, if so."""
    if len(codes) < 2:
        return "a single row has no distribution"
    broken = np.count_nonzero(~np.isfinite(codes).all(axis=1))
    return f"the codes of {broken} of {len(codes)} rows are not finite" if broken else None
