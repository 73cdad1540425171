"""`latently encode RUN DATA`: the codes of data."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from latently.cli.data_options import add_data_options
from latently.cli.outputs import Result, add_output_options, choose_paths, write
from latently.cli.parsing import Parser

KINDS = (".npz", ".csv", ".npy")
_EXAMPLES = (
    "latently encode runs/vae-digits-1 digits --out codes.csv",
    "latently encode runs/vae-photos-1 new-photos/ --skip-bad --out codes.npz",
    "latently encode runs/vae-mnist-1 mnist --part test",
)


def main(arguments: Sequence[str]) -> int:
    """Run the command."""
    parser = Parser(
        "encode",
        "Write the code of every row: the mean of q(z|x), or of q(z|x,y) for a model whose code goes with a label. "
        "Labels that the data has and the model knows are used, others inferred.",
        "RUN DATA [options]",
        _EXAMPLES,
    )
    parser.add_argument("run", metavar="RUN", type=Path, help="a run's folder, or a model's")
    add_data_options(parser)
    add_output_options(parser, "codes.npz, with codes, and labels where there are any", KINDS)
    given = parser.parse_args(arguments)

    from latently.cli.abilities import open_able
    from latently.cli.data import known_labels, labels_of, open_rows

    paths = choose_paths(given, "codes", KINDS)
    model, about = open_able(given.run, "encode")
    part = open_rows(given, model, about)
    codes, labels = model.transform(part.rows, known_labels(model, part)), labels_of(part)
    arrays = {"codes": codes} | ({} if labels is None else {"labels": labels})
    write(paths, Result("{rows} codes of " + f"{codes.shape[1]} dimensions", arrays, lambda: _table(codes, labels)))
    return 0


def _table(codes: np.ndarray, labels: np.ndarray | None) -> tuple[list[str], list[list[Any]]]:
    header = [f"z{place + 1}" for place in range(codes.shape[1])]
    rows = [[f"{value:.9g}" for value in row] for row in codes.tolist()]
    if labels is None:
        return header, rows
    return [*header, "label"], [[*row, label] for row, label in zip(rows, labels.tolist(), strict=True)]
