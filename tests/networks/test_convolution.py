"""The fast forms of the convolutions are the plain convolution, in their values and in all their gradients."""

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax.test_util import check_grads
from jaxtyping import Array

from latently.networks import convolution
from latently.networks.convolution import convolve, upsample_convolve

Convolution = Callable[[Array, Array], Array]
SHAPES = [(2, 8, 8, 3, 4), (1, 7, 9, 2, 1), (3, 5, 4, 1, 2), (1, 1, 1, 2, 3), (2, 2, 1, 1, 1)]


def plain(x: Array, kernel: Array, stride: int = 1) -> Array:
    return jax.lax.conv_general_dilated(x, kernel, (stride, stride), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))


def plain_upsampled(x: Array, kernel: Array) -> Array:
    return plain(jnp.repeat(jnp.repeat(x, 2, axis=1), 2, axis=2), kernel)


PAIRS: dict[str, tuple[Convolution, Convolution]] = {
    "stride 1": (convolve, plain),
    "stride 1, summed taps": (
        lambda x, kernel: convolve(x, kernel[..., :1]),
        lambda x, kernel: plain(x, kernel[..., :1]),
    ),
    "stride 2": (lambda x, kernel: convolve(x, kernel, 2), lambda x, kernel: plain(x, kernel, 2)),
    "stride 3": (lambda x, kernel: convolve(x, kernel, 3), lambda x, kernel: plain(x, kernel, 3)),
    "upsampled": (upsample_convolve, plain_upsampled),
}
every_pair = pytest.mark.parametrize(("fast", "naive"), PAIRS.values(), ids=PAIRS)


def operands(batch: int, height: int, width: int, inputs: int, outputs: int) -> tuple[Array, Array]:
    numbers = np.random.default_rng(0)
    x, kernel = numbers.normal(size=(batch, height, width, inputs)), numbers.normal(size=(3, 3, inputs, outputs))
    return jnp.asarray(x), jnp.asarray(kernel)


@every_pair
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_values_and_both_gradients_are_those_of_the_plain_convolution(
    fast: Convolution, naive: Convolution, shape: tuple[int, ...]
) -> None:
    x, kernel = operands(*shape)

    def value_and_gradients(convolution: Convolution) -> tuple[Array, tuple[Array, Array]]:
        value, pull_back = jax.vjp(convolution, x, kernel)
        return value, pull_back(jnp.cos(jnp.arange(value.size, dtype=float)).reshape(value.shape))

    got, wanted = (jax.jit(partial(value_and_gradients, each))() for each in (fast, naive))
    jax.tree.map(partial(np.testing.assert_allclose, atol=1e-12), got, wanted)


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 3), st.integers(1, 3))
def test_upsampling_convolution_is_the_plain_one_at_any_size(
    height: int, width: int, inputs: int, outputs: int
) -> None:
    x, kernel = operands(2, height, width, inputs, outputs)
    np.testing.assert_allclose(jax.jit(upsample_convolve)(x, kernel), jax.jit(plain_upsampled)(x, kernel), atol=1e-12)


@every_pair
def test_gradients_agree_with_finite_differences(fast: Convolution, naive: Convolution) -> None:
    del naive
    check_grads(jax.jit(fast), operands(1, 5, 4, 2, 3), order=1, modes=["rev"], atol=1e-6, rtol=1e-6)


@every_pair
def test_gradients_of_gradients_are_those_of_the_plain_convolution(fast: Convolution, naive: Convolution) -> None:
    x, kernel = operands(2, 5, 6, 2, 3)

    def penalty(convolution: Convolution) -> Callable[[Array], Array]:
        def of(kernel: Array) -> Array:
            slope = jax.grad(lambda x: jnp.sum(jnp.tanh(convolution(x, kernel))))(x)
            return jnp.sum(slope**2)

        return of

    got, wanted = (jax.jit(jax.grad(penalty(each)))(kernel) for each in (fast, naive))
    np.testing.assert_allclose(got, wanted, atol=1e-10)


@every_pair
def test_mapping_over_an_axis_is_the_convolution_of_each(fast: Convolution, naive: Convolution) -> None:
    x, kernel = operands(3, 4, 5, 2, 2)
    one_by_one = jax.jit(jax.vmap(fast, (0, None)))(x[:, None], kernel)[:, 0]
    np.testing.assert_allclose(one_by_one, jax.jit(naive)(x, kernel), atol=1e-12)


@every_pair
def test_an_accelerator_gets_xlas_convolution_with_the_same_result(
    fast: Convolution, naive: Convolution, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(convolution, "_as_products", lambda: False)
    x, kernel = operands(2, 5, 4, 2, 3)
    assert "conv_general_dilated" in str(jax.make_jaxpr(fast)(x, kernel))
    np.testing.assert_allclose(fast(x, kernel), naive(x, kernel), atol=1e-12)


@every_pair
def test_a_cpu_gets_no_convolution_that_would_be_slow_in_a_loop(fast: Convolution, naive: Convolution) -> None:
    del naive
    x, kernel = operands(2, 5, 4, 2, 3)
    gradients = jax.grad(lambda x, kernel: fast(x, kernel).sum(), (0, 1))
    assert "conv_general_dilated" not in str(jax.make_jaxpr(gradients)(x, kernel))


@pytest.mark.parametrize("as_products", [True, False], ids=["products", "XLA"])
@pytest.mark.parametrize("shape", [(2, 5, 1, 2, 3), (1, 4, 1, 2, 1)], ids=str)
def test_series_are_convolved_like_images_of_one_column(
    shape: tuple[int, ...], as_products: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(convolution, "_as_products", lambda: as_products)
    x, kernel = operands(*shape)
    column = jnp.zeros_like(kernel).at[:, 1].set(kernel[:, 1])

    for fast, naive in (
        (convolve, plain),
        (partial(convolve, stride=2), lambda x, kernel: plain(x, kernel, 2)),
        (upsample_convolve, lambda x, kernel: plain(jnp.repeat(x, 2, axis=1), kernel)),
    ):

        def of_series(kernel: Array, fast: Convolution = fast) -> Array:
            return fast(x[:, :, 0], kernel[:, 1])

        def of_images(kernel: Array, naive: Convolution = naive) -> Array:
            return naive(x, kernel)[:, :, 0]

        np.testing.assert_allclose(jax.jit(of_series)(kernel), jax.jit(of_images)(column), atol=1e-12)
        slopes = (jax.jit(jax.grad(lambda k, of=of: (of(k) ** 2).sum()))(column)[:, 1] for of in (of_series, of_images))
        np.testing.assert_allclose(*slopes, atol=1e-12)
