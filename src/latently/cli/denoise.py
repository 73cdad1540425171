"""`latently denoise RUN DATA`: noise cleaned away."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from latently.cli.data_options import add_data_options
from latently.cli.outputs import Result, add_output_options, choose_paths, kinds_for, vectors, write
from latently.cli.parsing import Parser

SHOWN = 12
_EXAMPLES = (
    "latently denoise runs/vae-photos-1 noisy-photos/ --out clean.png --out clean.npz",
    "latently denoise runs/vae-digits-1 digits --part test --corrupt",
)


def main(arguments: Sequence[str]) -> int:
    """Run the command."""
    parser = Parser(
        "denoise",
        "Clean noisy rows with a model that was fitted with --corruption: each is encoded, and its code decoded. A "
        f"picture shows the first {SHOWN} above what they become.",
        "RUN DATA [options]",
        _EXAMPLES,
    )
    parser.add_argument("run", metavar="RUN", type=Path, help="a run's folder, or a model's")
    parser.add_argument(
        "--corrupt", action="store_true", help="the rows are clean: first add the noise that the model was fitted with"
    )
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="of that noise")
    add_data_options(parser)
    add_output_options(parser, "denoised.png for images, else denoised.csv")
    given = parser.parse_args(arguments)

    from latently.cli.abilities import open_able
    from latently.cli.data import known_labels, open_rows

    model, about = open_able(given.run, "denoise")
    paths = choose_paths(given, "denoised", kinds_for(model))
    part = open_rows(given, model, about)
    rows = part.rows
    noisy = model.corrupt(rows, random_state=given.seed) if given.corrupt else rows
    cleaned = model.reconstruct(noisy, known_labels(model, part))
    shown = {"original": rows, "noisy": noisy} if given.corrupt else {"noisy": rows}
    arrays = {"denoised": cleaned} | ({"noisy": noisy} if given.corrupt else {})
    draw = lambda: _draw({**shown, "cleaned": cleaned})  # noqa: E731
    write(paths, Result("{rows} rows cleaned", arrays, lambda: vectors(cleaned, about.get("columns")), draw))
    return 0


def _draw(rows: dict[str, Any]) -> Any:
    """The same rows in each state, one state above the other; all in the range of clean ones."""
    from latently import figures
    from latently.figures.images import display_range

    shape, scale = rows["cleaned"].shape[1:], display_range(rows["cleaned"])
    states = [np.asarray(state[:SHOWN]).reshape(-1, *shape) for state in rows.values()]
    return figures.image_grid(np.concatenate(states), rows=len(states), row_labels=list(rows), value_range=scale)
