"""The scenes of rows that are series or spectra: curves, reconstructed, drawn, under labels, and between two rows."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from matplotlib.figure import Figure

from latently import figures
from latently.data import Dataset, Table
from latently.data.layout import places_of
from latently.report.label_scenes import DRAWS, RESTYLED_ROWS, known_labels_of, label_names, one_of_each
from latently.report.scenes import SHOWN_ROWS, STEPS, Rows, Scene, as_numbers, between, drawn, ends_of

MOST_LABELS = 8


def curve_scenes(
    model: Any, shown: Dataset, rows: Rows | Table, labels: Int[np.ndarray, "rows"] | None
) -> Iterator[Scene]:
    """Curves reconstructed, drawn from the prior, under other labels, and on the way from one to another."""
    places = places_of_steps(rows, shown.description.get("columns"))

    def reconstructed() -> Figure:
        some = rows[:SHOWN_ROWS]
        noisy = None if model.corruption is None else model.corrupt(some, random_state=0)
        back = as_numbers(model.reconstruct(some if noisy is None else noisy), rows)
        shown_to = None if noisy is None else as_numbers(noisy, rows)
        return figures.curve_reconstructions(np.asarray(some), back, corrupted=shown_to, places=places)

    title = "Reconstructions" if model.corruption is None else "Noise cleaned away"
    caption = "Held-out rows, and over them what the decoder gives back for their codes."
    yield Scene("reconstructions.png", title, caption, True, drawn(reconstructed))
    yield curve_samples(model, shown, rows)
    if "restyle" in model.abilities() and model.knows_labels:
        chosen = one_of_each(labels, len(rows))

        def restyled() -> Figure:
            values, names = model.label_values[:MOST_LABELS], label_names(model, shown)[:MOST_LABELS]
            data = as_numbers(model.restyle(rows[chosen], values, known_labels_of(model, shown, chosen)), rows)
            data = data.reshape(len(chosen), len(values), *rows.shape[1:])
            return figures.curves_by_label(data, names, np.asarray(rows[chosen]), places=places)

        some = f" of the first {MOST_LABELS} labels" if len(model.label_values) > MOST_LABELS else " label"
        caption = f"Up to {RESTYLED_ROWS} held-out rows, dashed; over them their codes, decoded under each{some}."
        yield Scene("restyled.png", "The same style under other labels", caption, True, drawn(restyled))

    def paths() -> Figure:
        ends = [rows[chosen] for chosen in ends_of(len(rows), labels)]
        data = as_numbers(model.interpolate(*ends, STEPS), rows).reshape(len(ends[0]), STEPS, *rows.shape[1:])
        return figures.curve_paths(data, (np.asarray(ends[0]), np.asarray(ends[1])), places=places)

    caption = f"Straight paths between the {between(model)} of held-out rows, decoded; dashed, the rows themselves."
    yield Scene("interpolations.png", "Between two rows", caption, True, drawn(paths))


def curve_samples(model: Any, shown: Dataset, rows: Rows | Table) -> Scene:
    """Drawn curves beside those of the data, for each label where the model knows labels."""
    places = places_of_steps(rows, shown.description.get("columns"))

    def all_together() -> Figure:
        some = np.asarray(rows[:20])
        return figures.curve_samples(
            as_numbers(model.sample(len(some), random_state=0, noise=False), rows), some, places=places
        )

    def by_label() -> Figure:
        values, names = model.label_values, label_names(model, shown)
        known = model.predict(rows) if model.classes_ is None else known_labels_of(model, shown, np.arange(len(rows)))
        wanted = np.repeat(values, DRAWS)
        drawn_rows = model.sample(len(wanted), labels=wanted, random_state=0, noise=False)
        groups = [
            (
                names[k],
                np.arange(k * DRAWS, (k + 1) * DRAWS),
                np.flatnonzero(known == value)[:DRAWS] if known is not None else np.arange(0),
            )
            for k, value in enumerate(values.tolist())
        ]
        return figures.curve_samples(as_numbers(drawn_rows, rows), np.asarray(rows), groups, places=places)

    caption = "Held-out rows, and beside them draws from the prior, decoded to their means"
    draw, caption = (by_label, f"{caption}, label by label.") if model.knows_labels else (all_together, f"{caption}.")
    return Scene("samples.png", "Samples", caption, True, drawn(draw))


def places_of_steps(rows: Any, names: Sequence[str] | None) -> Float[np.ndarray, "steps"] | None:
    """Where the steps of curves lie, as the names of columns say, if they do."""
    known = rows.names if isinstance(rows, Table) else names
    return None if known is None else places_of(known)
