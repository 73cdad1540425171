"""A sampler: new data from where the codes of the data lie, in the place of the prior."""

import pickle

import numpy as np
import pandas as pd
import pytest

import latently
from latently.errors import ArgumentError, NotSupportedError
from latently.sampler import Sampler
from small_models import as_if_loaded, small

RNG = np.random.default_rng(0)
CENTERS = np.array([[-4.0, 0.0], [4.0, 1.0], [0.0, 5.0]])
PLACES = np.arange(900) % 3
CODES = CENTERS[PLACES] + RNG.normal(size=(900, 2)) @ np.array([[0.5, 0.3], [0.0, 0.2]])
NAMES = np.array(["ant", "bee", "cow"])
X = np.repeat(np.eye(3)[PLACES[:90]], 2, axis=1) * RNG.uniform(0.5, 1.0, (90, 1))
Y = NAMES[PLACES[:90]]


def autoencoder(**parameters):
    return small(latently.Autoencoder, epochs=150, latent_dim=2, learning_rate=0.01, **parameters).fit(X)


# ---- the mixtures ----


def test_a_mixture_draws_as_the_codes_lie_and_chooses_how_many_gaussians_it_has():
    sampler = Sampler.fit(CODES)
    assert np.count_nonzero(sampler.weights) in (2, 3, 5)
    drawn = sampler.draw(4000, None, seed=1)
    nearest = ((drawn[:, None] - CENTERS) ** 2).sum(axis=2).argmin(axis=1)
    np.testing.assert_allclose(np.bincount(nearest) / 4000, 1 / 3, atol=0.03)
    for place in range(3):
        mine, theirs = drawn[nearest == place], CODES[place == PLACES]
        np.testing.assert_allclose(mine.mean(axis=0), theirs.mean(axis=0), atol=0.08)
        np.testing.assert_allclose(np.cov(mine.T), np.cov(theirs.T), atol=0.05)


def test_each_class_has_a_mixture_of_its_own_and_comes_as_often_as_in_the_data():
    groups = np.where(np.arange(900) < 600, np.minimum(PLACES, 1), -1)  # a third of them is unknown
    sampler = Sampler.fit(CODES, groups, NAMES[:2], parts=2)
    asked = sampler.draw(500, np.zeros(500, int), seed=0)
    assert (abs(asked - CENTERS[0]) < 3).all()
    free = sampler.draw(3000, None, seed=0)
    assert (abs(free - CENTERS[0]) < 3).all(axis=1).mean() == pytest.approx(1 / 3, abs=0.03)


@pytest.mark.parametrize(
    ("codes", "why"), [(CODES[:1], "two rows or more of each class; got 1"), (CODES * np.nan, "not finite")]
)
def test_codes_that_say_nothing_are_refused(codes, why):
    with pytest.raises(ValueError, match=why):
        Sampler.fit(codes)


# ---- of a model ----


def test_samples_come_from_the_data_and_by_class_also_of_a_model_that_knew_none():
    model = autoencoder().fit_sampler("gaussian-mixture", X, Y)
    for place, name in enumerate(NAMES):
        drawn = model.sample(60, labels=name, random_state=0)
        assert (drawn.reshape(60, 3, 2).mean(axis=2).argmax(axis=1) == place).mean() > 0.9
    from_prior = model.sample(60, random_state=0, from_prior=True)
    np.testing.assert_array_equal(from_prior, model.inverse_transform(model.sample_prior(60, random_state=0)))
    with pytest.raises(ArgumentError, match="must be among the classes ant, bee, cow; got 'dog'"):
        model.sample(2, labels="dog")
    with pytest.raises(NotSupportedError, match="no label is tied to its codes"):
        model.sample(2, labels="ant", from_prior=True)


def test_a_sampler_is_saved_loaded_and_pickled_and_gone_after_the_next_fit(tmp_path):
    model = autoencoder().fit_sampler(X=X, y=Y)
    right = model.sample(5, labels="bee", random_state=3)
    model.save(tmp_path)
    np.testing.assert_array_equal(latently.load(tmp_path).sample(5, labels="bee", random_state=3), right)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).sample(5, labels="bee", random_state=3), right)
    model.fit(X)
    assert model.sampler_ is None
    model.save(tmp_path)
    assert not (tmp_path / "sampler.safetensors").exists()
    assert latently.load(tmp_path).sampler_ is None


@pytest.mark.parametrize("name", ["ConditionalVAE", "SemiSupervisedVAE", "AAE", "SupervisedAAE"])
def test_models_that_know_labels_draw_codes_of_the_class_they_decode(name):
    model = as_if_loaded(small(getattr(latently, name)), X, Y)
    half = np.where(np.arange(90) < 45, Y, "")
    model.fit_sampler(X=X, y=half, n_components=1)
    assert model.sampler_.classes.tolist() == NAMES.tolist()
    codes, told = model.fitted_.draw(200, "cow", 0)
    mean = model.fitted_.draw_codes(model._rows(X[:45]), 0, half[:45] if told is not None else None)[Y[:45] == "cow"]
    np.testing.assert_allclose(codes.mean(axis=0), mean.mean(axis=0), atol=0.5)
    assert model.sample(3, labels=["ant", "cow", "bee"], random_state=0).shape == (3, 6)
    assert model.sample(3, random_state=0).shape == (3, 6)
    with pytest.raises(ArgumentError, match="must be among the classes"):
        model.fit_sampler(X=X, y=np.where(Y == "ant", "dog", Y))


@pytest.mark.parametrize("name", ["ClusteringAAE", "SemiSupervisedVAE"])
def test_clusters_of_its_own_are_what_a_model_still_draws_by(name):
    model = as_if_loaded(small(getattr(latently, name), n_clusters=4), X).fit_sampler(X=X, y=Y)
    assert model.sampler_.classes is None
    assert model.sample(5, random_state=0).shape == model.sample(5, labels=3, random_state=0).shape == (5, 6)


def test_a_class_is_not_asked_of_a_sampler_that_knows_none():
    model = as_if_loaded(small(latently.AAE), X, Y).fit_sampler(X=X)
    with pytest.raises(NotSupportedError, match="its sampler was fitted without labels; give fit_sampler some"):
        model.sample(2, labels="ant")
    assert model.sample(2, labels="ant", from_prior=True).shape == (2, 6)


@pytest.mark.parametrize("rows", [2, 4, 9])
def test_few_codes_of_a_class_are_enough_for_one_gaussian(rows):
    assert Sampler.fit(CODES[:rows]).draw(3, None, 0).shape == (3, 2)


def test_conditions_are_drawn_beside_the_codes_of_all_rows():
    frame = pd.DataFrame({"age": RNG.normal(50, 9, 90), "sex": np.array(["f", "m"])[PLACES[:90] % 2]})
    model = as_if_loaded(small(latently.ConditionalVAE), X, frame).fit_sampler(X=X, y=frame)
    assert model.sampler_.classes is None
    assert model.sample(4, labels={"age": 40, "sex": "f"}, random_state=0).shape == (4, 6)


def test_what_cannot_work_is_one_sentence():
    model = as_if_loaded(small(latently.Autoencoder), X)
    with pytest.raises(ArgumentError, match="kind must be gaussian-mixture; got 'flow'"):
        model.fit_sampler("flow", X)
    with pytest.raises(ArgumentError, match="X must be given: rows to fit the sampler to"):
        model.fit_sampler()
    with pytest.raises(ArgumentError, match="n_components"):
        model.fit_sampler(X=X, n_components=0)
    with pytest.raises(NotSupportedError, match="cannot reconstruct data"):
        latently.ACGAN().fit_sampler(X=X)
