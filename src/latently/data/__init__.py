"""Data sets and their sources: rows in their stored type, split by seed, and what was done to them."""

from typing import TYPE_CHECKING, Any

from latently.data.assumptions import DataAssumption, assume, assumed
from latently.data.builtin import BUILTIN, Builtin, digits
from latently.data.columns import KINDS
from latently.data.dataset import Dataset, Splits, keep_labels, split
from latently.data.labels import encode_labels, label_values
from latently.data.open import open_dataset, open_whole
from latently.data.rows import DataArgumentError, DataError, Rows, Subset, check_finite
from latently.data.table import Table
from latently.data.views import Views

if TYPE_CHECKING:
    from latently.data.condition_preprocessing import ConditionPreprocessing
    from latently.data.preprocessing import Preprocessing
    from latently.data.table_preprocessing import TablePreprocessing
    from latently.data.views_preprocessing import ViewsPreprocessing, preprocessing_from_config

__all__ = [
    "BUILTIN",
    "KINDS",
    "Builtin",
    "ConditionPreprocessing",
    "DataArgumentError",
    "DataAssumption",
    "DataError",
    "Dataset",
    "Preprocessing",
    "Rows",
    "Splits",
    "Subset",
    "Table",
    "TablePreprocessing",
    "Views",
    "ViewsPreprocessing",
    "assume",
    "assumed",
    "check_finite",
    "digits",
    "encode_labels",
    "keep_labels",
    "label_values",
    "open_dataset",
    "open_whole",
    "preprocessing_from_config",
    "split",
]


def __getattr__(name: str) -> Any:
    """Load what needs JAX when it is asked for: data sets do not."""
    if name == "ConditionPreprocessing":
        from latently.data import condition_preprocessing

        return condition_preprocessing.ConditionPreprocessing
    if name in ("Preprocessing", "TablePreprocessing", "ViewsPreprocessing", "preprocessing_from_config"):
        from latently.data import views_preprocessing

        return getattr(views_preprocessing, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
