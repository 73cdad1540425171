"""What rows are, by their shape and their numbers: pixels or counts, images or series, and where their channels are."""

import re
from collections.abc import Sequence
from math import isqrt, prod
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Float64

from latently.data.rows import Rows, Statistics, are_constant, pieces, spread_rows

ChannelAxis: TypeAlias = Literal["auto", "first", "last"]
Standardize: TypeAlias = Literal["auto", "together", "channels", "features"]
Layout: TypeAlias = Literal["vectors", "images", "series", "rows"]
Shape: TypeAlias = tuple[int, ...]
Nature: TypeAlias = Literal["images", "volumes", "series", "columns"]
"""What rows are to an eye: pictures, curves, or numbers that each stand for themselves."""

PICTURES = ("images", "volumes")
"""What is drawn as pictures; of a volume, as slices."""
IMAGE_CHANNELS = (1, 3, 4)
"""Of gray, colour, and colour with transparency."""

HALF_OF_A_BYTE = 127
_BRIGHT_SHARE = 1 / 1000
_LEAST_SIDE = 4
_LEAST_OF_VOLUME = 16
_UNLIKE = 5.0  # times as much does all together vary as the channel that varies least
_IMAGE_COLUMNS = 6  # of fewer it cannot be told whether neighbours are more alike than others
_SAMPLE_ROWS = 2048
_FEWEST_STEPS, _FEWEST_UNNAMED_STEPS = 16, 32  # that a curve is drawn of
_MOST_CHANNELS, _STEPS_A_CHANNEL = 12, 4  # rows (steps, channels) have no more, and so many times as many steps
_GOES_OVER = 0.8  # the least correlation of neighbours in rows that nothing but it tells to be series


def channels_first(row_shape: Shape, axis: ChannelAxis = "auto") -> bool:
    """Whether the first axis of a row is that of an image's channels.

    Unless said, it is where it alone is as long as usual; or where neither end is, and the other two axes are those of
    a square, or both longer.

    Example:
        >>> channels_first((1, 28, 28)), channels_first((28, 28, 3)), channels_first((3, 4, 4))
        (True, False, False)
        >>> channels_first((12, 64, 64)), channels_first((64, 64, 12)), channels_first((28, 28, 28))
        (True, False, False)
    """
    if axis != "auto":
        return axis == "first" and len(row_shape) > 1
    if len(row_shape) != 3 or row_shape[2] in IMAGE_CHANNELS:
        return False
    first, height, width = row_shape
    return first in IMAGE_CHANNELS or (first != height and (height == width or first < min(height, width)))


def channels_of(row_shape: Shape) -> int:
    """How many channels an image has whose row has three axes."""
    return row_shape[0 if channels_first(row_shape) else 2]


def is_volume(row_shape: Shape) -> bool:
    """Whether rows are volumes by their shape: three sides that are alike, without channels or beside an axis of them.

    Example:
        >>> is_volume((28, 28, 28)), is_volume((1, 28, 28, 28)), is_volume((12, 64, 64)), is_volume((32, 32, 3))
        (True, True, False, False)
    """
    if len(row_shape) != 3:
        return len(row_shape) == 4
    short, long = min(row_shape), max(row_shape)
    alike = short == long or (short >= _LEAST_OF_VOLUME and long <= 2 * short)
    return alike and not {row_shape[0], row_shape[2]} & set(IMAGE_CHANNELS)


def said_of_axes(row_shape: Shape, layout: Layout, *, first: bool) -> str | None:
    """What was guessed of which axis is that of the channels, if there is more than one reading.

    Args:
        row_shape: of a row, of two axes only where they are those of a series.
        layout: as the network reads it.
        first: whether the first axis was taken.
    """
    last, (axis, places) = row_shape[-1], ("first", row_shape[0]) if first else ("last", row_shape[-1])
    if is_volume(row_shape) and layout == "vectors":
        some = "; {network=conv} convolves two of their axes" if len(row_shape) == 3 else ""
        return f"rows {row_shape} are volumes, read as {prod(row_shape):,} numbers, and not convolved{some}"
    if is_volume(row_shape) and layout == "images":
        size = " x ".join(map(str, row_shape[1:] if first else row_shape[:2]))
        return (
            f"rows {row_shape} are volumes, read as images of {size} pixels: the {places} places of their {axis} axis "
            f"are channels, not convolved; {{channel_axis={'last' if first else 'first'}}} takes the other end, "
            "{network=mlp} convolves none"
        )
    if first:
        return f"the first axis of rows {row_shape} is the channels; {{channel_axis=last}} takes the last"
    if len(row_shape) == 3 and (last not in IMAGE_CHANNELS or row_shape[0] in IMAGE_CHANNELS):
        return f"the last axis of rows {row_shape} is the channels; {{channel_axis=first}} takes the first"
    if len(row_shape) == 2 and not are_series(row_shape):
        return f"the last axis of rows {row_shape} is the channels; {{channel_axis=first}} takes the first"
    return None


def bytes_are(rows: Rows) -> Literal["pixels", "dark pixels", "bits", "counts"]:
    """What rows of uint8 hold: pixels from 0 to 255, zeros and ones, or counts.

    Rows of the shape of images hold pixels, dark ones where none is above half the range; and so do vectors of which
    more than one number in 1,000 is, or a single one where they are as long as a square image. Rows that reach 1 and
    no more are zeros and ones.
    """
    shape, total = rows.shape[1:], int(np.prod(rows.shape))
    image = len(shape) > 1 or are_pixels(shape)
    peak = bright = 0
    for piece in pieces(rows):
        peak, bright = max(peak, int(piece.max())), bright + int(np.count_nonzero(piece > HALF_OF_A_BYTE))
        if bright > (0 if image else total * _BRIGHT_SHARE):
            return "pixels"
    if peak <= 1:
        return "bits" if peak else "pixels"
    return "dark pixels" if len(shape) > 1 else "counts"


def are_series(row_shape: Shape) -> bool:
    """Whether rows of two axes are series by their shape: one is that of a few channels, the other of many steps.

    Example:
        >>> are_series((100, 3)), are_series((3, 100)), are_series((28, 28))
        (True, True, False)
    """
    few, many = sorted(row_shape) if len(row_shape) == 2 else (1, 0)
    return few <= _MOST_CHANNELS and many >= _STEPS_A_CHANNEL * few


def series_axis(row_shape: Shape, axis: ChannelAxis = "auto") -> int:
    """The axis of the channels of a series (steps, channels): unless said the first, where it is much the shorter one.

    Example:
        >>> series_axis((100, 3)), series_axis((3, 100)), series_axis((20, 7)), series_axis((7, 20), "first")
        (1, 0, 1, 0)
    """
    if axis != "auto":
        return int(axis == "last")
    return int(not (are_series(row_shape) and row_shape[0] < row_shape[1]))


def are_pixels(row_shape: Shape) -> bool:
    """Whether rows are as images are by their shape, or by their length if they are vectors."""
    return _is_flat_image(row_shape[0]) if len(row_shape) == 1 else not are_series(row_shape)


def rows_are(rows: Rows, names: Sequence[str] | None = None, *, of_view: bool = False) -> Nature:
    """Whether rows are to be drawn as images, as slices of volumes, as curves, or column by column.

    - Rows `(height, width)` and `(height, width, channels)` are images; but `(steps, channels)`, with up to 12
      channels and at least four times as many steps, are series (or `(channels, steps)`), where they are not bytes.
    - Columns whose names are 16 numbers or more that grow or fall all along, such as wavelengths, are series. Those
      that are merely numbered (`0, 1, 2, …` or `pixel0, pixel1, …`), or have no names, are what their neighbours say:
      a series where they go over into each other, an image where those above and below in a square do so, too.
      Other columns are what they are.
    - Vectors without names that are as long as a square are images where nothing speaks against it; those that are one
      of several views have to look like images.

    Args:
        rows: of shape `(n, ...)`.
        names: of columns.
        of_view: whether the rows are one of several views.

    Example:
        >>> rows_are(np.zeros((2, 28, 28))), rows_are(np.zeros((2, 20, 3)))
        ('images', 'series')
        >>> rows_are(np.zeros((2, 20)), [f"{400 + 2.5 * k} nm"[:-3] for k in range(20)])
        'series'
        >>> rows_are(np.zeros((2, 16)), [f"gene {letter}" for letter in "abcdefghijklmnop"])
        'columns'
    """
    shape = rows.shape[1:]
    bytes_ = rows.dtype.kind == "b" or (rows.dtype == np.uint8 and bytes_are(rows) != "counts")
    if len(shape) == 2:
        return "series" if not bytes_ and are_series(shape) else "images"
    if len(shape) != 1:
        drawn: Nature = "volumes" if is_volume(shape) else "columns"
        return "images" if len(shape) == 3 and channels_of(shape) in IMAGE_CHANNELS else drawn
    if names is not None and places_of(names) is not None:
        return "series"
    square = shape[0] >= _LEAST_SIDE**2 and isqrt(shape[0]) ** 2 == shape[0]
    if names is not None and len({re.sub(r"\d+", "", str(name)) for name in names}) > 1:
        return "columns"
    if square and bytes_:
        return "images"
    look = _look_of(rows)
    if square and look == "columns" and names is None and not of_view:
        return "images"
    return "columns" if look == "images" and not square else look


def places_of(names: Sequence[str]) -> Float64[np.ndarray, "columns"] | None:
    """Where columns lie, as their names say: numbers, 16 or more, that grow or fall all along, and do not just count.

    Example:
        >>> places_of([str(400 + 10 * k) for k in range(16)])[-1].item()
        550.0
        >>> places_of([str(k) for k in range(16)]) is None
        True
    """
    try:
        places = np.array([float(name) for name in names])
    except ValueError:
        return None
    steps = np.diff(places)
    if len(places) < _FEWEST_STEPS or not (np.all(steps > 0) or np.all(steps < 0)):
        return None
    return None if np.all(steps == 1) and places[0] in (0, 1) else places


def _look_of(rows: Rows) -> Nature:
    """What vectors look like, by how their numbers go over into those beside them, and above and below in a square."""
    length = rows.shape[1]
    some = np.asarray(rows[spread_rows(len(rows), _SAMPLE_ROWS)], np.float64)
    spread = some.std(axis=0)
    if length < _LEAST_SIDE**2 or len(some) < 3 or not np.isfinite(spread).all() or not spread.any():
        return "columns"
    varies = spread > 0
    some = (some - some.mean(axis=0)) / np.where(varies, spread, 1.0)

    def alike(apart: int) -> float:
        """The mean correlation of numbers that are so far apart."""
        both = varies[apart:] & varies[:-apart]
        return float((some[:, apart:] * some[:, :-apart]).mean(axis=0)[both].mean()) if both.any() else 0.0

    side, next_one = isqrt(length), alike(1)
    if side * side == length and min(next_one, alike(side)) > max(0.2, 1.2 * alike(side // 2)):
        return "images"
    others = max(abs(alike(length * share // 6)) for share in (2, 3, 4))
    goes_over = length >= _FEWEST_UNNAMED_STEPS and next_one > max(_GOES_OVER, 1.2 * others)
    return "series" if goes_over else "columns"


def _is_flat_image(length: int) -> bool:
    """Whether a vector is as long as a square image, gray or in colour."""
    sides = [isqrt(length // channels) for channels in (1, 3) if length % channels == 0]
    return any(side >= _LEAST_SIDE and length in (side * side, 3 * side * side) for side in sides)


def unlike_channels(rows: Rows, features: Statistics, axis: ChannelAxis) -> int | None:
    """The axis of a row whose channels are of scales so unlike that they are to be standardised one by one, if any.

    Channels are unlike where all numbers together deviate over five times as much as one channel does. Columns of an
    image may be so, too, at its dark margins; but neighbours among them are more alike than others, and no channels.

    Args:
        rows: of two axes (steps and channels, or the other way round) or of three (an image and its channels).
        features: the statistics of each feature of the rows.
        axis: which one the channels are on, if that is known.
    """
    shape = rows.shape[1:]
    if len(shape) not in (2, 3):
        return None
    known = {"first": (0,), "last": (len(shape) - 1,), "auto": (1, 0)}[axis]
    if len(shape) == 3:
        known = (0 if channels_first(shape, axis) else 2,)
    return next((each for each in known if _are_unlike(features, shape, each) and not _go_over(rows, each)), None)


def _are_unlike(features: Statistics, shape: Shape, axis: int) -> bool:
    """Whether the channels on an axis are of unlike scales; those that do not vary are not asked."""
    _, whole = pooled(features, shape, None)
    mean, each = pooled(features, shape, axis)
    varying = each[~are_constant(each, mean)]
    return varying.size > 1 and features.mean.size > each.size and float(whole) > _UNLIKE**2 * float(varying.min())


def _go_over(rows: Rows, axis: int) -> bool:
    """Whether neighbours along an axis of a row go over into each other, as the columns of an image do."""
    shape = rows.shape[1:]
    if shape[axis] < _IMAGE_COLUMNS:
        return len(shape) == 2 and shape[0] == shape[1]
    some = np.asarray(rows[spread_rows(len(rows), _SAMPLE_ROWS)], np.float64)
    lines = np.moveaxis(some, 1 + axis, -1).reshape(-1, shape[axis])
    lines = lines[:, lines.std(axis=0) > 0]
    if lines.shape[1] < _IMAGE_COLUMNS:
        return False
    alike, places = np.asarray(np.corrcoef(lines.T)), np.arange(lines.shape[1])
    apart = np.abs(np.subtract.outer(places, places))
    others = np.abs(alike[apart >= max(3, len(places) // 3)]).mean()
    return bool(alike[apart == 1].mean() > max(0.2, 1.5 * others))


def pooled(
    features: Statistics, shape: Shape, axis: int | None
) -> tuple[Float64[np.ndarray, "..."], Float64[np.ndarray, "..."]]:
    """Mean and variance of each channel on an axis of a row, or of all numbers, from those of each feature.

    Those of channels have the shape of a row with 1 for its other axes.
    """
    others = tuple(each for each in range(len(shape)) if each != axis)
    mean, variance = features.mean.reshape(shape), features.variance.reshape(shape)
    centre = mean.mean(axis=others, keepdims=True)
    spread = (variance + (mean - centre) ** 2).mean(axis=others, keepdims=True)
    return (centre.reshape(()), spread.reshape(())) if axis is None else (centre, spread)


def in_words(
    row_shape: Shape,
    range_: str,
    scale_shape: Shape,
    *,
    image: bool,
    first: bool,
    series: bool = False,
    volume: bool = False,
    named: bool = False,
) -> str:
    """What rows are taken for, in words that follow their number.

    Args:
        row_shape: the shape of a row as it is stored.
        range_: where the numbers lie once they are scaled, as for `Preprocessing`.
        scale_shape: the shape of what they are divided by.
        image: whether they are pixels, or read as images.
        first: whether channels are on the first axis.
        series: whether they are read as series.
        volume: whether they are volumes whose axes are all alike to the network.
        named: whether each number of a vector has the name of a column.

    Example:
        >>> in_words((20, 3), "real", (1, 3), image=False, first=False)
        'series of 20 steps, 3 channels, each standardised'
        >>> in_words((1, 28, 28), "unit", (), image=True, first=True)
        'images of 28 x 28 pixels, 1 channel, scaled to [0, 1]'
    """
    each = int(np.prod(scale_shape)) > 1
    scaled = {"unit": "scaled to [0, 1]", "symmetric": "scaled to [-1, 1]"}.get(
        range_, "each standardised" if each else "standardised together"
    )
    sizes, channels = list(row_shape), 1
    if volume:
        return f"volumes of {' x '.join(map(str, sizes))} numbers, {scaled}"
    if len(row_shape) == 3 and (image or each or first):
        channels = sizes.pop(0 if first else -1)
        many = f"{channels} channel{'' if channels == 1 else 's'}"
        return f"images of {' x '.join(map(str, sizes))} pixels, {many}, {scaled}"
    if series or (each and len(row_shape) == 2 and scale_shape != row_shape):
        channels = sizes.pop(0 if first else -1) if len(sizes) == 2 else 1
        return f"series of {sizes[0]} steps, {channels} channel{'' if channels == 1 else 's'}, {scaled}"
    if len(row_shape) == 1:
        many = f"{sizes[0]} {'column' if named else 'number'}{'' if named and sizes[0] == 1 else 's'}"
        return f"{'rows' if named else 'vectors'} of {many}, {scaled}"
    what, unit = ("images", "pixels") if image else ("arrays", "numbers")
    return f"{what} of {' x '.join(map(str, sizes))} {unit}, {scaled}"
