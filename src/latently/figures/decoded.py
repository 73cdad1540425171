"""What a model makes of images: reconstructed, restyled, completed, on the way to others, and all over its plane."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float, Shaped
from matplotlib.figure import Figure

from latently.data.layout import is_volume
from latently.data.views import joined
from latently.figures.images import Range, are_pictures, as_pictures, display_range, image_grid, mosaic_of
from latently.figures.style import dress, fix_ticks, new_figure, shortened

SMALL_PIXELS = 16  # images of so many pixels a side fill their frames: without a gap they run into each other
GAP_PIXELS = 2
LEAST_PIXELS = 32  # to which small pictures are enlarged, so that views are closer to each other than rows
UNKNOWN = 0.5

Views = Mapping[str, Shaped[np.ndarray, "_n ..."]]


def reconstructions(
    originals: Shaped[np.ndarray, "n ..."],
    reconstructed: Shaped[np.ndarray, "n ..."],
    *,
    corrupted: Shaped[np.ndarray, "n ..."] | None = None,
    title: str | None = None,
    columns: int = 12,
) -> Figure:
    """Originals with what the model makes of them underneath, and between them what it was shown, if that differs.

    All are on the originals' scale of grey.

    Args:
        originals: images as `image_grid` takes them.
        reconstructed: images of the same shape.
        corrupted: images of the same shape; left out where the model was shown the originals.
        title: one line over the grid.
        columns: the most images shown.

    Raises:
        ValueError: the arrays differ in shape.
    """
    given = {"original": originals, "corrupted": corrupted, "reconstruction": reconstructed}
    shown = {name: images[:columns] for name, images in given.items() if images is not None}
    for name, images in shown.items():
        if images.shape != shown["original"].shape:
            raise ValueError(
                f"{name} images must have the originals' shape {shown['original'].shape}; got {images.shape}. "
                "Reshape them, or pass the same rows."
            )
    pictures, scale = np.concatenate(list(shown.values())), display_range(originals)
    return image_grid(pictures, rows=len(shown), row_labels=list(shown), title=title, value_range=scale)


def restyled(
    originals: Shaped[np.ndarray, "n ..."],
    restyled: Shaped[np.ndarray, "n labels ..."],
    labels: Sequence[object],
    *,
    title: str | None = None,
) -> Figure:
    """Originals at the left, and in each row their style under every label, on the originals' scale of grey.

    Args:
        originals: images as `image_grid` takes them.
        restyled: each of them under each label: shape (n, labels, *image).
        labels: the heads of the columns.
        title: one line over the grid.

    Raises:
        ValueError: the shapes do not match, or there is not one label a column.
    """
    n, count = len(originals), len(labels)
    if restyled.shape != (n, count, *originals.shape[1:]):
        raise ValueError(
            f"restyled must have shape (originals, labels, *image) = {(n, count, *originals.shape[1:])}; "
            f"got {restyled.shape}. Give one image for each original and label."
        )
    cells = np.concatenate([originals[:, None], restyled], axis=1).reshape(n * (count + 1), *originals.shape[1:])
    heads, scale = ["original", *map(shortened, labels)], display_range(originals)
    return image_grid(cells, rows=n, column_labels=heads, rule_after=1, title=title, value_range=scale)


def completions(
    given: Views,
    completed: Views,
    truth: Views | None = None,
    *,
    names: Sequence[str] | None = None,
    title: str | None = None,
    columns: int = 12,
) -> Figure:
    """What was given, over what the model makes of it, over the truth where it is known: one column a row of data.

    Args:
        given: name → rows of the views that were given.
        completed: name → rows of the views that were missing, as the model completes them.
        truth: name → rows of all views.
        names: the views in order; that of `given` and then `completed`, unless said.
        title: one line over the grid.
        columns: the most rows of data shown.

    Raises:
        ValueError: no view is a picture.
    """
    whole = {name: ({**given, **completed})[name] for name in names or (*given, *completed)}
    shown = {name: rows for name, rows in whole.items() if are_pictures(rows.shape[1:])}
    if not shown:
        raise ValueError("completions draws pictures, and no view is one; use table_reconstructions.")
    scales = {name: display_range((truth or whole)[name]) for name in shown}
    pictures = {name: as_pictures(shown[name][:columns], scale) for name, scale in scales.items()}
    unknown = {name: np.full_like(each, UNKNOWN) for name, each in pictures.items()}
    lines = {"completed": pictures}
    if any(name in given for name in shown):
        lines = {"given": {name: (pictures if name in given else unknown)[name] for name in shown}, **lines}
    if truth:
        lines["true"] = {name: as_pictures(truth[name][:columns], scale) for name, scale in scales.items()}
    images = np.concatenate([np.asarray(as_images(line), np.float32) for line in lines.values()])
    return image_grid(images, rows=len(lines), row_labels=list(lines), title=title, value_range=(0.0, 1.0))


def interpolations(
    images: Shaped[np.ndarray, "k steps ..."],
    ends: tuple[Shaped[np.ndarray, "k ..."], Shaped[np.ndarray, "k ..."]] | None = None,
    *,
    title: str | None = None,
    value_range: Range | None = None,
) -> Figure:
    """Paths through the latent space, one a row, from the image at the left to the one at the right.

    Args:
        images: shape (k, steps, h, w), (k, steps, h, w, c) or (k, steps, d) with d a square number.
        ends: the originals of both ends, shape (k, *image) each, which then stand beside the path.
        title: one line over the grid.
        value_range: the values shown as black and as white; by default those of `display_range`, of the originals
            where they are given.
    """
    if images.ndim < 3:
        raise ValueError(f"images must have shape (k, steps, ...); got {images.shape}. Stack the paths on a new axis.")
    k, steps = images.shape[:2]
    marks = [""] * steps
    marks[0], marks[-1] = "from", "to"
    if steps % 2:
        marks[steps // 2] = "half-way"
    rules: tuple[int, ...] = ()
    if ends is not None:
        value_range = value_range or display_range(np.concatenate(ends))
        images = np.concatenate([ends[0][:, None], images, ends[1][:, None]], axis=1)
        marks, rules = ["from", *([""] * steps), "to"], (1, steps + 1)
    flat = images.reshape(len(images) * images.shape[1], *images.shape[2:])
    columns, scale = images.shape[1], value_range
    return image_grid(
        flat, rows=k, columns=columns, column_labels=marks, rule_after=rules, title=title, value_range=scale
    )


def manifold(
    images: Shaped[np.ndarray, "cells ..."],
    support: Range,
    *,
    axis_labels: tuple[str, str] = ("$z_1$", "$z_2$"),
    title: str | None = None,
    value_range: Range | None = None,
) -> Figure:
    """What the decoder makes of a square grid of codes, each image where its code lies.

    Images join without a seam, but for small ones and slices of volumes, which a thin gap keeps apart. Ticks are in
    units of the code.

    Args:
        images: rows*rows images in reading order: the first, at the top left, has the lowest first coordinate and the
            highest second one.
        support: the interval, the same for both axes, that the images divide evenly; a code lies in its image's middle.
        axis_labels: names of the two coordinates.
        title: one line over the figure.
        value_range: the values shown as black and as white; by default those of `display_range`.

    Raises:
        ValueError: the number of images is no square.
    """
    pictures = as_pictures(images, value_range)
    rows = math.isqrt(len(pictures))
    if rows * rows != len(pictures) or rows == 0:
        raise ValueError(f"images must be a square grid of codes, rows*rows of them; got {len(pictures)}. Drop some.")
    small = max(pictures.shape[1:3]) <= SMALL_PIXELS or is_volume(images.shape[1:])
    mosaic, (down, across) = mosaic_of(pictures, rows, rows, gap=0.07 if small else 0.0)
    right, up = (  # half a gap at the rim, too
        (support[1] - support[0]) * (1 - length / (rows * step)) / 2
        for length, step in ((mosaic.shape[1], across), (mosaic.shape[0], down))
    )
    extent = (support[0] + right, support[1] - right, support[0] + up, support[1] - up)
    aspect = mosaic.shape[0] / mosaic.shape[1]
    figure = new_figure(5.2, 4.5 * aspect + 0.6, title)
    axes = dress(figure.add_subplot(), xlabel=axis_labels[0], ylabel=axis_labels[1])
    axes.imshow(mosaic, extent=extent, aspect="auto")
    axes.set(xlim=support, ylim=support, box_aspect=aspect, anchor="SW")
    fix_ticks(axes.xaxis, support)
    fix_ticks(axes.yaxis, support)
    axes.spines[:].set_visible(False)
    return figure


def as_images(data: Views | Shaped[np.ndarray, "n ..."]) -> Shaped[np.ndarray, "n ..."] | None:
    """Rows as images: left and right, or top and bottom halves joined; other pictures among the views side by side.

    Small pictures side by side are enlarged, so that the gap between views is a thin one.

    Args:
        data: name → rows of a view; or an array, which is given back as it is.

    Returns:
        Images as `image_grid` takes them, or `None` where no view is a picture.
    """
    if not isinstance(data, Mapping):
        return data if are_pictures(data.shape[1:]) else None
    whole = joined(data)
    if whole is not None:
        return whole
    return _side_by_side([as_pictures(rows) for rows in data.values() if are_pictures(rows.shape[1:])])


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
