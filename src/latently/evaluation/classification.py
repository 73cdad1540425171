"""How often a classifier is wrong, on what, and whether it knows it; how well clusters agree with labels."""

from typing import Any

import numpy as np
from jaxtyping import Float, Int, Shaped
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from latently.evaluation.rows import known_labels, not_finite, share, standard_error, unlabelled

BINS = 15
FLOOR = float(np.finfo(np.float32).tiny)
"""A probability below it counts as it: models compute in float32, where less cannot be told from nothing."""

Labels = Shaped[np.ndarray, "rows"]
Classes = Shaped[np.ndarray, "classes"]
Probabilities = Float[np.ndarray, "rows classes"]


def classification(
    predicted: Labels, probabilities: Probabilities, labels: Labels | None, classes: Classes
) -> dict[str, Any]:
    """The error of a classifier, its confusions, and the calibration of its probabilities.

    Rows without a label are left out. Rows whose label the model never saw can only be wrong; they count in the error
    and in the confusion matrix, and are left out of the calibration, which asks for the probability of the label.

    Args:
        predicted: the class that the model gives every row.
        probabilities: of each class for every row, in the order of `classes`.
        labels: the label of every row, -1 (or the empty word) where unknown; `None` when there are none.
        classes: the labels that the model was fitted on.

    Returns:
        `error` (a share), its binomial `standard_error`, `rows`; `recall` of each label; `confusion` as `confusion`
        gives it; `calibration` as `calibration` gives it; `unseen`, with the `labels` that the model never saw, their
        `rows`, and `error_without`, the error of all other rows. Or `skipped`.

    Example:
        >>> labels, sure = np.array([0, 1, 1, -1]), np.array([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3], [0.5, 0.5]])
        >>> result = classification(sure.argmax(axis=1), sure, labels, np.array([0, 1]))
        >>> result["rows"], round(result["error"], 3), result["recall"]
        (3, 0.333, {'0': 1.0, '1': 0.5})
    """
    if reason := unlabelled(labels):
        return {"skipped": reason}
    known = known_labels(np.asanyarray(labels))
    predicted, probabilities, labels = predicted[known], probabilities[known], np.asarray(labels)[known]
    places = {value: place for place, value in enumerate(classes.tolist())}
    truth = np.array([places.get(label, -1) for label in labels.tolist()])
    seen = truth >= 0
    if not seen.any():
        return {"skipped": "no label of the data is among the classes that the model was fitted on"}
    wrong = truth != np.array([places[value] for value in predicted.tolist()])
    table = confusion(labels, predicted, classes)
    return {
        **share("error", wrong),
        "rows": len(labels),
        "recall": {
            name: sum(row[k : k + 1]) / sum(row) if any(row) else None
            for k, (name, row) in enumerate(zip(table["labels"], table["counts"], strict=True))
        },
        "unseen": {
            "labels": table["labels"][len(classes) :],
            "rows": int(np.count_nonzero(~seen)),
            "error_without": float(wrong[seen].mean()),
        },
        "confusion": table,
        "calibration": calibration(probabilities[seen], truth[seen]),
    }


def confusion(labels: Labels, predicted: Labels, classes: Classes) -> dict[str, Any]:
    """How many rows of each label were given each class.

    Returns:
        `counts`, one list a label and in it one number a class; the names of those rows, `labels` (the classes first,
        then labels that the model never saw), and of the columns, `classes`.
    """
    columns = classes.tolist()
    rows = columns + [label for label in np.unique(labels).tolist() if label not in columns]
    place = {value: place for place, value in enumerate(rows)}
    counts = np.zeros((len(rows), len(columns)), dtype=int)
    np.add.at(counts, ([place[label] for label in labels.tolist()], [place[given] for given in predicted.tolist()]), 1)
    return {"labels": [*map(str, rows)], "classes": [*map(str, columns)], "counts": counts.tolist()}


def calibration(probabilities: Probabilities, truth: Int[np.ndarray, "rows"], *, bins: int = BINS) -> dict[str, Any]:
    r"""Whether the probabilities of a classifier are what they say.

    The expected calibration error sorts the rows by confidence, the largest probability, into bins of equal width,
    \(\sum_b \frac{n_b}{n} |\text{accuracy}_b - \text{confidence}_b|\); a row at the edge of two bins is in the lower
    one. The Brier score is \(E \sum_k (p_k - [y = k])^2\), from 0 to 2; the negative log-likelihood is
    \(-E \log p_y\), each \(p_y\) taken to be at least the smallest normal number of float32.

    References:
        Guo et al.: On Calibration of Modern Neural Networks, 2017. https://arxiv.org/abs/1706.04599
        Brier: Verification of Forecasts Expressed in Terms of Probability, 1950.

    Returns:
        `expected_calibration_error` (a share), `brier_score`, `negative_log_likelihood_nats` and its
        `standard_error_nats` (`None` for one row), `rows`, `rows_at_floor` (those whose label had no probability),
        `mean_confidence`, `bins` (their number) and `curve`: for each bin that has rows, `low`, `high`, `rows`,
        `confidence` and `accuracy`. Or `skipped`.
    """
    p = probabilities.astype(np.float64)
    if reason := not_finite(p, "the probabilities of {} rows are not finite"):
        return {"skipped": reason}
    rows = np.arange(len(p))
    of_label = p[rows, truth]
    nats = -np.log(np.maximum(of_label, FLOOR))
    confidence, right = p.max(axis=1), p.argmax(axis=1) == truth
    edges = np.linspace(0, 1, bins + 1)
    place = np.digitize(confidence, edges[1:-1], right=True)
    curve = [
        {
            "low": float(edges[k]),
            "high": float(edges[k + 1]),
            "rows": int(np.count_nonzero(place == k)),
            "confidence": float(confidence[place == k].mean()),
            "accuracy": float(right[place == k].mean()),
        }
        for k in np.unique(place)
    ]
    gaps = [point["rows"] * abs(point["accuracy"] - point["confidence"]) for point in curve]
    return {
        "expected_calibration_error": sum(gaps) / len(p),
        "brier_score": float(np.mean(np.sum(p**2, axis=1) - 2 * of_label + 1)),
        "negative_log_likelihood_nats": float(nats.mean()),
        "standard_error_nats": standard_error(nats),
        "rows": len(p),
        "rows_at_floor": int(np.count_nonzero(of_label < FLOOR)),
        "mean_confidence": float(confidence.mean()),
        "bins": bins,
        "curve": curve,
    }


def regions(predicted: Labels, labels: Labels | None, classes: Classes | None) -> dict[str, Any]:
    """The share of rows whose predicted class, such as the petal of the prior that their code lies in, is their label.

    Returns:
        `share`, its binomial `standard_error`, `rows`, and `share_by_label`, keyed by the label in words. Or `skipped`,
        as it is where there are no `classes`, since the model's are clusters.
    """
    if classes is None:
        return {"skipped": "the model's classes are no labels of the data"}
    if reason := unlabelled(labels):
        return {"skipped": reason}
    known = known_labels(np.asanyarray(labels))
    predicted, labels = predicted[known], np.asarray(labels)[known]
    if set(labels.tolist()).isdisjoint(classes.tolist()):
        return {"skipped": "no label of the data is among the classes that the model was fitted on"}
    right = np.equal(predicted.astype(object), labels.astype(object)).astype(bool)
    return {
        **share("share", right),
        "rows": len(labels),
        "share_by_label": {str(label): float(right[labels == label].mean()) for label in np.unique(labels)},
    }


def clustering(
    predicted: Int[np.ndarray, "rows"], probabilities: Probabilities, labels: Labels | None
) -> dict[str, Any]:
    r"""Four measures of the agreement of clusters with labels; rows without a label are left out of all.

    `aae_protocol`
        Each cluster gets the label of its most confident row, \(\arg\max_n q(y_i | x_n)\), be that row in the cluster
        or not; many clusters may get one label. More clusters make it easier.
    `hungarian`
        Each cluster gets a label of its own, and each label at most one cluster, so that most rows agree; the rows of
        clusters left without a label are wrong. It is meant for as many clusters as labels.
    `normalized_mutual_information`
        The mutual information of clusters and labels over the mean of their entropies, from 0 to 1.
    `adjusted_rand_index`
        The share of pairs of rows on which both agree, adjusted so that chance gives 0 and a perfect match 1.

    References:
        Makhzani et al.: Adversarial Autoencoders, 2015, Section 6. https://arxiv.org/abs/1511.05644
        Vinh, Epps, Bailey: Information Theoretic Measures for Clusterings Comparison, 2010.
        Hubert, Arabie: Comparing Partitions, 1985.

    Args:
        predicted: the cluster of every row, from 0.
        probabilities: of each cluster for every row.
        labels: the label of every row, -1 (or the empty word) where unknown; `None` when there are none.

    Returns:
        The four measures, the first two with `accuracy` (a share), its binomial `standard_error` and
        `label_of_cluster` (one a cluster; `None` where it has none); `rows`, `clusters`, `clusters_used`, and
        `confusion`: `counts` with one list a label and in it one number a cluster, the names of both in `labels` and
        `classes`. Or `skipped`.

    Example:
        >>> sure = np.array([[0.9, 0.1, 0.0], [0.8, 0.2, 0.0], [0.1, 0.7, 0.2], [0.1, 0.2, 0.7]])
        >>> result = clustering(sure.argmax(axis=1), sure, np.array(["a", "a", "b", "b"]))
        >>> result["aae_protocol"]["accuracy"], result["hungarian"]["accuracy"]
        (1.0, 0.75)
    """
    if reason := unlabelled(labels):
        return {"skipped": reason}
    known = known_labels(np.asanyarray(labels))
    predicted, probabilities, labels = predicted[known], probabilities[known], np.asarray(labels)[known]
    if reason := not_finite(probabilities, "the probabilities of {} rows are not finite"):
        return {"skipped": reason}
    names, truth = np.unique(labels, return_inverse=True)
    clusters = probabilities.shape[1]
    counts = np.zeros((len(names), clusters), dtype=int)
    np.add.at(counts, (truth, predicted), 1)
    return {
        "aae_protocol": _agreement(truth[probabilities.argmax(axis=0)], predicted, truth, names),
        "hungarian": _agreement(one_to_one(counts), predicted, truth, names),
        "normalized_mutual_information": float(normalized_mutual_info_score(truth, predicted)),
        "adjusted_rand_index": float(adjusted_rand_score(truth, predicted)),
        "rows": len(truth),
        "clusters": clusters,
        "clusters_used": int(np.count_nonzero(counts.sum(axis=0))),
        "confusion": {
            "labels": [str(name) for name in names.tolist()],
            "classes": [str(cluster) for cluster in range(clusters)],
            "counts": counts.tolist(),
        },
    }


def one_to_one(counts: Int[np.ndarray, "labels clusters"]) -> Int[np.ndarray, "clusters"]:
    """The label of each cluster, none of them twice, under which most rows agree; -1 for a cluster left over."""
    of_cluster = np.full(counts.shape[1], -1)
    labels, clusters = linear_sum_assignment(counts, maximize=True)
    of_cluster[clusters] = labels
    return of_cluster


def _agreement(of_cluster: np.ndarray, predicted: np.ndarray, truth: np.ndarray, names: np.ndarray) -> dict[str, Any]:
    return {
        **share("accuracy", of_cluster[predicted] == truth),
        "label_of_cluster": [None if label < 0 else str(names[label]) for label in of_cluster],
    }
