"""The terms of every player's loss over training, and what they are called: a new one gets its name in `TERM_NAMES`."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator

from latently.figures.palette import palette
from latently.figures.style import INK, RULE, SOFT_INK, TICK_SIZE, dress, limits_of, new_figure, numbers, shortened

Kind: TypeAlias = Literal["loss", "share", "count"]

TERM_NAMES = {
    "kl": "KL to the prior",
    "auxiliary_kl": "KL of the auxiliary variable",
    "bound": "negative bound",
    "labelled_bound": "negative bound of labelled rows",
    "importance_bound": "negative importance bound",
    "active_dimensions": "in use",
    "prior": "prior draws",
    "posterior": "codes",
    "accuracy": "prior and codes told apart",
    "label_accuracy": "labels told from the prior",
    "style_accuracy": "styles told from the prior",
    "permutation_accuracy": "permuted codes told apart",
    "fooling": "fooling the critic",
    "real": "real rows",
    "fake": "fakes",
    "real_class": "class of real rows",
    "fake_class": "class of fakes",
    "class": "class asked for",
    "source_accuracy": "real and fake told apart",
    "class_accuracy": "class of real rows told",
    "generator/class_accuracy": "fakes read as asked for",
    "penalty": "gradient penalty",
    "head_distance": "closeness of the heads",
    "consistency": "change of classes under a small move",
    "information": "rows told apart by clusters (negative)",
    "negative_bound": "negative bound",
    "unexplained": "variance missed",
    "prior_distance": "distance to the prior",
    "unexplained_and_prior_distance": "both together",
    "sample_distance": "samples' distance",
    "class_mistakes": "samples of another class",
    "sample_distance_and_mistakes": "both together",
    "classification_error": "classification error",
    "held_out_loss": "loss",
}
"""A term (or `player/term`, where it differs by the player) to what a legend calls it; others are read as spelled."""

PLAYER_NAMES = {"vae": "VAE", "cvae": "CVAE", "m2": "M2", "adgm": "ADGM", "sdgm": "SDGM", "vcca": "VCCA"}

HELD_OUT = "held-out rows"

LOGARITHMIC_FROM = 30.0  # where a panel's largest value is this many times its smallest
LEGEND_LINE = 0.22  # inches
POINTS = 600  # at most, along a line
LEVELS_APART = 10.0  # times as large are losses of a player that have panels of their own
FIRST_PART, DWARFS = 0.01, 4.0
"""Of the training, what an axis need not hold where it makes the axis so many times as long."""

_UNITS: dict[Kind, str] = {"loss": "unweighted", "share": "share", "count": "number"}
_HEADINGS: dict[Kind, str] = {"share": "how often it is right", "count": "dimensions of the code"}


def terms(history: Sequence[Mapping[str, Any]], *, title: str | None = None) -> Figure:
    """One panel for each player's losses, one for all accuracies, one for counts; a line a term, unweighted.

    Where held-out rows were measured, the same terms of them are dotted lines of the same colours, and what else was
    measured of them has a panel of its own.

    A panel is logarithmic where its values are positive and span more than a factor of 30. Losses of a player of which
    one is ten times as large as another have panels of their own; and where the first hundredth of the training dwarfs
    the rest, the axis is that of the rest, and the panel says so. Terms are called as `TERM_NAMES` says.

    Args:
        history: records `{"round": int, "epoch": float, "terms": {"player/term": float, ...}}` in the order of rounds.
            A record may lack terms, and may have `held_out`, of the same form; further keys are ignored.
        title: one line over the figure.

    Raises:
        ValueError: no record holds a term.
    """
    names = list(dict.fromkeys(name for record in history for name in record.get("terms", {})))
    if not names:
        raise ValueError("history must hold at least one record with terms; got none. Train for a round or more.")
    contents = _contents(names, {name: _level(name, history) for name in names})
    if own := [
        name for name in dict.fromkeys(each for r in history for each in r.get("held_out") or ()) if "/" not in name
    ]:
        contents.append(("loss", HELD_OUT, own))
    axis, x = _progress(history)
    heights = [max(1.75, LEGEND_LINE * len(own)) for _, _, own in contents]
    figure = new_figure(8.2, 0.5 + sum(heights), title)
    panels = figure.subplots(len(contents), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
    for panel, (kind, heading, own) in zip(panels, contents, strict=True):
        dress(panel, title=shortened(heading, 60), ylabel="value" if heading == HELD_OUT else _UNITS[kind])
        if _draw(panel, own, x, history) and kind == "loss":
            note = f"the first {100 * FIRST_PART:.0f} % reaches beyond the axis"
            panel.set_title(note, loc="right", fontsize=TICK_SIZE, color=SOFT_INK)
        _scale(panel, kind)
    dress(panels[-1], xlabel=axis)
    if len(history) == 1:
        panels[-1].set_xticks(x, numbers(x))
    figure.align_ylabels(list(panels))
    return figure


def _scale(axes: Axes, kind: Kind) -> None:
    """Shares run from 0 to 1, counts from 0; losses are scaled by what they are."""
    if kind == "loss":
        return
    top = 1.0 if kind == "share" else max(1.0, axes.dataLim.y1)
    axes.set_yscale("linear")
    axes.set_ylim(-0.04 * top, 1.04 * top)
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=kind == "count", steps=[1, 2, 5, 10]))


def _contents(names: Sequence[str], levels: Mapping[str, float]) -> list[tuple[Kind, str, list[str]]]:
    """What each panel holds: its kind, its heading where it differs from that above, and the names of its terms."""
    panels: dict[tuple[Kind, str], list[str]] = {}
    for name in sorted(names, key=lambda name: list(_UNITS).index(kind_of(name))):  # a stable sort
        kind = kind_of(name)
        heading = player_in_words(name.rpartition("/")[0]) if kind == "loss" else _HEADINGS[kind]
        panels.setdefault((kind, heading), []).append(name)
    return [
        (kind, "" if place else heading, part)
        for (kind, heading), own in panels.items()
        for place, part in enumerate(_by_level(own, levels) if kind == "loss" else [own])
    ]


def _by_level(names: Sequence[str], levels: Mapping[str, float]) -> list[list[str]]:
    """Terms of like size together, the largest first; those that are 0 go with the smallest."""
    parts: list[list[str]] = []
    for name in sorted(names, key=lambda name: -levels[name]):
        if not parts or 0 < levels[name] < levels[parts[-1][0]] / LEVELS_APART:
            parts.append([])
        parts[-1].append(name)
    order = list(names)
    return [sorted(part, key=order.index) for part in parts]


def _level(name: str, history: Sequence[Mapping[str, Any]]) -> float:
    """How large a term usually is; 0 where it is no number."""
    values = np.array([float(record.get("terms", {}).get(name, math.nan)) for record in history])
    finite = np.abs(values[np.isfinite(values)])
    return float(np.median(finite)) if finite.size else 0.0


def _draw(
    axes: Axes, names: Sequence[str], x: Float[np.ndarray, "records"], history: Sequence[Mapping[str, Any]]
) -> bool:
    """Draw the lines of a panel and choose its scale; whether the beginning of the training reaches beyond it."""
    axes.grid(axis="y", color=RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    values, later, start = [], [], x[0] + FIRST_PART * (x[-1] - x[0])
    words = [term_in_words(name) for name in names]
    for name, text, colour in zip(names, words, palette(len(names)), strict=True):
        player = f"{player_in_words(name.rpartition('/')[0])}: " if words.count(text) > 1 else ""
        for part in ("terms", "held_out"):
            y = np.array([float((record.get(part) or {}).get(name, math.nan)) for record in history])
            at, mean = _thinned(x[np.isfinite(y)], y[np.isfinite(y)])
            if not len(mean):
                continue
            values.append(mean)
            later.append(mean[at > start])
            marker = "o" if len(mean) == 1 else None
            dotted = part == "held_out" and "/" in name
            label = "_" if dotted else shortened(player + text, 28)
            axes.plot(at, mean, color=colour, linewidth=1.6, marker=marker, label=label, ls=":" if dotted else "-")
    everything, rest = np.concatenate(values), np.concatenate(later)
    dwarfed = _is_dwarfed(rest, everything)
    if dwarfed:
        everything = rest
        axes.set_ylim(*limits_of(rest, air=0.06))
    if _is_wide(everything):
        axes.set_yscale("log")
        if dwarfed:
            axes.set_ylim(float(rest.min()) / 1.2, float(rest.max()) * 1.2)
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 3.0), numticks=6))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.minorticks_off()
    axes.legend(
        loc="upper left", bbox_to_anchor=(1.01, 1.02), frameon=False, fontsize=TICK_SIZE, labelcolor=INK,
        borderaxespad=0.0, handlelength=1.4,
    )  # fmt: skip
    return dwarfed


def _is_wide(values: Float[np.ndarray, "n"]) -> bool:
    """Whether values are shown on a logarithmic axis."""
    return bool(values.size and values.min() > 0 and values.max() > LOGARITHMIC_FROM * values.min())


def _is_dwarfed(rest: Float[np.ndarray, "m"], everything: Float[np.ndarray, "n"]) -> bool:
    """Whether an axis for everything leaves the rest little room, be it logarithmic."""
    if rest.size < 2:
        return False
    span, whole = (np.ptp(np.log10(each) if _is_wide(everything) else each) for each in (rest, everything))
    return bool(0 < DWARFS * span < whole)


def _progress(history: Sequence[Mapping[str, Any]]) -> tuple[str, Float[np.ndarray, "records"]]:
    """The horizontal axis: epochs where they are known, else rounds."""
    epochs = np.array([float(record.get("epoch") or 0.0) for record in history])
    if epochs.max() > 0:
        return "epoch", epochs
    return "round", np.array([float(record.get("round", k + 1)) for k, record in enumerate(history)])


def _thinned(
    x: Float[np.ndarray, "n"], y: Float[np.ndarray, "n"]
) -> tuple[Float[np.ndarray, "m"], Float[np.ndarray, "m"]]:
    """Means over neighbouring records, where there are more than a line can show."""
    if len(x) <= POINTS:
        return x, y
    edges = np.linspace(0, len(x), POINTS + 1).astype(int)[:-1]
    sizes = np.diff([*edges, len(x)])
    return np.add.reduceat(x, edges) / sizes, np.add.reduceat(y, edges) / sizes


def term_in_words(name: str) -> str:
    """A term, written `"player/term"`, as a legend names it: what has no name of its own is read as it is spelled.

    Example:
        >>> term_in_words("critic/posterior"), term_in_words("autoencoder/reconstruction_from_left")
        ('codes', 'reconstruction from left')
    """
    term = name.rpartition("/")[2]
    return TERM_NAMES.get(name) or TERM_NAMES.get(term) or term.replace("_", " ")


def player_in_words(player: str) -> str:
    """A player as a heading names it."""
    return PLAYER_NAMES.get(player) or player.replace("_", " ") or "terms"


def kind_of(name: str) -> Kind:
    """Whether a term is a share between 0 and 1, a count, or a loss: such differ in their scale."""
    if name.endswith("accuracy"):
        return "share"
    return "count" if name.endswith("dimensions") else "loss"
