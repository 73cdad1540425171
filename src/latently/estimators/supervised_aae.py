"""The supervised adversarial autoencoder, as a scikit-learn estimator."""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from jaxtyping import PRNGKeyArray

from latently.estimators import architecture as build
from latently.estimators.adversarial import AdversarialModel
from latently.estimators.schedules import build_optimizer
from latently.game import Task
from latently.games import supervised_aae as games
from latently.streams import stream


@dataclasses.dataclass(eq=False, repr=False, kw_only=True)
class SupervisedAAE(AdversarialModel):
    """Supervised adversarial autoencoder: the decoder is told the class, so the code holds the style alone.

    A critic asks of the codes of every class to fill one and the same prior, of any shape: nothing is left in them
    that would tell the class. Draw a class in every style with `sample(n, labels)`, write one row as every class with
    `restyle`. `predict` gives the class under which a row is reconstructed best. In the place of a class there may be
    conditions (see `ConditionalVAE`).

    Args:
        encoder: q(z|x): `deterministic` or `gaussian`.

    Note:
        The arguments that all models share are described at `LatentModel`, the critics' at `AdversarialModel`.

    References:
        Makhzani et al. 2015, arXiv 1511.05644, Section 4.

    Example:
        >>> from sklearn.datasets import load_digits
        >>> from latently import SupervisedAAE
        >>> X, y = load_digits().images / 16, load_digits().target
        >>> aae = SupervisedAAE(latent_dim=2, hidden=(64,), epochs=2, random_state=0).fit(X, y)
        >>> aae.sample(3, labels=7, random_state=0).shape, aae.restyle(X[:2], labels=[3, 4]).shape
        ((3, 8, 8), (2, 2, 8, 8))
    """

    game_type = games.SupervisedAAE
    labels: ClassVar[Literal["required"]] = "required"
    # Makhzani et al. 2015, Section 4, with Adam in the place of momentum, as in aae-mlp.
    # fmt: off
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "aae-supervised": dict(
            latent_dim=10, hidden=(1000, 1000), critic_hidden=(1000, 1000), activation="relu", likelihood="gaussian",
            likelihood_scale=1.0, output="sigmoid", batch_size=128, epochs=20, learning_rate=1e-3,
            critic_learning_rate=2e-4, learning_rate_decay=0.5
        ),
    }
    # fmt: on

    encoder: Literal["deterministic", "gaussian"] = "deterministic"

    def build_game(self, task: Task, key: PRNGKeyArray) -> games.SupervisedAAE:
        """The untrained game."""
        head = build.likelihood_head(self, task)
        return games.SupervisedAAE(
            encoder=build.posterior(self, task, stream(key, "encoder")),
            decoder=build.decoder(self, task, head, stream(key, "decoder"), labels=build.told(task)),
            critic=build.told_critic(self, task, stream(key, "critic")),
            prior=build.prior(self),
            adversarial=self.adversarial_loss,
            optimizer=build_optimizer(self, task),
            critic_optimizer=build_optimizer(self, task, self.critic_learning_rate),
            generator_optimizer=build_optimizer(self, task),
            corruption=build.corruption(self, task),
            # What is hidden has to be in the code: a critic that meets it often lets more of it stay in other codes.
            **build.label_fields(task, hidden=1 / 16),
        )
