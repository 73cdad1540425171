"""The semi-supervised adversarial autoencoder: without labels it clusters, with heads it reduces dimensions.

References:
    Makhzani et al. 2015, Adversarial Autoencoders, arXiv 1511.05644: Section 5 (semi-supervised), Section 6
    (clustering), Section 7 (dimensionality reduction: the representation is W y + z). There the style's critic sees the
    style alone, and then the style may tell the class, too, so that a class cannot be asked for (on the toy problem of
    the tests, 5 of 10 draws were of another class). Here it sees the style beside the likeliest class.
"""

from typing import ClassVar, Self

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int, PRNGKeyArray

from latently.abilities import Classifies, Decodes, Denoises, Encodes, LabelRole, ReadsGaps
from latently.game import Batch, Game, Player, Terms
from latently.games.consistency import Consistency, inconsistency, uninformativeness
from latently.games.critics import CRITIC_WEIGHTS, critic_terms
from latently.games.encoder_decoder import corrupted, one_hot
from latently.networks import Conditional, Layer, condition
from latently.probability import AdversarialLoss, Corruption, Deterministic, Distribution, Mixture, Normal
from latently.streams import stream

ClassAndStyle = tuple[Float[Array, "batch classes"], Float[Array, "batch latent"]]


class SemiSupervisedAAE(Game, Encodes, Decodes, ReadsGaps, Classifies, Denoises):
    """One encoder gives a class and a style; a critic for each asks them to look like draws of their priors.

    Attributes:
        encoder: from x to `n_labels` logits of q(y|x) and the style z, side by side.
        decoder: p(x|y, z), fed the probabilities of the classes beside z; or p(x|W y + z), where there are heads.
        label_critic: tells one-hot draws of p(y) from the encoder's probabilities.
        style_critic: tells draws of p(z) from the encoder's styles, each beside its one-hot class.
        style_prior: p(z), normal.
        adversarial: what critics and encoder play for.
        optimizer, critic_optimizer, generator_optimizer, classifier_optimizer: how the players move.
        n_labels: the number of classes, or of clusters.
        supervised: whether some rows have labels, so that there is a classifier to train.
        heads: W, the place of each cluster in the space of representations (Section 7); `None` for none.
        head_distance: heads closer than this push each other apart.
        corruption: what is done to x before it is encoded for reconstruction and classification.
        label_logits: log p(y), up to a constant, of clusters that are not equally likely; `None` for uniform.
        consistency: how much classes have to stay what they are when a row is moved a little; `None` for not at all.
    """

    frozen: ClassVar[tuple[str, ...]] = ("label_logits",)
    added: ClassVar[tuple[str, ...]] = ("label_logits",)
    draws_labelled: ClassVar[bool] = True
    aims_at_classes: ClassVar[bool] = True

    encoder: Layer
    decoder: Conditional
    label_critic: Layer
    style_critic: Layer
    style_prior: Normal
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
    label_logits: Float[Array, "classes"] | None = None
    consistency: Consistency | None = eqx.field(static=True, default=None)

    @property
    def label_role(self) -> LabelRole:
        """The class goes to the decoder beside the style; or it says around which head codes are drawn."""
        return "decoder" if self.heads is None else "prior"

    @property
    def prior(self) -> Normal | Mixture:
        """What codes look like: the styles' prior, or where there are heads a copy of it around each of them."""
        if self.heads is None:
            return self.style_prior
        centers = tuple(tuple(float(each) for each in head) for head in self.heads)
        return Mixture(self.style_prior.dim, centers, self.style_prior.scale)

    @property
    def log_prior(self) -> Float[Array, "classes"] | None:
        """Log p(y), up to a constant."""
        return self.label_logits

    def players(self) -> tuple[Player, ...]:
        """Autoencoder, critics and generator; the classifier, where there are labels or consistency is asked for."""
        parts = ("encoder", "decoder") if self.heads is None else ("encoder", "decoder", "heads")
        weights = {f"{of}_{term}": weight for of in ("label", "style") for term, weight in CRITIC_WEIGHTS.items()}
        critics = ("label_critic", "style_critic")
        players: tuple[Player, ...] = (
            Player("autoencoder", parts, SemiSupervisedAAE.reconstruct, self.optimizer),
            Player("critics", critics, SemiSupervisedAAE.discriminate, self.critic_optimizer, weights),
            Player("generator", ("encoder",), SemiSupervisedAAE.fool, self.generator_optimizer),
        )
        asked = {} if self.consistency is None else {"consistency": self.consistency.weight}
        if self.consistency is not None and not self.supervised:
            asked["information"] = self.consistency.weight
        if self.supervised or asked:
            loss, optimizer = SemiSupervisedAAE.classify, self.classifier_optimizer
            players += (Player("classifier", ("encoder",), loss, optimizer, asked),)
        return players

    def reconstruct(self, batch: Batch, key: PRNGKeyArray) -> Terms:
        """−log p(x|y, z) at what the encoder makes of x; heads that are too close are pushed apart."""
        logits, z = self._split(self._encode_in_training(batch.x, key))
        p = self.decoder(self._representation(jax.nn.softmax(logits), z), stream(key, "decoder"))
        terms = {"reconstruction": -p.log_prob(batch.x).mean()}
        return terms if self.heads is None else terms | {"head_distance": self._closeness(self.heads)}

    def discriminate(self, batch: Batch, key: PRNGKeyArray) -> Terms:
        """Each critic calls draws of its prior real and what the encoder gives fake."""
        n, (y, z) = batch.x.shape[0], self._class_and_style(batch.x)
        y_prior = one_hot(self._drawn_labels(stream(key, "label prior"), n), self.n_labels)
        z_prior = self._seen(y, self.style_prior.sample(stream(key, "style prior"), n))
        of_label = self.label_critic(jnp.concatenate([y_prior, y]), stream(key, "label critic"))[:, 0]
        seen = jnp.concatenate([z_prior, self._seen(y, z)])
        of_style = self.style_critic(seen, stream(key, "style critic"))[:, 0]
        return {
            **critic_terms(self.adversarial, of_label, prefix="label_"),
            **critic_terms(self.adversarial, of_style, prefix="style_"),
        }

    def fool(self, batch: Batch, key: PRNGKeyArray) -> Terms:
        """The encoder wants its classes and its styles to be called real."""
        y, z = self._class_and_style(batch.x)
        of_label = self.label_critic(y, stream(key, "fooled label critic"))[:, 0]
        of_style = self.style_critic(self._seen(y, z), stream(key, "fooled style critic"))[:, 0]
        return {"label_fooling": self.adversarial.fool(of_label), "style_fooling": self.adversarial.fool(of_style)}

    def classify(self, batch: Batch, key: PRNGKeyArray) -> Terms:
        """−log q(y|x) of rows whose label is known; and how much q(y|x) of all rows changes when they are moved.

        Where no label is known, clusters shall tell rows apart besides.
        """
        terms: Terms = {}

        def logits(x: Float[Array, "batch ..."], key: PRNGKeyArray) -> Float[Array, "batch classes"]:
            return self._split(self._encode_in_training(x, key))[0]

        if self.supervised:
            of_known = logits(batch.known.x, stream(key, "classifier"))
            cross_entropy = optax.softmax_cross_entropy_with_integer_labels(of_known, batch.known.y)
            terms["classification"] = cross_entropy.mean()
        if self.consistency is not None:
            radius, key = self.consistency.radius, stream(key, "consistency")
            terms["consistency"], of_all = inconsistency(logits, batch.x, radius, key)
            if not self.supervised:
                terms["information"] = uninformativeness(of_all)
        return terms

    def encode(self, x: Float[Array, "batch ..."], y: Float[Array, "batch classes"] | None = None) -> Distribution:  # noqa: ARG002
        """The style z, or where there are heads the representation W y + z."""
        y_given_x, z = self._class_and_style(x)
        return Deterministic(z if self.heads is None else self._representation(y_given_x, z))

    def decode(self, z: Float[Array, "batch latent"], y: Float[Array, "batch classes"] | None = None) -> Distribution:
        """p(x|y, z); or p(x|representation), where there are heads."""
        return self.decoder(z if y is None else self._representation(y, z))

    def class_scores(self, x: Float[Array, "batch ..."]) -> Float[Array, "batch classes"]:
        """Log q(y|x), up to a constant a row."""
        return self._split(self.encoder(x))[0]

    def calibrated(self, batch: Batch, key: PRNGKeyArray) -> Self:
        """A copy whose batch norms hold the statistics of these rows and of their representations."""
        encoder, outputs = self.encoder.calibrated(batch.x)
        logits, z = self._split(outputs)
        decoder, _ = self.decoder.calibrated(self._representation(jax.nn.softmax(logits), z), key)
        calibrated: Self = eqx.tree_at(lambda game: (game.encoder, game.decoder), self, (encoder, decoder))
        return calibrated

    def _drawn_labels(self, key: PRNGKeyArray, n: int) -> Int[Array, "n"]:
        """Draws of p(y)."""
        if self.label_logits is None:
            return jax.random.randint(key, (n,), 0, self.n_labels)
        return jax.random.categorical(key, self.label_logits, shape=(n,))

    def _split(self, outputs: Float[Array, "batch outputs"]) -> ClassAndStyle:
        return outputs[:, : self.n_labels], outputs[:, self.n_labels :]

    def _class_and_style(self, x: Float[Array, "batch ..."]) -> ClassAndStyle:
        """q(y|x) and z as inference will give them: these are what has to look like the priors."""
        logits, z = self._split(self.encoder(x))
        return jax.nn.softmax(logits), z

    def _encode_in_training(self, x: Float[Array, "batch ..."], key: PRNGKeyArray) -> Float[Array, "batch outputs"]:
        """The encoder's output with dropout, input noise and corruption."""
        return self.encoder(corrupted(self, x, key), stream(key, "encoder"))

    def _seen(self, y: Float[Array, "batch classes"], z: Float[Array, "batch latent"]) -> Float[Array, "batch seen"]:
        """What the style's critic sees: the style beside the likeliest class of the row, which is another critic's."""
        return condition(z, one_hot(jnp.argmax(y, axis=1), self.n_labels))

    def _representation(self, y: Float[Array, "batch classes"], z: Float[Array, "batch latent"]) -> Array:
        return condition(z, y) if self.heads is None else y @ self.heads + z

    def _closeness(self, heads: Float[Array, "classes latent"]) -> Float[Array, ""]:
        """How much closer than `head_distance` two heads are, summed over pairs (Section 7)."""
        first, second = jnp.triu_indices(len(heads), 1)
        squared = ((heads[first] - heads[second]) ** 2).sum(axis=1)
        return jax.nn.relu(self.head_distance - jnp.sqrt(squared + 1e-12)).sum()
