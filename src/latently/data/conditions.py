"""Conditions: what rows come with that is more than one class: several labels, covariates, a measured number."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float64, Shaped

from latently.data.columns import MOST_WORDS, PERIODS, Column, Told
from latently.data.labels import Unlabelled
from latently.data.rows import DataArgumentError
from latently.data.table import Table, as_frame, is_frame
from latently.errors import warn

if TYPE_CHECKING:
    import pandas as pd

_MARGIN = 0.1
"""How far beyond the range that was seen a number may lie before it is warned of, as a share of that range."""


def conditions_of(
    y: Any, name: str = "y", kinds: Mapping[str, Told] | None = None, unlabelled: Unlabelled = "auto"
) -> Table | None:
    """What rows come with as a table of conditions; `None` where it is one class a row, or is for `encode_labels`.

    Conditions are several columns (a frame, a dict, a matrix), or one of numbers with fractions. A matrix of 0 and 1 is
    of several labels, each yes or no; other numbers are measured. Words, and integers, in one column are classes; in a
    dict they are conditions, too.

    Args:
        y: as it comes; NaN, `None` and empty cells are unknown.
        name: of a column that has none; with a number behind it, where there are several.
        kinds: name of a column of a frame or dict → one of `latently.data.columns.KINDS`; guessed unless said.
        unlabelled: a number that marks what is unknown, too, in a matrix or a vector; `"auto"` and `None`: none does.

    Raises:
        DataError: a column is neither labels nor numbers.

    Example:
        >>> conditions_of(np.array([[1, 0], [1, 1]]))
        Table(2 rows; y0: binary, y1: binary)
        >>> conditions_of([63.5, 41.0]), conditions_of([3, 7])
        (Table(2 rows; y: number), None)
    """
    if isinstance(y, Table):
        return y
    if isinstance(y, Sequence) and len(y) and isinstance(y[0], Mapping):
        y = _frame(map(dict, y))
    if isinstance(y, Mapping) or (is_frame(y) and y.shape[1] > 1):
        return _of_frame(as_frame(y)[0], kinds)
    array = _array(y, unlabelled)
    if array.ndim == 2 and array.shape[1] > 1:
        numbers = as_numbers(array)
        names = [f"{name}{place}" for place in range(array.shape[1])]
        if numbers is None:
            return _of_frame(_frame(array, names))
        return None if _is_one_hot(numbers) else _of_numbers(numbers, names)
    if array.ndim not in (1, 2) or array.dtype.kind in "biu":
        return None
    one = as_numbers(array.reshape(-1, 1))
    if one is None or not (np.isfinite(one) & (one != np.trunc(one))).any():
        return None
    return _of_numbers(one, [_name(y) or name])


def _array(y: Any, unlabelled: Unlabelled) -> Shaped[np.ndarray, "..."]:
    """Labels as an array, NaN or `None` in the place of what is masked, or marked as unknown."""
    array = np.asarray(y, object) if isinstance(y, list | tuple) else np.asarray(y)
    unknown = np.ma.getmaskarray(y) if np.ma.isMaskedArray(y) else np.zeros(array.shape, bool)
    if isinstance(unlabelled, int | float):
        unknown = unknown | (array == unlabelled)
    if (array.ndim == 1 and array.dtype.kind in "biu") or not unknown.any():
        return array
    return np.where(unknown, np.nan, array) if array.dtype.kind in "biuf" else np.where(unknown, "", array)


def asked_conditions(labels: Any, columns: Sequence[Column], n: int | None = None) -> Table:
    """Conditions that are asked for, by name or by their order; those that are not named, or empty, are missing.

    Args:
        labels: a dict of cells, or of a column of them each; a frame; a list of dicts; one number or word, of one
            condition; a vector or matrix of as many columns as there are conditions.
        columns: what the conditions are.
        n: how many rows are wanted; one row of labels stands for all.

    Raises:
        ArgumentError: there is no such condition, no such word of it, or another number of rows.

    Example:
        >>> columns = Table.of({"age": [30.5, 70.0], "sex": ["f", "m"]}).columns
        >>> asked_conditions({"age": 40, "sex": "f"}, columns, 2).values.tolist()
        [[40.0, 0.0], [40.0, 0.0]]
        >>> asked_conditions([[None, "m"], [50, None]], columns).values.tolist()
        [[nan, 1.0], [50.0, nan]]
    """
    if isinstance(labels, Table) and labels.columns == tuple(columns):
        values = np.asarray(labels.values)
    else:
        frame, known = _asked_frame(labels, columns), [column.name for column in columns]
        for asked in frame.columns:
            if asked not in known:
                raise DataArgumentError("labels", f"must name conditions among {', '.join(known)}", asked, known=known)
        values = np.full((len(frame), len(columns)), np.nan)
        for place, column in enumerate(columns):
            if column.name in frame.columns:
                values[:, place] = _cells(column, frame[column.name])
    if n is not None and len(values) not in (1, n):
        raise DataArgumentError("labels", f"must be one for all, or one for each of n={n}", len(values))
    return Table(columns, values if n is None else np.broadcast_to(values, (n, len(columns))))


def recognised(given: Table, columns: Sequence[Column]) -> Table:
    """The conditions of rows as a model knows them: what the rows lack, and words it has not met, are missing.

    Args:
        given: as the rows' source has them.
        columns: the model's.
    """
    frame, values = given.to_pandas(), np.full((len(given), len(columns)), np.nan)
    for place, column in enumerate(columns):
        if column.name in frame.columns:
            values[:, place] = column.numbers(frame[column.name])
    return Table(columns, values)


def spread(column: Column, n: int) -> list[Any]:
    """Values of a condition to show it by: its first n words, or n over the range that was seen.

    Example:
        >>> spread(Table.of({"age": [20.5, 60.5]}).columns[0], 3)
        [20.5, 40.5, 60.5]
    """
    if column.words:
        return list(column.words[:n])
    values: list[Any] = column.cells(np.linspace(column.low, column.high, n)).tolist()
    return list(dict.fromkeys(values))


def warn_of_far(asked: Table) -> None:
    """Warn of numbers that lie far from all that were seen: what is made of them is a guess."""
    for column, values in zip(asked.columns, np.asarray(asked.values).T, strict=True):
        if not np.isfinite([column.low, column.high]).all() or column.kind in ("date", *PERIODS):
            continue
        margin = _MARGIN * (column.high - column.low)
        far = values[(values < column.low - margin) | (values > column.high + margin)]
        if len(far):
            seen = f"{column.low:g} to {column.high:g}"
            warn(
                f"{column.name}={far[0]:g} lies outside what the model was fitted on, {seen}: what it makes of it is a "
                "guess."
            )


def _asked_frame(labels: Any, columns: Sequence[Column]) -> "pd.DataFrame":
    """What is asked as a frame with names."""
    if isinstance(labels, Mapping):
        several = any(np.ndim(cells) for cells in labels.values())
        return as_frame(labels)[0] if several else _frame([dict(labels)])
    if isinstance(labels, Table) or is_frame(labels):
        return labels.to_pandas() if isinstance(labels, Table) else as_frame(labels)[0]
    if isinstance(labels, Sequence) and len(labels) and isinstance(labels[0], Mapping):
        return _frame(map(dict, labels))
    array = np.asarray(labels, object)
    if array.ndim < 2:
        array = array.reshape(-1, 1) if len(columns) == 1 else array.reshape(1, -1)
    names = [column.name for column in columns]
    if array.ndim != 2 or array.shape[1] != len(columns):
        told = f"must give the condition{'s' * (len(names) > 1)} {', '.join(names)}, by name or one value for each"
        remedy = "Leave those out that are not known: {labels}={name: value}."
        if array.size > 2 * len(columns):
            raise DataArgumentError("labels", f"{told}; got an array of shape {array.shape}", remedy=remedy)
        raise DataArgumentError("labels", told, labels, remedy)
    return _frame(array, names)


def _cells(column: Column, cells: "pd.Series[Any]") -> Float64[np.ndarray, "rows"]:
    """Cells of a condition as numbers, NaN where one is empty."""
    import pandas as pd

    missing = (cells.isna() | (cells.astype(object) == "")).to_numpy()
    if column.kind not in ("category", "binary"):
        return column.numbers(cells.mask(missing) if missing.any() else cells)
    codes: dict[Any, int] = {}
    for word in pd.unique(cells[~missing]):
        alike = [word == own or str(word).strip() == str(own) for own in column.words]
        if not any(alike):
            rule = f"must be among {', '.join(map(str, column.words))} for {column.name}"
            raise DataArgumentError("labels", rule, word, known=column.words)
        codes[word] = alike.index(True)
    return np.array([np.nan if gone else codes[cell] for cell, gone in zip(cells, missing, strict=True)], np.float64)


def _of_frame(frame: "pd.DataFrame", told: Mapping[str, Told] | None = None) -> Table:
    """Each column, of the kind that it is guessed to be; none is left out, since each was named."""
    kinds = dict(told or {})
    for name in frame.columns:
        if name not in kinds and _are_words(frame[name]):
            kinds[name] = "category"
        found = Column.of(name, frame[name], kinds.get(name))
        if isinstance(found, str):
            kinds[name] = "number" if as_numbers(frame[name].to_numpy(object)) is not None else "category"
        found = Column.of(name, frame[name], kinds.get(name))
        if isinstance(found, str):
            raise DataArgumentError("y", f'has the column "{name}", and {found}', remedy="Leave it out.")
        if len(found.words) > max(MOST_WORDS, math.sqrt(len(frame))):
            rule = f'has {len(found.words):,} different words in the column "{name}", too many to learn what each tells'
            raise DataArgumentError("y", rule, remedy="Leave it out, or give numbers.")
    return Table.of(frame, kinds=kinds)


def _of_numbers(numbers: Float64[np.ndarray, "rows columns"], names: Sequence[str]) -> Table:
    """Columns of 0 and 1 are labels, all others are measured."""
    columns = []
    for name, values in zip(names, numbers.T, strict=True):
        found = set(np.unique(values[~np.isnan(values)]).tolist())
        if found == {-1.0, 0.0, 1.0} or found == {-1.0, 1.0}:
            rule = f"has -1 beside 1 in the label {name}, which may say no, or that it is not known"
            remedy = "Give 0 for no, and NaN for what is not known, or say {unlabelled=-1}."
            raise DataArgumentError("y", rule, remedy=remedy)
        if found <= {0.0, 1.0}:
            columns.append(Column(name, "binary", (0, 1), dtype="int64"))
        else:
            columns.append(_measured(name, values))
    return Table(columns, numbers, "array")


def _measured(name: str, values: Float64[np.ndarray, "rows"]) -> Column:
    import pandas as pd

    column = Column.of(name, pd.Series(values), "number")
    if isinstance(column, str):
        raise DataArgumentError("y", f"has the column {name}, and {column}", remedy="Leave it out.")
    return column


def _are_words(cells: "pd.Series[Any]") -> bool:
    """Whether cells are numbers that are written as words: whoever hands those over in Python names classes."""
    there = cells.dropna().tolist()
    return all(isinstance(cell, str) for cell in there) and as_numbers(np.asarray(there, object)) is not None


def as_numbers(cells: Shaped[np.ndarray, "..."]) -> Float64[np.ndarray, "..."] | None:
    """Cells as numbers, NaN for empty ones; `None` where one is a word."""
    if cells.dtype.kind in "biuf":
        return cells.astype(np.float64)
    try:  # without pandas, which takes a while to load and is not needed for classes
        numbers = [np.nan if _is_empty(cell) else float(cell) for cell in cells.ravel().tolist()]
    except (TypeError, ValueError):
        return None
    return np.asarray(numbers).reshape(cells.shape)


def _is_empty(cell: Any) -> bool:
    try:
        return cell is None or bool(cell != cell) or (isinstance(cell, str) and not cell.strip())
    except TypeError:  # pandas' NA, which has no truth
        return True


def _is_one_hot(numbers: Float64[np.ndarray, "rows columns"]) -> bool:
    """Whether each row has one 1 among zeros: a class, in other words."""
    return bool(np.isin(numbers, (0, 1)).all() and (numbers.sum(axis=1) == 1).all())


def _frame(rows: Iterable[Any], names: Sequence[str] | None = None) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(list(rows), columns=names)


def _name(y: Any) -> str | None:
    """The name of a frame's one column, or of a series."""
    if is_frame(y):
        return str(y.columns[0])
    name = getattr(y, "name", None)
    return name if isinstance(name, str) and name else None
