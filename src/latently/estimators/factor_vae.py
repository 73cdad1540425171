"""The FactorVAE and the β-TCVAE, as a scikit-learn estimator."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from jaxtyping import PRNGKeyArray

from latently.estimators import architecture as build
from latently.estimators.base import LatentModel
from latently.estimators.hyperparameters import Count, NotNegative, Positive, PosteriorScale
from latently.estimators.networks import widths
from latently.estimators.schedules import build_optimizer
from latently.game import Task
from latently.games import factor_vae as games
from latently.networks import mlp
from latently.probability import GaussianHead
from latently.streams import stream


@dataclasses.dataclass(eq=False, repr=False, kw_only=True)
class FactorVAE(LatentModel):
    """VAE whose codes have independent dimensions, so that each may follow one factor of the data.

    It raises the evidence lower bound less gamma times the total correlation, KL(q(z) ‖ ∏ q(z_j)). A critic estimates
    that (FactorVAE); or the posteriors of the batch do, without a critic: then it is the β-TCVAE, whose beta is
    1 + gamma.

    Args:
        posterior_scale: how the encoder gives its standard deviation: `exp` of half a log-variance, or `softplus`.
        gamma: weight of the total correlation; with 0 it is a VAE.
        total_correlation: how it is estimated: by a `critic`, or from each batch, by `weighted` or `stratified`
            sampling.
        critic_hidden: widths of the hidden layers of the critic, which are leaky ReLU.
        critic_learning_rate: of the critic's Adam (b1 0.5, b2 0.9); the same as learning_rate unless said.

    Note:
        The arguments that all models share are described at `LatentModel`.

    References:
        Kim & Mnih 2018, arXiv 1802.05983. Chen et al. 2018, arXiv 1802.04942.

    Example:
        >>> from sklearn.datasets import load_digits
        >>> from latently import FactorVAE
        >>> X = load_digits().images / 16
        >>> model = FactorVAE(latent_dim=6, hidden=(64,), critic_hidden=(64,), epochs=2, random_state=0).fit(X)
        >>> model.transform(X[:5]).shape, sorted(model.history_[-1]["terms"])[:2]
        ((5, 6), ['critic/codes', 'critic/permutation_accuracy'])
    """

    game_type = games.FactorVAE
    # fmt: off
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        # Kim & Mnih 2018, on sprites: convolutions of four halvings, the critic of six layers.
        "factor-vae": dict(
            latent_dim=10, network="conv", channels=(32, 32, 64, 64), hidden=(128,), likelihood="bernoulli", gamma=35.0,
            critic_hidden=(1000,) * 6, batch_size=64, epochs=50, learning_rate=1e-4
        ),
        # Chen et al. 2018, on sprites: beta is 6.
        "beta-tcvae": dict(
            latent_dim=10, hidden=(1200, 1200), likelihood="bernoulli", gamma=5.0, total_correlation="weighted",
            batch_size=2048, epochs=50, learning_rate=1e-3
        ),
    }
    # fmt: on

    posterior_scale: PosteriorScale = "exp"
    gamma: NotNegative = 10.0
    total_correlation: Literal["critic", "weighted", "stratified"] = "critic"
    critic_hidden: Sequence[Count] = (512, 512)
    critic_learning_rate: Positive | None = None

    def build_game(self, task: Task, key: PRNGKeyArray) -> games.FactorVAE:
        """The untrained game."""
        critic = None
        if self.total_correlation == "critic":
            hidden = widths(self.critic_hidden)
            critic = mlp(int(self.latent_dim), hidden, 1, stream(key, "critic"), activation="leaky_relu")
        return games.FactorVAE(
            encoder=build.encoder(self, task, GaussianHead(scale=self.posterior_scale), stream(key, "encoder")),
            decoder=build.decoder(self, task, build.likelihood_head(self, task), stream(key, "decoder")),
            prior=build.normal_prior(self),
            optimizer=build_optimizer(self, task),
            critic_optimizer=build_optimizer(self, task, self.critic_learning_rate, b1=0.5, b2=0.9),
            gamma=float(self.gamma),
            critic=critic,
            sampling="stratified" if self.total_correlation == "stratified" else "weighted",
            rows=task.rows,
            corruption=build.corruption(self, task),
        )
