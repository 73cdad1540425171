"""`latently fit MODEL`: train a model on data, in a folder of its own."""

import datetime
import itertools
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latently.cli.errors import FAILURE, UsageError
from latently.cli.models import MODELS
from latently.cli.parsing import epilog

if TYPE_CHECKING:
    from latently.cli.options import FitParser
    from latently.cli.session import Manner, Session
    from latently.recipes import Recipe

_EXAMPLES = (
    "latently fit vae --data digits",
    "latently fit aae --data mnist --preset aae-mlp --prior star",
    "latently fit --recipe vae-2d",
)
_OVERVIEW = """\
usage: latently fit MODEL --data SOURCE [options]
       latently fit --recipe NAME [options]

Train a model on data. The run gets a folder of its own: configuration, checkpoints, history, evaluation, report. Ctrl-C
saves, and `latently resume` goes on.

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
        models = "\n".join(f"  {model:<8}{about}" for model, (_, _, about) in MODELS.items())
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


def fit(model: str, words: Sequence[str], recipe: "Recipe | None", *, command: str) -> int:
    """Train as the words of a command line say, and see whether the recipe's numbers are reached."""
    from latently.cli.session import Manner

    parser = _parser(model)
    given = parser.parse(words, {} if recipe is None else recipe.options, _presets(model))
    manner = Manner(
        quiet=given.quiet,
        json=given.json,
        report=not given.no_report,
        checkpoint_seconds=given.checkpoint_every,
        thorough=recipe is not None,
    )
    session = begin(model, parser, given, recipe, command)
    with session.run.lock():
        status = session.play(manner)
    if status or recipe is None:
        return status
    return 0 if _reached(recipe, session, manner) else FAILURE


def begin(model: str, parser: "FitParser", given: Any, recipe: "Recipe | None", command: str) -> "Session":
    """Check everything that is given; then make the run's folder and write its configuration.

    Raises:
        ValueError: the data, an option or the folder cannot be used. Nothing has been written then.
    """
    from latently import __version__
    from latently.cli.data import data_arguments, labels_of, open_splits, rows_of, short_name
    from latently.cli.models import find_estimator
    from latently.cli.session import Session
    from latently.estimators.saving import model_config
    from latently.run import Run, fingerprint

    data = data_arguments(given)
    name = recipe.name if recipe else f"{given.preset or model}-{short_name(data['source'])}"
    folder = Path(given.out) if given.out else _free(Path("runs"), name)
    Run.check_free(folder)
    splits = open_splits(data)
    estimator = find_estimator(model)(**parser.hyperparameters(given))
    use_labels = given.labels != 0
    trainer = estimator.trainer(rows_of(splits.train), labels_of(splits.train) if use_labels else None)
    rounds = estimator.total_rounds(trainer)
    title = f"{type(estimator).__name__} on {splits.train.name}"
    about = {
        "version": __version__,
        "title": title,
        "model": model,
        "preset": given.preset,
        "recipe": recipe.name if recipe else None,
        "data": data,
        "data_name": splits.train.name,
        "use_labels": use_labels,
        "rows": {"train": len(splits.train), "validation": len(splits.validation), "test": len(splits.test)},
        "fingerprint": fingerprint(splits),
        "rounds": rounds,
        "command": command,
        "started": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
    }
    run = Run.create(folder)
    run.write_config({**model_config(estimator), "run": about})
    return Session(run, estimator, trainer, splits, rounds, title)


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
        model = PRESETS[name][0].lower()
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


def _reached(recipe: "Recipe", session: "Session", manner: "Manner") -> bool:
    """Print whether each number of the recipe is reached."""
    from latently.cli.terminal import number, print_line, print_table

    verdicts = recipe.judge(session.run.read_json("evaluation.json"))
    if manner.json:
        print_line({"event": "recipe", "name": recipe.name, "reach": [verdict.as_json() for verdict in verdicts]})
    elif verdicts:
        print()
        rows = [
            (v.target.name, number(v.value, v.target.unit), v.target.rule, "reached" if v.reached else "NOT reached")
            for v in verdicts
        ]
        print_table((f"Recipe {recipe.name}", "value", "must be", ""), rows, numbers=(1, 2))
    return all(verdict.reached for verdict in verdicts)
