"""The pictures of a report: which ones a model can sit for, and how each is drawn."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Float, Int, Shaped
from matplotlib.figure import Figure

from latently import figures
from latently.data import Dataset, Splits, Views
from latently.evaluation import counted
from latently.probability import FittedNormal
from latently.report.drawing_scenes import drawing_scenes
from latently.report.label_scenes import class_scenes, label_names, prediction_scenes
from latently.report.plane import Plane, plane_in_words, plane_of, widened
from latently.report.scene import Scene, drawn
from latently.report.view_scenes import view_scenes
from latently.run import Run, film_rows

SHOWN_ROWS = 12
CODED_ROWS = 5000
MANIFOLD_ROWS = 20
MOST_ENDS = 1.25  # of a film's plane over that of its last frame, so that the end, which stays, is not made small
MOST_PRIORS = 3  # beside codes that are spread wider than so many priors, the prior's own shape would not be seen

Codes: TypeAlias = Float[np.ndarray, "rows latent"]


def scenes(model: Any, run: Run, splits: Splits, shown: Dataset, evaluation: Mapping[str, Any]) -> Iterator[Scene]:
    """The scenes of a run's report, in reading order.

    Args:
        model: the fitted estimator.
        run: its folder.
        splits: the data it was trained on.
        shown: the held-out rows to show.
        evaluation: what `latently.evaluation.evaluate` gave; empty, where nothing was measured.
    """
    if isinstance(shown.rows, Views):
        yield from _scenes_of_views(model, run, splits, shown, shown.rows[: min(len(shown), CODED_ROWS)])
        return
    rows = np.asarray(shown.x[: min(len(shown), CODED_ROWS)])
    labels = None if shown.labels is None else shown.labels[: len(rows)]
    pictures = figures.are_pictures(rows.shape[1:])
    if "encode" in model.abilities():
        codes, draws = model.transform(rows), model.aggregate_codes(rows, random_state=0)
        plane = plane_of(model, codes)
        yield from _code_scenes(model, plane, codes, draws, run, splits, shown)
        yield from prediction_scenes(evaluation)
        yield from _data_scenes(model, plane, shown, rows, labels)
        yield _prior_match(model, codes, draws, plane)
    else:
        yield from drawing_scenes(model, shown) if pictures else [_table_samples(model, shown, rows)]
        yield from prediction_scenes(evaluation)
    yield from _terms(run)


def _scenes_of_views(model: Any, run: Run, splits: Splits, shown: Dataset, rows: Views) -> Iterator[Scene]:
    codes, draws = model.transform(rows), model.aggregate_codes(rows, random_state=0)
    plane = plane_of(model, codes)
    yield from _code_scenes(model, plane, codes, draws, run, splits, shown)
    yield from view_scenes(model, shown, rows)
    yield _prior_match(model, codes, draws, plane)
    yield from _terms(run)


def _terms(run: Run) -> Iterator[Scene]:
    if history := run.history():
        caption = "Means over chunks of rounds, unweighted."
        yield Scene("terms.png", "The terms over time", caption, True, drawn(lambda: figures.terms(history)))


def _code_scenes(
    model: Any, plane: Plane, codes: Codes, draws: Codes, run: Run, splits: Splits, shown: Dataset
) -> Iterator[Scene]:
    what = "codes" if _one_code_a_row(codes, draws) else "mean codes"
    yield Scene(
        "film.gif",
        "The latent space as it forms",
        f"Codes of held-out rows over the prior, from the first rounds to the last ({plane_in_words(model, plane)}). "
        "Those beyond the axes lie at the rim.",
        True,
        lambda path: _film(run, plane, film_rows(splits), path),
    )
    style = " The decoder is given the label, so the code need only hold the style: classes may mix."
    yield Scene(
        "codes.png",
        "Codes over the prior",
        f"The {what} of {counted(len(codes), 'held-out row')} ({plane_in_words(model, plane)})."
        + (style if "restyle" in model.abilities() else ""),
        False,
        drawn(
            lambda: figures.codes(
                plane.project(codes),
                None if shown.labels is None else shown.labels[: len(codes)],
                shown.classes,
                background=plane.background,
                limits=widened(plane.limits, plane.project(codes)),
                axis_labels=plane.axis_labels,
            )
        ),
    )


def _one_code_a_row(codes: Codes, draws: Codes) -> bool:
    """Whether the encoder is deterministic: a draw of a row's code is its mean."""
    return np.allclose(codes, draws, rtol=1e-3, atol=1e-5, equal_nan=True)


def _prior_match(model: Any, codes: Codes, draws: Codes, plane: Plane) -> Scene:
    what = "The code" if _one_code_a_row(codes, draws) else "One draw of the posterior"
    caption = f"{what} of every held-out row, beside as many draws of the prior"
    fitted = ": here a normal that was fitted to training codes, since nothing asked them to take a shape"
    caption += f"{fitted}." if isinstance(model.game_.prior, FittedNormal) else "."
    return Scene(
        "prior_match.png",
        "Do the codes fill the prior?",
        caption,
        True,
        drawn(
            lambda: figures.prior_match(
                draws,
                model.sample_prior(len(draws), random_state=1),
                limits=widened(plane.limits, draws, most=MOST_PRIORS),
            )
        ),
    )


def _data_scenes(
    model: Any,
    plane: Plane,
    shown: Dataset,
    rows: Shaped[np.ndarray, "rows ..."],
    labels: Int[np.ndarray, "rows"] | None,
) -> Iterator[Scene]:
    if not figures.are_pictures(rows.shape[1:]):
        yield from _table_scenes(model, shown, rows)
        return
    yield Scene(
        "reconstructions.png",
        "Reconstructions" if model.corruption is None else "Noise cleaned away",
        "Held-out rows, and what the decoder gives back for their codes.",
        True,
        drawn(lambda: _reconstructions(model, rows[:SHOWN_ROWS])),
    )
    if model.knows_labels:
        yield from class_scenes(model, shown, rows, labels)
    else:
        caption = "Draws from the prior, decoded."
        samples = lambda: figures.image_grid(model.sample(100, random_state=0), rows=10, columns=10)  # noqa: E731
        yield Scene("samples.png", "Samples", caption, False, drawn(samples))
    yield _manifold(model, plane, shown)
    between = "codes and the labels" if "restyle" in model.abilities() else "codes"
    yield Scene(
        "interpolations.png",
        "Between two rows",
        f"Straight paths between the {between} of held-out rows, decoded.",
        True,
        drawn(lambda: figures.interpolations(model.interpolate(*_ends(rows, labels), 10))),
    )


def _table_scenes(model: Any, shown: Dataset, rows: Shaped[np.ndarray, "rows ..."]) -> Iterator[Scene]:
    columns = shown.description.get("columns")
    yield Scene(
        "reconstructions.png",
        "Reconstructions",
        "Each column of held-out rows, against its reconstruction.",
        True,
        drawn(lambda: figures.table_reconstructions(rows, model.reconstruct(rows), columns)),
    )
    yield _table_samples(model, shown, rows)


def _table_samples(model: Any, shown: Dataset, rows: Shaped[np.ndarray, "rows ..."]) -> Scene:
    columns = shown.description.get("columns")
    return Scene(
        "samples.png",
        "Samples",
        "Draws from the prior, decoded, beside held-out rows.",
        True,
        drawn(lambda: figures.table_samples(model.sample(len(rows), random_state=0), rows, columns)),
    )


def _manifold(model: Any, plane: Plane, shown: Dataset) -> Scene:
    rest = "" if model.latent_dim == 2 else " The other dimensions are 0."
    label, title, under = None, "The manifold", ""
    if "restyle" in model.abilities():
        label, name = model.label_values.tolist()[0], label_names(model, shown)[0]
        title, under = f"The manifold of {name}", f" under the label {name}: one class in many styles"

    def draw() -> Figure:
        images = model.manifold(MANIFOLD_ROWS, label, plane.dimensions)
        return figures.manifold(images, model.prior_support(), axis_labels=plane.axis_labels)

    caption = f"A grid over the prior's support ({plane_in_words(model, plane)}), decoded{under}.{rest}"
    return Scene("manifold.png", title, caption, False, drawn(draw))


def _reconstructions(model: Any, originals: Shaped[np.ndarray, "rows ..."]) -> Figure:
    if model.corruption is None:
        return figures.reconstructions(originals, model.reconstruct(originals))
    noisy = model.corrupt(originals, random_state=0)
    return figures.reconstructions(originals, model.reconstruct(noisy), corrupted=noisy)


def _film(run: Run, plane: Plane, filmed_rows: Dataset, path: Path) -> Path | None:
    filmed = run.film()
    if filmed is None:
        return None
    rounds, codes = filmed
    history = run.history()
    per_epoch = history[-1]["round"] / history[-1]["epoch"] if history else None
    frames = [(int(round_), plane.project(frame)) for round_, frame in zip(rounds, codes, strict=True)]
    return figures.latent_film(
        frames,
        filmed_rows.labels,
        filmed_rows.classes or None,
        limits=widened(widened(plane.limits, frames[-1][1]), np.stack([frame for _, frame in frames]), MOST_ENDS),
        background=plane.background,
        path=path,
        rounds_per_epoch=per_epoch,
        axis_labels=plane.axis_labels,
    )


def _ends(
    rows: Shaped[np.ndarray, "rows ..."], labels: Int[np.ndarray, "rows"] | None
) -> tuple[Shaped[np.ndarray, "paths ..."], Shaped[np.ndarray, "paths ..."]]:
    """Six pairs of rows, of two classes each where the classes are known."""
    if labels is None or len(np.unique(labels[labels >= 0])) < 2:
        n = max(1, min(6, len(rows) // 2))
        return rows[:n], rows[-n:]
    firsts = [np.flatnonzero(labels == label)[0] for label in np.unique(labels[labels >= 0])]
    pairs = [(firsts[k], firsts[(k + len(firsts) // 2) % len(firsts)]) for k in range(min(6, len(firsts)))]
    starts, ends = zip(*pairs, strict=True)
    return rows[list(starts)], rows[list(ends)]
