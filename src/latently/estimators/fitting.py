"""Fitting: data in, a trained and calibrated game out."""

import abc
import dataclasses
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, Self

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int, PRNGKeyArray

from latently.batch import Batch
from latently.data import Views
from latently.estimators import inference
from latently.estimators.architecture import Hyperparameters, Shape
from latently.estimators.coding import Coding
from latently.estimators.scaling import fit_preprocessing
from latently.game import Game
from latently.networks import BatchNorm
from latently.probability import FittedNormal
from latently.training import Feed, Trainer, keep_compiled


class CollapseWarning(UserWarning):
    """A fit ended, but part of the model carries nothing."""


class Fitting(Coding):
    """From data to a fitted game, by way of a trainer. A subclass says what game is built, and what comes before it."""

    epochs: float
    batch_size: int
    devices: int
    random_state: int | np.random.RandomState | None
    verbose: bool

    calibration_rows: ClassVar[int] = 4096
    """How many rows, at most, the batch norms of the fitted game are calibrated on, and a prior is fitted to."""

    @abc.abstractmethod
    def _build_game(
        self, shape: Shape, n_labels: int | None, rounds_in: Callable[[float], int], key: PRNGKeyArray
    ) -> Game:
        """The untrained game for rows of `shape`, with so many classes of labels (`None`: no labels)."""

    def _reader(self) -> Hyperparameters:
        """Whose hyperparameters say how the data is scaled: those of the stage that meets it."""
        return self

    def _with_earlier_stages(self, game: Any, X: Any) -> Any:  # noqa: ARG002
        """The untrained game, with what has to be fitted before it."""
        return game

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
        for name in ("first_", "first_seconds_"):
            self.__dict__.pop(name, None)
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

    def _built(self, rounds_in: Callable[[float], int]) -> Any:
        """The untrained game: one compiled program, and so one that is kept, instead of one for each initial weight."""
        shape, n_labels = self.preprocessing_.event_shape, self._n_labels()
        try:
            return eqx.filter_jit(lambda key: self._build_game(shape, n_labels, rounds_in, key))(
                jax.random.key(self.seed_)
            )
        except ValueError as error:
            raise ValueError(str(error)) from None  # JAX adds notes on its own workings

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
    return (*X.arrays, X.present) if isinstance(X, Views) else (X,)


@eqx.filter_jit
def _calibrate(game: Any, batch: Batch, key: PRNGKeyArray) -> Any:
    return game.calibrated(batch, key)


def _holds_statistics(leaf: Any) -> bool:
    return isinstance(leaf, BatchNorm | FittedNormal)
