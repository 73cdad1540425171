"""The likelihood of a row of a table: each column's density is one, and missing cells add nothing."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from latently.game import Cells
from latently.probability import CellsHead, HiddenCells, first_elements

KINDS = (
    Cells("gaussian", 1),
    Cells("gaussian", 3),
    Cells("student", 1),
    Cells("negative-binomial", 1, 1.2, 0.7),
    Cells("poisson", 1, 0.5, 0.9),
    Cells("bernoulli", 1),
    Cells("categorical", 2),
    Cells("categorical", 4),
)
WIDTH = sum(cell.width for cell in KINDS)


def outputs(rows=5, seed=0):
    return jnp.asarray(np.random.default_rng(seed).normal(size=(rows, WIDTH)))


def one(kind, **constants):
    return CellsHead((Cells(kind, 1, **constants),))


def test_a_row_is_the_sum_of_its_cells():
    p = CellsHead(KINDS)(outputs())
    x = p.sample(jax.random.key(0))
    assert p.log_probs(x).shape == (5, len(KINDS))
    np.testing.assert_allclose(p.log_prob(x), p.log_probs(x).sum(axis=1), rtol=1e-12)


@pytest.mark.parametrize("place", range(len(KINDS)))
def test_a_missing_cell_adds_nothing_and_has_no_gradient(place):
    head, given = CellsHead(KINDS), outputs()
    x = head(given).sample(jax.random.key(1))
    start = first_elements(KINDS)[place]
    elements = slice(start, start + KINDS[place].width)
    gap = x.at[:, elements].set(jnp.nan)
    np.testing.assert_allclose(head(given).log_probs(gap), head(given).log_probs(x).at[:, place].set(0.0), rtol=1e-12)
    gradient = jax.grad(lambda raw: head(raw).log_prob(gap).sum())(given)
    assert np.isfinite(gradient).all()
    assert not gradient[:, elements].any()
    assert gradient.any()


def test_numbers_have_the_density_of_a_gaussian_of_the_learned_scale():
    head = eqx.tree_at(lambda head: head.log_scale, one("gaussian"), jnp.log(jnp.array([0.3])))
    x = jnp.linspace(-2, 2, 7)[:, None]
    np.testing.assert_allclose(head(jnp.full((7, 1), 0.4)).log_prob(x), stats.norm(0.4, 0.3).logpdf(x[:, 0]))
    fixed = CellsHead((Cells("gaussian", 1),), scale=0.5)
    assert fixed.log_scale is None
    np.testing.assert_allclose(fixed(jnp.zeros((7, 1))).log_prob(x), stats.norm(0, 0.5).logpdf(x[:, 0]))


def test_heavy_tails_have_the_density_of_students_t():
    head = one("student")
    df = float(2 + jax.nn.softplus(head.tail[0]))
    x = jnp.linspace(-9, 9, 11)[:, None]
    np.testing.assert_allclose(head(jnp.full((11, 1), 1.0)).log_prob(x), stats.t(df, 1.0).logpdf(x[:, 0]), rtol=1e-9)


@pytest.mark.parametrize("kind", ["poisson", "negative-binomial"])
def test_counts_have_the_mass_of_their_distribution(kind):
    offset, scale, raw = 1.2, 0.7, 0.3
    head, counts = one(kind, offset=offset, scale=scale), np.arange(400)
    rate = np.exp(raw * scale + offset)
    x = jnp.asarray((np.log1p(counts) - offset) / scale)[:, None]
    r = 1.0 if head.log_dispersion is None else float(jnp.exp(head.log_dispersion[0]))
    truth = stats.poisson(rate) if kind == "poisson" else stats.nbinom(r, r / (r + rate))
    p = head(jnp.full((400, 1), raw))
    np.testing.assert_allclose(p.log_prob(x)[:60], truth.logpmf(counts[:60]), rtol=1e-7)
    assert np.exp(p.log_prob(x)).sum() == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(np.expm1(p.mean[0, 0] * scale + offset), rate, rtol=1e-9)


def test_words_have_the_probabilities_of_a_softmax_of_their_own_column():
    head = CellsHead((Cells("categorical", 2), Cells("categorical", 4)))
    raw = jnp.asarray(np.random.default_rng(0).normal(size=(3, 6)))
    p = head(raw)
    np.testing.assert_allclose(p.mean[:, :2], jax.nn.softmax(raw[:, :2]), rtol=1e-9)
    np.testing.assert_allclose(p.mean[:, 2:], jax.nn.softmax(raw[:, 2:]), rtol=1e-9)
    x = jnp.zeros((3, 6)).at[:, [1, 4]].set(1.0)
    expected = jax.nn.log_softmax(raw[:, :2])[:, 1] + jax.nn.log_softmax(raw[:, 2:])[:, 2]
    np.testing.assert_allclose(p.log_prob(x), expected, rtol=1e-9)


def test_draws_have_the_mean_that_is_told():
    n = 40_000
    row = outputs(1, seed=3)
    p = CellsHead(KINDS)(jnp.repeat(row, n, axis=0))
    x, mean = p.sample(jax.random.key(2)), p.mean[0]
    start = first_elements(KINDS)
    counts = (start[3], start[4])
    for place in set(range(WIDTH)) - set(counts.__iter__()):
        assert x[:, place].mean() == pytest.approx(float(mean[place]), abs=0.05)
    for place, cell in zip(counts, KINDS[3:5], strict=True):
        numbers = np.expm1(np.asarray(x[:, place]) * cell.scale + cell.offset)
        np.testing.assert_allclose(numbers, np.round(numbers), atol=1e-6)
        assert numbers.mean() == pytest.approx(np.expm1(float(mean[place]) * cell.scale + cell.offset), rel=0.05)
    words = x[:, start[6] :]
    assert set(np.unique(words)) == {0.0, 1.0}
    assert (words[:, :2].sum(axis=1) == 1).all()
    assert (words[:, 2:].sum(axis=1) == 1).all()


def test_hiding_cells_hides_all_elements_of_a_cell():
    widths = tuple(cell.width for cell in KINDS)
    hidden = np.isnan(HiddenCells(0.3, widths)(jnp.ones((2000, WIDTH)), jax.random.key(0)))
    starts = first_elements(KINDS)
    for start, width in zip(starts, widths, strict=True):
        assert (hidden[:, start : start + width] == hidden[:, [start]]).all()
    assert hidden[:, starts].mean() == pytest.approx(0.3, abs=0.02)
