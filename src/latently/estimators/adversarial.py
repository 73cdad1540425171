"""What the estimators whose codes are shaped by critics share."""

import dataclasses
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar, Literal, TypeAlias

import optax
from jaxtyping import PRNGKeyArray
from sklearn.utils._param_validation import Interval, StrOptions

from latently.estimators.architecture import Shape, build_encoder
from latently.estimators.base import LatentModel
from latently.estimators.schedules import adam
from latently.networks import Conditional
from latently.probability import ADVERSARIAL_LOSSES, DeterministicHead, GaussianHead

EncoderName: TypeAlias = Literal["deterministic", "gaussian", "implicit"]

ENCODER_CONSTRAINTS: dict[str, list[Any]] = {
    "encoder": [StrOptions({"deterministic", "gaussian", "implicit"})],
    "noise_dim": [Interval(Integral, 1, None, closed="left")],
}
"""Of a model that needs no density of q(z|x), which may then be of any kind."""


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

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **LatentModel._parameter_constraints,
        "critic_hidden": [tuple, list],
        "critic_dropout": [Interval(Real, 0, 1, closed="left")],
        "adversarial": [StrOptions(set(ADVERSARIAL_LOSSES))],
        "critic_learning_rate": [None, Interval(Real, 0, None, closed="neither")],
        "momentum": [Interval(Real, 0, 1, closed="left")],
    }

    _: dataclasses.KW_ONLY
    critic_hidden: Sequence[int] = (512, 512)
    critic_dropout: float = 0.0
    adversarial: Literal["logistic", "least-squares", "hinge"] = "logistic"
    critic_learning_rate: float | None = None
    momentum: float = 0.9

    def _optimizer(self, learning_rate: float | None, updates: int) -> optax.GradientTransformation:
        """Adam at that rate, or at the autoencoder's, for so many updates."""
        rate, decay = float(learning_rate or self.learning_rate), float(self.learning_rate_decay)
        return adam(rate, float(self.momentum), decay=decay, updates=updates)


def build_posterior(model: Any, shape: Shape, key: PRNGKeyArray) -> Conditional:
    """q(z|x) for rows of `shape`, of the kind that `encoder` names.

    Args:
        model: an estimator with `encoder`, and with `noise_dim` where that may be `implicit`.
        shape: of a row.
        key: for the initial weights.

    Raises:
        ValueError: an implicit encoder is asked of convolutions.
    """
    head = GaussianHead(scale="exp") if model.encoder == "gaussian" else DeterministicHead()
    noise_dim = int(model.noise_dim) if model.encoder == "implicit" else 0
    return build_encoder(model, shape, head, key, noise_dim=noise_dim)
