"""What marks a row without a label: -1, unless that may be a class; then a user says so."""

import warnings

import numpy as np
import pytest

import latently
from latently import VAE, ConditionalVAE, SemiSupervisedVAE
from latently.catalogue import MODELS
from latently.data import encode_labels
from latently.estimators.inputs import accept_labels
from small_models import as_if_fitted

FAST = {"latent_dim": 2, "hidden": (16,), "epochs": 1, "batch_size": 16, "random_state": 0}
X = np.random.default_rng(0).normal(size=(30, 4))
SIGNS = np.where(np.arange(30) % 3 == 0, -1, 1)
LEARNING = [model.load() for model in MODELS if model.load().labels != "ignored"]
NEEDY = [estimator for estimator in LEARNING if estimator.labels == "required"]
WAYS = {"integers": SIGNS, "words": SIGNS.astype(str), "objects": SIGNS.astype(object), "floats": SIGNS.astype(float)}


@pytest.mark.parametrize("y", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("estimator", LEARNING, ids=lambda estimator: estimator.__name__)
def test_minus_one_and_one_other_value_are_not_taken_for_half_a_labelling(estimator, y):
    with pytest.raises(
        ValueError,
        match=r"^y must not be -1 and one other value alone, where -1 marks a row whose label is not known\. If -1 is "
        r"a class like the others, say unlabelled=None; if it marks such rows, unlabelled=-1\.$",
    ):
        accept_labels(y, 30, estimator.__name__, estimator.labels)
    codes, classes = accept_labels(y, 30, estimator.__name__, estimator.labels, None)
    assert classes.astype(float).tolist() == [-1, 1]
    np.testing.assert_array_equal(codes, (SIGNS + 1) // 2)


@pytest.mark.parametrize("estimator", NEEDY, ids=lambda estimator: estimator.__name__)
def test_a_model_that_needs_labels_refuses_minus_one_in_half_of_them_until_it_is_said_what_it_is(estimator):
    y = np.where(np.arange(30) < 15, -1, np.arange(30) % 3)
    with pytest.raises(ValueError, match=r"^y must not be -1 in 15 of 30 rows, where -1 marks"):
        accept_labels(y, 30, estimator.__name__, estimator.labels)
    with warnings.catch_warnings(record=True):
        codes, classes = accept_labels(y, 30, estimator.__name__, estimator.labels, -1)
    assert (codes < 0).sum() == 15
    assert classes.tolist() == [0, 1, 2]
    codes, classes = accept_labels(y, 30, estimator.__name__, estimator.labels, None)
    assert classes.tolist() == [-1, 0, 1, 2]


def test_half_of_the_labels_may_be_unknown_where_the_model_learns_without():
    y = np.where(np.arange(30) < 29, -1, np.arange(30) % 3)
    y[:2] = 0, 1
    codes, classes = accept_labels(y, 30, "SemiSupervisedVAE", "optional")
    assert (codes >= 0).sum() == 3
    assert classes.tolist() == [0, 1, 2]


def test_labels_that_are_ignored_are_not_judged():
    assert VAE(**FAST).fit(X, SIGNS).classes_ is None


NA = pytest.importorskip("pandas").NA


@pytest.mark.parametrize(
    ("y", "unlabelled", "codes", "classes"),
    [
        ([2, 99, 1, None], 99, [1, -1, 0, -1], (1, 2)),
        (np.array([2, 255, 1], np.uint8), 255, [1, -1, 0], (1, 2)),
        (["b", "?", "a", ""], "?", [1, -1, 0, -1], ("a", "b")),
        (["b", NA, "a", float("nan")], "auto", [1, -1, 0, -1], ("a", "b")),
        ([1, NA, 0, None], None, [1, -1, 0, -1], (0, 1)),
        ([-1, NA, 0, None], None, [0, -1, 1, -1], (-1, 0)),
        (np.array([-1.0, np.nan, 0.0]), None, [0, -1, 1], (-1, 0)),
        (np.ma.MaskedArray([-1, 5, 0], mask=[False, True, False]), "auto", [0, -1, 1], (-1, 0)),
        (["-1", "1", ""], None, [0, 1, -1], (-1, 1)),
        ([3, -1, 4], "none of them", [1, 0, 2], (-1, 3, 4)),
    ],
)
def test_what_marks_a_row_without_a_label_is_told_and_empty_ones_always_do(y, unlabelled, codes, classes):
    found, order = encode_labels(y, "y", unlabelled)
    assert found.tolist() == codes
    assert order == classes


def test_a_class_of_minus_one_is_predicted_drawn_and_kept(tmp_path):
    rows = X + 4 * SIGNS[:, None]
    model = SemiSupervisedVAE(**{**FAST, "epochs": 40}, unlabelled=None, learning_rate=1e-2).fit(rows, SIGNS)
    assert model.classes_.tolist() == [-1, 1]
    assert (model.predict(rows) == SIGNS).mean() > 0.95
    model.save(tmp_path / "model")
    again = latently.load(tmp_path / "model")
    np.testing.assert_array_equal(again.predict(rows), model.predict(rows))
    assert again.unlabelled is None


def test_a_decoder_that_is_given_the_label_takes_minus_one_for_the_class_that_it_is():
    model = as_if_fitted(ConditionalVAE(**FAST, unlabelled=None), X, SIGNS)
    assert model.sample(4, labels=-1).shape == (4, 4)
    places = model.fitted_.label_places(SIGNS, 30, unknown=True)
    np.testing.assert_array_equal(places, (SIGNS + 1) // 2)
    masked = np.ma.MaskedArray(SIGNS, mask=np.arange(30) < 5)
    assert model.fitted_.label_places(masked, 30, unknown=True)[:7].tolist() == [-1] * 5 + [1, 0]
    with pytest.raises(ValueError, match=r"^labels must be among the classes -1, 1; got 2\."):
        model.sample(1, labels=2)


def test_the_labels_of_the_public_case_are_two_classes(case):
    arrays = np.load(case("arrays/labels-minus-one-plus-one.npz"))
    options = {"latent_dim": 2, "hidden": (32,), "epochs": 60, "random_state": 0}
    with pytest.raises(ValueError, match="say unlabelled=None"):
        SemiSupervisedVAE(**options).fit(arrays["X"], arrays["y"])
    model = SemiSupervisedVAE(**options, unlabelled=None).fit(arrays["X"], arrays["y"])
    assert (model.predict(arrays["X"]) == arrays["y"]).mean() > 0.98
