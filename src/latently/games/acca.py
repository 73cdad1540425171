"""Adversarial canonical correlation analysis: several views, one code.

References:
    Shi et al. 2019, Probabilistic CCA with Implicit Distributions (adversarial CCA), arXiv 1907.02345: an encoder for
    each view and one for all of them, every aggregated posterior matched to one prior by a critic, and so to the
    others; a code of whatever origin has to give back all the views.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Self

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, PRNGKeyArray, Shaped

from latently.batch import Batch
from latently.game import Game, Player, Terms
from latently.games.standstill import critic_warnings
from latently.networks import Conditional, Layer
from latently.probability import AdversarialLoss, Averaged, Distribution, EachView, Joint, Prior

Views = tuple[Float[Array, "batch ..."], ...]
Codes = list[tuple[Float[Array, "batch latent"], Bool[Array, "batch"]]]


class ACCA(Game):
    """A critic, and the encoders and decoders: one joint step reconstructs every view from every code and fools it.

    `batch.views` holds the views, and last which of them each row has (1 or 0, `[batch, views]`): a row takes part with
    what it has.

    Attributes:
        encoders: q(z|xᵥ), one a view.
        joint: q(z|x₁, x₂, …), fed all views, flattened side by side; `None` for none.
        decoders: p(xᵥ|z), one a view.
        critic: tells draws of the prior from codes of any origin; it gives one logit a row.
        prior: p(z), of any shape; only draws of it are needed.
        adversarial: what critic and encoders play for.
        optimizer, critic_optimizer: how the players move.
        names: the views' names.
        fooling_weight: the weight of each fooling term, against 1 / (number of codes) for each reconstruction, which is
            per element of all views.
        corruption: what is done to the views before they are encoded.
    """

    encoders: tuple[Conditional, ...]
    joint: Conditional | None
    decoders: tuple[Conditional, ...]
    critic: Layer
    prior: Prior
    adversarial: AdversarialLoss
    optimizer: optax.GradientTransformation = eqx.field(static=True)
    critic_optimizer: optax.GradientTransformation = eqx.field(static=True)
    names: tuple[str, ...] = eqx.field(static=True)
    fooling_weight: float = eqx.field(static=True)
    corruption: EachView | None = None

    def players(self) -> tuple[Player, ...]:
        """The critic, then all others in one step: they share the codes, which are the same until the encoders move."""
        halves = {"prior": 0.5, "posterior": 0.5, "accuracy": 0.0}
        origins = self._origins()
        weights = {f"reconstruction_from_{origin}": 1 / len(origins) for origin in origins}
        weights |= {f"fooling_from_{origin}": self.fooling_weight for origin in origins}
        parts = ("encoders", "decoders") if self.joint is None else ("encoders", "joint", "decoders")
        return (
            Player("critic", ("critic",), ACCA.discriminate, self.critic_optimizer, halves),
            Player("autoencoder", parts, ACCA.reconstruct_and_fool, self.optimizer, weights),
        )

    def discriminate(self, batch: Batch, key: PRNGKeyArray) -> Terms:
        """The critic calls draws of the prior real, and codes fake wherever they come from."""
        prior_key, critic_key = jax.random.split(jax.random.fold_in(key, 3))
        codes = self._codes(batch.views, key, training=False)
        z_prior = self.prior.sample(prior_key, len(batch.x))
        on_real, *on_fake = self._logits([z_prior, *(z for z, _ in codes)], critic_key)
        fake = [(logits, there) for logits, (_, there) in zip(on_fake, codes, strict=True)]
        caught = jnp.stack([_mean(logits < 0, there) for logits, there in fake]).mean()
        return {
            "prior": self.adversarial.real(on_real),
            "posterior": jnp.stack([_loss(self.adversarial.fake, *each) for each in fake]).mean(),
            "accuracy": ((on_real > 0).mean() + caught) / 2,
        }

    def reconstruct_and_fool(self, batch: Batch, key: PRNGKeyArray) -> Terms:
        """−log p(x₁, x₂, … |z) per element, and the fooling of the critic, for the codes of each origin."""
        *views, given = batch.views
        codes = self._codes(batch.views, key, training=True)
        n, elements = len(batch.x), sum(math.prod(x.shape[1:]) for x in views)
        p = self._decode(jnp.concatenate([z for z, _ in codes]), jax.random.fold_in(key, 2))  # one pass for all codes
        # [codes, batch, views]; a view that a row lacks asks nothing of its code
        log_p = p.log_probs(tuple(jnp.concatenate([x] * len(codes)) for x in views)).reshape(len(codes), n, -1)
        log_p = (log_p * given).sum(axis=2) / elements
        logits = self._logits([z for z, _ in codes], jax.random.fold_in(key, 4))
        terms: Terms = {}
        for origin, of_origin, on_code, (_, there) in zip(self._origins(), log_p, logits, codes, strict=True):
            terms[f"reconstruction_from_{origin}"] = -_mean(of_origin, there)
            terms[f"fooling_from_{origin}"] = _loss(self.adversarial.fool, on_code, there)
        return terms

    def encode(self, x: Views, y: None = None) -> Distribution:  # noqa: ARG002
        """q(z|x): the joint encoder's where a row has all views, else the average of those of the views that it has."""
        *views, given = x
        posteriors = tuple(encoder(view) for encoder, view in zip(self.encoders, views, strict=True))
        weights = given / given.sum(axis=1, keepdims=True)
        if self.joint is None:
            return Averaged(posteriors, weights)
        whole = given.all(axis=1, keepdims=True).astype(weights.dtype)
        weights = jnp.concatenate([weights * (1 - whole), whole], axis=1)
        return Averaged((*posteriors, self.joint(_side_by_side(views))), weights)

    def decode(self, z: Float[Array, "batch latent"], y: None = None) -> Joint:  # noqa: ARG002
        """p(x₁, x₂, … |z)."""
        return self._decode(z, None)

    def calibrated(self, batch: Batch, key: PRNGKeyArray) -> Self:
        """A copy whose batch norms hold the statistics of these rows and of their codes."""
        *views, given = batch.views
        keys = jax.random.split(key, 2 * len(views) + 1)
        pairs = [each.calibrated(x, k) for each, x, k in zip(self.encoders, views, keys, strict=False)]
        joint = self.joint and self.joint.calibrated(_side_by_side(views), keys[-1])[0]
        game: Self = eqx.tree_at(
            lambda game: (game.encoders, game.joint),
            self,
            (tuple(encoder for encoder, _ in pairs), joint),
            is_leaf=lambda leaf: leaf is None,
        )
        z = game.encode((*views, given)).mean
        decoders = tuple(each.calibrated(z, k)[0] for each, k in zip(self.decoders, keys[len(views) :], strict=False))
        calibrated: Self = eqx.tree_at(lambda game: game.decoders, game, decoders)
        return calibrated

    def diagnose(self, history: Sequence[Mapping[str, float]]) -> tuple[str, ...]:
        """A game that has come to a stand: a critic that always wins, or one that never learned."""
        return critic_warnings([terms["critic/accuracy"] for terms in history])

    def _origins(self) -> tuple[str, ...]:
        return self.names if self.joint is None else (*self.names, "all")

    def _codes(self, x: Views, key: PRNGKeyArray, *, training: bool) -> Codes:
        """A code from each view and from all of them, and the rows that have what it is made of.

        The critic meets the encoders as inference has them, without dropout; else the codes of both players are one
        computation.
        """
        noise_key, *keys = jax.random.split(jax.random.fold_in(key, 1), 2 * len(x) + 1)
        *views, given = self.corruption(x, noise_key) if training and self.corruption else x
        encoders, rows = list(self.encoders), list(views)
        there = [given[:, place] > 0 for place in range(len(views))]
        if self.joint is not None:
            encoders, rows = [*encoders, self.joint], [*rows, _side_by_side(views)]
            there = [*there, given.all(axis=1)]
        return [
            (encoder(row, keys[2 * place] if training else None).sample(keys[2 * place + 1]), of_row)
            for place, (encoder, row, of_row) in enumerate(zip(encoders, rows, there, strict=True))
        ]

    def _decode(self, z: Float[Array, "batch latent"], key: PRNGKeyArray | None) -> Joint:
        keys = [None] * len(self.decoders) if key is None else jax.random.split(key, len(self.decoders))
        return Joint(tuple(decoder(z, each) for decoder, each in zip(self.decoders, keys, strict=True)))

    def _logits(self, codes: list[Float[Array, "batch latent"]], key: PRNGKeyArray) -> list[Float[Array, "batch"]]:
        """The critic's logits of several batches, in one pass."""
        return jnp.split(self.critic(jnp.concatenate(codes), key)[:, 0], len(codes))


def _mean(values: Shaped[Array, "batch"], there: Bool[Array, "batch"]) -> Float[Array, ""]:
    """The mean over the rows that are there."""
    return jnp.where(there, values, 0).sum() / jnp.maximum(there.sum(), 1)


def _loss(
    loss: Callable[[Array], Array], logits: Float[Array, "batch"], there: Bool[Array, "batch"]
) -> Float[Array, ""]:
    return _mean(jax.vmap(loss)(logits), there)


def _side_by_side(views: Sequence[Float[Array, "batch ..."]]) -> Float[Array, "batch elements"]:
    return jnp.concatenate([x.reshape(len(x), -1) for x in views], axis=1)
