"""`latently fit MODEL` and `latently resume RUN`: train a model on data, in a folder of its own."""

import argparse
import itertools
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latently.catalogue import BY_TERMINAL_NAME, MODELS
from latently.cli.errors import FAILURE, UsageError
from latently.cli.options import DISTRIBUTED, PLAYING_OPTIONS, RUN, FitParser, find_preset
from latently.cli.parsing import Option, Parser, epilog, kind_in_words
from latently.errors import did_you_mean
from latently.recipes import Recipe, load_recipe

if TYPE_CHECKING:
    from latently.cli.terminal import Reporter
    from latently.run import Plan

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


def fit(words: Sequence[str]) -> int:
    """Run the command."""
    others, name = _without_recipe(words)
    if name is None and (not others or others[0] in ("-h", "--help")):
        models = "\n".join(f"  {model.terminal:<25}{model.about}" for model in MODELS)
        print(_OVERVIEW.format(models=models, examples=epilog(_EXAMPLES)))
        return 0
    if name is None:
        model, recipe = model_named(others.pop(0)), None
    else:
        recipe = load_recipe(name)
        model = recipe.model
        if others[:1] == [model]:
            others.pop(0)
    return fit_model(model, others, recipe, command=shlex.join(["latently", "fit", *words]))


def fit_model(model: str, words: Sequence[str], recipe: Recipe | None, *, command: str, brief: bool = False) -> int:
    """Train a model as a recipe says, changed by the words after the model's name.

    Args:
        model: its name in the terminal.
        words: that follow it.
        recipe: if there is one.
        command: the whole line, as the run's configuration keeps it.
        brief: sum up in one line.

    Returns:
        The exit code, which tells whether the recipe's numbers are reached, too.
    """
    parser = FitParser(model)
    given = parser.parse_over(words, *(({},) if recipe is None else (recipe.options, f"recipe {recipe.name}")))
    if given.print_config:
        print(parser.as_file(given), end="")
        return 0

    from latently.cli.processes import join_others, shares
    from latently.cli.session import begin  # slow to load, and not for --help
    from latently.cli.terminal import Reporter
    from latently.run import Repeats, Run, TakenError

    if given.repeats > 1 and shares(given):
        raise UsageError("several processes share one run; give each of the --repeats a command of its own.")
    first = join_others(given)
    reporter = Reporter(given.quiet or not first, given.json and first, brief)
    how = how_to_play(given) | ({} if first else {"track": ()})
    plan, folder = planned(model, parser, given, recipe, command)
    while True:
        try:
            status = begin(plan, folder, given.repeats, reporter, report=not given.no_report, **how)
            break
        except TakenError:  # another process has begun a run there since the name was chosen
            if given.out:
                raise
            folder = _free(folder.parent, folder.name.rpartition("-")[0])
    if status or recipe is None or not first:
        return status
    evaluation = Run(folder).evaluation() if given.repeats == 1 else Repeats.open(folder).summarize().get("mean")
    return 0 if _reached(recipe, evaluation or {}, reporter) else FAILURE


def resume(words: Sequence[str]) -> int:
    """`latently resume RUN`: go on where a run was interrupted, or make it longer."""
    given = Parser(
        "resume",
        "Go on with a run from its last checkpoint. The result is, bit for bit, that of the uninterrupted run. Of a "
        "folder that `latently fit --repeats` made, all runs that are not finished are played to their end. What a "
        "trained run lacks, its evaluation or its report, is made.",
        "RUN [options]",
        ("latently resume runs/vae-digits-1", "latently resume runs/vae-digits-1 --epochs 100"),
        (
            RUN,
            Option("epochs", float, about="make the run longer: so many epochs in all"),
            DISTRIBUTED,
            *PLAYING_OPTIONS,
        ),
    ).parse(words)

    from latently.cli import session
    from latently.cli.processes import join_others, shares
    from latently.cli.terminal import Reporter
    from latently.run import Repeats

    first = join_others(given)
    if Repeats.are_in(given.run) and shares(given):
        raise UsageError(f"several processes share one run; name one of those in {given.run}.")
    reporter = Reporter(given.quiet or not first, given.json and first)
    how = how_to_play(given) | ({} if first else {"track": ()})
    return session.resume(given.run, given.epochs, reporter, report=not given.no_report, **how)


def how_to_play(given: Any) -> dict[str, Any]:
    """The arguments of `latently.run.Playing` among parsed options."""
    return {"checkpoint_seconds": given.checkpoint_every, "track": tuple(dict.fromkeys(given.track or ()))}


def data_arguments(given: Any) -> dict[str, Any]:
    """The arguments of `open_dataset` among parsed options; paths are absolute: a run can be resumed from anywhere."""
    from latently.data.open import takes
    from latently.data.rows import as_names
    from latently.run import IMAGE_OPTIONS, PLACE_OPTIONS, TABLE_OPTIONS, located

    if given.data is None:
        raise UsageError(
            "--data is missing: give the name of a data set (`latently datasets`), a folder of images, or a file."
        )
    of_arrays = ("labels_column", "array", "row_axis")
    names = (*of_arrays, *TABLE_OPTIONS, *IMAGE_OPTIONS, *PLACE_OPTIONS, "views", "label_seed")
    found = {name: getattr(given, name, None) for name in names}
    columns = as_names(found["labels_column"])
    found["labels_column"] = list(columns) if len(columns) > 1 else next(iter(columns), None)
    if not takes(given.data, "white_level"):  # it is the model's then: see `model_arguments`
        found["white_level"] = None
    paths = {name: getattr(given, name, None) for name in ("validation", "test", "labels_file")}
    found |= {name: located(path) if isinstance(path, str) else path for name, path in paths.items()}
    found |= {"unlabelled": getattr(given, "unlabelled", "auto")}
    found |= {"channel_axis": getattr(given, "channel_axis", "auto")}
    size = list(found["image_size"]) if isinstance(found["image_size"], tuple) else found["image_size"]
    rest = {"labels": getattr(given, "labels", None) or None, "seed": getattr(given, "split_seed", 0)}
    return {"source": located(given.data), **found, "image_size": size, **rest}


def model_arguments(parser: FitParser, given: Any) -> dict[str, Any]:
    """The arguments of the estimator among parsed options; the white of image files is told to those that open them."""
    from latently.data.open import takes

    arguments = parser.constructor_arguments(given)
    return arguments | ({"white_level": None} if takes(given.data, "white_level") else {})


def planned(model: str, parser: FitParser, given: Any, recipe: Recipe | None, command: str) -> tuple["Plan", Path]:
    """What was asked for, and the folder that it goes to."""
    from latently.run import Plan, located, short_name

    data = data_arguments(given)
    name = recipe.name if recipe else f"{given.preset or model}-{short_name(data['source'])}"
    about = {
        "model": model,
        "preset": given.preset,
        "recipe": recipe.name if recipe else None,
        "use_labels": given.labels != 0,
        "command": command,
        "judge": recipe is not None and recipe.needs_judge,
        "network_open": network_open(parser, given),
        "epochs_open": given.preset is None and recipe is None and "epochs" not in parser.said,
        "sampler": getattr(given, "sampler", None),
    }
    arguments = model_arguments(parser, given)
    if arguments.get("first"):  # the folder of an earlier stage
        arguments["first"] = located(arguments["first"])
    folder = Path(given.out) if given.out else _free(Path("runs"), name)
    return Plan(BY_TERMINAL_NAME[model].load()(**arguments), data, about), folder


def network_open(parser: FitParser, given: Any) -> bool:
    """Whether photos may choose the network: nothing that was said names one, or goes with a perceptron alone."""
    said = given.preset is not None or bool({"network", "decoder_network"} & parser.said)
    dense = len(given.hidden or ()) > 1 or getattr(given, "encoder", None) == "implicit"
    return not said and not dense and "conv" in kind_in_words(parser.options["network"].kind).split(", ")


def model_named(name: str, command: str = "fit") -> str:
    """The model that is named first; the error where there is none names what could be meant."""
    if name in BY_TERMINAL_NAME:
        return name
    if model := find_preset(name):
        raise UsageError(f"{name!r} is a preset, no model: `latently {command} {model} --preset {name}`.")
    models = ", ".join(BY_TERMINAL_NAME)
    meant = did_you_mean(name, {spelling: each.terminal for each in MODELS for spelling in (each.name, each.terminal)})
    raise UsageError(f"MODEL must be one of {models}, and come before the options; got {name!r}.{meant}")


def _without_recipe(words: Sequence[str]) -> tuple[list[str], str | None]:
    """The words without `--recipe NAME`, and the name."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument("--recipe")
    try:
        found, others = parser.parse_known_args(words)
    except argparse.ArgumentError:
        raise UsageError("--recipe needs the name of a recipe; `latently presets` lists them.") from None
    return others, found.recipe


def _free(parent: Path, name: str) -> Path:
    """The first folder `name-1`, `name-2`, … that does not exist."""
    return next(folder for n in itertools.count(1) if not (folder := parent / f"{name}-{n}").exists())


def _reached(recipe: Recipe, evaluation: Mapping[str, Any], reporter: "Reporter") -> bool:
    """Print whether each number of the recipe is reached."""
    from latently.cli.terminal import number, print_table

    verdicts = recipe.judge(evaluation)
    all_reached = all(verdict.reached for verdict in verdicts)
    reporter.event("recipe", {"name": recipe.name, "reach": [verdict.as_json() for verdict in verdicts]})
    if verdicts and not reporter.json and not (reporter.brief and all_reached):
        print()
        rows = [
            (v.target.name, number(v.value, v.target.unit), v.target.rule, "reached" if v.reached else "NOT reached")
            for v in verdicts
        ]
        print_table((f"Recipe {recipe.name}", "value", "must be", ""), rows, numbers=(1, 2))
    return all_reached
