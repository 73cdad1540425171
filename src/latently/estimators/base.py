"""The scikit-learn face that all models share: hyperparameters in, a fitted game out."""

import dataclasses
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar, Literal, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from latently.estimators.architecture import (
    LikelihoodName,
    NetworkName,
    Normalization,
    OutputName,
    PriorName,
)
from latently.estimators.fitting import Fitting
from latently.estimators.latent_space import LatentSpace
from latently.estimators.presets import PRESETS
from latently.estimators.skeleton import array_leaves, game_with
from latently.probability import Prior

_POSITIVE = Interval(Integral, 1, None, closed="left")


@dataclasses.dataclass(eq=False, repr=False)
class LatentModel(Fitting, LatentSpace, ClassNamePrefixFeaturesOutMixin, BaseEstimator):
    """What every estimator shares. A subclass adds its own hyperparameters, builds its game, and is final.

    Hyperparameters are the fields of a dataclass, stored as they are given; all but the first are given by name.

    Args:
        latent_dim: dimensions of a code.
        network: `mlp`, or `conv` for images.
        hidden: widths of the encoder's hidden layers, (512, 512) unless said; the decoder mirrors them. With `conv`,
            the width of one dense layer after the convolutions, (256,) unless said.
        channels: of the convolutions of `conv`; each halves the image.
        activation: name of the activation (relu, leaky_relu, elu, gelu, silu, softplus, tanh), or one a hidden layer.
        normalization: `batch` or `layer` norm before each activation, or one of them (or None) for each hidden layer.
        dropout: probability of dropping a hidden unit of encoder and decoder in training.
        input_noise: standard deviation of noise on the encoder's input in training.
        likelihood: p(x|z): `bernoulli`, `gaussian`, `laplace`, or `auto`: Bernoulli for data in [0, 1], else Gaussian.
        likelihood_scale: scale of a Gaussian or Laplace likelihood: a number, or `learned`, one for all elements.
        output: activation of the decoder's mean, and so the range the data is scaled to: `sigmoid` for [0, 1], `tanh`
            for [-1, 1], `identity` for standardised data, or `auto`.
        prior: `normal`, `uniform`, `star`, `swiss-roll`, `s-curve`, or from Python any Prior.
        prior_scale: the prior's scale: the standard deviation of `normal`, half the side of `uniform`, or a factor on
            all lengths of `star`.
        corruption: what is done to the encoder's input in training, for denoising: `gaussian:SD`, `masking:P` or
            `salt-and-pepper:P`; the decoder still gives the clean data.
        binarize: draw pixels anew as 0 or 1 each time they are read in training, with their value as the probability;
            for data in [0, 1]. Inference takes the values themselves.
        epochs: passes over the data.
        batch_size: rows a round.
        learning_rate: of Adam.
        learning_rate_decay: share of the epochs, at the end, over which the learning rates fall linearly to 0.
        devices: how many local devices share each batch.
        random_state: seed of the run; with it, a run is repeated exactly.
        verbose: show progress.

    Attributes:
        game_: the fitted game, its batch norms calibrated.
        preprocessing_: what was done to the data; inference repeats it.
        classes_: the labels seen in `fit`, in order, or `None` when there were none.
        history_: the mean of every term for each chunk of rounds, unweighted.
        n_features_in_: numbers in a row.
        event_size_: likewise.
        seed_: the seed of the fit.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "latent_dim": [_POSITIVE],
        "network": [StrOptions({"mlp", "conv"})],
        "hidden": [None, tuple, list],
        "channels": [tuple, list],
        "activation": [str, tuple, list],
        "normalization": [None, str, tuple, list],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "input_noise": [Interval(Real, 0, None, closed="left")],
        "likelihood": [StrOptions({"auto", "bernoulli", "gaussian", "laplace"})],
        "likelihood_scale": [StrOptions({"learned"}), Interval(Real, 0, None, closed="neither")],
        "output": [StrOptions({"auto", "sigmoid", "tanh", "identity"})],
        "prior": [StrOptions({"normal", "uniform", "star", "swiss-roll", "s-curve"}), Prior],
        "prior_scale": [None, Interval(Real, 0, None, closed="neither")],
        "corruption": [None, str],
        "binarize": ["boolean"],
        "epochs": [Interval(Real, 0, None, closed="neither")],
        "batch_size": [_POSITIVE],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "learning_rate_decay": [Interval(Real, 0, 1, closed="both")],
        "devices": [_POSITIVE],
        "random_state": ["random_state"],
        "verbose": ["boolean"],
    }

    latent_dim: int = 10
    _: dataclasses.KW_ONLY
    network: NetworkName = "mlp"
    hidden: Sequence[int] | None = None
    channels: Sequence[int] = (32, 64)
    activation: str | Sequence[str] = "relu"
    normalization: Normalization | Sequence[Normalization] = None
    dropout: float = 0.0
    input_noise: float = 0.0
    likelihood: LikelihoodName = "auto"
    likelihood_scale: Literal["learned"] | float = "learned"
    output: OutputName = "auto"
    prior: PriorName | Prior = "normal"
    prior_scale: float | None = None
    corruption: str | None = None
    binarize: bool = False
    epochs: float = 50
    batch_size: int = 128
    learning_rate: float = 1e-3
    learning_rate_decay: float = 0.0
    devices: int = 1
    random_state: int | np.random.RandomState | None = None
    verbose: bool = False

    takes_views: ClassVar[bool] = False
    """Whether rows have several views."""

    @classmethod
    def from_preset(cls, name: str, **changes: Any) -> Self:
        """The estimator with the hyperparameters of a preset, some of them changed.

        Args:
            name: a preset of this estimator; `latently presets` lists them.
            **changes: hyperparameters that differ from the preset's.

        Raises:
            ValueError: there is no such preset, or it is another estimator's.

        Example:
            >>> from latently import VAE
            >>> VAE.from_preset("vae-2d", epochs=5).epochs
            5
        """
        own = sorted(preset for preset, (owner, _) in PRESETS.items() if owner == cls.__name__)
        if name not in own:
            owner = f" ({name!r} is a preset of {PRESETS[name][0]})" if name in PRESETS else ""
            raise ValueError(f"{cls.__name__} has the presets {', '.join(own) or '(none)'}; got {name!r}{owner}.")
        return cls(**(PRESETS[name][1] | changes))

    @property
    def _n_features_out(self) -> int:
        check_is_fitted(self)
        return int(self.latent_dim)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "game_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []  # codes are float32, whatever X is
        tags.target_tags.required = self._needs_labels
        return tags

    def __getstate__(self) -> dict[str, Any]:
        """What `pickle` and `copy` keep: the game's arrays alone, since its optimisers are functions."""
        state: dict[str, Any] = {
            name: value for name, value in super().__getstate__().items() if name != "_calibration"
        }
        return state | {"game_": array_leaves(self.game_)} if "game_" in state else state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "game_" in state:
            self.game_ = game_with(self, state["game_"])
