"""One call for every source of data."""

import difflib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from latently.data import mnist
from latently.data.arrays import open_npy, open_npz
from latently.data.builtin import BUILTIN, digits
from latently.data.dataset import Dataset, Splits, keep_labels, split
from latently.data.errors import DataError
from latently.data.idx import is_idx, open_idx
from latently.data.images import open_images
from latently.data.rows import is_mapped
from latently.data.statistics import as_rows, summarize
from latently.data.tables import open_csv, open_parquet

_ARRAYS: dict[str, Callable[[Path], Dataset]] = {".npy": open_npy, ".npz": open_npz}
_TABLES: dict[str, Callable[[Path, str | None], Dataset]] = {
    ".csv": open_csv,
    ".tsv": open_csv,
    ".parquet": open_parquet,
    ".pq": open_parquet,
}
_KNOWN = (
    "a folder of PNG or JPEG images, .npy, .npz, .csv, .tsv, .parquet or idx files (such as train-images-idx3-ubyte.gz)"
)


def open_dataset(
    source: str | Path,
    *,
    labels_column: str | None = None,
    image_size: int | tuple[int, int] | None = None,
    skip_bad: bool = False,
    validation: float | None = None,
    test: float | None = None,
    labels: int | None = None,
    seed: int = 0,
    label_seed: int | None = None,
) -> Splits:
    """Open a data set and cut it into training, validation and test rows.

    Arguments:
        source: `"digits"`, `"mnist"`, `"fashion-mnist"`, or the path of a folder of images (or of four idx files named
            as MNIST's are), or of a `.npy`, `.npz`, `.csv`, `.tsv`, `.parquet` or idx file. Where a path is named as a
            data set is, write `./digits`.
        labels_column: the column of a table that holds the labels.
        image_size: the height and width of a folder's images, or one number for both; by default the most common size.
        skip_bad: leave out a folder's images that cannot be read, with a warning, instead of stopping.
        validation: the fraction of rows for validation: by default 0.1 of all rows, or none of the training rows of a
            data set that has a test set of its own.
        test: the fraction of all rows for the test, by default 0.2; not for a data set that has a test set of its own.
        labels: keep this many labels of the training rows, evenly over the classes, and hide the others.
        seed: of the split and, unless they have one of their own, of the labels kept.
        label_seed: of the labels kept.

    Returns:
        The three parts. Numbers that are not finite have been looked for in memory; in a memory map that is left to
        `Preprocessing.fit`, which reads every row anyway.

    Raises:
        DataError: with one sentence on what is wrong with the data or the arguments, and on the way out.

    Example:
        >>> data = open_dataset("digits", labels=100)
        >>> len(data.train), len(data.test), int((data.train.labels >= 0).sum())
        (1258, 359, 100)
    """
    whole, official_test = _open(source, labels_column, image_size, skip_bad)
    whole = _checked(whole)
    if official_test is None:
        splits = split(whole, 0.1 if validation is None else validation, 0.2 if test is None else test, seed)
    elif test is not None:
        raise DataError(f"{source} has a test set of its own, of {len(official_test):,} rows; leave test={test} out.")
    else:
        splits = replace(split(whole, validation or 0.0, 0.0, seed), test=_checked(official_test))
    if labels is None:
        return splits
    return replace(splits, train=keep_labels(splits.train, labels, seed if label_seed is None else label_seed))


def _open(
    source: str | Path, labels_column: str | None, image_size: int | tuple[int, int] | None, skip_bad: bool
) -> tuple[Dataset, Dataset | None]:
    """The data set, and its own test set where it has one."""
    path = Path(source).expanduser()
    suffix = path.suffix.lower()
    named = source in BUILTIN
    images = not named and path.is_dir() and not mnist.is_idx_folder(path)
    if labels_column is not None and (named or suffix not in _TABLES):
        raise DataError(f'labels_column="{labels_column}" is for tables (.csv, .tsv, .parquet); {source} is none.')
    if image_size is not None and not images:
        raise DataError(f"image_size={image_size} is for folders of images; {source} is none.")
    if named:
        return _open_builtin(str(source))
    if images:
        return open_images(path, image_size, skip_bad), None
    if path.is_dir():
        return mnist.open_idx_folder(path)
    if not path.is_file():
        raise DataError(_not_found(source))
    if is_idx(path):
        return open_idx(path), None
    if suffix in _ARRAYS:
        return _ARRAYS[suffix](path), None
    if suffix in _TABLES:
        return _TABLES[suffix](path, labels_column), None
    raise DataError(f'{source} ends in "{path.suffix}", which is not known here; give {_KNOWN}.')


def _open_builtin(name: str) -> tuple[Dataset, Dataset | None]:
    if name == "digits":
        return digits(), None
    return mnist.load(mnist.MNIST if name == "mnist" else mnist.FASHION_MNIST)


def _checked(dataset: Dataset) -> Dataset:
    """The data set, if its rows are numbers to learn from."""
    for view in dataset.views:
        rows = as_rows(view, dataset.name)
        if isinstance(rows, np.ndarray) and rows.dtype.kind == "f" and not is_mapped(rows):
            summarize(rows, per_feature=False, name=dataset.name)
    return dataset


def _not_found(source: str | Path) -> str:
    close = difflib.get_close_matches(str(source), BUILTIN, n=1)
    meant = f' Did you mean "{close[0]}"?' if close else ""
    return f'there is no file or folder "{source}", and the data sets with a name are {", ".join(BUILTIN)}.{meant}'
