"""How often a classifier is wrong, on what, and whether it knows it."""

from typing import Any

import numpy as np
from jaxtyping import Float, Int, Shaped

from latently.evaluation.rows import known_labels, unlabelled

BINS = 15
FLOOR = float(np.finfo(np.float32).tiny)
"""A probability below it counts as it: models compute in float32, where less cannot be told from nothing."""


def classification(
    predicted: Shaped[np.ndarray, "rows"],
    probabilities: Float[np.ndarray, "rows classes"],
    labels: Shaped[np.ndarray, "rows"] | None,
    classes: Shaped[np.ndarray, "classes"],
    *,
    bins: int = BINS,
) -> dict[str, Any]:
    """The error of a classifier, its confusions, and the calibration of its probabilities.

    Rows without a label are left out. Rows whose label the model never saw can only be wrong; they count in the error
    and in the confusion matrix, and are left out of the calibration, which asks for the probability of the label.

    Args:
        predicted: the class that the model gives every row.
        probabilities: of each class for every row, in the order of `classes`.
        labels: the label of every row, -1 (or the empty word) where unknown; `None` when there are none.
        classes: the labels that the model was fitted on.
        bins: of confidence, for the calibration error.

    Returns:
        `error` (a share), its binomial `standard_error`, `rows`; `recall` of each label; `confusion` as `confusion`
        gives it; `calibration` as `calibration` gives it; `unseen`, with the `labels` that the model never saw, their
        `rows`, and `error_without`, the error of all other rows. Or `skipped`.

    Example:
        >>> import numpy as np
        >>> labels, sure = np.array([0, 1, 1, -1]), np.array([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3], [0.5, 0.5]])
        >>> result = classification(sure.argmax(axis=1), sure, labels, np.array([0, 1]))
        >>> result["rows"], round(result["error"], 3), result["recall"]
        (3, 0.333, {'0': 1.0, '1': 0.5})
    """
    if reason := unlabelled(labels):
        return {"skipped": reason}
    known = known_labels(np.asarray(labels))
    predicted, probabilities, labels = predicted[known], probabilities[known], np.asarray(labels)[known]
    places = {value: place for place, value in enumerate(classes.tolist())}
    truth = np.array([places.get(label, -1) for label in labels.tolist()])
    seen = truth >= 0
    if not seen.any():
        return {"skipped": "no label of the data is among the classes that the model was fitted on"}
    wrong = truth != np.array([places[value] for value in predicted.tolist()])
    table = confusion(labels, predicted, classes)
    totals = np.sum(table["counts"], axis=1)
    hits = [row[k] if k < len(classes) else 0 for k, row in enumerate(table["counts"])]
    return {
        **_share("error", wrong),
        "rows": len(labels),
        "recall": {
            name: hit / int(total) if total else None
            for name, hit, total in zip(table["labels"], hits, totals, strict=True)
        },
        "unseen": {
            "labels": table["labels"][len(classes) :],
            "rows": int(np.count_nonzero(~seen)),
            "error_without": float(wrong[seen].mean()),
        },
        "confusion": table,
        "calibration": calibration(probabilities[seen], truth[seen], bins=bins),
    }


def confusion(
    labels: Shaped[np.ndarray, "rows"], predicted: Shaped[np.ndarray, "rows"], classes: Shaped[np.ndarray, "classes"]
) -> dict[str, Any]:
    """How many rows of each label were given each class.

    Args:
        labels: the known label of every row.
        predicted: the class given to it, one of `classes`.
        classes: the labels that the model was fitted on.

    Returns:
        `counts`, one list a label and in it one number a class; the names of those rows, `labels` (the classes first,
        then labels that the model never saw), and of the columns, `classes`.

    Example:
        >>> import numpy as np
        >>> confusion(np.array(["a", "b", "c"]), np.array(["a", "a", "b"]), np.array(["a", "b"]))["counts"]
        [[1, 0], [1, 0], [0, 1]]
    """
    columns = classes.tolist()
    rows = columns + [label for label in np.unique(labels).tolist() if label not in columns]
    row_of, column_of = ({value: place for place, value in enumerate(values)} for values in (rows, columns))
    counts = np.zeros((len(rows), len(columns)), dtype=int)
    pairs = zip(labels.tolist(), predicted.tolist(), strict=True)
    np.add.at(counts, tuple(np.array([(row_of[label], column_of[given]) for label, given in pairs]).T), 1)
    return {"labels": [*map(str, rows)], "classes": [*map(str, columns)], "counts": counts.tolist()}


def calibration(
    probabilities: Float[np.ndarray, "rows classes"], truth: Int[np.ndarray, "rows"], *, bins: int = BINS
) -> dict[str, Any]:
    r"""Whether the probabilities of a classifier are what they say.

    The expected calibration error sorts the rows by confidence, the largest probability, into bins of equal width,
    \(\sum_b \frac{n_b}{n} |\text{accuracy}_b - \text{confidence}_b|\); a row at the edge of two bins is in the lower
    one. The Brier score is \(E \sum_k (p_k - [y = k])^2\), from 0 to 2; the negative log-likelihood is
    \(-E \log p_y\), each \(p_y\) taken to be at least the smallest normal number of float32.

    References:
        Guo et al.: On Calibration of Modern Neural Networks, 2017. https://arxiv.org/abs/1706.04599
        Brier: Verification of Forecasts Expressed in Terms of Probability, 1950.

    Args:
        probabilities: of each class for every row.
        truth: the true class of every row, as its place among the columns.
        bins: how many.

    Returns:
        `expected_calibration_error` (a share), `brier_score`, `negative_log_likelihood_nats` and its
        `standard_error_nats` (`None` for one row), `rows`, `rows_at_floor` (those whose label had no probability),
        `mean_confidence`, `bins` (their number) and `curve`: for each bin that has rows, `low`, `high`, `rows`,
        `confidence` and `accuracy`. Or `skipped`.

    Example:
        >>> import numpy as np
        >>> coin = calibration(np.full((4, 2), 0.5), np.array([0, 0, 1, 1]))
        >>> coin["expected_calibration_error"], coin["brier_score"], round(coin["negative_log_likelihood_nats"], 3)
        (0.0, 0.5, 0.693)
    """
    p = probabilities.astype(np.float64)
    broken = np.count_nonzero(~np.isfinite(p).all(axis=1))
    if broken:
        return {"skipped": f"the probabilities of {broken} of {len(p)} rows are not finite"}
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
    return {
        "expected_calibration_error": sum(
            point["rows"] * abs(point["accuracy"] - point["confidence"]) for point in curve
        )
        / len(p),
        "brier_score": float(np.mean(np.sum(p**2, axis=1) - 2 * of_label + 1)),
        "negative_log_likelihood_nats": float(nats.mean()),
        "standard_error_nats": float(nats.std(ddof=1) / np.sqrt(len(p))) if len(p) > 1 else None,
        "rows": len(p),
        "rows_at_floor": int(np.count_nonzero(of_label < FLOOR)),
        "mean_confidence": float(confidence.mean()),
        "bins": bins,
        "curve": curve,
    }


def _share(name: str, rows: Shaped[np.ndarray, "rows"]) -> dict[str, float]:
    """A share of the rows and its binomial standard error."""
    share = float(rows.mean())
    return {name: share, "standard_error": float(np.sqrt(share * (1 - share) / len(rows)))}
