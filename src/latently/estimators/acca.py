"""Adversarial canonical correlation analysis, as a scikit-learn estimator of several views."""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

from jaxtyping import PRNGKeyArray

from latently.estimators import architecture as build
from latently.estimators.adversarial import AdversarialModel
from latently.estimators.hyperparameters import Count, EncoderName, Fusion, Positive, ViewLikelihoods
from latently.estimators.schedules import build_optimizer
from latently.game import Task
from latently.games import acca as games
from latently.streams import stream


@dataclasses.dataclass(eq=False, repr=False)
class ACCA(AdversarialModel):
    """Adversarial CCA: one code for two or more views of a row, from any of them, that gives back all of them.

    An encoder for each view and one for all views together; a critic matches codes of whatever views to one prior, and
    so to those of the others; every code has to reconstruct every view. So a code may come from one view, or from some,
    and be decoded to a missing one: `complete`.

    `X` is a list of arrays, or a dict, name → array, or `latently.data.Views`; all have the same number of rows, each
    its own shape, type and likelihood. A row that lacks a view (all NaN, or masked in a NumPy masked array) takes part
    with what it has.

    Args:
        latent_dim: dimensions of a code; even, where the prior is laid out in pairs of dimensions.
        likelihood: p(xᵥ|z): `bernoulli`, `gaussian`, `laplace`, or `auto`: Bernoulli for a view in [0, 1], else
            Gaussian; or one for each view, in order; from Python also a dict, name → likelihood.
        fusion: how views give one code, where no joint encoder does: `product` weighs each view by how much it knows
            of each dimension (Wu & Goodman 2018), and a round's codes come from views that are drawn for each row; by
            `mean`, all views count alike, and a round's codes come from each view alone, as in the paper.
        joint: have an encoder of all views together, beside those of each.
        encoder: q(z|x): `deterministic`, `gaussian` (mean and log-variance), or `implicit` (noise fed beside x).
        noise_dim: numbers of noise that an implicit encoder is fed.
        fooling_weight: of the fooling of the critic by the codes of each origin, against one share of the
            reconstruction per element.

    Attributes:
        view_names_: the views' names, in order.

    Note:
        The arguments that all models share are described at `LatentModel`, the critics' at `AdversarialModel`.

    References:
        Shi et al. 2019, arXiv 1907.02345; Wu & Goodman 2018, arXiv 1802.05335.

    Example:
        >>> from sklearn.datasets import load_digits
        >>> from latently import ACCA
        >>> images = load_digits().images / 16
        >>> halves = {"left": images[:, :, :4], "right": images[:, :, 4:]}
        >>> acca = ACCA(latent_dim=8, hidden=(64,), epochs=2, random_state=0).fit(halves)
        >>> acca.complete({"left": images[:3, :, :4]})["right"].shape
        (3, 8, 4)
    """

    game_type = games.ACCA
    # fmt: off
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        # Shi et al. 2019, halves of images: squared error on [-1, 1] is −log p of a Gaussian of variance 1/2.
        "acca-halves": dict(
            latent_dim=100, hidden=(256, 256), critic_hidden=(512, 256), activation="leaky_relu",
            likelihood="gaussian", likelihood_scale=0.5**0.5, output="tanh", fooling_weight=1e-4, batch_size=256,
            epochs=42.67, learning_rate=1e-3, fusion="mean", linear_path=False
        ),
        # For a linear reader of the codes: more dimensions, dropout, a light critic, and no encoder of both views.
        "acca-noisy": dict(
            latent_dim=100, hidden=(1024, 1024), critic_hidden=(512, 256), activation="relu", dropout=0.2, joint=False,
            likelihood="bernoulli", fooling_weight=1e-4, batch_size=256, epochs=20, learning_rate=1e-3,
            learning_rate_decay=0.5, fusion="mean", linear_path=False
        ),
    }
    # fmt: on

    latent_dim: Count = 50
    _: dataclasses.KW_ONLY
    likelihood: ViewLikelihoods = "auto"  # type: ignore[assignment]
    fusion: Fusion = "product"
    joint: bool = True
    encoder: EncoderName = "deterministic"
    noise_dim: Count = 10
    fooling_weight: Positive = 1e-3

    def build_game(self, task: Task, key: PRNGKeyArray) -> games.ACCA:
        """The untrained game."""
        encoders = (build.posterior(self, task.of_view(v), stream(key, f"encoder {v}")) for v in range(len(task.views)))
        return games.ACCA(
            encoders=tuple(encoders),
            joint=build.posterior(self, build.joint_task(task), stream(key, "joint encoder")) if self.joint else None,
            decoders=build.view_decoders(self, task, stream(key, "decoders")),
            critic=build.critic(self, int(self.latent_dim), stream(key, "critic")),
            prior=build.prior(self),
            adversarial=self.adversarial_loss,
            optimizer=build_optimizer(self, task),
            critic_optimizer=build_optimizer(self, task, self.critic_learning_rate),
            names=task.views,
            fooling_weight=float(self.fooling_weight),
            corruption=build.view_corruption(self, task),
            experts=build.experts(self, len(task.views)),
        )
