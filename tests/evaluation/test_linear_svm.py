"""The linear support vector machine, against scikit-learn's."""

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from latently.evaluation.codes import LinearSVM, linear_svm_error


def clouds(n, classes=3, seed=0):
    """Overlapping clouds of different scales, and a column that is constant."""
    random = np.random.default_rng(seed)
    labels = random.integers(classes, size=n)
    centres = np.random.default_rng(1).normal(size=(classes, 4))
    rows = (centres[labels] + random.normal(size=(n, 4))) * [1, 10, 0.1, 1]
    return np.hstack([rows, np.full((n, 1), 3.0)]), labels


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("cost", [1e-3, 1.0])
def test_the_weights_are_those_of_scikit_learn(classes, cost):
    rows, labels = clouds(400, classes)
    svm = LinearSVM.fit(rows, labels, cost)
    pipeline = make_pipeline(StandardScaler(), LinearSVC(C=cost, dual=False, tol=1e-8)).fit(rows, labels)
    theirs = np.hstack([pipeline[-1].coef_, pipeline[-1].intercept_[:, None]]).T
    np.testing.assert_allclose(svm.weights[:, -theirs.shape[1] :], theirs, atol=2e-3 * abs(theirs).max())
    new, _ = clouds(1000, classes, seed=2)
    assert (svm.predict(new) == pipeline.predict(new)).mean() > 0.99


def test_the_cost_is_chosen_without_a_look_at_the_test_rows():
    (rows, labels), (new, new_labels) = clouds(300), clouds(2000, seed=2)
    error = linear_svm_error(rows, labels, new, new_labels)
    assert error == linear_svm_error(rows, labels, new, new_labels, seed=0)
    each = [(LinearSVM.fit(rows, labels, cost).predict(new) != new_labels).mean() for cost in (1e-3, 1e-2, 1e-1, 1.0)]
    assert error in each
    assert linear_svm_error(rows, labels, new[:1], new_labels[:1]) in (0.0, 1.0)


def test_words_may_be_classes_and_one_row_of_a_class_is_enough():
    rows, labels = clouds(30)
    words = np.asarray(["ant", "bee", "cat"])[labels]
    assert linear_svm_error(rows, words, rows, words) < 0.5
    rare = np.asarray(["ant"] * 29 + ["bee"])
    assert 0 <= linear_svm_error(rows, rare, rows, rare) < 0.1
