"""What a linear support vector machine reads in numbers."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Shaped
from scipy.optimize import minimize
from sklearn.model_selection import train_test_split

COSTS = (1e-3, 1e-2, 1e-1, 1.0)
TOLERANCE = 1e-6


@dataclass(frozen=True)
class LinearSVM:
    r"""A linear support vector machine with squared hinge loss, one class against the rest.

    Each class has the weights that minimise \(\frac12 \|w\|^2 + C \sum_i \max(0, 1 - t_i\, w \cdot x_i)^2\), where
    \(t_i\) is 1 for its rows and -1 for others, and \(x_i\) is a standardised row with a 1 behind it. That is
    `make_pipeline(StandardScaler(), LinearSVC(C=C, dual=False))` of scikit-learn, which keeps dense rows as a list of
    index and value and walks through it again and again; here they are matrix products.

    Attributes:
        classes: the labels.
        mean, scale: what rows are standardised by.
        weights: one column a class; the last row is the bias.

    Example:
        >>> rows, labels = np.array([[0.0], [1.0], [5.0], [6.0]]), np.array(["low", "low", "high", "high"])
        >>> LinearSVM.fit(rows, labels, cost=1.0).predict(np.array([[2.0], [4.0]])).tolist()
        ['low', 'high']
    """

    classes: Shaped[np.ndarray, "classes"]
    mean: Float[np.ndarray, "numbers"]
    scale: Float[np.ndarray, "numbers"]
    weights: Float[np.ndarray, "numbers_and_bias classes"]

    @classmethod
    def fit(
        cls, rows: Float[np.ndarray, "rows numbers"], labels: Shaped[np.ndarray, "rows"], cost: float
    ) -> "LinearSVM":
        """Learn the classes of rows, of which there are two or more.

        Args:
            rows: numbers.
            labels: of the rows.
            cost: C, of a row on the wrong side of the margin.
        """
        deviation = rows.std(axis=0)
        mean, scale = rows.mean(axis=0), np.where(deviation > 0, deviation, 1.0)
        classes = np.unique(labels)
        weights = _minimal(_with_bias(rows, mean, scale), np.where(labels[:, None] == classes, 1.0, -1.0), cost)
        return cls(classes, mean, scale, weights)

    def predict(self, rows: Float[np.ndarray, "rows numbers"]) -> Shaped[np.ndarray, "rows"]:
        """The class of each row."""
        scores = _with_bias(rows, self.mean, self.scale) @ self.weights
        return np.asarray(self.classes[scores.argmax(axis=1)])


def linear_svm_error(
    train: Float[np.ndarray, "train numbers"],
    train_labels: Shaped[np.ndarray, "train"],
    test: Float[np.ndarray, "test numbers"],
    test_labels: Shaped[np.ndarray, "test"],
    seed: int = 0,
) -> float:
    """The share of test rows that a linear support vector machine gets wrong.

    Args:
        train: rows to learn from, of two classes or more; on a fifth of them the cost is chosen among `COSTS`.
        train_labels: their labels.
        test: rows to classify.
        test_labels: their labels.
        seed: of the choice of that fifth.
    """
    rows, held, labels, held_labels = train_test_split(train, train_labels, test_size=0.2, random_state=seed)
    cost = COSTS[0]
    if len(np.unique(labels)) > 1:
        cost = min(COSTS, key=lambda cost: _error(LinearSVM.fit(rows, labels, cost), held, held_labels))
    return _error(LinearSVM.fit(train, train_labels, cost), test, test_labels)


def _error(svm: LinearSVM, rows: Float[np.ndarray, "rows numbers"], labels: Shaped[np.ndarray, "rows"]) -> float:
    return float((svm.predict(rows) != labels).mean())


def _with_bias(
    rows: Float[np.ndarray, "rows numbers"], mean: Float[np.ndarray, "numbers"], scale: Float[np.ndarray, "numbers"]
) -> Float[np.ndarray, "rows numbers_and_bias"]:
    standardised = (rows.astype(np.float64) - mean) / scale
    return np.hstack([standardised, np.ones((len(rows), 1))])


def _minimal(
    x: Float[np.ndarray, "rows numbers"], sides: Float[np.ndarray, "rows classes"], cost: float
) -> Float[np.ndarray, "numbers classes"]:
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
