"""Latently: learn, shape and use latent spaces.

Every model is a game of players behind scikit-learn's interface. The public names load when they are first used, so
that `import latently` is instant.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from latently.batch import Batch
    from latently.data import Dataset, Splits, open_dataset
    from latently.estimators import AAE, VAE, CollapseWarning, NotSupportedError, load
    from latently.game import Game, Player
    from latently.training import Feed, Trainer

__version__ = "0.1.0"

_ROOMS = {
    "AAE": "latently.estimators",
    "VAE": "latently.estimators",
    "Batch": "latently.batch",
    "CollapseWarning": "latently.estimators",
    "Dataset": "latently.data",
    "Feed": "latently.training",
    "Game": "latently.game",
    "NotSupportedError": "latently.estimators",
    "Player": "latently.game",
    "Splits": "latently.data",
    "Trainer": "latently.training",
    "load": "latently.estimators",
    "open_dataset": "latently.data",
}

__all__ = [
    "AAE",
    "VAE",
    "Batch",
    "CollapseWarning",
    "Dataset",
    "Feed",
    "Game",
    "NotSupportedError",
    "Player",
    "Splits",
    "Trainer",
    "load",
    "open_dataset",
]


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module 'latently' has no attribute {name!r}")
    return getattr(import_module(_ROOMS[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
