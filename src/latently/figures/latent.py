"""Codes over the prior that they should fill, coloured by label, and beside it, dimension by dimension."""

import math
from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Bool, Float, Int
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from latently.figures.images import Range
from latently.figures.palette import MARKERS, UNLABELLED, marker_of, palette
from latently.figures.style import (
    DATA,
    DEPTH,
    LEGEND_ENTRIES,
    MODEL,
    dots,
    dress,
    fix_ticks,
    in_percent,
    legend_outside,
    legend_width,
    limits_of,
    new_figure,
    panels_of,
    square,
)

Density: TypeAlias = tuple[
    Literal["density"], Float[np.ndarray, "columns"], Float[np.ndarray, "rows"], Float[np.ndarray, "rows columns"]
]
Points: TypeAlias = tuple[Literal["points"], Float[np.ndarray, "samples 2"]]
Background: TypeAlias = Density | Points

PALEST, CONTOUR = "#f5f7fa", "#bfc7d4"
SHADES = LinearSegmentedColormap.from_list("prior", [PALEST, "#dbe1ea"])
MASSES = (0.99, 0.9, 0.75, 0.5, 0.25, 0.1)  # of the prior, inside each contour, from the outermost in
PANELS = 12


def codes(
    z: Float[np.ndarray, "n ..."],
    labels: Int[np.ndarray, "n"] | None = None,
    classes: Sequence[object] | None = None,
    *,
    background: Background | None = None,
    limits: Range | None = None,
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
        limits: the interval that both axes show; by default it holds all codes and the background. Where it leaves
            codes outside, a line under the plane says how many.
        title: one line over the figure.
        axis_labels: names of the two axes.

    Raises:
        ValueError: z is not two-dimensional, or a label has no class.
    """
    plane("z", z)
    names = class_names(labels, classes)
    limits = limits or common_limits(z, background)
    handles, shown = legend_entries(names, labels)
    figure = new_figure(4.5 + legend_width(shown), 4.4, title)
    axes = dress(figure.add_subplot(), xlabel=_with_outside(axis_labels[0], z, limits), ylabel=axis_labels[1])
    draw_background(axes, background)
    colours, places, order = paint(labels, names, len(z))
    area = float(np.clip(9000 / max(len(z), 1), 4, 22))  # smaller where there are more, so that structure stays visible
    painted, marks = np.array(colours)[places[order]], np.array([marker_of(place) for place in places[order].tolist()])
    for mark in dict.fromkeys(marks.tolist()):
        x, y = z[order[marks == mark]].T
        axes.scatter(x, y, s=area, c=painted[marks == mark], marker=mark, linewidths=0, alpha=0.85, zorder=3)
    square(axes, limits)
    if names:
        legend_outside(figure, handles, shown)
    return figure


def prior_match(
    codes: Float[np.ndarray, "n ..."],
    prior_samples: Float[np.ndarray, "m ..."],
    *,
    limits: Range | None = None,
    title: str | None = None,
) -> Figure:
    """How the codes of the data are spread, beside samples of the prior; it says how many lie outside the limits.

    In two dimensions both are drawn as densities, side by side, on one scale. Otherwise each dimension is a histogram
    of the codes under the outline of the prior's: of the twelve dimensions that differ most, where there are more.

    Args:
        codes: shape (n, latent): the codes of the data, samples of the posterior rather than means.
        prior_samples: shape (m, latent): about as many samples of the prior.
        limits: the interval shown; by default it holds 99.8 % of the prior's samples and of the codes.
        title: one line over the figure.

    Raises:
        ValueError: the two differ in dimension, or one of them is empty.
    """
    if codes.ndim != 2 or prior_samples.ndim != 2 or codes.shape[1] != prior_samples.shape[1]:
        raise ValueError(
            f"codes and prior_samples must have shape (n, latent) with one latent; got {codes.shape} and "
            f"{prior_samples.shape}. Draw the samples from the model's own prior."
        )
    if not len(codes) or not len(prior_samples):
        raise ValueError("codes and prior_samples must hold rows; got none of one. Pass at least one of each.")
    limits = limits or limits_of(codes, prior_samples, air=0.06, left_out=0.001)
    return (_densities if codes.shape[1] == 2 else _marginals)(codes, prior_samples, limits, title)


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


def paint(
    labels: Int[np.ndarray, "n"] | None, names: Sequence[str], n: int
) -> tuple[list[str], Int[np.ndarray, "n"], Int[np.ndarray, "n"]]:
    """Colours, each point's place among them, and an order that favours no class and puts unknown ones lowest.

    The last colour is that of unknown labels, whose place is -1.
    """
    colours = [*(palette(len(names)) if names else (DATA,)), UNLABELLED]
    places = labels.astype(np.intp) if labels is not None and names else np.zeros(n, dtype=np.intp)
    order = np.random.default_rng(0).permutation(n)
    return colours, places, order[np.argsort(places[order] >= 0, kind="stable")]


def legend_entries(names: Sequence[str], labels: Int[np.ndarray, "n"] | None) -> tuple[list[Line2D], list[str]]:
    """Marks and names for a legend; past sixty classes it counts the rest."""
    marks = map(marker_of, range(len(names)))
    entries = list(zip(palette(len(names)), marks, names, strict=True))
    if len(entries) > LEGEND_ENTRIES:
        more = f"and {len(names) - LEGEND_ENTRIES + 1} more"
        entries = [*entries[: LEGEND_ENTRIES - 1], ("none", MARKERS[0], more)]
    if names and labels is not None and bool(np.any(labels < 0)):
        entries.append((UNLABELLED, MARKERS[0], "unlabelled"))
    handles = dots([colour for colour, _, _ in entries], [mark for _, mark, _ in entries])
    return handles, [name for _, _, name in entries]


def common_limits(z: Float[np.ndarray, "n 2"], background: Background | None) -> Range:
    """One interval for both axes that holds the codes and the background, with a little air."""
    behind = () if background is None else background[1:2] if background[0] == "points" else background[1:3]
    return limits_of(z, *behind, air=0.04)


def plane(name: str, z: Float[np.ndarray, "n ..."]) -> None:
    """Refuse codes that are no points of a plane."""
    if z.ndim != 2 or z.shape[1] != 2:
        raise ValueError(f"{name} must have shape (n, 2); got {z.shape}. Pass two of its dimensions, or a projection.")


def _densities(
    codes: Float[np.ndarray, "n 2"], prior_samples: Float[np.ndarray, "m 2"], limits: Range, title: str | None
) -> Figure:
    bins = int(np.clip(math.sqrt(min(len(codes), len(prior_samples))), 12, 72))
    edges = np.linspace(*limits, bins + 1)
    heights = [
        np.histogram2d(z[:, 1], z[:, 0], bins=(edges, edges))[0] / len(z)  # rows are the second coordinate
        for z in (codes, prior_samples)
    ]
    filled = np.concatenate([height[height > 0] for height in heights])
    brightest = float(np.quantile(filled, 0.98)) if filled.size else 1.0
    figure = new_figure(8.4, 4.6, title)
    panels = figure.subplots(1, 2, sharey=True)
    for axes, name, height in zip(panels, ("codes of the data", "samples of the prior"), heights, strict=True):
        dress(axes, title=name, xlabel="$z_1$")
        axes.imshow(height, origin="lower", extent=(*limits, *limits), cmap=DEPTH, vmin=0, vmax=brightest)
        square(axes, limits)
    dress(panels[0], xlabel=_with_outside("$z_1$", codes, limits), ylabel="$z_2$")
    return figure


def _marginals(
    codes: Float[np.ndarray, "n latent"], prior_samples: Float[np.ndarray, "m latent"], limits: Range, title: str | None
) -> Figure:
    bins = int(np.clip(2 * math.sqrt(min(len(codes), len(prior_samples))), 10, 40))
    edges = np.linspace(*limits, bins + 1)
    heights = [_heights(codes, edges), _heights(prior_samples, edges)]
    differences = np.abs(heights[0] - heights[1]).sum(axis=1)
    dimensions = np.sort(np.argsort(-differences, kind="stable")[:PANELS])
    figure, panels = panels_of(len(dimensions), (2.0, 1.55), (2.6, 0.6), title, share=True)
    outside = _outside(codes, limits).mean(axis=0)
    for axes, k in zip(panels, dimensions, strict=True):
        note = f": {in_percent(float(outside[k]))} outside" if outside[k] else ""
        dress(axes, title=f"$z_{{{k + 1}}}${note}")
        axes.stairs(heights[0][k], edges, fill=True, color=DATA, alpha=0.55)
        axes.stairs(heights[1][k], edges, color=MODEL, linewidth=1.4)
        axes.set_yticks([])
        axes.set_xlim(*limits)
        axes.tick_params(labelbottom=True)
        fix_ticks(axes.xaxis, limits, most=4, characters=18)
    handles = [Patch(color=DATA, alpha=0.55), Line2D([], [], color=MODEL, linewidth=1.4)]
    note = f"{len(dimensions)} of {codes.shape[1]} dimensions,\nthose that differ most"
    legend_outside(figure, handles, ["codes", "prior"], title=note if len(dimensions) < codes.shape[1] else None)
    return figure


def _with_outside(label: str, z: Float[np.ndarray, "n 2"], limits: Range) -> str:
    """An axis's label and, where any do, how many codes lie outside the limits."""
    outside = int(_outside(z, limits).any(axis=1).sum())
    return f"{label}\n{outside:,} of {len(z):,} codes lie outside" if outside else label


def _outside(z: Float[np.ndarray, "n latent"], limits: Range) -> Bool[np.ndarray, "n latent"]:
    """Which numbers are not between the limits, those that are none included."""
    return ~((z >= limits[0]) & (z <= limits[1]))


def _heights(z: Float[np.ndarray, "n latent"], edges: Float[np.ndarray, "bins_1"]) -> Float[np.ndarray, "latent bins"]:
    """The histogram of every dimension as a density over all rows, those outside the edges included."""
    width = edges[1] - edges[0]
    return np.stack([np.histogram(column, edges)[0] / (len(column) * width) for column in z.T])
