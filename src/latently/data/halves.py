"""Two views of an image: its halves."""

from collections.abc import Callable
from dataclasses import replace
from math import isqrt
from typing import cast

import numpy as np

from latently.data.dataset import Dataset
from latently.data.errors import DataError
from latently.data.rows import Rows, Subset


def halves(dataset: Dataset) -> Dataset:
    """The left and the right half of every image; of an odd width, the right half has the middle column.

    Raises:
        DataError: where the rows are no images, or less than two pixels wide.

    Example:
        >>> images = Dataset("images", (np.arange(30).reshape(2, 3, 5),))
        >>> [view.shape for view in halves(images).views]
        [(2, 3, 2), (2, 3, 3)]
    """
    return _cut(dataset, 2, ("left", "right"))


def top_bottom(dataset: Dataset) -> Dataset:
    """The top and the bottom half of every image; of an odd height, the bottom half has the middle row.

    Raises:
        DataError: where the rows are no images, or less than two pixels high.
    """
    return _cut(dataset, 1, ("top", "bottom"))


def as_images(rows: Rows, name: str, asked: str) -> Rows:
    """Rows as images `(n, height, width)` or `(n, height, width, channels)`; memory maps stay in their file.

    Arguments:
        rows: images, or the pixels of square ones one after another.
        name: of the data, for the error message.
        asked: what images are needed for.

    Raises:
        DataError: where the rows are neither.
    """
    if len(rows.shape) in (3, 4):
        return rows
    side = isqrt(rows.shape[1]) if len(rows.shape) == 2 else 0
    if not side or side * side != rows.shape[1]:
        raise DataError(
            f"{asked} needs images, (height, width), (height, width, channels) or flat and square; the rows of {name} "
            f"have the shape {rows.shape[1:]}. Save them as images, or name the views of a file: NAME=WHAT,NAME=WHAT."
        )
    return _through(rows, lambda array: array.reshape(-1, side, side))


def _cut(dataset: Dataset, axis: int, names: tuple[str, str]) -> Dataset:
    asked = {2: 'views="halves"', 1: 'views="top-bottom"'}[axis]
    images = as_images(dataset.x, dataset.name, asked)
    middle = images.shape[axis] // 2
    if middle < 1:
        raise DataError(f"{asked} needs images of 2 pixels or more across the cut; {dataset.name} has 1.")
    before = (slice(None),) * axis
    first, second = (*before, slice(middle)), (*before, slice(middle, None))
    return replace(
        dataset,
        views=(_through(images, lambda array: array[first]), _through(images, lambda array: array[second])),
        view_names=names,
        description={**dataset.description, "views": f"the {names[0]} and the {names[1]} half of each image"},
    )


def _through(rows: Rows, change: Callable[[np.ndarray], np.ndarray]) -> Rows:
    """A change of rows that copies nothing, of a subset too."""
    if isinstance(rows, Subset):
        return Subset(change(cast(np.ndarray, rows.array)), rows.rows)
    return change(cast(np.ndarray, rows))
