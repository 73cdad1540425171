"""The conditional variational autoencoder.

References:
    Kingma et al. 2014, Semi-supervised Learning with Deep Generative Models, arXiv 1406.5298: the generative model of
    Equation 2 with the label known, and the bound of Equation 6 without its constant log p(y).
    Sohn et al. 2015, Learning Structured Output Representation using Deep Conditional Generative Models (the name).
"""

from collections.abc import Mapping, Sequence
from typing import Self

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, PRNGKeyArray

from latently.batch import Batch
from latently.game import Game, Player, Terms, Weight
from latently.games.vae import gaussian_divergence, unused_dimensions
from latently.networks import Conditional, calibrated_pair, condition
from latently.probability import Corruption, Distribution, Normal


class ConditionalVAE(Game):
    """One player raises a lower bound on log p(x|y); label and code are both needed to give x, and share the work.

    Attributes:
        encoder: q(z|x, y), fed x beside the one-hot label.
        decoder: p(x|y, z), fed z beside the one-hot label.
        prior: p(z), normal.
        optimizer: how the player moves.
        n_labels: the number of classes.
        beta: the weight of the KL term, or its schedule.
        corruption: what is done to x before it is encoded; the decoder still has to give the clean x.
    """

    encoder: Conditional
    decoder: Conditional
    prior: Normal
    optimizer: optax.GradientTransformation = eqx.field(static=True)
    n_labels: int = eqx.field(static=True)
    beta: Weight = eqx.field(static=True, default=1.0)
    corruption: Corruption | None = None

    def players(self) -> tuple[Player, ...]:
        """One player."""
        weights = {"kl": self.beta, "active_dimensions": 0.0}
        return (Player("cvae", ("encoder", "decoder"), ConditionalVAE.negative_bound, self.optimizer, weights),)

    def negative_bound(self, batch: Batch, key: PRNGKeyArray) -> Terms:
        """The two terms of −log p(x|y): the rows are those whose label is known."""
        noise_key, encoder_key, sample_key, decoder_key = jax.random.split(key, 4)
        rows = batch.known
        y = jax.nn.one_hot(rows.y, self.n_labels)
        x = rows.x if self.corruption is None else self.corruption(rows.x, noise_key)
        q = self.encoder(condition(x, y), encoder_key)
        p = self.decoder(condition(q.sample(sample_key), y), decoder_key)
        return {"reconstruction": -p.log_prob(rows.x).mean(), **gaussian_divergence(q, self.prior)}

    def encode(self, x: Float[Array, "batch ..."], y: Float[Array, "batch classes"]) -> Distribution:
        """q(z|x, y)."""
        return self.encoder(condition(x, y))

    def decode(self, z: Float[Array, "batch latent"], y: Float[Array, "batch classes"]) -> Distribution:
        """p(x|y, z)."""
        return self.decoder(condition(z, y))

    def class_scores(self, x: Float[Array, "batch ..."]) -> Float[Array, "batch classes"]:
        """How well each class explains x: log p(x|y, z) − KL at the mean code, in nats; Bayes' rule does the rest."""

        def explain(label: Array) -> Float[Array, "batch"]:
            y = jax.nn.one_hot(jnp.full(len(x), label), self.n_labels)
            q = self.encode(x, y)
            return self.decode(q.mean, y).log_prob(x) - q.kl(self.prior)

        scores: Float[Array, "batch classes"] = jax.lax.map(explain, jnp.arange(self.n_labels)).T
        return scores

    def calibrated(self, batch: Batch, key: PRNGKeyArray) -> Self:
        """A copy whose batch norms hold the statistics of these rows, each with its label, and of their codes."""
        y = jax.nn.one_hot(batch.y, self.n_labels)
        pair = calibrated_pair(self.encoder, self.decoder, batch.x, key, y)
        calibrated: Self = eqx.tree_at(lambda game: (game.encoder, game.decoder), self, pair)
        return calibrated

    def diagnose(self, history: Sequence[Mapping[str, float]]) -> tuple[str, ...]:
        """Posterior collapse: dimensions whose posterior has fallen back onto the prior."""
        return unused_dimensions(history[-1].get("cvae/active_dimensions"), self.prior.dim)
