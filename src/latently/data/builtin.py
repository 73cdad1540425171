"""The data sets that have a name: what they are, and where their rows come from.

A file of MNIST or of Fashion-MNIST is found on this machine or downloaded once, checked, and never left half-written.

References:
    E. Alpaydin & C. Kaynak (1998), "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository.
    Y. LeCun, L. Bottou, Y. Bengio & P. Haffner (1998), "Gradient-based learning applied to document recognition".
    H. Xiao, K. Rasul & R. Vollgraf (2017), "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning
    Algorithms", https://arxiv.org/abs/1708.07747.
"""

import contextlib
import hashlib
import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from jaxtyping import Shaped

from latently.data.arrays import FILES, gzipped_or_not, parse_idx, train_and_test, unpack
from latently.data.dataset import Dataset
from latently.data.parts import Parts
from latently.data.rows import DataError
from latently.files import cache_for, write_atomically

_TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class Builtin:
    """What to know of a data set before opening it; `rows` says in words how many it has, `shape` is that of a row."""

    about: str
    rows: str
    shape: tuple[int, ...]
    classes: int
    where: str


_IDX_WHERE = "$LATENTLY_DATA/{0}, the cache, or downloaded once ({1} MB)"

BUILTIN = {
    "digits": Builtin("handwritten digits, tiny", "1,797", (8, 8), 10, "comes with scikit-learn"),
    "mnist": Builtin("handwritten digits", "60,000 + 10,000 test", (28, 28), 10, _IDX_WHERE.format("mnist", 11)),
    "fashion-mnist": Builtin(
        "articles of clothing", "60,000 + 10,000 test", (28, 28), 10, _IDX_WHERE.format("fashion-mnist", 31)
    ),
}


@dataclass(frozen=True)
class IdxSource:
    """A data set of four idx files, in folders of its name, or to be had from mirrors (URLs of folders).

    Beside the name of each file is its SHA-256, gzipped or unpacked: another version of gzip gives other bytes.
    `classes` is what the labels stand for, where they are more than digits.
    """

    name: str
    mirrors: tuple[str, ...]
    files: Mapping[str, str]
    classes: tuple[str, ...] = ()


_MNIST_SHA256 = (  # of the unpacked files
    "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
)
_FASHION_SHA256 = (  # of the files as their authors gzipped them
    "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
)
_CLOTHING = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")

MNIST = IdxSource(
    "mnist",
    ("https://ossci-datasets.s3.amazonaws.com/mnist", "https://storage.googleapis.com/cvdf-datasets/mnist"),
    dict(zip(FILES, _MNIST_SHA256, strict=True)),
)
FASHION_MNIST = IdxSource(
    "fashion-mnist",
    (
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion",
    ),
    dict(zip(FILES, _FASHION_SHA256, strict=True)),
    _CLOTHING,
)


def digits() -> Dataset:
    """1,797 images of handwritten digits, 8 by 8, as uint8: the ones that come with scikit-learn.

    Example:
        >>> digits().x.shape
        (1797, 8, 8)
    """
    from sklearn.datasets import load_digits  # scikit-learn takes a second to import

    bunch = load_digits()
    return Dataset(
        name="digits",
        views=(np.round(bunch.images * (255 / 16)).astype(np.uint8),),
        labels=bunch.target.astype(np.int32),
        classes=tuple(range(10)),
        description={"source": "digits of scikit-learn", "scaled": "from 0..16 to 0..255, uint8"},
    )


def load(source: IdxSource) -> Parts:
    """The official training and test rows, from `$LATENTLY_DATA/<name>`, the user's cache, or downloaded to the cache.

    A download is from `$LATENTLY_<NAME>_MIRROR`, where it is set. Every file is checked against its SHA-256 each time;
    a damaged one in the cache is downloaded anew.
    """
    return train_and_test(source.name, [_array(source, name) for name in source.files], source.classes)


def cache_folder() -> Path:
    """Where downloaded data is kept."""
    return cache_for("data")


def _array(source: IdxSource, name: str) -> Shaped[np.ndarray, "..."]:
    """One file, from where it is found first."""
    own, sha256 = os.environ.get("LATENTLY_DATA"), source.files[name]
    path = gzipped_or_not(Path(own).expanduser() / source.name, name) if own else None
    if path is not None:
        try:
            return parse_idx(BytesIO(_unpacked(path.read_bytes(), name, sha256)), path)
        except DataError as error:
            raise DataError(f"{path} is damaged or another file ({error}); replace or remove it.") from error
    cache = cache_folder() / source.name
    path = gzipped_or_not(cache, name)
    if path is not None:
        with contextlib.suppress(DataError):  # a damaged file is downloaded anew
            return parse_idx(BytesIO(_unpacked(path.read_bytes(), name, sha256)), path)
    failures, variable = [], f"LATENTLY_{source.name.upper().replace('-', '_')}_MIRROR"
    own_mirror = os.environ.get(variable)
    for mirror in (own_mirror,) if own_mirror else source.mirrors:
        url = f"{mirror.rstrip('/')}/{name}"
        try:
            return parse_idx(BytesIO(_download(url, cache / name, sha256)), cache / name)
        except (OSError, http.client.HTTPException, ValueError) as error:
            failures.append(f"{url}: {error}")
    raise DataError(
        f"{name} could not be downloaded ({'; '.join(failures)}); try again later, put it into the folder "
        f"{source.name} of the folder that $LATENTLY_DATA names, or set {variable} to a URL of a folder "
        "that serves it."
    )


def _download(url: str, target: Path, sha256: str) -> bytes:
    """The bytes of a file at a URL, unpacked; the file is checked and kept."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as response:
            data = response.read()
    except http.client.IncompleteRead as error:
        got, lacking = len(error.partial), error.expected or 0
        raise DataError(f"the download broke off after {got:,} of {got + lacking:,} bytes") from error
    unpacked = _unpacked(data, target.name, sha256)
    write_atomically(target, data)
    return unpacked


def _unpacked(data: bytes, name: str, sha256: str) -> bytes:
    """These bytes, unpacked, if they or what is in them has the checksum."""
    try:
        inner = unpack(data, Path(name))
    except DataError:
        inner = data
    found = list(dict.fromkeys(hashlib.sha256(part).hexdigest() for part in (data, inner)))
    if sha256 not in found:
        raise DataError(f"wrong SHA-256, expected {sha256}, got {' and, unpacked, '.join(found)}")
    return inner
