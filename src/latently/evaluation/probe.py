"""How much of the labels the codes tell to a simple reader."""

from typing import Any

import numpy as np
from jaxtyping import Float
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from latently.evaluation.rows import known_labels

NEIGHBOURS = 5


def probe(
    train_codes: Float[np.ndarray, "train latent"],
    train_labels: np.ndarray | None,
    test_codes: Float[np.ndarray, "test latent"],
    test_labels: np.ndarray | None,
    *,
    seed: int = 0,
) -> dict[str, Any]:
    """The accuracy of a linear classifier and of the 5 nearest neighbours, fitted on training codes, on test codes.

    The linear probe is a multinomial logistic regression on codes standardised by the training codes; the neighbours
    are sought among the codes as they are, since it is their geometry that is asked about. Rows with label -1 are left
    out.

    Args:
        train_codes: codes to fit on.
        train_labels: their labels, -1 where unknown; `None` when there are none.
        test_codes: codes to classify.
        test_labels: their labels.
        seed: of the classifier's solver.

    Returns:
        `linear` and `neighbours`, each with `accuracy` (a share), its binomial `standard_error` and `train_rows`,
        `test_rows`; and `majority`, the share of the most frequent class, which needs no code. Or `skipped`.

    Example:
        >>> import numpy as np
        >>> codes, labels = np.repeat(np.eye(2), 20, axis=0), np.repeat([0, 1], 20)
        >>> probe(codes, labels, codes, labels)["linear"]["accuracy"]
        1.0
        >>> probe(codes, None, codes, labels)
        {'skipped': 'the data has no labels'}
    """
    if train_labels is None or test_labels is None:
        return {"skipped": "the data has no labels"}
    fitted, tested = known_labels(train_labels), known_labels(test_labels)
    train_codes, train_labels = train_codes[fitted], train_labels[fitted]
    test_codes, test_labels = test_codes[tested], test_labels[tested]
    if not len(train_labels) or not len(test_labels):
        return {"skipped": "every label of the training rows or of the test rows is unknown"}
    classes, counts = np.unique(train_labels, return_counts=True)
    if len(classes) < 2:
        return {"skipped": "the training labels are all of one class"}
    linear = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000, random_state=seed))
    result = {
        "majority": float(np.mean(test_labels == classes[counts.argmax()])),
        "linear": _accuracy(linear, train_codes, train_labels, test_codes, test_labels),
    }
    if len(train_labels) < NEIGHBOURS:
        result["neighbours"] = {"skipped": f"fewer than {NEIGHBOURS} labelled training rows"}
    else:
        nearest = KNeighborsClassifier(n_neighbors=NEIGHBOURS)
        result["neighbours"] = _accuracy(nearest, train_codes, train_labels, test_codes, test_labels)
    return result


def _accuracy(
    classifier: Any, train_codes: np.ndarray, train_labels: np.ndarray, test_codes: np.ndarray, test_labels: np.ndarray
) -> dict[str, Any]:
    classifier.fit(train_codes, train_labels)
    accuracy = float(np.mean(classifier.predict(test_codes) == test_labels))
    return {
        "accuracy": accuracy,
        "standard_error": float(np.sqrt(accuracy * (1 - accuracy) / len(test_labels))),
        "train_rows": len(train_labels),
        "test_rows": len(test_labels),
    }
