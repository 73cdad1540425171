"""The supervised adversarial autoencoder: the label goes to the decoder, so the code holds the style alone.

References:
    Makhzani et al. 2015, Adversarial Autoencoders, arXiv 1511.05644, Section 4. There the critic sees the code alone,
    and then nothing keeps each class from a corner of the prior of its own: a linear probe read the class off such
    codes (75 % of three classes on the toy problem of the tests, where 33 % is chance). Here the critic sees the code
    beside the label, as in Section 2.3, and asks of the codes of every class to fill the whole prior.
"""

from typing import Self

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, PRNGKeyArray

from latently.batch import Batch
from latently.game import Game, Player, Terms
from latently.networks import Conditional, Layer, calibrated_pair, condition
from latently.probability import AdversarialLoss, Corruption, Distribution, Prior


class SupervisedAAE(Game):
    """The decoder is told the class of x, and a critic asks of the codes of every class to fill one and the same prior.

    Attributes:
        encoder: q(z|x).
        decoder: p(x|y, z), fed z beside the one-hot label.
        critic: tells draws of the prior from codes, each beside its one-hot label; it gives one logit a row.
        prior: p(z); only draws of it are needed.
        adversarial: what the critic and the encoder play for.
        optimizer, critic_optimizer, generator_optimizer: how the players move.
        n_labels: the number of classes.
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
    n_labels: int = eqx.field(static=True)
    corruption: Corruption | None = None

    def players(self) -> tuple[Player, ...]:
        """Autoencoder, critic and generator."""
        halves = {"prior": 0.5, "posterior": 0.5, "accuracy": 0.0}
        return (
            Player("autoencoder", ("encoder", "decoder"), SupervisedAAE.reconstruct, self.optimizer),
            Player("critic", ("critic",), SupervisedAAE.discriminate, self.critic_optimizer, halves),
            Player("generator", ("encoder",), SupervisedAAE.fool, self.generator_optimizer),
        )

    def reconstruct(self, batch: Batch, key: PRNGKeyArray) -> Terms:
        """−E log p(x|y, z), of rows whose label is known."""
        rows = batch.known
        noise_key, encoder_key, sample_key, decoder_key = jax.random.split(key, 4)
        x = rows.x if self.corruption is None else self.corruption(rows.x, noise_key)
        z = self.encoder(x, encoder_key).sample(sample_key)
        y = jax.nn.one_hot(rows.y, self.n_labels)
        return {"reconstruction": -self.decoder(condition(z, y), decoder_key).log_prob(rows.x).mean()}

    def discriminate(self, batch: Batch, key: PRNGKeyArray) -> Terms:
        """The critic calls draws of the prior real and codes fake."""
        prior_key, critic_key = jax.random.split(jax.random.fold_in(key, 1))
        z_prior = self.prior.sample(prior_key, len(batch.known.x))
        both = jnp.concatenate([self._with_label(z_prior, batch), self._with_label(self._codes(batch, key), batch)])
        real, fake = jnp.split(self.critic(both, critic_key)[:, 0], 2)
        accuracy = ((real > 0).mean() + (fake < 0).mean()) / 2
        return {"prior": self.adversarial.real(real), "posterior": self.adversarial.fake(fake), "accuracy": accuracy}

    def fool(self, batch: Batch, key: PRNGKeyArray) -> Terms:
        """The encoder wants its codes to be called real."""
        seen = self._with_label(self._codes(batch, key), batch)
        return {"fooling": self.adversarial.fool(self.critic(seen, jax.random.fold_in(key, 2))[:, 0])}

    def encode(self, x: Float[Array, "batch ..."], y: Float[Array, "batch classes"] | None = None) -> Distribution:  # noqa: ARG002
        """q(z|x): the style does not ask for the label."""
        return self.encoder(x)

    def decode(self, z: Float[Array, "batch latent"], y: Float[Array, "batch classes"]) -> Distribution:
        """p(x|y, z)."""
        return self.decoder(condition(z, y))

    def class_scores(self, x: Float[Array, "batch ..."]) -> Float[Array, "batch classes"]:
        """How well each class explains x, given its style: log p(x|y, z) at the mean code, in nats."""
        z = self.encoder(x).mean

        def explain(label: Array) -> Float[Array, "batch"]:
            return self.decode(z, jax.nn.one_hot(jnp.full(len(x), label), self.n_labels)).log_prob(x)

        scores: Float[Array, "batch classes"] = jax.lax.map(explain, jnp.arange(self.n_labels)).T
        return scores

    def calibrated(self, batch: Batch, key: PRNGKeyArray) -> Self:
        """A copy whose batch norms hold the statistics of these rows, each with its label, and of their codes."""
        y = jax.nn.one_hot(batch.y, self.n_labels)
        pair = calibrated_pair(self.encoder, self.decoder, batch.x, key, y, encoder_knows=False)
        calibrated: Self = eqx.tree_at(lambda game: (game.encoder, game.decoder), self, pair)
        return calibrated

    def _codes(self, batch: Batch, key: PRNGKeyArray) -> Float[Array, "known latent"]:
        """Codes as inference will give them: these are the ones that have to fill the prior."""
        return self.encoder(batch.known.x).sample(key)

    def _with_label(self, z: Float[Array, "known latent"], batch: Batch) -> Float[Array, "known seen"]:
        return condition(z, jax.nn.one_hot(batch.known.y, self.n_labels))
