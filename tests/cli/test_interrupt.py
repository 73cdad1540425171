"""Ctrl-C is heard wherever it falls."""

import gc
import signal
import sys
from collections.abc import Callable, Iterator

import pytest

from latently import cli

from .conftest import call


@pytest.fixture
def heard() -> Iterator[None]:
    """Ctrl-C does what it does in a terminal; whoever starts the tests in the background may have it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heard")
def test_an_interrupt_that_falls_into_the_garbage_collector_is_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(words: list[str]) -> int:
        del words
        _interrupt_garbage_collection()
        signal.sigtimedwait([], 5)  # until the next signal
        return 0

    hook = sys.unraisablehook
    monkeypatch.setattr(cli, "_dispatch", interrupted)
    answer = call("fit")
    assert (answer.code, answer.err) == (130, "latently: interrupted.\n")
    assert sys.unraisablehook is hook


def _interrupt_garbage_collection() -> None:
    """Raise `KeyboardInterrupt` where Python drops what is raised."""

    def callback(phase: str, information: dict[str, int]) -> None:
        del phase, information
        gc.callbacks.remove(callback)
        raise KeyboardInterrupt

    callbacks: list[Callable[[str, dict[str, int]], None]] = gc.callbacks
    callbacks.append(callback)
    gc.collect()
