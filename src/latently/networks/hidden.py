"""What follows the linear map of each hidden layer, dense or convolutional: a norm, an activation, dropout."""

from collections.abc import Sequence
from typing import TypeVar

from latently.networks.layers import ACTIVATIONS, NORMALIZATIONS, Activate, Dropout, Layer

_Name = TypeVar("_Name", str, str | None)


def hidden_layers(
    sizes: Sequence[int],
    activation: str | Sequence[str],
    normalize: str | Sequence[str | None] | None,
    dropout: float,
) -> list[tuple[Layer, ...]]:
    """For each hidden layer, what follows its linear map.

    Args:
        sizes: the features or channels of each hidden layer.
        activation: a name in `ACTIVATIONS`, or one for each hidden layer.
        normalize: `"batch"`, `"layer"` or `None`, or one of them for each hidden layer; it comes before the activation.
        dropout: the probability of dropping a hidden unit, in [0, 1).

    Raises:
        ValueError: an activation or norm is unknown, or there are not as many as hidden layers.

    Example:
        >>> [[type(layer).__name__ for layer in layers] for layers in hidden_layers((8, 4), "relu", ("batch", None), 0)]
        [['BatchNorm', 'Activate'], ['Activate']]
    """
    activations = _each("activation", activation, len(sizes))
    for name in activations:
        if name not in ACTIVATIONS:
            raise ValueError(f"activation must be one of {', '.join(sorted(ACTIVATIONS))}; got {name!r}.")
    norms = _each("normalization", normalize, len(sizes))
    last: tuple[Layer, ...] = (Dropout(dropout),) if dropout else ()
    return [
        (*_norm(norm, size), Activate(name), *last) for size, name, norm in zip(sizes, activations, norms, strict=True)
    ]


def _each(name: str, value: _Name | Sequence[_Name], count: int) -> list[_Name]:
    """One value for each of `count` layers, from a single value or from as many as there are layers."""
    if value is None or isinstance(value, str):
        return [value] * count
    if len(value) != count:
        raise ValueError(
            f"{name} names {len(value)} layers but there are {count}; give one value for all, or one a layer."
        )
    return list(value)


def _norm(name: str | None, features: int) -> tuple[Layer, ...]:
    """The layer (or none) that `normalization=name` asks for."""
    if name is None:
        return ()
    if name not in NORMALIZATIONS:
        raise ValueError(f"normalization must be one of {', '.join(NORMALIZATIONS)} or None; got {name!r}.")
    return (NORMALIZATIONS[name](features),)
