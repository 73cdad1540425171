"""Distributions made of several: one code from several posteriors, several views from one code."""

from typing import NoReturn

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from latently.probability.distribution import Distribution, repeat_rows


class Averaged(Distribution):
    """The distribution of z = Σᵢ wᵢ zᵢ with independent zᵢ: one code where several posteriors speak of a row.

    Arguments:
        parts: the distributions of zᵢ, each over events `[batch, latent]`.
        weights: w, `[batch, parts]`; each row sums to 1. A weight of 0 takes a part out.

    Example:
        >>> import jax.numpy as jnp
        >>> from latently.probability import Deterministic
        >>> ones, threes = (Deterministic(jnp.full((1, 2), value)) for value in (1.0, 3.0))
        >>> Averaged((ones, threes), jnp.array([[0.5, 0.5]])).mean.tolist()
        [[2.0, 2.0]]
    """

    parts: tuple[Distribution, ...]
    weights: Float[Array, "batch parts"]

    @property
    def mean(self) -> Float[Array, "batch latent"]:
        """Σᵢ wᵢ E[zᵢ]."""
        return self._sum([part.mean for part in self.parts])

    def sample(self, key: PRNGKeyArray) -> Float[Array, "batch latent"]:
        """A draw of every part, averaged."""
        keys = jax.random.split(key, len(self.parts))
        return self._sum([part.sample(each) for part, each in zip(self.parts, keys, strict=True)])

    def log_prob(self, x: Shaped[Array, "batch ..."]) -> NoReturn:
        """An average is sampled, never evaluated.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError("an average of distributions has no density here; use one of its parts.")

    def repeat(self, k: int) -> "Averaged":
        return Averaged(tuple(part.repeat(k) for part in self.parts), repeat_rows(self.weights, k))

    def _sum(self, values: list[Float[Array, "batch latent"]]) -> Float[Array, "batch latent"]:
        return jnp.einsum("pbl,bp->bl", jnp.stack(values), self.weights)


class Joint(eqx.Module):
    """Independent distributions of several views: p(x₁, x₂, … |z) = Π p(xᵢ|z).

    Arguments:
        parts: a distribution for each view.

    Example:
        >>> import jax.numpy as jnp
        >>> from latently.probability import Bernoulli
        >>> views = Joint((Bernoulli(jnp.zeros((1, 2))), Bernoulli(jnp.zeros((1, 3)))))
        >>> [mean.shape for mean in views.mean]
        [(1, 2), (1, 3)]
    """

    parts: tuple[Distribution, ...]

    @property
    def mean(self) -> tuple[Float[Array, "batch ..."], ...]:
        """The mean of each view."""
        return tuple(part.mean for part in self.parts)

    def log_probs(self, x: tuple[Shaped[Array, "batch ..."], ...]) -> Float[Array, "batch views"]:
        """log p(xᵢ|z) of each view in nats."""
        return jnp.stack([part.log_prob(each) for part, each in zip(self.parts, x, strict=True)], axis=1)

    def log_prob(self, x: tuple[Shaped[Array, "batch ..."], ...]) -> Float[Array, "batch"]:
        """log p(x₁, x₂, … |z) in nats."""
        return self.log_probs(x).sum(axis=1)
