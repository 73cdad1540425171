"""A fitted estimator in a page of its own."""

from collections.abc import Mapping
from typing import Any

from latently.explorer import Exploration, Story, contents
from latently.export import Blobs
from latently.training import LEARNED_TOO_LITTLE


def explored(
    model: Any, X: Any, y: Any, story: Story | None = None, blobs: Blobs | None = None, *, full_precision: bool = False
) -> Exploration:
    """The page of one model; of another beside those that are in `blobs`.

    Args:
        model: fitted.
        X: rows to be shown, as in `fit`.
        y: their labels, -1 where unknown, or conditions; `None` where there are none.
        story: what is told beside; its kind and the names of its columns, unless given.
        blobs: takes its numbers.
        full_precision: keep 32 bits of the weights.
    """
    rows, blobs = model._rows(X), blobs or Blobs()
    story = story or Story(type(model).__name__, columns=_columns(model, X), warnings=_shortcomings(model))
    return Exploration([contents(model, rows, y, story, blobs, full_precision=full_precision)], blobs)


def _shortcomings(model: Any) -> list[str]:
    """Why a model should be trained again; nothing where no held-out rows say so."""
    told = vars(model).get("verdict_")
    return [str(told)] if told is not None and told.kind in LEARNED_TOO_LITTLE else []


def _columns(model: Any, X: Any) -> Any:
    """The names of columns of frames; where there are several views, by the names of these."""
    if isinstance(X, Mapping):
        return {view: [str(name) for name in rows.columns] for view, rows in X.items() if hasattr(rows, "columns")}
    names = getattr(model, "feature_names_in_", None)
    return None if names is None else names.tolist()
