"""From exceptions to what a terminal is told: one sentence and an exit code."""

import errno
import re
from typing import Any

from latently.catalogue import BY_NAME
from latently.errors import ArgumentError, NotSupportedError
from latently.reading import path_meant, reason

FAILURE, BAD_INPUT, INTERRUPTED = 1, 2, 130

_NO_FILE = (FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError)
_BAD_INPUT = (ValueError, NotImplementedError, *_NO_FILE)
_EXPECTED = (*_BAD_INPUT, OSError, ArithmeticError)


_SHOWN = 100
_ENDLESS = re.compile(r"\S{300,}")
"""A word that tells no more than its first characters do."""

_CALLED = {"X": "the data", "source": "the data", "y": "the labels"}
"""Arguments of Python that have another name in the terminal."""


class UsageError(ValueError):
    """The command line is not what the command can read."""


def exit_code(error: Exception) -> int:
    """2 for input that cannot be used as given, 1 for what went wrong on the way."""
    odd_path = isinstance(error, OSError) and error.errno in (errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL)
    return BAD_INPUT if odd_path or _is_of_memory(error) or isinstance(error, _BAD_INPUT) else FAILURE


def _is_of_memory(error: Exception) -> bool:
    """Whether memory could not be had: what NumPy and JAX say of that."""
    return isinstance(error, MemoryError) or bool(re.search(r"RESOURCE_EXHAUSTED|Out of memory", str(error)))


def sentence(error: Exception) -> str:
    """What went wrong, in one line, with arguments and models under their names in the terminal.

    Example:
        >>> sentence(ArgumentError("latent_dim", "must be 2 for {prior=swiss-roll}", 10, "Use {latent_dim=2}."))
        '--latent-dim must be 2 for --prior swiss-roll; got 10. Use --latent-dim 2.'
        >>> sentence(ArgumentError("epochs", "must be above 0", -5.0))
        '--epochs must be above 0; got -5.'
        >>> sentence(ArgumentError("hidden", "must be 1 or more", (64, 0)))
        '--hidden must be 1 or more; got 64,0.'
        >>> sentence(NotSupportedError("ACGAN", "encode data", "it has no encoder", ("VAE", "ConditionalVAE")))
        'this ACGAN cannot encode data: it has no encoder. Models that can: vae, cvae.'
        >>> sentence(FileNotFoundError(2, "No such file or directory", "x.npy"))
        'x.npy: no such file or directory.'
        >>> sentence(OSError(28, "No space left on device", "codes.npy"))
        'codes.npy: no space left on device; free some, and go on.'
    """
    return _ENDLESS.sub(lambda word: f"{word[0][:_SHOWN]}…", _sentence(error))


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        way_out = "; free some, and go on" if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
        meant = path_meant(str(error.filename)) if error.errno == errno.ENOENT else ""
        return f"{error.filename}: {error.strerror[0].lower()}{error.strerror[1:]}{way_out}.{meant}"
    if _is_of_memory(error):
        return f"this takes more memory than is free here ({reason(error)}); ask for less at once, or give fewer rows."
    if isinstance(error, NotSupportedError):
        return error.worded(as_typed, lambda name: BY_NAME[name].terminal if name in BY_NAME else name)
    text = " ".join(_worded(error).split())
    if isinstance(error, _EXPECTED) and text:
        return text
    return f"{type(error).__name__}: {text or 'no message'} (LATENTLY_TRACEBACK=1 shows where it comes from)."


def _worded(error: Exception) -> str:
    if isinstance(error, ArgumentError):
        return error.worded(as_typed, _shown)
    worded = getattr(error, "worded", None)  # of a training that diverged, say, whose room need not be open here
    return str(error) if worded is None else str(worded(as_typed))


def _shown(value: Any) -> str:
    """A value as it was typed: 5 is a number, too, where 5.5 may stand; a list has commas and nothing around it."""
    if isinstance(value, tuple) and all(isinstance(each, int | float) for each in value):
        return ",".join(map(_shown, value))
    return repr(int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else value)


def as_typed(name: str, value: str | None) -> str:
    """An argument of Python, and its value in words, as it is typed in the terminal."""
    if not name.isidentifier():  # a file, say
        return name
    flag = _CALLED.get(name, "--" + name.replace("_", "-"))
    if value in (None, "True"):
        return flag
    if value == "False":
        return "--no-" + flag.removeprefix("--")
    if value == "None":
        return f"{flag} none"
    typed = str(value).strip("()[]\"'").rstrip(",").replace(", ", ",")
    return f"{flag} {typed}"
