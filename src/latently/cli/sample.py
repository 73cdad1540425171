"""`latently sample RUN`: new data from the prior."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from latently.cli.errors import UsageError
from latently.cli.outputs import Result, add_output_options, by_view, choose_paths, images, kinds_for, vectors, write
from latently.cli.parsing import Parser

_EXAMPLES = (
    "latently sample runs/vae-digits-1",
    "latently sample runs/vae-digits-1 --n 1000 --out samples.npz",
    "latently sample runs/cvae-digits-1 --labels all --n 10 --out digits.png",
)


def main(arguments: Sequence[str]) -> int:
    """Run the command."""
    parser = Parser("sample", "Draw codes from the prior and decode them.", "RUN [options]", _EXAMPLES)
    parser.add_argument("run", metavar="RUN", type=Path, help="a run's folder, or a model's")
    parser.add_argument("--n", metavar="N", type=int, help="how many (default: 64, or 10 for each label)")
    parser.add_argument("--labels", metavar="L[,L...]", help="so many of each of these classes or clusters, or of all")
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="of the draw")
    add_output_options(parser, "samples.png for images, else samples.csv")
    given = parser.parse_args(arguments)
    if given.n is not None and given.n < 1:
        raise UsageError(f"--n must be 1 or more; got {given.n}.")

    from latently.cli.abilities import chosen_labels
    from latently.cli.opening import about_model, open_model

    model = open_model(given.run)
    paths = choose_paths(given, "samples", kinds_for(model))
    classes = None if given.labels is None else chosen_labels(model, given.labels)
    each = given.n or (64 if classes is None else 10)
    labels = None if classes is None else np.repeat(classes, each)
    samples = model.sample(each if labels is None else len(labels), labels, random_state=given.seed)
    arrays = by_view("samples", samples) | ({} if labels is None else {"labels": labels})
    write(
        paths,
        Result(
            "{rows} samples",
            arrays,
            lambda: _table(samples, labels, about_model(given.run).get("columns")),
            lambda: _draw(images(samples), classes),
        ),
    )
    return 0


def _table(samples: Any, labels: np.ndarray | None, columns: Any) -> tuple[list[str], list[list[Any]]]:
    header, cells = vectors(samples, columns)
    if labels is None:
        return header, cells
    return [*header, "label"], [[*row, label] for row, label in zip(cells, labels.tolist(), strict=True)]


def _draw(samples: np.ndarray, classes: np.ndarray | None) -> Any:
    from latently import figures

    if classes is None:
        return figures.image_grid(samples)
    return figures.image_grid(samples, rows=len(classes), row_labels=[str(each) for each in classes.tolist()])
