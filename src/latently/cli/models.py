"""The models that `latently fit` trains, and their constructor arguments as options."""

import dataclasses
import inspect
import types
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal, Union, get_args, get_origin

from docstring_parser import parse as parse_docstring

from latently.cli.errors import UsageError
from latently.cli.parsing import filled

_ROOM = "latently.estimators"
MODELS = {
    "vae": ("VAE", f"{_ROOM}.vae", "variational autoencoder: a KL term gives the codes the prior's shape"),
    "cvae": (
        "ConditionalVAE",
        f"{_ROOM}.conditional_vae",
        "VAE that is told the class: draws any class, and rewrites a row as another",
    ),
    "m2": (
        "SemiSupervisedVAE",
        f"{_ROOM}.semi_supervised_vae",
        "VAE with class and style: classifies from a few labels, clusters without any",
    ),
    "m1m2": (
        "StackedSemiSupervisedVAE",
        f"{_ROOM}.stacked_semi_supervised_vae",
        "M2 on the codes of a VAE: classifies from fewer labels still",
    ),
    "aae": (
        "AAE",
        f"{_ROOM}.aae",
        "adversarial autoencoder: a critic shapes the codes, as any prior, tied to labels or not",
    ),
    "supervised-aae": (
        "SupervisedAAE",
        f"{_ROOM}.supervised_aae",
        "AAE that is told the class: the code is the style alone, of any prior",
    ),
    "semi-supervised-aae": (
        "SemiSupervisedAAE",
        f"{_ROOM}.semi_supervised_aae",
        "AAE with class and style: classifies from a few labels, maps in 2-D",
    ),
    "clustering-aae": (
        "ClusteringAAE",
        f"{_ROOM}.clustering_aae",
        "AAE with cluster and style: finds kinds of rows without any label",
    ),
    "acgan": (
        "ACGAN",
        f"{_ROOM}.acgan",
        "GAN that is told the class: draws any class, and tells classes apart; it encodes nothing",
    ),
    "acca": (
        "ACCA",
        f"{_ROOM}.acca",
        "adversarial CCA of two views or more: one code from any of them, missing views completed",
    ),
    "autoencoder": (
        "Autoencoder",
        f"{_ROOM}.autoencoder",
        "plain autoencoder, for comparison: codes that decode well, of no given shape",
    ),
    "denoising-autoencoder": (
        "DenoisingAutoencoder",
        f"{_ROOM}.autoencoder",
        "autoencoder that is shown corrupted rows and gives the clean ones back",
    ),
    "contractive-autoencoder": (
        "ContractiveAutoencoder",
        f"{_ROOM}.autoencoder",
        "autoencoder whose codes move little when rows do",
    ),
}
"""Name in the terminal → estimator, its module, and what it is."""

TRAINING = frozenset(
    {"epochs", "first_epochs", "batch_size", "learning_rate", "critic_learning_rate", "generator_learning_rate"}
    | {"learning_rate_decay", "momentum", "devices", "random_state"}
)
"""Arguments that are about training and not about the model."""

_HIDDEN = frozenset({"verbose"})
_PLAIN = (int, float, str, bool, type(None))


@dataclass(frozen=True)
class Option:
    """A constructor argument that can be typed.

    Attributes:
        name: of the argument.
        kind: its annotation, without the classes that only Python can make.
        default: when it is not given.
        about: what the estimator's docstring says of it.
    """

    name: str
    kind: Any
    default: Any
    about: str

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def metavar(self) -> str:
        """What stands for its value in the help."""
        names = [_METAVARS.get(member, "NAME") for member in _members(self.kind) if get_origin(member) is None]
        words = [
            str(value) for member in _members(self.kind) if get_origin(member) is Literal for value in get_args(member)
        ]
        if self.takes_lists:
            return "NAME[,NAME...]" if self.takes_words else "N[,N...]"
        kinds = [*words, *(name for name in names if name)]
        return kinds[0] if len(kinds) == 1 else "{" + ",".join(kinds) + "}"

    @property
    def takes_lists(self) -> bool:
        """Whether several values, separated by commas, can be given."""
        return any(get_origin(kind) is Sequence for kind in _members(self.kind))

    @property
    def takes_words(self) -> bool:
        """Whether a single value that is no list can be given."""
        return any(get_origin(kind) is not Sequence and kind is not type(None) for kind in _members(self.kind))


def find_estimator(model: str) -> Any:
    """The estimator of a model's name in the terminal; only its module is imported.

    Raises:
        UsageError: there is no such model.
    """
    if model not in MODELS:
        raise UsageError(f"there is no model {model!r}; the models are {', '.join(MODELS)} (`latently fit --help`).")
    name, module, _ = MODELS[model]
    return getattr(import_module(module), name)


def name_of(estimator: str) -> str:
    """The name in the terminal of an estimator.

    Example:
        >>> name_of("SemiSupervisedVAE")
        'm2'
    """
    return next(name for name, (owner, *_) in MODELS.items() if owner == estimator)


def options_of(estimator: Any) -> list[Option]:
    """The estimator's constructor arguments, from its signature and its docstring.

    Example:
        >>> from latently import VAE
        >>> options_of(VAE)[0]
        Option(name='latent_dim', kind=<class 'int'>, default=10, about='dimensions of a code.')
    """
    bases = reversed([base for base in inspect.getmro(estimator) if dataclasses.is_dataclass(base)])
    entries = [entry for base in bases for entry in parse_docstring(base.__doc__ or "").params]
    about = {entry.arg_name: entry.description or "" for entry in entries}
    options = []
    for parameter in inspect.signature(estimator).parameters.values():
        if parameter.name in _HIDDEN:
            continue
        told = about.get(parameter.name, "")
        text = " ".join(told.replace("`", "").split())
        kind, default = _typeable(parameter.annotation), parameter.default
        if parameter.name == "prior":
            kind = _narrowed(kind, told)
        if parameter.name == "random_state":  # a run from the terminal can always be resumed and repeated
            kind, default = int, 0
        options.append(Option(parameter.name, kind, default, text))
    return options


def description_of(estimator: Any) -> str:
    """The first paragraphs of the estimator's docstring."""
    parsed = parse_docstring(estimator.__doc__ or "")
    paragraphs = [parsed.short_description or "", *(parsed.long_description or "").split("\n\n")]
    return filled("\n\n".join(" ".join(each.replace("`", "").split()) for each in paragraphs if each))


def kind_in_words(kind: Any) -> str:
    """What can be typed for an argument.

    Example:
        >>> kind_in_words(int | None), kind_in_words(Literal["mlp", "conv"]), kind_in_words(Sequence[int])
        ('a whole number or none', 'mlp or conv', 'whole numbers separated by commas')
    """
    words: list[str] = []
    for member in _members(kind):
        if get_origin(member) is Sequence:
            inner = " or ".join(dict.fromkeys(_IN_WORDS.get(each, "words") for each in _members(get_args(member)[0])))
            words.append(
                f"{inner.replace('a whole number', 'whole numbers').replace('a word', 'words')} separated by commas"
            )
        elif get_origin(member) is tuple:
            words.append("two of them separated by a comma")
        elif get_origin(member) is Literal:
            words += [str(value) for value in get_args(member)]
        else:
            words.append(_IN_WORDS.get(member, str(member)))
    *most, last = dict.fromkeys(words)
    return f"{', '.join(most)} or {last}" if most else last


_IN_WORDS = {int: "a whole number", float: "a number", str: "a word", bool: "yes or no", type(None): "none"}


_METAVARS = {int: "N", float: "X", str: "NAME", bool: "", type(None): ""}


def _members(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)


def _narrowed(kind: Any, told: str) -> Any:
    """Those of a few words that a model's docstring names: not every model can have every prior."""
    named = tuple(word for word in get_args(kind) if f"`{word}`" in told)
    return Literal[named] if named else kind


def _typeable(kind: Any) -> Any:
    """The annotation without the classes that cannot be typed: priors, random states."""
    kept = [member for member in _members(kind) if get_origin(member) in (Literal, Sequence) or member in _PLAIN]
    return Union[tuple(kept)]  # noqa: UP007  # the members are only known now
