"""How annotations are checked while the tests run: shapes included, whenever a function is called."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import is_dataclass
from types import SimpleNamespace
from typing import Any, Self, get_type_hints

import jaxtyping
from beartype import BeartypeConf, FrozenDict, beartype
from jaxtyping import config, install_import_hook, jaxtyped

# Functions are decorated one by one, and beartype knows `Self` only where it decorates the class.
_CONF = BeartypeConf(hint_overrides=FrozenDict({Self: Any}), is_pep484_tower=True, violation_type=TypeError)


def check_annotations_of(package: str) -> None:
    """Check the annotations of a package that nothing has imported yet.

    The hook decorates with `jaxtyped(typechecker=...)`, which makes two functions of each and calls both, so as to say
    in which argument an error lies; `checked` does without, in less than half of the time.
    """
    install_import_hook(package, "beartype.beartype")
    jaxtyping.jaxtyped = lambda *, typechecker: checked


def checked(thing: Any) -> Any:
    """A function, or a dataclass, whose arguments and results are checked."""
    if inspect.isclass(thing):
        if is_dataclass(thing) and "__init__" in vars(thing) and not hasattr(thing.__init__, "is_checked"):
            thing.__init__ = checked(thing.__init__)
        return thing
    if thing.__module__.startswith("latently.estimators") and thing.__name__ in ("__init__", "check_dataclass"):
        return thing  # a hyperparameter may be anything until `fit` says, in words of its own, what is wrong with it
    if inspect.isgeneratorfunction(thing):  # what it yields is made later, when these arguments are gone
        return jaxtyped(thing, typechecker=beartype(conf=_CONF))
    written = thing.__annotations__
    thing.__annotations__ = {name: _resolved(hint, thing.__globals__) for name, hint in written.items()}
    try:
        return _in_a_context(thing, beartype(conf=_CONF)(thing))
    finally:
        thing.__annotations__ = written


def _resolved(hint: Any, names: dict[str, Any]) -> Any:
    """An annotation, for which anything goes where it is of names that are not there, or not yet."""
    try:
        return get_type_hints(SimpleNamespace(__annotations__={"it": hint}), names, include_extras=True)["it"]
    except NameError:
        return Any


def _in_a_context(plain: Callable[..., Any], checking: Callable[..., Any]) -> Callable[..., Any]:
    """A function in which equal names of axes stand for equal sizes, from its arguments to its result."""

    @functools.wraps(plain)
    def in_context(*args: Any, **kwargs: Any) -> Any:
        if config.jaxtyping_disable:
            return plain(*args, **kwargs)
        with jaxtyped("context"):
            return checking(*args, **kwargs)

    in_context.is_checked = True
    return in_context
