"""Precision, recall, density and coverage are those of their papers; the Fréchet distance is that of Gaussians."""

import sys

import numpy as np
import pytest

from latently.evaluation.fidelity import fidelity, frechet_distance, neighbour_distances


def naive(real, fake, k, dense):
    """The definitions, pair by pair."""

    def distance(a, b):
        return np.sqrt(np.sum((a - b) ** 2))

    def radius(points, i, k):
        return sorted(distance(points[i], other) for j, other in enumerate(points) if j != i)[k - 1]

    def within(points, others, k):
        radii = [radius(points, i, k) for i in range(len(points))]
        return np.array([[distance(a, b) <= r for a, r in zip(points, radii, strict=True)] for b in others])

    in_dense = within(real, fake, dense)
    return {
        "precision": within(real, fake, k).any(axis=1).mean(),
        "recall": within(fake, real, k).any(axis=1).mean(),
        "density": in_dense.sum() / (dense * len(fake)),
        "coverage": in_dense.any(axis=0).mean(),
    }


@pytest.mark.parametrize("numbers", [2**22, 70])
def test_all_four_are_the_definitions_whatever_the_blocks(monkeypatch, numbers):
    monkeypatch.setattr(sys.modules["latently.evaluation.fidelity"], "BLOCK_NUMBERS", numbers)
    random = np.random.default_rng(0)
    real, fake = random.normal(100, 1, size=(40, 3)), random.normal(100.5, 0.7, size=(30, 3))
    expected = naive(real, fake, 2, 4)
    assert 0 < min(expected.values()) < max(expected.values())
    assert fidelity(real, fake, support_neighbours=2, density_neighbours=4) == pytest.approx(expected)


def test_the_data_itself_is_perfect_and_something_elsewhere_is_worthless():
    real = np.random.default_rng(0).normal(size=(200, 4)).astype(np.float32)
    same = fidelity(real, real[::-1])
    assert (same["precision"], same["recall"], same["coverage"]) == (1, 1, 1)
    assert set(fidelity(real, real + 100).values()) == {0}


def test_twins_count_as_near_however_distances_are_rounded():
    twins = np.repeat(np.random.default_rng(0).normal(1000, 1, size=(10, 5)), 8, axis=0)  # every ball has no radius
    same = fidelity(twins, twins.copy())
    assert (same["precision"], same["recall"], same["coverage"]) == (1, 1, 1)


def test_a_sample_of_the_datas_own_distribution_has_density_one_and_the_expected_coverage():
    real, fake = np.random.default_rng(0).normal(size=(2, 3000, 2))
    result = fidelity(real, fake)
    assert result["density"] == pytest.approx(1, abs=0.05)
    assert result["coverage"] == pytest.approx(1 - 2**-5, abs=0.015)


def test_a_dropped_mode_costs_coverage_and_recall_and_no_precision():
    random = np.random.default_rng(0)
    modes = np.array([[0.0, 0.0], [50.0, 0.0]])
    real = random.normal(size=(400, 2)) + modes[np.arange(400) % 2]
    both, one = random.normal(size=(400, 2)) + modes[np.arange(400) % 2], random.normal(size=(400, 2))
    whole, half = fidelity(real, both), fidelity(real, one)
    assert whole["coverage"] > 0.9
    assert half["coverage"] == pytest.approx(whole["coverage"] / 2, abs=0.05)
    assert half["recall"] <= 0.5 < whole["recall"]
    assert half["precision"] > 0.9
    assert half["density"] == pytest.approx(1, abs=0.15)  # it does not see what is missing


def test_an_outlier_among_the_samples_buys_recall_and_no_coverage():
    real = np.random.default_rng(0).normal(size=(100, 2))
    far = np.array([[60.0, 0.0], [-60.0, 0.0], [0.0, 60.0], [0.0, -60.0], [60.0, 60.0], [-60.0, -60.0]])
    result = fidelity(real, far)
    assert result["recall"] == 1
    assert result["coverage"] == result["precision"] == 0


def test_neighbours_are_counted_without_the_point_itself():
    line = np.array([[0.0], [1.0], [3.0], [7.0]])
    assert neighbour_distances(line, 1, 3).tolist() == [[1, 1, 4, 16], [49, 36, 16, 49]]


def test_too_few_rows_are_refused():
    with pytest.raises(ValueError, match=r"more than 5 rows each.*\(9, 2\) and \(5, 2\)"):
        fidelity(np.ones((9, 2)), np.ones((5, 2)))


def sample_with(mean, covariance, n=50, seed=0):
    """Rows whose mean and covariance are exactly these."""
    noise = np.random.default_rng(seed).normal(size=(n, len(mean)))
    noise -= noise.mean(axis=0)
    white = noise @ np.linalg.inv(np.linalg.cholesky(np.atleast_2d(np.cov(noise, rowvar=False))).T)
    values, vectors = np.linalg.eigh(np.asarray(covariance, float))
    return np.asarray(mean) + white @ (vectors * np.sqrt(values)) @ vectors.T


def test_one_dimension_has_the_closed_form():
    x, y = sample_with([1.0], [[4.0]]), sample_with([3.0], [[0.25]], seed=1)
    assert frechet_distance(x, y) == pytest.approx((1 - 3) ** 2 + (2 - 0.5) ** 2)


def test_independent_features_add_up():
    a, b = np.array([1.0, 4.0, 9.0]), np.array([4.0, 1.0, 0.0])
    x, y = sample_with(np.zeros(3), np.diag(a)), sample_with(np.ones(3), np.diag(b), n=80, seed=1)
    assert frechet_distance(x, y) == pytest.approx(3 + np.sum((np.sqrt(a) - np.sqrt(b)) ** 2), rel=1e-6)


def test_covariances_that_do_not_commute_have_the_closed_form_of_two_dimensions():
    first, second = np.array([[2.0, 0.5], [0.5, 1.0]]), np.array([[1.0, -0.7], [-0.7, 3.0]])
    assert not np.allclose(first @ second, second @ first)
    root = np.sqrt(np.trace(first @ second) + 2 * np.sqrt(np.linalg.det(first @ second)))  # tr √M of a 2 × 2 matrix
    x, y = sample_with([0, 0], first), sample_with([1, 2], second, seed=1)
    assert frechet_distance(x, y) == pytest.approx(5 + np.trace(first + second) - 2 * root)


def test_it_is_symmetric_and_zero_for_the_sample_itself():
    random = np.random.default_rng(0)
    x = random.normal(size=(40, 6)).astype(np.float32)
    y = np.pad(random.normal(2, 3, size=(30, 5)), ((0, 0), (0, 1))).astype(np.float32)  # one feature says nothing
    assert frechet_distance(x, y) == pytest.approx(frechet_distance(y, x), rel=1e-12)
    assert frechet_distance(x, x[::-1]) == pytest.approx(0, abs=1e-10)


def test_fewer_rows_than_features_do_no_harm():
    x, y = np.random.default_rng(0).normal(size=(2, 4, 20))
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-10)
    assert 0 < frechet_distance(x, y) < np.inf


@pytest.mark.parametrize("shape", [(1, 3), (5, 2)])
def test_what_has_no_distance_is_refused(shape):
    with pytest.raises(ValueError, match=r"x and y must have the same dimension.*\(5, 3\)"):
        frechet_distance(np.ones((5, 3)), np.ones(shape))
