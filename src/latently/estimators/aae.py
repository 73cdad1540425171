"""The adversarial autoencoder, as a scikit-learn estimator."""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from jaxtyping import PRNGKeyArray

from latently.estimators import architecture as build
from latently.estimators.adversarial import AdversarialModel
from latently.estimators.hyperparameters import Count, EncoderName, OpenShare, Positive, Updates
from latently.estimators.schedules import build_optimizer
from latently.game import Task
from latently.games import aae as games
from latently.streams import stream


@dataclasses.dataclass(eq=False, repr=False)
class AAE(AdversarialModel):
    """Adversarial autoencoder: codes take the shape of any prior that can be sampled, tied to labels or not.

    An autoencoder reconstructs; a critic tells codes from draws of the prior; the encoder learns to fool it. With
    labels, each class fills its own region of the prior (a petal, a cell, a sector, a stretch of the curve), rows
    labelled -1 are matched to the whole prior, and `predict` reads the class off the region.

    Args:
        latent_dim: dimensions of a code; even, where the prior is laid out in pairs of dimensions.
        encoder: q(z|x): `deterministic`, `gaussian` (mean and log-variance), or `implicit` (noise fed beside x).
        noise_dim: numbers of noise that an implicit encoder is fed.
        penalty: keeps the critic smooth: `r1`, `gradient` or None.
        penalty_weight: its weight.
        spectral_norm: divide the critic's weights by their largest singular value.
        fooling_weight: None for separate reconstruction and fooling steps; a number for one joint step that weighs
            fooling with it and the reconstruction per element with the rest to 1.
        generator_updates: times that the encoder tries to fool the critic in a round of separate steps.
        learning_rate: of the autoencoder and of the generator.

    Note:
        The arguments that all models share are described at `LatentModel`, the critics' at `AdversarialModel`.

    References:
        Makhzani et al. 2015, arXiv 1511.05644.

    Example:
        >>> from sklearn.datasets import load_digits
        >>> from latently import AAE
        >>> X, y = load_digits(return_X_y=True)
        >>> aae = AAE(latent_dim=2, prior="star", hidden=(64,), epochs=2, random_state=0).fit(X / 16, y)
        >>> aae.transform(X[:5] / 16).shape, aae.sample(3, labels=7, random_state=0).shape
        ((5, 2), (3, 64))
    """

    game_type = games.AAE
    labels: ClassVar[Literal["optional"]] = "optional"
    # fmt: off
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        # Makhzani et al. 2015: three separate steps, the critic's rate a fifth of the others', two generator updates.
        "aae-mlp": dict(
            latent_dim=2, hidden=(1000, 1000), critic_hidden=(1000, 1000), activation="relu", dropout=0.1,
            critic_dropout=0.1, likelihood="gaussian", likelihood_scale=1.0, output="sigmoid", generator_updates=2,
            batch_size=128, epochs=20, learning_rate=1e-3, critic_learning_rate=2e-4
        ),
        # A probabilistic encoder and one joint step.
        "aae-gaussian": dict(
            latent_dim=10, hidden=(512, 512), critic_hidden=(512, 256), activation="leaky_relu",
            normalization=(None, "batch"), encoder="gaussian", likelihood="laplace", likelihood_scale=1.0,
            output="tanh", fooling_weight=0.001, learning_rate=2e-4, momentum=0.5, batch_size=64, epochs=20
        ),
    }
    # fmt: on

    latent_dim: Count = 2
    _: dataclasses.KW_ONLY
    encoder: EncoderName = "deterministic"
    noise_dim: Count = 10
    penalty: Literal["r1", "gradient"] | None = None
    penalty_weight: Positive = 1.0
    spectral_norm: bool = False
    fooling_weight: OpenShare | None = None
    generator_updates: Updates = 1

    def build_game(self, task: Task, key: PRNGKeyArray) -> games.AAE:
        """The untrained game."""
        seen, head = int(self.latent_dim), build.likelihood_head(self, task)
        seen += 0 if task.n_labels is None else task.n_labels + 1
        return games.AAE(
            encoder=build.posterior(self, task, stream(key, "encoder")),
            decoder=build.decoder(self, task, head, stream(key, "decoder")),
            critic=build.critic(self, seen, stream(key, "critic"), spectral_norm=bool(self.spectral_norm)),
            prior=build.prior(self, task.n_labels),
            adversarial=self.adversarial_loss,
            optimizer=build_optimizer(self, task),
            critic_optimizer=build_optimizer(self, task, self.critic_learning_rate),
            generator_optimizer=build_optimizer(self, task, updates=int(self.generator_updates)),
            generator_updates=int(self.generator_updates),
            fooling_weight=None if self.fooling_weight is None else float(self.fooling_weight),
            n_labels=task.n_labels,
            penalty=self.penalty,
            penalty_weight=float(self.penalty_weight),
            corruption=build.corruption(self, task),
        )
