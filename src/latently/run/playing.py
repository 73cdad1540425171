"""Runs are played: begun or taken up, one or several over seeds, trained to their end, and handed on to be finished."""

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import jax

from latently import distributed
from latently.run.folder import Run
from latently.run.repeats import Repeats
from latently.run.rows import film_rows, filmed_at_most
from latently.run.session import Plan, Session, fit_sampler, why_not_together
from latently.run.training import Training, train_together
from latently.tracking import TRACKERS, Tracker
from latently.training import NonFiniteLossError, Observer


def _locked(run: Run) -> AbstractContextManager[None]:
    """Keep others from training in a run's folder; of several processes that share it, the first one does."""
    return run.lock() if distributed.is_first() else nullcontext()


def _claimed(folder: Path) -> AbstractContextManager[Any]:
    """The folder of a new run, for this process alone; of several processes that share it, the first one claims it."""
    return Run.claim(folder) if distributed.is_first() else nullcontext()


@runtime_checkable
class Reporter(Protocol):
    """Tells how it goes; a door hands one in."""

    @property
    def live(self) -> bool:
        """Whether to tell what is going on, as it goes."""

    def opened(self, reading: Sequence[str]) -> None:
        """Data was opened for new runs, and what it was taken for: see `latently.run.session.reading`."""

    def watching(self, title: str) -> AbstractContextManager[tuple[list[Observer], Callable[[], None]]]:
        """While something is trained: all who show how it goes, and what to call when it is asked to stop."""

    def apart(self, reason: str) -> None:
        """Several runs are made one after the other, for a reason: words that follow "since"."""

    def stopped(self, sessions: Sequence[Session], folder: Path) -> None:
        """Runs were interrupted, and saved; resuming the folder goes on."""

    def stopped_at_once(self, sessions: Sequence[Session], folder: Path) -> None:
        """Runs were interrupted without waiting; what they are at is in their last checkpoints."""


@dataclasses.dataclass(frozen=True)
class Playing:
    """How runs are played.

    Attributes:
        reporter: tells how it goes.
        finish: what is done with a run that is trained: it is evaluated and reported, say.
        lacks: whether a run that is trained was not finished so.
        checkpoint_seconds: the age at which a checkpoint is renewed.
        together: play several runs as one program; `None` where that pays, which is anywhere but on a CPU.
        track: the trackers that are told of each run, by their names in the terminal (`latently.tracking.TRACKERS`).
    """

    reporter: Reporter
    finish: Callable[[Session], None]
    lacks: Callable[[Run], bool]
    checkpoint_seconds: float = 30.0
    together: bool | None = None
    track: Sequence[str] = ()

    def __post_init__(self) -> None:
        for name in self.track:
            TRACKERS[name].require()

    def begin(self, plan: Plan, folder: Path) -> bool:
        """Begin a run in a folder that is missing or empty, and play it; whether it came to its end uninterrupted.

        A `ValueError` says that something given cannot be used, and nothing has been written then; a `TakenError` that
        it is the folder.
        """
        with _claimed(folder):
            session = self._begun(plan, folder)
            return self._play([session], folder, session.title)

    def resume(self, run: Run, epochs: float | None = None) -> bool:
        """Go on with a run, to so many epochs in all if they are given; where a trained one lacks something, make that.

        Returns:
            Whether it came to its end; `False` when it was interrupted.
        """
        run.about()  # a damaged one is noticed first
        with _locked(run):
            if epochs is None and run.is_finished:
                if not self.lacks(run):
                    epochs_ = f"{run.config()['parameters']['epochs']:g} epochs"
                    how = f"before its {epochs_}, as held-out rows told" if run.stopped_early else f"with {epochs_}"
                    raise ValueError(f"{run.folder} is finished, {how}; --epochs with more goes on.")
                self.finish(Session.trained(run))
                return True
            session = Session.resume(run, epochs, verbose=self.reporter.live)
            return self._play([session], run.folder, session.title)

    def begin_repeats(self, plan: Plan, repeats: Repeats) -> Mapping[str, Any] | None:
        """Begin several runs, the first of a plan and each further one with seeds higher by 1, and play them.

        Returns:
            What they come to (see `Repeats.summarize`); `None` when they were interrupted.
        """
        with Run.claim(repeats.folder):
            repeats.write(plan.config())  # first: whatever happens from now on, `resume` goes on
            first = self._begun(plan.repeated(0), repeats.run_folder(0))
            return self._play_repeats(plan, repeats, {0: first})

    def resume_repeats(self, repeats: Repeats) -> Mapping[str, Any] | None:
        """Go on with several runs: with the one that was interrupted, and with those that have not begun."""
        if repeats.are_finished and not any(map(self.lacks, repeats.runs())):
            raise ValueError(f"the {repeats.count} runs in {repeats.folder} are finished.")
        with Run(repeats.folder).lock():
            plan = {} if repeats.are_finished else repeats.plan()
            if (repeats.run_folder(0) / "config.json").exists():
                begun = Plan.of(Run.open(repeats.run_folder(0)), plan.get("parameters", {}))
            else:
                begun = Plan.from_config(plan)
            return self._play_repeats(begun, repeats, {})

    def _begun(self, plan: Plan, folder: Path) -> Session:
        """The session of a plan's first run, told once."""
        session = plan.begin(folder, verbose=self.reporter.live)
        if distributed.is_first():
            self.reporter.opened(session.run.about()["reading"])
        return session

    def _play_repeats(self, plan: Plan, repeats: Repeats, opened: dict[int, Session]) -> Mapping[str, Any] | None:
        """Play what is not finished, together where that pays and can be done; then sum up."""
        places = [place for place in range(repeats.count) if place in opened or not repeats.is_finished(place)]
        for place in sorted(set(range(repeats.count)) - set(places)):
            if self.lacks(run := Run.open(repeats.run_folder(place))):
                self.finish(Session.trained(run))
        pays = jax.default_backend() != "cpu" if self.together is None else self.together
        together = pays and self._open_together(plan, repeats, places, opened)
        for group in [places] if together else [[place] for place in places]:
            sessions = [self._opened(plan, repeats, place, opened) for place in group]
            at_once = f"{sessions[0].title}, {len(group)} runs at once"
            for at, place in enumerate(group):
                title = f"{sessions[at].title}, {place + 1} of {repeats.count}"
                sessions[at] = dataclasses.replace(sessions[at], title=title)
            with ExitStack() as locks:
                for session in sessions:
                    locks.enter_context(session.run.lock())
                if not self._play(sessions, repeats.folder, at_once if together else sessions[0].title):
                    return None
        summary = repeats.summarize()
        repeats.write(summary)
        return summary

    def _opened(self, plan: Plan, repeats: Repeats, place: int, opened: dict[int, Session]) -> Session:
        if place in opened:
            return opened.pop(place)
        folder, verbose = repeats.run_folder(place), self.reporter.live
        if (folder / "config.json").exists():
            return Session.resume(Run.open(folder), verbose=verbose)
        return plan.repeated(place).begin(folder, verbose=verbose)

    def _open_together(self, plan: Plan, repeats: Repeats, places: Sequence[int], opened: dict[int, Session]) -> bool:
        """Open one run after another, and see that they can be played as one program; what is open stays so."""
        for place in places if len(places) > 1 else ():
            opened[place] = self._opened(plan, repeats, place, opened)
            if reason := why_not_together(opened[places[0]], opened[place]):
                self.reporter.apart(reason)
                return False
        return len(places) > 1

    def _play(self, sessions: Sequence[Session], folder: Path, title: str) -> bool:
        """Train runs whose folders are locked, several as one program; then finish each."""
        with ExitStack() as stack:
            trackers = [[stack.enter_context(each) for each in self._trackers(session)] for session in sessions]
            if not self._trained(sessions, trackers, folder, title):
                for tracker in itertools.chain(*trackers):
                    tracker.interrupted = True
                return False
            for session, of_session in zip(sessions, trackers, strict=True):
                self.finish(session)
                for tracker in of_session:
                    tracker.finish(session.run.evaluation() or {})
        return True

    def _trackers(self, session: Session) -> Iterator[Tracker]:
        """The trackers of a run, told of its parameters and its data."""
        config = session.run.config() if self.track else {}
        for name in self.track:
            about = {"model": config["estimator"], "data": config["run"]["data_name"], "seed": config["seed"]}
            yield TRACKERS[name](session.run.folder, {**config["parameters"], **about})

    def _trained(
        self, sessions: Sequence[Session], trackers: Sequence[Sequence[Tracker]], folder: Path, title: str
    ) -> bool:
        try:
            seconds = self.checkpoint_seconds
            trainings = [
                Training(
                    *(s.model, s.trainer, s.run),
                    film=film_rows(s.splits, filmed_at_most(int(s.model.latent_dim))).rows,
                    until=s.until,
                    checkpoint_seconds=seconds,
                    observers=own,
                    before_saving=partial(fit_sampler, s),
                )
                for s, own in zip(sessions, trackers, strict=True)
            ]
            with self.reporter.watching(title) as (observers, stopping):
                ended = train_together(trainings, observers, stopping)
        except NonFiniteLossError as error:
            kept, several = min(session.run.position() for session in sessions), len(sessions) > 1
            what = "checkpoints" if several else "checkpoint"
            where = folder if several else sessions[0].run.folder
            about = f" The {what} of round {kept:,} {'are' if several else 'is'} kept in {where}." if kept else ""
            raise NonFiniteLossError(f"{error}{about}") from None
        except KeyboardInterrupt:  # the second one; the first lets the chunk end
            self.reporter.stopped_at_once(sessions, folder)
            raise
        except OSError as error:  # the disk is full, say; without a folder, there is nothing to go on with
            written = error.filename is not None  # and not another process that was lost
            if written and all((session.run.folder / "config.json").exists() for session in sessions):
                self.reporter.stopped_at_once(sessions, folder)
            raise
        if not ended and distributed.is_first():
            self.reporter.stopped(sessions, folder)
        return ended
