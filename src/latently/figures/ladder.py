"""What held-out rows say of codes of several sizes, beside principal components."""

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from latently.figures.palette import palette
from latently.figures.style import INK, RULE, SOFT_INK, TICK_SIZE, dress, new_figure


def ladder(
    sizes: Sequence[int],
    values: Sequence[float],
    *,
    measure: str,
    unit: str = "",
    unexplained: Sequence[float | None] = (),
    pca: Sequence[float | None] = (),
    chosen: int | None = None,
    title: str | None = None,
) -> Figure:
    """A panel for the criterion against the dimensions of the code, and one for the variance explained beside PCA's.

    Args:
        sizes: dimensions of the code, ascending.
        values: of the criterion; the lower, the better.
        measure: what that is, in words.
        unit: of it; none for a share.
        unexplained: the share of variance that reconstructions miss; `None` where there is none.
        pca: the same of as many principal components.
        chosen: the size to mark.
        title: one line over the figure.
    """
    explained = [(size, 1 - share) for size, share in zip(sizes, unexplained, strict=False) if share is not None]
    figure = new_figure(7.2, 2.6 * (2 if explained else 1) + 0.3, title)
    panels = figure.subplots(2 if explained else 1, 1, sharex=True, squeeze=False)[:, 0]
    ours, theirs = palette(2)
    dress(
        panels[0], title=f"{measure[:1].upper()}{measure[1:]} of held-out rows: less is better", ylabel=unit or "share"
    )
    panels[0].plot(sizes, values, color=ours, marker="o", linewidth=1.8)
    if explained:
        dress(panels[1], title="Variance of held-out rows that reconstructions explain", ylabel="%")
        panels[1].plot(*_percent(explained), color=ours, marker="o", linewidth=1.8, label="model")
        of_pca = [(size, 1 - share) for size, share in zip(sizes, pca, strict=False) if share is not None]
        if of_pca:
            panels[1].plot(*_percent(of_pca), color=theirs, marker="s", linewidth=1.8, label="principal components")
            panels[1].legend(frameon=False, fontsize=TICK_SIZE, labelcolor=INK, loc="lower right")
    for panel in panels:
        panel.grid(axis="y", color=RULE, linewidth=0.6)
        panel.set_axisbelow(True)
        panel.set_xscale("log", base=2)
        panel.set_xticks(sizes, [str(size) for size in sizes])
        panel.xaxis.set_minor_locator(NullLocator())
        if chosen is not None:
            panel.axvline(chosen, color=SOFT_INK, linewidth=1.0, linestyle=":")
    if chosen is not None:
        panels[0].annotate(
            "large enough", (chosen, 1), xycoords=("data", "axes fraction"), xytext=(4, -10),
            textcoords="offset points", fontsize=TICK_SIZE, color=SOFT_INK,
        )  # fmt: skip
    dress(panels[-1], xlabel="dimensions of the code")
    figure.align_ylabels(list(panels))
    return figure


def _percent(points: Sequence[tuple[int, float]]) -> tuple[list[int], list[float]]:
    return [size for size, _ in points], [100 * share for _, share in points]
