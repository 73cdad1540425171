"""One code where several experts speak of a row: the product of what each of them says.

References:
    Hinton 2002, Training Products of Experts by Minimizing Contrastive Divergence; Wu & Goodman 2018, Multimodal
    Generative Models for Scalable Weakly-Supervised Learning, arXiv 1802.05335, Section 2.2: the posterior given some
    views is p(z) Πᵥ q̃(z|xᵥ). Here the Gaussian experts have full covariances, so that of linear-Gaussian data the
    product is the posterior itself.
"""

from collections.abc import Callable, Sequence
from typing import Self

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from latently.probability.distribution import Distribution
from latently.probability.likelihoods import Gaussian
from latently.probability.posteriors import Sampled

STEPS = 20
"""Of conjugate gradients: an error of about 1e-3 where the principal components of tables gave the precisions."""


class Experts(eqx.Module):
    r"""Gaussian experts, each in its natural parameters, which add up in a product.

    An expert says of each row an information \(\eta_v\), its precision times its mean, and it has a precision
    \(\Lambda_v = B_v B_v^\top + \mathrm{diag}(\pi_v)\). The product of N(0, s² I) and the experts S has the precision
    \(M = s^{-2} I + \sum_{v \in S} \Lambda_v\) and the mean \(M^{-1} \sum_{v \in S} \eta_v\).

    Args:
        couplings: B of each expert, learned and the same for all rows.

    Example:
        >>> import jax.numpy as jnp
        >>> from latently.probability import Deterministic
        >>> experts = Experts(jnp.stack([jnp.eye(2), 2 * jnp.eye(2)]))
        >>> said = (Deterministic(jnp.full((1, 2), 3.0)), Deterministic(jnp.full((1, 2), 9.0)))
        >>> experts.product(said, jnp.array([[True, True]])).mean.tolist()  # (3 + 9) / (1 + 1 + 4)
        [[2.0, 2.0]]
        >>> experts.product(said, jnp.array([[True, False]])).mean.tolist()  # 3 / (1 + 1)
        [[1.5, 1.5]]
    """

    couplings: Float[Array, "experts latent latent"]

    def product(
        self, said: Sequence[Distribution], shown: Bool[Array, "batch experts"], prior_scale: float = 1.0
    ) -> Distribution:
        """The code of each row, given some of the experts.

        Args:
            said: what each expert says: a distribution of its information; a Gaussian's scale is π^-1/2, else π is 0.
            shown: which experts count, row by row.
            prior_scale: s.

        Returns:
            Of Gaussians the closest Gaussian of independent dimensions: the mean, and the variances 1 / diag(M). Else
            the distribution of the product's mean.
        """
        weights = shown.astype(self.couplings.dtype)
        own = jnp.full((shown.shape[0], self.couplings.shape[1]), prior_scale**-2, weights.dtype)
        gaussians = [q for q in said if isinstance(q, Gaussian)]
        for q, weight in zip(gaussians, weights.T, strict=False):
            own += weight[:, None] * q.scale**-2
        agreed = Agreed(tuple(said), weights, own, self.couplings @ self.couplings.transpose(0, 2, 1))
        return Gaussian(agreed.mean, agreed.diagonal**-0.5) if gaussians else agreed


class Agreed(Sampled):
    """The distribution of M⁻¹ Σ ηᵥ with independent ηᵥ.

    Args:
        parts: the distributions of ηᵥ, each over events `[batch, latent]`.
        weights: 1 for an expert that counts, else 0.
        own: the part of M that is diagonal and the row's own.
        precisions: those of the experts that are the same for all rows.
    """

    parts: tuple[Distribution, ...]
    weights: Float[Array, "batch experts"]
    own: Float[Array, "batch latent"]
    precisions: Float[Array, "experts latent latent"]

    @property
    def mean(self) -> Float[Array, "batch latent"]:
        """M⁻¹ Σ E[ηᵥ]."""
        return self._solved([part.mean for part in self.parts])

    @property
    def diagonal(self) -> Float[Array, "batch latent"]:
        """That of M."""
        diagonal: Float[Array, "batch latent"] = self.own + self.weights @ jnp.diagonal(
            self.precisions, axis1=1, axis2=2
        )
        return diagonal

    def sample(self, key: PRNGKeyArray) -> Float[Array, "batch latent"]:
        """A draw of every part, and what they agree on."""
        keys = jax.random.split(key, len(self.parts))
        return self._solved([part.sample(each) for part, each in zip(self.parts, keys, strict=True)])

    def repeat(self, k: int) -> Self:
        """Each row `k` times."""
        weights, own = (jnp.repeat(each, k, axis=0) for each in (self.weights, self.own))
        return type(self)(tuple(part.repeat(k) for part in self.parts), weights, own, self.precisions)

    def _solved(self, information: list[Float[Array, "batch latent"]]) -> Float[Array, "batch latent"]:
        total = jnp.einsum("ebl,be->bl", jnp.stack(information), self.weights)
        return agreement(self.precisions, self.weights, self.own, total)


@jax.custom_vjp
def agreement(
    precisions: Float[Array, "experts latent latent"],
    weights: Float[Array, "batch experts"],
    own: Float[Array, "batch latent"],
    b: Float[Array, "batch latent"],
) -> Float[Array, "batch latent"]:
    """M⁻¹ b of each row, for M = diag(own) + Σ wᵥ Λᵥ, with the gradient of the exact solution."""

    def times(z: Float[Array, "batch latent"]) -> Float[Array, "batch latent"]:  # M z, without making any M
        each = jnp.einsum("bl,elm->ebm", z, precisions)
        return own * z + jnp.einsum("ebm,be->bm", each, weights)

    return conjugate_gradients(times, b, own + weights @ jnp.diagonal(precisions, axis1=1, axis2=2))


def _agreement_gradients(given: tuple[Array, ...], cotangent: Float[Array, "batch latent"]) -> tuple[Array, ...]:
    """With u = M⁻¹ ∂z, ∂b = u and ∂M = −u zᵀ: M is symmetric."""
    precisions, weights, own, z = given
    u = agreement(precisions, weights, own, cotangent)
    of_precisions = -jnp.einsum("be,bl,bm->elm", weights, u, z)
    of_weights = -jnp.einsum("bl,elm,bm->be", u, precisions, z)
    return of_precisions, of_weights, -u * z, u


def _agreement(*given: Array) -> tuple[Array, tuple[Array, ...]]:
    z = agreement(*given)
    return z, (*given[:-1], z)


agreement.defvjp(_agreement, _agreement_gradients)


def conjugate_gradients(
    times: Callable[[Array], Array], b: Float[Array, "batch latent"], diagonal: Float[Array, "batch latent"]
) -> Float[Array, "batch latent"]:
    """M⁻¹ b of each row, for a symmetric positive M, by conjugate gradients that are preconditioned by its diagonal.

    Args:
        times: gives M z of each row.
        b: what M z has to be.
        diagonal: that of M.
    """

    def step(_: object, state: tuple[Array, ...]) -> tuple[Array, ...]:
        z, left, direction, size = state
        ahead = times(direction)
        length = size / jnp.maximum((direction * ahead).sum(axis=1, keepdims=True), 1e-30)
        z, left = z + length * direction, left - length * ahead
        turned = left / diagonal
        now = (left * turned).sum(axis=1, keepdims=True)
        return z, left, turned + now / jnp.maximum(size, 1e-30) * direction, now

    start = b / diagonal
    state = jnp.zeros_like(b), b, start, (b * start).sum(axis=1, keepdims=True)
    solved: Float[Array, "batch latent"] = jax.lax.fori_loop(0, STEPS, step, state)[0]
    return solved
