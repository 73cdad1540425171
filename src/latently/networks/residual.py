"""A layer that adds to what it reads."""

from typing import Self

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from latently.networks.layers import Layer


class Residual(Layer):
    """`x + gain branch(x)`, for a branch whose output has the shape of x (He et al. 2016, arXiv 1603.05027).

    The gain is learned, from 0: at the start the layer passes x on, so that many of them train without any norm
    (Bachlechner et al. 2020, "ReZero is all you need", arXiv 2003.04887).

    Example:
        >>> import jax
        >>> from latently.networks import Linear
        >>> Residual(Linear(2, 2, jax.random.key(0)))(jnp.ones((1, 2))).tolist()
        [[1.0, 1.0]]
    """

    branch: Layer
    gain: Float[Array, ""]

    def __init__(self, branch: Layer) -> None:
        self.branch, self.gain = branch, jnp.zeros(())

    def __call__(self, x: Float[Array, "batch ..."], key: PRNGKeyArray | None = None) -> Float[Array, "batch ..."]:
        """The rows, and what the branch adds."""
        return x + self.gain * self.branch(x, key)

    def calibrated(self, x: Float[Array, "batch ..."]) -> tuple[Self, Float[Array, "batch ..."]]:
        """The layer whose branch holds the statistics of these rows, and its output."""
        branch, added = self.branch.calibrated(x)
        return eqx.tree_at(lambda layer: layer.branch, self, branch), x + self.gain * added
