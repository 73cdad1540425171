"""Corruptions change what they say, as often as they say."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from latently.errors import ArgumentError
from latently.probability import GaussianNoise, MaskingNoise, SaltAndPepperNoise, make_corruption

KEY = jax.random.key(0)
ROWS = np.random.default_rng(0).uniform(0.2, 0.8, size=(400, 10, 10))


def test_gaussian_noise_has_the_scale_asked_for() -> None:
    noise = GaussianNoise(0.3)(jnp.asarray(ROWS), KEY) - ROWS
    assert float(noise.mean()) == pytest.approx(0, abs=0.01)
    assert float(noise.std()) == pytest.approx(0.3, abs=0.01)


def test_masking_noise_zeroes_the_share_asked_for_and_keeps_the_rest() -> None:
    noisy = np.asarray(MaskingNoise(0.25)(jnp.asarray(ROWS), KEY))
    assert np.mean(noisy == 0) == pytest.approx(0.25, abs=0.01)
    np.testing.assert_array_equal(noisy[noisy != 0], ROWS[noisy != 0])


def test_salt_and_pepper_noise_replaces_half_by_low_and_half_by_high() -> None:
    noisy = np.asarray(SaltAndPepperNoise(0.2, low=-1.0, high=2.0)(jnp.asarray(ROWS), KEY))
    assert np.mean(noisy == -1) == pytest.approx(0.1, abs=0.01)
    assert np.mean(noisy == 2) == pytest.approx(0.1, abs=0.01)
    kept = (noisy != -1) & (noisy != 2)
    np.testing.assert_array_equal(noisy[kept], ROWS[kept])


@pytest.mark.parametrize("text", ["gaussian:0.3", "masking:0.25", "salt-and-pepper:0.1"])
def test_a_corruption_is_a_function_of_its_key_and_keeps_single_precision(text: str) -> None:
    corruption, x = make_corruption(text), jnp.asarray(ROWS, jnp.float32)
    assert corruption is not None
    assert corruption(x, KEY).dtype == jnp.float32
    np.testing.assert_array_equal(corruption(x, KEY), corruption(x, KEY))
    assert not jnp.array_equal(corruption(x, KEY), corruption(x, jax.random.key(1)))


def test_descriptions_name_corruptions() -> None:
    assert make_corruption("gaussian:0.3") == GaussianNoise(0.3)
    assert make_corruption("masking:0.25") == MaskingNoise(0.25)
    assert make_corruption("salt-and-pepper:0.1") == SaltAndPepperNoise(0.1)
    assert make_corruption(None) is None


@pytest.mark.parametrize("text", ["", "gaussian", "gaussian:", "gaussian:-1", "masking:1.5", "salt:0.1", "masking:nan"])
def test_other_descriptions_are_refused_with_the_forms_that_exist(text: str) -> None:
    with pytest.raises(ArgumentError, match=r'corruption must be "gaussian:SCALE".*got '):
        make_corruption(text)
