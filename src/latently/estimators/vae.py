"""The variational autoencoder, as a scikit-learn estimator."""

from collections.abc import Callable, Sequence
from numbers import Integral, Real
from typing import Any, ClassVar, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray
from sklearn.utils._param_validation import Interval, StrOptions

from latently import games
from latently.estimators.architecture import (
    LikelihoodName,
    NetworkName,
    Normalization,
    OutputName,
    PriorName,
    Shape,
    adam,
    build_corruption,
    build_decoder,
    build_encoder,
    build_prior,
    likelihood_head,
)
from latently.estimators.base import LatentModel
from latently.game import Weight
from latently.probability import GaussianHead, Prior


class VAE(LatentModel):
    """Variational autoencoder: a probabilistic map to a small code space with a prior of your choice.

    It raises the evidence lower bound, E_q[log p(x|z)] − β KL(q(z|x) ‖ p(z)), or the importance-weighted one.

    Args:
        latent_dim: dimensions of a code.
        network: `mlp`, or `conv` for images.
        hidden: widths of the encoder's hidden layers, (512, 512) unless said; the decoder mirrors them. With `conv`,
            the width of one dense layer after the convolutions, (256,) unless said.
        channels: of the convolutions of `conv`; each halves the image.
        activation: name of the activation (relu, leaky_relu, elu, gelu, silu, softplus, tanh), or one a hidden layer.
        normalization: `batch` or `layer` norm before each activation, or one of them (or None) for each hidden layer.
        dropout: probability of dropping a hidden unit in training.
        input_noise: standard deviation of noise on the encoder's input in training.
        likelihood: p(x|z): `bernoulli`, `gaussian`, `laplace`, or `auto`: Bernoulli for data in [0, 1], else Gaussian.
        likelihood_scale: scale of a Gaussian or Laplace likelihood: a number, or `learned`, one for all elements.
        output: activation of the decoder's mean, and so the range the data is scaled to: `sigmoid` for [0, 1], `tanh`
            for [-1, 1], `identity` for standardised data, or `auto`.
        posterior_scale: how the encoder gives its standard deviation: `exp` of half a log-variance, or `softplus`.
        prior: `normal`, `star`, or from Python any Prior with a density.
        prior_scale: the prior's scale: the standard deviation of `normal`.
        beta: weight of the KL term (above 1: a beta-VAE).
        warm_up_epochs: epochs over which the weight of the KL term rises from 0 to beta.
        importance_samples: above 1, trains the importance-weighted bound with this many samples.
        corruption: what is done to the encoder's input in training, for denoising: `gaussian:SD`, `masking:P` or
            `salt-and-pepper:P`; the decoder still gives the clean data.
        epochs: passes over the data.
        batch_size: rows a round.
        learning_rate: of Adam.
        devices: how many local devices share each batch.
        random_state: seed of the run; with it, a run is repeated exactly.
        verbose: show progress.

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

    def __init__(
        self,
        latent_dim: int = 10,
        *,
        network: NetworkName = "mlp",
        hidden: Sequence[int] | None = None,
        channels: Sequence[int] = (32, 64),
        activation: str | Sequence[str] = "relu",
        normalization: Normalization | Sequence[Normalization] = None,
        dropout: float = 0.0,
        input_noise: float = 0.0,
        likelihood: LikelihoodName = "auto",
        likelihood_scale: Literal["learned"] | float = "learned",
        output: OutputName = "auto",
        posterior_scale: Literal["exp", "softplus"] = "exp",
        prior: PriorName | Prior = "normal",
        prior_scale: float | None = None,
        beta: float = 1.0,
        warm_up_epochs: float = 0.0,
        importance_samples: int = 1,
        corruption: str | None = None,
        epochs: float = 50,
        batch_size: int = 128,
        learning_rate: float = 1e-3,
        devices: int = 1,
        random_state: int | np.random.RandomState | None = None,
        verbose: bool = False,
    ) -> None:
        self.latent_dim = latent_dim
        self.network = network
        self.hidden = hidden
        self.channels = channels
        self.activation = activation
        self.normalization = normalization
        self.dropout = dropout
        self.input_noise = input_noise
        self.likelihood = likelihood
        self.likelihood_scale = likelihood_scale
        self.output = output
        self.posterior_scale = posterior_scale
        self.prior = prior
        self.prior_scale = prior_scale
        self.beta = beta
        self.warm_up_epochs = warm_up_epochs
        self.importance_samples = importance_samples
        self.corruption = corruption
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.devices = devices
        self.random_state = random_state
        self.verbose = verbose

    def _build_game(
        self, shape: Shape, n_labels: int | None, rounds_in: Callable[[float], int], key: PRNGKeyArray
    ) -> games.VAE:
        del n_labels  # the codes of a VAE know no labels
        if self.importance_samples > 1 and (self.beta != 1.0 or self.warm_up_epochs):
            raise ValueError(
                "importance_samples > 1 trains one bound, in which no KL term can be weighed; "
                f"got beta={self.beta}, warm_up_epochs={self.warm_up_epochs}. Use beta=1.0 and warm_up_epochs=0."
            )
        prior = build_prior(self.prior, self.prior_scale, int(self.latent_dim), None)
        _check_density(prior)
        encoder_key, decoder_key = jax.random.split(key)
        posterior = GaussianHead(scale=self.posterior_scale)
        return games.VAE(
            encoder=build_encoder(self, shape, posterior, encoder_key),
            decoder=build_decoder(self, shape, likelihood_head(self, self.preprocessing_), decoder_key),
            prior=prior,
            optimizer=adam(float(self.learning_rate)),
            beta=_warm_up(float(self.beta), rounds_in(self.warm_up_epochs))
            if self.warm_up_epochs
            else float(self.beta),
            importance_samples=int(self.importance_samples),
            corruption=build_corruption(self.corruption, self.preprocessing_),
        )


def _warm_up(beta: float, rounds: int) -> Weight:
    """A weight that rises in a straight line from 0 to `beta` over so many rounds."""

    def weight(round_: Int[Array, ""]) -> Float[Array, ""]:
        return float(beta) * jnp.minimum(1.0, round_ / rounds)

    return weight


def _check_density(prior: Prior) -> None:
    if prior.density != "everywhere":
        raise ValueError(
            f"a VAE needs a prior with a density that is nowhere 0; got prior={prior.name!r}. "
            'Use prior="normal" or "star", or an AAE, which needs only draws of its prior.'
        )
