"""The Fréchet distance between samples is that of Gaussians with their moments."""

import numpy as np
import pytest

from latently.evaluation import frechet_distance


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
