"""Posteriors q(z|x) without a density: a point, noise handed to a network, an average of several posteriors.

The one with a density, the Gaussian, is a likelihood as well and lives there.
"""

from collections.abc import Callable
from typing import NoReturn, Self

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from latently.probability.distribution import Distribution

MEAN_DRAWS = 32  # noise draws behind the mean of an implicit posterior


class Sampled(Distribution):
    """A distribution that is sampled, never evaluated."""

    def log_prob(self, x: Shaped[Array, "batch ..."]) -> NoReturn:  # noqa: ARG002
        """There is no density that could be computed: this raises."""
        kind = type(self).__name__
        raise NotImplementedError(
            f"{kind} distributions have no tractable density; use a Gaussian where one is needed."
        )


class Deterministic(Sampled):
    """All mass in one point a row: the code of a plain autoencoder."""

    mean: Float[Array, "batch *event"]

    def sample(self, key: PRNGKeyArray) -> Float[Array, "batch *event"]:  # noqa: ARG002
        """The point."""
        return self.mean


class Implicit(Sampled):
    r"""The distribution of `network([x, eta])` under noise eta: sampled, never evaluated.

    $$z = f(x, \eta), \quad \eta \sim N(0, I)$$

    The "universal approximator posterior" of the adversarial autoencoder. The mean is an average over 32 noise draws
    that never change and that all rows share, so a row's mean depends on nothing but the row.

    Args:
        network: maps `[batch, features + noise_dim]` and a key (`None`: inference) to `[batch, *event]`.
        x: what the distribution is conditioned on, `[batch, *features]`; flattened before the noise is appended.
        noise_dim: length of eta.

    References:
        Adversarial Autoencoders, Makhzani et al. 2015, https://arxiv.org/abs/1511.05644 (section 2)

    Example:
        >>> import jax, jax.numpy as jnp
        >>> double = lambda rows, key=None: 2 * rows
        >>> Implicit(double, jnp.ones((5, 2)), noise_dim=3).sample(jax.random.key(0)).shape
        (5, 5)
    """

    network: Callable[..., Array]
    x: Float[Array, "batch ..."]
    noise_dim: int = eqx.field(static=True)

    @property
    def mean(self) -> Float[Array, "batch *event"]:
        """The average over the fixed noise draws, in inference mode (no dropout)."""
        noise = jax.random.normal(jax.random.key(0), (MEAN_DRAWS, self.noise_dim), self.x.dtype)
        rows = self.x.shape[0]
        # One draw at a time: the 32-fold batch of a large data set need not fit into memory.
        codes: Array = jax.lax.map(lambda eta: self._push(jnp.broadcast_to(eta, (rows, self.noise_dim)), None), noise)
        return codes.mean(axis=0)

    def sample(self, key: PRNGKeyArray) -> Float[Array, "batch *event"]:
        """One draw a row, differentiable in the network's parameters."""
        noise_key, network_key = jax.random.split(key)
        return self._push(jax.random.normal(noise_key, (self.x.shape[0], self.noise_dim), self.x.dtype), network_key)

    def repeat(self, k: int) -> Self:
        """Each row `k` times."""
        return type(self)(self.network, jnp.repeat(self.x, k, axis=0), self.noise_dim)

    def _push(self, noise: Float[Array, "batch noise"], key: PRNGKeyArray | None) -> Float[Array, "batch *event"]:
        outputs: Array = self.network(jnp.concatenate([self.x.reshape(self.x.shape[0], -1), noise], axis=1), key)
        return outputs


class Averaged(Sampled):
    """The distribution of z = Σᵢ wᵢ zᵢ with independent zᵢ: one code where several posteriors speak of a row.

    Args:
        parts: the distributions of zᵢ, each over events `[batch, latent]`.
        weights: w, `[batch, parts]`; each row sums to 1. A weight of 0 takes a part out.

    Example:
        >>> import jax.numpy as jnp
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

    def repeat(self, k: int) -> Self:
        """Each row `k` times."""
        return type(self)(tuple(part.repeat(k) for part in self.parts), jnp.repeat(self.weights, k, axis=0))

    def _sum(self, values: list[Float[Array, "batch latent"]]) -> Float[Array, "batch latent"]:
        return jnp.einsum("pbl,bp->bl", jnp.stack(values), self.weights)
