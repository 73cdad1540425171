"""A linear path beside a network: what is linear in data is learned at once, and the network adds what is not."""

from typing import Self

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from latently.networks.layers import Chain, Layer, Linear


class BesideLinear(Layer):
    """`x W + b + branch(x)`, of a branch that adds nothing at the start: the weights of its last layer are 0.

    An encoder and a decoder of this kind can begin as probabilistic PCA, whose weights are known in closed form: W and
    σ² by Equations 7 and 8 of the reference, and the posterior of z that belongs to them.

    References:
        Tipping & Bishop 1999, Probabilistic Principal Component Analysis, https://doi.org/10.1111/1467-9868.00196.

    Args:
        path: from `[batch, inputs]` to `[batch, outputs]`.
        branch: likewise; a chain, such as that of `mlp`, whose last layer is linear.

    Raises:
        TypeError: the branch does not end in a linear layer.

    Example:
        >>> import jax
        >>> from latently.networks import Linear, mlp
        >>> keys = jax.random.split(jax.random.key(0))
        >>> layer = BesideLinear(Linear(2, 3, keys[0]), mlp(2, (8,), 3, keys[1]))
        >>> bool((layer(jnp.ones((1, 2))) == layer.path(jnp.ones((1, 2)))).all())
        True
    """

    path: Linear
    branch: Layer

    def __init__(self, path: Linear, branch: Layer) -> None:
        last = branch.layers[-1] if isinstance(branch, Chain) else None
        if not (isinstance(branch, Chain) and isinstance(last, Linear)):
            raise TypeError(f"branch must be a Chain that ends in a Linear layer; got {type(branch).__name__}.")
        silent = eqx.tree_at(lambda layer: layer.weight, last, jnp.zeros_like(last.weight))
        self.path, self.branch = path, Chain((*branch.layers[:-1], silent))

    def __call__(
        self, x: Float[Array, "batch inputs"], key: PRNGKeyArray | None = None
    ) -> Float[Array, "batch outputs"]:
        """The sum of both."""
        return self.path(x) + self.branch(x, key)

    def calibrated(self, x: Float[Array, "batch inputs"]) -> tuple[Self, Float[Array, "batch outputs"]]:
        """The layer whose branch holds the statistics of these rows, and its output."""
        branch, added = self.branch.calibrated(x)
        return eqx.tree_at(lambda layer: layer.branch, self, branch), self.path(x) + added
