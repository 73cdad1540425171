"""Priors on a curve in the plane: the swiss roll and the S-curve."""

import abc
import math
from typing import NoReturn

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from latently.errors import setting
from latently.probability.priors.base import Prior, check_pairs, from_pairs, nearest_region, to_pairs

SEARCH_POINTS = 256  # points of the whole curve among which the nearest is first looked for
REFINEMENTS = 5  # Gauss-Newton steps from there


class CurvePrior(Prior):
    """A curve c(t(u)) in the plane with u uniform on [0, 1]; label k has the segment k/K ≤ u < (k + 1)/K.

    In more than two dimensions each pair of dimensions is a point of the curve; the points of a row are independent,
    but for the segment that its label gives them all.
    """

    density = "nowhere"

    def __check_init__(self) -> None:
        check_pairs(self.dim, setting("prior", self.name))

    @abc.abstractmethod
    def _parameter(self, u: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        """t(u), a parameter in which the curve is smooth."""

    @abc.abstractmethod
    def _point(self, t: Float[Array, "*shape"]) -> Float[Array, "*shape 2"]:
        """c(t)."""

    def log_prob(self, z: Float[Array, "n dim"]) -> NoReturn:
        """A curve has no density in the plane: this raises."""
        raise NotImplementedError(
            f'the prior "{self.name}" lives on a curve and has no density; compare samples with it, '
            'or use the prior "normal", "uniform" or "star".'
        )

    def responsibilities(self, z: Float[Array, "n dim"], n_labels: int) -> Float[Array, "n n_labels"]:
        """One-hot of the segment nearest to a code in all pairs together."""
        self.check_labels(n_labels)
        edges = self._parameter(jnp.arange(n_labels + 1, dtype=z.dtype) / n_labels)
        start, end = edges[:-1], edges[1:]
        # The nearest of some points of each segment, then steps along the tangent that stay within the segment.
        share = jnp.linspace(0, 1, max(8, SEARCH_POINTS // n_labels), dtype=z.dtype)
        trial = start[:, None] + (end - start)[:, None] * share  # [n_labels, points]
        target = to_pairs(z)[:, :, None, :]  # [n, pairs, 1, 2]
        distances = ((target[..., None, :] - self._point(trial)) ** 2).sum(axis=-1)  # [n, pairs, n_labels, points]
        t = jnp.take_along_axis(trial[None, None], distances.argmin(axis=-1, keepdims=True), axis=-1)[..., 0]

        def refine(found: tuple[Array, Array], _: None) -> tuple[tuple[Array, Array], None]:
            t, closest = found
            point, tangent = jax.jvp(self._point, (t,), (jnp.ones_like(t),))
            step = ((target - point) * tangent).sum(axis=-1) / (tangent**2).sum(axis=-1)
            t = jnp.clip(t + step, start, end)
            return (t, jnp.minimum(closest, ((target - self._point(t)) ** 2).sum(axis=-1))), None

        (_, closest), _ = jax.lax.scan(refine, (t, distances.min(axis=-1)), length=REFINEMENTS)
        return nearest_region(closest)

    def _draw(self, key: PRNGKeyArray, n: int) -> Float[Array, "n dim"]:
        return self._draw_labelled(key, jnp.zeros(n, int), 1)

    def _draw_labelled(self, key: PRNGKeyArray, labels: Int[Array, "n"], n_labels: int) -> Float[Array, "n dim"]:
        u = (jax.random.uniform(key, (labels.shape[0], self.dim // 2)) + labels[:, None]) / n_labels
        return from_pairs(self._point(self._parameter(u)))


class SwissRoll(CurvePrior):
    r"""Two turns of a spiral: radius $3 \sqrt u$, angle $4 \pi \sqrt u$.

    Args:
        dim: length of a code, even.

    References:
        Adversarial Autoencoders, Makhzani et al. 2015, https://arxiv.org/abs/1511.05644 (section 2.3)
    """

    name = "swiss-roll"

    def support(self) -> tuple[float, float]:
        """The circle around the roll."""
        return -3.0, 3.0

    def _parameter(self, u: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        return jnp.sqrt(u)

    def _point(self, t: Float[Array, "*shape"]) -> Float[Array, "*shape 2"]:
        radius, angle = 3 * t, 4 * math.pi * t
        return jnp.stack([radius * jnp.cos(angle), radius * jnp.sin(angle)], axis=-1)


class SCurve(CurvePrior):
    r"""The letter S: with $t = 3 \pi (u - \frac12)$, the point $(\sin t, \operatorname{sign}(t) (\cos t - 1))$.

    Args:
        dim: length of a code, even.
    """

    name = "s-curve"

    def support(self) -> tuple[float, float]:
        """The letter's height."""
        return -2.0, 2.0

    def _parameter(self, u: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        return 3 * math.pi * (u - 0.5)

    def _point(self, t: Float[Array, "*shape"]) -> Float[Array, "*shape 2"]:
        return jnp.stack([jnp.sin(t), jnp.sign(t) * (jnp.cos(t) - 1)], axis=-1)
