"""What a classifier takes for what, and whether it is as sure as it should be."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from latently.figures.style import DATA, DEPTH, INK, PAPER, RULE, dress, fix_ticks, in_percent, new_figure, shortened

WRITTEN = 30  # more classes than this, and the cells are too small to write in
PERCENT = 12  # more than this, and there is room for the count alone
CELL_TYPE = 8.0  # points
NAME = 16  # letters of a class's name


def confusion(
    counts: Int[np.ndarray, "labels classes"],
    names: Sequence[object],
    columns: Sequence[object] | None = None,
    *,
    across: str = "predicted",
    title: str | None = None,
) -> Figure:
    """How many rows of each label were given each class, as a heat map.

    A cell's shade is its share of its row, on a scale of square roots, so that rare confusions are seen. It holds the
    count, and up to twelve columns that share in per cent; empty cells stay blank. Past thirty rows or columns the
    shades speak alone.

    Args:
        counts: one row a label, one column a class or a cluster.
        names: the labels' names.
        columns: the columns' names; by default the labels'.
        across: what the columns are.
        title: one line over the figure.

    Raises:
        ValueError: the names are not one a row and one a column.
    """
    columns = names if columns is None else columns
    if counts.shape != (len(names), len(columns)) or 0 in counts.shape:
        raise ValueError(
            f"counts must have a row for each of the {len(names)} names and a column for each of the {len(columns)} "
            f"columns, 1 or more; got shape {counts.shape}."
        )
    down, over = counts.shape
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    written, percent = max(down, over) <= WRITTEN, max(down, over) <= PERCENT
    high, wide = (_cell(n, int(counts.max()), written=written, percent=percent) for n in counts.shape)
    rows, heads = ([shortened(name, NAME) for name in given] for given in (names, columns))
    upright = max(map(len, heads)) * 0.085 > wide - 0.08
    above = 0.085 * max(map(len, heads)) if upright else 0.15
    figure = new_figure(
        max(2.2, wide * over + 0.085 * max(map(len, rows)) + 0.7), max(1.2, high * down + above + 0.6), title
    )
    axes = dress(figure.add_subplot(), xlabel=across, ylabel="label")
    axes.imshow(np.sqrt(shares), cmap=DEPTH, vmin=0, vmax=1, aspect="auto")
    axes.set(box_aspect=down * high / (over * wide), anchor="NW")  # where its labels are: see style.square
    _name_cells(axes, rows, heads, upright=upright)
    if written:
        _write_cells(axes, counts, shares, percent=percent)
    return figure


def calibration(
    curve: Sequence[Mapping[str, Any]], error: float | None = None, *, rows: int | None = None, title: str | None = None
) -> Figure:
    """How often a classifier is right against how sure it is: on the diagonal it is calibrated.

    The share of the rows in each bin stands underneath.

    Args:
        curve: for each bin of confidence `confidence` and `accuracy` (shares), and how many `rows` it holds.
        error: the expected calibration error (a share), written over the figure.
        rows: the number of rows in all, written beside it.
        title: one line over the figure.

    Raises:
        ValueError: the curve has no bins.
    """
    if not curve:
        raise ValueError("curve must hold at least one bin; got none.")
    low, high, confidence, accuracy, counts = (
        np.array([float(point[name]) for point in curve]) for name in ("low", "high", "confidence", "accuracy", "rows")
    )
    shares = counts / counts.sum()
    figure = new_figure(4.2, 4.6, title)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3.2, 1))
    of = f" ({rows:,} rows)" if rows is not None else ""
    note = None if error is None else f"expected calibration error {100 * error:.2g} %{of}"
    dress(upper, title=note, ylabel="share that is right")
    upper.plot([0, 1], [0, 1], color=RULE, linewidth=1.2, zorder=1)
    upper.vlines(confidence, np.minimum(confidence, accuracy), np.maximum(confidence, accuracy), color=RULE, zorder=2)
    sizes = 14 + 60 * np.sqrt(counts / counts.max())
    upper.plot(confidence, accuracy, color=DATA, linewidth=1.2, zorder=3)
    upper.scatter(confidence, accuracy, s=sizes, color=DATA, linewidths=0, zorder=4)
    upper.set_ylim(-0.03, 1.03)
    dress(lower, xlabel="confidence", ylabel="rows")
    lower.bar(low, shares, high - low, align="edge", color=DATA, alpha=0.55, edgecolor=PAPER)
    lower.set(xlim=(-0.02, 1.03), ylim=(0, 1.12 * shares.max()))
    fix_ticks(upper.yaxis, (0.0, 1.0))
    fix_ticks(lower.xaxis, (0.0, 1.0))
    lower.set_yticks([0, shares.max()], ["0", f"{100 * shares.max():.0f} %"])
    return figure


def _cell(n: int, largest: int, *, written: bool, percent: bool) -> float:
    """The side in inches of one of n cells: for the longest text written in it, or else for the name beside it."""
    if written:
        return max(0.5 if percent else 0.3, 0.07 + 0.071 * len(str(largest)))
    return 0.22 if n <= WRITTEN else max(0.05, 7.0 / n)


def _name_cells(axes: Axes, rows: Sequence[str], heads: Sequence[str], *, upright: bool) -> None:
    """A name beside each row and over each column; past thirty of them, numbers of some."""
    for axis, given in ((axes.yaxis, rows), (axes.xaxis, heads)):
        step = 1 if len(given) <= WRITTEN else -(-len(given) // 20)
        axis.set_ticks(list(range(0, len(given), step)), list(given)[::step])
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    axes.tick_params(length=0, labelcolor=INK)
    axes.tick_params(axis="x", labelrotation=90 if upright else 0)
    axes.spines[:].set_visible(True)


def _write_cells(
    axes: Axes, counts: Int[np.ndarray, "labels classes"], shares: Float[np.ndarray, "_ _"], *, percent: bool
) -> None:
    for i, j in np.argwhere(counts > 0):
        text = str(counts[i, j]) + (f"\n{in_percent(float(shares[i, j]))}" if percent else "")
        colour = PAPER if shares[i, j] > 0.33 else INK
        axes.text(j, i, text, ha="center", va="center", fontsize=CELL_TYPE, color=colour, linespacing=1.15)
