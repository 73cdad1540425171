"""The adversarial autoencoder, as a scikit-learn estimator."""

from collections.abc import Callable, Sequence
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
    widths,
)
from latently.estimators.base import LatentModel
from latently.networks import mlp
from latently.probability import ADVERSARIAL_LOSSES, DeterministicHead, GaussianHead, Head, Prior


def _is_tied(model: "AAE") -> bool:
    check_is_fitted(model)
    if model.classes_ is None:
        raise AttributeError("this AAE was fitted without labels, so its codes have no classes; fit it with y.")
    return True


class AAE(LatentModel):
    """Adversarial autoencoder: codes take the shape of any prior that can be sampled, tied to labels or not.

    An autoencoder reconstructs; a critic tells codes from draws of the prior; the encoder learns to fool it. With
    labels, each class fills its own region of the prior (a petal, a cell, a sector, a stretch of the curve), rows
    labelled -1 are matched to the whole prior, and `predict` reads the class off the region.

    Args:
        latent_dim: dimensions of a code; even, where the prior is laid out in pairs of dimensions.
        network: `mlp`, or `conv` for images.
        hidden: widths of the encoder's hidden layers, (512, 512) unless said; the decoder mirrors them. With `conv`,
            the width of one dense layer after the convolutions, (256,) unless said.
        channels: of the convolutions of `conv`; each halves the image.
        activation: name of the activation (relu, leaky_relu, elu, gelu, silu, softplus, tanh), or one a hidden layer.
        normalization: `batch` or `layer` norm before each activation, or one of them (or None) for each hidden layer.
        dropout: probability of dropping a hidden unit of encoder and decoder in training.
        input_noise: standard deviation of noise on the encoder's input in training.
        encoder: q(z|x): `deterministic`, `gaussian` (mean and log-variance), or `implicit` (noise fed beside x).
        noise_dim: numbers of noise that an implicit encoder is fed.
        likelihood: p(x|z): `bernoulli`, `gaussian`, `laplace`, or `auto`: Bernoulli for data in [0, 1], else Gaussian.
        likelihood_scale: scale of a Gaussian or Laplace likelihood: a number, or `learned`, one for all elements.
        output: activation of the decoder's mean, and so the range the data is scaled to: `sigmoid` for [0, 1], `tanh`
            for [-1, 1], `identity` for standardised data, or `auto`.
        prior: `normal`, `uniform`, `star`, `swiss-roll`, `s-curve`, or from Python any Prior.
        prior_scale: the prior's scale: standard deviation of `normal`, half the side of `uniform`, a factor for `star`.
        critic_hidden: widths of the critic's hidden layers.
        critic_dropout: probability of dropping a hidden unit of the critic in training.
        adversarial: what critic and encoder play for: `logistic`, `least-squares` or `hinge`.
        penalty: keeps the critic smooth: `r1`, `gradient` or None.
        penalty_weight: its weight.
        spectral_norm: divide the critic's weights by their largest singular value.
        fooling_weight: None for separate reconstruction and fooling steps; a number for one joint step that weighs
            fooling with it and the reconstruction per element with the rest to 1.
        generator_updates: times that the encoder tries to fool the critic in a round of separate steps.
        corruption: what is done to the encoder's input in training, for denoising: `gaussian:SD`, `masking:P` or
            `salt-and-pepper:P`; the decoder still gives the clean data.
        epochs: passes over the data.
        batch_size: rows a round.
        learning_rate: of the autoencoder and of the generator.
        critic_learning_rate: of the critic; the same as learning_rate unless said.
        momentum: Adam's b1, of all players.
        devices: how many local devices share each batch.
        random_state: seed of the run; with it, a run is repeated exactly.
        verbose: show progress.

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
        **LatentModel._parameter_constraints,
        "encoder": [StrOptions({"deterministic", "gaussian", "implicit"})],
        "noise_dim": [Interval(Integral, 1, None, closed="left")],
        "critic_hidden": [tuple, list],
        "critic_dropout": [Interval(Real, 0, 1, closed="left")],
        "adversarial": [StrOptions(set(ADVERSARIAL_LOSSES))],
        "penalty": [None, StrOptions({"r1", "gradient"})],
        "penalty_weight": [Interval(Real, 0, None, closed="neither")],
        "spectral_norm": ["boolean"],
        "fooling_weight": [None, Interval(Real, 0, 1, closed="neither")],
        "generator_updates": [Interval(Integral, 1, None, closed="left")],
        "critic_learning_rate": [None, Interval(Real, 0, None, closed="neither")],
        "momentum": [Interval(Real, 0, 1, closed="left")],
    }

    _learns_from_labels: ClassVar[bool] = True

    def __init__(
        self,
        latent_dim: int = 2,
        *,
        network: NetworkName = "mlp",
        hidden: Sequence[int] | None = None,
        channels: Sequence[int] = (32, 64),
        activation: str | Sequence[str] = "relu",
        normalization: Normalization | Sequence[Normalization] = None,
        dropout: float = 0.0,
        input_noise: float = 0.0,
        encoder: Literal["deterministic", "gaussian", "implicit"] = "deterministic",
        noise_dim: int = 10,
        likelihood: LikelihoodName = "auto",
        likelihood_scale: Literal["learned"] | float = "learned",
        output: OutputName = "auto",
        prior: PriorName | Prior = "normal",
        prior_scale: float | None = None,
        critic_hidden: Sequence[int] = (512, 512),
        critic_dropout: float = 0.0,
        adversarial: Literal["logistic", "least-squares", "hinge"] = "logistic",
        penalty: Literal["r1", "gradient"] | None = None,
        penalty_weight: float = 1.0,
        spectral_norm: bool = False,
        fooling_weight: float | None = None,
        generator_updates: int = 1,
        corruption: str | None = None,
        epochs: float = 50,
        batch_size: int = 128,
        learning_rate: float = 1e-3,
        critic_learning_rate: float | None = None,
        momentum: float = 0.9,
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
        self.encoder = encoder
        self.noise_dim = noise_dim
        self.likelihood = likelihood
        self.likelihood_scale = likelihood_scale
        self.output = output
        self.prior = prior
        self.prior_scale = prior_scale
        self.critic_hidden = critic_hidden
        self.critic_dropout = critic_dropout
        self.adversarial = adversarial
        self.penalty = penalty
        self.penalty_weight = penalty_weight
        self.spectral_norm = spectral_norm
        self.fooling_weight = fooling_weight
        self.generator_updates = generator_updates
        self.corruption = corruption
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.critic_learning_rate = critic_learning_rate
        self.momentum = momentum
        self.devices = devices
        self.random_state = random_state
        self.verbose = verbose

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
        codes = self._encode(X)
        return inference.in_pieces(lambda z: prior.responsibilities(z, classes), codes)

    def _build_game(
        self, shape: Shape, n_labels: int | None, rounds_in: Callable[[float], int], key: PRNGKeyArray
    ) -> games.AAE:
        del rounds_in  # nothing here moves with the epochs
        encoder_key, decoder_key, critic_key = jax.random.split(key, 3)
        head: Head = GaussianHead(scale="exp") if self.encoder == "gaussian" else DeterministicHead()
        noise_dim = int(self.noise_dim) if self.encoder == "implicit" else 0
        seen = int(self.latent_dim) + (0 if n_labels is None else n_labels + 1)
        return games.AAE(
            encoder=build_encoder(self, shape, head, encoder_key, noise_dim=noise_dim),
            decoder=build_decoder(self, shape, likelihood_head(self, self.preprocessing_), decoder_key),
            critic=mlp(
                seen,
                widths("critic_hidden", self.critic_hidden),
                1,
                critic_key,
                activation=self.activation if isinstance(self.activation, str) else self.activation[-1],
                dropout=float(self.critic_dropout),
                spectral_norm=bool(self.spectral_norm),
            ),
            prior=build_prior(self.prior, self.prior_scale, int(self.latent_dim), n_labels),
            adversarial=ADVERSARIAL_LOSSES[self.adversarial],
            optimizer=adam(float(self.learning_rate), float(self.momentum)),
            critic_optimizer=adam(float(self.critic_learning_rate or self.learning_rate), float(self.momentum)),
            generator_optimizer=adam(float(self.learning_rate), float(self.momentum)),
            generator_updates=int(self.generator_updates),
            fooling_weight=None if self.fooling_weight is None else float(self.fooling_weight),
            n_labels=n_labels,
            penalty=self.penalty,
            penalty_weight=float(self.penalty_weight),
            corruption=build_corruption(self.corruption, self.preprocessing_),
        )
