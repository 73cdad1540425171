"""The conditional variational autoencoder.

References:
    Kingma et al. 2014, Semi-supervised Learning with Deep Generative Models, arXiv 1406.5298: the generative model of
    Equation 2 with the label known, and the bound of Equation 6 without its constant log p(y).
    Sohn et al. 2015, Learning Structured Output Representation using Deep Conditional Generative Models (the name).
"""

from typing import ClassVar

import equinox as eqx
import optax
from jaxtyping import Array, Float, PRNGKeyArray

from latently.abilities import Bounds, Classifies, LabelRole, TakesConditions
from latently.game import Batch, History, Player, Terms, Weight
from latently.games.encoder_decoder import EncoderDecoder, explained_by_each_label, told
from latently.games.vae import gaussian_divergence, unused_dimensions
from latently.networks import Conditional, condition
from latently.probability import Corruption, HiddenConditions, Normal
from latently.streams import stream


class ConditionalVAE(EncoderDecoder, Classifies, Bounds, TakesConditions):
    """One player raises a lower bound on log p(x|y); label and code are both needed to give x, and share the work.

    The label y is one class a row, or conditions: then some are hidden in training, so that p(x|y) is learned for
    what is known of y, whatever that is, and the code holds all else.

    Attributes:
        encoder: q(z|x, y), fed x beside the one-hot label, or beside conditions.
        decoder: p(x|y, z), fed z beside them.
        prior: p(z), normal.
        optimizer: how the player moves.
        n_labels: the number of classes; `None` for conditions.
        beta: the weight of the KL term, or its schedule.
        corruption: what is done to x before it is encoded; the decoder still has to give the clean x.
        conditions: what hides conditions in training; `None` for classes.
    """

    draws_labelled: ClassVar[bool] = True
    label_role: ClassVar[LabelRole] = "decoder"
    has_densities: ClassVar[bool] = True

    encoder: Conditional
    decoder: Conditional
    prior: Normal
    optimizer: optax.GradientTransformation = eqx.field(static=True)
    n_labels: int | None = eqx.field(static=True)
    beta: Weight = eqx.field(static=True, default=1.0)
    corruption: Corruption | None = None
    conditions: HiddenConditions | None = None

    def players(self) -> tuple[Player, ...]:
        """One player."""
        weights = {"kl": self.beta, "active_dimensions": 0.0}
        return (Player("cvae", ("encoder", "decoder"), ConditionalVAE.negative_bound, self.optimizer, weights),)

    def negative_bound(self, batch: Batch, key: PRNGKeyArray) -> Terms:
        """The two terms of −log p(x|y): the rows are those whose label is known."""
        x, y = batch.known.x, told(self, batch.known, key)
        q = self.encode_in_training(x, key, y)
        p = self.decoder(condition(q.sample(stream(key, "code")), y), stream(key, "decoder"))
        return {"reconstruction": -p.log_prob(x).mean(), **gaussian_divergence(q, self.prior)}

    def class_scores(self, x: Float[Array, "batch ..."]) -> Float[Array, "batch classes"]:
        """How well each class explains x: log p(x|y, z) − KL at the mean code, in nats; Bayes' rule does the rest."""

        def explain(y: Float[Array, "batch classes"]) -> Float[Array, "batch"]:
            q = self.encode(x, y)
            return self.decode(q.mean, y).log_prob(x) - q.kl(self.prior)

        return explained_by_each_label(explain, x, self.n_labels)

    def diagnose(self, history: History) -> tuple[str, ...]:
        """Posterior collapse: dimensions whose posterior has fallen back onto the prior."""
        return unused_dimensions(history[-1].get("cvae/active_dimensions"), self.prior.dim)
