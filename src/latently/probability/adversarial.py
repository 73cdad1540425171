"""Adversarial losses, on a critic's logits."""

import abc
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


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
        """Small where the critic takes the rows for real."""
        return jax.nn.softplus(-logits).mean()

    def fake(self, logits: Float[Array, "*shape"]) -> Float[Array, ""]:
        """Small where the critic takes the rows for fake."""
        return jax.nn.softplus(logits).mean()

    def fool(self, logits: Float[Array, "*shape"]) -> Float[Array, ""]:
        """Small where the critic takes fake rows for real."""
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
        """Small where the critic takes the rows for real."""
        return 0.5 * ((logits - 1) ** 2).mean()

    def fake(self, logits: Float[Array, "*shape"]) -> Float[Array, ""]:
        """Small where the critic takes the rows for fake."""
        return 0.5 * (logits**2).mean()

    def fool(self, logits: Float[Array, "*shape"]) -> Float[Array, ""]:
        """Small where the critic takes fake rows for real."""
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
        """Small where the critic takes the rows for real."""
        return jnp.maximum(1 - logits, 0).mean()

    def fake(self, logits: Float[Array, "*shape"]) -> Float[Array, ""]:
        """Small where the critic takes the rows for fake."""
        return jnp.maximum(1 + logits, 0).mean()

    def fool(self, logits: Float[Array, "*shape"]) -> Float[Array, ""]:
        """Small where the critic takes fake rows for real."""
        return -logits.mean()


logistic = Logistic()
least_squares = LeastSquares()
hinge = Hinge()

ADVERSARIAL_LOSSES: dict[str, AdversarialLoss] = {loss.name: loss for loss in (logistic, least_squares, hinge)}
