"""The scikit-learn face that all models share: hyperparameters in, a fitted game out."""

import abc
import dataclasses
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar, Literal, Self

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int, PRNGKeyArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin
from sklearn.utils import check_array
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from latently.batch import Batch
from latently.data import Subset, Views
from latently.estimators import inference
from latently.estimators.architecture import (
    Hyperparameters,
    LikelihoodName,
    NetworkName,
    Normalization,
    OutputName,
    PriorName,
    Shape,
    fit_preprocessing,
)
from latently.estimators.latent_space import LatentSpace
from latently.estimators.presets import PRESETS
from latently.estimators.skeleton import array_leaves, game_with
from latently.game import Game
from latently.networks import BatchNorm
from latently.probability import FittedNormal, Prior
from latently.training import Feed, Trainer, keep_compiled

CALIBRATION_ROWS = 4096
"""Rows whose statistics the batch norms of a fitted model hold, and a prior that is fitted to codes."""

_POSITIVE = Interval(Integral, 1, None, closed="left")


class CollapseWarning(UserWarning):
    """A fit ended, but part of the model carries nothing."""


@dataclasses.dataclass(eq=False, repr=False)
class LatentModel(LatentSpace, ClassNamePrefixFeaturesOutMixin, BaseEstimator):
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

    calibration_rows: ClassVar[int] = CALIBRATION_ROWS
    """How many rows the batch norms of the fitted game are calibrated on, at most."""

    takes_views: ClassVar[bool] = False
    """Whether rows have several views."""

    # ---- what a subclass says ----

    @abc.abstractmethod
    def _build_game(
        self, shape: Shape, n_labels: int | None, rounds_in: Callable[[float], int], key: PRNGKeyArray
    ) -> Game:
        """The untrained game for rows of `shape`, with so many classes of labels (`None`: no labels)."""

    # ---- fitting ----

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

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn from data.

        Args:
            X: rows `(n, features)`, `(n, height, width)` or `(n, height, width, channels)`; uint8 is taken as pixels
                from 0 to 255. A memory map that does not fit on the device is streamed.
            y: the class of each row, `-1` where it is unknown. A model that needs no labels ignores it.

        Returns:
            The fitted estimator itself.

        Raises:
            ValueError: the data or a hyperparameter is not what the model can work with.
        """
        trainer = self.trainer(X, y)
        observers = []
        if self.verbose:
            from latently.training.bar import ProgressBar

            observers.append(ProgressBar(type(self).__name__))
        trainer.run(self.total_rounds(trainer), observers)
        return self.adopt(trainer)

    def trainer(self, X: Any, y: Any = None, *, resumed: bool = False) -> Trainer[Any]:
        """The engine that `fit` would run, ready at round 0: for resuming, for watching, for measuring.

        Args:
            X, y: as for `fit`.
            resumed: whether a checkpoint will be restored at once, so that no earlier stage has to be fitted.

        Returns:
            A trainer; run it, then `adopt` it.
        """
        keep_compiled()
        self._validate_params()
        X = self._accept(X, reset=True)
        self.seed_ = inference.seed_of(self.random_state)
        self.__dict__.pop("first_", None)
        self.preprocessing_ = fit_preprocessing(self._reader(), X)
        self.n_features_in_ = self.event_size_ = self.preprocessing_.n_features
        self.row_shape_ = self.preprocessing_.row_shape
        labels = self._accept_labels(X, y)
        feed = Feed(
            _stored(X),
            labels,
            batch_size=int(self.batch_size),
            seed=self.seed_,
            prepare=self.preprocessing_.prepare,
            draw_labelled=self._draws_labelled(labels),
        )
        game = self._built(lambda epochs: max(1, round(epochs * feed.rounds_per_epoch)))
        if not resumed:
            game = self._with_earlier_stages(game, X)
        self._calibration = self._calibration_rows(X, labels)
        return Trainer(game, feed, seed=self.seed_, devices=int(self.devices))

    def total_rounds(self, trainer: Trainer[Any]) -> int:
        """The rounds that `epochs` passes over the trainer's data make."""
        return trainer.rounds_in(float(self.epochs))

    def adopt(self, trainer: Trainer[Any]) -> Self:
        """Take over the game that a trainer of this estimator has come to.

        Args:
            trainer: made by `trainer`; it may go on afterwards.

        Returns:
            The fitted estimator itself.
        """
        game = jax.tree.map(lambda leaf: jnp.array(leaf) if eqx.is_array(leaf) else leaf, trainer.state.game)
        self.game_ = self._calibrated(game)
        self.history_ = [dataclasses.asdict(progress) for progress in trainer.history]
        if trainer.history:
            for warning in game.diagnose([progress.terms for progress in trainer.history]):
                warnings.warn(warning, CollapseWarning, stacklevel=3)
        return self

    def peek(self, trainer: Trainer[Any], X: Any) -> Float[np.ndarray, "rows latent"]:
        """The codes that a trainer's game gives now, while it is being trained.

        Args:
            trainer: made by `trainer`.
            X: rows, as in `fit`.

        Returns:
            Codes of shape `(n, latent_dim)`.
        """
        game, rows = self._calibrated(trainer.state.game), self._rows(X)
        labels = np.full(len(rows), -1, np.int32) if self.decodes_labels else None
        return inference.in_pieces(partial(inference.code_means, game), rows, self.preprocessing_, labels)

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

    # ---- helpers ----

    def _built(self, rounds_in: Callable[[float], int]) -> Any:
        """The untrained game: one compiled program, and so one that is kept, instead of one for each initial weight."""
        shape, n_labels = self.preprocessing_.event_shape, self._n_labels()
        try:
            return eqx.filter_jit(lambda key: self._build_game(shape, n_labels, rounds_in, key))(
                jax.random.key(self.seed_)
            )
        except ValueError as error:
            raise ValueError(str(error)) from None  # JAX adds notes on its own workings

    def _accept(self, X: Any, *, reset: bool) -> Any:
        """X as rows; memory maps are left on disk."""
        if isinstance(X, Subset):
            return X
        if isinstance(X, Views):
            raise ValueError(
                f"X must have one view; got {', '.join(X.names)}. Use ACCA for several, or give one of them: "
                f'X.view("{X.names[0]}").'
            )
        if isinstance(X, np.memmap):
            return Subset(X, np.arange(len(X)))
        if not hasattr(X, "ndim"):
            X = np.asarray(X)
        if X.ndim <= 2 and (reset or len(self.row_shape_) == 1):
            X = validate_data(self, X, reset=reset)
        else:
            X = check_array(X, allow_nd=X.ndim > 2)
        return X.astype(X.dtype.newbyteorder("="), copy=False)

    def _reader(self) -> Hyperparameters:
        """Whose hyperparameters say how the data is scaled: those of the stage that meets it."""
        return self

    def _with_earlier_stages(self, game: Any, X: Any) -> Any:  # noqa: ARG002
        """The untrained game, with what has to be fitted before it."""
        return game

    def _calibration_rows(self, X: Any, labels: Int[np.ndarray, "rows"] | None) -> tuple[Any, Any]:
        """Some of the rows, labelled ones where the model can do nothing with others, and their labels."""
        usable = np.flatnonzero(labels >= 0) if self._needs_labels and labels is not None else np.arange(len(X))
        chosen = np.sort(np.random.default_rng(self.seed_).permutation(usable)[: self.calibration_rows])
        return X[chosen], None if labels is None else labels[chosen]

    def _calibrated(self, game: Any) -> Any:
        if not any(map(_holds_statistics, jax.tree.leaves(game, is_leaf=_holds_statistics))):
            return game
        rows, labels = self._calibration
        batch = Batch(self.preprocessing_.prepare(_stored(rows)), None if labels is None else jnp.asarray(labels))
        return _calibrate(game, batch, jax.random.key(self.seed_))


def _stored(X: Any) -> tuple[Any, ...]:
    """The arrays that a batch is drawn from; of several views, the last says which of them each row has."""
    return (*X.arrays, X.given) if isinstance(X, Views) else (X,)


@eqx.filter_jit
def _calibrate(game: Any, batch: Batch, key: PRNGKeyArray) -> Any:
    return game.calibrated(batch, key)


def _holds_statistics(leaf: Any) -> bool:
    return isinstance(leaf, BatchNorm | FittedNormal)
