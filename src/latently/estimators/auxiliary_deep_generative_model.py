"""The auxiliary and the skip deep generative model, as a scikit-learn estimator."""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from jaxtyping import PRNGKeyArray

from latently.estimators import architecture as build
from latently.estimators.base import LatentModel
from latently.estimators.hyperparameters import ClusterStart, Count, NotNegative, Positive, PosteriorScale
from latently.estimators.networks import decoder_network, hidden_widths
from latently.estimators.semi_supervised_vae import latent_label_fields
from latently.game import Task
from latently.games import auxiliary_deep_generative_model as games
from latently.networks import Conditional
from latently.probability import GaussianHead
from latently.streams import stream

# Maaløe et al. 2016: a and z of 100, two hidden layers of 500.
_PAPER: dict[str, Any] = dict(
    latent_dim=100, auxiliary_dim=100, hidden=(500, 500), activation="relu", likelihood="bernoulli", batch_size=128,
    epochs=50, learning_rate=1e-3, learning_rate_decay=0.5
)  # fmt: skip


@dataclasses.dataclass(eq=False, repr=False, kw_only=True)
class AuxiliaryDeepGenerativeModel(LatentModel):
    """M2 with an auxiliary variable (ADGM): classifies from a few labels, draws and restyles, trained in one stage.

    An auxiliary variable a is inferred from a row first, and class and code from both: so the posterior of the code is
    not one Gaussian, as M2's is, but a mixture. The skip model (SDGM) also draws rows from a. With no labels at all it
    finds `n_clusters` clusters.

    The code is z. Classes are told at the mean of a given the row, and codes are decoded at its mean given the code.

    Args:
        auxiliary_dim: dimensions of a.
        skip: be the skip model: rows hang on a, too, and a on the code and the class alone.
        posterior_scale: how the encoder gives its standard deviation: `exp` of half a log-variance, or `softplus`.
        prior: `normal`.
        classification_weight: weight of the classifier's own error on the labelled rows, beside the mean bound in nats.
        labelled_weight: weight of the mean bound of a second draw in each round, from the labelled rows alone, beside
            that of all rows; 0 for none: labelled rows then count as often as they are.
        n_clusters: how many clusters to find where there are no labels.
        cluster_start: where clusters begin: at those of a `gaussian-mixture` of the rows, or at `random`.
        consistency_weight: of the term that asks for the same classes after the worst small move of a row; 0 for none.
        consistency_radius: how far rows are moved for it, in the units of the data as networks read them.

    Note:
        The arguments that all models share are described at `LatentModel`.

    References:
        Maaløe et al. 2016, arXiv 1602.05473.

    Example:
        >>> from sklearn.datasets import load_digits
        >>> from latently import AuxiliaryDeepGenerativeModel
        >>> X, y = load_digits().images / 16, load_digits().target
        >>> y[100:] = -1
        >>> adgm = AuxiliaryDeepGenerativeModel(latent_dim=5, hidden=(64,), epochs=2, random_state=0).fit(X, y)
        >>> adgm.predict(X[:5]).shape, adgm.sample(3, labels=7, random_state=0).shape
        ((5,), (3, 8, 8))
    """

    game_type = games.AuxiliaryDeepGenerativeModel
    labels: ClassVar[Literal["optional"]] = "optional"
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {"adgm": _PAPER, "sdgm": {**_PAPER, "skip": True}}

    auxiliary_dim: Count = 10
    skip: bool = False
    posterior_scale: PosteriorScale = "exp"
    classification_weight: Positive = 10.0
    labelled_weight: NotNegative = 1.0
    n_clusters: Count = 10
    cluster_start: ClusterStart = "gaussian-mixture"
    consistency_weight: NotNegative = 0.0
    consistency_radius: Positive = 2.0

    def build_game(self, task: Task, key: PRNGKeyArray) -> games.AuxiliaryDeepGenerativeModel:
        """The untrained game."""
        classes, dim = build.check_classes(self, task, instead="VAE"), int(self.auxiliary_dim)
        posterior = GaussianHead(scale=self.posterior_scale)
        return games.AuxiliaryDeepGenerativeModel(
            auxiliary=build.encoder(self, task, posterior, stream(key, "auxiliary"), latent_dim=dim),
            classifier=build.classifier(self, task, classes, stream(key, "classifier"), auxiliary_dim=dim),
            encoder=build.encoder(self, task, posterior, stream(key, "encoder"), labels=dim + classes),
            auxiliary_decoder=self._auxiliary_decoder(task, classes, stream(key, "auxiliary decoder")),
            decoder=build.decoder(
                self,
                task,
                build.likelihood_head(self, task),
                stream(key, "decoder"),
                labels=classes + dim * bool(self.skip),
            ),
            skip=bool(self.skip),
            **latent_label_fields(self, task, classes),
        )

    def _auxiliary_decoder(self, task: Task, classes: int, key: PRNGKeyArray) -> Conditional:
        """p(a|z, y, x); of the skip model p(a|z, y)."""
        head, dim, told = GaussianHead(scale="exp"), int(self.auxiliary_dim), int(self.latent_dim) + classes
        if not self.skip:
            return build.encoder(self, task, head, key, labels=told, latent_dim=dim)
        network, outputs = decoder_network(self), (dim * head.parameters,)
        hidden = hidden_widths(self, network, outputs)
        return Conditional(build.written_by(network, told, hidden, outputs, key, **build.layer_options(self)), head)
