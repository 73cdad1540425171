"""The semi-supervised and the clustering adversarial autoencoder, as scikit-learn estimators of one game."""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import jax
import jax.numpy as jnp
from jaxtyping import PRNGKeyArray

from latently.estimators import architecture as build
from latently.estimators.adversarial import AdversarialModel
from latently.estimators.hyperparameters import ClusterStart, Count, NotNegative, Positive
from latently.estimators.schedules import build_optimizer
from latently.game import Task
from latently.games import semi_supervised_aae as games
from latently.networks import BatchNorm, Chain
from latently.streams import stream


@dataclasses.dataclass(eq=False, repr=False, kw_only=True)
class SemiSupervisedAAE(AdversarialModel):
    """Semi-supervised adversarial autoencoder: one encoder gives class and style, and a critic for each shapes them.

    It learns from a few labelled rows and many others, and classifies, draws and restyles. With no labels at all it
    finds `n_clusters` clusters. With `representation="sum"` the code is W y + z, a place for each class and a small
    style around it: a map of the data in few dimensions.

    Args:
        latent_dim: dimensions of the style, or of the map.
        prior: of the styles: `normal`.
        representation: what the decoder is given: `beside`, class and style side by side; or `sum`, W y + z.
        head_distance: with `sum`, places of classes that are closer than this push each other apart.
        n_clusters: how many clusters to find where there are no labels.
        cluster_start: where clusters begin: at those of a `gaussian-mixture` of the rows, or at `random`.
        generator_learning_rate: of the encoder against the critics; the same as learning_rate unless said.
        consistency_weight: of the term that asks for the same classes after the worst small move of a row; 0 for none.
        consistency_radius: how far rows are moved for it, in the units of the data as networks read them.

    Note:
        The arguments that all models share are described at `LatentModel`, the critics' at `AdversarialModel`.

    References:
        Makhzani et al. 2015, arXiv 1511.05644, Sections 5 to 7.

    Example:
        >>> from sklearn.datasets import load_digits
        >>> from latently import SemiSupervisedAAE
        >>> X, y = load_digits().images / 16, load_digits().target
        >>> y[100:] = -1
        >>> aae = SemiSupervisedAAE(latent_dim=5, hidden=(64,), epochs=2, random_state=0).fit(X, y)
        >>> aae.predict(X[:5]).shape, aae.sample(3, labels=7, random_state=0).shape
        ((5,), (3, 8, 8))
    """

    game_type = games.SemiSupervisedAAE
    labels: ClassVar[Literal["optional"]] = "optional"
    # Makhzani et al. 2015, Sections 5 and 7, with Adam in the place of momentum, as in aae-mlp.
    # fmt: off
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "aae-semi-supervised": dict(
            latent_dim=10, hidden=(1000, 1000), critic_hidden=(500, 500), activation="relu", input_noise=0.5,
            likelihood="gaussian", likelihood_scale=1.0, output="sigmoid", batch_size=128, epochs=24,
            learning_rate=1e-3, learning_rate_decay=0.5, momentum=0.5
        ),
        "aae-dimensions": dict(
            latent_dim=2, representation="sum", head_distance=8.0, hidden=(1000, 1000), critic_hidden=(500, 500),
            activation="relu", input_noise=0.3, likelihood="gaussian", likelihood_scale=1.0, output="sigmoid",
            batch_size=128, epochs=24, learning_rate=1e-3, learning_rate_decay=0.5, momentum=0.5
        ),
    }
    # fmt: on

    representation: Literal["beside", "sum"] = "beside"
    head_distance: NotNegative = 3.0
    n_clusters: Count = 10
    cluster_start: ClusterStart = "gaussian-mixture"
    generator_learning_rate: Positive | None = None
    consistency_weight: NotNegative = 0.0
    consistency_radius: Positive = 2.0

    def build_game(self, task: Task, key: PRNGKeyArray) -> games.SemiSupervisedAAE:
        """The untrained game."""
        distance = float(self.head_distance) if self.representation == "sum" else None
        return _build(self, task, key, head_distance=distance)


@dataclasses.dataclass(eq=False, repr=False, kw_only=True)
class ClusteringAAE(AdversarialModel):
    """Clustering adversarial autoencoder: one encoder gives cluster and style, and a critic for each shapes them.

    It is `SemiSupervisedAAE` without labels (those of y are not looked at): `predict` gives the numbers of clusters,
    `sample(n, labels)` draws from a cluster, `restyle` writes one row as every cluster.

    Args:
        latent_dim: dimensions of the style.
        prior: of the styles: `normal`.
        n_clusters: how many clusters to find.
        cluster_start: where clusters begin: at those of a `gaussian-mixture` of the rows, or at `random`.
        generator_learning_rate: of the encoder against the critics; the same as learning_rate unless said.
        consistency_weight: of the term that asks for the same classes after the worst small move of a row; 0 for none.
        consistency_radius: how far rows are moved for it, in the units of the data as networks read them.

    Note:
        The arguments that all models share are described at `LatentModel`, the critics' at `AdversarialModel`.

    References:
        Makhzani et al. 2015, arXiv 1511.05644, Section 6.

    Example:
        >>> from sklearn.datasets import load_digits
        >>> from latently import ClusteringAAE
        >>> X = load_digits().images / 16
        >>> aae = ClusteringAAE(n_clusters=16, latent_dim=5, hidden=(64,), epochs=2, random_state=0).fit(X)
        >>> aae.predict(X[:5]).shape, aae.predict_proba(X[:5]).shape
        ((5,), (5, 16))
    """

    game_type = games.SemiSupervisedAAE
    # Makhzani et al. 2015, Section 6.
    # fmt: off
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "aae-clustering": dict(
            n_clusters=30, cluster_start="random", latent_dim=5, hidden=(1000, 1000), critic_hidden=(500, 500),
            activation="relu", input_noise=0.3, likelihood="gaussian", likelihood_scale=1.0, output="sigmoid",
            batch_size=128, epochs=24, learning_rate=1e-3, learning_rate_decay=0.5, momentum=0.5
        ),
    }
    # fmt: on

    n_clusters: Count = 16
    cluster_start: ClusterStart = "gaussian-mixture"
    generator_learning_rate: Positive | None = None
    consistency_weight: NotNegative = 0.0
    consistency_radius: Positive = 2.0

    def build_game(self, task: Task, key: PRNGKeyArray) -> games.SemiSupervisedAAE:
        """The untrained game."""
        return _build(self, task, key)


def _build(model: Any, task: Task, key: PRNGKeyArray, head_distance: float | None = None) -> games.SemiSupervisedAAE:
    """The untrained game; with a distance between heads, of a representation that is the sum of head and style."""
    build.check_linear_path(model, f"for {type(model).__name__}, whose encoder gives classes, too")
    classes, dim = build.check_classes(model, task, instead="AAE"), int(model.latent_dim)
    head, told = build.likelihood_head(model, task), classes if head_distance is None else 0
    heads = None if head_distance is None else head_distance * jax.random.normal(stream(key, "heads"), (classes, dim))
    begins = task.labels_known == "none" and model.cluster_start == "gaussian-mixture"
    reader = build.reader(model, task, classes + dim, stream(key, "encoder"))
    return games.SemiSupervisedAAE(
        # Without the norm at its end all rows soon fall to one class, where the softmax has no slope to come back by.
        encoder=Chain((reader, BatchNorm(classes + dim))),
        decoder=build.decoder(model, task, head, stream(key, "decoder"), labels=told),
        label_critic=build.critic(model, classes, stream(key, "label critic")),
        style_critic=build.critic(model, dim + classes, stream(key, "style critic")),
        style_prior=build.normal_prior(model),
        adversarial=model.adversarial_loss,
        optimizer=build_optimizer(model, task),
        critic_optimizer=build_optimizer(model, task, model.critic_learning_rate),
        generator_optimizer=build_optimizer(model, task, model.generator_learning_rate),
        classifier_optimizer=build_optimizer(model, task),
        n_labels=classes,
        supervised=task.labels_known != "none",
        heads=heads,
        head_distance=head_distance or 0.0,
        corruption=build.corruption(model, task),
        # p(y) of clusters is that of the mixture that they begin at.
        label_logits=jnp.zeros(classes) if begins else None,
        consistency=build.consistency(model),
    )
