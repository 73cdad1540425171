"""The axes hold the prior and the codes, as far as that does not make either small; more dimensions are projected."""

from types import SimpleNamespace

import numpy as np
import pytest

from latently.report.code_scenes import plane_of, widened
from latently.run.rows import filmed_at_most

PRIOR = (-3.0, 3.0)


@pytest.mark.parametrize(
    ("outliers", "limits"),
    [
        ([], PRIOR),  # all codes lie inside
        ([3.5], (-3.0, 3.5 + 0.02 * 6.5)),  # a little outside: taken in, with air
        ([-40.0], PRIOR),  # one in a thousand, far out: left there
        ([np.nan, np.inf], PRIOR),  # no numbers
        ([5.0] * 100, (-3.0, 5.0 + 0.02 * 8)),  # many: taken in
        ([50.0] * 100, (-3.0, 9.0)),  # as far as the prior stays a third
    ],
)
def test_axes_widen_for_many_codes_or_near_ones(outliers: list[float], limits: tuple[float, float]) -> None:
    codes = np.concatenate([np.linspace(-2, 2, 1000), outliers])[:, None]
    assert widened(PRIOR, codes, most=3) == pytest.approx(limits)


def test_more_than_two_dimensions_are_projected_on_their_principal_components():
    random = np.random.default_rng(0)
    spreads = np.array([0.1, 2.0, 0.5, 1.0])
    rotation = np.linalg.qr(random.normal(size=(4, 4)))[0]
    codes = (random.normal(size=(5000, 4)) * spreads) @ rotation.T + 1
    prior = SimpleNamespace(latent_dim=4, prior_support=lambda: PRIOR, sample_prior=lambda n, random_state: codes[:n])
    plane = plane_of(prior, codes)
    shares = spreads[[1, 3]] ** 2 / (spreads**2).sum()
    assert plane.project(codes).var(axis=0) / codes.var(axis=0).sum() == pytest.approx(shares, abs=0.02)
    assert plane.axis_labels[0] == "1st principal component of the codes (76 %)"
    grid = plane.grid(3, codes)
    np.testing.assert_allclose(plane.project(grid)[[0, 4, 8]], [[-2, 2], [0, 0], [2, -2]], atol=1e-5)
    rest = np.eye(4) - plane.directions @ plane.directions.T
    np.testing.assert_allclose(grid @ rest, np.broadcast_to(codes.mean(axis=0) @ rest, (9, 4)), atol=1e-5)


def test_codes_of_very_many_dimensions_are_projected_without_a_covariance():
    random = np.random.default_rng(0)
    codes = random.normal(size=(40, 200_000)).astype(np.float32)  # whose covariance would take 320 GB
    codes[:, 7] *= 1000
    prior = SimpleNamespace(latent_dim=200_000, prior_support=lambda: PRIOR, sample_prior=lambda n, random_state: codes)
    plane = plane_of(prior, codes)
    assert abs(plane.directions[7, 0]) == pytest.approx(1, abs=0.01)


def test_fewer_rows_are_filmed_of_codes_of_many_dimensions() -> None:
    assert [filmed_at_most(dims) for dims in (2, 300, 2**12, 100_000)] == [1500, 1500, 128, 8]
