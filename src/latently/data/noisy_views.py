"""Two noisy views of a class: a rotated image, and another image of the same class under noise.

Wang, Arora, Livescu & Bilmes 2015, "On deep multi-view representation learning", arXiv 1602.01024, Section 4.1. What
the views share is the class, and nothing else: the style of one says nothing of the style of the other.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int, Shaped

from latently.data.dataset import Dataset
from latently.data.errors import DataError
from latently.data.halves import as_images

LARGEST_ANGLE = np.pi / 4
_PIECE_ROWS = 512
_ASKED = 'views="noisy"'


def noisy(dataset: Dataset, seed: int | tuple[int, ...] = 0) -> Dataset:
    """The view `rotated`, each image turned by U[-pi/4, pi/4] about its centre, and the view `noisy`: another image of
    the same class, with U[0, 1] added to each pixel and clipped to [0, 1].

    uint8 stays uint8, with 255 for 1. The partner of an image is drawn from the rows of this data set, so parts that
    are made one by one stay disjoint. Labels that are hidden later have been used for the pairs.

    Arguments:
        dataset: images with labels.
        seed: of angles, pairs and noise.

    Raises:
        DataError: where the rows are no images, their pixels lie beyond [0, 1], or a row has no known class or is alone
            in it.

    Example:
        >>> from latently.data import digits
        >>> pairs = noisy(digits())
        >>> pairs.view_names, [view.shape for view in pairs.views]
        (('rotated', 'noisy'), [(1797, 8, 8), (1797, 8, 8)])
    """
    images = np.asarray(as_images(dataset.x, dataset.name, _ASKED))
    one = _one(images, dataset.name)
    generator = np.random.default_rng(seed)
    angles = generator.uniform(-LARGEST_ANGLE, LARGEST_ANGLE, len(images))
    partners = images[_partners(dataset, generator)]
    return replace(
        dataset,
        views=(rotate(images, angles), _under_noise(partners, one, generator)),
        view_names=("rotated", "noisy"),
        description={
            **dataset.description,
            "views": "each image rotated by U[-pi/4, pi/4], and another of its class plus U[0, 1] noise, clipped",
        },
    )


def rotate(
    images: Shaped[np.ndarray, "rows height width *channels"], angles: Float[np.ndarray, "rows"]
) -> Shaped[np.ndarray, "rows height width *channels"]:
    """Each image turned about its centre by an angle of its own in radians, anticlockwise, in its own type.

    Pixels are interpolated bilinearly; what was outside is 0.
    """
    from scipy.ndimage import map_coordinates  # takes a while to import

    if images.ndim == 4:
        return np.stack([rotate(images[..., channel], angles) for channel in range(images.shape[3])], axis=-1)
    rotated = np.empty_like(images)
    for start in range(0, len(images), _PIECE_ROWS):
        piece = slice(start, start + _PIECE_ROWS)
        values = map_coordinates(
            images[piece].astype(np.float32),
            _sources(angles[piece], images.shape[1], images.shape[2]),
            order=1,
            mode="grid-constant",
            prefilter=False,
        )
        rotated[piece] = np.rint(values) if images.dtype == np.uint8 else values
    return rotated


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
        raise DataError(f"{_ASKED} pairs images of one class, and {dataset.name} {lacking}; give every row its label.")
    sizes = np.bincount(labels, minlength=len(dataset.classes))
    if (sizes == 1).any():
        alone = dataset.classes[int((sizes == 1).argmax())]
        raise DataError(
            f"{_ASKED} pairs an image with another of its class, and class {alone} has one row alone among the "
            f"{len(labels):,} of a part of {dataset.name}; give more rows, or larger parts."
        )
    order = np.argsort(labels, kind="stable")  # the classes one after another
    first = np.concatenate([[0], np.cumsum(sizes)])[labels[order]]
    others = sizes[labels[order]] - 1
    step = 1 + generator.integers(0, np.maximum(others, 1), size=len(labels))
    place = first + (np.arange(len(labels)) - first + step) % (others + 1)  # never its own: 0 < step < size
    partners = np.empty(len(labels), dtype=np.int64)
    partners[order] = order[place]
    return partners


def _under_noise(
    images: Shaped[np.ndarray, "rows height width *channels"], one: float, generator: np.random.Generator
) -> Shaped[np.ndarray, "rows height width *channels"]:
    """Images with U[0, 1] added and clipped, in their own type."""
    noisy = np.empty_like(images)
    for start in range(0, len(images), _PIECE_ROWS):
        piece = images[start : start + _PIECE_ROWS]
        values = np.minimum(piece + one * generator.random(piece.shape, dtype=np.float32), one)
        noisy[start : start + _PIECE_ROWS] = np.rint(values) if images.dtype == np.uint8 else values
    return noisy


def _one(images: Shaped[np.ndarray, "rows height width *channels"], name: str) -> float:
    """What stands for 1 in these pixels."""
    if images.dtype == np.uint8:
        return 255.0
    low, high = (float(images.min()), float(images.max())) if images.size else (0.0, 1.0)
    if images.dtype.kind != "f" or low < 0 or high > 1:
        raise DataError(
            f"{_ASKED} needs pixels that are uint8, or floats in [0, 1]; {name} has {images.dtype} from {low:g} to "
            f"{high:g}. Scale them."
        )
    return 1.0
