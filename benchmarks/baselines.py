"""Default options beside a line of scikit-learn, on tables as people have them: five splits, mean ± sd.

`python -m benchmarks.baselines` prints all parts; `--only codes` (reconstruction and neighbours beside PCA), `samples`
(what tells samples from held-out rows, beside a Gaussian mixture) or `outliers` (spectra, beside PCA's residuals and an
isolation forest), one of them.
"""

import argparse
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from sklearn import datasets
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import cross_val_predict, train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from benchmarks.stopping import genes, penguins
from latently import VAE, cross_outlier_scores

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
    """How well a forest tells samples from held-out rows (AUC, 0.5 is best), ours and a Gaussian mixture's."""
    load, size = TABLES[name]
    train, test = train_test_split(load()[0], test_size=0.3, random_state=seed)
    scaler = StandardScaler().fit(train)
    train, test = scaler.transform(train), scaler.transform(test)
    model = VAE(size, random_state=seed).fit(train)
    mixture = GaussianMixture(3, covariance_type="full", reg_covar=1e-3, random_state=seed).fit(train)
    drawn = {"ours": model.sample(len(test), random_state=seed), "mixture": mixture.sample(len(test))[0]}
    return {f"AUC {who}": _told_apart(test, np.asarray(rows), seed) for who, rows in drawn.items()}


def _told_apart(real: Rows, drawn: Rows, seed: int) -> float:
    rows, truth = np.concatenate([real, drawn]), np.repeat([1, 0], [len(real), len(drawn)])
    forest = RandomForestClassifier(200, random_state=seed)
    shown = cross_val_predict(forest, rows, truth, cv=5, method="predict_proba")[:, 1]
    return float(roc_auc_score(truth, shown))


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
    parser.add_argument("--only", choices=("codes", "samples", "outliers"))
    parser.add_argument("--data", nargs="+", default=list(TABLES), choices=list(TABLES))
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    for part, measure in (("codes", codes), ("samples", samples)):
        for name in asked.data if asked.only in (None, part) else ():
            show(name, lambda seed, name=name, measure=measure: measure(name, seed))  # type: ignore[misc]
    if asked.only in (None, "outliers"):
        show("spectra", outliers)


if __name__ == "__main__":
    main()
