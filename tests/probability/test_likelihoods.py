"""Likelihoods normalise, agree with SciPy, sample what they say, and have the right gradients."""

import itertools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats
from jax.test_util import check_grads
from jaxtyping import Array

from latently.probability import Bernoulli, Categorical, Distribution, Gaussian, Laplace

KEY = jax.random.key(0)
NUMBERS = np.random.default_rng(0).normal(size=120)
MEAN = np.array([[0.3, -1.2], [2.0, 0.5], [-0.7, 0.0]])
SCALE = np.array([[0.5, 1.5], [0.1, 2.0], [1.0, 0.8]])


def numbers(*shape: int) -> Array:
    return jnp.asarray(NUMBERS[: np.prod(shape)].reshape(shape))


def distributions() -> dict[str, Distribution]:
    """One of each, three rows of two-dimensional events."""
    return {
        "Bernoulli": Bernoulli(jnp.asarray(MEAN)),
        "Gaussian": Gaussian(jnp.asarray(MEAN), jnp.asarray(SCALE)),
        "Gaussian, one scale": Gaussian(jnp.asarray(MEAN), 0.5),
        "Gaussian, a scale per dimension": Gaussian(jnp.asarray(MEAN), jnp.array([0.5, 2.0])),
        "Laplace": Laplace(jnp.asarray(MEAN), jnp.asarray(SCALE)),
        "Laplace, one scale": Laplace(jnp.asarray(MEAN), 0.5),
        "Categorical": Categorical(jnp.asarray(np.stack([MEAN, SCALE, MEAN * SCALE], axis=-1))),
    }


every_distribution = pytest.mark.parametrize("name", list(distributions()))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(Gaussian, scipy.stats.norm), (Laplace, scipy.stats.laplace)],
)
def test_density_agrees_with_scipy_summed_over_the_event(
    ours: Callable[..., Distribution], theirs: scipy.stats.rv_continuous
) -> None:
    x = numbers(3, 2)
    expected = theirs.logpdf(np.asarray(x), MEAN, SCALE).sum(axis=1)
    np.testing.assert_allclose(ours(jnp.asarray(MEAN), jnp.asarray(SCALE)).log_prob(x), expected, rtol=1e-12)


@pytest.mark.parametrize("distribution", [Gaussian, Laplace])
def test_density_integrates_to_one(distribution: Callable[..., Distribution]) -> None:
    x = jnp.linspace(-30.0, 30.0, 40_001)[:, None]
    density = jnp.exp(distribution(jnp.full_like(x, 0.3), 0.7).log_prob(x))
    assert float(density.sum() * (x[1, 0] - x[0, 0])) == pytest.approx(1, abs=1e-5)


def test_bernoulli_probabilities_of_all_outcomes_sum_to_one() -> None:
    outcomes = jnp.array(list(itertools.product([0.0, 1.0], repeat=3)))
    logits = jnp.broadcast_to(jnp.array([0.5, -2.0, 7.0]), outcomes.shape)
    assert float(jnp.exp(Bernoulli(logits).log_prob(outcomes)).sum()) == pytest.approx(1, abs=1e-12)


def test_categorical_probabilities_of_all_outcomes_sum_to_one() -> None:
    outcomes = jnp.array(list(itertools.product(range(4), repeat=2)))
    logits = jnp.broadcast_to(numbers(2, 4), (16, 2, 4))
    assert float(jnp.exp(Categorical(logits).log_prob(outcomes)).sum()) == pytest.approx(1, abs=1e-12)


def test_bernoulli_takes_soft_targets_as_a_cross_entropy() -> None:
    logits, targets = jnp.asarray(MEAN), jax.nn.sigmoid(numbers(3, 2))
    p = jax.nn.sigmoid(logits)
    expected = (targets * jnp.log(p) + (1 - targets) * jnp.log(1 - p)).sum(axis=1)
    np.testing.assert_allclose(Bernoulli(logits).log_prob(targets), expected, rtol=1e-12)


def test_bernoulli_is_exact_at_extreme_logits() -> None:
    logits, x = jnp.array([[1000.0], [-1000.0], [1000.0], [0.0]]), jnp.array([[1.0], [0.0], [0.0], [1.0]])
    np.testing.assert_allclose(Bernoulli(logits).log_prob(x), [0, 0, -1000, -np.log(2)])
    slopes = jax.grad(lambda logits: Bernoulli(logits).log_prob(x).sum())(logits)
    np.testing.assert_allclose(slopes.ravel(), [0, 0, -1, 0.5])


@every_distribution
def test_gradients_in_the_parameters_agree_with_finite_differences(name: str) -> None:
    distribution = distributions()[name]
    x = jax.nn.softmax(numbers(*distribution.mean.shape))
    leaves, structure = jax.tree.flatten(distribution)
    log_prob = jax.jit(lambda *leaves: jax.tree.unflatten(structure, leaves).log_prob(x))
    check_grads(log_prob, leaves, order=2 if name == "Bernoulli" else 1, modes=["rev"], atol=1e-5, rtol=1e-5)


@every_distribution
def test_the_mean_of_many_samples_is_the_mean(name: str) -> None:
    distribution = distributions()[name]
    samples = np.asarray(jax.jit(jax.vmap(distribution.sample))(jax.random.split(KEY, 20_000)))
    error = np.abs(samples.mean(axis=0) - distribution.mean)
    assert np.all(error <= 4.5 * samples.std(axis=0) / np.sqrt(20_000))


@pytest.mark.parametrize(("ours", "theirs"), [(Gaussian, "norm"), (Laplace, "laplace")])
def test_samples_follow_the_density(ours: Callable[..., Distribution], theirs: str) -> None:
    samples = ours(jnp.full((5000, 1), 0.3), 0.7).sample(KEY).ravel()
    assert scipy.stats.kstest(np.asarray(samples), theirs, args=(0.3, 0.7)).pvalue > 1e-3


def test_samples_of_a_continuous_distribution_carry_gradients_to_its_parameters() -> None:
    for distribution in (Gaussian, Laplace):
        slope = jax.grad(lambda mean, d=distribution: d(mean, 2.0).sample(KEY).sum())(jnp.asarray(MEAN))
        np.testing.assert_allclose(slope, 1)
        noise = distribution(jnp.zeros((3, 2)), 1.0).sample(KEY)
        slope = jax.grad(lambda scale, d=distribution: d(jnp.asarray(MEAN), scale).sample(KEY).sum())(
            jnp.asarray(SCALE)
        )
        np.testing.assert_allclose(slope, noise)


@every_distribution
def test_repeat_repeats_each_row_in_place(name: str) -> None:
    distribution = distributions()[name]
    repeated = distribution.repeat(4)
    np.testing.assert_array_equal(repeated.mean, np.repeat(distribution.mean, 4, axis=0))
    x = distribution.sample(KEY)
    expected = np.repeat(distribution.log_prob(x), 4)
    np.testing.assert_allclose(repeated.log_prob(jnp.repeat(x, 4, axis=0)), expected)


def test_repeat_tells_a_scale_per_dimension_from_a_scale_per_row() -> None:
    square = Gaussian(jnp.zeros((2, 2)), jnp.array([1.0, 2.0])).repeat(3)
    np.testing.assert_array_equal(jnp.broadcast_to(square.scale, (6, 2))[:, 1], 2)


def test_events_of_any_shape_are_summed_whole() -> None:
    mean = numbers(3, 4, 5, 2)
    flat = Gaussian(mean.reshape(3, -1), 0.5).log_prob(jnp.zeros((3, 40)))
    np.testing.assert_allclose(Gaussian(mean, 0.5).log_prob(jnp.zeros_like(mean)), flat)


def test_a_mean_and_a_scale_per_row_without_event_axes() -> None:
    np.testing.assert_allclose(Gaussian(jnp.zeros(3), 1.0).log_prob(jnp.zeros(3)), -0.5 * np.log(2 * np.pi))


def test_categorical_reads_integers_and_one_hot_rows_alike() -> None:
    p = Categorical(numbers(3, 2, 4))
    x = jnp.array([[0, 3], [2, 2], [1, 0]])
    np.testing.assert_allclose(p.log_prob(x), p.log_prob(jax.nn.one_hot(x, 4)))


def test_an_unknown_category_adds_nothing() -> None:
    p = Categorical(numbers(2, 4))
    assert p.log_prob(jnp.array([-1, 2]))[0] == 0


def test_categorical_entropy_is_the_expected_surprise() -> None:
    p = Categorical(numbers(2, 5))
    surprise = jnp.stack([-p.log_prob(jnp.full(2, k)) for k in range(5)], axis=1)
    np.testing.assert_allclose(p.entropy, (p.mean * surprise).sum(axis=1))


@every_distribution
def test_single_precision_stays_single(name: str) -> None:
    distribution = jax.tree.map(lambda leaf: leaf.astype(jnp.float32), distributions()[name])
    x = distribution.sample(KEY)
    assert {x.dtype, distribution.mean.dtype, distribution.log_prob(x).dtype} == {jnp.dtype("float32")}


def test_an_x_that_would_only_fit_by_broadcasting_is_refused() -> None:
    with pytest.raises(ValueError, match=r"x must have the shape of the Gaussian's rows, \(3, 1\); got \(3, 2\)"):
        Gaussian(jnp.zeros((3, 1))).log_prob(jnp.zeros((3, 2)))


def test_a_scale_that_does_not_fit_the_mean_is_refused() -> None:
    with pytest.raises(ValueError, match=r"scale must broadcast to the shape of mean, \(1, 2\)"):
        Gaussian(jnp.zeros((1, 2)), jnp.ones((3, 2)))
