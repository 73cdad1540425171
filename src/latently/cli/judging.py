"""The judge of a run's data, for those who ask for it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from latently.cli.data import labels_of, open_splits
from latently.cli.errors import UsageError
from latently.data import Splits
from latently.evaluation.samples import whole_rows
from latently.run import Run

if TYPE_CHECKING:
    from latently.evaluation import Judge


def judge_for(model: Any, data: Mapping[str, Any], splits: Splits, *, live: bool) -> "Judge":
    """The judge of the training rows, from the cache or trained now; it knows the labels that the model was not shown.

    Args:
        model: whose samples will be judged.
        data: the arguments of `open_dataset` that gave the splits.
        splits: the data.
        live: tell how the training goes.

    Raises:
        UsageError: there is nothing to judge, or nothing to learn it from.
    """
    if "sample" not in model.abilities():
        raise UsageError(f"--judge is shown samples, and {type(model).__name__} draws none; leave it out.")
    whole = splits if data.get("labels") is None else open_splits({**data, "labels": None})
    rows, labels = whole_rows(whole.train.rows), labels_of(whole.train)
    if rows is None or labels is None or not len(labels):
        raise UsageError(
            "--judge needs training rows of one view (or the halves of images), with labels, to learn from; this data "
            "has none. Leave it out."
        )
    from latently.evaluation.judge_cache import judge_of, kept_judge
    from latently.training.bar import ProgressBar

    kept = kept_judge(rows, labels)
    if kept is not None or not live:
        return kept or judge_of(rows, labels)
    with ProgressBar("Judge, trained once for this data") as bar:
        return judge_of(rows, labels, [bar])


def judged(run: Run, model: Any, splits: Splits, *, live: bool) -> dict[str, Any]:
    """The judge as a setting of the evaluation that ends a run, if the run asks for one."""
    about = run.config()["run"]
    return {"judge": judge_for(model, about["data"], splits, live=live)} if about.get("judge") else {}
