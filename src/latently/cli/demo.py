"""`latently demo`: five small models on digits, each with a report, and one page that shows what each is for."""

import dataclasses
import shlex
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from latently.catalogue import BY_TERMINAL_NAME
from latently.cli.errors import INTERRUPTED
from latently.cli.fit import fit_model
from latently.cli.options import DATA_OPTIONS, TELLING_OPTIONS
from latently.cli.parsing import Option, Parser
from latently.errors import in_python
from latently.files import number_at
from latently.recipes import Recipe, load_recipe

if TYPE_CHECKING:
    from latently.cli.terminal import Reporter
    from latently.report import Exhibit
    from latently.run import Run

PARTS = ("demo-vae", "demo-cvae", "demo-aae", "demo-acca", "demo-acgan")
"""The recipes that make the models, in the order of the page; each says what is shown of it."""


def demo(words: Sequence[str]) -> int:
    """Run the command."""
    parser = Parser(
        "demo",
        "Train five small models on the digits that come with scikit-learn: a VAE, a conditional VAE, an adversarial "
        "autoencoder, adversarial CCA and an ACGAN. It leaves one page with the best of them, which opens in a browser "
        "and needs nothing else, and a report of each. It takes a few minutes on two cores, and needs no download. One "
        "that was interrupted goes on where the same --out is given.",
        "[options]",
        ("latently demo", "latently demo --epochs 5 --out /tmp/demo"),
        (
            Option("out", Path, about="a new folder (default: runs/demo, runs/demo-2, …)", metavar="FOLDER"),
            Option("epochs", float, about="epochs of each model, for a look in less time", metavar="N"),
            *TELLING_OPTIONS,
        ),
    )
    given = parser.parse(words)
    return show(given.out or _free(), quiet=given.quiet, json=given.json, epochs=given.epochs)


def show(folder: Path, *, quiet: bool = False, json: bool = False, epochs: float | None = None) -> int:
    """Train the models in new folders, or go on with those that an interrupted demo left, and write the page of them.

    Where `epochs` are given, each model has so many, and nothing is asked of its numbers.

    Returns:
        The exit code.
    """
    from latently.cli.terminal import Reporter
    from latently.run import Run

    _check(folder)
    began, exhibits, worst = time.monotonic(), [], 0
    words = ["--quiet"] * quiet + ["--json"] * json
    for name in PARTS:
        recipe, command = load_recipe(name), f"latently fit --recipe {name}"
        if epochs is not None:
            recipe = dataclasses.replace(recipe, options={**recipe.options, "epochs": epochs}, reach=())
        if (folder / name / "config.json").exists():
            status = _gone_on(Run.open(folder / name), Reporter(quiet, json, brief=True))
        else:
            out = ["--out", str(folder / name)]
            status = fit_model(recipe.model, [*out, *words], recipe, command=command, brief=True)
        if status == INTERRUPTED:
            return status
        worst = max(worst, status)
        exhibits.append(_exhibit(recipe, Run.open(folder / name)))
    page = _page(folder, exhibits, time.monotonic() - began)
    Reporter(json=json).event("demo", {"page": str(page), "seconds": round(time.monotonic() - began, 1)})
    if not json:
        print(f"\nOpen {page} in a browser.")
    return worst


def python_of(recipe: Recipe) -> str:
    """The lines of Python that fit a recipe's model to its training rows."""
    about_data = {option.name for option in DATA_OPTIONS}
    options = {name: tuple(value) if isinstance(value, list) else value for name, value in recipe.options.items()}
    views = f', views="{options["views"]}"' if "views" in options else ""
    arguments = ", ".join(in_python(name, str(value)) for name, value in options.items() if name not in about_data)
    estimator = BY_TERMINAL_NAME[recipe.model].name
    return (
        f"from latently import {estimator}, open_dataset\n"
        f'train = open_dataset("{options["data"]}"{views}).train\n'
        f"model = {estimator}({arguments}).fit(train.rows, train.labels)"
    )


def _free() -> Path:
    """`runs/demo`, or the first of `runs/demo-2` and so on that does not exist."""
    names = ("demo", *(f"demo-{n}" for n in range(2, 10_000)))
    return next(Path("runs", name) for name in names if not Path("runs", name).exists())


def _check(folder: Path) -> None:
    """See that a demo can begin in a folder, or go on there; `TakenError` where something else is there."""
    from latently.files import is_temporary
    from latently.run import Run, TakenError

    page = folder / "index.html"
    there = {path.name for path in folder.iterdir() if not is_temporary(path)} if folder.is_dir() else set()
    if page.name in there and there <= {page.name, *PARTS}:
        raise TakenError(f"the demo in {folder} is finished: open {page}, or choose another folder.")
    if not there <= {*PARTS}:
        Run.check_free(folder)


def _gone_on(run: "Run", reporter: "Reporter") -> int:
    """Play what is left of one of the models, if anything is; the exit code."""
    from latently.cli.session import resume

    if run.is_finished and not run.lacks_evaluation and not run.lacks_report:
        return 0
    return resume(run.folder, None, reporter)


def _exhibit(recipe: Recipe, run: "Run") -> "Exhibit":
    """The part of the page that shows a model, from its finished run."""
    from latently.cli.terminal import number
    from latently.report import Exhibit, ReportFigure

    folder, evaluation, shows = run.folder / "figures", run.read_json("evaluation.json"), recipe.shows
    numbers = {}
    for told in shows["numbers"]:
        value, unit = number_at(evaluation, told["key"]), told["unit"]
        numbers[told["words"]] = number(value if value is None or unit != "%" else 100 * value, unit)
    seconds = f"{run.config()['run']['seconds']:.0f} s"
    return Exhibit(
        name=shows["name"],
        title=shows["title"],
        about=shows["about"],
        figures=[
            ReportFigure(drawn["title"], drawn["caption"], folder / drawn["file"], wide=drawn.get("wide", False))
            for drawn in shows["pictures"]
            if (folder / drawn["file"]).exists()
        ],
        numbers={**numbers, "to train, on this machine": seconds},
        makers={"In the terminal": f"latently fit --recipe {recipe.name}", "In Python": python_of(recipe)},
        report=f"{run.folder.name}/report.html",
        explorer=f"{run.folder.name}/explorer.html",
    )


def _page(folder: Path, exhibits: "Sequence[Exhibit]", seconds: float) -> Path:
    from latently.report import write_exhibition
    from latently.training.bar import duration

    runs = {name: shlex.quote(str(folder / f"demo-{name}")) for name in ("vae", "cvae", "acca", "acgan")}
    return write_exhibition(
        folder / "index.html",
        title="Five models of one set of digits",
        subtitle="Handwritten digits, 8 × 8 pixels each: 1,258 to learn from, 359 others to be measured on. Trained, "
        f"measured and drawn on this machine in {duration(seconds)}.",
        exhibits=exhibits,
        next_commands={
            "Draw new digits": f"latently sample {runs['acgan']} --labels all --out digits.png",
            "Write every digit as all ten": f"latently restyle {runs['cvae']} digits",
            "Draw the right halves of digits": f"latently complete {runs['acca']} digits --given left",
            "Walk over the map": f"latently interpolate {runs['vae']}",
            "Train on more and larger digits": "latently fit --recipe vae-2d",
            "Train on your own images": "latently fit vae --data photos/ --network conv --latent-dim 32",
        },
    )
