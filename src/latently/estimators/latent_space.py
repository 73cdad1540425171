"""What a fitted model can be asked: codes, data, bounds. One call set for all models."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float
from sklearn.utils.validation import check_is_fitted

from latently.estimators import inference
from latently.estimators.bounds import Bounds
from latently.estimators.known_labels import NotSupportedError
from latently.estimators.saving import save_model


class LatentSpace(Bounds):
    """The calls that every fitted model answers, as far as it can: those of its bases, and what is made of them."""

    def sample(self, n: int = 1, labels: Any = None, random_state: int | np.random.RandomState | None = None) -> Any:
        """New data: draws from the prior, decoded to their means.

        Args:
            n: how many.
            labels: one for all or one for each, for a model whose prior or decoder knows labels.
            random_state: seed of the draw.

        Returns:
            Rows in the shape, the units and the type of the training data.

        Raises:
            ValueError: `n` is below 1, or labels are too many or too few, or none of the classes.
            NotSupportedError: labels are given to a model that ties none to its codes.
        """
        if not self.decodes_labels:
            return self._decode(self.sample_prior(n, labels, random_state), None)
        codes = self.sample_prior(n, None, random_state)
        if labels is None:
            labels = np.random.default_rng(inference.seed_of(random_state)).choice(self._values(), n)
        return self._decode(codes, self._one_hot(self._codes_of(labels, n)))

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

        Raises:
            ValueError: as for `sample`.
            NotSupportedError: labels are given, and the prior is tied to none.
        """
        check_is_fitted(self)
        if n < 1:
            raise ValueError(f"n must be 1 or more; got {n}.")
        tied = None if self.decodes_labels else getattr(self.game_, "n_labels", None)
        if labels is None:
            codes = None
        elif tied is None:
            raise NotSupportedError(
                f"this {type(self).__name__} ties no labels to its codes, so it cannot sample by label."
            )
        else:
            codes = jnp.asarray(self._codes_of(labels, n))
        return np.asarray(self._prior.sample(jax.random.key(inference.seed_of(random_state)), n, codes, tied))

    def prior_support(self) -> tuple[float, float]:
        """The interval, the same for every dimension, that holds practically all of the prior."""
        check_is_fitted(self)
        low, high = self._prior.support()
        return float(low), float(high)

    def interpolate(self, a: Any, b: Any, steps: int = 8) -> Any:
        """Straight paths between the codes of two rows, decoded.

        Args:
            a, b: rows, as in `fit`, as many of one as of the other.
            steps: points on each path, the two ends included; 2 or more.

        Returns:
            Data of shape `(n, steps, *row)`.

        Raises:
            ValueError: there are fewer than two steps, or more rows of one than of the other.
        """
        if steps < 2:
            raise ValueError(f"steps counts both ends, so it must be 2 or more; got {steps}.")
        ends = [(self.transform(rows), self._label_weights(rows, None)) for rows in (a, b)]
        (start, start_weights), (end, end_weights) = ends
        if len(start) != len(end):
            raise ValueError(f"a and b must have the same number of rows; got {len(start)} and {len(end)}.")
        path = _paths(start, end, steps)
        weights = None
        if start_weights is not None and end_weights is not None:
            weights = _paths(start_weights, end_weights, steps)
        return inference.regroup(self._decode(path, weights), len(start), steps)

    def manifold(self, rows: int = 20, label: Any = None, dimensions: tuple[int, int] = (0, 1)) -> Any:
        """The grid over the prior's support, decoded: `manifold_codes` shows where each cell lies.

        Args:
            rows: rows and columns of the grid.
            label: the class whose manifold it is, for a model whose decoder is given the label; the first unless said.
            dimensions: the two of the code that vary, counted from 0; the others are 0.

        Returns:
            Data of shape `(rows * rows, *row)`, top row first: the first dimension grows to the right, the second
            upwards.
        """
        codes = self.manifold_codes(rows, dimensions)
        if label is None and self.decodes_labels:
            label = self._values()[0]
        return self.inverse_transform(codes, label)

    def manifold_codes(self, rows: int = 20, dimensions: tuple[int, int] = (0, 1)) -> Float[np.ndarray, "cells latent"]:
        """The codes of `manifold`: two dimensions span the prior's support, any others are 0.

        Args:
            rows: rows and columns of the grid.
            dimensions: the two that vary, counted from 0; a code of one dimension has no choice.

        Returns:
            Codes of shape `(rows * rows, latent_dim)`.

        Raises:
            ValueError: `rows` is below 1, or the code has no such dimensions.
        """
        check_is_fitted(self)
        if rows < 1:
            raise ValueError(f"rows must be 1 or more; got {rows}.")
        if self.latent_dim > 1 and not (0 <= min(dimensions) < max(dimensions) < self.latent_dim):
            raise ValueError(
                f"dimensions must be two of the code's {self.latent_dim}, counted from 0; got {dimensions}."
            )
        low, high = self._prior.support()
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
            labels: the labels to decode under; all that the model knows unless said.
            known: the class of each row, -1 where unknown, which its code is read with.

        Returns:
            Data of shape `(n, len(labels), *row)`.

        Raises:
            NotSupportedError: the model's decoder is given no label.
        """
        if not self.decodes_labels:
            raise NotSupportedError(
                f"the decoder of {type(self).__name__} is not given a label, so there is none to change."
            )
        codes = self.transform(X, known)
        wanted = np.atleast_1d(np.asarray(self._values() if labels is None else labels))
        weights = self._one_hot(self._codes_of(wanted, len(wanted)))
        data = self._decode(np.repeat(codes, len(wanted), axis=0), np.tile(weights, (len(codes), 1)))
        return inference.regroup(data, len(codes), len(wanted))

    def complete(self, views: Any) -> dict[str, Any]:
        """The missing views from the given ones, for models of several views.

        Raises:
            NotSupportedError: the model has one view.
        """
        del views
        raise NotSupportedError(f"{type(self).__name__} models one view, so there is none to complete.")

    def abilities(self) -> frozenset[str]:
        """What this fitted model can do: names that `latently.evaluation` knows."""
        check_is_fitted(self)
        wanted = {"encode": "transform", "decode": "reconstruct", "predict": "predict"}
        wanted |= {"log_likelihood": "score_samples", "posterior_kl": "posterior_kl"}
        able = {"sample"} | {name for name, method in wanted.items() if hasattr(self, method)}
        if self.knows_labels and self.classes_ is not None:
            able.add("sample_labels")
        if self.decodes_labels and "encode" in able:
            able |= {"restyle"} | ({"label_likelihood"} if "log_likelihood" in able else set())
        return frozenset(able)

    def save(self, path: str | Path, about: Mapping[str, Any] | None = None) -> None:
        """Write the fitted model: `model.safetensors` and `config.json` in the folder `path`, each atomically.

        Args:
            path: the folder; it is made where it is missing.
            about: further JSON values to keep in `config.json`.
        """
        check_is_fitted(self)
        save_model(self, Path(path), about or {})


def _paths(start: Float[np.ndarray, "n d"], end: Float[np.ndarray, "n d"], steps: int) -> Float[np.ndarray, "points d"]:
    """Straight lines from each start to its end, one after the other."""
    share = np.linspace(0, 1, steps, dtype=np.float32)[None, :, None]
    points: Float[np.ndarray, "points d"] = ((1 - share) * start[:, None] + share * end[:, None]).reshape(
        -1, start.shape[1]
    )
    return points
