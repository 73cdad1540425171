"""A session: a run, or several over seeds, trained to the end, evaluated, reported and summed up."""

import dataclasses
import shlex
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from latently.cli.errors import INTERRUPTED, UsageError
from latently.cli.terminal import Reporter, number, print_facts, print_table, say
from latently.run import Plan, Repeats, Run, Session, train_together, why_not_together
from latently.run.evaluating import evaluate_run, judged
from latently.training import NonFiniteLossError
from latently.training.bar import in_words

QUICK: dict[str, Any] = {"importance_samples": 10, "max_rows": 2000}
"""How a run is evaluated at its end; `latently evaluate` takes its time."""


@dataclasses.dataclass(frozen=True)
class Settings:
    """What is done in a session.

    Attributes:
        report: draw figures and write report.html.
        checkpoint_seconds: the age at which a checkpoint is renewed.
        thorough: evaluate as `latently evaluate` does.
        together: play several runs as one program; `None` where that pays, which is anywhere but on a CPU.
    """

    report: bool = True
    checkpoint_seconds: float = 30.0
    thorough: bool = False
    together: bool | None = None

    @property
    def evaluation(self) -> dict[str, Any]:
        """How to evaluate."""
        return {} if self.thorough else QUICK

    @property
    def wants_together(self) -> bool:
        """Whether to play several runs as one program, where that can be done."""
        import jax

        return jax.default_backend() != "cpu" if self.together is None else self.together

    def lacks(self, run: Run) -> bool:
        """Whether a run was trained to its end, and then cut short before it was evaluated or reported."""
        return run.is_finished and (run.lacks_evaluation or (self.report and run.lacks_report))


def resume(folder: Path, epochs: float | None, settings: Settings, reporter: Reporter) -> int:
    """Go on with a run, or with several, to the end; what a trained run lacks is made.

    Args:
        folder: of the run, or of the runs' folders.
        epochs: to make a run longer: so many in all.
        settings: what is done.
        reporter: tells how it goes.

    Returns:
        The exit code: 0, or 130 when training was interrupted.

    Raises:
        ValueError: the run is finished, damaged, or its data has changed. Nothing has been written then.
    """
    if Repeats.are_in(folder):
        if epochs is not None:
            raise UsageError(f"--epochs makes one run longer; name one of those in {folder}.")
        return resume_repeats(Repeats.open(folder), settings, reporter)
    run = Run.open(folder)
    run.about()  # a damaged one is noticed first
    with run.lock():
        if epochs is None and settings.lacks(run):
            finish(Session.trained(run), settings, reporter)
            return 0
        if epochs is None and run.is_finished:
            before = run.config()["parameters"]["epochs"]
            raise UsageError(f"{run.folder} is finished, with {before:g} epochs; --epochs with more goes on.")
        return _play([Session.resume(run, epochs, verbose=reporter.live)], settings, reporter)


def begin(plan: Plan, folder: Path, repeats: int, settings: Settings, reporter: Reporter) -> int:
    """Begin a run, or several, in a folder that is missing or empty, and see to it to the end.

    Args:
        plan: of the run, or of the first one; each further one has seeds higher by 1.
        folder: of the run, or of the runs' folders.
        repeats: how many runs.
        settings: what is done.
        reporter: tells how it goes.

    Returns:
        The exit code: 0, or 130 when training was interrupted.

    Raises:
        ValueError: something that is given cannot be used. Nothing has been written then.
    """
    if repeats > 1:
        return begin_repeats(plan, Repeats(folder, repeats), settings, reporter)
    session = plan.begin(folder, verbose=reporter.live)
    with session.run.lock():
        return _play([session], settings, reporter)


def begin_repeats(plan: Plan, repeats: Repeats, settings: Settings, reporter: Reporter) -> int:
    """Begin several runs of one plan, and see to them to the end (see `begin`)."""
    Run.check_free(repeats.folder)
    first = plan.repeated(0).begin(repeats.run_folder(0), verbose=reporter.live)
    repeats.write({"parameters": plan.estimator.get_params(deep=False)})
    with Run(repeats.folder).lock():
        return _play_repeats(plan, repeats, {0: first}, settings, reporter)


def resume_repeats(repeats: Repeats, settings: Settings, reporter: Reporter) -> int:
    """Go on with several runs: with the one that was interrupted, and with those that have not begun.

    Returns:
        The exit code: 0, or 130 when training was interrupted.

    Raises:
        ValueError: all runs are finished, and lack nothing; or one is damaged.
    """
    if repeats.are_finished and not any(settings.lacks(run) for run in repeats.runs()):
        raise ValueError(f"the {repeats.count} runs in {repeats.folder} are finished.")
    with Run(repeats.folder).lock():
        plan = Plan.of(Run.open(repeats.run_folder(0)), {} if repeats.are_finished else repeats.parameters())
        thorough = dataclasses.replace(settings, thorough=plan.about["recipe"] is not None)
        return _play_repeats(plan, repeats, {}, thorough, reporter)


def finish(session: Session, settings: Settings, reporter: Reporter) -> None:
    """Evaluate, report and sum up a model that is trained."""
    try:
        evaluation, report = _look_back(session, settings, reporter)
    except BaseException:  # Ctrl-C too: hours of training are safe, and whoever waits for them should read so
        folder = shlex.quote(str(session.run.folder))
        say(f"The model is trained and saved; what is left: latently evaluate {folder}, latently report {folder}")
        raise
    _sum_up(session, evaluation, report, reporter)


def write_report(model: Any, run: Run, splits: Any, evaluation: Mapping[str, Any] | None) -> Path:
    """Draw the figures and write report.html into the run's folder."""
    from latently import report
    from latently.cli.use import next_commands

    path: Path = report.report_run(model, run, splits, evaluation, next_commands(model, run.folder))
    return path


def _play(
    sessions: Sequence[Session], settings: Settings, reporter: Reporter, title: str = "", folder: Path | None = None
) -> int:
    """Train runs, several as one program, whose folders are locked; then evaluate each, report and sum up.

    Args:
        sessions: the runs.
        settings: what is done.
        reporter: tells how it goes.
        title: of what is trained, unless it is the run's own.
        folder: that `latently resume` is to be given, unless it is the run's own.

    Returns:
        The exit code: 0, or 130 when training was interrupted.
    """
    first, several = sessions[0], len(sessions) > 1
    folder = folder or first.run.folder
    go_on = f"Go on with: latently resume {shlex.quote(str(folder))}"
    if not _train(sessions, settings, reporter, title or first.title, folder, go_on):
        where = folder if several else first.run.folder
        reporter.event("interrupted", {"round": first.trainer.round, "until": first.until, "folder": str(where)})
        which = " all runs" if several else ""
        say(f"Stopped{which} after round {first.trainer.round:,} of {first.until:,}, and saved.")
        say(go_on)
        return INTERRUPTED
    for session in sessions:
        finish(session, settings, reporter)
    return 0


def _train(
    sessions: Sequence[Session], settings: Settings, reporter: Reporter, title: str, folder: Path, go_on: str
) -> bool:
    """Train; whether it came to its end."""
    checkpoints = ("checkpoints", "are") if len(sessions) > 1 else ("checkpoint", "is")
    try:
        trainings = [session.training(settings.checkpoint_seconds) for session in sessions]
        with reporter.watching(title) as (observers, stopping):
            return train_together(trainings, observers, stopping)
    except NonFiniteLossError as error:
        kept = min(session.run.position() for session in sessions)
        where = folder if len(sessions) > 1 else sessions[0].run.folder
        about = f" The {checkpoints[0]} of round {kept:,} {checkpoints[1]} kept in {where}." if kept else ""
        raise NonFiniteLossError(f"{error}{about}") from None
    except KeyboardInterrupt:  # the second one; the first lets the chunk end
        kept = min(session.run.position() for session in sessions)
        say(f"The last {checkpoints[0]} {checkpoints[1]} of round {kept:,}. {go_on}")
        raise


def _look_back(session: Session, settings: Settings, reporter: Reporter) -> tuple[dict[str, Any] | None, Path | None]:
    """The evaluation and the report, as far as there are any."""
    run, model, splits = session.run, session.model, session.splits
    judge = judged(run, model, splits, verbose=reporter.live)
    with reporter.waiting("evaluating …"):
        evaluation = evaluate_run(run, model, splits, settings.evaluation | judge)
    if not settings.report:
        return evaluation, None
    with reporter.waiting("drawing the report …"):
        return evaluation, write_report(model, run, splits, evaluation)


def _sum_up(session: Session, evaluation: Mapping[str, Any] | None, report: Path | None, reporter: Reporter) -> None:
    from latently.cli.use import next_steps
    from latently.evaluation import as_table, counted

    run, seconds = session.run, session.run.config()["run"]["seconds"]
    if reporter.json:
        where = None if report is None else str(report)
        values = {"folder": str(run.folder), "seconds": seconds, "report": where, "evaluation": evaluation}
        reporter.event("finished", values)
        return
    reporter.remark("")
    epochs = counted(session.model.epochs, "epoch")
    print(f"{session.title}: {epochs}, {session.until:,} rounds in {in_words(seconds)}")
    if reporter.brief:
        return
    print()
    if evaluation is None:
        print("No rows were kept from training, so nothing was evaluated.")
    else:
        lines = [line for line in as_table(dict(evaluation)) if line.value is not None]
        print_facts({line.name: number(line.value, line.unit) for line in lines})
    print()
    steps = next_steps(session.model, run.folder, run.config()["run"]["data"]["source"])
    print_facts({"Run": str(run.folder)} | ({} if report is None else {"Report": str(report)}) | steps)


def _play_repeats(
    plan: Plan, repeats: Repeats, opened: dict[int, Session], settings: Settings, reporter: Reporter
) -> int:
    """Play what is not finished: together where that pays and can be done, else one after the other; then sum up."""
    each = dataclasses.replace(reporter, brief=True)
    places = [place for place in range(repeats.count) if place in opened or not repeats.is_finished(place)]
    for place in sorted(set(range(repeats.count)) - set(places)):
        if settings.lacks(run := Run.open(repeats.run_folder(place))):
            finish(Session.trained(run), settings, each)
    together = settings.wants_together and _open_together(plan, repeats, places, opened, reporter)
    for group in [places] if together else [[place] for place in places]:
        sessions = [
            opened.pop(place) if place in opened else repeats.open_run(plan, place, verbose=reporter.live)
            for place in group
        ]
        title = f"{sessions[0].title}, {len(group)} runs at once" if together else ""
        named = [
            dataclasses.replace(session, title=f"{session.title}, {place + 1} of {repeats.count}")
            for place, session in zip(group, sessions, strict=True)
        ]
        with ExitStack() as locks:
            for session in named:
                locks.enter_context(session.run.lock())
            if status := _play(named, settings, each, title, repeats.folder):
                return status
    summary = repeats.summarize()
    _sum_up_repeats(repeats, summary, repeats.write(summary), reporter)
    return 0


def _open_together(
    plan: Plan, repeats: Repeats, places: Sequence[int], opened: dict[int, Session], reporter: Reporter
) -> bool:
    """Open one run after another, and see that they can be played as one program; what is open stays so."""
    for place in places if len(places) > 1 else ():
        if place not in opened:
            opened[place] = repeats.open_run(plan, place, verbose=reporter.live)
        if reason := why_not_together(opened[places[0]], opened[place]):
            reporter.remark(f"The runs are made one after the other, since {reason}.")
            return False
    return len(places) > 1


def _sum_up_repeats(repeats: Repeats, summary: Mapping[str, Any], path: Path, reporter: Reporter) -> None:
    if reporter.json:
        reporter.event("repeated", {"folder": str(repeats.folder), "repeats": repeats.count, **summary})
        return
    title, folder = repeats.runs()[0].config()["run"]["title"], shlex.quote(str(repeats.folder))
    seconds = sum(run["seconds"] / run["together"] for run in summary["runs"])
    print(f"\n{title}: {repeats.count} runs in {in_words(seconds)}\n")
    if "mean" in summary:
        lines = [(name, number(mean), number(sd), unit) for name, mean, sd, unit in repeats.measures()]
        print_table(("measure", "mean", "± sd", "unit"), lines, numbers=(1, 2))
    else:
        print("No rows were kept from training, so nothing was evaluated.")
    print()
    print_facts({"Runs": str(repeats.folder), "Summary": str(path), "Compare": f"latently compare {folder}/repeat-*"})
