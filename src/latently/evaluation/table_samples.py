"""Samples of a table: whether its columns and their correlations are kept, and whether a classifier tells them."""

import warnings
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import wasserstein_distance
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from latently.data import Table
from latently.evaluation.baselines import Learned
from latently.evaluation.model import FittedModel
from latently.evaluation.reading import Numbers, Reading
from latently.evaluation.rows import Selection, not_finite, share, stream
from latently.evaluation.samples import wanted_labels

LEAST_ROWS, MOST_ROWS = 30, 1000
FITTED_ROWS = 2000
MOST_COLUMNS = 100
"""Of longer rows there are no figures: they are pictures or spectra rather than tables."""
PARTS = (1, 2, 4, 8)
TREES, FOLDS = 40, 3
_TRAIN, _TEST, _LABELS, _DRAWS, _MIXTURE, _FOREST = range(6)  # one stream of numbers each

Block = dict[str, Any]
Owners = Int[np.ndarray, "numbers"]


def table_samples(
    model: FittedModel, train: Selection | None, test: Selection, asked: Table | None, seed: int
) -> Block:
    """How samples compare with as many held-out rows of a table, beside those of a Gaussian mixture.

    All are compared as the model reads them. The labels or conditions asked for are those of the held-out rows. The
    classifier is a random forest, cross-validated on samples and held-out rows: where it cannot tell them apart, its
    accuracy and the area under its curve are 50 %. The mixture is fitted to training rows, and the number of its parts
    (1, 2, 4 or 8) chosen by the Bayesian information criterion.

    Args:
        model: that samples.
        train: training rows.
        test: rows of a table: a `latently.data.Table`, or `(n, columns)`.
        asked: all conditions of the test data, of a model that samples under such.
        seed: of the choice of rows and of the draws.

    Returns:
        `wasserstein_distance` of the samples, in standard deviations of the held-out rows, the mean over columns;
        `correlation_difference`, the mean absolute difference of correlations between two columns (`None` for one);
        `accuracy` and `area_under_curve` of the classifier; `by_column`, the distance of each; `rows` of each set;
        `baselines`, the same of the `gaussian_mixture`, its `parts`, and `gaps` where those of its rows were filled;
        and `training_rows`, distance and difference of as many rows that were learned from. Or `skipped`.
    """
    n, width = min(len(test), MOST_ROWS), test.data.shape[1]
    if n < LEAST_ROWS or width > MOST_COLUMNS:
        few = f"fewer than {LEAST_ROWS} held-out rows"
        return {"skipped": f"there are {few if n < LEAST_ROWS else f'more than {MOST_COLUMNS} columns'}"}
    shown = test if len(test) == n else test.some(n, stream(seed, _TEST))
    reading = Reading.of(model, test.data)
    real, draws = shown.apply(reading.numbers), stream(seed, _DRAWS)
    drawn = model.sample(n, _asked(model, shown, asked, stream(seed, _LABELS)), random_state=draws)
    fake = reading.numbers(Table.like(drawn, test.data.columns) if isinstance(test.data, Table) else drawn)
    if reason := not_finite(fake, "{} samples are not finite"):
        return {"skipped": reason}
    owners, forest = reading.owners, stream(seed, _FOREST)
    block = {**_kept(real, fake, owners), **_told_apart(real, fake, forest), "rows": n}
    if train is not None and len(train) >= n:
        rows = train.some(n, stream(seed, _TRAIN)).apply(reading.numbers)
        block["training_rows"] = {k: v for k, v in _kept(real, rows, owners).items() if k != "by_column"}
    block["baselines"] = {"gaussian_mixture": _of_mixture(model, train, shown, real, owners, seed)}
    return block


def _asked(model: FittedModel, shown: Selection, asked: Table | None, seed: int) -> Any:
    """The labels or conditions of the rows, of a model that samples under what it was fitted on."""
    if asked is not None:
        return asked[shown.chosen]
    clusters = getattr(model, "classes_", ()) is None
    return None if clusters else wanted_labels(model, shown, None, seed)


def _of_mixture(
    model: FittedModel, train: Selection | None, test: Selection, real: Numbers, owners: Owners, seed: int
) -> Block:
    """The same of the samples of a Gaussian mixture."""
    learned = Learned.of(model, train, test, FITTED_ROWS, stream(seed, _MIXTURE))
    if isinstance(learned, str):
        return {"skipped": learned}
    state, rows = stream(seed, _MIXTURE, 1), learned.numbers
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a mixture that does not converge is as good as any
        found = [
            GaussianMixture(parts, reg_covar=1e-4, random_state=state).fit(rows) for parts in PARTS if parts < len(rows)
        ]
    best = min(found, key=lambda mixture: mixture.bic(rows))
    fake = learned.reading.numbers(learned.reading.rows(best.sample(len(real))[0]))
    told = _told_apart(real, fake, stream(seed, _FOREST))
    return {**_kept(real, fake, owners), **told, "parts": best.n_components, **learned.about}


def _kept(real: Numbers, fake: Numbers, owners: Owners) -> Block:
    """How far columns and correlations of rows are from those of real ones, over the cells that these have."""
    spread = np.nanstd(real, axis=0)
    varying = np.flatnonzero(spread > 0)
    numbers = np.zeros(len(spread))
    for place in varying:
        there = np.isfinite(real[:, place])
        given = fake[:, place][np.isfinite(fake[:, place])]
        numbers[place] = wasserstein_distance(real[there, place], given) / spread[place]
    columns = np.bincount(owners, numbers) / np.bincount(owners)
    apart: float | None = None
    if len(varying) > 1:
        of_real, of_fake = (_correlations(rows[:, varying]) for rows in (real, fake))
        above = owners[varying][:, None] < owners[varying]
        apart = float(np.abs(of_real - of_fake)[above].mean()) if above.any() else None
    return {
        "wasserstein_distance": float(columns.mean()),
        "correlation_difference": apart,
        "by_column": columns.tolist(),
    }


def _correlations(rows: Numbers) -> Float[np.ndarray, "numbers numbers"]:
    """Of every two numbers, 0 beside one that does not vary; a cell that is missing is as the mean."""
    x = rows - np.nanmean(rows, axis=0)
    x = np.nan_to_num(x / np.maximum(np.nanstd(rows, axis=0), 1e-12))
    return np.asarray(x.T @ x / len(x))


def _told_apart(real: Numbers, fake: Numbers, seed: int) -> Block:
    """How well a random forest tells rows from real ones; the former lack the cells that the latter lack."""
    rows = np.nan_to_num(np.vstack([real, np.where(np.isnan(real), np.nan, fake)]))
    truth = np.repeat([0, 1], [len(real), len(fake)])
    forest = RandomForestClassifier(TREES, min_samples_leaf=2, random_state=seed)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    sure = cross_val_predict(forest, rows, truth, cv=folds, method="predict_proba")[:, 1]
    return {
        **share("accuracy", (sure > 0.5) == (truth == 1)),
        "area_under_curve": float(roc_auc_score(truth, sure)),
    }
