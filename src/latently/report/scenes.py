"""The scenes of a report: pictures not yet drawn. Here are those of rows, as images and as tables."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from jaxtyping import Int, Shaped
from matplotlib.figure import Figure

from latently import figures
from latently.data import Dataset, Table

SHOWN_ROWS = 12
PATHS, STEPS = 6, 10

Rows: TypeAlias = Shaped[np.ndarray, "rows ..."]


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


def reconstructions(model: Any, rows: Rows) -> Scene:
    """Images, and what the decoder gives back for their codes; with noise added first, if the model cleans it away."""

    def draw() -> Figure:
        originals = rows[:SHOWN_ROWS]
        noisy = None if model.corruption is None else model.corrupt(originals, random_state=0)
        cleaned = model.reconstruct(originals if noisy is None else noisy)
        return figures.reconstructions(originals, cleaned, corrupted=noisy)

    title = "Reconstructions" if model.corruption is None else "Noise cleaned away"
    caption = "Held-out rows, and what the decoder gives back for their codes."
    return Scene("reconstructions.png", title, caption, True, drawn(draw))


def samples(model: Any) -> Scene:
    """Images drawn from a prior that knows no labels."""
    return Scene(
        "samples.png",
        "Samples",
        "Draws from the prior, decoded.",
        False,
        drawn(lambda: figures.image_grid(model.sample(100, random_state=0), rows=10, columns=10)),
    )


def interpolations(model: Any, rows: Rows, labels: Int[np.ndarray, "rows"] | None) -> Scene:
    """Paths from image to image, of two classes each where the classes are known."""

    def draw() -> Figure:
        first, last = ends_of(len(rows), labels)
        return figures.interpolations(model.interpolate(rows[first], rows[last], STEPS), (rows[first], rows[last]))

    caption = (
        f"Straight paths between the {between(model)} of held-out rows, decoded; at the ends, the rows themselves."
    )
    return Scene("interpolations.png", "Between two rows", caption, True, drawn(draw))


def between(model: Any) -> str:
    """What paths lie between, in words."""
    return "codes and the labels" if "restyle" in model.abilities() and model.knows_labels else "codes"


def ends_of(
    n: int, labels: Int[np.ndarray, "rows"] | None
) -> tuple[Int[np.ndarray, "paths"], Int[np.ndarray, "paths"]]:
    """Up to six pairs of n rows, of two classes each where the classes are known."""
    if labels is None or len(classes := np.unique(labels[labels >= 0])) < 2:
        some = np.arange(max(1, min(PATHS, n // 2)))
        return some, n - 1 - some[::-1]
    first = np.array([np.flatnonzero(labels == label)[0] for label in classes])
    return first[:PATHS], np.roll(first, -(len(first) // 2))[:PATHS]


def as_numbers(given: Any, rows: Any) -> Rows:
    """What a model gave, as an array; of a table, in the columns of its rows."""
    return np.asarray(Table.like(given, rows.columns) if isinstance(rows, Table) else given)


def table_scenes(model: Any, shown: Dataset, rows: Rows | Table) -> Iterator[Scene]:
    """The columns of a table, reconstructed and drawn from the prior."""

    def draw() -> Figure:
        given, truth, columns = _numbers(model.reconstruct(rows), shown, rows)
        return figures.table_reconstructions(truth, given, columns)

    caption = "Each column of held-out rows, against its reconstruction"
    if isinstance(rows, Table):
        caption += ", where it is there; of words, how often each is given back"
    yield Scene("reconstructions.png", "Reconstructions", f"{caption}.", True, drawn(draw))
    yield from table_samples(model, shown, rows)


def table_samples(model: Any, shown: Dataset, rows: Rows | Table) -> Iterator[Scene]:
    """Drawn rows of a table beside real ones, and what their columns have to do with each other."""

    def samples() -> tuple[Rows, Rows, Any]:
        return _numbers(model.sample(len(rows), random_state=0), shown, rows)

    caption = "Draws from the prior, decoded, beside held-out rows."
    yield Scene("samples.png", "Samples", caption, True, drawn(lambda: figures.table_samples(*samples())))
    if isinstance(rows, Table) and len(rows.columns) > 1:
        yield Scene(
            "relations.png",
            "Do samples keep what columns have to do with each other?",
            "The pairs of columns that depend on each other most, in held-out rows and in draws from the prior; how "
            "strongly, the numbers say, from 0 to 1. Beside a word, the dot is the mean of the numbers, and the lines "
            "reach over their middle half and their middle nine tenths.",
            True,
            drawn(lambda: figures.table_relations(*samples())),
        )


def _numbers(given: Any, shown: Dataset, rows: Rows | Table) -> tuple[Rows, Rows, Any]:
    """What a model gave, the rows to show it beside, and the columns of both, as figures take them.

    Volumes, and other arrays that are neither images nor series, are rows of as many columns as they have numbers.
    """
    if isinstance(rows, Table):
        return as_numbers(given, rows), np.asarray(rows), rows.columns
    given, rows = (np.asarray(each).reshape(len(each), -1) for each in (given, rows))
    return given, rows, shown.description.get("columns")
