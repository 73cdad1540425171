"""The layers do what their papers say, in training and in inference."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array

from latently.networks import ACTIVATIONS, Activate, BatchNorm, Chain, Dropout, Layer, LayerNorm, Linear, Shift
from latently.networks.layers import spectral_norm
from latently.networks.regularization import InputNoise

KEY = jax.random.key(0)
SHAPES = pytest.mark.parametrize("shape", [(40, 3), (10, 4, 5, 3)], ids=str)


def rows(*shape: int) -> Array:
    return jnp.asarray(np.random.default_rng(0).normal(2.0, 3.0, size=shape))


def with_gain_and_shift(layer: Layer) -> Layer:
    for name, value in {"gain": [1.0, -2.0, 0.5], "shift": [0.0, 1.0, 3.0]}.items():
        object.__setattr__(layer, name, jnp.asarray(value))
    return layer


def statistics(layer: Layer) -> tuple[Array, Array]:
    assert isinstance(layer, BatchNorm)
    assert layer.mean is not None
    assert layer.variance is not None
    return layer.mean, layer.variance


@SHAPES
def test_batch_norm_is_the_closed_form_over_all_axes_but_the_last(shape: tuple[int, ...]) -> None:
    x = rows(*shape)
    axes = tuple(range(len(shape) - 1))
    normal = (x - np.mean(x, axes)) / np.sqrt(np.var(x, axes) + 1e-5)
    expected = normal * np.array([1.0, -2.0, 0.5]) + np.array([0.0, 1.0, 3.0])
    np.testing.assert_allclose(with_gain_and_shift(BatchNorm(3))(x), expected, atol=1e-12)


@SHAPES
def test_calibrated_batch_norm_holds_the_statistics_of_the_rows_and_forgets_the_batch(shape: tuple[int, ...]) -> None:
    x, others = rows(*shape), 5 + rows(*shape)[:4]
    layer, output = BatchNorm(3).calibrated(x)
    axes = tuple(range(len(shape) - 1))
    np.testing.assert_allclose(statistics(layer), (np.mean(x, axes), np.var(x, axes)), atol=1e-12)
    np.testing.assert_allclose(output, BatchNorm(3)(x), atol=1e-12)
    np.testing.assert_allclose(layer(others)[:1], layer(others[:1]), atol=1e-12)
    assert not np.allclose(BatchNorm(3)(others)[:2], BatchNorm(3)(others[:2]))


def test_batch_norm_can_be_calibrated_again() -> None:
    layer, _ = BatchNorm(3).calibrated(rows(40, 3))
    again, _ = layer.calibrated(7 + rows(40, 3))
    expected = np.mean(7 + rows(40, 3), 0), np.var(rows(40, 3), 0)
    np.testing.assert_allclose(statistics(again), expected, atol=1e-12)


@SHAPES
def test_layer_norm_is_the_closed_form_over_all_axes_but_the_first(shape: tuple[int, ...]) -> None:
    x = rows(*shape)
    axes = tuple(range(1, len(shape)))
    mean, variance = np.mean(x, axes, keepdims=True), np.var(x, axes, keepdims=True)
    expected = (x - mean) / np.sqrt(variance + 1e-5) * np.array([1.0, -2.0, 0.5]) + np.array([0.0, 1.0, 3.0])
    np.testing.assert_allclose(with_gain_and_shift(LayerNorm(3))(x), expected, atol=1e-12)


@pytest.mark.parametrize("rate", [1e-6, 0.003, 0.1, 0.2, 0.25, 0.5, 0.9, 0.999])
def test_dropout_drops_its_share_and_keeps_the_expectation(rate: float) -> None:
    output = np.asarray(Dropout(rate)(jnp.ones((1000, 400)), KEY))
    deviation = np.sqrt(rate * (1 - rate) / output.size)
    share = (output == 0).mean()
    assert share == pytest.approx(rate, abs=4 * deviation + 0.02 * min(rate, 1 - rate))
    assert output.mean() == pytest.approx(1, abs=5 * deviation / (1 - rate) + 1e-6)
    assert len(np.unique(output[output > 0])) == 1


def test_dropout_draws_each_element_anew_for_each_key() -> None:
    x = jnp.ones((200, 301))
    dropped = np.asarray(Dropout(0.5)(x, KEY)) == 0
    others = np.asarray(Dropout(0.5)(x, jax.random.key(1))) == 0
    assert (dropped == others).mean() == pytest.approx(0.5, abs=0.02)
    for shift in (1, 2, 4):
        assert (dropped[:, shift:] == dropped[:, :-shift]).mean() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("layer", [Dropout(0.5), InputNoise(0.5), Dropout(0.0), InputNoise(0.0)], ids=repr)
def test_without_a_key_nothing_is_dropped_and_no_noise_is_added(layer: Layer) -> None:
    np.testing.assert_array_equal(layer(rows(5, 3)), rows(5, 3))


def test_input_noise_has_its_scale_and_no_mean() -> None:
    noise = np.asarray(InputNoise(0.3)(rows(500, 300), KEY) - rows(500, 300))
    assert noise.std() == pytest.approx(0.3, rel=0.01)
    assert noise.mean() == pytest.approx(0, abs=5 * 0.3 / np.sqrt(noise.size))


@pytest.mark.parametrize("shape", [(30, 7), (7, 30), (12, 12)], ids=str)
def test_spectral_norm_is_the_largest_singular_value(shape: tuple[int, int]) -> None:
    left, values, right = np.linalg.svd(rows(*shape) - 2.0, full_matrices=False)
    values = 3.0 * 0.7 ** np.arange(len(values))
    weight = jnp.asarray(left @ np.diag(values) @ right)
    norm, gradient = jax.value_and_grad(spectral_norm)(weight)
    assert float(norm) == pytest.approx(3.0, rel=1e-3)
    np.testing.assert_allclose(gradient, np.outer(left[:, 0], right[0]), atol=0.02)


def test_spectral_norm_of_random_weights_is_near_the_largest_singular_value() -> None:
    weight = np.random.default_rng(1).normal(size=(60, 40))
    largest = np.linalg.svd(weight, compute_uv=False)[0]
    assert largest * 0.93 <= float(spectral_norm(jnp.asarray(weight))) <= largest * (1 + 1e-9)


def test_a_linear_layer_with_spectral_norm_is_independent_of_its_weights_scale() -> None:
    layer, larger = Linear(5, 3, KEY, spectral_norm=True), Linear(5, 3, KEY, spectral_norm=True)
    object.__setattr__(larger, "weight", 7 * layer.weight)
    np.testing.assert_allclose(layer(rows(4, 5)), larger(rows(4, 5)), rtol=1e-6)
    np.testing.assert_allclose(layer(rows(4, 5)), rows(4, 5) @ layer.weight / spectral_norm(layer.weight), rtol=1e-12)


def test_activations_are_what_their_names_say() -> None:
    x = jnp.linspace(-3.0, 3.0, 7)
    np.testing.assert_allclose(ACTIVATIONS["leaky_relu"](x), np.where(x > 0, x, 0.2 * x))
    np.testing.assert_allclose(Activate("relu")(x), np.maximum(x, 0))
    np.testing.assert_allclose(ACTIVATIONS["softplus"](x), np.log1p(np.exp(x)), rtol=1e-6)
    np.testing.assert_array_equal(ACTIVATIONS["identity"](x), x)


def test_each_layer_of_a_chain_gets_a_key_of_its_own() -> None:
    twice = np.asarray(Chain((Dropout(0.5), Dropout(0.5)))(jnp.ones((300, 300)), KEY))
    assert (twice > 0).mean() == pytest.approx(0.25, abs=0.01)


def test_a_chain_calibrates_every_layer_on_what_reaches_it() -> None:
    x = rows(50, 3)
    chain = Chain((BatchNorm(3), Linear(3, 2, KEY), Activate("relu"), BatchNorm(2)))
    calibrated, output = chain.calibrated(x)
    np.testing.assert_allclose(output, chain(x), atol=1e-12)
    reaching = chain.layers[2](chain.layers[1](chain.layers[0](x)))
    expected = np.mean(reaching, 0), np.var(reaching, 0)
    np.testing.assert_allclose(statistics(calibrated.layers[-1]), expected, atol=1e-12)


def test_every_image_moves_by_a_step_of_its_own_within_reach_and_its_border_is_drawn_on() -> None:
    x = jnp.asarray(np.random.default_rng(0).normal(size=(60, 6, 5, 2)))
    moved = np.asarray(Shift(1)(x, KEY))
    steps = []
    for image, result in zip(np.asarray(x), moved, strict=True):
        padded = np.pad(image, ((1, 1), (1, 1), (0, 0)), mode="edge")
        places = [(i, j) for i in range(3) for j in range(3) if (padded[i : i + 6, j : j + 5] == result).all()]
        assert len(places) == 1
        steps += places
    assert len(set(steps)) == 9
    assert max(steps.count(step) for step in steps) < 20


def test_inference_moves_no_image() -> None:
    x = jnp.ones((2, 4, 4, 1)).at[0, 0].set(3)
    assert (Shift(2)(x) == x).all()
    assert (Shift(0)(x, KEY) == x).all()
