"""The maximum mean discrepancy is Gretton's."""

import numpy as np
import pytest

from latently.evaluation import median_bandwidths, mmd, mmd_squared
from latently.evaluation.mmd import BLOCK_COLUMNS, BLOCK_ROWS

BANDWIDTHS = (0.5, 1.0, 3.0)


def naive_mmd_squared(x, y, *, biased):
    """Equations 3 and 5 of Gretton et al. 2012, pair by pair."""

    def kernel(a, b):
        return np.mean([np.exp(-np.sum((a - b) ** 2) / (2 * s**2)) for s in BANDWIDTHS])

    def within(points):
        n = len(points)
        pairs = [kernel(points[i], points[j]) for i in range(n) for j in range(n) if biased or i != j]
        return sum(pairs) / len(pairs)

    return within(x) + within(y) - 2 * np.mean([kernel(a, b) for a in x for b in y])


@pytest.mark.parametrize("biased", [True, False])
@pytest.mark.parametrize(("n", "m"), [(30, 30), (20, 35)])
def test_both_estimates_equal_the_pairwise_formula(biased, n, m):
    random = np.random.default_rng(0)
    x, y = random.normal(size=(n, 3)), random.normal(0.5, 1.5, size=(m, 3))
    expected = naive_mmd_squared(x, y, biased=biased)
    assert mmd_squared(x, y, BANDWIDTHS, biased=biased) == pytest.approx(expected, abs=1e-6)


def test_blocks_change_nothing():
    random = np.random.default_rng(1)
    n, m = 2 * BLOCK_ROWS + 7, BLOCK_COLUMNS + 5
    x, y = random.normal(size=(n, 2)), random.normal(1, 1, size=(m, 2))

    def mean_kernel(a, b):
        squared = np.sum((a[:, None] - b[None]) ** 2, axis=2)
        return np.mean([np.exp(-squared / (2 * s**2)).mean() for s in BANDWIDTHS])

    expected = mean_kernel(x, x) + mean_kernel(y, y) - 2 * mean_kernel(x, y)
    assert mmd_squared(x, y, BANDWIDTHS, biased=True) == pytest.approx(expected, abs=1e-7)


def test_a_sample_is_at_distance_zero_from_itself():
    x = np.random.default_rng(2).normal(5, 1, size=(700, 4))
    assert mmd(x, x.copy(), BANDWIDTHS) == pytest.approx(0, abs=1e-3)


def test_the_unbiased_estimate_averages_to_zero_for_equal_distributions():
    random = np.random.default_rng(3)
    estimates = [mmd_squared(*random.normal(size=(2, 60, 2)), BANDWIDTHS) for _ in range(200)]
    assert abs(np.mean(estimates)) < 4 * np.std(estimates) / np.sqrt(len(estimates))
    assert min(estimates) < 0 < max(estimates)


def test_it_grows_with_the_distance_between_means():
    x, y = np.random.default_rng(4).normal(size=(2, 400, 2))
    values = [mmd(x + shift, y, BANDWIDTHS) for shift in (0, 0.25, 0.5, 1, 2, 4)]
    assert values == sorted(values)


def test_a_far_away_origin_and_a_far_outlier_keep_it_exact():
    x, y = np.random.default_rng(5).normal(size=(2, 200, 2))
    near = mmd_squared(x, y, BANDWIDTHS)
    assert mmd_squared(x + 1e4, y + 1e4, BANDWIDTHS) == pytest.approx(near, abs=1e-6)
    x[0] = 1e6
    expected = naive_mmd_squared(x[:40], y[:40], biased=False)
    assert mmd_squared(x[:40], y[:40], BANDWIDTHS) == pytest.approx(expected, abs=1e-6)


def test_bandwidths_are_multiples_of_the_median_distance():
    draws = np.random.default_rng(6).normal(size=(300, 2))
    distances = np.linalg.norm(draws[:, None] - draws[None], axis=2)[np.triu_indices(300, 1)]
    assert median_bandwidths(draws) == pytest.approx([m * np.median(distances) for m in (0.25, 0.5, 1, 2, 4)])
    assert median_bandwidths(np.zeros((5, 2)), (1.0, 2.0)) == (1, 2)


@pytest.mark.parametrize(("n", "dim"), [(1, 2), (5, 3)])
def test_samples_that_cannot_be_compared_are_named(n, dim):
    with pytest.raises(ValueError, match=r"x and y must have the same dimension and at least 2 rows each; got shapes"):
        mmd_squared(np.zeros((5, 2)), np.zeros((n, dim)), BANDWIDTHS)
