"""`latently tune MODEL`: many runs with hyperparameters that Optuna chooses, and the best of them."""

import io
import json
import math
import shlex
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latently.catalogue import MODELS
from latently.cli.errors import INTERRUPTED, UsageError, as_typed
from latently.cli.fit import how_to_play, model_named, planned
from latently.cli.options import PLAYING_OPTIONS, FitParser
from latently.cli.parsing import Option, epilog, in_words
from latently.errors import ArgumentError, did_you_mean, needed
from latently.recipes import read_yaml
from latently.wording import short_number

if TYPE_CHECKING:
    from latently.cli.terminal import Reporter
    from latently.run.study import Study, Trial

_EXAMPLES = (
    "latently tune vae --data digits --trials 30",
    "latently tune vae --data table.csv --search space.yaml --epochs 200 --out runs/study",
    "latently tune m2 --data mnist --labels 100 --preset m2 --measure classification.error",
    "latently tune aae --data mnist --storage postgresql+psycopg://user:word@host/studies --out study-7",
    "latently tune vae --print-search > space.yaml",
)
_OVERVIEW = """\
usage: latently tune MODEL --data SOURCE [options]

Train a model many times with hyperparameters that Optuna chooses, and find those with which it is best on held-out
rows. Every trial is a run in a folder of its own; a table, study.json and study.html compare them. The options of
`latently fit MODEL` hold for every trial. Ctrl-C saves, and the same command goes on; given in several terminals, or
on several machines, it works on one study.

Models (`latently tune MODEL --help` lists the options of one):
{models}

{examples}"""

_OPTIONS = (
    Option("trials", int, 30, "how many, by all processes together", least=1, most=10_000),
    Option("search", str, metavar="FILE",
           about="what is searched, a YAML file: latent_dim: {int: [2, 64], log: true}; learning_rate: {float: [1e-4, "
           "1e-2], log: true}; hidden: {choice: [[256], [512, 512]]} (default: what --print-search prints, without "
           "what is given as an option)"),
    Option("print_search", None, False, "print what is searched as such a file, and do nothing else"),
    Option("measure", str, metavar="NAME",
           about="the number that is to be least, as it stands in evaluation.json, such as classification.error, of "
           "the rows for validation; trials are then all played to the end (default: the one that decides which state "
           "of a run is the best)"),
    Option("maximize", None, False, "that number is to be large"),
    Option("no_prune", None, False, "play every trial to its end, also if it is worse than most at its time"),
    Option("storage", str, metavar="URL",
           about="a database that keeps the study, for machines that share no folder (default: a file in --out)"),
    Option("out", str, metavar="FOLDER",
           about="the study's folder: new, or of this study, which then goes on (default: runs/tune-MODEL-DATA)"),
    *PLAYING_OPTIONS,
)  # fmt: skip

_WIDTHS = [[64], [128], [256], [512], [128, 128], [256, 256], [512, 512]]
_SPACE: Mapping[str, Mapping[str, Any]] = {
    "latent_dim": {"int": [2, 64], "log": True},
    "hidden": {"choice": _WIDTHS},
    "learning_rate": {"float": [1e-4, 1e-2], "log": True},
    "critic_learning_rate": {"float": [1e-4, 1e-2], "log": True},
    "generator_learning_rate": {"float": [1e-4, 1e-2], "log": True},
    "batch_size": {"choice": [32, 64, 128, 256]},
}
"""What is searched unless a file says, of what the model has."""
_FORM = "such as latent_dim: {int: [2, 64], log: true}, or hidden: {choice: [[256], [512, 512]]}"
_NAME_IT = "Give {measure=classification.accuracy}, say."
_SHOWN = 10
"""Trials in the table."""


def tune(words: Sequence[str]) -> int:
    """Run the command."""
    others = list(words)
    if not others or others[0] in ("-h", "--help"):
        models = "\n".join(f"  {model.terminal:<25}{model.about}" for model in MODELS)
        print(_OVERVIEW.format(models=models, examples=epilog(_EXAMPLES)))
        return 0
    model = model_named(others.pop(0), "tune")
    examples = [example for example in _EXAMPLES if example.split()[2] == model] or [
        f"latently tune {model} --data digits"
    ]
    parser = FitParser(model, "tune", _OPTIONS, examples)
    given = parser.parse_over(others, {})
    if given.print_config:
        print(parser.as_file(given), end="")
        return 0
    space = _space(parser, given)
    if given.print_search:
        for name, of in space.items():
            read = {"choice": [parser.options[name].read(each) for each in of["choice"]]} if "choice" in of else of
            print(f"{name}: {json.dumps(read)}")
        return 0
    return _tune(model, parser, given, space, shlex.join(["latently", "tune", *words]))


def _tune(model: str, parser: FitParser, given: Any, space: Mapping[str, Mapping[str, Any]], command: str) -> int:
    from latently.cli.terminal import Reporter, say
    from latently.run.study import Study
    from latently.run.tuning import Tuning, check

    needed("optuna", "tune", "tuning")
    if given.maximize and given.measure is None:
        raise ArgumentError("maximize", "is about {measure}, without which a criterion is made small", remedy=_NAME_IT)
    given.validation = 0.1 if given.validation is None else given.validation
    plan, folder = planned(model, parser, given, None, command)
    closed = {"network_open": {"hidden", "network"}, "epochs_open": {"epochs"}}  # widths of hidden are of perceptrons
    told = {name: False for name, searched in closed.items() if searched & set(space)}
    plan = replace(plan, about={**plan.about, **told})
    folder = folder if given.out else folder.with_name(f"tune-{folder.name.rpartition('-')[0]}")
    reporter = Reporter(given.quiet, given.json, bars=sys.stderr.isatty())  # a log has a line for each trial

    def chosen(values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: parser.options[name].read(value) for name, value in values.items()}

    check(plan, [chosen({name: end}) for name, of in space.items() for end in _samples(of)])
    fixed = {name: value for name, value in vars(given).items() if name in plan.estimator.get_params(deep=False)}
    about = {
        "model": model,
        "data": {**plan.data, "source": Path(plan.data["source"]).name},
        "parameters": {name: in_words(value) for name, value in fixed.items() if name not in space},
        "space": space,
        "measure": given.measure,
        "maximize": given.maximize,
    }
    seed, storage = int(given.random_state), given.storage
    study = Study(folder, space, about, trials=given.trials, storage=storage, maximize=given.maximize, seed=seed)
    prune = not given.no_prune and given.measure is None  # another number is known at a run's end only
    tell, how = _Telling(reporter, study), how_to_play(given)
    try:
        if Tuning(study, plan, chosen, reporter, tell, given.measure, prune, how).work():
            return _sum_up(study, reporter, command, report=not given.no_report)
    except KeyboardInterrupt:  # while nothing was being trained, or the second one
        pass
    finally:
        study.close()
    say(f"Stopped, and saved. Go on with: {command}")
    return INTERRUPTED


class _Telling:
    """Tells what became of each trial."""

    def __init__(self, reporter: "Reporter", study: "Study") -> None:
        self._reporter, self._study = reporter, study

    def __call__(self, trial: "Trial") -> None:
        self._reporter.event("trial", trial._asdict())
        best, name = self._study.best(), f"trial {trial.number}"
        if trial.reason is not None:
            self._reporter.remark(f"{name} failed: {trial.reason}")
        elif trial.state == "pruned":
            self._reporter.remark(f"{name} ended early: {_number(trial.value)} is worse than most at its time")
        elif best is not None:
            such = (
                ", the best so far" if best == trial else f"; the best is {_number(best.value)}, of trial {best.number}"
            )
            self._reporter.remark(f"{name}: {_number(trial.value)}{such}")


def _sum_up(study: "Study", reporter: "Reporter", command: str, *, report: bool) -> int:
    """Finish the best run as any other, draw the study's page, and print the best trials; the exit code."""
    from latently.cli import session
    from latently.cli.terminal import Reporter, print_facts, print_table
    from latently.run import Run

    best, trials, page = study.best(), study.records(), study.folder / "study.html"
    if best is None:
        reason = next((trial.reason for trial in trials if trial.reason), "all were ended early")
        raise RuntimeError(f"none of {len(trials)} trials came to its end; the first one that failed: {reason}")
    with study.alone():  # of several processes, one does it
        run = None if best.folder is None else Run.open(study.folder / best.folder)
        if run is not None and (run.lacks_evaluation or (report and run.lacks_report)):
            with reporter.waiting("finishing the best run …"), redirect_stdout(io.StringIO()):
                session.resume(run.folder, None, Reporter(quiet=True), report=report)
        if report:
            from latently.report import write_study

            with reporter.waiting("drawing the study …"):
                write_study(study, page, command)
    if reporter.json:
        reporter.event("tuned", {"folder": str(study.folder), "best": best._asdict(), "trials": len(trials)})
        return 0
    reporter.remark("")
    order = sorted((trial for trial in trials if trial.state == "complete"), key=study.rank)
    names, states = list(study.space), Counter(trial.state for trial in trials)
    print(f"{len(trials)} trials: " + ", ".join(f"{count} {state}" for state, count in states.items()) + "\n")
    rows = [(str(t.number), _number(t.value), *(_number(t.parameters[n]) for n in names)) for t in order[:_SHOWN]]
    print_table(("trial", study.measured, *(name.replace("_", " ") for name in names)), rows, numbers=(0, 1))
    print()
    facts = {"Study": str(study.folder), **({"Page": str(page)} if report else {})}
    if run is None:
        print_facts({**facts, "Best run": f"trial {best.number}, on another machine"})
        return 0
    folder, chosen = (
        shlex.quote(str(run.folder)),
        " ".join(f"{as_typed(n, str(v))}" for n, v in best.parameters.items()),
    )
    print_facts(facts | {"Best run": str(run.folder), "With": chosen, "Next": f"latently evaluate {folder}"})
    return 0


def _space(parser: FitParser, given: Any) -> dict[str, dict[str, Any]]:
    """What is searched: as a file says, or else what is usually worth it and was not given as an option."""
    if given.search is None:
        known = {option.name for option in parser.hyperparameters} - parser.said
        space = {name: dict(of) for name, of in _SPACE.items() if name in known}
        if given.network == "conv":
            space.pop("hidden", None)
        if given.prior != "normal":  # some of which have two dimensions, or an even number
            space.pop("latent_dim", None)
        source = "the default"
    else:
        source = f"--search {given.search}"
        space = read_yaml(Path(given.search), source)
    if not isinstance(space, dict) or not space:
        raise UsageError(f"{source} must hold hyperparameters and what is searched of each, one a line; {_FORM}.")
    return {str(name).replace("-", "_"): _dimension(parser, str(name), of, source) for name, of in space.items()}


def _dimension(parser: FitParser, name: str, of: Any, source: str) -> dict[str, Any]:
    """What is searched of a hyperparameter, checked; a choice that is a list is written as it is typed."""
    option = {option.name: option for option in parser.hyperparameters}.get(name.replace("-", "_"))
    if option is None:
        known = [option.name for option in parser.hyperparameters]
        raise UsageError(f"{source}: there is no hyperparameter {name!r}.{did_you_mean(name, known)}")
    kinds = [kind for kind in ("int", "float", "choice") if isinstance(of, dict) and kind in of]
    values = of[kinds[0]] if len(kinds) == 1 else None
    if not isinstance(values, list) or not values or set(of) - {*kinds, "log"}:
        raise UsageError(f"{source}: {name} must say one of int, float and choice; {_FORM}.")
    if kinds == ["choice"]:
        for value in values:
            option.read(value)
        plain = (str, int, float, bool, type(None))
        return {"choice": [value if isinstance(value, plain) else in_words(value) for value in values]}
    number = int if kinds == ["int"] else float
    try:
        low, high = map(number, values)  # 1e-4 is a word to YAML
    except (TypeError, ValueError):
        raise UsageError(f"{source}: {name} must have two numbers, the least and the most; got {values}.") from None
    if low > high or (of.get("log") and low <= 0):
        rule = "the least number first" + (", which must be above 0 for log: true" if of.get("log") else "")
        raise UsageError(f"{source}: {name} must have {rule}; got {values}.")
    return {kinds[0]: [low, high], **({"log": True} if of.get("log") else {})}


def _samples(of: Mapping[str, Any]) -> Sequence[Any]:
    """Of what is searched all choices, or the least and the most, and a fraction between them where there are any."""
    (kind,) = of.keys() - {"log"}
    values: Sequence[Any] = of[kind]
    return (*values, values[0] + (values[1] - values[0]) / math.e) if kind == "float" else values


def _number(value: Any) -> str:
    return short_number(value) if isinstance(value, float) else in_words(value)
