"""The adversarial autoencoder.

References:
    Makhzani et al. 2015, Adversarial Autoencoders, arXiv 1511.05644: Section 2 (the three players), Section 2.3 (the
    critic sees the label, with an extra class where it is unknown).
    Mescheder et al. 2018, Which Training Methods for GANs do actually Converge?, arXiv 1801.04406 (R1).
    Gulrajani et al. 2017, Improved Training of Wasserstein GANs, arXiv 1704.00028 (the gradient penalty).
"""

from collections.abc import Mapping, Sequence
from typing import Literal, Self

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int, PRNGKeyArray

from latently.batch import Batch
from latently.game import Game, Player, Terms
from latently.games.standstill import critic_warnings
from latently.networks import Conditional, Layer, calibrated_pair
from latently.probability import AdversarialLoss, Corruption, Distribution, Prior, gradient_penalty, r1_penalty


class AAE(Game):
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

    def players(self) -> tuple[Player, ...]:
        """Autoencoder, critic and generator; or critic and autoencoder, where one step does both."""
        halves = {"prior": 0.5, "posterior": 0.5, "accuracy": 0.0}
        penalty = {} if self.penalty is None else {"penalty": self.penalty_weight}
        critic = Player("critic", ("critic",), AAE.discriminate, self.critic_optimizer, halves | penalty)
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
        return self._reconstruction(self._encode_in_training(batch, key), batch, key)

    def discriminate(self, batch: Batch, key: PRNGKeyArray) -> Terms:
        """The critic calls draws of the prior real and codes fake."""
        prior_key, critic_key, penalty_key = jax.random.split(jax.random.fold_in(key, 3), 3)
        z = self._with_label(self._encode(batch, key), batch)
        z_prior = self._with_label(self._draw_prior(batch, prior_key), batch)
        # One pass over both halves: the critic has no batch norm, and one larger product is faster than two.
        real, fake = jnp.split(self._logits(jnp.concatenate([z_prior, z]), critic_key), 2)
        accuracy = ((real > 0).mean() + (fake < 0).mean()) / 2
        terms = {"prior": self.adversarial.real(real), "posterior": self.adversarial.fake(fake), "accuracy": accuracy}
        if self.penalty == "r1":
            terms["penalty"] = r1_penalty(self._logits, z_prior)
        if self.penalty == "gradient":
            terms["penalty"] = gradient_penalty(self._logits, z_prior, z, penalty_key)
        return terms

    def fool(self, batch: Batch, key: PRNGKeyArray) -> Terms:
        """The encoder wants its codes to be called real."""
        return self._fooling(self._encode(batch, key), batch, key)

    def reconstruct_and_fool(self, batch: Batch, key: PRNGKeyArray) -> Terms:
        """Both in one step; reconstruction is weighed per element: its weight then does not depend on the size of x."""
        z = self._encode_in_training(batch, key)
        terms = self._reconstruction(z, batch, key) | self._fooling(z, batch, key)
        return terms | {"reconstruction_per_element": terms["reconstruction"] / batch.x[0].size}

    def encode(self, x: Float[Array, "batch ..."], y: None = None) -> Distribution:  # noqa: ARG002
        """q(z|x)."""
        return self.encoder(x)

    def decode(self, z: Float[Array, "batch latent"], y: None = None) -> Distribution:  # noqa: ARG002
        """p(x|z)."""
        return self.decoder(z)

    def calibrated(self, batch: Batch, key: PRNGKeyArray) -> Self:
        """A copy whose batch norms hold the statistics of these rows and of their codes."""
        pair = calibrated_pair(self.encoder, self.decoder, batch.x, key)
        calibrated: Self = eqx.tree_at(lambda game: (game.encoder, game.decoder), self, pair)
        return calibrated

    def diagnose(self, history: Sequence[Mapping[str, float]]) -> tuple[str, ...]:
        """A game that has come to a stand: a critic that always wins, or one that never learned."""
        return critic_warnings([terms["critic/accuracy"] for terms in history])

    def _encode(self, batch: Batch, key: PRNGKeyArray) -> Float[Array, "batch latent"]:
        """A code for each row as inference will give it: these are the codes that have to look like the prior.

        A critic that met the encoder with its dropout on would shape codes that nobody ever sees. The key being the
        same, the codes are the same, and so one computation, for all players that meet the same encoder.
        """
        return self.encoder(batch.x).sample(jax.random.fold_in(key, 1))

    def _encode_in_training(self, batch: Batch, key: PRNGKeyArray) -> Float[Array, "batch latent"]:
        """A code for each row with dropout, input noise and corruption: what the decoder has to make do with."""
        encoder_key, noise_key = jax.random.split(jax.random.fold_in(key, 0))
        x = batch.x if self.corruption is None else self.corruption(batch.x, noise_key)
        return self.encoder(x, encoder_key).sample(jax.random.fold_in(key, 1))

    def _reconstruction(self, z: Float[Array, "batch latent"], batch: Batch, key: PRNGKeyArray) -> Terms:
        p = self.decoder(z, jax.random.fold_in(key, 2))
        return {"reconstruction": -p.log_prob(batch.x).mean()}

    def _fooling(self, z: Float[Array, "batch latent"], batch: Batch, key: PRNGKeyArray) -> Terms:
        logits = self._logits(self._with_label(z, batch), jax.random.fold_in(key, 4))
        return {"fooling": self.adversarial.fool(logits)}

    def _draw_prior(self, batch: Batch, key: PRNGKeyArray) -> Float[Array, "batch latent"]:
        labels = None if self.n_labels is None else batch.labels
        return self.prior.sample(key, len(batch.x), labels, self.n_labels)

    def _with_label(self, z: Float[Array, "batch latent"], batch: Batch) -> Float[Array, "batch seen"]:
        """The code beside its one-hot label; the last class is that of an unknown label (Section 2.3)."""
        if self.n_labels is None or batch.labels is None:
            return z
        labels: Int[Array, batch] = jnp.where(batch.labels < 0, self.n_labels, batch.labels)
        return jnp.concatenate([z, jax.nn.one_hot(labels, self.n_labels + 1, dtype=z.dtype)], axis=1)

    def _logits(self, seen: Float[Array, "rows seen"], key: PRNGKeyArray | None = None) -> Float[Array, "rows"]:
        return self.critic(seen, key)[:, 0]
