"""The estimators: scikit-learn faces of the games. Each model of the catalogue loads when it is first used."""

from typing import Any

from latently.catalogue import BY_NAME
from latently.errors import NotSupportedError
from latently.estimators.base import CollapseWarning, LatentModel
from latently.estimators.saving import load

__all__ = ["CollapseWarning", "LatentModel", "NotSupportedError", "load", *BY_NAME]  # names, all


def __getattr__(name: str) -> Any:
    if name not in BY_NAME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return BY_NAME[name].load()
