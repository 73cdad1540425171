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
from latently.probability.likelihoods import Bernoulli, Categorical, Gaussian, Laplace
from latently.probability.posteriors import Deterministic

MEAN_ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "identity": lambda outputs: outputs,
    "sigmoid": jax.nn.sigmoid,
    "tanh": jnp.tanh,
}

SMALLEST_SCALE = 1e-6  # keeps the density of a softplus scale finite


class Head(eqx.Module):
    """Maps a network's outputs `[batch, ..., parameters * d]` to a distribution over `[batch, ..., d]`."""

    @property
    @abc.abstractmethod
    def parameters(self) -> int:
        """Numbers that each element of the event needs."""

    @abc.abstractmethod
    def __call__(self, outputs: Float[Array, "batch *outputs"]) -> Distribution:
        """The distribution that these outputs are the parameters of."""


class BernoulliHead(Head):
    """Outputs are logits.

    Example:
        >>> import jax.numpy as jnp
        >>> BernoulliHead()(jnp.zeros((1, 3))).mean.tolist()
        [[0.5, 0.5, 0.5]]
    """

    @property
    def parameters(self) -> int:
        """A logit."""
        return 1

    def __call__(self, outputs: Float[Array, "batch *outputs"]) -> Bernoulli:
        """The Bernoulli distribution of these logits."""
        return Bernoulli(outputs)


class LocationScaleHead(Head):
    """What the heads of a mean and a scale share; `scales` are the places where the scale may come from.

    Raises:
        ValueError: for an unknown activation or scale, or a value that is not positive.
    """

    scales: ClassVar[tuple[str, ...]]

    log_scale: Float[Array, ""] | None
    activation: str = eqx.field(static=True)
    scale: str = eqx.field(static=True)
    value: float = eqx.field(static=True)

    def __init__(self, activation: str, scale: str, value: float) -> None:
        _check_choice("activation", activation, tuple(MEAN_ACTIVATIONS))
        _check_choice("scale", scale, self.scales)
        if not value > 0:
            raise ValueError(f"value must be positive; got value={value!r}.")
        self.activation, self.scale, self.value = activation, scale, float(value)
        self.log_scale = jnp.array(math.log(value)) if scale == "learned" else None

    @property
    def parameters(self) -> int:
        """A mean, and for two of the kinds a scale."""
        return 2 if self.scale in ("exp", "softplus") else 1

    def _mean_and_scale(self, outputs: Float[Array, "batch *outputs"]) -> tuple[Array, Array | float]:
        activation = MEAN_ACTIVATIONS[self.activation]
        if self.parameters == 1:
            return activation(outputs), self.value if self.log_scale is None else jnp.exp(self.log_scale)
        if outputs.shape[-1] % 2:
            raise ValueError(
                f"the last axis of outputs must be even: a mean and a scale per element; got shape {outputs.shape}. "
                "Give the network `head.parameters` outputs per element of the event."
            )
        mean, raw = jnp.split(outputs, 2, axis=-1)
        return activation(mean), jnp.exp(raw / 2) if self.scale == "exp" else SMALLEST_SCALE + jax.nn.softplus(raw)


class GaussianHead(LocationScaleHead):
    """Outputs are means and, for two of the four kinds of scale, scales.

    Args:
        activation: applied to the mean: "identity", "sigmoid" (data in [0, 1]) or "tanh" (data in [-1, 1]).
        scale: where the standard deviation comes from:
            "fixed": `value`, the same for every element;
            "learned": one trainable number for all elements, `value` at the start;
            "exp": the second half of the outputs is the log-variance;
            "softplus": 1e-6 + softplus of the second half of the outputs.
        value: standard deviation of "fixed", and where "learned" starts.

    Example:
        >>> import jax.numpy as jnp
        >>> head = GaussianHead(scale="exp")
        >>> head.parameters
        2
        >>> head(jnp.zeros((5, 6))).mean.shape
        (5, 3)
    """

    scales = ("fixed", "learned", "exp", "softplus")

    def __init__(self, activation: str = "identity", scale: str = "fixed", value: float = 1.0) -> None:
        super().__init__(activation, scale, value)

    def __call__(self, outputs: Float[Array, "batch *outputs"]) -> Gaussian:
        """The Gaussian of these means and scales."""
        mean, scale = self._mean_and_scale(outputs)
        return Gaussian(mean, scale)


class LaplaceHead(LocationScaleHead):
    """Outputs are means; the scale is fixed, or one trainable number.

    Args:
        activation: applied to the mean: "identity", "sigmoid" or "tanh".
        scale: "fixed", or "learned" (one trainable number for all elements, `value` at the start).
        value: the Laplace scale b; the standard deviation is √2 b.

    Example:
        >>> import jax.numpy as jnp
        >>> LaplaceHead(activation="tanh")(jnp.zeros((5, 3))).mean.shape
        (5, 3)
    """

    scales = ("fixed", "learned")

    def __init__(self, activation: str = "identity", scale: str = "fixed", value: float = 1.0) -> None:
        super().__init__(activation, scale, value)

    def __call__(self, outputs: Float[Array, "batch *outputs"]) -> Laplace:
        """The Laplace distribution of these means."""
        mean, scale = self._mean_and_scale(outputs)
        return Laplace(mean, scale)


class CategoricalHead(Head):
    """Outputs are logits, `classes` of them for each element of the event.

    Args:
        classes: number of categories.
        per_row: True when the whole event of a row is one category (a label): the logits are then `[batch, classes]`
            and an event is an integer `[batch]`, without a last axis of length one.

    Raises:
        ValueError: for no classes, or outputs that `classes` does not divide.

    Example:
        >>> import jax.numpy as jnp
        >>> CategoricalHead(4)(jnp.zeros((5, 12))).logits.shape
        (5, 3, 4)
        >>> CategoricalHead(4, per_row=True)(jnp.zeros((5, 4))).logits.shape
        (5, 4)
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
    """Outputs are the value itself.

    Example:
        >>> import jax.numpy as jnp
        >>> DeterministicHead()(jnp.ones((1, 2))).mean.tolist()
        [[1.0, 1.0]]
    """

    @property
    def parameters(self) -> int:
        """The value."""
        return 1

    def __call__(self, outputs: Float[Array, "batch *outputs"]) -> Deterministic:
        """The point."""
        return Deterministic(outputs)


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}; got {name}={value!r}.")
