"""What rows are known by: a hash of their shapes, types, contents and labels."""

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Int

from latently.data.rows import Rows

if TYPE_CHECKING:
    from hashlib import _Hash

WHOLE_BYTES = 2**28
"""Rows of up to this size are hashed whole; of larger ones, a few thousand spread over all of them."""


def hash_rows(
    views: Sequence[Rows],
    labels: Int[np.ndarray, "rows"] | None,
    digest: "_Hash | None" = None,
    given: Bool[np.ndarray, "rows views"] | None = None,
) -> "_Hash":
    """Take rows and the codes of their labels into a hash.

    Args:
        views: one array a view.
        labels: the code of each label; `None` where there are none.
        digest: the hash to go on with; a new SHA-256 unless given.
        given: which rows have which view; `None` where they have all.

    Example:
        >>> hash_rows((np.eye(2),), None).hexdigest() == hash_rows((np.eye(2),), np.array([0, 1])).hexdigest()
        False
    """
    digest = hashlib.sha256() if digest is None else digest
    for view in views:
        digest.update(f"{tuple(view.shape)} {view.dtype}".encode())
        whole = int(np.prod(view.shape)) * view.dtype.itemsize <= WHOLE_BYTES
        rows = view[:] if whole else view[spread_rows(len(view), 4096)]
        digest.update(np.ascontiguousarray(rows).tobytes())
    if labels is not None:
        digest.update(np.ascontiguousarray(labels, np.int64).tobytes())
    if given is not None:
        digest.update(np.ascontiguousarray(given).tobytes())
    return digest


def spread_rows(rows: int, most: int) -> Int[np.ndarray, "chosen"]:
    """The numbers of at most so many rows, spread evenly over all of them.

    Example:
        >>> spread_rows(10, 4)
        array([0, 3, 6, 9])
    """
    return np.unique(np.linspace(0, rows - 1, min(rows, most)).astype(int))
