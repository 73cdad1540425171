"""Where the views of a row come from: named parts of a file or a folder, halves of an image, noisy images of a class.

References:
    W. Wang, R. Arora, K. Livescu & J. Bilmes (2015), "On deep multi-view representation learning", arXiv 1602.01024,
    Section 4.1, for the noisy views.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from math import isqrt
from typing import cast

import numpy as np
from jaxtyping import Float, Int, Shaped

from latently.data.assumptions import assume
from latently.data.dataset import Dataset
from latently.data.layout import ChannelAxis, channels_first
from latently.data.rows import DataArgumentError, DataError, Rows, Subset
from latently.errors import did_you_mean

HALVES = {"halves": (2, ("left", "right")), "top-bottom": (1, ("top", "bottom"))}
"""Kind → the axis that is cut, and the names of the halves."""
MAKERS = (*HALVES, "noisy")
LARGEST_ANGLE = np.pi / 4
_PIECE_ROWS = 512
Images = Shaped[np.ndarray, "rows height width *channels"]


@dataclass(frozen=True)
class Groups:
    """Which parts of a file or of a folder are the views: name → names, or patterns of names as a shell has them.

    Where they are `partial`, views may be left out of which nothing is there, as long as one is.
    """

    patterns: Mapping[str, tuple[str, ...]]
    partial: bool = False

    def matched(self, found: Sequence[str], what: str) -> dict[str, list[str]]:
        """The parts of each view among the names found, in their order; `what` has them, for error messages."""
        views: dict[str, list[str]] = {}
        owner: dict[str, str] = {}
        for view, patterns in self.patterns.items():
            # A name may have brackets of its own.
            hits = {each: {name for name in found if name == each or fnmatchcase(name, each)} for each in patterns}
            if self.partial and not any(hits.values()):
                continue
            for pattern, names in hits.items():
                if not names:
                    none = f'none of them is "{pattern}", of the view "{view}".{did_you_mean(pattern, found)}'
                    raise DataError(f"{what} {_listed(found)}; {none}")
            parts = set().union(*hits.values())
            for name in sorted(parts):
                if owner.setdefault(name, view) != view:
                    raise DataError(
                        f'"{name}" must be in one view alone; got it in "{owner[name]}" and in "{view}". '
                        "Correct the patterns."
                    )
            views[view] = [name for name in found if name in parts]
        if not views:
            raise DataError(f"{what} {_listed(found)}; none of them is of a view ({_listed(list(self.patterns))}).")
        return views

    def one_each(self, found: Sequence[str], what: str) -> dict[str, str]:
        """As `matched`, where a view has one part alone."""
        views = self.matched(found, what)
        for view, names in views.items():
            if len(names) > 1:
                raise DataError(f'{what} {_listed(names)} for the view "{view}"; name one of them alone.')
        return {view: names[0] for view, names in views.items()}


def view_groups(spec: str | None, *, partial: bool = False) -> Groups | None:
    """The groups that a spec names, as in `image=X,sizes=leaf_*+stem`; `None` where it is none, or one of `MAKERS`."""
    if spec is None or spec in MAKERS:
        return None
    patterns: dict[str, tuple[str, ...]] = {}
    for part in spec.split(","):
        name, equals, names = (word.strip() for word in part.partition("="))
        each = tuple(pattern.strip() for pattern in names.split("+"))
        if not (equals and name and all(each)):
            form = f"one of {', '.join(MAKERS)}, or NAME=WHAT,NAME=WHAT for the views that a file or a folder holds"
            raise DataArgumentError("views", f"must be {form}", spec, known=MAKERS)
        if name in patterns:
            raise DataArgumentError("views", f'must name each view once; got "{name}" twice in {spec!r}')
        patterns[name] = each
    if len(patterns) < 2 and not partial:
        raise DataArgumentError("views", "must name two views or more", spec)
    return Groups(patterns, partial)


def halves(dataset: Dataset, kind: str = "halves", channel_axis: ChannelAxis = "auto") -> Dataset:
    """The halves of every image, left and right or (`"top-bottom"`) top and bottom; a middle line is in the second.

    Views have their channels last, unless those of the images are told to be first.
    """
    axis, names = HALVES[kind]
    images = _as_images(dataset, kind, channel_axis)
    if not (middle := images.shape[axis] // 2):
        raise _unfit(kind, f"of images of 2 pixels or more across the cut, and {dataset.name} has 1")
    before = (slice(None),) * axis
    first, second = (*before, slice(middle)), (*before, slice(middle, None))
    views = (_through(images, lambda array: array[first]), _through(images, lambda array: array[second]))
    what = f"the {names[0]} and the {names[1]} half of each image"
    return _with_views(dataset, names, views, what, channel_axis)


def noisy(dataset: Dataset, seed: int | tuple[int, ...] = 0, channel_axis: ChannelAxis = "auto") -> Dataset:
    """Two noisy views of a class: `rotated` is the image turned, `noisy` is another image of the same class, noised.

    The angle is U[-pi/4, pi/4], about the centre; the noise is U[0, 1] on each pixel, and the sum is clipped to [0, 1].
    What the views share is the class and nothing else. uint8 stays uint8, with 255 for 1. The partner of an image is of
    this data set, so that parts stay disjoint. Labels that are hidden later have been used for the pairs.
    """
    images = np.asarray(_as_images(dataset, "noisy", channel_axis))
    one = 255.0 if images.dtype == np.uint8 else 1.0
    low, high = (float(images.min()), float(images.max())) if images.size else (0.0, one)
    if images.dtype != np.uint8 and (images.dtype.kind != "f" or low < 0 or high > 1):
        found = f"{dataset.name} has {images.dtype} from {low:g} to {high:g}"
        raise _unfit("noisy", f"of pixels that are uint8, or floats in [0, 1]; {found}", "Scale them.")
    generator = np.random.default_rng(seed)
    angles = generator.uniform(-LARGEST_ANGLE, LARGEST_ANGLE, len(images))
    partners = images[_partners(dataset, generator)]
    views = rotate(images, angles), _under_noise(partners, one, generator)
    what = "each image rotated by U[-pi/4, pi/4], and another of its class plus U[0, 1] noise, clipped"
    return _with_views(dataset, ("rotated", "noisy"), views, what, channel_axis)


def rotate(images: Images, angles: Float[np.ndarray, "rows"]) -> Images:
    """Each image turned about its centre by its angle, anticlockwise: bilinear, 0 outside, in its own type."""
    from scipy.ndimage import map_coordinates  # takes a while to import

    if images.ndim == 4:
        return np.stack([rotate(images[..., channel], angles) for channel in range(images.shape[3])], axis=-1)
    rotated = np.empty_like(images)
    for piece in _pieces(images):
        places = _sources(angles[piece], *images.shape[1:])
        floats = images[piece].astype(np.float32)
        values = map_coordinates(floats, places, order=1, mode="grid-constant", prefilter=False)
        rotated[piece] = np.rint(values) if images.dtype == np.uint8 else values
    return rotated


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:20]) or "nothing"
    return f"{shown} and {len(names) - 20} more" if len(names) > 20 else shown


def _unfit(views: str, rule: str, remedy: str = "") -> DataArgumentError:
    """The error of data that views cannot be made of."""
    return DataArgumentError("views", f'can be "{views}" {rule}', remedy=remedy)


def _as_images(dataset: Dataset, asked: str, channel_axis: ChannelAxis) -> Rows:
    """The rows as images `(n, height, width)`, or with channels last; flat ones are square. Maps stay in their file."""
    rows = dataset.x
    if channels_first(rows.shape[1:], channel_axis):
        return _through(rows, lambda array: np.moveaxis(array, 1, -1))
    if len(rows.shape) in (3, 4):
        return rows
    side = isqrt(rows.shape[1]) if len(rows.shape) == 2 else 0
    if not side or side * side != rows.shape[1]:
        raise _unfit(
            asked,
            "of images alone, (height, width), (height, width, channels) or flat and square; the rows of "
            f"{dataset.name} have the shape {rows.shape[1:]}",
            "Save them as images, or name the views of a file: {views=NAME=WHAT,NAME=WHAT}.",
        )
    return _through(rows, lambda array: array.reshape(-1, side, side))


def _with_views(
    dataset: Dataset, names: tuple[str, ...], views: tuple[Rows, ...], what: str, channel_axis: ChannelAxis
) -> Dataset:
    """A data set with these views, whose channels are where they are told to be."""
    description = {**dataset.description, "views": what}
    if channels_first(shape := dataset.x.shape[1:], channel_axis):
        if channel_axis == "first":
            views = tuple(_through(view, lambda array: np.moveaxis(array, -1, 1)) for view in views)
        else:
            guess = f"the first axis of rows {shape} is the channels, which the views that are made of them have last"
            description = assume(description, f"{guess}; {{channel_axis=last}} takes the last")
    return replace(dataset, views=views, view_names=names, description=description)


def _through(rows: Rows, change: Callable[[np.ndarray], np.ndarray]) -> Rows:
    """A change of rows that copies nothing, of a subset too."""
    if isinstance(rows, Subset):
        return Subset(change(cast(np.ndarray, rows.array)), rows.rows)
    return change(cast(np.ndarray, rows))


def _pieces(images: np.ndarray) -> Iterator[slice]:
    """All images, a few hundred at a time."""
    return (slice(start, start + _PIECE_ROWS) for start in range(0, len(images), _PIECE_ROWS))


def _sources(angles: Float[np.ndarray, "rows"], height: int, width: int) -> Float[np.ndarray, "3 rows height width"]:
    """Where each pixel comes from: the number of its image, and a place in it."""
    y, x = np.arange(height)[:, None] - (height - 1) / 2, np.arange(width) - (width - 1) / 2
    cos, sin = np.cos(angles)[:, None, None], np.sin(angles)[:, None, None]
    row = np.broadcast_to(np.arange(len(angles))[:, None, None], (len(angles), height, width))
    return np.stack([row, cos * y + sin * x + (height - 1) / 2, cos * x - sin * y + (width - 1) / 2])


def _partners(dataset: Dataset, generator: np.random.Generator) -> Int[np.ndarray, "rows"]:
    """For each row, another of the same class, all of them equally likely."""
    labels = dataset.labels
    if labels is None or (labels < 0).any():
        lacking = "has no labels" if labels is None else f"has {int((labels < 0).sum()):,} rows of unknown class"
        raise _unfit("noisy", f"of images of known class, and {dataset.name} {lacking}", "Give every row its label.")
    sizes = np.bincount(labels, minlength=len(dataset.classes))
    if (sizes == 1).any():
        alone = dataset.classes[int((sizes == 1).argmax())]
        raise _unfit(
            "noisy",
            f"where an image has another of its class, and class {alone} has one row alone among the {len(labels):,} "
            f"of a part of {dataset.name}",
            "Give more rows, or larger parts.",
        )
    order = np.argsort(labels, kind="stable")  # the classes one after another
    first = np.concatenate([[0], np.cumsum(sizes)])[labels[order]]
    others = sizes[labels[order]] - 1
    step = 1 + generator.integers(0, np.maximum(others, 1), size=len(labels))
    place = first + (np.arange(len(labels)) - first + step) % (others + 1)  # never its own: 0 < step < size
    partners = np.empty(len(labels), dtype=np.int64)
    partners[order] = order[place]
    return partners


def _under_noise(images: Images, one: float, generator: np.random.Generator) -> Images:
    """Images with U[0, 1] added and clipped, in their own type."""
    noisy = np.empty_like(images)
    for piece in _pieces(images):
        noise = one * generator.random(images[piece].shape, dtype=np.float32)
        values = np.minimum(images[piece] + noise, one)
        noisy[piece] = np.rint(values) if images.dtype == np.uint8 else values
    return noisy
