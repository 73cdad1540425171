"""Command lines: options with types, help that reads well, and errors of one sentence."""

import argparse
import contextlib
import os
import sys
import textwrap
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, NoReturn, TypeAlias, Union, get_args, get_origin

from latently.cli.errors import UsageError
from latently.errors import ArgumentError, did_you_mean, literals

Kind: TypeAlias = Any
"""What an option takes, as an annotation: `int | None`, `Literal["a", "b"]`, `Sequence[int]`; `None` for a flag."""

origin: Callable[[Kind], Any] = get_origin
"""What a kind is made from: `Sequence` of `Sequence[int]`; `None` of a class."""

LEAST, WIDEST = 40, 100
"""Columns of the help."""

_ONE = {int: "a whole number", float: "a number", bool: "yes or no", type(None): "none"}
_SEVERAL = {int: "whole numbers", float: "numbers", type(None): "none"}
_METAVARS = {int: "N", float: "X"}


@dataclass(frozen=True)
class Option:
    """An argument of a command.

    Attributes:
        name: with underscores, as in Python.
        kind: what it takes; `None` for a flag, which takes nothing.
        default: when it is not given.
        about: a line of the help.
        metavar: what stands for its value in the help; follows from the kind unless said.
        least: the smallest number allowed.
        most: the largest.
        nargs: how many values it takes, for `argparse`; `"append"`: it may be given several times.
        positional: whether it is given by its place, without its name.
        also: another name that it may be given by.
    """

    name: str
    kind: Kind = str
    default: Any = None
    about: str = ""
    metavar: str | tuple[str, ...] = ""
    least: int | None = None
    most: int | None = None
    nargs: int | str | None = None
    positional: bool = False
    also: str = ""

    @property
    def flag(self) -> str:
        """How it is typed."""
        return "--" + self.name.replace("_", "-")

    @property
    def help(self) -> str:
        """What the help says of it."""
        text = self.about.rstrip(".").replace("%", "%%")
        unsaid = any(self.default is value for value in (None, False)) or "(default" in text or self.positional
        return text if unsaid else f"{text} (default: {in_words(self.default)})"

    def read(self, value: Any) -> Any:
        """What was typed, or stands in a file, as a value of its kind, or else an `ArgumentError`; lists become tuples.

        Where the default is `None`, so can be what a file holds; the word `none` is one only where the kind has it.
        """
        if value is None and self.default is None:
            return None
        if self.nargs == "append" and isinstance(value, list | tuple):
            return tuple(map(self.read, value))
        if value == "" and self.kind in (str, Path):
            raise UsageError(f"{self.metavar if self.positional else self.flag} must not be empty.")
        try:
            found = _read(bool if self.kind is None else self.kind, value)
        except ValueError:
            rule, known = f"must be {kind_in_words(self.kind)}", literals(self.kind)
            raise ArgumentError(self.name, rule, value, known=known) from None
        if self.least is not None and not found >= self.least:  # nor is what is no number
            raise ArgumentError(self.name, f"must be {self.least} or more", found)
        if self.most is not None and found > self.most:
            raise ArgumentError(self.name, f"must be {self.most:,} or less", found)
        return found

    def add_to(self, group: Any) -> None:
        """Make it an argument of a parser, which hands on what is typed unread, and nothing where nothing is."""
        names: list[str] = [self.flag, *([f"--{self.also}"] if self.also else [])]
        keywords: dict[str, Any] = {"dest": self.name, "default": argparse.SUPPRESS, "help": self.help}
        if self.positional:
            names, keywords = [self.name], {"help": self.help}
        if self.kind is None:
            keywords["action"] = "store_true"
        elif self.kind is bool:
            keywords["action"] = argparse.BooleanOptionalAction
        else:
            keywords["metavar"] = self.metavar or _metavar(self.kind)
            keywords |= {"action": "append"} if self.nargs == "append" else {"nargs": self.nargs}
        group.add_argument(*names, **keywords)


class Parser(argparse.ArgumentParser):
    """The parser of a command.

    Args:
        command: what follows `latently`, for the usage line and for errors.
        about: what the command does.
        usage: its arguments, as one line.
        examples: command lines worth copying.
        options: that have no heading of their own.
        groups: heading → options.
    """

    def __init__(
        self,
        command: str,
        about: str,
        usage: str,
        examples: Iterable[str],
        options: Iterable[Option],
        groups: Mapping[str, Iterable[Option]] = types.MappingProxyType({}),
    ) -> None:
        super().__init__(
            prog=f"latently {command}",
            description=_filled(about),
            usage=f"latently {command} {usage}",
            epilog=epilog(examples),
            formatter_class=partial(argparse.RawDescriptionHelpFormatter, max_help_position=28, width=_width()),
            allow_abbrev=False,
            exit_on_error=False,
        )
        self._positionals.title, self._optionals.title = "Arguments", "Options"
        self.see_help = f"see `{self.prog} --help`."
        self.options: dict[str, Option] = {}
        for title, under in {"": options, **groups}.items():
            group = self.add_argument_group(title) if title else self
            for option in under:
                self.options[option.name] = option
                option.add_to(group)

    def parse(self, words: Sequence[str]) -> Any:
        """The values of all options, those that are not given at their defaults."""
        defaults = {name: option.default for name, option in self.options.items()}
        return argparse.Namespace(**defaults | self.given(words))

    def parse_first(self, words: Sequence[str]) -> tuple[Any, list[str]]:
        """The values of all options, and the words that are another parser's; arguments by place come first."""
        if words and words[0].startswith("-") and words[0] not in ("-h", "--help"):
            first = next(option for option in self.options.values() if option.positional)
            raise UsageError(f"{first.metavar} must come before the options: give {first.about}; {self.see_help}")
        own = {option.flag for option in self.options.values() if not option.positional}
        mine: list[str] = []
        others: list[str] = []
        taken = True
        for word in map(_dashed, words):
            if word.startswith("-") or not (mine or others):
                taken = word.partition("=")[0] in own or word == "--help" or not word.startswith("--")
            (mine if taken else others).append(word)
        return self.parse(mine), others

    def given(self, words: Sequence[str]) -> dict[str, Any]:
        """The values of the options that are given; underscores in their names are as good as dashes."""
        some = any(option.positional and option.nargs for option in self.options.values())
        parse = self.parse_known_intermixed_args if some else self.parse_known_args  # they may follow an option
        try:
            typed, others = parse([_dashed(word) for word in words])
        except argparse.ArgumentError as error:
            if error.argument_name is None:
                self.error(error.message)
            said = "it takes no value" if error.message.startswith("ignored explicit argument") else error.message
            raise UsageError(f"{error.argument_name}: {said}; {self.see_help}") from None
        if others:
            raise self.unknown(others[0].partition("=")[0])
        read = {}
        for name, value in vars(typed).items():
            option = self.options[name]
            read[name] = option.read(value) if option.nargs is None else [option.read(each) for each in value]
        return read

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print; of arguments that are missing, what the first one is."""
        missing = message.rpartition(": ")[2].split(", ")
        for option in self.options.values():
            if option.positional and option.metavar in missing:
                raise UsageError(f"{option.metavar} is missing: give {option.about}; {self.see_help}")
        raise UsageError(f"{message.rstrip('.')}; {self.see_help}")

    def unknown(self, word: str) -> UsageError:
        """What is said of a word that is no option of the command."""
        if not word.startswith("-"):
            return UsageError(f"{word!r} is one argument too many; {self.see_help}")
        meant = did_you_mean(word, [option.flag for option in self.options.values()])
        return UsageError(f"there is no option {word}; `{self.prog} --help` lists all.{meant}")


def epilog(examples: Iterable[str]) -> str | None:
    """The examples under a command's help."""
    lines = [f"  {example}" for example in examples]
    return "\n".join(["Examples:", *lines]) if lines else None


def in_words(value: Any) -> str:
    """A default as one would type it."""
    if isinstance(value, list | tuple):
        return ",".join(map(in_words, value))
    if value is None or isinstance(value, bool):
        return {None: "none", True: "yes", False: "no"}[value]
    return f"{value:g}" if isinstance(value, float) else str(value)


def kind_in_words(kind: Kind) -> str:
    """What can be typed for an option, such as "a whole number or none"."""
    words: list[str] = []
    for member in members(kind):
        if origin(member) is Literal:
            words += map(str, get_args(member))
        elif origin(member) in (Sequence, tuple):
            inner = dict.fromkeys(_SEVERAL.get(each, "words") for each in members(get_args(member)[0]))
            pair = origin(member) is tuple
            words.append(f"{'two ' if pair else ''}{' or '.join(inner)} separated by {'a comma' if pair else 'commas'}")
        else:
            words.append(_ONE.get(member, "a word"))
    *most, last = dict.fromkeys(words)
    return f"{', '.join(most)} or {last}" if most else last


def members(kind: Kind) -> tuple[Kind, ...]:
    """The kinds that a union is made of."""
    return get_args(kind) if origin(kind) in (Union, types.UnionType) else (kind,)


def _read(kind: Kind, value: Any) -> Any:
    """A value of the first member of a kind that it can be; lists go first where there is a comma, else none does."""
    several = isinstance(value, str) and "," in value

    def late(member: Kind) -> tuple[bool, bool]:
        return (origin(member) in (Sequence, tuple)) != several, member is not type(None)

    for member in sorted(members(kind), key=late):
        with contextlib.suppress(ValueError):
            return _read_as(member, value)
    raise ValueError(value)


def _read_as(kind: Kind, value: Any) -> Any:
    """A value of a kind that is no union; `ValueError` where it is of another kind."""
    if origin(kind) is Literal and value in get_args(kind):
        return value
    if origin(kind) in (Sequence, tuple):
        pair = origin(kind) is tuple
        items = (value.replace("x", ",") if pair else value).split(",") if isinstance(value, str) else value
        items = [items] if isinstance(items, int | float) and not pair else items
        if isinstance(items, list | tuple) and (not pair or len(items) == len(get_args(kind))):
            return tuple(_read(get_args(kind)[0], item) for item in items)
    elif kind is type(None) and value in (None, "none", "null"):
        return None
    elif kind is bool and (isinstance(value, bool) or value in ("yes", "no", "true", "false")):
        return value in (True, "yes", "true")
    elif kind in (int, float) and isinstance(value, str | int | float) and not isinstance(value, bool):
        found = kind(value)
        if isinstance(value, str) or found == value:  # 2.5 is no whole number
            return found
    elif kind in (str, Path) and isinstance(value, str | int | float):
        return kind(str(value))
    raise ValueError(value)


def _metavar(kind: Kind) -> str:
    """What stands for a value in the help, such as `N[,N...]`."""
    kinds = [member for member in members(kind) if member is not type(None)]
    if any(origin(member) is Sequence for member in kinds):
        return "N[,N...]" if len(kinds) == 1 else "NAME[,NAME...]"
    words: list[str] = []
    for member in kinds:
        words += map(str, get_args(member)) if origin(member) is Literal else [_METAVARS.get(member, "NAME")]
    return words[0] if len(words) == 1 else "{" + ",".join(words) + "}"


def _filled(text: str) -> str:
    """Paragraphs in lines as wide as the help."""
    return "\n".join(textwrap.fill(paragraph, _width() - 4) for paragraph in text.split("\n"))


def _dashed(word: str) -> str:
    """An option's name with dashes, whichever way it was written; other words stay as they are."""
    if not word.startswith("--"):
        return word
    name, sign, value = word.partition("=")
    return name.replace("_", "-") + sign + value


def _width() -> int:
    """Columns of the help: those of the terminal (also where the help goes to a pager), from 40 to 100.

    A pseudo-terminal may have no size, and say that it has 0 columns.
    """
    told = os.environ.get("COLUMNS", "")
    found = int(told) if told.isdecimal() else 0
    for stream in (sys.stderr, sys.stdout):
        with contextlib.suppress(OSError, ValueError):  # it is no terminal
            found = os.get_terminal_size(stream.fileno()).columns or found
    return max(LEAST, min(found or WIDEST, WIDEST))
