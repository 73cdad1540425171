"""Classes, for models that tell them: those of `fit`, or clusters of the model's own making."""

from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped

from latently.estimators import inference
from latently.estimators.coding import Coding


class Classifies(Coding):
    """`predict` and `predict_proba`, for a game with `class_scores`."""

    def predict(self, X: Any) -> Shaped[np.ndarray, "rows"]:
        """The likeliest class of each row.

        Args:
            X: rows, as in `fit`.

        Returns:
            Labels, as they were given to `fit`; or the numbers of clusters, where it was given none.
        """
        labels: Shaped[np.ndarray, rows] = self._values()[self.predict_proba(X).argmax(axis=1)]
        return labels

    def predict_proba(self, X: Any) -> Float[np.ndarray, "rows classes"]:
        """The probability of each class for each row.

        Args:
            X: rows, as in `fit`.

        Returns:
            One row a row, summing to 1; the columns are in the order of `label_values`.
        """
        function, rows = partial(inference.class_probabilities, self._fitted()), self._rows(X)
        return inference.in_pieces(function, rows, self.preprocessing_)


def check_classes(model: Any, classes: int, *, instead: str) -> None:
    """Refuse labels that are all of one class, which leave nothing to tell apart.

    Args:
        model: the estimator.
        classes: how many there are.
        instead: the estimator for data of one class.

    Raises:
        ValueError: there is one class only.
    """
    if classes < 2 and model.classes_ is not None:
        raise ValueError(
            f"{type(model).__name__} tells classes apart, so it needs 2 or more; the labels are all of one class. "
            f"Use {instead} for data of one class, or y=None for clusters."
        )
