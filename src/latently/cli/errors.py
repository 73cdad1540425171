"""From exceptions to what a terminal is told: one sentence and an exit code."""

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
