"""A session of the terminal: runs are played to their end, evaluated, reported and summed up."""

import dataclasses
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from latently import distributed
from latently.cli.errors import INTERRUPTED, UsageError, as_typed
from latently.cli.terminal import Reporter, number, print_facts, print_table, say
from latently.cli.verbs import next_commands, next_steps
from latently.errors import words
from latently.evaluation import advice, as_table
from latently.run import Plan, Playing, Repeats, Run, Session
from latently.run.evaluating import evaluate_run, judged
from latently.run.training import epochs_played
from latently.training.bar import duration

QUICK: dict[str, Any] = {"importance_samples": 10, "max_rows": 2000}
"""How a run is evaluated at its end; `latently evaluate` takes its time."""


def begin(plan: Plan, folder: Path, repeats: int, reporter: Reporter, *, report: bool = True, **how: Any) -> int:
    """Begin a run, or several, in a folder that is missing or empty, and see to it to the end.

    Args:
        plan: of the run, or of the first one; each further one has seeds higher by 1.
        folder: of the run, or of the runs' folders.
        repeats: how many runs.
        reporter: tells how it goes.
        report: draw figures and write report.html.
        **how: the runs are played: of `Playing`.

    Returns:
        The exit code: 0, or 130 when training was interrupted.
    """
    if repeats == 1:
        return 0 if _playing(reporter, report, how).begin(plan, folder) else INTERRUPTED
    several = Repeats(folder, repeats)
    summary = _playing(dataclasses.replace(reporter, brief=True), report, how).begin_repeats(plan, several)
    return _sum_up_repeats(several, summary, reporter)


def resume(folder: Path, epochs: float | None, reporter: Reporter, *, report: bool = True, **how: Any) -> int:
    """Go on with a run (made longer, to so many epochs, if they are given) or with several; the exit code of `begin`.

    What a trained run lacks, its evaluation or its report, is made.
    """
    if not Repeats.are_in(folder):
        return 0 if _playing(reporter, report, how).resume(Run.open(folder), epochs) else INTERRUPTED
    if epochs is not None:
        raise UsageError(f"--epochs makes one run longer; name one of those in {folder}.")
    several = Repeats.open(folder)
    summary = _playing(dataclasses.replace(reporter, brief=True), report, how).resume_repeats(several)
    return _sum_up_repeats(several, summary, reporter)


def _playing(reporter: Reporter, report: bool, how: Mapping[str, Any]) -> Playing:
    """How runs are played here: to the end, which is an evaluation and a report."""

    def finish(session: Session) -> None:
        first = distributed.is_first()
        distributed.part()  # the rest is for one
        if not first:
            return
        try:
            evaluation, path = _look_back(session, reporter, report)
        except BaseException:  # Ctrl-C too: hours of training are safe, and whoever waits for them should read so
            folder = shlex.quote(str(session.run.folder))
            say(f"The model is trained and saved; what is left: latently evaluate {folder}, latently report {folder}")
            raise
        _sum_up(session, evaluation, path, reporter)

    def lacks(run: Run) -> bool:
        return run.lacks_evaluation or (report and run.lacks_report)

    return Playing(reporter, finish, lacks, **how)


def _look_back(session: Session, reporter: Reporter, report: bool) -> tuple[dict[str, Any] | None, Path | None]:
    """The evaluation and the report, as far as there are any; a recipe's numbers are measured thoroughly."""
    run, model, splits = session.run, session.model, session.splits
    how = QUICK if run.about().get("recipe") is None else {}
    judge = judged(run, model, splits, verbose=reporter.live)
    with reporter.waiting("evaluating …"):
        evaluation = evaluate_run(run, model, splits, how | judge)
    if not report:
        return evaluation, None
    from latently.export import ExportError
    from latently.report import explore_run, report_run

    with reporter.waiting("making the explorer …"):
        try:
            explore_run(model, run, splits, as_typed)
        except ExportError as error:  # all else of the run is as good without it
            reporter.remark(str(error))
    with reporter.waiting("drawing the report …"):
        return evaluation, report_run(model, run, splits, evaluation, next_commands(model, run.folder), as_typed)


def _sum_up(session: Session, evaluation: Mapping[str, Any] | None, path: Path | None, reporter: Reporter) -> None:
    run, seconds = session.run, session.run.config()["run"]["seconds"]
    if reporter.json:
        where = None if path is None else str(path)
        values = {"folder": str(run.folder), "seconds": seconds, "report": where, "evaluation": evaluation}
        reporter.event("finished", values)
        return
    reporter.remark("")
    about = run.about()
    print(f"{session.title}: {epochs_played(about, session.model.epochs)} in {duration(seconds)}")
    if reporter.brief:
        return
    if sentence := about.get("verdict", {}).get("sentence"):
        print(words(sentence, as_typed))
    print()
    if evaluation is None:
        print("No rows were kept from training, so nothing was evaluated.")
    else:
        lines = [line for line in as_table(dict(evaluation)) if line.value is not None]
        print_facts({line.name: number(line.value, line.unit) for line in lines})
        for sentence in advice(dict(evaluation)):
            print(f"\n{sentence}")
    print()
    steps = next_steps(session.model, run.folder, run.about()["data"]["source"])
    print_facts({"Run": str(run.folder)} | ({} if path is None else {"Report": str(path)}) | steps)


def _sum_up_repeats(repeats: Repeats, summary: Mapping[str, Any] | None, reporter: Reporter) -> int:
    """Tell what several runs come to, if they came to their end; the exit code."""
    if summary is None:
        return INTERRUPTED
    if reporter.json:
        reporter.event("repeated", {"folder": str(repeats.folder), "repeats": repeats.count, **summary})
        return 0
    title, folder = repeats.runs()[0].about()["title"], shlex.quote(str(repeats.folder))
    seconds = sum(run["seconds"] / run["together"] for run in summary["runs"])
    print(f"\n{title}: {repeats.count} runs in {duration(seconds)}\n")
    if "mean" in summary:
        lines = [(name, number(mean), number(sd), unit) for name, mean, sd, unit in repeats.measures()]
        print_table(("measure", "mean", "± sd", "unit"), lines, numbers=(1, 2))
    else:
        print("No rows were kept from training, so nothing was evaluated.")
    print()
    facts = {"Runs": repeats.folder, "Summary": repeats.path, "Compare": f"latently compare {folder}/repeat-*"}
    print_facts({name: str(fact) for name, fact in facts.items()})
    return 0
