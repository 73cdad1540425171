"""How much of the data survives the code."""

from typing import Any

import numpy as np

from latently.evaluation.model import FittedModel
from latently.evaluation.rows import Selection


class SquaredErrors:
    """Sums over blocks of rows, from which the error of all rows follows.

    Example:
        >>> errors = SquaredErrors()
        >>> errors.add(np.array([[0.0, 2.0], [0.0, 4.0]]), np.array([[0.0, 2.0], [0.0, 2.0]]))
        >>> summary = errors.summary()
        >>> summary["mean_squared_error"], summary["variance_explained"]
        (1.0, -1.0)
    """

    def __init__(self) -> None:
        self.rows = 0
        self.elements = 0
        self.squared = 0.0
        self.sums = np.zeros(1)
        self.squares = 0.0
        self.low, self.high = np.inf, -np.inf
        self.image, self.dtype = False, np.dtype(float)

    def add(self, X: np.ndarray, reconstruction: np.ndarray) -> None:
        """Take in a block of rows `[rows, *features]` and their reconstruction.

        Raises:
            ValueError: the two differ in shape.
        """
        if X.shape != reconstruction.shape:
            raise ValueError(
                f"reconstruct(X) must have the shape of X, {X.shape}; got {reconstruction.shape}. "
                "Decode to the shape that the model was given."
            )
        flat = X.reshape(len(X), -1).astype(np.float64)
        difference = reconstruction.reshape(len(X), -1).astype(np.float64) - flat
        self.rows += len(X)
        self.elements += flat.size
        self.squared += float(np.vdot(difference, difference))
        self.sums = self.sums + flat.sum(axis=0)
        self.squares += float(np.vdot(flat, flat))
        self.low, self.high = min(self.low, float(flat.min())), max(self.high, float(flat.max()))
        self.image, self.dtype = X.ndim >= 3, X.dtype

    def summary(self) -> dict[str, Any]:
        """The errors, as `reconstruction` returns them."""
        if not np.isfinite(self.squared):
            return {"skipped": "a reconstruction is not finite"}
        mean_squared_error = self.squared / self.elements
        variance = (self.squares - float(np.vdot(self.sums, self.sums)) / self.rows) / self.elements
        result: dict[str, Any] = {
            "mean_squared_error": mean_squared_error,
            "root_mean_squared_error": float(np.sqrt(mean_squared_error)),
            "variance_explained": 1 - mean_squared_error / variance if variance > 1e-12 * self.squares else None,
            "rows": self.rows,
        }
        peak = self._peak()
        if self.image and mean_squared_error > 0 and peak > 0:
            result["peak"] = peak
            result["peak_signal_to_noise_decibel"] = float(10 * np.log10(peak**2 / mean_squared_error))
        return result

    def _peak(self) -> float:
        """The largest difference that two pixels can have."""
        if self.dtype.kind in "ui":
            return float(np.iinfo(self.dtype.name).max)
        return 1.0 if self.low >= 0 and self.high <= 1 else self.high - self.low


def reconstruction(model: FittedModel, rows: Selection) -> dict[str, Any]:
    r"""The error of the rows after encoding and decoding, in the data's own units.

    Returns:
        `mean_squared_error` per element and its root; `variance_explained`, one minus the error over that of the mean
        row (`None` for constant data); `rows`; for images also `peak` (the largest value of an integer type, else 1 for
        data within [0, 1], else the range of the data) and the peak signal-to-noise ratio
        \(10 \log_{10}(\text{peak}^2 / \text{mse})\) of the mean error.
    """
    errors = SquaredErrors()
    for X, _ in rows.blocks():
        errors.add(np.asarray(X), np.asarray(model.reconstruct(X)))
    return errors.summary()
