"""How many rows the model puts where their label belongs."""

from typing import Any

import numpy as np

from latently.evaluation.rows import known_labels


def regions(predicted: np.ndarray, labels: np.ndarray | None, classes: np.ndarray | None) -> dict[str, Any]:
    """The share of rows whose predicted class, such as the petal of the prior that their code lies in, is their label.

    Args:
        predicted: the class that the model gives every row.
        labels: the label of every row, -1 where unknown; `None` when there are none.
        classes: the labels that the model was fitted on; `None` when its classes are clusters.

    Returns:
        `share`, its binomial `standard_error`, `rows`, and `share_by_label`, keyed by the label in words. Or `skipped`.

    Example:
        >>> import numpy as np
        >>> regions(np.array([0, 1, 1, 0]), np.array([0, 1, 0, -1]), np.array([0, 1]))["share_by_label"]
        {'0': 0.5, '1': 1.0}
    """
    if classes is None:
        return {"skipped": "the model's classes are no labels of the data"}
    if labels is None:
        return {"skipped": "the data has no labels"}
    known = known_labels(labels)
    predicted, labels = predicted[known], labels[known]
    if not len(labels):
        return {"skipped": "every label is unknown"}
    if set(labels.tolist()).isdisjoint(classes.tolist()):
        return {"skipped": "no label of the data is among the classes that the model was fitted on"}
    right = np.equal(predicted.astype(object), labels.astype(object)).astype(bool)
    share = float(right.mean())
    return {
        "share": share,
        "standard_error": float(np.sqrt(share * (1 - share) / len(labels))),
        "rows": len(labels),
        "share_by_label": {str(label): float(right[labels == label].mean()) for label in np.unique(labels)},
    }
