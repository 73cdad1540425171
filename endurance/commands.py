"""Commands in processes of their own, which can be killed at any moment."""

import contextlib
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

ROOMS = ("door", "session", "fit", "terminal")
_imported_once = multiprocessing.get_context("forkserver")
_imported_once.set_forkserver_preload([__name__, *(f"latently.cli.{room}" for room in ROOMS), "latently.report"])


_LESS = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search")


class Command:
    """A command that is running.

    Args:
        words: that follow `latently`.
        log: what it prints goes to the end of this file.
        fresh: a new interpreter imports everything; else a process is forked in which all is imported, and nothing of
            JAX has begun.
        environment: added to that of this process; `None` takes a variable away.
        folder: in which it runs.
        unprivileged: of a fresh one: it may do what its user may, also where that is root, who may all else.
    """

    def __init__(
        self,
        words: Sequence[Any],
        log: Path,
        *,
        fresh: bool = True,
        environment: Mapping[str, str | None] | None = None,
        folder: Path | None = None,
        unprivileged: bool = False,
    ) -> None:
        self.words, self.log = [str(word) for word in words], log
        self._forked: BaseProcess | None = None
        environment = dict(environment or {})
        log.touch()
        if fresh:
            said = {**os.environ, **environment}
            with log.open("ab") as file:
                self._process = subprocess.Popen(
                    [
                        *(_LESS if unprivileged and os.geteuid() == 0 else ()),
                        sys.executable,
                        "-m",
                        "latently.cli",
                        *self.words,
                    ],
                    stdin=subprocess.DEVNULL,
                    stdout=file,
                    stderr=file,
                    env={name: value for name, value in said.items() if value is not None},
                    cwd=folder,
                )
        else:
            self._forked = _imported_once.Process(target=_run, args=(self.words, str(log), environment, folder))
            self._forked.start()

    @property
    def said(self) -> str:
        """All that was printed to its log, with single spaces."""
        return " ".join(self.log.read_text(errors="replace").split())

    def waits_for(self, happened: Callable[[], bool], seconds: float = 300.0) -> bool:
        """Wait until something has happened, while it runs; whether it has."""
        end = time.monotonic() + seconds
        while not happened() and self.wait(0.02) is None and time.monotonic() < end:
            pass
        return happened()

    @property
    def pid(self) -> int:
        """Of its process."""
        return int((self._forked or self._process).pid or 0)

    def wait(self, seconds: float | None = None) -> int | None:
        """Its exit code; `None` where it has not ended after so many seconds."""
        if self._forked is not None:
            self._forked.join(seconds)
            return self._forked.exitcode
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(seconds)
        return None

    def send(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)


def _run(words: Sequence[str], log: str, environment: Mapping[str, str | None], folder: Path | None) -> None:
    for name, value in environment.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value
    if folder is not None:
        os.chdir(folder)
    with open(log, "ab") as file:  # noqa: PTH123
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    from latently.cli import main

    sys.exit(main(words))


def summed_up(what: str, answers: Iterable[tuple[str, bool]]) -> int:
    """Print each question with whether it was answered well, and how many were; 1 if one was not."""
    found = []
    for question, well in answers:
        print(f"{'yes' if well else 'NO '}  {question}", flush=True)
        found.append(well)
    print(f"{what}: {sum(found)} of {len(found)}")
    return int(not all(found))
