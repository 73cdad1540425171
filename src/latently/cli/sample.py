"""`latently sample RUN`: new data from the prior."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from latently.cli.errors import UsageError
from latently.cli.outputs import Result, add_output_options, choose_paths, kinds_for, vectors, write
from latently.cli.parsing import Parser

_EXAMPLES = (
    "latently sample runs/vae-digits-1",
    "latently sample runs/vae-digits-1 --n 1000 --out samples.npz",
    "latently sample runs/aae-digits-1 --labels all --n 10 --out digits.png",
)


def main(arguments: Sequence[str]) -> int:
    """Run the command."""
    parser = Parser("sample", "Draw codes from the prior and decode them.", "RUN [options]", _EXAMPLES)
    parser.add_argument("run", metavar="RUN", type=Path, help="a run's folder, or a model's")
    parser.add_argument("--n", metavar="N", type=int, help="how many (default: 64, or 10 for each label)")
    parser.add_argument(
        "--labels", metavar="L[,L...]", help="so many of each of these classes, or of all; for a prior tied to labels"
    )
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="of the draw")
    add_output_options(parser, "samples.png for images, else samples.csv")
    given = parser.parse_args(arguments)
    if given.n is not None and given.n < 1:
        raise UsageError(f"--n must be 1 or more; got {given.n}.")

    from latently.cli.opening import open_model

    model = open_model(given.run)
    paths = choose_paths(given, "samples", kinds_for(model))
    classes = None if given.labels is None else chosen_classes(model, given.labels)
    each = given.n or (64 if classes is None else 10)
    labels = None if classes is None else np.repeat(classes, each)
    samples = model.sample(each if labels is None else len(labels), labels, random_state=given.seed)
    arrays = {"samples": samples} | ({} if labels is None else {"labels": labels})
    write(paths, Result("{rows} samples", arrays, lambda: vectors(samples), lambda: _draw(samples, classes)))
    return 0


def chosen_classes(model: Any, text: str) -> np.ndarray:
    """The classes that `--labels` names, as the model knows them.

    Raises:
        UsageError: the model knows no labels, or not this one.
    """
    if not model.knows_labels or model.classes_ is None:
        raise UsageError(f"--labels: the codes of this {type(model).__name__} are tied to no labels; leave it out.")
    if text == "all":
        return np.asarray(model.classes_)
    known = {str(value): value for value in model.classes_.tolist()}
    words = [word.strip() for word in text.split(",")]
    if unknown := [word for word in words if word not in known]:
        raise UsageError(f"--labels must be among {', '.join(known)}, or all; got {unknown[0]!r}.")
    return np.asarray([known[word] for word in words])


def _draw(samples: np.ndarray, classes: np.ndarray | None) -> Any:
    from latently import figures

    if classes is None:
        return figures.image_grid(samples)
    return figures.image_grid(samples, rows=len(classes), row_labels=[str(each) for each in classes.tolist()])
