"""`latently complete RUN DATA`: the views that are missing, from those that are given."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from latently.cli.data_options import add_data_options
from latently.cli.errors import UsageError
from latently.cli.outputs import Result, add_output_options, choose_paths, kinds_for, vectors, write
from latently.cli.parsing import Parser

if TYPE_CHECKING:
    from latently.data import Views

SHOWN = 12
_EXAMPLES = (
    "latently complete runs/acca-mnist-1 mnist --part test --given left",
    "latently complete runs/acca-mnist-1 left-halves.npy --given left --out right.png --out right.npz",
    "latently complete runs/acca-patients-1 gaps.csv --out filled.csv",
)


def main(arguments: Sequence[str]) -> int:
    """Run the command."""
    parser = Parser(
        "complete",
        "Fill in the views of each row that are missing, with a model of several views. A picture shows the first "
        f"{SHOWN} rows: given, completed and, where the data has it, true. The CSV file that fills the gaps of another "
        "one has its columns, and its other cells as they were.",
        "RUN DATA [options]",
        _EXAMPLES,
    )
    parser.add_argument("run", metavar="RUN", type=Path, help="a run's folder, or a model's")
    parser.add_argument(
        "--given",
        metavar="VIEW[,VIEW...]",
        help="use these views alone, and complete all others (default: complete what rows lack)",
    )
    parser.add_argument(
        "--draws", metavar="K", type=int, help="K completions of each row, of an encoder that is not deterministic"
    )
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="of the draws")
    add_data_options(parser)
    add_output_options(parser, "completed.png for images, else completed.csv")
    given = parser.parse_args(arguments)
    if given.draws is not None and given.draws < 1:
        raise UsageError(f"--draws must be 1 or more; got {given.draws}.")

    from latently.cli.abilities import open_able

    model, about = open_able(given.run, "complete")
    names = _chosen_views(model, given.given)
    kinds = kinds_for(model) if given.draws is None else (".npz",)
    paths = choose_paths(given, "completed", kinds)
    truth, columns = _open(given, model, about, names)
    rows = truth if names is None else truth.only(*names)
    if rows.complete:
        raise UsageError(
            f"every row of {given.data} has all of {', '.join(rows.names)}, so there is nothing to complete; name the "
            "views to complete the others from with --given."
        )
    completed = model.complete(rows, draws=given.draws, random_state=given.seed)
    write(
        paths,
        Result(
            "{rows} rows, " + " and ".join(completed) + " completed",
            completed,
            lambda: _table(given, completed, rows, columns),
            lambda: _draw(rows, completed, truth),
        ),
    )
    return 0


def _chosen_views(model: Any, text: str | None) -> list[str] | None:
    """The views that `--given` names.

    Raises:
        UsageError: the model has no such view, or all are named.
    """
    if text is None:
        return None
    names = [name.strip() for name in text.split(",")]
    known = ", ".join(model.view_names_)
    for name in names:
        if name not in model.view_names_:
            raise UsageError(f"--given must be among the views {known}; got {name!r}.")
    if set(names) == set(model.view_names_):
        raise UsageError(f"--given names all of the views {known}, so none is left to complete; leave one out.")
    return names


def _table(
    given: Any, completed: dict[str, np.ndarray], rows: "Views", columns: Any
) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
    """The table that was given with its gaps filled and all else as it was; of other data, the completed views.

    Columns that the table has not got follow those that it has.
    """
    from latently.cli.data import located
    from latently.data.tables import read_cells

    source = Path(located(given.data))
    whole = given.given is None and given.part == "all" and source.suffix.lower() in (".csv", ".tsv")
    if not whole:
        return vectors(completed, columns)
    header, cells = read_cells(source)
    filled = dict(zip(header, map(list, cells), strict=True))
    for view, values in completed.items():
        gaps = np.flatnonzero(rows.lacking(view))
        names, _ = vectors({view: values[:0]}, columns)
        for column, numbers in zip(names, values.T.astype(str), strict=True):
            cells_of = filled.setdefault(column, [""] * len(rows))
            for row in gaps.tolist():
                cells_of[row] = numbers[row]
    return list(filled), list(zip(*filled.values(), strict=True))


def _draw(rows: "Views", completed: dict[str, np.ndarray], truth: "Views") -> Any:
    """The first rows; where the truth is not known, given and completed alone."""
    from latently import figures

    first, whole = rows[:SHOWN], truth[:SHOWN]
    given = {name: np.asarray(first.view(name)) for name in rows.names if name not in completed}
    true = {name: np.asarray(whole.view(name)) for name in rows.names} if whole.complete else None
    return figures.completions(given, {n: v[:SHOWN] for n, v in completed.items()}, true, names=rows.names)


def _open(given: Any, model: Any, about: Mapping[str, Any], names: list[str] | None) -> tuple["Views", Any]:
    """The rows of the data that is named, all views of it or the one that is given; and a table's columns by view."""
    from latently.cli.data import open_rows
    from latently.data import Views

    if names is not None and len(names) == 1:
        with suppress(ValueError):  # the file holds more than one view, and the run knows which is which
            alone = open_rows(given, model, {**about, "data": {**about.get("data", {}), "views": None}}).rows
            if not isinstance(alone, Views) and tuple(alone.shape[1:]) == model.row_shape_[names[0]]:
                blank = {name: np.zeros((len(alone), *shape), np.float32) for name, shape in model.row_shape_.items()}
                there = {name: np.full(len(alone), name == names[0]) for name in blank}
                return Views({**blank, names[0]: alone}, there), about.get("columns")
    part = open_rows(given, model, about)
    columns = {**(about.get("columns") or {}), **(part.description.get("columns") or {})}
    return cast("Views", part.rows), columns
