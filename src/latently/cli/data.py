"""The data of a run: what was asked for, as JSON values, and the same rows again."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Shaped

from latently.cli.data_options import PARTS
from latently.cli.data_views import image_size_of, views_in, with_views_of
from latently.cli.errors import UsageError
from latently.data import BUILTIN, Dataset, Splits, open_dataset
from latently.data.idx import is_idx_folder
from latently.data.tables import column_names
from latently.run import fingerprint

_TABLES = (".csv", ".tsv", ".parquet", ".pq")
_WITH_TEST = ("mnist", "fashion-mnist")


def data_arguments(given: Any) -> dict[str, Any]:
    """The arguments of `open_dataset` among parsed options; paths are absolute, so that a run can be resumed anywhere.

    Args:
        given: parsed options; those of the data may be a few of them.
    """
    if given.data is None:
        raise UsageError(
            "--data is missing: give the name of a data set (`latently datasets`), a folder of images, or a file."
        )
    size = getattr(given, "image_size", None)
    return {
        "source": located(given.data),
        "labels_column": given.labels_column,
        "image_size": list(size) if isinstance(size, tuple | list) else size,
        "skip_bad": given.skip_bad,
        "views": getattr(given, "views", None),
        "validation": getattr(given, "validation", None),
        "test": getattr(given, "test", None),
        "labels": getattr(given, "labels", None) or None,
        "seed": getattr(given, "split_seed", 0),
        "label_seed": getattr(given, "label_seed", None),
    }


def located(source: str) -> str:
    """A data set's name as it is, a path absolute; what does not exist stays as it was typed, for the error."""
    path = Path(source).expanduser()
    return str(path.resolve()) if source not in BUILTIN and path.exists() else source


def open_splits(arguments: Mapping[str, Any]) -> Splits:
    """Open what `data_arguments` describes."""
    size = arguments["image_size"]
    sizes = {view: _pair(each) for view, each in size.items()} if isinstance(size, dict) else _pair(size)
    return open_dataset(**{**arguments, "image_size": sizes})


def _pair(size: Any) -> Any:
    """A height and a width from JSON; one number, and none, as they are."""
    return (int(size[0]), int(size[1])) if isinstance(size, list) else size


def check_views(estimator: Any, part: Dataset) -> None:
    """See that the data has as many views as the model wants.

    Raises:
        UsageError: it has one where several are wanted, or several where one is.
    """
    name, views = type(estimator).__name__, ", ".join(part.view_names)
    if estimator.takes_views and not views:
        raise UsageError(
            f"{name} learns from rows of several views, and {part.name} has one: give --views halves for images, or "
            "--views NAME=WHAT,NAME=WHAT for what a file or a folder holds."
        )
    if views and not estimator.takes_views:
        raise UsageError(
            f"{name} learns from rows of one view, and --views gives several ({views}); leave --views out, or fit acca."
        )


def check_labels(estimator: Any, part: Dataset, use_labels: bool) -> None:
    """See that the data has labels where the model cannot do without.

    Raises:
        UsageError: it has none, or the model may not see them.
    """
    if not estimator.__sklearn_tags__().target_tags.required:
        return
    name = type(estimator).__name__
    if not use_labels:
        raise UsageError(f"{name} learns from labels; give --labels another number than 0, or leave it out for all.")
    if part.labels is None:
        raise UsageError(
            f"{name} learns from labels, and {part.name} has none: name a table's column with --labels-column, give "
            "each class of images a subfolder, put the labels of rows.npy into rows_labels.npy; or fit a model that "
            "needs none, such as vae."
        )


def open_run_splits(about: Mapping[str, Any]) -> Splits:
    """The data that a run was trained on, again.

    Args:
        about: what the run's configuration says of it.

    Raises:
        ValueError: the data is not there any more, or is not the same.
    """
    source = about["data"]["source"]
    try:
        splits = open_splits(about["data"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"the run's configuration is damaged: its data cannot be opened ({error}).") from None
    if fingerprint(splits) != about["fingerprint"]:
        raise ValueError(
            f"{source} has changed since the run began; bring the old data back, or begin anew with `latently fit`."
        )
    return splits


def short_name(source: str) -> str:
    """What to call a source in the name of a folder.

    Example:
        >>> short_name("mnist"), short_name("/data/My photos/"), short_name("table.csv")
        ('mnist', 'my-photos', 'table')
    """
    stem = source if source in BUILTIN else Path(source).name.split(".")[0]
    return "-".join("".join(letter if letter.isalnum() else " " for letter in stem.lower()).split()) or "data"


def labels_of(part: Dataset) -> Shaped[np.ndarray, "rows"] | None:
    """A part's labels as they were in the data; unknown ones are -1 among numbers and empty among words.

    Example:
        >>> labels_of(Dataset("two", (np.zeros(3),), np.array([1, -1, 0]), ("ant", "bee"))).tolist()
        ['bee', '', 'ant']
    """
    if part.labels is None or not part.classes:
        return None
    unknown = "" if isinstance(part.classes[0], str) else -1
    values: np.ndarray = np.asarray([*part.classes, unknown])[part.labels]
    return values


def known_labels(model: Any, part: Dataset) -> Shaped[np.ndarray, "rows"] | None:
    """A part's labels for a model whose decoder is given the label; what it does not know is unknown.

    Args:
        model: a fitted model.
        part: rows of any data, with labels or without.

    Returns:
        A label of the model for each row, -1 or the empty word where unknown; `None` where there is none to give.
    """
    values = labels_of(part)
    if values is None or not model.decodes_labels or model.classes_ is None:
        return None
    own = {str(value): value for value in model.classes_.tolist()}
    unknown = "" if model.classes_.dtype.kind == "U" else -1
    labels: np.ndarray = np.asarray([own.get(str(value), unknown) for value in values.tolist()])
    return labels if any(str(value) in own for value in values.tolist()) else None


def open_rows(given: Any, model: Any, about: Mapping[str, Any]) -> Dataset:
    """The rows that parsed options name, for a fitted model.

    Args:
        given: `data`, `part`, `labels_column`, `skip_bad` and, unless those of the run will do, `views`.
        model: a folder's images are brought to its size.
        about: what the run says of its own data, which decides the split, a table's column of labels and what is which
            view.

    Returns:
        The rows; for a model of several views, with its views in its order, blank and not given where the data has not
        got them.

    Raises:
        ValueError: the data cannot be opened, has views that the model has not, or the part has no rows.
    """
    source, own = located(given.data), about.get("data", {})
    views = views_in(source, getattr(given, "views", None), own.get("views"), model)
    same = own.get("source") == source
    table = Path(source).suffix.lower() in _TABLES
    has_test = source in _WITH_TEST or (Path(source).is_dir() and is_idx_folder(Path(source)))
    folder = source not in BUILTIN and Path(source).is_dir() and not has_test
    arguments = {
        "source": source,
        "labels_column": given.labels_column or (_own_labels(Path(source), own) if table else None),
        "image_size": image_size_of(model, views) if folder else None,
        "skip_bad": given.skip_bad,
        "views": views,
        "some_views": True,
    }
    if given.part == "all":
        splits = open_splits({**arguments, "validation": 0.0, "test": None if has_test else 0.0})
        return with_views_of(model, _joined(splits.train, splits.test) if has_test else splits.train)
    cut = {name: own.get(name) for name in ("validation", "test")} | {"seed": own.get("seed", 0)} if same else {}
    part: Dataset = getattr(open_splits({**arguments, **cut}), given.part)
    if not len(part):
        raise UsageError(f"--part {given.part} has no rows in {given.data}; the parts are {', '.join(PARTS)}.")
    return with_views_of(model, part)


def _own_labels(table: Path, own: Mapping[str, Any]) -> str | None:
    """The column of labels of a run's own data, where a table has it: new rows may come without labels."""
    name: str | None = own.get("labels_column")
    return name if name in column_names(table) else None


def _joined(first: Dataset, second: Dataset) -> Dataset:
    views = tuple(
        np.concatenate([np.asarray(a), np.asarray(b)]) for a, b in zip(first.views, second.views, strict=True)
    )
    lacking = first.present is None or second.present is None
    present = None if lacking else np.concatenate([first.present, second.present])
    labels = None if first.labels is None or second.labels is None else np.concatenate([first.labels, second.labels])
    return replace(first, views=views, labels=labels, present=present)
