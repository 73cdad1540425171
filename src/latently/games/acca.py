"""Adversarial canonical correlation analysis: several views, one code.

References:
    Shi et al. 2019, Probabilistic CCA with Implicit Distributions (adversarial CCA), arXiv 1907.02345: an encoder for
    each view and one for all of them, every aggregated posterior matched to one prior by a critic, and so to the
    others; a code of whatever origin has to give back all the views.
"""

import math
from collections.abc import Callable, Sequence
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from latently.game import Batch, History, Player, Terms
from latently.games.critics import CRITIC_WEIGHTS, collapse_warnings
from latently.games.several_views import SeveralViews, codes_of, log_likelihoods, masked_mean
from latently.networks import Conditional, Layer
from latently.probability import AdversarialLoss, EachView, Experts, Prior
from latently.streams import stream


class ACCA(SeveralViews):
    """A critic, and the encoders and decoders: one joint step reconstructs every view from every code and fools it.

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
        experts: of the views, whose product is the code; a round's codes then come from some of the views, drawn for
            each row. `None`: the mean of the views' codes, and in a round codes of each view alone.
    """

    private: ClassVar[tuple[Conditional, ...]] = ()
    private_dim: ClassVar[int] = 0

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
    experts: Experts | None = None

    def players(self) -> tuple[Player, ...]:
        """The critic, then all others in one step: they share the codes, which are the same until the encoders move."""
        weights = {f"reconstruction_from_{origin}": 1 / len(self.origins) for origin in self.origins}
        weights |= {f"fooling_from_{origin}": self.fooling_weight for origin in self.origins}
        parts = ("encoders", "decoders", *("joint",) * (self.joint is not None))
        parts += ("experts",) * (self.experts is not None)
        return (
            Player("critic", ("critic",), ACCA.discriminate, self.critic_optimizer, CRITIC_WEIGHTS),
            Player("autoencoder", parts, ACCA.reconstruct_and_fool, self.optimizer, weights),
        )

    def discriminate(self, batch: Batch, key: PRNGKeyArray) -> Terms:
        """The critic calls draws of the prior real, and codes fake wherever they come from.

        It meets the encoders as inference has them, without dropout; else the codes of both players are one
        computation.
        """
        posteriors = self.posteriors(batch, key, dropout=False)
        z_prior = self.prior.sample(stream(key, "prior"), batch.x.shape[0])
        on_real, *on_fake = self._logits([z_prior, *codes_of(posteriors, key)], stream(key, "critic"))
        fake = [(logits, posterior.present) for logits, posterior in zip(on_fake, posteriors, strict=True)]
        caught = jnp.stack([masked_mean(logits < 0, present) for logits, present in fake]).mean()
        return {
            "prior": self.adversarial.real(on_real),
            "posterior": jnp.stack([_masked_loss(self.adversarial.fake, *each) for each in fake]).mean(),
            "accuracy": ((on_real > 0).mean() + caught) / 2,
        }

    def reconstruct_and_fool(self, batch: Batch, key: PRNGKeyArray) -> Terms:
        """−log p(x₁, x₂, … |z) per element, and the fooling of the critic, for the codes of each origin."""
        posteriors = self.posteriors(self.corrupted(batch, key), key)
        codes = codes_of(posteriors, key)
        p = self.decode_in_training(jnp.concatenate(codes), key)
        elements = sum(math.prod(x.shape[1:]) for x in batch.views)
        log_p = log_likelihoods(p, batch, len(codes)) / elements
        logits = self._logits(codes, stream(key, "fooled critic"))
        terms: Terms = {}
        for (origin, _, present), of_origin, on_code in zip(posteriors, log_p, logits, strict=True):
            terms[f"reconstruction_from_{origin}"] = -masked_mean(of_origin, present)
            terms[f"fooling_from_{origin}"] = _masked_loss(self.adversarial.fool, on_code, present)
        return terms

    def diagnose(self, history: History) -> tuple[str, ...]:
        """A critic that always wins, or one that never learned."""
        return collapse_warnings(history)

    def _logits(self, codes: Sequence[Float[Array, "batch latent"]], key: PRNGKeyArray) -> list[Float[Array, "batch"]]:
        """The critic's logits of several batches, in one pass."""
        return jnp.split(self.critic(jnp.concatenate(codes), key)[:, 0], len(codes))


def _masked_loss(
    loss: Callable[[Array], Array], logits: Float[Array, "batch"], present: Bool[Array, "batch"]
) -> Float[Array, ""]:
    return masked_mean(jax.vmap(loss)(logits), present)
