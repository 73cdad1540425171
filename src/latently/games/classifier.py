"""The classifier: one player learns p(y|x) from rows whose labels are known.

References:
    Szegedy et al. 2016, Rethinking the Inception Architecture for Computer Vision, arXiv 1512.00567, Section 7
    (`label_smoothing`).
"""

from typing import Self

import equinox as eqx
import jax
import optax
from jaxtyping import PRNGKeyArray

from latently.game import Batch, Game, Player, Terms
from latently.networks import Layer


class Classifier(Game):
    """One player moves a network to lower the cross-entropy of its classes.

    Attributes:
        network: from rows to one logit a class.
        optimizer: how the player moves.
        label_smoothing: the share of each label that is spread evenly over all classes, in [0, 1).
    """

    network: Layer
    optimizer: optax.GradientTransformation = eqx.field(static=True)
    label_smoothing: float = eqx.field(static=True, default=0.0)

    def players(self) -> tuple[Player, ...]:
        """One player; the accuracy is only logged."""
        return (Player("classifier", ("network",), Classifier.learn, self.optimizer, {"accuracy": 0.0}),)

    def learn(self, batch: Batch, key: PRNGKeyArray) -> Terms:
        """−E log p(y|x), of rows whose label is known, the labels smoothed (arXiv 1512.00567, Equation 5)."""
        rows = batch.known
        logits = self.network(rows.x, key)
        wanted = optax.smooth_labels(jax.nn.one_hot(rows.y, logits.shape[1]), self.label_smoothing)
        cross_entropy = optax.softmax_cross_entropy(logits, wanted).mean()
        return {"cross_entropy": cross_entropy, "accuracy": (logits.argmax(axis=1) == rows.y).mean()}

    def calibrated(self, batch: Batch, key: PRNGKeyArray) -> Self:
        """A copy whose batch norms hold the statistics of these rows."""
        del key
        network, _ = self.network.calibrated(batch.x)
        calibrated: Self = eqx.tree_at(lambda game: game.network, self, network)
        return calibrated
