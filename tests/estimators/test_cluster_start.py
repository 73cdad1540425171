"""Without labels, classes begin as the parts of a Gaussian mixture of the rows."""

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from sklearn.metrics import adjusted_rand_score

from latently import VAE, ClusteringAAE, SemiSupervisedAAE, SemiSupervisedVAE, StackedSemiSupervisedVAE, load
from latently.estimators.clusters import parts_of

RANDOM = np.random.default_rng(0)
OF = np.repeat(np.arange(4), [60, 40, 30, 20])
X = (4 * RANDOM.normal(size=(4, 6)))[OF] + RANDOM.normal(size=(150, 6))
FAST = {"latent_dim": 2, "hidden": (32,), "epochs": 0.1, "random_state": 0, "n_clusters": 4}
MODELS = {
    "m2": SemiSupervisedVAE(**FAST),
    "m1m2": StackedSemiSupervisedVAE(**FAST, first=VAE(2, hidden=(16,), epochs=20, random_state=0)),
    "semi-supervised": SemiSupervisedAAE(**FAST, critic_hidden=(16,)),
    "clustering": ClusteringAAE(**FAST, critic_hidden=(16,)),
}


@pytest.mark.parametrize("name", MODELS)
def test_clusters_begin_as_those_of_a_mixture(name):
    model = MODELS[name]
    assert adjusted_rand_score(OF, model.fit(X).predict(X)) > 0.9


def test_clusters_may_be_of_unlike_sizes_and_are_drawn_as_often(tmp_path):
    sizes = np.repeat(np.arange(2), [270, 30])
    rows = np.where(sizes[:, None], 3.0, -3.0) + RANDOM.normal(size=(300, 4))
    model = ClusteringAAE(**FAST | {"n_clusters": 2}, critic_hidden=(16,)).fit(rows)
    assert sorted(np.exp(model.game_.label_logits)) == pytest.approx([0.1, 0.9], abs=0.02)
    drawn = model.fitted_.drawn_labels(None, 1000, seed=0)
    assert sorted(np.bincount(drawn) / 1000) == pytest.approx([0.1, 0.9], abs=0.04)
    model.save(tmp_path)
    arrays = load_file(tmp_path / "model.safetensors")
    del arrays[".label_logits"]  # of a version that knew no sizes
    save_file(arrays, tmp_path / "model.safetensors", {"about": '{"format": 1}'})
    old = load(tmp_path)
    np.testing.assert_array_equal(old.game_.label_logits, np.zeros(2))
    np.testing.assert_array_equal(old.predict(rows), model.predict(rows))


def test_clusters_may_begin_at_random():
    model = ClusteringAAE(**FAST, critic_hidden=(16,), cluster_start="random")
    assert adjusted_rand_score(OF, model.fit(X).predict(X)) < 0.9


def test_where_there_are_labels_nothing_is_learned_before():
    few = np.where(np.arange(150) % 15, -1, OF)
    codes = [
        SemiSupervisedVAE(**FAST, cluster_start=start).fit(X, few).transform(X)
        for start in ("random", "gaussian-mixture")
    ]
    np.testing.assert_array_equal(*codes)


def test_missing_numbers_count_as_the_mean_of_their_column():
    gaps = np.where(RANDOM.uniform(size=X.shape) < 0.05, np.nan, X)
    assert adjusted_rand_score(OF, parts_of(gaps, 4, 0)) > 0.8
    assert np.bincount(parts_of(np.ones((10, 3)), 2, 0)).sum() == 10


def test_more_clusters_than_rows_begin_at_random():
    assert ClusteringAAE(**FAST | {"n_clusters": 20}, critic_hidden=(16,)).fit(X[:10]).predict(X[:10]).shape == (10,)
