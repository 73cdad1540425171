"""A data set, its split by seed, and the hiding of its labels."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
from jaxtyping import Bool, Int, Shaped, UInt8

from latently.data.assumptions import assume
from latently.data.conditions import conditions_of
from latently.data.labels import UNKNOWN, Label, Unlabelled, encode_labels, minus_ones
from latently.data.pictures import prepared
from latently.data.rows import DataArgumentError, DataError, Rows, Subset, is_mapped
from latently.data.table import Table
from latently.data.views import Views

_COPIED_BYTES = 2**30


@dataclass(frozen=True, eq=False)
class Dataset:
    """Rows in their stored type, their labels, and what was done to get them.

    Attributes:
        name: what to call it in a report.
        views: one array of shape `(n, ...)` per view, all with the same `n`; most data sets have one.
        labels: the class of each row as a code in `[0, K)`, -1 where it is unknown; `None` where there are no labels.
        classes: the K original label values, in the order of their codes.
        description: what was done to the data, as JSON-able facts: it goes into the report.
        view_names: of the views, where a row is made of several; none where the one view is all there is.
        present: which views each row has, of shape `(n, views)`; `None` where every row has all of them.
        conditions: what each row comes with where that is more than one class (see `latently.data.conditions`); there
            are no labels then.
        numbers: those of the rows in the source that they were cut from, from 0 on; `None` where they are all of it.
        files: the file that each row came from, seen from the folder that was opened; `None` where rows have none.

    Raises:
        DataError: views, labels, names and what is present differ in length.

    Example:
        >>> pairs = Dataset("pairs", (np.eye(3),), labels=np.array([0, 1, -1]), classes=("left", "right"))
        >>> len(pairs), pairs.x.shape
        (3, (3, 3))
    """

    name: str
    views: tuple[Rows, ...]
    labels: Int[np.ndarray, "rows"] | None = None
    classes: tuple[Label, ...] = ()
    description: Mapping[str, Any] = field(default_factory=dict)
    view_names: tuple[str, ...] = ()
    present: Bool[np.ndarray, "rows views"] | None = None
    conditions: Table | None = None
    numbers: Int[np.ndarray, "rows"] | None = None
    files: Shaped[np.ndarray, "rows"] | None = None

    def __post_init__(self) -> None:
        n_views, lengths = len(self.views), [len(view) for view in self.views]
        if len(self.view_names) != n_views and (self.view_names or n_views > 1):
            found = f"{len(self.view_names)}: {', '.join(self.view_names) or 'none'}"
            raise DataError(f"{self.name} must have a name for each of its {n_views} views; got {found}.")
        if len(set(lengths)) != 1:
            found = ", ".join(map(str, lengths)) or "none"
            raise DataError(f"the views of {self.name} must have equally many rows; got {found}.")
        labels: Any = self.labels if self.conditions is None else self.conditions
        if labels is not None and len(labels) != len(self):
            raise DataError(
                f"{self.name} has {len(self):,} rows but {len(labels):,} labels; "
                "give one label a row (an empty one, or -1, where it is unknown)."
            )
        if self.present is not None and self.present.shape != (len(self), n_views):
            raise DataArgumentError(
                "present",
                f"must say of each of {len(self):,} rows which of {n_views} views it has; got an array of shape "
                f"{self.present.shape}",
            )

    @classmethod
    def of(
        cls,
        name: str,
        rows: Rows | Mapping[str, Rows],
        labels: Shaped[np.ndarray, "..."] | Table | None,
        source: str,
        description: Mapping[str, Any],
        present: Mapping[str, Bool[np.ndarray, "rows"]] | None = None,
        unlabelled: Unlabelled = "auto",
    ) -> "Dataset":
        """One view, or several under their names as for `Views`; with labels as they come, if any, from that source.

        `unlabelled` is the label that marks a row without one (see `latently.data.label_values`).
        """
        conditions = None if labels is None else conditions_of(labels, unlabelled=unlabelled)
        of_classes = None if conditions is not None or isinstance(labels, Table) else labels
        codes, classes, description = code_labels(of_classes, source, description, unlabelled)
        if not isinstance(rows, Mapping):
            return cls(name, (rows,), codes, classes, description, conditions=conditions)
        try:
            views = Views(rows, present)
        except DataError as error:
            raise DataError(f"{name}: {error}") from None
        found = None if views.complete else views.present
        return cls(name, views.arrays, codes, classes, description, views.names, found, conditions)

    def __len__(self) -> int:
        return len(self.views[0])

    def __repr__(self) -> str:
        views = ", ".join(f"{view.dtype} {view.shape}" for view in self.views)
        labels = "no labels" if self.labels is None else f"{int((self.labels != UNKNOWN).sum())} labels"
        if self.conditions is not None:
            return f"Dataset({self.name}: {views}, conditions {', '.join(self.conditions.names)})"
        return f"Dataset({self.name}: {views}, {labels}, {len(self.classes)} classes)"

    @property
    def x(self) -> Rows:
        """The first view: the only one of most data sets."""
        return self.views[0]

    @property
    def rows(self) -> Rows | Views:
        """What a model takes: the one view, or all of them under their names."""
        return Views.checked(self.view_names, self.views, self.present) if self.view_names else self.x

    @property
    def targets(self) -> Any:
        """What a model is given beside the rows: labels as they were, masked where one is unknown; or conditions.

        `None` where there are neither.
        """
        if self.conditions is not None or self.labels is None or not self.classes:
            return self.conditions
        unknown = "" if isinstance(self.classes[0], str) else UNKNOWN
        return np.ma.MaskedArray(np.asarray([*self.classes, unknown])[self.labels], mask=self.labels == UNKNOWN)

    def prepare(self, picture: Any) -> UInt8[np.ndarray, "height width *channels"]:
        """One more picture as a row of this data set of images: in its size and colours, brought to them the same way.

        Args:
            picture: the file of an image, an image of Pillow, or an array of pixels `(height, width)` or
                `(height, width, 3)`.

        Returns:
            A row, for a model that was fitted on such ones.

        Raises:
            DataError: the rows of this data set are no images of 8 bits, or the picture is none.

        Example:
            >>> photos = Dataset("photos", (np.zeros((5, 32, 32, 3), np.uint8),), description={"image_fit": "fit"})
            >>> row = photos.prepare(np.full((400, 800, 3), 255, np.uint8))
            >>> row.shape, row[:, 16, 0].tolist() == [0] * 8 + [255] * 16 + [0] * 8
            ((32, 32, 3), True)
        """
        shape = self.x.shape[1:]
        if self.view_names or self.x.dtype != np.uint8 or not (len(shape) == 2 or (len(shape) == 3 and shape[2] == 3)):
            rule = "has no rows that are images (height, width) or (height, width, 3) of 8 bits, as prepare gives"
            raise DataArgumentError(self.name, rule, remedy="Give its models rows as they are.")
        names = ("white_level", "image_fit", "background", "frame")
        told: Any = {name: self.description[name] for name in names if name in self.description}
        return prepared(picture, shape[:2], gray=len(shape) == 2, **told)

    def take(self, rows: Int[np.ndarray, "chosen"], **description: Any) -> "Dataset":
        """The rows of these numbers, in this order.

        Rows in memory are copied up to 1 GB; beyond that, and from a memory map, they are a `Subset`.
        """
        return replace(
            self,
            views=tuple(_take(view, rows) for view in self.views),
            labels=None if self.labels is None else self.labels[rows],
            present=None if self.present is None else self.present[rows],
            conditions=None if self.conditions is None else self.conditions[rows],
            description={**self.description, **description},
            numbers=rows if self.numbers is None else self.numbers[rows],
            files=None if self.files is None else self.files[rows],
        )


@dataclass(frozen=True, eq=False)
class Splits:
    """One data set in three disjoint parts.

    Attributes:
        train: rows to learn from.
        validation: rows to choose by; it may have none.
        test: rows that nothing is learned from or chosen by; it may have none.

    Example:
        >>> from latently import open_dataset
        >>> digits = open_dataset("digits")
        >>> len(digits.train.x), len(digits.validation.x), len(digits.test.x)
        (1258, 180, 359)
    """

    train: Dataset
    validation: Dataset
    test: Dataset


def code_labels(
    labels: Shaped[np.ndarray, "..."] | None,
    source: str,
    description: Mapping[str, Any],
    unlabelled: Unlabelled = "auto",
) -> tuple[Int[np.ndarray, "rows"] | None, tuple[Label, ...], Mapping[str, Any]]:
    """Codes, classes, and a description that says where -1 was taken for the mark of a row without a label."""
    if labels is None:
        return None, (), description
    codes, classes = encode_labels(labels, source, unlabelled)
    found = minus_ones(labels) if unlabelled == "auto" else 0
    if found:
        guess = (
            f"-1 marks rows without a label, {found:,} of the {len(codes):,} in {source}; {{unlabelled=None}} makes "
        )
        description = {**assume(description, f"{guess}it a class"), "minus_ones": found, "labels_of": len(codes)}
    return codes, classes, description


def split(dataset: Dataset, validation: float = 0.1, test: float = 0.2, seed: int = 0) -> Splits:
    """Cut a data set into training, validation and test rows, by fractions of all rows, at random by seed.

    Every row lands in exactly one part. A part that is asked for gets at least one row, as long as one is left for
    training. In memory the parts are shuffled; the rows of a memory map keep their order, so that a pass over them
    reads the file forwards.

    Raises:
        DataError: the fractions leave nothing to train on.

    Example:
        >>> parts = split(Dataset("ten", (np.arange(10),)), seed=1)
        >>> len(parts.train), len(parts.validation), len(parts.test)
        (7, 1, 2)
    """
    if not (validation >= 0 and test >= 0 and validation + test < 1):
        raise DataArgumentError(
            "validation",
            "and {test} must be fractions of the rows, 0 or more, that add up to less than 1; "
            f"got {validation} and {test}",
        )
    n = len(dataset)
    n_test = _share(test, n, n - 1)
    n_validation = _share(validation, n, n - n_test - 1)
    if n - n_validation - n_test < 1 or (test > 0 and n_test == 0):
        raise DataArgumentError(
            dataset.name,
            f"has {n:,} row{'' if n == 1 else 's'}, too few to split into training and test rows",
            remedy="Give at least 2 rows (3 for validation rows as well), or {validation=0} and {test=0}.",
        )
    # Rows that are not cut stay as they are.
    order = np.random.default_rng(seed).permutation(n) if n_test + n_validation else np.arange(n)
    cuts = np.split(order, [n_test, n_test + n_validation])
    if any(is_mapped(view) for view in dataset.views):
        cuts = [np.sort(cut) for cut in cuts]
    rows_of = zip(("test", "validation", "train"), cuts, strict=True)
    return Splits(**{part: dataset.take(rows, part=part, split_seed=seed) for part, rows in rows_of})


def keep_labels(dataset: Dataset, count: int, seed: int = 0) -> Dataset:
    """Keep `count` labels, as evenly over the classes as they allow, and hide the rest as -1.

    Which rows keep theirs depends on the seed alone: the 100 of one seed are among the 1000 of the same seed.

    Raises:
        DataError: there are fewer labels than asked for, or fewer asked for than there are classes.

    Example:
        >>> few = keep_labels(Dataset("six", (np.zeros(6),), np.array([0, 0, 0, 0, 1, 1]), ("a", "b")), 4)
        >>> np.bincount(few.labels[few.labels >= 0])
        array([2, 2])
    """
    if dataset.conditions is not None:
        rule = f"keeps labels of so many classes; those of {dataset.name} are {', '.join(dataset.conditions.names)}"
        raise DataArgumentError("labels", rule, count, "Leave it out.")
    if dataset.labels is None:
        raise DataArgumentError("labels", f"must be left out: there are none to keep, {dataset.name} has none", count)
    known = np.flatnonzero(dataset.labels != UNKNOWN)
    n_classes = len(dataset.classes)
    if not n_classes <= count <= len(known):
        raise DataArgumentError(
            "labels",
            f"must lie between the number of classes, {n_classes}, and the number of known labels of the training "
            f"rows, {len(known)}, in {dataset.name}",
            count,
        )
    generator = np.random.default_rng(seed)
    shuffled = known[generator.permutation(len(known))]
    shuffled_labels = dataset.labels[shuffled]
    # A row's rank among its class; the lowest ranks win, ties between classes are broken by a random order of classes.
    rank = np.empty(len(shuffled), dtype=np.int64)
    for label in range(n_classes):
        members = np.flatnonzero(shuffled_labels == label)
        rank[members] = np.arange(len(members))
    tie = generator.permutation(n_classes)[shuffled_labels]
    kept = shuffled[np.lexsort((tie, rank))[:count]]
    labels = np.full_like(dataset.labels, UNKNOWN)
    labels[kept] = dataset.labels[kept]
    return replace(dataset, labels=labels, description={**dataset.description, "labels_kept": count})


def _take(view: Rows, rows: Int[np.ndarray, "chosen"]) -> Rows:
    if isinstance(view, Table):
        return cast(Rows, Table(view.columns, _take(view.values, rows), view.container, view.assumed))
    if isinstance(view, np.ndarray) and view.nbytes <= _COPIED_BYTES and not is_mapped(view):
        whole = len(rows) == len(view) and np.array_equal(rows, np.arange(len(view)))
        return view if whole else np.asarray(view[rows])
    return Subset(view, rows)


def _share(fraction: float, n: int, most: int) -> int:
    """How many of n rows a fraction is: one at least where it is above 0, and never more than `most`."""
    return max(0, min(max(1, round(fraction * n)), most)) if fraction > 0 else 0
