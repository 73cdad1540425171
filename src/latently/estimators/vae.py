"""The variational autoencoder, as a scikit-learn estimator."""

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
    build_corruption,
    build_decoder,
    build_encoder,
    build_prior,
    likelihood_head,
)
from latently.estimators.base import LatentModel
from latently.estimators.schedules import build_optimizer, warm_up
from latently.probability import GaussianHead, Prior


@dataclasses.dataclass(eq=False, repr=False, kw_only=True)
class VAE(LatentModel):
    """Variational autoencoder: a probabilistic map to a small code space with a prior of your choice.

    It raises the evidence lower bound, E_q[log p(x|z)] − β KL(q(z|x) ‖ p(z)), or the importance-weighted one.

    Args:
        posterior_scale: how the encoder gives its standard deviation: `exp` of half a log-variance, or `softplus`.
        prior: `normal`, `star`, or from Python any Prior whose density is nowhere 0.
        beta: weight of the KL term (above 1: a beta-VAE).
        warm_up_epochs: epochs over which the weight of the KL term rises from 0 to beta.
        importance_samples: above 1, trains the importance-weighted bound with this many samples.

    Note:
        The arguments that all models share are described at `LatentModel`.

    References:
        Kingma & Welling 2013, arXiv 1312.6114. Burda et al. 2015, arXiv 1509.00519.

    Example:
        >>> from sklearn.datasets import load_digits
        >>> from latently import VAE
        >>> X = load_digits().images / 16
        >>> vae = VAE(latent_dim=2, hidden=(64,), epochs=2, random_state=0).fit(X)
        >>> vae.transform(X[:5]).shape, vae.sample(3, random_state=0).shape
        ((5, 2), (3, 8, 8))
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **LatentModel._parameter_constraints,
        "posterior_scale": [StrOptions({"exp", "softplus"})],
        "beta": [Interval(Real, 0, None, closed="left")],
        "warm_up_epochs": [Interval(Real, 0, None, closed="left")],
        "importance_samples": [Interval(Integral, 1, None, closed="left")],
    }

    posterior_scale: Literal["exp", "softplus"] = "exp"
    beta: float = 1.0
    warm_up_epochs: float = 0.0
    importance_samples: int = 1

    def _build_game(
        self, shape: Shape, n_labels: int | None, rounds_in: Callable[[float], int], key: PRNGKeyArray
    ) -> games.VAE:
        del n_labels  # the codes of a VAE know no labels
        if self.importance_samples > 1 and (self.beta != 1.0 or self.warm_up_epochs):
            raise ValueError(
                "importance_samples > 1 trains one bound, in which no KL term can be weighed; "
                f"got beta={self.beta}, warm_up_epochs={self.warm_up_epochs}. Use beta=1.0 and warm_up_epochs=0."
            )
        prior = build_prior(self)
        _check_density(prior)
        encoder_key, decoder_key = jax.random.split(key)
        posterior = GaussianHead(scale=self.posterior_scale)
        return games.VAE(
            encoder=build_encoder(self, shape, posterior, encoder_key),
            decoder=build_decoder(self, shape, likelihood_head(self, self.preprocessing_), decoder_key),
            prior=prior,
            optimizer=build_optimizer(self, rounds_in(float(self.epochs))),
            beta=warm_up(self.beta, self.warm_up_epochs, rounds_in),
            importance_samples=int(self.importance_samples),
            corruption=build_corruption(self.corruption, self.preprocessing_),
        )


def _check_density(prior: Prior) -> None:
    if prior.density != "everywhere":
        raise ValueError(
            f"a VAE needs a prior with a density that is nowhere 0; got prior={prior.name!r}. "
            'Use prior="normal" or "star", or an AAE, which needs only draws of its prior.'
        )
