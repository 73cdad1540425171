"""Latently: learn, shape and use latent spaces.

Every model is a game of players behind scikit-learn's interface. The public names load when they are first used, so
that `import latently` is instant.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from latently.batch import Batch
    from latently.data import Dataset, Splits, Views, open_dataset
    from latently.estimators import (
        AAE,
        ACCA,
        ACGAN,
        VAE,
        Autoencoder,
        ClusteringAAE,
        CollapseWarning,
        ConditionalVAE,
        ContractiveAutoencoder,
        DenoisingAutoencoder,
        NotSupportedError,
        SemiSupervisedAAE,
        SemiSupervisedVAE,
        StackedSemiSupervisedVAE,
        SupervisedAAE,
        load,
    )
    from latently.game import Game, Player
    from latently.training import Feed, Trainer

__version__ = "0.1.0"

_ROOMS = {
    "AAE": "latently.estimators",
    "ACGAN": "latently.estimators",
    "ACCA": "latently.estimators",
    "VAE": "latently.estimators",
    "Autoencoder": "latently.estimators",
    "Batch": "latently.batch",
    "ClusteringAAE": "latently.estimators",
    "CollapseWarning": "latently.estimators",
    "ConditionalVAE": "latently.estimators",
    "ContractiveAutoencoder": "latently.estimators",
    "Dataset": "latently.data",
    "DenoisingAutoencoder": "latently.estimators",
    "Feed": "latently.training",
    "Game": "latently.game",
    "NotSupportedError": "latently.estimators",
    "Player": "latently.game",
    "SemiSupervisedAAE": "latently.estimators",
    "SemiSupervisedVAE": "latently.estimators",
    "Splits": "latently.data",
    "StackedSemiSupervisedVAE": "latently.estimators",
    "SupervisedAAE": "latently.estimators",
    "Trainer": "latently.training",
    "Views": "latently.data",
    "load": "latently.estimators",
    "open_dataset": "latently.data",
}

__all__ = [
    "AAE",
    "ACCA",
    "ACGAN",
    "VAE",
    "Autoencoder",
    "Batch",
    "ClusteringAAE",
    "CollapseWarning",
    "ConditionalVAE",
    "ContractiveAutoencoder",
    "Dataset",
    "DenoisingAutoencoder",
    "Feed",
    "Game",
    "NotSupportedError",
    "Player",
    "SemiSupervisedAAE",
    "SemiSupervisedVAE",
    "Splits",
    "StackedSemiSupervisedVAE",
    "SupervisedAAE",
    "Trainer",
    "Views",
    "load",
    "open_dataset",
]


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module 'latently' has no attribute {name!r}")
    return getattr(import_module(_ROOMS[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
