"""The adversarial autoencoder, as a scikit-learn estimator."""

import dataclasses
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, ClassVar, Literal

import jax
import numpy as np
from jaxtyping import Float, PRNGKeyArray, Shaped
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from latently import games
from latently.estimators import inference
from latently.estimators.adversarial import ENCODER_CONSTRAINTS, AdversarialModel, EncoderName, build_posterior
from latently.estimators.architecture import (
    Shape,
    build_corruption,
    build_critic,
    build_decoder,
    build_prior,
    likelihood_head,
)
from latently.probability import ADVERSARIAL_LOSSES


def _is_tied(model: "AAE") -> bool:
    check_is_fitted(model)
    if model.classes_ is None:
        raise AttributeError("this AAE was fitted without labels, so its codes have no classes; fit it with y.")
    return True


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

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **AdversarialModel._parameter_constraints,
        **ENCODER_CONSTRAINTS,
        "penalty": [None, StrOptions({"r1", "gradient"})],
        "penalty_weight": [Interval(Real, 0, None, closed="neither")],
        "spectral_norm": ["boolean"],
        "fooling_weight": [None, Interval(Real, 0, 1, closed="neither")],
        "generator_updates": [Interval(Integral, 1, None, closed="left")],
    }

    _learns_from_labels: ClassVar[bool] = True

    latent_dim: int = 2
    _: dataclasses.KW_ONLY
    encoder: EncoderName = "deterministic"
    noise_dim: int = 10
    penalty: Literal["r1", "gradient"] | None = None
    penalty_weight: float = 1.0
    spectral_norm: bool = False
    fooling_weight: float | None = None
    generator_updates: int = 1

    @available_if(_is_tied)
    def predict(self, X: Any) -> Shaped[np.ndarray, "rows"]:
        """The class whose region of the prior each row's code lies in.

        Args:
            X: rows, as in `fit`.

        Returns:
            Labels, as they were given to `fit`.
        """
        labels: Shaped[np.ndarray, rows] = np.asarray(self.classes_)[self.predict_proba(X).argmax(axis=1)]
        return labels

    @available_if(_is_tied)
    def predict_proba(self, X: Any) -> Float[np.ndarray, "rows classes"]:
        """How much each class's region is responsible for each row's code.

        Args:
            X: rows, as in `fit`.

        Returns:
            One row a row, summing to 1: p(y|z) where the prior's regions overlap, as petals do, else one-hot.
        """
        prior, classes = self.game_.prior, len(np.asarray(self.classes_))
        codes = self.transform(X)
        return inference.in_pieces(lambda z: prior.responsibilities(z, classes), codes)

    def _build_game(
        self, shape: Shape, n_labels: int | None, rounds_in: Callable[[float], int], key: PRNGKeyArray
    ) -> games.AAE:
        rounds = rounds_in(float(self.epochs))
        encoder_key, decoder_key, critic_key = jax.random.split(key, 3)
        seen = int(self.latent_dim) + (0 if n_labels is None else n_labels + 1)
        return games.AAE(
            encoder=build_posterior(self, shape, encoder_key),
            decoder=build_decoder(self, shape, likelihood_head(self, self.preprocessing_), decoder_key),
            critic=build_critic(self, seen, critic_key, spectral_norm=bool(self.spectral_norm)),
            prior=build_prior(self, n_labels),
            adversarial=ADVERSARIAL_LOSSES[self.adversarial],
            optimizer=self._optimizer(None, rounds),
            critic_optimizer=self._optimizer(self.critic_learning_rate, rounds),
            generator_optimizer=self._optimizer(None, rounds * int(self.generator_updates)),
            generator_updates=int(self.generator_updates),
            fooling_weight=None if self.fooling_weight is None else float(self.fooling_weight),
            n_labels=n_labels,
            penalty=self.penalty,
            penalty_weight=float(self.penalty_weight),
            corruption=build_corruption(self.corruption, self.preprocessing_),
        )
