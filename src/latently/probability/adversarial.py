"""Adversarial losses, on a critic's logits."""

from collections.abc import Callable
from typing import TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

LossOfLogits: TypeAlias = Callable[[Float[Array, "*shape"]], Float[Array, ""]]


class AdversarialLoss(eqx.Module):
    """What a critic and the player that fools it minimise, as means over a batch of the critic's logits.

    The critic minimises `real(logits of real rows) + fake(logits of fake rows)`; its opponent minimises
    `fool(logits of fake rows)`. Logits are raw outputs: no sigmoid or softmax before a loss.

    Attributes:
        name: what a user calls it.
        real: small where the critic takes the rows for real.
        fake: small where the critic takes the rows for fake.
        fool: small where the critic takes fake rows for real: the opponent's loss.

    Example:
        >>> import jax.numpy as jnp
        >>> round(float(logistic.real(jnp.zeros(3))), 4)  # log 2
        0.6931
    """

    name: str = eqx.field(static=True)
    real: LossOfLogits = eqx.field(static=True)
    fake: LossOfLogits = eqx.field(static=True)
    fool: LossOfLogits = eqx.field(static=True)


logistic = AdversarialLoss(
    "logistic",
    real=lambda logits: jax.nn.softplus(-logits).mean(),
    fake=lambda logits: jax.nn.softplus(logits).mean(),
    fool=lambda logits: jax.nn.softplus(-logits).mean(),
)
"""Cross-entropies of `sigmoid(logits)`, in the non-saturating form for the opponent: Generative Adversarial Networks,
Goodfellow et al. 2014, https://arxiv.org/abs/1406.2661 (equation 1, section 3)."""

least_squares = AdversarialLoss(
    "least-squares",
    real=lambda logits: 0.5 * ((logits - 1) ** 2).mean(),
    fake=lambda logits: 0.5 * (logits**2).mean(),
    fool=lambda logits: 0.5 * ((logits - 1) ** 2).mean(),
)
"""Half the squared distance to 1 for real and to 0 for fake: Least Squares Generative Adversarial Networks, Mao et al.
2016, https://arxiv.org/abs/1611.04076 (equation 9)."""

hinge = AdversarialLoss(
    "hinge",
    real=lambda logits: jnp.maximum(1 - logits, 0).mean(),
    fake=lambda logits: jnp.maximum(1 + logits, 0).mean(),
    fool=lambda logits: -logits.mean(),
)
"""The critic is asked for a margin of one, its opponent for as high a logit as it can get: Geometric GAN, Lim & Ye
2017, https://arxiv.org/abs/1705.02894."""

ADVERSARIAL_LOSSES: dict[str, AdversarialLoss] = {loss.name: loss for loss in (logistic, least_squares, hinge)}
