"""Codes beside the prior that they should follow."""

import math

import numpy as np
from jaxtyping import Bool, Float
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from latently.figures.style import DATA, MODEL, PAPER, dress, fix_ticks, in_percent, legend_outside, new_figure, square

PANELS = 12
DEPTH = LinearSegmentedColormap.from_list("depth", [PAPER, "#a9c7ea", DATA, "#052f57"])


def prior_match(
    codes: Float[np.ndarray, "n ..."],
    prior_samples: Float[np.ndarray, "m ..."],
    *,
    limits: tuple[float, float] | None = None,
    title: str | None = None,
) -> Figure:
    """How the codes of the data are spread, beside samples of the prior.

    In two dimensions both are drawn as densities, side by side, on one scale. Otherwise each dimension is a histogram
    of the codes under the outline of the prior's: of the twelve dimensions that differ most, where there are more.

    Args:
        codes: shape (n, latent): the codes of the data, samples of the posterior rather than means.
        prior_samples: shape (m, latent): about as many samples of the prior.
        limits: the interval shown; by default it holds 99.8 % of the prior's samples and of the codes.
        title: one line over the figure.

    Returns:
        The figure. Where limits leave codes outside, it says how many.

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
    limits = limits or _limits(np.concatenate([codes, prior_samples]))
    if codes.shape[1] == 2:
        return _densities(codes, prior_samples, limits, title)
    return _marginals(codes, prior_samples, limits, title)


def _densities(
    codes: Float[np.ndarray, "n 2"],
    prior_samples: Float[np.ndarray, "m 2"],
    limits: tuple[float, float],
    title: str | None,
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
    outside = int(np.any(_outside(codes, limits), axis=1).sum())
    note = f"$z_1$\n{outside:,} of {len(codes):,} codes lie outside" if outside else "$z_1$"
    dress(panels[0], xlabel=note, ylabel="$z_2$")
    return figure


def _marginals(
    codes: Float[np.ndarray, "n latent"],
    prior_samples: Float[np.ndarray, "m latent"],
    limits: tuple[float, float],
    title: str | None,
) -> Figure:
    bins = int(np.clip(2 * math.sqrt(min(len(codes), len(prior_samples))), 10, 40))
    edges = np.linspace(*limits, bins + 1)
    heights = [_heights(codes, edges), _heights(prior_samples, edges)]
    dimensions = np.argsort(-np.abs(heights[0] - heights[1]).sum(axis=1), kind="stable")[:PANELS]
    dimensions = np.sort(dimensions)
    columns = min(4, len(dimensions))
    rows = math.ceil(len(dimensions) / columns)
    figure = new_figure(1.2 + 2.0 * columns + 1.4, 0.6 + 1.55 * rows, title)
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for axes in panels[len(dimensions) :]:
        axes.set_visible(False)
    outside = _outside(codes, limits).mean(axis=0)
    for axes, k in zip(panels, dimensions, strict=False):
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


def _outside(z: Float[np.ndarray, "n latent"], limits: tuple[float, float]) -> Bool[np.ndarray, "n latent"]:
    """Which numbers are not between the limits, those that are none included."""
    return ~((z >= limits[0]) & (z <= limits[1]))


def _heights(z: Float[np.ndarray, "n latent"], edges: Float[np.ndarray, "bins_1"]) -> Float[np.ndarray, "latent bins"]:
    """The histogram of every dimension as a density over all rows, those outside the edges included."""
    width = edges[1] - edges[0]
    return np.stack([np.histogram(column, edges)[0] / (len(column) * width) for column in z.T])


def _limits(z: Float[np.ndarray, "n latent"]) -> tuple[float, float]:
    finite = z[np.isfinite(z)]
    if finite.size == 0:
        return -1.0, 1.0
    low, high = np.quantile(finite, [0.001, 0.999])
    air = 0.06 * float(high - low) or 1.0
    return float(low) - air, float(high) + air
