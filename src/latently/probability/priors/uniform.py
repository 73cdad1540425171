"""The uniform prior on a cube."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from latently.probability.priors.base import Prior, check_pairs, from_pairs, nearest_region, to_pairs


class Uniform(Prior):
    """Uniform on [low, high] in every dimension.

    With K labels, each pair of dimensions is divided into a grid of ⌈√K⌉ × ⌈√K⌉ equal cells, counted along the first
    dimension of the pair; label k has cell k. Cells beyond K belong to no label.

    Arguments:
        dim: length of a code; even when labels are used.
        low: lower end.
        high: upper end.

    Raises:
        ValueError: when `low` is not below `high`, or for labels with an odd `dim`.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> prior = Uniform(2)
        >>> z = prior.sample(jax.random.key(0), 2, labels=jnp.array([0, 3]), n_labels=4)
        >>> (z > 0).tolist()
        [[False, False], [True, True]]
    """

    name = "uniform"
    density = "inside"

    low: float = eqx.field(static=True, default=-1.0)
    high: float = eqx.field(static=True, default=1.0)

    def __check_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"low must be below high; got low={self.low!r} and high={self.high!r}.")

    def log_prob(self, z: Float[Array, "n dim"]) -> Float[Array, "n"]:
        """Log-density in nats: minus infinity outside the cube."""
        inside = jnp.all((z >= self.low) & (z <= self.high), axis=1)
        return jnp.where(inside, jnp.asarray(-self.dim * math.log(self.high - self.low), z.dtype), -jnp.inf)

    def responsibilities(self, z: Float[Array, "n dim"], n_labels: int) -> Float[Array, "n n_labels"]:
        """One-hot of the cell that a code lies in, or is nearest to in all pairs together."""
        self.check_labels(n_labels)
        side = self._side(n_labels)
        cells = _cell(jnp.arange(n_labels), side).astype(z.dtype)
        # Distances to the cells [cell, cell + 1], in units of a cell's width.
        position = ((to_pairs(z) - self.low) / (self.high - self.low) * side)[:, :, None, :]
        outside = position - jnp.clip(position, cells, cells + 1)
        return nearest_region((outside**2).sum(axis=-1))

    def support(self) -> tuple[float, float]:
        """The cube's side."""
        return self.low, self.high

    def _draw(self, key: PRNGKeyArray, n: int) -> Float[Array, "n dim"]:
        return jax.random.uniform(key, (n, self.dim), minval=self.low, maxval=self.high)

    def _draw_labelled(self, key: PRNGKeyArray, labels: Int[Array, "n"], n_labels: int) -> Float[Array, "n dim"]:
        side = self._side(n_labels)
        u = jax.random.uniform(key, (labels.shape[0], self.dim // 2, 2))
        return from_pairs(self.low + (self.high - self.low) * (_cell(labels, side)[:, None, :] + u) / side)

    def _check_regions(self, n_labels: int) -> None:  # noqa: ARG002
        check_pairs(self.dim, 'the prior "uniform" with labels')

    @staticmethod
    def _side(n_labels: int) -> int:
        return math.isqrt(n_labels - 1) + 1


def _cell(labels: Int[Array, "n"], side: int) -> Int[Array, "n 2"]:
    return jnp.stack([labels % side, labels // side], axis=-1)
