"""What held-out rows say of a game while it is trained, and which of it tells how good the game is.

Never a loss of an adversarial game: such a loss measures its opponent. `criterion_of` is the one place that chooses:
by what the game can do, it is how many classes of held-out rows are mistaken, the bound on their likelihood, what is
lost of them and how far their codes are from the prior, or how far samples are from them. Only a game of one player,
which has no opponent, is measured by its loss.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from latently.abilities import Classifies, is_able, may
from latently.game import Batch, Terms
from latently.inference import label_weights, likelihood_bound
from latently.probability import FittedNormal
from latently.streams import stream

Measure: TypeAlias = Callable[[Any, Batch, PRNGKeyArray], Terms]

DRAWS = 1000
"""Of the posteriors of all rows together, behind a bound; one a row at least, and four at most."""
DIRECTIONS = 64
"""Lines on which codes and prior are compared."""
_LATE = 2**30  # a round at which weights have ceased to move
FEATURES = 16
"""Principal components in which samples and rows are compared."""


class Criterion(NamedTuple):
    """Which number of held-out rows tells how good a game is; the lower, the better.

    Attributes:
        name: of the number.
        about: what it is, in words.
        unit: of the number; empty for a share.
    """

    name: str
    about: str
    unit: str = ""


ERROR = Criterion("classification_error", "the classification error")
BOUND = Criterion("negative_bound", "the negative bound on the log-likelihood", "nats")
OBJECTIVE = Criterion("held_out_loss", "the loss", "nats")
LOSS = Criterion("unexplained", "the share of variance that reconstructions miss")
LOSS_AND_PRIOR = Criterion(
    "unexplained_and_prior_distance",
    "the share of variance that reconstructions miss, plus the codes' distance to the prior",
)
SAMPLES = Criterion("sample_distance", "the Fréchet distance of samples in principal components")
CLASS_SAMPLES = Criterion(
    "sample_distance_and_mistakes",
    "the Fréchet distance of samples in principal components, plus the share that lies nearer to another class",
)


def criterion_of(game: Any, *, labels: bool) -> Criterion:
    """What tells how good a game is.

    Args:
        game: built.
        labels: whether labels of held-out rows are known.
    """
    if labels and isinstance(game, Classifies) and game.aims_at_classes:
        return ERROR
    if is_able(game, "log_likelihood"):
        return BOUND
    if len(game.players()) == 1 and (labels or not game.draws_labelled):
        return OBJECTIVE
    if may(type(game), "encode"):
        return LOSS if isinstance(game.prior, FittedNormal) else LOSS_AND_PRIOR
    return CLASS_SAMPLES if labels and game.n_labels is not None else SAMPLES


@eqx.filter_jit
def held_out(game: Any, batch: Batch, key: PRNGKeyArray, name: str, *, terms: bool = True) -> Terms:
    """What held-out rows say of a game: the criterion of that name, what it is made of, and the players' terms.

    Args:
        game: its batch norms calibrated.
        batch: held-out rows, prepared, with labels where they have some; the same ones at each measurement.
        key: likewise the same, so that two measurements differ by the game alone.
        name: of the criterion.
        terms: whether to add the terms of every player, as it meets them in training, without gradients.
    """
    found = _MEASURES[name](game, batch, stream(key, "criterion"))
    if terms:
        for player in game.players():
            losses = player.loss(game, batch, stream(key, player.name))
            found |= {f"{player.name}/{term}": value for term, value in losses.items()}
    return found


def _error(game: Any, batch: Batch, key: PRNGKeyArray) -> Terms:
    del key
    known, y = batch.y >= 0, jnp.argmax(game.class_scores(_rows(batch)), axis=1)
    return {ERROR.name: _mean(y != batch.y, known)}


def _negative_bound(game: Any, batch: Batch, key: PRNGKeyArray) -> Terms:
    x = _rows(batch)
    draws = min(4, max(1, DRAWS // len(batch.x)))
    bound = likelihood_bound(game, "elbo", jax.random.split(key, draws), x, _given(game, batch))
    return {BOUND.name: -bound.mean()}


def _objective(game: Any, batch: Batch, key: PRNGKeyArray) -> Terms:
    (player,) = game.players()
    return {OBJECTIVE.name: player.objective(game, batch, key, jnp.asarray(_LATE))[0]}


def _loss(game: Any, batch: Batch, key: PRNGKeyArray) -> Terms:
    del key
    return {LOSS.name: _unexplained(game, batch)}


def _loss_and_prior(game: Any, batch: Batch, key: PRNGKeyArray) -> Terms:
    unexplained, distance = _unexplained(game, batch), _prior_distance(game, batch, key)
    return {LOSS_AND_PRIOR.name: unexplained + distance, LOSS.name: unexplained, "prior_distance": distance}


def _samples(game: Any, batch: Batch, key: PRNGKeyArray) -> Terms:
    real, fake = _components(batch.x, _drawn(game, batch, key))
    return {SAMPLES.name: _frechet(real, fake)}


def _class_samples(game: Any, batch: Batch, key: PRNGKeyArray) -> Terms:
    """Whether a sample is nearest to the class that was asked for is told by held-out rows, not by the critic."""
    real, fake = _components(batch.x, _drawn(game, batch, key))
    distance, known = _frechet(real, fake), batch.y >= 0
    weights = jax.nn.one_hot(batch.y, game.n_labels)
    means = weights.T @ real / jnp.maximum(weights.sum(axis=0), 1.0)[:, None]
    within = jnp.where(known[:, None], real - weights @ means, 0.0)
    deviation = jnp.sqrt((within**2).sum(axis=0) / jnp.maximum(known.sum(), 1)) + 1e-6
    apart = (((fake[:, None] - means) / deviation) ** 2).sum(axis=2)
    apart = jnp.where(weights.sum(axis=0) > 0, apart, jnp.inf)
    mistakes = _mean(jnp.argmin(apart, axis=1) != batch.y, known)
    return {CLASS_SAMPLES.name: distance + mistakes, SAMPLES.name: distance, "class_mistakes": mistakes}


_MEASURES: Mapping[str, Measure] = {
    ERROR.name: _error,
    BOUND.name: _negative_bound,
    OBJECTIVE.name: _objective,
    LOSS.name: _loss,
    LOSS_AND_PRIOR.name: _loss_and_prior,
    SAMPLES.name: _samples,
    CLASS_SAMPLES.name: _class_samples,
}


def _rows(batch: Batch) -> Any:
    """Rows as a game encodes them: of several views the batch itself, which says which views a row has."""
    return batch if len(batch.views) > 1 else batch.x


def _given(game: Any, batch: Batch) -> Any:
    """Labels, or conditions, as `latently.inference` hands them to a decoder that is told them."""
    if game.label_role != "decoder":
        return None
    if batch.labels is None:
        return jnp.full(len(batch.x), -1)
    if game.n_labels is not None and batch.labelled is None:  # all are known: the other classes need not be tried
        return jax.nn.one_hot(batch.labels, game.n_labels)
    return batch.labels


def _unexplained(game: Any, batch: Batch) -> Float[Array, ""]:
    """Σ (x - x̂)² / Σ (x - mean of x)² over all that is there of a view; the mean over views."""
    x = _rows(batch)
    y = label_weights(game, x, _given(game, batch))
    decoded = game.decode(game.encode(x, y).mean, y).mean
    means = decoded if isinstance(decoded, tuple) else (decoded,)
    shares = []
    for view, mean, present in zip(batch.views, means, batch.has.T, strict=True):
        there = jnp.isfinite(view) & present.reshape(-1, *[1] * (view.ndim - 1))
        rows = jnp.where(there, view, 0.0)
        centre = rows.sum(axis=0) / jnp.maximum(there.sum(axis=0), 1)
        lost, all_ = (jnp.where(there, (rows - guess) ** 2, 0.0).sum() for guess in (mean, centre))
        shares.append(lost / jnp.maximum(all_, 1e-12))
    return jnp.stack(shares).mean()


def _prior_distance(game: Any, batch: Batch, key: PRNGKeyArray) -> Float[Array, ""]:
    """The sliced Wasserstein distance between a code of each row and draws of the prior, in deviations of the prior.

    Where labels are tied to the prior, each code is compared together with its label (Bonneel et al. 2015, Sliced and
    Radon Wasserstein Barycenters of Measures).
    """
    x = _rows(batch)
    z = game.encode(x, label_weights(game, x, _given(game, batch))).sample(stream(key, "codes"))
    tied = game.label_role == "prior" and batch.labels is not None
    labels = (batch.labels, game.n_labels) if tied else (None, None)
    p = game.prior.sample(stream(key, "prior"), len(z), *labels)
    spread = jnp.sqrt(p.var(axis=0).mean()) + 1e-12
    z, p = z / spread, p / spread
    if tied:
        beside = jax.nn.one_hot(batch.y, game.n_labels)
        z, p = jnp.concatenate([z, beside], axis=1), jnp.concatenate([p, beside], axis=1)
    lines = jax.random.normal(stream(key, "lines"), (z.shape[1], DIRECTIONS))
    lines = lines / jnp.linalg.norm(lines, axis=0)
    return jnp.abs(jnp.sort(z @ lines, axis=0) - jnp.sort(p @ lines, axis=0)).mean()


def _drawn(game: Any, batch: Batch, key: PRNGKeyArray) -> Float[Array, "rows ..."]:
    """A sample under the label of each row; under all classes alike, where none is known."""
    y = batch.labels
    if game.n_labels is not None:
        classes = jnp.arange(len(batch.x)) % game.n_labels if y is None else y
        y = jax.nn.one_hot(classes, game.n_labels)
    samples: Float[Array, "rows ..."] = game.decode(game.prior.sample(key, len(batch.x)), y).mean
    return samples


def _components(
    real: Float[Array, "rows ..."], fake: Float[Array, "rows ..."]
) -> tuple[Float[Array, "rows features"], Float[Array, "rows features"]]:
    """Rows and samples in the first principal components of the rows, each of deviation 1."""
    real, fake = real.reshape(len(real), -1), fake.reshape(len(fake), -1)
    centre = real.mean(axis=0)
    _, scales, lines = jnp.linalg.svd(real - centre, full_matrices=False)
    lines = lines[:FEATURES].T / (scales[:FEATURES] / jnp.sqrt(len(real)) + 1e-6)
    return (real - centre) @ lines, (fake - centre) @ lines


def _frechet(real: Float[Array, "rows features"], fake: Float[Array, "rows features"]) -> Float[Array, ""]:
    """The Fréchet distance of two normal distributions a feature (Heusel et al. 2017, arXiv 1706.08500, Equation 6).

    The rows' features are uncorrelated with deviation 1, so that (C₁ C₂)^½ is C₂^½.
    """
    covariance = jnp.cov(fake, rowvar=False).reshape(fake.shape[1], -1)
    root = jnp.sqrt(jnp.maximum(jnp.linalg.eigvalsh(covariance), 0.0)).sum()
    means = ((fake.mean(axis=0) - real.mean(axis=0)) ** 2).sum()
    return (means + real.shape[1] + jnp.trace(covariance) - 2 * root) / real.shape[1]


def _mean(values: Bool[Array, "rows"], known: Bool[Array, "rows"]) -> Float[Array, ""]:
    return jnp.where(known, values, False).sum() / jnp.maximum(known.sum(), 1)
