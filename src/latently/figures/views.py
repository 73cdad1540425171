"""Rows of several views: halves put together again, other pictures side by side."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float, Shaped
from matplotlib.figure import Figure

from latently.data.views import joined
from latently.figures.images import are_pictures, as_pictures, display_range, image_grid

GAP_PIXELS = 2
LEAST_PIXELS = 32  # to which small pictures are enlarged, so that views are closer to each other than rows
UNKNOWN = 0.5

Views = Mapping[str, Shaped[np.ndarray, "_n ..."]]


def as_images(data: Views | Shaped[np.ndarray, "n ..."]) -> Shaped[np.ndarray, "n ..."] | None:
    """Rows as images: left and right, or top and bottom halves joined; other pictures among the views side by side.

    Small pictures side by side are enlarged, so that the gap between views is a thin one.

    Args:
        data: name → rows of a view; or an array, which is given back as it is.

    Returns:
        Images as `image_grid` takes them, or `None` where no view is a picture.

    Example:
        >>> as_images({"left": np.zeros((3, 8, 4)), "right": np.zeros((3, 8, 4))}).shape
        (3, 8, 8)
    """
    if not isinstance(data, Mapping):
        return data if are_pictures(data.shape[1:]) else None
    whole = joined(data)
    if whole is not None:
        return whole
    return _side_by_side([as_pictures(rows) for rows in data.values() if are_pictures(rows.shape[1:])])


def completions(
    given: Views,
    completed: Views,
    truth: Views | None = None,
    *,
    names: Sequence[str] | None = None,
    title: str | None = None,
    columns: int = 12,
) -> Figure:
    """What was given, over what the model makes of it, over the truth where it is known.

    Args:
        given: name → rows of the views that were given.
        completed: name → rows of the views that were missing, as the model completes them.
        truth: name → rows of all views.
        names: the views in order; that of `given` and then `completed`, unless said.
        title: one line over the grid.
        columns: the most rows of data shown.

    Returns:
        The figure: one column a row of data, the missing view in grey in the first line.

    Raises:
        ValueError: no view is a picture.

    Example:
        >>> halves = {"left": np.zeros((3, 8, 4)), "right": np.ones((3, 8, 4))}
        >>> figure = completions({"left": halves["left"]}, {"right": halves["right"]}, halves)
    """
    whole = {name: ({**given, **completed})[name] for name in names or (*given, *completed)}
    shown = {name: rows for name, rows in whole.items() if are_pictures(rows.shape[1:])}
    if not shown:
        raise ValueError("completions draws pictures, and no view is one; use table_reconstructions.")
    scales = {name: display_range((truth or whole)[name]) for name in shown}
    pictures = {name: as_pictures(shown[name][:columns], scale) for name, scale in scales.items()}
    unknown = {name: np.full_like(each, UNKNOWN) for name, each in pictures.items()}
    lines = {
        "given": {name: (pictures if name in given else unknown)[name] for name in shown},
        "completed": pictures,
    }
    if truth:
        lines["true"] = {name: as_pictures(truth[name][:columns], scale) for name, scale in scales.items()}
    images = np.concatenate([_in_one(line) for line in lines.values()])
    return image_grid(images, rows=len(lines), row_labels=list(lines), title=title, value_range=(0.0, 1.0))


def _in_one(pictures: Mapping[str, Float[np.ndarray, "n _ _ 3"]]) -> Float[np.ndarray, "n height width 3"]:
    """The pictures of all views in one: halves joined, others side by side."""
    halves = joined(pictures)
    return np.asarray(_side_by_side(list(pictures.values())) if halves is None else halves, dtype=np.float32)


def _side_by_side(pictures: list[Float[np.ndarray, "n _ _ 3"]]) -> Float[np.ndarray, "n height width 3"] | None:
    """Pictures of any height in one, on paper; small ones enlarged by a whole factor."""
    if not pictures:
        return None
    factor = max(1, LEAST_PIXELS // max(side for each in pictures for side in each.shape[1:3]))
    pictures = [each.repeat(factor, axis=1).repeat(factor, axis=2) for each in pictures]
    height = max(each.shape[1] for each in pictures)
    padded = []
    for place, each in enumerate(pictures):
        above = (height - each.shape[1]) // 2
        sides = ((0, 0), (above, height - each.shape[1] - above), (GAP_PIXELS if place else 0, 0), (0, 0))
        padded.append(np.pad(each, sides, constant_values=1.0))
    return np.concatenate(padded, axis=2)
