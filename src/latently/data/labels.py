"""Labels: any integers or words, as codes 0..K-1 and the original values; and the `labels.csv` of a folder."""

import csv
from collections.abc import Callable, Hashable, Iterable
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import numpy as np
from jaxtyping import Bool, Int, Shaped

from latently.data.rows import DataArgumentError, DataError
from latently.reading import reading

Label: TypeAlias = int | str
Unlabelled: TypeAlias = int | float | str | None
"""What marks a row without a label: `"auto"`, -1; `None`, nothing but what is always unknown; or a value."""
Key = TypeVar("Key", bound=Hashable)
UNKNOWN = -1
_Labels = Shaped[np.ndarray, "rows"]


def label_values(y: Any, unlabelled: Unlabelled = "auto") -> Shaped[np.ndarray, "..."]:
    """Labels as they come (integers, words, a data frame's column) as an array; unknown ones are -1 or the empty word.

    `None`, NaN, pandas' NA, an empty word and what a masked array masks are always unknown. Where -1 is a class, the
    array is a masked one: its mask alone says which labels are unknown.

    Args:
        y: labels of any shape.
        unlabelled: which label marks a row without one, too: `"auto"`, -1 (and the word "-1"), unless a masked array
            says which; `None`, none does; any other, that one.

    Example:
        >>> label_values(["cat", -1, None, "ant"]).tolist()
        ['cat', '', '', 'ant']
        >>> label_values([1, -1, None], unlabelled=None).tolist()
        [1, -1, None]
    """
    values, unknown = _read(y, unlabelled)
    if values.dtype.kind == "U":
        return np.where(unknown, "", values)
    minus_one_is_a_class = values.dtype.kind in "if" and bool((values[~unknown] == UNKNOWN).any())
    if unknown.any():
        values = np.where(unknown, UNKNOWN, values if values.dtype.kind in "if" else values.astype(np.int64))
    return np.ma.MaskedArray(values, mask=unknown) if minus_one_is_a_class else values


def minus_ones(y: Any) -> int:
    """How many labels are -1, or the word "-1", and not masked."""
    values, unknown = _read(y, None)
    return int((_marked(values, UNKNOWN) & ~unknown).sum())


def _read(y: Any, unlabelled: Unlabelled) -> tuple[Shaped[np.ndarray, "..."], Bool[np.ndarray, "..."]]:
    """Labels as one type of numbers or as words, and which of them are unknown."""
    values = np.asarray(y, dtype=object) if isinstance(y, list | tuple) else np.asanyarray(y)
    marker = UNKNOWN if unlabelled == "auto" else unlabelled
    unknown, values = np.ma.getmaskarray(values), np.ma.getdata(values)
    if np.ma.isMaskedArray(y) and unlabelled == "auto":
        marker = None
    if values.dtype.kind == "T":  # words of any length
        values = values.astype(np.str_)
    if values.dtype.kind == "S":
        values = np.char.decode(values, "utf-8")
    if values.dtype == object:
        flat = values.ravel().tolist()
        unknown = unknown | np.array([_is_missing(value) for value in flat], bool).reshape(values.shape)
        words = any(isinstance(value, str) and value for value in flat)
        if words:
            _check_words(value for value, gone in zip(flat, unknown.flat, strict=True) if not gone)
        kept = [("" if words else UNKNOWN) if gone else value for value, gone in zip(flat, unknown.flat, strict=True)]
        values = np.asarray([str(value) for value in kept] if words else kept).reshape(values.shape)
    elif values.dtype.kind == "U":
        unknown = unknown | (np.char.strip(values) == "")
    elif values.dtype.kind == "f":
        unknown = unknown | np.isnan(values)
    return values, np.asarray(unknown | _marked(values, marker))


def _check_words(values: Iterable[Any]) -> None:
    """See that labels among which are words have no numbers beside them, but for -1, which marks an unknown one."""
    for value in values:
        if not isinstance(value, str | bytes | bool | np.bool_) and value != UNKNOWN:
            raise DataArgumentError("y", f"must hold words or whole numbers, not both; among words is {value!r}")


def _is_missing(value: Any) -> bool:
    """Whether a label is `None`, an empty word, NaN of any kind, or pandas' NA, which has no truth."""
    try:
        return value is None or bool(value == "") or bool(value != value)
    except TypeError:
        return True


def _marked(values: Shaped[np.ndarray, "..."], marker: int | float | str | None) -> Bool[np.ndarray, "..."]:
    """Where a label is the one that marks rows without any; a word among numbers marks none."""
    if marker is not None and values.dtype.kind == "U":
        return np.asarray(np.char.strip(values) == str(marker))
    try:
        none = marker is None or values.dtype.kind not in "iuf"
        return np.zeros(values.shape, bool) if none else np.asarray(values == float(marker))  # type: ignore[arg-type]
    except ValueError:
        return np.zeros(values.shape, bool)


def encode_labels(
    y: Any, name: str, unlabelled: Unlabelled = "auto"
) -> tuple[Int[np.ndarray, "rows"], tuple[Label, ...]]:
    """Number the classes from 0 in their sorted order; unknown labels, by the rules of `label_values`, are coded -1.

    Integers and words are classes. Words that are all numbers ("10", "9") are taken as numbers, so that they sort as
    such.

    Args:
        y: labels of shape `(n,)` or `(n, 1)`.
        name: the labels' source, for the error message.
        unlabelled: which label marks a row without one, as for `label_values`.

    Returns:
        The codes, and the classes.

    Raises:
        DataError: the labels are no integers or words, or more than one a row.
    """
    values, unknown = _read(y, unlabelled)
    if values.ndim == 2 and values.shape[1] == 1:
        values, unknown = values[:, 0], unknown[:, 0]
    if values.ndim != 1:
        hint = " For one-hot labels, take labels.argmax(axis=1)." if values.ndim == 2 else ""
        raise DataError(f"the labels of {name} must be one value a row; got an array of shape {values.shape}.{hint}")
    known = ~unknown
    if values.dtype.kind == "U":
        numbers = _numbers(np.char.strip(values)[known])
        if numbers is not None:
            values = np.full(len(values), UNKNOWN, dtype=numbers.dtype)
            values[known] = numbers
            known &= ~_marked(values, UNKNOWN if unlabelled == "auto" else unlabelled)  # as a number: "-1.0"
    classes, codes = np.unique(_classes(values[known], name), return_inverse=True)
    encoded = np.full(len(values), UNKNOWN, dtype=np.int32)
    encoded[known] = codes
    return encoded, tuple(classes.tolist())


def _classes(known: _Labels, name: str) -> _Labels:
    """Known labels as integers or as words without spaces around them."""
    if known.dtype.kind == "U":
        return np.asarray(np.char.strip(known))
    if known.dtype.kind not in "biuf":
        raise DataError(f"the labels of {name} must be integers or words; got an array of {known.dtype}.")
    if known.dtype.kind == "f" and not (np.isfinite(known) & (known == np.trunc(known))).all():
        raise DataError(f"the labels of {name} must be integers or words; got fractions, as if they were measured.")
    return known.astype(np.int64)


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
    anew = "save it anew as CSV in UTF-8"
    with reading(table, "table in UTF-8", anew, DataError), table.open(encoding="utf-8-sig", newline="") as file:
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
    return labels
