"""How well clusters that were found without labels agree with labels.

Each measure has its name, and none stands for another.

References:
    Makhzani et al.: Adversarial Autoencoders, 2015, Section 6. https://arxiv.org/abs/1511.05644
    Vinh, Epps, Bailey: Information Theoretic Measures for Clusterings Comparison, 2010.
    Hubert, Arabie: Comparing Partitions, 1985.
"""

from typing import Any

import numpy as np
from jaxtyping import Float, Int, Shaped
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from latently.evaluation.rows import known_labels, unlabelled


def clustering(
    predicted: Int[np.ndarray, "rows"],
    probabilities: Float[np.ndarray, "rows clusters"],
    labels: Shaped[np.ndarray, "rows"] | None,
) -> dict[str, Any]:
    r"""Four measures of the agreement of clusters with labels; rows without a label are left out of all.

    `aae_protocol`
        Each cluster gets the label of its most confident row, \(\arg\max_n q(y_i | x_n)\); many clusters may get one
        label. More clusters make it easier.
    `hungarian`
        Each cluster gets a label of its own, and each label at most one cluster, so that most rows agree; the rows of
        clusters left without a label are wrong. It is meant for as many clusters as labels.
    `normalized_mutual_information`
        The mutual information of clusters and labels over the mean of their entropies, from 0 to 1.
    `adjusted_rand_index`
        The share of pairs of rows on which both agree, adjusted so that chance gives 0 and a perfect match 1.

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
        >>> import numpy as np
        >>> sure = np.array([[0.9, 0.1, 0.0], [0.8, 0.2, 0.0], [0.1, 0.7, 0.2], [0.1, 0.2, 0.7]])
        >>> result = clustering(sure.argmax(axis=1), sure, np.array(["a", "a", "b", "b"]))
        >>> result["aae_protocol"]["accuracy"], result["hungarian"]["accuracy"]
        (1.0, 0.75)
    """
    if reason := unlabelled(labels):
        return {"skipped": reason}
    known = known_labels(np.asarray(labels))
    predicted, probabilities, labels = predicted[known], probabilities[known], np.asarray(labels)[known]
    broken = np.count_nonzero(~np.isfinite(probabilities).all(axis=1))
    if broken:
        return {"skipped": f"the probabilities of {broken} of {len(labels)} rows are not finite"}
    names, truth = np.unique(labels, return_inverse=True)
    clusters = probabilities.shape[1]
    counts = np.zeros((len(names), clusters), dtype=int)
    np.add.at(counts, (truth, predicted), 1)
    return {
        "aae_protocol": _agreement(most_confident(probabilities, truth), predicted, truth, names),
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


def most_confident(
    probabilities: Float[np.ndarray, "rows clusters"], truth: Int[np.ndarray, "rows"]
) -> Int[np.ndarray, "clusters"]:
    """The label of each cluster's most confident row, be that row in the cluster or not; of equals, of the first.

    Example:
        >>> import numpy as np
        >>> most_confident(np.array([[0.6, 0.4], [0.9, 0.1], [0.2, 0.8]]), np.array([0, 1, 1]))
        array([1, 1])
    """
    return np.asarray(truth[probabilities.argmax(axis=0)])


def one_to_one(counts: Int[np.ndarray, "labels clusters"]) -> Int[np.ndarray, "clusters"]:
    """The label of each cluster, none of them twice, under which most rows agree; -1 for a cluster left over.

    Example:
        >>> import numpy as np
        >>> one_to_one(np.array([[5, 4, 0], [3, 0, 0]]))
        array([ 1,  0, -1])
    """
    of_cluster = np.full(counts.shape[1], -1)
    labels, clusters = linear_sum_assignment(counts, maximize=True)
    of_cluster[clusters] = labels
    return of_cluster


def _agreement(
    of_cluster: Int[np.ndarray, "clusters"],
    predicted: Int[np.ndarray, "rows"],
    truth: Int[np.ndarray, "rows"],
    names: Shaped[np.ndarray, "labels"],
) -> dict[str, Any]:
    accuracy = float(np.mean(of_cluster[predicted] == truth))
    return {
        "accuracy": accuracy,
        "standard_error": float(np.sqrt(accuracy * (1 - accuracy) / len(truth))),
        "label_of_cluster": [None if label < 0 else str(names[label]) for label in of_cluster],
    }
