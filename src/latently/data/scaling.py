"""How rows are scaled to where a decoder reaches: pixels by their range, other numbers by mean and deviation."""

from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

from latently.data.assumptions import warn_of
from latently.data.far import LEAST, MOST, WHOLE, Read, are_exact, are_far, differences, middle
from latently.data.layout import (
    HALF_OF_A_BYTE,
    ChannelAxis,
    Standardize,
    are_pixels,
    bytes_are,
    channels_first,
    pooled,
    series_axis,
    unlike_channels,
)
from latently.data.rows import (
    DataArgumentError,
    Rows,
    Statistics,
    deviations,
    extremes,
    summarize,
)

Range: TypeAlias = Literal["unit", "symmetric", "real"]
Places: TypeAlias = Literal["features"] | int | None
"""What has a mean and a deviation of its own: each feature, each channel on an axis of a row, or all together."""

ROUNDING = 1e-6
"""By how much of a range its ends may be missed."""


_GUESSES = {
    "counts": "uint8 of which hardly a number is above 127 is counts, standardised; {output=sigmoid} takes it for "
    "pixels from 0 to 255",
    "dark pixels": "images of uint8 are pixels from 0 to 255, though none is above 127; {standardize=together} takes "
    "them for numbers",
    "bits": "uint8 of 0 and 1 alone is zeros and ones, no pixels; {white_level=255} takes it for pixels from 0 to 255",
}
"""What rows of uint8 hold → the guess that they do, where it is one."""

_MUCH_HANGS_ON = ("counts", "dark pixels")


class Scaling(NamedTuple):
    """How rows are scaled, on which axis channels were found that have scales of their own, and what was assumed.

    The centre is taken from rows before the offset is, where float32 does not hold them (see `latently.data.far`).
    """

    offset: Any
    scale: Any
    range: Range
    axis: int | None = None
    assumed: tuple[str, ...] = ()
    centre: Any = 0.0


def fit_scaling(
    rows: Rows,
    range_: str,
    standardize: Standardize,
    channel_axis: ChannelAxis,
    white_level: float | None = None,
    *,
    series: bool = False,
) -> Scaling:
    """The scaling of rows to a range, in one streamed pass, 8 MB at a time; of pixels a part of them will do.

    Args:
        rows: of shape `(n, ...)`.
        range_: as for `Preprocessing.fit`.
        standardize: likewise.
        channel_axis: likewise.
        white_level: likewise.
        series: whether rows are series (steps, channels), or the other way round.

    Raises:
        DataError: the rows are not finite, or outside of the range asked for.
    """
    if range_ not in ("auto", "unit", "symmetric", "real"):
        raise DataArgumentError("range", 'must be "auto", "unit", "symmetric" or "real"', range_)
    if white_level is not None:
        return _from_black_to_white(rows, range_, standardize, white_level)
    assumed: tuple[str, ...] = ()
    if range_ != "real" and rows.dtype.name in ("uint8", "bool"):
        held = bytes_are(rows) if rows.dtype == np.uint8 else "truth values"
        assumed = (_GUESSES[held],) if range_ == "auto" and held in _GUESSES else ()
        for sentence in assumed if held in _MUCH_HANGS_ON else ():
            warn_of(sentence)
        if range_ != "auto" or held != "counts":
            half = 0.5 if held in ("bits", "truth values") else 127.5
            if range_ == "symmetric":
                return Scaling(half, half, "symmetric")
            return Scaling(0.0, 2 * half, "unit", None, assumed)
    features = summarize(rows, per_feature=True)
    low, high = features.minimum, features.maximum
    unit, floats = low >= -ROUNDING and high <= 1 + ROUNDING, rows.dtype.kind == "f"
    if range_ == "real" or (range_ == "auto" and not (unit and _are_told_apart(rows, features))):
        found = _standardized(rows, features, standardize, channel_axis, assumed, series=series)
        guessed = range_ == standardize == "auto" and found.axis is None and not assumed
        return found._replace(assumed=(*found.assumed, *_said_of(rows, features))) if guessed else found
    what = "pixels" if are_pixels(rows.shape[1:]) else "numbers"
    if range_ == "symmetric":
        if unit:
            guess = f"{what}: floats taken as 0 to 1, stretched to [-1, 1]; {{white_level}} names another end than 1"
            return Scaling(0.5, 0.5, "symmetric", None, (guess,) if floats else ())
        if low >= -1 - ROUNDING and high <= 1 + ROUNDING:
            return Scaling(0.0, 1.0, "symmetric")
        raise DataArgumentError(
            "X",
            f"must lie in [0, 1] or [-1, 1] for a symmetric range; got values from {low:g} to {high:g}",
            remedy=f"{_named_white(low, high)}Store pixels as uint8, or use {{output=identity}}.",
        )
    if not unit:
        raise DataArgumentError(
            "X",
            f"must lie in [0, 1] for a Bernoulli decoder; got values from {low:g} to {high:g}",
            remedy=f"{_named_white(low, high)}Pixels from 0 to 255 may be given as uint8, too; or use "
            "{likelihood=gaussian}.",
        )
    if what == "pixels":
        guess = "pixels: floats taken as 0 to 1, black to white; {white_level} names another white, "
    else:
        guess = "numbers: floats taken as shares from 0 to 1, as they are; "
    standard = "together" if len(rows.shape) > 2 else "features"
    guess += f"{{standardize={standard}}} takes them for numbers of any size"
    return Scaling(0.0, 1.0, "unit", None, (guess,) if floats and range_ == "auto" else ())


def _from_black_to_white(rows: Rows, range_: str, standardize: Standardize, white: float) -> Scaling:
    """The scaling of numbers from 0 to the one that is white."""
    if standardize != "auto" or range_ == "real":
        raise DataArgumentError("white_level", "is for pixels, and numbers that are standardised have none", white)
    extremes = summarize(rows, per_feature=False)
    low, high = extremes.minimum, extremes.maximum
    if low < -ROUNDING * white or high > (1 + ROUNDING) * white:
        rule = f"must lie in [0, {white:g}] for {{white_level={white:g}}}; got values from {low:g} to {high:g}"
        below = "Black is 0: add to all numbers, or leave it out; those from -1 to 1 are pixels with {output=tanh}."
        remedy = below if low < 0 else _named_white(low, high).strip()
        raise DataArgumentError("X", rule, remedy=remedy)
    if range_ == "symmetric":
        return Scaling(white / 2, white / 2, "symmetric")
    return Scaling(0.0, float(white), "unit")


def _named_white(low: float, high: float) -> str:
    """What to do about numbers above 1 that may be pixels, as the beginning of a remedy."""
    return f"Say which number is white: {{white_level={likely_white(high):g}}}. " if low >= 0 else ""


def likely_white(peak: float) -> float:
    """The number that is white where none is above a peak: 255, 511, 1023 and so on; of small ones, the peak itself.

    Example:
        >>> likely_white(16), likely_white(250.5), likely_white(4080)
        (16, 255.0, 4095.0)
    """
    return peak if peak <= HALF_OF_A_BYTE else float(2 ** int(np.ceil(np.log2(peak + 1))) - 1)


def _said_of(rows: Rows, features: Statistics) -> tuple[str, ...]:
    """What was guessed of numbers that are standardised: of those that may be pixels, what would be white."""
    shape, low, high = rows.shape[1:], features.minimum, features.maximum
    kind = "floats" if rows.dtype.kind == "f" else rows.dtype.name
    if len(shape) == 1:
        if not (are_pixels(shape) and low >= 0 and HALF_OF_A_BYTE < high <= 2 * HALF_OF_A_BYTE + 1):
            return ()
        guess = f"vectors of {kind} from {low:g} to {high:g} are columns, each standardised; "
        guess += "{white_level=255} takes them for pixels from 0 to 255"
        warn_of(guess)
        return (guess,)
    if not are_pixels(shape) or low < -1 - ROUNDING or (low < 0 and high > 1 + ROUNDING):
        several = f"numbers of rows {shape} are standardised together, with one mean and one deviation; "
        return (several + "{standardize=channels} scales each channel by itself",)
    says = "{output=tanh} takes them as -1 to 1" if low < 0 else ""
    says = says or f"{{white_level={likely_white(high):g}}} takes them as 0 to {likely_white(high):g}"
    return (f"pixels: {kind} from {low:g} to {high:g} are standardised together; {says}, black to white",)


def _standardized(
    rows: Rows,
    features: Statistics,
    standardize: Standardize,
    channel_axis: ChannelAxis,
    assumed: tuple[str, ...],
    *,
    series: bool,
) -> Scaling:
    """Means and deviations of features, of channels, or of all numbers."""
    shape, axis = rows.shape[1:], None
    if standardize == "features" or (standardize != "together" and len(shape) == 1):
        return _centred(rows, features, "features")._replace(assumed=assumed)
    if series and standardize != "together":
        axis = series_axis(shape, channel_axis)
    elif standardize == "channels":
        axis = 0 if channels_first(shape, channel_axis) else len(shape) - 1
    elif standardize == "auto":
        axis = unlike_channels(rows, features, channel_axis)
    if standardize == "auto" and axis is not None and shape[axis] > 1:
        which = f"the {shape[axis]} channels of rows {shape}, their {'first' if axis == 0 else 'last'} axis,"
        why = "" if series else ", since their scales are unlike"
        says = "{standardize=together} scales all numbers alike"
        assumed += (f"{which} are standardised one by one{why}; {says}",)
    found = _centred(rows, features, axis)
    return found._replace(axis=axis, assumed=assumed)


def _are_told_apart(rows: Rows, features: Statistics) -> bool:
    """Whether float32 holds each column of a table as it is, at least roughly."""
    if len(rows.shape) > 2:
        return True
    top = np.where((features.mean == 0) & (features.variance == 0), 0.0, max(-features.minimum, features.maximum))
    lost = are_far(features.mean, np.sqrt(features.variance), top, exact=True)
    if not lost.any():
        return True
    low, high = extremes(rows)
    return not (lost & (low < high)).any()


def _centred(rows: Rows, features: Statistics, by: Places) -> Scaling:
    """The scaling by the mean and the deviation of each feature, of each channel on an axis, or of all numbers.

    Where float32 does not hold numbers, they are first taken from their middle, in further passes over the rows.
    """
    shape = rows.shape[1:]
    mean, variance = _moments(features, shape, by)
    found = Scaling(mean, deviations(variance, mean), "real")
    top = np.where((mean == 0) & (variance == 0), 0.0, max(-features.minimum, features.maximum))
    if not are_far(mean, np.sqrt(variance), top, exact=are_exact(rows.dtype, top)).any():
        return found
    low, high = _ends(rows, by)
    top = np.maximum(np.abs(np.asarray(low, np.float64)), np.abs(np.asarray(high, np.float64)))
    far = are_far(mean, np.sqrt(variance), top, exact=are_exact(rows.dtype, top))
    far = np.where(low == high, top > WHOLE, far)  # what is always the same has no spread to lose
    if not far.any():
        return found
    reach = high.astype(np.float64) / 2 - low.astype(np.float64) / 2
    unit = np.where(far & (reach > 0) & ((reach > MOST) | (reach < LEAST)), reach, 1.0)
    centre = np.where(far, middle(low, high), 0.0)
    moved = Read(rows, lambda some: differences(some, centre) / unit, shape, np.float64)
    mean, variance = _moments(summarize(moved, per_feature=True), shape, by)
    offset, scale = (
        np.where(far, own * unit, other)
        for own, other in ((mean, found.offset), (deviations(variance, mean), found.scale))
    )
    return Scaling(offset, scale, "real", centre=centre)


def _moments(features: Statistics, shape: tuple[int, ...], by: Places) -> tuple[Any, Any]:
    """The mean and the variance of each place."""
    if by == "features":
        return features.mean.reshape(shape), features.variance.reshape(shape)
    with np.errstate(over="ignore", invalid="ignore"):
        return pooled(features, shape, by)


def _ends(rows: Rows, by: Places) -> tuple[Any, Any]:
    """The smallest and the largest number of each place, as they are stored."""
    shape = rows.shape[1:]
    low, high = (ends.reshape(shape) for ends in extremes(rows))
    if by == "features":
        return low, high
    others = tuple(place for place in range(len(shape)) if place != by)
    return low.min(axis=others, keepdims=by is not None), high.max(axis=others, keepdims=by is not None)
