"""What `classify` and `cluster` share: the likeliest class or cluster of every row of new data."""

from pathlib import Path
from typing import Any

import numpy as np

from latently.cli.abilities import Ability, open_able
from latently.cli.data import labels_of, located, open_rows
from latently.cli.data_options import add_data_options
from latently.cli.outputs import Result, add_output_options, choose_paths, write
from latently.cli.parsing import Parser
from latently.cli.terminal import print_measures
from latently.evaluation import as_table, classification, clustering

KINDS = (".csv", ".npz", ".npy")


def add_prediction_options(parser: Parser, stem: str) -> None:
    """The arguments of both commands."""
    parser.add_argument("run", metavar="RUN", type=Path, help="a run's folder, or a model's")
    parser.add_argument("--proba", action="store_true", help="a column of the table for each probability, too")
    add_data_options(parser)
    arrays = f"{stem}, probabilities, names of their columns, and labels where there are any"
    add_output_options(parser, f"{stem}.csv; an .npz file holds {arrays}", KINDS)


def predict(given: Any, ability: Ability, stem: str, column: str) -> int:
    """Run the command.

    Args:
        given: parsed arguments.
        ability: which of the two commands.
        stem: what the results are called: the file, and the first array.
        column: the name of the table's first column.

    Returns:
        The exit code.
    """
    model, about = open_able(given.run, ability)
    paths = choose_paths(given, stem, KINDS)
    part = open_rows(given, model, about)
    labels, probabilities = labels_of(part), model.predict_proba(part.rows)
    names = np.asarray(model.label_values)
    predicted = names[probabilities.argmax(axis=1)]
    arrays = {stem: predicted, "probabilities": probabilities, "names": names}
    arrays |= {} if labels is None else {"labels": labels}
    shown = names if given.proba else names[:0]
    write(paths, Result(f"the {stem} of " + "{rows} rows", arrays, lambda: _table(column, arrays, shown)))
    if labels is not None:
        _say_how_well(ability, predicted, probabilities, labels, names)
        if given.part in ("all", "train") and about.get("data", {}).get("source") == located(given.data):
            print("These are the run's own data, the rows that it learned from among them; --part test is of others.")
    return 0


def _table(column: str, arrays: dict[str, np.ndarray], shown: np.ndarray) -> tuple[list[str], list[list[Any]]]:
    """The prediction, its probability, that of each class or cluster where asked for, and the label."""
    predicted, probabilities = list(arrays.values())[:2]
    header = [column, "probability", *(f"p({name})" for name in shown.tolist())]
    header += ["label"] if "labels" in arrays else []
    labels = [[label] for label in arrays["labels"].tolist()] if "labels" in arrays else [[]] * len(predicted)
    numbers = np.column_stack([probabilities.max(axis=1), probabilities[:, : len(shown)]]).tolist()
    rows = zip(predicted.tolist(), numbers, labels, strict=True)
    return header, [[value, *(f"{number:.6g}" for number in row), *label] for value, row, label in rows]


def _say_how_well(
    ability: Ability, predicted: np.ndarray, probabilities: np.ndarray, labels: np.ndarray, names: np.ndarray
) -> None:
    """Print how the predictions agree with the labels of the data, where they can be compared."""
    if ability == "cluster":
        measures = {"clustering": clustering(predicted, probabilities, labels)}
    else:
        found = classification(predicted, probabilities, labels, names)
        measures = {"classification": {"labels_in_training": None, **found}}
    print_measures(as_table(measures))
