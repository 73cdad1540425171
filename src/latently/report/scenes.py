"""The scenes of a report: pictures not yet drawn. Here are those of rows, as images, as tables and as several views."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias, cast

import numpy as np
from jaxtyping import Int, Shaped
from matplotlib.figure import Figure

from latently import figures
from latently.data import Dataset, Table, Views

SHOWN_ROWS = 12
PATHS, STEPS, STEPS_OF_VIEWS = 6, 10, 8
COMPLETED_ROWS = 1000  # of a table
VIEW_SAMPLES, VIEW_MANIFOLD_ROWS = 25, 15

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
    between = "codes and the labels" if "restyle" in model.abilities() and model.knows_labels else "codes"
    return Scene(
        "interpolations.png",
        "Between two rows",
        f"Straight paths between the {between} of held-out rows, decoded.",
        True,
        drawn(lambda: figures.interpolations(model.interpolate(*_ends(rows, labels), STEPS))),
    )


def _ends(
    rows: Rows, labels: Int[np.ndarray, "rows"] | None
) -> tuple[Shaped[np.ndarray, "paths ..."], Shaped[np.ndarray, "paths ..."]]:
    """Six pairs of rows, of two classes each where the classes are known."""
    if labels is None or len(classes := np.unique(labels[labels >= 0])) < 2:
        n = max(1, min(PATHS, len(rows) // 2))
        return rows[:n], rows[-n:]
    first = np.array([np.flatnonzero(labels == label)[0] for label in classes])
    return rows[first[:PATHS]], rows[np.roll(first, -(len(first) // 2))[:PATHS]]


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
    """What a model gave, the rows to show it beside, and the columns of both, as figures take them."""
    if isinstance(rows, Table):
        return np.asarray(Table.like(given, rows.columns)), np.asarray(rows), rows.columns
    return given, rows, shown.description.get("columns")


def view_scenes(model: Any, shown: Dataset, rows: Views) -> Iterator[Scene]:
    """Each view completed from the others, samples of all views, the manifold and paths between rows."""
    whole = rows[rows.present.all(axis=1)]
    if len(whole):
        for missing in rows.names:
            yield _completion(model, shown, whole, missing)
    if figures.as_images(model.sample(1, random_state=0)) is None:
        return
    yield Scene(
        "samples.png",
        "Samples",
        "Draws from the prior, decoded to all views.",
        False,
        drawn(lambda: figures.image_grid(_images(model.sample(VIEW_SAMPLES, random_state=0)))),
    )
    if model.latent_dim == 2:
        yield Scene(
            "manifold.png",
            "The manifold",
            "A grid over the prior's support, decoded to all views.",
            False,
            drawn(lambda: figures.manifold(_images(model.manifold(VIEW_MANIFOLD_ROWS)), model.prior_support())),
        )
    if len(whole) >= 2:
        yield Scene(
            "interpolations.png",
            "Between two rows",
            "Straight paths between the codes of held-out rows, decoded.",
            True,
            drawn(lambda: _paths(model, whole)),
        )


def _completion(model: Any, shown: Dataset, rows: Views, missing: str) -> Scene:
    others = " and ".join(name for name in rows.names if name != missing)
    title, file = f"{missing} from {others}", f"completed-{missing}.png"
    some = rows[:COMPLETED_ROWS]
    truth = {name: np.asarray(some.view(name)) for name in some.names}
    given = {name: values for name, values in truth.items() if name != missing}

    def as_table() -> Figure:
        columns = (shown.description.get("columns") or {}).get(missing)
        completed = model.complete(some.without(missing))[missing]
        return figures.table_reconstructions(truth[missing], completed, columns)

    def as_pictures() -> Figure:
        completed = model.complete(some[:SHOWN_ROWS].without(missing))
        return figures.completions(given, completed, truth, names=rows.names)

    if figures.as_images({missing: truth[missing]}) is None:
        return Scene(file, title, "Each column of the completed view, against the truth.", True, drawn(as_table))
    caption = f"Held-out rows: {others} given, {missing} completed by the model, and the truth."
    return Scene(file, title, caption, True, drawn(as_pictures))


def _paths(model: Any, rows: Views) -> Figure:
    n = min(PATHS, len(rows) // 2)
    paths = model.interpolate(rows[:n], rows[-n:], STEPS_OF_VIEWS)
    images = _images({name: values.reshape(n * STEPS_OF_VIEWS, *values.shape[2:]) for name, values in paths.items()})
    return figures.interpolations(images.reshape(n, STEPS_OF_VIEWS, *images.shape[1:]))


def _images(data: Any) -> Rows:
    """Rows of views that are known to be pictures, in one."""
    return cast("Rows", figures.as_images(data))
