"""Rows of a table: how well they are reconstructed, and how generated ones compare."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float64, Shaped
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from latently.figures.columns import Shown, counts_of_words
from latently.figures.relations import dependence, unlike
from latently.figures.style import (
    DATA,
    MODEL,
    RULE,
    SOFT_INK,
    TICK_SIZE,
    dot_area,
    dots,
    dress,
    in_percent,
    legend_outside,
    limits_of,
    new_figure,
    panels_of,
    shortened,
)

if TYPE_CHECKING:
    from latently.data.columns import Column

PANELS = 12
PAIRS = 4
BINS = 24


def table_reconstructions(
    originals: Shaped[np.ndarray, "n ..."],
    reconstructed: Shaped[np.ndarray, "m ..."],
    columns: "Sequence[str | Column] | None" = None,
    *,
    title: str | None = None,
) -> Figure:
    """One panel a column: of numbers, the original value across, the reconstructed one up; on the diagonal they agree.

    Each panel is headed by its column and the share of its variance that is explained (R²). Of words, it shows how
    often each is given back, and is headed by how often all are. Missing cells are left out. Past twelve columns,
    twelve are shown, evenly from the best to the worst reconstructed of those that are not all but alike (see
    `latently.figures.relations.unlike`). Numbers come first, then counts, dates and words.

    Args:
        originals: shape (n, columns); words are codes, dates days since 1970, and missing cells NaN.
        reconstructed: the same rows, in the same units.
        columns: the columns' names, or what they are (`latently.data.columns.Column`); by default their numbers.
        title: one line over the figure.

    Raises:
        ValueError: the arrays differ in shape, or the names in number.
    """
    a, b = _numbers("originals", originals), _numbers("reconstructed", reconstructed)
    if a.shape != b.shape:
        raise ValueError(f"reconstructed must have the originals' shape {a.shape}; got {b.shape}. Pass the same rows.")
    shown = Shown.of(columns, a)
    explained = np.array([_explained(*_both(each, a[:, k], b[:, k]), each) for k, each in enumerate(shown)])
    order = np.arange(len(shown))
    if len(shown) > PANELS:
        candidates = np.array(unlike(a, shown, least=PANELS))
        best_first = candidates[np.argsort(-np.nan_to_num(explained[candidates]), kind="stable")]
        order = best_first[np.linspace(0, len(candidates) - 1, PANELS).round().astype(int)]
        title = title or f"{PANELS} of {len(shown)} columns, from the best to the worst reconstructed"
    order = np.array(_by_kind(order.tolist(), shown))
    figure, panels = panels_of(len(order), (2.1, 2.15), (0.5, 0.5), title)
    several = any(each.has_words for each in shown)
    for axes, k in zip(panels, order.tolist(), strict=True):
        column, pair = shown[k], _both(shown[k], a[:, k], b[:, k])
        if column.has_words:
            _given_back(axes, column, *pair)
            continue
        score = "–" if np.isnan(explained[k]) else f"{explained[k]:.2f}".replace("-", "−")
        _against(axes, column, *pair, f"{shortened(column.name, 16)}\n$R^2$ = {score}")
        if several:
            _label(axes, "original", "reconstruction")
    if not several:
        figure.supxlabel("original", fontsize=10, color=SOFT_INK)
        figure.supylabel("reconstruction", fontsize=10, color=SOFT_INK)
    return figure


def table_samples(
    samples: Shaped[np.ndarray, "m ..."],
    originals: Shaped[np.ndarray, "n ..."],
    columns: "Sequence[str | Column] | None" = None,
    *,
    title: str | None = None,
) -> Figure:
    """Generated rows beside real ones.

    Where all columns are numbers: each column's histogram, and each pair of up to four columns that vary together, but
    are not all but alike. Else one panel a column, of up to twelve: the histogram of numbers, the share of each word.

    Args:
        samples: shape (m, columns): rows drawn from the model, as `originals`.
        originals: shape (n, columns): rows of the data; words are codes, dates days since 1970, and missing cells NaN.
        columns: the columns' names, or what they are (`latently.data.columns.Column`); by default their numbers.
        title: one line over the figure.

    Raises:
        ValueError: the arrays differ in their columns, or the names in number.
    """
    a, b = _numbers("originals", originals), _numbers("samples", samples)
    if a.shape[1] != b.shape[1]:
        raise ValueError(f"samples must have the {a.shape[1]} columns of the originals; got {b.shape[1]}.")
    shown = Shown.of(columns, a)
    figure = _pairs(a, b, shown, title) if all(each.is_plain for each in shown) else _each(a, b, shown, title)
    legend_outside(figure, dots((DATA, MODEL)), ["data", "samples"])
    return figure


def _each(
    a: Float64[np.ndarray, "n columns"], b: Float64[np.ndarray, "m columns"], shown: list[Shown], title: str | None
) -> Figure:
    """A panel for each column."""
    candidates = unlike(a, shown, least=PANELS) if len(shown) > PANELS else list(range(len(shown)))
    chosen = np.linspace(0, len(candidates) - 1, min(PANELS, len(candidates))).round().astype(int).tolist()
    kept = _by_kind([candidates[k] for k in chosen], shown)
    if len(kept) < len(shown):
        title = title or f"{PANELS} of {len(shown)} columns"
    figure, panels = panels_of(len(kept), (2.1, 1.9), (1.1, 0.3), title)
    for axes, k in zip(panels, kept, strict=True):
        column = shown[k]
        dress(axes, title=shortened(column.name, 16))
        if column.has_words:
            _shares(axes, column, a[:, k], b[:, k])
            continue
        data, samples = (column.places(rows[:, k]) for rows in (a, b))
        bounds = column.limits(data, samples)
        _histograms(axes, data, samples, column.edges(bounds, BINS))
        axes.set_xlim(*bounds)
        column.fix_ticks(axes.xaxis, bounds)
    return figure


def _pairs(
    a: Float64[np.ndarray, "n columns"], b: Float64[np.ndarray, "m columns"], shown: list[Shown], title: str | None
) -> Figure:
    """Histograms of columns that vary together, and clouds of points for each pair of them."""
    kept = _most_related(a, shown)
    if len(kept) < len(shown):
        title = title or f"{len(kept)} of {len(shown)} columns that vary together"
    n = len(kept)
    side = 0.6 + (2.0 if n > 1 else 3.0) * n
    figure = new_figure(side + 1.1, side, title)
    panels = figure.subplots(n, n, squeeze=False)
    for i, row in enumerate(kept):
        for j, column in enumerate(kept):
            axes = dress(panels[i, j])
            bounds = limits_of(a[:, column], b[:, column], air=0.05)
            if i == j:
                _histograms(axes, a[:, row], b[:, row], np.linspace(*bounds, BINS + 1))
            else:
                for rows, colour in ((a, DATA), (b, MODEL)):
                    area = dot_area(len(rows))
                    axes.scatter(rows[:, column], rows[:, row], s=area, color=colour, alpha=0.45, linewidths=0)
                upright = limits_of(a[:, row], b[:, row], air=0.05)
                axes.set_ylim(*upright)
                shown[row].fix_ticks(axes.yaxis, upright)
            axes.set_xlim(*bounds)
            shown[column].fix_ticks(axes.xaxis, bounds)
            if i == n - 1:
                axes.set_xlabel(shortened(shown[column].name, 16), fontsize=10, color=SOFT_INK)
            if j == 0:
                axes.set_ylabel(shortened(shown[row].name, 16), fontsize=10, color=SOFT_INK)
    return figure


def _both(
    column: Shown, a: Float64[np.ndarray, "n"], b: Float64[np.ndarray, "n"]
) -> tuple[Float64[np.ndarray, "there"], Float64[np.ndarray, "there"]]:
    """Where cells lie that both have."""
    places = column.places(a), column.places(b)
    there = np.isfinite(places[0]) & np.isfinite(places[1])
    return places[0][there], places[1][there]


def _explained(x: Float64[np.ndarray, "n"], y: Float64[np.ndarray, "n"], column: Shown) -> float:
    """The share of the variance, or of the errors that the likeliest word makes, that is explained; NaN: of none."""
    if not len(x):
        return np.nan
    if column.has_words:
        spread = 1 - np.unique(x, return_counts=True)[1].max() / len(x)
        error = float(np.mean(x != y))
    else:
        spread, error = float(x.var()), float(np.mean((x - y) ** 2))
    return 1 - error / spread if spread > 0 else np.nan


def _against(axes: Axes, column: Shown, x: Float64[np.ndarray, "n"], y: Float64[np.ndarray, "n"], title: str) -> None:
    dress(axes, title=title)
    low, high = bounds = column.limits(x, y)
    axes.plot([low, high], [low, high], color=RULE, linewidth=1.2, zorder=1)
    axes.scatter(x, y, s=dot_area(len(x)), color=DATA, alpha=0.5, linewidths=0, zorder=2)
    axes.set(xlim=bounds, ylim=bounds)
    column.fix_ticks(axes.xaxis, bounds)
    column.fix_ticks(axes.yaxis, bounds)
    axes.tick_params(labelsize=TICK_SIZE - 1)


def _given_back(axes: Axes, column: Shown, x: Float64[np.ndarray, "n"], y: Float64[np.ndarray, "n"]) -> None:
    """A bar for each word: how often it is given back."""
    names, (there, back) = counts_of_words(column, x, x[x == y])
    right = in_percent(float(np.mean(x == y))) if len(x) else "–"
    dress(axes, title=f"{shortened(column.name, 16)}\ngiven back {right}")
    _bars(axes, names, [back / np.maximum(there, 1)], (DATA,))
    _label(axes, "given back (%)")
    axes.tick_params(labelsize=TICK_SIZE - 1)


def _shares(axes: Axes, column: Shown, a: Float64[np.ndarray, "n"], b: Float64[np.ndarray, "m"]) -> None:
    """Two bars for each word: its share of the cells."""
    names, counts = counts_of_words(column, a, b)
    _bars(axes, names, [count / max(count.sum(), 1) for count in counts], (DATA, MODEL))
    _label(axes, "share (%)")


def _bars(axes: Axes, names: list[str], shares: Sequence[Float64[np.ndarray, "words"]], colours: Sequence[str]) -> None:
    """Shares as bars that lie, one above the other."""
    thick = 0.8 / len(shares)
    for place, (share, colour) in enumerate(zip(shares, colours, strict=True)):
        y = np.arange(len(names)) + (place - (len(shares) - 1) / 2) * thick
        axes.barh(y, 100 * share, height=thick, color=colour, alpha=0.75)
    axes.set(xlim=(0, 105), ylim=(max(len(names), 2) - 0.5, -0.5))
    axes.set_xticks([0, 50, 100])
    axes.set_yticks(np.arange(len(names)), names)


def _label(axes: Axes, across: str, up: str | None = None) -> None:
    axes.set_xlabel(across, fontsize=TICK_SIZE, color=SOFT_INK, labelpad=1)
    if up is not None:
        axes.set_ylabel(up, fontsize=TICK_SIZE, color=SOFT_INK, labelpad=1)


def _histograms(
    axes: Axes, a: Float64[np.ndarray, "n"], b: Float64[np.ndarray, "m"], edges: Float64[np.ndarray, "edges"]
) -> None:
    for values, colour in ((a, DATA), (b, MODEL)):
        there = values[np.isfinite(values)]
        heights = np.histogram(there, edges)[0] / max(len(there), 1)
        axes.stairs(heights, edges, fill=True, color=colour, alpha=0.35)
        axes.stairs(heights, edges, color=colour, linewidth=1.2)
    axes.set_yticks([])


def _by_kind(places: Sequence[int], shown: Sequence[Shown]) -> list[int]:
    """The same columns, numbers before counts, dates and words."""

    def rank(place: int) -> int:
        column = shown[place]
        return 3 if column.has_words else 2 if column.kind == "date" else 1 if column.is_whole else 0

    return sorted(places, key=rank)


def _most_related(a: Float64[np.ndarray, "n columns"], shown: list[Shown]) -> list[int]:
    """Up to four columns, none like another: greedily those with the strongest correlations, in their own order."""
    if len(shown) <= PAIRS:
        return list(range(len(shown)))
    candidates = np.array(unlike(a, shown, least=PAIRS))
    related = dependence(a[:, candidates], [shown[k] for k in candidates])
    kept = [int(k) for k in np.unravel_index(related.argmax(), related.shape)]
    while len(kept) < PAIRS:
        score = related[:, kept].sum(axis=1)
        score[kept] = -1.0
        kept.append(int(score.argmax()))
    return sorted(candidates[kept].tolist())


def _numbers(name: str, rows: Shaped[np.ndarray, "..."]) -> Float64[np.ndarray, "n columns"]:
    if rows.ndim != 2 or rows.shape[1] == 0:
        raise ValueError(f"{name} must have shape (n, columns); got {rows.shape}. Flatten each row to a vector.")
    return rows.astype(np.float64)
