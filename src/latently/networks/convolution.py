"""The two convolutions that image networks are made of, as layers: images are `[batch, height, width, channels]`.

On a CPU both are one matrix product and a few shifted copies or sums: the gradients of XLA's own CPU convolutions lose
their fast path inside a compiled loop (jax issue 12868), and are no faster outside of one. Elsewhere they are XLA's
convolutions. `benchmarks/convolutions.py` compares the forms.
"""

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, PRNGKeyArray

from latently.networks.layers import Layer, spectral_norm

_Size: TypeAlias = tuple[int, int]  # height and width
_Linear: TypeAlias = Callable[[Array, int, _Size], Array]


class Conv(Layer):
    """A 3×3 convolution; the border is padded with zeros, so that `stride` alone decides the output's size.

    With `spectral_norm` the kernel, as a matrix `[9 * inputs, outputs]`, is divided by its largest singular value.
    """

    kernel: Float[Array, "3 3 inputs outputs"]
    bias: Float[Array, "outputs"]
    spectral_norm: bool = eqx.field(static=True)
    stride: int = eqx.field(static=True)

    def __init__(
        self, inputs: int, outputs: int, key: PRNGKeyArray, *, stride: int = 1, spectral_norm: bool = False
    ) -> None:
        self.kernel = jax.nn.initializers.glorot_uniform()(key, (3, 3, inputs, outputs))
        self.bias = jnp.zeros(outputs)
        self.spectral_norm, self.stride = spectral_norm, stride

    def __call__(
        self, x: Float[Array, "batch height width inputs"], key: PRNGKeyArray | None = None
    ) -> Float[Array, "batch _ _ outputs"]:
        """The convolved images."""
        return convolve(x, self._normalized(), self.stride) + self.bias

    def _normalized(self) -> Float[Array, "3 3 inputs outputs"]:
        matrix = self.kernel.reshape(-1, self.kernel.shape[-1])
        return self.kernel / spectral_norm(matrix) if self.spectral_norm else self.kernel


class UpsampleConv(Conv):
    """Doubles height and width (nearest neighbour), convolves 3×3, adds a bias and crops to `size`.

    Upsampling before a convolution leaves no checkerboard, as a transposed convolution does (Odena et al. 2016,
    "Deconvolution and checkerboard artifacts").
    """

    size: tuple[int, int] = eqx.field(static=True)

    def __init__(
        self, inputs: int, outputs: int, size: tuple[int, int], key: PRNGKeyArray, *, spectral_norm: bool = False
    ) -> None:
        super().__init__(inputs, outputs, key, spectral_norm=spectral_norm)
        self.size = size

    def __call__(
        self, x: Float[Array, "batch height width inputs"], key: PRNGKeyArray | None = None
    ) -> Float[Array, "batch _ _ outputs"]:
        """The images, twice as large or as large as `size`."""
        return upsample_convolve(x, self._normalized())[:, : self.size[0], : self.size[1]] + self.bias


class Unflatten(Layer):
    """Vectors become images of `shape` (height, width, channels)."""

    shape: tuple[int, int, int] = eqx.field(static=True)

    def __call__(
        self, x: Float[Array, "batch features"], key: PRNGKeyArray | None = None
    ) -> Float[Array, "batch height width channels"]:
        """Each row's elements, as an image."""
        return x.reshape(-1, *self.shape)


def convolve(
    x: Float[Array, "batch height width inputs"], kernel: Float[Array, "3 3 inputs outputs"], stride: int = 1
) -> Float[Array, "batch rows columns outputs"]:
    """A 3×3 convolution, padded with zeros so that `stride` alone decides the output's size: `ceil(size / stride)`.

    On a CPU it takes the memory of 9 / stride² copies of the images, until the gradients are known. With stride 1 and
    fewer outputs than inputs it takes every pixel's products with the taps instead, and sums them where they belong.
    """
    if not _as_products():
        return lax.conv_general_dilated(x, kernel, (stride, stride), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
    size = x.shape[1], x.shape[2]
    if stride == 1 and kernel.shape[3] < kernel.shape[2]:
        # What a pixel gives to its neighbour on the left is what that one sees on its right: the taps turn round.
        taps = _product(x, kernel[::-1, ::-1].transpose(2, 1, 0, 3).reshape(x.shape[-1], -1))
        return _sum(taps, 1, size)
    return _product(_windows(x, stride, size), kernel.swapaxes(0, 1).reshape(-1, kernel.shape[-1]))


def upsample_convolve(
    x: Float[Array, "batch height width inputs"], kernel: Float[Array, "3 3 inputs outputs"]
) -> Float[Array, "batch rows columns outputs"]:
    """Every pixel repeated to two by two (nearest-neighbour upsampling), then a 3×3 convolution.

    The four copies of a pixel meet the same nine taps, so its products with them are taken once, at the low resolution,
    and summed at the high one: a quarter of the arithmetic.
    """
    if not _as_products():
        return convolve(x.repeat(2, axis=1).repeat(2, axis=2), kernel)
    taps = _product(x, kernel.transpose(2, 1, 0, 3).reshape(x.shape[-1], -1))
    return _spread(taps, 2, (x.shape[1], x.shape[2]))


def _as_products() -> bool:
    """Whether convolutions are written as matrix products: the one place that decides it, when a program is traced."""
    return jax.default_backend() == "cpu"


@jax.custom_vjp
def _product(
    x: Float[Array, "*pixels inputs"], weight: Float[Array, "inputs outputs"]
) -> Float[Array, "*pixels outputs"]:
    """The product of every pixel with a matrix."""
    return (x.reshape(-1, x.shape[-1]) @ weight).reshape(*x.shape[:-1], -1)


def _product_gradients(
    given: tuple[Float[Array, "*pixels inputs"], Float[Array, "inputs outputs"]],
    cotangent: Float[Array, "*pixels outputs"],
) -> tuple[Float[Array, "*pixels inputs"], Float[Array, "inputs outputs"]]:
    """Both gradients; in the weight's, the narrower side comes first, which takes a third of its time off on a CPU."""
    x, weight = given
    rows, cotangents = x.reshape(-1, x.shape[-1]), cotangent.reshape(-1, cotangent.shape[-1])
    if rows.shape[1] <= cotangents.shape[1]:
        weight_gradient = rows.T @ cotangents
    else:  # the barrier keeps XLA from swapping the two again
        weight_gradient = lax.optimization_barrier(cotangents.T @ rows).T
    return (cotangents @ weight.T).reshape(x.shape), weight_gradient


_product.defvjp(lambda x, weight: (_product(x, weight), (x, weight)), _product_gradients)


def _with_transpose(function: _Linear, transpose: _Linear) -> _Linear:
    """A linear map whose gradient is written out, and the gradient's is the map: JAX's own are slower sums."""
    there = jax.custom_vjp(function, nondiff_argnums=(1, 2))
    back = jax.custom_vjp(transpose, nondiff_argnums=(1, 2))
    there.defvjp(partial(_forward, there), partial(_backward, back))
    back.defvjp(partial(_forward, back), partial(_backward, there))
    return there


def _forward(function: _Linear, x: Array, stride: int, size: _Size) -> tuple[Array, None]:
    return function(x, stride, size), None


def _backward(transpose: _Linear, stride: int, size: _Size, _: None, cotangent: Array) -> tuple[Array]:
    return (transpose(cotangent, stride, size),)


# Below, the last axis of `taps` holds 3 × 3 × channels: the column's tap changes slowest, then the row's. `size` is the
# height and width of the images that windows are taken from, or of those before upsampling.


def _window_pixels(
    x: Float[Array, "batch height width channels"], stride: int, size: _Size
) -> Float[Array, "batch rows columns taps"]:
    """The neighbourhood that each output of a convolution sees."""
    for axis in (1, 2):
        count, (low, high) = _outputs(size[axis - 1], stride)
        x = _neighbors(_pad(x, axis, low, high), axis, count, stride)
    return x


def _sum_windows(
    taps: Float[Array, "batch rows columns taps"], stride: int, size: _Size
) -> Float[Array, "batch height width channels"]:
    """Every neighbourhood added to where it came from: the transpose of `_window_pixels`."""
    for axis in (2, 1):
        count, (low, _) = _outputs(size[axis - 1], stride)
        blocks = count + 2 // stride
        parts = jnp.split(taps, 3, axis=-1)
        shifted = [_pad(part, axis, tap // stride, blocks - count - tap // stride) for tap, part in enumerate(parts)]
        phases = [sum(shifted[phase + stride :: stride], shifted[phase]) for phase in range(stride)]
        taps = lax.slice_in_dim(_interleave(phases, axis), low, low + size[axis - 1], axis=axis)
    return taps


def _spread_taps(
    taps: Float[Array, "batch height width taps"], stride: int, size: _Size
) -> Float[Array, "batch rows columns channels"]:
    """What each low-resolution pixel gives to each tap, summed where the convolution of the upsampled image sums it."""
    for axis in (2, 1):
        before, center, after = jnp.split(taps, 3, axis=-1)
        across = _pad(before, axis, 1, 0) + _pad(after, axis, 0, 1)  # at the borders between pixels
        borders = [lax.slice_in_dim(across, side, side + size[axis - 1], axis=axis) for side in range(stride)]
        taps = _interleave([border + center for border in borders], axis)
    return taps


def _gather_taps(
    x: Float[Array, "batch rows columns channels"], stride: int, size: _Size
) -> Float[Array, "batch height width taps"]:
    """What each low-resolution pixel gives to each tap, from where it went: the transpose of `_spread_taps`."""
    for axis in (1, 2):
        x = _pad(x, axis, 1, 1)
        pairs = lax.slice_in_dim(x, 0, -1, axis=axis) + lax.slice_in_dim(x, 1, None, axis=axis)
        x = _neighbors(pairs, axis, size[axis - 1], stride, order=(2, 1, 0))
    return x


_windows = _with_transpose(_window_pixels, _sum_windows)
_sum = _with_transpose(_sum_windows, _window_pixels)
_spread = _with_transpose(_spread_taps, _gather_taps)


def _outputs(size: int, stride: int) -> tuple[int, tuple[int, int]]:
    """How many outputs a convolution has along an axis, and how many zeros it needs before and after."""
    count = -(-size // stride)
    zeros = max(0, (count - 1) * stride + 3 - size)
    return count, (zeros // 2, zeros - zeros // 2)


def _neighbors(x: Array, axis: int, count: int, stride: int, order: tuple[int, ...] = (0, 1, 2)) -> Array:
    """Three neighbours along an axis, side by side in the last one."""
    ends = (count - 1) * stride + 1
    return jnp.concatenate([lax.slice_in_dim(x, tap, tap + ends, stride, axis) for tap in order], axis=-1)


def _interleave(images: list[Array], axis: int) -> Array:
    """Images that take their rows or columns from each of several in turn."""
    return lax.collapse(jnp.stack(images, axis + 1), axis, axis + 2)


def _pad(x: Array, axis: int, low: int, high: int) -> Array:
    return jnp.pad(x, [(low, high) if each == axis else (0, 0) for each in range(x.ndim)])
