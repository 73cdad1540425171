"""The estimator that draws and does not encode: what it can be asked, and what it says of the rest."""

import jax.numpy as jnp
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import latently
from latently import ACGAN
from latently.evaluation import evaluate
from latently.networks import BatchNorm
from small_models import as_if_fitted
from toy_games import same_bits

RANDOM = np.random.default_rng(0)
PIXELS = RANDOM.integers(0, 256, (60, 9, 6), dtype=np.uint8)
WORDS = np.array(["ant", "bee", "cow"])[np.arange(60) % 3]
CONV = {"network": "conv", "hidden": (8,), "channels": (4, 3, 2), "critic_channels": (2, 3)}
SMALL = {"latent_dim": 5, "epochs": 1, "batch_size": 20, "random_state": 0, **CONV}


@pytest.fixture(scope="module")
def model():
    return as_if_fitted(ACGAN(**SMALL, averaging=0.9, normalization="batch", output="tanh"), PIXELS, WORDS)


def test_it_samples_the_classes_asked_for_in_the_shape_and_type_of_the_data(model):
    drawn = model.sample(4, labels=["cow", "ant", "ant", "bee"], random_state=1)
    assert (drawn.shape, drawn.dtype) == ((4, 9, 6), np.uint8)
    same = model.sample(4, labels="cow", random_state=1)
    assert (drawn[0] == same[0]).all()
    assert (drawn[1:] != same[1:]).any()
    assert model.sample(7, random_state=1).shape == (7, 9, 6)
    with pytest.raises(ValueError, match="labels must be among the classes ant, bee, cow; got 'dog'"):
        model.sample(2, labels="dog")


def test_a_sample_is_its_noise_decoded_under_its_label(model):
    noise = model.sample_prior(3, random_state=2)
    drawn = model.sample(3, labels="bee", random_state=2)
    np.testing.assert_array_equal(model.inverse_transform(noise, "bee"), drawn)
    with pytest.raises(ValueError, match="give labels"):
        model.inverse_transform(noise)
    assert model.manifold(3, label="ant").shape == (9, 9, 6)


def test_it_predicts_with_the_head_of_the_class(model):
    logits = np.asarray(model.game_.critic(model.preprocessing_(PIXELS)))[:, 1:]
    odds = np.exp(logits)
    np.testing.assert_allclose(model.predict_proba(PIXELS), odds / odds.sum(axis=1, keepdims=True), rtol=1e-4)
    assert (model.predict(PIXELS) == model.classes_[logits.argmax(axis=1)]).all()


@pytest.mark.parametrize("name", ["transform", "fit_transform", "reconstruct", "interpolate", "restyle", "peek"])
def test_what_needs_an_encoder_is_not_there_and_says_why(model, name):
    assert not hasattr(model, name)
    with pytest.raises(
        AttributeError,
        match=r"this ACGAN cannot (encode|decode|reconstruct) .*: it has no encoder\. "
        r"Models that can: (VAE, \w+, )?ConditionalVAE",
    ):
        getattr(model, name)


def test_what_it_can_do_is_evaluated_and_the_rest_is_skipped(model):
    assert {"sample", "predict"} <= model.abilities()
    assert not model.abilities() & {"encode", "decode", "restyle", "log_likelihood"}
    numbers = evaluate(model, (PIXELS, WORDS, PIXELS, WORDS), parzen=True, parzen_samples=20, max_rows=30)
    assert 0 <= numbers["classification"]["error"] <= 1
    assert np.isfinite(numbers["parzen"]["log_likelihood_nats"])
    for name in ("likelihood", "reconstruction", "prior_match", "probe", "dimensions"):
        assert "cannot" in numbers[name]["skipped"], name


def test_the_norms_that_it_draws_with_are_calibrated(model):
    norms = [layer for layer in model.game_.generator.network.layers if isinstance(layer, BatchNorm)]
    assert len(norms) == 4
    assert all(norm.mean is not None for norm in norms)
    noise, y = model.sample_prior(1, random_state=0), np.eye(1, 3, dtype=np.float32)
    by_generator = model.game_.generator(jnp.concatenate([noise, y], axis=1)).mean
    np.testing.assert_allclose(
        model.preprocessing_.inverse(np.asarray(by_generator)), model.inverse_transform(noise, "ant"), atol=1
    )


def test_the_running_mean_that_version_0_1_kept_beside_the_generator_draws_in_its_place(model, tmp_path):
    model.save(tmp_path)
    arrays = load_file(tmp_path / "model.safetensors")
    beside = {name.replace(".generator", ".average"): array for name, array in arrays.items() if ".generator" in name}
    save_file(
        arrays | beside | {name: 0 * arrays[name] for name in arrays if ".generator" in name},
        tmp_path / "model.safetensors",
    )
    assert same_bits(latently.load(tmp_path).game_, model.game_)


def test_a_saved_model_is_the_model(model, tmp_path):
    model.save(tmp_path)
    loaded = latently.load(tmp_path)
    assert same_bits(loaded.game_, model.game_)
    assert (loaded.sample(3, labels="bee", random_state=0) == model.sample(3, labels="bee", random_state=0)).all()
    assert (loaded.predict(PIXELS) == model.predict(PIXELS)).all()


def test_rows_without_a_label_are_learned_from_too():
    some = np.where(np.arange(60) < 12, np.arange(60) % 3, -1)
    model = ACGAN(latent_dim=4, hidden=(8,), critic_hidden=(8,), epochs=1, batch_size=20, random_state=0)
    with pytest.raises(ValueError, match="y must not be -1 in 48 of 60 rows"):
        model.fit(PIXELS, some)
    model.set_params(unlabelled=-1).fit(PIXELS, some)
    assert model.sample(2, labels=[0, 2], random_state=0).shape == (2, 9, 6)
    with pytest.raises(ValueError, match="requires y"):
        model.fit(PIXELS)
    with pytest.raises(ValueError, match="holds none"):
        model.fit(PIXELS, np.full(60, -1))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"likelihood": "gaussian"},
            "likelihood must be left out of ACGAN, which encodes and reconstructs nothing; got 'gaussian'. Use",
        ),
        ({"corruption": "gaussian:0.1"}, "corruption must be left out of ACGAN"),
        ({**CONV, "channels": (4,)}, r"channels must name two images of a generator or more.*got \(4,\)"),
        ({"averaging": 1.0}, "averaging"),
    ],
)
def test_what_it_cannot_be_is_said(changes, words):
    with pytest.raises(ValueError, match=words):
        ACGAN(latent_dim=4, **changes).fit(PIXELS, WORDS)
