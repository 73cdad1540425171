"""`latently demo`: two small models on digits, each with a report, and a page that leads to both."""

import html
import shlex
from collections.abc import Sequence
from pathlib import Path

from latently.cli.errors import INTERRUPTED
from latently.cli.parsing import Parser

RECIPES = ("demo-vae", "demo-aae")


def main(arguments: Sequence[str]) -> int:
    """Run the command."""
    parser = Parser(
        "demo",
        "Train a VAE and an adversarial autoencoder on the digits that come with scikit-learn, and leave a report of "
        "each. It takes a minute or so, and needs no download.",
        "[options]",
        ("latently demo", "latently demo --out /tmp/demo"),
    )
    parser.add_argument("--out", metavar="FOLDER", type=Path, help="a new folder (default: runs/demo, runs/demo-2, …)")
    parser.add_argument("--quiet", action="store_true", help="print the closing lines only")
    given = parser.parse_args(arguments)

    from latently.cli.fit import fit
    from latently.files import write_atomically
    from latently.recipes import load_recipe
    from latently.run import Run

    names = ("demo", *(f"demo-{n}" for n in range(2, 10_000)))
    folder = given.out or next(Path("runs", name) for name in names if not Path("runs", name).exists())
    Run.check_free(folder)
    made = []
    for name in RECIPES:
        recipe = load_recipe(name)
        words = ["--out", str(folder / name), *(["--quiet"] if given.quiet else [])]
        status = fit(recipe.model, words, recipe, command=shlex.join(["latently", "fit", "--recipe", name]))
        if status == INTERRUPTED:
            return status
        made.append((folder / name, recipe.about, status))
        print()
    page = write_atomically(folder / "index.html", _page([(path, about) for path, about, _ in made]).encode())
    print(f"Open {page} in a browser.")
    return max(status for *_, status in made)


def _page(runs: Sequence[tuple[Path, str]]) -> str:
    cards = "\n".join(_card(path.name, about, (path / "figures" / "film.gif").exists()) for path, about in runs)
    return _PAGE.format(cards=cards)


def _card(name: str, about: str, filmed: bool) -> str:
    film = f'<img src="{name}/figures/film.gif" alt="the latent space as it forms">' if filmed else ""
    return f'<a href="{name}/report.html">{film}<p>{html.escape(about)}</p></a>'


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Latently: the demo</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 3rem auto; max-width: 64rem; padding: 0 1rem; color: #20242c; }}
main {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 2rem; }}
a {{ color: inherit; text-decoration: none; border: 1px solid #d9dce2; border-radius: 8px; padding: 1rem; }}
a:hover, a:focus {{ border-color: #086abe; }}
img {{ width: 100%; height: auto; }}
</style></head><body>
<h1>Two latent spaces</h1>
<p>Each picture leads to the report of its run.</p>
<main>
{cards}
</main>
</body></html>
"""
