"""How a run is evaluated: on the rows kept from its training, with a judge of its data where one is asked for."""

from collections.abc import Mapping
from typing import Any

from latently.data import Splits
from latently.errors import ArgumentError
from latently.evaluation import Judge, evaluate
from latently.evaluation.judge import judge_of, kept_judge
from latently.evaluation.samples import whole_rows
from latently.run.folder import Run
from latently.run.rows import labels_of, open_splits, targets_of
from latently.training.bar import ProgressBar


def evaluate_run(
    run: Run, model: Any, splits: Splits, settings: Mapping[str, Any], name: str = "evaluation.json"
) -> dict[str, Any] | None:
    """Evaluate a model on the test rows (if there are none, on those for validation), and write a file of that name.

    Returns:
        The numbers; `None` where no rows were kept from training.
    """
    test = splits.test if len(splits.test) else splits.validation
    if not len(test):
        return None
    rows = (splits.train.rows, targets_of(splits.train), test.rows, targets_of(test))
    validation = splits.validation.rows if len(splits.validation) and len(splits.test) else None
    evaluation = evaluate(model, rows, **settings, validation=validation)
    run.write_json(name, evaluation)
    return evaluation


def judged(run: Run, model: Any, splits: Splits, *, verbose: bool) -> dict[str, Any]:
    """The judge as a setting of the evaluation that ends a run, if the run asks for one."""
    about = run.config()["run"]
    return {"judge": judge_for(model, about["data"], splits, verbose=verbose)} if about.get("judge") else {}


def judge_for(model: Any, data: Mapping[str, Any], splits: Splits, *, verbose: bool) -> Judge:
    """The judge of the training rows, from the cache or trained now; it knows the labels that the model was not shown.

    `data` is what was given to `open_dataset` for the splits.
    """
    if "sample" not in model.abilities():
        raise ArgumentError("judge", f"is shown samples, and {type(model).__name__} draws none", remedy="Leave it out.")
    whole = splits if data.get("labels") is None else open_splits({**data, "labels": None})
    rows, labels = whole_rows(whole.train.rows), labels_of(whole.train)
    if rows is None or labels is None or not len(labels):
        rule = "needs training rows of one view (or the halves of images), with labels, to learn from"
        raise ArgumentError("judge", rule, remedy="This data has none; leave it out.")
    kept = kept_judge(rows, labels)
    if kept is not None or not verbose:
        return kept or judge_of(rows, labels)
    with ProgressBar("Judge, trained once for this data") as bar:
        return judge_of(rows, labels, [bar])
