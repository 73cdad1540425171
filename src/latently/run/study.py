"""A study of Optuna: which trials there are, who is at them, and what they came to.

Any number of processes work on one study: they share its folder, or its database. While a process is at a trial it
holds a lock, which falls with it, and another one takes the trial up. Where a trial is on another machine, its lock
cannot be seen; a trial whose process gives a database no sign of life for a while is run again.
"""

import contextlib
import json
import threading
import uuid
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from latently.errors import ArgumentError, needed
from latently.files import write_atomically
from latently.reading import read_json
from latently.run.locks import Locks

FILE = "study.json"
SIGN_SECONDS, SILENT_SECONDS = 30, 300
"""How often a process gives a sign of life to a database, and when it is thought dead without."""
_ALONE = 0  # the lock of whoever asks for a trial; trial n has the lock n + 1


class Trial(NamedTuple):
    """What became of a trial.

    Attributes:
        number: from 0.
        state: `complete`, `pruned`, `failed`, `running` or `waiting`.
        value: what it came to; of a pruned one, how far.
        parameters: what was chosen, as it is typed.
        seconds: that it took, with all pauses.
        folder: of its run; `None` where that is on another machine.
        reason: why it failed, in a sentence.
    """

    number: int
    state: str
    value: float | None
    parameters: dict[str, Any]
    seconds: float | None
    folder: str | None
    reason: str | None


class Study:
    """A study in a folder, begun or gone on with.

    Args:
        folder: missing, empty, or of the same study.
        space: hyperparameter → `{"int": (low, high)}`, `{"float": (low, high)}` or `{"choice": [...]}`; with `"log"`,
            where a range is of orders of magnitude.
        about: what is tried on what, as JSON values: a study is only gone on with where all of it is the same.
        trials: how many, by all processes together.
        storage: the address of a database that Optuna keeps the study in; a file in the folder unless given.
        maximize: whether the number is to be large.
        seed: of the choices; a trial's hang on it, on its number, and on what was known when it began.

    Raises:
        MissingPackageError: Optuna is not installed.
        ValueError: the folder holds something else, or a study of something else.
    """

    def __init__(
        self,
        folder: Path,
        space: Mapping[str, Mapping[str, Any]],
        about: Mapping[str, Any],
        *,
        trials: int,
        storage: str | None = None,
        maximize: bool = False,
        seed: int = 0,
    ) -> None:
        self._optuna = needed("optuna", "tune", "tuning")
        self._optuna.logging.set_verbosity(self._optuna.logging.ERROR)
        warnings.simplefilter("ignore", self._optuna.exceptions.ExperimentalWarning)
        warnings.filterwarnings("ignore", "Heartbeat of storage")  # it is given, by `at`
        self.folder, self.trials, self.seed = folder, trials, seed
        self.space = {name: self._distribution(of) for name, of in space.items()}
        if folder.exists() and not (folder / FILE).exists() and (not folder.is_dir() or _others_in(folder)):
            raise ValueError(f"{folder} holds no study, and is not empty; choose another folder.")
        folder.mkdir(parents=True, exist_ok=True)
        self._locks = Locks(folder / "study.lock")
        self._mine: set[int] = set()  # trials that this process is at: it could have their locks once more
        with self.alone():
            self._storage = self._opened(storage)
            self.study = self._optuna.create_study(
                storage=self._storage,
                study_name=folder.resolve().name,
                direction="maximize" if maximize else "minimize",
                pruner=self._optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=3),
                load_if_exists=True,
            )
            self._agree(dict(about))
            kept = read_json(folder / FILE, "study") if (folder / FILE).exists() else {}
            self._place = kept.get("place") or uuid.uuid4().hex
            self._begun_here = self._place if storage is None else None  # where a trial that tells nothing is from
            self.write()

    def take(self) -> Any:
        """A trial of Optuna's to be at, new or left by a process that ended; `None` where there is nothing to begin."""
        with self.alone():
            for left in self._running():
                elsewhere = left.user_attrs.get("place", self._begun_here) != self._place
                if elsewhere or left.number in self._mine or not self._locks.take(left.number + 1):
                    continue
                if left.params.keys() == self.space.keys():
                    self._mine.add(left.number)
                    return self._optuna.trial.Trial(self.study, left._trial_id)
                self.study.tell(left.number, state=self._optuna.trial.TrialState.FAIL)  # it was only being made
            self._optuna.storages.fail_stale_trials(self.study)
            kept = self._kept()
            if len(kept) >= self.trials and not any(trial.state.name == "WAITING" for trial in kept):
                return None
            self.study.sampler = self._optuna.samplers.TPESampler(seed=self.seed + len(self.study.trials))
            trial = self.study.ask(self.space)
            self._locks.take(trial.number + 1)
            self._mine.add(trial.number)
            trial.set_user_attr("place", self._place)
            return trial

    @contextlib.contextmanager
    def at(self, trial: Any) -> Iterator[None]:
        """While a process is at a trial that it took: the database hears of it, and the lock is kept."""
        silence = threading.Event()

        def give_signs() -> None:
            while not silence.is_set():
                self._storage.record_heartbeat(trial._trial_id)
                silence.wait(SIGN_SECONDS)

        thread = threading.Thread(target=give_signs, daemon=True)
        if hasattr(self._storage, "record_heartbeat"):
            thread.start()
        try:
            yield
        finally:
            silence.set()
            if thread.ident is not None:
                thread.join()
            self._locks.release(trial.number + 1)
            self._mine.discard(trial.number)

    def tell(self, trial: Any, value: float | None = None, *, pruned: bool = False, reason: str | None = None) -> Trial:
        """Note what became of a trial: its value, or that it was pruned, or why it failed."""
        state = self._optuna.trial.TrialState
        if reason is not None:
            trial.set_user_attr("reason", reason)
        how = {"state": state.PRUNED if pruned else state.FAIL} if value is None else {"values": value}
        told = self._told(self.study.tell(trial, skip_if_finished=True, **how))
        with self.alone():
            self.write()
        return told

    @property
    def measured(self) -> str:
        """What the value of a trial is, in a few words."""
        return str(self.study.user_attrs.get("measured", "value"))

    def call(self, measured: str) -> None:
        """Say what the value of a trial is, in a few words."""
        if self.measured != measured:
            self.study.set_user_attr("measured", measured)

    @property
    def is_over(self) -> bool:
        """Whether all trials have come to an end; where no locks can be had, whether this process can do no more."""
        return not self._running() or not self._locks.work

    def records(self) -> list[Trial]:
        """All trials so far, by their numbers."""
        return [self._told(trial) for trial in self._kept()]

    def best(self) -> Trial | None:
        """The best of those that came to their end."""
        return min((trial for trial in self.records() if trial.state == "complete"), key=self.rank, default=None)

    def rank(self, trial: Trial) -> float:
        """What trials that came to their end are sorted by, the best first."""
        value = trial.value or 0.0
        return -value if self.study.direction.name == "MAXIMIZE" else value

    def run_folder(self, number: int) -> Path:
        """The folder of a trial's run."""
        return self.folder / f"trial-{number:04d}"

    def write(self) -> None:
        """Write `study.json`: what is tried on what, all trials, and the best one."""
        best, trials = self.best(), [trial._asdict() for trial in self.records()]
        values = {**self.study.user_attrs["about"], "place": self._place, "trials": trials}
        values |= {"best": None if best is None else best._asdict()}
        write_atomically(self.folder / FILE, (json.dumps(values, indent=2) + "\n").encode())

    def close(self) -> None:
        """Let go of its file."""
        self._locks.close()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """While no other process asks for a trial, or does anything else in here."""
        self._locks.take(_ALONE, wait=True)
        try:
            yield
        finally:
            self._locks.release(_ALONE)

    def _opened(self, storage: str | None) -> Any:
        storages = self._optuna.storages
        if storage is None:
            journal = storages.journal
            return storages.JournalStorage(journal.JournalFileBackend(str(self.folder / "study.log")))
        again = storages.RetryHeartbeatStaleTrialCallback()
        signs = {"heartbeat_interval": SIGN_SECONDS, "grace_period": SILENT_SECONDS}
        try:
            return storages.RDBStorage(storage, **signs, heartbeat_stale_trial_callback=again)
        except Exception as error:  # whatever a database says
            rule, reason = "must be the address of a database, such as sqlite:///study.db", str(error).splitlines()[0]
            raise ArgumentError("storage", rule, storage, f"({reason})") from error

    def _agree(self, about: dict[str, Any]) -> None:
        """See that the study is about the same, if it was begun before."""
        about = json.loads(json.dumps(about))
        known = self.study.user_attrs.get("about")
        if known is None:
            self.study.set_user_attr("about", about)
        elif was := list(_differences(known, about)):
            raise ValueError(
                f"{self.folder} holds a study that began {', '.join(was)}; give the options that it began with, or "
                "another folder."
            )

    def _distribution(self, of: Mapping[str, Any]) -> Any:
        """What Optuna draws a hyperparameter from."""
        distributions = self._optuna.distributions
        if "choice" in of:
            return distributions.CategoricalDistribution(list(of["choice"]))
        if "int" in of:
            return distributions.IntDistribution(*of["int"], log=of.get("log", False))
        return distributions.FloatDistribution(*of["float"], log=of.get("log", False))

    def _kept(self) -> list[Any]:
        """The trials, without those that are run again under another number."""
        trials = self.study.get_trials(deepcopy=False)
        number = self._optuna.storages.RetryHeartbeatStaleTrialCallback.retried_trial_number
        again = {n for trial in trials for n in [number(trial), *trial.system_attrs.get("retry_history", [])]}
        unmade = [t.number for t in trials if t.state.name == "FAIL" and t.params.keys() != self.space.keys()]
        return [trial for trial in trials if trial.number not in again and trial.number not in unmade]

    def _running(self) -> list[Any]:
        return [trial for trial in self.study.get_trials(deepcopy=False) if trial.state.name == "RUNNING"]

    def _told(self, trial: Any) -> Trial:
        here = trial.user_attrs.get("place") == self._place
        return Trial(
            trial.number,
            {"FAIL": "failed"}.get(trial.state.name, trial.state.name.lower()),
            trial.value,
            dict(trial.params),
            trial.duration.total_seconds() if trial.duration else None,
            self.run_folder(trial.number).name if here else None,
            trial.user_attrs.get("reason"),
        )


def _others_in(folder: Path) -> bool:
    """Whether a folder holds anything but a study that another process is just beginning."""
    return any(not path.name.startswith(("study.", ".study.")) for path in folder.iterdir())


def _differences(known: Mapping[str, Any], asked: Mapping[str, Any]) -> Iterator[str]:
    """What a study began with, or without, that is not asked for now."""
    for name in {**known, **asked}:
        was, now = known.get(name), asked.get(name)
        if isinstance(was, Mapping) and isinstance(now, Mapping):
            yield from _differences(was, now)
        elif was != now:
            yield f"without {name}" if was is None else f"with {name}={was}"
