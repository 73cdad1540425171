"""Going on: `warm_start`, `partial_fit`, and rows that count more than others."""

import jax
import numpy as np
import pytest
from sklearn.base import clone

import latently
from latently import (
    AAE,
    ACCA,
    ACGAN,
    VAE,
    Autoencoder,
    SemiSupervisedVAE,
    StackedSemiSupervisedVAE,
    SupervisedAAE,
    Views,
)
from latently.errors import ArgumentError
from latently.training import Feed
from latently.training.feed import Order
from small_models import small
from toy_games import same_bits

RANDOM = np.random.default_rng(0)
X = RANDOM.uniform(size=(60, 6))
Y = np.arange(60) % 3


def given(model, rows=X):
    return Views({"left": rows[:, :4], "right": rows[:, 4:]}) if model.takes_views else rows


# ---- weights of rows ----


def test_rows_are_drawn_in_proportion_to_their_weight():
    weights = np.array([1.0, 2.5, 0.25, 4.0, 1.0, 0.5])
    order = Order(6, 2, seed=0, weights=weights)
    drawn = np.array([np.bincount(order.batches(3 * epoch, 3).ravel(), minlength=6) for epoch in range(4000)])
    due = 6 * weights / weights.sum()
    np.testing.assert_allclose(drawn.mean(axis=0), due, atol=0.03)
    assert ((drawn >= np.floor(due)) & (drawn <= np.ceil(due))).all(), "systematic: as often as due, to one"


def test_without_weights_rows_come_in_the_order_in_which_they_came():
    rows = np.arange(10.0)[:, None]
    plain = Feed((rows,), batch_size=4, seed=0).order.batches(0, 5)
    np.testing.assert_array_equal(plain[0], np.random.default_rng((0, 1, 0, 0)).permutation(10)[:4])
    later = Feed((rows,), batch_size=4, seed=0, first_round=7)
    np.testing.assert_array_equal(np.asarray(later.chunk(7, 5).order)[:5], plain)


def test_labelled_rows_are_drawn_by_their_weight_too():
    labels, weights = np.array([0, -1, 1, -1]), np.array([1.0, 5.0, 3.0, 5.0])
    feed = Feed((np.zeros((4, 1)),), labels, batch_size=4, seed=0, draw_labelled=True, weights=weights)
    drawn = np.asarray(feed.chunk(0, 400).labelled_order)[:400].ravel()
    assert np.bincount(drawn, minlength=4)[[0, 2]] / 800 == pytest.approx([0.25, 0.75], abs=0.02)


def test_rows_of_weight_zero_are_as_if_they_were_not_there_and_equal_weights_as_if_none_were_given():
    weights = (np.arange(60) < 40) * 2.0
    kept = small(SupervisedAAE).fit(X[:40], Y[:40])
    weighted = small(SupervisedAAE).fit(X, Y, sample_weight=list(weights))
    assert same_bits(weighted.game_, kept.game_)
    assert weighted.preprocessing_.to_config() == kept.preprocessing_.to_config()


def test_a_model_learns_the_weighted_mean():
    rows = np.repeat([[0.0, 1.0], [1.0, 0.0]], 40, axis=0)
    weights = np.repeat([3.0, 1.0], 40)
    model = VAE(
        1, hidden=(), likelihood="bernoulli", beta=50.0, epochs=150, batch_size=20, learning_rate=0.03, random_state=0
    )
    back = model.fit(rows, sample_weight=weights).reconstruct(rows)  # codes cost so much that the mean alone is learned
    np.testing.assert_allclose(back.mean(axis=0), [0.25, 0.75], atol=0.05)
    mixed = clone(model).set_params(early_stopping=True, epochs=2).fit(rows, sample_weight=weights)
    assert mixed.verdict_ is not None


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        (
            np.ones(59),
            r"sample_weight must have one weight for each of the 60 rows of X; got an array of shape \(59,\)",
        ),
        (np.ones((60, 2)), r"got an array of shape \(60, 2\)"),
        (np.r_[-1.0, np.ones(59)], "sample_weight must be finite and 0 or more; got -1.0"),
        (np.r_[np.inf, np.ones(59)], "sample_weight must be finite and 0 or more; got inf"),
        (np.zeros(60), "sample_weight must not be zero for all rows"),
        (["heavy"] * 60, "sample_weight must be numbers, one for each of the 60 rows of X"),
    ],
)
def test_weights_that_are_none_are_refused(weights, words):
    with pytest.raises(ArgumentError, match=words):
        small(VAE).fit(X, sample_weight=weights)


# ---- warm start ----


@pytest.mark.parametrize("model", [VAE, AAE, StackedSemiSupervisedVAE])
def test_a_warm_start_goes_on_from_what_was_learned(model):
    estimator = small(model, normalization="batch", warm_start=True).fit(X, Y)
    before, first = estimator.game_, getattr(estimator, "first_", None)
    trainer = estimator.trainer(X[:50] * 0.9, Y[:50])
    start = dict(map(named, jax.tree_util.tree_leaves_with_path(trainer.state.game)))
    learned = dict(map(named, jax.tree_util.tree_leaves_with_path(before)))
    assert start
    for name, array in start.items():
        np.testing.assert_array_equal(array, learned[name], err_msg=name)
    assert getattr(estimator, "first_", None) is first
    again = estimator.fit(X[:50] * 0.9, Y[:50])
    assert again.preprocessing_.to_config() == clone(estimator).fit(X, Y).preprocessing_.to_config()
    assert not same_bits(again.game_, before)


def named(path_and_leaf):
    path, leaf = path_and_leaf
    return jax.tree_util.keystr(path), np.asarray(leaf) if hasattr(leaf, "shape") else leaf


def test_a_cold_start_forgets_and_a_warm_one_of_no_fit_begins():
    model = small(VAE).fit(X)
    assert same_bits(small(VAE, warm_start=True).fit(X).game_, model.game_)
    assert same_bits(clone(model).fit(X[:30]).fit(X).game_, model.game_)


def test_a_loaded_model_goes_on_too(tmp_path):
    model = small(VAE, warm_start=True).fit(X)
    model.save(tmp_path)
    assert same_bits(latently.load(tmp_path).fit(X).game_, model.fit(X).game_)


def test_what_a_warm_start_cannot_go_on_with_is_said():
    model = small(SupervisedAAE, warm_start=True).fit(X, Y)
    with pytest.raises(ValueError, match="X has 5 features, but SupervisedAAE is expecting 6"):
        model.fit(X[:, :5], Y)
    with pytest.raises(ArgumentError, match=r"y must be among the classes that it began with \(0, 1, 2\); got 3"):
        model.fit(X, Y + 1)
    with pytest.raises(ArgumentError, match=r"warm_start goes on with the weights of the last fit, and encoder.*shape"):
        model.set_params(hidden=(3,)).fit(X, Y)
    assert model.transform(X).shape == (60, 2), "what was refused left the model as it was"


# ---- partial_fit ----


@pytest.mark.parametrize("model", [Autoencoder, VAE, AAE, ACGAN, ACCA, StackedSemiSupervisedVAE])
def test_a_model_learns_from_a_stream(model):
    estimator = small(model, averaging=0.9)
    for part in np.split(np.arange(60), 3):
        assert estimator.partial_fit(given(estimator, X[part]), Y[part], classes=[0, 1, 2]) is estimator
    assert [chunk["round"] for chunk in estimator.history_][-1] == 6  # 20 rows in batches of 16: two rounds a call
    assert table(estimator.sample(2, random_state=0)).shape == (2, 6)
    with pytest.raises(ValueError, match="features"):
        estimator.partial_fit({"left": X[:, :3], "right": X[:, 4:]} if estimator.takes_views else X[:, :5], Y)


def table(data):
    return np.concatenate(list(data.values()), axis=-1) if isinstance(data, dict) else data


def test_each_pass_draws_each_row_and_goes_on_where_the_optimisers_stood():
    model = small(VAE, learning_rate=0.01).partial_fit(X[:48])
    state = model._stream
    assert int(state.round) == 3
    trainer = model._stream_trainer(X[48:], None, None, None)
    assert same_bits(trainer.state, state)
    assert sorted(np.asarray(trainer.feed.chunk(3, 1).order)[0].tolist()) == list(range(12))
    model.partial_fit(X[48:])
    assert int(model._stream.optimizers["vae"][0].count) == 4
    fitted = small(VAE, learning_rate=0.01, epochs=1).fit(X[:48])
    assert same_bits(fitted.game_, small(VAE, learning_rate=0.01).partial_fit(X[:48]).game_), "one pass is one pass"


def test_a_stream_goes_on_from_a_fitted_and_from_a_copied_model(tmp_path):
    model = small(VAE).fit(X)
    start = model._stream_trainer(X, None, None, None).state
    assert int(start.round) == 0
    assert same_bits(start.game.encoder, model.game_.encoder)
    model.partial_fit(X)
    model.save(tmp_path)
    loaded = latently.load(tmp_path).partial_fit(X)
    assert len(loaded.history_) > len(model.history_)


def test_the_first_call_decides_which_labels_there_are():
    m2 = small(SemiSupervisedVAE).partial_fit(X[:20], np.where(np.arange(20) < 8, 0, 1), classes=[0, 1, 2])
    assert m2.classes_.tolist() == [0, 1, 2]
    assert m2.predict_proba(X[:4]).shape == (4, 3)
    m2.partial_fit(X[:20], np.full(20, 2))
    with pytest.raises(ArgumentError, match=r"y must be among the classes that it began with \(0, 1, 2\); got 7"):
        m2.partial_fit(X[:20], np.full(20, 7))
    with pytest.raises(
        ArgumentError, match="y must have the label of all of the rows, as in the first call; got 'that of"
    ):
        m2.partial_fit(X[:20], np.r_[-1, np.ones(19, int)])
    with pytest.raises(ArgumentError, match=r"classes must be those of the first call \(0, 1, 2\), or left out"):
        m2.partial_fit(X[:20], Y[:20], classes=[0, 1])
    assert int(m2._stream.round) == 4, "what was refused left no trace"


@pytest.mark.parametrize("how", [{"schedule": "cosine"}, {"learning_rate_decay": 0.5}])
def test_a_stream_has_no_end_for_learning_rates_to_fall_to(how):
    (name,) = how
    with pytest.raises(
        ArgumentError, match=f"^{name} needs to know how long the training is, which partial_fit does not"
    ):
        small(VAE, **how).partial_fit(X)
    small(VAE, schedule=lambda round_: 1 / (1 + round_)).partial_fit(X)
