"""The labels of a folder of images."""

import csv
from collections.abc import Callable, Hashable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from latently.data.errors import DataError

Key = TypeVar("Key", bound=Hashable)


def image_labels(folder: Path, images: Sequence[Path]) -> dict[Path, str] | None:
    """The label of each image, empty where it is unknown.

    They are what `labels.csv` says, where the folder has one; else the names of the subfolders.

    Arguments:
        folder: the folder of the images.
        images: the images in it and in its subfolders.

    Returns:
        A label for every image, or `None` where there is neither a `labels.csv` nor an image in a subfolder.

    Raises:
        DataError: where `labels.csv` is no such table, or names what is not there.
    """
    table = folder / "labels.csv"
    if table.is_file():
        there = frozenset(images)
        named = read_labels(table, lambda name: path if (path := folder / name) in there else None)
        return {**dict.fromkeys(images, ""), **named}
    labels = {path: "" if path.parent == folder else path.parent.name for path in images}
    return labels if any(labels.values()) else None


def read_labels(table: Path, find: Callable[[str], Key | None]) -> dict[Key, str]:
    """What a `labels.csv` says.

    Arguments:
        table: its path.
        find: what a file name stands for; `None` where there is no such image.

    Returns:
        The label of each that is named, empty where it is unknown.

    Raises:
        DataError: where it is no such table, or names what is not there.
    """
    labels: dict[Key, str] = {}
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, skipinitialspace=True)
            _check_header(reader.fieldnames or (), table)
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


def _check_header(names: Iterable[str], table: Path) -> None:
    names = list(names)
    if not {"filename", "label"} <= set(names):
        raise DataError(
            f'{table} must have the columns "filename" and "label"; got {", ".join(names) or "an empty file"}.'
        )
