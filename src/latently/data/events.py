"""Events: how stored rows become what a network reads, but for what they are scaled by, and how they come back."""

from dataclasses import dataclass
from math import isqrt, prod
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from latently.data.layout import Layout
from latently.data.rows import DataArgumentError, as_type

Stored: TypeAlias = Shaped[Array, "batch ..."] | Shaped[np.ndarray, "batch ..."]


@dataclass(frozen=True)
class Reading:
    """How a network reads stored rows, but for the offset and the scale; for the fields see `Preprocessing`."""

    row_shape: tuple[int, ...]
    event_shape: tuple[int, ...]
    moves_channels: bool
    binarize: bool

    def __call__(
        self, offset: Any, scale: Any, stored: tuple[Stored, ...], key: PRNGKeyArray | None = None
    ) -> tuple[Float[Array, "batch ..."]]:
        """The one stored array of a batch as a network reads it."""
        x = jnp.asarray(stored[0], dtype=jnp.float32).reshape(stored[0].shape[0], *self.row_shape)
        x = (x - jnp.asarray(offset, jnp.float32)) / jnp.asarray(scale, jnp.float32)
        if self.moves_channels:
            x = jnp.moveaxis(x, 1, -1)
        x = x.reshape(x.shape[0], *self.event_shape)
        if self.binarize and key is not None:
            x = jax.random.bernoulli(key, x).astype(jnp.float32)
        return (x,)


@dataclass(frozen=True)
class Writing:
    """How rows come back from what a network writes, but for the scale and the offset; for the fields see above."""

    row_shape: tuple[int, ...]
    event_shape: tuple[int, ...]
    moves_channels: bool
    dtype: str

    def in_units(self, scale: Any, offset: Any, x: Any) -> Any:
        """Rows in the units and the shape of the data, as floats."""
        events = x.reshape(x.shape[0], *self.event_shape)
        if self.moves_channels:
            events = events.transpose(0, events.ndim - 1, *range(1, events.ndim - 1))
        return events.reshape(x.shape[0], *self.row_shape) * scale + offset

    def __call__(self, scale: Any, offset: Any, x: Any) -> Shaped[Array, "batch ..."]:
        """Rows in the units, the shape and the type of the data."""
        rows: Shaped[Array, "batch ..."] = as_type(self.in_units(scale, offset, x), np.dtype(self.dtype), jnp)
        return rows


def event_shape_of(row_shape: tuple[int, ...], layout: Layout, first: bool) -> tuple[int, ...]:
    """The shape of an event of a layout; channels come last."""
    if layout == "images":
        return _image_shape(row_shape, first)
    if layout == "vectors":
        return (prod(row_shape),)
    if layout == "series" and len(row_shape) > 2:
        rule = f"must be rows (steps,) or (steps, channels) for a network of series; got rows of shape {row_shape}"
        raise DataArgumentError("X", rule, remedy="Use {network=conv} for images.")
    if len(row_shape) == 1:
        return (*row_shape, 1) if layout == "series" else row_shape
    return (*row_shape[1:], row_shape[0]) if first else row_shape


def _image_shape(row_shape: tuple[int, ...], first: bool = False) -> tuple[int, ...]:
    """(height, width, channels) of rows that are (h, w), (h, w, c) or the pixels of a square one after another."""
    if len(row_shape) == 2:
        return (*row_shape, 1)
    if len(row_shape) == 3:
        return (*row_shape[1:], row_shape[0]) if first else row_shape
    side = isqrt(prod(row_shape))
    if len(row_shape) != 1 or side * side != row_shape[0]:
        raise DataArgumentError(
            "X",
            "must be rows (height, width), (height, width, channels) or flat and square for a network of images; got "
            f"rows of shape {row_shape}",
            remedy="Reshape X to (n, height, width), or use {network=mlp}; volumes are not convolved over three axes.",
        )
    return (side, side, 1)
