"""idx files, the format of MNIST: a magic number, the sizes, and the numbers in big-endian order.

References:
    Y. LeCun, C. Cortes & C. Burges (1998), "The MNIST database of handwritten digits", section "File formats".
"""

import gzip
import re
import struct
import zlib
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Shaped

from latently.data.dataset import Dataset
from latently.data.errors import DataError
from latently.data.labels import encode_labels

# Third byte of the magic number: the type of the numbers.
_TYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype(np.uint8),
    0x09: np.dtype(np.int8),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
_GZIP_MAGIC = b"\x1f\x8b"
_NAME = re.compile(r"idx\d?(-ubyte)?(\.gz)?$")


def is_idx(path: Path) -> bool:
    """Whether a file is named as idx files are: `images.idx`, `train-images-idx3-ubyte.gz`.

    Example:
        >>> is_idx(Path("t10k-images.idx3-ubyte")), is_idx(Path("images.npy"))
        (True, False)
    """
    return _NAME.search(path.name) is not None


def read_idx(path: Path) -> Shaped[np.ndarray, "..."]:
    """The array of an idx file, gzipped or not, in native byte order.

    Raises:
        DataError: where the file is damaged or none of this format.
    """
    return parse_idx(unpack(path.read_bytes(), path), path)


def write_idx(path: Path, array: Shaped[np.ndarray, "..."]) -> None:
    """Write an array as an idx file; gzipped where the name ends in `.gz`.

    Raises:
        DataError: for a type of numbers that the format does not know.
    """
    codes = {dtype: code for code, dtype in _TYPES.items()}
    dtype = array.dtype.newbyteorder(">")
    if dtype not in codes or array.ndim > 255:
        raise DataError(f"an idx file holds uint8, int8, int16, int32, float32 or float64; got {array.dtype}.")
    header = struct.pack(f">HBB{array.ndim}I", 0, codes[dtype], array.ndim, *array.shape)
    data = header + array.astype(dtype).tobytes()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


def unpack(data: bytes, path: Path) -> bytes:
    """The bytes within, where they are gzipped; `path` is for the error message."""
    if not data.startswith(_GZIP_MAGIC):
        return data
    try:
        return gzip.decompress(data)
    except (EOFError, OSError, zlib.error) as error:
        raise DataError(f"{path} is damaged or truncated (gzip says: {error}); get the file anew.") from error


def parse_idx(data: bytes, path: Path) -> Shaped[np.ndarray, "..."]:
    """The array of the bytes of an idx file; `path` is for the error message."""
    if len(data) < 4 or data[:2] != b"\x00\x00" or data[2] not in _TYPES:
        raise DataError(
            f"{path} is no idx file: its first bytes are {data[:4].hex(' ') or 'missing'}, and not 00 00, a type and "
            "a number of dimensions; check the name, or get the file anew."
        )
    dtype, n_dimensions = _TYPES[data[2]], data[3]
    start = 4 + 4 * n_dimensions
    if len(data) < start:
        raise DataError(f"{path} is truncated: it ends within its header, after {len(data)} bytes; get the file anew.")
    shape = struct.unpack(f">{n_dimensions}I", data[4:start])
    expected = start + dtype.itemsize * prod(shape)
    if len(data) != expected:
        wrong = "truncated" if len(data) < expected else "too long"
        raise DataError(
            f"{path} is {wrong}: its header says {' x '.join(map(str, shape))} numbers of {dtype.name}, which take "
            f"{expected:,} bytes, but it has {len(data):,}; get the file anew."
        )
    return np.frombuffer(data, dtype, offset=start).reshape(shape).astype(dtype.newbyteorder("="))


def open_idx(path: Path) -> Dataset:
    """The rows of an idx file, with the labels of the file beside it: `images` for `labels`, and `idx3` for `idx1`.

    Arguments:
        path: such as `train-images-idx3-ubyte.gz`, whose labels are in `train-labels-idx1-ubyte.gz` or, unpacked,
            in `train-labels-idx1-ubyte`.
    """
    beside = labels_beside(path)
    codes, classes = (None, ()) if beside is None else encode_labels(read_idx(beside), beside.name)
    return Dataset(path.name, (np.atleast_1d(read_idx(path)),), codes, classes, {"source": "idx file"})


def labels_beside(path: Path) -> Path | None:
    """The file of the labels of a file of images, by its name; `None` where there is none."""
    name = re.sub(r"idx\d", "idx1", path.name.replace("images", "labels")).removesuffix(".gz")
    candidates = (path.with_name(name + suffix) for suffix in ("", ".gz"))
    return next((found for found in candidates if found.name != path.name and found.is_file()), None)
