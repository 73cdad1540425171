"""`latently fit MODEL`: train a model on data, in a folder of its own."""

import itertools
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latently.cli.errors import FAILURE, UsageError, as_typed
from latently.cli.models import MODELS, name_of
from latently.cli.parsing import epilog

if TYPE_CHECKING:
    from latently.cli.options import FitParser
    from latently.cli.plan import Plan
    from latently.cli.session import Manner
    from latently.recipes import Recipe

_EXAMPLES = (
    "latently fit vae --data digits",
    "latently fit aae --data mnist --preset aae-mlp --prior star",
    "latently fit --recipe vae-2d",
    "latently fit semi-supervised-aae --data mnist --labels 100 --repeats 5",
)
_OVERVIEW = """\
usage: latently fit MODEL --data SOURCE [options]
       latently fit --recipe NAME [options]

Train a model on data. The run gets a folder of its own: configuration, checkpoints, history, evaluation, report. Ctrl-C
saves, and `latently resume` goes on. With --repeats N there are N such runs, and repeats.json sums them up.

Models (`latently fit MODEL --help` lists the options of one):
{models}

Recipes (`latently presets` lists them):
  A recipe is a whole experiment with the numbers it must reach. `--recipe` takes its name, or a YAML file of your own;
  options change it.

{examples}"""


def main(arguments: Sequence[str]) -> int:
    """Run the command."""
    words, name = _without_recipe(list(arguments))
    if name is None and (not words or words[0] in ("-h", "--help")):
        models = "\n".join(f"  {model:<25}{about}" for model, (_, _, about) in MODELS.items())
        print(_OVERVIEW.format(models=models, examples=epilog(_EXAMPLES)))
        return 0
    if name is None:
        model, recipe = _model(words.pop(0)), None
    else:
        from latently.recipes import load_recipe

        recipe = load_recipe(name)
        model = recipe.model
        if words[:1] == [model]:
            words.pop(0)
    return fit(model, words, recipe, command=shlex.join(["latently", "fit", *arguments]))


def fit(model: str, words: Sequence[str], recipe: "Recipe | None", *, command: str, brief: bool = False) -> int:
    """Train as the words of a command line say, and see whether the recipe's numbers are reached; `brief`: a line."""
    parser = _parser(model)
    given = parser.parse(words, {} if recipe is None else recipe.options, _presets(model))
    if given.repeats < 1:
        raise UsageError(f"--repeats must be 1 or more; got {given.repeats}.")

    from latently.cli.session import Manner  # slow to load, and not for --help

    manner = Manner(
        quiet=given.quiet,
        json=given.json,
        report=not given.no_report,
        checkpoint_seconds=given.checkpoint_every,
        thorough=recipe is not None,
        brief=brief,
    )
    try:
        plan, folder = _planned(model, parser, given, recipe, command)
        status = _play(plan, folder, given.repeats, manner)
    except (ValueError, ArithmeticError) as error:
        if len(error.args) == 1:
            error.args = (as_typed(str(error), parser.names),)
        raise
    if status or recipe is None:
        return status
    return 0 if _reached(recipe, _evaluation(folder), manner) else FAILURE


def _planned(model: str, parser: "FitParser", given: Any, recipe: "Recipe | None", command: str) -> tuple["Plan", Path]:
    """What was asked for, and the folder that it goes to."""
    from latently.cli.data import data_arguments, located, short_name
    from latently.cli.models import find_estimator
    from latently.cli.plan import Plan

    data = data_arguments(given)
    name = recipe.name if recipe else f"{given.preset or model}-{short_name(data['source'])}"
    about = {
        "model": model,
        "preset": given.preset,
        "recipe": recipe.name if recipe else None,
        "use_labels": given.labels != 0,
        "command": command,
        "judge": recipe is not None and recipe.needs_judge,
    }
    hyperparameters = parser.hyperparameters(given)
    if hyperparameters.get("first"):  # the folder of an earlier stage
        hyperparameters["first"] = located(hyperparameters["first"])
    return Plan(find_estimator(model)(**hyperparameters), data, about), Path(given.out) if given.out else _free(
        Path("runs"), name
    )


def _play(plan: "Plan", folder: Path, repeats: int, manner: "Manner") -> int:
    """Make the run, or the runs; the exit code."""
    if repeats > 1:
        from latently.cli.repeats import begin_repeats
        from latently.run import Repeats

        return begin_repeats(plan, Repeats(folder, repeats), manner)
    session = plan.begin(folder, manner)
    with session.run.lock():
        return session.play(manner)


def _evaluation(folder: Path) -> dict[str, Any]:
    """The numbers of the run in a folder, or the means of those of its repeated runs."""
    from latently.run import Repeats, Run

    if Repeats.are_in(folder):
        mean: dict[str, Any] = Repeats.open(folder).summarize().get("mean", {})
        return mean
    return Run.open(folder).read_json("evaluation.json")


def _parser(model: str) -> "FitParser":
    from latently.cli.options import FitParser

    return FitParser(model, list(_presets(model)))


def _presets(model: str) -> dict[str, dict[str, Any]]:
    from latently.estimators.presets import PRESETS

    return {name: values for name, (owner, values) in PRESETS.items() if owner == MODELS[model][0]}


def _model(name: str) -> str:
    if name in MODELS:
        return name
    from latently.estimators.presets import PRESETS

    models = ", ".join(MODELS)
    if name in PRESETS:
        model = name_of(PRESETS[name][0])
        raise UsageError(f"{name!r} is a preset, no model: `latently fit {model} --preset {name}`.")
    raise UsageError(f"MODEL must be one of {models}, and come before the options; got {name!r}.")


def _without_recipe(words: list[str]) -> tuple[list[str], str | None]:
    """The words without `--recipe NAME`, and the name."""
    for place, word in enumerate(words):
        if word.startswith("--recipe="):
            return words[:place] + words[place + 1 :], word.removeprefix("--recipe=")
        if word == "--recipe":
            if place + 1 == len(words):
                raise UsageError("--recipe needs the name of a recipe; `latently presets` lists them.")
            return words[:place] + words[place + 2 :], words[place + 1]
    return words, None


def _free(parent: Path, name: str) -> Path:
    """The first folder `name-1`, `name-2`, … that does not exist."""
    return next(folder for n in itertools.count(1) if not (folder := parent / f"{name}-{n}").exists())


def _reached(recipe: "Recipe", evaluation: Mapping[str, Any], manner: "Manner") -> bool:
    """Print whether each number of the recipe is reached."""
    from latently.cli.terminal import number, print_line, print_table

    verdicts = recipe.judge(evaluation)
    if manner.json:
        print_line({"event": "recipe", "name": recipe.name, "reach": [verdict.as_json() for verdict in verdicts]})
    elif verdicts and not (manner.brief and all(verdict.reached for verdict in verdicts)):
        print()
        rows = [
            (v.target.name, number(v.value, v.target.unit), v.target.rule, "reached" if v.reached else "NOT reached")
            for v in verdicts
        ]
        print_table((f"Recipe {recipe.name}", "value", "must be", ""), rows, numbers=(1, 2))
    return all(verdict.reached for verdict in verdicts)
