"""What games share whose label is a latent variable wherever it is not known.

References:
    Kingma et al. 2014, Semi-supervised Learning with Deep Generative Models, arXiv 1406.5298: the bound of a labelled
    row (Equation 6) and of an unlabelled one (7), and the classifier's own term (9).
"""

import abc
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, PRNGKeyArray

from latently.abilities import Bounds, Classifies, Decodes, Denoises, Encodes, LabelRole, ReadsGaps
from latently.game import Batch, Game, History, Player, Terms
from latently.games.consistency import Consistency, inconsistency
from latently.games.encoder_decoder import corrupted, one_hot
from latently.games.vae import unused_dimensions, used_dimensions
from latently.networks import Conditional
from latently.probability import Categorical, Distribution, Normal, kl_per_dimension
from latently.streams import stream


class Reading(NamedTuple):
    """What the classifier and the encoder are given of rows.

    Attributes:
        rows: x; or x with a draw of an auxiliary variable a beside it.
        a: that draw, where there is one.
        q: what it was drawn from, q(a|x).
    """

    rows: Float[Array, "rows ..."]
    a: Float[Array, "rows auxiliary"] | None = None
    q: Distribution | None = None


class Bounded(NamedTuple):
    """What a game finds of rows.

    Attributes:
        bound: on log p(x), or on log p(x, y) where the label is known.
        kl: KL(q(z|x, y) ‖ p(z)) in each dimension, the mean over classes.
        divergences: the means of the others, by name.
    """

    bound: Float[Array, "rows"]
    kl: Float[Array, "rows latent"]
    divergences: Terms


class LatentLabel(Game, Encodes, Decodes, ReadsGaps, Denoises, Classifies, Bounds):
    """One player raises a bound on log p(x, y) where the label is known, and on log p(x) where it is not.

    With no labels at all, the classes are clusters of the game's own making.

    Attributes:
        classifier: q(y|x), categorical; or q(y|a, x).
        encoder: q(z|x, y), fed x beside the one-hot label; or q(z|a, y, x).
        prior: p(z), normal; p(y) is uniform.
        optimizer: how the player moves.
        n_labels: the number of classes.
        classification_weight: α/N of Equation 9: the weight of the classifier's own term beside the mean bound.
        labelled_weight: of the mean bound of a second draw, from the labelled rows alone, beside that of all rows.
        labels_known: of `"all"`, `"some"` or `"none"` of the rows.
        corruption: what is done to x before it is encoded and classified; the decoder still has to give the clean x.
        consistency: how much classes have to stay what they are when a row is moved a little; `None` for not at all.
    """

    draws_labelled: ClassVar[bool] = True
    aims_at_classes: ClassVar[bool] = True
    label_role: ClassVar[LabelRole] = "decoder"
    has_densities: ClassVar[bool] = True

    if TYPE_CHECKING:

        @property
        def classifier(self) -> Conditional: ...
        @property
        def encoder(self) -> Conditional: ...
        @property
        def prior(self) -> Normal: ...
        @property
        def optimizer(self) -> optax.GradientTransformation: ...
        @property
        def n_labels(self) -> int: ...
        @property
        def classification_weight(self) -> float: ...
        @property
        def labelled_weight(self) -> float: ...
        @property
        def labels_known(self) -> Literal["all", "some", "none"]: ...
        @property
        def consistency(self) -> Consistency | None: ...

    else:
        classifier: eqx.AbstractVar[Conditional]
        encoder: eqx.AbstractVar[Conditional]
        prior: eqx.AbstractVar[Normal]
        optimizer: eqx.AbstractVar[optax.GradientTransformation]
        n_labels: eqx.AbstractVar[int]
        classification_weight: eqx.AbstractVar[float]
        labelled_weight: eqx.AbstractVar[float]
        labels_known: eqx.AbstractVar[Literal["all", "some", "none"]]
        consistency: eqx.AbstractVar[Consistency | None]

    @abc.abstractmethod
    def read(self, x: Float[Array, "rows ..."], key: PRNGKeyArray | None = None) -> Reading:
        """What the classifier and the encoder are given of rows; without a key, in inference."""

    @abc.abstractmethod
    def explain(
        self,
        x: Float[Array, "rows ..."],
        reading: Reading,
        zy: Float[Array, "rows k latent_and_classes"],
        key: PRNGKeyArray,
    ) -> tuple[Float[Array, "rows_and_k"], dict[str, Float[Array, "rows_and_k"]]]:
        """Log p(x|z, y) of each row with each of its k codes and classes, and the divergences other than z's."""

    def player(self, name: str, parts: tuple[str, ...], *diagnostics: str) -> Player:
        """The one player, on Equation 9."""
        weights = {} if self.labels_known == "none" else {"classification": self.classification_weight}
        if self.labels_known == "some" and self.labelled_weight:
            weights["labelled_bound"] = self.labelled_weight
        weights |= {} if self.consistency is None else {"consistency": self.consistency.weight}
        weights |= dict.fromkeys(("kl", *diagnostics, "active_dimensions"), 0.0)
        return Player(name, parts, LatentLabel.objective, self.optimizer, weights)

    def objective(self, batch: Batch, key: PRNGKeyArray) -> Terms:
        """−J/N: the bound of every row, and the classifier's error on the labelled ones."""
        reading, q_y = self._classified(batch.x, key)
        found = self._bounded(batch, reading, None if self.labels_known == "all" else q_y, key)
        terms: Terms = {"bound": -found.bound.mean()}
        if self.labels_known == "all":
            terms["classification"] = -q_y.log_prob(batch.y).mean()
        if self.labels_known == "some":
            known, labelled_key = batch.known, stream(key, "labelled")
            reading, q_y = self._classified(known.x, labelled_key)
            terms["classification"] = -q_y.log_prob(known.y).mean()
            if self.labelled_weight:
                terms["labelled_bound"] = -self._bounded(known, reading, None, labelled_key).bound.mean()
        if self.consistency is not None:

            def logits(x: Float[Array, "rows ..."], key: PRNGKeyArray) -> Float[Array, "rows classes"]:
                return self._classified(x, key)[1].logits

            radius = self.consistency.radius
            terms["consistency"], _ = inconsistency(logits, batch.x, radius, stream(key, "consistency"))
        kl = found.kl.mean(axis=0)
        return {**terms, "kl": kl.sum(), **found.divergences, "active_dimensions": used_dimensions(kl)}

    def class_scores(self, x: Float[Array, "batch ..."]) -> Float[Array, "batch classes"]:
        """Log q(y|x), up to a constant a row; log q(y|a, x) at the mean of q(a|x)."""
        return self._classify(self.read(x)).logits

    def diagnose(self, history: History) -> tuple[str, ...]:
        """Posterior collapse: dimensions whose posterior has fallen back onto the prior."""
        (player,) = self.players()
        return unused_dimensions(history[-1].get(f"{player.name}/active_dimensions"), self.prior.dim, weighted=False)

    def _classified(self, x: Float[Array, "rows ..."], key: PRNGKeyArray) -> tuple[Reading, Categorical]:
        """What is given of rows in training, and q(y|x) or q(y|a, x)."""
        reading = self.read(corrupted(self, x, key), key)
        return reading, self._classify(reading, key)

    def _bounded(self, batch: Batch, reading: Reading, q_y: Categorical | None, key: PRNGKeyArray) -> Bounded:
        """−U(x) = Σ_y q(y|x) (−L(x, y)) + H(q(y|x)) (Equation 7), exactly; where y is known, all of q lies on it.

        −L(x, y) is a bound on log p(x, y) (Equation 6). Without `q_y` all labels of the batch are known, and it is
        taken of them alone.
        """
        rows, classes = batch.x.shape[0], self.n_labels
        if q_y is None:
            y, weights, entropy = one_hot(batch.y, classes)[:, None], jnp.ones((rows, 1)), jnp.zeros(rows)
        else:
            y, weights, entropy = jnp.eye(classes), q_y.mean, q_y.entropy
            if batch.labels is not None:
                known = batch.labels >= 0
                weights = jnp.where(known[:, None], one_hot(batch.labels, classes), weights)
                entropy = jnp.where(known, 0.0, entropy)
        k = weights.shape[1]
        q = self.encoder.crossed(reading.rows, y, stream(key, "encoder"))  # [rows * k, ...]: every row with each class
        z = q.sample(stream(key, "code")).reshape(rows, k, -1)
        kl = kl_per_dimension(q, self.prior).reshape(z.shape)
        zy = jnp.concatenate([z, jnp.broadcast_to(y, (rows, k, classes))], axis=-1)
        log_p, divergences = self.explain(batch.x, reading, zy, key)
        each = (log_p - sum(divergences.values())).reshape(rows, k) - jnp.log(classes) - kl.sum(axis=-1)
        means = {name: (weights * of.reshape(rows, k)).sum(axis=1).mean() for name, of in divergences.items()}
        return Bounded((weights * each).sum(axis=1) + entropy, (weights[:, :, None] * kl).sum(axis=1), means)

    def _classify(self, reading: Reading, key: PRNGKeyArray | None = None) -> Categorical:
        q = self.classifier(reading.rows, None if key is None else stream(key, "classifier"))
        if not isinstance(q, Categorical):
            raise TypeError("the classifier needs a CategoricalHead.")
        return q
