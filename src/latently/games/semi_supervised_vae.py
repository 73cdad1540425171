"""M2: the variational autoencoder whose label is a latent variable wherever it is not known.

References:
    Kingma et al. 2014, Semi-supervised Learning with Deep Generative Models, arXiv 1406.5298: the model (Equation 2),
    the bound of a labelled row (6) and of an unlabelled one (7), and the classifier's own term (9).
"""

from typing import ClassVar, Literal, Self

import equinox as eqx
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, PRNGKeyArray

from latently.abilities import Bounds, Classifies, LabelRole
from latently.game import Batch, History, Player, Terms
from latently.games.consistency import Consistency, inconsistency
from latently.games.encoder_decoder import EncoderDecoder, corrupted, one_hot
from latently.games.vae import unused_dimensions, used_dimensions
from latently.networks import Conditional, condition
from latently.probability import Categorical, Corruption, Distribution, Normal, kl_per_dimension
from latently.streams import stream


class SemiSupervisedVAE(EncoderDecoder, Classifies, Bounds):
    """One player raises a bound on log p(x, y) where the label is known, and on log p(x) where it is not.

    With no labels at all, the classes are clusters of the game's own making.

    Attributes:
        classifier: q(y|x), categorical.
        encoder: q(z|x, y), fed x beside the one-hot label.
        decoder: p(x|y, z), fed z beside the one-hot label.
        prior: p(z), normal; p(y) is uniform.
        optimizer: how the player moves.
        n_labels: the number of classes.
        classification_weight: α/N of Equation 9: the weight of the classifier's own term beside the mean bound.
        labels_known: of `"all"`, `"some"` or `"none"` of the rows.
        corruption: what is done to x before it is encoded and classified; the decoder still has to give the clean x.
        consistency: how much classes have to stay what they are when a row is moved a little; `None` for not at all.
    """

    draws_labelled: ClassVar[bool] = True
    aims_at_classes: ClassVar[bool] = True
    label_role: ClassVar[LabelRole] = "decoder"
    has_densities: ClassVar[bool] = True

    classifier: Conditional
    encoder: Conditional
    decoder: Conditional
    prior: Normal
    optimizer: optax.GradientTransformation = eqx.field(static=True)
    n_labels: int = eqx.field(static=True)
    classification_weight: float = eqx.field(static=True, default=0.1)
    labels_known: Literal["all", "some", "none"] = eqx.field(static=True, default="some")
    corruption: Corruption | None = None
    consistency: Consistency | None = eqx.field(static=True, default=None)

    def players(self) -> tuple[Player, ...]:
        """One player, on Equation 9."""
        weights = {"classification": self.classification_weight} if self.labels_known != "none" else {}
        weights |= {"consistency": self.consistency.weight} if self.consistency is not None else {}
        diagnostics = {"kl": 0.0, "active_dimensions": 0.0}
        parts = ("classifier", "encoder", "decoder")
        return (Player("m2", parts, SemiSupervisedVAE.objective, self.optimizer, weights | diagnostics),)

    def objective(self, batch: Batch, key: PRNGKeyArray) -> Terms:
        """−J/N: the bound of every row, and the classifier's error on the labelled ones."""
        x = corrupted(self, batch.x, key)
        q_y = self._classify(x, stream(key, "classifier"))
        terms: Terms = {}
        if self.labels_known == "all":
            y = one_hot(batch.y, self.n_labels)
            q = self.encoder(condition(x, y), stream(key, "encoder"))
            bound, kl = self._labelled_bound(batch.x, y, q, key)
            terms["classification"] = -q_y.log_prob(batch.y).mean()
        else:
            bound, kl = self._bound(batch, x, q_y, key)
        if self.labels_known == "some":
            labelled_key = stream(key, "labelled")
            x = corrupted(self, batch.known.x, labelled_key)
            q_y = self._classify(x, stream(labelled_key, "classifier"))
            terms["classification"] = -q_y.log_prob(batch.known.y).mean()
        if self.consistency is not None:

            def logits(x: Float[Array, "batch ..."], key: PRNGKeyArray) -> Float[Array, "batch classes"]:
                return self._classify(corrupted(self, x, key), stream(key, "classifier")).logits

            radius = self.consistency.radius
            terms["consistency"], _ = inconsistency(logits, batch.x, radius, stream(key, "consistency"))
        mean_kl = kl.mean(axis=0)
        return {"bound": -bound.mean(), **terms, "kl": mean_kl.sum(), "active_dimensions": used_dimensions(mean_kl)}

    def class_scores(self, x: Float[Array, "batch ..."]) -> Float[Array, "batch classes"]:
        """Log q(y|x), up to a constant a row."""
        return self._classify(x).logits

    def calibrated(self, batch: Batch, key: PRNGKeyArray) -> Self:
        """A copy whose batch norms hold the statistics of these rows, each with its likeliest label."""
        classifier, q_y = self.classifier.calibrated(batch.x, stream(key, "classifier"))
        likeliest = Batch(batch.views, jnp.argmax(q_y.mean, axis=1))
        pair = super().calibrated(likeliest, stream(key, "pair"))
        calibrated: Self = eqx.tree_at(lambda game: game.classifier, pair, classifier)
        return calibrated

    def diagnose(self, history: History) -> tuple[str, ...]:
        """Posterior collapse: dimensions whose posterior has fallen back onto the prior."""
        return unused_dimensions(history[-1].get("m2/active_dimensions"), self.prior.dim, weighted=False)

    def _labelled_bound(
        self, x: Float[Array, "rows ..."], y: Float[Array, "rows k"], q: Distribution, key: PRNGKeyArray
    ) -> tuple[Float[Array, "rows"], Float[Array, "rows latent"]]:
        """−L(x, y), a bound on log p(x, y) (Equation 6) with the posterior q(z|x, y), and its KL in each dimension."""
        p = self.decoder(condition(q.sample(stream(key, "code")), y), stream(key, "decoder"))
        kl = kl_per_dimension(q, self.prior)
        return p.log_prob(x) - jnp.log(self.n_labels) - kl.sum(axis=1), kl

    def _bound(
        self, batch: Batch, x: Float[Array, "batch ..."], q_y: Categorical, key: PRNGKeyArray
    ) -> tuple[Float[Array, "batch"], Float[Array, "batch latent"]]:
        """−U(x) = Σ_y q(y|x) (−L(x, y)) + H(q(y|x)) (Equation 7), exactly; where y is known, all of q lies on it."""
        k, rows = self.n_labels, x.shape[0]
        q = self.encoder.crossed(x, jnp.eye(k), stream(key, "encoder"))  # [rows * k, ...]: every row with every class
        y = jnp.tile(jnp.eye(k), (rows, 1))
        each, kl = self._labelled_bound(jnp.repeat(batch.x, k, axis=0), y, q, key)
        weights, entropy = q_y.mean, q_y.entropy
        if batch.labels is not None:
            known = batch.labels >= 0
            weights = jnp.where(known[:, None], one_hot(batch.labels, k), weights)
            entropy = jnp.where(known, 0.0, entropy)
        bound = (weights * each.reshape(rows, k)).sum(axis=1) + entropy
        return bound, (weights[:, :, None] * kl.reshape(rows, k, -1)).sum(axis=1)

    def _classify(self, x: Float[Array, "batch ..."], key: PRNGKeyArray | None = None) -> Categorical:
        """q(y|x)."""
        q = self.classifier(x, key)
        if not isinstance(q, Categorical):
            raise TypeError("the classifier needs a CategoricalHead.")
        return q
