"""Colours that stay apart, for colour-blind readers too, for any number of classes.

References:
    Björn Ottosson, "A perceptual color space for image processing", 2020, https://bottosson.github.io/posts/oklab/
    G. M. Machado, M. M. Oliveira, L. A. F. Fernandes, "A Physiologically-based Model for Simulation of Color Vision
    Deficiency", IEEE TVCG 15(6), 2009 (the matrices at full severity).
"""

from functools import lru_cache

import numpy as np
from jaxtyping import Float

# Ten colours spread as far apart as they go (in OKLab, over usual, red-blind and green-blind sight) while they stay
# clear of white paper and of the grey that unlabelled rows get. Neighbours in the list differ in lightness as well.
TEN: tuple[str, ...] = (
    "#086abe",  # blue
    "#d4720a",  # orange
    "#49a885",  # green
    "#a73979",  # magenta
    "#e9b906",  # yellow
    "#5b1374",  # violet
    "#7bcafe",  # sky
    "#77060c",  # maroon
    "#a584d5",  # lavender
    "#745b0c",  # olive
)
UNLABELLED = "#b8b8b8"
MARKERS = ("o", "^", "s", "D", "v", "P")
"""Of the first ten classes, of the next ten, and so on in turn: past ten, colours alone are hard to tell apart."""

SIGHTS: dict[str, Float[np.ndarray, "3 3"]] = {
    "usual": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}
_TO_LMS = np.array(
    [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
     [0.0883024619, 0.2817188376, 0.6299787005]]
)  # fmt: skip
_TO_LAB = np.array(
    [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
     [0.0259040371, 0.7827717662, -0.8086757660]]
)  # fmt: skip


def palette(n: int) -> tuple[str, ...]:
    """The first `n` class colours.

    The first ten are chosen by hand; each further one is the colour farthest from all before it, so a class keeps its
    colour when others are added.

    Example:
        >>> palette(3)
        ('#086abe', '#d4720a', '#49a885')
    """
    if n < 0:
        raise ValueError(f"n must be 0 or more; got n={n}. Give the number of classes.")
    return TEN[:n] if n <= len(TEN) else _extended(n)


def marker_of(place: int) -> str:
    """The mark of a class; of unknown ones, whose place is -1, that of the first.

    Example:
        >>> marker_of(9), marker_of(10), marker_of(-1)
        ('o', '^', 'o')
    """
    return MARKERS[max(place, 0) // len(TEN) % len(MARKERS)]


def rgb(colour: str) -> tuple[int, int, int]:
    """Red, green and blue, 0 to 255, of a colour written "#rrggbb"."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def seen(colours: Float[np.ndarray, "n 3"], sight: str = "usual") -> Float[np.ndarray, "n 3"]:
    """Where colours in [0, 1] lie in OKLab as one of `SIGHTS` sees them; distances there are differences people see."""
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    simulated = np.clip(linear @ SIGHTS[sight].T, 0, 1)
    return np.asarray(np.cbrt(simulated @ _TO_LMS.T) @ _TO_LAB.T, dtype=np.float64)


@lru_cache
def _extended(n: int) -> tuple[str, ...]:
    levels = np.linspace(0.02, 0.98, 14)
    candidates = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(-1, 3)
    lab = seen(candidates)
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    candidates = candidates[(lab[:, 0] > 0.3) & (lab[:, 0] < 0.84) & (chroma > 0.05) & (chroma < 0.24)]
    chosen = np.array([rgb(colour) for colour in (*TEN, UNLABELLED)]) / 255
    nearest = _distances(candidates, chosen).min(axis=1)
    colours = list(TEN)
    while len(colours) < n:
        farthest = candidates[int(nearest.argmax())]
        colours.append("#" + "".join(f"{round(255 * float(level)):02x}" for level in farthest))
        nearest = np.minimum(nearest, _distances(candidates, farthest[None])[:, 0])
    return tuple(colours)


def _distances(a: Float[np.ndarray, "n 3"], b: Float[np.ndarray, "m 3"]) -> Float[np.ndarray, "n m"]:
    pairs = [np.linalg.norm(seen(a, sight)[:, None] - seen(b, sight)[None], axis=-1) for sight in SIGHTS]
    return np.asarray(np.min(pairs, axis=0), dtype=np.float64)
