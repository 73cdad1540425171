"""An equal mixture of round Gaussians at given places."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from latently.probability.priors.base import Prior


class Mixture(Prior):
    r"""An equal mixture of K Gaussians $N(c_k, \sigma^2 I)$, one a label.

    Arguments:
        dim: length of a code.
        centers: c, K tuples of `dim` numbers.
        scale: σ, the standard deviation of each.

    Raises:
        ValueError: there are no centers, one is not of length `dim`, or the scale is not positive.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> prior = Mixture(2, centers=((0.0, 0.0), (9.0, 0.0)), scale=0.1)
        >>> z = prior.sample(jax.random.key(0), 2, labels=jnp.array([1, 0]), n_labels=2)
        >>> prior.responsibilities(z, 2).argmax(1).tolist()
        [1, 0]
    """

    name = "mixture"

    centers: tuple[tuple[float, ...], ...] = eqx.field(
        static=True, default=(), converter=lambda centers: tuple(tuple(float(each) for each in c) for c in centers)
    )
    scale: float = eqx.field(static=True, default=1.0)

    def __check_init__(self) -> None:
        if not self.centers or any(len(center) != self.dim for center in self.centers):
            raise ValueError(f"centers must be one or more places of dim={self.dim} numbers; got {self.centers!r}.")
        if not self.scale > 0:
            raise ValueError(f"scale must be positive; got scale={self.scale!r}.")

    def log_prob(self, z: Float[Array, "n dim"]) -> Float[Array, "n"]:
        """Log-density of the mixture in nats."""
        return jax.nn.logsumexp(self._component_log_prob(z), axis=1) - math.log(len(self.centers))

    def responsibilities(self, z: Float[Array, "n dim"], n_labels: int) -> Float[Array, "n n_labels"]:
        """Posterior probability of each component."""
        self.check_labels(n_labels)
        return jax.nn.softmax(self._component_log_prob(z), axis=1)

    def support(self) -> tuple[float, float]:
        """From the lowest to the highest center, three standard deviations beyond."""
        numbers = [number for center in self.centers for number in center]
        return min(numbers) - 3 * self.scale, max(numbers) + 3 * self.scale

    def _component_log_prob(self, z: Float[Array, "n dim"]) -> Float[Array, "n components"]:
        squared = (((z[:, None] - jnp.asarray(self.centers, z.dtype)) / self.scale) ** 2).sum(axis=2)
        return -0.5 * squared - self.dim * (math.log(self.scale) + 0.5 * math.log(2 * math.pi))

    def _draw(self, key: PRNGKeyArray, n: int) -> Float[Array, "n dim"]:
        component_key, key = jax.random.split(key)
        components = jax.random.randint(component_key, (n,), 0, len(self.centers))
        return self._draw_labelled(key, components, len(self.centers))

    def _draw_labelled(self, key: PRNGKeyArray, labels: Int[Array, "n"], n_labels: int) -> Float[Array, "n dim"]:  # noqa: ARG002
        centers = jnp.asarray(self.centers)[labels]
        return centers + self.scale * jax.random.normal(key, centers.shape)

    def _check_regions(self, n_labels: int) -> None:
        if n_labels != len(self.centers):
            raise ValueError(
                f"a mixture has one component per label; got {len(self.centers)} centers and n_labels={n_labels}."
            )
