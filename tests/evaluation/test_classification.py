"""Error, confusions and calibration are those of their definitions, on numbers worked out by hand.

The measures of clusters are what their papers say, and differ where they must.
"""

import numpy as np
import pytest
from sklearn.metrics import (
    adjusted_rand_score,
    brier_score_loss,
    confusion_matrix,
    log_loss,
    normalized_mutual_info_score,
)

from latently.evaluation.classification import (
    calibration,
    classification,
    clustering,
    confusion,
    one_to_one,
    regions,
)


def test_the_expected_calibration_error_of_hand_made_numbers():
    # two bins: 0.55 and 0.65 (one of two right), 0.9 and 0.96 (both right)
    confidence = np.array([0.55, 0.65, 0.9, 0.96])
    p = np.stack([confidence, 1 - confidence], axis=1)
    result = calibration(p, np.array([0, 1, 0, 0]), bins=4)
    assert result["expected_calibration_error"] == pytest.approx(0.5 * abs(0.5 - 0.6) + 0.5 * abs(1 - 0.93))
    assert [(point["low"], point["high"], point["rows"]) for point in result["curve"]] == [(0.5, 0.75, 2), (0.75, 1, 2)]
    assert [point["accuracy"] for point in result["curve"]] == [0.5, 1]
    assert result["mean_confidence"] == pytest.approx(confidence.mean())
    assert (result["rows"], result["bins"]) == (4, 4)


def test_a_confidence_at_the_edge_of_two_bins_is_in_the_lower_and_certainty_in_the_last():
    p = np.array([[0.5, 0.5], [1.0, 0.0]])
    curve = calibration(p, np.array([0, 0]), bins=4)["curve"]
    assert [point["low"] for point in curve] == [0.25, 0.75]


def test_probabilities_that_labels_are_drawn_from_are_calibrated():
    random = np.random.default_rng(0)
    p = random.dirichlet(np.ones(5), size=20_000)
    truth = np.array([random.choice(5, p=row) for row in p])
    result = calibration(p, truth)
    assert result["expected_calibration_error"] < 0.02
    overconfident = p**3 / (p**3).sum(axis=1, keepdims=True)
    assert calibration(overconfident, truth)["expected_calibration_error"] > 0.15


def test_scores_are_those_of_scikit_learn():
    random = np.random.default_rng(1)
    p, truth = random.dirichlet(np.ones(4), size=500), random.integers(0, 4, 500)
    result = calibration(p, truth)
    assert result["negative_log_likelihood_nats"] == pytest.approx(log_loss(truth, p))
    assert result["brier_score"] == pytest.approx(np.mean(np.sum((p - np.eye(4)[truth]) ** 2, axis=1)))
    half = calibration(p[:, :2] / p[:, :2].sum(axis=1, keepdims=True), truth % 2)
    second = (p[:, :2] / p[:, :2].sum(axis=1, keepdims=True))[:, 1]
    assert half["brier_score"] == pytest.approx(2 * brier_score_loss(truth % 2, second))


def test_a_label_without_any_probability_costs_87_nats_and_is_counted():
    result = calibration(np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([0, 1]))
    assert result["negative_log_likelihood_nats"] == pytest.approx(0.5 * 87.336545, rel=1e-6)
    assert result["rows_at_floor"] == 1


def test_probabilities_that_are_not_finite_are_told():
    assert "1 of 2 rows" in calibration(np.array([[np.nan, 0.0], [1.0, 0.0]]), np.array([0, 1]))["skipped"]


def test_confusions_are_those_of_scikit_learn():
    random = np.random.default_rng(2)
    labels, predicted = random.integers(0, 5, 300), random.integers(0, 5, 300)
    assert confusion(labels, predicted, np.arange(5))["counts"] == confusion_matrix(labels, predicted).tolist()


def sure(predicted, classes):
    return np.eye(len(classes))[predicted] * 0.9 + 0.1 / len(classes)


def test_labels_that_the_model_never_saw_are_wrong_and_told_apart():
    classes = np.array(["ant", "bee", "cat"])
    labels = np.array(["ant", "bee", "bee", "dog", "", "eel"])
    predicted = np.array([0, 1, 0, 2, 2, 0])
    result = classification(classes[predicted], sure(predicted, classes), labels, classes)
    assert (result["error"], result["rows"]) == (pytest.approx(3 / 5), 5)
    assert result["standard_error"] == pytest.approx(np.sqrt(0.6 * 0.4 / 5))
    assert result["unseen"] == {"labels": ["dog", "eel"], "rows": 2, "error_without": pytest.approx(1 / 3)}
    assert result["confusion"]["labels"] == ["ant", "bee", "cat", "dog", "eel"]
    assert result["confusion"]["classes"] == ["ant", "bee", "cat"]
    assert result["confusion"]["counts"] == [[1, 0, 0], [1, 1, 0], [0, 0, 0], [0, 0, 1], [1, 0, 0]]
    assert result["recall"] == {"ant": 1, "bee": 0.5, "cat": None, "dog": 0, "eel": 0}
    assert result["calibration"]["rows"] == 3


def test_numbers_are_the_same_labels_in_any_type():
    classes = np.array([3, 5], dtype=np.int32)
    for dtype in (np.uint8, np.int64, np.float64, object):
        labels = np.array([3, 5, 5]).astype(dtype)
        predicted = np.array([0, 1, 0])
        result = classification(classes[predicted], sure(predicted, classes), labels, classes)
        assert result["error"] == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("labels", "reason"),
    [(None, "no labels"), (np.full(2, -1), "unknown"), (np.array(["a", "b"]), "among the classes")],
)
def test_what_cannot_be_compared_is_skipped_with_the_reason(labels, reason):
    assert reason in classification(np.zeros(2, int), np.full((2, 2), 0.5), labels, np.arange(2))["skipped"]


def of_rows(clusters, confidences, n):
    """Probabilities with the given confidence in the given cluster, the rest shared by the others."""
    p = np.repeat(((1 - np.asarray(confidences)) / (n - 1))[:, None], n, axis=1)
    p[np.arange(len(clusters)), clusters] = confidences
    return p


def test_the_most_confident_row_names_its_cluster_even_against_the_majority():
    predicted = np.array([0, 0, 0, 1, 1])
    p = of_rows(predicted, [0.8, 0.99, 0.8, 0.9, 0.95], 2)
    labels = np.array(["a", "b", "a", "b", "b"])  # cluster 0 holds two of a, but its surest row is a b
    result = clustering(predicted, p, labels)
    assert result["aae_protocol"]["label_of_cluster"] == ["b", "b"]
    assert result["aae_protocol"]["accuracy"] == pytest.approx(3 / 5)
    assert result["hungarian"]["label_of_cluster"] == ["a", "b"]
    assert result["hungarian"]["accuracy"] == pytest.approx(4 / 5)


def test_many_clusters_may_have_one_label_in_the_aae_protocol_but_not_in_a_matching():
    predicted = np.arange(4).repeat(5)
    labels = np.array([0, 0, 1, 1]).repeat(5)
    result = clustering(predicted, of_rows(predicted, [0.9] * 20, 4), labels)
    assert result["aae_protocol"]["accuracy"] == 1
    assert result["hungarian"]["accuracy"] == 0.5
    assert result["hungarian"]["label_of_cluster"].count(None) == 2
    assert result["aae_protocol"]["standard_error"] == 0
    assert result["hungarian"]["standard_error"] == pytest.approx(np.sqrt(0.25 / 20))


def test_the_row_that_names_a_cluster_may_lie_in_another():
    p = np.array([[0.6, 0.4, 0.0], [0.5, 0.2, 0.3]])
    result = clustering(np.array([0, 0]), p, np.array([7, 8]))
    assert result["aae_protocol"]["label_of_cluster"] == ["7", "7", "8"]


def test_the_matching_is_the_best_of_all_matchings():
    from itertools import permutations

    counts = np.random.default_rng(0).integers(0, 50, size=(5, 5))
    of_cluster = one_to_one(counts)
    best = max(sum(counts[label, k] for k, label in enumerate(labels)) for labels in permutations(range(5)))
    assert sum(counts[label, k] for k, label in enumerate(of_cluster)) == best


def test_names_of_clusters_do_not_matter_and_unlabelled_rows_are_left_out():
    random = np.random.default_rng(1)
    predicted, labels = random.integers(0, 4, 400), random.integers(-1, 3, 400)
    p, renamed = of_rows(predicted, random.uniform(0.5, 1, 400), 4), (predicted + 1) % 4
    result, other = clustering(predicted, p, labels), clustering(renamed, np.roll(p, 1, axis=1), labels)
    for measure in ("aae_protocol", "hungarian"):
        assert result[measure]["accuracy"] == other[measure]["accuracy"]
    known = labels >= 0
    assert result["rows"] == np.count_nonzero(known)
    expected = normalized_mutual_info_score(labels[known], predicted[known])
    assert result["normalized_mutual_information"] == pytest.approx(expected)
    assert result["adjusted_rand_index"] == pytest.approx(adjusted_rand_score(labels[known], predicted[known]))
    assert np.sum(result["confusion"]["counts"]) == result["rows"]


def test_chance_scores_zero_only_where_it_says_so():
    random = np.random.default_rng(2)
    predicted, labels = random.integers(0, 10, 5000), random.integers(0, 10, 5000)
    result = clustering(predicted, of_rows(predicted, [0.9] * 5000, 10), labels)
    assert abs(result["adjusted_rand_index"]) < 0.005
    assert result["hungarian"]["accuracy"] == pytest.approx(0.115, abs=0.015)


@pytest.mark.parametrize(("labels", "reason"), [(None, "no labels"), (np.full(3, -1), "unknown")])
def test_clusters_without_labels_are_skipped_with_the_reason(labels, reason):
    assert reason in clustering(np.zeros(3, int), np.ones((3, 1)), labels)["skipped"]


def test_probabilities_of_clusters_that_are_not_finite_are_told():
    p = np.array([[np.nan, 1.0], [0.5, 0.5]])
    assert "1 of 2 rows" in clustering(np.array([0, 0]), p, np.array([0, 1]))["skipped"]


def test_regions_count_the_rows_with_a_label_alone():
    result = regions(np.array([0, 1, 1, 1]), np.array([0, 1, 0, -1]), np.array([0, 1]))
    assert (result["share"], result["rows"]) == (pytest.approx(2 / 3), 3)
    assert result["share_by_label"] == {"0": 0.5, "1": 1.0}


@pytest.mark.parametrize(
    ("labels", "classes", "reason"),
    [
        (np.zeros(2, int), None, "are no labels of the data"),
        (None, np.arange(2), "no labels"),
        (np.full(2, -1), np.arange(2), "unknown"),
        (np.array(["a", "b"]), np.arange(2), "among the classes"),
    ],
)
def test_regions_say_why_they_are_skipped(labels, classes, reason):
    assert reason in regions(np.zeros(2, int), labels, classes)["skipped"]
