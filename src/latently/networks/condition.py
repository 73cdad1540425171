"""What a network that knows more than its row is fed."""

import jax.numpy as jnp
from jaxtyping import Array, Float


def condition(x: Float[Array, "batch ..."], y: Float[Array, "batch facts"]) -> Float[Array, "batch ..."]:
    """What a network that knows y is fed: vectors with y behind them, images with y as constant channels.

    Example:
        >>> import jax.numpy as jnp
        >>> condition(jnp.ones((2, 4, 4, 1)), jnp.eye(2)).shape, condition(jnp.ones((2, 16)), jnp.eye(2)).shape
        ((2, 4, 4, 3), (2, 18))
    """
    if x.ndim == 4:
        planes = jnp.broadcast_to(y[:, None, None, :], (*x.shape[:3], y.shape[1]))
        return jnp.concatenate([x, planes], axis=-1)
    return jnp.concatenate([x.reshape(len(x), -1), y], axis=1)


def cross_condition(x: Float[Array, "rows ..."], y: Float[Array, "k facts"]) -> Float[Array, "crossed ..."]:
    """Every row of x beside every row of y, x by x.

    Example:
        >>> import jax.numpy as jnp
        >>> cross_condition(jnp.array([[7.0], [8.0]]), jnp.eye(2)).tolist()
        [[7.0, 1.0, 0.0], [7.0, 0.0, 1.0], [8.0, 1.0, 0.0], [8.0, 0.0, 1.0]]
    """
    return condition(jnp.repeat(x, len(y), axis=0), jnp.tile(y, (len(x), 1)))
