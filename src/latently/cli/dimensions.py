"""`latently dimensions DATA`: how many dimensions a code of this data should have."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from latently.catalogue import BY_TERMINAL_NAME, models_that_may
from latently.cli.errors import UsageError
from latently.cli.options import FitParser
from latently.cli.parsing import Option, Parser
from latently.errors import ArgumentError
from latently.wording import short_number

_SIZES = (2, 4, 8, 16, 32)
_KINDS = (".png", ".csv")
_EXAMPLES = (
    "latently dimensions digits",
    "latently dimensions table.csv --sizes 1,2,3,4,6,8 --epochs 200",
    "latently dimensions mnist --model aae --hidden 256 --out dimensions.png --out dimensions.csv",
)
_OPTIONS = (
    Option("data", metavar="DATA", about="a data set's name, a folder of images, or a file", positional=True),
    Option("model", str, "vae", f"which model: {', '.join(BY_TERMINAL_NAME)}", "MODEL"),
    Option("sizes", Sequence[int], _SIZES, "the dimensions to try; those above the numbers of a row are left out",
           "N[,N...]"),
    Option("out", Path, about="a picture or a table, .png or .csv; may be given several times (default: "
           "dimensions.png)", metavar="FILE", nargs="append"),
    Option("force", None, False, "overwrite files that are there"),
    Option("quiet", None, False, "print the table only"),
    Option("json", None, False, "print JSON lines instead, the last one with all that was found"),
)  # fmt: skip


def dimensions(words: Sequence[str]) -> int:
    """Run the command."""
    given, fit, asked = _asked(words)

    from latently.abilities import may
    from latently.cli.fit import data_arguments, model_arguments, network_open
    from latently.cli.outputs import Result, check_free, choose_paths, write
    from latently.cli.terminal import Reporter
    from latently.figures import ladder
    from latently.run import open_splits
    from latently.run.ladder import climb, smallest_enough
    from latently.run.photos import suited

    paths = choose_paths(given, "dimensions", _KINDS)
    check_free(paths, given.force)
    estimator = BY_TERMINAL_NAME[given.model].load()
    if not may(estimator.game_type, "encode"):
        able = ", ".join(model.terminal for model in models_that_may("encode"))
        raise UsageError(f"--model {given.model} has no code, whatever its size; models that have: {able}.")
    reporter = Reporter(given.quiet, given.json)
    data, arguments = data_arguments(asked), model_arguments(fit, asked)
    like, splits = suited(estimator(**arguments), open_splits(data), network_open(fit, asked), "epochs" not in fit.said)
    arguments = like.get_params(deep=False)
    steps, criterion = [], None
    for step, model in climb(_maker(estimator, arguments), splits, given.sizes, asked.labels != 0, reporter.watching):
        steps.append(step)
        criterion = model.criterion_
    if criterion is None:
        raise UsageError(f"--sizes must hold one that is no larger than a row of {given.data}.")
    enough = smallest_enough(steps).latent_dim
    _tell(given, steps, criterion, enough)
    sizes, values, unexplained, pca, *_ = zip(*steps, strict=True)
    told = {"measure": criterion.about, "unit": criterion.unit, "unexplained": unexplained, "pca": pca}
    title = f"{estimator.__name__} on {splits.train.name}"
    result = Result(
        "{rows} sizes",
        {"dimensions": sizes},
        table=lambda: (list(steps[0]._fields), [list(step) for step in steps]),
        draw=lambda: ladder(sizes, values, **told, chosen=enough, title=title),
    )
    write(paths, result, given.force, quiet=given.json)
    return 0


def _asked(words: Sequence[str]) -> tuple[Any, FitParser, Any]:
    """The options of this command; the parser of those of the model, and what it has read."""
    parser = Parser(
        "dimensions",
        "Fit a model of every size and measure it on the rows kept for validation, beside as many principal "
        "components: how large a code should be. Training ends where these rows gain no more; all other options are "
        "those of `latently fit MODEL`.",
        "DATA [options] [options of `latently fit MODEL`]",
        _EXAMPLES,
        _OPTIONS,
    )
    given, others = parser.parse_first(words)
    if given.model not in BY_TERMINAL_NAME:
        rule = f"must be one of {', '.join(BY_TERMINAL_NAME)}"
        raise ArgumentError("model", rule, given.model, known=BY_TERMINAL_NAME)
    fit = FitParser(given.model)
    if min(given.sizes) < 1:
        raise UsageError(f"--sizes must be whole numbers of 1 or more; got {min(given.sizes)}.")
    if "latent_dim" in fit.given(others):
        raise UsageError("--latent-dim is what is tried here; give --sizes.")
    return given, fit, fit.parse_over(["--data", given.data, *others], {})


def _tell(given: Any, steps: Sequence[Any], criterion: Any, enough: int) -> None:
    """Print what was found, for a person or for another program."""
    from latently.cli.terminal import print_line, print_table

    if given.json:
        found = [step._asdict() for step in steps]
        print_line({"event": "dimensions", "criterion": criterion._asdict(), "steps": found, "enough": enough})
        return
    header = ("dimensions", criterion.name.replace("_", " "), "variance explained", "by PCA", "epochs", "training")
    print_table(header, [_cells(step) for step in steps], numbers=range(5))
    about = f"{criterion.about[:1].upper()}{criterion.about[1:]}"
    print(f"\n{about} of held-out rows gains next to nothing beyond {enough}.")
    print(f"Next     latently fit {given.model} --data {given.data} --latent-dim {enough}\n")


def _maker(estimator: Any, arguments: dict[str, Any]) -> Any:
    return lambda size: estimator(**arguments | {"latent_dim": size})


def _cells(step: Any) -> tuple[str, ...]:
    shares = ["–" if share is None else f"{100 * (1 - share):.1f} %" for share in (step.unexplained, step.pca)]
    return str(step.latent_dim), short_number(step.value, 5), *shares, short_number(step.epochs, 3), step.verdict
