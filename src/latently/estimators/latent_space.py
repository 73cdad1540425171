"""What a fitted model can be asked: codes, data, bounds. One call set for all models."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Shaped
from sklearn.base import TransformerMixin
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from latently.data import Preprocessing
from latently.estimators import inference
from latently.estimators.bounds import Bounds
from latently.estimators.saving import save_model


class NotSupportedError(NotImplementedError):
    """This model cannot do what it was asked, and another one can."""


class LatentSpace(Bounds, TransformerMixin):
    """The calls that every fitted model answers, as far as it can.

    Attributes:
        game_: the fitted game.
        preprocessing_: what was done to the data.
        classes_: the labels seen in `fit`, or `None`.
        row_shape_: the shape of a row of the training data.
    """

    latent_dim: int
    corruption: str | None
    game_: Any
    preprocessing_: Preprocessing
    classes_: Shaped[np.ndarray, "classes"] | None
    row_shape_: tuple[int, ...]

    def transform(self, X: Any) -> Float[np.ndarray, "rows latent"]:
        """The code of each row: the mean of q(z|x).

        Args:
            X: rows, as in `fit`.

        Returns:
            Codes of shape `(n, latent_dim)`.
        """
        return self._encode(X)

    def inverse_transform(self, Z: Float[np.ndarray, "rows latent"]) -> Shaped[np.ndarray, "rows ..."]:
        """The data that codes stand for: the mean of p(x|z).

        Args:
            Z: codes of shape `(n, latent_dim)`.

        Returns:
            Rows in the shape, the units and the type of the training data (floats come as float32).
        """
        check_is_fitted(self)
        Z = check_array(Z, dtype=np.float32)
        if Z.shape[1] != self.latent_dim:
            raise ValueError(f"Z must have latent_dim={self.latent_dim} columns; got {Z.shape[1]}.")
        return self.preprocessing_.inverse(inference.in_pieces(lambda z: inference.mean(self.game_.decoder, z), Z))

    def reconstruct(self, X: Any) -> Shaped[np.ndarray, "rows ..."]:
        """Each row, encoded to its mean code and decoded again.

        Args:
            X: rows, as in `fit`; noisy ones, for a model that was fitted with a corruption.

        Returns:
            Rows in the shape, the units and the type of the training data.
        """
        return self.inverse_transform(self._encode(X))

    def corrupt(
        self, X: Any, random_state: int | np.random.RandomState | None = None
    ) -> Shaped[np.ndarray, "rows ..."]:
        """Rows as the encoder met them in training, noise and all: what a denoising model learned to clean.

        Args:
            X: rows, as in `fit`.
            random_state: seed of the noise.

        Returns:
            Rows in the shape, the units and the type of the training data.

        Raises:
            NotSupportedError: the model was fitted without a corruption.
        """
        check_is_fitted(self)
        noise = getattr(self.game_, "corruption", None)
        if noise is None:
            raise NotSupportedError(f"this {type(self).__name__} was fitted without a corruption, so it adds no noise.")
        keys = inference.keys_of(random_state)
        return self.preprocessing_.inverse(self._on_rows(X, lambda x: noise(x, next(keys))))

    def sample(
        self, n: int = 1, labels: Any = None, random_state: int | np.random.RandomState | None = None
    ) -> Shaped[np.ndarray, "n ..."]:
        """New data: draws from the prior, decoded to their means.

        Args:
            n: how many.
            labels: one for all or one for each, for a model whose prior or decoder knows labels.
            random_state: seed of the draw.

        Returns:
            Rows in the shape, the units and the type of the training data.
        """
        return self.inverse_transform(self.sample_prior(n, labels, random_state))

    def sample_prior(
        self, n: int, labels: Any = None, random_state: int | np.random.RandomState | None = None
    ) -> Float[np.ndarray, "n latent"]:
        """Draws from the prior p(z), or p(z|y).

        Args:
            n: how many, 1 or more.
            labels: one for all or one for each, for a prior that is tied to labels.
            random_state: seed of the draw.

        Returns:
            Codes of shape `(n, latent_dim)`.
        """
        check_is_fitted(self)
        if n < 1:
            raise ValueError(f"n must be 1 or more; got {n}.")
        tied = self._n_tied_labels()
        if labels is None:
            codes = None
        elif tied is None:
            raise NotSupportedError(
                f"this {type(self).__name__} ties no labels to its codes, so it cannot sample by label."
            )
        else:
            codes = jnp.asarray(self._codes_of(labels, n))
        return np.asarray(self.game_.prior.sample(jax.random.key(inference.seed_of(random_state)), n, codes, tied))

    @property
    def knows_labels(self) -> bool:
        """Whether `sample` can be asked for a class."""
        return self._n_tied_labels() is not None

    def prior_support(self) -> tuple[float, float]:
        """The interval, the same for every dimension, that holds practically all of the prior."""
        check_is_fitted(self)
        low, high = self.game_.prior.support()
        return float(low), float(high)

    def aggregate_codes(
        self, X: Any, random_state: int | np.random.RandomState | None = None
    ) -> Float[np.ndarray, "rows latent"]:
        """One draw of q(z|x) for each row: together, a sample of the aggregated posterior that the prior is matched to.

        Args:
            X: rows, as in `fit`.
            random_state: seed of the draw.

        Returns:
            Codes of shape `(n, latent_dim)`.
        """
        keys = inference.keys_of(random_state)
        return self._on_rows(X, lambda x: inference.draw(self.game_.encoder, x, next(keys)))

    def interpolate(self, a: Any, b: Any, steps: int = 8) -> Shaped[np.ndarray, "rows steps ..."]:
        """Straight paths between the codes of two rows, decoded.

        Args:
            a, b: rows, as in `fit`, as many of one as of the other.
            steps: points on each path, the two ends included; 2 or more.

        Returns:
            Data of shape `(n, steps, *row)`.
        """
        if steps < 2:
            raise ValueError(f"steps counts both ends, so it must be 2 or more; got {steps}.")
        start, end = self._encode(a), self._encode(b)
        if len(start) != len(end):
            raise ValueError(f"a and b must have the same number of rows; got {len(start)} and {len(end)}.")
        share = np.linspace(0, 1, steps, dtype=np.float32)[None, :, None]
        path = (1 - share) * start[:, None] + share * end[:, None]
        data = self.inverse_transform(path.reshape(-1, self.latent_dim))
        return data.reshape(len(start), steps, *self.row_shape_)

    def manifold(self, rows: int = 20) -> Shaped[np.ndarray, "cells ..."]:
        """The grid over the prior's support, decoded: `manifold_codes` shows where each cell lies.

        Args:
            rows: rows and columns of the grid.

        Returns:
            Data of shape `(rows * rows, *row)`, top row first: z₁ grows to the right, z₂ upwards.
        """
        return self.inverse_transform(self.manifold_codes(rows))

    def manifold_codes(self, rows: int = 20) -> Float[np.ndarray, "cells latent"]:
        """The codes of `manifold`: the first two dimensions span the prior's support, any others are 0.

        Args:
            rows: rows and columns of the grid.

        Returns:
            Codes of shape `(rows * rows, latent_dim)`.
        """
        check_is_fitted(self)
        if rows < 1:
            raise ValueError(f"rows must be 1 or more; got {rows}.")
        low, high = self.game_.prior.support()
        middles = low + (high - low) * (np.arange(rows, dtype=np.float32) + 0.5) / rows
        codes = np.zeros((rows * rows, self.latent_dim), np.float32)
        codes[:, 0] = np.tile(middles, rows)
        if self.latent_dim > 1:
            codes[:, 1] = np.repeat(middles[::-1], rows)
        return codes

    def restyle(self, X: Any, labels: Any) -> Shaped[np.ndarray, "rows ..."]:
        """The same style under other labels, for models whose decoder is given the label."""
        del X, labels
        raise NotSupportedError(
            f"the decoder of {type(self).__name__} is not given a label, so there is none to change."
        )

    def complete(self, views: Any) -> dict[str, Any]:
        """The missing views from the given ones, for models of several views."""
        del views
        raise NotSupportedError(f"{type(self).__name__} models one view, so there is none to complete.")

    def capabilities(self) -> frozenset[str]:
        """What this fitted model can do: names that `latently.evaluation` knows."""
        check_is_fitted(self)
        wanted = {"predict": "predict", "log_likelihood": "score_samples", "posterior_kl": "posterior_kl"}
        return frozenset(
            {"encode", "decode", "sample"} | {name for name, method in wanted.items() if hasattr(self, method)}
        )

    def save(self, path: str | Path, about: Mapping[str, Any] | None = None) -> None:
        """Write the fitted model: `model.safetensors` and `config.json` in the folder `path`, each atomically.

        Args:
            path: the folder; it is made where it is missing.
            about: further JSON values to keep in `config.json`.
        """
        check_is_fitted(self)
        save_model(self, Path(path), about or {})

    def _codes_of(self, labels: Any, n: int) -> Int[np.ndarray, "n"]:
        classes: list[Any] = [] if self.classes_ is None else self.classes_.tolist()
        values = np.asarray(labels)
        if values.shape not in ((), (n,)):
            raise ValueError(f"labels must be one for all, or one for each of n={n}; got shape {values.shape}.")
        unknown = [value for value in np.unique(values).tolist() if value not in classes]
        if unknown:
            raise ValueError(f"labels must be among the classes {', '.join(map(str, classes))}; got {unknown[0]!r}.")
        codes = [classes.index(value) for value in values.ravel().tolist()]
        return np.broadcast_to(np.asarray(codes, np.int32).reshape(values.shape), (n,))

    def _n_tied_labels(self) -> int | None:
        """How many labels the prior is tied to, if it is."""
        return getattr(self.game_, "n_labels", None)

    def _encode(self, X: Any) -> Float[np.ndarray, "rows latent"]:
        return self._on_rows(X, lambda x: inference.mean(self.game_.encoder, x))

    def _on_rows(self, X: Any, function: Callable[[Array], Array]) -> Float[np.ndarray, "rows ..."]:
        check_is_fitted(self)
        return inference.in_pieces(function, self._rows(X), self.preprocessing_)

    def _rows(self, X: Any) -> Any:
        X = self._accept(X, reset=False)
        return self.preprocessing_.check(X, type(self).__name__, noisy=self.corruption is not None)

    def _accept(self, X: Any, *, reset: bool) -> Any:
        raise NotImplementedError
