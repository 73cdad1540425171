"""The latent plane: codes by label, over the prior they should fill."""

from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from latently.figures.palette import UNLABELLED, palette
from latently.figures.style import DATA, LEGEND_ENTRIES, dress, legend_outside, legend_width, new_figure, square

Density: TypeAlias = tuple[
    Literal["density"], Float[np.ndarray, "columns"], Float[np.ndarray, "rows"], Float[np.ndarray, "rows columns"]
]
Points: TypeAlias = tuple[Literal["points"], Float[np.ndarray, "samples 2"]]
Background: TypeAlias = Density | Points

PALEST, CONTOUR = "#f5f7fa", "#bfc7d4"
SHADES = LinearSegmentedColormap.from_list("prior", [PALEST, "#dbe1ea"])
MASSES = (0.99, 0.9, 0.75, 0.5, 0.25, 0.1)  # of the prior, inside each contour, from the outermost in


def codes(
    z: Float[np.ndarray, "n ..."],
    labels: Int[np.ndarray, "n"] | None = None,
    classes: Sequence[object] | None = None,
    *,
    background: Background | None = None,
    limits: tuple[float, float] | None = None,
    title: str | None = None,
    axis_labels: tuple[str, str] = ("$z_1$", "$z_2$"),
) -> Figure:
    """Codes as points, coloured by label, over the prior's contours or samples.

    Args:
        z: shape (n, 2): the codes, or their projection on a plane.
        labels: for each code its place in `classes`, -1 where unknown (drawn grey, underneath).
        classes: the classes' names; by default the labels' numbers.
        background: ("density", xs, ys, grid) with grid[i, j] the prior's density at (xs[j], ys[i]), drawn as regions
            that hold given shares of its mass; or ("points", samples), drawn as faint grey points; or None.
        limits: the interval that both axes show; by default it holds all codes and the background.
        title: one line over the figure.
        axis_labels: names of the two axes.

    Returns:
        The figure. Where limits leave codes outside, a line under the plane says how many.

    Raises:
        ValueError: z is not two-dimensional, or a label has no class.
    """
    plane("z", z)
    names = class_names(labels, classes)
    low, high = limits or common_limits(z, background)
    handles, shown = legend_entries(names, labels)
    figure = new_figure(4.5 + legend_width(shown), 4.4, title)
    axes = dress(figure.add_subplot(), xlabel=axis_labels[0], ylabel=axis_labels[1])
    draw_background(axes, background)
    colours, order = point_colours(labels, names, len(z))
    painted = [colours[i] for i in order]
    axes.scatter(z[order, 0], z[order, 1], s=point_area(len(z)), c=painted, linewidths=0, alpha=0.85, zorder=3)
    square(axes, (low, high))
    outside = int(np.sum(np.any((z < low) | (z > high), axis=1)))
    if outside:
        axes.set_xlabel(f"{axis_labels[0]}\n{outside:,} of {len(z):,} codes lie outside")
    if names:
        legend_outside(figure, handles, shown)
    return figure


def draw_background(axes: Axes, background: Background | None) -> None:
    """The prior, faint, underneath everything else."""
    if background is None:
        return
    if background[0] == "points":
        samples = background[1]
        plane("background", samples)
        axes.scatter(samples[:, 0], samples[:, 1], s=3, c=CONTOUR, linewidths=0, alpha=0.6, zorder=1)
        return
    _, xs, ys, grid = background
    if grid.shape != (len(ys), len(xs)):
        raise ValueError(f"the density must have shape (rows, columns) = {(len(ys), len(xs))}; got {grid.shape}.")
    levels = mass_levels(grid)
    shades = SHADES(np.linspace(0, 1, len(levels)))
    axes.contourf(xs, ys, grid, levels=[*levels, 2 * float(grid.max())], colors=shades, zorder=0)
    axes.contour(xs, ys, grid, levels=levels, colors=CONTOUR, linewidths=0.7, zorder=1)


def mass_levels(grid: Float[np.ndarray, "rows columns"]) -> list[float]:
    """The densities whose regions hold `MASSES` of all that the grid holds, increasing.

    A uniform density has one region only: half its height, so that its outline is drawn.

    Example:
        >>> mass_levels(np.pad(np.ones((4, 4)), 2))
        [0.5]
    """
    values = np.sort(np.nan_to_num(grid).ravel())[::-1]
    total = values.cumsum()
    if total[-1] <= 0:
        return [0.5]
    reached = np.searchsorted(total, np.array(MASSES) * total[-1])
    levels = np.unique(values[np.minimum(reached, len(values) - 1)])
    if levels[-1] < 1.02 * levels[0]:
        return [float(values[0]) / 2]
    return [float(level) for level in levels]


def class_names(labels: Int[np.ndarray, "n"] | None, classes: Sequence[object] | None) -> list[str]:
    """The names that labels stand for; none where there are no labels."""
    if labels is None or len(labels) == 0 or int(labels.max()) < 0:
        return []
    n = int(labels.max()) + 1
    names = [str(name) for name in classes] if classes is not None else [str(k) for k in range(n)]
    if n > len(names):
        raise ValueError(f"labels must be places in classes, 0 to {len(names) - 1}; got {n - 1}. Give all classes.")
    return names


def point_colours(
    labels: Int[np.ndarray, "n"] | None, names: Sequence[str], n: int
) -> tuple[list[str], Int[np.ndarray, "n"]]:
    """The colour of each point, and an order to paint them in that favours no class and puts unknown ones lowest."""
    order = np.random.default_rng(0).permutation(n)
    if labels is None or not names:
        return [DATA] * n, order
    colours = [*palette(len(names)), UNLABELLED]
    return [colours[label] for label in labels], order[np.argsort(labels[order] >= 0, kind="stable")]


def point_area(n: int) -> float:
    """A marker's area in square points: smaller where there are more, so that structure stays visible."""
    return float(np.clip(9000 / max(n, 1), 4, 22))


def legend_entries(names: Sequence[str], labels: Int[np.ndarray, "n"] | None) -> tuple[list[Line2D], list[str]]:
    """Dots and names for a legend; past sixty classes it counts the rest."""
    colours = palette(len(names))
    entries = list(zip(colours, names, strict=True))
    if len(entries) > LEGEND_ENTRIES:
        entries = [*entries[: LEGEND_ENTRIES - 1], ("none", f"and {len(names) - LEGEND_ENTRIES + 1} more")]
    if names and labels is not None and bool(np.any(labels < 0)):
        entries.append((UNLABELLED, "unlabelled"))
    dots = [Line2D([], [], marker="o", linestyle="none", markersize=6, color=colour) for colour, _ in entries]
    return dots, [name for _, name in entries]


def common_limits(z: Float[np.ndarray, "n 2"], background: Background | None) -> tuple[float, float]:
    """One interval for both axes that holds the codes and the background, with a little air."""
    values = [z.ravel()]
    if background is not None:
        values.extend([background[1].ravel()] if background[0] == "points" else [background[1], background[2]])
    everything = np.concatenate(values)
    everything = everything[np.isfinite(everything)]
    if everything.size == 0:
        return -1.0, 1.0
    low, high = float(everything.min()), float(everything.max())
    air = 0.04 * (high - low) or 1.0
    return low - air, high + air


def plane(name: str, z: Float[np.ndarray, "n ..."]) -> None:
    """Refuse codes that are no points of a plane."""
    if z.ndim != 2 or z.shape[1] != 2:
        raise ValueError(f"{name} must have shape (n, 2); got {z.shape}. Pass two of its dimensions, or a projection.")
