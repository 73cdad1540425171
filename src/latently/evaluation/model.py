"""What an evaluation asks of a fitted model: what it can do, never which model it is.

A model lists its abilities in `abilities()`; each ability stands for the small set of methods below, and a model
offers no more than it can do. scikit-learn's estimators of this package are such models; so is any object with the
methods.
"""

from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int

Data = Any
"""Rows of data as a model takes them: anything with `len` that is indexed by an array of rows, such as `Views`."""


@runtime_checkable
class FittedModel(Protocol):
    """A model that has learned, and says what it can do.

    Attributes:
        latent_dim: the number of dimensions of a code.
    """

    @property
    def latent_dim(self) -> int: ...

    def abilities(self) -> frozenset[str]:
        """Names among `ABILITIES`."""
        ...


@runtime_checkable
class Encodes(FittedModel, Protocol):
    """`encode`: data to codes."""

    def transform(self, X: Data) -> Float[np.ndarray, "rows latent"]:
        """The mean of the posterior of every row."""
        ...

    def aggregate_codes(self, X: Data, random_state: int) -> Float[np.ndarray, "rows latent"]:
        """One draw from the posterior of every row: together, a sample of the aggregated posterior."""
        ...


@runtime_checkable
class Decodes(FittedModel, Protocol):
    """`decode`: codes to data."""

    def reconstruct(self, X: Data) -> Data:
        """Every row, encoded and decoded again, in the shape and the units of `X`."""
        ...


@runtime_checkable
class Samples(FittedModel, Protocol):
    """`sample`: draws of the prior, and of data."""

    def sample_prior(
        self, n: int, labels: Int[np.ndarray, "n"] | None = None, random_state: int | None = None
    ) -> Float[np.ndarray, "n latent"]:
        """`n` codes from the prior."""
        ...

    def sample(self, n: int = 1, labels: Any = None, random_state: int | None = None) -> Data:
        """`n` rows of new data: codes from the prior, decoded to their means."""
        ...


@runtime_checkable
class SamplesLabels(FittedModel, Protocol):
    """`sample_labels`: draws of data of a class that is asked for.

    Attributes:
        label_values: the labels that the model can be asked for.
    """

    @property
    def label_values(self) -> Any: ...

    def sample(self, n: int = 1, labels: Any = None, random_state: int | None = None) -> Data:
        """`n` rows of new data, one of each label."""
        ...


@runtime_checkable
class Predicts(FittedModel, Protocol):
    """`predict`: data to classes.

    Attributes:
        classes_: the labels the model was fitted on; `None` when its classes are clusters of its own making.
    """

    @property
    def classes_(self) -> np.ndarray | None: ...

    def predict(self, X: Data) -> np.ndarray:
        """The class of every row, one of `classes_`; or its cluster, from 0."""
        ...

    def predict_proba(self, X: Data) -> Float[np.ndarray, "rows classes"]:
        """The probability of each class, in the order of `classes_`, or of each cluster."""
        ...


@runtime_checkable
class BoundsLikelihood(FittedModel, Protocol):
    """`log_likelihood`: lower bounds on log p(x).

    Attributes:
        event_size_: the number of dimensions of one row of data.
    """

    @property
    def event_size_(self) -> int: ...

    def score_samples(
        self, X: Data, n_samples: int = 1, kind: Literal["elbo", "importance"] = "elbo", random_state: int = 0
    ) -> Float[np.ndarray, "rows"]:
        """A lower bound on the log-likelihood of every row, in nats, from `n_samples` draws of its posterior."""
        ...


@runtime_checkable
class BoundsLabelLikelihood(FittedModel, Protocol):
    """`label_likelihood`: lower bounds on log p(x|y).

    Attributes:
        event_size_: the number of dimensions of one row of data.
        classes_: the labels the model was fitted on; `None` when there were none.
    """

    @property
    def event_size_(self) -> int: ...

    @property
    def classes_(self) -> np.ndarray | None: ...

    def score_samples(
        self,
        X: Data,
        n_samples: int = 1,
        kind: Literal["elbo", "importance"] = "elbo",
        random_state: int = 0,
        labels: np.ndarray | None = None,
    ) -> Float[np.ndarray, "rows"]:
        """As for `log_likelihood`, of every row given its label."""
        ...


@runtime_checkable
class Restyles(FittedModel, Protocol):
    """`restyle`: the style of a row under other labels.

    Attributes:
        label_values: the labels that the model can be asked for.
    """

    @property
    def label_values(self) -> Any: ...

    def restyle(self, X: Data, labels: Any, known: Any = None) -> np.ndarray:
        """Every row under each of the labels: `(rows, labels, *row)`."""
        ...


@runtime_checkable
class Completes(FittedModel, Protocol):
    """`complete`: missing views from those that are given.

    Attributes:
        view_names_: the views' names, in order.
    """

    @property
    def view_names_(self) -> tuple[str, ...]: ...

    def transform(self, X: Data) -> Float[np.ndarray, "rows latent"]:
        """The code of every row, from the views that it has."""
        ...

    def complete(self, views: Data) -> dict[str, np.ndarray]:
        """Every view that some row lacks, completed."""
        ...


@runtime_checkable
class MeasuresPosterior(FittedModel, Protocol):
    """`posterior_kl`: what each dimension of a code tells."""

    def posterior_kl(self, X: Data) -> Float[np.ndarray, "rows latent"]:
        """KL(q(z_d|x) ‖ p(z_d)) of every row and dimension, in nats."""
        ...


ABILITIES: dict[str, type] = {
    "encode": Encodes,
    "decode": Decodes,
    "sample": Samples,
    "sample_labels": SamplesLabels,
    "predict": Predicts,
    "log_likelihood": BoundsLikelihood,
    "label_likelihood": BoundsLabelLikelihood,
    "restyle": Restyles,
    "complete": Completes,
    "posterior_kl": MeasuresPosterior,
}
"""Every ability, and the methods that it stands for."""

UNABLE = "the model cannot"
"""How every reason begins that holds whatever the data and the settings."""

_IN_WORDS = {
    "encode": "encode data",
    "decode": "decode codes",
    "sample": "draw from a prior",
    "sample_labels": "draw data of a class",
    "predict": "predict classes",
    "log_likelihood": "bound its log-likelihood",
    "label_likelihood": "bound its log-likelihood given labels",
    "complete": "complete a missing view",
    "restyle": "decode a code under another label",
    "posterior_kl": "give its posterior's KL in closed form",
}


def inability(model: FittedModel, *names: str) -> str | None:
    """Why a model cannot be asked for something, in words.

    Args:
        model: the fitted model.
        names: the abilities needed, each a key of `ABILITIES`.

    Returns:
        A sentence about the first ability that the model does not list, or `None` when it has them all.

    Raises:
        TypeError: the model lists an ability whose methods it does not have.
    """
    offered = model.abilities()
    for name in names:
        if name not in offered:
            return f"{UNABLE} {_IN_WORDS[name]}"
        if not isinstance(model, ABILITIES[name]):
            methods = [method for method in vars(ABILITIES[name]) if not method.startswith("_")]
            raise TypeError(
                f"model.abilities() must list only what the model can do; {type(model).__name__} lists {name!r} and "
                f"lacks one of {', '.join(methods)}. Add it, or leave {name!r} out."
            )
    return None
