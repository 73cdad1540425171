"""Bounds are averaged as their formulas say, and the Parzen window is the kernel density estimate of its formula."""

import sys

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import norm
from sklearn.neighbors import KernelDensity

from latently.evaluation.likelihood import (
    bits_per_dimension,
    choose_bandwidth,
    log_density,
    parzen,
    summarize_bounds,
)


def test_a_fair_coin_a_pixel_costs_one_bit_a_dimension():
    assert bits_per_dimension(64 * np.log(2), 64) == pytest.approx(1)


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


@pytest.fixture
def random():
    return np.random.default_rng(0)


def test_the_window_on_many_normal_samples_finds_minus_the_entropy_of_a_normal(random):
    result = parzen(random.normal(size=(200, 1)), random.normal(size=(200, 1)), random.normal(size=(2000, 1)))
    assert result["log_likelihood_nats"] == pytest.approx(-1.42, abs=0.1)


def test_one_kernel_is_a_gaussian(random):
    rows, middle = random.normal(size=(9, 3)), random.normal(size=(1, 3))
    expected = norm.logpdf(rows, middle, 0.3).sum(axis=1)
    np.testing.assert_allclose(log_density(rows, middle, np.array([0.3]))[0], expected)


@pytest.mark.parametrize("bandwidth", [0.01, 0.2, 7.0])
def test_the_density_is_that_of_the_formula_and_of_scikit_learn(bandwidth, random):
    rows, samples = random.random((20, 4, 5)), random.random((300, 4, 5))
    squared = np.sum((rows[:, None] - samples) ** 2, axis=(2, 3))
    formula = (
        logsumexp(-squared / (2 * bandwidth**2), axis=1) - np.log(300) - 20 * np.log(bandwidth * np.sqrt(2 * np.pi))
    )
    density = log_density(rows, samples, np.array([bandwidth, 1.0]))
    np.testing.assert_allclose(density[0], formula, rtol=1e-9)
    if bandwidth > 0.1:  # scikit-learn's tree loses its way in the far tails of narrow kernels
        estimate = KernelDensity(bandwidth=bandwidth, rtol=1e-12).fit(samples.reshape(300, -1))
        np.testing.assert_allclose(density[0], estimate.score_samples(rows.reshape(20, -1)), rtol=1e-6)


def test_blocks_change_nothing(random, monkeypatch):
    rows, samples, bandwidths = random.random((23, 6)), random.random((50, 6)), np.array([0.05, 0.5])
    whole = log_density(rows, samples, bandwidths)
    monkeypatch.setattr(sys.modules["latently.evaluation.likelihood"], "BLOCK", (7, 11))
    np.testing.assert_allclose(log_density(rows, samples, bandwidths), whole, rtol=1e-12)


def test_a_row_far_from_all_samples_is_unlikely_and_not_impossible():
    far = log_density(np.full((1, 784), 1.0), np.zeros((10, 784)), np.array([0.01]))
    assert far[0, 0] == pytest.approx(-784 / (2 * 0.01**2) - 784 * np.log(0.01 * np.sqrt(2 * np.pi)))


def test_the_bandwidth_makes_the_validation_rows_likeliest(random):
    samples, validation = random.normal(size=(500, 2)), random.normal(size=(300, 2))
    bandwidth, at_edge = choose_bandwidth(validation, samples)
    dense = np.geomspace(0.05, 2, 400)
    best = log_density(validation, samples, dense).mean(axis=1).max()
    assert log_density(validation, samples, np.array([bandwidth]))[0].mean() == pytest.approx(best, abs=1e-3)
    assert not at_edge


def test_a_bandwidth_at_the_end_of_its_grid_is_told(random):
    samples = random.normal(size=(50, 2))
    assert choose_bandwidth(samples, samples) == (pytest.approx(0.01), True)  # every row lies on a kernel of its own
    assert choose_bandwidth(1e3 * samples, samples) == (pytest.approx(10), True)


def test_bytes_are_pixels_between_0_and_1(random):
    rows, samples = random.integers(0, 256, (40, 6), np.uint8), random.integers(0, 256, (60, 6), np.uint8)
    result, same = parzen(rows, rows[:9], samples), parzen(rows / 255, rows[:9] / 255, samples / 255)
    assert result.pop("divided_by") == 255
    assert same.pop("divided_by") == 1
    assert result == pytest.approx(same)
    wider = parzen(rows.astype(np.int64), rows[:9], samples)  # the same bytes in a wider type
    assert wider["log_likelihood_nats"] == pytest.approx(same["log_likelihood_nats"])


def test_counts_and_the_error_of_the_mean_are_told(random):
    rows = random.normal(size=(30, 2, 3))
    result = parzen(rows, rows[:7] + 0.1, random.normal(size=(11, 2, 3)))
    nats = log_density(rows, random.normal(size=(11, 2, 3)), np.array([result["bandwidth"]]))
    assert nats.shape == (1, 30)
    assert (result["rows"], result["bandwidth_rows"], result["samples"], result["dimensions"]) == (30, 7, 11, 6)
    assert result["standard_error_nats"] > 0
    assert parzen(rows[:1], rows, rows)["standard_error_nats"] is None


def test_samples_that_are_not_finite_are_told(random):
    rows = random.normal(size=(5, 2))
    assert "1 of 5 samples" in parzen(rows, rows, np.where(np.arange(10).reshape(5, 2) == 3, np.nan, rows))["skipped"]
