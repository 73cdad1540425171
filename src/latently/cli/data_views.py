"""What of new data is which view of a fitted model."""

import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from latently.cli.errors import UsageError
from latently.data import Dataset


def views_in(source: str, given: str | None, own: str | None, model: Any) -> str | None:
    """The `views` that data is opened with.

    A `.npz` file with arrays that have the names of the model's views holds those, as what `latently complete` writes
    does; other data is taken as the run's own.

    Args:
        source: of the data.
        given: what the command line says; it goes first.
        own: what the run was trained with.
        model: fitted.

    Raises:
        UsageError: views are given for a model of one.
    """
    if not isinstance(model.row_shape_, dict):
        if given is not None:
            raise UsageError(
                f"--views is for models of several views, and {type(model).__name__} has one; leave it out."
            )
        return None
    if given is not None:
        return given
    held = _arrays(source)
    named = [view for view in model.row_shape_ if view in held]
    return ",".join(f"{view}={view}" for view in named) or own


def image_size_of(model: Any, views: str | None) -> Any:
    """The height and width of a folder's images that suit a model, as JSON: of all, or of each view."""
    shapes = model.row_shape_
    if not isinstance(shapes, dict):
        return list(shapes[:2]) if len(shapes) > 1 else None
    sizes = {view: list(shape[:2]) for view, shape in shapes.items() if len(shape) > 1}
    if len(sizes) < len(shapes) or views is None:
        return None
    (height, width), (height2, width2) = list(sizes.values())[:2]
    made = {"halves": [height, width + width2], "top-bottom": [height + height2, width], "noisy": [height, width]}
    return made.get(views, sizes)


def with_views_of(model: Any, part: Dataset) -> Dataset:
    """Rows with the views of a model in its order; those that the data has not got are blank, and not given.

    Raises:
        UsageError: the data has views that the model has not.
    """
    shapes = model.row_shape_
    if not part.view_names or not isinstance(shapes, dict) or part.view_names == tuple(shapes):
        return part
    if unknown := [view for view in part.view_names if view not in shapes]:
        raise UsageError(
            f"{part.name} has the view {unknown[0]!r}, and those of the model are {', '.join(shapes)}; name them so "
            "with --views NAME=WHAT,NAME=WHAT."
        )
    n = len(part)
    arrays = dict(zip(part.view_names, part.views, strict=True))
    present = np.ones((n, len(arrays)), dtype=bool) if part.present is None else part.present
    there = dict(zip(part.view_names, present.T, strict=True))
    return replace(
        part,
        views=tuple(
            arrays[view] if view in arrays else np.broadcast_to(np.float32(0), (n, *shape))
            for view, shape in shapes.items()
        ),
        view_names=tuple(shapes),
        present=np.stack([there.get(view, np.zeros(n, dtype=bool)) for view in shapes], axis=1),
    )


def _arrays(source: str) -> list[str]:
    """The names of the arrays of a `.npz` file."""
    path = Path(source)
    if path.suffix.lower() != ".npz" or not zipfile.is_zipfile(path):
        return []
    with zipfile.ZipFile(path) as archive:
        return [name.removesuffix(".npy") for name in archive.namelist()]
