"""The conditional variational autoencoder, as a scikit-learn estimator."""

import dataclasses
from collections.abc import Callable
from numbers import Real
from typing import Any, ClassVar, Literal

import jax
from jaxtyping import PRNGKeyArray
from sklearn.utils._param_validation import Interval, StrOptions

from latently import games
from latently.estimators.architecture import (
    Shape,
    build_corruption,
    build_decoder,
    build_encoder,
    likelihood_head,
    normal_prior,
)
from latently.estimators.base import LatentModel
from latently.estimators.classes import Classifies
from latently.estimators.schedules import build_optimizer, warm_up
from latently.probability import GaussianHead


@dataclasses.dataclass(eq=False, repr=False, kw_only=True)
class ConditionalVAE(Classifies, LatentModel):
    """Conditional VAE: encoder and decoder are told the class, so the code holds what the class does not tell.

    It raises a bound on log p(x|y). Draw a class in every handwriting with `sample(n, labels)`, write one row as every
    class with `restyle`. `predict` goes the other way, by Bayes' rule. Rows labelled -1 are not learned from; where a
    label is needed and not given, the likeliest class stands in.

    Args:
        posterior_scale: how the encoder gives its standard deviation: `exp` of half a log-variance, or `softplus`.
        prior: `normal`.
        beta: weight of the KL term (above 1: a beta-VAE).
        warm_up_epochs: epochs over which the weight of the KL term rises from 0 to beta.

    Note:
        The arguments that all models share are described at `LatentModel`.

    References:
        Kingma et al. 2014, arXiv 1406.5298. Sohn et al. 2015.

    Example:
        >>> from sklearn.datasets import load_digits
        >>> from latently import ConditionalVAE
        >>> X, y = load_digits().images / 16, load_digits().target
        >>> cvae = ConditionalVAE(latent_dim=2, hidden=(64,), epochs=2, random_state=0).fit(X, y)
        >>> cvae.sample(3, labels=7, random_state=0).shape, cvae.restyle(X[:2]).shape
        ((3, 8, 8), (2, 10, 8, 8))
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **LatentModel._parameter_constraints,
        "posterior_scale": [StrOptions({"exp", "softplus"})],
        "beta": [Interval(Real, 0, None, closed="left")],
        "warm_up_epochs": [Interval(Real, 0, None, closed="left")],
    }

    _learns_from_labels: ClassVar[bool] = True
    _needs_labels: ClassVar[bool] = True
    decodes_labels: ClassVar[bool] = True
    draws_labelled: ClassVar[bool] = True

    posterior_scale: Literal["exp", "softplus"] = "exp"
    beta: float = 1.0
    warm_up_epochs: float = 0.0

    def _build_game(
        self, shape: Shape, n_labels: int | None, rounds_in: Callable[[float], int], key: PRNGKeyArray
    ) -> games.ConditionalVAE:
        classes = n_labels or 1
        encoder_key, decoder_key = jax.random.split(key)
        posterior = GaussianHead(scale=self.posterior_scale)
        return games.ConditionalVAE(
            encoder=build_encoder(self, shape, posterior, encoder_key, facts=classes),
            decoder=build_decoder(self, shape, likelihood_head(self, self.preprocessing_), decoder_key, facts=classes),
            prior=normal_prior(self),
            optimizer=build_optimizer(self, rounds_in(float(self.epochs))),
            n_labels=classes,
            beta=warm_up(self.beta, self.warm_up_epochs, rounds_in),
            corruption=build_corruption(self.corruption, self.preprocessing_),
        )
