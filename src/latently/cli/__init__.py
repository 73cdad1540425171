"""The door from a terminal: `latently COMMAND`."""

from collections.abc import Sequence

from latently import signals


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: what follows `latently` in the terminal; those of this process unless given.

    Returns:
        0; 1 for a failure; 2 for bad input; 130 when interrupted, 143 when ended by SIGTERM and 129 by SIGHUP. With
        `LATENTLY_TRACEBACK=1` in the environment, an error shows where it comes from.
    """
    if arguments is None:  # the command is all that this process does: also while it is loaded, and once it is done
        signals.end_silently()
    from latently.cli.door import run

    return run(arguments)
