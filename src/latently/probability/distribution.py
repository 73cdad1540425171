"""The interface of every distribution: likelihoods p(x|z) and posteriors q(z|x) alike."""

import abc
from typing import TYPE_CHECKING, Any, Self, Union

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from latently.probability.priors.base import Prior


class Distribution(eqx.Module):
    """A batch of independent distributions, one a row, over events of any shape.

    A network's head makes one from the network's output. It is a likelihood when the event is data and a posterior
    when the event is a code; the mathematics does not tell the two apart.

    Attributes:
        mean: the expectation of each row, `[batch, *event]`.
    """

    if TYPE_CHECKING:  # a type checker knows abstract properties; only an AbstractVar may become a field as well

        @property
        @abc.abstractmethod
        def mean(self) -> Float[Array, "batch *event"]:
            """The expectation of each row."""

    else:
        mean: eqx.AbstractVar[Float[Array, "batch *event"]]

    @abc.abstractmethod
    def sample(self, key: PRNGKeyArray) -> Float[Array, "batch *event"]:
        """One draw a row, differentiable in the parameters where the distribution allows it."""

    @abc.abstractmethod
    def log_prob(self, x: Shaped[Array, "batch ..."]) -> Float[Array, "batch"]:
        """Log-density of each row in nats, summed over every axis of the event."""

    def repeat(self, k: int) -> Self:
        """The same distributions with each row `k` times, in the order `[a, a, b, b, ...]`."""
        repeated: Self = jax.tree.map(lambda rows: jnp.repeat(rows, k, axis=0), self)
        return repeated

    def kl(self, prior: Union[Prior, "Distribution"]) -> Float[Array, "batch"]:
        """Kullback-Leibler divergence to `prior` in nats, one a row; see `latently.probability.kl`."""
        from latently.probability.bounds import kl  # here, because divergences know every distribution

        return kl(self, prior)


def sum_event(terms: Float[Array, "batch *event"]) -> Float[Array, "batch"]:
    """Sum over every axis but the first."""
    if terms.ndim > 2 and terms.shape[-1] == 1:  # a fused sum over a last axis of one is twenty times slower on a CPU
        flat = terms.reshape(terms.shape[0], -1)
        return flat @ jnp.ones(flat.shape[1], terms.dtype)
    return terms.sum(axis=tuple(range(1, terms.ndim)))


def check_shape(x: Shaped[Array, "..."], shape: tuple[Any, ...], owner: str) -> None:
    """Refuse an `x` that would only fit by broadcasting: summing over the wrong axes goes unseen.

    A size is a number; or a symbol, in a program for any number of rows.
    """
    if x.shape != shape:
        raise ValueError(
            f"x must have the shape of the {owner}'s rows, {shape}; got {x.shape}. "
            "Reshape x, or build the distribution for events of that shape."
        )
