"""Convolutional networks take and give images of any size, and are calibrated like any other."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jaxtyping import Array

from latently.networks import Conv, UpsampleConv, conv_decoder, conv_encoder

KEY = jax.random.key(0)
applied = eqx.filter_jit(lambda network, x, key=None: network(x, key))
calibrated_on = eqx.filter_jit(lambda network, x: network.calibrated(x))


def images(*shape: int) -> Array:
    return jnp.asarray(np.random.default_rng(0).normal(size=shape))


@settings(max_examples=20, deadline=None)
@given(
    st.tuples(st.integers(1, 40), st.integers(1, 40), st.integers(1, 3)),
    st.lists(st.integers(1, 4), min_size=1, max_size=3),
    st.none() | st.integers(1, 5),
    st.integers(1, 2),
)
@example((1, 1, 1), [2, 3], None, 1)
@example((8, 8, 1), [3, 2], 4, 1)
@example((28, 28, 1), [2, 4], None, 1)
@example((33, 47, 3), [2, 3, 4], 5, 2)
def test_any_image_is_encoded_to_a_vector_and_decoded_to_its_own_size(
    shape: tuple[int, int, int], channels: list[int], dense: int | None, parameters: int
) -> None:
    def encode_and_decode(x: Array) -> tuple[Array, Array]:
        code = conv_encoder(shape, channels, dense, 6, KEY)(x)
        return code, conv_decoder(6, dense, channels[::-1], shape, parameters * shape[2], KEY)(code)

    code, decoded = jax.eval_shape(encode_and_decode, jax.ShapeDtypeStruct((2, *shape), jnp.float64))
    assert code.shape == (2, 6)
    assert decoded.shape == (2, *shape[:2], parameters * shape[2])


def test_a_decoder_of_series_may_have_channels_at_the_full_size() -> None:
    decoded = jax.eval_shape(lambda z: conv_decoder(3, None, (4, 2), (9, 2), 2, KEY, last=5)(z), images(2, 3))
    assert decoded.shape == (2, 9, 2)


def test_decoder_passes_through_the_sizes_of_the_encoder() -> None:
    decoder = conv_decoder(2, None, (4, 3, 2), (33, 47, 3), 3, KEY)
    sizes = [layer.size for layer in decoder.layers if isinstance(layer, UpsampleConv)]
    assert sizes == [(9, 12), (17, 24), (33, 47)]


def test_batch_norm_calibrated_on_rows_makes_inference_what_training_on_them_was() -> None:
    x = images(16, 9, 7, 2)
    encoder = conv_encoder((9, 7, 2), (3, 4), 5, 2, KEY, normalize="batch")
    calibrated, output = calibrated_on(encoder, x)
    trained = applied(encoder, x)
    np.testing.assert_allclose(output, trained, atol=1e-12)
    np.testing.assert_allclose(applied(calibrated, x), trained, atol=1e-12)
    np.testing.assert_allclose(applied(calibrated, x[:3]), trained[:3], atol=1e-12)


def test_a_decoder_with_calibrated_batch_norm_gives_each_row_what_it_gives_it_alone() -> None:
    z = images(12, 4)
    decoder, _ = calibrated_on(conv_decoder(4, 6, (3, 2), (9, 7, 2), 2, KEY, normalize="batch"), z)
    np.testing.assert_allclose(applied(decoder, z[:1]), applied(decoder, z)[:1], atol=1e-12)


@pytest.mark.parametrize("option", [{"dropout": 0.3}, {"input_noise": 0.3}], ids=str)
def test_dropout_and_input_noise_act_with_a_key_alone(option: dict[str, Any]) -> None:
    x = images(4, 6, 6, 1)
    encoder, plain = (conv_encoder((6, 6, 1), (3,), 4, 2, KEY, **options) for options in (option, {}))
    np.testing.assert_array_equal(applied(encoder, x), applied(encoder, x))
    assert not np.allclose(applied(encoder, x, KEY), applied(encoder, x))
    np.testing.assert_array_equal(applied(encoder, x, KEY), applied(encoder, x, KEY))
    np.testing.assert_allclose(applied(encoder, x), applied(plain, x), atol=1e-12)


def test_spectral_norm_makes_a_convolution_independent_of_its_kernels_scale() -> None:
    layer = Conv(3, 4, KEY, stride=2, spectral_norm=True)
    larger = Conv(3, 4, KEY, stride=2, spectral_norm=True)
    object.__setattr__(larger, "kernel", 7 * layer.kernel)
    x = images(2, 6, 6, 3)
    np.testing.assert_allclose(applied(layer, x), applied(larger, x), atol=1e-6)


def test_every_array_of_a_network_gets_a_gradient() -> None:
    network = conv_decoder(3, 4, (3, 2), (6, 5, 1), 1, KEY, normalize="layer", activation="tanh")
    gradients = eqx.filter_jit(jax.grad(lambda network: jnp.sum(jnp.sin(network(images(4, 3))))))(network)
    assert all(np.abs(leaf).max() > 0 for leaf in jax.tree.leaves(gradients))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"shape": (0, 8, 1)}, r"shape must be \(height, width, channels\), each 1 or more; got \(0, 8, 1\)"),
        ({"channels": ()}, r"channels must name one or more convolutions, each of 1 channel or more; got \(\)"),
        ({"channels": (4, 0)}, r"channels must .*; got \(4, 0\)"),
        ({"dense": 0}, "dense must be 1 or more; got 0. Use dense=None"),
        ({"outputs": 0}, "outputs must be 1 or more; got 0"),
        ({"activation": "sine"}, "activation must be one of .*relu.*; got 'sine'"),
        ({"activation": ("relu",)}, "activation names 1 layers but there are 3"),
        ({"normalize": "group"}, "normalization must be one of batch, layer or None; got 'group'"),
    ],
)
def test_what_a_network_cannot_be_made_of_is_refused_in_words(changes: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {"shape": (8, 8, 1), "channels": (4, 3), "dense": 5, "outputs": 2, "key": KEY} | changes
    with pytest.raises(ValueError, match=message):
        conv_encoder(**arguments)
    with pytest.raises(ValueError, match=message):
        conv_decoder(inputs=3, **arguments)


def test_outputs_that_do_not_fit_the_channels_are_refused() -> None:
    with pytest.raises(ValueError, match=r"outputs must be a multiple of the 3 channels of shape=.*; got 4"):
        conv_decoder(2, None, (4,), (8, 8, 3), 4, KEY)
