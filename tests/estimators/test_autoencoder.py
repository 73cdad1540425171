"""What the plain autoencoders do for a user."""

import numpy as np
import pytest

import latently
from latently import Autoencoder, ContractiveAutoencoder, DenoisingAutoencoder

RANDOM = np.random.default_rng(0)
TINY = {"hidden": (16,), "batch_size": 25, "likelihood": "gaussian", "random_state": 0}
PLANE = RANDOM.normal(size=(500, 2)) @ RANDOM.normal(size=(2, 6))
NAMES = ("Autoencoder", "DenoisingAutoencoder", "ContractiveAutoencoder")


def test_draws_have_the_mean_and_the_covariance_of_linear_data():
    """On data of a plane, a linear autoencoder's code is its PCA: a normal fitted to it is the data's own."""
    model = Autoencoder(2, **TINY | {"hidden": ()}, epochs=60, learning_rate=1e-2).fit(PLANE)
    draws = model.sample(5000, random_state=0)
    np.testing.assert_allclose(draws.mean(axis=0), PLANE.mean(axis=0), atol=0.3)
    np.testing.assert_allclose(np.cov(draws.T), np.cov(PLANE.T), atol=0.5)
    assert np.abs(model.reconstruct(PLANE) - PLANE).max() < 0.3


def test_a_denoising_autoencoder_fills_in_what_is_missing():
    """With two factors behind six columns, a lost column follows from the others."""
    model = DenoisingAutoencoder(2, **TINY, epochs=60, learning_rate=1e-2).fit(PLANE)
    noisy = model.corrupt(PLANE, random_state=1)
    lost = np.abs(noisy - PLANE) > 1e-4
    assert 0.25 < lost.mean() < 0.35
    cleaned = model.reconstruct(noisy)
    assert ((cleaned - PLANE)[lost] ** 2).mean() < 0.5 * ((noisy - PLANE)[lost] ** 2).mean()


def test_a_contraction_keeps_codes_from_moving():
    moved = []
    for contraction in (0.0, 0.1):
        model = ContractiveAutoencoder(2, **TINY, contraction=contraction, epochs=20, linear_path=False).fit(PLANE)
        slopes = np.asarray(model.game_.spread) * (model.transform(PLANE + 0.01) - model.transform(PLANE)) / 0.01
        moved.append((slopes**2).sum(axis=1).mean())
    assert moved[1] < 0.5 * moved[0]


@pytest.mark.parametrize("name", NAMES)
def test_the_fitted_normal_is_saved_with_the_model(name, tmp_path):
    model = getattr(latently, name)(2, **TINY, epochs=1).fit(PLANE)
    model.save(tmp_path)
    loaded = latently.load(tmp_path)
    assert (loaded.transform(PLANE) == model.transform(PLANE)).all()
    assert (loaded.sample(5, random_state=0) == model.sample(5, random_state=0)).all()
    assert loaded.prior_support() == model.prior_support() != (-3.0, 3.0)


@pytest.mark.parametrize("options", [{"prior": "star"}, {"prior_scale": 2.0}])
def test_a_prior_of_the_user_s_is_refused(options):
    with pytest.raises(ValueError, match=r"must be left at .*: a normal is fitted to the codes after training; got"):
        Autoencoder(2, **TINY, **options).fit(PLANE)


def test_no_likelihood_is_offered():
    model = Autoencoder(2, **TINY, epochs=1).fit(PLANE)
    assert model.abilities() == {"encode", "decode", "sample", "score"}
    assert not hasattr(model, "score_samples")
