"""The semi-supervised adversarial autoencoder: without labels it clusters, with heads it reduces dimensions.

References:
    Makhzani et al. 2015, Adversarial Autoencoders, arXiv 1511.05644: Section 5 (semi-supervised), Section 6
    (clustering), Section 7 (dimensionality reduction: the representation is W y + z). There the style's critic sees the
    style alone, and then the style may tell the class, too, so that a class cannot be asked for (on the toy problem of
    the tests, 5 of 10 draws were of another class). Here it sees the style beside the likeliest class.
"""

from collections.abc import Callable
from typing import Self

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, PRNGKeyArray

from latently.batch import Batch
from latently.game import Game, Player, Terms
from latently.networks import Conditional, Layer, condition
from latently.probability import AdversarialLoss, Corruption, Deterministic, Distribution, Mixture, Normal

Heads = tuple[Float[Array, "batch classes"], Float[Array, "batch latent"]]


class SemiSupervisedAAE(Game):
    """One encoder gives a class and a style; a critic for each asks them to look like draws of their priors.

    Attributes:
        encoder: from x to `n_labels` logits of q(y|x) and the style z, side by side.
        decoder: p(x|y, z), fed the probabilities of the classes beside z; or p(x|W y + z), where there are heads.
        label_critic: tells one-hot draws of p(y) from the encoder's probabilities.
        style_critic: tells draws of p(z) from the encoder's styles, each beside its one-hot class.
        prior: p(z), normal; p(y) is uniform.
        adversarial: what critics and encoder play for.
        optimizer, critic_optimizer, generator_optimizer, classifier_optimizer: how the players move.
        n_labels: the number of classes, or of clusters.
        supervised: whether some rows have labels, so that there is a classifier to train.
        heads: W, the place of each cluster in the space of representations (Section 7); `None` for none.
        head_distance: heads closer than this push each other apart.
        corruption: what is done to x before it is encoded for reconstruction and classification.
    """

    encoder: Layer
    decoder: Conditional
    label_critic: Layer
    style_critic: Layer
    prior: Normal
    adversarial: AdversarialLoss
    optimizer: optax.GradientTransformation = eqx.field(static=True)
    critic_optimizer: optax.GradientTransformation = eqx.field(static=True)
    generator_optimizer: optax.GradientTransformation = eqx.field(static=True)
    classifier_optimizer: optax.GradientTransformation = eqx.field(static=True)
    n_labels: int = eqx.field(static=True)
    supervised: bool = eqx.field(static=True, default=True)
    heads: Float[Array, "classes latent"] | None = None
    head_distance: float = eqx.field(static=True, default=3.0)
    corruption: Corruption | None = None

    def players(self) -> tuple[Player, ...]:
        """Autoencoder, critics and generator; where there are labels, the classifier."""
        parts = ("encoder", "decoder") if self.heads is None else ("encoder", "decoder", "heads")
        halves = dict.fromkeys(("label_prior", "label_posterior", "style_prior", "style_posterior"), 0.5)
        diagnostics = {"label_accuracy": 0.0, "style_accuracy": 0.0}
        critics = ("label_critic", "style_critic")
        players: tuple[Player, ...] = (
            Player("autoencoder", parts, SemiSupervisedAAE.reconstruct, self.optimizer),
            Player("critics", critics, SemiSupervisedAAE.discriminate, self.critic_optimizer, halves | diagnostics),
            Player("generator", ("encoder",), SemiSupervisedAAE.fool, self.generator_optimizer),
        )
        if self.supervised:
            players += (Player("classifier", ("encoder",), SemiSupervisedAAE.classify, self.classifier_optimizer),)
        return players

    def reconstruct(self, batch: Batch, key: PRNGKeyArray) -> Terms:
        """−log p(x|y, z) at what the encoder makes of x; heads that are too close are pushed apart."""
        y, z = self._heads_in_training(batch, key)
        p = self.decoder(self._representation(y, z), jax.random.fold_in(key, 2))
        terms = {"reconstruction": -p.log_prob(batch.x).mean()}
        return terms if self.heads is None else terms | {"head_distance": self._closeness(self.heads)}

    def discriminate(self, batch: Batch, key: PRNGKeyArray) -> Terms:
        """Each critic calls draws of its prior real and what the encoder gives fake."""
        label_key, style_key, *critic_keys = jax.random.split(jax.random.fold_in(key, 3), 4)
        n, (y, z) = len(batch.x), self._heads(batch.x)
        y_prior = jax.nn.one_hot(jax.random.randint(label_key, (n,), 0, self.n_labels), self.n_labels)
        z_prior = self._seen(y, self.prior.sample(style_key, n))
        return {
            **self._judge("label", self.label_critic, y_prior, y, critic_keys[0]),
            **self._judge("style", self.style_critic, z_prior, self._seen(y, z), critic_keys[1]),
        }

    def fool(self, batch: Batch, key: PRNGKeyArray) -> Terms:
        """The encoder wants its classes and its styles to be called real."""
        label_key, style_key = jax.random.split(jax.random.fold_in(key, 4))
        y, z = self._heads(batch.x)
        return {
            "label_fooling": self.adversarial.fool(self.label_critic(y, label_key)[:, 0]),
            "style_fooling": self.adversarial.fool(self.style_critic(self._seen(y, z), style_key)[:, 0]),
        }

    def classify(self, batch: Batch, key: PRNGKeyArray) -> Terms:
        """−log q(y|x) of rows whose label is known."""
        rows = batch.known
        logits, _ = self._split(self._noisy(rows, key, stream=5))
        log_q = jnp.take_along_axis(jax.nn.log_softmax(logits), rows.y[:, None], axis=1)
        return {"classification": -log_q.mean()}

    def encode(self, x: Float[Array, "batch ..."], y: Float[Array, "batch classes"] | None = None) -> Distribution:  # noqa: ARG002
        """The style z, or where there are heads the representation W y + z."""
        y_given_x, z = self._heads(x)
        return Deterministic(z if self.heads is None else self._representation(y_given_x, z))

    def decode(self, z: Float[Array, "batch latent"], y: Float[Array, "batch classes"] | None = None) -> Distribution:
        """p(x|y, z); or p(x|representation), where there are heads."""
        return self.decoder(z if y is None else self._representation(y, z))

    def class_scores(self, x: Float[Array, "batch ..."]) -> Float[Array, "batch classes"]:
        """log q(y|x), up to a constant a row."""
        return self._split(self.encoder(x))[0]

    @property
    def code_prior(self) -> Normal | Mixture:
        """What codes look like: the styles' prior, or where there are heads a copy of it around each of them."""
        if self.heads is None:
            return self.prior
        centers = tuple(tuple(float(each) for each in head) for head in self.heads)
        return Mixture(self.prior.dim, centers, self.prior.scale)

    def calibrated(self, batch: Batch, key: PRNGKeyArray) -> Self:
        """A copy whose batch norms hold the statistics of these rows and of their representations."""
        encoder, outputs = self.encoder.calibrated(batch.x)
        logits, z = self._split(outputs)
        decoder, _ = self.decoder.calibrated(self._representation(jax.nn.softmax(logits), z), key)
        calibrated: Self = eqx.tree_at(lambda game: (game.encoder, game.decoder), self, (encoder, decoder))
        return calibrated

    def _split(self, outputs: Float[Array, "batch outputs"]) -> Heads:
        return outputs[:, : self.n_labels], outputs[:, self.n_labels :]

    def _heads(self, x: Float[Array, "batch ..."]) -> Heads:
        """q(y|x) and z as inference will give them: these are what has to look like the priors."""
        logits, z = self._split(self.encoder(x))
        return jax.nn.softmax(logits), z

    def _heads_in_training(self, batch: Batch, key: PRNGKeyArray) -> Heads:
        logits, z = self._split(self._noisy(batch, key, stream=1))
        return jax.nn.softmax(logits), z

    def _noisy(self, batch: Batch, key: PRNGKeyArray, stream: int) -> Float[Array, "batch outputs"]:
        """The encoder's output with dropout, input noise and corruption."""
        encoder_key, noise_key = jax.random.split(jax.random.fold_in(key, stream))
        x = batch.x if self.corruption is None else self.corruption(batch.x, noise_key)
        return self.encoder(x, encoder_key)

    def _seen(self, y: Float[Array, "batch classes"], z: Float[Array, "batch latent"]) -> Float[Array, "batch seen"]:
        """What the style's critic sees: the style beside the likeliest class of the row, which is another critic's."""
        return condition(z, jax.nn.one_hot(jnp.argmax(y, axis=1), self.n_labels))

    def _representation(self, y: Float[Array, "batch classes"], z: Float[Array, "batch latent"]) -> Array:
        return condition(z, y) if self.heads is None else y @ self.heads + z

    def _judge(
        self,
        name: str,
        critic: Callable[..., Array],
        real: Float[Array, "batch d"],
        fake: Float[Array, "batch d"],
        key: PRNGKeyArray,
    ) -> Terms:
        on_real, on_fake = jnp.split(critic(jnp.concatenate([real, fake]), key)[:, 0], 2)
        return {
            f"{name}_prior": self.adversarial.real(on_real),
            f"{name}_posterior": self.adversarial.fake(on_fake),
            f"{name}_accuracy": ((on_real > 0).mean() + (on_fake < 0).mean()) / 2,
        }

    def _closeness(self, heads: Float[Array, "classes latent"]) -> Float[Array, ""]:
        """How much closer than `head_distance` two heads are, summed over pairs (Section 7)."""
        first, second = jnp.triu_indices(len(heads), 1)
        squared = ((heads[first] - heads[second]) ** 2).sum(axis=1)
        return jax.nn.relu(self.head_distance - jnp.sqrt(squared + 1e-12)).sum()
