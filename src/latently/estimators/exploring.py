"""A fitted estimator in a page of its own."""

from typing import Any

from latently.explorer import Exploration, Story, contents
from latently.export import Blobs


def explored(
    model: Any, X: Any, y: Any, story: Story | None = None, blobs: Blobs | None = None, *, full_precision: bool = False
) -> Exploration:
    """The page of one model; of another beside those that are in `blobs`.

    Args:
        model: fitted.
        X: rows to be shown, as in `fit`.
        y: their labels, -1 where unknown, or conditions; `None` where there are none.
        story: what is told beside; its kind, unless given.
        blobs: takes its numbers.
        full_precision: keep 32 bits of the weights.
    """
    blobs, story = blobs or Blobs(), story or Story(type(model).__name__)
    return Exploration([contents(model, model._rows(X), y, story, blobs, full_precision=full_precision)], blobs)
