"""Layers, the chain of them, and how a network is conditioned. A layer maps a batch to a batch; `key=None` infers."""

import abc
from collections.abc import Callable
from typing import Self, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

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

glorot: Callable[[PRNGKeyArray, tuple[int, ...]], Array] = jax.jit(
    jax.nn.initializers.glorot_uniform(), static_argnums=1
)
"""Initial weights of a shape, by a key; traced once for each shape."""


class Layer(eqx.Module):
    """A map from a batch to a batch.

    `layer(x, key)` trains (dropout drops, noise is added); `layer(x)` infers. `layer.calibrated(x)` gives the layer
    with the statistics of `x`, where it holds any, and its output on `x`.
    """

    @abc.abstractmethod
    def __call__(self, x: Float[Array, "batch ..."], key: PRNGKeyArray | None = None) -> Float[Array, "batch ..."]:
        """The layer's output; without a key, that of inference."""

    def crossed(
        self, x: Float[Array, "rows ..."], y: Float[Array, "*each k facts"], key: PRNGKeyArray | None = None
    ) -> Float[Array, "crossed ..."]:
        """The layer's output on every row of x conditioned on every row of y, or of its own y, x by x."""
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
        self.weight = glorot(key, (inputs, outputs))
        self.bias = jnp.zeros(outputs)
        self.spectral_norm = spectral_norm

    def __call__(
        self, x: Float[Array, "batch inputs"], key: PRNGKeyArray | None = None
    ) -> Float[Array, "batch outputs"]:
        """`x W + b`."""
        return x @ self._normalized() + self.bias

    def crossed(
        self, x: Float[Array, "rows ..."], y: Float[Array, "*each k facts"], key: PRNGKeyArray | None = None
    ) -> Float[Array, "crossed outputs"]:
        """The same numbers, but the product with each x is taken once, and not once for every y."""
        x = x.reshape(x.shape[0], -1)
        of_x, of_y = jnp.split(self._normalized(), (x.shape[1],))
        return ((x @ of_x)[:, None] + (y @ of_y + self.bias)).reshape(-1, self.bias.shape[0])

    def _normalized(self) -> Float[Array, "inputs outputs"]:
        return self.weight / spectral_norm(self.weight) if self.spectral_norm else self.weight


def spectral_norm(weight: Float[Array, "inputs outputs"], iterations: int = 12) -> Float[Array, ""]:
    """The largest singular value by power iteration (arXiv 1802.05957, Algorithm 1), differentiable in the weight."""
    u = jnp.ones(weight.shape[1], weight.dtype) + 0.1 * jnp.cos(jnp.arange(weight.shape[1], dtype=weight.dtype))
    frozen = jax.lax.stop_gradient(weight)  # the singular vectors are constants of the gradient: Equation 12
    for _ in range(iterations):
        v = frozen @ u
        v = v / (jnp.linalg.norm(v) + 1e-12)
        u = v @ frozen
        u = u / (jnp.linalg.norm(u) + 1e-12)
    return v @ weight @ u


class Gate(Layer):
    """Each feature times a factor of its own, which no player trains: a zero shuts the feature out."""

    factor: Float[Array, "features"]

    def __call__(self, x: Float[Array, "batch ..."], key: PRNGKeyArray | None = None) -> Float[Array, "batch ..."]:
        """Each feature times its factor."""
        return x * jax.lax.stop_gradient(self.factor)


class Activate(Layer):
    """An element-wise activation, by its name in `ACTIVATIONS`."""

    name: str = eqx.field(static=True)

    def __call__(self, x: Float[Array, "batch ..."], key: PRNGKeyArray | None = None) -> Float[Array, "batch ..."]:
        """The activation of every element."""
        return ACTIVATIONS[self.name](x)


class Flatten(Layer):
    """Rows of any shape become vectors."""

    def __call__(self, x: Float[Array, "batch ..."], key: PRNGKeyArray | None = None) -> Float[Array, "batch features"]:
        """Each row's elements, in one axis."""
        return x.reshape(x.shape[0], -1)


class Chain(Layer):
    """Layers one after the other; each gets its own key."""

    layers: tuple[Layer, ...]

    def __call__(self, x: Float[Array, "batch ..."], key: PRNGKeyArray | None = None) -> Float[Array, "batch ..."]:
        """The output of the last layer."""
        return self._rest(0, x, key)

    def crossed(
        self, x: Float[Array, "rows ..."], y: Float[Array, "*each k facts"], key: PRNGKeyArray | None = None
    ) -> Float[Array, "crossed ..."]:
        """The same numbers; what the first layer can share among all y, it does."""
        if x.ndim > 2:  # y stands in every pixel, or step
            return super().crossed(x, y, key)
        first = int(isinstance(self.layers[0], Flatten))  # conditioned vectors are flat
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


class MarkGaps(Layer):
    """A network of features with gaps: it reads 0 in the place of what is missing (NaN), and behind them what is.

    Args:
        network: what reads the features, one number for each column behind them (1 where it is missing), and the rest.
        firsts: the first element of each column, counted from `start`.
        width: the number of elements that may be missing.
        start: the first of them; what stands before it is read as it is.
    """

    network: Layer
    firsts: tuple[int, ...] = eqx.field(static=True)
    width: int = eqx.field(static=True)
    start: int = eqx.field(static=True, default=0)

    def __call__(self, x: Float[Array, "batch ..."], key: PRNGKeyArray | None = None) -> Float[Array, "batch ..."]:
        """The network's output."""
        return self.network(self._marked(x), key)

    def crossed(
        self, x: Float[Array, "rows ..."], y: Float[Array, "*each k facts"], key: PRNGKeyArray | None = None
    ) -> Float[Array, "crossed ..."]:
        """The network's output on every row of x conditioned on every row of y, or of its own y, x by x."""
        return self.network.crossed(self._marked(x), y, key)

    def calibrated(self, x: Float[Array, "batch ..."]) -> tuple[Self, Float[Array, "batch ..."]]:
        """The network with the statistics of these rows, and its output."""
        network, outputs = self.network.calibrated(self._marked(x))
        return eqx.tree_at(lambda layer: layer.network, self, network), outputs

    def _marked(self, x: Float[Array, "batch ..."]) -> Float[Array, "batch ..."]:
        before, gappy, rest = jnp.split(x, (self.start, self.start + self.width), axis=-1)
        missing = jnp.isnan(gappy)
        marks = missing[..., jnp.asarray(self.firsts)].astype(x.dtype)
        return jnp.concatenate([before, jnp.where(missing, 0.0, gappy), marks, rest], axis=-1)


def _layer_key(key: PRNGKeyArray | None, number: int) -> PRNGKeyArray | None:
    return None if key is None else jax.random.fold_in(key, number)


def condition(x: Float[Array, "batch ..."], y: Float[Array, "batch facts"]) -> Float[Array, "batch ..."]:
    """Concatenate what a network is told of each row to what it reads: behind vectors, else as constant channels.

    Example:
        >>> import jax.numpy as jnp
        >>> condition(jnp.ones((2, 4, 4, 1)), jnp.eye(2)).shape, condition(jnp.ones((2, 16)), jnp.eye(2)).shape
        ((2, 4, 4, 3), (2, 18))
    """
    planes = y.reshape(y.shape[0], *[1] * (x.ndim - 2), y.shape[1])
    return jnp.concatenate([x, jnp.broadcast_to(planes, (*x.shape[:-1], y.shape[1]))], axis=-1)


def cross_condition(x: Float[Array, "rows ..."], y: Float[Array, "*each k facts"]) -> Float[Array, "crossed ..."]:
    """Condition every row of x on every row of y, x by x: the first on all of them, then the second.

    Of y there may be some rows for each row of x, `[rows, k, facts]`.
    """
    k, facts = y.shape[-2:]
    return condition(jnp.repeat(x, k, axis=0), jnp.broadcast_to(y, (x.shape[0], k, facts)).reshape(-1, facts))
