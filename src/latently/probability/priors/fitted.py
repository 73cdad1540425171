"""A normal with any covariance, fitted to codes: the prior of a model that was trained without one."""

import math
from typing import Self

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from latently.probability.priors.base import Prior

NARROWEST = 1e-3
"""The least standard deviation along an axis, as a share of the greatest: a flat cloud of codes still has a density."""


class FittedNormal(Prior):
    r"""$N(0, A^T \operatorname{diag}(s^2) A)$, fitted to codes after training ("ex-post density estimation").

    A plain autoencoder asks nothing of its codes, so draws of a prior chosen before decode to nothing. Draws of a
    normal with the codes' own covariance do better. Unlike other priors it holds arrays, which no player
    moves: a game keeps it among its `frozen` fields. Until it is fitted it is the standard normal.

    Arguments:
        dim: length of a code.

    Attributes:
        axes: A, the principal axes of the codes, one a row, each of length 1.
        scales: s, the standard deviation along each axis.

    References:
        From Variational to Deterministic Autoencoders, Ghosh et al. 2020, https://arxiv.org/abs/1903.12436 (section 4)

    Example:
        >>> import jax.numpy as jnp
        >>> prior = FittedNormal(2).fitted(jnp.array([[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]]))
        >>> [round(float(scale) ** 2, 3) for scale in prior.scales]
        [0.5, 2.0]
    """

    name = "fitted normal"

    axes: Float[Array, "dim dim"]
    scales: Float[Array, "dim"]

    def __init__(self, dim: int) -> None:
        self.dim = dim
        self.axes, self.scales = jnp.eye(dim), jnp.ones(dim)

    def fitted(self, codes: Float[Array, "rows dim"]) -> Self:
        """The normal around 0 under which these codes, whose mean is 0, are likeliest."""
        variances, axes = jnp.linalg.eigh(codes.T @ codes / len(codes))
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
        return jnp.ones((len(z), 1), z.dtype)

    def support(self) -> tuple[float, float]:
        """Three standard deviations to each side, in the dimension where that reaches farthest."""
        reach = 3 * float(jnp.sqrt(((self.axes * self.scales[:, None]) ** 2).sum(axis=0)).max())
        return -reach, reach

    def _draw(self, key: PRNGKeyArray, n: int) -> Float[Array, "n dim"]:
        return (self.scales * jax.random.normal(key, (n, self.dim))) @ self.axes

    def _draw_labelled(self, key: PRNGKeyArray, labels: Int[Array, "n"], n_labels: int) -> Float[Array, "n dim"]:  # noqa: ARG002
        return self._draw(key, len(labels))

    def _check_regions(self, n_labels: int) -> None:
        if n_labels > 1:
            raise ValueError(
                f"a normal fitted to codes is one region for all labels; got n_labels={n_labels}. "
                'Use the prior "star", or one of the models that are given labels.'
            )
