"""M2, the semi-supervised variational autoencoder, as a scikit-learn estimator."""

import dataclasses
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, ClassVar, Literal

import jax
from jaxtyping import PRNGKeyArray
from sklearn.utils._param_validation import Interval, StrOptions

from latently import games
from latently.estimators.architecture import (
    Shape,
    build_classifier,
    build_corruption,
    build_decoder,
    build_encoder,
    likelihood_head,
    normal_prior,
)
from latently.estimators.base import LatentModel
from latently.estimators.classes import Classifies, check_classes
from latently.estimators.schedules import build_optimizer
from latently.probability import GaussianHead, Head


@dataclasses.dataclass(eq=False, repr=False, kw_only=True)
class SemiSupervisedVAE(Classifies, LatentModel):
    """M2, the semi-supervised VAE: learns from a few labelled rows and many others, and classifies, draws and restyles.

    Class and code are both latent variables. Where the label is known, it raises a bound on log p(x, y); elsewhere one
    on log p(x), summing exactly over the classes. With no labels at all it finds `n_clusters` clusters.

    Args:
        posterior_scale: how the encoder gives its standard deviation: `exp` of half a log-variance, or `softplus`.
        prior: `normal`.
        classification_weight: weight of the classifier's own error on the labelled rows, beside the mean bound in nats
            (α/N of Equation 9).
        n_clusters: how many clusters to find where there are no labels.

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

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **LatentModel._parameter_constraints,
        "posterior_scale": [StrOptions({"exp", "softplus"})],
        "classification_weight": [Interval(Real, 0, None, closed="neither")],
        "n_clusters": [Interval(Integral, 1, None, closed="left")],
    }

    _learns_from_labels: ClassVar[bool] = True
    decodes_labels: ClassVar[bool] = True
    draws_labelled: ClassVar[bool] = True

    posterior_scale: Literal["exp", "softplus"] = "exp"
    classification_weight: float = 1.0
    n_clusters: int = 10

    def _build_game(
        self, shape: Shape, n_labels: int | None, rounds_in: Callable[[float], int], key: PRNGKeyArray
    ) -> games.SemiSupervisedVAE:
        updates = rounds_in(float(self.epochs))
        return build_m2(self, shape, likelihood_head(self, self.preprocessing_), n_labels or 1, updates, key)


def build_m2(
    model: Any, shape: Shape, head: Head, classes: int, updates: int, key: PRNGKeyArray
) -> games.SemiSupervisedVAE:
    """The untrained game of M2, for rows of `shape`.

    Args:
        model: an estimator with the hyperparameters of M2.
        shape: of a row.
        head: of the decoder.
        classes: how many.
        updates: how many there will be.
        key: for the initial weights.

    Raises:
        ValueError: there is one class only.
    """
    check_classes(model, classes, instead="VAE")
    classifier_key, encoder_key, decoder_key = jax.random.split(key, 3)
    return games.SemiSupervisedVAE(
        classifier=build_classifier(model, shape, classes, classifier_key),
        encoder=build_encoder(model, shape, GaussianHead(scale=model.posterior_scale), encoder_key, facts=classes),
        decoder=build_decoder(model, shape, head, decoder_key, facts=classes),
        prior=normal_prior(model),
        optimizer=build_optimizer(model, updates),
        n_labels=classes,
        classification_weight=float(model.classification_weight),
        labels_known=getattr(model, "labels_known_", "some"),
        corruption=build_corruption(model.corruption, model.preprocessing_),
    )
