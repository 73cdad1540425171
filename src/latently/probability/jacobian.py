"""How far a network's output moves with its input: the Frobenius norm of its Jacobian."""

from collections.abc import Callable

import jax
from jaxtyping import Array, Float, PRNGKeyArray

from latently.probability.distribution import sum_event


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

    Arguments:
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
