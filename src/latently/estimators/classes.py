"""Classes, for models that tell them: those of `fit`, or clusters of the model's own making."""

from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped

from latently.estimators import inference
from latently.estimators.latent_space import LatentSpace


class Classifies(LatentSpace):
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
