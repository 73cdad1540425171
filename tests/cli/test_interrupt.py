"""Ctrl-C is heard wherever it falls."""

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator

import pytest

from latently.cli import door

from .conftest import call


@pytest.fixture
def heard() -> Iterator[None]:
    """Ctrl-C does what it does in a terminal; whoever starts the tests in the background may have it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heard")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_that_falls_into_the_garbage_collector_is_sent_again(
    number: signal.Signals, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(words: list[str]) -> int:
        del words
        _interrupt_garbage_collection(number)
        signal.sigtimedwait([], 5)  # until the next signal
        return 0

    hook = sys.unraisablehook
    monkeypatch.setattr(door, "_dispatch", interrupted)
    answer = call("fit")
    assert (answer.code, answer.err) == (code, "latently: interrupted.\n")
    assert sys.unraisablehook is hook


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
def test_a_command_that_is_asked_to_end_says_so_and_by_what(
    number: signal.Signals, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(words: list[str]) -> int:
        del words
        os.kill(os.getpid(), number)
        return 0

    monkeypatch.setattr(door, "_dispatch", asked)
    before = signal.signal(number, signal.SIG_DFL)  # whoever starts the tests may have it ignored
    try:
        answer = call("fit")
        assert (answer.code, answer.err) == (code, "latently: interrupted.\n")
        assert signal.getsignal(number) == signal.SIG_DFL
    finally:
        signal.signal(number, before)


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="needs SIGHUP")
def test_what_nohup_started_outlives_its_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(words: list[str]) -> int:
        del words
        os.kill(os.getpid(), signal.SIGHUP)
        return 0

    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    monkeypatch.setattr(door, "_dispatch", closed)
    try:
        assert call("fit").code == 0
    finally:
        signal.signal(signal.SIGHUP, before)


def _interrupt_garbage_collection(number: signal.Signals) -> None:
    """Send a signal where Python drops what is raised."""

    def callback(phase: str, information: dict[str, int]) -> None:
        del phase, information
        gc.callbacks.remove(callback)
        os.kill(os.getpid(), number)

    callbacks: list[Callable[[str, dict[str, int]], None]] = gc.callbacks
    callbacks.append(callback)
    gc.collect()
