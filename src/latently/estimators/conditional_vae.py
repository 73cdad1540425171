"""The conditional variational autoencoder, as a scikit-learn estimator."""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from jaxtyping import PRNGKeyArray

from latently.estimators import architecture as build
from latently.estimators.base import LatentModel
from latently.estimators.hyperparameters import NotNegative, PosteriorScale
from latently.estimators.schedules import build_optimizer, kl_weight
from latently.game import Task
from latently.games import conditional_vae as games
from latently.probability import GaussianHead
from latently.streams import stream


@dataclasses.dataclass(eq=False, repr=False, kw_only=True)
class ConditionalVAE(LatentModel):
    """Conditional VAE: encoder and decoder are told the class, so the code holds what the class does not tell.

    It raises a bound on log p(x|y). Draw a class in every handwriting with `sample(n, labels)`, write one row as every
    class with `restyle`. `predict` goes the other way, by Bayes' rule. Rows labelled -1 are not learned from; where a
    label is needed and not given, the likeliest class stands in.

    In the place of a class, rows may come under conditions: several labels, covariates, measured numbers, some of them
    unknown. In training, some are hidden, so that what is not told is left to the code. Draw rows under those that are
    named with `sample(n, labels={"age": 40})`, change them with `restyle`.

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
        >>> covariates = {"digit": y.astype(str), "ink": X.mean(axis=(1, 2))}
        >>> cvae = ConditionalVAE(latent_dim=2, hidden=(64,), epochs=2, random_state=0).fit(X, covariates)
        >>> cvae.sample(3, labels={"digit": "7", "ink": 0.3}, random_state=0).shape
        (3, 8, 8)
    """

    game_type = games.ConditionalVAE
    labels: ClassVar[Literal["required"]] = "required"
    # Kingma et al. 2014, Sohn et al. 2015: as vae-mlp, with the label at both ends.
    # fmt: off
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "cvae": dict(
            latent_dim=20, hidden=(500, 500), activation="relu", likelihood="bernoulli", batch_size=128, epochs=50,
            learning_rate=1e-3, learning_rate_decay=0.5
        ),
        "cvae-2d": dict(
            latent_dim=2, hidden=(500, 500), activation="relu", likelihood="bernoulli", batch_size=128, epochs=30,
            learning_rate=1e-3, learning_rate_decay=0.5
        ),
    }
    # fmt: on

    posterior_scale: PosteriorScale = "exp"
    beta: NotNegative = 1.0
    warm_up_epochs: NotNegative = 0.0

    def build_game(self, task: Task, key: PRNGKeyArray) -> games.ConditionalVAE:
        """The untrained game."""
        labels, posterior = build.told(task), GaussianHead(scale=self.posterior_scale)
        head = build.likelihood_head(self, task)
        return games.ConditionalVAE(
            encoder=build.encoder(self, task, posterior, stream(key, "encoder"), labels=labels),
            decoder=build.decoder(self, task, head, stream(key, "decoder"), labels=labels),
            prior=build.normal_prior(self),
            optimizer=build_optimizer(self, task),
            beta=kl_weight(self, task),
            corruption=build.corruption(self, task),
            **build.label_fields(task, hidden=1 / 4),
        )
