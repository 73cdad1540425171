"""The look that every figure shares: paper, ink, type sizes, and where a legend goes.

Figures are made from `matplotlib.figure.Figure` itself, never through pyplot: no global state, so they can be drawn in
any thread, and nothing to close. Styles are set on the artists, not in `rcParams`, for the same reason.
"""

import io
import math
import textwrap
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from latently.files import write_atomically

PAPER = "#ffffff"
INK = "#20242c"
SOFT_INK = "#5f6673"
RULE = "#d9dce2"
DATA = "#086abe"  # one colour for what is learned
MODEL = "#d4720a"  # one for what it is compared with
DEPTH = LinearSegmentedColormap.from_list("depth", [PAPER, "#a9c7ea", DATA, "#052f57"])  # shares and densities

TITLE_SIZE, LABEL_SIZE, TICK_SIZE = 12.0, 10.0, 9.0
DOTS_PER_INCH = 150
LEGEND_ROWS, LEGEND_ENTRIES, NAME_LENGTH = 20, 60, 22


def new_figure(width: float, height: float, title: str | None = None) -> Figure:
    """An empty sheet, so many inches wide and high; a title over it adds as many lines as it needs."""
    lines = textwrap.wrap(title or "", max(12, int(width * 9.5)))
    height += 0.22 * len(lines) + (0.06 if lines else 0)
    layout = ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08, wspace=0.03, hspace=0.03)
    figure = Figure(figsize=(width, height), dpi=DOTS_PER_INCH, layout=layout, facecolor=PAPER)
    if lines:
        figure.suptitle(plain("\n".join(lines)), fontsize=TITLE_SIZE, color=INK)
    return figure


def panels_of(
    count: int, size: tuple[float, float], rim: tuple[float, float], title: str | None, *, share: bool = False
) -> tuple[Figure, list[Axes]]:
    """So many panels of a size in inches, up to four side by side, on a sheet with room for their rim."""
    columns = min(4, count)
    rows = math.ceil(count / columns)
    figure = new_figure(rim[0] + size[0] * columns, rim[1] + size[1] * rows, title)
    panels = figure.subplots(rows, columns, sharex=share, sharey=share, squeeze=False).ravel()
    for axes in panels[count:]:
        axes.set_visible(False)
    return figure, list(panels[:count])


def dress(axes: Axes, *, title: str | None = None, xlabel: str | None = None, ylabel: str | None = None) -> Axes:
    """Give axes the house's lines, type and labels."""
    axes.set_facecolor(PAPER)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(RULE)
    axes.tick_params(colors=SOFT_INK, labelsize=TICK_SIZE, color=RULE, length=3)
    if title:
        axes.set_title(title, fontsize=LABEL_SIZE, color=INK, loc="left")
    if xlabel:
        axes.set_xlabel(xlabel, fontsize=LABEL_SIZE, color=SOFT_INK)
    if ylabel:
        axes.set_ylabel(ylabel, fontsize=LABEL_SIZE, color=SOFT_INK)
    return axes


def square(axes: Axes, limits: tuple[float, float]) -> None:
    """One scale and the same limits along both axes.

    Equal scales shrink the axes after the layout has made room for their labels. So the ticks are fixed here, which
    would else change with the axes' size, and the axes keep to the corner where their labels are: centred, they would
    have the layout count the empty space as room for the labels, and clip them.
    """
    axes.set(xlim=limits, ylim=limits, aspect="equal", anchor="SW")
    fix_ticks(axes.xaxis, limits)
    fix_ticks(axes.yaxis, limits)


def limits_of(*values: Float[np.ndarray, "..."], air: float, left_out: float = 0.0) -> tuple[float, float]:
    """The interval that holds all finite numbers but a share at either end, with air as a share of its length."""
    everything = np.concatenate([each.ravel() for each in values])
    finite = everything[np.isfinite(everything)]
    if finite.size == 0:
        return -1.0, 1.0
    low, high = map(float, np.quantile(finite, [left_out, 1 - left_out]))
    space = air * (high - low) or 0.5
    return low - space, high + space


def fix_ticks(
    axis: Axis, limits: tuple[float, float], *, most: int = 8, characters: int = 40, whole: bool = False
) -> None:
    """Round ticks inside the limits (whole numbers, if asked for), so few that their labels keep apart.

    An axis is so many `characters` long.
    """
    low, high = limits
    for bins in range(most, 0, -1):
        locator = MaxNLocator(nbins=bins, steps=[1, 2, 5, 10], min_n_ticks=1, integer=whole)
        ticks = np.asarray(locator.tick_values(low, high))
        ticks = ticks[(ticks >= low) & (ticks <= high)]
        names = numbers(ticks)
        apart = characters * float(ticks[1] - ticks[0]) / (high - low) if len(ticks) > 1 else np.inf
        if max((len(name) for name in names), default=0) + 1 <= apart:
            break
    axis.set_ticks(list(ticks), names)


def numbers(values: Float[np.ndarray, "n"]) -> list[str]:
    """Equally spaced numbers as short as they can be told apart."""
    step = float(np.min(np.diff(np.sort(values)))) if len(values) > 1 else 0.0
    for digits in range(1, 13):
        names = [_number(float(value), digits) for value in values]
        exact = [float(name.replace("−", "-")) for name in names]
        if np.allclose(exact, values, rtol=0 if step else 1e-3, atol=0.01 * step):
            break
    return names


def _number(value: float, digits: int) -> str:
    if value == 0:
        return "0"
    if 1e-3 <= abs(value) < 1e5:
        text = np.format_float_positional(float(f"{value:.{digits}g}"), trim="-")
    else:
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        text = f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}e{int(exponent)}"
    return text.replace("-", "−")


def dot_area(n: int) -> float:
    """Of each of so many points of a cloud, in square points: smaller where there are more of them."""
    return float(np.clip(4000 / max(n, 1), 3, 14))


def dots(colours: Sequence[str], markers: Sequence[str] = ()) -> list[Line2D]:
    """A dot of each colour, for a legend, or another mark where they are told."""
    marks = markers or "o" * len(colours)
    return [
        Line2D([], [], marker=mark, linestyle="none", markersize=6, color=colour)
        for colour, mark in zip(colours, marks, strict=True)
    ]


def legend_outside(
    figure: Figure, handles: Sequence[Artist], names: Sequence[str], *, title: str | None = None
) -> Legend:
    """A legend for the whole figure, right of the axes, in as many columns as it needs."""
    legend = figure.legend(
        list(handles),
        [shortened(name) for name in names],
        title=title,
        loc="outside right center",
        ncols=max(1, math.ceil(len(names) / LEGEND_ROWS)),
        frameon=False,
        fontsize=TICK_SIZE,
        labelcolor=INK,
        title_fontsize=TICK_SIZE,
        handletextpad=0.5,
        columnspacing=1.0,
    )
    legend.get_title().set_color(SOFT_INK)
    return legend


def legend_width(names: Sequence[str]) -> float:
    """About how many inches `legend_outside` takes."""
    columns = math.ceil(len(names) / LEGEND_ROWS)
    return columns * (0.4 + 0.085 * max((len(shortened(name)) for name in names), default=0))


def shortened(name: object, length: int = NAME_LENGTH) -> str:
    """A name of at most `length` characters: a longer one loses its middle, since names differ at their ends."""
    text = " ".join(str(name).split())
    if len(text) > length:
        text = text[: length // 2].rstrip() + "…" + text[len(text) - (length - 1 - length // 2) :].lstrip()
    return plain(text)


def in_percent(share: float) -> str:
    """A share in per cent that is not rounded to all or to nothing.

    Example:
        >>> in_percent(0.0004), in_percent(0.034), in_percent(0.9996), in_percent(1.0)
        ('<1 %', '3 %', '>99 %', '100 %')
    """
    if 0 < share < 0.01:
        return "<1 %"
    return ">99 %" if 0.99 < share < 1 else f"{100 * share:.0f} %"


def plain(text: str) -> str:
    """Text in which "$" stands for itself instead of opening mathematics."""
    return text.replace("$", r"\$")


def png(figure: Figure, *, dots_per_inch: int = DOTS_PER_INCH) -> bytes:
    """The figure as the bytes of a PNG file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dots_per_inch, facecolor=PAPER, metadata={"Software": None})
    return buffer.getvalue()


def svg(figure: Figure) -> bytes:
    """The figure as the bytes of an SVG file: letters are outlines, so that it looks alike wherever it is shown."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", facecolor=PAPER, metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def save(figure: Figure, path: str | Path, *, dots_per_inch: int = DOTS_PER_INCH) -> Path:
    """Write the figure in a folder that exists, and give its path; a file seen is a file whole.

    It is a PNG file, or an SVG file where the path ends so.
    """
    path = Path(path)
    return write_atomically(path, svg(figure) if path.suffix == ".svg" else png(figure, dots_per_inch=dots_per_inch))
