"""`latently explore`: a page that holds a model itself."""

import sys
import webbrowser
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from latently.cli.errors import UsageError, as_typed
from latently.cli.options import OPENING_OPTIONS
from latently.cli.outputs import check_free, choose_paths, output_options
from latently.cli.parsing import Option, Parser


def explore(words: Sequence[str]) -> int:
    """`latently explore RUN [RUN]`: one HTML file in which a model, or two side by side, are at work."""
    about = "a run's folder, a model's, or hf://USER/NAME; two of them stand side by side"
    runs = Option("runs", str, metavar="RUN", nargs="+", positional=True, about=about)
    about = "the rows that are shown with their codes (default: those that the run kept from training)"
    data = Option("data", str, metavar="DATA", about=about)
    given = Parser(
        "explore",
        "Write one HTML file that holds the model itself, and open it: it decodes whatever code the pointer is on, "
        "encodes what you draw or fill in, walks between rows, and needs no network and no server.",
        "RUN [RUN] [options]",
        (
            "latently explore runs/vae-digits-1",
            "latently explore runs/vae-digits-1 runs/aae-digits-1 --out both.html",
            "latently explore runs/vae-photos-1 --data new-photos/ --no-open",
        ),
        [runs],
        {
            "Data": (data, *OPENING_OPTIONS),
            "Output": (
                *output_options("explorer.html, of one run in its folder", (".html",)),
                Option("no_open", None, False, "do not open it in a browser"),
                Option("full_precision", None, False, "keep 32 bits of the weights, instead of 16"),
            ),
        },
    ).parse(words)

    folders = list(dict.fromkeys(given.runs))
    if len(folders) > 2:
        raise UsageError(f"explore takes one run, or two to compare; got {len(folders)}.")

    from latently.cli.terminal import Reporter
    from latently.estimators.hub import local
    from latently.report import EXPLORER, exploration

    models = [_explored(local(folder), given) for folder in folders]
    if given.out or len(models) > 1:
        paths = choose_paths(given, "explorer", (".html",))
        check_free(paths, given.force)
    else:
        paths = [local(folders[0]) / EXPLORER]
    with Reporter().waiting("encoding the rows …"):
        page = exploration(models, full_precision=given.full_precision)
        for path in paths:
            page.save(path)
    for path in paths:
        print(path)
    if not given.no_open and sys.stdout.isatty():
        webbrowser.open(paths[0].resolve().as_uri())
    return 0


def _explored(folder: Path, given: Any) -> Any:
    """A model with the rows that are shown of it."""
    from latently.report import Explored, held_out, story_of
    from latently.run import Run, load_model, open_rows, open_run_splits

    model, run = load_model(folder), Run.open(folder)
    about: Mapping[str, Any] = run.config().get("run", {})
    if given.data is None:
        if not about:
            raise UsageError(f"{folder} holds a model that was saved from Python; name its rows: --data DATA.")
        splits = open_run_splits(run.about())
        part = held_out(splits) if given.part == "all" else getattr(splits, given.part)
        if not len(part):
            raise UsageError(f"--part {given.part} has no rows in {folder}.")
        return Explored(model, part, story_of(model, run, splits, as_typed))
    names = ("part", "labels_column", "skip_bad", "views", "dialect")
    part = open_rows(given.data, model, about, **{name: getattr(given, name) for name in names})
    return Explored(model, part, story_of(model, run, door=as_typed))
