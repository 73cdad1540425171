"""How annotations are checked while the tests run."""

from collections.abc import Callable
from typing import Any, Self

from beartype import BeartypeConf, FrozenDict, beartype

# jaxtyping decorates methods one by one, and beartype knows `Self` only where it decorates the class.
_CONF = BeartypeConf(hint_overrides=FrozenDict({Self: Any}), is_pep484_tower=True)


def check(function: Callable[..., Any]) -> Callable[..., Any]:
    """Check a function's annotations, shapes included, whenever it is called.

    A hyperparameter may be anything until `fit` says, in words of its own, what is wrong with it.
    """
    if function.__module__.startswith("latently.estimators") and function.__name__ in ("__init__", "check_dataclass"):
        return function
    return beartype(conf=_CONF)(function)
