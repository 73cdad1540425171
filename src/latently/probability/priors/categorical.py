"""The categorical prior on one-hot codes."""

import math

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from latently.probability.priors.base import Prior


class CategoricalPrior(Prior):
    """One-hot codes, each class as likely as the others; label k is class k.

    Arguments:
        dim: number of classes, the length of a code.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> CategoricalPrior(3).sample(jax.random.key(0), 2, labels=jnp.array([2, 0]), n_labels=3).tolist()
        [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """

    name = "categorical"
    density = "nowhere"

    def log_prob(self, z: Float[Array, "n dim"]) -> Float[Array, "n"]:
        """Log-probability of one-hot codes in nats."""
        return jnp.full(z.shape[0], -math.log(self.dim), z.dtype)

    def responsibilities(self, z: Float[Array, "n dim"], n_labels: int) -> Float[Array, "n n_labels"]:
        """One-hot of the largest element."""
        self.check_labels(n_labels)
        return jax.nn.one_hot(z.argmax(axis=1), self.dim, dtype=z.dtype)

    def support(self) -> tuple[float, float]:
        """Zero and one."""
        return 0.0, 1.0

    def _draw(self, key: PRNGKeyArray, n: int) -> Float[Array, "n dim"]:
        return self._draw_labelled(key, jax.random.randint(key, (n,), 0, self.dim), self.dim)

    def _draw_labelled(self, key: PRNGKeyArray, labels: Int[Array, "n"], n_labels: int) -> Float[Array, "n dim"]:  # noqa: ARG002
        return jax.nn.one_hot(labels, self.dim)

    def _check_regions(self, n_labels: int) -> None:
        if n_labels != self.dim:
            raise ValueError(
                f"a categorical prior has one class per label; got dim={self.dim} and n_labels={n_labels}. "
                f"Use dim={n_labels}."
            )
