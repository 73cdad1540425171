"""Tuning: the trials of a study are played, each as a run in a folder of its own, and measured on held-out rows.

Akiba, Sano, Yanase, Ohta & Koyama (2019), Optuna: A Next-generation Hyperparameter Optimization Framework,
arXiv 1907.10902.
"""

import contextlib
import dataclasses
import math
import shutil
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np

from latently.errors import ArgumentError
from latently.estimators import CollapseWarning
from latently.estimators.hyperparameters import check_hyperparameters
from latently.files import number_at
from latently.run.evaluating import evaluate_run
from latently.run.folder import Run
from latently.run.playing import Playing, Reporter
from latently.run.session import Plan, Session
from latently.run.study import Study, Trial
from latently.training import Observer, Progress

MEASURED = "validation.json"
"""In a trial's folder: what it came to on the rows for validation, where that was not noted while it was trained."""
QUICK: Mapping[str, Any] = {"importance_samples": 10, "max_rows": 2000}
STEPS = 20
"""Into how many parts the training of a trial is cut; it may be pruned after each."""
HOPELESS = 5
"""So many trials that fail, and none before that did not, end the study."""
POLL_SECONDS = 1.0


@dataclasses.dataclass(frozen=True)
class Tuning:
    """What one process does for a study.

    Attributes:
        study: that it works on.
        plan: of every trial, with the hyperparameters that are not searched.
        chosen: from what the study chose, as it is typed, to hyperparameters.
        reporter: tells how it goes.
        tell: is told what became of each trial.
        measure: where in an evaluation on the rows for validation the number stands, such as `"classification.error"`;
            else it is the criterion by which the best state of a run is chosen, too (`latently.criterion`).
        prune: end trials early that are worse than most were at their time.
        how: runs are played: of `Playing`.
    """

    study: Study
    plan: Plan
    chosen: Callable[[Mapping[str, Any]], dict[str, Any]]
    reporter: Reporter
    tell: Callable[[Trial], None] = lambda _: None
    measure: str | None = None
    prune: bool = True
    how: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    _told: list[str] = dataclasses.field(default_factory=list)

    def work(self) -> bool:
        """Play trials until there are enough, and wait for those that others are at: one may have to be taken up.

        Returns:
            Whether the study came to its end; `False` when it was interrupted, and the same again goes on.
        """
        while True:
            trial = self.study.take()
            if trial is None:
                if self.study.is_over:
                    return True
                time.sleep(POLL_SECONDS)
                continue
            with self.study.at(trial):
                if not self._play(trial):
                    return False

    def _play(self, trial: Any) -> bool:
        """Play a trial's run from where it stands, and tell the study of it; whether it was not interrupted."""
        pruner = Pruner(trial) if self.prune else None
        folder = self.study.run_folder(trial.number)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", CollapseWarning)  # what is chosen here and there does not work
                ended = self._run(trial, folder, pruner)
            if not ended and (pruner is None or not pruner.pruned):
                return False
            value = self._value(Run.open(folder)) if ended else None
            if value is not None and not math.isfinite(value):
                raise ArithmeticError(f"the {self.study.measured} became {value}.")
            self.tell(self.study.tell(trial, value, pruned=not ended))
        except (ArithmeticError, ValueError, RuntimeError, MemoryError) as error:  # the study goes on with others
            reason = " ".join(str(error).split()) or type(error).__name__
            self.tell(self.study.tell(trial, reason=reason))
            if isinstance(error, ArgumentError) and error.name == "measure":  # no other trial has such a number, either
                raise
            states = [each.state for each in self.study.records()]
            if len(states) >= HOPELESS and set(states) == {"failed"}:
                raise RuntimeError(f"the first {len(states)} trials failed, the last one so: {reason}") from None
        return True

    def _run(self, trial: Any, folder: Path, pruner: "Pruner | None") -> bool:
        """Begin a trial's run, or go on with it; whether it came to its end."""
        watching = _Watching(
            self.reporter,
            f"trial {trial.number}, {len(self.study.records())} of {self.study.trials}",
            pruner,
            self._told,
        )
        playing = Playing(watching, self._finish, self._lacks, **self.how)
        if (folder / "config.json").exists():
            run = Run.open(folder)
            return (run.is_finished and not self._lacks(run)) or playing.resume(run)
        if folder.exists():  # its process ended before anything of worth was in it
            shutil.rmtree(folder)
        parameters = self.plan.estimator.get_params(deep=False) | self.chosen(trial.params)
        estimator = type(self.plan.estimator)(**parameters)
        return playing.begin(dataclasses.replace(self.plan, estimator=estimator), folder)

    def _finish(self, session: Session) -> None:
        """Measure a trained run on the rows for validation, where that was not done while it was trained."""
        run = session.run
        if self.measure is not None:
            nobody = session.splits.test.take(np.arange(0))
            splits = dataclasses.replace(session.splits, test=nobody)
            evaluate_run(run, session.model, splits, QUICK, MEASURED)
        elif self._lacks(run):
            trainer = session.trainer or Session.resume(run).trainer
            run.write_json(MEASURED, trainer.validation.measure(trainer.result))

    def _lacks(self, run: Run) -> bool:
        kept = self.measure is None and run.about()["best"]["kept"]
        return not (kept or (run.folder / MEASURED).exists())

    def _value(self, run: Run) -> float:
        """The number that a trained run came to."""
        if self.measure is not None:
            self.study.call(self.measure.rpartition(".")[2].replace("_", " "))
            value = number_at(run.read_json(MEASURED), self.measure)
            if value is None:
                rule = "must name a number of evaluation.json, such as reconstruction.mean_squared_error"
                raise ArgumentError("measure", rule, self.measure)
            return value
        about = run.about()
        criterion, best = about["validation"], about["best"]
        self.study.call(f"{criterion['name'].replace('_', ' ')}{criterion['unit'] and ', '}{criterion['unit']}")
        return float(best["value"] if best["kept"] else run.read_json(MEASURED)[criterion["name"]])


def check(plan: Plan, values: Sequence[Mapping[str, Any]]) -> None:
    """See that the data can be used, that rows are kept to compare trials on, and that hyperparameters can be so."""
    if not len(plan.open().validation):
        raise ArgumentError("validation", "must keep rows: the trials are compared on them", plan.data["validation"])
    for changes in values:
        check_hyperparameters(type(plan.estimator)(**(plan.estimator.get_params(deep=False) | changes)))


class Pruner:
    """An observer that ends a trial which is worse than most were at its time, by what held-out rows say.

    Attributes:
        pruned: whether it did.
    """

    def __init__(self, trial: Any) -> None:
        self.pruned = False
        self._trial = trial
        self._step = trial.storage.get_trial(trial._trial_id).last_step or 0

    def __call__(self, trainer: Any, progress: Progress, /) -> None:
        """Tell the study, once in each part of the training, and heed what it says."""
        step = STEPS * progress.round // progress.until
        if progress.held_out is None or step <= self._step or progress.round == progress.until:
            return
        self._step = step
        self._trial.report(progress.held_out[trainer.validation.criterion], step)
        if self._trial.should_prune():
            self.pruned = trainer.stop_requested = True


@dataclasses.dataclass
class _Watching:
    """The door's reporter, as it tells of a trial: with the pruner among those who look on."""

    reporter: Reporter
    title: str
    pruner: Pruner | None
    told: list[str]

    @property
    def live(self) -> bool:
        return self.reporter.live

    def opened(self, reading: Sequence[str]) -> None:
        """All trials are of the same data, so that it is told once."""
        if not self.told:
            self.told.extend(reading)
            self.reporter.opened(reading)

    def watching(self, title: str) -> AbstractContextManager[tuple[list[Observer], Callable[[], None]]]:
        del title
        return self._with_pruner()

    @contextlib.contextmanager
    def _with_pruner(self) -> Iterator[tuple[list[Observer], Callable[[], None]]]:
        with self.reporter.watching(self.title) as (observers, stopping):
            yield [*observers, *([self.pruner] if self.pruner else [])], stopping

    def apart(self, reason: str) -> None:
        """A trial is one run."""

    def stopped(self, sessions: Sequence[Session], folder: Path) -> None:
        """The study's door tells how to go on."""

    def stopped_at_once(self, sessions: Sequence[Session], folder: Path) -> None:
        """Likewise."""
