"""The ratio to the prior's own distance is 1 for a match and large for a mismatch."""

import numpy as np
import pytest

from latently.evaluation import median_bandwidths, mmd, prior_match, sliced_wasserstein

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
def test_samples_of_other_sizes_are_refused(shapes):
    with pytest.raises(ValueError, match="prior_samples must be two or more samples of the shape of the codes"):
        prior_match(np.ones((10, 2)), [np.zeros(shape) for shape in shapes])
