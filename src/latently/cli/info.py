"""`latently info RUN`: what a run or a model is."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from latently.cli.parsing import Parser, in_words


def main(arguments: Sequence[str]) -> int:
    """Run the command."""
    parser = Parser(
        "info",
        "What a run or a model is: its data, its hyperparameters, how far it came, what is in its folder.",
        "RUN [--json]",
        ("latently info runs/vae-digits-1", "latently info runs/vae-digits-1 --json"),
    )
    parser.add_argument("run", metavar="RUN", type=Path, help="a run's folder, or a model's")
    parser.add_argument("--json", action="store_true", help="print config.json and the state as JSON")
    given = parser.parse_args(arguments)

    from latently.cli.terminal import print_facts, print_json
    from latently.run import Run

    run = Run.open(given.run)
    config = run.config()
    state = {
        "state": "finished" if run.is_finished else "unfinished",
        "round": run.position(),
        "files": sorted(path.name for path in run.folder.iterdir() if not path.name.startswith(".")),
    }
    if given.json:
        print_json({**config, **state})
    else:
        print_facts(_facts(run, config, state))
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
        facts["Trained for"] = duration(history[-1].get("seconds", 0.0))
        facts["Last terms"] = "  ".join(f"{name} {value:.4g}" for name, value in history[-1]["terms"].items())
    if about.get("command"):
        facts["Command"] = about["command"]
    if state["state"] == "unfinished":
        facts["Go on"] = f"latently resume {run.folder}"
    return facts


def _rows(config: Mapping[str, Any]) -> str:
    preprocessing = config.get("preprocessing", {})
    if isinstance(views := preprocessing.get("views"), dict):
        return "; ".join(f"{name} {_rows({'preprocessing': view})}" for name, view in views.items())
    shape = "×".join(map(str, preprocessing.get("row_shape", ())))
    return f"{shape} {preprocessing.get('dtype', '')}, scaled to {preprocessing.get('range', '?')}"


def _numbers(path: Path) -> int:
    """How many numbers a safetensors file holds."""
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        return sum(math.prod(file.get_slice(name).get_shape()) for name in file.keys())  # noqa: SIM118
