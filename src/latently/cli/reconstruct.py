"""`latently reconstruct RUN DATA`: data, encoded and decoded again."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from latently.cli.data_options import add_data_options
from latently.cli.outputs import (
    Result,
    add_output_options,
    by_view,
    choose_paths,
    first_views,
    images,
    kinds_for,
    vectors,
    write,
)
from latently.cli.parsing import Parser

SHOWN = 24
_EXAMPLES = (
    "latently reconstruct runs/vae-digits-1 digits --part test",
    "latently reconstruct runs/vae-photos-1 new-photos/ --out seen.png --out seen.npz",
)


def main(arguments: Sequence[str]) -> int:
    """Run the command."""
    parser = Parser(
        "reconstruct",
        "Encode every row and decode its code again, under its own label for a model that is given one (that of the "
        f"data, or else inferred). A picture shows the first {SHOWN} beside their originals.",
        "RUN DATA [options]",
        _EXAMPLES,
    )
    parser.add_argument("run", metavar="RUN", type=Path, help="a run's folder, or a model's")
    add_data_options(parser)
    add_output_options(parser, "reconstructions.png for images, else reconstructions.csv")
    given = parser.parse_args(arguments)

    from latently.cli.abilities import open_able
    from latently.cli.data import known_labels, open_rows

    model, about = open_able(given.run, "encode")
    paths = choose_paths(given, "reconstructions", kinds_for(model))
    part = open_rows(given, model, about)
    rows = part.rows
    result = model.reconstruct(rows, known_labels(model, part))
    write(
        paths,
        Result(
            "{rows} reconstructions",
            by_view("reconstructions", result),
            lambda: vectors(result, about.get("columns")),
            lambda: _draw(rows, result),
        ),
    )
    return 0


def _draw(originals: Any, reconstructed: Any) -> Any:
    from latently import figures

    shown = images(reconstructed)[:SHOWN]
    several = isinstance(reconstructed, dict)
    first = images(first_views(originals, SHOWN)) if several else np.asarray(originals[:SHOWN]).reshape(shown.shape)
    return figures.reconstructions(first, shown)
