"""The variational autoencoder, as a scikit-learn estimator."""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

from jaxtyping import PRNGKeyArray

from latently.errors import ArgumentError
from latently.estimators import architecture as build
from latently.estimators.base import LatentModel
from latently.estimators.hyperparameters import Count, NotNegative, PosteriorScale
from latently.estimators.schedules import build_optimizer, kl_weight
from latently.game import Task
from latently.games import vae as games
from latently.probability import GaussianHead
from latently.streams import stream


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

    game_type = games.VAE
    # Kingma & Welling 2013, the two-dimensional example that most tutorials share, and small tables: a fifth of the
    # cells that are there is hidden in training, so that codes learn to do without any of them.
    # fmt: off
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "vae-2d": dict(
            latent_dim=2, hidden=(256,), activation="relu", likelihood="bernoulli", batch_size=100, epochs=50,
            learning_rate=1e-3
        ),
        "vae-mlp": dict(
            latent_dim=20, hidden=(500, 500), activation=("elu", "tanh"), dropout=0.1, likelihood="bernoulli",
            posterior_scale="softplus", batch_size=128, epochs=50, learning_rate=1e-3
        ),
        # The same two in a quarter of the epochs, by higher rates that fall.
        "vae-2d-quick": dict(
            latent_dim=2, hidden=(256,), activation="relu", likelihood="bernoulli", batch_size=100, epochs=12,
            learning_rate=4e-3, learning_rate_decay=0.6, averaging=0.998
        ),
        "vae-mlp-quick": dict(
            latent_dim=20, hidden=(500, 500), activation=("elu", "tanh"), dropout=0.1, likelihood="bernoulli",
            posterior_scale="softplus", batch_size=128, epochs=12, learning_rate=2e-3, learning_rate_decay=0.8
        ),
        "vae-conv": dict(
            latent_dim=16, network="conv", channels=(32, 64), hidden=(256,), likelihood="bernoulli", batch_size=128,
            epochs=20, learning_rate=1e-3
        ),
        "vae-table": dict(
            latent_dim=10, hidden=(256,), corruption="masking:0.2", batch_size=32, epochs=300, learning_rate=3e-3,
            learning_rate_decay=0.5
        ),
    }
    # fmt: on

    posterior_scale: PosteriorScale = "exp"
    beta: NotNegative = 1.0
    warm_up_epochs: NotNegative = 0.0
    importance_samples: Count = 1

    def build_game(self, task: Task, key: PRNGKeyArray) -> games.VAE:
        """The untrained game."""
        if self.importance_samples > 1 and (self.beta != 1.0 or self.warm_up_epochs):
            name = "beta" if self.beta != 1.0 else "warm_up_epochs"
            rule = "must be left out where {importance_samples} is above 1: that trains one bound, without a KL term"
            raise ArgumentError(name, rule, getattr(self, name), "Use {beta=1.0} and {warm_up_epochs=0}.")
        prior = build.prior(self)
        if prior.density != "everywhere":
            rule = "must have a density that is nowhere 0 for a VAE"
            remedy = "Use {prior=normal} or {prior=star}, or an AAE, which needs only draws of its prior."
            raise ArgumentError("prior", rule, prior.name, remedy)
        head = build.likelihood_head(self, task)
        return games.VAE(
            encoder=build.encoder(self, task, GaussianHead(scale=self.posterior_scale), stream(key, "encoder")),
            decoder=build.decoder(self, task, head, stream(key, "decoder")),
            prior=prior,
            optimizer=build_optimizer(self, task),
            beta=kl_weight(self, task),
            importance_samples=int(self.importance_samples),
            corruption=build.corruption(self, task),
        )
