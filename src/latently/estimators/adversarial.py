"""What the estimators whose codes are shaped by critics share."""

import dataclasses
from collections.abc import Sequence
from typing import Literal

from latently.estimators.base import LatentModel
from latently.estimators.hyperparameters import Count, Positive, Probability
from latently.probability import ADVERSARIAL_LOSSES, AdversarialLoss


@dataclasses.dataclass(eq=False, repr=False)
class AdversarialModel(LatentModel):
    """A model with a critic, or several.

    Args:
        critic_hidden: widths of the hidden layers of each critic.
        critic_dropout: probability of dropping a hidden unit of a critic in training.
        adversarial: what critic and encoder play for: `logistic`, `least-squares` or `hinge`.
        critic_learning_rate: of the critics; the same as learning_rate unless said.
        momentum: of all players: Adam's b1, Lion's likewise, or that of `sgd`; `rmsprop` has none.
    """

    _: dataclasses.KW_ONLY
    critic_hidden: Sequence[Count] = (512, 512)
    critic_dropout: Probability = 0.0
    adversarial: Literal["logistic", "least-squares", "hinge"] = "logistic"
    critic_learning_rate: Positive | None = None
    momentum: Probability = 0.9

    @property
    def adversarial_loss(self) -> AdversarialLoss:
        """The loss that `adversarial` names."""
        return ADVERSARIAL_LOSSES[self.adversarial]
