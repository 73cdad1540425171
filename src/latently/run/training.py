"""A run from where it stands to its end, or several at once."""

import contextlib
import dataclasses
import signal
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from latently import distributed, signals
from latently.evaluation import counted
from latently.run.folder import Run
from latently.run.recording import Checkpointer, Film, HistoryWriter, seconds_in
from latently.training import Observer, Progress, Together, Trainer, next_stop


class Training:
    """A run that is being trained: who plays it, and who writes its checkpoint, its history and its film on the way.

    Of several processes that share it, the first one writes.

    Args:
        model: the estimator that made the trainer.
        trainer: at round 0, or restored from the run's checkpoint.
        run: the folder; what it knows of later rounds than the trainer's is cut off.
        film: the rows whose codes are filmed.
        until: the round at which the run ends.
        checkpoint_seconds: a checkpoint is written when the last one is older.
        observers: further ones, of this run alone.
        before_saving: what is done once the model is trained, before it is saved.
    """

    def __init__(
        self,
        model: Any,
        trainer: Trainer[Any],
        run: Run,
        *,
        film: Any,
        until: int,
        checkpoint_seconds: float = 30.0,
        observers: Sequence[Observer] = (),
        before_saving: Callable[[], None] = lambda: None,
    ) -> None:
        self._before_saving = before_saving
        self.model, self.trainer, self.run, self.until = model, trainer, run, until
        self.writers: tuple[Observer, ...] = ()
        self._writes = distributed.is_first()
        if not self._writes:
            return
        # A model without an encoder gives no codes to film.
        films = [Film(model, run, film, until, trainer)] if hasattr(model, "peek") else []
        self._keeper = Checkpointer(run, films, checkpoint_seconds)
        self._history = HistoryWriter(run, trainer.round)
        self.writers = (self._history, *films, self._keeper, *observers)
        if trainer.round == 0:  # so that what was done before it, such as fitting an earlier stage, is not done again
            if seconds := getattr(model, "first_seconds_", None):  # which the history does not know
                config = run.config()
                run.write_config({**config, "run": {**config.get("run", {}), "first_seconds": round(seconds, 3)}})
            self._keeper.write(trainer)

    def end(self, together: int = 1) -> bool:
        """Write a checkpoint, and at the run's end save the model, too; whether the run came to its end.

        `together` is how many runs shared the time that it took.
        """
        if not self._writes:
            return bool(self.trainer.round >= self.until or self.trainer.stopped_early)
        self._keeper.write(self.trainer)
        if self.trainer.round < self.until and not self.trainer.stopped_early:
            return False
        self.model.adopt(self.trainer)
        history = self.model.history_ = self._history.rows  # of all rounds, with those before a resumed run
        warnings = self.trainer.state.game.diagnose([record["terms"] for record in history])
        about = self.run.config()["run"]
        seconds = seconds_in(history) + about.get("first_seconds", 0.0)
        now = {"played": self.trainer.round, "seconds": seconds, "warnings": list(warnings)}
        now |= {"together": together} if together > 1 else {}
        now |= {"stopped_early": True} if self.trainer.stopped_early else {}
        if self.trainer.validation is not None:
            self.model.verdict_ = self.model.judge(self.trainer, history)
            watch = self.trainer.validation
            now["verdict"] = self.model.verdict_._asdict()
            now["best"] = {"round": watch.best_round, "value": watch.state()["best_value"], "kept": watch.chosen}
        self._before_saving()
        self.model.save(self.run.folder, about={"run": {**about, **now}})
        return True


def epochs_played(about: Mapping[str, Any], epochs: float) -> str:
    """How long a run was trained, in words.

    Args:
        about: what its configuration says of it.
        epochs: that were asked for.
    """
    played = about.get("played", about["rounds"])
    reached = counted(epochs, "epoch")
    if about.get("stopped_early"):
        reached = f"{epochs * played / about['rounds']:.3g} of {reached}"
    return f"{reached}, {played:,} rounds"


def train_together(
    trainings: Sequence[Training], observers: Sequence[Observer] = (), on_interrupt: Callable[[], None] = lambda: None
) -> bool:
    """Play runs to their common end, several as one program; each writes its own files, as if it were alone.

    The first Ctrl-C (SIGINT), a SIGTERM or a SIGHUP lets the chunk at hand end, writes the checkpoints and returns; a
    second Ctrl-C stops at once.

    Args:
        trainings: the runs; their trainers can be played together (see `latently.training.why_apart`).
        observers: a progress bar, say; of several runs it is told the mean of the terms.
        on_interrupt: called as soon as the signal comes.

    Returns:
        Whether they came to their end; all models have then been adopted and saved.
    """
    trainers, until = [training.trainer for training in trainings], trainings[0].until
    with _finish_chunk_on_interrupt(trainers, on_interrupt):
        if len(trainers) == 1:
            trainers[0].run(until, [*trainings[0].writers, *observers])
        else:
            means = [_Means(observer, len(trainers)) for observer in observers]
            Together(trainers).run(until, [[*training.writers, *means] for training in trainings])
    ends = [training.end(together=len(trainings)) for training in trainings]
    return all(ends)


class _Means:
    """Hands on what is told of several runs as if it were one: the mean of their terms, the sum of their throughput."""

    def __init__(self, observer: Observer, runs: int) -> None:
        self._observer, self._runs = observer, runs
        self._told: list[Progress] = []

    def next_stop(self, round_: int) -> int | None:
        """That of the observer."""
        return next_stop(self._observer, round_)

    def __call__(self, trainer: Trainer[Any], progress: Progress) -> None:
        """Wait until all runs have told of a chunk."""
        self._told.append(progress)
        if len(self._told) == self._runs:
            terms = {name: statistics.fmean(told.terms[name] for told in self._told) for name in progress.terms}
            speed = sum(told.samples_per_second for told in self._told)
            self._told.clear()
            self._observer(trainer, dataclasses.replace(progress, terms=terms, samples_per_second=speed))


@contextlib.contextmanager
def _finish_chunk_on_interrupt(trainers: Sequence[Trainer[Any]], tell: Callable[[], None]) -> Iterator[None]:
    def request() -> None:
        for trainer in trainers:
            trainer.stop_requested = True
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a second Ctrl-C does not wait
        with contextlib.suppress(OSError):  # the terminal that is told may be gone
            tell()

    with signals.answered(request):
        yield
