"""Priors in one piece: the normal, the uniform on a cube, and a normal fitted to codes."""

import math
from typing import Self

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from latently.probability.priors.base import Prior, check_pairs, from_pairs, nearest_region, to_pairs

NARROWEST = 1e-3
"""The least standard deviation of a fitted normal along an axis, as a share of the greatest: a flat cloud of codes
still has a density."""


class Normal(Prior):
    r"""N(0, scale² I).

    With K labels, each pair of dimensions is divided into K regions of mass 1/K: a disc of radius
    $\sigma \sqrt{-2 \log(1 - 1/K)}$ for label 0 and K - 1 equal sectors of what is left for the others.

    Args:
        dim: length of a code; even when labels are used.
        scale: standard deviation.

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
        apart = angle - centers
        apart = jnp.abs(apart - 2 * math.pi * jnp.round(apart / (2 * math.pi)))
        beyond = jnp.maximum(apart - half_width, 0)
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
        check_pairs(self.dim, "{prior=normal} with labels")

    def _disc(self, n_labels: int) -> float:
        return self.scale * math.sqrt(-2 * math.log1p(-1 / n_labels))


class Uniform(Prior):
    """Uniform on [low, high] in every dimension.

    With K labels, each pair of dimensions is divided into a grid of ⌈√K⌉ × ⌈√K⌉ equal cells, counted along the first
    dimension of the pair; label k has cell k. Cells beyond K belong to no label.

    Args:
        dim: length of a code; even when labels are used.
        low: lower end.
        high: upper end.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> (Uniform(2).sample(jax.random.key(0), 2, labels=jnp.array([0, 3]), n_labels=4) > 0).tolist()
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
        check_pairs(self.dim, "{prior=uniform} with labels")

    @staticmethod
    def _side(n_labels: int) -> int:
        return math.isqrt(n_labels - 1) + 1


class FittedNormal(Prior):
    r"""$N(0, A^T \operatorname{diag}(s^2) A)$, fitted to codes after training ("ex-post density estimation").

    A plain autoencoder asks nothing of its codes, so draws of a prior chosen before decode to nothing. Draws of a
    normal with the codes' own covariance do better. Unlike other priors it holds arrays, which no player
    moves: a game keeps it among its `frozen` fields. Until it is fitted it is the standard normal.

    Args:
        dim: length of a code.

    Attributes:
        axes: A, the principal axes of the codes, one a row, each of length 1.
        scales: s, the standard deviation along each axis.

    References:
        From Variational to Deterministic Autoencoders, Ghosh et al. 2020, https://arxiv.org/abs/1903.12436 (section 4)
    """

    name = "fitted normal"

    axes: Float[Array, "dim dim"]
    scales: Float[Array, "dim"]

    def __init__(self, dim: int) -> None:
        self.dim = dim
        self.axes, self.scales = jnp.eye(dim), jnp.ones(dim)

    def fitted(self, codes: Float[Array, "rows dim"]) -> Self:
        """The normal around 0 under which these codes, whose mean is 0, are likeliest."""
        variances, axes = jnp.linalg.eigh(codes.T @ codes / codes.shape[0])
        scales = jnp.sqrt(jnp.maximum(variances, 0))
        scales = jnp.maximum(scales, NARROWEST * scales.max() + 1e-30)
        fitted: Self = eqx.tree_at(lambda prior: (prior.axes, prior.scales), self, (axes.T, scales))
        return fitted

    def log_prob(self, z: Float[Array, "n dim"]) -> Float[Array, "n"]:
        """Log-density in nats."""
        along = z @ self.axes.T / self.scales
        return (-0.5 * along**2 - jnp.log(self.scales) - 0.5 * math.log(2 * math.pi)).sum(axis=1)

    def responsibilities(self, z: Float[Array, "n dim"], n_labels: int) -> Float[Array, "n n_labels"]:
        """All of the one region that there is."""
        self.check_labels(n_labels)
        return jnp.ones((z.shape[0], 1), z.dtype)

    def support(self) -> tuple[float, float]:
        """Three standard deviations to each side, in the dimension where that reaches farthest."""
        reach = 3 * float(jnp.sqrt(((self.axes * self.scales[:, None]) ** 2).sum(axis=0)).max())
        return -reach, reach

    def _draw(self, key: PRNGKeyArray, n: int) -> Float[Array, "n dim"]:
        return (self.scales * jax.random.normal(key, (n, self.dim))) @ self.axes

    def _draw_labelled(self, key: PRNGKeyArray, labels: Int[Array, "n"], n_labels: int) -> Float[Array, "n dim"]:  # noqa: ARG002
        return self._draw(key, labels.shape[0])

    def _check_regions(self, n_labels: int) -> None:
        if n_labels > 1:
            raise ValueError(
                f"a normal fitted to codes is one region for all labels; got n_labels={n_labels}. "
                'Use the prior "star", or one of the models that are given labels.'
            )


def _cell(labels: Int[Array, "n"], side: int) -> Int[Array, "n 2"]:
    return jnp.stack([labels % side, labels // side], axis=-1)
