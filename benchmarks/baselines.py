"""Default options beside a line of scikit-learn, on tables as people have them: five splits, mean ± sd.

`python -m benchmarks.baselines` prints all parts; `--only codes` (reconstruction and neighbours beside PCA), `samples`
(what tells samples from held-out rows, beside a Gaussian mixture), `clusters` (beside KMeans and a Gaussian mixture),
`denoising` (patches of photographs, beside PCA), `outliers` (spectra, beside PCA's residuals and an isolation forest)
or `views` (missing ones, beside ridge regression, five neighbours and CCA), one of them.
"""

import argparse
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from sklearn import datasets
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.metrics import adjusted_rand_score, roc_auc_score
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import StratifiedKFold, cross_val_predict, train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from benchmarks.stopping import genes, patches, penguins
from latently import (
    ACCA,
    VAE,
    VCCA,
    ClusteringAAE,
    DenoisingAutoencoder,
    SemiSupervisedVAE,
    Views,
    cross_outlier_scores,
)
from latently.evaluation.views import canonical_correlation, neighbours, ridge

Rows = Float[np.ndarray, "rows columns"]
Labels = Int[np.ndarray, "rows"]
SPLITS = 5


def species() -> Labels:
    """Of the penguins that `penguins` gives."""
    from palmerpenguins import load_penguins

    known = load_penguins().dropna(subset=load_penguins().columns[2:6])
    return known["species"].astype("category").cat.codes.to_numpy().astype(int)


TABLES: dict[str, tuple[Callable[[], tuple[Any, Any]], int]] = {
    "iris": (lambda: datasets.load_iris(return_X_y=True), 2),
    "wine": (lambda: datasets.load_wine(return_X_y=True), 5),
    "breast cancer": (lambda: datasets.load_breast_cancer(return_X_y=True), 5),
    "diabetes": (lambda: _halves(datasets.load_diabetes(return_X_y=True)), 10),
    "penguins": (lambda: (penguins(), species()), 2),
    "genes": (lambda: (genes(), np.arange(140) % 4), 2),
}
"""Rows with classes, and the dimensions of a code."""


def _halves(data: tuple[Rows, Any]) -> tuple[Rows, Labels]:
    """Rows whose target is above its median or not."""
    return data[0], (data[1] > np.median(data[1])).astype(int)


def codes(name: str, seed: int) -> dict[str, float]:
    """R² of held-out rows and the accuracy of 5 nearest neighbours on codes, ours and PCA's; seconds of our fit."""
    load, size = TABLES[name]
    train, test, y_train, y_test = train_test_split(*load(), test_size=0.3, random_state=seed)
    scaler = StandardScaler().fit(train)
    train, test = scaler.transform(train), scaler.transform(test)
    began = time.perf_counter()
    model = VAE(size, random_state=seed).fit(train)
    seconds, pca = time.perf_counter() - began, PCA(size, random_state=seed).fit(train)
    found = {"seconds": seconds}
    for who, encode, decode in (
        ("ours", model.transform, model.inverse_transform),
        ("PCA", pca.transform, pca.inverse_transform),
    ):
        near = KNeighborsClassifier(5).fit(encode(train), y_train)
        back = decode(encode(test))
        found[f"R² {who}"] = 1 - float(((test - back) ** 2).sum() / ((test - train.mean(axis=0)) ** 2).sum())
        found[f"kNN {who}"] = float(near.score(encode(test), y_test))
    return found


def samples(name: str, seed: int) -> dict[str, float]:
    """How well a forest tells samples from held-out rows (AUC, 0.5 is best), ours and a Gaussian mixture's.

    Ours are those of the default, and those of the prior and p(x|z) alone.
    """
    load, size = TABLES[name]
    train, test = train_test_split(load()[0], test_size=0.3, random_state=seed)
    scaler = StandardScaler().fit(train)
    train, test = scaler.transform(train), scaler.transform(test)
    model = VAE(size, random_state=seed).fit(train)
    mixture = GaussianMixture(3, covariance_type="full", reg_covar=1e-3, random_state=seed).fit(train)
    drawn = {"ours": model.sample(len(test), random_state=seed), "mixture": mixture.sample(len(test))[0]}
    drawn["ours, of the prior"] = model.sample(len(test), random_state=seed, from_prior=True)
    return {f"AUC {who}": _told_apart(test, np.asarray(rows), seed) for who, rows in drawn.items()}


def _told_apart(real: Rows, drawn: Rows, seed: int) -> float:
    rows, truth = np.concatenate([real, drawn]), np.repeat([1, 0], [len(real), len(drawn)])
    forest = RandomForestClassifier(200, random_state=seed)
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)  # a mixture's draws come part by part
    shown = cross_val_predict(forest, rows, truth, cv=folds, method="predict_proba")[:, 1]
    return float(roc_auc_score(truth, shown))


CLUSTERED = {name: table[0] for name, table in TABLES.items() if name != "diabetes"} | {
    "digits": lambda: (datasets.load_digits().images / 16, datasets.load_digits().target)
}
"""Rows with classes that might be found without labels."""


def clusters(name: str, seed: int) -> dict[str, float]:
    """How far clusters of held-out rows are classes (adjusted Rand index, 1 is best): ours and scikit-learn's."""
    train, test, _, truth = train_test_split(*CLUSTERED[name](), test_size=0.3, random_state=seed)
    if train.ndim == 2:
        scaler = StandardScaler().fit(train)
        train, test = scaler.transform(train), scaler.transform(test)
    count, flat = len(np.unique(truth)), (len(train), -1)
    pca = PCA(min(20, train[0].size), random_state=seed).fit(train.reshape(flat))
    few, few_test = (pca.transform(rows.reshape(len(rows), -1)) for rows in (train, test))
    found: dict[str, Any] = {}
    how = {"n_clusters": count, "random_state": seed}
    contenders = {
        "AAE": ClusteringAAE(**how),
        "AAE from random": ClusteringAAE(**how, cluster_start="random"),
        "M2": SemiSupervisedVAE(**how),
    }
    for who, model in contenders.items():
        found[who] = model.fit(train).predict(test)
    found["KMeans"] = KMeans(count, n_init=10, random_state=seed).fit(few).predict(few_test)
    found["mixture"] = GaussianMixture(count, n_init=5, reg_covar=1e-3, random_state=seed).fit(few).predict(few_test)
    return {f"ARI {who}": float(adjusted_rand_score(truth, of)) for who, of in found.items()}


def denoising(seed: int) -> dict[str, float]:
    """Peak signal-to-noise ratio (dB) of 8 x 8 patches of photographs that noise of a tenth of white was added to."""
    noise, size = 0.1, 32
    clean = patches() / 255
    train, test = train_test_split(clean, test_size=0.3, random_state=seed)
    noisy = np.clip(test + noise * np.random.default_rng(seed).normal(size=test.shape), 0, 1)
    pca = PCA(size, random_state=seed).fit(train.reshape(len(train), -1))
    given = {"noisy": noisy, "PCA": pca.inverse_transform(pca.transform(noisy.reshape(len(test), -1)))}
    for who, path in (("denoising autoencoder", False), ("the same with a linear path", True)):
        model = DenoisingAutoencoder(size, corruption=f"gaussian:{noise}", linear_path=path, random_state=seed)
        given[who] = model.fit(train.astype(np.float32)).reconstruct(noisy.astype(np.float32))
    return {
        f"dB {who}": float(-10 * np.log10(np.mean((rows.reshape(test.shape) - test) ** 2)))
        for who, rows in given.items()
    }


def spectra(seed: int) -> tuple[Rows, Labels]:
    """200 spectra of 300 points, sums of three bumps each, of which eight have a fourth one; and which."""
    random, x = np.random.default_rng(seed), np.linspace(0, 1, 300)
    places, heights = np.array([0.2, 0.5, 0.75]), random.uniform(0.5, 1.5, (200, 3))
    bumps = np.exp(-((x - places[:, None] - 0.01 * random.normal(size=(200, 3, 1))) ** 2) / (2 * 0.04**2))
    rows, odd = np.einsum("nk,nkp->np", heights, bumps), np.arange(200) < 8
    fourth = np.exp(-((x - random.uniform(0.3, 0.7, (8, 1))) ** 2) / (2 * 0.015**2))
    rows[odd] += random.uniform(0.3, 0.6, (8, 1)) * fourth
    return rows + 0.05 * random.normal(size=rows.shape), odd.astype(int)


def outliers(seed: int) -> dict[str, float]:
    """AUC of strange spectra, which lie among the rows that are learned from: ours cross-fitted, and two baselines."""
    rows, odd = spectra(seed)
    scaled = StandardScaler().fit_transform(rows)
    pca = PCA(5, random_state=seed).fit(scaled)
    missed = ((pca.inverse_transform(pca.transform(scaled)) - scaled) ** 2).sum(axis=1)
    forest = -IsolationForest(random_state=seed).fit(scaled).score_samples(scaled)
    began = time.perf_counter()
    ours = cross_outlier_scores(VAE(5, random_state=seed), rows, random_state=seed)
    seconds = time.perf_counter() - began
    scores = {"AUC ours": ours, "AUC PCA": missed, "AUC forest": forest}
    return {name: float(roc_auc_score(odd, score)) for name, score in scores.items()} | {"seconds": seconds}


def six_views() -> dict[str, Rows]:
    """2,000 rows of ten classes and a style of eight numbers, seen by linear and by bent views of unlike quality."""
    random = np.random.default_rng(0)
    centres, of = 2 * random.normal(size=(10, 6)), random.integers(10, size=2000)
    z = np.hstack([centres[of] + 0.7 * random.normal(size=(2000, 6)), random.normal(size=(2000, 8))])
    z /= z.std(axis=0)
    bent = np.tanh(z @ random.normal(size=(14, 40)) / 2.5 + random.normal(size=40))
    kinds = {"broad": (z, 240, 0.6), "bent": (bent, 76, 0.4), "wide": (z, 216, 1.0), "noisy": (z[:, :8], 47, 2.0)}
    kinds |= {"curved": (bent[:, :20], 64, 0.3), "few": (bent, 6, 0.5)}
    views = {}
    for name, (source, columns, noise) in kinds.items():
        seen = source @ random.normal(size=(source.shape[1], columns)) / np.sqrt(source.shape[1])
        views[name] = seen + noise * random.normal(size=seen.shape)
    return views


VIEWS: dict[str, Callable[[], dict[str, Rows]]] = {
    "wine": lambda: _columns(datasets.load_wine().data, {"acids": 5, "phenols": 4, "colour": 4}),
    "breast cancer": lambda: _columns(datasets.load_breast_cancer().data, {"mean": 10, "error": 10, "worst": 10}),
    "six views": six_views,
    "digits' halves": lambda: _halves_of_images(datasets.load_digits().images / 16),
}
"""Rows of several views."""


def _halves_of_images(images: Float[np.ndarray, "rows height width"]) -> dict[str, Any]:
    return dict(zip(("left", "right"), np.split(images, 2, axis=2), strict=True))


def _columns(rows: Rows, sizes: dict[str, int]) -> dict[str, Rows]:
    parts = np.split(rows, np.cumsum(list(sizes.values()))[:-1], axis=1)
    return dict(zip(sizes, parts, strict=True))


def missing_views(name: str, seed: int) -> dict[str, float]:
    """The error of a view from all others, in standard deviations, over all views.

    A quarter of the training rows lacks a view; baselines learn from the other rows.
    """
    views = VIEWS[name]()
    train, test = train_test_split(np.arange(len(next(iter(views.values())))), test_size=0.3, random_state=seed)
    learned = {each: rows[train].astype(float) for each, rows in views.items()}
    random = np.random.default_rng(seed)
    lacking, whole = np.split(random.permutation(len(train)), [len(train) // 4])
    fitted = Views({each: rows[whole] for each, rows in learned.items()})
    for row in lacking:
        list(learned.values())[random.integers(len(views))][row] = np.nan
    found, completers = {}, {"ridge": ridge, "5 neighbours": neighbours, "CCA": canonical_correlation}
    held_out = Views({each: rows[test] for each, rows in views.items()})
    for who, estimator in (("ACCA", ACCA), ("VCCA", VCCA)):
        began = time.perf_counter()
        model: Any = estimator(random_state=seed).fit(learned)
        found[f"{who} seconds"] = time.perf_counter() - began
        found[who] = _mean_error(fitted, held_out, lambda each, m=model: lambda given: m.complete(given)[each])
    return found | {who: _mean_error(fitted, held_out, lambda e, c=c: c(fitted, e)) for who, c in completers.items()}


def _mean_error(fitted: Views, held_out: Views, completer: Callable[[str], Callable[[Views], Any]]) -> float:
    errors = []
    for name in fitted.names:
        truth, known = np.asarray(held_out.view(name)), np.asarray(fitted.view(name))
        missed = (completer(name)(held_out.without(name)) - truth) ** 2
        spread = known.var(axis=0) if truth.ndim == 2 else known.var(axis=0).mean()
        errors.append(float(np.sqrt((missed / spread).mean())))
    return float(np.mean(errors))


def show(title: str, measure: Callable[[int], dict[str, float]]) -> None:
    """Print a line: every number over the splits."""
    runs = [measure(seed) for seed in range(SPLITS)]
    cells = []
    for name in runs[0]:
        values = np.array([run[name] for run in runs])
        cells.append(f"{name} {values.mean():.3f} ± {values.std(ddof=1):.3f}")
    print(f"{title:15} {'   '.join(cells)}", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=("codes", "samples", "clusters", "denoising", "outliers", "views"))
    parser.add_argument("--data", nargs="+", choices=list(TABLES | CLUSTERED | VIEWS))
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    parts: dict[str, tuple[Callable[[str, int], dict[str, float]], list[str]]] = {
        "codes": (codes, list(TABLES)),
        "samples": (samples, list(TABLES)),
        "clusters": (clusters, list(CLUSTERED)),
        "views": (missing_views, list(VIEWS)),
    }
    for part, (measure, names) in parts.items():
        for name in names if asked.only in (None, part) else ():
            if asked.data is None or name in asked.data:
                show(name, lambda seed, name=name, measure=measure: measure(name, seed))  # type: ignore[misc]
    if asked.only in (None, "denoising"):
        show("patches", denoising)
    if asked.only in (None, "outliers"):
        show("spectra", outliers)


if __name__ == "__main__":
    main()
