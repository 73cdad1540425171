"""A process that takes one input after another, within so many seconds and so much memory, and tells how each ended."""

import contextlib
import io
import multiprocessing
import os
import re
import resource
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

SECONDS, BYTES = 10.0, 10**9
"""What an input may take: of a processor, so that a busy machine changes nothing, and of memory."""
_HANGS = 12
"""After so many times these seconds by the clock, a process hangs."""
_LONGEST = 1_000
"""Characters of a sentence."""


@dataclass(frozen=True)
class Ended:
    """How an input ended.

    Attributes:
        code: the exit code; `None` where the process died or was ended.
        said: what was printed on standard error.
        seconds: that it took.
        fault: what is wrong with that; empty where nothing is.
    """

    code: int | None
    said: str
    seconds: float
    fault: str = ""


class Bounded:
    """A worker of its own, in a current folder of its own; where it dies or is late, another one takes its place.

    Args:
        folder: of the worker.
        warm: what it runs before anything is measured: imports and first compilations.
    """

    def __init__(self, folder: Path, warm: Sequence[Sequence[str]] = ()) -> None:
        self.folder, self.warm = folder, warm
        self._process: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()

    def ready(self) -> None:
        """See that there is a worker that has run what is to be run before."""
        if self._process is None:
            self._start()

    def run(self, words: Sequence[str]) -> Ended:
        """Run a command line, or `open PATH`, which opens data and does no more, or `call`; and judge how it ended.

        What follows `call` is for `endurance.calls.call`.
        """
        self.ready()
        began = time.perf_counter()
        self._pipe.send(list(words))
        before = _processor_seconds(self._process.pid)
        try:
            while not self._pipe.poll(0.2):
                late = time.perf_counter() - began > _HANGS * SECONDS
                if late or _processor_seconds(self._process.pid) - before > SECONDS:
                    return self._lost(f"{'hangs' if late else f'took more than {SECONDS:g} seconds'}", began)
            code, said = self._pipe.recv()
        except (EOFError, ConnectionError):
            return self._lost("ended the process", began)
        return Ended(code, said, time.perf_counter() - began, fault_of(code, said))

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would share the locks of JAX's threads
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self.folder, self.warm), daemon=True)
        self._process.start()
        theirs.close()
        self._pipe.recv()

    def _lost(self, fault: str, began: float) -> Ended:
        self._process.kill()
        self._process.join()
        self._process = None
        return Ended(None, "", time.perf_counter() - began, fault)


def fault_of(code: int | None, said: str) -> str:
    """What is wrong with how a command ended: it must succeed, or say in one sentence what cannot be used.

    Example:
        >>> fault_of(2, "latently: rows.npy is damaged; save it anew."), fault_of(1, "latently: no message")
        ('', 'exit code 1')
    """
    if code not in (0, 2):
        return f"exit code {code}"
    lines = [line for line in said.splitlines() if line.startswith("latently: ") and "latently: warning:" not in line]
    if code == 0:
        return "a traceback" if "Traceback" in said else ""
    if "Traceback" in said:
        return "a traceback"
    if len(lines) != 1:
        return f"{len(lines)} sentences"
    if len(lines[0]) > _LONGEST:
        return f"a sentence of {len(lines[0]):,} characters"
    raw = re.search(r"\b[A-Z]\w+(?:Error|Exception)\b|LATENTLY_TRACEBACK|<class |object at 0x", lines[0])
    return f"words of Python: {raw[0]}" if raw else ""


def _serve(pipe: Any, folder: Path, warm: Sequence[Sequence[str]]) -> None:
    """What the worker does."""
    os.chdir(folder)
    os.environ["LATENTLY_CACHE"] = str(folder / "cache")
    for words in warm:
        _answer(words)
    most = _data_bytes() + BYTES
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    pipe.send(None)
    while True:
        pipe.send(_answer(pipe.recv()))


def _answer(words: Sequence[str]) -> tuple[int | None, str]:
    from latently.cli import main

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = _tried(words) if words[0] in ("open", "call") else main(words)
        except BaseException:  # noqa: BLE001  # which is what is looked for
            traceback.print_exc()
            code = None
    return code, err.getvalue()


def _tried(words: Sequence[str]) -> int:
    """Open data as `latently fit` does, and do no more with it; or make a call of Python."""
    import sys

    from endurance.calls import call
    from latently.cli.errors import exit_code, sentence
    from latently.data import open_whole

    try:
        if words[0] == "call":
            call(*words[1:])
        else:
            open_whole(words[1], **dict(word.split("=", 1) for word in words[2:]))
    except Exception as error:  # noqa: BLE001  # as the door of the terminal does
        print(f"latently: {sentence(error)}", file=sys.stderr)
        return exit_code(error)
    return 0


def _processor_seconds(process: int) -> float:
    """What a process has taken of processors so far."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:  # it has ended
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _data_bytes() -> int:
    """What this process has of memory of its own."""
    told = Path("/proc/self/status").read_text()
    return int(told.partition("VmData:")[2].split()[0]) * 1024


def told_of(words: Sequence[str], ended: Ended) -> str:
    """An input and how it ended, in a line."""
    last = ended.said.strip().splitlines()[-1:] or [""]
    return f"{' '.join(words)[:300]!r}: {ended.fault or 'well'} ({ended.seconds:.1f} s) {last[0][:400]}"
