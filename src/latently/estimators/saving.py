"""Models on disk: `config.json` says what they are, `model.safetensors` holds their arrays."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import equinox as eqx
import numpy as np
from sklearn.base import BaseEstimator

from latently.files import write_atomically
from latently.probability import Prior
from latently.training import save_tree

FORMAT = 1


def save_model(model: Any, path: Path, about: Mapping[str, Any]) -> None:
    """Write a fitted estimator to the folder `path`; both files are written atomically, the arrays first."""
    path.mkdir(parents=True, exist_ok=True)
    save_tree(path / "model.safetensors", eqx.filter(model.game_, eqx.is_array), {"format": FORMAT})
    write_atomically(path / "config.json", json.dumps({**model_config(model), **about}, indent=2).encode())


def model_config(model: Any) -> dict[str, Any]:
    """All that a fitted estimator is, but its arrays, as JSON values."""
    classes = None if model.classes_ is None else model.classes_.tolist()
    parameters = model.get_params(deep=False)
    if hasattr(model, "first_"):
        parameters["first"] = model.first_
    return {
        "format": FORMAT,
        "estimator": type(model).__name__,
        "parameters": {name: _plain(value) for name, value in parameters.items()},
        "preprocessing": model.preprocessing_.to_config(),
        "classes": classes,
        "seed": model.seed_,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Prior):
        return {"prior": value.config()}
    if isinstance(value, BaseEstimator):  # an earlier stage: its arrays are in the game
        parameters = {name: _plain(each) for name, each in value.get_params(deep=False).items()}
        return {"estimator": type(value).__name__, "parameters": parameters}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.random.RandomState):
        return None  # the seed that it gave is kept beside the parameters
    return value
