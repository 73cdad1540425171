"""Commands in processes of their own, which can be killed at any moment."""

import contextlib
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

ROOMS = ("door", "session", "fit", "terminal")
_imported_once = multiprocessing.get_context("forkserver")
_imported_once.set_forkserver_preload([__name__, *(f"latently.cli.{room}" for room in ROOMS), "latently.report"])


class Command:
    """A command that is running.

    Args:
        words: that follow `latently`.
        log: what it prints goes to the end of this file.
        fresh: a new interpreter imports everything; else a process is forked in which all is imported, and nothing of
            JAX has begun.
        environment: added to that of this process.
    """

    def __init__(
        self,
        words: Sequence[Any],
        log: Path,
        *,
        fresh: bool = True,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.words, self.log = [str(word) for word in words], log
        self.began = time.monotonic()
        self._forked: BaseProcess | None = None
        environment = dict(environment or {})
        if fresh:
            with log.open("ab") as file:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "latently.cli", *self.words],
                    stdin=subprocess.DEVNULL,
                    stdout=file,
                    stderr=file,
                    env={**os.environ, **environment},
                )
        else:
            self._forked = _imported_once.Process(target=_run, args=(self.words, str(log), environment))
            self._forked.start()

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


def _run(words: Sequence[str], log: str, environment: Mapping[str, str]) -> None:
    os.environ.update(environment)
    with open(log, "ab") as file:  # noqa: PTH123
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    from latently.cli import main

    sys.exit(main(words))
