"""The strangest rows of a table: what is strange about each."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from latently.figures.columns import Shown
from latently.figures.style import INK, SOFT_INK, TICK_SIZE, dress, new_figure, shortened

MOST_COLUMNS = 24


def strangest(
    residuals: Float[np.ndarray, "rows columns"],
    names: Sequence[str],
    columns: Sequence[Any] | None = None,
    *,
    title: str | None = None,
) -> Figure:
    """A cell for each row and column: how far what is there lies from what the model expects, above or below.

    Past 24 columns, those are shown that are furthest off in any row, in their order.

    Args:
        residuals: of the rows, the strangest first, in deviations of a column (of words, in probability).
        names: of the rows.
        columns: the columns' names, or what they are; by default their numbers.
        title: one line over the figure.
    """
    shown = Shown.of(columns, np.asarray(residuals, np.float64))
    chosen = np.sort(np.argsort(-np.abs(residuals).max(axis=0), kind="stable")[:MOST_COLUMNS])
    cells = residuals[:, chosen]
    figure = new_figure(2.4 + 0.42 * len(chosen), 1.7 + 0.28 * len(cells), title)
    axes = dress(figure.subplots())
    limit = max(1.0, float(np.abs(cells).max()))
    image = axes.imshow(cells, cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto")
    axes.set_xticks(range(len(chosen)), [shortened(shown[k].name, 18) for k in chosen], rotation=60, ha="right")
    axes.set_yticks(range(len(cells)), [shortened(str(name), 18) for name in names])
    axes.tick_params(labelsize=TICK_SIZE, colors=INK, length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_ylabel("row, the strangest on top", color=SOFT_INK)
    bar = figure.colorbar(image, ax=axes, fraction=0.04, pad=0.02)
    bar.set_label("below or above what is expected, in deviations", color=SOFT_INK, fontsize=TICK_SIZE)
    bar.ax.tick_params(labelsize=TICK_SIZE, colors=SOFT_INK)
    bar.outline.set_visible(False)
    return figure
