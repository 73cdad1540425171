"""Rows to codes and back: what the encoder and the decoder of a fitted model give."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Array, Float, Shaped
from sklearn.base import TransformerMixin
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted, validate_data

from latently.data import Subset, Views
from latently.estimators import inference
from latently.estimators.known_labels import KnownLabels, NotSupportedError


class Coding(KnownLabels, TransformerMixin):
    """The calls from rows to codes, and from codes to rows.

    Attributes:
        game_: the fitted game.
        preprocessing_: what was done to the data: a `Preprocessing`, or a `ViewsPreprocessing` for several views.
        classes_: the labels seen in `fit`, or `None`.
        row_shape_: the shape of a row of the training data.
    """

    latent_dim: int
    corruption: str | None
    game_: Any
    preprocessing_: Any
    classes_: Shaped[np.ndarray, "classes"] | None
    row_shape_: tuple[int, ...]

    def transform(self, X: Any, labels: Any = None) -> Float[np.ndarray, "rows latent"]:
        """The code of each row: the mean of q(z|x).

        Args:
            X: rows, as in `fit`.
            labels: the class of each row, -1 where unknown, for a model whose decoder is given the label; the likeliest
                class stands in for one that is not known.

        Returns:
            Codes of shape `(n, latent_dim)`.

        Raises:
            ValueError: the rows are not like those of `fit`, or a label is none of its classes.
            NotSupportedError: labels are given to a model whose decoder is given none.
        """
        return self._on_rows(X, partial(inference.code_means, self._fitted()), labels)

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
        keys, game = inference.keys_of(random_state), self._fitted()
        return self._on_rows(X, lambda *rows: inference.code_draws(game, next(keys), *rows))

    def inverse_transform(self, Z: Float[np.ndarray, "rows latent"], labels: Any = None) -> Any:
        """The data that codes stand for: the mean of p(x|z).

        Args:
            Z: codes of shape `(n, latent_dim)`.
            labels: one for all or one for each, for a model whose decoder is given the label; it needs one.

        Returns:
            Rows in the shape, the units and the type of the training data (floats come as float32); here and below,
            name → rows where there are several views.

        Raises:
            ValueError: codes have another length, or labels are missing, too many or too few, or none of the classes.
            NotSupportedError: labels are given to a model whose decoder is given none.
        """
        check_is_fitted(self)
        Z = check_array(Z, dtype=np.float32)
        if Z.shape[1] != self.latent_dim:
            raise ValueError(f"Z must have latent_dim={self.latent_dim} columns; got {Z.shape[1]}.")
        if not self.decodes_labels:
            self._refuse(labels)
            return self._decode(Z, None)
        if labels is None:
            raise ValueError(
                f"the decoder of {type(self).__name__} is given a label beside each code: give labels, "
                f"among {', '.join(map(str, self._values()))}."
            )
        return self._decode(Z, self._one_hot(self._codes_of(labels, len(Z))))

    def reconstruct(self, X: Any, labels: Any = None) -> Any:
        """Each row, encoded to its mean code and decoded again.

        Args:
            X: rows, as in `fit`; noisy ones, for a model that was fitted with a corruption.
            labels: as for `transform`.

        Returns:
            Rows in the shape, the units and the type of the training data.
        """
        return self._decode(self.transform(X, labels), self._label_weights(X, labels))

    def corrupt(self, X: Any, random_state: int | np.random.RandomState | None = None) -> Any:
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
        rows = self._rows(X)
        noisy = inference.all_in_pieces(lambda x: noise(x, next(keys)), rows, self.preprocessing_)
        return self.preprocessing_.inverse(noisy)

    def _decode(self, Z: Float[np.ndarray, "rows latent"], weights: Float[np.ndarray, "rows classes"] | None) -> Any:
        """Codes, and for a decoder that is given the label the weight of each class, as data; name → data of views."""
        means = inference.all_in_pieces(partial(inference.data_means, self._fitted()), Z, labels=weights)
        return self.preprocessing_.inverse(means)

    def _label_weights(self, X: Any, labels: Any) -> Float[np.ndarray, "rows classes"] | None:
        """The labels of rows as one-hot weights, the likeliest class standing in for an unknown one."""
        if not self.decodes_labels:
            self._refuse(labels)
            return None
        return self._on_rows(X, partial(inference.known_weights, self._fitted()), labels)

    def _on_rows(self, X: Any, function: Callable[..., Array], labels: Any = None) -> Float[np.ndarray, "rows ..."]:
        check_is_fitted(self)
        rows = self._rows(X)
        return inference.in_pieces(function, rows, self.preprocessing_, self._given(labels, len(rows)))

    def _rows(self, X: Any) -> Any:
        X = self._accept(X, reset=False)
        return self.preprocessing_.check(X, type(self).__name__, noisy=self.corruption is not None)

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
