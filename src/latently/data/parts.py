"""Data that comes in parts: rows to train on, to validate and to test, as whoever published them cut them."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Shaped

from latently.data.columns import Column
from latently.data.conditions import conditions_of, recognised
from latently.data.dataset import Dataset, code_labels
from latently.data.labels import UNKNOWN, Label, Unlabelled
from latently.data.rows import DataArgumentError, Rows, as_names
from latently.data.table import Table
from latently.errors import did_you_mean

NAMES: dict[str, tuple[str, ...]] = {
    "train": ("train", "training", "tr"),
    "validation": ("validation", "valid", "val", "dev"),
    "test": ("test", "testing", "te"),
}
"""What the parts of data are called in files and folders."""

PART_OF = {name: part for part, names in NAMES.items() for name in names}
"""Any of those names → the part."""


def part_in(name: str) -> str | None:
    """The part that the words of a name tell of; `None` where they tell of none, or of several.

    Example:
        >>> part_in("seg_train"), part_in("Test-2"), part_in("unsupervised")
        ('train', 'test', None)
    """
    parts = {PART_OF[word] for word in re.split(r"[\W_]+", name.lower()) if word in PART_OF}
    return parts.pop() if len(parts) == 1 else None


def told_parts(told: Mapping[str, str] | str | None) -> dict[str, str] | None:
    """Part → what it is called in a source, as it was told; nothing for `"none"`, and `None` where it was not told.

    Example:
        >>> told_parts("train=clean,test=hard"), told_parts("none")
        ({'train': 'clean', 'test': 'hard'}, {})
    """
    if told is None or told == "none":
        return None if told is None else {}
    pairs = [tuple(pair.partition("=")[::2]) for pair in told.split(",")] if isinstance(told, str) else told.items()
    found = {part.strip(): name.strip() for part, name in pairs}
    if "train" not in found or not found.keys() <= NAMES.keys() or not all(found.values()):
        rule = "must be PART=NAME,PART=NAME, with a name for train and, if wanted, for validation and test; or none"
        raise DataArgumentError("parts", rule, told, did_you_mean(list(found), list(NAMES)).strip())
    return found


class Parts(NamedTuple):
    """The rows of a source, and those that it keeps for validation and for the test, where it does."""

    train: Dataset
    validation: Dataset | None = None
    test: Dataset | None = None

    def each(self, change: Callable[[Dataset], Dataset]) -> "Parts":
        """The parts, changed one by one."""
        return Parts(change(self.train), **{name: change(part) for name, part in self.official.items()})

    @property
    def official(self) -> dict[str, Dataset]:
        """Name → part, of those beside the training rows."""
        return {name: part for name in ("validation", "test") if (part := getattr(self, name)) is not None}

    @property
    def whole(self) -> Dataset:
        """All rows: to train, to validate, to test."""
        parts = [self.train, *self.official.values()]
        if len(parts) == 1:
            return self.train
        each_view = zip(*(part.views for part in parts), strict=True)
        views = tuple(map(_joined, each_view))
        labels = present = conditions = None
        if any(part.labels is not None for part in parts):
            labels = np.concatenate([np.full(len(p), UNKNOWN) if p.labels is None else p.labels for p in parts])
        if any(part.present is not None for part in parts):
            shape = len(self.train.views)
            present = np.concatenate(
                [np.ones((len(part), shape), bool) if part.present is None else part.present for part in parts]
            )
        if self.train.conditions is not None:
            of_parts = [conditions_like(part, self.train.conditions.columns) for part in parts]
            missing = [np.full((len(part), self.train.conditions.shape[1]), np.nan) for part in parts]
            cells = [gap if c is None else np.asarray(c) for c, gap in zip(of_parts, missing, strict=True)]
            conditions = Table(self.train.conditions.columns, np.concatenate(cells))
        named = [part.files for part in parts if part.files is not None]
        files = np.concatenate(named) if len(named) == len(parts) else None
        return replace(
            self.train, views=views, labels=labels, present=present, conditions=conditions, numbers=None, files=files
        )


def parted(
    name: str,
    rows: Mapping[str, Rows],
    labels: Mapping[str, Shaped[np.ndarray, "..."]],
    source: str,
    description: Mapping[str, Any],
    unlabelled: Unlabelled = "auto",
    class_names: tuple[Label, ...] = (),
) -> Parts:
    """The parts of arrays, with one numbering of their classes.

    Args:
        name: of the data set.
        rows: part → its rows; `"train"` is there.
        labels: part → its labels, for those that have any.
        source: of the labels, for error messages.
        description: of all parts.
        unlabelled: which label marks a row without one.
        class_names: what the classes stand for, where the labels are their numbers.
    """
    flat = [values.reshape(len(values)) if values.size == len(values) else values for values in labels.values()]
    given = np.concatenate(flat) if flat else None
    conditions = None if given is None else conditions_of(given, unlabelled=unlabelled)
    together, classes, description = code_labels(given if conditions is None else None, source, description, unlabelled)
    cuts = np.cumsum([len(values) for values in flat])[:-1]
    codes = {} if together is None else dict(zip(labels, np.split(together, cuts), strict=True))
    rows_of = dict(zip(labels, np.split(np.arange(sum(map(len, flat))), cuts), strict=True)) if flat else {}
    told = {} if conditions is None else {part: conditions[of_part] for part, of_part in rows_of.items()}
    several = {"split": "the official parts"} if len(rows) > 1 else {}
    return Parts(
        **{
            part: Dataset(
                name,
                (each,),
                codes.get(part),
                class_names or classes,
                {**several, **description, "part": part},
                conditions=told.get(part),
            )
            for part, each in rows.items()
        }
    )


def conditions_like(part: Dataset, columns: Sequence[Column]) -> Table | None:
    """The conditions of a part as others are known; `None` where there are none of them.

    Args:
        part: one whose labels may look like classes, if they are whole numbers.
        columns: what the conditions are.
    """
    given = part.conditions
    if given is None and part.labels is not None:
        named = as_names(part.description.get("labels_column")) or (columns[0].name,)
        cells = np.array([*part.classes, None], object)[part.labels]
        given = conditions_of({named[0]: cells}) if len(part) and (part.labels != UNKNOWN).any() else None
    return given if given is None else recognised(given, columns)


def like(train: Dataset, part: Dataset, argument: str) -> Dataset:
    """A part from a source of its own, its classes numbered with those of the training rows, as both must be after.

    Raises:
        DataArgumentError: its rows are not like those to train on.
    """
    if train.conditions is not None:
        known = conditions_like(part, train.conditions.columns)
        part = replace(part, labels=None, classes=(), conditions=known)
    if isinstance(train.x, Table):
        part = replace(part, views=(Table.like(part.x, train.x.columns, train.name),))
    for own, other in zip(train.views, part.views, strict=False):
        if own.shape[1:] != other.shape[1:] or train.view_names != part.view_names:
            rule = f"must have rows like those of {train.name}, of shape {own.shape[1:]}; {part.name} has rows of shape"
            raise DataArgumentError(argument, f"{rule} {other.shape[1:]}")
    if (mine := train.description.get("columns")) != (theirs := part.description.get("columns")):
        raise DataArgumentError(argument, f"must have the columns of {train.name}, {mine}; {part.name} has {theirs}")
    return part


def _joined(views: tuple[Rows, ...]) -> Rows:
    """The rows of several parts, one after the other."""
    rows = np.concatenate([np.asarray(view) for view in views])
    first = views[0]
    return Table(first.columns, rows, first.container, first.assumed) if isinstance(first, Table) else rows


def same_classes(parts: Parts) -> Parts:
    """Parts from several sources with one numbering of their classes: words, where some are words."""
    if not any(part.classes != parts.train.classes for part in parts.official.values()):
        return parts
    found = [parts.train, *parts.official.values()]
    words = len({type(label) for part in found for label in part.classes}) > 1
    named = {id(part): [str(label) if words else label for label in part.classes] for part in found}
    classes = tuple(sorted(set().union(*named.values())))
    codes = {label: code for code, label in enumerate(classes)}

    def numbered(part: Dataset) -> Dataset:
        if part.labels is None:
            return replace(part, classes=classes)
        code = np.array([*(codes[label] for label in named[id(part)]), UNKNOWN], np.int32)
        return replace(part, labels=code[part.labels], classes=classes)

    return parts.each(numbered)
