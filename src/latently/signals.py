"""How a process is asked to end: Ctrl-C, SIGTERM of a batch system or a shutdown, SIGHUP of a terminal that closes."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_heard: list[int] = [signal.SIGINT]


def last_heard() -> int:
    """The signal that has asked this process to end; that of Ctrl-C where none has."""
    return _heard[-1]


def exit_code() -> int:
    """What a process returns that was asked to end: 130 after Ctrl-C, 143 after SIGTERM, 129 after SIGHUP."""
    return 128 + last_heard()


def end_silently() -> None:
    """Let Ctrl-C end the process from now on as it ends programs in other languages: without Python's traceback."""
    in_main = threading.current_thread() is threading.main_thread()
    if in_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def answered(answer: Callable[[], None]) -> Iterator[None]:
    """While this is open, a signal to end calls `answer`; a SIGHUP that is ignored, as under `nohup`, stays so.

    Only the main thread hears of signals: in another, nothing happens.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def hear(number: int, frame: object) -> None:
        del frame
        _heard[:] = [number]
        answer()

    heard = [each for each in ENDING if each == signal.SIGINT or signal.getsignal(each) != signal.SIG_IGN]
    before = {number: signal.signal(number, hear) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
