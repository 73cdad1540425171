"""Several views of the same rows: two halves of an image, a picture and its measurements."""

from collections.abc import Mapping
from math import prod
from typing import Any, final

import numpy as np
from jaxtyping import Bool, Shaped

from latently.data.assumptions import warn_of
from latently.data.rows import DataArgumentError, DataError, Rows, Subset, as_rows, is_mapped
from latently.data.table import as_frame, is_frame, rounded_sentence


@final
class Views:
    """One array a view, under a name, all with the same number of rows; a row may lack some of its views.

    A row lacks a view where that array's row is all NaN, a masked array masks it, or `present` says so. Rows of
    memory-mapped files are not searched for NaN.

    Args:
        arrays: name → rows of shape `(n, ...)`.
        present: name → which rows have the view, booleans of shape `(n,)`; found out for a view that is not named.

    Raises:
        DataError: there is no view, the views differ in length, a row is masked in part, or has no view at all.

    Example:
        >>> left = np.array([[1.0, 2.0], [np.nan, np.nan], [3.0, 4.0]])
        >>> pairs = Views({"left": left, "right": np.arange(3)[:, None]})
        >>> pairs.shape, pairs[1:].present.tolist()
        ((3, 3), [[False, True], [True, True]])
    """

    def __init__(self, arrays: Mapping[str, Any], present: Mapping[str, Any] | None = None) -> None:
        if not arrays:
            raise DataArgumentError("views", "must hold at least one view; got none")
        self.names = tuple(arrays)
        found = [_rows_and_presence(name, array, (present or {}).get(name)) for name, array in arrays.items()]
        self.arrays: tuple[Rows, ...] = tuple(rows for rows, _ in found)
        if len({len(rows) for rows in self.arrays}) > 1:
            counts = ", ".join(f"{name} has {len(rows):,}" for name, rows in zip(self.names, self.arrays, strict=True))
            raise DataArgumentError("views", f"must have equally many rows; got: {counts}")
        self.present: Bool[np.ndarray, "rows views"] = np.stack([rows for _, rows in found], axis=1)
        without = np.flatnonzero(~self.present.any(axis=1))
        if len(without):
            raise DataError(f"row {without[0]} has none of its views ({len(without):,} such rows); leave it out.")

    @classmethod
    def of(cls, X: Any, names: tuple[str, ...] | None = None) -> "Views":
        """Views from a dict, a list or tuple of arrays (of these names, or `view1`, `view2`, …), or views.

        Raises:
            DataError: X is none of these, or a list is not as long as `names`.

        Example:
            >>> Views.of([np.eye(2), np.eye(2)]).names
            ('view1', 'view2')
        """
        if isinstance(X, Views):
            return X
        if isinstance(X, Mapping):
            return cls(X)
        if not isinstance(X, list | tuple):
            raise DataArgumentError(
                "X",
                f"must be several views: a list or a dict of arrays; got {type(X).__name__}",
                remedy="For one array use a model of one view, such as AAE.",
            )
        names = names or tuple(f"view{place}" for place in range(1, len(X) + 1))
        if len(names) != len(X):
            raise DataArgumentError(
                "X", f"must be a list of {len(names)} views ({', '.join(names)}), or a dict of some of them", len(X)
            )
        return cls(dict(zip(names, X, strict=True)))

    @classmethod
    def checked(
        cls, names: tuple[str, ...], arrays: tuple[Rows, ...], present: Bool[np.ndarray, "rows views"] | None
    ) -> "Views":
        """Views of which all is known, such as parts of a data set; there may be no rows."""
        views = object.__new__(cls)
        views.names, views.arrays = names, arrays
        views.present = np.ones((len(arrays[0]), len(arrays)), dtype=bool) if present is None else present
        return views

    @property
    def shape(self) -> tuple[int, int]:
        """How many rows, and how many numbers a row has in all views together."""
        return len(self), sum(prod(array.shape[1:]) for array in self.arrays)

    @property
    def ndim(self) -> int:
        """2: rows, and the numbers of all views."""
        return 2

    @property
    def complete(self) -> bool:
        """Whether every row has every view."""
        return bool(self.present.all())

    def __len__(self) -> int:
        return len(self.arrays[0])

    def view(self, name: str) -> Rows:
        """All rows of one view."""
        return self.arrays[self.names.index(name)]

    def lacking(self, name: str) -> Bool[np.ndarray, "rows"]:
        """Which rows lack a view."""
        return np.asarray(~self.present[:, self.names.index(name)])

    def only(self, *names: str) -> "Views":
        """The same rows, with these views alone present."""
        return Views.checked(self.names, self.arrays, self.present & np.isin(self.names, names))

    def without(self, *names: str) -> "Views":
        """The same rows, with these views not present."""
        return Views.checked(self.names, self.arrays, self.present & ~np.isin(self.names, names))

    def __getitem__(self, rows: Any) -> "Views":
        """Some rows, by slice, integer array or mask; an integer gives one row, as views of one row."""
        rows = np.asarray([rows]) if isinstance(rows, int | np.integer) else rows
        return Views.checked(self.names, tuple(array[rows] for array in self.arrays), self.present[rows])

    def __repr__(self) -> str:
        views = ", ".join(
            f"{name}: {array.dtype} {array.shape}" for name, array in zip(self.names, self.arrays, strict=True)
        )
        return f"Views({views})"


def joined(views: Mapping[str, np.ndarray]) -> Shaped[np.ndarray, "rows height width ..."] | None:
    """The images whose halves these views are, by their names: left and right, or top and bottom; else `None`."""
    axes: dict[tuple[str, ...], int] = {("left", "right"): 2, ("top", "bottom"): 1}
    halves, axis = list(views.values()), axes.get(tuple(views))
    if axis is None or any(half.ndim < 3 for half in halves):
        return None
    shapes = {np.delete(half.shape, axis).tobytes() for half in halves}
    return np.concatenate([np.asarray(half) for half in halves], axis=axis) if len(shapes) == 1 else None


def _rows_and_presence(name: str, array: Any, present: Any) -> tuple[Rows, Bool[np.ndarray, "rows"]]:
    """A view's rows, and which of them are present."""
    masked = None
    if isinstance(array, np.ma.MaskedArray):
        masked, array = np.ma.getmaskarray(array), array.data
    if is_frame(array) and (said := rounded_sentence(as_frame(array)[0], f"the view {name!r}")):
        warn_of(said)
    rows = as_rows(array, f"view {name!r}")
    if present is not None:
        present = np.asarray(present)
        if present.shape != (len(rows),) or present.dtype != bool:
            found = f"{present.dtype} {present.shape}"
            raise DataArgumentError(f"present[{name!r}]", f"must be {len(rows):,} booleans, one a row; got {found}")
        return rows, present
    if masked is not None:
        flat = masked.reshape(len(masked), -1)
        lacking = flat.all(axis=1)
        if (partly := flat.any(axis=1) & ~lacking).any():
            row = int(partly.argmax())
            raise DataError(f"row {row} of view {name!r} is masked in part; mask whole rows, and fill in the rest.")
        return rows, np.logical_not(lacking)
    if isinstance(rows, Subset) or is_mapped(rows) or rows.dtype.kind != "f":
        return rows, np.ones(len(rows), dtype=bool)
    flat = np.asarray(rows).reshape(len(rows), -1)
    lacking = np.isnan(flat[:, 0])
    lacking[lacking] = np.isnan(flat[lacking]).all(axis=1)
    return rows, np.logical_not(lacking)
