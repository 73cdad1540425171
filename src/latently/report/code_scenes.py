"""The pictures of codes: the plane that they are drawn in, with the prior behind them, and what is shown in it."""

import dataclasses
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from latently import figures
from latently.data import Dataset, Splits
from latently.data.components import leading_plane
from latently.data.layout import PICTURES, Nature
from latently.evaluation import counted
from latently.probability import FittedNormal
from latently.report.label_scenes import label_names
from latently.report.scenes import Scene, as_numbers, drawn
from latently.run import Run, film_rows

NEAR = 0.15  # of the axes' length: codes that lie no further outside are taken in, to the last
AIR = 0.02  # of the axes' length, beyond the outermost code
GRID = 141  # points a side of the grid on which a density is drawn
MANIFOLD_ROWS, MANIFOLD_CURVES = 20, 10  # the latter of slices, too
DRAWS = 3000
MOST_ENDS = 1.25  # of a film's plane over that of its last frame, so that the end, which stays, is not made small
MOST_PRIORS = 3  # beside codes that are spread wider than so many priors, the prior's own shape would not be seen

Codes: TypeAlias = Float[np.ndarray, "rows latent"]


@dataclasses.dataclass(frozen=True)
class Plane:
    """The plane in which codes are drawn, and the prior behind them.

    Attributes:
        directions: of the plane's two axes, one a column; of a one-dimensional code, the same one twice.
        axis_labels: the names of the axes.
        limits: the interval that both axes show.
        background: the prior, as contours of its density or as draws.
        words: which plane it is.
    """

    directions: Float[np.ndarray, "latent 2"]
    axis_labels: tuple[str, str]
    limits: tuple[float, float]
    background: figures.Background
    words: str

    def project(self, codes: Float[np.ndarray, "... latent"]) -> Float[np.ndarray, "... 2"]:
        """The two coordinates of codes; where one is not finite, none is."""
        with np.errstate(invalid="ignore"):
            return np.asarray(codes @ self.directions)

    def grid(self, rows: int, codes: Codes) -> Float[np.ndarray, "cells latent"]:
        """Codes on a square grid in the plane, through the middle of all codes; the top row first."""
        low, high = self.limits
        middles = low + (high - low) * (np.arange(rows) + 0.5) / rows
        places = np.stack([np.tile(middles, rows), np.repeat(middles[::-1], rows)], axis=1)
        middle = codes.mean(axis=0)
        return np.asarray(middle + (places - self.project(middle)) @ self.directions.T, np.float32)


def plane_of(model: Any, codes: Codes) -> Plane:
    """The plane of a code's two dimensions, or of the first two principal components of codes of more dimensions.

    The components go through the origin of the code, so that the prior keeps its place.
    """
    low, high = limits = model.prior_support()
    if model.latent_dim > 2:
        return _principal_plane(model, codes, limits)
    if model.latent_dim == 2:
        words, directions, names = "both dimensions", np.eye(2), ("$z_1$", "$z_2$")
        axis = np.linspace(low, high, GRID, dtype=np.float32)
        grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
        density = model.prior_log_density(grid)
        if density is not None:
            background: figures.Background = ("density", axis, axis, np.exp(density).reshape(GRID, GRID))
            return Plane(directions, names, limits, background, words)
    else:
        words, directions, names = "its one dimension, along both axes", np.ones((1, 2)), ("$z_1$", "$z_1$")
    draws = np.asarray(model.sample_prior(DRAWS, random_state=0)) @ directions
    return Plane(directions, names, limits, ("points", draws), words)


def _principal_plane(model: Any, codes: Codes, limits: tuple[float, float]) -> Plane:
    directions, shares = leading_plane(codes)
    names = [
        f"{place} principal component of the codes ({figures.in_percent(float(share))})"
        for place, share in zip(("1st", "2nd"), shares, strict=True)
    ]
    draws = np.asarray(model.sample_prior(DRAWS, random_state=0)) @ directions
    words = f"the first two principal components of {model.latent_dim} dimensions, {100 * shares.sum():.0f} % of their "
    return Plane(directions, (names[0], names[1]), limits, ("points", draws), f"{words}variance")


def widened(
    limits: tuple[float, float], codes: Float[np.ndarray, "... latent"], most: float = np.inf
) -> tuple[float, float]:
    """The prior's interval, widened to at most `most` times where codes lie outside of it.

    One code in two hundred may stay outside, if it lies far out.
    """
    finite = codes[np.isfinite(codes)]
    if finite.size == 0:
        return limits
    least, low, high, greatest = map(float, np.quantile(finite, [0, 0.0025, 0.9975, 1]))
    low, high = min(limits[0], low), max(limits[1], high)
    near = NEAR * (high - low)
    low, high = (least if low - near <= least < low else low), (greatest if high < greatest <= high + near else high)
    air = AIR * (high - low)
    low, high = (low - air if low < limits[0] else low), (high + air if high > limits[1] else high)
    middle, reach = (limits[0] + limits[1]) / 2, most * (limits[1] - limits[0]) / 2
    return max(low, middle - reach), min(high, middle + reach)


def film(run: Run, plane: Plane, splits: Splits) -> Scene:
    """The codes of some rows round by round, as they were recorded in training."""

    def draw(path: Path) -> Path | None:
        filmed, history = run.film(), run.history()
        if filmed is None:
            return None
        rows = film_rows(splits, filmed[1].shape[1])
        frames = [(int(round_), plane.project(codes)) for round_, codes in zip(*filmed, strict=True)]
        last, all_of_them = frames[-1][1], np.stack([codes for _, codes in frames])
        return figures.latent_film(
            frames,
            rows.labels,
            rows.classes or None,
            limits=widened(widened(plane.limits, last), all_of_them, MOST_ENDS),
            background=plane.background,
            path=path,
            rounds_per_epoch=history[-1]["round"] / history[-1]["epoch"] if history else None,
            axis_labels=plane.axis_labels,
        )

    caption = (
        f"Codes of held-out rows over the prior, from the first rounds to the last ({plane.words}). "
        "Those beyond the axes lie at the rim."
    )
    return Scene("film.gif", "The latent space as it forms", caption, True, draw)


def codes_over_prior(model: Any, plane: Plane, codes: Codes, draws: Codes, shown: Dataset) -> Scene:
    """The mean codes of rows, as points over the prior."""

    def draw() -> Figure:
        points = plane.project(codes)
        return figures.codes(
            points,
            None if shown.labels is None else shown.labels[: len(codes)],
            shown.classes,
            background=plane.background,
            limits=widened(plane.limits, points),
            axis_labels=plane.axis_labels,
        )

    what = "codes" if _one_code_a_row(codes, draws) else "mean codes"
    caption = f"The {what} of {counted(len(codes), 'held-out row')} ({plane.words})."
    if "restyle" in model.abilities() and model.knows_labels:
        caption += " The decoder is given the label, so the code need only hold the style: classes may mix."
    return Scene("codes.png", "Codes over the prior", caption, False, drawn(draw))


def manifold(model: Any, plane: Plane, codes: Codes, shown: Dataset, nature: Nature = "images") -> Scene:
    """What codes on a grid in the plane decode to; the first class alone, where the decoder is given the label."""
    label, title, under = None, "The manifold", ""
    if "restyle" in model.abilities() and model.knows_labels:
        label, name = model.label_values.tolist()[0], label_names(model, shown)[0]
        title, under = f"The manifold of {name}", f" under the label {name}: one class in many styles"

    def draw() -> Figure:
        draw_grid = figures.manifold if nature in PICTURES else figures.curve_manifold
        rows = MANIFOLD_ROWS if nature == "images" else MANIFOLD_CURVES
        told = label
        if model.conditions_ is not None:
            told = model.conditions_.draw(None, 1, 0).to_pandas().iloc[[0] * rows**2].reset_index(drop=True)
        data = model.inverse_transform(plane.grid(rows, codes), told)
        return draw_grid(as_numbers(data, shown.x), plane.limits, axis_labels=plane.axis_labels)

    caption = f"A grid over the prior's support ({plane.words}), decoded{under}."
    if model.latent_dim > 2:
        caption += " In all other directions the codes are at the middle of those of the rows."
    return Scene("manifold.png", title, caption, False, drawn(draw))


def prior_match(model: Any, plane: Plane, codes: Codes, draws: Codes) -> Scene:
    """How draws of the rows' codes are spread, beside draws of the prior."""

    def draw() -> Figure:
        prior = np.asarray(model.sample_prior(len(draws), random_state=1))
        return figures.prior_match(draws, prior, limits=widened(plane.limits, draws, most=MOST_PRIORS))

    what = "The code" if _one_code_a_row(codes, draws) else "One draw of the posterior"
    caption = f"{what} of every held-out row, beside as many draws of the prior"
    if isinstance(model.game_.prior, FittedNormal):
        caption += ": here a normal that was fitted to training codes, since nothing asked them to take a shape"
    return Scene("prior_match.png", "Do the codes fill the prior?", f"{caption}.", True, drawn(draw))


def _one_code_a_row(codes: Codes, draws: Codes) -> bool:
    """Whether the encoder is deterministic: a draw of a row's code is its mean."""
    return np.allclose(codes, draws, rtol=1e-3, atol=1e-5, equal_nan=True)
