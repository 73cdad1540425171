"""Priors against their densities, label regions and formulas."""

import itertools
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.spatial
import scipy.special
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from jaxtyping import Array

from latently.probability import (
    PRIORS,
    CategoricalPrior,
    Normal,
    Prior,
    SCurve,
    Star,
    SwissRoll,
    Uniform,
    make_prior,
)

KEY = jax.random.key(0)
PLANAR = ("normal", "uniform", "star", "swiss-roll", "s-curve")
DENSE = {"normal": Normal(2, 0.8), "uniform": Uniform(2, -1.5, 1.0), "star": Star(2, petals=5)}
every_prior = pytest.mark.parametrize("name", list(PRIORS))
every_planar_prior = pytest.mark.parametrize("name", PLANAR)
every_density = pytest.mark.parametrize("name", list(DENSE))


@eqx.filter_jit
def compiled(prior: Prior, method: str, *arguments: Any) -> Array:
    """Any method of a prior, compiled: many times faster here than operation by operation."""
    return getattr(prior, method)(*arguments)  # type: ignore[no-any-return]


def draw(
    prior: Prior, n: int, labels: np.ndarray | None = None, n_labels: int | None = None, key: Array = KEY
) -> np.ndarray:
    return np.asarray(compiled(prior, "sample", key, n, labels, n_labels))


def density(prior: Prior, z: np.ndarray) -> np.ndarray:
    return np.exp(compiled(prior, "log_prob", z))


def shares_of(prior: Prior, z: np.ndarray, n_labels: int) -> np.ndarray:
    return np.asarray(compiled(prior, "responsibilities", z, n_labels))


def region_of(prior: Prior, z: np.ndarray, n_labels: int) -> np.ndarray:
    return shares_of(prior, z, n_labels).argmax(axis=1)


def grid(prior: Prior, side: int, reach: float = 1.0) -> tuple[np.ndarray, float]:
    """Centers of the cells of a square around the support, and a cell's area."""
    low, high = (reach * end for end in prior.support())
    width = (high - low) / side
    centers = low + width * (np.arange(side) + 0.5)
    return np.array(list(itertools.product(centers, centers))), width**2


def draw_each(prior: Prior, n_labels: int, each: int) -> tuple[np.ndarray, np.ndarray]:
    """`each` draws from every region, and their labels."""
    labels = np.repeat(np.arange(n_labels), each)
    return draw(prior, n_labels * each, labels, n_labels), labels


@every_density
def test_density_integrates_to_one(name: str) -> None:
    z, area = grid(DENSE[name], 300, reach=1.0 if name == "uniform" else 2.5)
    assert density(DENSE[name], z).sum() * area == pytest.approx(1, abs=1e-6)


@every_density
def test_samples_fill_the_plane_as_the_density_says(name: str) -> None:
    """χ² of the counts in 12 x 12 cells against the density's integral over each."""
    prior, n, coarse, fine = DENSE[name], 20_000, 12, 25
    z, area = grid(prior, coarse * fine)
    mass = (density(prior, z) * area).reshape(coarse, fine, coarse, fine).sum(axis=(1, 3))
    edges = np.linspace(*prior.support(), coarse + 1)
    counts, _, _ = np.histogram2d(*draw(prior, n).T, bins=[edges, edges])
    # What lies outside, and cells of few expected draws, are one cell.
    common = n * mass > 5
    observed = np.append(counts[common], n - counts[common].sum())
    expected = np.append(n * mass[common], n - n * mass[common].sum())
    keep = expected > 1e-6
    assert scipy.stats.chisquare(observed[keep], expected[keep], sum_check=False).pvalue > 1e-3


def test_the_densities_of_normal_and_uniform_are_products_over_dimensions() -> None:
    z = np.random.default_rng(0).normal(size=(7, 4))
    np.testing.assert_allclose(density(Normal(4, 3.0), z), scipy.stats.norm.pdf(z, 0, 3).prod(axis=1))
    inside = np.all(np.abs(z) < 1, axis=1)
    assert 0 < inside.sum() < 7
    np.testing.assert_allclose(density(Uniform(4), z), inside / 2**4)


def test_the_density_of_a_star_is_a_mixture_of_products_over_pairs() -> None:
    z, petals = np.random.default_rng(0).normal(size=(7, 4)), []
    for k in range(3):
        turn = 2 * np.pi * k / 3
        rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        covariance = rotation @ np.diag([0.5**2, 0.1**2]) @ rotation.T
        petal = scipy.stats.multivariate_normal(rotation @ [1.4, 0], covariance)
        petals.append(petal.logpdf(z[:, :2]) + petal.logpdf(z[:, 2:]))
    total = scipy.special.logsumexp(petals, axis=0)
    np.testing.assert_allclose(Star(4, petals=3).log_prob(jnp.asarray(z)), total - np.log(3), rtol=1e-10)
    np.testing.assert_allclose(shares_of(Star(4, petals=3), z, 3), np.exp(petals - total).T, atol=1e-12)


def test_all_pairs_of_an_unlabelled_star_row_are_in_one_petal() -> None:
    z, plane = draw(Star(6, petals=4, tangential=0.05), 500), Star(2, petals=4, tangential=0.05)
    petals = np.stack([region_of(plane, z[:, first : first + 2], 4) for first in (0, 2, 4)])
    assert np.mean((petals == petals[0]).all(axis=0)) > 0.97
    assert scipy.stats.chisquare(np.bincount(petals[0], minlength=4)).pvalue > 1e-3


@pytest.mark.parametrize(("n_labels", "dim"), [(1, 2), (2, 2), (10, 2), (3, 6)])
@every_planar_prior
def test_a_draw_lies_in_the_region_of_its_label(name: str, n_labels: int, dim: int) -> None:
    prior = make_prior(name, dim, n_labels)
    z, labels = draw_each(prior, n_labels, each=100)
    shares = shares_of(prior, z, n_labels)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    found = shares.argmax(axis=1)
    if name == "star":  # petals meet near the origin, where a few draws of each are nearer to a neighbor's axis
        assert np.mean(found == labels) > 0.95
    else:
        np.testing.assert_array_equal(found, labels)


@settings(max_examples=12, deadline=None)
@given(name=st.sampled_from(PLANAR), n_labels=st.integers(1, 40), pairs=st.integers(1, 4), seed=st.integers(0, 2**31))
def test_any_number_of_labels_and_any_even_dimension_work(name: str, n_labels: int, pairs: int, seed: int) -> None:
    prior = make_prior(name, 2 * pairs, n_labels)
    labels = np.random.default_rng(seed).integers(-1, n_labels, 64)
    z = draw(prior, 64, labels, n_labels, jax.random.key(seed))
    shares = shares_of(prior, z, n_labels)
    assert z.shape == (64, 2 * pairs)
    assert shares.shape == (64, n_labels)
    assert np.all(np.isfinite(z))
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    if name != "star":
        np.testing.assert_array_equal(shares.argmax(axis=1)[labels >= 0], labels[labels >= 0])


@pytest.mark.parametrize("n_labels", [2, 3, 10])
def test_the_regions_of_the_normal_have_equal_mass(n_labels: int) -> None:
    found = region_of(Normal(2, 3.0), draw(Normal(2, 3.0), 20_000), n_labels)
    assert scipy.stats.chisquare(np.bincount(found, minlength=n_labels)).pvalue > 1e-3


@pytest.mark.parametrize("name", ["normal", "star", "swiss-roll", "s-curve"])
def test_the_regions_together_are_the_whole_prior(name: str) -> None:
    prior = make_prior(name, 2, 10)
    together, _ = draw_each(prior, 10, each=800)
    whole = draw(prior, 8000, key=jax.random.key(1))
    for direction in ([1, 0], [0, 1], [0.6, 0.8], [0.8, -0.6]):
        assert scipy.stats.ks_2samp(together @ direction, whole @ direction).pvalue > 1e-3


@every_planar_prior
def test_an_unknown_label_draws_from_the_whole_prior(name: str) -> None:
    prior = make_prior(name, 2, 4)
    unknown, whole = draw(prior, 4000, np.full(4000, -1), 4), draw(prior, 4000, key=jax.random.key(1))
    for axis in (0, 1):
        assert scipy.stats.ks_2samp(unknown[:, axis], whole[:, axis]).pvalue > 1e-3
    assert np.all(np.bincount(region_of(prior, unknown, 4)) > 800)


def test_known_and_unknown_labels_mix_in_one_draw() -> None:
    found = region_of(Uniform(2), draw(Uniform(2), 100, np.array([-1, 2] * 50), 4), 4)
    assert np.all(found[1::2] == 2)
    assert set(found[::2]) == {0, 1, 2, 3}


def test_the_swiss_roll_follows_its_formula() -> None:
    z = draw(SwissRoll(2), 3000)
    radius = np.hypot(*z.T)
    angle = 4 * np.pi * radius / 3
    np.testing.assert_allclose(z, radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1), atol=1e-12)
    assert scipy.stats.kstest((radius / 3) ** 2, "uniform").pvalue > 1e-3
    segments, labels = draw_each(SwissRoll(2), 10, each=100)
    np.testing.assert_array_equal(np.floor(10 * (np.hypot(*segments.T) / 3) ** 2), labels)


def test_the_s_curve_follows_its_formula() -> None:
    z, labels = draw_each(SCurve(2), 3, each=1000)
    x, y = z.T
    np.testing.assert_allclose(x**2 + (np.abs(y) - 1) ** 2, 1)  # two unit circles, above and below the origin
    assert np.all(y[labels == 0] >= 0)  # t < -π/2, the end of the upper circle
    assert np.all(y[labels == 2] <= 0)
    t = np.arcsin(x[labels == 1])  # t in [-π/2, π/2], the middle stroke
    assert scipy.stats.kstest(t / np.pi + 0.5, "uniform").pvalue > 1e-3


@pytest.mark.parametrize(("name", "dim"), [("swiss-roll", 2), ("s-curve", 4), ("normal", 4), ("uniform", 4)])
def test_a_code_belongs_to_the_region_nearest_in_all_pairs_together(name: str, dim: int) -> None:
    """Against dense samples of each region."""
    n_labels, n = 5, 150
    z = np.random.default_rng(0).uniform(-2, 2, size=(n, dim))
    distances = np.zeros((n, n_labels))
    for k in range(n_labels):
        region = scipy.spatial.KDTree(draw(make_prior(name, 2), 20_000, np.full(20_000, k), n_labels))
        for first in range(0, dim, 2):
            distances[:, k] += region.query(z[:, first : first + 2])[0] ** 2
    nearest, second = np.sort(distances, axis=1)[:, :2].T
    clear = second - nearest > 0.05
    assert np.mean(clear) > 0.5
    found = region_of(make_prior(name, dim), z, n_labels)
    np.testing.assert_array_equal(found[clear], distances.argmin(axis=1)[clear])


@every_prior
def test_the_support_holds_practically_all_the_mass(name: str) -> None:
    prior = make_prior(name, 4)
    low, high = prior.support()
    z = draw(prior, 5000)
    assert np.mean((z >= low) & (z <= high)) > 0.995
    assert np.abs(z).max() > 0.8 * high


@every_prior
def test_a_prior_owns_no_arrays(name: str) -> None:
    assert not jax.tree.leaves(make_prior(name, 4))


def test_samples_are_a_function_of_the_key_compiled_or_not() -> None:
    prior, labels = Uniform(2), jnp.array([0, 3, -1])
    np.testing.assert_allclose(draw(prior, 3, labels, 4), prior.sample(KEY, 3, labels, 4), atol=1e-12)
    assert not np.array_equal(draw(prior, 3, labels, 4), draw(prior, 3, labels, 4, key=jax.random.key(1)))


@every_prior
def test_single_precision_stays_single_and_keeps_its_regions(name: str) -> None:
    with jax.enable_x64(False):
        prior, labels = make_prior(name, 4, n_labels=4), np.arange(200) % 4
        z = draw(prior, 200, labels, 4)
        shares = shares_of(prior, z, 4)
        assert {z.dtype, shares.dtype} == {np.dtype("float32")}
        assert np.mean(shares.argmax(axis=1) == labels) > 0.97
        if name not in ("swiss-roll", "s-curve"):
            assert density(prior, z).dtype == np.float32


def test_the_categorical_prior_draws_each_class_equally_often() -> None:
    z = draw(CategoricalPrior(4), 4000)
    np.testing.assert_array_equal(z.sum(axis=1), 1)
    assert scipy.stats.chisquare(z.sum(axis=0)).pvalue > 1e-3
    np.testing.assert_allclose(density(CategoricalPrior(4), z), 1 / 4)


@every_planar_prior
def test_draws_of_the_whole_prior_and_of_a_region_share_no_randomness(name: str) -> None:
    prior = make_prior(name, 2, n_labels=1)
    whole = prior.sample(KEY, 50, jnp.full(50, -1), 1)
    region = prior.sample(KEY, 50, jnp.zeros(50, int), 1)
    assert (np.asarray(whole) != np.asarray(region)).all()
