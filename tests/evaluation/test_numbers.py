"""Likelihood, reconstruction, probe, dimensions and regions say what their formulas say."""

import numpy as np
import pytest

from latently.evaluation import (
    SquaredErrors,
    active_dimensions,
    bits_per_dimension,
    probe,
    regions,
    summarize_bounds,
)
from latently.evaluation.codes import kl_by_dimension


def test_a_fair_coin_a_pixel_costs_one_bit_a_dimension():
    assert bits_per_dimension(64 * np.log(2), 64) == pytest.approx(1)
    with pytest.raises(ValueError, match="event_size must be at least 1; got 0"):
        bits_per_dimension(1.0, 0)


def test_bounds_are_averaged_with_the_error_of_a_mean():
    bounds = np.random.default_rng(0).normal(-100, 5, size=10_000)
    summary = summarize_bounds(bounds, 784, 50)
    assert summary["negative_log_likelihood_nats"] == pytest.approx(100, abs=0.2)
    assert summary["standard_error_nats"] == pytest.approx(0.05, rel=0.05)
    assert summary["bits_per_dimension"] == pytest.approx(100 / (784 * np.log(2)), rel=0.01)
    assert (summary["rows"], summary["samples"]) == (10_000, 50)


def test_one_row_has_no_standard_error_and_infinite_bounds_are_told():
    assert summarize_bounds(np.array([-3.0]), 4, 1)["standard_error_nats"] is None
    assert "1 of 2 rows" in summarize_bounds(np.array([-3.0, -np.inf]), 4, 1)["skipped"]


def squared_errors(X, reconstruction, pieces=1):
    errors = SquaredErrors()
    for x, y in zip(np.array_split(X, pieces), np.array_split(reconstruction, pieces), strict=True):
        errors.add(x, y)
    return errors.summary()


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


def test_the_probe_reads_separable_codes_perfectly():
    random = np.random.default_rng(2)
    labels = random.integers(0, 3, 300)
    codes = (10 * np.eye(3)[labels] + random.normal(size=(300, 3))).astype(np.float32)
    result = probe(codes[:200], labels[:200], codes[200:], labels[200:])
    assert result["linear"] == result["neighbours"]
    assert result["linear"] == {"accuracy": 1.0, "standard_error": 0.0, "train_rows": 200, "test_rows": 100}


def test_the_probe_is_near_chance_on_noise():
    random = np.random.default_rng(3)
    codes, labels = random.normal(size=(4000, 4)), random.integers(0, 4, 4000)
    result = probe(codes[:2000], labels[:2000], codes[2000:], labels[2000:])
    for reader in ("linear", "neighbours"):
        assert result[reader]["accuracy"] == pytest.approx(0.25, abs=4 * result[reader]["standard_error"])


def test_neighbours_see_what_a_line_cannot():
    random = np.random.default_rng(4)
    codes = random.uniform(-1, 1, size=(1000, 2))
    labels = (codes.prod(axis=1) > 0).astype(int)  # a chessboard of four fields
    result = probe(codes[:800], labels[:800], codes[800:], labels[800:])
    assert result["linear"]["accuracy"] < 0.7 < 0.9 < result["neighbours"]["accuracy"]


def test_the_probe_leaves_unknown_labels_out_and_takes_words():
    codes, words = np.repeat(np.eye(2), 20, axis=0), np.repeat(["cat", "dog"], 20)
    assert probe(codes, words, codes, words)["linear"]["accuracy"] == 1
    labels = np.where(np.arange(40) % 2, np.repeat([0, 1], 20), -1)
    assert probe(codes, labels, codes, labels)["linear"]["test_rows"] == 20


@pytest.mark.parametrize(
    ("labels", "reason"),
    [(None, "no labels"), (np.full(8, -1), "unknown"), (np.ones(8, int), "all of one class")],
)
def test_the_probe_says_why_it_is_skipped(labels, reason):
    codes = np.zeros((8, 2))
    assert reason in probe(codes, labels, codes, labels)["skipped"]


def test_too_few_rows_skip_the_neighbours_alone():
    codes, labels = np.array([[0.0], [1.0], [2.0]]), np.array([0, 1, 1])
    result = probe(codes, labels, codes, labels)
    assert "accuracy" in result["linear"]
    assert "fewer than 5" in result["neighbours"]["skipped"]


def test_active_dimensions_are_those_whose_means_vary():
    scales = np.array([1.0, 0.05, 0.3, 0.0, 2.0])
    result = active_dimensions(np.random.default_rng(5).normal(size=(1000, 5)) * scales)
    assert result["active"] == 3
    assert result["in_words"] == "2 of 5 latent dimensions are unused"
    assert result["variances"] == pytest.approx(scales**2, rel=0.2)
    assert active_dimensions(np.eye(2))["in_words"] == "all 2 latent dimensions are in use"
    with pytest.raises(ValueError, match="at least 2 rows"):
        active_dimensions(np.zeros((1, 2)))


def test_the_kl_of_a_row_is_the_sum_over_dimensions():
    kl = np.array([[1.0, 0.0], [3.0, 0.5]])
    assert kl_by_dimension(kl) == {"nats": [2.0, 0.25], "total_nats": 2.25, "rows": 2}
    assert "1 of 2 rows" in kl_by_dimension(np.array([[1.0, 0.0], [np.inf, 0.5]]))["skipped"]


def test_regions_count_the_rows_with_a_label_alone():
    result = regions(np.array([0, 1, 1, 1]), np.array([0, 1, 0, -1]), np.array([0, 1]))
    assert (result["share"], result["rows"]) == (pytest.approx(2 / 3), 3)
    assert result["share_by_label"] == {"0": 0.5, "1": 1.0}


@pytest.mark.parametrize(
    ("labels", "classes", "reason"),
    [
        (np.zeros(2, int), None, "are no labels of the data"),
        (None, np.arange(2), "no labels"),
        (np.full(2, -1), np.arange(2), "unknown"),
        (np.array(["a", "b"]), np.arange(2), "among the classes"),
    ],
)
def test_regions_say_why_they_are_skipped(labels, classes, reason):
    assert reason in regions(np.zeros(2, int), labels, classes)["skipped"]
