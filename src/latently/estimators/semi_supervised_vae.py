"""M2, the semi-supervised variational autoencoder, as a scikit-learn estimator."""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from jaxtyping import PRNGKeyArray

from latently.estimators import architecture as build
from latently.estimators.base import LatentModel
from latently.estimators.hyperparameters import ClusterStart, Count, NotNegative, Positive, PosteriorScale
from latently.estimators.schedules import build_optimizer
from latently.game import Task
from latently.games import semi_supervised_vae as games
from latently.probability import GaussianHead, Head
from latently.streams import stream


@dataclasses.dataclass(eq=False, repr=False, kw_only=True)
class SemiSupervisedVAE(LatentModel):
    """M2, the semi-supervised VAE: learns from a few labelled rows and many others, and classifies, draws and restyles.

    Class and code are both latent variables. Where the label is known, it raises a bound on log p(x, y); elsewhere one
    on log p(x), summing exactly over the classes. With no labels at all it finds `n_clusters` clusters.

    Args:
        posterior_scale: how the encoder gives its standard deviation: `exp` of half a log-variance, or `softplus`.
        prior: `normal`.
        classification_weight: weight of the classifier's own error on the labelled rows, beside the mean bound in nats
            (α/N of Equation 9).
        labelled_weight: weight of the mean bound of a second draw in each round, from the labelled rows alone, beside
            that of all rows; 0 for none: labelled rows then count as often as they are.
        n_clusters: how many clusters to find where there are no labels.
        cluster_start: where clusters begin: at those of a `gaussian-mixture` of the rows, or at `random`.
        consistency_weight: of the term that asks for the same classes after the worst small move of a row; 0 for none.
        consistency_radius: how far rows are moved for it, in the units of the data as networks read them.

    Note:
        The arguments that all models share are described at `LatentModel`.

    References:
        Kingma et al. 2014, arXiv 1406.5298.

    Example:
        >>> from sklearn.datasets import load_digits
        >>> from latently import SemiSupervisedVAE
        >>> X, y = load_digits().images / 16, load_digits().target
        >>> y[100:] = -1
        >>> m2 = SemiSupervisedVAE(latent_dim=5, hidden=(64,), epochs=2, random_state=0).fit(X, y)
        >>> m2.predict(X[:5]).shape, m2.sample(3, labels=7, random_state=0).shape
        ((5,), (3, 8, 8))
    """

    game_type = games.SemiSupervisedVAE
    labels: ClassVar[Literal["optional"]] = "optional"
    # Kingma et al. 2014: one hidden layer of 500 on pixels.
    # fmt: off
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "m2": dict(
            latent_dim=50, hidden=(500,), activation="softplus", likelihood="bernoulli", batch_size=128, epochs=30,
            learning_rate=3e-3, learning_rate_decay=0.5
        ),
    }
    # fmt: on

    posterior_scale: PosteriorScale = "exp"
    classification_weight: Positive = 1.0
    labelled_weight: NotNegative = 0.0
    n_clusters: Count = 10
    cluster_start: ClusterStart = "gaussian-mixture"
    consistency_weight: NotNegative = 0.0
    consistency_radius: Positive = 2.0

    def build_game(self, task: Task, key: PRNGKeyArray) -> games.SemiSupervisedVAE:
        """The untrained game."""
        return build_m2(self, task, build.likelihood_head(self, task), key)


def build_m2(model: Any, task: Task, head: Head, key: PRNGKeyArray) -> games.SemiSupervisedVAE:
    """The untrained game of M2.

    Args:
        model: an estimator with the hyperparameters of M2.
        task: what it is built for.
        head: of the decoder.
        key: for the initial weights.

    Raises:
        ValueError: there is one class only.
    """
    classes, posterior = build.check_classes(model, task, instead="VAE"), GaussianHead(scale=model.posterior_scale)
    return games.SemiSupervisedVAE(
        classifier=build.classifier(model, task, classes, stream(key, "classifier")),
        encoder=build.encoder(model, task, posterior, stream(key, "encoder"), labels=classes),
        decoder=build.decoder(model, task, head, stream(key, "decoder"), labels=classes),
        **latent_label_fields(model, task, classes),
    )


def latent_label_fields(model: Any, task: Task, classes: int) -> dict[str, Any]:
    """What all games have whose label is a latent variable, but for their networks.

    Args:
        model: an estimator with the hyperparameters of M2.
        task: what the game is built for.
        classes: how many there are.
    """
    return {
        "prior": build.normal_prior(model),
        "optimizer": build_optimizer(model, task),
        "n_labels": classes,
        "classification_weight": float(model.classification_weight),
        "labelled_weight": float(model.labelled_weight),
        "labels_known": task.labels_known,
        "corruption": build.corruption(model, task),
        "consistency": build.consistency(model),
    }
