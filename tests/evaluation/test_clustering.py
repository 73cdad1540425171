"""The measures of clusters are what their papers say, and differ where they must."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from latently.evaluation import clustering
from latently.evaluation.clustering import most_confident, one_to_one


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
    assert most_confident(np.array([[0.6, 0.4, 0.0], [0.5, 0.2, 0.3]]), np.array([7, 8])).tolist() == [7, 7, 8]


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


def test_probabilities_that_are_not_finite_are_told():
    p = np.array([[np.nan, 1.0], [0.5, 0.5]])
    assert "1 of 2 rows" in clustering(np.array([0, 0]), p, np.array([0, 1]))["skipped"]
