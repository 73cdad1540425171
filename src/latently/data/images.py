"""Folders of images: a row is an image, or one image of each subfolder; subfolders may be classes, parts or views."""

from collections import Counter
from collections.abc import Iterator, Mapping, Set
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from latently.data.assumptions import assume, assumed
from latently.data.dataset import Dataset
from latently.data.labels import Unlabelled, read_labels
from latently.data.parts import NAMES, Parts, part_in
from latently.data.pictures import KINDS, SUFFIXES, ImageSize, Pictures, read_pictures
from latently.data.rows import DataArgumentError, DataError
from latently.data.view_making import Groups
from latently.reading import path_meant

_LOOKED_AT = 1000
"""Folders below those of classes in which images are looked for."""


def open_images(
    place: Path,
    image_size: ImageSize = None,
    skip_bad: bool = False,
    *,
    parts: Mapping[str, str] | None = None,
    nested: bool = False,
    labels_file: str | None = None,
    unlabelled: Unlabelled = "auto",
    **pictures: Any,
) -> Parts:
    """The images in a folder and in its subfolders (one level deep), or one image alone, as uint8 of one size.

    The label of an image is the name of its subfolder, or what a `labels.csv` in the folder says, a table with the
    columns `filename` and `label`; otherwise it is unknown. Folders called `train` and `test` (and `val`) above the
    classes are the parts of the data, all in one size and colour.

    Args:
        place: the folder, or the file of an image.
        image_size: as for `read_pictures`.
        skip_bad: likewise.
        parts: part → the folder that it is, where the names of folders do not tell; empty where all are classes.
        nested: take the images of deeper folders as well, each in the class of the subfolder that it lies below.
        labels_file: the table of labels, or `"none"` where `labels.csv` holds none.
        unlabelled: the label of rows without one.
        **pictures: `gray`, `white_level`, `image_fit`, `background` and `frame`, as for `read_pictures`.
    """
    if place.is_file():
        read = read_pictures(place.parent, [place], image_size, skip_bad, **pictures)
        alone = Dataset.of(place.name, read.images, None, "", {"source": "image", **read.description})
        return Parts(replace(alone, files=np.array([place.name])))
    roots, ignored = _parts_in(place, parts)
    tops = {inner: inner.name for root in roots.values() for inner in _subfolders(root)} | dict.fromkeys(
        roots.values(), ""
    )
    found = {path: name for top, name in tops.items() for path in _images(top, nested=nested and bool(name))}
    deeper = {} if nested else _deeper(roots, {path.parent for path in found})
    if not found:
        where = (
            f"; those of {next(iter(deeper))} lie deeper: give the folder above it, or take them with {{nested=True}}"
            if deeper
            else "; check the path"
        )
        raise DataArgumentError(str(place), f"holds no {KINDS} image, nor does a folder in it{where}")
    named = _named(place, roots, found, labels_file)
    read = read_pictures(place, sorted(found), image_size, skip_bad, **pictures)
    labels = None if named is None else np.array([named.get(path, "") for path in read.paths])
    description = {"source": "folder of images", **read.description}
    if (len(roots) > 1 or ignored) and parts is None:
        guess = f"the folders {', '.join(root.name for root in roots.values())} of {place.name} are parts of the data"
        unused = f", and {', '.join(ignored)} beside them not used" if ignored else ""
        description = assume(description, f"{guess}{unused}; {{parts=none}} makes all of them classes")
    if deeper:
        total, first = sum(deeper.values()), next(iter(deeper))
        guess = f"{total:,} images lie deeper than in folders of {place.name}, such as those of"
        description = assume(description, f"{guess} {first.relative_to(place)}: not used; {{nested=True}} takes them")
    if named is not None and labels_file is None and (tables := _tables(place, roots)):
        label_guess = f"{', '.join(str(table.relative_to(place)) for table in tables)} of {place.name} holds the labels"
        description = assume(description, f"{label_guess}; {{labels_file=none}} does without")
    inside = {
        top: bool(_images(top, nested=nested)) or any(each.is_relative_to(top) for each in deeper) for top in tops
    }
    empty = [name for top, name in tops.items() if name and not inside[top]]
    if empty and not ignored:
        description = assume(description, f"of {place.name}, {', '.join(empty)} hold no image, and are no classes")
    whole = Dataset.of(place.resolve().name, read.images, labels, str(place), description, unlabelled=unlabelled)
    whole = replace(whole, files=np.array([str(path.relative_to(place)) for path in read.paths]))
    if len(roots) == 1:
        return Parts(whole)
    rows = {part: [n for n, path in enumerate(read.paths) if path.is_relative_to(root)] for part, root in roots.items()}
    return Parts(
        **{
            part: whole.take(np.array(rows[part], int), part=part, split="the official parts")
            for part in NAMES
            if rows.get(part)
        }
    )


def _tables(place: Path, roots: Mapping[str, Path]) -> list[Path]:
    """The tables of labels in a folder and in its parts."""
    return [table for at in dict.fromkeys((place, *roots.values())) if (table := at / "labels.csv").is_file()]


def _named(
    place: Path, roots: Mapping[str, Path], found: Mapping[Path, str], labels_file: str | None
) -> dict[Path, str] | None:
    """The label of each image that has one, where no table has it that of its folder; `None` where there are none."""
    named: dict[Path, str] = {}
    if labels_file is not None and labels_file != "none":
        if not (table := Path(labels_file).expanduser()).is_file():
            rule = f"must be a table of labels; there is no {table}"
            raise DataArgumentError("labels_file", rule, remedy=path_meant(table).strip())
        return read_labels(table, partial(_among, frozenset(found), place))
    tables = [] if labels_file == "none" else _tables(place, roots)
    if not tables:
        return {path: name for path, name in found.items() if name} or None
    for table in tables:
        named |= read_labels(table, partial(_among, frozenset(found), table.parent))
    return named


def _among(images: frozenset[Path], folder: Path, name: str) -> Path | None:
    """The image of a name in a folder, if it is one of these."""
    return path if (path := folder / name) in images else None


def _parts_in(folder: Path, told: Mapping[str, str] | None) -> tuple[dict[str, Path], list[str]]:
    """Part → its folder, of a folder that has `train` and others, and what else is in it; else the folder itself.

    A class may be called `train`, too: its folder holds no folders of images, and stands beside other classes.
    """
    if told is not None:
        for name in told.values():
            if not (folder / name).is_dir():
                there = [entry.name for entry in _subfolders(folder)]
                rule = f"must name folders of {folder}, which has {', '.join(there) or 'none'}"
                raise DataArgumentError("parts", rule, name, known=there)
        return {part: folder / name for part, name in told.items()} or {"train": folder}, []
    inner = [entry for entry in _subfolders(folder) if _images(entry) or _has_classes(entry)]
    called: dict[str, list[Path]] = {}
    others = []
    for entry in inner:
        if part := part_in(entry.name):
            called.setdefault(part, []).append(entry)
        else:
            others.append(entry.name)
    train = called.get("train", [])
    if not train or not (any(map(_has_classes, train)) or (len(called) > 1 and not others)):
        return {"train": folder}, []
    for part, entries in called.items():
        if len(entries) > 1:
            names = " and ".join(entry.name for entry in entries)
            raise DataError(f"{folder} holds {names}, which both are called as {part} rows are; keep one of them.")
    return {part: entries[0] for part, entries in called.items()}, others


def open_image_views(
    folder: Path,
    groups: Groups,
    image_size: ImageSize | Mapping[str, ImageSize] = None,
    skip_bad: bool = False,
    *,
    unlabelled: Unlabelled = "auto",
    **pictures: Any,
) -> Dataset:
    """Images in subfolders, one for each view, as rows: those of one file name, without its ending, are one row.

    Each view is read by the rules of `open_images`, in a size and in colours of its own. A name that only some of the
    subfolders have gives a row that lacks the other views. Labels are those of a `labels.csv` in the folder.
    """
    chosen = groups.one_each([entry.name for entry in _subfolders(folder)], f"{folder} holds the folders")
    sizes = image_size if isinstance(image_size, Mapping) else dict.fromkeys(chosen, image_size)
    read = {view: _read_view(folder / name, sizes.get(view), skip_bad, pictures) for view, name in chosen.items()}
    names = sorted({path.stem for each in read.values() for path in each.paths})
    place = {name: row for row, name in enumerate(names)}
    views, present = {}, {}
    for view, each in read.items():
        rows = np.array([place[path.stem] for path in each.paths])
        views[view] = np.zeros((len(names), *each.images.shape[1:]), np.uint8)
        views[view][rows] = each.images
        present[view] = np.isin(np.arange(len(names)), rows)
    labels = None
    if (table := folder / "labels.csv").is_file():
        named = read_labels(table, lambda name: place.get(name, place.get(Path(name).stem)))
        labels = np.array([named.get(row, "") for row in range(len(names))])
    description = {
        "source": "folders of images, matched by file name",
        "folders": chosen,
        **{
            f"{view}: {fact}": value
            for view, each in read.items()
            for fact, value in each.description.items()
            if fact != "assumed"
        },
    }
    guesses = [f"view {view}: {guess}" for view, each in read.items() for guess in assumed(each.description)]
    description = assume(description, *guesses)
    name = folder.resolve().name
    return Dataset.of(name, views, labels, str(folder), description, present, unlabelled=unlabelled)


def _images(folder: Path, *, nested: bool = False) -> list[Path]:
    """The files of images in a folder, and in those below it if they are `nested`, without hidden ones.

    Links to folders are not followed down, since one may lead to a folder above it.
    """
    inner = [each for each in _subfolders(folder) if not each.is_symlink()] if nested else []
    below = [path for each in inner for path in _images(each, nested=True)]
    return below + [
        entry
        for entry in folder.iterdir()
        if entry.suffix.lower() in SUFFIXES and not entry.name.startswith(".") and entry.is_file()
    ]


def _subfolders(folder: Path) -> list[Path]:
    """The folders in a folder, sorted, without hidden ones."""
    return sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))


def _deeper(roots: Mapping[str, Path], known: Set[Path]) -> dict[Path, int]:
    """Folder → how many images it holds, of those that lie below the folders of classes.

    So many folders are looked at: one may be a whole disk by mistake.
    """
    below = (folder for root in roots.values() for top in _subfolders(root) for folder in _below(top))
    return {
        folder: images
        for folder in islice(below, _LOOKED_AT)
        if folder not in known and (images := len(_images(folder)))
    }


def _below(folder: Path) -> Iterator[Path]:
    """The folders in a folder, however deep, without hidden ones: each before those in it."""
    for inner in _subfolders(folder):
        yield inner
        yield from _below(inner)


def _has_classes(folder: Path) -> bool:
    """Whether a folder holds folders of images."""
    return any(_images(inner) for inner in _subfolders(folder))


def _read_view(folder: Path, image_size: ImageSize, skip_bad: bool, pictures: Mapping[str, Any]) -> Pictures:
    """The images of one view."""
    found = sorted(_images(folder))
    if not found:
        raise DataError(f"{folder} holds no {KINDS} image; check the path.")
    stem, count = Counter(path.stem for path in found).most_common(1)[0]
    if count > 1:
        raise DataError(f'{folder} holds two images named "{stem}", with other endings; keep one of them.')
    return read_pictures(folder, found, image_size, skip_bad, **pictures)
