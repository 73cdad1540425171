"""What the estimators whose codes are shaped by critics share."""

import dataclasses
from collections.abc import Sequence
from typing import Literal

import optax

from latently.estimators.base import LatentModel
from latently.estimators.hyperparameters import Count, Positive, Probability
from latently.estimators.schedules import adam
from latently.game import Task
from latently.probability import ADVERSARIAL_LOSSES, AdversarialLoss


@dataclasses.dataclass(eq=False, repr=False)
class AdversarialModel(LatentModel):
    """A model with a critic, or several.

    Args:
        critic_hidden: widths of the hidden layers of each critic.
        critic_dropout: probability of dropping a hidden unit of a critic in training.
        adversarial: what critic and encoder play for: `logistic`, `least-squares` or `hinge`.
        critic_learning_rate: of the critics; the same as learning_rate unless said.
        momentum: Adam's b1, of all players.
    """

    _: dataclasses.KW_ONLY
    critic_hidden: Sequence[Count] = (512, 512)
    critic_dropout: Probability = 0.0
    adversarial: Literal["logistic", "least-squares", "hinge"] = "logistic"
    critic_learning_rate: Positive | None = None
    momentum: Probability = 0.9

    def optimizer(
        self, task: Task, learning_rate: float | None = None, updates: int = 1
    ) -> optax.GradientTransformation:
        """Adam at that rate, or at the autoencoder's, for so many updates in each round."""
        rate, decay = float(learning_rate or self.learning_rate), float(self.learning_rate_decay)
        return adam(rate, float(self.momentum), decay=decay, updates=updates * task.rounds)

    @property
    def adversarial_loss(self) -> AdversarialLoss:
        """The loss that `adversarial` names."""
        return ADVERSARIAL_LOSSES[self.adversarial]
