"""The data sets that have a name."""

from dataclasses import dataclass

import numpy as np

from latently.data.dataset import Dataset


@dataclass(frozen=True)
class Builtin:
    """What to know of a data set before opening it.

    Attributes:
        about: one line on what it holds.
        rows: how many rows it has, in words.
        shape: of a row.
        classes: how many classes it has.
        where: where its rows come from.
    """

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


def digits() -> Dataset:
    """1,797 images of handwritten digits, 8 by 8, as uint8: the ones that come with scikit-learn.

    References:
        E. Alpaydin & C. Kaynak (1998), "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository.

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
