"""A folder whose subfolders hold the views of a row: images that go by the same file name."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Int

from latently.data.dataset import Dataset
from latently.data.errors import DataError
from latently.data.image_labels import read_labels
from latently.data.images import ImageSize, Pictures, find_images, read_images, subfolders
from latently.data.labels import Label, encode_labels
from latently.data.view_spec import Groups


def open_image_views(
    folder: Path, groups: Groups, image_size: ImageSize | Mapping[str, ImageSize] = None, skip_bad: bool = False
) -> Dataset:
    """Images in subfolders, one for each view, as rows: those of one file name, without its ending, are one row.

    The images of each view come out in a size and in colours of their own, by the rules of `open_images`. A name that
    only some of the subfolders have gives a row that lacks the other views. The label of a row is what a `labels.csv`
    in the folder says: a table with the columns `filename`, the name with its ending or without, and `label`.

    Arguments:
        folder: where the subfolders are.
        groups: the subfolder of each view.
        image_size: the height and width wanted, or one number for both; or name of a view → that.
        skip_bad: leave out images that cannot be read, with a warning that names them.

    Raises:
        DataError: where a subfolder is missing or empty, has two images of one name, an image cannot be read, or
            `labels.csv` does not fit.
    """
    chosen = groups.one_each([entry.name for entry in subfolders(folder)], f"{folder} holds the folders")
    pictures = {
        view: _pictures(
            folder / name, image_size.get(view) if isinstance(image_size, Mapping) else image_size, skip_bad
        )
        for view, name in chosen.items()
    }
    names = sorted({path.stem for read in pictures.values() for path in read.paths})
    place = {name: row for row, name in enumerate(names)}
    views, given = {}, {}
    for view, read in pictures.items():
        rows = np.array([place[path.stem] for path in read.paths])
        views[view], given[view] = np.zeros((len(names), *read.images.shape[1:]), np.uint8), np.zeros(len(names), bool)
        views[view][rows], given[view][rows] = read.images, True
    codes, classes = _labels(folder, place)
    description = {
        "source": "folders of images, matched by file name",
        "folders": chosen,
        **{f"{view}: {fact}": value for view, read in pictures.items() for fact, value in read.description.items()},
    }
    name = folder.resolve().name
    return Dataset.of_views(name, views, given, labels=codes, classes=classes, description=description)


def _pictures(folder: Path, image_size: ImageSize, skip_bad: bool) -> Pictures:
    """The images of one view."""
    found = [path for path in find_images(folder) if path.parent == folder]
    if not found:
        raise DataError(f"{folder} holds no PNG or JPEG image; check the path.")
    stems = [path.stem for path in found]
    twice = next((stem for stem in stems if stems.count(stem) > 1), None) if len(set(stems)) < len(stems) else None
    if twice is not None:
        raise DataError(f'{folder} holds two images named "{twice}", with other endings; keep one of them.')
    return read_images(folder, found, image_size, skip_bad)


def _labels(folder: Path, rows: Mapping[str, int]) -> tuple[Int[np.ndarray, "rows"] | None, tuple[Label, ...]]:
    """The codes and the classes of the rows, by their names, where there is a `labels.csv`."""
    table = folder / "labels.csv"
    if not table.is_file():
        return None, ()
    named = read_labels(table, lambda name: rows.get(name, rows.get(Path(name).stem)))
    labels = ["" for _ in rows]
    for row, label in named.items():
        labels[row] = label
    return encode_labels(np.array(labels), str(folder))
