"""Layers that make training steadier or harder: norms, dropout, noise, shifted images."""

from collections.abc import Callable
from typing import Self

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from latently.networks.layers import Layer

EPSILON = 1e-5  # added to every variance


class BatchNorm(Layer):
    """Batch normalisation over every axis but the last (Ioffe & Szegedy 2015, arXiv 1502.03167).

    It normalises by the batch's own statistics until it is `calibrated`, and by the calibrated ones from then on. There
    are no running averages: nothing has to be threaded through a loss.
    """

    gain: Float[Array, "channels"]
    shift: Float[Array, "channels"]
    mean: Float[Array, "channels"] | None = None
    variance: Float[Array, "channels"] | None = None

    def __init__(self, channels: int) -> None:
        self.gain, self.shift = jnp.ones(channels), jnp.zeros(channels)
        self.mean = self.variance = None

    def __call__(self, x: Float[Array, "batch ..."], key: PRNGKeyArray | None = None) -> Float[Array, "batch ..."]:
        """The rows normalised, then scaled and shifted as training found best."""
        mean, variance = _moments(x) if self.mean is None or self.variance is None else (self.mean, self.variance)
        return (x - mean) * (self.gain * jax.lax.rsqrt(variance + EPSILON)) + self.shift

    def calibrated(self, x: Float[Array, "batch ..."]) -> tuple[Self, Float[Array, "batch ..."]]:
        """The layer with the mean and variance of these rows, and its output."""
        layer = eqx.tree_at(
            lambda norm: (norm.mean, norm.variance), self, _moments(x), is_leaf=lambda leaf: leaf is None
        )
        return layer, layer(x)


def _moments(x: Float[Array, "batch ..."]) -> tuple[Float[Array, "channels"], Float[Array, "channels"]]:
    axes = tuple(range(x.ndim - 1))
    return jnp.mean(x, axes), jnp.var(x, axes)


class LayerNorm(Layer):
    """Layer normalisation over every axis but the first (Ba et al. 2016, arXiv 1607.06450)."""

    gain: Float[Array, "channels"]
    shift: Float[Array, "channels"]

    def __init__(self, channels: int) -> None:
        self.gain, self.shift = jnp.ones(channels), jnp.zeros(channels)

    def __call__(self, x: Float[Array, "batch ..."], key: PRNGKeyArray | None = None) -> Float[Array, "batch ..."]:
        """The rows normalised, then scaled and shifted as training found best."""
        axes = tuple(range(1, x.ndim))
        mean, variance = jnp.mean(x, axes, keepdims=True), jnp.var(x, axes, keepdims=True)
        return (x - mean) * jax.lax.rsqrt(variance + EPSILON) * self.gain + self.shift


NORMALIZATIONS: dict[str, Callable[[int], Layer]] = {"batch": BatchNorm, "layer": LayerNorm}
"""From the number of features to the layer that norms them."""


class Dropout(Layer):
    """Each element is dropped with probability `rate` and the rest scaled up; without a key, nothing happens.

    Every random word decides on four elements (or on two, where bytes would miss the rate by more than a fiftieth of
    it): random numbers are a fifth of the time of a wide network otherwise. The scale makes up for the rounding.
    """

    rate: float = eqx.field(static=True)

    def __call__(self, x: Float[Array, "batch ..."], key: PRNGKeyArray | None = None) -> Float[Array, "batch ..."]:
        """In training, the rows with elements dropped."""
        if key is None or self.rate == 0.0:
            return x
        fits = abs(round(self.rate * 2**8) / 2**8 - self.rate) <= 0.02 * min(self.rate, 1 - self.rate)
        bits, dtype = (8, jnp.uint8) if fits else (16, jnp.uint16)
        words = jax.random.bits(key, (-(-x.size * bits // 32),), jnp.uint32)
        parts = jax.lax.bitcast_convert_type(words, dtype).reshape(-1)[: x.size].reshape(x.shape)
        dropped = min(round(self.rate * 2**bits), 2**bits - 1)
        return jnp.where(parts >= dropped, x * (2**bits / (2**bits - dropped)), 0.0)


class InputNoise(Layer):
    """Adds Gaussian noise of standard deviation `scale` in training; without a key, nothing happens."""

    scale: float = eqx.field(static=True)

    def __call__(self, x: Float[Array, "batch ..."], key: PRNGKeyArray | None = None) -> Float[Array, "batch ..."]:
        """In training, the rows with noise added."""
        if key is None or self.scale == 0.0:
            return x
        return x + self.scale * jax.random.normal(key, x.shape, x.dtype)


class Shift(Layer):
    """Moves every image by up to so many pixels each way, its border drawn on, so that a network learns not to mind.

    Without a key nothing happens.
    """

    pixels: int = eqx.field(static=True)

    def __call__(
        self, x: Float[Array, "batch height width channels"], key: PRNGKeyArray | None = None
    ) -> Float[Array, "batch height width channels"]:
        """In training, the images moved."""
        if key is None or self.pixels == 0:
            return x
        border = (self.pixels, self.pixels)
        padded = jnp.pad(x, ((0, 0), border, border, (0, 0)), mode="edge")
        corners = jax.random.randint(key, (x.shape[0], 2), 0, 2 * self.pixels + 1)

        def cut(image: Float[Array, "_ _ channels"], corner: Int[Array, "2"]) -> Float[Array, "height width channels"]:
            return jax.lax.dynamic_slice(image, (corner[0], corner[1], 0), x.shape[1:])

        return jax.vmap(cut)(padded, corners)
