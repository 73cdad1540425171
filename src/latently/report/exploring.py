"""The page in which a run's model is explored: the model itself, over rows that it has not learned from."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from latently.data import Dataset, Splits
from latently.errors import Setting, in_python, words
from latently.estimators.exploring import explored
from latently.evaluation import as_table
from latently.explorer import Exploration, Story
from latently.export import Blobs
from latently.report.story import EXPLORER, headline, held_out, shortcomings
from latently.run import Run, film_rows, known_labels, labels_of


class Explored(NamedTuple):
    """A model to be explored.

    Attributes:
        model: fitted.
        part: the rows to be shown.
        story: what is told beside.
    """

    model: Any
    part: Dataset
    story: Story


def explore_run(model: Any, run: Run, splits: Splits, door: Setting = in_python) -> Path:
    """Write the page of a run's model over held-out rows, `explorer.html` in its folder, and give the path.

    Arguments are written as a door writes them.

    Raises:
        ExportError: the model computes something that a page cannot.
    """
    one = Explored(model, held_out(splits), story_of(model, run, splits, door))
    return exploration([one]).save(run.folder / EXPLORER)


def exploration(models: Sequence[Explored], *, full_precision: bool = False) -> Exploration:
    """One page for one model, or two side by side."""
    blobs = Blobs()
    pages = [
        explored(each.model, each.part.rows, _known(each), each.story, blobs, full_precision=full_precision)
        for each in models
    ]
    return Exploration([model for page in pages for model in page.models], blobs)


def story_of(model: Any, run: Run, splits: Splits | None = None, door: Setting = in_python) -> Story:
    """What is told of a run beside its model; with its data, the film's rows have labels.

    Arguments are written as a door writes them.
    """
    about, evaluation, film = run.config().get("run", {}), run.evaluation(), run.film()
    filmed = (
        None if film is None else (*film, None if splits is None else labels_of(film_rows(splits, film[1].shape[1])))
    )
    return Story(
        title=str(about.get("title") or type(model).__name__),
        run=str(run.folder),
        numbers=list(headline(as_table(evaluation)).items()) if evaluation else [],
        columns=about.get("columns"),
        film=filmed,
        image_fit=about.get("data", {}).get("image_fit") or "fill",
        warnings=[words(said, door) for said in shortcomings(about)],
    )


def _known(explored: Explored) -> Any:
    """The labels of the rows, or their conditions, for a model that was told such."""
    return known_labels(explored.model, explored.part) if explored.model.conditions_ else labels_of(explored.part)
