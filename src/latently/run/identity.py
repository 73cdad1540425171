"""Which rows a run is about: a hash to know them by, and the ones that are filmed."""

import hashlib

from latently.data import Dataset, Splits
from latently.data.statistics import hash_rows, spread_rows

FILM_ROWS = 1500


def film_rows(splits: Splits) -> Dataset:
    """The rows that are filmed: up to `FILM_ROWS`, spread over the test rows, or else over the training rows."""
    part = splits.test if len(splits.test) > 1 else splits.train
    return part.take(spread_rows(len(part), FILM_ROWS))


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
        digest.update(",".join(part.view_names).encode())
        hash_rows(part.views, part.labels, digest, part.present)
    return digest.hexdigest()[:16]
