"""What critics learn from: adversarial losses, on their logits, and penalties on how steep they are in their input."""

from collections.abc import Callable
from typing import TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from latently.probability.distribution import sum_event

Critic: TypeAlias = Callable[[Array], Array]
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


def r1_penalty(critic: Critic, real: Float[Array, "batch *event"]) -> Float[Array, ""]:
    r"""Mean squared gradient norm at real rows, $E[\|\nabla_x D(x)\|^2]$; γ/2 of the paper is the term's weight.

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

    Args:
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


def with_jacobian_norm(
    function: Callable[[Float[Array, "batch *event"]], Float[Array, "batch latent"]],
    x: Float[Array, "batch *event"],
    key: PRNGKeyArray,
) -> tuple[Float[Array, "batch latent"], Float[Array, ""]]:
    r"""`function(x)`, and an unbiased estimate of the mean squared Frobenius norm of its Jacobian over the rows.

    $$\|J\|_F^2 = \sum_{ij} \left(\frac{\partial z_j}{\partial x_i}\right)^2 = E_v\, \|v^T J\|^2,
    \quad v_j = \pm 1 \text{ with equal odds}$$

    One backward pass a call (Hutchinson's estimate), whatever the length of a code; the exact norm takes one for each
    dimension of it. The estimate is exact for codes of one dimension, or where the rows of J are orthogonal. Where a
    batch norm ties the rows of a batch to each other, it counts the derivatives by the other rows, too.

    Args:
        function: a map from a batch to a batch, of any depth.
        x: `[batch, *event]`.
        key: for the signs v, drawn for each row anew.

    Returns:
        The output, `[batch, latent]`, and a scalar.

    References:
        A Stochastic Estimator of the Trace of the Influence Matrix, Hutchinson 1990,
        https://doi.org/10.1080/03610919008812866

    Example:
        >>> import jax, jax.numpy as jnp
        >>> z, norm = with_jacobian_norm(lambda x: x @ jnp.array([[3.0], [4.0]]), jnp.ones((5, 2)), jax.random.key(0))
        >>> float(norm)
        25.0
    """
    z, pullback = jax.vjp(function, x)
    (moved,) = pullback(jax.random.rademacher(key, z.shape, z.dtype))
    return z, sum_event(moved**2).mean()
