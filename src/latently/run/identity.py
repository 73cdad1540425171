"""Which rows a run is about: a hash to know them by, and the ones that are filmed."""

import hashlib

import numpy as np
from jaxtyping import Int

from latently.data import Dataset, Splits

FILM_ROWS = 1500
WHOLE_BYTES = 2**28
"""Rows of up to this size are hashed whole; of larger ones, a few thousand spread over all of them."""


def film_rows(splits: Splits) -> Dataset:
    """The rows that are filmed: up to `FILM_ROWS`, spread over the test rows, or else over the training rows."""
    part = splits.test if len(splits.test) > 1 else splits.train
    return part.take(_spread(len(part), FILM_ROWS))


def fingerprint(splits: Splits) -> str:
    """A short hash of a data set: the shapes, types, rows and labels of its parts. A resumed run must meet the same.

    Returns:
        Sixteen hexadecimal digits.

    Example:
        >>> from latently.data import open_dataset
        >>> fingerprint(open_dataset("digits")) == fingerprint(open_dataset("digits", seed=1))
        False
    """
    digest = hashlib.sha256()
    for part in (splits.train, splits.validation, splits.test):
        for view in part.views:
            digest.update(f"{tuple(view.shape)} {view.dtype}".encode())
            whole = int(np.prod(view.shape)) * view.dtype.itemsize <= WHOLE_BYTES
            rows = view[:] if whole else view[_spread(len(view), 4096)]
            digest.update(np.ascontiguousarray(rows).tobytes())
        if part.labels is not None:
            digest.update(np.ascontiguousarray(part.labels, np.int64).tobytes())
    return digest.hexdigest()[:16]


def _spread(rows: int, most: int) -> Int[np.ndarray, "chosen"]:
    return np.unique(np.linspace(0, rows - 1, min(rows, most)).astype(int))
