"""Adversarial losses on logits, and the gradient penalties that steady a critic."""

import abc
from collections.abc import Callable
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from latently.probability.distribution import sum_event

Critic = Callable[[Array], Array]


class AdversarialLoss(eqx.Module):
    """What a critic and the player that fools it minimise, as means over a batch of the critic's logits.

    The critic minimises `real(logits of real rows) + fake(logits of fake rows)`; its opponent minimises
    `fool(logits of fake rows)`. Logits are raw outputs: no sigmoid or softmax before a loss.
    """

    name: ClassVar[str]

    @abc.abstractmethod
    def real(self, logits: Float[Array, "*shape"]) -> Float[Array, ""]:
        """Small where the critic takes the rows for real."""

    @abc.abstractmethod
    def fake(self, logits: Float[Array, "*shape"]) -> Float[Array, ""]:
        """Small where the critic takes the rows for fake."""

    @abc.abstractmethod
    def fool(self, logits: Float[Array, "*shape"]) -> Float[Array, ""]:
        """Small where the critic takes fake rows for real: the opponent's loss."""


class Logistic(AdversarialLoss):
    """The original loss, with the non-saturating form for the opponent: cross-entropies of `sigmoid(logits)`.

    References:
        Generative Adversarial Networks, Goodfellow et al. 2014, https://arxiv.org/abs/1406.2661 (equation 1, section 3)

    Example:
        >>> import jax.numpy as jnp
        >>> round(float(Logistic().real(jnp.zeros(3))), 4)  # log 2
        0.6931
    """

    name: ClassVar[str] = "logistic"

    def real(self, logits: Float[Array, "*shape"]) -> Float[Array, ""]:
        return jax.nn.softplus(-logits).mean()

    def fake(self, logits: Float[Array, "*shape"]) -> Float[Array, ""]:
        return jax.nn.softplus(logits).mean()

    def fool(self, logits: Float[Array, "*shape"]) -> Float[Array, ""]:
        return self.real(logits)


class LeastSquares(AdversarialLoss):
    """Half the squared distance to 1 for real and to 0 for fake.

    References:
        Least Squares Generative Adversarial Networks, Mao et al. 2016, https://arxiv.org/abs/1611.04076 (equation 9)

    Example:
        >>> import jax.numpy as jnp
        >>> float(LeastSquares().fool(jnp.array([1.0, 0.0])))
        0.25
    """

    name: ClassVar[str] = "least-squares"

    def real(self, logits: Float[Array, "*shape"]) -> Float[Array, ""]:
        return 0.5 * ((logits - 1) ** 2).mean()

    def fake(self, logits: Float[Array, "*shape"]) -> Float[Array, ""]:
        return 0.5 * (logits**2).mean()

    def fool(self, logits: Float[Array, "*shape"]) -> Float[Array, ""]:
        return self.real(logits)


class Hinge(AdversarialLoss):
    """The critic is asked for a margin of one; its opponent for as high a logit as it can get.

    References:
        Geometric GAN, Lim & Ye 2017, https://arxiv.org/abs/1705.02894

    Example:
        >>> import jax.numpy as jnp
        >>> float(Hinge().real(jnp.array([2.0, 0.0])))
        0.5
    """

    name: ClassVar[str] = "hinge"

    def real(self, logits: Float[Array, "*shape"]) -> Float[Array, ""]:
        return jnp.maximum(1 - logits, 0).mean()

    def fake(self, logits: Float[Array, "*shape"]) -> Float[Array, ""]:
        return jnp.maximum(1 + logits, 0).mean()

    def fool(self, logits: Float[Array, "*shape"]) -> Float[Array, ""]:
        return -logits.mean()


logistic = Logistic()
least_squares = LeastSquares()
hinge = Hinge()

ADVERSARIAL_LOSSES: dict[str, AdversarialLoss] = {loss.name: loss for loss in (logistic, least_squares, hinge)}


def r1_penalty(critic: Critic, real: Float[Array, "batch *event"]) -> Float[Array, ""]:
    r"""Mean squared gradient norm at real rows, $E[\|\nabla_x D(x)\|^2]$; γ/2 of the paper is the term's weight.

    Arguments:
        critic: maps rows to logits, one or several a row.
        real: `[batch, *event]`.

    References:
        Which Training Methods for GANs do actually Converge?, Mescheder et al. 2018,
        https://arxiv.org/abs/1801.04406 (equation 9)

    Example:
        >>> import jax.numpy as jnp
        >>> float(r1_penalty(lambda x: x @ jnp.array([3.0, 4.0]), jnp.ones((5, 2))))
        25.0
    """
    return _squared_gradient_norms(critic, real).mean()


def gradient_penalty(
    critic: Critic, real: Float[Array, "batch *event"], fake: Float[Array, "batch *event"], key: PRNGKeyArray
) -> Float[Array, ""]:
    r"""Mean squared distance of the gradient's norm to 1 between real and fake rows, $E[(\|\nabla D(\hat x)\| - 1)^2]$.

    Arguments:
        critic: maps rows to logits, one or several a row.
        real: `[batch, *event]`.
        fake: `[batch, *event]`, paired with `real` row by row.
        key: for the place on the line between each pair, uniform.

    References:
        Improved Training of Wasserstein GANs, Gulrajani et al. 2017, https://arxiv.org/abs/1704.00028 (equation 3)

    Example:
        >>> import jax, jax.numpy as jnp
        >>> critic = lambda x: x @ jnp.array([3.0, 4.0])
        >>> float(gradient_penalty(critic, jnp.ones((5, 2)), jnp.zeros((5, 2)), jax.random.key(0)))
        16.0
    """
    share = jax.random.uniform(key, (real.shape[0],) + (1,) * (real.ndim - 1), real.dtype)
    squared = _squared_gradient_norms(critic, share * real + (1 - share) * fake)
    # The root has no derivative at zero; where the gradient vanishes its norm is held at zero.
    flat = squared == 0
    norms = jnp.where(flat, 0, jnp.sqrt(jnp.where(flat, 1, squared)))
    return ((norms - 1) ** 2).mean()


def _squared_gradient_norms(critic: Critic, x: Float[Array, "batch *event"]) -> Float[Array, "batch"]:
    return sum_event(jax.grad(lambda rows: critic(rows).sum())(x) ** 2)
