"""What several views have in common, as the codes of a model tell it, and how it completes those that are missing."""

import warnings
from collections.abc import Callable
from functools import partial
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Shaped
from scipy.linalg import eigh
from sklearn.cross_decomposition import CCA
from sklearn.decomposition import PCA
from sklearn.linear_model import RidgeCV
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import KernelCenterer, StandardScaler

from latently.data import Views
from latently.data.rows import spread_rows
from latently.data.views import joined
from latently.evaluation.baselines import surely_less
from latently.evaluation.codes import linear_svm_error
from latently.evaluation.model import FittedModel
from latently.evaluation.rows import Selection, known_labels
from latently.evaluation.samples import Judges, agreement
from latently.wording import short_number

COMPONENTS = 50
MOST_NUMBERS = 100
RIDGE = 1e-4
HSIC_ROWS = 2000
PRINCIPAL_COMPONENTS = 50
CANONICAL_PAIRS = 20
PENALTIES = np.logspace(-3, 5, 9)
NEIGHBOURS, FITTED_ROWS = 5, 10_000
Pair = tuple[Float[np.ndarray, "train _"], Float[np.ndarray, "test _"]]
Labels = Shaped[np.ndarray, "_"] | None
Completer = Callable[[Views], Shaped[np.ndarray, "rows ..."]]


def several_views(
    model: FittedModel, train: Selection | None, test: Selection, judge: Judges | None = None, seed: int = 0
) -> dict[str, Any]:
    """What the codes of single views share, what a linear classifier reads in them, and the completion of each view.

    Only rows that have all views are looked at. What is fitted is fitted on training rows, and all figures are of test
    rows. The judge is one of whole images, where the views are their halves.

    Returns:
        - `correlation`: for each pair of views, `total` canonical correlation of their codes and, `of_data`, of the
          data themselves, over `components` pairs; `hsic` of the codes and, `hsic_shuffled`, of codes of other rows;
        - `svm_error`: of a linear support vector machine on the codes of each view alone and of `all` views, and under
          `data` on the data themselves (their first 100 principal components, where there are more numbers); its cost
          is chosen on a fifth of the training rows. Or `skipped`;
        - `completion`: view → completer (`model`, `ridge`, `cca`, `nearest_neighbour`, `neighbours`, `truth`) → its
          figures, as `completion` gives them, and `margin`: how far the model's agreement with the judge is above that
          of CCA and the nearest neighbour, whichever is better;
        - `advice`, a sentence where ridge regression is better, by more than two standard errors;
        - `rows`, `train_rows`.
    """
    if train is None:
        return {"skipped": "no training rows were given to compare with"}
    train, test = (rows.where(rows.data.present[rows.chosen].all(axis=1)) for rows in (train, test))
    if min(len(train), len(test)) < 10:
        return {"skipped": "fewer than 10 rows have all views"}
    fitted, tested = train.data[train.chosen], test.data[test.chosen]
    names = tested.names
    codes = {name: (_codes(model, fitted.only(name)), _codes(model, tested.only(name))) for name in names}
    data = {name: (flat(fitted.only(name)), flat(tested.only(name))) for name in names}
    together = {"all": (_codes(model, fitted), _codes(model, tested))}
    completed = {name: _completion(model, fitted, tested, name, test.labels, judge) for name in names}
    better = [name for name, (_, by_ridge) in completed.items() if by_ridge]
    return {
        "correlation": {
            f"{a} and {b}": _common(codes[a], codes[b], data[a], data[b]) for a, b in combinations(names, 2)
        },
        "svm_error": _svm_errors(codes | together, data, train.labels, test.labels, seed),
        "completion": {name: figures for name, (figures, _) in completed.items()},
        "rows": len(tested),
        "train_rows": len(fitted),
        **({"advice": _advice(better, completed[better[0]][0])} if better else {}),
    }


def _advice(better: list[str], figures: dict[str, Any]) -> str:
    ridge, model = (figures[name]["root_mean_squared_error"] for name in ("ridge", "model"))
    return (
        f"Ridge regression completes {', '.join(better)} better here (root mean squared error {short_number(ridge, 3)} "
        f"against {short_number(model, 3)} for {better[0]}): use sklearn.linear_model.RidgeCV, or train this model for "
        "longer."
    )


def _codes(model: FittedModel, rows: Views) -> Float[np.ndarray, "rows latent"]:
    return np.asarray(model.transform(rows))


def _common(of_a: Pair, of_b: Pair, data_a: Pair, data_b: Pair) -> dict[str, Any]:
    components = min(COMPONENTS, of_a[0].shape[1])
    return {
        "total": total_canonical_correlation(of_a, of_b, components),
        "of_data": total_canonical_correlation(data_a, data_b, components),
        "components": components,
        "hsic": normalized_hsic(of_a[1], of_b[1]),
        "hsic_shuffled": normalized_hsic(of_a[1], np.roll(of_b[1], 1, axis=0)),
    }


def _svm_errors(
    codes: dict[str, Pair], data: dict[str, Pair], train_labels: Labels, test_labels: Labels, seed: int
) -> dict[str, Any]:
    if train_labels is None or test_labels is None:
        return {"skipped": "the data has no labels"}
    fitted, tested = known_labels(train_labels), known_labels(test_labels)
    train_labels, test_labels = np.asarray(train_labels), np.asarray(test_labels)
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
    if data[0].shape[1] <= MOST_NUMBERS:
        return data
    pca = PCA(min(MOST_NUMBERS, len(data[0])), random_state=0).fit(data[0])
    return pca.transform(data[0]), pca.transform(data[1])


def total_canonical_correlation(first: Pair, second: Pair, components: int) -> float:
    r"""The sum of the correlations of the first canonical pairs: directions found on training rows, measured on others.

    Linear canonical correlation analysis (Hotelling 1936): directions \(u, v\) that maximise
    \(\mathrm{corr}(u^\top a, v^\top b)\), each uncorrelated with those before, from covariances with a ridge of 1e-4 of
    their mean variance, as Andrew et al. 2013 (deep CCA) report it. It is at most `components`, the number of pairs.
    """
    a, b = (train - train.mean(axis=0) for train, _ in (first, second))
    n, d = len(a), a.shape[1]
    covariance = np.cov(np.hstack([a, b]).astype(np.float64).T)
    for block in (slice(0, d), slice(d, None)):
        part = covariance[block, block]
        part[np.diag_indices_from(part)] += RIDGE * np.trace(part) / len(part) + 1e-12
    of_a, across, of_b = covariance[:d, :d], covariance[:d, d:], covariance[d:, d:]
    _, u = eigh(across @ np.linalg.solve(of_b, across.T), of_a)
    u = u[:, ::-1][:, : min(components, n - 1, d, len(of_b))]
    v = np.linalg.solve(of_b, across.T @ u)
    left, right = first[1] @ u, second[1] @ v
    left, right = left - left.mean(axis=0), right - right.mean(axis=0)
    norms = np.linalg.norm(left, axis=0) * np.linalg.norm(right, axis=0)
    together = (left * right).sum(axis=0)
    return float(np.divide(together, norms, out=np.zeros_like(together), where=norms > 0).sum())


def normalized_hsic(a: Float[np.ndarray, "rows a"], b: Float[np.ndarray, "rows b"]) -> float:
    r"""The dependence of two sets of codes, of any form: 0 where they are independent, 1 where one tells the other.

    \(\mathrm{HSIC}(a, b) / \sqrt{\mathrm{HSIC}(a, a)\,\mathrm{HSIC}(b, b)}\) with Gaussian kernels as wide as the
    median distance (Gretton et al. 2005, the biased estimate; normalised as in Cortes et al. 2012). Finite samples of
    independent codes are a little above 0. Both are codes row by row of the same data; of more than 2000 rows the first
    2000 are taken.
    """
    k, m = (_centred_kernel(codes[:HSIC_ROWS].astype(np.float64)) for codes in (a, b))
    norm = np.linalg.norm(k) * np.linalg.norm(m)
    return float(np.vdot(k, m) / norm) if norm > 0 else 0.0


def _centred_kernel(codes: Float[np.ndarray, "rows d"]) -> Float[np.ndarray, "rows rows"]:
    squared = pairwise_distances(codes, metric="sqeuclidean")
    kernel = np.exp(-squared / max(float(np.median(squared)), 1e-12))
    return np.asarray(KernelCenterer().fit_transform(kernel))


def _completion(
    model: FittedModel, train: Views, test: Views, missing: str, labels: Labels, judge: Judges | None
) -> tuple[dict[str, Any], bool]:
    """The figures of one view, and whether ridge regression is better at it."""
    completers: dict[str, Completer] = {
        "model": lambda given: np.asarray(model.complete(given)[missing]),
        "ridge": ridge(train, missing),
        "cca": canonical_correlation(train, missing),
        "nearest_neighbour": nearest_neighbour(train, missing),
        "neighbours": neighbours(train, missing),
    }
    given = test.without(missing)
    completed = {name: complete(given) for name, complete in completers.items()}
    figures = completion(completed, test, missing, labels, judge)
    agreements = {name: values["judge_agreement"] for name, values in figures.items() if "judge_agreement" in values}
    if agreements:
        best = max(agreements["cca"], agreements["nearest_neighbour"])
        figures["margin"] = {"judge_agreement": agreements["model"] - best}
    truth = np.asarray(test.view(missing))
    surely = surely_less(*(_squared(truth, completed[name]) for name in ("ridge", "model")))
    return figures, surely and agreements.get("ridge", 0.0) >= agreements.get("model", 0.0)


def completion(
    completed: dict[str, Shaped[np.ndarray, "rows ..."]],
    test: Views,
    missing: str,
    labels: Labels,
    judge: Judges | None,
) -> dict[str, Any]:
    """How well each completion agrees with the view of the test rows that was missing.

    Returns:
        Name → `root_mean_squared_error` per element, in data units; `standardized_error`, in standard deviations of a
        column, where any varies; of images `structural_similarity` (Wang et al.
        2004, by scikit-image); and of halves of images, where there is a judge, `judge_agreement`, the share of rows in
        which it reads both halves together as their true label. The same of the true views is under `truth`.
    """
    given, truth = test.without(missing), np.asarray(test.view(missing))

    def figures(completed: Shaped[np.ndarray, "rows ..."]) -> dict[str, float]:
        return {
            "root_mean_squared_error": float(np.sqrt(_squared(truth, completed).mean())),
            **_similarity(truth, completed),
            **_agreement(given, missing, completed, labels, judge),
        }

    return {"truth": figures(truth)} | {name: figures(rows) for name, rows in completed.items()}


def _squared(truth: np.ndarray, completed: np.ndarray) -> Float[np.ndarray, "rows"]:
    """The mean squared error of each row."""
    squared = (truth.astype(np.float64) - completed.astype(np.float64)) ** 2
    return np.asarray(squared.reshape(len(squared), -1).mean(axis=1))


def ridge(train: Views, missing: str) -> Completer:
    """Ridge regression from the given views, standardised, on 10,000 training rows.

    Its penalty is chosen by leaving one row out (scikit-learn's RidgeCV).
    """
    train = train[spread_rows(len(train), FITTED_ROWS)]
    standard, rows = Standard.of(train.without(missing)), np.asarray(train.view(missing))
    target = StandardScaler().fit(wanted := rows.reshape(len(rows), -1).astype(np.float64))
    found = RidgeCV(PENALTIES).fit(standard.numbers(train), target.transform(wanted))

    def complete(given: Views) -> Shaped[np.ndarray, "rows ..."]:
        guess = found.predict(standard.numbers(given)).reshape(len(given), -1)
        values = target.inverse_transform(guess).reshape(-1, *rows.shape[1:])
        return values if rows.ndim == 2 and rows.dtype.kind == "f" else _as_type(values, rows)

    return complete


def neighbours(train: Views, missing: str) -> Completer:
    """The mean of the missing view of the 5 nearest training rows, of 10,000, by the given views, standardised."""
    train = train[spread_rows(len(train), FITTED_ROWS)]
    standard, rows = Standard.of(train.without(missing)), np.asarray(train.view(missing))
    search = NearestNeighbors(n_neighbors=min(NEIGHBOURS, len(rows)), algorithm="brute").fit(standard.numbers(train))

    def complete(given: Views) -> Shaped[np.ndarray, "rows ..."]:
        nearest = search.kneighbors(standard.numbers(given), return_distance=False)
        total = sum(rows[place].astype(np.float64) for place in nearest.T)
        return _as_type(np.asarray(total) / nearest.shape[1], rows)

    return complete


class Standard(NamedTuple):
    """Given views as numbers side by side: each column of a table standardised, all pixels of images alike."""

    names: tuple[str, ...]
    means: Float[np.ndarray, "numbers"]
    deviations: Float[np.ndarray, "numbers"]

    @classmethod
    def of(cls, given: Views) -> "Standard":
        """The scale of the views that are given, over their rows."""
        names = tuple(name for name in given.names if not given.lacking(name).any())
        means, deviations = [], []
        for name in names:
            x = np.asarray(given.view(name), np.float64)
            spread = x.std(axis=0) if x.ndim == 2 else np.full(x[0].size, x.std())
            means.append(x.mean(axis=0).ravel())
            deviations.append(np.where(spread > 0, spread, 1.0))
        return cls(names, np.concatenate(means), np.concatenate(deviations))

    def numbers(self, rows: Views) -> Float[np.ndarray, "rows numbers"]:
        """Rows that have these views, as numbers."""
        return np.asarray((flat(rows.only(*self.names)) - self.means) / self.deviations)


def nearest_neighbour(train: Views, missing: str) -> Completer:
    """The missing view of the training row whose given views are nearest, by Euclidean distance."""
    search = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(flat(train.without(missing)))
    rows = np.asarray(train.view(missing))
    return lambda given: rows[search.kneighbors(flat(given), return_distance=False)[:, 0]]


def canonical_correlation(train: Views, missing: str) -> Completer:
    """scikit-learn's CCA: 20 pairs of the first 50 principal components of the given views and of the missing one.

    More pairs were worse on halves of MNIST: a root mean squared error of 62 grey levels with 50, of 57 with 20.
    """
    known, rows = flat(train.without(missing)), np.asarray(train.view(missing))
    wanted = rows.reshape(len(rows), -1).astype(np.float64)
    few = min(PRINCIPAL_COMPONENTS, len(rows))
    read, write = (PCA(min(few, values.shape[1]), random_state=0).fit(values) for values in (known, wanted))
    a, b = _varying(read.transform(known)), _varying(write.transform(wanted))
    cca = CCA(n_components=min(a.shape[1], b.shape[1], CANONICAL_PAIRS), max_iter=50, tol=1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a component that does not converge is as good as any
        cca.fit(a, b)

    def complete(given: Views) -> Shaped[np.ndarray, "rows ..."]:
        codes = read.transform(flat(given))[:, : a.shape[1]]
        guess = cca.predict(codes).reshape(len(codes), -1)
        values = guess @ write.components_[: guess.shape[1]] + write.mean_
        return _as_type(values.reshape(-1, *rows.shape[1:]), rows)

    return complete


def flat(views: Views) -> Float[np.ndarray, "rows numbers"]:
    """The views of each row that are given, as numbers side by side."""
    there = [array for array, given in zip(views.arrays, views.present.T, strict=True) if given.all()]
    return np.hstack([np.asarray(array).reshape(len(views), -1) for array in there]).astype(np.float64)


def _varying(components: Float[np.ndarray, "rows d"]) -> Float[np.ndarray, "rows kept"]:
    """The leading principal components that are more than rounding."""
    deviation = components.std(axis=0)
    return components[:, : max(1, int((deviation > 1e-6 * deviation[0]).sum()))]


def _as_type(values: Float[np.ndarray, "rows ..."], like: np.ndarray) -> Shaped[np.ndarray, "rows ..."]:
    """Values as pixels of that type, or floats within the range that was seen."""
    pixels = like.dtype.kind in "ui"
    low, high = (np.iinfo(like.dtype).min, np.iinfo(like.dtype).max) if pixels else (like.min(), like.max())
    bounded = np.clip(np.round(values) if pixels else values, low, high)
    return np.asarray(bounded, like.dtype if pixels else np.float32)


def _similarity(truth: np.ndarray, completed: np.ndarray) -> dict[str, float]:
    """What hangs on no unit: the error in standard deviations, and the structural similarity of images.

    Deviations are those of each column; of images and series, where all numbers are of one scale, those of all numbers
    from their mean row. The similarity is the mean over images that are large enough for its window of 7 pixels.
    """
    squared, spread = (
        (truth.astype(np.float64) - completed.astype(np.float64)) ** 2,
        truth.var(axis=0, dtype=np.float64),
    )
    errors, varies = squared.mean(axis=0), spread > 0
    found: dict[str, float] = {}
    if varies.any():
        share = (errors[varies] / spread[varies]).mean() if truth.ndim == 2 else errors.sum() / spread.sum()
        found["standardized_error"] = float(np.sqrt(share))
    if truth.ndim < 3 or min(truth.shape[1:3]) < 3:
        return found
    from skimage.metrics import structural_similarity

    window = min(7, *(size - (size + 1) % 2 for size in truth.shape[1:3]))
    span = float(truth.max()) - float(truth.min())
    channel = -1 if truth.ndim == 4 else None
    similarity = partial(structural_similarity, win_size=window, data_range=span or 1.0, channel_axis=channel)
    pairs = zip(truth.astype(np.float64), completed.astype(np.float64), strict=True)
    return {**found, "structural_similarity": float(np.mean([similarity(a, b) for a, b in pairs]))}


def _agreement(
    given: Views, missing: str, completed: np.ndarray, labels: Labels, judge: Judges | None
) -> dict[str, float]:
    if judge is None or labels is None:
        return {}
    whole = joined({name: completed if name == missing else np.asarray(given.view(name)) for name in given.names})
    return {} if whole is None else {"judge_agreement": agreement(judge, whole, labels)}
