"""Where the linear paths of a model of several views begin: at the principal components of all tables side by side.

References:
    Tipping & Bishop 1999, Probabilistic Principal Component Analysis (Equation 7): W and what it leaves over. Here each
    view has a noise of its own, as it has a likelihood of its own.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from latently.data.rows import spread_rows
from latently.estimators.principal import LEAST_NOISE, MOST_NUMBERS, MOST_ROWS, component_weights
from latently.networks import BesideLinear

LEAST_PRECISION = 1e-2
"""Of a Gaussian expert's own for a row, at the start, where its couplings say the rest."""


class View(NamedTuple):
    """A view whose encoder and decoder have linear paths.

    Attributes:
        place: of the view.
        weights: its rows of W.
        centre: the mean of its columns.
        noise: the variance of a column that W leaves over.
    """

    place: int
    weights: Float[np.ndarray, "columns latent"]
    centre: Float[np.ndarray, "columns"]
    noise: float

    @property
    def information(self) -> Float[np.ndarray, "columns latent"]:
        """What a deviation from the centre says of z: Wᵀ (x - μ) / σ²."""
        return self.weights / self.noise

    @property
    def precision(self) -> Float[np.ndarray, "latent latent"]:
        """Wᵀ W / σ²: how sure the view is of z."""
        return np.asarray(self.weights.T @ self.information)


def start_at_common_components(game: Any, rows: Any, preprocessing: Any, latent_dim: int, seed: int) -> Any:
    """A game of several views whose linear paths begin at probabilistic PCA of all views that have them.

    Args:
        game: at round 0.
        rows: to learn from; a few thousand of those that have these views are looked at.
        preprocessing: makes what networks read of them.
        latent_dim: dimensions of the shared code.
        seed: of the search for components.
    """
    pairs = enumerate(zip(game.encoders, game.decoders, strict=True))
    places = [place for place, (reads, writes) in pairs if _linear(writes) and (reads is None or _linear(reads))]
    whole = np.flatnonzero(rows.present[:, places].all(axis=1)) if places else np.zeros(0, int)
    if len(whole) < 2:
        return game
    most = min(MOST_ROWS, max(2 * latent_dim, MOST_NUMBERS // preprocessing.n_features))
    batch = preprocessing(rows[np.sort(whole[spread_rows(len(whole), most)])])
    x = [np.asarray(batch.views[place], np.float64) for place in places]
    side_by_side = np.hstack(x)
    size = min(latent_dim, len(side_by_side) - 1, side_by_side.shape[1])
    weights, _, centre = component_weights(side_by_side, size, seed)
    weights = np.pad(weights, ((0, 0), (0, latent_dim - size)))
    cuts = np.cumsum([each.shape[1] for each in x])[:-1]
    views = []
    for place, own, w, mu in zip(places, x, np.split(weights, cuts), np.split(centre, cuts), strict=True):
        left = own.var(axis=0).mean() - (w**2).sum(axis=1).mean()
        views.append(View(place, w, mu, max(left, LEAST_NOISE * max(own.var(axis=0).mean(), 1e-3))))
    return _placed(game, views, latent_dim)


def _placed(game: Any, views: Sequence[View], latent_dim: int) -> Any:
    for view in views:
        game = _decoder_placed(game, view)
        if game.encoders[view.place] is not None:
            game = _encoder_placed(game, view, latent_dim)
    if _linear(game.joint):  # all views are tables, then
        inverse = np.linalg.inv(np.eye(latent_dim) + np.sum([view.precision for view in views], axis=0))
        into = np.concatenate([view.information for view in views]) @ inverse
        centre = np.concatenate([view.centre for view in views])
        game = eqx.tree_at(lambda g: g.joint, game, _reading(game.joint, into, centre, np.diag(inverse)))
    return game


def _encoder_placed(game: Any, view: View, latent_dim: int) -> Any:
    """The game whose encoder of a view gives the posterior that belongs to W; as an expert, its natural parameters."""
    if game.experts is None:
        inverse = np.linalg.inv(np.eye(latent_dim) + view.precision)
        into, variances = view.information @ inverse, np.diag(inverse)
    else:
        into, variances = view.information, np.full(latent_dim, 1 / LEAST_PRECISION)
        expert = sum(encoder is not None for encoder in game.encoders[: view.place])
        values, vectors = np.linalg.eigh(view.precision)
        root = (vectors * np.sqrt(np.maximum(values, LEAST_PRECISION))) @ vectors.T
        couplings = game.experts.couplings.at[expert].set(jnp.asarray(root, jnp.float32))
        game = eqx.tree_at(lambda g: g.experts.couplings, game, couplings)
    encoder = _reading(game.encoders[view.place], into, view.centre, variances)
    return eqx.tree_at(lambda g: g.encoders[view.place], game, encoder)


def _decoder_placed(game: Any, view: View) -> Any:
    """The game whose decoder of a view begins with its rows of W, whatever is private, and with its noise."""
    decoder = game.decoders[view.place]
    out = np.zeros(decoder.network.path.weight.shape)
    out[: view.weights.shape[1], : len(view.weights)] = view.weights.T
    game = eqx.tree_at(lambda g: g.decoders[view.place].network, game, _with_path(decoder.network, out, view.centre))
    if getattr(decoder.head, "log_scale", None) is None:
        return game
    log_scale = jnp.asarray(0.5 * np.log(view.noise), jnp.float32)
    return eqx.tree_at(lambda g: g.decoders[view.place].head.log_scale, game, log_scale)


def _reading(
    encoder: Any,
    into: Float[np.ndarray, "columns latent"],
    centre: Float[np.ndarray, "columns"],
    variances: Float[np.ndarray, "latent"],
) -> Any:
    """An encoder that begins with the mean (x - μ) `into`, and these variances if it tells any."""
    bias = -centre @ into
    if encoder.head.parameters == 2:
        raw = np.log(variances) if encoder.head.scale == "exp" else np.log(np.expm1(np.sqrt(variances)))
        into, bias = np.hstack([into, np.zeros_like(into)]), np.concatenate([bias, raw])
    return eqx.tree_at(lambda e: e.network, encoder, _with_path(encoder.network, into, bias))


def _linear(conditional: Any) -> bool:
    return conditional is not None and isinstance(conditional.network, BesideLinear)


def _with_path(network: Any, weight: np.ndarray, bias: np.ndarray) -> Any:
    arrays = jnp.asarray(weight, jnp.float32), jnp.asarray(bias, jnp.float32)
    return eqx.tree_at(lambda n: (n.path.weight, n.path.bias), network, arrays)
