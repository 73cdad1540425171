"""The pictures of a model that draws rows of a class and encodes none."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from latently import figures
from latently.data import Dataset
from latently.report.label_scenes import ACROSS, SHOWN_LABELS, class_scenes, label_names
from latently.report.scene import Scene, drawn

STYLES = 10
STEPS = 12


def drawing_scenes(model: Any, shown: Dataset) -> Iterator[Scene]:
    """Samples by class; the same noise under every class; paths from one draw to another.

    Args:
        model: the fitted estimator; its decoder is given the label.
        shown: the held-out rows, whose classes have names.
    """
    yield from class_scenes(model, shown, np.empty(0), None)
    yield Scene(
        "styles.png",
        "One draw under every class",
        "Each row is one draw of the noise, decoded under each class: what the noise decides is the style.",
        len(model.label_values) > ACROSS,
        drawn(lambda: _styles(model, shown)),
    )
    yield Scene(
        "walks.png",
        "From one draw to another",
        "Each row walks from one draw of the noise to another, and stays in its class.",
        True,
        drawn(lambda: _walks(model, shown)),
    )


def _styles(model: Any, shown: Dataset) -> Figure:
    values, names = model.label_values[:SHOWN_LABELS], label_names(model, shown)[:SHOWN_LABELS]
    noise = model.sample_prior(STYLES, random_state=1)
    data = model.inverse_transform(np.repeat(noise, len(values), axis=0), np.tile(values, STYLES))
    return figures.image_grid(data, rows=STYLES, columns=len(values), column_labels=names)


def _walks(model: Any, shown: Dataset) -> Figure:
    """Paths on which every point is a draw of a normal prior, as likely as the ends: cos t · a + sin t · b."""
    values, names = model.label_values[:STYLES], label_names(model, shown)[:STYLES]
    a, b = (model.sample_prior(len(values), random_state=seed)[:, None] for seed in (2, 3))
    angle = np.linspace(0, np.pi / 2, STEPS, dtype=np.float32)[None, :, None]
    path = (np.cos(angle) * a + np.sin(angle) * b).reshape(-1, a.shape[-1])
    data = model.inverse_transform(path, np.repeat(values, STEPS))
    return figures.image_grid(data, rows=len(values), columns=STEPS, row_labels=names)
