"""Data sets and their sources: rows in their stored type, split by seed, and what was done to them."""

from typing import TYPE_CHECKING, Any

from latently.data.builtin import BUILTIN, Builtin, digits
from latently.data.dataset import Dataset, Splits, keep_labels, split
from latently.data.errors import DataError
from latently.data.labels import encode_labels
from latently.data.open import open_dataset
from latently.data.rows import Rows, Subset, pieces, release

if TYPE_CHECKING:
    from latently.data.preprocessing import Preprocessing

__all__ = [
    "BUILTIN",
    "Builtin",
    "DataError",
    "Dataset",
    "Preprocessing",
    "Rows",
    "Splits",
    "Subset",
    "digits",
    "encode_labels",
    "keep_labels",
    "open_dataset",
    "pieces",
    "release",
    "split",
]


def __getattr__(name: str) -> Any:
    """Load `Preprocessing` when it is asked for: it needs JAX, and data sets do not."""
    if name == "Preprocessing":
        from latently.data.preprocessing import Preprocessing

        return Preprocessing
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
