"""Multilayer perceptrons."""

from collections.abc import Sequence

import jax
from jaxtyping import PRNGKeyArray

from latently.networks.hidden import hidden_layers
from latently.networks.layers import Chain, Flatten, InputNoise, Layer, Linear


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
        ValueError: an activation or norm is unknown, or there are not as many as hidden layers.

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
    width = inputs
    follow = hidden_layers(hidden, activation, normalize, dropout)
    for size, following, layer_key in zip(hidden, follow, keys, strict=False):
        layers += [Linear(width, size, layer_key, spectral_norm=spectral_norm), *following]
        width = size
    layers.append(Linear(width, outputs, keys[-1], spectral_norm=spectral_norm))
    return Chain(tuple(layers))
