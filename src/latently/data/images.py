"""Folders of images, PNG and JPEG, of one size or of many: a row is an image, or one image of each subfolder."""

import struct
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias, TypeVar

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageOps

from latently.data.dataset import Dataset
from latently.data.labels import read_labels
from latently.data.rows import DataArgumentError, DataError
from latently.data.view_making import Groups

_FORMATS = ("PNG", "JPEG")
_SUFFIXES = frozenset({".png", ".jpg", ".jpeg"})
_GRAY_MODES = frozenset({"1", "L", "LA", "I", "I;16"})
_ORIENTATION = 0x0112  # the EXIF tag, and those of its values that swap height and width
_SIDEWAYS = frozenset({5, 6, 7, 8})
_BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)
_UNREADABLE = (OSError, SyntaxError, ValueError, EOFError, struct.error)
_NAMED_AT_MOST = 20

Read = TypeVar("Read")
ImageSize: TypeAlias = int | tuple[int, int] | None


def open_images(folder: Path, image_size: ImageSize = None, skip_bad: bool = False) -> Dataset:
    """The images in a folder and in its subfolders (one level deep), as uint8 of one size: asked for, or most common.

    Others are cropped around their centre and resized. All are turned upright as their EXIF data says, laid on white
    where they are transparent, and come out in gray, `(n, height, width)`, or in colour, `(n, height, width, 3)`, where
    one of them is. The label of an image is the name of its subfolder, or what a `labels.csv` in the folder says, a
    table with the columns `filename` and `label`; otherwise it is unknown.
    """
    found = [path for inner in (folder, *_subfolders(folder)) for path in _images(inner)]
    if not found:
        raise DataError(f"{folder} holds no PNG or JPEG image, nor does a folder in it; check the path.")
    table = folder / "labels.csv"
    if table.is_file():
        images = frozenset(found)
        named = read_labels(table, lambda name: path if (path := folder / name) in images else None)
    else:
        named = {path: path.parent.name for path in found if path.parent != folder}
    read = _read(folder, sorted(found), image_size, skip_bad)
    labels = np.array([named.get(path, "") for path in read.paths]) if named or table.is_file() else None
    description = {"source": "folder of images", **read.description}
    return Dataset.of(folder.resolve().name, read.images, labels, str(folder), description)


def open_image_views(
    folder: Path, groups: Groups, image_size: ImageSize | Mapping[str, ImageSize] = None, skip_bad: bool = False
) -> Dataset:
    """Images in subfolders, one for each view, as rows: those of one file name, without its ending, are one row.

    Each view is read by the rules of `open_images`, in a size and in colours of its own. A name that only some of the
    subfolders have gives a row that lacks the other views. Labels are those of a `labels.csv` in the folder.
    """
    chosen = groups.one_each([entry.name for entry in _subfolders(folder)], f"{folder} holds the folders")
    sizes = image_size if isinstance(image_size, Mapping) else dict.fromkeys(chosen, image_size)
    pictures = {view: _read_view(folder / name, sizes.get(view), skip_bad) for view, name in chosen.items()}
    names = sorted({path.stem for read in pictures.values() for path in read.paths})
    place = {name: row for row, name in enumerate(names)}
    views, present = {}, {}
    for view, read in pictures.items():
        rows = np.array([place[path.stem] for path in read.paths])
        views[view] = np.zeros((len(names), *read.images.shape[1:]), np.uint8)
        views[view][rows] = read.images
        present[view] = np.isin(np.arange(len(names)), rows)
    labels = None
    if (table := folder / "labels.csv").is_file():
        named = read_labels(table, lambda name: place.get(name, place.get(Path(name).stem)))
        labels = np.array([named.get(row, "") for row in range(len(names))])
    description = {
        "source": "folders of images, matched by file name",
        "folders": chosen,
        **{f"{view}: {fact}": value for view, read in pictures.items() for fact, value in read.description.items()},
    }
    return Dataset.of(folder.resolve().name, views, labels, str(folder), description, present)


def _images(folder: Path) -> list[Path]:
    """The PNG and JPEG files in a folder, without hidden ones."""
    return [
        entry
        for entry in folder.iterdir()
        if entry.suffix.lower() in _SUFFIXES and not entry.name.startswith(".") and entry.is_file()
    ]


def _subfolders(folder: Path) -> list[Path]:
    """The folders in a folder, sorted, without hidden ones."""
    return sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))


class _Pictures(NamedTuple):
    """Images of one size, where each is from, and how they were brought to one size and colour."""

    images: UInt8[np.ndarray, "images height width *channels"]
    paths: list[Path]
    description: dict[str, Any]


def _read_view(folder: Path, image_size: ImageSize, skip_bad: bool) -> _Pictures:
    """The images of one view."""
    found = sorted(_images(folder))
    if not found:
        raise DataError(f"{folder} holds no PNG or JPEG image; check the path.")
    stem, count = Counter(path.stem for path in found).most_common(1)[0]
    if count > 1:
        raise DataError(f'{folder} holds two images named "{stem}", with other endings; keep one of them.')
    return _read(folder, found, image_size, skip_bad)


def _read(folder: Path, found: Iterable[Path], image_size: ImageSize, skip_bad: bool) -> _Pictures:
    """These images of a folder in one size, gray where all of them are."""
    bad: list[Path] | None = [] if skip_bad else None
    sizes = {path: size for path in found if (size := _opened(path, _size_and_gray, bad)) is not None}
    height, width = _height_width(image_size, [size for size, _ in sizes.values()])
    gray = all(has_no_colours for _, has_no_colours in sizes.values())
    images = np.empty((len(sizes), height, width, *(() if gray else (3,))), dtype=np.uint8)
    good: list[Path] = []
    for path in sizes:
        image = _opened(path, lambda opened: _pixels(opened, height, width, gray), bad)
        if image is not None:
            images[len(good)] = image
            good.append(path)
    skipped = [str(path.relative_to(folder)) for path in bad or ()]
    if not good:
        raise DataError(f"{folder} holds {len(skipped)} images, and none of them can be read; check the files.")
    if skipped:
        names = ", ".join(skipped[:_NAMED_AT_MOST])
        more = f" and {len(skipped) - _NAMED_AT_MOST} more" if len(skipped) > _NAMED_AT_MOST else ""
        warnings.warn(f"skipped {len(skipped)} images that cannot be read: {names}{more}", stacklevel=3)
    rule = "the most common size" if image_size is None else "as asked"
    how = f"{height} x {width}, {rule}; others cropped around the centre and resized with a Lanczos filter"
    return _Pictures(images[: len(good)], good, {"size": how, "colour": "gray" if gray else "RGB", "skipped": skipped})


def _opened(path: Path, read: Callable[[Image.Image], Read], bad: list[Path] | None) -> Read | None:
    """What is read of an image; one that cannot be read is noted among the bad, and an error where those are `None`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=_FORMATS) as image:
                return read(image)
    except (*_UNREADABLE, *_BOMBS) as error:
        if bad is None:
            why = f"is too large ({error})" if isinstance(error, _BOMBS) else "cannot be read as an image"
            remedy = "Replace or remove it, or leave out all such images with {skip_bad=True}."
            raise DataArgumentError(str(path), why, remedy=remedy) from error
        bad.append(path)
        return None


def _size_and_gray(image: Image.Image) -> tuple[tuple[int, int], bool]:
    """What the header says: height and width, once upright, and whether there are no colours."""
    width, height = image.size
    size = (width, height) if image.getexif().get(_ORIENTATION) in _SIDEWAYS else (height, width)
    return size, image.mode in _GRAY_MODES


def _pixels(image: Image.Image, height: int, width: int, gray: bool) -> UInt8[np.ndarray, "height width *channels"]:
    """The image upright, on white, in gray or in colour, cropped around its centre and resized."""
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):  # 16 bits a pixel
        image = Image.fromarray((np.asarray(image) >> 8).clip(0, 255).astype(np.uint8))
    if image.has_transparency_data:
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
    image = image.convert("L" if gray else "RGB")
    if image.size != (width, height):
        image = ImageOps.fit(image, (width, height), method=Image.Resampling.LANCZOS)
    return np.asarray(image)


def _height_width(image_size: ImageSize, found: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """The size that is asked for, else the most common one, and of equally common ones the smallest."""
    if image_size is None:
        counts = Counter(found)
        return min(counts, key=lambda size: (-counts[size], size[0] * size[1], size), default=(1, 1))
    height, width = (image_size, image_size) if isinstance(image_size, int) else image_size
    if height < 1 or width < 1:
        raise DataArgumentError("image_size", "must be at least 1 pixel high and wide", image_size)
    return height, width
