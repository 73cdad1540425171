"""Latently: learn, shape and use latent spaces.

Every model is a game of players behind scikit-learn's interface. The public names load when they are first used, so
that `import latently` is instant.
"""

from importlib import import_module
from typing import Any

from latently.catalogue import BY_NAME

__version__ = "0.1.0"

_ROOMS = {
    "Batch": "latently.game",
    "CollapseWarning": "latently.estimators",
    "DataAssumption": "latently.data",
    "Dataset": "latently.data",
    "Feed": "latently.training",
    "Game": "latently.game",
    "LatentModel": "latently.estimators",
    "NotSupportedError": "latently.errors",
    "Player": "latently.game",
    "Splits": "latently.data",
    "Table": "latently.data",
    "Trainer": "latently.training",
    "Views": "latently.data",
    "cross_outlier_scores": "latently.estimators.outliers",
    "load": "latently.estimators",
    "open_dataset": "latently.data",
}

__all__ = [*BY_NAME, *_ROOMS]  # the models of the catalogue, and what goes with them


def __getattr__(name: str) -> Any:
    if name in BY_NAME:
        return BY_NAME[name].load()
    if name not in _ROOMS:
        from latently.errors import did_you_mean

        raise AttributeError(f"module 'latently' has no attribute {name!r}.{did_you_mean(name, __all__)}")
    return getattr(import_module(_ROOMS[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
