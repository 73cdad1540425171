"""What a fitted game can be asked, compiled once for pieces of a fixed size, so that memory stays bounded."""

import itertools
from collections.abc import Callable, Iterator
from numbers import Integral
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key, PRNGKeyArray, UInt32
from sklearn.utils import check_random_state

from latently.networks import Conditional
from latently.probability import Gaussian, Normal, Prior, kl_per_dimension

PIECE_NUMBERS = 2**21
"""A piece holds about this many numbers of input (or 1024 rows, if that is less)."""


def in_pieces(
    function: Callable[[Any], Float[Array, "piece ..."]], rows: Any, prepare: Callable[[Any], Array] = jnp.asarray
) -> Float[np.ndarray, "rows ..."]:
    """Apply a compiled function to rows, piece by piece; the last piece is filled up, so that one program serves all.

    Args:
        function: from a piece of prepared rows to one result a row.
        rows: array-like, at least one row.
        prepare: from stored rows to what the function takes.

    Returns:
        One result a row, in order.
    """
    size = piece_rows(len(rows), int(np.prod(rows.shape[1:])))
    results = []
    for start in range(0, len(rows), size):
        piece = np.asarray(rows[start : start + size])
        missing = size - len(piece)
        filled = np.concatenate([piece, np.repeat(piece[:1], missing, axis=0)]) if missing else piece
        results.append(np.asarray(function(prepare(filled)))[: len(piece)])
    return np.concatenate(results)


def piece_rows(rows: int, numbers_per_row: int) -> int:
    """Rows of a piece: a power of two, so that few programs are compiled, and no more than needed."""
    most = min(1024, max(16, PIECE_NUMBERS // max(1, numbers_per_row)))
    return int(min(2 ** int(np.log2(most)), 2 ** int(np.ceil(np.log2(max(16, rows))))))


@eqx.filter_jit
def mean(conditional: Conditional, given: Float[Array, "piece ..."]) -> Float[Array, "piece ..."]:
    """The mean of each row's distribution."""
    return conditional(given).mean


@eqx.filter_jit
def draw(conditional: Conditional, given: Float[Array, "piece ..."], key: PRNGKeyArray) -> Float[Array, "piece ..."]:
    """One draw from each row's distribution."""
    return conditional(given).sample(key)


@eqx.filter_jit
def divergence(encoder: Conditional, prior: Normal, x: Float[Array, "piece ..."]) -> Float[Array, "piece latent"]:
    """KL(q(z_d|x) ‖ p(z_d)) of each row and dimension, in nats."""
    return kl_per_dimension(_posterior(encoder, x), prior)


@eqx.filter_jit
def evidence_bound(
    encoder: Conditional, decoder: Conditional, prior: Prior, x: Float[Array, "piece ..."], keys: Key[Array, "draws"]
) -> Float[Array, "piece"]:
    """The evidence lower bound in nats, a mean over `len(keys)` draws; a divergence with a closed form is exact."""
    q, rows = _posterior(encoder, x), _fingerprints(x)
    closed = isinstance(prior, Normal)

    def one(total: Float[Array, "piece"], key: PRNGKeyArray) -> tuple[Float[Array, "piece"], None]:
        z = _draw_each(q, rows, key)
        bound = decoder(z).log_prob(x)
        return total + (bound if closed else bound + prior.log_prob(z) - q.log_prob(z)), None

    total, _ = jax.lax.scan(one, jnp.zeros(len(x)), keys)
    return total / len(keys) - (q.kl(prior) if closed else 0.0)


@eqx.filter_jit
def importance_bound(
    encoder: Conditional, decoder: Conditional, prior: Prior, x: Float[Array, "piece ..."], keys: Key[Array, "draws"]
) -> Float[Array, "piece"]:
    """log 1/k Σᵢ p(x, zᵢ) / q(zᵢ|x) in nats with exactly k = `len(keys)` draws (arXiv 1509.00519, Equation 8)."""
    q, rows = _posterior(encoder, x), _fingerprints(x)

    def one(total: Float[Array, "piece"], key: PRNGKeyArray) -> tuple[Float[Array, "piece"], None]:
        z = _draw_each(q, rows, key)
        return jnp.logaddexp(total, decoder(z).log_prob(x) + prior.log_prob(z) - q.log_prob(z)), None

    total, _ = jax.lax.scan(one, jnp.full(len(x), -jnp.inf), keys)
    return total - jnp.log(len(keys))


def _posterior(encoder: Conditional, x: Float[Array, "piece ..."]) -> Gaussian:
    posterior = encoder(x)
    if not isinstance(posterior, Gaussian):
        raise TypeError("bounds and divergences need a Gaussian posterior.")
    return posterior


def _draw_each(q: Gaussian, rows: UInt32[Array, "piece"], key: PRNGKeyArray) -> Float[Array, "piece latent"]:
    """A draw from each row's posterior whose noise hangs on the key and the row alone, not on the rows beside it."""
    keys = jax.vmap(jax.random.fold_in, (None, 0))(key, rows)
    noise = jax.vmap(lambda key: jax.random.normal(key, q.mean.shape[1:], q.mean.dtype))(keys)
    return q.mean + q.scale * noise


def _fingerprints(x: Float[Array, "piece ..."]) -> UInt32[Array, "piece"]:
    """A number for each row, by multilinear hashing of its bits: equal rows have equal ones."""
    bits = jax.lax.bitcast_convert_type(x.reshape(len(x), -1).astype(jnp.float32), jnp.uint32)
    return (bits * jax.random.bits(jax.random.key(0), bits.shape[1:], jnp.uint32)).sum(axis=1, dtype=jnp.uint32)


def seed_of(random_state: int | np.random.RandomState | None) -> int:
    """The seed that scikit-learn's `random_state` stands for."""
    if isinstance(random_state, Integral):
        return int(random_state)
    return int(check_random_state(random_state).randint(2**31 - 1))


def keys_of(random_state: int | np.random.RandomState | None) -> Iterator[PRNGKeyArray]:
    """A key for each piece of rows."""
    key = jax.random.key(seed_of(random_state))
    return (jax.random.fold_in(key, piece) for piece in itertools.count())
