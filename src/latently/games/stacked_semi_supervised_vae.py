"""M1+M2: a semi-supervised VAE on the codes of a VAE that was fitted before.

References:
    Kingma et al. 2014, Semi-supervised Learning with Deep Generative Models, arXiv 1406.5298: Section 2 ("stacked
    generative semi-supervised model"): M2 learns on samples of M1's posterior.
"""

from typing import Any, ClassVar, Self

import equinox as eqx
from jaxtyping import Array, Float, PRNGKeyArray

from latently.abilities import Classifies, Decodes, Encodes, LabelRole, ReadsGaps
from latently.game import Batch, Game, History, Player, Terms
from latently.games.semi_supervised_vae import SemiSupervisedVAE
from latently.games.vae import VAE
from latently.probability import Distribution, Normal
from latently.streams import stream


class StackedSemiSupervisedVAE(Game, Encodes, Decodes, ReadsGaps, Classifies):
    """M2's player, on fresh draws of the frozen first stage's posterior.

    Attributes:
        first: M1, fitted; nobody moves it.
        second: M2, whose data are codes of `first`.
    """

    frozen: ClassVar[tuple[str, ...]] = ("first",)
    draws_labelled: ClassVar[bool] = True
    aims_at_classes: ClassVar[bool] = True
    label_role: ClassVar[LabelRole] = "decoder"

    first: VAE
    second: SemiSupervisedVAE

    def players(self) -> tuple[Player, ...]:
        """M2's player, on codes."""
        (inner,) = self.second.players()

        def on_codes(game: "StackedSemiSupervisedVAE", batch: Batch, key: PRNGKeyArray) -> Terms:
            return inner.loss(game.second, game.codes(batch, stream(key, "first")), stream(key, "second"))

        return (Player(inner.name, ("second",), on_codes, inner.optimizer, inner.weights),)

    def codes(self, batch: Batch, key: PRNGKeyArray) -> Batch:
        """The batch with a draw of the first stage's posterior in the place of each row."""
        labelled = None if batch.labelled is None else self.codes(batch.labelled, stream(key, "labelled"))
        return Batch((self.first.encode(batch.x).sample(stream(key, "code")),), batch.labels, labelled)

    @property
    def prior(self) -> Normal:
        """The second stage's p(z₂)."""
        return self.second.prior

    @property
    def n_labels(self) -> int:
        """The number of classes."""
        return self.second.n_labels

    def encode(self, x: Float[Array, "batch ..."], y: Any = None) -> Distribution:
        """q(z₂|z₁, y) at the mean z₁ of x."""
        return self.second.encode(self.first.encode(x).mean, y)

    def decode(self, z: Float[Array, "batch latent"], y: Any = None) -> Distribution:
        """p(x|z₁) at the mean z₁ that z₂ and y stand for: back through both stages to the data."""
        return self.first.decode(self.second.decode(z, y).mean)

    def class_scores(self, x: Float[Array, "batch ..."]) -> Float[Array, "batch classes"]:
        """Log q(y|z₁) at the mean z₁ of x, up to a constant a row."""
        return self.second.class_scores(self.first.encode(x).mean)

    def calibrated(self, batch: Batch, key: PRNGKeyArray) -> Self:
        """A copy whose batch norms hold the statistics of these rows' codes."""
        first = self.first.calibrated(batch, stream(key, "first"))
        codes = Batch((first.encode(batch.x).sample(stream(key, "code")),), batch.labels)
        stages = (first, self.second.calibrated(codes, stream(key, "second")))
        calibrated: Self = eqx.tree_at(lambda game: (game.first, game.second), self, stages)
        return calibrated

    def diagnose(self, history: History) -> tuple[str, ...]:
        """As the second stage does."""
        return self.second.diagnose(history)
