"""From exceptions to what a terminal is told: one sentence and an exit code."""

import re
from collections.abc import Iterable

FAILURE, BAD_INPUT, INTERRUPTED = 1, 2, 130

_BAD_INPUT = (
    ValueError,
    NotImplementedError,
    FileNotFoundError,
    IsADirectoryError,
    NotADirectoryError,
    PermissionError,
)
_EXPECTED = (*_BAD_INPUT, OSError, ArithmeticError)


DATA_ARGUMENTS = ("labels_column", "image_size", "skip_bad")
"""Arguments of `open_dataset` that every command with DATA has as options."""


class UsageError(ValueError):
    """The command line is not what the command can read."""


def exit_code(error: Exception) -> int:
    """2 for input that cannot be used as given, 1 for what went wrong on the way.

    Example:
        >>> exit_code(ValueError("beta must be 0 or more")), exit_code(FloatingPointError("NaN"))
        (2, 1)
    """
    return BAD_INPUT if isinstance(error, _BAD_INPUT) else FAILURE


def sentence(error: Exception) -> str:
    """What went wrong, in one line.

    Example:
        >>> sentence(ValueError("latent_dim must be\\n  1 or more"))
        'latent_dim must be 1 or more'
        >>> sentence(FileNotFoundError(2, "No such file or directory", "x.npy"))
        'x.npy: no such file or directory.'
    """
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{error.filename}: {error.strerror[0].lower()}{error.strerror[1:]}."
    text = " ".join(str(error).split())
    if isinstance(error, _EXPECTED) and text:
        return text
    return f"{type(error).__name__}: {text or 'no message'} (LATENTLY_TRACEBACK=1 shows where it comes from)."


def as_typed(text: str, names: Iterable[str]) -> str:
    """A sentence about the arguments of Python, about the options of the terminal.

    Args:
        text: the sentence.
        names: of the arguments that are options of the command.

    Example:
        >>> wrong = "The 'latent_dim' parameter of VAE must be an int in the range [1, inf). Got 0 instead."
        >>> as_typed(wrong, ["latent_dim"])
        '--latent-dim must be a whole number of 1 or more; got 0.'
        >>> as_typed('use likelihood="gaussian", and leave out binarize=True', ["likelihood", "binarize"])
        'use --likelihood gaussian, and leave out --binarize'
    """
    text = re.sub(r"^The '(\w+)' parameter of \w+ must be (.*)\. Got (.*) instead\.$", r"\1 must be \2; got \3.", text)
    text = re.sub(r"an? (int|float) in the range ([\[(])(\S+), (\S+)([\])])", _range_in_words, text)
    text = re.sub(r"^X must", "the data must", text)
    for name in names:
        flag = "--" + name.replace("_", "-")
        text = re.sub(rf"(?<![\w./-]){name}=", f"{flag} ", text)
        bare = rf"^{name}(?= must)" if "_" not in name else rf"(?<![\w./\"'-]){name}(?![\w\"'])"
        text = re.sub(bare, flag, text)
    text = re.sub(r'(--[\w-]+) "([^"]*)"', r"\1 \2", text)
    text = re.sub(r"(--[\w-]+) \(([^()]*?),?\)", lambda found: f"{found[1]} {found[2].replace(' ', '')}", text)
    return re.sub(
        r"(--)([\w-]+) (True|False)\b", lambda found: ("--" if found[3] == "True" else "--no-") + found[2], text
    )


def _range_in_words(found: re.Match[str]) -> str:
    kind, opening, low, high, closing = found.groups()
    kind = {"int": "a whole number", "float": "a number"}[kind]
    low = low.removesuffix(".0")
    high = high.removesuffix(".0")
    if high == "inf":
        return f"{kind} of {low} or more" if opening == "[" else f"{kind} above {low}"
    least = f"{kind} from {low}" if opening == "[" else f"{kind} above {low}"
    joint = " to " if opening == "[" and closing == "]" else " and at most " if closing == "]" else " and below "
    return f"{least}{joint}{high}"
