"""Several runs of one plan, each with seeds of its own: what they come to, as mean and spread."""

import dataclasses
import shlex
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from latently.cli.plan import Plan
from latently.cli.resume import is_incomplete, look_back_at, take_up
from latently.cli.session import Manner, Session
from latently.cli.terminal import number, print_facts, print_line, print_table, say
from latently.cli.together import is_wanted, play_together, why_not
from latently.evaluation import as_table
from latently.run import Repeats, Run
from latently.training.bar import in_words


def begin_repeats(plan: Plan, repeats: Repeats, manner: Manner) -> int:
    """Begin an experiment in a folder that is missing or empty, and play it to its end.

    Args:
        plan: of the first run; each further one has seeds higher by 1.
        repeats: the folder, and how many runs.
        manner: how to go about it.

    Returns:
        The exit code: 0, or 130 when training was interrupted.

    Raises:
        ValueError: something that is given cannot be used. Nothing has been written then.
    """
    Run.check_free(repeats.folder)
    first = plan.repeated(0).begin(repeats.run_folder(0), manner)
    repeats.write({"parameters": plan.estimator.get_params(deep=False)})
    with Run(repeats.folder).lock():
        return _play(plan, repeats, manner, first)


def resume_repeats(repeats: Repeats, manner: Manner) -> int:
    """Go on with an experiment: with the run that was interrupted, and with those that have not begun.

    Returns:
        The exit code: 0, or 130 when training was interrupted.

    Raises:
        ValueError: all its runs are finished, or one is damaged.
    """
    runs = [Run.open(repeats.run_folder(place)) for place in range(repeats.count)] if repeats.are_finished else []
    if runs and not any(is_incomplete(run, manner) for run in runs):
        raise ValueError(f"the {repeats.count} runs in {repeats.folder} are finished.")
    with Run(repeats.folder).lock():
        plan = Plan.of(Run.open(repeats.run_folder(0)), {} if runs else repeats.parameters())
        return _play(plan, repeats, dataclasses.replace(manner, thorough=plan.about["recipe"] is not None), None)


def _play(plan: Plan, repeats: Repeats, manner: Manner, first: Session | None) -> int:
    """Play what is not finished: together where that pays and can be done, else one after the other; then sum up."""
    opened = {} if first is None else {0: first}
    places = [place for place in range(repeats.count) if place in opened or not _is_finished(repeats, place)]
    for place in sorted(set(range(repeats.count)) - set(places)):
        run = Run.open(repeats.run_folder(place))
        if is_incomplete(run, manner):
            look_back_at(run).finish(dataclasses.replace(manner, brief=True))
    each = dataclasses.replace(manner, brief=True)
    if is_wanted(manner) and _open_together(plan, repeats, manner, places, opened):
        if status := play_together([_titled(opened[place], repeats, place) for place in places], repeats.folder, each):
            return status
        places = []
    for place in places:
        session = opened.pop(place) if place in opened else _open(plan, repeats, place, manner)
        session = _titled(session, repeats, place)
        with session.run.lock():
            if status := session.play(each):
                return status
    summary = repeats.summarize()
    _sum_up(repeats, summary, repeats.write(summary), manner)
    return 0


def _is_finished(repeats: Repeats, place: int) -> bool:
    folder = repeats.run_folder(place)
    return (folder / "config.json").exists() and Run.open(folder).is_finished


def _open(plan: Plan, repeats: Repeats, place: int, manner: Manner) -> Session:
    """Begin a run, or take it up where it stands."""
    folder = repeats.run_folder(place)
    if (folder / "config.json").exists():
        return take_up(Run.open(folder), None, manner)
    return plan.repeated(place).begin(folder, manner)


def _open_together(
    plan: Plan, repeats: Repeats, manner: Manner, places: Sequence[int], opened: dict[int, Session]
) -> bool:
    """Open one run after another, and see that they can be played as one program; what is open stays so."""
    for place in places if len(places) > 1 else ():
        if place not in opened:
            opened[place] = _open(plan, repeats, place, manner)
        if reason := why_not(opened[places[0]], opened[place]):
            if manner.live:
                say(f"The runs are made one after the other, since {reason}.")
            return False
    return len(places) > 1


def _titled(session: Session, repeats: Repeats, place: int) -> Session:
    title = f"{session.title}, {place + 1} of {repeats.count}"
    return dataclasses.replace(session, title=title, resumed_by=repeats.folder)


def _sum_up(repeats: Repeats, summary: Mapping[str, Any], path: Path, manner: Manner) -> None:
    if manner.json:
        print_line({"event": "repeated", "folder": str(repeats.folder), "repeats": repeats.count, **summary})
        return
    title, folder = Run.open(repeats.run_folder(0)).config()["run"]["title"], shlex.quote(str(repeats.folder))
    seconds = sum(run["seconds"] / run["together"] for run in summary["runs"])
    print(f"\n{title}: {repeats.count} runs in {in_words(seconds)}\n")
    if "mean" in summary:
        print_table(("measure", "mean", "± sd", "unit"), _lines(repeats), numbers=(1, 2))
    else:
        print("No rows were kept from training, so nothing was evaluated.")
    print()
    print_facts({"Runs": str(repeats.folder), "Summary": str(path), "Compare": f"latently compare {folder}/repeat-*"})


def _lines(repeats: Repeats) -> list[tuple[str, str, str, str]]:
    """Every number that all runs have, with its mean and standard deviation."""
    tables = [
        {line.name: line for line in as_table(Run.open(repeats.run_folder(place)).read_json("evaluation.json"))}
        for place in range(repeats.count)
    ]
    lines = []
    for name, line in tables[0].items():
        found = [table[name].value for table in tables if name in table]
        values = [value for value in found if value is not None]
        if len(values) == repeats.count:
            mean, sd = statistics.fmean(values), statistics.stdev(values)
            lines.append((name, number(mean), number(sd), line.unit))
    return lines
