"""The star: a mixture of Gaussians laid out as petals."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from latently.probability.priors.base import Prior, check_pairs, from_pairs, to_pairs


class Star(Prior):
    r"""An equal mixture of K Gaussian petals around the origin, one a label.

    $$z = R(2 \pi k / K) \begin{pmatrix} s + \sigma_r \epsilon_1 \\ \sigma_t \epsilon_2 \end{pmatrix}$$

    In more than two dimensions each pair of dimensions has its own star, and a row is in the same petal of all.

    Arguments:
        dim: length of a code, even.
        petals: K; the number of labels, where labels are used.
        radial: standard deviation along a petal.
        tangential: standard deviation across it.
        shift: distance of a petal's center from the origin.

    Raises:
        ValueError: for an odd `dim`, no petals, a standard deviation that is not positive, or labels that are not
            as many as the petals.

    References:
        Adversarial Autoencoders, Makhzani et al. 2015, https://arxiv.org/abs/1511.05644 (section 2.3)

    Example:
        >>> import jax, jax.numpy as jnp
        >>> prior = Star(2, petals=4, tangential=0.01)
        >>> z = prior.sample(jax.random.key(0), 2, labels=jnp.array([0, 1]), n_labels=4)
        >>> jnp.abs(z).argmax(1).tolist()  # along the first axis, along the second
        [0, 1]
    """

    name = "star"

    petals: int = eqx.field(static=True, default=10)
    radial: float = eqx.field(static=True, default=0.5)
    tangential: float = eqx.field(static=True, default=0.1)
    shift: float = eqx.field(static=True, default=1.4)

    def __check_init__(self) -> None:
        check_pairs(self.dim, 'the prior "star"')
        if self.petals < 1:
            raise ValueError(f"petals must be at least 1; got petals={self.petals}.")
        for name in ("radial", "tangential"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be positive; got {name}={getattr(self, name)!r}.")

    def log_prob(self, z: Float[Array, "n dim"]) -> Float[Array, "n"]:
        """Log-density of the mixture in nats."""
        return jax.nn.logsumexp(self._petal_log_prob(z), axis=1) - math.log(self.petals)

    def responsibilities(self, z: Float[Array, "n dim"], n_labels: int) -> Float[Array, "n n_labels"]:
        """Posterior probability of each petal."""
        self.check_labels(n_labels)
        return jax.nn.softmax(self._petal_log_prob(z), axis=1)

    def support(self) -> tuple[float, float]:
        """The circle that the petals reach at three standard deviations."""
        reach = math.hypot(abs(self.shift) + 3 * self.radial, 3 * self.tangential)
        return -reach, reach

    def _petal_log_prob(self, z: Float[Array, "n dim"]) -> Float[Array, "n petals"]:
        angles = self._angle(jnp.arange(self.petals)).astype(z.dtype)
        cos, sin = jnp.cos(angles), jnp.sin(angles)
        x, y = to_pairs(z)[..., 0, None], to_pairs(z)[..., 1, None]
        along = (x * cos + y * sin - self.shift) / self.radial  # [n, pairs, petals]
        across = (y * cos - x * sin) / self.tangential
        normalization = math.log(2 * math.pi * self.radial * self.tangential)
        return (-0.5 * (along**2 + across**2) - normalization).sum(axis=1)

    def _draw(self, key: PRNGKeyArray, n: int) -> Float[Array, "n dim"]:
        petal_key, key = jax.random.split(key)
        return self._draw_labelled(key, jax.random.randint(petal_key, (n,), 0, self.petals), self.petals)

    def _draw_labelled(self, key: PRNGKeyArray, labels: Int[Array, "n"], n_labels: int) -> Float[Array, "n dim"]:  # noqa: ARG002
        noise = jax.random.normal(key, (labels.shape[0], self.dim // 2, 2))
        along, across = self.shift + self.radial * noise[..., 0], self.tangential * noise[..., 1]
        cos, sin = jnp.cos(self._angle(labels))[:, None], jnp.sin(self._angle(labels))[:, None]
        return from_pairs(jnp.stack([along * cos - across * sin, along * sin + across * cos], axis=-1))

    def _check_regions(self, n_labels: int) -> None:
        if n_labels != self.petals:
            raise ValueError(
                f"a star has one petal per label; got petals={self.petals} and n_labels={n_labels}. "
                f"Use petals={n_labels}."
            )

    def _angle(self, petal: Int[Array, "n"]) -> Float[Array, "n"]:
        return 2 * math.pi / self.petals * petal
