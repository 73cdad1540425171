"""The maximum mean discrepancy is Gretton's, the sliced Wasserstein distance that of the closed forms.

The ratio to the prior's own distance is 1 for a match and large for a mismatch.
"""

import numpy as np
import pytest

from latently.evaluation.prior_match import (
    BLOCK_COLUMNS,
    BLOCK_ROWS,
    median_bandwidths,
    mmd,
    mmd_squared,
    prior_match,
    sliced_wasserstein,
)

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


@pytest.mark.parametrize("dim", [1, 2, 8])
@pytest.mark.parametrize(("shift", "scale"), [(2.0, 1.0), (0.0, 3.0), (1.0, 0.5)])
def test_it_is_the_closed_form_of_two_isotropic_gaussians(dim, shift, scale):
    # Along a direction θ: N(0, 1) against N(θ·Δ, s²), so W₂² = (θ·Δ)² + (s - 1)², and E (θ·Δ)² = ‖Δ‖² / dim.
    x, y = np.random.default_rng(0).normal(size=(2, 10_000, dim))
    expected = np.sqrt(shift**2 + (scale - 1) ** 2)  # ‖Δ‖² = dim shift²
    assert sliced_wasserstein(x, scale * y + shift, projections=400) == pytest.approx(expected, rel=0.05)


def test_in_one_dimension_it_pairs_sorted_points():
    x, y = np.array([[3.0], [1.0]]), np.array([[2.0], [7.0]])
    assert sliced_wasserstein(x, y) == pytest.approx(np.sqrt((1 + 16) / 2))


def test_the_seed_decides_the_directions():
    x, y = np.random.default_rng(1).normal(size=(2, 50, 3))
    assert sliced_wasserstein(x, y, seed=1) == sliced_wasserstein(x, y, seed=1) != sliced_wasserstein(x, y, seed=2)


def test_samples_of_other_sizes_are_refused():
    with pytest.raises(ValueError, match=r"same shape; got \(4, 2\) and \(5, 2\)"):
        sliced_wasserstein(np.zeros((4, 2)), np.zeros((5, 2)))


MEASURES = ("mmd", "sliced_wasserstein")


def ring(random, n):
    """Codes on a ring: a prior far from normal."""
    angle = random.uniform(0, 2 * np.pi, n)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1) * random.normal(3, 0.1, (n, 1))


def normal(random, n):
    return random.normal(size=(n, 6))


@pytest.mark.parametrize("draw", [normal, ring])
def test_the_ratio_of_codes_from_the_prior_is_near_one(draw):
    matches = []
    for seed in range(6):
        codes, *prior = (draw(np.random.default_rng([seed, i]), 400) for i in range(4))
        matches.append(prior_match(codes, prior))
    for measure in MEASURES:
        ratios = [match[measure]["ratio"] for match in matches]
        assert 0.85 < np.mean(ratios) < 1.15
        assert max(ratios) < 2


@pytest.mark.parametrize("change", [lambda z: z + 0.5, lambda z: 0.5 * z, lambda z: z * [1, 1, 1, 1, 0, 0]])
def test_the_ratio_of_shifted_shrunken_or_flattened_codes_is_large(change):
    codes, *prior = (normal(np.random.default_rng(i), 1500) for i in range(4))
    match = prior_match(change(codes), prior)
    for measure in MEASURES:
        assert match[measure]["ratio"] > 3


def test_the_values_are_those_of_the_distances_themselves():
    codes, *prior = (ring(np.random.default_rng(i), 300) for i in range(4))
    match = prior_match(codes, prior, projections=64, seed=5)
    bandwidths = median_bandwidths(prior[0])
    assert match["mmd"]["bandwidths"] == list(bandwidths)
    for key, distance in {
        "mmd": lambda a, b: mmd(a, b, bandwidths),
        "sliced_wasserstein": lambda a, b: sliced_wasserstein(a, b, projections=64, seed=5),
    }.items():
        pairs = [distance(prior[0], prior[1]), distance(prior[0], prior[2]), distance(prior[1], prior[2])]
        assert match[key]["codes_to_prior"] == pytest.approx(np.mean([distance(codes, p) for p in prior]), rel=1e-4)
        assert match[key]["prior_to_prior_mean"] == pytest.approx(np.mean(pairs), rel=1e-4)
        assert match[key]["prior_to_prior_max"] == pytest.approx(max(pairs), rel=1e-4)
    assert (match["rows"], match["prior_samples"], match["prior_pairs"]) == (300, 3, 3)


def test_a_prior_that_is_one_point_has_no_ratio():
    match = prior_match(np.ones((10, 2)), [np.zeros((10, 2))] * 2)
    assert match["sliced_wasserstein"]["ratio"] is None


@pytest.mark.parametrize("shapes", [[(10, 2)], [(10, 2), (9, 2)], [(10, 2), (10, 3)]])
def test_priors_of_other_sizes_are_refused(shapes):
    with pytest.raises(ValueError, match="prior_samples must be two or more samples of the shape of the codes"):
        prior_match(np.ones((10, 2)), [np.zeros(shape) for shape in shapes])
