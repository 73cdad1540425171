"""Heads: what turns a network's output into a distribution.

A head asks for `parameters` numbers per element of the event; the network's last axis is that many times as long as
the event's last axis, and the head splits it.
"""

import abc
import math
from collections.abc import Callable
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from latently.probability.distribution import Distribution
from latently.probability.likelihoods import Bernoulli, Categorical, Gaussian, Laplace, LocationScale
from latently.probability.posteriors import Deterministic

MEAN_ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "identity": lambda outputs: outputs,
    "sigmoid": jax.nn.sigmoid,
    "tanh": jnp.tanh,
}

SMALLEST_SCALE = 1e-6  # keeps the density of a softplus scale finite
LARGEST_LOG_VARIANCE = 60.0  # either way: beyond, float32 is soon at 0 or at infinity, and a divergence at NaN


class Head(eqx.Module):
    """Maps a network's outputs `[batch, ..., parameters * d]` to a distribution over `[batch, ..., d]`."""

    @property
    def parameters(self) -> int:
        """Numbers that each element of the event needs; one, unless a head says otherwise."""
        return 1

    @abc.abstractmethod
    def __call__(self, outputs: Float[Array, "batch *outputs"]) -> Distribution:
        """The distribution that these outputs are the parameters of."""


class BernoulliHead(Head):
    """Outputs are logits."""

    def __call__(self, outputs: Float[Array, "batch *outputs"]) -> Bernoulli:
        """The Bernoulli distribution of these logits."""
        return Bernoulli(outputs)


class LocationScaleHead(Head):
    """What the heads of a mean and a scale share; `scales` are the places where the scale may come from."""

    scales: ClassVar[tuple[str, ...]]
    distribution: ClassVar[type[LocationScale]]

    log_scale: Float[Array, ""] | None
    activation: str = eqx.field(static=True)
    scale: str = eqx.field(static=True)
    value: float = eqx.field(static=True)

    def __init__(self, activation: str, scale: str, value: float) -> None:
        options = (("activation", activation, tuple(MEAN_ACTIVATIONS)), ("scale", scale, self.scales))
        for name, given, choices in options:
            if given not in choices:
                raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}; got {name}={given!r}.")
        if not value > 0:
            raise ValueError(f"value must be positive; got value={value!r}.")
        self.activation, self.scale, self.value = activation, scale, float(value)
        self.log_scale = jnp.array(math.log(value)) if scale == "learned" else None

    @property
    def parameters(self) -> int:
        """A mean, and for two of the kinds a scale."""
        return 2 if self.scale in ("exp", "softplus") else 1

    def __call__(self, outputs: Float[Array, "batch *outputs"]) -> LocationScale:
        """The distribution of these means and scales."""
        activation = MEAN_ACTIVATIONS[self.activation]
        if self.parameters == 1:
            shared = jnp.asarray(self.value) if self.log_scale is None else jnp.exp(self.log_scale)
            return self.distribution(activation(outputs), shared)
        if outputs.shape[-1] % 2:
            raise ValueError(
                f"the last axis of outputs must be even: a mean and a scale per element; got shape {outputs.shape}. "
                "Give the network `head.parameters` outputs per element of the event."
            )
        mean, raw = jnp.split(outputs, 2, axis=-1)
        if self.scale == "softplus":
            return self.distribution(activation(mean), SMALLEST_SCALE + jax.nn.softplus(raw))
        log_variance = jnp.clip(raw, -LARGEST_LOG_VARIANCE, LARGEST_LOG_VARIANCE)
        scale = jnp.exp(log_variance / 2)
        return self.distribution(activation(mean), scale)


class GaussianHead(LocationScaleHead):
    """Outputs are means and, for two of the four kinds of scale, scales.

    Args:
        activation: applied to the mean: "identity", "sigmoid" (data in [0, 1]) or "tanh" (data in [-1, 1]).
        scale: where the standard deviation comes from:
            "fixed": `value`, the same for every element;
            "learned": one trainable number for all elements, `value` at the start;
            "exp": the second half of the outputs is the log-variance, held within ±60;
            "softplus": 1e-6 + softplus of the second half of the outputs.
        value: standard deviation of "fixed", and where "learned" starts.

    Example:
        >>> import jax.numpy as jnp
        >>> GaussianHead(scale="exp")(jnp.zeros((5, 6))).mean.shape
        (5, 3)
    """

    scales = ("fixed", "learned", "exp", "softplus")
    distribution = Gaussian

    def __init__(self, activation: str = "identity", scale: str = "fixed", value: float = 1.0) -> None:
        super().__init__(activation, scale, value)


class LaplaceHead(LocationScaleHead):
    """Outputs are means; the scale is fixed, or one trainable number.

    Args:
        activation: applied to the mean: "identity", "sigmoid" or "tanh".
        scale: "fixed", or "learned" (one trainable number for all elements, `value` at the start).
        value: the Laplace scale b; the standard deviation is √2 b.
    """

    scales = ("fixed", "learned")
    distribution = Laplace

    def __init__(self, activation: str = "identity", scale: str = "fixed", value: float = 1.0) -> None:
        super().__init__(activation, scale, value)


class CategoricalHead(Head):
    """Outputs are logits, `classes` of them for each element of the event.

    Args:
        classes: number of categories.
        per_row: True when the whole event of a row is one category (a label): the logits are then `[batch, classes]`
            and an event is an integer `[batch]`, without a last axis of length one.

    Example:
        >>> import jax.numpy as jnp
        >>> CategoricalHead(4)(jnp.zeros((5, 12))).logits.shape
        (5, 3, 4)
    """

    classes: int = eqx.field(static=True)
    per_row: bool = eqx.field(static=True, default=False)

    def __check_init__(self) -> None:
        if self.classes < 1:
            raise ValueError(f"classes must be at least 1; got classes={self.classes}.")

    @property
    def parameters(self) -> int:
        """A logit for each class."""
        return self.classes

    def __call__(self, outputs: Float[Array, "batch *outputs"]) -> Categorical:
        """The categorical distribution of these logits."""
        *leading, last = outputs.shape
        if last % self.classes or (self.per_row and last != self.classes):
            rule = "be" if self.per_row else "be a multiple of"
            raise ValueError(
                f"the last axis of outputs must {rule} classes={self.classes}; got shape {outputs.shape}. "
                "Give the network `head.parameters` outputs per element of the event."
            )
        if self.per_row:
            return Categorical(outputs)
        return Categorical(outputs.reshape(*leading, last // self.classes, self.classes))


class DeterministicHead(Head):
    """Outputs are the value itself."""

    def __call__(self, outputs: Float[Array, "batch *outputs"]) -> Deterministic:
        """The point."""
        return Deterministic(outputs)
