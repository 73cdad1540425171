"""How the data is scaled, and that of each view: to where the decoder's likelihood can reach it."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, Literal

import numpy as np

from latently.data import Preprocessing, Subset, Views, ViewsPreprocessing
from latently.estimators.architecture import Hyperparameters

_RANGES: dict[str, Literal["auto", "unit", "symmetric"]] = {
    "auto": "auto",
    "identity": "auto",
    "sigmoid": "unit",
    "tanh": "symmetric",
}


def fit_preprocessing(model: Hyperparameters, X: Any) -> Any:
    """How the data is scaled, each view of it: to where the decoder's likelihood can reach it.

    Raises:
        ValueError: the data does not lie where the likelihood needs it, or is no image for convolutions.
    """
    if isinstance(X, Views):
        return ViewsPreprocessing({name: _fit_view(model, X, name) for name in X.names})
    wanted = "unit" if model.likelihood == "bernoulli" else _RANGES[model.output]
    return Preprocessing.fit(X, range=wanted, image=model.network == "conv", binarize=model.binarize)


def _fit_view(model: Hyperparameters, X: Views, name: str) -> Preprocessing:
    """How a view is scaled, judged by the rows that have it; with convolutions, only vectors stay vectors."""
    own, given = of_view(model, name), ~X.lacking(name)
    if not given.any():
        raise ValueError(f"no row has the view {name!r}; leave it out.")
    rows = X.view(name) if given.all() else Subset(X.view(name), np.flatnonzero(given))
    if own.network == "conv" and len(rows.shape) == 2:
        own.network = "mlp"
    try:
        preprocessing: Preprocessing = fit_preprocessing(own, rows)
    except ValueError as error:
        raise ValueError(f"view {name!r}: {error}") from None
    return preprocessing


def of_view(model: Any, name: str) -> Any:
    """The hyperparameters of a model of several views that hold for one of them: its own likelihood."""
    own = SimpleNamespace(**model.get_params(deep=False))
    if isinstance(model.likelihood, Mapping):
        own.likelihood = model.likelihood.get(name, "auto")
    return own
