"""Rows of a table: how well they are reconstructed, and how generated ones compare."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Shaped
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from latently.figures.style import (
    DATA,
    MODEL,
    RULE,
    SOFT_INK,
    TICK_SIZE,
    dots,
    dress,
    fix_ticks,
    legend_outside,
    limits_of,
    new_figure,
    panels_of,
    shortened,
)

PANELS = 12
PAIRS = 4


def table_reconstructions(
    originals: Shaped[np.ndarray, "n ..."],
    reconstructed: Shaped[np.ndarray, "m ..."],
    columns: Sequence[str] | None = None,
    *,
    title: str | None = None,
) -> Figure:
    """One panel a column: the original value across, the reconstructed one up; on the diagonal they agree.

    Each panel is headed by its column and the share of its variance that is explained (R²). Past twelve columns, twelve
    are shown, evenly from the best to the worst reconstructed.

    Args:
        originals: shape (n, columns).
        reconstructed: the same rows, in the same units.
        columns: the columns' names; by default their numbers.
        title: one line over the figure.

    Raises:
        ValueError: the arrays differ in shape, or the names in number.
    """
    a, b = _numbers("originals", originals), _numbers("reconstructed", reconstructed)
    if a.shape != b.shape:
        raise ValueError(f"reconstructed must have the originals' shape {a.shape}; got {b.shape}. Pass the same rows.")
    names = _names(columns, a.shape[1])
    spread = np.maximum(a.var(axis=0), 1e-12)
    explained = 1 - np.mean((a - b) ** 2, axis=0) / spread
    order = np.arange(len(names))
    if len(names) > PANELS:
        order = np.argsort(-explained, kind="stable")[np.linspace(0, len(names) - 1, PANELS).round().astype(int)]
        title = title or f"{PANELS} of {len(names)} columns, from the best to the worst reconstructed"
    figure, panels = panels_of(len(order), (2.1, 2.15), (0.5, 0.5), title)
    for axes, k in zip(panels, order, strict=True):
        score = f"{explained[k]:.2f}" if a[:, k].var() > 0 else "–"
        _against(axes, a[:, k], b[:, k], f"{shortened(names[k], 16)}\n$R^2$ = {score.replace('-', '−')}")
    figure.supxlabel("original", fontsize=10, color=SOFT_INK)
    figure.supylabel("reconstruction", fontsize=10, color=SOFT_INK)
    return figure


def table_samples(
    samples: Shaped[np.ndarray, "m ..."],
    originals: Shaped[np.ndarray, "n ..."],
    columns: Sequence[str] | None = None,
    *,
    title: str | None = None,
) -> Figure:
    """Generated rows beside real ones: each column's histogram, and each pair of up to four columns that vary together.

    Args:
        samples: shape (m, columns): rows drawn from the model.
        originals: shape (n, columns): rows of the data.
        columns: the columns' names; by default their numbers.
        title: one line over the figure.

    Raises:
        ValueError: the arrays differ in their columns, or the names in number.
    """
    a, b = _numbers("originals", originals), _numbers("samples", samples)
    if a.shape[1] != b.shape[1]:
        raise ValueError(f"samples must have the {a.shape[1]} columns of the originals; got {b.shape[1]}.")
    names = _names(columns, a.shape[1])
    kept = _most_related(a)
    if len(kept) < len(names):
        title = title or f"The {len(kept)} of {len(names)} columns that vary together most"
    n = len(kept)
    side = 0.6 + (2.0 if n > 1 else 3.0) * n
    figure = new_figure(side + 1.1, side, title)
    panels = figure.subplots(n, n, squeeze=False)
    for i, row in enumerate(kept):
        for j, column in enumerate(kept):
            axes = dress(panels[i, j])
            bounds = limits_of(a[:, column], b[:, column], air=0.05)
            if i == j:
                _histograms(axes, a[:, row], b[:, row], bounds)
            else:
                for rows, colour in ((a, DATA), (b, MODEL)):
                    area = _dot_area(len(rows))
                    axes.scatter(rows[:, column], rows[:, row], s=area, color=colour, alpha=0.45, linewidths=0)
                upright = limits_of(a[:, row], b[:, row], air=0.05)
                axes.set_ylim(*upright)
                fix_ticks(axes.yaxis, upright, most=4)
            axes.set_xlim(*bounds)
            fix_ticks(axes.xaxis, bounds, most=4, characters=17)
            if i == n - 1:
                axes.set_xlabel(shortened(names[column], 16), fontsize=10, color=SOFT_INK)
            if j == 0:
                axes.set_ylabel(shortened(names[row], 16), fontsize=10, color=SOFT_INK)
    legend_outside(figure, dots((DATA, MODEL)), ["data", "samples"])
    return figure


def _against(axes: Axes, x: Float[np.ndarray, "n"], y: Float[np.ndarray, "n"], title: str) -> None:
    dress(axes, title=title)
    low, high = limits_of(x, y, air=0.05)
    axes.plot([low, high], [low, high], color=RULE, linewidth=1.2, zorder=1)
    axes.scatter(x, y, s=_dot_area(len(x)), color=DATA, alpha=0.5, linewidths=0, zorder=2)
    axes.set(xlim=(low, high), ylim=(low, high))
    fix_ticks(axes.xaxis, (low, high), most=4, characters=17)
    fix_ticks(axes.yaxis, (low, high), most=4, characters=17)
    axes.tick_params(labelsize=TICK_SIZE - 1)


def _dot_area(n: int) -> float:
    """In square points: smaller where there are more of them."""
    return float(np.clip(4000 / max(n, 1), 3, 14))


def _histograms(axes: Axes, a: Float[np.ndarray, "n"], b: Float[np.ndarray, "m"], bounds: tuple[float, float]) -> None:
    edges = np.linspace(*bounds, 25)
    for values, colour in ((a, DATA), (b, MODEL)):
        heights = np.histogram(values, edges)[0] / max(len(values), 1)
        axes.stairs(heights, edges, fill=True, color=colour, alpha=0.35)
        axes.stairs(heights, edges, color=colour, linewidth=1.2)
    axes.set_yticks([])


def _most_related(a: Float[np.ndarray, "n columns"]) -> list[int]:
    """Up to four columns: greedily those with the strongest correlations among them, in their own order."""
    d = a.shape[1]
    if d <= PAIRS:
        return list(range(d))
    spread = np.maximum(a.std(axis=0), 1e-12)
    z = (a - a.mean(axis=0)) / spread
    related = np.abs(z.T @ z) / max(len(a), 1)
    np.fill_diagonal(related, 0.0)
    kept = [int(k) for k in np.unravel_index(related.argmax(), related.shape)]
    while len(kept) < PAIRS:
        score = related[:, kept].sum(axis=1)
        score[kept] = -1.0
        kept.append(int(score.argmax()))
    return sorted(kept)


def _names(columns: Sequence[str] | None, d: int) -> list[str]:
    if columns is None:
        return [f"column {k}" for k in range(d)]
    if len(columns) != d:
        raise ValueError(f"columns must hold {d} names, one a column; got {len(columns)}. Give all, or none.")
    return [str(name) for name in columns]


def _numbers(name: str, rows: Shaped[np.ndarray, "..."]) -> Float[np.ndarray, "n columns"]:
    if rows.ndim != 2 or rows.shape[1] == 0:
        raise ValueError(f"{name} must have shape (n, columns); got {rows.shape}. Flatten each row to a vector.")
    return rows.astype(np.float64)
