"""Files of several arrays under names: which of them are the rows, which the labels, and of which part of the data.

An archive is any mapping from names to arrays, read one by one: a `.npz` file, for example.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from latently.data.assumptions import assume
from latently.data.dataset import Dataset
from latently.data.labels import Unlabelled
from latently.data.parts import NAMES, Parts, parted
from latently.data.rows import DataArgumentError, DataError
from latently.data.view_making import Groups
from latently.reading import check_room, reading

_ANEW = "save it anew with np.save or np.savez"
ROWS_KEYS = ("X", "x", "data", "images", "image", "features", "inputs", "imgs", "samples")
LABELS_KEYS = ("y", "Y", "labels", "label", "target", "targets")
_SEPARATORS = ("_", "", "-", ".", " ", "/")


def _customary() -> dict[str, tuple[str, str]]:
    """Names of arrays in small letters, and of which part they hold what: `x_train`, `trainlabels`, `val-y`, `test`."""
    names: dict[str, tuple[str, str]] = {}
    for part, called in NAMES.items():
        for role, keys in (("rows", ROWS_KEYS), ("labels", LABELS_KEYS)):
            for key in keys:
                for own in called:
                    for separator in _SEPARATORS:
                        names[f"{own}{separator}{key}".lower()] = part, role
                        names[f"{key}{separator}{own}".lower()] = part, role
        names |= dict.fromkeys(called, (part, "rows"))
    return names


_CUSTOMARY = _customary()

RowAxis: TypeAlias = Literal["first", "last"]

Archive: TypeAlias = Mapping[str, Any]
"""Name → array, or what becomes one by `np.asarray`, read when it is asked for."""


@dataclass(frozen=True)
class Chosen:
    """What of an archive is used: part → the array of its rows, and part → that of its labels."""

    rows: Mapping[str, str]
    labels: Mapping[str, str]


def open_archive(
    arrays: Archive,
    path: Path,
    kind: str,
    groups: Groups | None = None,
    *,
    array: str | None = None,
    labels_array: str | None = None,
    row_axis: RowAxis | None = None,
    unlabelled: Unlabelled = "auto",
) -> Parts:
    """The rows and labels of an archive, in the parts that its names tell of.

    Rows are the array named `X`, `x`, `data`, `images` or the like, or the only array besides the labels; labels are
    the array named `y`, `labels` or `target`. With a part in their names (`x_train`, `test_images`, `val_labels`) they
    are that part. Where `groups` names the array of each view, a row that is all NaN in one lacks it.

    Args:
        arrays: of the file.
        path: of the file.
        kind: of the file, in words.
        groups: which array is which view, if there are several.
        array: the name of the rows, where custom does not tell.
        labels_array: likewise, of the labels.
        row_axis: the axis of an array that counts the rows, the first unless labels tell otherwise.
        unlabelled: which label marks a row without one.

    Raises:
        DataError: it is not clear which array is the rows, or there is none of a name that was given.
    """
    for argument, name in (("array", array), ("labels_column", labels_array)):
        if name is not None and name not in arrays:
            rule = f"must be an array of {path}, which has {', '.join(arrays) or 'none'}"
            raise DataArgumentError(argument, rule, name, known=arrays)
    if groups is not None:
        return _views(arrays, path, kind, groups, labels_array, unlabelled)
    chosen = _chosen(arrays, path, array, labels_array)
    used = {*chosen.rows.values(), *chosen.labels.values()}
    description: dict[str, Any] = {"source": kind, "array": chosen.rows["train"]}
    if ignored := [name for name in arrays if name not in used]:
        several = len(ignored) > 1
        names = f"the arrays {', '.join(ignored)} of {path.name} were" if several else f"the array {ignored[0]} was"
        description = assume(description, f"{names} not used; {{array=NAME}} takes another as the rows")
    rows = {part: np.atleast_1d(np.asarray(arrays[name])) for part, name in chosen.rows.items()}
    labels = {part: _labels(arrays[name], rows[part].shape) for part, name in chosen.labels.items()}
    for part, array_ in rows.items():
        if row_axis == "last" or (row_axis is None and part in labels and _samples_are_last(array_, labels[part])):
            rows[part] = np.moveaxis(array_, -1, 0)
            if row_axis is None:
                guess = f"the last axis of {chosen.rows[part]} is that of the rows: it has one for each label"
                description = assume(description, f"{guess}; {{row_axis=first}} takes the first")
    return parted(path.name, rows, labels, path.name, description, unlabelled)


def _views(
    arrays: Mapping[str, Any],
    path: Path,
    kind: str,
    groups: Groups,
    labels_array: str | None,
    unlabelled: Unlabelled,
) -> Parts:
    """The arrays that are named as views, as rows."""
    names = groups.one_each(list(arrays), f"{path} holds the arrays")
    rest = [key for key in arrays if key not in names.values()]
    key = labels_array or next((key for key in LABELS_KEYS if key in rest), None)
    views = {view: np.atleast_1d(np.asarray(arrays[name])) for view, name in names.items()}
    labels = None if key is None else _labels(arrays[key], next(iter(views.values())).shape)
    description: dict[str, Any] = {"source": kind, "arrays": names}
    if ignored := ", ".join(name for name in rest if name != key):
        description = assume(description, f"of {path.name}, {ignored} were not used; {{views}} names the views")
    return Parts(Dataset.of(path.name, views, labels, path.name, description, unlabelled=unlabelled))


def _chosen(arrays: Mapping[str, Any], path: Path, array: str | None, labels_array: str | None) -> Chosen:
    """What custom, or an argument, says of the arrays' names."""
    known = {name: held for name in arrays if (held := _CUSTOMARY.get(name.lower()))}
    rows = {part: name for name, (part, role) in reversed(known.items()) if role == "rows"}
    labels = {part: name for name, (part, role) in reversed(known.items()) if role == "labels"}
    if rows and "train" not in rows and (plain := _first(ROWS_KEYS, arrays)):
        rows["train"] = plain
        labels |= {"train": own} if (own := _first(LABELS_KEYS, arrays)) else {}
    if "train" in rows and labels_array is array is None:
        kept = {part: rows[part] for part in NAMES if part in rows}
        return Chosen(kept, {part: labels[part] for part in kept if part in labels})
    key = labels_array or _first(LABELS_KEYS, arrays)
    if array is not None and array in known:  # of a part, with the labels of that part
        key = labels_array or labels.get(known[array][0])
    others = [name for name in arrays if name != key]
    found = array or _first(ROWS_KEYS, others) or (others[0] if len(others) == 1 else None)
    if found is None:
        listed = ", ".join(f'"{name}" {_shape(arrays, name)}' for name in arrays) or "no arrays"
        raise DataArgumentError(
            str(path),
            f"holds {listed}, and which of them is the rows is not clear",
            remedy='Save the rows as "X" and their labels as "y": np.savez(path, X=..., y=...); or name the rows with '
            "{array=NAME}. Where several arrays are the views of a row, name them with {views=NAME=ARRAY,NAME=ARRAY}.",
        )
    return Chosen({"train": found}, {} if key is None or key == found else {"train": key})


def _labels(values: Any, of: tuple[int, ...]) -> np.ndarray:
    """Labels of rows that are, or lie last, in an array of a shape: one a row, however they lie, as a vector."""
    labels = np.asarray(values)
    one_each = labels.size == max(labels.shape, default=0) and labels.size in (of[0], of[-1])
    return labels.ravel() if one_each else labels


def _samples_are_last(rows: np.ndarray, labels: np.ndarray) -> bool:
    """Whether an array has the samples on its last axis, as MATLAB's images have: there is a label for each there."""
    return rows.ndim > 1 and rows.shape[0] != labels.size == rows.shape[-1]


def _shape(arrays: Archive, name: str) -> str:
    """The shape of an array in words; of one that holds Python objects, that it does."""
    try:
        return str(np.shape(arrays[name]))
    except ValueError:
        return "of Python objects"


def _first(keys: tuple[str, ...], names: Any) -> str | None:
    """The first of the customary names that is there."""
    return next((key for key in keys if key in names), None)


def open_npz(path: Path, groups: Groups | None = None, **chosen: Any) -> Parts:
    """The rows and labels of a `.npz` file (see `open_archive`)."""
    with reading_numpy(path), np.load(path, allow_pickle=False) as archive:
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise DataError(f"{path} is a .npy file under another name; call it {path.stem}.npy.")
        return open_archive(_Members(archive, path), path, ".npz file", groups, **chosen)


class _Members(Mapping[str, np.ndarray]):
    """The arrays of a `.npz` file, none of which is unpacked before it is known to fit into memory."""

    def __init__(self, archive: Any, path: Path) -> None:
        self._archive, self._path = archive, path
        names = archive.zip.namelist()
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise DataError(f"{path} has two arrays named {twice.removesuffix('.npy')!r}; {_ANEW}.")
        self._bytes = {info.filename.removesuffix(".npy"): info.file_size for info in archive.zip.infolist()}

    def __getitem__(self, name: str) -> np.ndarray:
        check_room(self._path, self._bytes[name], "save the rows as a .npy file, which is read in pieces", DataError)
        array = self._archive[name]
        if not isinstance(array, np.ndarray):
            raise DataError(f"{self._path} holds {name!r}, which is no array; {_ANEW}.")
        return array

    def __contains__(self, name: object) -> bool:
        return name in self._archive.files

    def __iter__(self) -> Iterator[str]:
        return iter(self._archive.files)

    def __len__(self) -> int:
        return len(self._archive.files)


@contextmanager
def reading_numpy(path: Path) -> Iterator[None]:
    """While NumPy reads a file: what is wrong with it is a sentence that names it."""
    with reading(path, "NumPy file", _ANEW, DataError):
        try:
            yield
        except DataError:
            raise
        except ValueError as error:
            if "Python objects" in str(error) or "Object arrays" in str(error):
                raise DataError(
                    f"{path} holds Python objects, which are not loaded because a file of them can run code; save the "
                    "array with a type of numbers, for example X.astype(np.float32), or of words: y.astype(str)."
                ) from error
            if "pickle" in str(error):  # for which NumPy takes any file of another format
                raise DataError(f"{path} is damaged or no NumPy file; {_ANEW}.") from error
            raise
