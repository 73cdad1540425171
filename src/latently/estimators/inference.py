"""What a fitted game can be asked, compiled once for pieces of a fixed size, so that memory stays bounded."""

import itertools
from collections.abc import Callable, Iterator
from numbers import Integral
from typing import Any, Protocol, TypeAlias, runtime_checkable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key, PRNGKeyArray, Shaped, UInt32
from sklearn.utils import check_random_state

from latently.estimators.pieces import fewer_rows, piece_rows
from latently.probability import Distribution, Gaussian, Normal, Prior, kl_per_dimension


def in_pieces(
    function: Callable[..., Float[Array, "piece ..."]],
    rows: Any,
    prepare: Callable[[Any], Any] = jnp.asarray,
    labels: Shaped[np.ndarray, "rows ..."] | None = None,
) -> Float[np.ndarray, "rows ..."]:
    """Apply a compiled function to rows, piece by piece; the last piece is filled up, so that one program serves all.

    Args:
        function: from a piece of prepared rows, and of labels where there are any, to one result a row.
        rows: an array, or several views; at least one row.
        prepare: from stored rows to what the function takes.
        labels: something beside each row that goes to the function as it is.

    Returns:
        One result a row, in order.
    """
    results: Float[np.ndarray, "rows ..."] = all_in_pieces(function, rows, prepare, labels)
    return results


def all_in_pieces(
    function: Callable[..., Any],
    rows: Any,
    prepare: Callable[[Any], Any] = jnp.asarray,
    labels: Shaped[np.ndarray, "rows ..."] | None = None,
) -> Any:
    """As `in_pieces`, for a function that gives several arrays."""

    def piece(start: int, size: int) -> tuple[Any, ...]:
        chosen = np.minimum(np.arange(start, start + size), len(rows) - 1)
        return (prepare(rows[chosen]), *(() if labels is None else (jnp.asarray(labels[chosen]),)))

    size = piece_rows(len(rows), int(np.prod(rows.shape[1:])))
    first = piece(0, size)
    fewer = fewer_rows(size, function, *first)
    if fewer < size:
        size, first = fewer, piece(0, fewer)
    results = []
    for start in range(0, len(rows), size):
        result = function(*(piece(start, size) if start else first))
        results.append(jax.tree.map(lambda array: np.asarray(array)[: len(rows) - start], result))  # noqa: B023
    return jax.tree.map(lambda *arrays: np.concatenate(arrays), *results)


def regroup(data: Any, *groups: int) -> Any:
    """Rows, or name → rows, laid out in groups of groups.

    Args:
        data: `[n, *row]`, or several such by name.
        groups: sizes whose product is n.

    Example:
        >>> regroup({"left": np.zeros((6, 4))}, 2, 3)["left"].shape
        (2, 3, 4)
    """
    if isinstance(data, dict):
        return {name: regroup(rows, *groups) for name, rows in data.items()}
    return data.reshape(*groups, *data.shape[1:])


@runtime_checkable
class GenerativeGame(Protocol):
    """What the estimators ask of a fitted game. Where the decoder is given a label, y is one-hot, `[batch, classes]`.

    Such a game also has `n_labels`, and `class_scores(x)`: how well each class explains x, as logits.
    """

    prior: Prior

    def decode(self, z: Float[Array, "batch latent"], y: Any = None) -> Any:
        """p(x|z), or p(x|y, z): a distribution, or a joint one of several views."""
        ...


@runtime_checkable
class LatentGame(GenerativeGame, Protocol):
    """A game that gives codes for data, too."""

    def encode(self, x: Any, y: Any = None) -> Distribution:
        """q(z|x), or q(z|x, y); of several views, x is a tuple."""
        ...


Labels: TypeAlias = Int[Array, "piece"] | Float[Array, "piece classes"] | None
"""The class of each row, -1 where it is for the game to say, or one-hot where all are known; `None` for a game whose
decoder is given no label."""


@eqx.filter_jit
def code_means(game: LatentGame, x: Any, labels: Labels = None) -> Float[Array, "piece latent"]:
    """The mean of q(z|x) of each row."""
    return game.encode(x, label_weights(game, x, labels)).mean


@eqx.filter_jit
def code_draws(game: LatentGame, key: PRNGKeyArray, x: Any, labels: Labels = None) -> Float[Array, "piece latent"]:
    """One draw of q(z|x) of each row."""
    return game.encode(x, label_weights(game, x, labels)).sample(key)


@eqx.filter_jit
def data_means(
    game: GenerativeGame, z: Float[Array, "piece latent"], y: Float[Array, "piece classes"] | None = None
) -> Any:
    """The mean of p(x|z) of each code, or of each view."""
    return game.decode(z, y).mean


@eqx.filter_jit
def class_probabilities(game: Any, x: Float[Array, "piece ..."]) -> Float[Array, "piece classes"]:
    """p(y|x) of each row."""
    return jax.nn.softmax(game.class_scores(x))


@eqx.filter_jit
def known_weights(game: Any, x: Float[Array, "piece ..."], labels: Labels) -> Float[Array, "piece classes"]:
    """The labels as one-hot weights, of rows that have them."""
    weights = label_weights(game, x, labels)
    if weights is None:
        raise TypeError("labels must not be None here.")
    return weights


def label_weights(game: Any, x: Any, labels: Labels) -> Float[Array, "piece classes"] | None:
    """The labels as one-hot weights, the likeliest class standing in where one is unknown."""
    if labels is None or labels.ndim == 2:
        return labels
    likeliest = jnp.argmax(game.class_scores(x), axis=1)
    return jax.nn.one_hot(jnp.where(labels < 0, likeliest, labels), game.n_labels)


@eqx.filter_jit
def divergence(game: Any, x: Float[Array, "piece ..."], labels: Labels = None) -> Float[Array, "piece latent"]:
    """KL(q(z_d|x) ‖ p(z_d)) of each row and dimension, in nats."""
    return kl_per_dimension(_posterior(game, x, label_weights(game, x, labels)), game.prior)


@eqx.filter_jit
def evidence_bound(
    game: Any, keys: Key[Array, "draws"], x: Float[Array, "piece ..."], labels: Labels = None
) -> Float[Array, "piece"]:
    """The evidence lower bound in nats, a mean over `len(keys)` draws; a divergence with a closed form is exact.

    With labels, it bounds log p(x|y); rows without one (-1) are bounded by log Σ_y p(y) exp(bound on log p(x|y)), in
    which the classes are equally likely.
    """
    return _over_labels(_evidence_bound, game, keys, x, labels)


@eqx.filter_jit
def importance_bound(
    game: Any, keys: Key[Array, "draws"], x: Float[Array, "piece ..."], labels: Labels = None
) -> Float[Array, "piece"]:
    """log 1/k Σᵢ p(x, zᵢ) / q(zᵢ|x) in nats with exactly k = `len(keys)` draws (arXiv 1509.00519, Equation 8).

    Labels as for `evidence_bound`.
    """
    return _over_labels(_importance_bound, game, keys, x, labels)


def _over_labels(
    bound: Callable[..., Float[Array, "piece"]],
    game: Any,
    keys: Key[Array, "draws"],
    x: Float[Array, "piece ..."],
    labels: Labels,
) -> Float[Array, "piece"]:
    if labels is None or labels.ndim == 2:
        return bound(game, keys, x, labels)
    each = jax.lax.map(
        lambda label: bound(game, keys, x, jax.nn.one_hot(jnp.full(len(x), label), game.n_labels)),
        jnp.arange(game.n_labels),
    )
    known = jnp.take_along_axis(each, jnp.maximum(labels, 0)[None], axis=0)[0]
    return jnp.where(labels < 0, jax.nn.logsumexp(each, axis=0) - jnp.log(game.n_labels), known)


def _evidence_bound(
    game: Any, keys: Key[Array, "draws"], x: Float[Array, "piece ..."], y: Float[Array, "piece classes"] | None
) -> Float[Array, "piece"]:
    q, rows = _posterior(game, x, y), _fingerprints(x)
    closed = isinstance(game.prior, Normal)

    def one(total: Float[Array, "piece"], key: PRNGKeyArray) -> tuple[Float[Array, "piece"], None]:
        z = _draw_each(q, rows, key)
        bound = game.decode(z, y).log_prob(x)
        return total + (bound if closed else bound + game.prior.log_prob(z) - q.log_prob(z)), None

    total, _ = jax.lax.scan(one, jnp.zeros(len(x)), keys)
    return total / len(keys) - (q.kl(game.prior) if closed else 0.0)


def _importance_bound(
    game: Any, keys: Key[Array, "draws"], x: Float[Array, "piece ..."], y: Float[Array, "piece classes"] | None
) -> Float[Array, "piece"]:
    q, rows = _posterior(game, x, y), _fingerprints(x)

    def one(total: Float[Array, "piece"], key: PRNGKeyArray) -> tuple[Float[Array, "piece"], None]:
        z = _draw_each(q, rows, key)
        return jnp.logaddexp(total, game.decode(z, y).log_prob(x) + game.prior.log_prob(z) - q.log_prob(z)), None

    total, _ = jax.lax.scan(one, jnp.full(len(x), -jnp.inf), keys)
    return total - jnp.log(len(keys))


def _posterior(game: Any, x: Float[Array, "piece ..."], y: Float[Array, "piece classes"] | None) -> Gaussian:
    posterior = game.encode(x, y)
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
