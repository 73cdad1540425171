"""`latently restyle RUN DATA`: each row under other labels, its style kept."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from latently.cli.data_options import add_data_options
from latently.cli.errors import UsageError
from latently.cli.outputs import Result, add_output_options, choose_paths, kinds_for, vectors, write
from latently.cli.parsing import Parser

SHOWN = 10
_EXAMPLES = (
    "latently restyle runs/cvae-mnist-1 mnist --part test",
    "latently restyle runs/m2-digits-1 digits --labels 3,8 --n 20 --out restyled.png --out restyled.npz",
)


def main(arguments: Sequence[str]) -> int:
    """Run the command."""
    parser = Parser(
        "restyle",
        "Read the style of every row, and write it under other labels. A row's own label is used where the data has it "
        "and the model knows it, else inferred.",
        "RUN DATA [options]",
        _EXAMPLES,
    )
    parser.add_argument("run", metavar="RUN", type=Path, help="a run's folder, or a model's")
    parser.add_argument(
        "--labels", metavar="L[,L...]", default="all", help="these labels, or numbers of clusters (default: all)"
    )
    parser.add_argument(
        "--n", metavar="N", type=int, help=f"the first N rows only (default: {SHOWN} in a picture, all in a data file)"
    )
    parser.add_argument("--rows", metavar="N[,N...]", help="these rows instead, counted from 0")
    add_data_options(parser)
    add_output_options(parser, "restyled.png for images, else restyled.csv")
    given = parser.parse_args(arguments)
    if given.n is not None and given.n < 1:
        raise UsageError(f"--n must be 1 or more; got {given.n}.")

    from latently.cli.abilities import chosen_labels, open_able
    from latently.cli.data import known_labels, open_rows

    model, about = open_able(given.run, "restyle")
    labels = chosen_labels(model, given.labels)
    paths = choose_paths(given, "restyled", kinds_for(model))
    part = open_rows(given, model, about)
    only_pictures = all(path.suffix.lower() == ".png" for path in paths)
    count = given.n or (SHOWN if only_pictures else len(part))
    chosen = np.arange(min(count, len(part))) if given.rows is None else _chosen_rows(given.rows, len(part))
    rows, known = part.rows[chosen], known_labels(model, part)
    restyled = model.restyle(rows, labels, None if known is None else known[chosen])
    write(
        paths,
        Result(
            "{rows} rows under " + f"{len(labels)} label{'' if len(labels) == 1 else 's'}",
            {"restyled": restyled, "labels": labels},
            lambda: _table(restyled, labels, about.get("columns")),
            lambda: _draw(np.asarray(rows), restyled, labels, len(chosen) if given.rows else given.n or SHOWN),
        ),
    )
    return 0


def _chosen_rows(text: str, total: int) -> np.ndarray:
    """The rows that `--rows` names.

    Raises:
        UsageError: one is no number, or there is no such row.
    """
    words = [word.strip() for word in text.split(",")]
    bad = next((word for word in words if not word.isdecimal() or int(word) >= total), None)
    if bad is not None:
        raise UsageError(f"--rows must be numbers from 0 to {total - 1}, separated by commas; got {bad!r}.")
    return np.asarray([int(word) for word in words])


def _table(restyled: np.ndarray, labels: np.ndarray, columns: Any) -> tuple[list[str], list[list[Any]]]:
    """One line for each row and label."""
    header, values = vectors(restyled.reshape(-1, restyled.shape[-1]), columns)
    places = [(row, label) for row in range(len(restyled)) for label in labels.tolist()]
    return ["row", "label", *header], [[*place, *line] for place, line in zip(places, values, strict=True)]


def _draw(originals: np.ndarray, restyled: np.ndarray, labels: np.ndarray, shown: int) -> Any:
    from latently import figures

    originals = originals.reshape(len(restyled), *restyled.shape[2:])
    return figures.restyled(originals[:shown], restyled[:shown], [str(label) for label in labels.tolist()])
