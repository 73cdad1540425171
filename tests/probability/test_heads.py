"""Heads split what a network puts out and name the way out when they cannot."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from latently.probability import (
    BernoulliHead,
    CategoricalHead,
    DeterministicHead,
    GaussianHead,
    Head,
    LaplaceHead,
    Normal,
)

OUTPUTS = np.random.default_rng(0).normal(size=(5, 4, 4, 12))

HEADS: dict[str, tuple[Head, int]] = {
    "Bernoulli": (BernoulliHead(), 1),
    "Gaussian, fixed": (GaussianHead(scale="fixed", value=0.1), 1),
    "Gaussian, learned": (GaussianHead(scale="learned"), 1),
    "Gaussian, exp": (GaussianHead(scale="exp"), 2),
    "Gaussian, softplus": (GaussianHead(scale="softplus"), 2),
    "Laplace, fixed": (LaplaceHead(), 1),
    "Laplace, learned": (LaplaceHead(scale="learned"), 1),
    "Categorical": (CategoricalHead(4), 4),
    "Deterministic": (DeterministicHead(), 1),
}


@pytest.mark.parametrize("name", list(HEADS))
def test_a_head_needs_the_parameters_it_says(name: str) -> None:
    head, parameters = HEADS[name]
    assert head.parameters == parameters
    mean = head(jnp.asarray(OUTPUTS)).mean
    assert mean.shape[:4] == (5, 4, 4, 12 // parameters)


@pytest.mark.parametrize(("activation", "function"), [("identity", np.asarray), ("tanh", np.tanh)])
def test_the_activation_is_applied_to_the_mean_alone(activation: str, function: np.ufunc) -> None:
    q = GaussianHead(activation=activation, scale="exp")(jnp.asarray(OUTPUTS))
    np.testing.assert_allclose(q.mean, function(OUTPUTS[..., :6]))
    np.testing.assert_allclose(q.scale**2, np.exp(OUTPUTS[..., 6:]))


def test_a_softplus_scale_is_never_zero() -> None:
    q = GaussianHead(scale="softplus")(jnp.full((1, 2), -1e4))
    np.testing.assert_allclose(q.scale, 1e-6)


@pytest.mark.parametrize("head", [GaussianHead, LaplaceHead])
def test_a_learned_scale_is_one_trainable_number_that_starts_at_value(head: type[GaussianHead | LaplaceHead]) -> None:
    learned = head(scale="learned", value=0.3)
    (leaf,) = jax.tree.leaves(eqx.filter(learned, eqx.is_inexact_array))
    assert leaf.shape == ()
    assert float(learned(jnp.zeros((1, 2))).scale) == pytest.approx(0.3)
    assert not jax.tree.leaves(eqx.filter(head(scale="fixed", value=0.3), eqx.is_array))


def test_a_learned_scale_is_pulled_toward_the_spread_of_the_data() -> None:
    head, x = GaussianHead(scale="learned", value=1.0), jnp.full((4, 3), 0.1)
    gradient = eqx.filter_grad(lambda h: -h(jnp.zeros((4, 3))).log_prob(x).mean())(head)
    assert float(gradient.log_scale) == pytest.approx(3 * (1 - 0.1**2))  # 1 - (x / scale)² in each of 3 dimensions


def test_a_label_head_has_one_category_a_row() -> None:
    p = CategoricalHead(12, per_row=True)(jnp.asarray(OUTPUTS[:, 0, 0]))
    assert p.log_prob(jnp.zeros(5, int)).shape == (5,)
    assert p.mean.shape == (5, 12)


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (GaussianHead(scale="exp"), "must be even"),
        (CategoricalHead(4), "must be a multiple of classes=4"),
        (CategoricalHead(4, per_row=True), "must be classes=4"),
    ],
)
def test_outputs_that_cannot_be_split_are_refused_with_the_way_out(head: Head, message: str) -> None:
    with pytest.raises(ValueError, match=message + r".*got shape \(2, 7\).*head.parameters"):
        head(jnp.zeros((2, 7)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"activation": "relu"}, "activation must be one of .*'tanh'; got activation='relu'"),
        ({"scale": "log"}, "scale must be one of .*'learned'.*; got scale='log'"),
        ({"value": 0.0}, "value must be positive; got value=0.0"),
    ],
)
@pytest.mark.parametrize("head", [GaussianHead, LaplaceHead])
def test_a_wrong_argument_is_named_with_its_rule(head: type[Head], arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        head(**arguments)


def test_a_single_class_is_refused() -> None:
    with pytest.raises(ValueError, match="classes must be at least 1; got classes=0"):
        CategoricalHead(0)


@pytest.mark.parametrize("log_variance", [-1e4, -90.0, 90.0, 1e4])
def test_a_scale_that_runs_away_stays_finite_in_the_divergence_and_its_gradient(log_variance):
    """A wide table that a network learns by heart drives the variance of a posterior towards 0 in float32."""

    def divergence(raw):
        return GaussianHead(scale="exp")(jnp.array([[0.5, raw]], jnp.float32)).kl(Normal(1)).sum()

    value, gradient = jax.value_and_grad(divergence)(jnp.float32(log_variance))
    assert jnp.isfinite(value)
    assert jnp.isfinite(gradient)
