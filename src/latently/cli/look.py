"""`latently info`, `latently compare` and `latently report`: what runs are, and what became of them."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from latently.cli.errors import UsageError, as_typed
from latently.cli.options import RUN, RUN_OR_MODEL
from latently.cli.parsing import Option, Parser, in_words
from latently.errors import words
from latently.wording import short_number

MOST_COLUMNS = 12
"""Of a table, that are named."""


def info(words: Sequence[str]) -> int:
    """`latently info RUN`: what a run or a model is."""
    given = Parser(
        "info",
        "What a run or a model is: its data, its hyperparameters, how far it came, what is in its folder.",
        "RUN [--json]",
        ("latently info runs/vae-digits-1", "latently info runs/vae-digits-1 --json"),
        [RUN_OR_MODEL, Option("json", None, False, "print config.json and the state as JSON")],
    ).parse(words)

    from latently.cli.terminal import print_facts, print_json
    from latently.estimators.hub import local
    from latently.run import Run
    from latently.run.folder import fields_of

    run = Run.open(local(given.run))
    with fields_of(run.folder):
        config = run.config()
        state = {
            "state": "finished" if run.is_finished else "unfinished",
            "round": run.position(),
            "files": sorted(path.name for path in run.folder.iterdir() if not path.name.startswith(".")),
        }
        facts = None if given.json else _facts(run, config, state)
    if facts is None:
        print_json({**config, **state})
    else:
        print_facts(facts)
    return 0


def report(words: Sequence[str]) -> int:
    """`latently report RUN`: draw a run's figures and write its report.html again."""
    given = Parser(
        "report",
        "Draw the figures of a run and write its report.html: one file that opens without a network.",
        "RUN",
        ("latently report runs/vae-digits-1",),
        [RUN],
    ).parse(words)

    from latently.cli.terminal import Reporter
    from latently.cli.verbs import next_commands
    from latently.report import report_run
    from latently.run import Run, load_model, open_run_splits
    from latently.run.folder import fields_of

    model, run = load_model(given.run), Run.open(given.run)
    splits = open_run_splits(run.about())
    with Reporter().waiting("drawing the report …"), fields_of(run.folder):
        print(report_run(model, run, splits, run.evaluation(), next_commands(model, run.folder), as_typed))
    return 0


def compare(words: Sequence[str]) -> int:
    """`latently compare RUN...`: the numbers and the pictures of several runs, side by side."""
    from latently.cli.outputs import check_free, choose_paths, output_options

    kinds = (".html",)
    runs = Option("runs", Path, metavar="RUN", about="the runs' folders", nargs="+", positional=True)
    given = Parser(
        "compare",
        "Print the numbers of runs, one column each, and write a page that holds them and the pictures of all runs "
        "side by side: one file that opens without a network.",
        "RUN RUN... [options]",
        (
            "latently compare runs/vae-digits-1 runs/aae-digits-1",
            "latently compare runs/m2-mnist-1/repeat-* --out repeats.html",
        ),
        [runs, Option("json", None, False, "print the evaluations as JSON, by folder")],
        {"Output": output_options("compare.html", kinds)},
    ).parse(words)

    from latently.cli.terminal import print_json, print_table
    from latently.report import compare_runs, measures, unmeasured
    from latently.run import Run
    from latently.run.folder import fields_of

    opened = [Run.open(folder) for folder in dict.fromkeys(given.runs)]
    if len(opened) < 2:
        raise UsageError(f"compare needs two runs or more; got {opened[0].folder}.")
    paths = choose_paths(given, "compare", kinds)
    check_free(paths, given.force)
    with fields_of(" or ".join(str(run.folder) for run in opened)):
        table, reasons = measures(opened), unmeasured(opened)
        for path in paths:
            compare_runs(opened, path)
    if given.json:
        print_json({str(run.folder): run.evaluation() for run in opened})
        return 0
    if table.rows:
        print_table(table.header, table.rows, numbers=range(1, len(table.header)))
    for reason in reasons:
        print(f"\n{reason}")
    print("\n" + "\n".join(map(str, paths)))
    return 0


def _facts(run: Any, config: Mapping[str, Any], state: Mapping[str, Any]) -> dict[str, str]:
    about, parameters = config.get("run", {}), config.get("parameters", {})
    facts = {"Model": str(config.get("estimator", "unknown"))}
    if about.get("preset"):
        facts["Preset"] = about["preset"]
    given = {name: value for name, value in parameters.items() if value is not None and name != "verbose"}
    if isinstance(given.get("first"), dict):  # an earlier stage
        given["first"] = given["first"].get("estimator")
    facts["Hyperparameters"] = " ".join(f"{name}={in_words(value)}" for name, value in given.items())
    if about:
        facts |= _course(run, about, state)
    facts["Rows"] = _rows(config)
    if classes := config.get("classes"):
        facts["Classes"] = in_words(classes)
    if run.has_model:
        facts["Size"] = f"{_numbers(run.folder / 'model.safetensors'):,} numbers"
    facts["Files"] = " ".join(state["files"])
    return facts


def _course(run: Any, about: Mapping[str, Any], state: Mapping[str, Any]) -> dict[str, str]:
    """What it was trained on and how far it came."""
    from latently.run.recording import seconds_in
    from latently.training.bar import duration

    rounds = f"{state['round']:,} of {about.get('rounds', 0):,} rounds"
    rows = ", ".join(f"{count:,} {part}" for part, count in about.get("rows", {}).items())
    history = run.history()
    facts = {
        "State": f"{state['state']}, {rounds}",
        "Data": f"{about.get('data', {}).get('source', 'unknown')}: {rows}",
        "Started": str(about.get("started", "unknown")),
    }
    if history:
        facts["Trained for"] = duration(seconds_in(history))
        if measured := [record["held_out"] for record in history if record.get("held_out")]:
            held_out = {name: value for name, value in measured[-1].items() if "/" not in name}
            facts["Held-out rows"] = "  ".join(f"{name} {short_number(value)}" for name, value in held_out.items())
        if sentence := about.get("verdict", {}).get("sentence"):
            facts["Verdict"] = words(sentence, as_typed)
        facts["Last terms"] = "  ".join(f"{name} {short_number(value)}" for name, value in history[-1]["terms"].items())
    if about.get("command"):
        facts["Command"] = about["command"]
    if state["state"] == "unfinished":
        facts["Go on"] = f"latently resume {run.folder}"
    return facts


def _rows(config: Mapping[str, Any]) -> str:
    preprocessing = config.get("preprocessing", {})
    if isinstance(views := preprocessing.get("views"), dict):
        return "; ".join(f"{name} {_rows({'preprocessing': view})}" for name, view in views.items())
    if columns := preprocessing.get("columns"):  # of a table
        kinds = [f"{column['name']} {column['kind']}" for column in columns]
        more = [f"and {len(kinds) - MOST_COLUMNS:,} more"] if len(kinds) > MOST_COLUMNS else []
        return ", ".join(kinds[:MOST_COLUMNS] + more)
    shape = "×".join(map(str, preprocessing.get("row_shape", ())))
    return f"{shape} {preprocessing.get('dtype', '')}, scaled to {preprocessing.get('range', '?')}"


def _numbers(path: Path) -> int:
    """How many numbers a safetensors file holds."""
    from latently.training.checkpoint import opened_arrays

    with opened_arrays(path) as file:
        return sum(math.prod(file.get_slice(name).get_shape()) for name in file.keys())  # noqa: SIM118
