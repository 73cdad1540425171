"""The learning numbers of README: every recipe is run, what it reached is kept, and the table is made of that.

Run as `python -m benchmarks.recipes --out results` for all of them (hours on two cores), with `--only NAME` for one.
Each leaves a line here and a file `results/NAME.json` of its figures, run by run, with seeds, counts, seconds, versions
and machine. One that has a file is not run again without `--again`; one that was interrupted goes on where it stood.
`--table` writes the table of README anew from the files, and runs nothing.
"""

import argparse
import json
import shlex
import statistics
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.measure import machine
from benchmarks.table import with_table
from latently.files import number_at, write_atomically
from latently.recipes import Recipe, load_recipe
from latently.recipes.recipe import Target, recipe_names

ROOT = Path(__file__).parents[1]
RESULTS, README = ROOT / "results", ROOT / "README.md"
BEGIN = "<!-- made by `python -m benchmarks.recipes --table` -->"
COLUMNS = ("what, and what of it", "command", "must reach", "reached", "runs, minutes each", "commit")
NAMES = tuple(name for name in recipe_names() if not name.startswith("demo-"))
"""Of the recipes, but for the parts of the demo, which anybody can see in two minutes."""


def main() -> int:
    """Run recipes, or make the table; returns 1 if a number was missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=NAMES, action="append", help="this recipe alone; may be repeated")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the files of figures go")
    parser.add_argument("--runs", type=Path, default=ROOT / "runs" / "recipes", help="where the runs go")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each, with other seeds and labels")
    parser.add_argument("--again", action="store_true", help="also those that have a file")
    parser.add_argument("--table", action="store_true", help="make README's table of the files, and run nothing")
    options = parser.parse_args()
    missed = False
    for name in () if options.table else options.only or NAMES:
        path = options.out / f"{name}.json"
        if options.again or not path.exists():
            found = measured(load_recipe(name), options.runs / f"{name}-{options.repeats}", options.repeats)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, (json.dumps(found, indent=2) + "\n").encode())
        found = json.loads(path.read_text())
        for line in lines(load_recipe(name), found):
            print(" | ".join(line), flush=True)
        missed |= any(not reached(target, found) for target in load_recipe(name).reach)
    if options.table or options.out == RESULTS:
        README.write_text(with_table(README.read_text(), BEGIN, table(options.out)))
    return int(missed)


def measured(recipe: Recipe, folder: Path, repeats: int) -> dict[str, Any]:
    """What a recipe comes to: run now, or what is left of it.

    Args:
        recipe: of the package.
        folder: of its runs.
        repeats: how many.

    Raises:
        RuntimeError: a run failed.
    """
    program = [sys.executable, "-m", "latently.cli"]
    begun = (folder / "repeats.json").exists() or (folder / "config.json").exists()
    asked = ["fit", "--recipe", recipe.name, *(["--repeats", str(repeats)] if repeats > 1 else [])]
    words = ["resume", str(folder)] if begun else [*asked, "--out", str(folder)]
    done = subprocess.run([*program, *words, "--no-report", "--quiet"], stderr=subprocess.PIPE, text=True, check=False)
    runs = [runs_of(each) for each in (sorted(folder.glob("repeat-*")) if repeats > 1 else [folder])]
    if len(runs) != repeats or None in runs:
        raise RuntimeError(f"`latently {shlex.join(words)}` ended with {done.returncode}: {done.stderr[-1500:]}")
    packages = ("latently", "jax", "jaxlib", "equinox", "optax", "numpy")
    return {
        "recipe": recipe.name,
        "command": shlex.join(["latently", *asked]),
        "commit": commit(),
        "versions": {name: version(name) for name in packages},
        "machine": machine(),
        "runs": runs,
    }


def commit() -> str:
    """The commit of the source that is run, in short; with a + where the source differs from it."""
    asked = ["git", "describe", "--always", "--exclude=*", "--dirty=+"]
    return subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def runs_of(folder: Path) -> dict[str, Any] | None:
    """What is kept of a run: its seeds, counts, seconds and whole evaluation; `None` of one that is not evaluated."""
    if not (folder / "evaluation.json").exists():
        return None
    config, evaluation = (json.loads((folder / name).read_text()) for name in ("config.json", "evaluation.json"))
    about = config["run"]
    seeds = {"random_state": config["seed"], "label_seed": about["data"].get("label_seed")}
    counts = {"rows": about["rows"], "labels": about["data"].get("labels"), "rounds": about["played"]}
    return {**seeds, **counts, "seconds": about["seconds"], "evaluation": evaluation}


def values_of(target: Target, found: Mapping[str, Any]) -> list[float]:
    """The number that a target asks for, of each run that has it."""
    each = (number_at(run["evaluation"], target.key) for run in found["runs"])
    return [value for value in each if value is not None]


def reached(target: Target, found: Mapping[str, Any]) -> bool:
    """Whether the mean over the runs is what a target asks for."""
    values = values_of(target, found)
    if not values:
        return False
    mean = statistics.fmean(values)
    high = target.at_most is None or mean <= target.at_most
    return high and (target.at_least is None or mean >= target.at_least)


def lines(recipe: Recipe, found: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """The lines of the table that a recipe has, one a number that it must reach."""
    minutes = [run["seconds"] / 60 for run in found["runs"] if run["seconds"] is not None]
    took = f"{len(found['runs'])}, {statistics.fmean(minutes):.1f}" if minutes else str(len(found["runs"]))
    made = []
    for place, target in enumerate(recipe.reach):
        what, first = ("the same", False) if place else (recipe.about.strip().removesuffix("."), True)
        values, rule = values_of(target, found), in_words(target, [bound_of(target)])
        if target.name.startswith("the same"):
            what, name = target.name, ""
        else:
            name = f": {target.name}"
        said = in_words(target, values) + ("" if reached(target, found) else ", missed")
        if 0 < len(values) < len(found["runs"]):
            said += f" (of {len(values)} runs)"
        sign = "≤" if target.at_most is not None else "≥"
        rest = (f"`{found['command']}`", took, found["commit"]) if first else ("", "", "")
        made.append((f"{what}{name}", rest[0], f"{sign} {rule}", said, *rest[1:]))
    return made


def bound_of(target: Target) -> float:
    """What a target must not pass."""
    bound = target.at_most if target.at_most is not None else target.at_least
    if bound is None:
        raise ValueError(f"the target {target.name!r} has no bound")
    return bound


def in_words(target: Target, values: list[float]) -> str:
    """A number, or mean ± standard deviation of several, with its unit; shares are told in %.

    Example:
        >>> in_words(Target("test error", "classification.error", at_most=0.05), [0.02, 0.03])
        '2.50 ± 0.71 %'
        >>> in_words(Target("bound", "elbo", at_most=152, unit="nats"), [150.84])
        '150.8 nats'
    """
    if not values:
        return "not measured"
    share = not target.unit and abs(bound_of(target)) <= 1 and not target.key.endswith("coverage")
    scaled = [100 * value for value in values] if share else values
    unit = " %" if share else f" {target.unit}" if target.unit else ""
    mean = statistics.fmean(scaled)
    digits = 1 if abs(mean) >= 10 else 2
    spread = f" ± {statistics.stdev(scaled):.{digits}f}" if len(scaled) > 1 else ""
    told = f"{mean:.{digits}f}{spread}" if spread else f"{mean:.{digits}f}".rstrip("0").rstrip(".")
    return f"{told}{unit}"


def table(folder: Path) -> str:
    """The table of all recipes that have a file, in Markdown."""
    rows = [
        line
        for name in NAMES
        if (path := folder / f"{name}.json").exists()
        for line in lines(load_recipe(name), json.loads(path.read_text()))
    ]
    ruled = [COLUMNS, ["---"] * len(COLUMNS), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in ruled)


if __name__ == "__main__":
    sys.exit(main())
