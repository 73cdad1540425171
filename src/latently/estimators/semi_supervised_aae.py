"""The semi-supervised adversarial autoencoder, as a scikit-learn estimator."""

import dataclasses
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, ClassVar, Literal

import jax
from jaxtyping import PRNGKeyArray
from sklearn.utils._param_validation import Interval, StrOptions

from latently import games
from latently.estimators.adversarial import AdversarialModel
from latently.estimators.architecture import (
    Shape,
    build_corruption,
    build_critic,
    build_decoder,
    build_reader,
    likelihood_head,
    normal_prior,
)
from latently.estimators.classes import Classifies, check_classes
from latently.networks import BatchNorm, Chain
from latently.probability import ADVERSARIAL_LOSSES


@dataclasses.dataclass(eq=False, repr=False, kw_only=True)
class SemiSupervisedAAE(Classifies, AdversarialModel):
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
        generator_learning_rate: of the encoder against the critics; the same as learning_rate unless said.

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

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **AdversarialModel._parameter_constraints,
        "representation": [StrOptions({"beside", "sum"})],
        "head_distance": [Interval(Real, 0, None, closed="left")],
        "n_clusters": [Interval(Integral, 1, None, closed="left")],
        "generator_learning_rate": [None, Interval(Real, 0, None, closed="neither")],
    }

    _learns_from_labels: ClassVar[bool] = True
    _bounds_data: ClassVar[bool] = False
    draws_labelled: ClassVar[bool] = True

    representation: Literal["beside", "sum"] = "beside"
    head_distance: float = 3.0
    n_clusters: int = 10
    generator_learning_rate: float | None = None

    @property
    def decodes_labels(self) -> bool:  # type: ignore[override]
        """Whether the decoder is given the label beside the code."""
        return self.representation == "beside"

    def _build_game(
        self, shape: Shape, n_labels: int | None, rounds_in: Callable[[float], int], key: PRNGKeyArray
    ) -> games.SemiSupervisedAAE:
        return build_semi_supervised_aae(self, shape, n_labels or 1, rounds_in(float(self.epochs)), key)


def build_semi_supervised_aae(
    model: Any, shape: Shape, classes: int, updates: int, key: PRNGKeyArray
) -> games.SemiSupervisedAAE:
    """The untrained game, for rows of `shape`.

    Args:
        model: an estimator with the hyperparameters of `SemiSupervisedAAE`.
        shape: of a row.
        classes: how many.
        updates: how many each player will make.
        key: for the initial weights.

    Raises:
        ValueError: there is one class only.
    """
    check_classes(model, classes, instead="AAE")
    dim, beside = int(model.latent_dim), model.representation == "beside"
    keys = jax.random.split(key, 5)

    return games.SemiSupervisedAAE(
        # Without the norm at its end all rows soon fall to one class, where the softmax has no slope to come back by.
        encoder=Chain((build_reader(model, shape, classes + dim, keys[0]), BatchNorm(classes + dim))),
        decoder=build_decoder(
            model, shape, likelihood_head(model, model.preprocessing_), keys[1], facts=classes if beside else 0
        ),
        label_critic=build_critic(model, classes, keys[2]),
        style_critic=build_critic(model, dim + classes, keys[3]),
        prior=normal_prior(model),
        adversarial=ADVERSARIAL_LOSSES[model.adversarial],
        optimizer=model._optimizer(None, updates),
        critic_optimizer=model._optimizer(model.critic_learning_rate, updates),
        generator_optimizer=model._optimizer(model.generator_learning_rate, updates),
        classifier_optimizer=model._optimizer(None, updates),
        n_labels=classes,
        supervised=getattr(model, "labels_known_", "some") != "none",
        heads=None if beside else float(model.head_distance) * jax.random.normal(keys[4], (classes, dim)),
        head_distance=float(model.head_distance),
        corruption=build_corruption(model.corruption, model.preprocessing_),
    )
