"""What several pages say of a run in the same words."""

from collections.abc import Mapping
from typing import Any

from latently.evaluation import counted


def epochs_in_words(config: Mapping[str, Any]) -> str:
    """How often a run goes over the data, by the configuration of its model; in both stages, where it has two.

    Example:
        >>> epochs_in_words({"parameters": {"epochs": 1.0}})
        '1 epoch'
        >>> first = {"estimator": "VAE", "parameters": {"epochs": 50}}
        >>> epochs_in_words({"parameters": {"epochs": 3, "first": first}})
        '50 epochs of the first stage, then 3 epochs'
    """
    parameters = config.get("parameters", {})
    first, own = parameters.get("first"), counted(parameters.get("epochs", 0), "epoch")
    if not isinstance(first, dict):
        return own
    return f"{counted(first['parameters']['epochs'], 'epoch')} of the first stage, then {own}"
