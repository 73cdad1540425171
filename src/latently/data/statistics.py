"""What must be known of the numbers before training, from one pass over rows that need not fit in memory."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64

from latently.data.errors import DataError
from latently.data.rows import Rows, Subset, pieces

# What float32, in which training computes, tells apart: a deviation below this part of the mean is rounding.
_FLOAT32_RESOLUTION = 10 * float(np.finfo(np.float32).eps)


@dataclass(frozen=True)
class Statistics:
    """The extremes of all numbers, and the mean and standard deviation of each feature or of all elements together.

    Attributes:
        minimum: the smallest number.
        maximum: the largest number.
        mean: of shape `[features]`, or `[]` for all elements together.
        deviation: the standard deviation, likewise; 1 where the numbers are all the same.
    """

    minimum: float
    maximum: float
    mean: Float64[np.ndarray, "..."]
    deviation: Float64[np.ndarray, "..."]


def as_rows(X: Any, name: str = "X") -> Rows:
    """X as rows of real numbers: arrays, memory maps and subsets as they are, anything else through `np.asarray`.

    Raises:
        DataError: where X holds no rows, no features, or anything but integers, booleans and floats.
    """
    rows: Rows = X if isinstance(X, np.ndarray | Subset) else np.asarray(X)
    if len(rows.shape) < 2:
        raise DataError(
            f"{name} must be rows of features, of shape (n, ...); got shape {rows.shape}. "
            "Reshape your data: X.reshape(-1, 1) for one feature, X.reshape(1, -1) for one row."
        )
    if rows.dtype.kind == "c":
        raise DataError(
            f"Complex data not supported: {name} is {rows.dtype}; give real and imaginary parts as two features."
        )
    if not is_numeric(rows.dtype):
        raise DataError(
            f"{name} must hold integers, booleans or floats of at most 64 bits; got dtype {rows.dtype}. "
            "Convert it, for example with X.astype(np.float32)."
        )
    if 0 in rows.shape:
        what, shape = ("sample", rows.shape) if rows.shape[0] == 0 else ("feature", rows.shape)
        raise DataError(f"Found array with 0 {what}(s) (shape={shape}) while a minimum of 1 is required in {name}.")
    return rows


def is_numeric(dtype: np.dtype[Any]) -> bool:
    """Whether numbers of this type are booleans, integers or floats of at most 64 bits."""
    return dtype.kind in "biuf" and dtype.itemsize <= 8


def summarize(rows: Rows, per_feature: bool, name: str = "X") -> Statistics:
    """One pass over the rows, 8 MB at a time.

    The mean and the sum of squared deviations of each piece are merged into those so far by the update of
    Chan, Golub & LeVeque (1983), "Algorithms for computing the sample variance", which does not cancel.

    Arguments:
        rows: rows of shape `(n, ...)`.
        per_feature: mean and deviation for each feature of `(n, features)`, rather than for all elements together.
        name: what to call the rows in an error message.

    Raises:
        DataError: at the first piece with a number that is not finite.
    """
    minimum, maximum, n = np.inf, -np.inf, 0
    mean = squares = np.zeros(())
    for piece in pieces(rows):
        numbers = piece.astype(np.float64).reshape((len(piece), -1) if per_feature else (-1,))
        low, high = float(numbers.min()), float(numbers.max())
        if not (np.isfinite(low) and np.isfinite(high)):
            raise DataError(_not_finite(numbers, name))
        minimum, maximum = min(minimum, low), max(maximum, high)
        m = len(numbers)
        piece_mean = numbers.mean(axis=0)
        numbers -= piece_mean
        shift = piece_mean - mean
        mean = mean + shift * (m / (n + m))
        squares = squares + np.einsum("i...,i...->...", numbers, numbers) + shift**2 * (n * m / (n + m))
        n += m
    deviation = np.sqrt(squares / n)
    constant = deviation <= _FLOAT32_RESOLUTION * np.abs(mean)
    return Statistics(minimum, maximum, np.asarray(mean), np.where(constant, 1.0, deviation))


def _not_finite(numbers: Float64[np.ndarray, "..."], name: str) -> str:
    counts = {"NaN": int(np.isnan(numbers).sum()), "infinite": int(np.isinf(numbers).sum())}
    found = " and ".join(f"{count:,} {kind}" for kind, count in counts.items() if count)
    return (
        f"{name} must be finite, but at least {found} of its values are not; drop those rows or fill in the values "
        "(for example with sklearn.impute.SimpleImputer)."
    )
