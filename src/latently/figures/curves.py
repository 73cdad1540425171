"""Series and spectra as curves: reconstructed, drawn from the prior, on the way to others, and all over the plane."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float64, Shaped
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from latently.figures.images import Range
from latently.figures.palette import palette
from latently.figures.style import (
    DATA,
    DEPTH,
    INK,
    LABEL_SIZE,
    MODEL,
    SOFT_INK,
    TICK_SIZE,
    dress,
    fix_ticks,
    legend_outside,
    limits_of,
    new_figure,
    shortened,
)

ROWS, ROWS_OF_CHANNELS, CHANNELS, ACROSS = 12, 6, 4, 4
GROUPS, GROUPS_OF_CHANNELS = 8, 3
"""Curves shown at most, of one channel and of several; channels; panels side by side; labels."""

Curves = Float64[np.ndarray, "n channels steps"]
Places = Float[np.ndarray, "steps"]


class _Strand(NamedTuple):
    """Curves that are drawn alike in a panel."""

    curves: Curves
    colours: Sequence[str]
    width: float = 1.3
    dashed: bool = False


def as_curves(rows: Shaped[np.ndarray, "n ..."]) -> Curves:
    """Rows `(n, steps)`, or `(n, steps, channels)` in either order: the fewer are the channels."""
    if rows.ndim not in (2, 3):
        raise ValueError(f"curves must have shape (n, steps) or (n, steps, channels); got {rows.shape}. Reshape them.")
    numbers = np.asarray(rows, np.float64)
    if numbers.ndim == 2:
        return numbers[:, None]
    return np.moveaxis(numbers, 2, 1) if numbers.shape[2] <= numbers.shape[1] else numbers


def curve_reconstructions(
    originals: Shaped[np.ndarray, "n ..."],
    reconstructed: Shaped[np.ndarray, "n ..."],
    *,
    corrupted: Shaped[np.ndarray, "n ..."] | None = None,
    names: tuple[str, str] = ("original", "reconstruction"),
    places: Places | None = None,
    title: str | None = None,
) -> Figure:
    """Each original with its reconstruction over it: a panel a row, and of several channels a line of panels each.

    Args:
        originals: shape (n, steps), or (n, steps, channels) in either order; the first twelve are shown, or six of
            several channels.
        reconstructed: of the same shape.
        corrupted: of the same shape, what the model was shown; left out where that is the originals.
        names: what the legend calls the two.
        places: where the steps lie, such as wavelengths; their numbers unless given.
        title: one line over the figure.

    Raises:
        ValueError: the arrays differ in shape, or are no curves.
    """
    a, b = as_curves(originals), as_curves(reconstructed)
    if a.shape != b.shape:
        raise ValueError(f"reconstructed must have the originals' shape {originals.shape}; got {reconstructed.shape}.")
    below = [] if corrupted is None else [("corrupted", as_curves(corrupted), SOFT_INK, 0.7)]
    kinds = [*below, (names[0], a, DATA, 2.2), (names[1], b, MODEL, 1.1)]
    shown = ROWS if a.shape[1] == 1 else ROWS_OF_CHANNELS
    panels = [
        ("", [_Strand(curves[[k]], (colour,), width) for _, curves, colour, width in kinds])
        for k in range(min(shown, len(a)))
    ]
    return _sheet(panels, places, title, [(name, colour) for name, _, colour, _ in kinds])


def curve_samples(
    samples: Shaped[np.ndarray, "m ..."],
    originals: Shaped[np.ndarray, "n ..."] | None,
    groups: Sequence[tuple[str, Shaped[np.ndarray, "_"], Shaped[np.ndarray, "_"]]] = (),
    *,
    places: Places | None = None,
    title: str | None = None,
) -> Figure:
    """Curves drawn from the model beside those of the data: all together, or a pair of panels for each label.

    Args:
        samples: as `curve_reconstructions` takes curves.
        originals: curves of the data, if they are to be shown.
        groups: a name, which samples belong to it, and which originals; eight are shown, three of several channels.
        places: where the steps lie.
        title: one line over the figure.
    """
    drawn = as_curves(samples)
    real = drawn[:0] if originals is None else as_curves(originals)
    groups = groups or [("", np.arange(len(drawn)), np.arange(len(real)))]
    panels = []
    most = GROUPS if drawn.shape[1] == 1 else GROUPS_OF_CHANNELS
    if most < len(groups):
        title = title or f"{most} of {len(groups)} labels"
    for name, of_samples, of_data in groups[:most]:
        beside = [] if originals is None else [("data", real[of_data], DATA)]
        for what, curves, colour in (*beside, ("samples", drawn[of_samples], MODEL)):
            heading = f"{shortened(name, 14)}: {what}" if name else what
            panels.append((heading, [_Strand(curves, (colour,) * len(curves), 0.8)]))
    return _sheet(panels, places, title, [])


def curve_paths(
    paths: Shaped[np.ndarray, "k points ..."],
    ends: tuple[Shaped[np.ndarray, "k ..."], Shaped[np.ndarray, "k ..."]] | None = None,
    *,
    places: Places | None = None,
    title: str | None = None,
) -> Figure:
    """Paths through the latent space, a panel each: curves go over from light to dark, the two originals are dashed.

    Args:
        paths: shape (k, points, *row): what the points of each path decode to.
        ends: the rows where the paths begin, and those where they end.
        places: where the steps of a curve lie.
        title: one line over the figure.
    """
    count = paths.shape[1]
    colours = _hues(count)
    panels = []
    for k, path in enumerate(paths[: ROWS if paths.ndim == 3 else ROWS_OF_CHANNELS]):
        strands = [_Strand(as_curves(path), colours)]
        if ends is not None:
            both = as_curves(np.stack([each[k] for each in ends]))
            strands.insert(0, _Strand(both, (colours[0], colours[-1]), 2.0, dashed=True))
        panels.append(("", strands))
    named = [("from", colours[0]), ("to", colours[-1])]
    return _sheet(panels, places, title, named + ([("an original", INK)] if ends is not None else []), dashed=2)


def curves_by_label(
    curves: Shaped[np.ndarray, "n labels ..."],
    labels: Sequence[object],
    originals: Shaped[np.ndarray, "n ..."] | None = None,
    *,
    ordered: bool = False,
    places: Places | None = None,
    title: str | None = None,
) -> Figure:
    """The same codes under several labels: a panel a code, a colour a label, and the original, dashed, if there is one.

    Args:
        curves: shape (n, labels, *row).
        labels: their names.
        originals: the rows that the codes are of.
        ordered: whether labels are values of one quantity, so that colours go from light to dark.
        places: where the steps lie.
        title: one line over the figure.
    """
    colours = _hues(len(labels)) if ordered else palette(len(labels))
    panels = []
    for k, each in enumerate(curves[: ROWS if curves.ndim == 3 else ROWS_OF_CHANNELS]):
        strands = [_Strand(as_curves(each), colours)]
        if originals is not None:
            strands.insert(0, _Strand(as_curves(originals[[k]]), (INK,), 1.6, dashed=True))
        panels.append(("", strands))
    named = list(zip(map(str, labels), colours, strict=True))
    named += [] if originals is None else [("original", INK)]
    return _sheet(panels, places, title, named, dashed=len(labels))


def curve_manifold(
    curves: Shaped[np.ndarray, "cells ..."],
    support: Range,
    *,
    axis_labels: tuple[str, str] = ("$z_1$", "$z_2$"),
    title: str | None = None,
) -> Figure:
    """What the decoder makes of a square grid of codes, each curve small where its code lies, all on one scale.

    Channels differ in colour, and each has a scale of its own.

    Args:
        curves: rows·rows curves in reading order, as `manifold` takes images.
        support: the interval, the same for both axes, that the grid divides evenly.
        axis_labels: names of the two coordinates.
        title: one line over the figure.
    """
    cells = as_curves(curves)[:, :CHANNELS]
    rows = math.isqrt(len(cells))
    if rows * rows != len(cells) or rows == 0:
        raise ValueError(f"curves must be a square grid of codes, rows*rows of them; got {len(cells)}. Drop some.")
    low, high = cells.min(axis=(0, 2), keepdims=True), cells.max(axis=(0, 2), keepdims=True)
    size = (support[1] - support[0]) / rows
    heights = 0.05 + 0.9 * (cells - low) / np.maximum(high - low, 1e-12)
    across = 0.05 + 0.9 * np.linspace(0, 1, cells.shape[2])
    figure = new_figure(5.2, 5.0, title)
    axes = dress(figure.add_subplot(), xlabel=axis_labels[0], ylabel=axis_labels[1])
    colours = (DATA,) if cells.shape[1] == 1 else palette(cells.shape[1])
    for channel, colour in enumerate(colours):
        lines = [
            np.stack(
                [
                    support[0] + size * (place % rows + across),
                    support[1] - size * (place // rows + 1 - heights[place, channel]),
                ],
                axis=1,
            )
            for place in range(len(cells))
        ]
        axes.add_collection(LineCollection(lines, colors=colour, linewidths=0.9))
    axes.set(xlim=support, ylim=support, box_aspect=1, anchor="SW")
    fix_ticks(axes.xaxis, support)
    fix_ticks(axes.yaxis, support)
    return figure


def _hues(count: int) -> list[str]:
    """Colours of one hue, from light to dark."""
    return ["#" + "".join(f"{round(255 * float(part)):02x}" for part in DEPTH(share)[:3]) for share in
            np.linspace(0.25, 1, count)]  # fmt: skip


def _sheet(
    panels: Sequence[tuple[str, Sequence[_Strand]]],
    places: Places | None,
    title: str | None,
    names: Sequence[tuple[str, str]],
    dashed: int | None = None,
) -> Figure:
    """Panels side by side: of one channel as many lines of them as are needed, of several a line for each.

    All panels of a channel have one scale. Names of the legend past the first `dashed` are of dashed lines.
    """
    channels, steps = panels[0][1][0].curves.shape[1:]
    shown = min(channels, CHANNELS)
    if shown < channels:
        title = title or f"{shown} of {channels} channels"
    several = channels > 1
    across = min(ROWS_OF_CHANNELS if several else ACROSS, len(panels))
    panels = panels[:across] if several else panels
    down = shown if several else math.ceil(len(panels) / across)
    x = np.arange(steps, dtype=np.float64) if places is None else np.asarray(places, np.float64)
    figure = new_figure(max(4.0, 1.6 + 2.0 * across), 0.7 + 1.45 * down, title)
    grid = figure.subplots(down, across, squeeze=False)
    for place, axes in enumerate(grid.ravel()):
        panel, channel = (place % across, place // across) if several else (place, 0)
        if panel >= len(panels):
            axes.set_visible(False)
            continue
        heading, strands = panels[panel]
        bounds = limits_of(*(each.curves[:, channel] for _, all_ in panels for each in all_), air=0.05)
        _fill(dress(axes, title=heading if not several or channel == 0 else None), strands, channel, x, bounds)
        below = place + across >= down * across or (not several and place + across >= len(panels))
        axes.tick_params(labelbottom=below, labelleft=panel % across == 0)
        if several and panel == 0:
            axes.set_ylabel(f"channel {channel}", fontsize=LABEL_SIZE, color=SOFT_INK)
    figure.supxlabel("step" if places is None else "column", fontsize=LABEL_SIZE, color=SOFT_INK)
    if names:
        solid = len(names) if dashed is None else dashed
        lines = [
            Line2D([], [], color=colour, linewidth=1.8, linestyle="-" if k < solid else "--")
            for k, (_, colour) in enumerate(names)
        ]
        legend_outside(figure, lines, [name for name, _ in names])
    return figure


def _fill(axes: Axes, strands: Sequence[_Strand], channel: int, x: Places, bounds: Range) -> None:
    """Draw the curves of one channel in a panel."""
    for strand in strands:
        for curve, colour in zip(strand.curves[:, channel], strand.colours, strict=True):
            style = "--" if strand.dashed else "-"
            axes.plot(x, curve, color=colour, linewidth=strand.width, linestyle=style, alpha=0.9)
    across = float(x.min()), float(x.max())
    axes.set(xlim=across if x[0] <= x[-1] else across[::-1], ylim=bounds)
    fix_ticks(axes.xaxis, across, most=4, characters=17)
    fix_ticks(axes.yaxis, bounds, most=4, characters=40)
    axes.tick_params(labelsize=TICK_SIZE - 1)
