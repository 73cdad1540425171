"""What hyperparameters may be: rules written in their annotations, read when an estimator is fitted."""

import dataclasses
import inspect
import math
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Integral, Real
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin, get_type_hints

from latently.errors import MOST_SEED, ArgumentError, did_you_mean, literals


@dataclasses.dataclass(frozen=True)
class Range:
    """The numbers from `low` to `high`, without the ends that are open.

    Example:
        >>> Range(0, 1, open_high=True).holds(1.0), str(Range(1)), str(Range(0, open_low=True))
        (False, 'of 1 or more', 'above 0')
    """

    low: float
    high: float = float("inf")
    open_low: bool = False
    open_high: bool = False

    def holds(self, number: Any) -> bool:
        """Whether a number lies within."""
        above = number > self.low if self.open_low else number >= self.low
        return bool(above and (number < self.high if self.open_high else number <= self.high))

    def __str__(self) -> str:
        if self.high == float("inf"):
            return f"above {self.low:g}" if self.open_low else f"of {self.low:g} or more"
        start = f"above {self.low:g}" if self.open_low else f"from {self.low:g}"
        end = f"below {self.high:g}" if self.open_high else f"{'at most' if self.open_low else 'to'} {self.high:.10g}"
        return f"{start} and {end}" if self.open_low or self.open_high else f"{start} {end}"


MOST, MOST_LAYERS = 2**31 - 1, 1000
"""Of whole numbers but seeds: those that devices count with have 32 bits."""

Count: TypeAlias = Annotated[int, Range(1)]
Updates: TypeAlias = Annotated[int, Range(1, 1000)]
Positive: TypeAlias = Annotated[float, Range(0, open_low=True)]
NotNegative: TypeAlias = Annotated[float, Range(0)]
Share: TypeAlias = Annotated[float, Range(0, 1)]
Probability: TypeAlias = Annotated[float, Range(0, 1, open_high=True)]
OpenShare: TypeAlias = Annotated[float, Range(0, 1, open_low=True, open_high=True)]
Seed: TypeAlias = Annotated[int, Range(0, MOST_SEED)]
Verbosity: TypeAlias = bool | Annotated[int, Range(0)]

LikelihoodName: TypeAlias = Literal["auto", "bernoulli", "gaussian", "laplace"]
ViewLikelihoods: TypeAlias = LikelihoodName | Sequence[LikelihoodName] | Mapping[str, LikelihoodName]
NetworkName: TypeAlias = Literal["mlp", "conv", "conv1d", "resnet"]
NetworkMaker: TypeAlias = Callable[..., Any]
"""From the shape that a network reads, the shape that it gives, and a key, to the network; or one that is ready."""
OutputName: TypeAlias = Literal["auto", "sigmoid", "tanh", "identity"]
PriorName: TypeAlias = Literal["normal", "uniform", "star", "swiss-roll", "s-curve"]
Normalization: TypeAlias = Literal["batch", "layer"] | None
Fusion: TypeAlias = Literal["product", "mean"]
EncoderName: TypeAlias = Literal["deterministic", "gaussian", "implicit"]
PosteriorScale: TypeAlias = Literal["exp", "softplus"]
OptimizerName: TypeAlias = Literal["adam", "adamw", "sgd", "rmsprop", "lion"]
ClusterStart: TypeAlias = Literal["gaussian-mixture", "random"]
ScheduleName: TypeAlias = Literal["constant", "linear", "cosine", "warmup-cosine"]


def check_hyperparameters(estimator: Any) -> None:
    """See that every hyperparameter is what its annotation asks for.

    Args:
        estimator: a dataclass whose fields are its hyperparameters.

    Raises:
        ArgumentError: one is not.

    Example:
        >>> @dataclasses.dataclass
        ... class Model:
        ...     latent_dim: Count = 0
        >>> check_hyperparameters(Model())
        Traceback (most recent call last):
        latently.errors.ArgumentError: latent_dim must be a whole number of 1 or more; got 0.
    """
    for name, kind in _rules(type(estimator)).items():
        value = getattr(estimator, name)
        _check_size(name, value)
        if not _fits(value, kind):
            raise ArgumentError(name, f"must be {in_words(kind)}", value, known=literals(kind))


def said_of_unknown(estimator: type, names: Iterable[str]) -> str:
    """What is said of the first of these names that is no hyperparameter of an estimator; nothing where all are.

    Example:
        >>> @dataclasses.dataclass
        ... class Model:
        ...     latent_dim: Count = 10
        >>> said_of_unknown(Model, ["latent_dim", "latentdim"])
        'Model has no hyperparameter latentdim; help(Model) lists all. Did you mean latent_dim?'
    """
    _, *own = inspect.signature(estimator.__init__).parameters.values()  # type: ignore[misc]  # of this very class
    if any(each.kind is inspect.Parameter.VAR_KEYWORD for each in own):  # of a class of a user's own
        return ""
    known = [each.name for each in own]
    for name in names:
        if name not in known:
            owner, meant = estimator.__name__, did_you_mean(name, known)
            return f"{owner} has no hyperparameter {name}; help({owner}) lists all.{meant}"
    return ""


def _check_size(name: str, value: Any) -> None:
    """See that no number is so large, and no list so long, that it can only be a mistake."""
    several = value if isinstance(value, tuple | list) else (value,)
    if len(several) > MOST_LAYERS:
        raise ArgumentError(name, f"must have {MOST_LAYERS:,} numbers or fewer", f"{len(several):,} of them")
    for each in several:
        if isinstance(each, Integral) and abs(int(each)) > MOST and name != "random_state":
            raise ArgumentError(name, f"must be smaller: {MOST:,} is the largest whole number here", each)
        if isinstance(each, Real) and not isinstance(each, Integral) and math.isinf(each) and name != "epochs":
            raise ArgumentError(name, "must be a finite number", each)


def _rules(estimator: Any) -> dict[str, Any]:
    hints = get_type_hints(estimator, include_extras=True)
    return {field.name: hints[field.name] for field in dataclasses.fields(estimator)}


def _fits(value: Any, kind: Any) -> bool:
    """Whether a value is what an annotation asks for."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return any(_fits(value, member) for member in arguments)
    if origin is Annotated:
        return _fits(value, arguments[0]) and all(rule.holds(value) for rule in arguments[1:])
    if origin is Literal:
        return isinstance(value, str) and value in arguments
    if origin is Mapping:
        return isinstance(value, Mapping) and all(_fits(each, arguments[1]) for each in value.values())
    if origin is Sequence:
        return isinstance(value, tuple | list) and all(_fits(each, arguments[0]) for each in value)
    if origin is Callable:
        return callable(value)
    if kind in (int, float):
        return isinstance(value, Integral if kind is int else Real) and not isinstance(value, bool)
    return value is None if kind is type(None) else isinstance(value, kind)


def in_words(kind: Any) -> str:
    """What an annotation asks for.

    Example:
        >>> in_words(NetworkName), in_words(Count | None)
        ('mlp, conv, conv1d or resnet', 'a whole number of 1 or more, or None')
        >>> in_words(Normalization | Sequence[Normalization])
        'batch, layer, None, or a list of batch, layer or None'
    """
    return _either(_alternatives(kind))


def _either(alternatives: Sequence[str]) -> str:
    *most, last = alternatives
    if not most:
        return last
    nested = any(" or " in each or " and " in each for each in alternatives)
    return f"{', '.join(most)}{', or' if nested else ' or'} {last}"


def _alternatives(kind: Any, *, many: bool = False) -> list[str]:
    """What an annotation asks for, in words, one alternative each; of many, in the plural."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return list(dict.fromkeys(words for member in arguments for words in _alternatives(member, many=many)))
    if origin is Annotated:
        return [" ".join([*_alternatives(arguments[0], many=many), *map(str, arguments[1:])])]
    if origin is Literal:
        return list(arguments)
    if origin is Sequence:
        return [f"a list of {_either(_alternatives(arguments[0], many=True))}"]
    if origin is Mapping:
        return [f"a dict of {_either(_alternatives(arguments[1], many=True))}"]
    if origin is Callable:
        return ["functions" if many else "a function"]
    known = {int: "a whole number", float: "a number", str: "a word", bool: "True or False", type(None): "None"}
    one = known.get(kind) or f"a {kind.__name__}"
    return [f"{one.removeprefix('a ')}s" if many and one.startswith("a ") else one]
