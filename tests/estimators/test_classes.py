"""What models that know labels can be asked: drawing, restyling, classifying, clustering, by any kind of label."""

import numpy as np
import pytest

import latently
from latently import (
    AAE,
    VAE,
    AuxiliaryDeepGenerativeModel,
    ClusteringAAE,
    ConditionalVAE,
    NotSupportedError,
    SemiSupervisedAAE,
    SemiSupervisedVAE,
    StackedSemiSupervisedVAE,
    SupervisedAAE,
)
from small_models import as_if_fitted, as_if_loaded

FAST = {"latent_dim": 2, "hidden": (16,), "epochs": 60, "batch_size": 20, "learning_rate": 5e-3, "random_state": 0}
SLOWLY = {"hidden": (32,), "epochs": 600, "learning_rate": 2e-3}
ADVERSARIAL = FAST | SLOWLY | {"momentum": 0.5, "critic_hidden": (32,)}
RANDOM = np.random.default_rng(0)
NAMES = np.array(["ant", "bee", "cow"])
CODES = np.arange(90) % 3
Y = NAMES[CODES]
# Each class lights up a third of the row, each row with a brightness of its own.
X = np.clip(np.repeat(np.eye(3)[CODES], 2, axis=1) * RANDOM.uniform(0.6, 1.0, (90, 1)), 0, 1).astype(np.float32)
MODELS = {
    "cvae": lambda: ConditionalVAE(**FAST),
    "m2": lambda: SemiSupervisedVAE(**FAST, classification_weight=3.0),
    "m1m2": lambda: StackedSemiSupervisedVAE(
        **FAST, activation="relu", first=VAE(**FAST | {"latent_dim": 3}), classification_weight=3.0
    ),
    "adgm": lambda: AuxiliaryDeepGenerativeModel(**FAST, auxiliary_dim=3),
    "supervised": lambda: SupervisedAAE(**ADVERSARIAL),
    "semi-supervised": lambda: SemiSupervisedAAE(**ADVERSARIAL),
}
every_model = pytest.mark.parametrize("name", MODELS)
MOST = {name: 0.6 if "supervised" in name else 0.8 for name in MODELS}
"""Which share has to be of the class asked for: a game of three on so few rows never quite settles; chance is 1/3."""
_fitted = {}


def fitted(name):
    if name not in _fitted:
        _fitted[name] = MODELS[name]().fit(X, Y)
    return _fitted[name]


@every_model
def test_classes_come_back_as_they_were_given(name):
    model = fitted(name)
    assert model.classes_.tolist() == model.label_values.tolist() == NAMES.tolist()
    assert (model.predict(X) == Y).mean() > 0.9
    probabilities = model.predict_proba(X[:7])
    assert probabilities.shape == (7, 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    assert (NAMES[probabilities.argmax(axis=1)] == model.predict(X[:7])).all()


@every_model
def test_a_class_asked_for_is_the_class_that_comes(name):
    model = fitted(name)
    for third, label in enumerate(NAMES):
        drawn = model.sample(100, labels=label, random_state=0)
        assert (drawn.reshape(100, 3, 2).sum(axis=2).argmax(axis=1) == third).mean() > MOST[name], label
    assert model.sample(4, random_state=0).shape == (4, 6)
    assert (model.sample(4, random_state=0) == model.sample(4, random_state=0)).all()


@every_model
def test_restyling_changes_the_label_and_keeps_to_the_order_asked_for(name):
    model = fitted(name)
    restyled = model.restyle(X, labels=["cow", "ant"], known=Y)
    assert restyled.shape == (90, 2, 6)
    assert (restyled.reshape(90, 2, 3, 2).sum(axis=3).argmax(axis=2) == [2, 0]).mean() > MOST[name]
    assert model.restyle(X[:4]).shape == (4, 3, 6)


@every_model
def test_unknown_labels_are_inferred_and_known_ones_believed(name):
    model = fitted(name)
    inferred = model.reconstruct(X[:6])
    np.testing.assert_allclose(model.reconstruct(X[:6], labels=model.predict(X[:6])), inferred, rtol=1e-4, atol=1e-5)
    partly = model.reconstruct(X, labels=["", *["cow"] * 89])
    np.testing.assert_allclose(partly[0], inferred[0], rtol=1e-4, atol=1e-5)
    assert (partly[1:].reshape(89, 3, 2).sum(axis=2).argmax(axis=1) == 2).mean() > MOST[name]


@every_model
def test_labels_that_are_no_classes_are_named(name):
    model = fitted(name)
    for ask in (
        lambda: model.sample(2, labels="dog"),
        lambda: model.restyle(X[:2], labels=["dog"]),
        lambda: model.transform(X[:2], labels=["ant", "dog"]),
    ):
        with pytest.raises(ValueError, match=r"labels must be among the classes ant, bee, cow; got 'dog'"):
            ask()
    with pytest.raises(ValueError, match="one for all, or one for each of n=2"):
        model.reconstruct(X[:2], labels=["ant"] * 3)
    with pytest.raises(ValueError, match="give labels, among ant, bee, cow"):
        model.inverse_transform(np.zeros((2, 2)))


@every_model
def test_paths_and_manifolds_have_a_class(name):
    model = fitted(name)
    path = model.interpolate(X[:1], X[1:2], 5)[0].reshape(5, 3, 2).sum(axis=2)
    assert path.argmax(axis=1)[[0, -1]].tolist() == [0, 1]
    assert (model.manifold(3) == model.manifold(3, label="ant")).all()
    assert (model.manifold(3, label="cow") != model.manifold(3)).any()


@every_model
def test_a_saved_model_is_the_same_model(name, tmp_path):
    model = fitted(name)
    model.save(tmp_path)
    loaded = latently.load(tmp_path)
    assert (loaded.predict_proba(X) == model.predict_proba(X)).all()
    assert (loaded.restyle(X[:3]) == model.restyle(X[:3])).all()
    assert loaded.abilities() == model.abilities()


def test_bounds_know_labels():
    """log p(x) by the sum over classes is below the best class's log p(x|y), and above it less log K."""
    for name in ("cvae", "m2", "adgm"):
        model = fitted(name)
        marginal = model.score_samples(X[:20], n_samples=20, kind="importance")
        each = np.stack([model.score_samples(X[:20], 20, "importance", labels=label) for label in NAMES])
        np.testing.assert_allclose(marginal, np.logaddexp.reduce(each) - np.log(3), rtol=1e-4)
        known = model.score_samples(X[:20], 20, "importance", labels=Y[:20])
        np.testing.assert_allclose(known, each[CODES[:20], np.arange(20)], rtol=1e-4)
        assert "label_likelihood" in model.abilities()
    for name in ("m1m2", "supervised", "semi-supervised"):
        assert not hasattr(fitted(name), "score_samples")
        assert "restyle" in fitted(name).abilities()


def test_a_few_labels_go_a_long_way():
    few = np.where(np.arange(90) < 6, Y, "")
    for name in ("m2", "m1m2", "adgm", "semi-supervised"):
        model = MODELS[name]().fit(X, few)
        assert model.task_.labels_known == "some"
        assert (model.predict(X) == Y).mean() > 0.8, name


@pytest.mark.parametrize(
    "model",
    [
        ClusteringAAE(**FAST, n_clusters=4, critic_hidden=(16,)),
        SemiSupervisedVAE(**FAST, n_clusters=4),
        SemiSupervisedAAE(**FAST, n_clusters=4, critic_hidden=(16,)),
    ],
    ids=lambda model: type(model).__name__,
)
def test_without_labels_classes_are_clusters(model):
    model.fit(X)
    assert model.classes_ is None
    assert model.label_values.tolist() == [0, 1, 2, 3]
    clusters = model.predict(X)
    assert set(clusters.tolist()) <= {0, 1, 2, 3}
    assert model.sample(5, labels=3, random_state=0).shape == (5, 6)


def test_a_clustering_model_does_not_look_at_labels():
    model = ClusteringAAE(**FAST | {"epochs": 2}, n_clusters=3, critic_hidden=(16,))
    assert (model.fit(X, Y).predict_proba(X) == model.fit(X).predict_proba(X)).all()


def test_a_map_gives_every_class_a_place():
    model = SemiSupervisedAAE(**ADVERSARIAL, representation="sum").fit(X, Y)
    places = np.asarray(model.game_.heads)
    codes = model.transform(X)
    nearest = np.linalg.norm(codes[:, None] - places, axis=2).argmin(axis=1)
    assert (NAMES[nearest] == Y).mean() > 0.8
    assert model.inverse_transform(codes).shape == (90, 6)
    drawn = model.sample_prior(300, labels="bee", random_state=0)
    np.testing.assert_allclose(drawn.mean(axis=0), places[1], atol=0.3)
    with pytest.raises(NotSupportedError, match="its decoder is given no label"):
        model.restyle(X[:2])


@pytest.mark.parametrize("name", ["m2", "m1m2", "adgm", "semi-supervised"])
def test_one_class_cannot_be_told_from_another(name):
    with pytest.raises(ValueError, match="the labels are all of one class"):
        MODELS[name]().fit(X, np.zeros(90, int))


@pytest.mark.parametrize("name", ["cvae", "supervised"])
def test_models_that_need_labels_say_so(name):
    model = MODELS[name]()
    with pytest.raises(ValueError, match="requires y to be passed"):
        model.fit(X)
    with pytest.raises(ValueError, match="y holds none"):
        model.fit(X, np.full(90, -1))
    assert as_if_fitted(model, X, np.zeros(90, int)).sample(2, labels=0, random_state=0).shape == (2, 6)


def test_a_first_stage_has_to_fit(tmp_path):
    other = as_if_loaded(VAE(latent_dim=2, hidden=(4,)), np.eye(20, dtype=np.float32))
    with pytest.raises(ValueError, match=r"first must be fitted on rows of shape \(6,\); got \(20,\)\. Hand over"):
        StackedSemiSupervisedVAE(**FAST, activation="relu", first=other).fit(X, Y)
    as_if_loaded(AAE(latent_dim=2, hidden=(4,), critic_hidden=()), X).save(tmp_path)
    with pytest.raises(ValueError, match="first must be a VAE or the folder of one"):
        StackedSemiSupervisedVAE(**FAST, activation="relu", first=str(tmp_path)).fit(X, Y)


def test_a_prior_that_a_model_cannot_have_is_refused():
    with pytest.raises(ValueError, match=r"prior must be normal for SemiSupervisedVAE; got 'star'\. For"):
        SemiSupervisedVAE(**FAST, prior="star").fit(X, Y)
