"""`latently interpolate RUN`: paths through the latent space."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from latently.cli.errors import UsageError
from latently.cli.outputs import Result, add_output_options, by_view, choose_paths, kinds_for, paths_of_images, write
from latently.cli.parsing import Parser

PATHS = 6
KINDS = (".png", ".npz", ".npy")
_EXAMPLES = (
    "latently interpolate runs/vae-digits-1",
    "latently interpolate runs/vae-digits-1 --rows 3,17 8,120 --steps 12 --out paths.png --out paths.npz",
)


def main(arguments: Sequence[str]) -> int:
    """Run the command."""
    parser = Parser(
        "interpolate",
        "Decode the codes on straight paths between the codes of two rows of the run's data.",
        "RUN [options]",
        _EXAMPLES,
    )
    parser.add_argument("run", metavar="RUN", type=Path, help="a run's folder")
    parser.add_argument(
        "--rows", metavar="A,B", nargs="+", help=f"numbers of rows, from 0 (default: {PATHS} pairs, drawn by seed)"
    )
    parser.add_argument("--steps", metavar="N", type=int, default=10, help="points on a path, both ends included")
    parser.add_argument(
        "--part", choices=("train", "validation", "test"), default="test", help="of the run's data (default: test)"
    )
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="of the pairs")
    add_output_options(parser, "interpolations.png for images, else interpolations.npz", KINDS)
    given = parser.parse_args(arguments)

    from latently import figures
    from latently.cli.abilities import check_ability
    from latently.cli.data import open_run_splits
    from latently.cli.opening import about_run, open_model
    from latently.run import Run

    model = open_model(given.run)
    check_ability(model, "encode")
    paths = choose_paths(given, "interpolations", [kind for kind in kinds_for(model) if kind in KINDS])
    run = Run.open(given.run)
    rows = getattr(open_run_splits(about_run(run, run.config())), given.part).rows
    if len(rows) < 2:
        raise UsageError(f"--part {given.part} has {len(rows)} rows; a path needs two.")
    if given.rows is None:
        pairs = np.random.default_rng(given.seed).choice(len(rows), (PATHS, 2), replace=len(rows) < 2 * PATHS)
    else:
        pairs = np.asarray([_pair(text, len(rows)) for text in given.rows])
    steps = model.interpolate(rows[pairs[:, 0]], rows[pairs[:, 1]], given.steps)
    arrays = by_view("interpolations", steps) | {"rows": pairs}
    write(paths, Result("{rows} paths", arrays, draw=lambda: figures.interpolations(paths_of_images(steps))))
    return 0


def _pair(text: str, rows: int) -> tuple[int, int]:
    """Two numbers of rows.

    Raises:
        UsageError: they are no numbers, or there are no such rows.
    """
    try:
        a, b = (int(word) for word in text.split(","))
    except ValueError:
        raise UsageError(f"--rows takes pairs such as 3,17; got {text!r}.") from None
    for number in (a, b):
        if not 0 <= number < rows:
            raise UsageError(f"--rows must lie between 0 and {rows - 1:,}, the last row of the part; got {number}.")
    return a, b
