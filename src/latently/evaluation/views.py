"""What several views have in common, as the codes of a model tell it, and how it completes those that are missing."""

from itertools import combinations
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped
from scipy.linalg import eigh
from sklearn.decomposition import PCA
from sklearn.metrics import pairwise_distances

from latently.data import Views
from latently.evaluation.codes import linear_svm_error
from latently.evaluation.completion import Completer, canonical_correlation, completion, flat, nearest_neighbour
from latently.evaluation.model import FittedModel
from latently.evaluation.rows import Selection, known_labels
from latently.evaluation.samples import Judges

COMPONENTS = 50
MOST_NUMBERS = 100
RIDGE = 1e-4
HSIC_ROWS = 2000
Pair = tuple[Float[np.ndarray, "train latent"], Float[np.ndarray, "test latent"]]


def several_views(
    model: FittedModel, train: Selection | None, test: Selection, judge: Judges | None = None, seed: int = 0
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
    train, test = (rows.where(rows.data.given[rows.chosen].all(axis=1)) for rows in (train, test))
    if min(len(train), len(test)) < 10:
        return {"skipped": "fewer than 10 rows have all views"}
    fitted, tested = train.data[train.chosen], test.data[test.chosen]
    names = tested.names
    codes = {name: (model.transform(fitted.only(name)), model.transform(tested.only(name))) for name in names}
    data = {name: (flat(fitted.only(name)), flat(tested.only(name))) for name in names}
    together = {"all": (model.transform(fitted), model.transform(tested))}
    return {
        "correlation": {
            f"{a} and {b}": _common(codes[a], codes[b], data[a], data[b]) for a, b in combinations(names, 2)
        },
        "svm_error": _svm_errors(codes | together, data, train.labels, test.labels, seed),
        "completion": {name: _completion(model, fitted, tested, name, test.labels, judge) for name in names},
        "rows": len(tested),
        "train_rows": len(fitted),
    }


def _common(of_a: Pair, of_b: Pair, data_a: Pair, data_b: Pair) -> dict[str, Any]:
    components = min(COMPONENTS, of_a[0].shape[1])
    (train_a, test_a), (train_b, test_b) = data_a, data_b
    return {
        "total": total_canonical_correlation((of_a[0], of_b[0]), (of_a[1], of_b[1]), components),
        "of_data": total_canonical_correlation((train_a, train_b), (test_a, test_b), components),
        "components": components,
        "hsic": normalized_hsic(of_a[1], of_b[1]),
        "hsic_shuffled": normalized_hsic(of_a[1], np.roll(of_b[1], 1, axis=0)),
    }


def _svm_errors(
    codes: dict[str, Pair],
    data: dict[str, Pair],
    train_labels: Shaped[np.ndarray, "train"] | None,
    test_labels: Shaped[np.ndarray, "test"] | None,
    seed: int,
) -> dict[str, Any]:
    if train_labels is None or test_labels is None:
        return {"skipped": "the data has no labels"}
    fitted, tested = known_labels(train_labels), known_labels(test_labels)
    if len(np.unique(train_labels[fitted])) < 2 or not tested.any():
        return {"skipped": "fewer than two classes are known"}

    def error(on: Pair) -> float:
        return linear_svm_error(on[0][fitted], train_labels[fitted], on[1][tested], test_labels[tested], seed)

    return {
        **{name: error(pair) for name, pair in codes.items()},
        "data": {name: error(_fewer_numbers(pair)) for name, pair in data.items()},
    }


def _fewer_numbers(data: Pair) -> Pair:
    """Principal components: pixels are hundreds, many of them constant."""
    train, test = data
    if train.shape[1] <= MOST_NUMBERS:
        return data
    pca = PCA(min(MOST_NUMBERS, len(train)), random_state=0).fit(train)
    return pca.transform(train), pca.transform(test)


def _completion(
    model: FittedModel, train: Views, test: Views, missing: str, labels: np.ndarray | None, judge: Judges | None
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


def total_canonical_correlation(
    train: tuple[Float[np.ndarray, "train a"], Float[np.ndarray, "train b"]],
    test: tuple[Float[np.ndarray, "test a"], Float[np.ndarray, "test b"]],
    components: int,
) -> float:
    r"""The sum of the correlations of the first canonical pairs: directions found on training rows, measured on others.

    Linear canonical correlation analysis (Hotelling 1936): directions \(u, v\) that maximise
    \(\mathrm{corr}(u^\top a, v^\top b)\), each uncorrelated with those before, from covariances with a ridge of 1e-4 of
    their mean variance. As Andrew et al. 2013 (deep CCA) report it for halves of images; the most it can be is
    `components`.

    Args:
        train: two sets of codes, row by row of the same data, that the directions are found on.
        test: two sets that the correlations are measured on.
        components: how many pairs; no more than the smaller dimension are taken.

    Example:
        >>> a = np.random.default_rng(0).normal(size=(500, 3))
        >>> b = a[:, ::-1] + 1
        >>> round(total_canonical_correlation((a[:400], b[:400]), (a[400:], b[400:]), 2), 2)
        2.0
    """
    a, b = (codes - codes.mean(axis=0) for codes in train)
    n, d = len(a), a.shape[1]
    covariance = np.cov(np.hstack([a, b]).astype(np.float64).T)
    for block in (slice(0, d), slice(d, None)):
        part = covariance[block, block]
        part[np.diag_indices_from(part)] += RIDGE * np.trace(part) / len(part) + 1e-12
    of_a, across, of_b = covariance[:d, :d], covariance[:d, d:], covariance[d:, d:]
    _, u = eigh(across @ np.linalg.solve(of_b, across.T), of_a)
    u = u[:, ::-1][:, : min(components, n - 1, d, len(of_b))]
    v = np.linalg.solve(of_b, across.T @ u)
    left, right = test[0] @ u, test[1] @ v
    left, right = left - left.mean(axis=0), right - right.mean(axis=0)
    norms = np.linalg.norm(left, axis=0) * np.linalg.norm(right, axis=0)
    together = (left * right).sum(axis=0)
    return float(np.divide(together, norms, out=np.zeros_like(together), where=norms > 0).sum())


def normalized_hsic(a: Float[np.ndarray, "rows a"], b: Float[np.ndarray, "rows b"]) -> float:
    r"""The dependence of two sets of codes, of any form: 0 where they are independent, 1 where one tells the other.

    \(\mathrm{HSIC}(a, b) / \sqrt{\mathrm{HSIC}(a, a)\,\mathrm{HSIC}(b, b)}\) with Gaussian kernels as wide as the
    median distance (Gretton et al. 2005, the biased estimate; normalised as in Cortes et al. 2012). Finite samples of
    independent codes are a little above 0.

    Args:
        a, b: codes, row by row of the same data; of more than 2000 rows the first 2000 are taken.

    Example:
        >>> a = np.random.default_rng(0).normal(size=(200, 2))
        >>> round(normalized_hsic(a, 3 * a + 1), 6)
        1.0
    """
    k, m = (_centred_kernel(codes[:HSIC_ROWS].astype(np.float64)) for codes in (a, b))
    norm = np.linalg.norm(k) * np.linalg.norm(m)
    return float(np.vdot(k, m) / norm) if norm > 0 else 0.0


def _centred_kernel(codes: Float[np.ndarray, "rows d"]) -> Float[np.ndarray, "rows rows"]:
    squared = pairwise_distances(codes, metric="sqeuclidean")
    kernel = np.exp(-squared / max(float(np.median(squared)), 1e-12))
    kernel = kernel - kernel.mean(axis=0)
    centred: Float[np.ndarray, "rows rows"] = kernel - kernel.mean(axis=1, keepdims=True)
    return centred
