"""The isotropic normal prior."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from latently.probability.priors.base import Prior, check_pairs, from_pairs, nearest_region, to_pairs


class Normal(Prior):
    r"""N(0, scale² I).

    With K labels, each pair of dimensions is divided into K regions of mass 1/K: a disc of radius
    $\sigma \sqrt{-2 \log(1 - 1/K)}$ for label 0 and K - 1 equal sectors of what is left for the others.

    Arguments:
        dim: length of a code; even when labels are used.
        scale: standard deviation.

    Raises:
        ValueError: for a scale that is not positive, or labels with an odd `dim`.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> prior = Normal(2)
        >>> z = prior.sample(jax.random.key(0), 3, labels=jnp.array([0, 4, 9]), n_labels=10)
        >>> prior.responsibilities(z, 10).argmax(1).tolist()
        [0, 4, 9]
    """

    name = "normal"

    scale: float = eqx.field(static=True, default=1.0)

    def __check_init__(self) -> None:
        if not self.scale > 0:
            raise ValueError(f"scale must be positive; got scale={self.scale!r}.")

    def log_prob(self, z: Float[Array, "n dim"]) -> Float[Array, "n"]:
        """Log-density in nats."""
        normalization = math.log(self.scale) + 0.5 * math.log(2 * math.pi)
        return (-0.5 * (z / self.scale) ** 2 - normalization).sum(axis=1)

    def responsibilities(self, z: Float[Array, "n dim"], n_labels: int) -> Float[Array, "n n_labels"]:
        """One-hot of the disc or sector that a code lies in, or is nearest to in all pairs together."""
        self.check_labels(n_labels)
        if n_labels == 1:
            return jnp.ones((z.shape[0], 1), z.dtype)
        pairs = to_pairs(z)
        radius = jnp.linalg.norm(pairs, axis=-1)[..., None]
        angle = jnp.arctan2(pairs[..., 1], pairs[..., 0])[..., None]
        to_disc = jnp.maximum(radius - self._disc(n_labels), 0) ** 2
        # The nearest point of a sector lies on the code's own ray or on the nearer edge, `beyond` radians away.
        half_width = math.pi / (n_labels - 1)
        centers = half_width * (2 * jnp.arange(n_labels - 1, dtype=z.dtype) + 1)
        beyond = jnp.maximum(jnp.abs(_wrap(angle - centers)) - half_width, 0)
        nearest = jnp.maximum(radius * jnp.cos(beyond), self._disc(n_labels))
        to_sectors = (radius - nearest) ** 2 + 4 * radius * nearest * jnp.sin(beyond / 2) ** 2
        return nearest_region(jnp.concatenate([to_disc, to_sectors], axis=-1))

    def support(self) -> tuple[float, float]:
        """Three standard deviations to each side."""
        return -3 * self.scale, 3 * self.scale

    def _draw(self, key: PRNGKeyArray, n: int) -> Float[Array, "n dim"]:
        return self.scale * jax.random.normal(key, (n, self.dim))

    def _draw_labelled(self, key: PRNGKeyArray, labels: Int[Array, "n"], n_labels: int) -> Float[Array, "n dim"]:
        if n_labels == 1:
            return self._draw(key, labels.shape[0])
        u, v = jax.random.uniform(key, (2, labels.shape[0], self.dim // 2))
        in_disc, sector = labels[:, None] == 0, labels[:, None] - 1
        # The radius of a planar normal exceeds r with probability exp(-r² / 2σ²), which is uniform: at least 1 - 1/K
        # in the disc and below that in the sectors.
        beyond_disc = 1 - 1 / n_labels
        survival = jnp.where(in_disc, 1 - u / n_labels, beyond_disc * (1 - u))
        radius = self.scale * jnp.sqrt(-2 * jnp.log(survival))
        angle = 2 * math.pi * jnp.where(in_disc, v, (sector + v) / (n_labels - 1))
        return from_pairs(jnp.stack([radius * jnp.cos(angle), radius * jnp.sin(angle)], axis=-1))

    def _check_regions(self, n_labels: int) -> None:  # noqa: ARG002
        check_pairs(self.dim, 'the prior "normal" with labels')

    def _disc(self, n_labels: int) -> float:
        return self.scale * math.sqrt(-2 * math.log1p(-1 / n_labels))


def _wrap(angle: Float[Array, "..."]) -> Float[Array, "..."]:
    """The same angle in [-π, π)."""
    return (angle + math.pi) % (2 * math.pi) - math.pi
