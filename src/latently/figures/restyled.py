"""The same style under other labels."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Shaped
from matplotlib.figure import Figure

from latently.figures.images import as_pictures, display_range, image_grid
from latently.figures.style import shortened

ORIGINAL = "original"


def restyled(
    originals: Shaped[np.ndarray, "n ..."],
    restyled: Shaped[np.ndarray, "n labels ..."],
    labels: Sequence[object],
    *,
    title: str | None = None,
) -> Figure:
    """Originals at the left, and in each row their style under every label.

    Args:
        originals: images as `image_grid` takes them.
        restyled: each of them under each label: shape (n, labels, *image).
        labels: the heads of the columns.
        title: one line over the grid.

    Returns:
        The figure, all of it on the originals' scale of grey.

    Raises:
        ValueError: the shapes do not match, or there is not one label a column.

    Example:
        >>> figure = restyled(np.zeros((2, 8, 8)), np.zeros((2, 3, 8, 8)), ["a", "b", "c"])
    """
    n, count = len(originals), len(labels)
    if restyled.shape != (n, count, *originals.shape[1:]):
        raise ValueError(
            f"restyled must have shape (originals, labels, *image) = {(n, count, *originals.shape[1:])}; "
            f"got {restyled.shape}. Give one image for each original and label."
        )
    scale = display_range(originals)
    first = as_pictures(originals, scale)[:, None]
    rest = as_pictures(restyled.reshape(n * count, *originals.shape[1:]), scale).reshape(n, count, *first.shape[2:])
    cells = np.concatenate([first, rest], axis=1).reshape(n * (count + 1), *first.shape[2:])
    heads = [ORIGINAL, *(shortened(label) for label in labels)]
    return image_grid(
        cells, rows=n, columns=count + 1, column_labels=heads, rule_after=1, title=title, value_range=(0.0, 1.0)
    )
