"""The labels that a fitted model takes, and how they reach a decoder that is given one."""

from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float, Int, Shaped
from sklearn.utils.validation import check_is_fitted

from latently.data import encode_labels
from latently.estimators.labels import label_values


class NotSupportedError(NotImplementedError):
    """This model cannot do what it was asked, and another one can."""


class KnownLabels:
    """What every model says of labels.

    Attributes:
        game_: the fitted game.
        classes_: the labels seen in `fit`, or `None`.
    """

    decodes_labels: ClassVar[bool] = False
    """Whether the decoder is given the label beside the code."""

    draws_labelled: ClassVar[bool] = False
    """Whether training draws from the labelled rows alone, where only some rows have labels."""

    _learns_from_labels: ClassVar[bool] = False
    """Whether `fit` makes use of y."""

    _needs_labels: ClassVar[bool] = False
    """Whether `fit` can do nothing without y."""

    game_: Any
    classes_: Shaped[np.ndarray, "classes"] | None

    @property
    def knows_labels(self) -> bool:
        """Whether `sample` can be asked for a class."""
        return self.label_values is not None

    @property
    def label_values(self) -> Shaped[np.ndarray, "classes"] | None:
        """The labels that this fitted model takes: the classes of `fit`, or the numbers of its clusters."""
        n_labels = getattr(self._fitted(), "n_labels", None)
        if n_labels is None:
            return None
        return np.arange(n_labels) if self.classes_ is None else self.classes_

    def _accept_labels(self, X: Any, y: Any) -> Int[np.ndarray, "rows"] | None:
        """The class of each row as a number, -1 where it is unknown; sets `classes_`."""
        self.classes_ = None
        if y is None:
            if self._needs_labels:
                raise ValueError(
                    f"{type(self).__name__} requires y to be passed, but the target y is None: it learns from labels. "
                    "Give y, or use a model that learns without."
                )
            return None
        values = label_values(y)
        if len(values) != len(X):
            raise ValueError(
                f"y must have one label for each of the {len(X)} rows of X; got {len(values)}. "
                "Give -1 where a label is unknown."
            )
        if not self._learns_from_labels:
            return None
        codes, classes = encode_labels(values, "y")
        if not classes:
            if self._needs_labels:
                raise ValueError(f"{type(self).__name__} learns from labels, and y holds none: every one is unknown.")
            return None
        self.classes_ = np.asarray(classes).astype(values.dtype)  # as they were given: "7" stays a word
        return codes

    def _n_labels(self) -> int | None:
        return getattr(self, "n_clusters", None) if self.classes_ is None else len(self.classes_)

    def _draws_labelled(self, labels: Int[np.ndarray, "rows"] | None) -> bool:
        """Whether a round draws labelled rows a second time: where only some are, and the model has a use for them.

        Sets `labels_known_`, which tells the game.
        """
        known = 0 if labels is None else int((labels >= 0).sum())
        self.labels_known_ = "none" if not known else "all" if labels is not None and known == len(labels) else "some"
        return self.labels_known_ == "some" and self.draws_labelled

    def _fitted(self) -> Any:
        check_is_fitted(self)
        return self.game_

    def _values(self) -> Shaped[np.ndarray, "classes"]:
        values = self.label_values
        return np.zeros(0) if values is None else values

    def _codes_of(self, labels: Any, n: int, *, unknown: bool = False) -> Int[np.ndarray, "n"]:
        """The position of each label among the values that the model takes; -1 for unknown ones, if they may be."""
        known = self._values().tolist()
        values = label_values(labels) if unknown else np.asarray(labels)
        if values.shape not in ((), (n,)):
            raise ValueError(f"labels must be one for all, or one for each of n={n}; got shape {values.shape}.")
        hidden = (-1, "") if unknown else ()
        for value in np.unique(values).tolist():
            if value not in known and value not in hidden:
                raise ValueError(f"labels must be among the classes {', '.join(map(str, known))}; got {value!r}.")
        codes = [known.index(value) if value in known else -1 for value in values.ravel().tolist()]
        return np.broadcast_to(np.asarray(codes, np.int32).reshape(values.shape), (n,))

    def _one_hot(self, codes: Int[np.ndarray, "n"]) -> Float[np.ndarray, "n classes"]:
        weights: Float[np.ndarray, "n classes"] = np.eye(len(self._values()), dtype=np.float32)[codes]
        return weights

    def _given(self, labels: Any, n: int) -> Shaped[np.ndarray, "n ..."] | None:
        """Labels as a decoder that knows them takes them: one-hot where all are known, else -1 for unknown ones."""
        if not self.decodes_labels:
            self._refuse(labels)
            return None
        codes = np.full(n, -1, np.int32) if labels is None else self._codes_of(labels, n, unknown=True)
        return codes if (codes < 0).any() else self._one_hot(codes)

    def _refuse(self, labels: Any) -> None:
        if labels is not None:
            raise NotSupportedError(f"the decoder of {type(self).__name__} is given no label; leave labels out.")
