"""Errors that carry what was wrong as structure: each door (Python, the terminal) words them in its own terms."""

import contextlib
import difflib
import importlib
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from numbers import Integral
from typing import Any, Literal, get_args, get_origin

Setting = Callable[[str, str | None], str]
"""How a door writes an argument: from its name, and its value in words or `None`, to what a user would type."""

MOST_SEED = 2**32 - 1
"""The largest number that every source of random numbers takes for a seed."""
_UNSAID: Any = object()
_BETWEEN = ("latently", "sklearn", "jaxtyping", "contextlib", "beartype")  # whose frames are no user's
_MARKED = re.compile(r"\{(\w+)(?:=([^{}]*))?\}")


class ArgumentError(ValueError):
    """An argument that cannot be used: its name, the rule that it breaks, the value that was given, and the way out.

    In `rule` and `remedy` an argument is written `{name}` or `{name=value}` (see `setting`), and each door puts there
    what its users type: `latent_dim=2` in Python, `--latent-dim 2` in the terminal.

    Args:
        name: of the argument.
        rule: what it must be, such as `"must be 1 or more"`: the words that follow its name.
        value: what was given; left out where it would tell nothing.
        remedy: what to do instead, as whole sentences.
        known: the words or names that it can be: the sentence ends with the one that is spelt most like the value.

    Example:
        >>> error = ArgumentError("latent_dim", "must be 2 for {prior=swiss-roll}", 10, "Use {latent_dim=2}.")
        >>> print(error)
        latent_dim must be 2 for prior="swiss-roll"; got 10. Use latent_dim=2.
        >>> print(error.worded(lambda name, value: f"--{name}" if value is None else f"--{name} {value}"))
        --latent_dim must be 2 for --prior swiss-roll; got 10. Use --latent_dim 2.
        >>> print(ArgumentError("prior", "must be normal or star", "norml", known=("normal", "star")))
        prior must be normal or star; got 'norml'. Did you mean normal?
    """

    def __init__(self, name: str, rule: str, value: Any = _UNSAID, remedy: str = "", known: Iterable[Any] = ()) -> None:
        self.name, self.rule, self.value, self.remedy, self.known = name, rule, value, remedy, tuple(map(str, known))
        super().__init__(name, rule, value, remedy, self.known)

    def __str__(self) -> str:
        return self.worded(in_python)

    def worded(self, door: Setting, shown: Callable[[Any], str] = repr) -> str:
        """The sentence, with every argument as a door writes it, and the value as it is shown there."""
        got = "" if self.value is _UNSAID else f"; got {shown(self.value)}"
        remedy = f" {words(self.remedy, door)}" if self.remedy else ""
        return f"{door(self.name, None)} {words(self.rule, door)}{got}.{remedy}{did_you_mean(self.value, self.known)}"


def check_seed(name: str, seed: Any) -> None:
    """See that a whole number is a seed that every source of random numbers takes; what is none is left to others.

    Raises:
        ArgumentError: it is below 0, or too large.

    Example:
        >>> check_seed("seed", -1)
        Traceback (most recent call last):
        latently.errors.ArgumentError: seed must be a whole number from 0 to 4294967295; got -1.
    """
    if isinstance(seed, Integral) and not 0 <= int(seed) <= MOST_SEED:
        raise ArgumentError(name, f"must be a whole number from 0 to {MOST_SEED}", int(seed))


@contextlib.contextmanager
def called(**names: str) -> Iterator[None]:
    """While something is asked whose arguments have other names there: errors tell of them by those that users gave.

    Example:
        >>> with called(epochs="first_epochs"):
        ...     raise ArgumentError("epochs", "must be above 0", -1)
        Traceback (most recent call last):
        latently.errors.ArgumentError: first_epochs must be above 0; got -1.
    """
    try:
        yield
    except ArgumentError as error:
        error.name = names.get(error.name, error.name)
        raise


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn, and point at the line of the user's that led there: the first one that is not in this package.

    Args:
        message: arguments are marked as in `ArgumentError`; Python's users read their own terms, and another door finds
            them by `warned`.
        category: of the warning.
    """
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _BETWEEN:
        frame, level = frame.f_back, level + 1
    said = category(words(message, in_python))
    vars(said)["marked"] = message
    warnings.warn(said, stacklevel=level + 1)


def warned(message: Warning | str, door: Setting) -> str:
    """The words of a warning as a door writes them; those of another package stay as they are.

    Example:
        >>> with warnings.catch_warnings(record=True) as caught:
        ...     warn("a smaller {latent_dim} would do")
        >>> str(caught[0].message), warned(caught[0].message, lambda name, value: f"--{name}")
        ('a smaller latent_dim would do', 'a smaller --latent_dim would do')
    """
    marked = None if isinstance(message, str) else vars(message).get("marked")
    return str(message) if marked is None else words(marked, door)


class NotSupportedError(NotImplementedError, AttributeError):
    """This model cannot do what it was asked, and another one can.

    It is an `AttributeError`, so that `hasattr` is false of a method that a model does not have.

    Args:
        model: the class of the model.
        can: what was asked, as a verb: `"encode data"`.
        why: why it cannot, and what would help, a clause; arguments are marked as in `ArgumentError`.
        others: the classes of the models that can, or a function that finds them when they are asked for.

    Example:
        >>> error = NotSupportedError("ACGAN", "encode data", "it has no encoder", ("VAE", "AAE"))
        >>> print(error)
        this ACGAN cannot encode data: it has no encoder. Models that can: VAE, AAE.
    """

    def __init__(
        self, model: str, can: str, why: str, others: Sequence[str] | Callable[[], Sequence[str]] = ()
    ) -> None:
        super().__init__(model, can, why, others)
        self.model, self.can, self.why, self._others = model, can, why, others

    @property
    def others(self) -> tuple[str, ...]:
        """The classes of the models that can."""
        return tuple(self._others() if callable(self._others) else self._others)

    def __str__(self) -> str:
        return self.worded(in_python, str)

    def worded(self, door: Setting, model: Callable[[str], str]) -> str:
        """The sentence, with every argument and every other model's name as a door writes it."""
        others = f" Models that can: {', '.join(map(model, self.others))}." if self.others else ""
        return f"this {self.model} cannot {self.can}: {words(self.why, door)}.{others}"


class MissingPackageError(ImportError, ValueError):
    """A package that only some commands need is not installed."""


def needed(module: str, extra: str, what: str) -> Any:
    """A module of a package that an extra installs.

    Args:
        module: its name, such as `"optuna"`.
        extra: of this package.
        what: needs it, as a sentence begins.

    Raises:
        MissingPackageError: it is not installed; the sentence says how to.

    Example:
        >>> needed("no_such_package", "track", "tracking")
        Traceback (most recent call last):
        latently.errors.MissingPackageError: tracking needs no_such_package; run: pip install 'latently[track]'.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise MissingPackageError(f"{what} needs {package}; run: pip install 'latently[{extra}]'.") from error


def first_line(error: BaseException) -> str:
    r"""An error within a sentence: its type, and the first line of what it says, without a full stop.

    Example:
        >>> first_line(ValueError("no such column.\nTry another."))
        'ValueError: no such column'
    """
    return f"{type(error).__name__}: {error}".splitlines()[0].rstrip(".")


def setting(name: str, value: Any) -> str:
    """An argument with a value, marked for `ArgumentError`: `{hidden=(64,)}`, `{prior=star}`."""
    return f"{{{name}={value}}}"


def words(text: str, door: Setting) -> str:
    """A text with every marked argument as a door writes it."""
    return _MARKED.sub(lambda found: door(found[1], found[2]), text)


def in_python(name: str, value: str | None) -> str:
    """An argument as it is typed in Python; a value that is no literal is a word.

    Example:
        >>> in_python("prior", "star"), in_python("hidden", "(64,)"), in_python("epochs", None)
        ('prior="star"', 'hidden=(64,)', 'epochs')
    """
    if value is None:
        return name
    literal = value in ("None", "True", "False") or value[:1] in '-("[0123456789'
    return f"{name}={value}" if literal else f'{name}="{value}"'


def did_you_mean(word: Any, known: Iterable[Any], typed: str = "{}") -> str:
    """A question, behind a space, about the name that is spelt most like a word; nothing where none is like it.

    Args:
        word: what was typed; capitals are as good as small letters. Of several (a list, the values of a dict, or words
            separated by commas) the first that is no name, but like one. What is no word is like none.
        known: the names that there are; or from spellings to the names that they stand for.
        typed: how a name is typed, which stands for `{}`.

    Example:
        >>> did_you_mean("Vea", ["vae", "aae"]), did_you_mean("gan", ["vae"])
        (' Did you mean vae?', '')
        >>> did_you_mean("batch,layr", ["batch", "layer"])
        ' Did you mean layer?'
        >>> did_you_mean("ConditonalVAE", {"cvae": "cvae", "ConditionalVAE": "cvae"}, "`latently fit {}`")
        ' Did you mean `latently fit cvae`?'
    """
    names = dict(known) if isinstance(known, Mapping) else {name: name for name in known}
    several = word.values() if isinstance(word, Mapping) else word if isinstance(word, list | tuple) else [word]
    there = list(names.values())
    for each in several:
        for part in [*each.split(","), each] if isinstance(each, str) and each not in there else ():
            if part.strip() not in there and (name := closest(part.strip(), names)) is not None:
                return f" Did you mean {typed.format(name)}?"
    return ""


def closest(word: str, names: Mapping[Any, Any]) -> Any:
    """What the spelling that is most like a word stands for; `None` where none is like it.

    Example:
        >>> closest("gausian", {"gaussian": 1, "laplace": 2}), closest("normal", {"gaussian": 1})
        (1, None)
    """
    spelt = {str(spelling).lower(): name for spelling, name in names.items()}
    close = difflib.get_close_matches(word.lower(), spelt, n=1)
    return spelt[close[0]] if close else None


def literals(kind: Any) -> tuple[str, ...]:
    """The words that an annotation names, within whatever else it allows.

    Example:
        >>> literals(Literal["batch", "layer"] | None), literals(int)
        (('batch', 'layer'), ())
    """
    if get_origin(kind) is Literal:
        return tuple(filter(lambda word: isinstance(word, str), get_args(kind)))
    return tuple(word for member in get_args(kind) for word in literals(member))
