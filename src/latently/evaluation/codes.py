"""What codes tell: how many of their dimensions are in use, how much of the data survives, what classifiers read."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped
from scipy.optimize import minimize
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from latently.evaluation.model import FittedModel
from latently.evaluation.reading import Numbers, Reading
from latently.evaluation.rows import Selection, known_labels, not_finite, share

THRESHOLD = 0.01
NEIGHBOURS = 5
COSTS = (1e-3, 1e-2, 1e-1, 1.0)
TOLERANCE = 1e-6
Labels = Shaped[np.ndarray, "_"]


def active_dimensions(means: Float[np.ndarray, "rows latent"]) -> dict[str, Any]:
    r"""The dimensions that change with the data: \(\operatorname{Var}_x(E[z_d | x]) > 0.01\), given a prior of scale 1.

    References:
        Burda, Grosse, Salakhutdinov: Importance Weighted Autoencoders, 2015, section 5.2.
        https://arxiv.org/abs/1509.00519

    Returns:
        `latent_dim`, `active`, `threshold`, `rows`, `variances` (one a dimension) and `in_words`.
    """
    if len(means) < 2:
        raise ValueError(f"means must have at least 2 rows, for a variance; got {len(means)}. Encode more rows.")
    variances = means.astype(np.float64).var(axis=0, ddof=1)
    active, dim = int(np.count_nonzero(variances > THRESHOLD)), len(variances)
    unused, dimensions = dim - active, "dimension" if dim == 1 else "dimensions"
    in_words = f"{unused} of {dim} latent {dimensions} {'is' if unused == 1 else 'are'} unused"
    if not unused:
        in_words = f"all {dim} latent dimensions are in use" if dim > 1 else "the one latent dimension is in use"
    return {
        "latent_dim": dim,
        "active": active,
        "threshold": THRESHOLD,
        "rows": len(means),
        "variances": variances.tolist(),
        "in_words": in_words,
    }


def kl_by_dimension(kl: Float[np.ndarray, "rows latent"]) -> dict[str, Any]:
    """The mean over rows of KL(q(z_d|x) ‖ p(z_d)): `nats` (one a dimension), `total_nats` and `rows`, or `skipped`."""
    if reason := not_finite(kl, "the KL of {} rows is not finite"):
        return {"skipped": reason}
    nats = kl.mean(axis=0, dtype=np.float64)
    return {"nats": nats.tolist(), "total_nats": float(nats.sum()), "rows": len(kl)}


def reconstruction(model: FittedModel, rows: Selection) -> dict[str, Any]:
    """The error of the rows after encoding and decoding, as `squared_errors` gives it."""
    blocks = ((np.asarray(X), np.asarray(model.reconstruct(X))) for X, _ in rows.blocks())
    return squared_errors(blocks, Reading.of(model, rows.data))


class Explained:
    """The squared error of rows given back, and that of their mean row, summed up block by block."""

    def __init__(self) -> None:
        self.rows = self.elements = 0
        self.squared, self.squares, self.sums = 0.0, 0.0, np.zeros(1)

    def add(self, x: Numbers, given: Numbers) -> None:
        """Some more rows, and what came back for them."""
        difference = given - x
        self.rows, self.elements = self.rows + len(x), self.elements + x.size
        self.squared += float(np.vdot(difference, difference))
        self.squares += float(np.vdot(x, x))
        self.sums = self.sums + x.sum(axis=0)

    @property
    def share(self) -> float | None:
        """One minus the error over that of the mean row; `None` for constant rows."""
        variance = self.squares - float(np.vdot(self.sums, self.sums)) / self.rows
        return 1 - self.squared / variance if variance > 1e-12 * self.squares else None


def squared_errors(blocks: Iterable[tuple[np.ndarray, np.ndarray]], reading: Reading | None = None) -> dict[str, Any]:
    r"""The error of reconstructions, from blocks of rows `[rows, *features]` and theirs, in the data's own units.

    Args:
        blocks: of rows and what came back for them.
        reading: how a model reads them, for the variance explained; as they are, unless given.

    Returns:
        `mean_squared_error` per element and its root; `variance_explained`, one minus the error over that of the mean
        row, in the units in which they are read, so that columns of unlike scales count alike (`None` for constant
        data); `rows`; for images also `peak` (the largest value of an integer type, else 1 for data within [0, 1], else
        the range of the data) and the peak signal-to-noise ratio \(10 \log_{10}(\text{peak}^2 / \text{mse})\) of the
        mean error.
    """
    data, read, low, high = Explained(), Explained(), np.inf, -np.inf
    for X, reconstructed in blocks:
        if X.shape != reconstructed.shape:
            raise ValueError(
                f"reconstruct(X) must have the shape of X, {X.shape}; got {reconstructed.shape}. "
                "Decode to the shape that the model was given."
            )
        flat, given = (each.reshape(len(X), -1).astype(np.float64) for each in (X, reconstructed))
        data.add(flat, given)
        read.add(*((flat, given) if reading is None else (reading.numbers(X), reading.numbers(reconstructed))))
        low, high = min(low, float(flat.min())), max(high, float(flat.max()))
    if not np.isfinite(data.squared):
        return {"skipped": "a reconstruction is not finite"}
    error = data.squared / data.elements
    result: dict[str, Any] = {
        "mean_squared_error": error,
        "root_mean_squared_error": float(np.sqrt(error)),
        "variance_explained": read.share,
        "rows": data.rows,
    }
    peak = 1.0 if low >= 0 and high <= 1 else high - low
    if X.dtype.kind in "ui":
        peak = float(np.iinfo(X.dtype.name).max)
    if X.ndim >= 3 and error > 0 and peak > 0:
        result["peak"] = peak
        result["peak_signal_to_noise_decibel"] = float(10 * np.log10(peak**2 / error))
    return result


def probe(
    train_codes: Numbers, train_labels: Labels | None, test_codes: Numbers, test_labels: Labels | None, *, seed: int = 0
) -> dict[str, Any]:
    """The accuracy of a linear classifier and of the 5 nearest neighbours, fitted on training codes, on test codes.

    The linear probe is a multinomial logistic regression on codes standardised by the training codes; the neighbours
    are sought among the codes as they are, since it is their geometry that is asked about. Rows with label -1 are left
    out.

    Returns:
        `linear` and `neighbours`, each with `accuracy` (a share), its binomial `standard_error` and `train_rows`,
        `test_rows`; and `majority`, the share of the most frequent class, which needs no code. Or `skipped`.
    """
    if train_labels is None or test_labels is None:
        return {"skipped": "the data has no labels"}
    fitted, tested = known_labels(train_labels), known_labels(test_labels)
    codes, labels = train_codes[fitted], np.asarray(train_labels[fitted])
    wanted = np.asarray(test_labels[tested])
    if not len(labels) or not len(wanted):
        return {"skipped": "every label of the training rows or of the test rows is unknown"}
    classes, counts = np.unique(labels, return_counts=True)
    if len(classes) < 2:
        return {"skipped": "the training labels are all of one class"}

    def accuracy(classifier: Any) -> dict[str, Any]:
        right = classifier.fit(codes, labels).predict(test_codes[tested]) == wanted
        return {**share("accuracy", right), "train_rows": len(labels), "test_rows": len(wanted)}

    # The best weights lie in the space of the rows: of codes longer than there are rows, its axes tell as much.
    shorter = (PCA(svd_solver="full"),) if codes.shape[1] > len(codes) else ()
    regression = LogisticRegression(max_iter=1000, random_state=seed)
    few = {"skipped": f"fewer than {NEIGHBOURS} labelled training rows"} if len(labels) < NEIGHBOURS else None
    return {
        "majority": float(np.mean(wanted == classes[counts.argmax()])),
        "linear": accuracy(make_pipeline(StandardScaler(), *shorter, regression)),
        "neighbours": few or accuracy(KNeighborsClassifier(n_neighbors=NEIGHBOURS)),
    }


@dataclass(frozen=True)
class LinearSVM:
    r"""A linear support vector machine with squared hinge loss, one class against the rest.

    Each class has the weights that minimise \(\frac12 \|w\|^2 + C \sum_i \max(0, 1 - t_i\, w \cdot x_i)^2\), where
    \(t_i\) is 1 for its rows and -1 for others, and \(x_i\) is a standardised row with a 1 behind it: the LinearSVC of
    scikit-learn, which walks through dense rows number by number where these are matrix products. The weights have one
    column a class; the last row is the bias.
    """

    classes: Shaped[np.ndarray, "classes"]
    scaler: StandardScaler
    weights: Float[np.ndarray, "numbers_and_bias classes"]

    @classmethod
    def fit(cls, rows: Numbers, labels: Labels, cost: float) -> "LinearSVM":
        """Learn two classes or more, at a cost C for a row on the wrong side of the margin."""
        classes, scaler = np.unique(labels), StandardScaler().fit(rows.astype(np.float64))
        weights = _minimal(_with_bias(rows, scaler), np.where(labels[:, None] == classes, 1.0, -1.0), cost)
        return cls(classes, scaler, weights)

    def predict(self, rows: Numbers) -> Labels:
        """The class of each row."""
        return np.asarray(self.classes[(_with_bias(rows, self.scaler) @ self.weights).argmax(axis=1)])


def linear_svm_error(train: Numbers, train_labels: Labels, test: Numbers, test_labels: Labels, seed: int = 0) -> float:
    """The share of test rows that a linear SVM gets wrong; its cost is chosen on a fifth of the training rows."""
    rows, held, labels, held_labels = train_test_split(train, train_labels, test_size=0.2, random_state=seed)
    cost = COSTS[0]
    if len(np.unique(labels)) > 1:
        cost = min(COSTS, key=lambda cost: _error(LinearSVM.fit(rows, labels, cost), held, held_labels))
    return _error(LinearSVM.fit(train, train_labels, cost), test, test_labels)


def _error(svm: LinearSVM, rows: Numbers, labels: Labels) -> float:
    return float((svm.predict(rows) != labels).mean())


def _with_bias(rows: Numbers, scaler: StandardScaler) -> Float[np.ndarray, "rows numbers_and_bias"]:
    return np.hstack([scaler.transform(rows.astype(np.float64)), np.ones((len(rows), 1))])


def _minimal(x: Numbers, sides: Float[np.ndarray, "rows classes"], cost: float) -> Float[np.ndarray, "numbers classes"]:
    """The weights of all classes at once."""
    shape = (x.shape[1], sides.shape[1])

    def objective(flat: Float[np.ndarray, "weights"]) -> tuple[float, Float[np.ndarray, "weights"]]:
        w = flat.reshape(shape)
        short = np.maximum(0, 1 - sides * (x @ w))  # by how much a row misses its margin
        slope = w - 2 * cost * (x.T @ (sides * short))
        return 0.5 * np.vdot(w, w) + cost * np.vdot(short, short), slope.ravel()

    start = np.zeros(shape).ravel()
    found = minimize(objective, start, jac=True, method="L-BFGS-B", options={"ftol": TOLERANCE, "gtol": 0.0})
    return np.asarray(found.x).reshape(shape)
