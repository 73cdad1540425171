"""The views of rows as a page shows them: what they are to an eye, between which ends, and small enough."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Int, Shaped, UInt8
from PIL import Image

from latently.data import Subset, Table, TablePreprocessing, Views, ViewsPreprocessing
from latently.data.columns import Column
from latently.data.layout import channels_first
from latently.data.natures import nature_of

LARGEST_SIDE, THUMBNAIL = 64, 32
"""Of pictures, in pixels: larger ones are shown as small as this."""
WIDE = 1000
"""Vectors of more numbers, and series, are kept in 16 bits, where these hold them."""

BLOCK_NUMBERS = 2**22
"""Rows are read so many numbers at a time."""

_KINDS = {"images": "image", "volumes": "vector", "series": "series", "columns": "vector"}


def describe(preprocessing: Any, rows: Any, columns: Any) -> list[dict[str, Any]]:
    """The views of rows, for the page's manifest.

    Args:
        preprocessing: of the model.
        rows: some of those that are shown, as it has let them pass.
        columns: the names of the columns of vectors; where there are several views, by their names.
    """
    if isinstance(preprocessing, ViewsPreprocessing):
        names: Mapping[str, Any] = columns or {}
        return [
            _described(name, part, np.asarray(rows.view(name)[~rows.lacking(name)]), names.get(name), of_view=True)
            for name, part in preprocessing.views.items()
        ]
    if isinstance(preprocessing, TablePreprocessing):
        cells = np.asarray(rows)
        found = [column_of(column, cells[:, place]) for place, column in enumerate(preprocessing.columns)]
        return [_view("x", "table", preprocessing.row_shape, None, (0.0, 1.0), "float64", found)]
    return [_described("x", preprocessing, np.asarray(rows), columns)]


def column_of(column: Column, cells: Shaped[np.ndarray, "rows"]) -> dict[str, Any]:
    """A column of a table, for the page's manifest; its ends are those that it had in training, or has here."""
    there = cells[np.isfinite(cells)]
    low, high = (float(there.min()), float(there.max())) if len(there) else (0.0, 1.0)
    return {
        "name": column.name,
        "kind": column.kind,
        "words": [str(word) for word in column.words] or None,
        "low": column.low if math.isfinite(column.low) else low,
        "high": column.high if math.isfinite(column.high) else high,
        "mean": float(there.mean()) if len(there) else None,
        "decimals": column.decimals,
        "unit": None,
    }


def _described(
    name: str, part: Any, rows: Shaped[np.ndarray, "rows ..."], names: Sequence[str] | None, *, of_view: bool = False
) -> dict[str, Any]:
    kind, shape = _KINDS[nature_of(rows, names, part, of_view=of_view)], tuple(part.row_shape)
    channels = None
    if kind == "image" and len(shape) == 1:
        shape = tuple(part.event_shape[:2]) if len(part.event_shape) == 3 else (math.isqrt(shape[0]),) * 2
    elif len(shape) == 3 or (kind == "series" and len(shape) == 2):
        first = part.channels_first or (channels_first(shape) if len(shape) == 3 else shape[0] < shape[1])
        channels = "first" if first else "last"
    ends = _ends(part, rows) if kind == "image" else _extremes(rows)
    columns = None
    if kind != "image" and names is not None and len(shape) == 1:
        columns = [
            column_of(Column(str(each), "number"), np.asarray(rows[:, place], np.float64))
            for place, each in enumerate(names)
        ]
    return _view(name, kind, shape, channels, ends, part.dtype, columns)


def _view(
    name: str,
    kind: str,
    shape: Sequence[int],
    channels: str | None,
    ends: tuple[float, float],
    dtype: str,
    columns: Any,
) -> dict[str, Any]:
    low, high = ends
    said = {"name": name, "kind": kind, "shape": list(shape), "channels": channels, "low": low, "high": high}
    return {**said, "dtype": dtype, "columns": columns}


def _ends(part: Any, rows: Shaped[np.ndarray, "rows ..."]) -> tuple[float, float]:
    """The values that are black and white."""
    if part.range == "real" or np.ndim(part.offset):
        return (0.0, 255.0) if rows.dtype == np.uint8 else _extremes(rows)
    low = -1.0 if part.range == "symmetric" else 0.0
    return float(low * part.scale + part.offset), float(part.scale + part.offset)


def _extremes(rows: Shaped[np.ndarray, "rows ..."]) -> tuple[float, float]:
    """Between which all numbers lie, but for a few that lie far out."""
    there = np.asarray(rows, np.float64)
    there = there[np.isfinite(there)]
    if not len(there):
        return 0.0, 1.0
    low, high = (float(end) for end in np.quantile(there, (0.001, 0.999)))
    return (low, high) if low < high else (low, low + 1.0)


def is_small(view: Mapping[str, Any], picture: Shaped[np.ndarray, "rows ..."]) -> bool:
    """Whether the pictures of a view are thumbnails."""
    sides = sorted(view["shape"]) if view["kind"] == "image" else []
    return bool(sides) and sorted((*picture.shape[1:3], *sides[: len(sides) - 2])) != sides


def chosen_of(rows: Any, chosen: Int[np.ndarray, "rows"]) -> Any:
    """Some of the rows; what lies on disk is not read yet."""
    if isinstance(rows, Views):
        arrays = tuple(Subset(array, chosen) for array in rows.arrays)
        return Views.checked(rows.names, arrays, rows.present[chosen])
    return rows[chosen] if isinstance(rows, Table) else Subset(rows, chosen)


def shown(view: Mapping[str, Any], rows: Any) -> np.ndarray:
    """The rows of a view as the page keeps them: pictures in bytes, other numbers as they are; read block by block."""
    size = max(1, BLOCK_NUMBERS // max(1, math.prod(view["shape"])))
    blocks = (_cells(rows[start : start + size], view["name"]) for start in range(0, len(rows), size))
    return np.concatenate([_shown(view, block) for block in blocks])


def _shown(view: Mapping[str, Any], rows: Shaped[np.ndarray, "rows ..."]) -> np.ndarray:
    if view["kind"] == "image":
        return _pictures(view, rows)
    numbers = np.asarray(rows, np.float32).reshape(len(rows), *view["shape"])
    wide = view["kind"] == "series" or (view["kind"] == "vector" and numbers[0].size > WIDE)
    small = np.abs(np.nan_to_num(numbers)).max() < np.finfo(np.float16).max
    return np.asarray(numbers, np.float16 if wide and small else np.float32)


def _pictures(view: Mapping[str, Any], rows: Shaped[np.ndarray, "rows ..."]) -> UInt8[np.ndarray, "rows h w c"]:
    """Pictures as they are shown: their channels last, large ones as thumbnails."""
    images = np.asarray(rows, np.float32).reshape(len(rows), *view["shape"])
    images = np.moveaxis(images, 1, -1) if view["channels"] == "first" else images
    images = images if images.ndim == 4 else images[..., None]
    low, high = view["low"], view["high"]
    bytes_ = np.clip(np.round(np.nan_to_num((images - low) / (high - low)) * 255), 0, 255).astype(np.uint8)
    height, width = images.shape[1:3]
    if max(height, width) <= LARGEST_SIDE:
        return np.asarray(bytes_)
    factor = THUMBNAIL / max(height, width)
    size = max(1, round(width * factor)), max(1, round(height * factor))
    small = [np.asarray(Image.fromarray(image.squeeze()).resize(size, Image.Resampling.BOX)) for image in bytes_]
    return np.stack(small).reshape(len(rows), size[1], size[0], images.shape[3])


def _cells(rows: Any, name: str) -> Shaped[np.ndarray, "rows ..."]:
    """The rows of a view; of a table the numbers of its cells; of a view that a row lacks zeros."""
    if not isinstance(rows, Views):
        return np.asarray(rows.values if isinstance(rows, Table) else rows)
    cells = np.asarray(rows.view(name))
    lacking = rows.lacking(name)
    return np.where(lacking.reshape(-1, *[1] * (cells.ndim - 1)), 0, cells) if lacking.any() else cells
