"""Estimators give back rows in the layout and the units in which they came."""

import numpy as np
import pytest

import latently
from latently import ACCA, VAE
from latently.catalogue import MODELS
from latently.data import open_dataset
from small_models import as_if_fitted, as_if_loaded, small

GENERATOR = np.random.default_rng(0)
IMAGES = GENERATOR.integers(0, 256, (20, 3, 6, 8)).astype(np.uint8)
LABELS = np.arange(20) % 2
FAST = {"latent_dim": 2, "epochs": 1, "batch_size": 10, "random_state": 0}


ESTIMATORS = [model.load() for model in MODELS]
CONVOLVING = [
    estimator
    for estimator in ESTIMATORS
    if hasattr(estimator(), "channels")
    and not (estimator().takes_views or estimator is latently.StackedSemiSupervisedVAE)
]


@pytest.mark.sampled
@pytest.mark.parametrize("estimator", CONVOLVING, ids=lambda estimator: estimator.__name__)
def test_images_with_the_channels_first_come_back_so(estimator):
    options = {"network": "conv", "channels": (4, 8)} if hasattr(estimator(), "network") else {"channels": (4, 8)}
    model = as_if_fitted(small(estimator).set_params(**options, hidden=(8,)), IMAGES, LABELS)
    assert model.row_shape_ == (3, 6, 8)
    assert model.task_.shape == (6, 8, 3)
    assert model.sample(2, random_state=0).shape == (2, 3, 6, 8)
    if "reconstruct" in model.abilities():
        assert model.reconstruct(IMAGES).shape == IMAGES.shape
    assert any("channel_axis" in sentence for sentence in model.assumptions_)


def test_a_convolution_sees_the_same_image_in_both_layouts():
    options = {**FAST, "network": "conv", "channels": (4, 8), "hidden": (8,)}
    first = VAE(**options).fit(IMAGES)
    last = VAE(**options).fit(np.moveaxis(IMAGES, 1, -1))
    np.testing.assert_allclose(
        first.transform(IMAGES), last.transform(np.moveaxis(IMAGES, 1, -1)), rtol=1e-5, atol=1e-6
    )
    assert last.assumptions_ == ()


def test_a_user_says_that_the_channels_are_last(tmp_path):
    model = as_if_loaded(VAE(**FAST, network="conv", channels=(4,), hidden=(8,), channel_axis="last"), IMAGES)
    assert model.task_.shape == (3, 6, 8)
    assert model.assumptions_ == ()
    model.save(tmp_path)
    assert latently.load(tmp_path).channel_axis == "last"


def test_the_white_of_pixels_is_recorded_or_said_by_the_user(tmp_path):
    X = np.linspace(0, 255, 20 * 64).reshape(20, 8, 8)
    assert "white_level=255 takes them as 0 to 255" in as_if_fitted(VAE(**FAST, hidden=(8,)), X).assumptions_[0]
    told = as_if_fitted(VAE(**FAST, hidden=(8,), white_level=255), X)
    assert (told.assumptions_, told.task_.range) == ((), "unit")
    assert 100 < told.reconstruct(X).max() <= 255
    told.save(tmp_path)
    assert latently.load(tmp_path).white_level == 255
    counts = X[:, 0].astype(np.uint8) // 40
    assert as_if_fitted(VAE(**FAST, hidden=(8,), white_level=6), counts).task_.range == "unit"
    with pytest.raises(ValueError, match=r"^standardize must be left at auto where white_level is given"):
        VAE(**FAST, white_level=255, standardize="together").fit(X)
    with pytest.raises(ValueError, match=r"^white_level is for pixels, and a table with gaps"):
        VAE(**FAST, white_level=255).fit(np.array([[1.0, np.nan], [2.0, 3.0]]))


def test_what_was_assumed_is_kept_with_the_model(tmp_path):
    model = as_if_loaded(VAE(**FAST, hidden=(8,)), IMAGES)
    model.save(tmp_path)
    assert latently.load(tmp_path).assumptions_ == model.assumptions_
    assert model.assumptions_ == (
        'the first axis of rows (3, 6, 8) is the channels; channel_axis="last" takes the last',
    )


def test_standardising_is_not_for_a_likelihood_that_needs_shares():
    for options in ({"likelihood": "bernoulli"}, {"output": "tanh"}):
        with pytest.raises(ValueError, match=r"^standardize must be left at auto for (likelihood|output)="):
            VAE(**FAST, **options, standardize="channels").fit(IMAGES)


def test_each_channel_of_a_series_is_learned_whatever_its_scale(case):
    rows = np.load(case("arrays/series-three-scales.npy"))
    model = VAE(6, hidden=(128,), epochs=150, batch_size=50, learning_rate=2e-3, random_state=0).fit(rows)
    errors, spread = (model.reconstruct(rows) - rows) ** 2, (rows - rows.mean(axis=(0, 1))) ** 2
    assert (1 - errors.sum(axis=(0, 1)) / spread.sum(axis=(0, 1)) > 0.9).all()
    assert model.preprocessing_.reading == "series of 20 steps, 3 channels, each standardised"


def test_samples_of_counts_are_whole_and_not_negative(case):
    rows = np.load(case("arrays/counts.npy"))
    with pytest.warns(latently.DataAssumption, match="counts"):
        model = as_if_fitted(VAE(**FAST, hidden=(8,)), rows)
    samples = model.sample(50, random_state=0)
    assert samples.dtype == np.uint8


def test_halves_of_images_with_the_channels_first_are_completed(case):
    train = open_dataset(case("arrays/channels-first.npy"), views="halves").train
    model = as_if_fitted(ACCA(2, hidden=(8,), critic_hidden=(8,), random_state=0), train.rows)
    assert model.row_shape_ == {"left": (8, 4, 1), "right": (8, 4, 1)}
    assert model.complete({"left": train.views[0]})["right"].shape == (140, 8, 4, 1)


@pytest.mark.sampled
@pytest.mark.parametrize("views", ["halves", "top-bottom"])
@pytest.mark.parametrize("name", ["ACCA", "VCCA"])
def test_views_of_odd_sizes_convolve(name, views, case):
    rows = open_dataset(case("folders/odd-size"), views=views, test=0, validation=0).train.rows
    options = {"critic_hidden": (8,)} if name == "ACCA" else {}
    model = getattr(latently, name)(**FAST, **options, network="conv", channels=(4, 8), hidden=(8,)).fit(rows)
    assert {view: each.shape for view, each in model.reconstruct(rows).items()} == {
        view: rows.view(view).shape for view in rows.names
    }


@pytest.mark.sampled
@pytest.mark.parametrize("estimator", CONVOLVING, ids=lambda estimator: estimator.__name__)
def test_images_of_odd_sizes_convolve(estimator, case):
    rows = open_dataset(case("folders/odd-size"), test=0, validation=0).train.x
    options = {"network": "conv"} if hasattr(estimator(), "network") else {}
    model = small(estimator).set_params(**options, channels=(4, 8), hidden=(8,))
    assert as_if_fitted(model, rows, np.arange(8) % 2).sample(2, random_state=0).shape == (2, 33, 47, 3)
