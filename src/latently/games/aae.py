"""The adversarial autoencoder.

References:
    Makhzani et al. 2015, Adversarial Autoencoders, arXiv 1511.05644: Section 2 (the three players), Section 2.3 (the
    critic sees the label, with an extra class where it is unknown).
    Mescheder et al. 2018, Which Training Methods for GANs do actually Converge?, arXiv 1801.04406 (R1).
    Gulrajani et al. 2017, Improved Training of Wasserstein GANs, arXiv 1704.00028 (the gradient penalty).
"""

from typing import Literal

import equinox as eqx
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, PRNGKeyArray

from latently.abilities import Bounds, Classifies, LabelRole
from latently.game import Batch, History, Player, Terms
from latently.games.critics import CRITIC_WEIGHTS, collapse_warnings, critic_terms
from latently.games.encoder_decoder import EncoderDecoder, one_hot
from latently.networks import Conditional, Layer
from latently.probability import AdversarialLoss, Corruption, GaussianHead, Prior, gradient_penalty, r1_penalty
from latently.streams import stream


class AAE(EncoderDecoder, Classifies, Bounds):
    """The encoder gives codes that decode to the data and that a critic cannot tell from draws of the prior.

    Attributes:
        encoder: q(z|x), deterministic, Gaussian or implicit.
        decoder: p(x|z).
        critic: tells draws of the prior from codes; it gives one logit a row.
        prior: p(z), of any shape; only draws of it are needed.
        adversarial: what the critic and the encoder play for.
        optimizer, critic_optimizer, generator_optimizer: how the players move.
        generator_updates: how many times the encoder tries to fool the critic in a round.
        fooling_weight: `None` for separate reconstruction and fooling steps; else the weight of fooling in one joint
            step, against `1 - fooling_weight` for the reconstruction per element of x.
        n_labels: with this many classes, the critic sees each code beside its label, and a draw of the prior comes from
            the region of its label; `None` ties nothing.
        penalty: keeps the critic smooth: `"r1"`, `"gradient"` or `None`.
        penalty_weight: its weight.
        corruption: what is done to x before it is encoded.
    """

    encoder: Conditional
    decoder: Conditional
    critic: Layer
    prior: Prior
    adversarial: AdversarialLoss
    optimizer: optax.GradientTransformation = eqx.field(static=True)
    critic_optimizer: optax.GradientTransformation = eqx.field(static=True)
    generator_optimizer: optax.GradientTransformation = eqx.field(static=True)
    generator_updates: int = eqx.field(static=True, default=1)
    fooling_weight: float | None = eqx.field(static=True, default=None)
    n_labels: int | None = eqx.field(static=True, default=None)
    penalty: Literal["r1", "gradient"] | None = eqx.field(static=True, default=None)
    penalty_weight: float = eqx.field(static=True, default=1.0)
    corruption: Corruption | None = None

    @property
    def label_role(self) -> LabelRole:
        """A label picks its region of the prior, where they are tied."""
        return None if self.n_labels is None else "prior"

    @property
    def has_densities(self) -> bool:
        """Whether codes have a density, given x and by the prior."""
        return has_density(self.encoder) and self.prior.density != "nowhere"

    def players(self) -> tuple[Player, ...]:
        """Autoencoder, critic and generator; or critic and autoencoder, where one step does both."""
        weights = CRITIC_WEIGHTS | ({} if self.penalty is None else {"penalty": self.penalty_weight})
        critic = Player("critic", ("critic",), AAE.discriminate, self.critic_optimizer, weights)
        both = ("encoder", "decoder")
        if self.fooling_weight is None:
            return (
                Player("autoencoder", both, AAE.reconstruct, self.optimizer),
                critic,
                Player("generator", ("encoder",), AAE.fool, self.generator_optimizer, updates=self.generator_updates),
            )
        weights = {
            "reconstruction_per_element": 1.0 - self.fooling_weight,
            "fooling": self.fooling_weight,
            "reconstruction": 0.0,
        }
        return critic, Player("autoencoder", both, AAE.reconstruct_and_fool, self.optimizer, weights)

    def reconstruct(self, batch: Batch, key: PRNGKeyArray) -> Terms:
        """−E log p(x|z)."""
        return self._reconstruction(self._code_in_training(batch, key), batch, key)

    def discriminate(self, batch: Batch, key: PRNGKeyArray) -> Terms:
        """The critic calls draws of the prior real and codes fake."""
        z = self._seen(code(self, batch, key), batch)
        labels = None if self.n_labels is None else batch.labels
        z_prior = self.prior.sample(stream(key, "prior"), batch.x.shape[0], labels, self.n_labels)
        z_prior = self._seen(z_prior, batch)
        terms = critic_terms(self.adversarial, self._logits(jnp.concatenate([z_prior, z]), stream(key, "critic")))
        if self.penalty == "r1":
            terms["penalty"] = r1_penalty(self._logits, z_prior)
        if self.penalty == "gradient":
            terms["penalty"] = gradient_penalty(self._logits, z_prior, z, stream(key, "penalty"))
        return terms

    def fool(self, batch: Batch, key: PRNGKeyArray) -> Terms:
        """The encoder wants its codes to be called real."""
        return self._fooling(code(self, batch, key), batch, key)

    def reconstruct_and_fool(self, batch: Batch, key: PRNGKeyArray) -> Terms:
        """Both in one step; reconstruction is weighed per element: its weight then does not depend on the size of x."""
        z = self._code_in_training(batch, key)
        terms = self._reconstruction(z, batch, key) | self._fooling(z, batch, key)
        return terms | {"reconstruction_per_element": terms["reconstruction"] / batch.x[0].size}

    def class_scores(self, x: Float[Array, "batch ..."]) -> Float[Array, "batch classes"]:
        """Log of how much the region of each class in the prior is responsible for the code of x."""
        assert self.n_labels is not None
        return jnp.log(self.prior.responsibilities(self.encoder(x).mean, self.n_labels))

    def diagnose(self, history: History) -> tuple[str, ...]:
        """A critic that always wins, or one that never learned."""
        return collapse_warnings(history)

    def _code_in_training(self, batch: Batch, key: PRNGKeyArray) -> Float[Array, "batch latent"]:
        return self.encode_in_training(batch.x, key).sample(stream(key, "code"))

    def _reconstruction(self, z: Float[Array, "batch latent"], batch: Batch, key: PRNGKeyArray) -> Terms:
        return {"reconstruction": -self.decoder(z, stream(key, "decoder")).log_prob(batch.x).mean()}

    def _fooling(self, z: Float[Array, "batch latent"], batch: Batch, key: PRNGKeyArray) -> Terms:
        logits = self._logits(self._seen(z, batch), stream(key, "fooled critic"))
        return {"fooling": self.adversarial.fool(logits)}

    def _seen(self, z: Float[Array, "batch latent"], batch: Batch) -> Float[Array, "batch seen"]:
        """What the critic sees: the code beside its one-hot label; the last class is for unknown ones (Section 2.3)."""
        if self.n_labels is None or batch.labels is None:
            return z
        labels = jnp.where(batch.labels < 0, self.n_labels, batch.labels)
        return jnp.concatenate([z, one_hot(labels, self.n_labels + 1)], axis=1)

    def _logits(self, seen: Float[Array, "rows seen"], key: PRNGKeyArray | None = None) -> Float[Array, "rows"]:
        return self.critic(seen, key)[:, 0]


def code(game: EncoderDecoder, batch: Batch, key: PRNGKeyArray) -> Float[Array, "batch latent"]:
    """A code for each row as inference will give it: these are the codes that have to look like the prior.

    A critic that met the encoder with its dropout on would shape codes that nobody ever sees. The key being the same,
    the codes are the same, and so one computation, for all players that meet the same encoder.
    """
    return game.encoder(batch.x).sample(stream(key, "code"))


def has_density(encoder: Conditional) -> bool:
    """Whether q(z|x) has a density: it is Gaussian, neither a point nor implicit."""
    return isinstance(encoder.head, GaussianHead) and not encoder.noise_dim
