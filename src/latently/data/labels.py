"""Labels: any integers or words, as codes 0..K-1 and the original values; and the `labels.csv` of a folder."""

import csv
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import numpy as np
from jaxtyping import Bool, Int, Shaped

from latently.data.rows import DataError

Label: TypeAlias = int | str
Key = TypeVar("Key", bound=Hashable)
UNKNOWN = -1
_Labels = Shaped[np.ndarray, "rows"]


def label_values(y: Any) -> Shaped[np.ndarray, "..."]:
    """Labels as they come (integers, words, a data frame's column) as an array; unknown ones are -1 or the empty word.

    Among words, -1, `None` and NaN are unknown, too.

    Example:
        >>> label_values(["cat", -1, None, "ant"]).tolist()
        ['cat', '', '', 'ant']
    """
    values = np.asarray(y, dtype=object) if isinstance(y, list | tuple) else np.asarray(y)
    if values.dtype == object:
        flat = ["" if _is_unknown(value) else value for value in values.ravel().tolist()]
        if any(isinstance(value, str) and value for value in flat):
            flat = [str(value) for value in flat]
        else:
            flat = [-1 if value == "" else value for value in flat]
        values = np.asarray(flat).reshape(values.shape)
    return np.where(values == "-1", "", values) if values.dtype.kind == "U" else values


def _is_unknown(value: Any) -> bool:
    return value is None or value == "-1" or (isinstance(value, int | float) and (value == -1 or value != value))


def encode_labels(values: Shaped[np.ndarray, "..."], name: str) -> tuple[Int[np.ndarray, "rows"], tuple[Label, ...]]:
    """Number the classes from 0 in their sorted order.

    Integers and words are classes. Unknown, and coded -1, are: the integer -1, an empty word, and NaN among numbers.
    Words that are all numbers ("10", "9") are taken as numbers, so that they sort as such. `name` is the labels'
    source, for the error message.
    """
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        hint = " For one-hot labels, take labels.argmax(axis=1)." if values.ndim == 2 else ""
        raise DataError(f"the labels of {name} must be one value a row; got an array of shape {values.shape}.{hint}")
    known, values = _known(values, name)
    classes, codes = np.unique(values[known], return_inverse=True)
    encoded = np.full(len(values), UNKNOWN, dtype=np.int32)
    encoded[known] = codes
    return encoded, tuple(classes.tolist())


def _known(values: _Labels, name: str) -> tuple[Bool[np.ndarray, "rows"], _Labels]:
    """Which labels are known, and all of them as integers or words."""
    if values.dtype.kind in "US":
        words = np.char.strip(values if values.dtype.kind == "U" else np.char.decode(values, "utf-8"))
        known = words != ""
        numbers = _numbers(words[known])
        if numbers is None:
            return known, words
        values = np.full(len(words), UNKNOWN, dtype=numbers.dtype)
        values[known] = numbers
    if values.dtype.kind == "f":
        unknown = np.isnan(values)
        if (values[~unknown] != np.trunc(values[~unknown])).any() or np.isinf(values).any():
            raise DataError(f"the labels of {name} must be integers or words; got fractions, as if they were measured.")
        values = np.where(unknown, UNKNOWN, values)
    elif values.dtype.kind not in "biu":
        raise DataError(f"the labels of {name} must be integers or words; got an array of {values.dtype}.")
    values = values.astype(np.int64)
    return values != UNKNOWN, values


def _numbers(words: _Labels) -> _Labels | None:
    """The words as integers where each is written as one ("7", not "007"), or as floats where each has a point."""
    try:
        integers = words.astype(np.int64)
        return integers if (integers.astype(words.dtype) == words).all() else None
    except (ValueError, OverflowError):
        pass
    try:
        return words.astype(np.float64) if (np.char.find(words, ".") >= 0).all() else None
    except ValueError:
        return None


def read_labels(table: Path, find: Callable[[str], Key | None]) -> dict[Key, str]:
    """The labels in a `labels.csv`, of what `find` says that its file names stand for (`None`: no such image)."""
    labels: dict[Key, str] = {}
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, skipinitialspace=True)
            names = reader.fieldnames or ()
            if not {"filename", "label"} <= set(names):
                found = ", ".join(names) or "an empty file"
                raise DataError(f'{table} must have the columns "filename" and "label"; got {found}.')
            for row in reader:
                image = find((row["filename"] or "").strip())
                if image is None:
                    raise DataError(
                        f'{table}, line {reader.line_num}, names "{row["filename"]}", which is not among the images of '
                        f"{table.parent}; correct the name or remove the line."
                    )
                label = (row["label"] or "").strip()
                if labels.setdefault(image, label) != label:
                    raise DataError(f'{table} gives "{row["filename"]}" two labels; keep one of the lines.')
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{table} is no table in UTF-8 ({error}); save it anew as CSV in UTF-8.") from error
    return labels
