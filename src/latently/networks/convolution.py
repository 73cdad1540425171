"""The two convolutions that networks of images and series are made of, as layers.

Images are `[batch, height, width, channels]`, series `[batch, steps, channels]`: their channels are last, and the axes
between are what is convolved, of any number.

On a CPU both are one matrix product and a few shifted copies or sums: the gradients of XLA's own CPU convolutions lose
their fast path inside a compiled loop (jax issue 12868), and are no faster outside of one. Elsewhere they are XLA's
convolutions. `benchmarks/convolutions.py` compares the forms.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, PRNGKeyArray

from latently.networks.layers import Layer, glorot, spectral_norm

_Size: TypeAlias = tuple[int, ...]  # of what is convolved: height and width, or steps
_Linear: TypeAlias = Callable[[Array, int, _Size], Array]

_for_others: ContextVar[bool] = ContextVar("_for_others", default=False)


class Conv(Layer):
    """A 3×3 convolution, or one of 3 steps with `axes=1`; zeros around it let `stride` alone decide the output's size.

    With `spectral_norm` the kernel, as a matrix `[9 * inputs, outputs]`, is divided by its largest singular value.
    """

    kernel: Float[Array, "*taps inputs outputs"]
    bias: Float[Array, "outputs"]
    spectral_norm: bool = eqx.field(static=True)
    stride: int = eqx.field(static=True)

    def __init__(
        self,
        inputs: int,
        outputs: int,
        key: PRNGKeyArray,
        *,
        stride: int = 1,
        spectral_norm: bool = False,
        axes: int = 2,
    ) -> None:
        self.kernel = glorot(key, (*[3] * axes, inputs, outputs))
        self.bias = jnp.zeros(outputs)
        self.spectral_norm, self.stride = spectral_norm, stride

    def __call__(
        self, x: Float[Array, "batch *size inputs"], key: PRNGKeyArray | None = None
    ) -> Float[Array, "batch *convolved outputs"]:
        """The convolved images or series."""
        return convolve(x, self._normalized(), self.stride) + self.bias

    def _normalized(self) -> Float[Array, "*taps inputs outputs"]:
        matrix = self.kernel.reshape(-1, self.kernel.shape[-1])
        return self.kernel / spectral_norm(matrix) if self.spectral_norm else self.kernel


class UpsampleConv(Conv):
    """Doubles height and width, or steps (nearest neighbour), convolves, adds a bias and crops to `size`.

    Upsampling before a convolution leaves no checkerboard, as a transposed convolution does (Odena et al. 2016,
    "Deconvolution and checkerboard artifacts").
    """

    size: tuple[int, ...] = eqx.field(static=True)

    def __init__(
        self, inputs: int, outputs: int, size: tuple[int, ...], key: PRNGKeyArray, *, spectral_norm: bool = False
    ) -> None:
        super().__init__(inputs, outputs, key, spectral_norm=spectral_norm, axes=len(size))
        self.size = size

    def __call__(
        self, x: Float[Array, "batch *size inputs"], key: PRNGKeyArray | None = None
    ) -> Float[Array, "batch *convolved outputs"]:
        """The images or series, twice as large or as large as `size`."""
        larger = upsample_convolve(x, self._normalized())
        return larger[:, *(slice(size) for size in self.size)] + self.bias


class Unflatten(Layer):
    """Vectors become rows of `shape`, such as images (height, width, channels)."""

    shape: tuple[int, ...] = eqx.field(static=True)

    def __call__(
        self, x: Float[Array, "batch features"], key: PRNGKeyArray | None = None
    ) -> Float[Array, "batch *shape"]:
        """Each row's elements, in that shape."""
        return x.reshape(-1, *self.shape)


def convolve(
    x: Float[Array, "batch *size inputs"], kernel: Float[Array, "*taps inputs outputs"], stride: int = 1
) -> Float[Array, "batch *convolved outputs"]:
    """A 3×3 convolution, padded with zeros so that `stride` alone decides the output's size: `ceil(size / stride)`.

    On a CPU it takes the memory of 9 / stride² copies of the images, until the gradients are known. With stride 1 and
    fewer outputs than inputs it takes every pixel's products with the taps instead, and sums them where they belong.
    """
    size = x.shape[1:-1]
    if not _as_products():
        letters = "HW"[: len(size)]
        layout = (f"N{letters}C", f"{letters}IO", f"N{letters}C")
        return lax.conv_general_dilated(x, kernel, (stride,) * len(size), "SAME", dimension_numbers=layout)
    if stride == 1 and kernel.shape[-1] < kernel.shape[-2]:
        # What a pixel gives to its neighbour on the left is what that one sees on its right: the taps turn round.
        return _sum(_product(x, _by_inputs(jnp.flip(kernel, tuple(range(len(size)))))), 1, size)
    columns_first = kernel.transpose(*reversed(range(len(size))), -2, -1)
    return _product(_windows(x, stride, size), columns_first.reshape(-1, kernel.shape[-1]))


def upsample_convolve(
    x: Float[Array, "batch *size inputs"], kernel: Float[Array, "*taps inputs outputs"]
) -> Float[Array, "batch *convolved outputs"]:
    """Every pixel repeated to two by two (nearest-neighbour upsampling), then a 3×3 convolution.

    The four copies of a pixel meet the same nine taps, so its products with them are taken once, at the low resolution,
    and summed at the high one: a quarter of the arithmetic.
    """
    size = x.shape[1:-1]
    if not _as_products():
        for axis in range(1, x.ndim - 1):
            x = x.repeat(2, axis=axis)
        return convolve(x, kernel)
    return _spread(_product(x, _by_inputs(kernel)), 2, size)


def _by_inputs(kernel: Float[Array, "*taps inputs outputs"]) -> Float[Array, "inputs tapped"]:
    """From a pixel to its products with all taps, the column's changing slowest."""
    taps = range(kernel.ndim - 2)
    return kernel.transpose(-2, *reversed(taps), -1).reshape(kernel.shape[-2], -1)


@contextmanager
def as_convolutions() -> Iterator[None]:
    """Within it, programs are traced with convolutions, on a CPU, too: for other programs, which have fast ones."""
    token = _for_others.set(True)
    try:
        yield
    finally:
        _for_others.reset(token)


def _as_products() -> bool:
    """Whether convolutions are written as matrix products: the one place that decides it, when a program is traced."""
    return jax.default_backend() == "cpu" and not _for_others.get()


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
# height and width (of series, the steps) of what windows are taken from, or of what there was before upsampling.


def _window_pixels(
    x: Float[Array, "batch *size channels"], stride: int, size: _Size
) -> Float[Array, "batch *convolved taps"]:
    """The neighbourhood that each output of a convolution sees."""
    for axis in range(1, x.ndim - 1):
        count, (low, high) = _outputs(size[axis - 1], stride)
        x = _neighbors(_pad(x, axis, low, high), axis, count, stride)
    return x


def _sum_windows(
    taps: Float[Array, "batch *convolved taps"], stride: int, size: _Size
) -> Float[Array, "batch *size channels"]:
    """Every neighbourhood added to where it came from: the transpose of `_window_pixels`."""
    for axis in reversed(range(1, taps.ndim - 1)):
        count, (low, _) = _outputs(size[axis - 1], stride)
        blocks = count + 2 // stride
        parts = jnp.split(taps, 3, axis=-1)
        shifted = [_pad(part, axis, tap // stride, blocks - count - tap // stride) for tap, part in enumerate(parts)]
        phases = [sum(shifted[phase + stride :: stride], shifted[phase]) for phase in range(stride)]
        taps = lax.slice_in_dim(_interleave(phases, axis), low, low + size[axis - 1], axis=axis)
    return taps


def _spread_taps(
    taps: Float[Array, "batch *size taps"], stride: int, size: _Size
) -> Float[Array, "batch *upsampled channels"]:
    """What each low-resolution pixel gives to each tap, summed where the convolution of the upsampled image sums it."""
    for axis in reversed(range(1, taps.ndim - 1)):
        before, center, after = jnp.split(taps, 3, axis=-1)
        across = _pad(before, axis, 1, 0) + _pad(after, axis, 0, 1)  # at the borders between pixels
        borders = [lax.slice_in_dim(across, side, side + size[axis - 1], axis=axis) for side in range(stride)]
        taps = _interleave([border + center for border in borders], axis)
    return taps


def _gather_taps(
    x: Float[Array, "batch *upsampled channels"], stride: int, size: _Size
) -> Float[Array, "batch *size taps"]:
    """What each low-resolution pixel gives to each tap, from where it went: the transpose of `_spread_taps`."""
    for axis in range(1, x.ndim - 1):
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
