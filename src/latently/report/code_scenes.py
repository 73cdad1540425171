"""The pictures of codes: the plane that they are drawn in, with the prior behind them, and what is shown in it."""

import dataclasses
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from latently import figures
from latently.data import Dataset, Splits
from latently.evaluation import counted
from latently.probability import FittedNormal
from latently.report.label_scenes import label_names
from latently.report.scenes import Scene, drawn
from latently.run import Run, film_rows

NEAR = 0.15  # of the axes' length: codes that lie no further outside are taken in, to the last
AIR = 0.02  # of the axes' length, beyond the outermost code
GRID = 141  # points a side of the grid on which a density is drawn
MANIFOLD_ROWS = 20
MOST_ENDS = 1.25  # of a film's plane over that of its last frame, so that the end, which stays, is not made small
MOST_PRIORS = 3  # beside codes that are spread wider than so many priors, the prior's own shape would not be seen

Codes: TypeAlias = Float[np.ndarray, "rows latent"]


@dataclasses.dataclass(frozen=True)
class Plane:
    """The two dimensions of a code that are drawn, and the prior behind them.

    Attributes:
        dimensions: which two; of a one-dimensional code, the same one twice.
        limits: the interval that both axes show.
        background: the prior, as contours of its density or as draws.
        words: which dimensions they are, in words.
    """

    dimensions: tuple[int, int]
    limits: tuple[float, float]
    background: figures.Background
    words: str

    @property
    def axis_labels(self) -> tuple[str, str]:
        """The names of the axes, counted from 1."""
        first, second = self.dimensions
        return f"$z_{{{first + 1}}}$", f"$z_{{{second + 1}}}$"

    def project(self, codes: Float[np.ndarray, "... latent"]) -> Float[np.ndarray, "... 2"]:
        """The two coordinates of codes."""
        return codes[..., list(self.dimensions)]


def plane_of(model: Any, codes: Codes) -> Plane:
    """The plane of the two dimensions in which codes vary most, with the prior behind it."""
    widest = np.sort(np.argsort(codes.std(axis=0), kind="stable")[::-1][:2])
    first, second = dimensions = int(widest[0]), int(widest[-1])
    low, high = model.prior_support()
    words = f"dimensions {first + 1} and {second + 1} of {model.latent_dim}, in which codes vary most"
    if model.latent_dim == 2:
        words = "both dimensions"
        axis = np.linspace(low, high, GRID, dtype=np.float32)
        grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
        density = model.prior_log_density(grid)
        if density is not None:
            return Plane(dimensions, (low, high), ("density", axis, axis, np.exp(density).reshape(GRID, GRID)), words)
    draws = np.asarray(model.sample_prior(3000, random_state=0))[:, list(dimensions)]
    return Plane(dimensions, (low, high), ("points", draws), words)


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
        filmed, rows, history = run.film(), film_rows(splits), run.history()
        if filmed is None:
            return None
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


def manifold(model: Any, plane: Plane, shown: Dataset) -> Scene:
    """What codes on a grid in the plane decode to; the first class alone, where the decoder is given the label."""
    label, title, under = None, "The manifold", ""
    if "restyle" in model.abilities() and model.knows_labels:
        label, name = model.label_values.tolist()[0], label_names(model, shown)[0]
        title, under = f"The manifold of {name}", f" under the label {name}: one class in many styles"

    def draw() -> Figure:
        images = model.manifold(MANIFOLD_ROWS, label, plane.dimensions)
        return figures.manifold(images, model.prior_support(), axis_labels=plane.axis_labels)

    rest = "" if model.latent_dim == 2 else " The other dimensions are 0."
    caption = f"A grid over the prior's support ({plane.words}), decoded{under}.{rest}"
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
