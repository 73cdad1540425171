"""Multilayer perceptrons, and what follows the linear map of a hidden layer, dense or convolutional."""

from collections.abc import Sequence
from typing import TypeVar

import jax
from jaxtyping import PRNGKeyArray

from latently.errors import ArgumentError
from latently.networks.layers import ACTIVATIONS, Activate, Chain, Flatten, Layer, Linear
from latently.networks.regularization import NORMALIZATIONS, Dropout, InputNoise

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
) -> Chain:
    """A multilayer perceptron: hidden layers of (linear, norm, activation, dropout), then a linear output.

    Args:
        inputs: features of a row; rows of any shape are flattened.
        hidden: the width of each hidden layer.
        outputs: features of the output.
        key: for the initial weights.
        activation: a name in `ACTIVATIONS`, or one for each hidden layer.
        normalize: `"batch"`, `"layer"` or `None`, or one of them for each hidden layer; it comes before the activation.
        dropout: the probability of dropping a hidden unit, in [0, 1).
        input_noise: the standard deviation of noise added to the input in training.
        spectral_norm: divide every weight by its largest singular value.

    Returns:
        A network that maps `[batch, ...]` to `[batch, outputs]`.

    Raises:
        ArgumentError: an activation or norm is unknown, or there are not as many as hidden layers.

    Example:
        >>> import jax
        >>> network = mlp(4, (8, 8), 2, jax.random.key(0), dropout=0.1)
        >>> network(jax.numpy.ones((3, 4))).shape
        (3, 2)
    """
    keys = jax.random.split(key, len(hidden) + 1)
    layers: list[Layer] = [Flatten()]
    if input_noise:
        layers.append(InputNoise(input_noise))
    follow = hidden_layers(hidden, activation, normalize, dropout)
    for size, following, layer_key in zip(hidden, follow, keys, strict=False):
        layers += [Linear(inputs, size, layer_key, spectral_norm=spectral_norm), *following]
        inputs = size
    layers.append(Linear(inputs, outputs, keys[-1], spectral_norm=spectral_norm))
    return Chain(tuple(layers))


def hidden_layers(
    sizes: Sequence[int],
    activation: str | Sequence[str],
    normalize: str | Sequence[str | None] | None,
    dropout: float,
) -> list[tuple[Layer, ...]]:
    """For each hidden layer of so many features or channels, what follows its linear map; the rest is as in `mlp`."""
    activations, norms = _each("activation", activation, len(sizes)), _each("normalization", normalize, len(sizes))
    for name in activations:
        if name not in ACTIVATIONS:
            raise ArgumentError("activation", f"must be one of {', '.join(sorted(ACTIVATIONS))}", name)
    for norm in norms:
        if norm is not None and norm not in NORMALIZATIONS:
            raise ArgumentError("normalization", f"must be one of {', '.join(NORMALIZATIONS)} or None", norm)
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
        rule = f"names {len(value)} layers but there are {count}; give one value for all, or one a layer"
        raise ArgumentError(name, rule)
    return list(value)
