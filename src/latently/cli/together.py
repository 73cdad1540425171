"""Several runs of one plan as one program: one bar, one Ctrl-C, and for each the folder that it would have alone."""

import dataclasses
import shlex
import statistics
from collections.abc import Sequence
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any

import jax

from latently.cli.errors import INTERRUPTED
from latently.cli.session import Manner, Session, onlookers, stopping
from latently.cli.terminal import print_line, say
from latently.run import train_together
from latently.training import NonFiniteLossError, Observer, Progress, Trainer, why_apart


def is_wanted(manner: Manner) -> bool:
    """Whether to play several runs as one program: not on a CPU, where that is no faster than one after the other."""
    return jax.default_backend() != "cpu" if manner.together is None else manner.together


def why_not(first: Session, other: Session) -> str | None:
    """Why two runs cannot be played as one program, in words that follow "since"; `None` where they can.

    Where they can, their rows are kept on the device once.
    """
    if first.until != other.until:
        return f"they end after {first.until:,} and {other.until:,} rounds"
    reason = why_apart(first.trainer, other.trainer)
    if reason is None:
        other.trainer.feed.share(first.trainer.feed)
    return reason


def play_together(sessions: Sequence[Session], folder: Path, manner: Manner) -> int:
    """Train runs that can be played as one program to their end; then evaluate each, report and sum up.

    Args:
        sessions: the runs.
        folder: that `latently resume` is to be given.
        manner: how to go about it.

    Returns:
        The exit code: 0, or 130 when training was interrupted.
    """
    with ExitStack() as locks:
        for session in sessions:
            locks.enter_context(session.run.lock())
        if not _train(sessions, folder, manner):
            _tell_interrupted(sessions[0], folder, manner)
            return INTERRUPTED
        for session in sessions:
            session.finish(manner)
    return 0


class _Means:
    """Hands on what is told of several runs as if it were one: the mean of their terms, the sum of their throughput."""

    def __init__(self, observer: Observer, runs: int) -> None:
        self._observer, self._runs = observer, runs
        self._told: list[Progress] = []

    def next_stop(self, round_: int) -> int | None:
        """That of the observer."""
        return self._observer.next_stop(round_)

    def __call__(self, trainer: Trainer[Any], progress: Progress) -> None:
        """Wait until all runs have told of a chunk."""
        self._told.append(progress)
        if len(self._told) == self._runs:
            terms = {name: statistics.fmean(told.terms[name] for told in self._told) for name in progress.terms}
            speed = sum(told.samples_per_second for told in self._told)
            self._told.clear()
            self._observer(trainer, dataclasses.replace(progress, terms=terms, samples_per_second=speed))


def _train(sessions: Sequence[Session], folder: Path, manner: Manner) -> bool:
    title = f"{sessions[0].run.config()['run']['title']}, {len(sessions)} runs at once"
    bar, observers = onlookers(title, manner)
    means = [_Means(observer, len(sessions)) for observer in observers]
    try:
        trainings = [session.training(manner) for session in sessions]
        with bar or nullcontext():
            return train_together(trainings, means, lambda: stopping(bar))
    except NonFiniteLossError as error:
        kept = min(session.run.position() for session in sessions)
        about = f" The checkpoints of round {kept:,} are kept in {folder}." if kept else ""
        raise NonFiniteLossError(f"{error}{about}") from None
    except KeyboardInterrupt:  # the second one; the first lets the chunk end
        kept = min(session.run.position() for session in sessions)
        say(f"The last checkpoints are of round {kept:,}. Go on with: {_resume(folder)}")
        raise


def _tell_interrupted(session: Session, folder: Path, manner: Manner) -> None:
    round_, until = session.trainer.round, session.until
    if manner.json:
        print_line({"event": "interrupted", "round": round_, "until": until, "folder": str(folder)})
    say(f"Stopped all runs after round {round_:,} of {until:,}, and saved.")
    say(f"Go on with: {_resume(folder)}")


def _resume(folder: Path) -> str:
    return f"latently resume {shlex.quote(str(folder))}"
