"""`latently manifold RUN`: the plane of codes, decoded."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from latently.cli.abilities import check_ability, chosen_label
from latently.cli.errors import UsageError
from latently.cli.outputs import Result, add_output_options, by_view, choose_paths, images, kinds_for, vectors, write
from latently.cli.parsing import Parser

_EXAMPLES = (
    "latently manifold runs/vae-digits-1",
    "latently manifold runs/vae-digits-1 --rows 30 --out manifold.png --out manifold.npz",
    "latently manifold runs/cvae-digits-1 --label 3 --dimensions 2 5",
)


def main(arguments: Sequence[str]) -> int:
    """Run the command."""
    parser = Parser(
        "manifold",
        "Decode a grid of codes over the prior's support: two dimensions, any others at 0.",
        "RUN [options]",
        _EXAMPLES,
    )
    parser.add_argument("run", metavar="RUN", type=Path, help="a run's folder, or a model's")
    parser.add_argument("--rows", metavar="N", type=int, default=20, help="rows and columns of the grid")
    parser.add_argument(
        "--label", metavar="L", help="the class or cluster whose plane it is, for a decoder that is given a label"
    )
    parser.add_argument(
        "--dimensions", metavar=("I", "J"), type=int, nargs=2, default=(1, 2), help="the two that vary, counted from 1"
    )
    add_output_options(parser, "manifold.png for images, else manifold.csv")
    given = parser.parse_args(arguments)
    if given.rows < 1:
        raise UsageError(f"--rows must be 1 or more; got {given.rows}.")

    from latently import figures
    from latently.cli.opening import about_model, open_model

    model = open_model(given.run)
    paths = choose_paths(given, "manifold", kinds_for(model))
    label = _chosen(model, given.label)
    if not 1 <= min(given.dimensions) < max(given.dimensions) <= max(2, model.latent_dim):
        raise UsageError(
            f"--dimensions must be two of 1 to {model.latent_dim}; got {' '.join(map(str, given.dimensions))}."
        )
    across, up = (dimension - 1 for dimension in given.dimensions)
    codes = model.manifold_codes(given.rows, (across, up))
    data = model.manifold(given.rows, label, (across, up))
    arrays = by_view("manifold", data) | {"codes": codes}
    names = f"$z_{{{across + 1}}}$", f"$z_{{{up + 1}}}$"
    draw = lambda: figures.manifold(images(data), model.prior_support(), axis_labels=names)  # noqa: E731
    write(
        paths,
        Result(
            "{rows} points of the plane",
            arrays,
            lambda: _table(data, codes, about_model(given.run).get("columns")),
            draw,
        ),
    )
    return 0


def _table(data: Any, codes: np.ndarray, columns: Any) -> tuple[list[str], list[list[str]]]:
    """A point of the plane a line: its code, and what it decodes to."""
    header, cells = vectors(data, columns)
    place, numbers = vectors(codes, [f"z{dimension + 1}" for dimension in range(codes.shape[1])])
    return [*place, *header], [[*code, *row] for code, row in zip(numbers, cells, strict=True)]


def _chosen(model: Any, text: str | None) -> Any:
    """The label whose plane is decoded, where the decoder is given one."""
    if text is not None:
        if not model.decodes_labels:
            check_ability(model, "restyle")
        return chosen_label(model, text)
    if model.decodes_labels:
        names = ", ".join(map(str, model.label_values.tolist()))
        raise UsageError(f"every label has a plane of its own; give --label, one of {names}.")
    return None
