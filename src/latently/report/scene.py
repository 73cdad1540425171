"""One picture of a report, not yet drawn."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from matplotlib.figure import Figure

from latently import figures


class Scene(NamedTuple):
    """A picture, its words, and how it is drawn.

    Attributes:
        file: its name in the run's folder of figures.
        title: a few words.
        caption: what is to be seen in it, in a sentence or two.
        wide: whether it takes the page's whole width.
        draw: draws it to a path and returns that, or `None` where there is nothing to draw.
    """

    file: str
    title: str
    caption: str
    wide: bool
    draw: Callable[[Path], Path | None]


def drawn(figure: Callable[[], Figure]) -> Callable[[Path], Path]:
    """The drawing of a figure that is made only when it is wanted."""
    return lambda path: figures.save(figure(), path)
