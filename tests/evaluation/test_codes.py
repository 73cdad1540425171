"""Probe and dimensions say what their formulas say; the linear support vector machine is scikit-learn's."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from latently.evaluation.codes import LinearSVM, active_dimensions, kl_by_dimension, linear_svm_error, probe


def test_the_probe_reads_separable_codes_perfectly():
    random = np.random.default_rng(2)
    labels = random.integers(0, 3, 300)
    codes = (10 * np.eye(3)[labels] + random.normal(size=(300, 3))).astype(np.float32)
    result = probe(codes[:200], labels[:200], codes[200:], labels[200:])
    assert result["linear"] == result["neighbours"]
    assert result["linear"] == {"accuracy": 1.0, "standard_error": 0.0, "train_rows": 200, "test_rows": 100}


def test_the_probe_is_near_chance_on_noise():
    random = np.random.default_rng(3)
    codes, labels = random.normal(size=(4000, 4)), random.integers(0, 4, 4000)
    result = probe(codes[:2000], labels[:2000], codes[2000:], labels[2000:])
    for reader in ("linear", "neighbours"):
        assert result[reader]["accuracy"] == pytest.approx(0.25, abs=4 * result[reader]["standard_error"])


def test_neighbours_see_what_a_line_cannot():
    random = np.random.default_rng(4)
    codes = random.uniform(-1, 1, size=(1000, 2))
    labels = (codes.prod(axis=1) > 0).astype(int)  # a chessboard of four fields
    result = probe(codes[:800], labels[:800], codes[800:], labels[800:])
    assert result["linear"]["accuracy"] < 0.7 < 0.9 < result["neighbours"]["accuracy"]


def test_codes_longer_than_there_are_rows_are_probed_in_the_space_of_the_rows(monkeypatch):
    random = np.random.default_rng(5)
    labels = random.integers(0, 2, 400)
    codes = random.normal(size=(400, 2000)) + 0.2 * np.eye(2)[labels] @ random.normal(size=(2, 2000))
    whole = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000, tol=1e-6))
    wanted = np.mean(whole.fit(codes[:100], labels[:100]).predict(codes[100:]) == labels[100:])
    found = probe(codes[:100], labels[:100], codes[100:], labels[100:])["linear"]
    assert found["accuracy"] == pytest.approx(wanted, abs=0.01)
    seen, fit = [], LogisticRegression.fit
    monkeypatch.setattr(LogisticRegression, "fit", lambda self, X, y: seen.append(X.shape) or fit(self, X, y))
    probe(codes[:100], labels[:100], codes[100:], labels[100:])
    assert seen == [(100, 100)]  # of 100,000 numbers it would take minutes


def test_the_probe_leaves_unknown_labels_out_and_takes_words():
    codes, words = np.repeat(np.eye(2), 20, axis=0), np.repeat(["cat", "dog"], 20)
    assert probe(codes, words, codes, words)["linear"]["accuracy"] == 1
    labels = np.where(np.arange(40) % 2, np.repeat([0, 1], 20), -1)
    assert probe(codes, labels, codes, labels)["linear"]["test_rows"] == 20


@pytest.mark.parametrize(
    ("labels", "reason"),
    [(None, "no labels"), (np.full(8, -1), "unknown"), (np.ones(8, int), "all of one class")],
)
def test_the_probe_says_why_it_is_skipped(labels, reason):
    codes = np.zeros((8, 2))
    assert reason in probe(codes, labels, codes, labels)["skipped"]


def test_too_few_rows_skip_the_neighbours_alone():
    codes, labels = np.array([[0.0], [1.0], [2.0]]), np.array([0, 1, 1])
    result = probe(codes, labels, codes, labels)
    assert "accuracy" in result["linear"]
    assert "fewer than 5" in result["neighbours"]["skipped"]


def test_active_dimensions_are_those_whose_means_vary():
    scales = np.array([1.0, 0.05, 0.3, 0.0, 2.0])
    result = active_dimensions(np.random.default_rng(5).normal(size=(1000, 5)) * scales)
    assert result["active"] == 3
    assert result["in_words"] == "2 of 5 latent dimensions are unused"
    assert result["variances"] == pytest.approx(scales**2, rel=0.2)
    assert active_dimensions(np.eye(2))["in_words"] == "all 2 latent dimensions are in use"
    with pytest.raises(ValueError, match="at least 2 rows"):
        active_dimensions(np.zeros((1, 2)))


def test_the_kl_of_a_row_is_the_sum_over_dimensions():
    kl = np.array([[1.0, 0.0], [3.0, 0.5]])
    assert kl_by_dimension(kl) == {"nats": [2.0, 0.25], "total_nats": 2.25, "rows": 2}
    assert "1 of 2 rows" in kl_by_dimension(np.array([[1.0, 0.0], [np.inf, 0.5]]))["skipped"]


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
