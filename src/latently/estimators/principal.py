"""Where a linear path begins: at the principal components of the training rows.

References:
    Tipping & Bishop 1999, Probabilistic Principal Component Analysis: the linear model of a normal prior and one noise
    for all elements, whose best weights are known in closed form (Equations 7 and 8).
"""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from latently.data.components import principal_components
from latently.data.rows import spread_rows
from latently.networks import BesideLinear

MOST_ROWS, MOST_NUMBERS = 5000, 2**26
LEAST_NOISE = 0.05
"""The smallest share of a column's variance that is taken for noise at the start."""


def start_at_components(game: Any, rows: Any, preprocessing: Any, latent_dim: int, seed: int) -> Any:
    """A game whose encoder and decoder, where both have linear paths, begin as probabilistic PCA of the rows.

    Args:
        game: at round 0.
        rows: to learn from; a few thousand of them are looked at.
        preprocessing: makes what networks read of them.
        latent_dim: dimensions of a code.
        seed: of the search for components.
    """
    networks = [getattr(getattr(game, name, None), "network", None) for name in ("encoder", "decoder")]
    if not all(isinstance(network, BesideLinear) for network in networks):
        return game
    most = min(MOST_ROWS, max(2 * latent_dim, MOST_NUMBERS // preprocessing.n_features))
    x = np.asarray(preprocessing(rows[spread_rows(len(rows), most)]))
    x = x.reshape(len(x), -1)
    size = min(latent_dim, len(x) - 1, x.shape[1])
    return game if size < 1 else _placed(game, *component_weights(x, size, seed), latent_dim)


def component_weights(
    x: Float[np.ndarray, "rows columns"], size: int, seed: int
) -> tuple[Float[np.ndarray, "columns latent"], float, Float[np.ndarray, "columns"]]:
    """W and σ² of probabilistic PCA (Equations 7 and 8), and the mean."""
    pca = principal_components(x, size, seed)
    total = float(x.var(axis=0).sum())
    floor = LEAST_NOISE * max(total / x.shape[1], 1e-3)  # rows may be all the same
    left = max(total - float(pca.explained_variance_.sum()), 0.0) / max(x.shape[1] - size, 1)
    noise = max(left, floor)
    scales = np.sqrt(np.maximum(pca.explained_variance_ - noise, 0.01 * noise))
    return pca.components_.T * scales, noise, pca.mean_


def _placed(game: Any, weights: Any, noise: float, centre: Any, latent_dim: int) -> Any:
    """The game with W in the decoder's path, and the posterior that belongs to it in the encoder's.

    The posterior of z is normal, of mean M⁻¹ Wᵀ (x - μ) and covariance σ² M⁻¹ with M = Wᵀ W + σ² I, here diagonal.
    """
    columns, size = weights.shape
    inner = (weights**2).sum(axis=0) + noise
    encode, decode = game.encoder.network.path, game.decoder.network.path
    into, into_bias = np.zeros(encode.weight.shape), np.zeros(encode.bias.shape)
    into[:columns, :size], into_bias[:size] = weights / inner, -(centre @ weights) / inner
    if game.encoder.head.parameters == 2:
        deviation = np.sqrt(noise / inner)
        raw = 2 * np.log(deviation) if game.encoder.head.scale == "exp" else np.log(np.expm1(deviation))
        into_bias[latent_dim : latent_dim + size] = raw
    out, out_bias = np.zeros(decode.weight.shape), np.zeros(decode.bias.shape)
    out[:size, :columns], out_bias[:columns] = weights.T, centre
    arrays = [jnp.asarray(value, jnp.float32) for value in (into, into_bias, out, out_bias)]
    game = eqx.tree_at(lambda g: _paths(g), game, arrays)
    if getattr(game.decoder.head, "log_scale", None) is None:
        return game
    return eqx.tree_at(lambda g: g.decoder.head.log_scale, game, jnp.asarray(0.5 * np.log(noise), jnp.float32))


def _paths(game: Any) -> list[Any]:
    return [
        array for each in (game.encoder, game.decoder) for array in (each.network.path.weight, each.network.path.bias)
    ]
