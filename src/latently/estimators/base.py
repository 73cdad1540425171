"""What every estimator shares: hyperparameters in, a fitted game out."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Literal, Self

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Float, PRNGKeyArray, Shaped
from sklearn.utils import ClassifierTags
from sklearn.utils.validation import check_is_fitted

from latently.abilities import may
from latently.catalogue import MODELS
from latently.data import ConditionPreprocessing, Dataset, TablePreprocessing, Views
from latently.data.layout import ChannelAxis, Standardize
from latently.errors import ArgumentError, did_you_mean, warn
from latently.estimators import going_on, validating
from latently.estimators.building import builder
from latently.estimators.clusters import start_at_mixture
from latently.estimators.demands import check_memory, warn_of_size
from latently.estimators.face import Face
from latently.estimators.frames import frame_names, origin_of, with_origin
from latently.estimators.hyperparameters import (
    Count,
    LikelihoodName,
    NetworkMaker,
    NetworkName,
    Normalization,
    NotNegative,
    OpenShare,
    OptimizerName,
    OutputName,
    Positive,
    PriorName,
    Probability,
    ScheduleName,
    Seed,
    Share,
    Verbosity,
    check_hyperparameters,
)
from latently.estimators.inputs import accept, accept_conditions, accept_labels, fit_preprocessing, seed_of
from latently.estimators.principal import start_at_components
from latently.estimators.principal_views import start_at_common_components
from latently.fitted import Fitted
from latently.forks import begin_work
from latently.game import Batch, Game, LabelsKnown, Task, rounds_in
from latently.memory import give_back
from latently.networks import BatchNorm
from latently.probability import FittedNormal, Prior
from latently.sampler import Sampler
from latently.streams import stream
from latently.training import (
    Feed,
    Observer,
    Precision,
    State,
    Trainer,
    Validation,
    Verdict,
    copied,
    keep_compiled,
    verdict,
)


class CollapseWarning(UserWarning):
    """A fit ended, but part of the model carries nothing.

    Example:
        >>> import warnings
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter("error", CollapseWarning)  # here, a fit that collapses ends in an error
    """


@dataclasses.dataclass(eq=False, repr=False)
class LatentModel(Face):
    """What every estimator shares. A subclass adds its own hyperparameters, builds its game, and is final.

    Hyperparameters are the fields of a dataclass, stored as they are given; all but the first are given by name.

    Args:
        latent_dim: dimensions of a code.
        network: `mlp`; `conv` for images; `conv1d` for series (steps, channels); `resnet`, with residual blocks, of
            convolutions for images and of a perceptron for vectors; or from Python a function (in_shape, out_size, key)
            that makes a network of your own (docs/networks.md).
        decoder_network: likewise of what gives rows; from Python (in_size, out_shape, key). The same as network unless
            said, and `mlp` beside a network of your own.
        hidden: widths of the encoder's hidden layers, (512, 512) unless said; the decoder mirrors them. With
            convolutions, the width of one dense layer after them, (256,) unless said.
        channels: of the convolutions, each of which halves images and series: (32, 64) unless said, and as many more of
            64 as it takes to leave a dense layer of at most 4 million weights.
        linear_path: beside the perceptrons of encoder and decoder: what is linear in data is then learned at once, from
            the principal components of the rows on, and the perceptrons add what is not. `auto`: of tables of numbers;
            of any rows in VCCA.
            True is refused where there can be none: beside other networks, for tables with gaps, with conditions.
        activation: name of the activation (relu, leaky_relu, elu, gelu, silu, softplus, tanh), or one a hidden layer.
        normalization: `batch` or `layer` norm before each activation, or one of them (or None) for each hidden layer.
        dropout: probability of dropping a hidden unit of encoder and decoder in training.
        input_noise: standard deviation of noise on the encoder's input in training.
        likelihood: p(x|z): `bernoulli`, `gaussian`, `laplace`, or `auto`: Bernoulli for data in [0, 1], else Gaussian.
        likelihood_scale: scale of a Gaussian or Laplace likelihood: a number, or `learned`, one for all elements.
        output: activation of the decoder's mean, and so the range the data is scaled to: `sigmoid` for [0, 1], `tanh`
            for [-1, 1], `identity` for standardised data, or `auto`.
        standardize: what has a mean and a deviation of its own where data is standardised: each of the `features`, each
            of the `channels` of images or series, or all numbers `together`. `auto` is each feature of vectors, each
            channel of series and of images where their scales are unlike, and otherwise all numbers together; any other
            takes data in [0, 1], and pixels, for numbers to be standardised, too.
        white_level: the number that is white, of pixels from 0 to it: 255 of bytes and 1 of data in [0, 1] unless said,
            and other data is no pixels then; of image files with more than 8 bits 255, 511, 1023 ..., the first that
            none exceeds.
        channel_axis: where the channels of an image or a series are in a row: `first`, `last`, or `auto`: first in rows
            (1, h, w), (3, h, w), (4, h, w) and others whose first axis is the odd or the shortest one, else last.
        prior: `normal`, `uniform`, `star`, `swiss-roll`, `s-curve`, or from Python any Prior.
        prior_scale: the prior's scale: the standard deviation of `normal`, half the side of `uniform`, or a factor on
            all lengths of `star`.
        corruption: what is done to the encoder's input in training, for denoising: `gaussian:SD`, `masking:P` or
            `salt-and-pepper:P`; the decoder still gives the clean data.
        binarize: draw pixels anew as 0 or 1 each time they are read in training, with their value as the probability;
            for data in [0, 1]. Inference takes the values themselves.
        unlabelled: which label marks a row without one: `auto` is -1; None, no label does; any other value, that one.
            `None`, NaN, pandas' NA and empty words always do.
        epochs: passes over the data.
        batch_size: rows a round.
        optimizer: how each player moves: `adam`, `adamw`, `sgd` (with momentum), `rmsprop` or `lion`; from Python any
            function from the learning rate to a GradientTransformation of optax, such as `optax.adabelief`, or a
            GradientTransformation: it holds rates of its own, and those of the model are then not looked at.
        learning_rate: of the optimiser.
        schedule: how all learning rates move: `constant`; `linear` or `cosine`, down to 0; `warmup-cosine`, which rises
            over the first 5 % of the rounds; from Python a function from the round to a factor on them. Unless said,
            `linear` where there is a learning_rate_decay, and else constant.
        learning_rate_decay: share of the epochs, at the end, over which the learning rates fall; of a schedule that
            falls, all of them unless said.
        gradient_clipping: the largest norm that the gradient of a player may have, over all its weights; a longer one
            is shortened to it.
        weight_decay: share of itself, times the learning rate, that every matrix and kernel loses at each update, apart
            from the gradient's step (Loshchilov & Hutter 2017, arXiv 1711.05101); 0.01 of `adamw`, else 0 unless said.
        early_stopping: end the training when held-out rows have stopped to gain, and give back the best model of all
            that were measured. Held out is what `fit` is given as `X_val`, else a share of the rows.
        patience: how often in a row held-out rows are measured without a better result before the training ends.
        validation_fraction: the share of the rows that is held out for `early_stopping` without `X_val`.
        averaging: share that a running mean of all weights keeps each round, such as 0.999, and less in the first
            rounds, so that it forgets how they began; the mean is then the fitted model. None or 0: no mean.
        precision: `float32`; or `bfloat16`, to which the factors of matrix products and convolutions are rounded in
            training, while weights, optimiser states, sums, losses and norms stay in float32: for accelerators, whose
            matrix units are then several times as fast; a CPU gains nothing.
        warm_start: a further `fit` goes on from the weights of the last one, with the scaling and the classes that it
            learned, for `epochs` more and with new optimisers; if False, it begins anew.
        devices: how many local devices share each batch.
        random_state: seed of the run; with it, a run is repeated exactly.
        verbose: show progress, unless it is False or 0; numbers above 1 show no more than 1 does.

    Attributes:
        game_: the fitted game, its batch norms calibrated.
        preprocessing_: what was done to the data; inference repeats it.
        assumptions_: what the data was taken for where it could be something else, each with what decides.
        classes_: the labels seen in `fit`, in order, or `None` when there were none.
        conditions_: what was done to y where it was more than one class a row; its `columns` say of each condition the
            name, the kind, the words or the range. Else `None`.
        task_: what the game was built for.
        fitted_parameters_: the hyperparameters that it was fitted with, whatever they were set to since; `save` writes
            these.
        history_: the mean of every term for each row of rounds, unweighted, and what held-out rows said where they
            were measured; `history_frame` gives it as a table.
        criterion_: where rows were held out, which of their numbers tells how good the model is (see
            `latently.criterion`).
        sampler_: what `sample` draws codes by in the place of the prior, of tables of numbers whole rows; or `None`.
        verdict_: where rows were held out, whether the training was long enough by them: its `kind`, a `sentence`, and
            the `epoch` of the best measurement (see `latently.training.verdict`). Else `None`.
        row_shape_: the shape of a row of the training data; name → shape where there are several views.
        n_features_in_: numbers in a row.
        event_size_: likewise.
        seed_: the seed of the fit.
    """

    latent_dim: Count = 10
    _: dataclasses.KW_ONLY
    network: NetworkName | NetworkMaker = "mlp"
    decoder_network: NetworkName | NetworkMaker | None = None
    hidden: Sequence[Count] | None = None
    channels: Sequence[Count] | None = None
    linear_path: Literal["auto"] | bool = "auto"
    activation: str | Sequence[str] = "relu"
    normalization: Normalization | Sequence[Normalization] = None
    dropout: Probability = 0.0
    input_noise: NotNegative = 0.0
    likelihood: LikelihoodName = "auto"
    likelihood_scale: Literal["learned"] | Positive = "learned"
    output: OutputName = "auto"
    standardize: Standardize = "auto"
    white_level: Positive | None = None
    channel_axis: ChannelAxis = "auto"
    prior: PriorName | Prior = "normal"
    prior_scale: Positive | None = None
    corruption: str | None = None
    binarize: bool = False
    unlabelled: int | float | str | None = "auto"
    epochs: Positive = 50
    batch_size: Count = 128
    optimizer: OptimizerName | optax.GradientTransformation | Callable[..., Any] = "adam"
    learning_rate: Positive = 1e-3
    schedule: ScheduleName | Callable[..., Any] | None = None
    learning_rate_decay: Share = 0.0
    gradient_clipping: Positive | None = None
    weight_decay: NotNegative | None = None
    early_stopping: bool = False
    patience: Count = 20
    validation_fraction: OpenShare = 0.1
    averaging: Probability | None = None
    precision: Precision = "float32"
    warm_start: bool = False
    devices: Count = 1
    random_state: Seed | np.random.RandomState | None = None
    verbose: Verbosity = False

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    """Name → hyperparameters that follow a published description."""

    default_channels: ClassVar[Mapping[str, tuple[int, ...]]] = {"channels": (32, 64)}
    """Of convolutions for which none are asked."""

    linear_by_default: ClassVar[Literal["tables", "rows"]] = "tables"
    """Beside which perceptrons there is a linear path, unless said: those of tables of numbers, or of any rows."""

    labels: ClassVar[Literal["ignored", "optional", "required"]] = "ignored"
    """What `fit` makes of y."""

    calibration_rows: ClassVar[int] = 4096
    """How many rows, at most, the batch norms of the fitted game are calibrated on, and a prior is fitted to."""

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
        if name not in cls.presets:
            owner = next((model.name for model in MODELS if name in model.load().presets), None)
            whose = f" ({name!r} is a preset of {owner})" if owner else ""
            own, meant = ", ".join(sorted(cls.presets)) or "(none)", did_you_mean(name, cls.presets.keys(), '"{}"')
            raise ValueError(f"{cls.__name__} has the presets {own}; got {name!r}{whose}.{'' if owner else meant}")
        return cls(**{**cls.presets[name], **changes})

    def fit(
        self,
        X: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        observers: Sequence[Observer] = (),
    ) -> Self:
        """Learn from data.

        Args:
            X: rows `(n, features)`, `(n, height, width)`, `(n, height, width, channels)` or `(n, steps, channels)`;
                uint8 is taken as pixels from 0 to 255, unless it looks like counts. A memory map that does not fit on
                the device is streamed, and of a sparse matrix of SciPy a batch at a time becomes an array. Frames of
                pandas and polars may have words, dates, truth values and gaps, and so may arrays have gaps (NaN): see
                `latently.Table`. Or a part of a data set, as `latently.open_dataset` gives it: with its labels, unless
                y is given, and with what was guessed of it.
            y: the class of each row, `-1` where it is unknown. A model that needs no labels ignores it. One that takes
                conditions is given those in its place as a 0/1 matrix of several labels, as numbers with fractions, or
                as a frame or dict of columns; empty cells and NaN are unknown (see `latently.data.conditions`).
            sample_weight: how much each row counts, 0 or more. Rows are drawn in proportion to it, so that every term
                of every player that is a mean over rows is the weighted mean, in expectation; those of weight 0 are
                left out. How rows are scaled is learned from all others alike.
            X_val: rows that are not learned from, and are measured while the model is trained.
            y_val: what is known of them, as y: the class of each, `(n,)`, or its conditions. Unknown are `-1` (unless
                `unlabelled` says otherwise), `None`, NaN, the empty word, and classes that y does not have; where all
                are, or without y_val, the model is measured by what needs no labels.
            observers: functions `observer(trainer, progress)`, called after each chunk of rounds, several times a
                second: trackers (`latently.tracking`), or any of your own (see `latently.training.Observer`).

        Returns:
            The fitted estimator itself.

        Raises:
            ValueError: the data or a hyperparameter is not what the model can work with. Whatever is raised, the
                estimator is left as it was.
        """
        watching = list(observers)
        if self.verbose:
            from latently.training.bar import ProgressBar

            watching.append(ProgressBar(type(self).__name__))
        with going_on.as_it_was(self):
            trainer = self.trainer(X, y, sample_weight, X_val=X_val, y_val=y_val)
            trainer.run(self.total_rounds(trainer), watching)
            return self.adopt(trainer)

    def partial_fit(self, X: Any, y: Any = None, classes: Any = None, sample_weight: Any = None) -> Self:
        """Learn from more rows, in one pass over them: from a stream, say, or as new data comes in.

        The first call decides how rows are scaled, which classes there are, and of whether all, some or no rows the
        label is known; hyperparameters count as they were then. Each further call goes on where the last one stood, the
        optimisers' states included. It goes on from a model that was fitted or loaded, too, with new optimisers.

        Args:
            X: rows, as for `fit`; in each call some more of the same kind. Calls with as many rows share one program.
            y: as for `fit`.
            classes: in the first call, all classes that will come; those of y unless said.
            sample_weight: as for `fit`.

        Returns:
            The fitted estimator itself.

        Raises:
            ValueError: the rows or the labels are not those of the first call's kind, or a hyperparameter says how
                learning rates move to the end of a training.

        Example:
            >>> import numpy as np
            >>> from latently import VAE
            >>> vae = VAE(latent_dim=2, hidden=(8,), random_state=0)
            >>> for part in np.split(np.random.default_rng(0).uniform(size=(600, 5)), 3):
            ...     vae = vae.partial_fit(part)
            >>> vae.history_frame().index[-1]  # two rounds of 128 rows a call
            6
        """
        keep_compiled()
        check_hyperparameters(self)
        going_on.check_stream(self, classes)
        earlier: Sequence[Mapping[str, Any]] = vars(self).get("history_", [])
        with going_on.as_it_was(self):
            trainer = self._stream_trainer(X, y, classes, sample_weight)
            trainer.run(trainer.round + going_on.rounds_of_a_pass(trainer.feed.rows, trainer.feed.batch_size))
            self._adopt(trainer)
        self.history_: Sequence[Mapping[str, Any]] = [*earlier, *self.history_]
        self._stream: State[Any] | None = trainer.state
        return self

    def _stream_trainer(self, X: Any, y: Any, classes: Any, sample_weight: Any) -> Trainer[Any]:
        """The engine of one call of `partial_fit`, where the last one stood."""
        stood = getattr(self, "_stream", None)
        known = self.__sklearn_is_fitted__()
        X, labels, weights = self._meet(X, y, sample_weight, known=known, classes=classes)
        if not known:
            self.task_ = self._task(len(X), _known(labels), rounds_in(float(self.epochs), len(X) / self.batch_size))
        elif self.task_.labels_known != "some" and _known(labels) != self.task_.labels_known:
            rule = f"must have the label of {self.task_.labels_known} of the rows, as in the first call"
            raise ArgumentError("y", rule, f"that of {_known(labels)}")
        first_round = 0 if stood is None else int(stood.round)
        feed = self._feed(X, labels, weights, labels_known=self.task_.labels_known, first_round=first_round)
        self._calibration = self._calibration_batch(X, labels)
        if stood is not None:
            trainer = self._trainer(stood.game, feed)
            trainer.go_on(stood)
            return trainer
        game = self._built(feed)
        return self._trainer(
            going_on.with_weights_of(game, self.game_) if known else self.before_training(game, X), feed
        )

    def trainer(
        self,
        X: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        resumed: bool = False,
    ) -> Trainer[Any]:
        """The engine that `fit` would run, ready at round 0: for resuming, for watching, for measuring.

        Args:
            X: as for `fit`.
            y: as for `fit`.
            sample_weight: as for `fit`.
            X_val: as for `fit`.
            y_val: as for `fit`.
            resumed: whether a checkpoint will be restored at once, so that nothing has to be learned before round 0.

        Returns:
            A trainer; run it, then `adopt` it.
        """
        keep_compiled()
        check_hyperparameters(self)
        learned = self.game_ if self.warm_start and self.__sklearn_is_fitted__() and not resumed else None
        self._stream = None
        X, labels, weights = self._meet(X, y, sample_weight, known=learned is not None)
        if X_val is None and y_val is not None:
            raise ArgumentError("X_val", "is missing: y_val holds the labels of its rows")
        out = None if X_val is None else validating.given(self, X_val, y_val)
        if out is None and self.early_stopping:
            share = float(self.validation_fraction)
            X, labels, weights, out = validating.set_aside(X, labels, weights, share, self.seed_)
        labels_known = _known(labels)
        feed = self._feed(X, labels, weights, labels_known=labels_known)
        self.task_ = self._task(feed.rows, labels_known, rounds_in(float(self.epochs), feed.rounds_per_epoch))
        game = self._built(feed, best=out is not None)
        if learned is not None:
            game = going_on.with_weights_of(game, learned)
        elif not resumed:
            game = self.before_training(game, X, out)
        self._calibration = self._calibration_batch(X, labels)
        return self._trainer(game, feed, None if out is None else self._validation(game, feed, out))

    def _meet(
        self, X: Any, y: Any, sample_weight: Any, *, known: bool = False, classes: Any = None
    ) -> tuple[Any, Any, Float[np.ndarray, "rows"] | None]:
        """Rows that count, their labels and weights; how they are scaled and labelled is learned, unless known."""
        if not known:
            for name in [name for name in vars(self) if name.endswith("_") and not name.startswith("_")]:
                delattr(self, name)  # what an earlier fit learned
        if isinstance(X, Dataset):
            y = X.targets if y is None else y
        origin = None if known else origin_of(X)
        X = going_on.known_rows(self, X) if known else accept(self, X, reset=True)
        rows, self.seed_ = len(X), seed_of(self.random_state)
        weights = going_on.check_weights(sample_weight, rows)
        counting = np.arange(rows) if weights is None else np.flatnonzero(weights)
        if weights is not None and len(counting) < rows:
            X, weights = validating.some_rows(X, counting), going_on.check_weights(weights[counting], len(counting))
        if not known:
            self._take_preprocessing(with_origin(fit_preprocessing(self.first_stage(), X), origin, X))
        labels = going_on.known_labels(self, y, rows) if known else self._take_labels(y, rows, classes)
        return X, labels if labels is None or len(counting) == rows else labels[counting], weights

    def _feed(self, X: Any, labels: Any, weights: Any, *, labels_known: LabelsKnown, first_round: int = 0) -> Feed:
        return Feed(
            self.preprocessing_.laid_out(X),
            labels,
            present=None if not isinstance(X, Views) or X.complete else X.present,
            batch_size=int(self.batch_size),
            seed=self.seed_ + first_round,  # so that equal parts of a stream are not drawn in one order
            prepare=self.preprocessing_.prepare,
            draw_labelled=labels_known == "some" and self.game_type.draws_labelled and self.conditions_ is None,
            weights=weights,
            first_round=first_round,
        )

    def _trainer(self, game: Any, feed: Feed, validation: Validation | None = None) -> Trainer[Any]:
        return Trainer(
            game,
            feed,
            seed=self.seed_,
            devices=int(self.devices),
            validation=validation,
            averaging=float(self.averaging or 0.0),
            precision=self.precision,
        )

    def total_rounds(self, trainer: Trainer[Any]) -> int:
        """The rounds that `epochs` passes over the trainer's data make.

        Args:
            trainer: of this estimator.
        """
        return trainer.rounds_in(float(self.epochs))

    def adopt(self, trainer: Trainer[Any]) -> Self:
        """Take over the game that a trainer of this estimator has come to.

        Args:
            trainer: made by `trainer`; it may go on afterwards.

        Returns:
            The fitted estimator itself.
        """
        self._adopt(trainer)
        self._take_sampler(self.fitted_.usual_sampler(*self._calibration))
        give_back()  # what the compiler has left of many small pieces
        return self

    def _adopt(self, trainer: Trainer[Any]) -> None:
        """The same, but that nothing is learned of where codes are: what a stream has brought so far may be little."""
        arrays, rest = eqx.partition(trainer.result, eqx.is_array)
        game = eqx.combine(copied(arrays), rest)
        self._take_game(self._calibrated(game))
        history = trainer.whole_history
        self.history_ = [dataclasses.asdict(progress) for progress in history]
        self.verdict_ = None if trainer.validation is None else self.judge(trainer, self.history_)
        if history:
            for warning in game.diagnose([progress.terms for progress in history]):
                warn(warning, CollapseWarning)

    def judge(self, trainer: Trainer[Any], history: Sequence[Mapping[str, Any]]) -> Verdict:
        """What held-out rows say of a training with this course.

        Args:
            trainer: with a `validation`.
            history: of all rounds, as in `history_`.
        """
        name, about = self.criterion_.name, self.criterion_.about
        return verdict(history, name, about, kept_best=trainer.validation is not None and trainer.validation.chosen)

    def history_frame(self) -> Any:
        """The course of the fit as a pandas data frame: a line for every few rounds, a column for each term.

        Returns:
            The frame: its index is the last `round` of each line; its columns are the `epoch`, the
            `samples_per_second`, of a run's folder also the `seconds` since it began, and the terms by their names,
            such as `"vae/kl"`, unweighted, those of held-out rows behind `held_out/`.

        Raises:
            ImportError: pandas is not installed.

        Example:
            >>> import numpy as np
            >>> from latently import VAE
            >>> frame = VAE(latent_dim=2, hidden=(8,), epochs=4, random_state=0).fit(np.eye(20)).history_frame()
            >>> frame.index[-1], frame.columns.tolist()[2:]
            (4, ['vae/active_dimensions', 'vae/kl', 'vae/reconstruction'])
        """
        check_is_fitted(self)
        try:
            import pandas
        except ImportError:
            raise ImportError("history_frame needs pandas; install it with: pip install 'latently[tables]'.") from None
        told = ("round", "epoch", "samples_per_second", "seconds")
        lines = [{name: row[name] for name in told if name in row} | row["terms"] for row in self.history_]
        for line, row in zip(lines, self.history_, strict=True):
            line |= {f"held_out/{name}": value for name, value in (row.get("held_out") or {}).items()}
        return pandas.DataFrame(lines, columns=None if lines else ["round"]).set_index("round")

    def peek(self, trainer: Trainer[Any], X: Any) -> Float[np.ndarray, "rows latent"]:
        """The codes that a trainer's game gives now, while it is being trained.

        Args:
            trainer: made by `trainer`.
            X: rows, as in `fit`.

        Returns:
            Codes of shape `(n, latent_dim)`.
        """
        rows = self.preprocessing_.check(accept(self, X), type(self).__name__, noisy=self.corruption is not None)
        return self._with(self._calibrated(trainer.state.averaged)).codes(rows)

    def first_stage(self) -> Any:
        """The model that meets the data, whose hyperparameters say how it is scaled: this one, unless it is stacked."""
        return self

    def before_training(self, game: Any, X: Any, out: validating.HeldOut | None = None) -> Any:
        """The game at round 0: as it was built, but for what can be learned before.

        Linear paths begin as PCA, and classes that nobody has named as the parts of a Gaussian mixture.

        Args:
            game: as it was built.
            X: the rows that it will learn from.
            out: rows that are held out, which an earlier stage is measured on.
        """
        del out
        start = start_at_common_components if self.takes_views else start_at_components
        return self._clustered(start(game, X, self.preprocessing_, int(self.latent_dim), self.seed_), X)

    def _clustered(self, game: Any, X: Any) -> Any:
        """A game whose clusters have begun, where it is to find some."""
        where = getattr(self, "cluster_start", None)  # a hyperparameter of models that find classes of their own
        if self.task_.labels_known != "none" or where != "gaussian-mixture":
            return game
        return start_at_mixture(game, X, self.preprocessing_, self.seed_, self._key("clusters"))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []  # codes are float32, whatever X is
        tags.target_tags.required = self.labels == "required"
        tags.input_tags.two_d_array = not self.takes_views
        if may(self.game_type, "predict"):  # scikit-learn's checks of sparse rows ask for it
            tags.classifier_tags = ClassifierTags()
        tags.input_tags.sparse = not self.takes_views
        tags.input_tags.allow_nan = not self.takes_views and may(self.game_type, "impute")
        return tags

    def __getstate__(self) -> dict[str, Any]:
        """What `pickle` and `copy` keep: of the game its arrays alone, since its optimisers are functions."""
        left_out = ("_calibration", "_stream")
        state: dict[str, Any] = {name: v for name, v in super().__getstate__().items() if name not in left_out}
        if "fitted_" in state:
            arrays = jax.tree.leaves(eqx.filter(state["fitted_"].game, eqx.is_array))
            state["fitted_"] = [np.asarray(leaf) for leaf in arrays]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        from latently.estimators.saving import game_shape

        arrays = state.pop("fitted_", None)
        super().__setstate__(state)
        if arrays is not None:
            shapes, static = eqx.partition(game_shape(self), lambda leaf: isinstance(leaf, jax.ShapeDtypeStruct))
            leaves = [jnp.asarray(array) for array in arrays]
            self.fitted_ = self._with(eqx.combine(jax.tree.unflatten(jax.tree.structure(shapes), leaves), static))

    def _take_preprocessing(self, preprocessing: Any) -> None:
        self.preprocessing_ = preprocessing
        self.n_features_in_ = self.event_size_ = preprocessing.n_features
        self.row_shape_ = preprocessing.row_shape
        if names := frame_names(preprocessing):
            self.feature_names_in_ = np.asarray(names, object)

    def _take_labels(self, y: Any, rows: int, classes: Any = None) -> Any:
        """The class of each row as a number, or its conditions as a network is told them; `None` where there are none.

        `classes` are all that will come, where y is not all that will.
        """
        self.classes_: Shaped[np.ndarray, classes] | None = None
        self.conditions_: ConditionPreprocessing | None = None
        if classes is not None and self.labels != "ignored":
            _, self.classes_ = going_on.read_labels(classes, "classes", self.unlabelled)
            return going_on.known_labels(self, y, rows)
        conditions = accept_conditions(y, rows, self)
        if conditions is not None:
            self.conditions_ = ConditionPreprocessing.fit(conditions, self.seed_)
            return self.conditions_(conditions)
        labels, self.classes_ = accept_labels(y, rows, type(self).__name__, self.labels, self.unlabelled)
        return labels

    def _take_game(self, game: Game) -> None:
        self.fitted_parameters_ = self.get_params(deep=False)
        self._take_sampler(None, game)

    def _take_sampler(self, sampler: Sampler | None, game: Game | None = None) -> None:
        self.sampler_ = sampler
        self.fitted_ = self._with(self.fitted_.game if game is None else game)

    def _with(self, game: Game) -> Fitted:
        begin_work()
        sampler = vars(self).get("sampler_")
        return Fitted(game, self.preprocessing_, self.classes_, self.task_, self.conditions_, sampler)

    def _task(self, rows: int, labels_known: LabelsKnown, rounds: int) -> Task:
        """What the game is to be built for."""
        done, classes = self.preprocessing_, self.classes_
        several = done.views if self.takes_views else {}
        ranges = tuple(view.range for view in several.values()) if several else done.range
        clusters = getattr(self, "n_clusters", None)  # a hyperparameter of models that find classes of their own
        n_labels = clusters if classes is None else len(classes)
        cells = done.cells if isinstance(done, TablePreprocessing) else ()
        told = () if self.conditions_ is None else self.conditions_.cells
        return Task(done.event_shape, ranges, rows, n_labels, labels_known, rounds, tuple(several), cells, told)

    def _built(self, feed: Feed, *, best: bool = False) -> Game:
        """The untrained game; nothing is made where there is too little memory to train it on a feed.

        `best`: a copy of the best game is kept.
        """
        build = builder(self, self.task_)
        warn_of_size(self)
        try:
            check_memory(self, build, feed, best=best)
            return build(self._key("weights"))
        except ValueError as error:
            vars(error).pop("__notes__", None)  # JAX adds notes on its own workings
            raise error.with_traceback(None) from error.__cause__  # of a user's own function

    def _key(self, name: str) -> PRNGKeyArray:
        """The key of one of the streams of the fit's seed; the trainer has the seed itself."""
        return stream(jax.random.key(self.seed_), name)

    def _calibration_batch(self, X: Any, labels: Shaped[np.ndarray, "rows ..."] | None) -> tuple[Any, Any]:
        """Some of the rows, labelled ones where the model can do nothing with others, and their labels."""
        needed = self.labels == "required" and labels is not None and self.conditions_ is None
        usable = np.flatnonzero(labels >= 0) if needed else np.arange(len(X))  # type: ignore[operator]
        chosen = np.sort(np.random.default_rng(self.seed_).permutation(usable)[: self.calibration_rows])
        return X[chosen], None if labels is None else labels[chosen]

    def _validation(self, game: Game, feed: Feed, out: validating.HeldOut) -> Validation:
        """What measures held-out rows while the game is trained."""
        few = min(len(self._calibration[0]), 512)
        cost, calibrated = (
            (few, partial(self._calibrated, rows=few)) if _holds_any_statistics(game) else (0, lambda g: g)
        )
        watch, self.criterion_ = validating.validation(self, game, feed, out, calibrated, cost)
        return watch

    def _calibrated(self, game: Any, rows: int | None = None) -> Any:
        if not _holds_any_statistics(game):
            return game
        chosen, labels = self._calibration
        if rows is not None:
            chosen, labels = chosen[:rows], None if labels is None else labels[:rows]
        x = self.preprocessing_(chosen)
        views, present = (x.views, x.present) if isinstance(x, Batch) else ((x,), None)
        batch = Batch(views, None if labels is None else jnp.asarray(labels), present=present)
        return _calibrate(game, batch, self._key("calibration"))


def _known(labels: Any) -> LabelsKnown:
    """Of how many rows the class, or all conditions, are known."""
    if labels is None:
        return "none"
    known = ~np.isnan(labels).any(axis=1) if labels.ndim == 2 else labels >= 0
    return "all" if known.all() else "some" if labels.ndim == 2 or known.any() else "none"


@eqx.filter_jit
def _calibrate(game: Any, batch: Batch, key: Any) -> Any:
    return game.calibrated(batch, key)


def _holds_any_statistics(game: Any) -> bool:
    return any(map(_holds_statistics, jax.tree.leaves(game, is_leaf=_holds_statistics)))


def _holds_statistics(leaf: Any) -> bool:
    return isinstance(leaf, BatchNorm | FittedNormal)
