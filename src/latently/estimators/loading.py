"""Models from disk. Loading runs no code from the files: a config may only name an estimator that is known here."""

import json
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import numpy as np

from latently.data import preprocessing_from_config
from latently.estimators.base import LatentModel
from latently.estimators.saving import FORMAT
from latently.estimators.skeleton import game_shape
from latently.probability import prior_from_config
from latently.training import load_tree

ESTIMATORS = {
    "AAE": "latently.estimators.aae",
    "ACGAN": "latently.estimators.acgan",
    "ACCA": "latently.estimators.acca",
    "Autoencoder": "latently.estimators.autoencoder",
    "ClusteringAAE": "latently.estimators.clustering_aae",
    "ConditionalVAE": "latently.estimators.conditional_vae",
    "ContractiveAutoencoder": "latently.estimators.autoencoder",
    "DenoisingAutoencoder": "latently.estimators.autoencoder",
    "SemiSupervisedAAE": "latently.estimators.semi_supervised_aae",
    "SemiSupervisedVAE": "latently.estimators.semi_supervised_vae",
    "StackedSemiSupervisedVAE": "latently.estimators.stacked_semi_supervised_vae",
    "SupervisedAAE": "latently.estimators.supervised_aae",
    "VAE": "latently.estimators.vae",
}
"""The estimators that a file may name, and where each lives."""


def load(path: str | Path) -> LatentModel:
    """Read a model that `save` wrote, or a run's folder.

    Args:
        path: the folder.

    Returns:
        The fitted estimator.

    Raises:
        FileNotFoundError: the folder holds no model.
        ValueError: a file is damaged, from a newer version, or the two do not belong together.

    Example:
        >>> import tempfile, latently, numpy as np
        >>> model = latently.VAE(latent_dim=2, hidden=(8,), epochs=1).fit(np.eye(20))
        >>> folder = tempfile.mkdtemp()
        >>> model.save(folder)
        >>> latently.load(folder).transform(np.eye(20)).shape
        (20, 2)
    """
    path = Path(path)
    config_path = path / "config.json"
    if not config_path.exists() or not (path / "model.safetensors").exists():
        raise FileNotFoundError(f"{path} holds no model: a model's folder has config.json and model.safetensors.")
    model, template = _read(config_path)
    arrays, static = eqx.partition(template, lambda leaf: isinstance(leaf, jax.ShapeDtypeStruct))
    arrays, _ = load_tree(path / "model.safetensors", arrays)
    model.game_ = eqx.combine(arrays, static)
    model.history_ = []
    loaded: LatentModel = model
    return loaded


def _read(path: Path) -> tuple[Any, Any]:
    """The estimator that a config describes, and its game without arrays."""
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        written = config["format"]
        model = _skeleton(config) if written == FORMAT else None
        template = None if model is None else game_shape(model)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0].removesuffix(".")
        raise ValueError(f"{path} is damaged, or no model's ({reason}).") from None
    if model is None:
        raise ValueError(
            f"{path} has the format {written!r} and this version of Latently reads {FORMAT}; update Latently."
        )
    return model, template


def _skeleton(config: dict[str, Any]) -> Any:
    model = unfitted(config)
    model._validate_params()
    model.preprocessing_ = preprocessing_from_config(config["preprocessing"])
    model.n_features_in_ = model.event_size_ = model.preprocessing_.n_features
    model.row_shape_ = model.preprocessing_.row_shape
    model.classes_ = None if config["classes"] is None else np.asarray(config["classes"])
    model.seed_ = int(config["seed"])
    return model


def unfitted(config: Mapping[str, Any], **changes: Any) -> Any:
    """The estimator that a config describes, as it was before it was fitted.

    Args:
        config: with `estimator` and `parameters`, as `model.save` writes it.
        **changes: hyperparameters that differ from the config's.

    Raises:
        ValueError: the config names an estimator that is not known here.
        TypeError: a parameter is not one of the estimator's.
    """
    name = config["estimator"]
    if name not in ESTIMATORS:
        raise ValueError(f"it names the estimator {name!r}; this version knows {', '.join(sorted(ESTIMATORS))}")
    parameters = {name: _revived(value) for name, value in config["parameters"].items()}
    return getattr(import_module(ESTIMATORS[name]), name)(**(parameters | changes))


def _revived(value: Any) -> Any:
    if isinstance(value, dict) and "estimator" in value:
        return unfitted(value)
    if isinstance(value, dict) and "prior" in value:
        return prior_from_config(value["prior"])
    return tuple(_revived(item) for item in value) if isinstance(value, list) else value
