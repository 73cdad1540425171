"""Errors of reconstructions say what their formulas say."""

import numpy as np
import pytest

from latently.evaluation.codes import squared_errors as errors_of_blocks


def squared_errors(X, reconstruction, pieces=1):
    return errors_of_blocks(zip(np.array_split(X, pieces), np.array_split(reconstruction, pieces), strict=True))


def test_reconstruction_errors_are_those_of_numpy_in_any_number_of_blocks():
    random = np.random.default_rng(1)
    X = random.normal(7, 3, size=(50, 4)).astype(np.float32)
    Y = X + random.normal(size=X.shape).astype(np.float32)
    for pieces in (1, 7):
        summary = squared_errors(X, Y, pieces)
        error = np.mean((X.astype(float) - Y) ** 2)
        assert summary["mean_squared_error"] == pytest.approx(error)
        assert summary["root_mean_squared_error"] == pytest.approx(np.sqrt(error))
        assert summary["variance_explained"] == pytest.approx(1 - error / X.astype(float).var(axis=0).mean())
        assert "peak" not in summary


def test_bytes_do_not_wrap_around_and_have_a_peak_of_255():
    black, white = np.zeros((2, 3, 3), np.uint8), np.full((2, 3, 3), 255, np.uint8)
    summary = squared_errors(black, white)
    assert summary["mean_squared_error"] == 255**2
    assert (summary["peak"], summary["peak_signal_to_noise_decibel"]) == (255, 0)
    assert summary["variance_explained"] is None  # constant data


def test_the_peak_of_real_images_is_one_or_their_range():
    X = np.linspace(0, 0.9, 18).reshape(2, 3, 3)
    assert squared_errors(X, X + 0.1)["peak_signal_to_noise_decibel"] == pytest.approx(20)
    assert squared_errors(10 * X - 1, 10 * X)["peak"] == pytest.approx(9)
    assert "peak" not in squared_errors(X, X)  # a perfect reconstruction has no finite ratio


def test_a_reconstruction_of_another_shape_is_refused_and_one_with_nan_skipped():
    with pytest.raises(ValueError, match=r"must have the shape of X, \(2, 4\); got \(2, 2, 2\)"):
        squared_errors(np.zeros((2, 4)), np.zeros((2, 2, 2)))
    assert squared_errors(np.zeros((2, 4)), np.full((2, 4), np.nan)) == {"skipped": "a reconstruction is not finite"}
