"""What a game is asked, compiled once for pieces of a fixed size, so that memory stays bounded."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Literal, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import Jaxpr, jaxprs_in_params
from jaxtyping import Array, Float, Int, Key, PRNGKeyArray, Shaped, UInt32

from latently.abilities import HasAuxiliary
from latently.game import Batch
from latently.probability import Gaussian, Normal, kl_per_dimension
from latently.streams import stream
from latently.training import Kept

INPUT_NUMBERS = 2**21
"""A piece holds about this many numbers of input (or 1024 rows, if that is less)."""
LAYER_NUMBERS = 2**24
"""No layer makes more numbers of a piece than this, which is 64 MB (unless of `LEAST_ROWS`)."""
LEAST_ROWS = 16
MOST_SAMPLES = 1_000_000
"""Draws behind one number: more are hardly meant, and take days."""
KEPT_PROGRAMS = 16
"""Questions that stay compiled."""
MANY_ROWS, LARGE_PIECE = 2**14, 2**12
"""Of so many rows, pieces may be larger."""
_PRIME = 1009

Labels: TypeAlias = Int[Array, "piece"] | Float[Array, "piece classes"] | None
"""The class of each row, -1 where it is for the game to say, or one-hot where all are known; `None` for a game whose
decoder is given no label."""


class Asked:
    """A function of a game that is asked often: the game's arrays are laid out once, not whenever a piece is read.

    The function need not be compiled: one that is would be remembered by JAX for every kind of game.

    What is done to rows before and after is compiled with it. Games that are alike share what is compiled.

    Args:
        function: of a game, of what it reads of a piece of rows, and of labels where there are any.
        game: the game.
        read: from stored arrays, in a tuple, to what the game reads; its arrays may be leaves of a pytree.
        write: from the function's result to what is wanted, likewise.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        game: Any,
        read: Callable[..., Any],
        write: Callable[..., Any] = lambda result: result,
    ) -> None:
        leaves, tree = jax.tree.flatten((game, read, write))
        self._arrays = [leaf if _is_array(leaf) else None for leaf in leaves]
        self._static = _Static(function, tree, tuple(None if _is_array(leaf) else leaf for leaf in leaves))
        self._widest: dict[Any, int] = {}

    def __call__(self, *piece: Any) -> Any:
        """The function's result, written; of the stored arrays of a piece in a tuple, and of labels."""
        return _program(self._static)(self._arrays, *piece)

    def widest_layer(self, *piece: Any) -> int:
        """As `widest_layer` finds it, once for each kind of row."""
        kind = tuple((array.shape[1:], str(array.dtype)) for array in jax.tree.leaves(piece))
        if kind not in self._widest:
            self._widest[kind] = widest_layer(self, *piece)
        return self._widest[kind]


class _Static:
    """What of a question is no array: equal where one compiled program serves."""

    def __init__(self, *parts: Any) -> None:
        self.parts, self._hash = parts, hash(parts)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, _Static) and self._hash == other._hash and self.parts == other.parts)


def _program(static: _Static) -> Callable[..., Any]:
    """What answers a question; those that were not asked for long are forgotten, since each holds memory."""
    program: Callable[..., Any] = _programs.of(static, lambda: jax.jit(partial(_answer, static)))
    return program


_programs: Kept[Any] = Kept(KEPT_PROGRAMS)


def _answer(static: _Static, arrays: list[Any], stored: tuple[Any, ...], *labels: Any) -> Any:
    function, tree, others = static.parts
    leaves = [other if array is None else array for array, other in zip(arrays, others, strict=True)]
    game, read, write = jax.tree.unflatten(tree, leaves)
    return write(function(game, read(stored), *labels))


def _is_array(leaf: Any) -> bool:
    return isinstance(leaf, jax.Array | np.ndarray)


def in_pieces(
    function: Callable[..., Any],
    rows: Any,
    prepare: Callable[[Any], Any] = jnp.asarray,
    labels: Shaped[np.ndarray, "rows ..."] | None = None,
    among: int | None = None,
) -> Any:
    """Apply a compiled function to rows, piece by piece; the last piece is filled up, so that one program serves all.

    While a piece is computed, the next one is read, so that memory holds two of them and the results.

    Args:
        function: from a piece of prepared rows, and of labels where there are any, to one result a row, or several.
            A function that draws its next key whenever it is called is neither `Asked` nor a `partial`, and is not
            looked into.
        rows: an array, or several views; at least one row.
        prepare: from stored rows to what the function takes.
        labels: something beside each row that goes to the function as it is.
        among: how many rows there are in all, where these are a part that begins with a piece: pieces have the size
            that they would have of all.

    Returns:
        One result a row, in order: an array, or a pytree of arrays.
    """
    n = len(rows)

    def piece(start: int, size: int) -> tuple[Any, ...]:
        whole = start + size <= n
        chosen: Any = slice(start, start + size) if whole else np.minimum(np.arange(start, start + size), n - 1)
        return (prepare(rows[chosen]), *(() if labels is None else (jnp.asarray(labels[chosen]),)))

    among = n if among is None else among
    size = piece_rows(among, int(np.prod(rows.shape[1:])))
    if isinstance(function, Asked):  # nothing is drawn, which would hang on the size
        if among == 1:
            size = 1  # somebody waits for it
        elif size == 1024 and among >= MANY_ROWS:
            size = LARGE_PIECE  # matrix products of so many rows are a fourth faster
    first = piece(0, size)
    if size > LEAST_ROWS and isinstance(function, partial | Asked):
        widest = function.widest_layer(*first) if isinstance(function, Asked) else widest_layer(function, *first)
        fewer = 2 ** int(np.log2(max(LEAST_ROWS, LAYER_NUMBERS // max(1, widest))))
        size, first = (fewer, piece(0, fewer)) if fewer < size else (size, first)
    result = function(*first)
    results = jax.tree.map(lambda array: np.empty((n, *array.shape[1:]), array.dtype), result)
    for start in range(0, n, size):
        following = function(*piece(start + size, size)) if start + size < n else None
        jax.tree.map(partial(_put, start), results, result)
        result = following
    return results


def _put(start: int, results: Shaped[np.ndarray, "rows ..."], piece: Any) -> None:
    """Write the results of a piece into those of all rows; what fills up the last one is left out."""
    results[start : start + len(piece)] = np.asarray(piece)[: len(results) - start]


def piece_rows(rows: int, numbers_per_row: int, most_numbers: int = INPUT_NUMBERS) -> int:
    """Rows of a piece: a power of two, so that few programs are compiled, and no more than needed.

    Example:
        >>> piece_rows(60_000, 784), piece_rows(60_000, 65_536), piece_rows(100, 784)
        (1024, 32, 128)
    """
    most = min(1024, max(LEAST_ROWS, most_numbers // max(1, numbers_per_row)))
    return int(min(2 ** int(np.log2(most)), 2 ** int(np.ceil(np.log2(max(LEAST_ROWS, rows))))))


def widest_layer(function: Callable[..., Any], *piece: Any) -> int:
    """How many numbers a row has where a function makes most of it: a generator of images is wider inside than out.

    The function is traced, not run, for a prime number of rows: an array whose size is a multiple of it is made of
    rows, and any other of weights.

    Example:
        >>> def wide_inside(weights, x):
        ...     return (x @ weights).sum(axis=1)
        >>> widest_layer(partial(wide_inside, np.ones((2, 50))), np.ones((16, 2)))
        50
    """
    shapes = jax.tree.map(lambda array: jax.ShapeDtypeStruct((_PRIME, *array.shape[1:]), array.dtype), piece)
    sizes = _sizes(jax.make_jaxpr(function)(*shapes).jaxpr)
    return max((size // _PRIME for size in sizes if size % _PRIME == 0), default=0)


def _sizes(program: Jaxpr) -> Iterator[int]:
    """Of all arrays that a traced program makes."""
    for equation in program.eqns:
        yield from (int(np.prod(getattr(made.aval, "shape", ()))) for made in equation.outvars)
        for inner in jaxprs_in_params(equation.params):
            yield from _sizes(inner)


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


def code_means(game: Any, x: Any, labels: Labels = None) -> Float[Array, "piece latent"]:
    """The mean of q(z|x) of each row."""
    means: Float[Array, "piece latent"] = game.encode(x, label_weights(game, x, labels)).mean
    return means


def reconstructions(game: Any, x: Any, labels: Labels = None) -> Any:
    """Each row, or each of its views, encoded to its mean code and decoded again."""
    y = label_weights(game, x, labels)
    return game.decode(game.encode(x, y).mean, y).mean


@eqx.filter_jit
def code_draws(game: Any, key: PRNGKeyArray, x: Any, labels: Labels = None) -> Float[Array, "piece latent"]:
    """One draw of q(z|x) of each row."""
    y: Any = label_weights(game, x, labels)
    draws: Float[Array, "piece latent"]
    if isinstance(game, HasAuxiliary):
        draws = game.explanation(x, y, lambda q, name: q.sample(stream(key, name))).code
    else:
        draws = game.encode(x, y).sample(key)
    return draws


def data_means(game: Any, z: Float[Array, "piece latent"], y: Float[Array, "piece classes"] | None = None) -> Any:
    """The mean of p(x|z) of each code, or of each view."""
    return game.decode(z, y).mean


@eqx.filter_jit
def data_draws(
    game: Any, key: PRNGKeyArray, z: Float[Array, "piece latent"], y: Float[Array, "piece classes"] | None = None
) -> Any:
    """One draw from p(x|z) of each code."""
    return game.decode(z, y).sample(key)


@eqx.filter_jit
def imputations(
    game: Any, keys: Key[Array, "samples"], key: PRNGKeyArray, x: Float[Array, "piece elements"], labels: Labels = None
) -> tuple[Float[Array, "piece elements"], Float[Array, "piece elements"]]:
    """What is missing of each row, given what is there: the expectation, and a draw.

    Codes are drawn from q(z|what is there) and weighted by p(there|z) p(z) / q(z|there), where these have a density
    (Mattei & Frellsen 2019, MIWAE, arXiv 1812.02633, Equations 12 and 13); a draw is one of them, by these weights.

    Args:
        game: one that reads gaps.
        keys: one a code.
        key: of the choice among codes.
        x: prepared rows, NaN where an element is missing.
        labels: of the rows.
    """
    y = label_weights(game, x, labels)
    q = None if isinstance(game, HasAuxiliary) else game.encode(x, y)
    weighs = getattr(game, "has_densities", False)

    def one(state: Any, keys: tuple[PRNGKeyArray, PRNGKeyArray]) -> tuple[Any, None]:
        total, mean, drawn = state
        of_code, of_choice = keys
        log_weight = jnp.zeros(x.shape[0])
        if q is None:
            _, p, log_ratio = game.explanation(x, y, lambda q, name: q.sample(stream(of_code, name)))
            log_weight = p.log_prob(x) + log_ratio
        else:
            z = q.sample(of_code)
            p = game.decode(z, y)
            if weighs:
                log_weight = p.log_prob(x) + game.prior.log_prob(z) - q.log_prob(z)
        total = jnp.logaddexp(total, log_weight)
        share = jnp.exp(log_weight - total)[:, None]  # of this code among those so far
        taken = jax.random.uniform(of_choice, share.shape) < share
        of_row = p.sample(jax.random.fold_in(of_choice, 1))
        return (total, mean + share * (p.mean - mean), jnp.where(taken, of_row, drawn)), None

    start = jnp.full(x.shape[0], -jnp.inf), jnp.zeros_like(x), jnp.zeros_like(x)
    (_, mean, drawn), _ = jax.lax.scan(one, start, (keys, jax.random.split(key, len(keys))))
    return mean, drawn


def class_probabilities(game: Any, x: Any) -> Float[Array, "piece classes"]:
    """p(y|x) of each row."""
    return jax.nn.softmax(game.class_scores(x))


def label_weights(game: Any, x: Any, labels: Labels) -> Float[Array, "piece classes"] | None:
    """The labels as one-hot weights, the likeliest class standing in where one is unknown."""
    if labels is None or labels.ndim == 2:
        return labels
    likeliest = jnp.argmax(game.class_scores(x), axis=1)
    return jax.nn.one_hot(jnp.where(labels < 0, likeliest, labels), game.n_labels)


def missed(game: Any, x: Any, labels: Labels = None) -> Float[Array, "piece"]:
    """The mean square of what the reconstruction misses of what is there of each row; the mean over its views."""
    y = label_weights(game, x, labels)
    decoded = game.decode(game.encode(x, y).mean, y).mean
    views, present = (x.views, x.has) if isinstance(x, Batch) else ((x,), jnp.ones((x.shape[0], 1), bool))
    means = decoded if isinstance(decoded, tuple) else (decoded,)
    lost = []
    for view, mean in zip(views, means, strict=True):
        there = jnp.isfinite(view).reshape(view.shape[0], -1)
        squares = jnp.where(there, (view - mean).reshape(there.shape) ** 2, 0.0).sum(axis=1)
        lost.append(squares / jnp.maximum(there.sum(axis=1), 1))
    return (jnp.stack(lost, axis=1) * present).sum(axis=1) / jnp.maximum(present.sum(axis=1), 1)


def residuals(game: Any, x: Float[Array, "piece elements"], labels: Labels = None) -> Float[Array, "piece elements"]:
    """What the reconstruction of each row misses, element by element; 0 where nothing is there."""
    y = label_weights(game, x, labels)
    mean = game.decode(game.encode(x, y).mean, y).mean
    return jnp.where(jnp.isfinite(x), x - mean, 0.0)


def divergence(game: Any, x: Any, labels: Labels = None) -> Float[Array, "piece latent"]:
    """KL(q(z_d|x) ‖ p(z_d)) of each row and dimension, in nats."""
    return kl_per_dimension(_posterior(game, x, label_weights(game, x, labels)), game.prior)


@eqx.filter_jit
def likelihood_bound(
    game: Any, kind: Literal["elbo", "importance"], keys: Key[Array, "draws"], x: Any, labels: Labels = None
) -> Float[Array, "piece"]:
    """A lower bound on log p(x) in nats, from k = `len(keys)` draws of q(z|x); with labels, on log p(x|y).

    Rows without a label (-1) are bounded by log Σ_y p(y) exp(bound on log p(x|y)): the classes are equally likely.

    Args:
        game: one that `Bounds`.
        kind: `"elbo"` is the evidence lower bound, a mean over draws in which a divergence with a closed form is exact;
            `"importance"` is log 1/k Σᵢ p(x, zᵢ) / q(zᵢ|x) (arXiv 1509.00519, Equation 8). An auxiliary variable is
            drawn with each code, and is part of both.
        keys: one a draw.
        x: prepared rows.
        labels: of the rows.
    """
    if labels is None or labels.ndim == 2:
        return _bound(game, kind, keys, x, labels)
    each = jax.lax.map(
        lambda label: _bound(game, kind, keys, x, jax.nn.one_hot(jnp.full(x.shape[0], label), game.n_labels)),
        jnp.arange(game.n_labels),
    )
    known = jnp.take_along_axis(each, jnp.maximum(labels, 0)[None], axis=0)[0]
    return jnp.where(labels < 0, jax.nn.logsumexp(each, axis=0) - jnp.log(game.n_labels), known)


def _bound(
    game: Any, kind: str, keys: Key[Array, "draws"], x: Any, y: Float[Array, "piece classes"] | None
) -> Float[Array, "piece"]:
    rows, elbo = _fingerprints(x), kind == "elbo"
    q = None if isinstance(game, HasAuxiliary) else _posterior(game, x, y)
    closed = q if elbo and isinstance(game.prior, Normal) else None

    def one(total: Float[Array, "piece"], key: PRNGKeyArray) -> tuple[Float[Array, "piece"], None]:
        if q is None:
            _, p, log_ratio = game.explanation(x, y, lambda q, name: _draw_each(q, rows, stream(key, name)))
            bound = p.log_prob(x) + log_ratio
        else:
            z = _draw_each(q, rows, key)
            bound = game.decode(z, y).log_prob(x)
            if closed is None:
                bound = bound + game.prior.log_prob(z) - q.log_prob(z)
        return (total + bound if elbo else jnp.logaddexp(total, bound)), None

    total, _ = jax.lax.scan(one, jnp.full(x.shape[0], 0.0 if elbo else -jnp.inf), keys)
    if elbo:
        return total / len(keys) - (0.0 if closed is None else closed.kl(game.prior))
    return total - jnp.log(len(keys))


def _posterior(game: Any, x: Any, y: Float[Array, "piece classes"] | None) -> Gaussian:
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
    bits = jax.lax.bitcast_convert_type(x.reshape(x.shape[0], -1).astype(jnp.float32), jnp.uint32)
    return (bits * jax.random.bits(jax.random.key(0), bits.shape[1:], jnp.uint32)).sum(axis=1, dtype=jnp.uint32)
