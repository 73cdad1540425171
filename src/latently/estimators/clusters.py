"""Where clusters begin: at those of a Gaussian mixture on the first principal components of the training rows.

A classifier that nothing has been asked of yet calls rows alike by chance, and a game without labels holds on to
whatever classes it finds first. So the classifier first learns to tell the parts of a mixture apart, and the game goes
on from there, as Variational Deep Embedding does (Jiang et al. 2017, arXiv 1611.05148).
"""

import warnings
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int, PRNGKeyArray
from sklearn.exceptions import ConvergenceWarning

from latently.abilities import Classifies
from latently.data.components import principal_components
from latently.data.rows import spread_rows
from latently.estimators.principal import MOST_NUMBERS, MOST_ROWS

COMPONENTS, STARTS = 20, 3
SHAPES = ("full", "spherical")
"""Of the parts: by the Bayesian information criterion, few rows tell of a part no more than how wide it is."""
BATCH, STEPS, LEARNING_RATE = 128, 300, 1e-3
LEAST_VARIANCE = 1e-2
"""Of a part of the mixture in every direction, as a share of that of all rows in the mean."""


def start_at_mixture(game: Any, rows: Any, preprocessing: Any, seed: int, key: PRNGKeyArray) -> Any:
    """A game whose classes begin as the parts of a Gaussian mixture with as many.

    Args:
        game: at round 0; one that does not tell classes, or tells one alone, stays as it is.
        rows: to learn from, more than there are classes; a few thousand of them are looked at.
        preprocessing: makes what networks read of them.
        seed: of the mixture.
        key: of the order of rows.
    """
    if not isinstance(game, Classifies) or game.n_labels is None or not 1 < game.n_labels < len(rows):
        return game
    most = min(MOST_ROWS, max(2 * game.n_labels, MOST_NUMBERS // preprocessing.n_features))
    x = preprocessing(rows[spread_rows(len(rows), most)])
    parts = parts_of(np.asarray(x), game.n_labels, seed)
    if game.log_prior is not None:  # p(y): clusters may be as unlike in size as the parts
        shares = (np.bincount(parts, minlength=game.n_labels) + 1.0) / len(parts)
        game = eqx.tree_at(lambda each: each.label_logits, game, jnp.asarray(np.log(shares), jnp.float32))
    return _taught(game, x, jnp.asarray(parts), key)


def parts_of(x: Float[np.ndarray, "rows ..."], count: int, seed: int) -> Int[np.ndarray, "rows"]:
    """Which part of a mixture each row belongs to; missing numbers are taken for their column's mean."""
    from sklearn.mixture import GaussianMixture  # here, since it takes long to import

    flat = x.reshape(len(x), -1)
    if not (known := np.isfinite(flat)).all():
        means = np.where(known, flat, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
        flat = np.where(known, flat, means)
    few = principal_components(flat, COMPONENTS, seed).transform(flat).astype(np.float64)
    least = LEAST_VARIANCE * max(float(few.var(axis=0).mean()), 1e-12)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # of rows that are alike: any parts will do
        mixtures = [
            GaussianMixture(count, covariance_type=shape, n_init=STARTS, reg_covar=least, random_state=seed).fit(few)
            for shape in SHAPES
        ]
    parts: Int[np.ndarray, rows] = min(mixtures, key=lambda mixture: mixture.bic(few)).predict(few)
    return parts


@eqx.filter_jit
def _taught(game: Any, x: Float[Array, "rows ..."], y: Int[Array, "rows"], key: PRNGKeyArray) -> Any:
    """The game after a few hundred steps of its classifier on the cross-entropy of given classes."""
    arrays, static = eqx.partition(game, eqx.is_inexact_array)
    optimizer = optax.adam(LEARNING_RATE)

    def loss(arrays: Any, chosen: Int[Array, "batch"]) -> Float[Array, ""]:
        scores = eqx.combine(arrays, static).class_scores(x[chosen])
        mean: Float[Array, ""] = optax.softmax_cross_entropy_with_integer_labels(scores, y[chosen]).mean()
        return mean

    def step(state: Any, key: PRNGKeyArray) -> tuple[Any, None]:
        arrays, moments = state
        slopes = jax.grad(loss)(arrays, jax.random.randint(key, (BATCH,), 0, len(x)))
        moves, moments = optimizer.update(slopes, moments)
        return (optax.apply_updates(arrays, moves), moments), None

    (arrays, _), _ = jax.lax.scan(step, (arrays, optimizer.init(arrays)), jax.random.split(key, STEPS))
    return eqx.combine(arrays, static)
