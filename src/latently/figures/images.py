"""Images of any form: how they are shown, and many of them on one sheet."""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Shaped
from matplotlib.figure import Figure

from latently.data.layout import IMAGE_CHANNELS, channels_first, channels_of, is_volume
from latently.figures.style import INK, LABEL_SIZE, SOFT_INK, new_figure, plain

Range = tuple[float, float]
CELL_PIXELS = 64  # images are enlarged, by a whole factor, to at least this many pixels a side


def image_grid(
    images: Shaped[np.ndarray, "n ..."],
    *,
    rows: int | None = None,
    columns: int | None = None,
    row_labels: Sequence[str] | None = None,
    column_labels: Sequence[str] | None = None,
    rule_after: int | Sequence[int] = (),
    title: str | None = None,
    value_range: Range | None = None,
) -> Figure:
    """Images side by side, in reading order.

    Args:
        images: shape (n, h, w), (n, h, w, c) or (n, c, h, w) with 1, 3 or 4 channels, or (n, d) with d a square number.
        rows: how many there are; what is left out of the layout follows from n.
        columns: likewise.
        row_labels: one text a row.
        column_labels: one text a column; long ones over narrow columns stand upright.
        rule_after: draw a line right of so many columns; of several numbers, one for each.
        title: one line over the grid.
        value_range: the values shown as black and as white; by default those of `display_range`.

    Raises:
        ValueError: the array holds no images, or they do not fit the layout.
    """
    pictures = as_pictures(images, value_range)
    rows, columns = _layout(len(pictures), rows, columns)
    for name, labels, length in (("row_labels", row_labels, rows), ("column_labels", column_labels, columns)):
        if labels is not None and len(labels) != length:
            raise ValueError(f"{name} must hold one text for each of the {length}; got {len(labels)}. Give {length}.")
    mosaic, (down, across) = mosaic_of(pictures, rows, columns, gap=0.07)
    margin = 0.3 + 0.08 * max(len(label) for label in row_labels) if row_labels else 0.16
    width = min(8.0, max(3.0, 0.6 * columns))
    # Labels that would touch their neighbours stand upright.
    upright = any(0.085 * (len(a) + len(b)) / 2 + 0.06 > width / columns for a, b in pairwise(column_labels or ()))
    above = (0.085 * max(map(len, column_labels)) + 0.2 if upright else 0.4) if column_labels else 0.16
    figure = new_figure(width + margin, width * mosaic.shape[0] / mosaic.shape[1] + above, title)
    axes = figure.add_subplot()
    axes.imshow(mosaic)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, labelsize=LABEL_SIZE, colors=SOFT_INK)
    axes.set(xticks=[], yticks=[], anchor="NW")  # where its labels are: see style.square
    if row_labels:
        axes.set_yticks(_centres(rows, down), [plain(label) for label in row_labels])
    if column_labels:
        axes.set_xticks(_centres(columns, across), [plain(label) for label in column_labels])
        axes.xaxis.tick_top()
        axes.tick_params(axis="x", length=0, labelrotation=90 if upright else 0)
    gap = across * columns - mosaic.shape[1]
    for after in (rule_after,) if isinstance(rule_after, int) else rule_after:
        axes.axvline(after * across - gap / 2 - 0.5, color=INK, linewidth=1.5)
    return figure


def display_range(images: Shaped[np.ndarray, "..."]) -> Range:
    """The values that are shown as black and as white.

    Bytes run from 0 to 255. Other numbers are taken to lie in [0, 1] or in [-1, 1] where they do, give or take 5 % for
    the noise of a Gaussian decoder; else their own extremes are taken, 0 included.
    """
    if images.dtype == np.uint8:
        return 0.0, 255.0
    if images.dtype == np.bool_ or images.size == 0:
        return 0.0, 1.0
    low, high = float(np.nanmin(images)), float(np.nanmax(images))
    for usual in ((0.0, 1.0), (-1.0, 1.0)):
        if usual[0] - 0.05 <= low and high <= usual[1] + 0.05:
            return usual
    return min(low, 0.0), high if high > low else low + 1.0


def are_pictures(shape: tuple[int, ...]) -> bool:
    """Whether rows of this shape (without the row axis) can be drawn as images."""
    if len(shape) == 1:
        return shape[0] >= 16 and math.isqrt(shape[0]) ** 2 == shape[0]
    return len(shape) == 2 or is_volume(shape) or (len(shape) == 3 and channels_of(shape) in IMAGE_CHANNELS)


def as_pictures(
    images: Shaped[np.ndarray, "n ..."], value_range: Range | None = None
) -> Float[np.ndarray, "n height width 3"]:
    """Images of any accepted form as red, green and blue in [0, 1]; grey ones white on black, as MNIST is.

    A volume is four slices across its first axis, two above two.
    """
    if is_volume(images.shape[1:]):
        images = _slices(images)
    if channels_first(images.shape[1:]):
        images = np.moveaxis(images, 1, -1)
    shape = images.shape[1:]
    if len(shape) == 1 and math.isqrt(shape[0]) ** 2 == shape[0]:
        side = math.isqrt(shape[0])
        shape = (side, side)
    if len(shape) == 2:
        shape = (*shape, 1)
    if len(shape) != 3 or shape[2] not in IMAGE_CHANNELS:
        raise ValueError(
            "images must have shape (n, h, w), (n, h, w, c) or (n, c, h, w) with 1, 3 or 4 channels, (n, d) with d a "
            f"square number, or be volumes (n, d, h, w); got {images.shape}. Reshape them, or draw rows that are no "
            "images with table_reconstructions."
        )
    low, high = display_range(images) if value_range is None else value_range
    values = (images.reshape(len(images), *shape).astype(np.float32) - low) / max(high - low, 1e-12)
    values = np.clip(np.nan_to_num(values), 0, 1)
    if shape[2] == 4:  # transparent pixels show the paper
        values = values[..., :3] * values[..., 3:] + (1 - values[..., 3:])
    return np.asarray(values if values.shape[3] == 3 else np.repeat(values, 3, axis=3))


def _slices(volumes: Shaped[np.ndarray, "n ..."]) -> Shaped[np.ndarray, "n height width *channels"]:
    """Volumes (n, d, h, w) or, with channels, (n, d, h, w, c) or (n, c, d, h, w), as four slices each in one image."""
    if volumes.ndim == 5 and volumes.shape[4] not in IMAGE_CHANNELS:  # of channels that lie first, one below the other
        volumes = volumes.reshape(len(volumes), -1, *volumes.shape[3:])
    depth, (height, width) = volumes.shape[1], volumes.shape[2:4]
    four = volumes[:, [depth * place // 8 for place in (1, 3, 5, 7)]]
    squares = four.reshape(len(four), 2, 2, height, width, *volumes.shape[4:]).swapaxes(2, 3)
    return squares.reshape(len(four), 2 * height, 2 * width, *volumes.shape[4:])


def _layout(n: int, rows: int | None, columns: int | None) -> tuple[int, int]:
    if n == 0:
        raise ValueError("images must hold at least one image; got none. Pass one or more rows.")
    if columns is None:
        columns = math.ceil(n / rows) if rows else math.ceil(math.sqrt(n))
    if rows is None:
        rows = math.ceil(n / columns)
    if rows * columns < n:
        raise ValueError(f"rows*columns must hold all {n} images; got {rows}*{columns}. Leave one of the two out.")
    return rows, columns


def mosaic_of(
    pictures: Float[np.ndarray, "n height width 3"], rows: int, columns: int, gap: float
) -> tuple[Float[np.ndarray, "down across 3"], tuple[int, int]]:
    """All pictures in one, `gap` times their size apart, with the steps from one to the next in pixels."""
    height, width = pictures.shape[1:3]
    factor = max(1, math.ceil(CELL_PIXELS / max(height, width))) if gap else max(1, 32 // max(height, width))
    pictures = pictures.repeat(factor, axis=1).repeat(factor, axis=2)
    height, width = pictures.shape[1:3]
    space = round(gap * max(height, width))
    down, across = height + space, width + space
    sheet = np.ones((rows * columns, down, across, 3), dtype=np.float32)
    sheet[: len(pictures), :height, :width] = pictures
    sheet = sheet.reshape(rows, columns, down, across, 3).swapaxes(1, 2).reshape(rows * down, columns * across, 3)
    return sheet[: rows * down - space, : columns * across - space], (down, across)


def _centres(n: int, step: int) -> list[float]:
    return [(k + 0.46) * step for k in range(n)]
