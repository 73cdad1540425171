"""Consistency: the classes of a row stay what they are when the row is moved a little, in the worst direction.

References:
    Miyato et al. 2017, Virtual Adversarial Training, arXiv 1704.03976: the local distributional smoothness (Equations 5
    and 6) and its worst direction (Section 3.3).
    Hu et al. 2017, Learning Discrete Representations via Information Maximizing Self-Augmented Training, arXiv
    1702.08720: the information between rows and clusters that goes with it where there are no labels (Equation 7).
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from latently.streams import stream

_LEAST = 1e-30  # of what is no zero
Logits = Callable[[Float[Array, "batch ..."], PRNGKeyArray], Float[Array, "batch classes"]]


class Consistency(NamedTuple):
    """How much a game asks for consistency.

    Attributes:
        weight: of the term beside the others.
        radius: how far each row is moved, as the Euclidean length of the move, in the units in which networks read it.
    """

    weight: float
    radius: float


def inconsistency(
    logits: Logits, x: Float[Array, "batch ..."], radius: float, key: PRNGKeyArray
) -> tuple[Float[Array, ""], Float[Array, "batch classes"]]:
    """KL(q(y|x) ‖ q(y|x + r)), the mean over rows, and the logits of q(y|x).

    r is the move of length `radius` that changes q(y|x) most. Near x the divergence is half of rᵀ H r, with
    H = Jᵀ(diag(q) − q qᵀ)J and J the Jacobian of the logits. One step of the power iteration from a random direction
    gives r (Section 3.3); H times a direction is exact here, where the paper takes a finite difference. Neither the
    first q(y|x) nor r is differentiated.

    Args:
        logits: of the classes of rows, in training: their noise is another one after the move.
        x: rows.
        radius: the length of r.
        key: of the round.

    Example:
        Where one class is log-odds of 3 to 4, the worst move is along (3, 4).

        >>> line = lambda x, key: jnp.stack([x @ jnp.array([3.0, 4.0]), jnp.zeros(len(x))], axis=1)
        >>> round(float(inconsistency(line, jnp.zeros((1, 2)), 0.2, jax.random.key(0))[0]), 3)
        0.12
    """
    x = jax.lax.stop_gradient(x)
    scores, along = jax.linearize(lambda x: logits(x, stream(key, "row")), x)
    q = jax.lax.stop_gradient(jax.nn.softmax(scores))
    change = along(_of_length(jax.random.normal(stream(key, "direction"), x.shape, x.dtype), 1.0))
    (steepest,) = jax.linear_transpose(along, x)(q * (change - (q * change).sum(axis=1, keepdims=True)))
    moved = logits(x + jax.lax.stop_gradient(_of_length(steepest, radius)), stream(key, "moved row"))
    log_q = jax.nn.log_softmax(jax.lax.stop_gradient(scores))
    return (q * (log_q - jax.nn.log_softmax(moved))).sum(axis=1).mean(), scores


def uninformativeness(logits: Float[Array, "batch classes"]) -> Float[Array, ""]:
    """−I(x; y) = H(y|x) − H(y) of a batch, in nats: lowest where all classes are used, and each row is sure of one."""
    q, log_q = jax.nn.softmax(logits), jax.nn.log_softmax(logits)
    shares = q.mean(axis=0)
    return -(q * log_q).sum(axis=1).mean() + (shares * jnp.log(shares + 1e-12)).sum()


def _of_length(moves: Float[Array, "batch ..."], length: float) -> Float[Array, "batch ..."]:
    axes = tuple(range(1, moves.ndim))
    largest = abs(moves).max(axis=axes, keepdims=True)  # squares of small numbers would be none
    moves = moves / jnp.maximum(largest, _LEAST)
    return length * moves / jnp.sqrt((moves**2).sum(axis=axes, keepdims=True) + 1e-12)
