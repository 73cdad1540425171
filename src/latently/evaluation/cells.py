"""The cells of a table, column by column: how well they are given back, and filled in where they are hidden."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float64

from latently.data import Table
from latently.data.columns import PERIODS, Column, on_circle
from latently.evaluation.model import FittedModel
from latently.evaluation.rows import Selection, share, stream

TIMES = 5
"""A fifth of the cells is hidden at a time for `imputation`."""
HIDDEN_ROWS = 2000

Cells = Float64[np.ndarray, "cells"]
Values = Float64[np.ndarray, "rows columns"]
Numbers = Float64[np.ndarray, "cells *numbers"]


def reconstruction(model: FittedModel, rows: Selection) -> dict[str, Any]:
    """How well the cells that are there come back after encoding and decoding: as `by_column`, and `rows`; or skipped.

    Args:
        model: that encodes and decodes.
        rows: of a `latently.data.Table`.
    """
    columns = rows.data.columns
    given = rows.apply(lambda X: _values(model.reconstruct(X), columns))
    return {**by_column(columns, rows.apply(np.asarray), given), "rows": len(rows)}


def imputation(model: FittedModel, rows: Selection, seed: int) -> dict[str, Any]:
    """How well cells are filled in that were there: each is hidden once, a fifth of them at a time.

    Args:
        model: that can impute.
        rows: of a `latently.data.Table`; of more than 2000, so many are taken.
        seed: of which cells are hidden together, and of the codes behind what is filled in.

    Returns:
        As `by_column`, and `rows` and `times`, how often some of their cells were hidden; or skipped.
    """
    rows = rows.some(HIDDEN_ROWS, stream(seed, 0)) if len(rows) > HIDDEN_ROWS else rows
    random, columns = np.random.default_rng(seed), rows.data.columns
    truth = rows.apply(np.asarray)
    filled, turn = np.empty(truth.shape), random.integers(TIMES, size=truth.shape)
    for now in range(TIMES):
        hidden = turn == now
        shown = Selection.choose(Table(columns, np.where(hidden, np.nan, truth)), None, len(rows), 0)
        given = shown.apply(lambda X: _values(model.impute(X, random_state=stream(seed, 1, now)), columns))  # noqa: B023
        filled[hidden] = given[hidden]
    return {**by_column(columns, truth, filled), "rows": len(rows), "times": TIMES}


def by_column(columns: Sequence[Column], truth: Values, given: Values) -> dict[str, Any]:
    """How well given cells agree with true ones, where these are there (not NaN).

    Returns:
        `columns`, for each name what `agreement` says of it; and the means over columns of the same kind of number:
        of `numbers` columns `variance_explained` and `standardized_error`, of `words` columns `accuracy` and
        `majority` (`None` where there are none). Or `skipped`.

    Example:
        >>> table = Table.of({"age": [30.5, 41.0, 52.0], "town": ["Bonn", "Ulm", "Bonn"]})
        >>> given = np.array([[30.5, 0.0], [41.0, 0.0], [50.0, 0.0]])
        >>> found = by_column(table.columns, np.asarray(table), given)
        >>> round(found["variance_explained"], 3), round(found["accuracy"], 3), round(found["majority"], 3)
        (0.983, 0.667, 0.667)
    """
    found = {}
    for place, column in enumerate(columns):
        there = ~np.isnan(truth[:, place])
        cells, guesses = truth[there, place], given[there, place]
        if not has_words(column) and not np.isfinite(guesses).all():
            return {"skipped": f'cells of the column "{column.name}" come back that are not finite'}
        found[column.name] = agreement(column, cells, guesses)
    means: dict[str, Any] = {}
    for count, keys in (("numbers", ("variance_explained", "standardized_error")), ("words", ("accuracy", "majority"))):
        known = [each for each in found.values() if each.get(keys[0]) is not None]
        means[count] = len(known)
        means |= {key: float(np.mean([each[key] for each in known])) if known else None for key in keys}
    return {**means, "columns": found}


def agreement(column: Column, truth: Cells, given: Cells) -> dict[str, Any]:
    r"""How well given cells of a column agree with true ones.

    Numbers are compared as they are, dates in days, heavy-tailed numbers on the scale of their logarithm (of asinh,
    where some are 0 or less), and what comes round, such as an angle, by its cosine and sine.

    Returns:
        The column's `kind`, the number of `cells`; of numbers, counts and dates `variance_explained`,
        \(R^2 = 1 - \sum_i (x_i - \hat x_i)^2 / \sum_i (x_i - \bar x)^2\), and `standardized_error`,
        \(\sqrt{1 - R^2}\): the root mean squared error in standard deviations of the true cells, which is 1 for their
        mean; of words `accuracy`, its binomial `standard_error`, and `majority`, the share of the likeliest word. They
        are `None` where there are no cells, or the true ones are all the same number.
    """
    about = {"kind": column.kind, "cells": len(truth)}
    if has_words(column):
        if not len(truth):
            return about | dict.fromkeys(("accuracy", "standard_error", "majority"))
        majority = float(np.unique(truth, return_counts=True)[1].max() / len(truth))
        return {**about, **share("accuracy", truth == given), "majority": majority}
    a, b = _on_scale(column, truth, given)
    spread = np.mean((a - a.mean(axis=0)) ** 2) if len(a) else 0.0
    if not len(a) or spread <= 1e-12 * np.mean(a**2):
        return about | dict.fromkeys(("variance_explained", "standardized_error"))
    error = float(np.mean((a - b) ** 2) / spread)
    return {**about, "variance_explained": 1 - error, "standardized_error": float(np.sqrt(error))}


def has_words(column: Column) -> bool:
    """Whether the cells of a column are words, and not on a scale."""
    return column.kind in ("category", "binary")


def _on_scale(column: Column, truth: Cells, given: Cells) -> tuple[Numbers, Numbers]:
    """Cells on the scale on which they are compared; a row of two numbers for each of what comes round."""
    if column.kind in PERIODS:
        return on_circle(column, truth), on_circle(column, given)
    if column.kind != "heavy" or not len(truth):
        return truth, given
    if column.low > 0:
        return np.log(np.maximum(truth, column.low)), np.log(np.maximum(given, column.low))
    low, middle, high = np.quantile(truth, (0.25, 0.5, 0.75))
    spread = (high - low) or truth.std() or 1.0
    return np.arcsinh((truth - middle) / spread), np.arcsinh((given - middle) / spread)


def _values(given: Any, columns: tuple[Column, ...]) -> Values:
    """What a model gave back of a table, as numbers in the table's own columns."""
    return np.asarray(Table.like(given, columns), np.float64)
