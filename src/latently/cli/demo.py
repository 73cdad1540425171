"""`latently demo`: five small models on digits, each with a report, and one page that shows what each is for."""

import dataclasses
import shlex
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from latently.cli.errors import INTERRUPTED
from latently.cli.parsing import Parser

if TYPE_CHECKING:
    from latently.report import Exhibit


def main(arguments: Sequence[str]) -> int:
    """Run the command."""
    parser = Parser(
        "demo",
        "Train five small models on the digits that come with scikit-learn: a VAE, a conditional VAE, an adversarial "
        "autoencoder, adversarial CCA and an ACGAN. It leaves one page with the best of them, which opens in a browser "
        "and needs nothing else, and a report of each. It takes a few minutes on two cores, and needs no download.",
        "[options]",
        ("latently demo", "latently demo --epochs 5 --out /tmp/demo"),
    )
    parser.add_argument("--out", metavar="FOLDER", type=Path, help="a new folder (default: runs/demo, runs/demo-2, …)")
    parser.add_argument("--epochs", metavar="N", type=float, help="epochs of each model, for a look in less time")
    parser.add_argument("--quiet", action="store_true", help="print the closing lines only")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line instead")
    given = parser.parse_args(arguments)
    return show(given.out or _free(), quiet=given.quiet, json=given.json, epochs=given.epochs)


def show(folder: Path, *, quiet: bool = False, json: bool = False, epochs: float | None = None) -> int:
    """Train the models in folders of their own, and write the page that shows them.

    Args:
        folder: a new one.
        quiet: print the closing lines only.
        json: print JSON lines instead of anything else.
        epochs: of each model, where they are not to be its recipe's; then nothing is asked of its numbers.

    Returns:
        The exit code: 0, 1 where a recipe's numbers are not reached, or 130 when training was interrupted.

    Raises:
        ValueError: the folder holds something.
    """
    from latently.cli.exhibits import PARTS
    from latently.cli.fit import fit
    from latently.cli.terminal import print_line
    from latently.recipes import load_recipe
    from latently.run import Run

    Run.check_free(folder)
    began, exhibits, worst = time.monotonic(), [], 0
    words = ["--quiet"] * quiet + ["--json"] * json
    for part in PARTS:
        recipe = load_recipe(part.recipe)
        command = f"latently fit --recipe {recipe.name}"
        if epochs is not None:
            recipe = dataclasses.replace(recipe, options={**recipe.options, "epochs": epochs}, reach=())
        status = fit(recipe.model, ["--out", str(folder / recipe.name), *words], recipe, command=command, brief=True)
        if status == INTERRUPTED:
            return status
        worst = max(worst, status)
        exhibits.append(part.exhibit(recipe, Run.open(folder / recipe.name)))
    page = _page(folder, exhibits, time.monotonic() - began)
    if json:
        print_line({"event": "demo", "page": str(page), "seconds": round(time.monotonic() - began, 1)})
    else:
        print(f"\nOpen {page} in a browser.")
    return worst


def _free() -> Path:
    """`runs/demo`, or the first of `runs/demo-2` and so on that does not exist."""
    names = ("demo", *(f"demo-{n}" for n in range(2, 10_000)))
    return next(Path("runs", name) for name in names if not Path("runs", name).exists())


def _page(folder: Path, exhibits: "Sequence[Exhibit]", seconds: float) -> Path:
    from latently.report import write_exhibition
    from latently.training.bar import in_words

    runs = {name: shlex.quote(str(folder / f"demo-{name}")) for name in ("vae", "cvae", "acca", "acgan")}
    return write_exhibition(
        folder / "index.html",
        title="Five models of one set of digits",
        subtitle="Handwritten digits, 8 × 8 pixels each: 1,258 to learn from, 359 others to be measured on. Trained, "
        f"measured and drawn on this machine in {in_words(seconds)}.",
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
