"""Numbers with what they count."""

from collections.abc import Mapping
from typing import Any


def counted(n: float, thing: str, things: str | None = None) -> str:
    """A number of things, in words that agree with it.

    Args:
        n: how many.
        thing: the word for one.
        things: the word for several, where it is not the same with an s.

    Example:
        >>> counted(1, "epoch"), counted(2.5, "epoch"), counted(10_000, "class", "classes")
        ('1 epoch', '2.5 epochs', '10,000 classes')
    """
    number = f"{int(n):,}" if n == int(n) else f"{n:g}"
    return f"{number} {thing if n == 1 else things or thing + 's'}"


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
