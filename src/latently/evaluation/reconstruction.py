"""How much of the data survives the code."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from latently.evaluation.model import FittedModel
from latently.evaluation.rows import Selection


def reconstruction(model: FittedModel, rows: Selection) -> dict[str, Any]:
    """The error of the rows after encoding and decoding, as `squared_errors` gives it."""
    return squared_errors((np.asarray(X), np.asarray(model.reconstruct(X))) for X, _ in rows.blocks())


def squared_errors(blocks: Iterable[tuple[np.ndarray, np.ndarray]]) -> dict[str, Any]:
    r"""The error of reconstructions, from blocks of rows `[rows, *features]` and theirs, in the data's own units.

    Returns:
        `mean_squared_error` per element and its root; `variance_explained`, one minus the error over that of the mean
        row (`None` for constant data); `rows`; for images also `peak` (the largest value of an integer type, else 1 for
        data within [0, 1], else the range of the data) and the peak signal-to-noise ratio
        \(10 \log_{10}(\text{peak}^2 / \text{mse})\) of the mean error.
    """
    rows = elements = 0
    squared, squares, sums, low, high = 0.0, 0.0, np.zeros(1), np.inf, -np.inf
    for X, reconstructed in blocks:
        if X.shape != reconstructed.shape:
            raise ValueError(
                f"reconstruct(X) must have the shape of X, {X.shape}; got {reconstructed.shape}. "
                "Decode to the shape that the model was given."
            )
        flat = X.reshape(len(X), -1).astype(np.float64)
        difference = reconstructed.reshape(len(X), -1).astype(np.float64) - flat
        rows, elements = rows + len(X), elements + flat.size
        squared += float(np.vdot(difference, difference))
        squares += float(np.vdot(flat, flat))
        sums = sums + flat.sum(axis=0)
        low, high = min(low, float(flat.min())), max(high, float(flat.max()))
    if not np.isfinite(squared):
        return {"skipped": "a reconstruction is not finite"}
    error = squared / elements
    variance = (squares - float(np.vdot(sums, sums)) / rows) / elements
    result: dict[str, Any] = {
        "mean_squared_error": error,
        "root_mean_squared_error": float(np.sqrt(error)),
        "variance_explained": 1 - error / variance if variance > 1e-12 * squares else None,
        "rows": rows,
    }
    peak = 1.0 if low >= 0 and high <= 1 else high - low
    if X.dtype.kind in "ui":
        peak = float(np.iinfo(X.dtype.name).max)
    if X.ndim >= 3 and error > 0 and peak > 0:
        result["peak"] = peak
        result["peak_signal_to_noise_decibel"] = float(10 * np.log10(peak**2 / error))
    return result
