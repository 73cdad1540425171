"""MNIST and Fashion-MNIST: four idx files each, found on this machine or downloaded once.

References:
    Y. LeCun, L. Bottou, Y. Bengio & P. Haffner (1998), "Gradient-based learning applied to document recognition".
    H. Xiao, K. Rasul & R. Vollgraf (2017), "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning
    Algorithms", https://arxiv.org/abs/1708.07747.
"""

import contextlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Shaped

from latently.data.dataset import Dataset
from latently.data.download import RemoteFile, cache_folder, fetch
from latently.data.errors import DataError
from latently.data.idx import parse_idx, read_idx
from latently.data.labels import encode_labels


@dataclass(frozen=True)
class IdxSource:
    """A data set of four idx files.

    Attributes:
        name: the data set's, and of its folder in `$LATENTLY_DATA` and in the cache.
        classes: what the labels 0 to 9 stand for, where they are more than digits.
        mirrors: URLs of folders of the four files; the environment variable `LATENTLY_<NAME>_MIRROR` replaces them.
        files: the four files by part and content.
    """

    name: str
    mirrors: tuple[str, ...]
    files: Mapping[str, RemoteFile]
    classes: tuple[str, ...] = ()

    @property
    def mirror_variable(self) -> str:
        return f"LATENTLY_{self.name.upper().replace('-', '_')}_MIRROR"


def _files(train_images: str, train_labels: str, test_images: str, test_labels: str) -> dict[str, RemoteFile]:
    return {
        "train-images": RemoteFile("train-images-idx3-ubyte.gz", train_images),
        "train-labels": RemoteFile("train-labels-idx1-ubyte.gz", train_labels),
        "t10k-images": RemoteFile("t10k-images-idx3-ubyte.gz", test_images),
        "t10k-labels": RemoteFile("t10k-labels-idx1-ubyte.gz", test_labels),
    }


MNIST = IdxSource(
    name="mnist",
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist",
        "https://storage.googleapis.com/cvdf-datasets/mnist",
    ),
    files=_files(  # of the unpacked files
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
)

FASHION_MNIST = IdxSource(
    name="fashion-mnist",
    mirrors=(
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion",
    ),
    files=_files(  # of the files as their authors gzipped them
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    ),
    classes=(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
)


def load(source: IdxSource, mirrors: Sequence[str] | None = None) -> tuple[Dataset, Dataset]:
    """The official training and test rows.

    Each file is looked for in `$LATENTLY_DATA/<name>` and in the user's cache, gzipped or not, and else downloaded to
    the cache. Every file is checked against its SHA-256 each time; a damaged one in the cache is downloaded anew.

    Arguments:
        source: `MNIST` or `FASHION_MNIST`.
        mirrors: URLs of folders to download from; by default the environment's, or the source's own.

    Returns:
        The training and the test rows: 60,000 and 10,000 of shape `(28, 28)` in uint8.

    Raises:
        DataError: where a file in `$LATENTLY_DATA` is not what it should be, or none can be downloaded.
    """
    own = os.environ.get(source.mirror_variable)
    mirrors = mirrors or ((own,) if own else source.mirrors)
    arrays = {content: _array(source, file, mirrors) for content, file in source.files.items()}
    return _train_and_test(source.name, arrays, source.classes)


def is_idx_folder(folder: Path) -> bool:
    """Whether a folder holds idx files named as MNIST's are."""
    return any(_present(folder, file.name) for file in MNIST.files.values())


def open_idx_folder(folder: Path) -> tuple[Dataset, Dataset]:
    """The training and the test rows of a folder of four idx files, named as MNIST's are, whatever they hold.

    Raises:
        DataError: where one of the four files is missing or damaged.
    """
    paths = {content: _present(folder, file.name) for content, file in MNIST.files.items()}
    missing = [MNIST.files[content].name for content, path in paths.items() if path is None]
    if missing:
        raise DataError(f"{folder} lacks {', '.join(missing)}; put it there, or give the path of one file of images.")
    arrays = {content: read_idx(path) for content, path in paths.items() if path is not None}
    return _train_and_test(folder.resolve().name, arrays, ())


def _array(source: IdxSource, file: RemoteFile, mirrors: Sequence[str]) -> Shaped[np.ndarray, "..."]:
    """One file, from where it is found first."""
    given, cache = os.environ.get("LATENTLY_DATA"), cache_folder() / source.name
    path = _present(Path(given).expanduser() / source.name, file.name) if given else None
    if path is not None:
        try:
            return parse_idx(file.unpacked(path.read_bytes()), path)
        except DataError as error:
            raise DataError(f"{path} is damaged or another file ({error}); replace or remove it.") from error
    path = _present(cache, file.name)
    if path is not None:
        with contextlib.suppress(DataError):  # a damaged file is downloaded anew
            return parse_idx(file.unpacked(path.read_bytes()), path)
    way_out = (
        f"try again later, put it into the folder {source.name} of the folder that $LATENTLY_DATA names, or set "
        f"{source.mirror_variable} to a URL of a folder that serves it"
    )
    return parse_idx(fetch(file, mirrors, cache, way_out), cache / file.name)


def _present(folder: Path, name: str) -> Path | None:
    """The file of this name, gzipped or not."""
    candidates = (folder / name, folder / name.removesuffix(".gz"))
    return next((path for path in candidates if path.is_file()), None)


def _train_and_test(
    name: str, arrays: Mapping[str, Shaped[np.ndarray, "..."]], class_names: tuple[str, ...]
) -> tuple[Dataset, Dataset]:
    images = {part: arrays[f"{part}-images"] for part in ("train", "t10k")}
    labels = {part: arrays[f"{part}-labels"] for part in ("train", "t10k")}
    codes, classes = encode_labels(np.concatenate(list(labels.values())), name)
    cut = len(labels["train"])
    description = {"source": "idx files", "split": "the official training and test rows"}
    train, test = (
        Dataset(name, (images[part],), part_codes, class_names or classes, {**description, "part": shown})
        for part, shown, part_codes in (("train", "train", codes[:cut]), ("t10k", "test", codes[cut:]))
    )
    return train, test
