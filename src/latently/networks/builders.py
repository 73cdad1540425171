"""The networks that estimators ask for: perceptrons, plain and residual, and convolutions to vectors and back."""

import math
from collections.abc import Sequence
from typing import TypeVar

import jax
import jax.numpy as jnp
from jaxtyping import PRNGKeyArray

from latently.errors import ArgumentError
from latently.networks.convolution import Conv, Unflatten, UpsampleConv
from latently.networks.layers import ACTIVATIONS, Activate, Chain, Flatten, Layer, Linear
from latently.networks.regularization import NORMALIZATIONS, Dropout, InputNoise
from latently.networks.residual import Residual

_Name = TypeVar("_Name", str, str | None)


def mlp(
    inputs: int,
    hidden: Sequence[int],
    outputs: int,
    key: PRNGKeyArray,
    *,
    activation: str | Sequence[str] = "relu",
    normalize: str | Sequence[str | None] | None = None,
    dropout: float = 0.0,
    input_noise: float = 0.0,
    spectral_norm: bool = False,
    residual: bool = False,
) -> Chain:
    """A multilayer perceptron: hidden layers of (linear, norm, activation, dropout), then a linear output.

    A residual one has a block for each hidden layer, behind a linear map where the width changes. A block adds (norm,
    activation, dropout, linear) twice to what it reads (He et al. 2016, arXiv 1603.05027).

    Args:
        inputs: features of a row; rows of any shape are flattened.
        hidden: the width of each hidden layer, or block.
        outputs: features of the output.
        key: for the initial weights.
        activation: a name in `ACTIVATIONS`, or one for each hidden layer.
        normalize: `"batch"`, `"layer"` or `None`, or one of them for each hidden layer; it comes before the activation.
        dropout: the probability of dropping a hidden unit, in [0, 1).
        input_noise: the standard deviation of noise added to the input in training.
        spectral_norm: divide every weight by its largest singular value.
        residual: make residual blocks of the hidden layers.

    Returns:
        A network that maps `[batch, ...]` to `[batch, outputs]`.

    Raises:
        ArgumentError: an activation or norm is unknown, or there are not as many as hidden layers.

    Example:
        >>> import jax
        >>> network = mlp(4, (8, 8), 2, jax.random.key(0), dropout=0.1)
        >>> network(jax.numpy.ones((3, 4))).shape
        (3, 2)
        >>> [type(layer).__name__ for layer in mlp(4, (8, 8), 2, jax.random.key(0), residual=True).layers]
        ['Flatten', 'Linear', 'Residual', 'Residual', 'Activate', 'Linear']
    """
    keys = jax.random.split(key, len(hidden) + 1)
    layers: list[Layer] = [Flatten(), InputNoise(input_noise)] if input_noise else [Flatten()]
    between: tuple[Layer, ...] = ()
    for place, following in enumerate(hidden_layers(hidden, activation, normalize, dropout)):
        size = hidden[place]
        if not (residual and between and size == inputs):
            layers += [*between, Linear(inputs, size, keys[place], spectral_norm=spectral_norm)]
        if residual:
            layers.append(_block(size, following, keys[place], 0, spectral_norm))
        inputs, between = size, following
    layers += [*between, Linear(inputs, outputs, keys[-1], spectral_norm=spectral_norm)]
    return Chain(tuple(layers))


def conv_encoder(
    shape: tuple[int, ...],
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
    residual: bool = False,
) -> Chain:
    """Images to vectors: 3×3 convolutions of stride two, a dense hidden layer, a linear output; or series, likewise.

    Args:
        shape: height, width and channels of an image, or steps and channels of a series; each convolution halves all
            but the channels, rounding up.
        channels: of each convolution.
        dense: the width of the hidden layer after the convolutions; `None` for none.
        outputs: features of the output.
        key: for the initial weights.
        activation: a name in `ACTIVATIONS`, or one for each hidden layer, the dense one last.
        normalize: as in `mlp`.
        dropout: as in `mlp`.
        input_noise: the standard deviation of noise added to the images in training.
        spectral_norm: as in `mlp`.
        residual: put a residual block of two convolutions of stride one behind each of stride two.

    Returns:
        A network that maps `[batch, *shape]` to `[batch, outputs]`.

    Example:
        >>> import jax
        >>> network = conv_encoder((28, 28, 1), (32, 64), 256, 10, jax.random.key(0))
        >>> network(jax.numpy.ones((3, 28, 28, 1))).shape
        (3, 10)
    """
    _check(shape, channels, dense, outputs)
    *size, inputs = shape
    keys = iter(jax.random.split(key, len(channels) + 2))
    hidden = [width for width in (*channels, dense) if width is not None]
    follow, axes = iter(hidden_layers(hidden, activation, normalize, dropout)), len(size)
    layers: list[Layer] = [InputNoise(input_noise)] if input_noise else []
    for width in channels:
        layer_key, following = next(keys), next(follow)
        layers.append(Conv(inputs, width, layer_key, stride=2, spectral_norm=spectral_norm, axes=axes))
        layers += [_block(width, following, layer_key, axes, spectral_norm)] if residual else []
        layers += following
        size, inputs = [-(-length // 2) for length in size], width
    layers.append(Flatten())
    features = math.prod(size) * inputs
    if dense is not None:
        layers += [Linear(features, dense, next(keys), spectral_norm=spectral_norm), *next(follow)]
        features = dense
    layers.append(Linear(features, outputs, next(keys), spectral_norm=spectral_norm))
    return Chain(tuple(layers))


def conv_decoder(
    inputs: int,
    dense: int | None,
    channels: Sequence[int],
    shape: tuple[int, ...],
    outputs: int,
    key: PRNGKeyArray,
    *,
    activation: str | Sequence[str] = "relu",
    normalize: str | Sequence[str | None] | None = None,
    dropout: float = 0.0,
    input_noise: float = 0.0,
    spectral_norm: bool = False,
    last: int | None = None,
    residual: bool = False,
) -> Chain:
    """Vectors to images, or series: a dense hidden layer, a small image of `channels[0]`, upsampling convolutions.

    Each of `channels` doubles the image's size; sizes that are no multiple of it are cropped on the way, so that the
    encoder of the same shape and number of channels passes through the same sizes.

    Args:
        inputs: features of a vector.
        dense: the width of a hidden layer before the first image; `None` for none.
        channels: of the image that each upsampling starts from.
        shape: height, width and channels of an image, or steps and channels of a series.
        outputs: numbers for each pixel or step: the channels, times the parameters that a head takes for each element.
        key: for the initial weights.
        activation: a name in `ACTIVATIONS`, or one for each hidden layer, the dense one first.
        normalize: as in `mlp`.
        dropout: as in `mlp`.
        input_noise: the standard deviation of noise added to the vectors in training.
        spectral_norm: as in `mlp`.
        last: channels at the full size, which one more convolution turns into the outputs; `None`: the last upsampling
            convolution gives the outputs itself. It is a hidden layer more.
        residual: put a residual block of two convolutions before each upsampling.

    Returns:
        A network that maps `[batch, inputs]` to `[batch, height, width, outputs]`, or `[batch, steps, outputs]`.

    Example:
        >>> import jax
        >>> network = conv_decoder(10, None, (64, 32), (28, 28, 1), 1, jax.random.key(0))
        >>> network(jax.numpy.ones((3, 10))).shape
        (3, 28, 28, 1)
    """
    _check(shape, channels, dense, outputs)
    if outputs % shape[-1]:
        raise ValueError(f"outputs must be a multiple of the {shape[-1]} channels of shape={shape}; got {outputs}.")
    keys = iter(jax.random.split(key, len(channels) + 2 + (last is not None)))
    hidden = [size for size in (dense, *channels, last) if size is not None]
    follow = iter(hidden_layers(hidden, activation, normalize, dropout))
    layers: list[Layer] = [InputNoise(input_noise)] if input_noise else []
    if dense is not None:
        layers += [Linear(inputs, dense, next(keys), spectral_norm=spectral_norm), *next(follow)]
        inputs = dense
    *sizes, smallest = [
        tuple(-(-length // 2**halvings) for length in shape[:-1]) for halvings in range(len(channels) + 1)
    ]
    first = (*smallest, channels[0])
    layers += [Linear(inputs, math.prod(first), next(keys), spectral_norm=spectral_norm), Unflatten(first)]
    for before, after, size in zip(channels, (*channels[1:], last or outputs), reversed(sizes), strict=True):
        layer_key, following = next(keys), next(follow)
        layers += [_block(before, following, layer_key, len(size), spectral_norm)] if residual else []
        layers += [*following, UpsampleConv(before, after, size, layer_key, spectral_norm=spectral_norm)]
    if last is not None:
        layers += [*next(follow), Conv(last, outputs, next(keys), spectral_norm=spectral_norm, axes=len(shape) - 1)]
    return Chain(tuple(layers))


def _block(size: int, following: tuple[Layer, ...], key: PRNGKeyArray, axes: int, spectral_norm: bool) -> Residual:
    """A residual block: twice what follows the layers of its width, and a linear map, or a convolution of some axes.

    `key` is that of the layer before it.
    """

    def kept(number: int) -> Layer:
        own = jax.random.fold_in(key, number)
        if not axes:
            return Linear(size, size, own, spectral_norm=spectral_norm)
        return Conv(size, size, own, spectral_norm=spectral_norm, axes=axes)

    first, second = (jax.tree.map(jnp.copy, following) for _ in range(2))  # each norm has arrays of its own
    return Residual(Chain((*first, kept(1), *second, kept(2))))


def _check(shape: tuple[int, ...], channels: Sequence[int], dense: int | None, outputs: int) -> None:
    if len(shape) not in (2, 3) or min(shape) < 1:
        wanted = "(steps, channels)" if len(shape) == 2 else "(height, width, channels)"
        raise ValueError(f"shape must be {wanted}, each 1 or more; got {tuple(shape)}.")
    if not channels or min(channels) < 1:
        raise ArgumentError(
            "channels", "must name one or more convolutions, each of 1 channel or more", tuple(channels)
        )
    if dense is not None and dense < 1:
        raise ValueError(f"dense must be 1 or more; got {dense}. Use dense=None for no dense hidden layer.")
    if outputs < 1:
        raise ValueError(f"outputs must be 1 or more; got {outputs}.")


def hidden_layers(
    sizes: Sequence[int], activation: str | Sequence[str], normalize: str | Sequence[str | None] | None, dropout: float
) -> list[tuple[Layer, ...]]:
    """For each hidden layer of so many features or channels, what follows its linear map; the rest is as in `mlp`."""
    activations, norms = _each("activation", activation, len(sizes)), _each("normalization", normalize, len(sizes))
    for name in activations:
        if name not in ACTIVATIONS:
            rule = f"must be one of {', '.join(sorted(ACTIVATIONS))}"
            raise ArgumentError("activation", rule, name, known=ACTIVATIONS)
    for norm in norms:
        if norm is not None and norm not in NORMALIZATIONS:
            rule = f"must be one of {', '.join(NORMALIZATIONS)} or None"
            raise ArgumentError("normalization", rule, norm, known=NORMALIZATIONS)
    last: tuple[Layer, ...] = (Dropout(dropout),) if dropout else ()
    return [
        (*(() if norm is None else (NORMALIZATIONS[norm](size),)), Activate(name), *last)
        for size, name, norm in zip(sizes, activations, norms, strict=True)
    ]


def _each(name: str, value: _Name | Sequence[_Name], count: int) -> list[_Name]:
    """One value for each of `count` layers, from a single value or from as many as there are layers."""
    if value is None or isinstance(value, str):
        return [value] * count
    if len(value) != count:
        raise ArgumentError(
            name, f"names {len(value)} layers but there are {count}; give one value for all, or one a layer"
        )
    return list(value)
