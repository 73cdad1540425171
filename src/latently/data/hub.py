"""Hugging Face data sets, as `hf:NAME`, through the package `datasets`: images, or a column of numbers, with labels."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Shaped

from latently.data.assumptions import assume, assumed
from latently.data.dataset import Dataset
from latently.data.labels import Unlabelled
from latently.data.parts import NAMES, Parts, part_in, same_classes
from latently.data.pictures import ImageSize, as_one_size
from latently.data.rows import DataArgumentError, DataError
from latently.reading import reading, reason

PREFIX = "hf:"


def open_hub(
    source: str,
    labels_column: str | None = None,
    array: str | None = None,
    image_size: ImageSize = None,
    *,
    parts: Mapping[str, str] | None = None,
    unlabelled: Unlabelled = "auto",
    **pictures: Any,
) -> Parts:
    """The splits of a data set of the hub, or of a folder that `save_to_disk` wrote, as parts.

    Rows are the column of images, all in one size, colour and white, or else the columns of numbers; labels the column
    of classes.

    Args:
        source: `hf:NAME`, `hf:NAME/CONFIG` where a data set has several, or `hf:PATH`.
        labels_column: the column of the labels, where none has the type of classes, or another is meant.
        array: the column of the rows, where there are several.
        image_size: as for `read_pictures`.
        parts: part → the split that it is, where their names do not tell; empty where all splits are one.
        unlabelled: which label marks a row without one.
        **pictures: `gray`, `white_level`, `image_fit` and `background`, as for `read_pictures`.

    Raises:
        DataError: it is not there, or damaged: a card or a file of a stranger may make the package raise anything.
    """
    with reading(Path(source), "Hugging Face data set", "check the name, and the network", DataError):
        splits, guesses = _parts_of(_loaded(source.removeprefix(PREFIX)), source, parts)
        label = _labels_in(splits["train"].features, labels_column, source)
        rows = _rows_in(splits["train"].features, array, label, source)
        if others := ", ".join(column for column in splits["train"].features if column not in (*rows, label)):
            guesses.append(f"the columns {others} of {source} were not used; {{array=NAME}} takes another as the rows")
        arrays, told = _values(splits, rows, image_size, pictures)
        labels = {part: None if label is None else _labels(splits[part], label) for part in arrays}
    description: dict[str, Any] = {"source": "Hugging Face data set", "array": ", ".join(rows)}
    description |= {"columns": rows} if len(rows) > 1 else {}
    description = told | assume(description, *guesses, *assumed(told))
    called = f"{PREFIX}{Path(source.removeprefix(PREFIX)).name}"
    opened: dict[str, Dataset] = {}
    for part, values in arrays.items():
        facts = {**description, "part": part}
        opened[part] = Dataset.of(called, values, labels[part], f"{called}, {label}", facts, unlabelled=unlabelled)
    return same_classes(Parts(**opened))


def _parts_of(
    splits: Mapping[str, Any], source: str, told: Mapping[str, str] | None
) -> tuple[dict[str, Any], list[str]]:
    """Part → the split that is it, the one that has its very name before others, and what was guessed.

    Where no split is called after training, the first one that is called after no other part is trained on.
    """
    if told is not None:
        if unknown := [name for name in told.values() if name not in splits]:
            rule = f"must name splits of {source}, which has {', '.join(splits)}"
            raise DataArgumentError("parts", rule, unknown[0], known=splits)
        return ({part: splits[name] for part, name in told.items()} or {"train": _together(splits)}), []
    found: dict[str, str] = {}
    for split in sorted(splits, key=lambda split: split.lower() not in NAMES):
        if part := part_in(split):
            found.setdefault(part, split)
    guesses = []
    if "train" not in found:
        first = next((split for split in splits if split not in found.values()), next(iter(splits)))
        found = {"train": first, **{part: split for part, split in found.items() if split != first}}
        guesses.append(
            f"the split {first} of {source} is trained on, since none is called train; {{parts=train={first}}} names it"
        )
    if ignored := ", ".join(split for split in splits if split not in found.values()):
        used = ", ".join(f"{found[part]} ({part})" for part in NAMES if part in found)
        guesses.append(
            f"the splits {ignored} of {source} were not used beside {used}; {{parts=train=NAME,test=NAME}} names others"
        )
    return {part: splits[found[part]] for part in NAMES if part in found}, guesses


def _together(splits: Mapping[str, Any]) -> Any:
    """The rows of all splits, one after the other."""
    import datasets

    return datasets.concatenate_datasets(list(splits.values()))


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
        told = error.__cause__ if isinstance(error, datasets.exceptions.DatasetGenerationError) else None
        why = reason(told or error)
        raise DataError(f"hf:{name} cannot be opened ({why}); check the name, and the network.") from error
    return dict(found) if isinstance(found, dict) else {"train": found}


def _labels_in(features: Any, given: str | None, source: str) -> str | None:
    """The column of labels: the one that is given, or the first of classes."""
    if given is not None:
        return _among(features, "labels_column", given, source)
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
        rule = f"must be a column of {source}, which has {', '.join(features)}"
        raise DataArgumentError(argument, rule, name, known=features)
    return name


def _is_number(dtype: str) -> bool:
    return dtype.startswith(("int", "uint", "float", "bool"))


def _values(
    splits: Mapping[str, Any], rows: list[str], image_size: ImageSize, pictures: Mapping[str, Any]
) -> tuple[dict[str, Shaped[np.ndarray, "rows ..."]], dict[str, Any]]:
    """Part → its rows, and what was done to get them if they are images."""
    if len(rows) == 1 and type(splits["train"].features[rows[0]]).__name__ == "Image":
        read = as_one_size(_images(splits, rows[0]), image_size, **pictures)
        cuts = np.cumsum([len(table) for table in splits.values()])[:-1]
        return dict(zip(splits, np.split(read.images, cuts), strict=True)), read.description
    for name, value in pictures.items():
        if value is not None:
            raise DataArgumentError(name, f"is for images, and the rows are {', '.join(rows)}", value)
    return {part: _numbers(table, rows) for part, table in splits.items()}, {}


def _images(splits: Mapping[str, Any], column: str) -> Iterator[Any]:
    """The images of all parts, one after the other."""
    for part, table in splits.items():
        alone = table.select_columns(column)
        for row in range(len(alone)):
            with suppress(OSError, ValueError, SyntaxError):
                if (image := alone[row][column]) is not None:
                    yield image
                    continue
            raise DataError(
                f'the {column} of row {row} of the part "{part}" is missing or cannot be read; leave that row out.'
            )


def _numbers(table: Any, rows: list[str]) -> Shaped[np.ndarray, "rows ..."]:
    """The rows of a table, from one column of arrays or from columns of numbers."""
    columns = [np.asarray(table[name]) for name in rows]
    return columns[0] if len(rows) == 1 and columns[0].ndim > 1 else np.stack(columns, axis=1)


def _labels(table: Any, name: str) -> Shaped[np.ndarray, "rows"]:
    """The labels of a table, as the words that its classes have."""
    values, feature = list(table[name]), table.features[name]
    if type(feature).__name__ != "ClassLabel":
        return np.asarray(["" if value is None else value for value in values])
    return np.asarray(["" if value is None or value < 0 else feature.int2str(int(value)) for value in values])
