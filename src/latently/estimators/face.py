"""The face that every estimator shows: what a fitted model can be asked, in scikit-learn's manner."""

import abc
from collections.abc import Mapping
from functools import cache, partial
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, TypeAlias

import jax
import numpy as np
from jaxtyping import Float, PRNGKeyArray, Shaped
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils._set_output import _wrap_data_with_container
from sklearn.utils.validation import check_is_fitted

from latently.abilities import ABILITIES, HasViews, inability, is_able, may
from latently.catalogue import MODELS
from latently.data.table import is_frame
from latently.drawing import Drawn
from latently.errors import ArgumentError, NotSupportedError, in_python, setting, words
from latently.estimators.building import builder
from latently.estimators.demands import MOST_DRAWS, MOST_PARTS, check_count
from latently.estimators.frames import filled_back, given_back
from latently.estimators.hyperparameters import said_of_unknown
from latently.estimators.inputs import (
    RandomState,
    accept,
    accept_codes,
    accept_labels,
    row_alone,
    seed_of,
    views_asked_for,
)
from latently.fitted import Fitted
from latently.forks import begin_work
from latently.game import Game, LabelsKnown, Task
from latently.inference import MOST_SAMPLES, regroup
from latently.sampler import Sampler

if TYPE_CHECKING:
    from latently.explorer import Exploration

Codes: TypeAlias = Any
"""An array `(n, latent_dim)`, or a data frame of pandas or polars, as `set_output` says."""

_ABILITY_OF = {method: name for name, ability in ABILITIES.items() for method in ability.methods}


class Face(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """The calls of a fitted model. They check what is given and forward it to `fitted_`.

    A method is there (`hasattr` is true of it) where the model has the ability that it stands for: see
    `latently.abilities`. What gives codes (`transform`, `aggregate_codes`, `sample_prior`, `manifold_codes`) gives an
    array, or after `set_output(transform="pandas")` or `"polars"` a data frame; what takes codes takes either. What
    gives rows of a table gives what `fit` saw, an array or a frame with the same columns, or the frame that
    `set_output` asks for.

    Attributes:
        fitted_: the game that was trained, with its preprocessing, its classes and its task.
    """

    game_type: ClassVar[type[Game]]
    """The class of the games that the estimator builds."""

    latent_dim: int
    corruption: str | None
    fitted_: Fitted
    row_shape_: Any

    def __new__(cls, *given: Any, **parameters: Any) -> Self:  # noqa: ARG004
        """A new estimator, if each name is one of its hyperparameters: `TypeError` where one is not."""
        if said := said_of_unknown(cls, parameters):
            raise TypeError(said)
        made: Self = super().__new__(cls)
        return made

    def set_params(self, **parameters: Any) -> Self:
        """Set hyperparameters.

        Args:
            **parameters: by their names; those of an estimator among them as `first__epochs`.

        Returns:
            The estimator itself.

        Raises:
            ValueError: one of the names is no hyperparameter.
        """
        if said := said_of_unknown(type(self), (name.partition("__")[0] for name in parameters)):
            raise ValueError(said)
        changed: Self = super().set_params(**parameters)
        return changed

    @abc.abstractmethod
    def _take_sampler(self, sampler: Sampler | None) -> None:
        """Draw new data by a sampler from now on; by the prior, where it is `None`."""

    def __getattribute__(self, name: str) -> Any:
        if name in _ABILITY_OF:
            self.require(_ABILITY_OF[name])
        return super().__getattribute__(name)

    def require(self, ability: str) -> None:
        """See that the model has an ability.

        Args:
            ability: a key of `latently.abilities.ABILITIES`.

        Raises:
            NotSupportedError: it has not; the error says why, and which models have.
        """
        if not self._is_able(ability):
            name, why = type(self).__name__, inability(self.game_type, ability)
            others = partial(_others, name, ability)
            raise NotSupportedError(name, ABILITIES[ability].can, why, others)

    def _is_able(self, ability: str) -> bool:
        """Whether the model has an ability; one that is not fitted answers for the game that it would build."""
        if not may(self.game_type, ability) or not ABILITIES[ability].unmet:
            return may(self.game_type, ability)
        if not self.__sklearn_is_fitted__() and ABILITIES[ability].of_data:
            return True
        game = self.fitted_.game if self.__sklearn_is_fitted__() else self._outline()
        return game is None or is_able(game, ability)

    def _outline(self) -> Any:
        """The game that the hyperparameters ask for, its arrays shapes alone.

        `None` where they cannot work: it is for `fit` to say so.
        """
        try:
            return builder(self, self._small_task("some")).shapes
        except (LookupError, TypeError, ValueError):
            return None

    def _small_task(self, labels_known: LabelsKnown) -> Task:
        """A task as small as can be, which tells what a game that the hyperparameters ask for is made of."""
        shape = {"conv": (8, 8, 1), "conv1d": (8, 1)}.get(str(getattr(self, "network", "")), (4,))
        if self.takes_views:
            names = views_asked_for(self)
            return Task((shape,) * len(names), ("unit",) * len(names), 2, None, "none", 1, views=names)
        told = labels_known != "none" or hasattr(self, "n_clusters")
        return Task(shape, "unit", 2, 2 if told else None, labels_known, 1)

    @abc.abstractmethod
    def build_game(self, task: Task, key: PRNGKeyArray) -> Game:
        """The untrained game for a task.

        Args:
            task: what the game is built for: the shape of a row, how many classes there are.
            key: that the weights are drawn by.
        """

    def abilities(self) -> frozenset[str]:
        """What this fitted model can do: keys of `latently.abilities.ABILITIES`."""
        return self._fitted().abilities

    def __sklearn_is_fitted__(self) -> bool:
        return "fitted_" in self.__dict__

    def _fitted(self) -> Fitted:
        check_is_fitted(self)
        begin_work()
        return self.fitted_

    def _numbers(self) -> int:
        """How many numbers a row and its code have."""
        return self._fitted().preprocessing.n_features + int(self.latent_dim)

    @property
    def assumptions_(self) -> tuple[str, ...]:
        """What the data was taken for where it could be something else: sentences that name what decides."""
        check_is_fitted(self)
        return tuple(words(sentence, in_python) for sentence in self.fitted_.assumed)

    @property
    def game_(self) -> Any:
        """The fitted game, its batch norms calibrated."""
        return self.fitted_.game

    @property
    def takes_views(self) -> bool:
        """Whether rows have several views."""
        return issubclass(self.game_type, HasViews)

    @property
    def view_names_(self) -> tuple[str, ...]:
        """The views' names, in order; none, where rows have one view."""
        return tuple(self.row_shape_) if self.takes_views else ()

    @property
    def decodes_labels(self) -> bool:
        """Whether the decoder is given the label beside the code."""
        return self._fitted().decodes_labels

    @property
    def knows_labels(self) -> bool:
        """Whether `sample` can be asked for a class."""
        return self.label_values is not None

    @property
    def label_values(self) -> Shaped[np.ndarray, "classes"] | None:
        """The labels that this fitted model takes: the classes of `fit`, or the numbers of its clusters."""
        return self._fitted().label_values

    def transform(self, X: Any, labels: Any = None) -> Float[np.ndarray, "rows latent"]:
        """The code of each row: the mean of q(z|x).

        Args:
            X: rows, as in `fit`.
            labels: the class of each row, -1 where unknown, for a model whose decoder is given the label; the likeliest
                class stands in for one that is not known. Or the conditions of each row (see `sample`), for a model
                that was fitted on such: what is not known of them is left to the code.

        Returns:
            Codes of shape `(n, latent_dim)`.

        Raises:
            ValueError: the rows are not like those of `fit`, or a label is none of its classes.
            NotSupportedError: labels are given to a model whose decoder is given none.
        """
        return self._taking(labels).codes(self._rows(X), labels)

    def aggregate_codes(self, X: Any, random_state: RandomState = None) -> Codes:
        """One draw of q(z|x) for each row `(n, latent_dim)`: together, a sample of the aggregated posterior.

        Args:
            X: rows, as in `fit`.
            random_state: of the draws.
        """
        return self._framed(self._fitted().draw_codes(self._rows(X), seed_of(random_state)), X)

    def inverse_transform(self, Z: Codes, labels: Any = None) -> Any:
        """The data that codes stand for: the mean of p(x|z).

        Args:
            Z: codes of shape `(n, latent_dim)`.
            labels: one for all or one for each, for a model whose decoder is given the label; it needs one. Of
                conditions, those that are not named are left to the code, in a model that encodes.

        Returns:
            Rows in the shape, the units and the type of the training data (floats come as float32); here and below,
            name → rows where there are several views.

        Raises:
            ValueError: codes have another length, or labels are missing, too many or too few, or none of the classes.
            NotSupportedError: labels are given to a model whose decoder is given none.
        """
        fitted = self._taking(labels)
        Z = accept_codes(self, Z)
        if not fitted.decodes_labels:
            return given_back(self, fitted.decode(Z))
        if labels is None and fitted.conditions is None:
            known = ", ".join(map(str, np.asarray(fitted.label_values)))
            raise ValueError(
                f"the decoder of {type(self).__name__} is given a label beside each code: give labels, among {known}."
            )
        return given_back(self, fitted.decode(Z, fitted.told(labels, len(Z))))

    def reconstruct(self, X: Any, labels: Any = None) -> Any:
        """Each row, encoded to its mean code and decoded again.

        Args:
            X: rows, as in `fit`; noisy ones, for a model that was fitted with a corruption.
            labels: as for `transform`.

        Returns:
            Rows in the shape, the units and the type of the training data.
        """
        return given_back(self, self._taking(labels).reconstruct(self._rows(X), labels), like=X)

    def corrupt(self, X: Any, random_state: RandomState = None) -> Any:
        """Rows as the encoder met them in training, noise and all: what a denoising model learned to clean.

        Args:
            X: rows, as in `fit`.
            random_state: of the noise.
        """
        return given_back(self, self._fitted().corrupt(self._rows(X), seed_of(random_state)), like=X)

    def sample(
        self,
        n: int = 1,
        labels: Any = None,
        random_state: RandomState = None,
        noise: bool | None = None,
        *,
        from_prior: bool = False,
    ) -> Any:
        """New data: codes drawn from the prior, or from the sampler that was fitted to codes (`fit_sampler`), decoded.

        Tables of numbers have a sampler from their fit on, unless there are very few rows. With each code it draws what
        rows like it have beside what the code stands for, so that columns hang together as they do in the data, and
        their numbers lie within the range and on the steps that were seen.

        Args:
            n: how many.
            labels: one for all or one for each, for a model whose prior or decoder knows labels. Of a model that was
                fitted on conditions: a dict, frame or list of dicts, such as `{"age": 40, "sex": "f"}`; one value for
                each condition, in order; rows of such values. Those that are not named, or NaN, are drawn as the
                training rows have them beside those that are.
            random_state: seed of the draw.
            noise: draw each row from p(x|z) instead of taking its mean; by default of tables, whose cells scatter
                around what a code stands for, and not of pictures, series and numbers in [0, 1].
            from_prior: draw codes from the prior, also where there is a sampler, and rows of tables from p(x|z).

        Returns:
            Rows in the shape, the units and the type of the training data.

        Raises:
            ValueError: `n` is below 1, or labels are too many or too few, or none of the classes.
            NotSupportedError: labels are given to a model that ties none to its codes.
        """
        check_count("n", n, numbers=self._numbers())
        return self.drawn(n, labels, random_state, noise, from_prior=from_prior)[:]

    def drawn(
        self,
        n: int = 1,
        labels: Any = None,
        random_state: RandomState = None,
        noise: bool | None = None,
        *,
        from_prior: bool = False,
    ) -> Drawn:
        """The rows of `sample`, made only when they are asked for: more of them than memory holds.

        Args:
            n: how many.
            labels: as for `sample`; or a function from a slice of the rows' numbers to their labels.
            random_state: as for `sample`.
            noise: as for `sample`.
            from_prior: as for `sample`.

        Returns:
            A sequence: it has a `len`, and gives the rows of a slice as `sample` gives them.

        Raises:
            ValueError: as for `sample`.
            NotSupportedError: likewise.

        Example:
            >>> import numpy as np
            >>> from latently import VAE
            >>> model = VAE(latent_dim=2, hidden=(8,), epochs=1, random_state=0).fit(np.eye(8))
            >>> rows = model.drawn(10**12, random_state=0)
            >>> len(rows), rows[-3:].shape
            (1000000000000, (3, 8))
        """
        fitted, seed = self._fitted(), seed_of(random_state)
        check_count("n", n, numbers=0)
        sampler = None if from_prior else fitted.sampler
        if labels is not None and not fitted.decodes_labels:
            if sampler is not None and sampler.classes is None:
                why = "its sampler was fitted without labels; give fit_sampler some, or leave labels out"
                self._refuse_labels("draw codes of a class", why)
            if sampler is None and fitted.game.label_role is None:
                self._refuse_labels("draw codes of a class", "no label is tied to its codes; leave labels out")
        of_slice = labels if callable(labels) else fitted.sliced(labels, n, from_prior=from_prior)
        drawn = fitted.draws_rows if noise is None else noise
        return Drawn(fitted, n, of_slice, seed, noise=drawn, from_prior=from_prior, given=partial(given_back, self))

    def sample_prior(self, n: int, labels: Any = None, random_state: RandomState = None) -> Codes:
        """Draws from the prior p(z), or p(z|y) where it is tied to labels: codes `(n, latent_dim)`; see `sample`.

        Args:
            n: how many.
            labels: one for all or one for each, for a model whose prior is tied to labels.
            random_state: of the draws.
        """
        fitted = self._fitted()
        check_count("n", n, numbers=self._numbers())
        if labels is not None and fitted.game.label_role != "prior":
            self._refuse_labels("draw codes of a class", "no label is tied to its codes; leave labels out")
        return self._framed(fitted.sample_prior(n, labels, seed_of(random_state)))

    def fit_sampler(
        self,
        kind: str = "gaussian-mixture",
        X: Any = None,
        y: Any = None,
        *,
        n_components: int | None = None,
        random_state: RandomState = 0,
    ) -> Self:
        """Let `sample` draw codes from where those of rows lie, in the place of the prior.

        Codes that were asked to look like the prior do not quite; draws of the prior that fall between them decode to
        nothing known. A mixture of Gaussians is fitted to a draw of q(z|x) of each row, after training (Ghosh et al.
        2020, arXiv 1903.12436, Section 4). With labels each class has a mixture of its own, and then `sample` takes
        labels of every model that encodes. The sampler is saved with the model; `sample(..., from_prior=True)` goes
        without it, and `sampler_` is `None` where there is none. Of tables of numbers it is fitted to the mean codes
        of rows and to what these have beside what their codes stand for; their `fit` has done so for a part of the rows
        already, class by class where the model knows classes or has found clusters.

        Args:
            kind: `gaussian-mixture`, scikit-learn's, with full covariances.
            X: rows, as in `fit`: those of the fit, or others like them.
            y: the class of each; rows whose class is unknown are left out. Or none. Of a model that finds clusters of
                its own, y is not looked at; of one of conditions, codes are read with them.
            n_components: Gaussians in each mixture; chosen by the likelihood of every fifth code unless given.
            random_state: seed of the draws, and of where the Gaussians start.

        Returns:
            The model.

        Raises:
            ValueError: there are fewer than two rows of a class, or labels are none that the model knows.

        Example:
            >>> import numpy as np
            >>> from latently import Autoencoder
            >>> X = np.random.default_rng(0).normal(size=(60, 4))
            >>> model = Autoencoder(latent_dim=2, hidden=(8,), epochs=2, random_state=0).fit(X)
            >>> model.fit_sampler("gaussian-mixture", X, X[:, 0] > 0).sample(3, labels=True, random_state=0).shape
            (3, 4)
        """
        fitted, seed = self._fitted(), seed_of(random_state)
        if kind != "gaussian-mixture":
            raise ArgumentError("kind", "must be gaussian-mixture", kind)
        if X is None:
            raise ArgumentError("X", "must be given: rows to fit the sampler to, such as those of the fit")
        check_count("n_components", 1 if n_components is None else n_components, most=MOST_PARTS)
        rows, groups, classes = self._rows(X), None, None
        finds_clusters = fitted.classes is None and fitted.game.label_role is not None
        if y is not None and fitted.conditions is None and not finds_clusters:
            groups, classes = accept_labels(y, len(rows), type(self).__name__, "optional")
            if groups is not None and classes is not None and fitted.classes is not None:
                places = fitted.label_places(classes, len(classes))
                groups, classes = np.where(groups < 0, -1, places[groups]), fitted.classes
        told = fitted.decodes_labels and (fitted.classes is not None or fitted.conditions is not None)
        sampler = fitted.sampler_of(rows, y if told else None, groups, classes, n_components, seed)
        self._take_sampler(sampler)
        return self

    def prior_support(self) -> tuple[float, float]:
        """The interval, the same for every dimension, that holds practically all of the prior."""
        low, high = self._fitted().game.prior.support()
        return float(low), float(high)

    def prior_log_density(self, Z: Codes) -> Float[np.ndarray, "rows"] | None:
        """Log p(z) of codes in nats, or `None` for a prior that lives on a curve.

        Args:
            Z: codes of shape `(n, latent_dim)`.
        """
        return self._fitted().prior_log_density(accept_codes(self, Z))

    def interpolate(self, a: Any, b: Any, steps: int = 8) -> Any:
        """Straight paths between the codes of two rows, decoded.

        With conditions, codes are read and decoded without being told any, so that they hold what differs.

        Args:
            a: rows, as in `fit`, where the paths begin; or one row alone, such as `X[0]`.
            b: as many rows, where they end; or one row alone.
            steps: points on each path, the two ends included; 2 or more.

        Returns:
            Data of shape `(n, steps, *row)`; the one path between two rows that were given alone is `(steps, *row)`.
            Of a table a frame of n · steps rows, path after path.

        Raises:
            ValueError: there are fewer than two steps, or more rows of one than of the other.
        """
        fitted, alone = self._fitted(), [row_alone(self, rows) for rows in (a, b)]
        ends = [self._rows(rows if one is None else one) for rows, one in zip((a, b), alone, strict=True)]
        check_count("steps", steps, least=2, numbers=len(ends[0]) * self._numbers())
        if len(ends[0]) != len(ends[1]):
            raise ValueError(f"a and b must have the same number of rows; got {len(ends[0])} and {len(ends[1])}.")
        path = _paths(fitted.codes(ends[0]), fitted.codes(ends[1]), steps)
        weights = [fitted.label_weights(rows) for rows in ends]
        between = None if weights[0] is None or weights[1] is None else _paths(weights[0], weights[1], steps)
        paths = given_back(self, fitted.decode(path, between), (len(ends[0]), steps))
        if any(one is None for one in alone):
            return paths
        return jax.tree.map(lambda data: data if is_frame(data) else data[0], paths, is_leaf=is_frame)

    def manifold(self, rows: int = 20, label: Any = None, dimensions: tuple[int, int] = (0, 1)) -> Any:
        """The grid over the prior's support, decoded: `manifold_codes` shows where each cell lies.

        Args:
            rows: rows and columns of the grid.
            label: the class whose manifold it is, for a model whose decoder is given the label; the first unless said.
                Or conditions, as for `sample`; those that are not named are the same all over.
            dimensions: the two of the code that vary, counted from 0; the others are 0.

        Returns:
            Data of shape `(rows * rows, *row)`, top row first: the first dimension grows to the right, the second
            upwards.
        """
        codes = self._grid_codes(rows, dimensions)
        if self._fitted().conditions is not None:
            label = self._fitted().drawn_labels(label, 1, 0)
        elif label is None and self.decodes_labels:
            label = np.asarray(self.label_values)[0]
        return self.inverse_transform(codes, label)

    def manifold_codes(self, rows: int = 20, dimensions: tuple[int, int] = (0, 1)) -> Codes:
        """The codes of `manifold`, `(rows * rows, latent_dim)`: two dimensions span the prior, others are 0.

        Args:
            rows: of the grid, and as many columns.
            dimensions: the two of the code that the grid spans, counted from 0.
        """
        return self._framed(self._grid_codes(rows, dimensions))

    def _grid_codes(self, rows: int, dimensions: tuple[int, int]) -> Float[np.ndarray, "cells latent"]:
        low, high = self.prior_support()
        check_count("rows", rows, numbers=self._numbers() * (rows if isinstance(rows, Integral) else 1))
        if self.latent_dim > 1 and not (0 <= min(dimensions) < max(dimensions) < self.latent_dim):
            rule = f"must be two of the code's {self.latent_dim}, counted from 0"
            raise ArgumentError("dimensions", rule, dimensions)
        middles = low + (high - low) * (np.arange(rows, dtype=np.float32) + 0.5) / rows
        codes = np.zeros((rows * rows, self.latent_dim), np.float32)
        across, up = dimensions if self.latent_dim > 1 else (0, 0)
        codes[:, up] = np.repeat(middles[::-1], rows)
        codes[:, across] = np.tile(middles, rows)
        return codes

    def restyle(self, X: Any, labels: Any = None, known: Any = None) -> Any:
        """The style of each row under other labels: its code, decoded with every label (arXiv 1406.5298, Figure 1).

        Args:
            X: rows, as in `fit`.
            labels: the labels to decode under; all that the model knows unless said. Of conditions, as for `sample`:
                those that are named change, and the rest of each row's own is kept.
            known: the class of each row, -1 where unknown, which its code is read with. Of a model of conditions they
                are needed, since what they do not tell is in the code, and stays.

        Returns:
            Data of shape `(n, len(labels), *row)`; of a table a frame of n · len(labels) rows.

        Raises:
            ValueError: labels are none that the model knows, or conditions are not given.
        """
        fitted = self._fitted()
        if fitted.conditions is not None:
            example = setting("labels", {fitted.conditions.columns[0].name: "..."})
            if labels is None:
                raise ArgumentError("labels", "must name the conditions to change", remedy=f"Give {example}, say.")
            if known is None:
                rule = "must give the conditions of each row: what they do not tell is in its code, and would stay"
                raise ArgumentError("known", rule)
        codes = fitted.codes(self._rows(X), known)
        told = fitted.told_instead(fitted.label_values if labels is None else labels, known, len(codes))
        wanted = told.shape[1]
        data = fitted.decode(np.repeat(codes, wanted, axis=0), told.reshape(-1, told.shape[2]))
        return given_back(self, data, (len(codes), wanted))

    def impute(
        self,
        X: Any,
        labels: Any = None,
        draws: int | None = None,
        random_state: RandomState = 0,
        n_samples: int = 200,
    ) -> Any:
        """A table with its gaps filled in, by what the model makes of the cells that are there.

        A missing cell becomes its expectation, or its likeliest word, over codes drawn from q(z|x) and weighted by how
        well they explain the rest of the row (Mattei & Frellsen 2019, MIWAE, arXiv 1812.02633, Equation 12). All other
        cells stay as they are.

        Args:
            X: rows, as in `fit`.
            labels: as for `transform`.
            draws: how many tables to draw instead of the expectation, for multiple imputation.
            random_state: seed of the draws.
            n_samples: codes behind each row.

        Returns:
            What X is, a frame or an array, unless `set_output` asks for frames, without gaps in the columns that the
            model knows; a list of them with `draws`.

        Raises:
            NotSupportedError: the model was fitted on rows without gaps.

        Example:
            >>> import numpy as np
            >>> from latently import VAE
            >>> X = np.random.default_rng(0).normal(size=(50, 3))
            >>> X[0, 1] = np.nan
            >>> filled = VAE(latent_dim=2, hidden=(16,), epochs=2, random_state=0).fit(X).impute(X)
            >>> bool(np.isfinite(filled).all()), bool((filled[1:] == X[1:]).all())
            (True, True)
        """
        fitted, rows, seed = self._taking(labels), self._rows(X), seed_of(random_state)
        check_count("draws", 1 if draws is None else draws, most=MOST_DRAWS, numbers=len(rows) * self._numbers())
        check_count("n_samples", n_samples, most=MOST_SAMPLES)
        if draws is None:
            return filled_back(self, X, fitted.impute(rows, n_samples, seed, labels))
        seeds = np.random.default_rng(seed).integers(2**31 - 1, size=draws)
        drawn = (fitted.impute(rows, n_samples, int(each), labels, drawn=True) for each in seeds)
        return [filled_back(self, X, table) for table in drawn]

    def complete(self, views: Any, draws: int | None = None, random_state: RandomState = None) -> dict[str, Any]:
        """The missing views from those that are given.

        Args:
            views: a dict of some of the views; or all of them, where rows lack some.
            draws: how many codes to draw for each row from q(z|given), for an encoder that is not deterministic, each
                decoded to its mean; by default the mean code is decoded.
            random_state: seed of the draws.

        Returns:
            Name → data of shape `(n, *row)`, or `(n, draws, *row)`, in the units and the type of the training data, for
            every view that some row lacks; rows that have it keep it. Frames where `fit` was given such.

        Raises:
            ValueError: no view is missing, or drawing is asked of a deterministic encoder.
        """
        fitted, rows = self._fitted(), self._rows(views)
        if rows.complete:
            raise ValueError(
                f"every row has all of {', '.join(self.view_names_)}, so there is nothing to complete; give a dict of "
                "the views that are known."
            )
        check_count("draws", 1 if draws is None else draws, most=MOST_DRAWS, numbers=len(rows) * self._numbers())
        if draws is None:
            codes = fitted.codes(rows)[:, None]
        elif fitted.game.is_deterministic:
            rule = "must be left out: the encoder is deterministic, and gives one code a row"
            raise ArgumentError("draws", rule, draws, "Fit with {encoder=gaussian}.")
        else:
            seeds = np.random.default_rng(seed_of(random_state)).integers(2**31 - 1, size=draws)
            codes = np.stack([fitted.draw_codes(rows, int(seed)) for seed in seeds], axis=1)
        completed = {}
        for name, values in fitted.decode(codes.reshape(-1, self.latent_dim)).items():
            present = ~rows.lacking(name)
            if not present.all():
                values = regroup(values, len(rows), codes.shape[1])
                values[present] = np.asarray(rows.view(name))[present].reshape(-1, 1, *values.shape[2:])
                completed[name] = values if draws is not None else values[:, 0]
        views_back: dict[str, Any] = given_back(self, completed)
        return views_back

    def predict(self, X: Any) -> Shaped[np.ndarray, "rows"]:
        """The likeliest class of each row, as it was given to `fit`; the number of a cluster, where none was.

        For a prior tied to labels it is the class whose region the code lies in.

        Args:
            X: rows, as in `fit`.

        Returns:
            Labels of shape `(n,)`.
        """
        labels: Shaped[np.ndarray, rows] = np.asarray(self.label_values)[self.predict_proba(X).argmax(axis=1)]
        return labels

    def predict_proba(self, X: Any) -> Float[np.ndarray, "rows classes"]:
        """The probability of each class for each row: `(n, classes)`, in the order of `label_values`.

        For a prior tied to labels it is how much each region is responsible for the code: one-hot, if none overlap.

        Args:
            X: rows, as in `fit`.
        """
        return self._fitted().class_probabilities(self._rows(X))

    def score_samples(
        self,
        X: Any,
        n_samples: int = 1,
        kind: Literal["elbo", "importance"] = "elbo",
        random_state: int = 0,
        labels: Any = None,
    ) -> Float[np.ndarray, "rows"]:
        """A lower bound on log p(x) for each row, in nats; on log p(x|y) where its label is given.

        Args:
            X: rows, as in `fit`.
            n_samples: draws of q(z|x) for each row.
            kind: `"elbo"`, the mean over the draws of the evidence lower bound (its divergence in closed form where
                there is one), or `"importance"`, the importance-weighted bound with exactly `n_samples` draws, which
                tightens with their number (Burda et al. 2015, arXiv 1509.00519, Equation 8).
            random_state: seed of the draws. A row's draws hang on the seed and the row alone, so that its bound is the
                same whatever rows are beside it.
            labels: the class of each row, -1 where unknown, for a model whose decoder is given the label. Without one,
                the bound sums over the classes, all equally likely. Of conditions, those that are not known are left
                to the code, and the bound is on log p(x|what is known).

        Returns:
            Bounds in nats on the density of the preprocessed row (for pixels, of values in [0, 1]).

        Raises:
            ValueError: `n_samples` is below 1, or `kind` is neither of the two.
        """
        fitted = self._taking(labels)
        check_count("n_samples", n_samples, most=MOST_SAMPLES)
        if kind not in ("elbo", "importance"):
            raise ArgumentError("kind", "must be 'elbo' or 'importance'", kind)
        return fitted.bounds(self._rows(X), n_samples, kind, seed_of(random_state), labels)

    def outlier_scores(
        self, X: Any, reference: Any = None, labels: Any = None, random_state: int = 0
    ) -> Float[np.ndarray, "rows"]:
        """How strange rows are to the model: the higher, the stranger.

        Rows that the model has learned from tell nothing here, since it may know strange ones by heart; for those see
        `latently.cross_outlier_scores`.

        Args:
            X: rows, as in `fit`.
            reference: ordinary rows that the model has not learned from, to compare with.
            labels: the class of each row of X, -1 where unknown, for a model whose decoder is given the label.
            random_state: seed of the draws behind bounds.

        Returns:
            With a reference, the share of its rows that are less strange, from 0 to 1. Without, the negative bound on
            the log-likelihood in nats (importance-weighted, 16 draws); of a model that has none, the mean square of
            what the reconstruction misses, in the units that its network reads.

        Warns:
            UserWarning: the model has learned too little to tell, by its `verdict_`.

        Example:
            >>> import numpy as np
            >>> from latently import VAE
            >>> X = np.random.default_rng(0).normal(size=(200, 4))
            >>> model = VAE(2, hidden=(16,), epochs=20, random_state=0).fit(X[:150])
            >>> model.outlier_scores([[0, 0, 0, 0], [9, -9, 9, 9]], reference=X[150:]).round(1).tolist()
            [0.0, 1.0]
        """
        from latently.estimators.outliers import shares, warn_of_little_learned

        seed = seed_of(random_state)
        strange = self._strangeness(X, labels, seed)
        warn_of_little_learned(vars(self).get("verdict_"))
        return strange if reference is None else shares(strange, self._strangeness(reference, None, seed))

    def _strangeness(self, X: Any, labels: Any = None, seed: int = 0) -> Float[np.ndarray, "rows"]:
        """How strange rows are, by the bound on their likelihood or what their reconstruction misses."""
        return self._taking(labels).strangeness(self._rows(X), seed, labels)

    def score(self, X: Any, y: Any = None) -> float:
        """How well the model explains rows: the higher, the better.

        Args:
            X: rows, as in `fit`.
            y: ignored; scikit-learn hands it over.

        Returns:
            The mean evidence lower bound in nats; of a model whose kind bounds no likelihood, such as `Autoencoder` and
            `VCCA`, R² of the reconstruction, 1 − its squared error over that of the mean row. Columns of a table count
            alike there, and so do views.
        """
        del y
        if self._is_able("log_likelihood"):
            return float(self.score_samples(X).mean())
        from latently.estimators.scoring import reconstruction_r2  # slow to load, and seldom asked for

        return reconstruction_r2(self._fitted(), self._rows(X))

    def posterior_kl(self, X: Any) -> Float[np.ndarray, "rows latent"]:
        """KL(q(z_d|x) ‖ p(z_d)) of each row and dimension, in nats: `(n, latent_dim)`.

        Args:
            X: rows, as in `fit`.
        """
        return self._fitted().posterior_kl(self._rows(X))

    def explore(self, X: Any, y: Any = None, *, full_precision: bool = False) -> "Exploration":
        """The model in a page of its own, which decodes, encodes and classifies in the browser that opens it.

        Args:
            X: rows to be shown with their codes, as in `fit`; best those that the model has not learned from. Where
                they are more than a page holds, some are drawn.
            y: the label of each row, -1 where unknown; for a model of conditions, these.
            full_precision: keep 32 bits of the weights, instead of 16.

        Returns:
            The page: it shows itself in a notebook, `.save(path)` writes it to one HTML file that needs nothing else,
            `.open()` opens it in a browser.

        Raises:
            ExportError: a network of your own computes something that a page cannot.

        Example:
            >>> import numpy as np
            >>> from latently import VAE
            >>> model = VAE(latent_dim=2, hidden=(8,), epochs=1, random_state=0).fit(np.eye(8))
            >>> page = model.explore(np.eye(8)).page()
            >>> "<title>VAE</title>" in page, "https://" in page
            (True, False)
        """
        from latently.estimators.exploring import explored

        return explored(self, X, y, full_precision=full_precision)

    def save(self, path: str | Path, about: Mapping[str, Any] | None = None) -> None:
        """Write the fitted model: `model.safetensors`, `config.json` and `history.jsonl` in `path`, each atomically.

        Args:
            path: the folder; it is made where it is missing.
            about: further JSON values to keep in `config.json`.
        """
        from latently.estimators.saving import save_model

        check_is_fitted(self)
        save_model(self, Path(path), about or {})

    def push_to_hub(
        self,
        repo: str,
        *,
        evaluation: Mapping[str, Any] | None = None,
        private: bool | None = None,
        token: str | None = None,
    ) -> str:
        """Put the fitted model on the Hugging Face hub, with a card that says what it is.

        `latently.load("hf://USER/NAME")` gives it back; `latently push` does the same for a run, with all that it knows
        of its data and of its evaluation.

        Args:
            repo: `USER/NAME`; it is made where it is missing, and what it holds gets a new version.
            evaluation: what `latently.evaluation.evaluate` measured, for the card.
            private: whether only you see it; as your account says, unless given.
            token: of the hub; the one that `hf auth login` keeps, unless given.

        Returns:
            Its address.

        Raises:
            MissingPackageError: `huggingface_hub` is not installed (`pip install 'latently[hub]'`).
            ValueError: the hub refuses it, or cannot be reached.
        """
        from latently.estimators.hub import push

        check_is_fitted(self)
        return push(self, repo, evaluation=evaluation, private=private, token=token)

    def export(
        self,
        path: str | Path,
        *,
        format: str = "onnx",  # noqa: A002
        force: bool = False,
        about: Mapping[str, Any] | None = None,
    ) -> list[Path]:
        """Write the fitted model for programs that know neither Latently nor JAX: see docs/export.md.

        Args:
            path: the folder; it is made where it is missing.
            format: `"onnx"`, of which ONNX Runtime and others read one file for each function: `encoder.onnx`,
                `decoder.onnx`, `reconstruct.onnx`, `classifier.onnx` and `complete_VIEW.onnx`, as far as the model has
                them. Rows go in and come out in their stored type, and what was done to the data is inside.
            force: whether the folder may hold something, and files of the same names are written over.
            about: further JSON values for the metadata of each file.

        Returns:
            The files.

        Raises:
            ArgumentError: the folder is not empty, or there is no such format.
            MissingPackageError: `jax2onnx` is not installed (`pip install 'latently[onnx]'`).
            ValueError: a network of your own does what cannot be written as ONNX.

        Example:
            >>> import tempfile
            >>> from latently import Autoencoder
            >>> model = Autoencoder(latent_dim=2, hidden=(8,), epochs=1, random_state=0).fit(np.eye(8))
            >>> [path.name for path in model.export(tempfile.mkdtemp())]
            ['encoder.onnx', 'decoder.onnx', 'reconstruct.onnx']
        """
        from latently.export import check_export, write_onnx

        fitted = self._fitted()
        check_export(Path(path), format, force)
        columns = getattr(self, "feature_names_in_", None)
        told = {"model": type(self).__name__} | ({} if columns is None else {"columns": columns.tolist()})
        return write_onnx(fitted, Path(path), told | dict(about or {}))

    @property
    def _n_features_out(self) -> int:
        check_is_fitted(self)
        return int(self.latent_dim)

    def _framed(self, codes: Float[np.ndarray, "n latent"], X: Any = None) -> Codes:
        """Codes as `set_output` asks for them, and as `transform` gives them; a pandas frame has X's index."""
        return _wrap_data_with_container("transform", codes, X, self)

    def _rows(self, X: Any) -> Any:
        """Rows as the fitted model takes them."""
        check_is_fitted(self)
        return self.preprocessing_.check(accept(self, X), type(self).__name__, noisy=self.corruption is not None)

    def _taking(self, labels: Any) -> Fitted:
        """The fitted model, where its decoder takes labels or none are given."""
        fitted = self._fitted()
        if labels is not None and not fitted.decodes_labels:
            self._refuse_labels("take labels", "its decoder is given no label; leave labels out")
        return fitted

    def _refuse_labels(self, what: str, why: str) -> None:
        raise NotSupportedError(type(self).__name__, what, why)


@cache
def _able(ability: str) -> tuple[str, ...]:
    """The models that have an ability with their default hyperparameters."""
    return tuple(model.name for model in MODELS if model.load()()._is_able(ability))


def _others(name: str, ability: str) -> tuple[str, ...]:
    """The models beside the one of that name that have an ability."""
    return tuple(each for each in _able(ability) if each != name)


def _paths(start: Float[np.ndarray, "n d"], end: Float[np.ndarray, "n d"], steps: int) -> Float[np.ndarray, "points d"]:
    """Straight lines from each start to its end, one after the other."""
    share = np.linspace(0, 1, steps, dtype=np.float32)[None, :, None]
    points: Float[np.ndarray, "points d"] = ((1 - share) * start[:, None] + share * end[:, None]).reshape(
        -1, start.shape[1]
    )
    return points
