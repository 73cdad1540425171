"""The pictures of a model of several views."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from latently import figures
from latently.data import Dataset, Views
from latently.report.scene import Scene, drawn

SHOWN_ROWS = 12
SAMPLES = 25
PATHS = 6
MANIFOLD_ROWS = 15


def view_scenes(model: Any, shown: Dataset, rows: Views) -> Iterator[Scene]:
    """Each view completed from the others, samples of all views, the manifold and paths between rows.

    Args:
        model: the fitted estimator; it completes views.
        shown: the held-out rows, whose columns have names.
        rows: of them, those to show.
    """
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
        drawn(lambda: _grid(model.sample(SAMPLES, random_state=0))),
    )
    if model.latent_dim == 2:
        support = model.prior_support()
        manifold = lambda: figures.manifold(_images(model.manifold(MANIFOLD_ROWS)), support)  # noqa: E731
        caption = "A grid over the prior's support, decoded to all views."
        yield Scene("manifold.png", "The manifold", caption, False, drawn(manifold))
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
    some = rows[: min(len(rows), 1000)]
    truth = {name: np.asarray(some.view(name)) for name in some.names}
    given = {name: values for name, values in truth.items() if name != missing}
    if figures.as_images({missing: truth[missing]}) is None:
        columns = (shown.description.get("columns") or {}).get(missing)
        draw = lambda: figures.table_reconstructions(  # noqa: E731
            truth[missing], model.complete(some.without(missing))[missing], columns
        )
        return Scene(file, title, "Each column of the completed view, against the truth.", True, drawn(draw))

    def picture() -> Figure:
        completed = model.complete(some[:SHOWN_ROWS].without(missing))
        return figures.completions(given, completed, truth, names=rows.names)

    caption = f"Held-out rows: {others} given, {missing} completed by the model, and the truth."
    return Scene(file, title, caption, True, drawn(picture))


def _images(data: Any) -> np.ndarray:
    images = figures.as_images(data)
    if images is None:
        raise ValueError("no view of this data is a picture.")
    return images


def _grid(samples: Any) -> Figure:
    return figures.image_grid(_images(samples))


def _paths(model: Any, rows: Views) -> Figure:
    n = min(PATHS, len(rows) // 2)
    steps = 8
    paths = model.interpolate(rows[:n], rows[-n:], steps)
    images = _images({name: values.reshape(n * steps, *values.shape[2:]) for name, values in paths.items()})
    return figures.interpolations(images.reshape(n, steps, *images.shape[1:]))
