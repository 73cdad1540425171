"""NumPy files: `.npy` is memory-mapped and never copied whole, `.npz` is read."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from latently.data.dataset import Dataset
from latently.data.rows import DataArgumentError, DataError, Rows, Subset
from latently.data.view_making import Groups

ROWS_KEYS = ("X", "x", "data", "images")
LABELS_KEYS = ("y", "labels", "target")


def open_npy(path: Path) -> Dataset:
    """The rows of a `.npy` file, left in the file until they are asked for.

    Labels are taken from the file of the same name with `_labels` added, where there is one: `faces.npy`,
    `faces_labels.npy`.
    """
    beside = path.with_name(f"{path.stem}_labels.npy")
    array = _mapped(path)
    labels = np.asarray(_mapped(beside)) if beside.is_file() else None
    return Dataset.of(path.name, array, labels, beside.name, {"source": "memory-mapped .npy file"})


def open_npz(path: Path, groups: Groups | None = None) -> Dataset:
    """The rows and labels of a `.npz` file.

    Rows are the array named `X`, `x`, `data` or `images`, or the only array besides the labels; labels are the array
    named `y`, `labels` or `target`. Where `groups` names the array of each view, a row that is all NaN in one lacks it.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            rows_keys, labels_key = _keys(archive, path, groups)
            arrays = [np.atleast_1d(archive[key]) for key in rows_keys.values()]
            labels = None if labels_key is None else archive[labels_key]
    except DataError:
        raise
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise DataError(_unreadable(path, error)) from error
    if groups is None:
        description = {"source": ".npz file", "array": rows_keys[""]}
        return Dataset.of(path.name, arrays[0], labels, path.name, description)
    views = dict(zip(rows_keys, arrays, strict=True))
    return Dataset.of(path.name, views, labels, path.name, {"source": ".npz file", "arrays": rows_keys})


def _mapped(path: Path) -> Rows:
    try:
        array: np.ndarray = np.atleast_1d(np.load(path, mmap_mode="r", allow_pickle=False))
    except (OSError, ValueError, EOFError) as error:
        raise DataError(_unreadable(path, error)) from error
    return array if array.dtype.isnative else Subset(array, np.arange(len(array)))


def _keys(archive: Any, path: Path, groups: Groups | None) -> tuple[dict[str, str], str | None]:
    """The names of the arrays of rows, by view (the only one has no name), and of the labels."""
    names = list(archive.files)
    of_view = {} if groups is None else groups.one_each(names, f"{path} holds the arrays")
    labels_key = next((key for key in LABELS_KEYS if key in names and key not in of_view.values()), None)
    if groups is not None:
        return of_view, labels_key
    others = [name for name in names if name != labels_key]
    rows_key = next((key for key in ROWS_KEYS if key in names), others[0] if len(others) == 1 else None)
    if rows_key is None:
        found = ", ".join(f'"{name}" {archive[name].shape}' for name in names) or "no arrays"
        raise DataArgumentError(
            str(path),
            f"holds {found}, and which of them is the rows is not clear",
            remedy='Save the rows as "X" and their labels as "y": np.savez(path, X=..., y=...). Where several arrays '
            "are the views of a row, name them with {views=NAME=ARRAY,NAME=ARRAY}.",
        )
    return {"": rows_key}, labels_key


def _unreadable(path: Path, error: Exception) -> str:
    reason = str(error)
    if "Python objects" in reason or "Object arrays" in reason:
        return (
            f"{path} holds Python objects, which are not loaded because a file of them can run code; "
            "save the array with a type of numbers, for example X.astype(np.float32)."
        )
    # NumPy takes any file of another format for a pickle, which would mislead here.
    detail = "" if "pickle" in reason or not reason else f" ({reason.rstrip('.')})"
    return f"{path} is damaged, truncated or no NumPy file{detail}; save it anew with np.save or np.savez."
