"""Files of one array: `.npy`, which is memory-mapped and never copied whole, and idx, the format of MNIST.

An idx file is a magic number, the sizes, and the numbers in big-endian order; they come alone or by four.

References:
    Y. LeCun, C. Cortes & C. Burges (1998), "The MNIST database of handwritten digits", section "File formats".
"""

import gzip
import io
import math
import re
import struct
from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Shaped

from latently.data.archives import reading_numpy
from latently.data.assumptions import assume
from latently.data.dataset import Dataset
from latently.data.labels import Label, Unlabelled
from latently.data.parts import Parts, parted
from latently.data.rows import DataArgumentError, DataError, Rows, Subset
from latently.reading import check_room, path_meant, reading

FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
"""The files of a data set with a test set of its own, by the names that MNIST's have."""

# Third byte of the magic number → the type of the numbers.
_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_NAME = re.compile(r"idx\d?(-ubyte)?(\.gz)?$")
_GZIPPED, _ANEW = b"\x1f\x8b", "get the file anew"
_MOST_DIMENSIONS = 32
_MOST_PACKED = 1032  # bytes that a byte of gzip can stand for
_PIECE, _LONGEST = 2**24, 2**28  # bytes; the longest of the data sets that are downloaded has 2**26


def open_npy(path: Path, unlabelled: Unlabelled = "auto", labels_file: str | None = None) -> Dataset:
    """The rows of a `.npy` file, left in it until asked for; labels are in a file beside it, `faces_labels.npy`."""
    beside = path.with_name(f"{path.stem}_labels.npy")
    found = beside if beside.is_file() else None
    return _labelled(path, _mapped(path), found, labels_file, "memory-mapped .npy file", unlabelled)


def _labelled(
    path: Path, rows: Rows, beside: Path | None, labels_file: str | None, source: str, unlabelled: Unlabelled
) -> Dataset:
    """Rows with the labels of a file that is told, or else with those beside them, where they are not to do without."""
    description: dict[str, Any] = {"source": source}
    told = None if labels_file in (None, "none") else Path(labels_file).expanduser()
    if told is not None and not (told.is_file() and (told.suffix == ".npy" or is_idx(told))):
        rule, meant = f"must be a .npy or an idx file of labels, for {path.name}", path_meant(told).strip()
        raise DataArgumentError("labels_file", rule, labels_file, meant)
    at = beside if labels_file is None else told
    if at is None:
        return Dataset.of(path.name, rows, None, "", description)
    if told is None:
        guess = f"{at.name}, beside {path.name}, holds the labels; {{labels_file=none}} does without"
        description = assume(description, guess)
    labels = np.asarray(_mapped(at)) if at.suffix == ".npy" else read_idx(at)
    return Dataset.of(path.name, rows, labels, at.name, description, unlabelled=unlabelled)


def _mapped(path: Path) -> Rows:
    with reading_numpy(path):
        loaded = np.load(path, mmap_mode="r", allow_pickle=False)
        if not isinstance(loaded, np.ndarray):
            raise DataError(f"{path} is a .npz file under another name; call it {path.stem}.npz.")
        array: np.ndarray = np.atleast_1d(loaded)
    return array if array.dtype.isnative else Subset(array, np.arange(len(array)))


def is_idx(path: Path) -> bool:
    """Whether a file is named as idx files are: `images.idx`, `train-images-idx3-ubyte.gz`."""
    return _NAME.search(path.name) is not None


def read_idx(path: Path) -> Shaped[np.ndarray, "..."]:
    """The array of an idx file, gzipped or not, in native byte order."""
    with path.open("rb") as file:
        packed = file.read(2) == _GZIPPED
    with reading(path, "idx file", _ANEW, DataError), (gzip.open if packed else open)(path, "rb") as file:
        return parse_idx(file, path, path.stat().st_size * (_MOST_PACKED if packed else 1))


def unpack(data: bytes, path: Path) -> bytes:
    """The bytes within, where they are gzipped; `path` is for the error message."""
    if not data.startswith(_GZIPPED):
        return data
    with reading(path, "idx file", _ANEW, DataError), gzip.open(io.BytesIO(data)) as file:
        return file.read(_LONGEST)


def parse_idx(file: Any, path: Path, most: float = math.inf) -> Shaped[np.ndarray, "..."]:
    """The array of an idx file, of which no more is read than its header says.

    Args:
        file: its bytes, unpacked.
        path: for errors.
        most: that there can be of them, by the file's own size.
    """
    head = file.read(4)
    if len(head) < 4 or head[:2] != b"\x00\x00" or head[2] not in _TYPES or head[3] > _MOST_DIMENSIONS:
        raise DataError(
            f"{path} is no idx file: its first bytes are {head.hex(' ') or 'missing'}, and not 00 00, a type and "
            "a number of dimensions; check the name, or get the file anew."
        )
    dtype, n_dimensions = np.dtype(_TYPES[head[2]]), head[3]
    sizes = file.read(4 * n_dimensions)
    if len(sizes) < 4 * n_dimensions:
        length = len(head) + len(sizes)
        raise DataError(f"{path} is truncated: it ends within its header, after {length} bytes; {_ANEW}.")
    shape = struct.unpack(f">{n_dimensions}I", sizes)
    expected = dtype.itemsize * prod(shape)
    check_room(path, min(expected, most), "save the rows as a .npy file, which is read in pieces", DataError)
    numbers = _read(file, expected + 1)  # one more, to know that the file ends there
    if len(numbers) != expected:
        start = 4 + 4 * n_dimensions
        wrong, has = ("too long", "more") if len(numbers) > expected else ("truncated", f"{start + len(numbers):,}")
        raise DataError(
            f"{path} is {wrong}: its header says {' x '.join(map(str, shape))} numbers of {dtype.name}, which take "
            f"{start + expected:,} bytes, but it has {has}; {_ANEW}."
        )
    return np.frombuffer(numbers, dtype).reshape(shape).astype(dtype.newbyteorder("="))


def _read(file: Any, count: int) -> bytearray:
    """So many bytes, or all that there are: a header that lies takes no memory."""
    found = bytearray()
    while len(found) < count and (piece := file.read(min(count - len(found), _PIECE))):
        found += piece
    return found


def open_idx(path: Path, unlabelled: Unlabelled = "auto", labels_file: str | None = None) -> Dataset:
    """The rows of an idx file, with the labels beside it: of `train-images-idx3-ubyte` in `train-labels-idx1-ubyte`."""
    name = re.sub(r"idx\d", "idx1", path.name.replace("images", "labels"))
    beside = None if name.removesuffix(".gz") == path.name.removesuffix(".gz") else gzipped_or_not(path.parent, name)
    return _labelled(path, np.atleast_1d(read_idx(path)), beside, labels_file, "idx file", unlabelled)


def gzipped_or_not(folder: Path, name: str) -> Path | None:
    """The file of this name, with `.gz` at its end or without; `None` where there is neither."""
    bare = name.removesuffix(".gz")
    return next((path for path in (folder / f"{bare}.gz", folder / bare) if path.is_file()), None)


def is_idx_folder(folder: Path) -> bool:
    """Whether a folder holds idx files named as MNIST's are."""
    return any(gzipped_or_not(folder, name) for name in FILES)


def open_idx_folder(folder: Path, unlabelled: Unlabelled = "auto") -> Parts:
    """The training and the test rows of a folder of four idx files, named as MNIST's are, whatever they hold."""
    paths = {name: gzipped_or_not(folder, name) for name in FILES}
    missing = [name for name, path in paths.items() if path is None]
    if missing:
        raise DataError(f"{folder} lacks {', '.join(missing)}; put it there, or give the path of one file of images.")
    arrays = [read_idx(path) for path in paths.values() if path is not None]
    return train_and_test(folder.resolve().name, arrays, unlabelled=unlabelled)


def train_and_test(
    name: str,
    arrays: Sequence[Shaped[np.ndarray, "..."]],
    class_names: tuple[Label, ...] = (),
    unlabelled: Unlabelled = "auto",
) -> Parts:
    """The training and the test rows of the arrays of four idx files, in the order of `FILES`."""
    train_images, train_labels, test_images, test_labels = arrays
    rows, labels = {"train": train_images, "test": test_images}, {"train": train_labels, "test": test_labels}
    facts = {"source": "idx files", "split": "the official training and test rows"}
    return parted(name, rows, labels, name, facts, unlabelled, class_names)
