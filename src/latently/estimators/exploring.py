"""A fitted estimator in a page of its own."""

from typing import Any

from latently.explorer import Exploration, Story, contents
from latently.export import Blobs


def explored(
    model: Any, rows: Any, labels: Any, story: Story | None = None, *, full_precision: bool = False
) -> Exploration:
    """The page of one model; see `Face.explore`. `rows` are those that its preprocessing has let pass."""
    blobs, story = Blobs(), story or Story(type(model).__name__)
    return Exploration([contents(model, rows, labels, story, blobs, full_precision=full_precision)], blobs)
