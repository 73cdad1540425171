"""Convolutional networks: images of any size and any number of channels to vectors, and back."""

import math
from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from latently.errors import ArgumentError
from latently.networks.convolution import convolve, upsample_convolve
from latently.networks.layers import Chain, Flatten, Layer, Linear, spectral_norm
from latently.networks.mlp import hidden_layers
from latently.networks.regularization import InputNoise


class _Convolution(Layer):
    """A 3×3 kernel and a bias.

    With `spectral_norm` the kernel, as a matrix `[9 * inputs, outputs]`, is divided by its largest singular value.
    """

    kernel: Float[Array, "3 3 inputs outputs"]
    bias: Float[Array, "outputs"]
    spectral_norm: bool = eqx.field(static=True)

    def __init__(self, inputs: int, outputs: int, key: PRNGKeyArray, *, spectral_norm: bool = False) -> None:
        self.kernel = jax.nn.initializers.glorot_uniform()(key, (3, 3, inputs, outputs))
        self.bias = jnp.zeros(outputs)
        self.spectral_norm = spectral_norm

    def _normalized(self) -> Float[Array, "3 3 inputs outputs"]:
        matrix = self.kernel.reshape(-1, self.kernel.shape[-1])
        return self.kernel / spectral_norm(matrix) if self.spectral_norm else self.kernel


class Conv(_Convolution):
    """A 3×3 convolution; the border is padded with zeros, so that `stride` alone decides the output's size."""

    stride: int = eqx.field(static=True)

    def __init__(
        self, inputs: int, outputs: int, key: PRNGKeyArray, *, stride: int = 1, spectral_norm: bool = False
    ) -> None:
        super().__init__(inputs, outputs, key, spectral_norm=spectral_norm)
        self.stride = stride

    def __call__(
        self, x: Float[Array, "batch height width inputs"], key: PRNGKeyArray | None = None
    ) -> Float[Array, "batch _ _ outputs"]:
        """The convolved images."""
        return convolve(x, self._normalized(), self.stride) + self.bias


class UpsampleConv(_Convolution):
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


def conv_encoder(
    shape: tuple[int, int, int],
    channels: Sequence[int],
    dense: int | None,
    outputs: int,
    key: PRNGKeyArray,
    *,
    activation: str | Sequence[str] = "relu",
    normalize: str | Sequence[str | None] | None = None,
    dropout: float = 0.0,
    input_noise: float = 0.0,
    spectral_norm: bool = False,
) -> Chain:
    """Images to vectors: 3×3 convolutions of stride two, a dense hidden layer, a linear output.

    Args:
        shape: height, width and channels of an image; each convolution halves the first two, rounding up.
        channels: of each convolution.
        dense: the width of the hidden layer after the convolutions; `None` for none.
        outputs: features of the output.
        key: for the initial weights.
        activation: a name in `ACTIVATIONS`, or one for each hidden layer, the dense one last.
        normalize: as in `mlp`.
        dropout: as in `mlp`.
        input_noise: the standard deviation of noise added to the images in training.
        spectral_norm: as in `mlp`.

    Returns:
        A network that maps `[batch, height, width, channels]` to `[batch, outputs]`.

    Example:
        >>> import jax
        >>> network = conv_encoder((28, 28, 1), (32, 64), 256, 10, jax.random.key(0))
        >>> network(jax.numpy.ones((3, 28, 28, 1))).shape
        (3, 10)
    """
    _check(shape, channels, dense, outputs)
    height, width, inputs = shape
    keys = iter(jax.random.split(key, len(channels) + 2))
    hidden = [size for size in (*channels, dense) if size is not None]
    follow = iter(hidden_layers(hidden, activation, normalize, dropout))
    layers: list[Layer] = [InputNoise(input_noise)] if input_noise else []
    for size in channels:
        layers += [Conv(inputs, size, next(keys), stride=2, spectral_norm=spectral_norm), *next(follow)]
        height, width, inputs = -(-height // 2), -(-width // 2), size
    layers.append(Flatten())
    features = height * width * inputs
    if dense is not None:
        layers += [Linear(features, dense, next(keys), spectral_norm=spectral_norm), *next(follow)]
        features = dense
    layers.append(Linear(features, outputs, next(keys), spectral_norm=spectral_norm))
    return Chain(tuple(layers))


def conv_decoder(
    inputs: int,
    dense: int | None,
    channels: Sequence[int],
    shape: tuple[int, int, int],
    outputs: int,
    key: PRNGKeyArray,
    *,
    activation: str | Sequence[str] = "relu",
    normalize: str | Sequence[str | None] | None = None,
    dropout: float = 0.0,
    input_noise: float = 0.0,
    spectral_norm: bool = False,
    last: int | None = None,
) -> Chain:
    """Vectors to images: a dense hidden layer, a small image of `channels[0]`, then upsampling convolutions.

    Each of `channels` doubles the image's size; sizes that are no multiple of it are cropped on the way, so that the
    encoder of the same shape and number of channels passes through the same sizes.

    Args:
        inputs: features of a vector.
        dense: the width of a hidden layer before the first image; `None` for none.
        channels: of the image that each upsampling starts from.
        shape: height, width and channels of an image.
        outputs: numbers for each pixel: the channels, times the parameters that a head takes for each element.
        key: for the initial weights.
        activation: a name in `ACTIVATIONS`, or one for each hidden layer, the dense one first.
        normalize: as in `mlp`.
        dropout: as in `mlp`.
        input_noise: the standard deviation of noise added to the vectors in training.
        spectral_norm: as in `mlp`.
        last: channels at the full size, which one more convolution turns into the outputs; `None`: the last upsampling
            convolution gives the outputs itself. It is a hidden layer more.

    Returns:
        A network that maps `[batch, inputs]` to `[batch, height, width, outputs]`.

    Example:
        >>> import jax
        >>> network = conv_decoder(10, None, (64, 32), (28, 28, 1), 1, jax.random.key(0))
        >>> network(jax.numpy.ones((3, 10))).shape
        (3, 28, 28, 1)
    """
    _check(shape, channels, dense, outputs)
    if outputs % shape[2]:
        raise ValueError(f"outputs must be a multiple of the {shape[2]} channels of shape={shape}; got {outputs}.")
    keys = iter(jax.random.split(key, len(channels) + 2 + (last is not None)))
    hidden = [size for size in (dense, *channels, last) if size is not None]
    follow = iter(hidden_layers(hidden, activation, normalize, dropout))
    layers: list[Layer] = [InputNoise(input_noise)] if input_noise else []
    if dense is not None:
        layers += [Linear(inputs, dense, next(keys), spectral_norm=spectral_norm), *next(follow)]
        inputs = dense
    *sizes, smallest = [
        (-(-shape[0] // 2**halvings), -(-shape[1] // 2**halvings)) for halvings in range(len(channels) + 1)
    ]
    first = (*smallest, channels[0])
    layers += [Linear(inputs, math.prod(first), next(keys), spectral_norm=spectral_norm), Unflatten(first)]
    for before, after, size in zip(channels, (*channels[1:], last or outputs), reversed(sizes), strict=True):
        layers += [*next(follow), UpsampleConv(before, after, size, next(keys), spectral_norm=spectral_norm)]
    if last is not None:
        layers += [*next(follow), Conv(last, outputs, next(keys), spectral_norm=spectral_norm)]
    return Chain(tuple(layers))


def _check(shape: tuple[int, int, int], channels: Sequence[int], dense: int | None, outputs: int) -> None:
    if len(shape) != 3 or min(shape) < 1:
        raise ValueError(f"shape must be (height, width, channels), each 1 or more; got {tuple(shape)}.")
    if not channels or min(channels) < 1:
        raise ArgumentError(
            "channels", "must name one or more convolutions, each of 1 channel or more", tuple(channels)
        )
    if dense is not None and dense < 1:
        raise ValueError(f"dense must be 1 or more; got {dense}. Use dense=None for no dense hidden layer.")
    if outputs < 1:
        raise ValueError(f"outputs must be 1 or more; got {outputs}.")
