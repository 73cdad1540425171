"""One call for every source of data."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from latently.data.archives import RowAxis, open_npz
from latently.data.arrays import is_idx, is_idx_folder, open_idx, open_idx_folder, open_npy
from latently.data.builtin import BUILTIN, FASHION_MNIST, MNIST, digits, load
from latently.data.dataset import Dataset, Splits, keep_labels, split
from latently.data.hub import PREFIX, open_hub
from latently.data.images import open_image_views, open_images
from latently.data.labels import Unlabelled
from latently.data.layout import ChannelAxis
from latently.data.parts import Parts, like, same_classes, told_parts
from latently.data.pictures import KINDS, ImageSize
from latently.data.pictures import SUFFIXES as PICTURES
from latently.data.rows import DataArgumentError, DataError, Subset, as_names, as_rows, check_finite, is_mapped
from latently.data.stores import ANNDATA, open_h5ad, open_store
from latently.data.stores import SUFFIXES as STORES
from latently.data.table import Table
from latently.data.tables import is_table, open_table
from latently.data.view_making import Groups, halves, noisy, view_groups
from latently.errors import check_seed, did_you_mean
from latently.reading import path_meant

Source = str | Path
_ARCHIVES, _OF_R = (".npz", *STORES), (".rds", ".rda", ".rdata")

_IMAGES, _ARRAYS, _HUB = ("a folder of images", "an image"), "a file of arrays", "a Hugging Face data set"
_NPY, _IDX = "a NumPy file", "an idx file"
_NAMED = f"files of arrays ({', '.join(_ARCHIVES)})"
_TABLES = "tables (.csv, .tsv, .xlsx, .parquet)"
_FITS: dict[str, tuple[str, tuple[str, ...]]] = {
    "labels_column": (f"{_TABLES}, .h5ad and {_NAMED}", ("a table", "AnnData", _ARRAYS, _HUB)),
    "columns": (_TABLES, ("a table",)),
    "leave_out": (_TABLES, ("a table",)),
    "kinds": (_TABLES, ("a table",)),
    "dialect": (_TABLES, ("a table",)),
    "array": (f"{_NAMED} and .h5ad", (_ARRAYS, "AnnData", _HUB)),
    "image_size": ("folders of images", (*_IMAGES, _HUB)),
    "image_fit": ("folders of images", (*_IMAGES, _HUB)),
    "gray": ("folders of images", (*_IMAGES, _HUB)),
    "white_level": ("folders of images", (*_IMAGES, _HUB)),
    "background": ("folders of images", (*_IMAGES, _HUB)),
    "frame": ("folders of images", _IMAGES),
    "nested": ("folders of images", _IMAGES[:1]),
    "parts": ("folders of images and Hugging Face data sets", (*_IMAGES[:1], _HUB)),
    "labels_file": ("folders of images, .npy and idx files", (*_IMAGES[:1], _NPY, _IDX)),
    "row_axis": (_NAMED, (_ARRAYS,)),
}
"""Argument → what it is for, in words, and the kinds of sources that take it."""


@dataclass(frozen=True)
class Opening:
    """How a source is opened: the arguments of `open_dataset` that are not about cutting it, `views` as groups."""

    labels_column: str | Sequence[str] | None = None
    columns: Iterable[str] | None = None
    leave_out: Iterable[str] | None = None
    kinds: Mapping[str, str] | str | None = None
    dialect: Mapping[str, str] | str | None = None
    array: str | None = None
    image_size: ImageSize | Mapping[str, ImageSize] = None
    image_fit: str | None = None
    gray: bool | None = None
    white_level: float | None = None
    background: str | None = None
    frame: int | None = None
    nested: bool | None = None
    parts: Mapping[str, str] | None = None
    labels_file: str | None = None
    row_axis: RowAxis | None = None
    skip_bad: bool = False
    groups: Groups | None = None
    unlabelled: Unlabelled = "auto"

    def fitting(self, kind: str) -> "Opening":
        """The same without what is not for a source of this kind."""
        without: dict[str, Any] = {name: None for name, (_, kinds) in _FITS.items() if kind not in kinds}
        return replace(self, **without)

    @property
    def of_tables(self) -> dict[str, Any]:
        """The arguments that tables take."""
        names = ("columns", "kinds", "dialect", "unlabelled")
        return {name: getattr(self, name) for name in names} | {"leave_out": self.leave_out or ()}

    @property
    def of_images(self) -> dict[str, Any]:
        """The arguments that folders of images take."""
        names = ("skip_bad", "image_fit", "gray", "white_level", "background", "frame", "unlabelled")
        return {name: getattr(self, name) for name in names}


def open_dataset(
    source: Source,
    *,
    labels_column: str | Sequence[str] | None = None,
    columns: Iterable[str] | None = None,
    leave_out: Iterable[str] = (),
    kinds: Mapping[str, str] | str | None = None,
    dialect: Mapping[str, str] | str | None = None,
    array: str | None = None,
    image_size: ImageSize | Mapping[str, ImageSize] = None,
    image_fit: str | None = None,
    gray: bool | None = None,
    white_level: float | None = None,
    background: str | None = None,
    frame: int | None = None,
    nested: bool | None = None,
    parts: Mapping[str, str] | str | None = None,
    labels_file: str | None = None,
    row_axis: RowAxis | None = None,
    skip_bad: bool = False,
    views: str | None = None,
    channel_axis: ChannelAxis = "auto",
    some_views: bool = False,
    unlabelled: Unlabelled = "auto",
    validation: float | Source | None = None,
    test: float | Source | None = None,
    labels: int | None = None,
    seed: int = 0,
    label_seed: int | None = None,
) -> Splits:
    """Open a data set and cut it into training, validation and test rows.

    Where a source names its parts, they are kept: a `.npz` file with `x_train` and `x_test`, a folder with `train/` and
    `test/` above its classes, MNIST. What was guessed of the data is in the description of the parts (see
    `latently.data.assumed`).

    Args:
        source: `"digits"`, `"mnist"`, `"fashion-mnist"`, or the path of a folder of images (or of four idx files named
            as MNIST's are), of an image, or of a `.npy`, `.npz`, `.mat`, HDF5, Zarr, `.h5ad` or idx file, or of a
            table: `.csv`, `.tsv` or `.txt`, packed with gzip or not, `.xlsx`, `.parquet` or a folder of its parts; or
            `"hf:NAME"`, a Hugging Face data set. Where a path is named as a data set is, write `./digits`.
        labels_column: the column of a table, or the array of a file of arrays, that holds the labels; or several
            columns, which are conditions, for a model that takes them (see `latently.data.conditions`).
        columns: the columns of a table to take; all unless said.
        leave_out: the columns of a table not to take.
        kinds: name of a column → its kind, or `"sex=category,income=heavy"`, where that is not to be guessed: see
            `latently.data.KINDS`; `day-first` or `month-first` says how dates are to be read. A column of labels whose
            kind is told is a condition.
        dialect: how a table is written, where that is not to be guessed, as a dict or as
            `"delimiter=semicolon,decimal=comma"`: of a text its `delimiter`, `decimal`, `thousands`, `comment` and
            `encoding`; of an Excel file the `sheet`; of both, which words are `missing` cells, joined by `+`.
        array: the array of a file of arrays that holds the rows, where its name does not tell.
        image_size: the height and width of a folder's images, or one number for both; by default the most common size.
            `"auto"` is that up to 128 × 128, and else a size in the same proportions whose longer side is 128. For a
            folder of several views also a dict, name → size.
        image_fit: how a folder's images of another size are brought to that one: `"fill"`, the default, covers it and
            crops what stands out; `"fit"` keeps the whole image, between black borders; `"crop"` takes the centre as
            it is, and resizes nothing.
        gray: read a folder's images in gray, or in colour; by default in colour where one of them is.
        white_level: the number that is white in images of more than 8 bits; by default 255, 511, 1023 or so on, the
            first that none of a folder's images exceeds.
        background: the colour behind images that are transparent in places, such as `"black"` or `"#ff8000"`; white
            unless said.
        frame: which image is taken of a file of several, such as a moving GIF, counted from 0; the first unless said.
        nested: take the images of folders below those of the classes, too, each in the class that it lies below.
        parts: what training, validation and test rows are called, as a dict or as `"train=NAME,test=NAME"`, where the
            names of folders or of a Hugging Face data set's splits do not tell; `"none"` makes all folders classes, and
            all splits one.
        labels_file: the file of the labels: of a `.npy` or idx file one of these kinds, of a folder of images a table
            with the columns `filename` and `label`. `"none"` does without the one that lies beside the rows.
        row_axis: the axis of a file's arrays that counts the rows, `"first"` or `"last"`; the first, unless there are
            as many labels as the last one has places.
        skip_bad: leave out a folder's images that cannot be read, with a warning, instead of stopping.
        views: of what several views a row is made; by default it has one.

            - `"halves"` cuts images into `left` and `right`, `"top-bottom"` into `top` and `bottom`;
            - `"noisy"` makes two noisy views of labelled images: `rotated`, and `noisy`, which is another image of the
              same class under noise (see `latently.data.view_making`);
            - `"NAME=WHAT,NAME=WHAT"` names the views that the data holds: arrays of a `.npz` file; columns of a table,
              as names or patterns joined by `+`, such as `"sizes=leaf_*+stem,colours=red+green"`; subfolders of a
              folder, whose images are matched by file name.

            Where one array is all NaN, a group of cells empty, or an image missing, the row lacks that view.
        channel_axis: where images that views are made of have their channels, `"first"` or `"last"`, as told to the
            model; unless said it is guessed from their shape, and the views have theirs last.
        some_views: take data that has only some of the views that `views` names.
        unlabelled: which label marks a row without one: `"auto"` is -1; `None`, nothing but `None`, NaN and empty ones,
            which always do; any other, that one.
        validation: the fraction of rows for validation, or the path of a file or folder of its own, opened as the
            source is: by default 0.1 of all rows, or none of the training rows of a source that names its parts.
        test: likewise for the test, by default 0.2. A fraction is not for a source that has a test set of its own.
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
    check_seed("seed", seed)
    check_seed("label_seed", label_seed)
    groups = view_groups(views, partial=some_views)
    how = Opening(
        labels_column=labels_column,
        columns=as_names(columns) or None,
        leave_out=as_names(leave_out) or None,
        kinds=kinds or None,
        dialect=dialect or None,
        array=array,
        image_size=image_size,
        image_fit=image_fit,
        gray=gray,
        white_level=white_level,
        background=background,
        frame=frame,
        nested=nested or None,
        parts=told_parts(parts),
        labels_file=labels_file,
        row_axis=row_axis,
        skip_bad=skip_bad,
        groups=groups,
        unlabelled=unlabelled,
    )
    found, shares = _with_own_parts(source, how, {"validation": validation, "test": test}, every_view=not some_views)
    splits = _cut(found, shares, seed)
    if views is not None and groups is None:
        each = (splits.train, splits.validation, splits.test)
        splits = Splits(*(_made(views, part, (seed, place), channel_axis) for place, part in enumerate(each)))
    if labels is None:
        return splits
    return replace(splits, train=keep_labels(splits.train, labels, seed if label_seed is None else label_seed))


def open_whole(
    source: Source,
    *,
    views: str | None = None,
    some_views: bool = False,
    channel_axis: ChannelAxis = "auto",
    **how: Any,
) -> Dataset:
    """All rows of a source as one data set, whatever parts it names; the arguments are those of `open_dataset`.

    Example:
        >>> len(open_whole("digits"))
        1797
    """
    groups = view_groups(views, partial=some_views)
    how |= {"leave_out": how.get("leave_out") or None, "nested": how.get("nested") or None}
    how["parts"] = told_parts(how.get("parts"))
    parts = _parts(source, Opening(**how, groups=groups), every_view=not some_views)
    return parts.whole if views is None or groups is not None else _made(views, parts.whole, (0, 0), channel_axis)


def _parts(source: Source, how: Opening, *, every_view: bool) -> Parts:
    """The parts of a source, checked."""
    try:
        return _open(source, how).each(lambda part: _checked(part, every_view))
    except MemoryError as error:
        raise DataError(f"{source} holds more than fits into the memory that is free here; give less of it.") from error


def _with_own_parts(
    source: Source, how: Opening, given: Mapping[str, float | Source | None], *, every_view: bool
) -> tuple[Parts, dict[str, float | None]]:
    """The parts of a source, and those that are given a source of their own; and the shares asked of the others."""
    parts, shares = _parts(source, how, every_view=every_view), {}
    for name, value in given.items():
        if isinstance(value, str | Path):
            own = _part_of_its_own(name, value, parts.train, how)
            parts = same_classes(parts._replace(**{name: own}))
        elif value is not None and name in parts.official:
            rule = f"must be left out: {source} has a {name} set of its own, of {len(parts.official[name]):,} rows"
            raise DataArgumentError(name, rule, value)
        elif name not in parts.official:
            shares[name] = value
    return parts, shares


def _part_of_its_own(name: str, source: Source, train: Dataset, how: Opening) -> Dataset:
    """Rows from a source of their own, opened as the training rows were; of its parts, the one of this name."""
    if not _exists(source):
        rule = "must be a share of the rows, such as 0.2, or the path of a file or folder that exists"
        raise DataArgumentError(name, rule, str(source), path_meant(source).strip())
    shape, how = train.x.shape[1:], replace(how, parts=None, labels_file=None)
    if len(shape) > 1 and not train.view_names:
        how = replace(how, image_size=shape[:2], gray=len(shape) == 2, white_level=train.description.get("white_level"))
    if "columns" in train.description and not train.view_names:
        told = {column.name: column.kind for column in train.x.columns} if isinstance(train.x, Table) else None
        how = replace(how, columns=train.description["columns"], leave_out=None, kinds=told)
    opened = _open(source, how.fitting(_kind(source)))
    return like(train, _checked(opened.official.get(name, opened.whole)), name)


def _cut(parts: Parts, shares: Mapping[str, float | None], seed: int) -> Splits:
    """The parts that there are, and those that are asked for cut from the training rows."""
    default = {} if parts.official else {"validation": 0.1, "test": 0.2}
    wanted = {name: default.get(name, 0.0) if share is None else share for name, share in shares.items()}
    splits = split(parts.train, wanted.get("validation", 0.0), wanted.get("test", 0.0), seed)
    return replace(splits, **parts.official)


def _made(views: str, part: Dataset, seed: tuple[int, int], channel_axis: ChannelAxis) -> Dataset:
    """A part with the views that are made of each row."""
    return noisy(part, seed, channel_axis) if views == "noisy" else halves(part, views, channel_axis)


def _exists(source: Source) -> bool:
    """Whether there is such a source, or it is for others to say."""
    return source in BUILTIN or str(source).startswith(PREFIX) or Path(source).expanduser().exists()


def _kind(source: Source) -> str:
    """What a source is, in words."""
    path = Path(source).expanduser()
    suffix = path.suffix.lower()
    if source in BUILTIN:
        return "a data set with a name"
    if str(source).startswith(PREFIX):
        return _HUB
    if is_table(path):
        return "a table"
    if path.is_dir() and suffix != ".zarr":
        return "a folder of idx files" if is_idx_folder(path) else "a folder of images"
    if is_idx(path):
        return _IDX
    kinds: dict[str, Collection[str]] = {_ARRAYS: _ARCHIVES, "an image": PICTURES, _NPY: (".npy",)}
    kinds["AnnData"] = (ANNDATA,)
    return next((kind for kind, suffixes in kinds.items() if suffix in suffixes), "another file")


def holds_images(source: Source) -> bool:
    """Whether a source is a folder of images, or an image."""
    return _kind(source) in _IMAGES


def takes(source: Source, argument: str) -> bool:
    """Whether an argument of `open_dataset` that is for some sources is for this one.

    Example:
        >>> takes("table.csv", "white_level"), takes("table.csv", "kinds")
        (False, True)
    """
    return _kind(source) in _FITS[argument][1]


def _check(source: Source, kind: str, how: Opening) -> None:
    """See that the arguments are for a source of this kind."""
    for name, (what, kinds) in _FITS.items():
        if getattr(how, name) not in (None, "auto") and kind not in kinds:
            raise DataArgumentError(name, f"is for {what}, and {source} is none", getattr(how, name))
    named = how.groups is not None
    if named and _exists(source) and kind not in ("a table", _ARRAYS, "a folder of images"):
        raise DataArgumentError(
            "views",
            "that are named are the arrays of a file of arrays, the columns of a table or the subfolders of a folder; "
            f"{source} has none",
            remedy="Use {views=halves} for images.",
        )
    if isinstance(how.image_size, Mapping) and not named:
        raise DataArgumentError("image_size", f"of each view is for folders of several views; {source} has one")


def _open(source: Source, how: Opening) -> Parts:
    """The parts of a data set: all rows are to train on, where it names none."""
    path, kind = Path(source).expanduser(), _kind(source)
    _check(source, kind, how)
    if source in BUILTIN:
        return Parts(digits()) if source == "digits" else load(MNIST if source == "mnist" else FASHION_MNIST)
    if not _exists(source):
        file, known = path_meant(source), ", ".join(BUILTIN)
        meant = (file if path.suffix else "") or did_you_mean(str(source), list(BUILTIN), '"{}"') or file
        raise DataError(f'there is no file or folder "{source}", and the data sets with a name are {known}.{meant}')
    if kind == "a folder of idx files":
        return open_idx_folder(path, how.unlabelled)
    if kind == "a folder of images" and how.groups is not None:
        return Parts(open_image_views(path, how.groups, how.image_size, **how.of_images))
    if kind in _IMAGES:
        where = {"parts": how.parts, "nested": bool(how.nested), "labels_file": how.labels_file}
        return open_images(path, how.image_size, **where, **how.of_images)  # type: ignore[arg-type]  # see _check
    if kind in (_IDX, _NPY):
        return Parts((open_idx if kind == _IDX else open_npy)(path, how.unlabelled, how.labels_file))
    told = as_names(how.labels_column)
    if len(told) > 1 and kind != "a table":
        rule = f"names several columns, which is for tables; of {source} one holds the labels"
        raise DataArgumentError("labels_column", rule, ", ".join(told))
    label = next(iter(told), None)
    if kind == _HUB:
        pictures = {name: value for name, value in how.of_images.items() if name not in ("skip_bad", "frame")}
        pictures["parts"] = how.parts
        return open_hub(str(source), label, how.array, how.image_size, **pictures)  # type: ignore[arg-type]  # see _check
    if kind == "AnnData":
        return Parts(open_h5ad(path, label, how.unlabelled, how.array))
    if kind == _ARRAYS:
        opens = open_npz if path.suffix.lower() == ".npz" else open_store
        named: dict[str, Any] = {"array": how.array, "labels_array": label, "row_axis": how.row_axis}
        return opens(path, how.groups, **named, unlabelled=how.unlabelled)
    if kind == "a table":
        return Parts(open_table(path, how.labels_column, how.groups, **how.of_tables))
    if path.suffix.lower() in _OF_R:
        frame = f'readRDS("{path.name}")' if path.suffix.lower() == ".rds" else "FRAME"
        way_out = f'in R, arrow::write_parquet({frame}, "{path.stem}.parquet") writes a table that can be'
        raise DataError(f"{source} is a file of R, which cannot be read here; {way_out}.")
    raise DataError(
        f'{source} ends in "{path.suffix}", which is not known here; give a folder of {KINDS} images, .npy, '
        f"{', '.join(_ARCHIVES)}, .csv, .tsv, .xlsx, .parquet, .h5ad or idx files (such as "
        "train-images-idx3-ubyte.gz)."
    )


def _checked(dataset: Dataset, every_view: bool = False) -> Dataset:
    """The data set, if its rows are numbers to learn from, and some rows have each view where all are wanted."""
    for place, view in enumerate(dataset.views):
        name = f'{dataset.name}, view "{dataset.view_names[place]}",' if dataset.view_names else dataset.name
        if isinstance(view, Table):  # its cells have been looked at, and may be missing
            continue
        rows = as_rows(view, name)
        present = None if dataset.present is None else np.flatnonzero(dataset.present[:, place])
        if present is not None and not len(present):
            if every_view:
                view_name = dataset.view_names[place]
                raise DataError(f'{dataset.name} has no row with the view "{view_name}"; give some, or leave it out.')
        elif isinstance(rows, np.ndarray) and rows.dtype.kind == "f" and not is_mapped(rows):
            gaps = rows.ndim == 2 and not dataset.view_names  # which a model of a table may learn from
            check_finite(rows if present is None else Subset(rows, present), name, allow_nan=gaps)
    return dataset
