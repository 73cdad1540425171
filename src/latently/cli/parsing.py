"""Command lines: help that reads well, and errors of one sentence."""

import argparse
import contextlib
import difflib
import os
import re
import sys
import textwrap
from collections.abc import Iterable
from typing import Any, NoReturn

from latently.cli.errors import UsageError

LEAST, WIDEST = 40, 100
"""Columns of the help."""


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Help as wide as the terminal, up to 100 columns, that ends every option with its default."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=28, width=_width())

    def _format_action_invocation(self, action: argparse.Action) -> str:
        """The option's names and its value's; `--name+`, which jsonargparse adds to lists, is left out."""
        shown = [name for name in action.option_strings if not name.endswith("+")]
        if not shown or action.nargs == 0:
            return ", ".join(shown) or super()._format_action_invocation(action)
        return f"{', '.join(shown)} {self._format_args(action, action.dest.upper())}"

    def _get_help_string(self, action: argparse.Action) -> str | None:
        if action.help is None or not action.option_strings:
            return action.help
        text = action.help.rstrip(".")
        unsaid = any(action.default is value for value in (None, False, argparse.SUPPRESS)) or "(default" in text
        return text if unsaid else f"{text} (default: {in_words(action.default)})"


class Parser(argparse.ArgumentParser):
    """The parser of a command.

    Args:
        command: what follows `latently`, for the usage line and for errors.
        about: what the command does.
        usage: its arguments, as one line.
        examples: command lines worth copying.
    """

    def __init__(self, command: str, about: str, usage: str, examples: Iterable[str] = ()) -> None:
        super().__init__(
            prog=f"latently {command}",
            description=filled(about),
            usage=f"latently {command} {usage}",
            epilog=epilog(examples),
            formatter_class=HelpFormatter,
            allow_abbrev=False,
        )
        self._positionals.title, self._optionals.title = "Arguments", "Options"

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse; underscores in the names of options are as good as dashes."""
        return super().parse_args(args if args is None else [dashed(word) for word in args], namespace)

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print."""
        options = [name for action in self._actions for name in action.option_strings]
        raise UsageError(reworded(message, options, self.prog))


def filled(text: str) -> str:
    """Paragraphs in lines as wide as the help."""
    return "\n".join(textwrap.fill(paragraph, _width() - 4) for paragraph in text.split("\n"))


def epilog(examples: Iterable[str]) -> str | None:
    """The examples under a command's help."""
    lines = [f"  {example}" for example in examples]
    return "\n".join(["Examples:", *lines]) if lines else None


def dashed(word: str) -> str:
    """An option's name with dashes, whichever way it was written; other words stay as they are.

    Example:
        >>> dashed("--latent_dim=2"), dashed("my_data.npy")
        ('--latent-dim=2', 'my_data.npy')
    """
    if not word.startswith("--"):
        return word
    name, sign, value = word.partition("=")
    return name.replace("_", "-") + sign + value


def in_words(value: Any) -> str:
    """A default as one would type it.

    Example:
        >>> in_words((32, 64)), in_words(None), in_words(0.001)
        ('32,64', 'none', '0.001')
    """
    if isinstance(value, list | tuple):
        return ",".join(map(in_words, value))
    if value is None or isinstance(value, bool):
        return {None: "none", True: "yes", False: "no"}[value]
    return f"{value:g}" if isinstance(value, float) else str(value)


def reworded(message: str, options: Iterable[str], command: str) -> str:
    """argparse's messages, as sentences with a way out.

    Example:
        >>> reworded("unrecognized arguments: --latent-dims 2", ["--latent-dim"], "latently fit vae")
        'there is no option --latent-dims; did you mean --latent-dim? `latently fit vae --help` lists all.'
    """
    unknown = re.match(r"unrecognized arguments: (\S+)", message)
    if unknown is None:
        return f"{message.rstrip('.')}; see `{command} --help`."
    name = unknown[1].split("=")[0]
    if not name.startswith("-"):
        return f"{name!r} is one argument too many; see `{command} --help`."
    close = difflib.get_close_matches(name, options, n=1)
    meant = f"; did you mean {close[0]}?" if close else "."
    return f"there is no option {name}{meant} `{command} --help` lists all."


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
