"""A command is found, run and answered for: its exit code, and a sentence where it fails.

What a command needs is imported when it is called, so that help and errors of one never wait for what another needs.
"""

import contextlib
import os
import sys
import threading
import traceback
import warnings
from collections.abc import Sequence
from functools import partial
from typing import Any

from latently import signals
from latently.cli.commands import find_command, overview
from latently.cli.errors import INTERRUPTED, as_typed, exit_code, sentence
from latently.errors import warned


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit code, as `latently.cli.main` says."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not os.environ.get("COLUMNS", "1").strip("0"):  # a terminal without a size; rich would draw nothing in it
        del os.environ["COLUMNS"]
    with warnings.catch_warnings():
        warnings.showwarning = partial(_say_warning, set())
        unraisable, sys.unraisablehook = sys.unraisablehook, _send_interrupts_again
        try:
            with signals.answered(_interrupt):
                status = _dispatch(words)
            return signals.exit_code() if status == INTERRUPTED else status
        except SystemExit as stop:  # argparse ends so after --help
            return int(stop.code or 0)
        except KeyboardInterrupt:
            with contextlib.suppress(OSError):  # a terminal that was closed reads nothing
                print("latently: interrupted.", file=sys.stderr)
            return _ended(signals.exit_code())
        except BrokenPipeError:  # the reader of a pipe, such as `head`, has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        except Exception as error:  # noqa: BLE001  # the last line of defence: a sentence instead of a traceback
            if os.environ.get("LATENTLY_TRACEBACK"):
                traceback.print_exc()
            print(f"latently: {sentence(error)}", file=sys.stderr)
            return _ended(exit_code(error))
        finally:
            sys.unraisablehook = unraisable


def _interrupt() -> None:
    raise KeyboardInterrupt


def _dispatch(words: list[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        print(overview())
        return 0
    if words[0] in ("-V", "--version"):
        from latently import __version__

        print(f"latently {__version__}")
        return 0
    status = find_command(words[0]).load()(words[1:])
    sys.stdout.flush()
    return status


def _ended(status: int) -> int:
    """The exit code of a command that failed; where it shared a run with other processes, it does not wait for them."""
    if shared := sys.modules.get("latently.distributed"):
        sys.stdout.flush()
        shared.leave(status)
    return status


def _say_warning(said: set[str], message: Warning | str, *args: Any, **keywords: Any) -> None:
    """Say a warning, in the terminal's own words, if it is not among those that were said."""
    del args, keywords
    if (text := warned(message, as_typed)) not in said:
        said.add(text)
        print(f"latently: warning: {text}", file=sys.stderr)


def _send_interrupts_again(unraisable: Any) -> None:
    """A signal that falls into a callback of the garbage collector is dropped by Python: send it again, a little later.

    JAX has such a callback, and what it compiles makes a lot of garbage.
    """
    if not issubclass(unraisable.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(unraisable)
        return
    again = threading.Timer(0.05, os.kill, (os.getpid(), signals.last_heard()))
    again.daemon = True
    again.start()
