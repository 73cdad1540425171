"""Products of experts against the posteriors of linear-Gaussian data, which they are."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from latently.probability import Deterministic, Experts, Gaussian, Implicit

RANDOM = np.random.default_rng(0)
NOISE = (0.5, 1.0, 0.3)
LOADINGS = [RANDOM.normal(size=(columns, 4)) for columns in (6, 3, 5)]
X = [RANDOM.normal(size=(7, len(each))) for each in LOADINGS]
SHOWN = np.array([[1, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1], [0, 1, 1], [0, 0, 0]], bool)
INFORMATION = [jnp.asarray(x @ each / noise**2) for x, each, noise in zip(X, LOADINGS, NOISE, strict=True)]


def root(precision):
    values, vectors = np.linalg.eigh(precision)
    return vectors * np.sqrt(np.maximum(values, 0))


PRECISIONS = [each.T @ each / noise**2 for each, noise in zip(LOADINGS, NOISE, strict=True)]
EXPERTS = Experts(jnp.stack([jnp.asarray(root(each)) for each in PRECISIONS]))


def posterior(row, scale, own=0.0):
    """The mean and the precision of z, given the views of a row that are shown."""
    given = np.flatnonzero(SHOWN[row])
    precision = np.eye(4) * (scale**-2 + own * len(given)) + sum(PRECISIONS[view] for view in given)
    information = sum((np.asarray(INFORMATION[view][row]) for view in given), np.zeros(4))
    return np.linalg.solve(precision, information), precision


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_the_product_is_the_posterior_given_the_views_that_are_shown(scale):
    product = EXPERTS.product([Deterministic(each) for each in INFORMATION], jnp.asarray(SHOWN), scale)
    for row in range(len(SHOWN)):
        assert np.allclose(product.mean[row], posterior(row, scale)[0], atol=1e-6), row
    assert (product.mean[-1] == 0).all()  # of no view: the prior's mean
    assert (product.sample(jax.random.key(0)) == product.mean).all()


def test_of_gaussians_it_is_the_closest_gaussian_of_independent_dimensions():
    said = [Gaussian(each, jnp.full(each.shape, 0.5)) for each in INFORMATION]
    product = EXPERTS.product(said, jnp.asarray(SHOWN))
    for row in range(len(SHOWN)):
        mean, precision = posterior(row, 1.0, own=4.0)
        assert np.allclose(product.mean[row], mean, atol=1e-6)
        assert np.allclose(product.scale[row] ** -2, np.diag(precision))


def test_rows_are_repeated_with_all_that_belongs_to_them():
    product = EXPERTS.product([Deterministic(each) for each in INFORMATION], jnp.asarray(SHOWN))
    assert np.allclose(product.repeat(2).mean, np.repeat(product.mean, 2, axis=0))


def test_a_draw_of_experts_with_noise_is_what_their_draws_agree_on():
    said = [Implicit(lambda rows, key: rows[:, :4] + rows[:, 4:], each, 4) for each in INFORMATION]
    shown = jnp.asarray(SHOWN)
    draws = jnp.stack([EXPERTS.product(said, shown).sample(jax.random.key(seed)) for seed in range(400)])
    exact = EXPERTS.product([Deterministic(each) for each in INFORMATION], shown).mean
    assert np.allclose(draws.mean(axis=0), exact, atol=0.2)
    assert (draws[:, :-1].std(axis=0) > 0.01).all()


def test_its_gradients_are_those_of_the_solution():
    shown = jnp.asarray(SHOWN)

    @jax.jit
    def total(couplings, information):
        product = Experts(jnp.asarray(couplings)).product(
            [Deterministic(jnp.asarray(each)) for each in information], shown
        )
        return (product.mean**2).sum()

    with jax.enable_x64(True):
        wide = [jnp.asarray(np.asarray(each), jnp.float64) for each in INFORMATION]
        check_grads(total, (jnp.asarray(np.asarray(EXPERTS.couplings), jnp.float64), wide), 1, ["rev"], rtol=1e-4)
