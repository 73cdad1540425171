"""Calls that a model does not have, though the face that all models share has them."""

from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

_Class = TypeVar("_Class", bound=type)

ENCODING = (
    *("transform", "fit_transform", "set_output", "get_feature_names_out", "aggregate_codes", "peek"),
    *("reconstruct", "interpolate", "restyle", "corrupt"),
)
"""The calls that need an encoder."""


class _Missing:
    """An attribute that is not there: `hasattr` is false of it, and asking for it says why."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: type) -> NoReturn:
        raise AttributeError(f"{owner.__name__} has no {self._name}: {self._reason}")


def without(*names: str, because: str) -> Callable[[_Class], _Class]:
    """A class decorator that takes away methods of a base, as scikit-learn's `available_if` does from all instances.

    Args:
        names: of the methods.
        because: why they are missing, and the way out: the end of the error.

    Example:
        >>> @without("bit_length", because="it is shy. Use int.")
        ... class Shy(int): ...
        >>> hasattr(Shy(3), "bit_length"), hasattr(Shy(3), "bit_count")
        (False, True)
    """

    def take_away(owner: _Class) -> _Class:
        for name in names:
            missing = _Missing(because)
            missing.__set_name__(owner, name)
            setattr(owner, name, missing)
        return owner

    return take_away
