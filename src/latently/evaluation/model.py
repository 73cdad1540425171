"""What an evaluation asks of a fitted model: what it can do, never which model it is."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

Data = Any
"""Rows of data as a model takes them: anything with `len` that is indexed by an array of rows, such as `Views`."""

UNABLE = "the model cannot"
"""How every reason begins that holds whatever the data and the settings."""

_METHODS = {
    "encode": ("transform", "aggregate_codes"),
    "decode": ("reconstruct",),
    "sample": ("sample_prior", "sample"),
    "sample_labels": ("label_values", "sample"),
    "sample_conditions": ("conditions_", "sample"),
    "predict": ("classes_", "predict", "predict_proba"),
    "log_likelihood": ("event_size_", "score_samples"),
    "label_likelihood": ("event_size_", "classes_", "score_samples"),
    "impute": ("impute",),
    "complete": ("transform", "complete"),
    "posterior_kl": ("posterior_kl",),
}
"""The methods and attributes of `FittedModel` that an evaluation asks for where a model lists the ability."""


@runtime_checkable
class FittedModel(Protocol):
    """A model that has learned, and says what it can do.

    `latent_dim` and `abilities` are there in every model. Each of the others is present where an ability says so, and
    no model has all of them. The fitted models of this package are such models, and so is any object with the methods.
    """

    @property
    def latent_dim(self) -> int:
        """The number of dimensions of a code."""

    def abilities(self) -> frozenset[str]:
        """What the model can do: names among `latently.abilities.ABILITIES`."""

    if TYPE_CHECKING:

        @property
        def label_values(self) -> Any:
            """`sample_labels`: the labels that the model can be asked for."""

        @property
        def classes_(self) -> np.ndarray | None:
            """`predict`, `label_likelihood`: the labels it was fitted on; `None` where its classes are clusters."""

        @property
        def conditions_(self) -> Any:
            """`sample_conditions`: what was done to the conditions it was fitted on; `columns` says what each is."""

        @property
        def event_size_(self) -> int:
            """`log_likelihood`, `label_likelihood`: the number of dimensions of one row of data."""

        def transform(self, X: Data) -> Float[np.ndarray, "rows latent"]:
            """`encode`, `complete`: the code of every row, the mean of its posterior."""

        def aggregate_codes(self, X: Data, random_state: int) -> Float[np.ndarray, "rows latent"]:
            """`encode`: one draw from the posterior of every row, together a sample of the aggregated posterior."""

        def posterior_kl(self, X: Data) -> Float[np.ndarray, "rows latent"]:
            """`posterior_kl`: KL(q(z_d|x) ‖ p(z_d)) of every row and dimension, in nats."""

        def reconstruct(self, X: Data) -> Data:
            """`decode`: every row, encoded and decoded again, in the shape and the units of `X`."""

        def impute(self, X: Data, *, random_state: int) -> Data:
            """`impute`: the rows of a table with their missing cells filled in."""

        def complete(self, views: Data) -> dict[str, np.ndarray]:
            """`complete`: every view that some row lacks, completed."""

        def sample_prior(self, n: int, *, random_state: int) -> Float[np.ndarray, "n latent"]:
            """`sample`: `n` codes from the prior."""

        def sample(self, n: int, labels: Any = None, *, random_state: int) -> Data:
            """`sample`: `n` rows of new data; `sample_labels`: one of each label; `sample_conditions`: likewise."""

        def predict(self, X: Data) -> np.ndarray:
            """`predict`: the class of every row, one of `classes_`; or its cluster, from 0."""

        def predict_proba(self, X: Data) -> Float[np.ndarray, "rows classes"]:
            """`predict`: the probability of each class, in the order of `classes_`, or of each cluster."""

        @property
        def score_samples(self) -> Callable[..., Float[np.ndarray, "rows"]]:
            """`log_likelihood`: a lower bound on log p(x) of every row, in nats; `label_likelihood`: on log p(x|y).

            Of `X`, `n_samples` of the posterior, `kind` ("elbo" or "importance"), `random_state`, and `labels` for y.
            """


def inability(model: FittedModel, *names: str) -> str | None:
    """Why a model cannot be asked for something: a sentence about the first of the abilities that it does not list."""
    from latently.abilities import ABILITIES  # it needs JAX, which whoever has a model has loaded

    offered = model.abilities()
    for name in names:
        if name not in offered:
            return f"{UNABLE} {ABILITIES[name].can}"
        if not all(hasattr(model, method) for method in _METHODS.get(name, ())):
            raise TypeError(
                f"model.abilities() must list only what the model can do; {type(model).__name__} lists {name!r} and "
                f"lacks one of {', '.join(_METHODS[name])}. Add it, or leave {name!r} out."
            )
    return None
