"""The scenes of rows of several views: each completed from the others, sampled, and between two rows."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import numpy as np
from matplotlib.figure import Figure

from latently import figures
from latently.data import Dataset, Views
from latently.data.layout import PICTURES, Nature, places_of
from latently.data.natures import nature_of
from latently.report.scenes import PATHS, SHOWN_ROWS, Rows, Scene, drawn

STEPS = 8
COMPLETED_ROWS = 1000  # of a table
SAMPLES, CURVES, MANIFOLD_ROWS = 25, 20, 15
NAMED_VIEWS = 3  # of more, a title says only that there are others


def view_scenes(model: Any, shown: Dataset, rows: Views) -> Iterator[Scene]:
    """Each view completed from the others, samples of every view, and for pictures the manifold and paths."""
    names: Mapping[str, Sequence[str]] = shown.description.get("columns") or {}
    preprocessing = model.preprocessing_.views
    natures: dict[str, Nature] = {
        name: nature_of(np.asarray(rows.view(name)), names.get(name), preprocessing[name], of_view=True)
        for name in rows.names
    }
    whole = rows[rows.present.all(axis=1)]
    if len(whole):
        for missing in rows.names:
            yield _completion(model, names.get(missing), whole, missing, natures)
    pictures = [name for name in rows.names if natures[name] in PICTURES]
    if pictures:
        yield from _of_pictures(model, whole, pictures)
    for name in rows.names:
        if natures[name] not in PICTURES:
            yield _samples(model, names.get(name), rows, name, natures[name])


def _of_pictures(model: Any, whole: Views, pictures: list[str]) -> Iterator[Scene]:
    """The views that are pictures, together."""
    which = "all views" if len(pictures) == len(whole.names) else " and ".join(pictures)

    def images(data: Mapping[str, Rows]) -> Rows:
        return cast("Rows", figures.as_images({name: data[name] for name in pictures}))

    yield Scene(
        "samples.png",
        "Samples",
        f"Draws from the prior, decoded to {which}.",
        False,
        drawn(lambda: figures.image_grid(images(model.sample(SAMPLES, random_state=0)))),
    )
    if model.latent_dim == 2:
        yield Scene(
            "manifold.png",
            "The manifold",
            f"A grid over the prior's support, decoded to {which}.",
            False,
            drawn(lambda: figures.manifold(images(model.manifold(MANIFOLD_ROWS)), model.prior_support())),
        )

    def paths() -> Figure:
        n = min(PATHS, len(whole) // 2)
        ends = whole[:n], whole[-n:]
        data = model.interpolate(*ends, STEPS)
        flat = images({name: values.reshape(n * STEPS, *values.shape[2:]) for name, values in data.items()})
        first, last = (images({name: np.asarray(each.view(name)) for name in pictures}) for each in ends)
        return figures.interpolations(flat.reshape(n, STEPS, *flat.shape[1:]), (first, last))

    if len(whole) >= 2:
        caption = "Straight paths between the codes of held-out rows, decoded; at the ends, the rows themselves."
        yield Scene("interpolations.png", "Between two rows", caption, True, drawn(paths))


def _samples(model: Any, columns: Sequence[str] | None, rows: Views, name: str, nature: Nature) -> Scene:
    """One view of draws, beside that of the data."""

    def draw() -> Figure:
        real = np.asarray(rows[rows.present[:, rows.names.index(name)]].view(name))
        real = real[: CURVES if nature == "series" else COMPLETED_ROWS]
        given = model.sample(len(real), random_state=0, noise=False if nature == "series" else None)[name]
        if nature == "series":
            return figures.curve_samples(given, real, places=None if columns is None else places_of(columns))
        return figures.table_samples(given.reshape(len(given), -1), real.reshape(len(real), -1), columns)

    caption = f"The view {name} of draws from the prior, decoded, beside held-out rows."
    return Scene(f"samples-{name}.png", f"Samples of {name}", caption, True, drawn(draw))


def _completion(
    model: Any, columns: Sequence[str] | None, rows: Views, missing: str, natures: Mapping[str, Nature]
) -> Scene:
    others = [name for name in rows.names if name != missing]
    source = " and ".join(others) if len(others) <= NAMED_VIEWS else f"the other {len(others)} views"
    title, file = f"{missing} from {source}", f"completed-{missing}.png"
    some = rows[:COMPLETED_ROWS]
    nature = natures[missing]

    def by_column() -> Figure:
        truth, completed = np.asarray(some.view(missing)), model.complete(some.without(missing))[missing]
        if nature == "series":
            places = None if columns is None else places_of(columns)
            return figures.curve_reconstructions(truth, completed, names=("true", "completed"), places=places)
        return figures.table_reconstructions(truth.reshape(len(truth), -1), completed.reshape(len(truth), -1), columns)

    def as_pictures() -> Figure:
        truth = {name: np.asarray(some[:SHOWN_ROWS].view(name)) for name in rows.names if natures[name] in PICTURES}
        given = {name: values for name, values in truth.items() if name != missing}
        completed = {missing: model.complete(some[:SHOWN_ROWS].without(missing))[missing]}
        return figures.completions(given, completed, truth, names=list(truth))

    if nature in PICTURES:
        caption = f"Held-out rows: {missing} completed by the model from {source}, and the truth."
        return Scene(file, title, caption, True, drawn(as_pictures))
    what = "Each curve" if nature == "series" else "Each column"
    return Scene(file, title, f"{what} of the completed view, against the truth.", True, drawn(by_column))
