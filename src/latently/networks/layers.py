"""The layers that networks are made of. Every layer maps a batch to a batch; `key=None` means inference."""

import abc
from collections.abc import Callable
from typing import Self, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from latently.networks.condition import cross_condition

Activation: TypeAlias = Callable[[Array], Array]


def _leaky_relu(x: Float[Array, "..."]) -> Float[Array, "..."]:
    return jnp.maximum(x, 0.2 * x)  # not jnp.where: XLA fuses a maximum into its neighbours without recomputing them


ACTIVATIONS: dict[str, Activation] = {
    "elu": jax.nn.elu,
    "gelu": jax.nn.gelu,
    "identity": lambda x: x,
    "leaky_relu": _leaky_relu,
    "relu": jax.nn.relu,
    "sigmoid": jax.nn.sigmoid,
    "silu": jax.nn.silu,
    "softplus": jax.nn.softplus,
    "tanh": jnp.tanh,
}


class Layer(eqx.Module):
    """A map from a batch to a batch.

    `layer(x, key)` trains (dropout drops, noise is added); `layer(x)` infers. `layer.calibrated(x)` gives the layer
    with the statistics of `x`, where it holds any, and its output on `x`.
    """

    @abc.abstractmethod
    def __call__(self, x: Float[Array, "batch ..."], key: PRNGKeyArray | None = None) -> Float[Array, "batch ..."]:
        """The layer's output; without a key, that of inference."""

    def crossed(
        self, x: Float[Array, "rows ..."], y: Float[Array, "k facts"], key: PRNGKeyArray | None = None
    ) -> Float[Array, "crossed ..."]:
        """The layer's output on every row of x beside every row of y, x by x."""
        return self(cross_condition(x, y), key)

    def calibrated(self, x: Float[Array, "batch ..."]) -> tuple[Self, Float[Array, "batch ..."]]:
        """The layer with the statistics of these rows, and its output."""
        return self, self(x)


class Linear(Layer):
    """An affine map, `x W + b`, with `W` of shape `[inputs, outputs]` and Glorot's uniform initialisation.

    With `spectral_norm` the weight is divided by its largest singular value, found by power iteration from a fixed
    vector (Miyato et al. 2018, arXiv 1802.05957): no state, so that the loss stays a pure function of the weights.
    """

    weight: Float[Array, "inputs outputs"]
    bias: Float[Array, "outputs"]
    spectral_norm: bool = eqx.field(static=True)

    def __init__(self, inputs: int, outputs: int, key: PRNGKeyArray, *, spectral_norm: bool = False) -> None:
        self.weight = jax.nn.initializers.glorot_uniform()(key, (inputs, outputs))
        self.bias = jnp.zeros(outputs)
        self.spectral_norm = spectral_norm

    def __call__(
        self, x: Float[Array, "batch inputs"], key: PRNGKeyArray | None = None
    ) -> Float[Array, "batch outputs"]:
        del key
        return x @ self._normalized() + self.bias

    def crossed(
        self, x: Float[Array, "rows ..."], y: Float[Array, "k facts"], key: PRNGKeyArray | None = None
    ) -> Float[Array, "crossed outputs"]:
        """The same numbers, but the product with each x is taken once, and not once for every y."""
        del key
        x = x.reshape(len(x), -1)
        of_x, of_y = jnp.split(self._normalized(), (x.shape[1],))
        return ((x @ of_x)[:, None] + (y @ of_y + self.bias)).reshape(-1, len(self.bias))

    def _normalized(self) -> Float[Array, "inputs outputs"]:
        return self.weight / spectral_norm(self.weight) if self.spectral_norm else self.weight


def spectral_norm(weight: Float[Array, "inputs outputs"], iterations: int = 12) -> Float[Array, ""]:
    """The largest singular value by power iteration (arXiv 1802.05957, Algorithm 1), differentiable in the weight.

    Example:
        >>> import jax.numpy as jnp
        >>> round(float(spectral_norm(jnp.diag(jnp.array([3.0, 1.0])))), 3)
        3.0
    """
    u = jnp.ones(weight.shape[1], weight.dtype) + 0.1 * jnp.cos(jnp.arange(weight.shape[1], dtype=weight.dtype))
    frozen = jax.lax.stop_gradient(weight)  # the singular vectors are constants of the gradient: Equation 12
    for _ in range(iterations):
        v = frozen @ u
        v = v / (jnp.linalg.norm(v) + 1e-12)
        u = v @ frozen
        u = u / (jnp.linalg.norm(u) + 1e-12)
    return v @ weight @ u


class BatchNorm(Layer):
    """Batch normalisation over every axis but the last (Ioffe & Szegedy 2015, arXiv 1502.03167).

    It normalises by the batch's own statistics until it is `calibrated`, and by the calibrated ones from then on. There
    are no running averages: nothing has to be threaded through a loss.
    """

    gain: Float[Array, "channels"]
    shift: Float[Array, "channels"]
    mean: Float[Array, "channels"] | None = None
    variance: Float[Array, "channels"] | None = None
    epsilon: float = eqx.field(static=True, default=1e-5)

    def __init__(self, channels: int) -> None:
        self.gain = jnp.ones(channels)
        self.shift = jnp.zeros(channels)
        self.mean = None
        self.variance = None
        self.epsilon = 1e-5

    def __call__(self, x: Float[Array, "batch ..."], key: PRNGKeyArray | None = None) -> Float[Array, "batch ..."]:
        del key
        mean, variance = _moments(x) if self.mean is None or self.variance is None else (self.mean, self.variance)
        return (x - mean) * (self.gain * jax.lax.rsqrt(variance + self.epsilon)) + self.shift

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
    epsilon: float = eqx.field(static=True, default=1e-5)

    def __init__(self, channels: int) -> None:
        self.gain = jnp.ones(channels)
        self.shift = jnp.zeros(channels)
        self.epsilon = 1e-5

    def __call__(self, x: Float[Array, "batch ..."], key: PRNGKeyArray | None = None) -> Float[Array, "batch ..."]:
        del key
        axes = tuple(range(1, x.ndim))
        mean, variance = jnp.mean(x, axes, keepdims=True), jnp.var(x, axes, keepdims=True)
        return (x - mean) * jax.lax.rsqrt(variance + self.epsilon) * self.gain + self.shift


NORMALIZATIONS: dict[str, Callable[[int], Layer]] = {"batch": BatchNorm, "layer": LayerNorm}
"""From the number of features to the layer that norms them."""


class Gate(Layer):
    """Each feature times a factor of its own, which no player trains: a zero shuts the feature out.

    Example:
        >>> Gate(jnp.array([1.0, 0.0]))(jnp.ones((1, 2))).tolist()
        [[1.0, 0.0]]
    """

    factor: Float[Array, "features"]

    def __call__(self, x: Float[Array, "batch ..."], key: PRNGKeyArray | None = None) -> Float[Array, "batch ..."]:
        del key
        return x * jax.lax.stop_gradient(self.factor)


class Dropout(Layer):
    """Each element is dropped with probability `rate` and the rest scaled up; without a key, nothing happens.

    Every random word decides on four elements (or on two, where bytes would miss the rate by more than a fiftieth of
    it): random numbers are a fifth of the time of a wide network otherwise. The scale makes up for the rounding.
    """

    rate: float = eqx.field(static=True)

    def __call__(self, x: Float[Array, "batch ..."], key: PRNGKeyArray | None = None) -> Float[Array, "batch ..."]:
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
        if key is None or self.scale == 0.0:
            return x
        return x + self.scale * jax.random.normal(key, x.shape, x.dtype)


class Activate(Layer):
    """An element-wise activation, by its name in `ACTIVATIONS`."""

    name: str = eqx.field(static=True)

    def __call__(self, x: Float[Array, "batch ..."], key: PRNGKeyArray | None = None) -> Float[Array, "batch ..."]:
        del key
        return ACTIVATIONS[self.name](x)


class Flatten(Layer):
    """Rows of any shape become vectors."""

    def __call__(self, x: Float[Array, "batch ..."], key: PRNGKeyArray | None = None) -> Float[Array, "batch features"]:
        del key
        return x.reshape(len(x), -1)


class Chain(Layer):
    """Layers one after the other; each gets its own key."""

    layers: tuple[Layer, ...]

    def __call__(self, x: Float[Array, "batch ..."], key: PRNGKeyArray | None = None) -> Float[Array, "batch ..."]:
        return self._rest(0, x, key)

    def crossed(
        self, x: Float[Array, "rows ..."], y: Float[Array, "k facts"], key: PRNGKeyArray | None = None
    ) -> Float[Array, "crossed ..."]:
        """The same numbers; what the first layer can share among all y, it does."""
        first = int(isinstance(self.layers[0], Flatten))  # rows beside others are flat
        x = self.layers[first].crossed(x, y, _layer_key(key, first))
        return self._rest(first + 1, x, key)

    def _rest(self, first: int, x: Float[Array, "batch ..."], key: PRNGKeyArray | None) -> Float[Array, "batch ..."]:
        for number, layer in enumerate(self.layers[first:], first):
            x = layer(x, _layer_key(key, number))
        return x

    def calibrated(self, x: Float[Array, "batch ..."]) -> tuple[Self, Float[Array, "batch ..."]]:
        """The chain whose every layer holds the statistics of what reaches it, and its output."""
        layers = []
        for layer in self.layers:
            layer, x = layer.calibrated(x)
            layers.append(layer)
        return eqx.tree_at(lambda chain: chain.layers, self, tuple(layers)), x


def _layer_key(key: PRNGKeyArray | None, number: int) -> PRNGKeyArray | None:
    return None if key is None else jax.random.fold_in(key, number)
