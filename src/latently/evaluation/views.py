"""What several views have in common, as the codes of a model tell it, and how it completes those that are missing."""

from itertools import combinations
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped
from sklearn.decomposition import PCA

from latently.data import Views
from latently.evaluation.completion import Completer, canonical_correlation, completion, flat, nearest_neighbour
from latently.evaluation.correlation import normalized_hsic, total_canonical_correlation
from latently.evaluation.linear_svm import linear_svm_error
from latently.evaluation.model import Completes
from latently.evaluation.rows import Rows, known_labels
from latently.evaluation.samples import Judges

COMPONENTS = 50
MOST_NUMBERS = 100


def several_views(
    model: Completes,
    train: Rows | None,
    test: Rows,
    judge: Judges | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """What the codes of single views share, what a linear classifier reads in them, and the completion of each view.

    Only rows that have all views are looked at.

    Args:
        model: completes views.
        train: training rows, which correlations, classifiers and baselines are fitted on.
        test: test rows, which all figures are of.
        judge: of whole images, where the views are their halves.
        seed: of the split on which a classifier's cost is chosen.

    Returns:
        - `correlation`: for each pair of views, `total` canonical correlation of their codes and `of_data`, that of the
          data themselves, over `components` pairs; `hsic` of the codes and `hsic_shuffled`, of codes that are not of
          the same rows;
        - `svm_error`: of a linear support vector machine on the codes of each view alone and of `all` views, and under
          `data` on the data themselves (their first 100 principal components, where there are more numbers); its cost
          is chosen on a fifth of the training rows. Or `skipped`;
        - `completion`: view → completer (`model`, `cca`, `nearest_neighbour`, `truth`) → its figures, as `completion`
          gives them, and `margin`: how far the model's agreement with the judge is above that of the better baseline;
        - `rows`, `train_rows`.
    """
    if train is None:
        return {"skipped": "no training rows were given to compare with"}
    of_train, of_test = _whole(train), _whole(test)
    if min(len(of_train), len(of_test)) < 10:
        return {"skipped": "fewer than 10 rows have all views"}
    (fitted, train_labels), (tested, test_labels) = _read(of_train), _read(of_test)
    names = tested.names
    codes = {name: (model.transform(fitted.only(name)), model.transform(tested.only(name))) for name in names}
    return {
        "correlation": {
            f"{a} and {b}": _common(codes[a], codes[b], fitted, tested, a, b) for a, b in combinations(names, 2)
        },
        "svm_error": _svm_errors(model, codes, fitted, tested, train_labels, test_labels, seed),
        "completion": {name: _completion(model, fitted, tested, name, test_labels, judge) for name in names},
        "rows": len(tested),
        "train_rows": len(fitted),
    }


def _whole(rows: Rows) -> Rows:
    """Those of the rows that have all views."""
    return rows.where(rows.data.present[rows.chosen].all(axis=1))


def _read(rows: Rows) -> tuple[Views, Shaped[np.ndarray, "rows"] | None]:
    return rows.data[rows.chosen], rows.labels


Pair = tuple[Float[np.ndarray, "train latent"], Float[np.ndarray, "test latent"]]


def _common(of_a: Pair, of_b: Pair, train: Views, test: Views, a: str, b: str) -> dict[str, Any]:
    components = min(COMPONENTS, of_a[0].shape[1])
    data = [[flat(views.only(name)) for name in (a, b)] for views in (train, test)]
    return {
        "total": total_canonical_correlation((of_a[0], of_b[0]), (of_a[1], of_b[1]), components),
        "of_data": total_canonical_correlation((data[0][0], data[0][1]), (data[1][0], data[1][1]), components),
        "components": components,
        "hsic": normalized_hsic(of_a[1], of_b[1]),
        "hsic_shuffled": normalized_hsic(of_a[1], np.roll(of_b[1], 1, axis=0)),
    }


def _svm_errors(
    model: Completes,
    codes: dict[str, Pair],
    train: Views,
    test: Views,
    train_labels: np.ndarray | None,
    test_labels: np.ndarray | None,
    seed: int,
) -> dict[str, Any]:
    if train_labels is None or test_labels is None:
        return {"skipped": "the data has no labels"}
    fitted, tested = known_labels(train_labels), known_labels(test_labels)
    if len(np.unique(train_labels[fitted])) < 2 or not tested.any():
        return {"skipped": "fewer than two classes are known"}

    def error(on: Pair) -> float:
        return linear_svm_error(on[0][fitted], train_labels[fitted], on[1][tested], test_labels[tested], seed)

    together = (model.transform(train), model.transform(test))
    data = {name: _fewer_numbers((flat(train.only(name)), flat(test.only(name)))) for name in test.names}
    return {
        **{name: error(pair) for name, pair in codes.items()},
        "all": error(together),
        "data": {name: error(pair) for name, pair in data.items()},
    }


def _fewer_numbers(data: Pair) -> Pair:
    """Principal components: pixels are hundreds, many of them constant."""
    train, test = data
    if train.shape[1] <= MOST_NUMBERS:
        return data
    pca = PCA(min(MOST_NUMBERS, len(train)), random_state=0).fit(train)
    return pca.transform(train), pca.transform(test)


def _completion(
    model: Completes, train: Views, test: Views, missing: str, labels: np.ndarray | None, judge: Judges | None
) -> dict[str, Any]:
    completers: dict[str, Completer] = {
        "model": lambda given: model.complete(given)[missing],
        "cca": canonical_correlation(train, missing),
        "nearest_neighbour": nearest_neighbour(train, missing),
    }
    figures = completion(completers, test, missing, labels, judge)
    agreements = {name: values["judge_agreement"] for name, values in figures.items() if "judge_agreement" in values}
    if agreements:
        best = max(agreements["cca"], agreements["nearest_neighbour"])
        figures["margin"] = {"judge_agreement": agreements["model"] - best}
    return figures
