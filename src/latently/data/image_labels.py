"""The labels of a folder of images."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from latently.data.errors import DataError


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
        return {**dict.fromkeys(images, ""), **_read(table, folder, frozenset(images))}
    labels = {path: "" if path.parent == folder else path.parent.name for path in images}
    return labels if any(labels.values()) else None


def _read(table: Path, folder: Path, images: frozenset[Path]) -> dict[Path, str]:
    labels: dict[Path, str] = {}
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, skipinitialspace=True)
            _check_header(reader.fieldnames or (), table)
            for row in reader:
                path = folder / (row["filename"] or "").strip()
                if path not in images:
                    raise DataError(
                        f'{table}, line {reader.line_num}, names "{row["filename"]}", which is not among the images of '
                        f"{folder}; correct the name or remove the line."
                    )
                label = (row["label"] or "").strip()
                if labels.setdefault(path, label) != label:
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
