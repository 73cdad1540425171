"""From stored rows to what a network reads, and back."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import prod
from operator import index
from typing import Any, Literal, get_args

import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import Partial
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from latently.data.events import Reading, Stored, Writing, event_shape_of
from latently.data.far import LEAST, MOST, NOT_SINGLE, Read, are_far, differences, placed
from latently.data.layout import (
    ChannelAxis,
    Layout,
    Standardize,
    are_pixels,
    are_series,
    channels_first,
    in_words,
    is_volume,
    said_of_axes,
    series_axis,
)
from latently.data.rows import (
    DataArgumentError,
    DataError,
    Rows,
    Statistics,
    as_rows,
    as_type,
    check_finite,
    is_numeric,
    summarize,
)
from latently.data.scaling import ROUNDING, Range, fit_scaling
from latently.data.table import Container

_LATER: dict[str, Any] = {"channels_first": False, "assumed": (), "names": (), "container": "array", "dtypes": ()}
"""Fields that configs of version 0.1.0 lack, as they were then."""
_CENTRED = {"centre": 0.0}
"""What configs lack where no number is far."""


@dataclass(frozen=True, eq=False)
class Preprocessing:
    """x = (row - centre - offset) / scale, in the shape of an event: what was done to the data, kept with a model.

    It is done in float32 on the device, and to numbers that float32 does not hold in float64 before they get there.

    Attributes:
        row_shape: the shape of a row as it is stored, such as `(28, 28)`.
        event_shape: the shape of a row as a network reads it, such as `(28, 28, 1)` or `(784,)`.
        dtype: the stored type of the rows, such as `"uint8"`.
        offset: of shape `[]`, or one that goes with a row: `[features]`, or a number for each channel.
        scale: likewise, above 0.
        range: where x lies: `"unit"` is [0, 1], `"symmetric"` is [-1, 1], `"real"` has mean 0 and deviation 1.
        binarize: whether pixels are drawn as 0 or 1 with x as their probability, anew each time they are read
            (Salakhutdinov & Murray 2008, "On the quantitative analysis of deep belief networks").
        channels_first: whether the first axis of a row is that of the channels; an event has them last.
        assumed: what the rows were taken for where they could be something else (see `latently.data.assumptions`).
        names: of the columns of a table; none of other rows.
        container: what rows came in, and are given back in.
        dtypes: of the columns of a frame, each given back in its own; none of other rows.
        centre: of the shape of the offset: 0, but for numbers that float32 does not hold (see `latently.data.far`).

    Example:
        >>> images = np.full((2, 4, 4), 255, dtype=np.uint8)
        >>> preprocessing = Preprocessing.fit(images, layout="images")
        >>> x = preprocessing(images)
        >>> x.shape, float(x.max())
        ((2, 4, 4, 1), 1.0)
        >>> preprocessing.inverse(x).dtype
        dtype('uint8')
    """

    row_shape: tuple[int, ...]
    event_shape: tuple[int, ...]
    dtype: str
    offset: np.ndarray
    scale: np.ndarray
    range: Range
    binarize: bool = False
    channels_first: bool = False
    assumed: tuple[str, ...] = ()
    names: tuple[str | int, ...] = ()
    container: Container = "array"
    dtypes: tuple[str, ...] = ()
    centre: np.ndarray = field(default_factory=lambda: np.zeros(()))

    @classmethod
    def fit(
        cls,
        X: Any,
        *,
        range: Literal["auto", "unit", "symmetric", "real"] = "auto",  # noqa: A002 - the word of the field's users
        layout: Layout = "vectors",
        binarize: bool = False,
        channel_axis: ChannelAxis = "auto",
        standardize: Standardize = "auto",
        white_level: float | None = None,
    ) -> "Preprocessing":
        """Find the offset and the scale in one streamed pass, 8 MB at a time; of pixels, a part of them will do.

        Args:
            X: rows of shape `(n, ...)`: an array, a memory map or a `Subset`.
            range: where x shall lie. `"auto"` is `"unit"` for pixels of uint8 (see `latently.data.layout.bytes_are`),
                for booleans and for numbers within [0, 1], and `"real"` otherwise. `"unit"` divides uint8 by 255,
                unless it holds zeros and ones alone, and takes other numbers as they are. `"symmetric"` is `"unit"`
                stretched to [-1, 1], or numbers already there. `"real"` standardises.
            layout: what an event is: of `"vectors"`, `(features,)`; of `"images"`, `(height, width, channels)`; of
                `"series"`, `(steps, channels)`; of `"rows"`, a row as it is, its channels moved to its end.
            binarize: whether pixels are drawn as 0 or 1; for `"unit"` only.
            channel_axis: where the channels of an image or of a series are in a row; `"auto"`, on the first axis where
                that has 1, 3 or 4 and the last has not, or where it is the shortest one, else on the last.
            standardize: what has a mean and a deviation of its own where numbers are standardised: each of the
                `"features"`, each of the `"channels"`, or all numbers `"together"`. `"auto"` is each feature of
                `(n, features)`, each channel of series and of images where their scales are unlike, and otherwise all
                numbers together. Any other is `"real"` where the range is `"auto"`.
            white_level: the number that is white, of pixels from 0 to it. `None` is 255 of uint8 and 1 of numbers
                within [0, 1]; all others are no pixels.

        Raises:
            DataError: X is empty, not finite, not numeric, or outside of the range asked for.
        """
        rows = as_rows(X)
        row_shape = tuple(int(size) for size in rows.shape[1:])
        shaped = are_series(row_shape) and layout != "images" and rows.dtype.name not in ("uint8", "bool")
        series = len(row_shape) == 2 and (layout == "series" or shaped)
        first = series_axis(row_shape, channel_axis) == 0 if series else channels_first(row_shape, channel_axis)
        event_shape = event_shape_of(row_shape, layout, first)
        wanted: Any = "real" if range == "auto" and standardize != "auto" else range
        flat = layout in ("images", "series") and len(row_shape) == 1 and standardize == "auto"
        by = "together" if flat else standardize
        found = fit_scaling(rows, wanted, by, channel_axis, white_level, series=series)
        if found.axis == 0:
            event_shape = event_shape_of(row_shape, layout, first=True)
        if binarize and found.range != "unit":
            rule = f'needs pixels in [0, 1]; got numbers of the range "{found.range}"'
            raise DataArgumentError("binarize", rule, remedy="Leave it out.")
        assumed = found.assumed
        if channel_axis == "auto" and (len(row_shape) > 2 or (layout == "series" and series)):
            guess = said_of_axes(row_shape, layout, first=first)
            assumed += () if guess is None else (guess,)
        scaled = np.asarray(found.offset), np.asarray(found.scale), found.range, binarize
        first |= found.axis == 0
        centre = np.asarray(found.centre, np.float64)
        return cls(row_shape, event_shape, rows.dtype.name, *scaled, first, assumed, centre=centre)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Preprocessing) and self.to_config() == other.to_config()

    def __hash__(self) -> int:
        return hash((self.row_shape, self.event_shape, self.dtype, self.range))

    @property
    def n_features(self) -> int:
        """How many numbers a row has."""
        return prod(self.row_shape)

    @property
    def reading(self) -> str:
        """What the rows were taken for, in words that follow their number: "images of 28 x 28 pixels, ..."."""
        pixels = self.range != "real" and self.dtype != "bool" and are_pixels(self.row_shape)
        image = len(self.event_shape) == 3 or (self.dtype == "uint8" and self.range != "real") or pixels
        several = are_series(self.row_shape) and self.dtype not in ("uint8", "bool")
        shapes = self.row_shape, self.range, self.offset.shape
        return in_words(
            *shapes,
            image=image,
            first=self.channels_first,
            series=len(self.event_shape) == 2 or several,
            volume=is_volume(self.row_shape) and len(self.event_shape) == 1,
            named=bool(self.names),
        )

    @cached_property
    def _far(self) -> np.ndarray:
        """Which numbers are scaled before they become float32, in the shape of the offset."""
        return np.asarray((self.centre != 0) | (self.scale > MOST) | (self.scale < LEAST))

    @cached_property
    def far(self) -> bool:
        """Whether float32 does not hold some of the numbers, so that they are scaled before (`latently.data.far`)."""
        return bool(self._far.any())

    @property
    def single(self) -> "Preprocessing":
        """The same in float32 alone, as whoever has no other numbers does it.

        Raises:
            DataError: float32 does not tell the rows apart at all.
        """
        if not self.far:
            return self
        offset = np.asarray(self.centre + self.offset)
        if (self._far & are_far(offset, self.scale, np.abs(offset), exact=True)).any():
            raise DataError(NOT_SINGLE)
        return replace(self, offset=offset, centre=np.zeros(()))

    def scaled(self, rows: Any) -> Float[np.ndarray, "batch ..."]:
        """Rows as a network reads them, but in float64 and in the shape in which they are stored."""
        rows = np.asarray(rows).reshape(len(rows), *self.row_shape)
        moved = rows.astype(np.float64) if not self.far else differences(rows, self.centre)
        numbers: Float[np.ndarray, "batch ..."] = (moved - self.offset) / self.scale
        return numbers

    def stored(self, rows: Any) -> tuple[np.ndarray]:
        """The arrays of some rows, as `reads` takes them: as floats where JAX does not hold their integers."""
        array = np.asarray(rows)
        if self.far:
            array = array.reshape(len(array), *self.row_shape)
            with np.errstate(over="ignore"):
                return (np.where(self._far, self.scaled(array), array).astype(np.float32),)
        wide = array.dtype.kind in "iu" and not np.can_cast(array.dtype, np.int32)
        return (array.astype(np.float32) if wide else array,)

    def laid_out(self, rows: Rows) -> tuple[Rows]:
        """All rows, whatever their number, as `prepare` takes them: read some at a time where they are far."""
        return (Read(rows, lambda some: self.stored(some)[0], self.row_shape) if self.far else rows,)

    @property
    def reads(self) -> Partial:
        """A pure function from `stored` arrays to what a game reads."""
        return Partial(_only, self.prepare)

    @property
    def writes(self) -> Partial | None:
        """`inverse` as a pure function, in float32; `None` for numbers that a float32 does not tell apart."""
        dtype = np.dtype(self.dtype)
        if self.far or (dtype.kind in "iu" and dtype.itemsize > 2):
            return None
        writing = Writing(self.row_shape, self.event_shape, self._moves_channels, self.dtype)
        return Partial(writing, np.asarray(self.scale, np.float32), np.asarray(self.offset, np.float32))

    def __call__(self, rows: Stored, key: PRNGKeyArray | None = None) -> Float[Array, "batch ..."]:
        """Rows as a network reads them; pure, so it may run inside `jax.jit`, unless some are `far`.

        The key draws the pixels where `binarize` is set; without it they stay probabilities.
        """
        stored = (rows,) if isinstance(rows, jax.Array) and not self.far else self.stored(rows)
        x: Float[Array, "batch ..."] = self.prepare(stored, key)[0]
        return x

    @property
    def prepare(self) -> Partial:
        """A function from the one stored array of a batch, in a tuple, and a key to what a game reads, in a tuple.

        Offsets and scales that are several are its arrays, so that what is compiled for it serves for any others; one
        alone, such as that of pixels, is a constant, by which XLA divides faster.
        """
        reading = Reading(self.row_shape, self.event_shape, self._moves_channels, self.binarize)
        scaling = self.offset, self.scale
        if self.far:  # which is done before
            scaling = np.where(self._far, 0.0, self.offset), np.where(self._far, 1.0, self.scale)
        return Partial(reading, *(n.astype(np.float32) if n.ndim else float(n) for n in scaling))

    def template(self, rows: int) -> tuple[Float[Array, "batch ..."]]:
        """A view of the shape that `prepare` gives."""
        return (jnp.zeros((rows, *self.event_shape)),)

    def inverse(self, x: Float[Array, "batch ..."] | Float[np.ndarray, "batch ..."]) -> Shaped[np.ndarray, "batch ..."]:
        """Rows in the units, the shape and the type of the data.

        Integers are rounded and clipped to what their type holds, booleans are True above one half, and floats of any
        width come out as float32, in which they were computed, unless it does not hold the data.
        """
        return self.in_type(self.in_units(np.asarray(x, dtype=np.float64)))

    def in_type(self, numbers: Float[np.ndarray, "batch ..."]) -> Shaped[np.ndarray, "batch ..."]:
        """Numbers in the units of the data, but for the centre, in the type of the data."""
        dtype = np.dtype(self.dtype)
        rows: Shaped[np.ndarray, "batch ..."]
        rows = placed(numbers, self.centre, dtype) if self.far else as_type(numbers, dtype)
        return rows

    def in_units(self, x: Any) -> Any:
        """Rows in the units and the shape of the data, but for the centre; pure, so it may run inside `jax.jit`."""
        writing = Writing(self.row_shape, self.event_shape, self._moves_channels, self.dtype)
        return writing.in_units(self.scale.astype(x.dtype), self.offset.astype(x.dtype), x)

    @property
    def _moves_channels(self) -> bool:
        """Whether the channels of a stored row are first, and those of an event last."""
        return self.channels_first and len(self.event_shape) == len(self.row_shape) > 1

    def check(self, X: Any, owner: str = "Preprocessing", *, noisy: bool = False) -> Rows:
        """X as rows, if they mean what the fitted ones meant; `owner` is the model's name, for the error message.

        A row may come flat where the fitted rows were images, and the other way round. Where those were uint8 scaled by
        255, X must be integers, so that floats in [0, 1] are not divided twice. `noisy` floats may be out of the range.
        """
        rows = as_rows(X)
        self._check_shape(tuple(rows.shape[1:]), owner)
        pixels = self.dtype == "uint8" and self.range != "real" and float(self.scale) > 1
        if pixels and rows.dtype.kind not in "iu":
            raise DataArgumentError(
                "X",
                f"is {rows.dtype}, but {owner} was fitted on uint8 pixels from 0 to 255 and expects those",
                remedy="Convert it, for example with (255 * X).round().astype(np.uint8) if it lies in [0, 1].",
            )
        if self.range == "real" or (noisy and rows.dtype.kind == "f"):
            check_finite(rows)
        elif not (pixels and rows.dtype == np.uint8):
            self._check_range(summarize(rows, per_feature=False), owner)
        return rows

    def _check_shape(self, shape: tuple[int, ...], owner: str) -> None:
        if prod(shape) != self.n_features:
            raise DataArgumentError(
                "X",
                f"has {prod(shape)} features, but {owner} is expecting {self.n_features} features as input "
                f"(rows of shape {self.row_shape}; got rows of shape {shape})",
            )
        flat = len(shape) == 1 or len(self.row_shape) == 1
        if not flat and _squeezed(shape) != _squeezed(self.row_shape):
            rule = f"has rows of shape {shape}, but {owner} is expecting rows of shape {self.row_shape}"
            raise DataArgumentError("X", rule)

    def _check_range(self, statistics: Statistics, owner: str) -> None:
        low, high = (-1.0, 1.0) if self.range == "symmetric" else (0.0, 1.0)
        low, high = (float(bound * self.scale + self.offset) for bound in (low, high))
        margin = ROUNDING * (high - low)
        if statistics.minimum < low - margin or statistics.maximum > high + margin:
            raise DataArgumentError(
                "X",
                f"must lie in [{low:g}, {high:g}], the range that {owner} was fitted on; got values from "
                f"{statistics.minimum:g} to {statistics.maximum:g}",
                remedy="Scale {X} as the training data was scaled.",
            )

    def to_config(self) -> dict[str, Any]:
        """All fields as JSON-able values."""
        config = {name: np.asarray(getattr(self, name)).tolist() for name in self.__dataclass_fields__}
        config |= {"names": list(self.names)}
        return config if self.centre.any() else {name: value for name, value in config.items() if name != "centre"}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "Preprocessing":
        """What `to_config` wrote, checked: files may be damaged."""
        config = {**_LATER, **_CENTRED, **config}
        if set(config) != set(cls.__dataclass_fields__):
            raise DataError(
                f"a preprocessing config must have the fields {sorted(cls.__dataclass_fields__)}; got {sorted(config)}."
            )
        try:
            shapes = {name: tuple(index(size) for size in config[name]) for name in ("row_shape", "event_shape")}
            arrays = {name: np.asarray(config[name], dtype=np.float64) for name in ("offset", "scale", "centre")}
            said = {"dtype": np.dtype(str(config["dtype"])).name, "assumed": tuple(map(str, config["assumed"]))}
            said |= {"names": tuple(config["names"]), "dtypes": tuple(np.dtype(str(d)).name for d in config["dtypes"])}
            preprocessing = cls(**{**config, **shapes, **arrays, **said})
        except (TypeError, ValueError) as error:
            raise DataError(f"this preprocessing config cannot be read: {error}") from error
        for rule, kept in _rules(preprocessing).items():
            if not kept:
                raise DataError(f"this preprocessing config cannot be used: {rule}.")
        return preprocessing


def _only(prepare: Partial, stored: tuple[Stored, ...]) -> Float[Array, "batch ..."]:
    x: Float[Array, "batch ..."] = prepare(stored)[0]
    return x


def _squeezed(shape: tuple[int, ...]) -> tuple[int, ...]:
    """(h, w, 1) and (1, h, w) as (h, w)."""
    if len(shape) != 3:
        return shape
    return shape[:-1] if shape[-1] == 1 else shape[1:] if shape[0] == 1 else shape


def _rules(config: Preprocessing) -> dict[str, bool]:
    """What a config must be, in words, and whether it is."""
    row, event, offset, scale = config.row_shape, config.event_shape, config.offset, config.scale
    centre, dtype = config.centre, np.dtype(config.dtype)
    return {
        "row_shape and event_shape must hold equally many elements, 1 or more": prod(row) == prod(event)
        and min((1, *row, *event)) > 0,
        "dtype must be a type of integers, booleans or floats": is_numeric(dtype),
        "offset and scale must be one number, one a feature or one a channel": offset.shape == scale.shape
        and offset.ndim in (0, len(row))
        and all(size in (1, own) for size, own in zip(offset.shape, row, strict=False)),
        "offset must be finite": bool(np.isfinite(offset).all()),
        "centre must be finite, of the shape of offset or one number, and whole where rows are": bool(
            centre.shape in ((), offset.shape)
            and np.isfinite(centre).all()
            and (dtype.kind == "f" or (centre == np.trunc(centre)).all())
        ),
        "scale must be finite and above 0": bool((np.isfinite(scale) & (scale > 0)).all()),
        'range must be "unit", "symmetric" or "real"': config.range in ("unit", "symmetric", "real"),
        "channels_first must be true or false": isinstance(config.channels_first, bool),
        "names must be one for each column of a row, or none": len(config.names) in (0, prod(row)),
        "dtypes must be one for each column of a row, or none": len(config.dtypes) in (0, prod(row)),
        "container must be array, pandas or polars": config.container in get_args(Container),
        'binarize must be true or false, and false unless range is "unit"': config.binarize is False
        or (config.binarize is True and config.range == "unit"),
    }
