"""The sliced Wasserstein distance is that of the closed forms."""

import numpy as np
import pytest

from latently.evaluation import sliced_wasserstein


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
