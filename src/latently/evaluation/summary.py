"""Everything that can be asked of one fitted model, as numbers."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from latently.data import Splits, Table, Views
from latently.data.table import columns_of, is_frame, needs_table
from latently.errors import ArgumentError, check_seed
from latently.evaluation import cells
from latently.evaluation.baselines import add_components, clusterings, label_spreading
from latently.evaluation.classification import classification, clustering, regions
from latently.evaluation.codes import active_dimensions, kl_by_dimension, probe, reconstruction
from latently.evaluation.conditions import conditions, known_conditions
from latently.evaluation.disentanglement import disentanglement
from latently.evaluation.likelihood import label_likelihood, likelihood
from latently.evaluation.likelihood import parzen as parzen_window
from latently.evaluation.model import Data, FittedModel, inability
from latently.evaluation.prior_match import prior_match
from latently.evaluation.rows import Selection, known_labels, not_finite, stream
from latently.evaluation.samples import Judges, samples
from latently.evaluation.table_samples import table_samples
from latently.evaluation.views import several_views
from latently.inference import MOST_SAMPLES

Block = dict[str, Any]
Factors = Mapping[str, np.ndarray]
PRIOR_SAMPLES = 3
BANDWIDTH_ROWS = 1000
VIEWS_ROWS = 5
# Streams of numbers.
_TRAIN, _TEST, _CODES, _PRIOR, _DIRECTIONS, _BOUNDS, _BANDWIDTH, _DRAWS, _SAMPLES, _COSTS, _VOTES, _HIDDEN = range(12)
_ASKED, _BASELINES, _TABLE = 12, 13, 14


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
    factors: np.ndarray | Factors | None = None,
) -> Block:
    """All that the model can be asked, in numbers that JSON can hold.

    Args:
        model: a fitted model; what it cannot do is skipped.
        data: splits with `train` and `test`, or `(X_train, y_train, X_test, y_test)`, where the training rows and
            the labels may be `None`. Labels are those that the model was fitted on, -1 where unknown, or conditions.
            Rows are arrays, views, or tables: frames, arrays with gaps (NaN), `latently.data.Table`.
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
        factors: what the test rows were made from, where that is known: integers `[test rows, factors]`, or the name of
            each factor → its value in every test row; -1 where unknown.

    Returns:
        `seed`, `train_rows`, `test_rows`, and blocks, each as its function in this package returns it, or
        `{"skipped": reason}`, and with the seed. All but the fitting of the probe is about the test rows.

        - every model: `likelihood`, `reconstruction`, `prior_match`, `probe`, `dimensions`, `regions`;
        - models that bound log p(x|y): `label_likelihood`;
        - models that fill in missing cells: `imputation`, and its `reconstruction` is by column;
        - models that sample under conditions: `conditions`;
        - models that complete missing views: `views`;
        - models that predict clusters: `clustering`; all others: `classification`, to which `labels_in_training`
          is added, how many training rows had a label;
        - models that draw rows of a table: `table_samples`;
        - models that encode, where factors are given: `disentanglement`, with `mutual_information_gap` and
          `factor_vae_score` of the mean codes, and the names of the `factors`;
        - where they are asked for: `parzen`, and `samples` with a judge.

        What people would do anyway stands under `baselines` of a block: PCA in `reconstruction` and `probe`, KMeans and
        a Gaussian mixture in `clustering` and `table_samples`, LabelSpreading in a `classification` from few labels;
        `advice` in a block is a sentence where one of them would do better.

    Raises:
        ArgumentError: a number below its least value or above its largest, or factors that are not integers, one row a
            test row.
        ValueError: labels of another length than the rows, or no test rows.
    """
    check_seed("seed", seed)
    for name, value, least, most in (
        ("importance_samples", importance_samples, 1, MOST_SAMPLES),
        ("max_rows", max_rows, 2, math.inf),
        ("parzen_samples", parzen_samples, 1, MOST_SAMPLES),
    ):
        if value < least:
            raise ArgumentError(name, f"must be at least {least}", value, "The default suits most data.")
        if value > most:
            raise ArgumentError(name, f"must be {most:,} or less", value, "The default suits most data.")
    if isinstance(data, Splits):
        validation = data.validation.rows if validation is None else validation
        parts = ((part, part.conditions) for part in (data.train, data.test))
        told = [part.labels if conditions is None else conditions for part, conditions in parts]
        data = data.train.rows, told[0], data.test.rows, told[1]
    X_train, y_train, X_test, y_test = data
    X_train, X_test = _tables(model, X_train, X_test)
    of_train = of_test = None
    if not inability(model, "sample_conditions"):
        of_train = None if X_train is None else known_conditions(model, y_train, len(X_train))
        of_test = known_conditions(model, y_test, len(X_test))
    y_train, y_test = (None if of_test is not None or isinstance(y, Table) else y for y in (y_train, y_test))
    train = None if X_train is None else Selection.choose(X_train, y_train, max_rows, stream(seed, _TRAIN))
    test = Selection.choose(X_test, y_test, max_rows, stream(seed, _TEST))
    if not len(test):
        raise ValueError("data must hold at least one test row; got none. Keep some rows out of the training split.")
    bounds = importance_samples, stream(seed, _BOUNDS)
    blocks = {"likelihood": _skipped(model, "log_likelihood") or likelihood(model, test, *bounds)}
    if not inability(model, "label_likelihood"):
        blocks["label_likelihood"] = label_likelihood(model, _told(test, of_test), *bounds)
    if not inability(model, "sample_conditions"):
        asked = stream(seed, _ASKED)
        blocks["conditions"] = _one_view(test) or conditions(model, train, of_train, test, of_test, asked)
    blocks |= {
        "reconstruction": _skipped(model, "encode", "decode") or _one_view(test) or _reconstruction(model, test),
        "prior_match": _skipped(model, "encode", "sample") or _prior_match(model, test, seed),
        **_about_means(model, train, test, _named(factors, len(X_test)), seed),
        **_predictions(model, train, test, None if X_train is None else (X_train, y_train), stream(seed, _BASELINES)),
    }
    if not inability(model, "encode", "decode") and not isinstance(test.data, Views):
        add_components(blocks, model, train, test, stream(seed, _BASELINES))
    if not inability(model, "sample") and not isinstance(test.data, Views) and len(test.data.shape) == 2:
        blocks["table_samples"] = table_samples(model, train, test, of_test, stream(seed, _TABLE))
    if not inability(model, "impute"):
        blocks["imputation"] = cells.imputation(model, test, stream(seed, _HIDDEN))
    if not inability(model, "complete"):
        more = VIEWS_ROWS * max_rows  # baselines and classifiers of codes learn from more rows: they are often quoted
        fitted = None if X_train is None else Selection.choose(X_train, y_train, more, stream(seed, _TRAIN))
        blocks["views"] = several_views(model, fitted, test, judge, stream(seed, _COSTS))
    if parzen:
        window = _skipped(model, "sample") or _one_view(test) or _of_numbers(test)
        blocks["parzen"] = window or _parzen(model, test, validation, train, parzen_samples, seed)
    if judge is not None:
        blocks["samples"] = samples(model, judge, train, test, stream(seed, _SAMPLES))
    rows = {"train_rows": 0 if train is None else len(train), "test_rows": len(test)}
    return {"seed": seed, **rows, **{name: {**block, "seed": seed} for name, block in blocks.items()}}


def _told(test: Selection, conditions: Table | None) -> Selection:
    """Rows with their conditions in the place of labels, where there are any."""
    return test if conditions is None else Selection(test.data, conditions[test.chosen], test.chosen)


def _named(factors: np.ndarray | Factors | None, n: int) -> Factors | None:
    """Each factor of the test rows under its name."""
    if factors is None:
        return None
    if not isinstance(factors, Mapping):
        columns = np.asarray(factors)
        columns = columns.T if columns.ndim == 2 else columns[None]
        factors = {f"factor {place}": column for place, column in enumerate(columns, 1)}
    factors = {name: np.asarray(values) for name, values in factors.items()}
    for name, values in factors.items():
        if values.shape != (n,) or values.dtype.kind not in "iu":
            rule = f"must hold an integer for each of the {n} test rows and each factor"
            raise ArgumentError("factors", rule, f"{values.dtype} {values.shape} for {name}")
    return factors or None


def _skipped(model: FittedModel, *abilities: str) -> Block | None:
    reason = inability(model, *abilities)
    return {"skipped": reason} if reason else None


def _tables(model: FittedModel, train: Data | None, test: Data) -> tuple[Data | None, Data]:
    """Frames and rows with gaps as tables of the same columns; all rows, for a model that fills in gaps.

    Frames of numbers stay such, with the columns that the model knows.
    """
    names = getattr(getattr(model, "preprocessing_", None), "names", ())
    train, test = (columns_of(rows, names) if is_frame(rows) else rows for rows in (train, test))
    if inability(model, "impute") and not needs_table(test) and not needs_table(train):
        return train, test
    first = next((rows for rows in (train, test) if isinstance(rows, Table)), test if train is None else train)
    columns = first.columns if isinstance(first, Table) else Table.of(first).columns
    return None if train is None else Table.like(train, columns), Table.like(test, columns)


def _reconstruction(model: FittedModel, test: Selection) -> Block:
    return (cells.reconstruction if isinstance(test.data, Table) else reconstruction)(model, test)


def _of_numbers(test: Selection) -> Block | None:
    return {"skipped": "a window needs rows of numbers without gaps"} if isinstance(test.data, Table) else None


def _one_view(test: Selection) -> Block | None:
    return {"skipped": "the data has several views"} if isinstance(test.data, Views) else None


def _prior_match(model: FittedModel, test: Selection, seed: int) -> Block:
    starts = iter(range(len(test)))  # every block has noise of its own
    codes = test.apply(lambda X: model.aggregate_codes(X, random_state=stream(seed, _CODES, next(starts))))
    if reason := _unusable(codes):
        return {"skipped": reason}
    seeds = (stream(seed, _PRIOR, sample) for sample in range(PRIOR_SAMPLES))
    draws = [np.asarray(model.sample_prior(len(codes), random_state=each)) for each in seeds]
    return prior_match(codes, draws, seed=stream(seed, _DIRECTIONS))


def _about_means(
    model: FittedModel, train: Selection | None, test: Selection, factors: Factors | None, seed: int
) -> dict[str, Block]:
    """The blocks that look at the mean code of each row: `probe`, `dimensions` and `disentanglement`."""
    if skipped := _skipped(model, "encode"):
        return {"probe": skipped, "dimensions": skipped}
    wanted = ("probe", "dimensions") if factors is None else ("probe", "dimensions", "disentanglement")
    means = test.apply(model.transform)
    if reason := _unusable(means):
        return {name: {"skipped": reason} for name in wanted}
    kl = _skipped(model, "posterior_kl") or kl_by_dimension(test.apply(model.posterior_kl))
    blocks = {"probe": _probe(model, train, test, means, seed), "dimensions": {**active_dimensions(means), "kl": kl}}
    if factors is not None:
        of_test, votes = {name: values[test.chosen] for name, values in factors.items()}, stream(seed, _VOTES)
        blocks["disentanglement"] = disentanglement(means, of_test, seed=votes)
    return blocks


def _probe(model: FittedModel, train: Selection | None, test: Selection, means: np.ndarray, seed: int) -> Block:
    if train is None or not len(train):
        return {"skipped": "no training rows were given to fit it on"}
    if train.labels is None or test.labels is None:
        return {"skipped": "the data has no labels"}
    train_means = train.apply(model.transform)
    if reason := _unusable(train_means):
        return {"skipped": reason}
    return probe(train_means, train.labels, means, test.labels, seed=seed)


def _predictions(
    model: FittedModel, train: Selection | None, test: Selection, whole: tuple[Data, Any] | None, seed: int
) -> dict[str, Block]:
    """The block `regions`, and `classification` or `clustering`, with their baselines; `whole`: all training rows."""
    if skipped := _skipped(model, "predict"):
        return {"regions": skipped, "classification": skipped}
    predicted, probabilities, classes = test.apply(model.predict), test.apply(model.predict_proba), model.classes_
    blocks = {"regions": regions(predicted, test.labels, classes)}
    several = isinstance(test.data, Views)
    if classes is None:
        block = clustering(predicted, probabilities, test.labels)
        if "skipped" not in block and not several:
            block |= clusterings(model, train, test, predicted, probabilities.shape[1], seed)
        return blocks | {"clustering": block}
    block = classification(predicted, probabilities, test.labels, classes)
    if "skipped" not in block:
        known = None if whole is None or whole[1] is None else known_labels(np.asanyarray(whole[1]))
        block["labels_in_training"] = None if known is None else int(np.count_nonzero(known))
        if whole is not None and known is not None and not several:
            every = Selection.choose(*whole, len(known), seed)
            block |= label_spreading(model, every, test, predicted, seed)
    return blocks | {"classification": block}


def _parzen(
    model: FittedModel, test: Selection, validation: Data | None, train: Selection | None, drawn: int, seed: int
) -> Block:
    source = "validation"
    if validation is None or not len(validation):
        if train is None or not len(train):
            return {"skipped": "there are no validation or training rows to choose its bandwidth by"}
        source, validation = "training", train.data
    chosen = Selection.choose(validation, None, BANDWIDTH_ROWS, stream(seed, _BANDWIDTH))
    rows = np.asarray(model.sample(drawn, random_state=stream(seed, _DRAWS)))
    block = parzen_window(test.apply(np.asarray), chosen.apply(np.asarray), rows)
    return block if "skipped" in block else {**block, "bandwidth_chosen_on": source}


def _unusable(codes: np.ndarray) -> str | None:
    """Why distances between these codes mean nothing, if so."""
    if len(codes) < 2:
        return "a single row has no distribution"
    return not_finite(codes, "the codes of {} rows are not finite")
