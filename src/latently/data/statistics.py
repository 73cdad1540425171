"""What one pass over rows tells, though they need not fit in memory: their statistics, and a hash to know them by."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float64, Int

from latently.data.rows import DataArgumentError, Rows, pieces

if TYPE_CHECKING:
    from hashlib import _Hash

WHOLE_BYTES = 2**28
"""Rows of up to this size are hashed whole; of larger ones, a few thousand spread over all of them."""

# What float32, in which training computes, tells apart: a deviation below this part of the mean is rounding.
_FLOAT32_RESOLUTION = 10 * float(np.finfo(np.float32).eps)


@dataclass(frozen=True)
class Statistics:
    """The extremes of all numbers, and mean and standard deviation: of each feature, or `[]`, of all elements together.

    The deviation is 1 where the numbers are all the same.
    """

    minimum: float
    maximum: float
    mean: Float64[np.ndarray, "..."]
    deviation: Float64[np.ndarray, "..."]


def summarize(rows: Rows, per_feature: bool, name: str = "X") -> Statistics:
    """One pass over the rows, 8 MB at a time; they must be finite, or an error calls them by their name.

    The mean and the sum of squared deviations of each piece are merged into those so far by the update of
    Chan, Golub & LeVeque (1983), "Algorithms for computing the sample variance", which does not cancel.
    """
    minimum, maximum, n = np.inf, -np.inf, 0
    mean = squares = np.zeros(())
    for piece in pieces(rows):
        numbers = piece.astype(np.float64).reshape((len(piece), -1) if per_feature else (-1,))
        low, high = float(numbers.min()), float(numbers.max())
        if not (np.isfinite(low) and np.isfinite(high)):
            counts = {"NaN": int(np.isnan(numbers).sum()), "infinite": int(np.isinf(numbers).sum())}
            found = " and ".join(f"{count:,} {kind}" for kind, count in counts.items() if count)
            raise DataArgumentError(
                name,
                f"must be finite, but at least {found} of its values are not",
                remedy="Drop those rows or fill in the values (for example with sklearn.impute.SimpleImputer).",
            )
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


def hash_rows(
    views: Sequence[Rows],
    labels: Int[np.ndarray, "rows"] | None,
    digest: "_Hash | None" = None,
    present: Bool[np.ndarray, "rows views"] | None = None,
) -> "_Hash":
    """Take shapes, types and contents of a data set's views, codes of labels and present views into a SHA-256 hash."""
    digest = hashlib.sha256() if digest is None else digest
    for view in views:
        digest.update(f"{tuple(view.shape)} {view.dtype}".encode())
        whole = int(np.prod(view.shape)) * view.dtype.itemsize <= WHOLE_BYTES
        rows = view[:] if whole else view[spread_rows(len(view), 4096)]
        digest.update(np.ascontiguousarray(rows).tobytes())
    if labels is not None:
        digest.update(np.ascontiguousarray(labels, np.int64).tobytes())
    if present is not None:
        digest.update(np.ascontiguousarray(present).tobytes())
    return digest


def spread_rows(rows: int, most: int) -> Int[np.ndarray, "chosen"]:
    """The numbers of at most so many rows, spread evenly over all of them: 0, 3, 6, 9 for 4 of 10."""
    return np.unique(np.linspace(0, rows - 1, min(rows, most)).astype(int))
