"""Priors in several pieces, one a label: the star, a mixture at given places, one-hot codes."""

import abc
import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from latently.probability.priors.base import Prior, check_pairs, from_pairs, to_pairs


class EqualMixture(Prior):
    """Components that are equally likely, one a label."""

    @property
    @abc.abstractmethod
    def components(self) -> int:
        """K, how many there are."""

    @abc.abstractmethod
    def _component_log_prob(self, z: Float[Array, "n dim"]) -> Float[Array, "n components"]:
        """Log-density of each component in nats."""

    def log_prob(self, z: Float[Array, "n dim"]) -> Float[Array, "n"]:
        """Log-density of the mixture in nats."""
        return jax.nn.logsumexp(self._component_log_prob(z), axis=1) - math.log(self.components)

    def responsibilities(self, z: Float[Array, "n dim"], n_labels: int) -> Float[Array, "n n_labels"]:
        """Posterior probability of each component."""
        self.check_labels(n_labels)
        return jax.nn.softmax(self._component_log_prob(z), axis=1)

    def _draw(self, key: PRNGKeyArray, n: int) -> Float[Array, "n dim"]:
        component_key, key = jax.random.split(key)
        return self._draw_labelled(key, jax.random.randint(component_key, (n,), 0, self.components), self.components)


class Star(EqualMixture):
    r"""An equal mixture of K Gaussian petals around the origin, one a label.

    $$z = R(2 \pi k / K) \begin{pmatrix} s + \sigma_r \epsilon_1 \\ \sigma_t \epsilon_2 \end{pmatrix}$$

    In more than two dimensions each pair of dimensions has its own star, and a row is in the same petal of all.

    Args:
        dim: length of a code, even.
        petals: K; the number of labels, where labels are used.
        radial: standard deviation along a petal.
        tangential: standard deviation across it.
        shift: distance of a petal's center from the origin.

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
        check_pairs(self.dim, "{prior=star}")
        if self.petals < 1:
            raise ValueError(f"petals must be at least 1; got petals={self.petals}.")
        for name in ("radial", "tangential"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be positive; got {name}={getattr(self, name)!r}.")

    @property
    def components(self) -> int:
        """The petals."""
        return self.petals

    def support(self) -> tuple[float, float]:
        """The circle that the petals reach at three standard deviations."""
        reach = math.hypot(abs(self.shift) + 3 * self.radial, 3 * self.tangential)
        return -reach, reach

    def _component_log_prob(self, z: Float[Array, "n dim"]) -> Float[Array, "n petals"]:
        angles = self._angle(jnp.arange(self.petals)).astype(z.dtype)
        cos, sin = jnp.cos(angles), jnp.sin(angles)
        x, y = to_pairs(z)[..., 0, None], to_pairs(z)[..., 1, None]
        along = (x * cos + y * sin - self.shift) / self.radial  # [n, pairs, petals]
        across = (y * cos - x * sin) / self.tangential
        normalization = math.log(2 * math.pi * self.radial * self.tangential)
        return (-0.5 * (along**2 + across**2) - normalization).sum(axis=1)

    def _draw_labelled(self, key: PRNGKeyArray, labels: Int[Array, "n"], n_labels: int) -> Float[Array, "n dim"]:  # noqa: ARG002
        noise = jax.random.normal(key, (labels.shape[0], self.dim // 2, 2))
        along, across = self.shift + self.radial * noise[..., 0], self.tangential * noise[..., 1]
        cos, sin = jnp.cos(self._angle(labels))[:, None], jnp.sin(self._angle(labels))[:, None]
        return from_pairs(jnp.stack([along * cos - across * sin, along * sin + across * cos], axis=-1))

    def _check_regions(self, n_labels: int) -> None:
        if n_labels != self.petals:
            got = f"got petals={self.petals} and n_labels={n_labels}. Use petals={n_labels}."
            raise ValueError(f"a star has one petal per label; {got}")

    def _angle(self, petal: Int[Array, "n"]) -> Float[Array, "n"]:
        return 2 * math.pi / self.petals * petal


class Mixture(EqualMixture):
    r"""An equal mixture of K Gaussians $N(c_k, \sigma^2 I)$, one a label.

    Args:
        dim: length of a code.
        centers: c, K tuples of `dim` numbers.
        scale: σ, the standard deviation of each.

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

    @property
    def components(self) -> int:
        """The places."""
        return len(self.centers)

    def support(self) -> tuple[float, float]:
        """From the lowest to the highest center, three standard deviations beyond."""
        numbers = [number for center in self.centers for number in center]
        return min(numbers) - 3 * self.scale, max(numbers) + 3 * self.scale

    def _component_log_prob(self, z: Float[Array, "n dim"]) -> Float[Array, "n components"]:
        squared = (((z[:, None] - jnp.asarray(self.centers, z.dtype)) / self.scale) ** 2).sum(axis=2)
        return -0.5 * squared - self.dim * (math.log(self.scale) + 0.5 * math.log(2 * math.pi))

    def _draw_labelled(self, key: PRNGKeyArray, labels: Int[Array, "n"], n_labels: int) -> Float[Array, "n dim"]:  # noqa: ARG002
        centers = jnp.asarray(self.centers)[labels]
        return centers + self.scale * jax.random.normal(key, centers.shape)

    def _check_regions(self, n_labels: int) -> None:
        if n_labels != len(self.centers):
            raise ValueError(
                f"a mixture has one component per label; got {len(self.centers)} centers and n_labels={n_labels}."
            )


class CategoricalPrior(Prior):
    """One-hot codes, each class as likely as the others; label k is class k.

    Args:
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
            got = f"got dim={self.dim} and n_labels={n_labels}. Use dim={n_labels}."
            raise ValueError(f"a categorical prior has one class per label; {got}")
