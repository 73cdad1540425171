"""What a page holds of a model: its programs, its prior, and rows with their codes and small pictures."""

import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int, Shaped

from latently.catalogue import BY_NAME
from latently.data import Views
from latently.data.components import leading_plane
from latently.data.conditions import asked_conditions
from latently.explorer.views import BLOCK_NUMBERS, chosen_of, column_of, describe, is_small, shown
from latently.export import Blobs, functions, program
from latently.fitted import Fitted

MOST_ROWS = 20_000
"""That a map moves with while every frame is drawn."""
MOST_BYTES = 2_200_000
"""Of rows and of draws of the prior, compressed: with a film, the scripts and what their letters add it is 3 MB."""
BYTES_ASIDE = 8
"""Of a row's label, error and bound."""
LOOKED_AT, LEAST_LOOKED_AT = 500, 8
"""Rows that tell what all are like; fewer of large ones."""
BOUND_DRAWS, PRIOR_DRAWS, LEAST_ROWS = 4, 2000, 200
FILMED_ROWS, MOST_CHUNKS = 500, 300
MOST_NUMBERS = 2**14
"""Codes of more numbers in all are kept in 16 bits."""
FUNCTIONS = ("encode", "decode", "classify")
MEASURED_ROWS, ALIKE = 200, 0.1
"""Rows of so little of their own spread, once they are decoded, all look the same."""


@dataclass(frozen=True)
class Story:
    """What is told of a model beside what it computes.

    Attributes:
        title: the model and its data, in words.
        run: the folder of its run.
        numbers: what was measured: in words, and the number with its unit.
        columns: the names of the columns of vectors; where there are several views, by the names of these.
        film: rounds, the codes of some rows in each, `[frames, rows, latent]`, and the labels of these rows.
        image_fit: how pictures of another size are brought to that of the rows (see `latently.data.pictures.FITS`).
        warnings: what is wrong with the model, in sentences.
    """

    title: str
    run: str | None = None
    numbers: Sequence[tuple[str, str]] = ()
    columns: Any = None
    film: tuple[Any, Float[np.ndarray, "frames rows latent"], Any] | None = None
    image_fit: str = "fill"
    warnings: Sequence[str] = ()


def contents(
    model: Any, rows: Any, labels: Any, story: Story, blobs: Blobs, *, full_precision: bool = False
) -> dict[str, Any]:
    """A model as it stands in the page's manifest.

    Args:
        model: a fitted estimator.
        rows: to be shown, as its preprocessing has let them pass; best those that it has not learned from.
        labels: of these rows, -1 where unknown; or conditions; `None` where there are none.
        story: what is told beside.
        blobs: takes all numbers.
        full_precision: keep 32 bits of the weights.

    Returns:
        JSON values; a number that is not finite is `None`.

    Raises:
        ExportError: the model computes something that a page cannot.
    """
    fitted: Fitted = model.fitted_
    name = type(model).__name__
    made = functions(fitted)
    programs = {each: program(made[each], blobs, full_precision=full_precision) for each in FUNCTIONS if each in made}
    views, chosen, notes = _choice(fitted, rows, story.columns, *made["decode"].inputs[0].shape)
    here = chosen_of(rows, chosen)
    kept = [shown(view, here) for view in views]
    thumbnails = any(map(is_small, views, kept))
    if thumbnails:
        notes.append("Pictures of rows are thumbnails; what is decoded is shown whole.")
    values, known, told = _labels(fitted, labels, chosen)
    codes, of_rows = _rows(fitted, here, known, told, thumbnails)
    latent = _latent(fitted, here, codes)
    alike = None if codes is None else _alike(fitted, here, told)
    told_of: dict[str, Any] = finite(
        {
            "name": BY_NAME[name].terminal if name in BY_NAME else name,
            "title": story.title,
            "run": story.run,
            "about": {
                "parameters": _parameters(model),
                "rounds": model.history_[-1]["round"] if model.history_ else 0,
                "numbers": [list(pair) for pair in story.numbers],
                "notes": notes,
                "warnings": [*([] if alike is None else [alike]), *story.warnings],
            },
            "latent": latent,
            "prior": _prior(fitted, blobs),
            "views": views,
            "joint": isinstance(rows, Views),
            "image_fit": story.image_fit,
            "labels": values,
            "functions": programs,
            "rows": {
                "count": len(here),
                "of": len(rows),
                **{name: None if array is None else blobs.add(array) for name, array in of_rows.items()},
                "views": [blobs.add(each) for each in kept],
            },
            "film": _film(story.film, latent, values, blobs),
            "history": _history(model.history_),
        }
    )
    return told_of


def _choice(
    fitted: Fitted, rows: Any, columns: Any, numbers: int
) -> tuple[list[dict[str, Any]], Int[np.ndarray, "rows"], list[str]]:
    """The views, which rows are shown, and what is to be said of it: all, or as many as a page can hold, by a seed.

    A code has so many `numbers`.
    """
    order = np.random.default_rng(0).permutation(len(rows))
    looked_at = min(LOOKED_AT, max(LEAST_LOOKED_AT, BLOCK_NUMBERS // math.prod(rows.shape[1:])))
    some = rows[np.sort(order[:looked_at])]
    views = describe(fitted.preprocessing, some, columns)
    a_code = np.dtype(np.float16).itemsize * numbers
    a_row = sum(len(zlib.compress(shown(view, some).tobytes(), 9)) for view in views) / len(some) + a_code + BYTES_ASIDE
    most = int(min(MOST_ROWS, max(LEAST_ROWS, (MOST_BYTES - PRIOR_DRAWS * a_code) / a_row)))
    notes = []
    if len(rows) > most:
        notes.append(f"{most:,} of {len(rows):,} rows are here, drawn by seed 0.")
    return views, np.sort(order[:most]), notes


def _alike(fitted: Fitted, rows: Any, told: Any) -> str | None:
    """That whatever is decoded looks the same, in a sentence; `None` where it does not."""
    few = rows[: min(len(rows), MEASURED_ROWS)]
    share = fitted.spread_kept(few, None if told is None else told[: len(few)])
    if not share < ALIKE:
        return None
    return (
        f"Whatever the code, about the same is decoded: rows differ {_percent(share)} as much once they went through "
        "the code. The model has learned too little, or nothing that its code could hold."
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.01 else "less than 1 %"


def _labels(
    fitted: Fitted, labels: Any, chosen: Int[np.ndarray, "rows"]
) -> tuple[dict[str, Any] | None, Int[np.ndarray, "rows"] | None, Any]:
    """The labels of the page, the place of each row's among them, and what a decoder is told of the rows."""
    role = fitted.game.label_role
    if fitted.conditions is not None:
        table = None if labels is None else asked_conditions(labels, fitted.conditions.columns)[chosen]
        cells = fitted.conditions.examples if table is None else np.asarray(table.values)
        columns = [column_of(column, cells[:, place]) for place, column in enumerate(fitted.conditions.columns)]
        return {"values": [], "in": "decoder", "classifies": False, "conditions": columns}, None, table
    own = fitted.label_values
    given = None if labels is None else np.asanyarray(labels)[chosen]
    if own is None and given is None:
        return None, None, None
    names = [str(value) for value in (own if own is not None else np.unique(_there(given))).tolist()]
    said = {"values": names, "in": role, "classifies": "predict" in fitted.abilities, "conditions": None}
    clusters = own is not None and fitted.classes is None  # which have nothing to do with the labels of the data
    if given is None or clusters:
        return said, None, None
    known = places_of(names, given)
    told = np.ma.MaskedArray(np.asarray(own)[known], mask=known < 0) if fitted.decodes_labels else None
    return said, known, told


def _there(labels: Any) -> Shaped[np.ndarray, "known"]:
    """The labels that are known."""
    if np.ma.isMaskedArray(labels):
        return np.asarray(labels[~np.ma.getmaskarray(labels)])
    return np.asarray(labels[labels != (-1 if labels.dtype.kind in "iuf" else "")])


def places_of(names: Sequence[str], labels: Any) -> Int[np.ndarray, "rows"]:
    """The place of each label among names; -1 for those that are none of them, or unknown."""
    of_name = {name: place for place, name in enumerate(names)}
    values = np.ma.filled(labels.astype(object), None).tolist() if np.ma.isMaskedArray(labels) else labels.tolist()
    return np.array([of_name.get(str(value), -1) for value in values], np.int16)


def _rows(
    fitted: Fitted, rows: Any, known: Int[np.ndarray, "rows"] | None, told: Any, thumbnails: bool
) -> tuple[Float[np.ndarray, "rows latent"] | None, dict[str, np.ndarray | None]]:
    """The codes of rows, and what the page knows of each; all that it cannot compute from thumbnails."""
    able = fitted.abilities
    codes = fitted.codes(rows, told) if "encode" in able else None
    sharing = fitted.class_probabilities(rows) if "predict" in able else None
    bounds = fitted.bounds(rows, BOUND_DRAWS, "elbo", 0, told) if "log_likelihood" in able else None
    return codes, {
        "codes": None if codes is None else _short(codes),
        "labels": known,
        "predictions": None if sharing is None else sharing.argmax(axis=1).astype(np.int16),
        "probabilities": np.round(255 * sharing).astype(np.uint8) if thumbnails and sharing is not None else None,
        "errors": None if codes is None else fitted.missed(rows, told).astype(np.float32),
        "bounds": None if bounds is None else bounds.astype(np.float32),
        "present": rows.present.astype(np.uint8) if isinstance(rows, Views) else None,
    }


def _short(codes: Float[np.ndarray, "..."]) -> np.ndarray:
    """Many numbers in 16 bits, where these hold them."""
    many = codes.size > MOST_NUMBERS and np.abs(np.nan_to_num(codes)).max() < np.finfo(np.float16).max
    return codes.astype(np.float16 if many else np.float32)


def _latent(fitted: Fitted, rows: Any, codes: Float[np.ndarray, "rows latent"] | None) -> dict[str, Any]:
    """The space of the codes: how far they spread, which dimensions carry most, and their principal components."""
    carries = None
    if codes is not None and "posterior_kl" in fitted.abilities:
        carries = fitted.posterior_kl(rows).mean(axis=0)
    codes = fitted.sample_prior(PRIOR_DRAWS, None, 0) if codes is None else codes
    codes = codes[np.isfinite(codes).all(axis=1)].astype(np.float64)
    size = codes.shape[1]
    center, deviation = (codes.mean(axis=0), codes.std(axis=0)) if len(codes) else (np.zeros(size), np.ones(size))
    nats = carries is not None and bool(np.isfinite(carries).all())
    carried = carries if nats and carries is not None else deviation**2
    components = explained = None
    if size > 2 and len(codes) > 2:
        leading, shares = leading_plane(codes)
        components, explained = leading.T.tolist(), shares.tolist()
    return {
        "size": size,
        "deviation": deviation.tolist(),
        "order": np.argsort(-carried).tolist(),
        "carries": carried.tolist(),
        "carries_unit": "nats" if nats else "variance",
        "components": components,
        "center": center.tolist(),
        "explained": explained,
    }


def _prior(fitted: Fitted, blobs: Blobs) -> dict[str, Any]:
    """Draws of the prior, equally many of each label where labels are tied to it."""
    places, labels = None, None
    if fitted.game.label_role == "prior" and fitted.label_values is not None:
        places = (np.arange(PRIOR_DRAWS) % len(fitted.label_values)).astype(np.int16)
        labels = fitted.label_values[places]
    draws = fitted.sample_prior(PRIOR_DRAWS, labels, 0)
    return {
        "name": fitted.game.prior.name,
        "draws": blobs.add(_short(draws)),
        "labels": None if places is None else blobs.add(places),
    }


def _film(film: Any, latent: Mapping[str, Any], labels: Any, blobs: Blobs) -> dict[str, Any] | None:
    """The codes of some rows as they formed; of codes of many dimensions, the two principal components at the end."""
    if film is None:
        return None
    rounds, codes, known = film
    few = np.unique(np.linspace(0, codes.shape[1] - 1, min(FILMED_ROWS, codes.shape[1])).astype(int))
    codes = np.asarray(codes, np.float64)[:, few]
    if latent["components"] is not None:
        codes = (codes - np.asarray(latent["center"])) @ np.asarray(latent["components"]).T
    places = None if known is None or not labels or not labels["values"] else places_of(labels["values"], known[few])
    return {
        "rounds": [int(round_) for round_ in rounds],
        "codes": blobs.add(np.clip(codes, -60_000, 60_000).astype(np.float16)),
        "labels": None if places is None else blobs.add(places),
    }


def _history(history: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The terms over the rounds, and those of held-out rows where they were measured."""
    if not history:
        return None
    some = np.unique(np.linspace(0, len(history) - 1, min(MOST_CHUNKS, len(history))).astype(int))
    chunks = [history[place] for place in some]
    of_held_out = [chunk.get("held_out") or {} for chunk in chunks]
    return {
        "rounds": [chunk["round"] for chunk in chunks],
        "epochs": [chunk["epoch"] for chunk in chunks],
        "terms": {name: [_brief(chunk["terms"].get(name)) for chunk in chunks] for name in chunks[-1]["terms"]},
        "held_out": {
            name: [_brief(held.get(name)) for held in of_held_out]
            for name in dict.fromkeys(k for h in of_held_out for k in h)
        },
    }


def _brief(value: Any) -> float | None:
    return float(f"{value:.5g}") if isinstance(value, int | float) else None


def _parameters(model: Any) -> dict[str, Any]:
    """The hyperparameters that say something, as JSON values."""
    told = {name: value for name, value in model.get_params(deep=False).items() if name != "verbose"}
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in told.items()}
    return {name: value for name, value in plain.items() if isinstance(value, int | float | str | list)}


def finite(value: Any) -> Any:
    """JSON values with `None` in the place of numbers that are not finite, which JSON does not know."""
    if isinstance(value, Mapping):
        return {name: finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
