"""Hugging Face data sets, as `hf:NAME`, through the package `datasets`: images, or a column of numbers, with labels."""

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Shaped

from latently.data.assumptions import assume, assumed
from latently.data.dataset import Dataset
from latently.data.labels import Unlabelled
from latently.data.parts import NAMES, PART_OF, Parts, same_classes
from latently.data.pictures import ImageSize, as_one_size
from latently.data.rows import DataArgumentError, DataError

PREFIX = "hf:"


def open_hub(
    source: str,
    labels_column: str | None = None,
    array: str | None = None,
    image_size: ImageSize = None,
    *,
    gray: bool | None = None,
    image_fit: str | None = None,
    unlabelled: Unlabelled = "auto",
) -> Parts:
    """The splits of a data set of the hub, or of a folder that `save_to_disk` wrote, as parts.

    Rows are the column of images, or else the columns of numbers; labels the column of classes.

    Args:
        source: `hf:NAME`, `hf:NAME/CONFIG` where a data set has several, or `hf:PATH`.
        labels_column: the column of the labels, where none has the type of classes, or another is meant.
        array: the column of the rows, where there are several.
        image_size: as for `read_pictures`.
        gray: likewise.
        image_fit: likewise.
        unlabelled: which label marks a row without one.
    """
    name = source.removeprefix(PREFIX)
    splits = {PART_OF.get(split.split("_")[0], split): table for split, table in _loaded(name).items()}
    if "train" not in splits:
        splits = {"train": next(iter(splits.values()))}
    features = splits["train"].features
    label = _labels_in(features, labels_column, source)
    rows = _rows_in(features, array, label, source)
    description: dict[str, Any] = {"source": "Hugging Face data set", "array": ", ".join(rows)}
    description |= {"columns": rows} if len(rows) > 1 else {}
    if others := ", ".join(column for column in features if column not in (*rows, label)):
        guess = f"the columns {others} of {source} were not used; {{array=NAME}} takes another as the rows"
        description = assume(description, guess)
    opened: dict[str, Dataset] = {}
    for part in [part for part in NAMES if part in splits]:
        values, told = _values(splits[part], rows, image_size, gray, image_fit)
        description = told | assume(description, *assumed(told))
        if values.ndim > 2:  # the other parts come in the size and colours of the training rows
            image_size, gray = values.shape[1:3], values.ndim == 3
        labels = None if label is None else _labels(splits[part], label)
        called = f"{PREFIX}{Path(name).name}"
        facts = {**description, "part": part}
        opened[part] = Dataset.of(called, values, labels, f"{called}, {label}", facts, unlabelled=unlabelled)
    return same_classes(Parts(**opened))


def _loaded(name: str) -> dict[str, Any]:
    """Split → table."""
    try:
        import datasets
    except ImportError as error:
        raise DataError(f"hf:{name} needs datasets to be read; run: pip install 'latently[hub]'.") from error
    path = Path(name).expanduser()
    try:
        if path.is_dir() and any((path / file).is_file() for file in ("dataset_dict.json", "state.json")):
            found: Any = datasets.load_from_disk(str(path))
        elif path.exists() or name.count("/") < 2:
            found = datasets.load_dataset(str(path) if path.exists() else name)
        else:
            found = datasets.load_dataset(*name.rsplit("/", 1))
    except (ValueError, OSError, datasets.exceptions.DatasetsError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise DataError(f"hf:{name} cannot be opened ({reason}); check the name, and the network.") from error
    return dict(found) if isinstance(found, dict) else {"train": found}


def _labels_in(features: Any, given: str | None, source: str) -> str | None:
    """The column of labels: the one that is given, or the first of classes."""
    if given is not None:
        if given not in features:
            raise DataArgumentError(
                "labels_column", f"must be a column of {source}, which has {', '.join(features)}", given
            )
        return given
    classes = [name for name, feature in features.items() if type(feature).__name__ == "ClassLabel"]
    return next((name for name in (*classes, *features) if name in (*classes, "label", "labels")), None)


def _rows_in(features: Any, given: str | None, label: str | None, source: str) -> list[str]:
    """The column that is the rows, or the columns of numbers that make them up."""
    if given is not None:
        return [_among(features, "array", given, source)]
    kinds = {name: type(feature).__name__ for name, feature in features.items() if name != label}
    whole = [name for name, kind in kinds.items() if kind == "Image"]
    whole = whole or [name for name, kind in kinds.items() if kind.startswith("Array") or kind in ("List", "Sequence")]
    if whole:
        return whole[:1]
    numbers = [name for name, kind in kinds.items() if kind == "Value" and _is_number(features[name].dtype)]
    if not numbers:
        raise DataError(f"{source} has no column of images or numbers; it has {', '.join(features)}.")
    return numbers


def _among(features: Any, argument: str, name: str, source: str) -> str:
    """The name of a column, if it is there."""
    if name not in features:
        raise DataArgumentError(argument, f"must be a column of {source}, which has {', '.join(features)}", name)
    return name


def _is_number(dtype: str) -> bool:
    return dtype.startswith(("int", "uint", "float", "bool"))


def _values(
    table: Any, rows: list[str], image_size: ImageSize, gray: bool | None, image_fit: str | None
) -> tuple[Shaped[np.ndarray, "rows ..."], dict[str, Any]]:
    """The rows of a table, and what was done to get them if they are images."""
    if len(rows) == 1 and type(table.features[rows[0]]).__name__ == "Image":
        read = as_one_size(table[rows[0]], image_size, gray, image_fit)
        return read.images, read.description
    columns = [np.asarray(table[name]) for name in rows]
    return (columns[0] if len(rows) == 1 and columns[0].ndim > 1 else np.stack(columns, axis=1)), {}


def _labels(table: Any, name: str) -> Shaped[np.ndarray, "rows"]:
    """The labels of a table, as the words that its classes have."""
    values, feature = list(table[name]), table.features[name]
    if type(feature).__name__ != "ClassLabel":
        return np.asarray(["" if value is None else value for value in values])
    return np.asarray(["" if value is None or value < 0 else feature.int2str(int(value)) for value in values])
