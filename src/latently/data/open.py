"""One call for every source of data."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from latently.data.arrays import is_idx, is_idx_folder, open_idx, open_idx_folder, open_npy, open_npz
from latently.data.builtin import BUILTIN, FASHION_MNIST, MNIST, digits, load
from latently.data.dataset import Dataset, Splits, keep_labels, split
from latently.data.images import ImageSize, open_image_views, open_images
from latently.data.rows import DataArgumentError, DataError, Subset, as_rows, is_mapped, summarize
from latently.data.tables import SUFFIXES, open_table
from latently.data.view_making import Groups, halves, noisy, view_groups
from latently.errors import did_you_mean


def open_dataset(
    source: str | Path,
    *,
    labels_column: str | None = None,
    image_size: ImageSize | Mapping[str, ImageSize] = None,
    skip_bad: bool = False,
    views: str | None = None,
    some_views: bool = False,
    validation: float | None = None,
    test: float | None = None,
    labels: int | None = None,
    seed: int = 0,
    label_seed: int | None = None,
) -> Splits:
    """Open a data set and cut it into training, validation and test rows.

    Args:
        source: `"digits"`, `"mnist"`, `"fashion-mnist"`, or the path of a folder of images (or of four idx files named
            as MNIST's are), or of a `.npy`, `.npz`, `.csv`, `.tsv`, `.parquet` or idx file. Where a path is named as a
            data set is, write `./digits`.
        labels_column: the column of a table that holds the labels.
        image_size: the height and width of a folder's images, or one number for both; by default the most common size.
            For a folder of several views also a dict, name → size.
        skip_bad: leave out a folder's images that cannot be read, with a warning, instead of stopping.
        views: of what several views a row is made; by default it has one.

            - `"halves"` cuts images into `left` and `right`, `"top-bottom"` into `top` and `bottom`;
            - `"noisy"` makes two noisy views of labelled images: `rotated`, and `noisy`, which is another image of the
              same class under noise (see `latently.data.view_making`);
            - `"NAME=WHAT,NAME=WHAT"` names the views that the data holds: arrays of a `.npz` file; columns of a table,
              as names or patterns joined by `+`, such as `"sizes=leaf_*+stem,colours=red+green"`; subfolders of a
              folder, whose images are matched by file name.

            Where one array is all NaN, a group of cells empty, or an image missing, the row lacks that view.
        some_views: take data that has only some of the views that `views` names.
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
        DataError: one sentence on what is wrong with the data or an argument, and on the way out; about an argument,
            it is a `latently.errors.ArgumentError` as well.

    Example:
        >>> data = open_dataset("digits", labels=100)
        >>> len(data.train), len(data.test), int((data.train.labels >= 0).sum())
        (1258, 359, 100)
    """
    groups = view_groups(views, partial=some_views)
    whole, official_test = _open(source, labels_column, image_size, skip_bad, groups)
    whole = _checked(whole, every_view=not some_views)
    if official_test is None:
        splits = split(whole, 0.1 if validation is None else validation, 0.2 if test is None else test, seed)
    elif test is not None:
        rule = f"must be left out: {source} has a test set of its own, of {len(official_test):,} rows"
        raise DataArgumentError("test", rule, test)
    else:
        splits = replace(split(whole, validation or 0.0, 0.0, seed), test=_checked(official_test))
    if views is not None and groups is None:
        parts = (splits.train, splits.validation, splits.test)
        if views == "noisy":
            splits = Splits(*(noisy(part, (seed, place)) for place, part in enumerate(parts)))
        else:
            splits = Splits(*(halves(part, views) for part in parts))
    if labels is None:
        return splits
    return replace(splits, train=keep_labels(splits.train, labels, seed if label_seed is None else label_seed))


def _open(
    source: str | Path,
    labels_column: str | None,
    image_size: ImageSize | Mapping[str, ImageSize],
    skip_bad: bool,
    groups: Groups | None,
) -> tuple[Dataset, Dataset | None]:
    """The data set, and its own test set where it has one."""
    path = Path(source).expanduser()
    suffix = path.suffix.lower()
    named = source in BUILTIN
    images = not named and path.is_dir() and not is_idx_folder(path)
    if labels_column is not None and (named or suffix not in SUFFIXES):
        rule = f"is for tables (.csv, .tsv, .parquet), and {source} is none"
        raise DataArgumentError("labels_column", rule, labels_column)
    if image_size is not None and not images:
        raise DataArgumentError("image_size", f"is for folders of images, and {source} is none", image_size)
    if groups is not None and not images and suffix not in (".npz", *SUFFIXES) and (named or path.exists()):
        raise DataArgumentError(
            "views",
            "that are named are the arrays of a .npz file, the columns of a table or the subfolders of a folder; "
            f"{source} has none",
            remedy="Use {views=halves} for images.",
        )
    if source == "digits":
        return digits(), None
    if named:
        return load(MNIST if source == "mnist" else FASHION_MNIST)
    if images and groups is not None:
        return open_image_views(path, groups, image_size, skip_bad), None
    if images:
        if isinstance(image_size, Mapping):
            raise DataArgumentError("image_size", f"of each view is for folders of several views; {source} has one")
        return open_images(path, image_size, skip_bad), None
    if path.is_dir():
        return open_idx_folder(path)
    if not path.is_file():
        meant, known = did_you_mean(str(source), list(BUILTIN), '"{}"'), ", ".join(BUILTIN)
        raise DataError(f'there is no file or folder "{source}", and the data sets with a name are {known}.{meant}')
    if is_idx(path):
        return open_idx(path), None
    if suffix == ".npy":
        return open_npy(path), None
    if suffix == ".npz":
        return open_npz(path, groups), None
    if suffix in SUFFIXES:
        return open_table(path, labels_column, groups), None
    raise DataError(
        f'{source} ends in "{path.suffix}", which is not known here; give a folder of PNG or JPEG images, .npy, .npz, '
        ".csv, .tsv, .parquet or idx files (such as train-images-idx3-ubyte.gz)."
    )


def _checked(dataset: Dataset, every_view: bool = False) -> Dataset:
    """The data set, if its rows are numbers to learn from, and some rows have each view where all are wanted."""
    for place, view in enumerate(dataset.views):
        name = f'{dataset.name}, view "{dataset.view_names[place]}",' if dataset.view_names else dataset.name
        rows = as_rows(view, name)
        present = None if dataset.present is None else np.flatnonzero(dataset.present[:, place])
        if present is not None and not len(present):
            if every_view:
                view_name = dataset.view_names[place]
                raise DataError(f'{dataset.name} has no row with the view "{view_name}"; give some, or leave it out.')
        elif isinstance(rows, np.ndarray) and rows.dtype.kind == "f" and not is_mapped(rows):
            summarize(rows if present is None else Subset(rows, present), per_feature=False, name=name)
    return dataset
