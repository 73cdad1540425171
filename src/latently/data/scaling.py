"""How rows are scaled to where a decoder reaches: pixels by their range, other numbers by mean and deviation."""

from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

from latently.data.assumptions import warn_of
from latently.data.layout import ChannelAxis, Standardize, bytes_are, channels_first, pooled, unlike_channels
from latently.data.rows import DataArgumentError, Rows, Statistics, deviations, summarize

Range: TypeAlias = Literal["unit", "symmetric", "real"]

ROUNDING = 1e-6
"""By how much of a range its ends may be missed."""


_GUESSES = {
    "counts": "uint8 of which hardly a number is above 127 is counts, standardised; {output=sigmoid} takes it for "
    "pixels from 0 to 255",
    "dark pixels": "images of uint8 are pixels from 0 to 255, though none is above 127; {standardize=together} takes "
    "them for numbers",
}
"""What rows of uint8 hold → the guess that they do, where it is one."""


class Scaling(NamedTuple):
    """How rows are scaled, on which axis channels were found that have scales of their own, and what was assumed."""

    offset: Any
    scale: Any
    range: Range
    axis: int | None = None
    assumed: tuple[str, ...] = ()


def fit_scaling(rows: Rows, range_: str, standardize: Standardize, channel_axis: ChannelAxis) -> Scaling:
    """The scaling of rows to a range, in one streamed pass, 8 MB at a time; of pixels a part of them will do.

    Args:
        rows: of shape `(n, ...)`.
        range_: as for `Preprocessing.fit`.
        standardize: likewise; `"auto"` is each feature of vectors, each channel where their scales are unlike, and
            otherwise all numbers together.
        channel_axis: likewise.

    Raises:
        DataError: the rows are not finite, or outside of the range asked for.
    """
    if range_ not in ("auto", "unit", "symmetric", "real"):
        raise DataArgumentError("range", 'must be "auto", "unit", "symmetric" or "real"', range_)
    assumed: tuple[str, ...] = ()
    if range_ != "real" and rows.dtype.name in ("uint8", "bool"):
        held = bytes_are(rows) if rows.dtype == np.uint8 else "bits"
        assumed = (_GUESSES[held],) if range_ == "auto" and held in _GUESSES else ()
        for sentence in assumed:
            warn_of(sentence)
        if range_ != "auto" or held != "counts":
            half = 0.5 if held == "bits" else 127.5
            if range_ == "symmetric":
                return Scaling(half, half, "symmetric")
            return Scaling(0.0, 2 * half, "unit", None, assumed)
    features = summarize(rows, per_feature=True)
    low, high = features.minimum, features.maximum
    unit = low >= -ROUNDING and high <= 1 + ROUNDING
    if range_ == "real" or (range_ == "auto" and not unit):
        return _standardized(rows, features, standardize, channel_axis, assumed)
    if range_ == "symmetric":
        if unit:
            return Scaling(0.5, 0.5, "symmetric")
        if low >= -1 - ROUNDING and high <= 1 + ROUNDING:
            return Scaling(0.0, 1.0, "symmetric")
        raise DataArgumentError(
            "X",
            f"must lie in [0, 1] or [-1, 1] for a symmetric range; got values from {low:g} to {high:g}",
            remedy="Scale the data, store pixels as uint8, or use {range=real}.",
        )
    if not unit:
        raise DataArgumentError(
            "X",
            f"must lie in [0, 1] for a Bernoulli decoder; got values from {low:g} to {high:g}",
            remedy="Scale the data (pixels from 0 to 255 may be given as uint8), or use {likelihood=gaussian}.",
        )
    return Scaling(0.0, 1.0, "unit")


def _standardized(
    rows: Rows, features: Statistics, standardize: Standardize, channel_axis: ChannelAxis, assumed: tuple[str, ...]
) -> Scaling:
    """Means and deviations of features, of channels, or of all numbers."""
    shape, axis = rows.shape[1:], None
    if standardize == "features" or (standardize != "together" and len(shape) == 1):
        return Scaling(features.mean.reshape(shape), features.deviation.reshape(shape), "real", None, assumed)
    if standardize == "channels":
        axis = 0 if channels_first(shape, channel_axis) else len(shape) - 1
    elif standardize == "auto":
        axis = unlike_channels(rows, features, channel_axis)
        if axis is not None:
            which = f"the {shape[axis]} channels of rows {shape}, their {'first' if axis == 0 else 'last'} axis,"
            says = "{standardize=together} scales all numbers alike"
            assumed += (f"{which} are standardised one by one, since their scales are unlike; {says}",)
    mean, variance = pooled(features, shape, axis)
    return Scaling(mean, deviations(variance, mean), "real", axis, assumed)
