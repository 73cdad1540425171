"""What people would do anyway: PCA, KMeans, a Gaussian mixture and LabelSpreading, on rows as a model reads them.

Their figures stand beside the model's own, and a sentence says where one of them would do better. They need rows
without gaps: those of a table are filled by the means of its columns, and it is said.
"""

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture
from sklearn.semi_supervised import LabelSpreading

from latently.data import Table
from latently.data.components import principal_components
from latently.evaluation import cells
from latently.evaluation.classification import clustering
from latently.evaluation.codes import Explained, probe
from latently.evaluation.model import FittedModel
from latently.evaluation.reading import Numbers, Reading
from latently.evaluation.rows import Selection, known_labels, share, stream

MOST_NUMBERS = 2**25
"""Of the rows that a baseline is fitted to, 256 MB; fewer rows are taken where they are long."""
LEARNED_ROWS, CLUSTERED_ROWS = 10_000, 5000
CLUSTERED_COMPONENTS, SPREAD_COMPONENTS = 20, 50
"""Of 20 a Gaussian mixture makes more than of 50: its covariances are learned from fewer numbers."""
STARTS = 3
RESAMPLES = 50
SPREAD_NEIGHBOURS, SPREAD_STEPS = 7, 100
SURE = 2.0
"""By how many standard errors a baseline is better, where it is said to be."""
MARGIN = 0.05
"""By how much more of the variance PCA explains, where it is said to."""

Block = dict[str, Any]


class Learned(NamedTuple):
    """Training rows as numbers, for baselines to be fitted to, and how they were read.

    Attributes:
        reading: of rows of the data, with which test rows are read, too.
        numbers: those of the rows, without gaps.
        labels: of the rows, as a selection has them.
        means: fill the gaps of rows.
        gaps: whether training or test rows have any.
    """

    reading: Reading
    numbers: Numbers
    labels: Any
    means: SimpleImputer
    gaps: bool

    @classmethod
    def of(cls, model: FittedModel, train: Selection | None, test: Selection, rows: int, seed: int) -> "Learned | str":
        """Some of the training rows, at most so many, to be compared on test rows; or why there are none, in words."""
        if train is None or len(train) < 2:
            return "it is fitted to two training rows or more"
        reading = Reading.of(model, train.data)
        most = min(rows, max(2, MOST_NUMBERS // max(1, len(reading.owners))))
        chosen = train if len(train) <= most else train.some(most, seed)
        numbers = chosen.apply(reading.numbers)
        means = SimpleImputer(keep_empty_features=True).fit(numbers)
        gaps = bool(np.isnan(numbers).any() or (isinstance(test.data, Table) and test.data.missing.any()))
        return cls(reading, _filled(numbers, means), chosen.labels, means, gaps)

    def read(self, rows: Any) -> Numbers:
        """Rows as numbers without gaps."""
        return _filled(self.reading.numbers(rows), self.means)

    @property
    def filled(self) -> Block:
        """What a block says of gaps, where there are any."""
        return {"gaps": "filled by means"} if self.gaps else {}

    @property
    def about(self) -> Block:
        """What a block says of the rows."""
        return {"train_rows": len(self.numbers), **self.filled}


def _filled(numbers: Numbers, means: SimpleImputer) -> Numbers:
    """Numbers without gaps: these are filled by the means of training rows."""
    return np.asarray(means.transform(numbers)) if np.isnan(numbers).any() else numbers


class Components(NamedTuple):
    """PCA with as many components as a model's codes have dimensions, in the place of the model."""

    learned: Learned
    pca: PCA

    @classmethod
    def of(cls, learned: Learned, dims: int, seed: int) -> "Components":
        """Fitted to training rows."""
        return cls(learned, principal_components(learned.numbers, dims, seed))

    def reconstruction(self, test: Selection) -> Block:
        """How much of the test rows comes back, as of a model's: of a table by column; or skipped."""
        pca, about = self.pca, {"components": int(self.pca.n_components_), **self.learned.about}
        explained, tables, found = Explained(), [], []
        for rows, _ in test.blocks():
            x = self.learned.read(rows)
            given = pca.inverse_transform(pca.transform(x))
            explained.add(x, given)
            if isinstance(rows, Table):
                tables.append(np.asarray(rows))
                found.append(np.asarray(self.learned.reading.rows(given), np.float64))
        if not tables:
            return {"variance_explained": explained.share, **about}
        by_column = cells.by_column(test.data.columns, np.concatenate(tables), np.concatenate(found))
        return {**{name: value for name, value in by_column.items() if name != "columns"}, **about}

    def probe(self, test: Selection, seed: int) -> Block:
        """What classifiers read off its codes, as off a model's."""
        codes = self.pca.transform(self.learned.numbers)
        of_test = test.apply(lambda rows: self.pca.transform(self.learned.read(rows)))
        found = probe(codes, self.learned.labels, of_test, test.labels, seed=seed)
        return {name: value for name, value in found.items() if name != "majority"} | self.learned.filled


def add_components(
    blocks: dict[str, Block], model: FittedModel, train: Selection | None, test: Selection, seed: int
) -> None:
    """PCA under `baselines` of the blocks `reconstruction` and `probe`, and `advice` where it does better.

    That is where it explains more, and its neighbours tell the classes no worse.
    """
    given, probed = blocks["reconstruction"], blocks["probe"]
    if "skipped" in given:
        return
    learned = Learned.of(model, train, test, LEARNED_ROWS, seed)
    pca = learned if isinstance(learned, str) else Components.of(learned, model.latent_dim, seed)
    found: Block = {"skipped": pca} if isinstance(pca, str) else pca.reconstruction(test)
    given["baselines"] = {"pca": found}
    read: Block = {}
    if "skipped" not in probed:
        read = found if "skipped" in found or isinstance(pca, str) else pca.probe(test, seed)
        probed["baselines"] = {"pca": read}
    ours, theirs = (block.get("variance_explained") for block in (given, found))
    if ours is None or theirs is None or theirs < ours + MARGIN or "restyle" in model.abilities():
        return  # a code beside the label leaves the class out on purpose
    told = [block.get("neighbours", {}).get("accuracy") for block in (probed, read)]
    if None not in told and told[1] < told[0]:
        return
    filled = ", gaps filled by means," if not isinstance(learned, str) and learned.gaps else ""
    given["advice"] = (
        f"PCA with as many dimensions{filled} explains more of these rows ({100 * theirs:.1f} % of their variance "
        f"against {100 * ours:.1f} %){'' if None in told else ' and its codes tell the classes no worse'}: use "
        "sklearn.decomposition.PCA for codes, or train this model for longer."
    )


def clusterings(
    model: FittedModel,
    train: Selection | None,
    test: Selection,
    predicted: Int[np.ndarray, "rows"],
    clusters: int,
    seed: int,
) -> Block:
    """KMeans and a Gaussian mixture with as many clusters as a model, beside it, on labelled test rows.

    They are fitted to training rows: to their first 20 principal components, where they are longer.

    Args:
        model: that predicts clusters.
        train: training rows.
        test: rows, some of them with a label.
        predicted: the model's cluster of each of them.
        clusters: how many there are.
        seed: of their starts.

    Returns:
        `baselines`, of each `adjusted_rand_index`, `normalized_mutual_information`, `hungarian` as `clustering` gives
        them, `train_rows`, and `gaps` where they were filled; and `advice`, a sentence where one is better by more than
        two standard errors, found by drawing test rows again.
    """
    learned = Learned.of(model, train, test, CLUSTERED_ROWS, seed)
    if isinstance(learned, str):
        return {"baselines": {name: {"skipped": learned} for name in ("k_means", "gaussian_mixture")}}
    rows, shorten = _shortened(learned, CLUSTERED_COMPONENTS, seed)
    clusters = min(clusters, len(rows))
    mixture = GaussianMixture(clusters, reg_covar=1e-2 * max(rows.var(axis=0).mean(), 1e-12), random_state=seed)
    models = {"k_means": KMeans(clusters, n_init=STARTS, random_state=seed), "gaussian_mixture": mixture}
    seen, found, guesses = test.apply(shorten), {}, {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a mixture that does not converge is as good as any
        for name, each in models.items():
            guesses[name] = each.fit(rows).predict(seen)
            agreement = clustering(guesses[name], np.eye(clusters)[guesses[name]], test.labels)
            kept = ("adjusted_rand_index", "normalized_mutual_information", "hungarian")
            found[name] = {**{key: agreement[key] for key in kept}, **learned.about}
    best = max(found, key=lambda name: found[name]["adjusted_rand_index"])
    known = known_labels(np.asanyarray(test.labels))
    truth = np.asarray(test.labels)[known]
    gain = _index_gain(truth, guesses[best][known], predicted[known], seed)
    return {"baselines": found} | ({} if gain is None else {"advice": _better_clusters(best, *gain)})


def _better_clusters(name: str, theirs: float, ours: float) -> str:
    said, called = {
        "k_means": ("KMeans", "sklearn.cluster.KMeans"),
        "gaussian_mixture": ("A Gaussian mixture", "sklearn.mixture.GaussianMixture"),
    }[name]
    return (
        f"{said} finds these classes better here (adjusted Rand index {theirs:.2f} against {ours:.2f}): "
        f"use {called}, or train this model for longer."
    )


def _index_gain(
    truth: Shaped[np.ndarray, "known"], theirs: Int[np.ndarray, "known"], ours: Int[np.ndarray, "known"], seed: int
) -> tuple[float, float] | None:
    """Their adjusted Rand index and ours, where theirs is better by more than noise."""
    random, n = np.random.default_rng(seed), len(truth)
    whole = adjusted_rand_score(truth, theirs), adjusted_rand_score(truth, ours)
    if whole[0] <= whole[1]:
        return None
    gains = [
        adjusted_rand_score(truth[drawn], theirs[drawn]) - adjusted_rand_score(truth[drawn], ours[drawn])
        for drawn in random.integers(n, size=(RESAMPLES, n))
    ]
    return whole if whole[0] - whole[1] > SURE * np.std(gains, ddof=1) else None


def label_spreading(
    model: FittedModel,
    train: Selection | None,
    test: Selection,
    predicted: Shaped[np.ndarray, "rows"],
    seed: int,
) -> Block:
    """LabelSpreading, fitted to the same few labels among at most 5000 training rows, beside a classifier.

    Its kernel is that of the 7 nearest neighbours, among the first 50 principal components of longer rows.

    Args:
        model: the classifier.
        train: all training rows, some with a label and some without; else there is nothing to spread.
        test: rows to be told.
        predicted: what the model says of each of them.
        seed: of the choice of rows.

    Returns:
        `baselines`, `label_spreading`: its `error`, the binomial `standard_error`, `labels` and `train_rows`, which it
        learned from, and `gaps` where they were filled; and `advice`, a sentence where it is better by more than two
        standard errors. Or nothing.
    """
    if train is None or train.labels is None or test.labels is None:
        return {}
    known, told = known_labels(np.asanyarray(train.labels)), known_labels(np.asanyarray(test.labels))
    if known.all() or len(np.unique(np.asarray(train.labels)[known])) < 2 or not told.any():
        return {}
    learned = Learned.of(model, _with_few_labels(train, known, seed), test, CLUSTERED_ROWS, stream(seed, 1))
    if isinstance(learned, str):
        return {"baselines": {"label_spreading": {"skipped": learned}}}
    seen = test.where(told)
    guesses = _spread(learned, seen, seed)
    truth = np.asarray(seen.labels).astype(object)
    wrong, ours = (np.not_equal(each.astype(object), truth).astype(bool) for each in (guesses, predicted[told]))
    of_known = int(known_labels(np.asanyarray(learned.labels)).sum())
    found = {**share("error", wrong), "labels": of_known, **learned.about}
    block: Block = {"baselines": {"label_spreading": found}}
    if surely_less(wrong.astype(float), ours.astype(float)):
        block["advice"] = (
            f"LabelSpreading reads these classes better from as few labels ({100 * wrong.mean():.1f} % wrong against "
            f"{100 * ours.mean():.1f} %): use sklearn.semi_supervised.LabelSpreading, or train this model for longer."
        )
    return block


def _spread(learned: Learned, seen: Selection, seed: int) -> Shaped[np.ndarray, "rows"]:
    """The class that LabelSpreading gives each of some rows."""
    rows, shorten = _shortened(learned, SPREAD_COMPONENTS, seed)
    asked = seen.apply(shorten)
    known = known_labels(np.asanyarray(learned.labels))
    classes, codes = np.unique(np.asarray(learned.labels)[known], return_inverse=True)
    spread = np.full(len(rows), -1)
    spread[known] = codes
    neighbours = min(SPREAD_NEIGHBOURS, len(rows) - 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it may not converge, or leave rows that no label reaches
        classifier = LabelSpreading(kernel="knn", n_neighbors=neighbours, max_iter=SPREAD_STEPS, tol=1e-12)
        return np.asarray(classes[classifier.fit(rows, spread).predict(asked)])


def surely_less(theirs: Float[np.ndarray, "rows"], ours: Float[np.ndarray, "rows"]) -> bool:
    """Whether a figure of the same rows is less on average by more than two standard errors of the difference."""
    gain = ours - theirs
    return len(gain) > 1 and bool(gain.mean() > SURE * gain.std(ddof=1) / np.sqrt(len(gain)))


def _with_few_labels(train: Selection, known: Bool[np.ndarray, "rows"], seed: int) -> Selection:
    """Training rows of which at most half of those that are taken have a label: all labels, as long as they are few."""
    random, kept = np.random.default_rng(seed), np.zeros(len(train), bool)
    labelled, others = np.flatnonzero(known), np.flatnonzero(~known)
    some = random.permutation(labelled)[: CLUSTERED_ROWS // 2]
    kept[some] = True
    kept[random.permutation(others)[: CLUSTERED_ROWS - len(some)]] = True
    return train.where(kept)


def _shortened(learned: Learned, most: int, seed: int) -> tuple[Numbers, Callable[[Any], Numbers]]:
    """The training rows with at most so many numbers each, and how other rows become such."""
    read = learned.read
    if learned.numbers.shape[1] <= most:
        return learned.numbers, read
    pca = principal_components(learned.numbers, most, seed)
    return pca.transform(learned.numbers), lambda rows: (read(rows) - pca.mean_) @ pca.components_.T
