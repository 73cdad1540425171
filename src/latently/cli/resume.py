"""`latently resume RUN`: go on where a run was interrupted, or make it longer."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latently.cli.errors import UsageError
from latently.cli.parsing import Parser

if TYPE_CHECKING:
    from latently.cli.session import Manner, Session
    from latently.run import Run

_EXAMPLES = ("latently resume runs/vae-digits-1", "latently resume runs/vae-digits-1 --epochs 100")


def main(arguments: Sequence[str]) -> int:
    """Run the command."""
    parser = Parser(
        "resume",
        "Go on with a run from its last checkpoint. The result is, bit for bit, that of the uninterrupted run. Of a "
        "folder that `latently fit --repeats` made, all runs that are not finished are played to their end. What a "
        "trained run lacks, its evaluation or its report, is made.",
        "RUN [options]",
        _EXAMPLES,
    )
    parser.add_argument("run", metavar="RUN", type=Path, help="the run's folder")
    parser.add_argument("--epochs", metavar="X", type=float, help="make the run longer: so many epochs in all")
    parser.add_argument("--no-report", action="store_true", help="make no figures and no report.html")
    parser.add_argument(
        "--checkpoint-every", metavar="SECONDS", type=float, default=30.0, help="how much work a crash may cost"
    )
    parser.add_argument("--quiet", action="store_true", help="print the closing lines only")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line instead")
    given = parser.parse_args(arguments)
    from latently.cli.session import Manner
    from latently.run import Repeats, Run

    manner = Manner(given.quiet, given.json, not given.no_report, given.checkpoint_every)
    if Repeats.are_in(given.run):
        from latently.cli.repeats import resume_repeats

        if given.epochs is not None:
            raise UsageError(f"--epochs makes one run longer; name one of those in {given.run}.")
        return resume_repeats(Repeats.open(given.run), manner)
    run = Run.open(given.run)
    with run.lock():
        if given.epochs is None and is_incomplete(run, manner):
            look_back_at(run).finish(manner)
            return 0
        return take_up(run, given.epochs, manner).play(manner)


def is_incomplete(run: "Run", manner: "Manner") -> bool:
    """Whether a run was trained to its end, and then cut short before it was evaluated or reported."""
    return run.is_finished and (run.lacks_evaluation or (manner.report and run.lacks_report))


def look_back_at(run: "Run") -> "Session":
    """The session of a run that is trained: it can be evaluated, reported and summed up.

    Raises:
        ValueError: the run is damaged, or its data has changed.
    """
    from latently.cli.data import open_run_splits
    from latently.cli.opening import about_run, open_model
    from latently.cli.session import Session

    about = about_run(run, run.config())
    return Session(run, open_model(run.folder), None, open_run_splits(about), about["rounds"], about["title"])


def take_up(run: "Run", epochs: float | None, manner: "Manner") -> "Session":
    """Read a run and check it; only then is its configuration changed, where it is made longer.

    Args:
        run: the folder.
        epochs: the new number of epochs in all, or `None`.
        manner: how to go about it.

    Raises:
        ValueError: the run is finished, damaged, or its data has changed. Nothing has been written then.
    """
    from latently.cli.data import open_run_splits
    from latently.cli.opening import about_run, unfitted
    from latently.cli.session import Session, trainer_for

    config = run.config()
    about = about_run(run, config)
    if run.is_finished and epochs is None:
        raise ValueError(
            f"{run.folder} is finished, with {config['parameters']['epochs']:g} epochs; --epochs with more goes on."
        )
    position = run.position()
    splits = open_run_splits(about)
    model = unfitted(config, {} if epochs is None else {"epochs": epochs})
    resumed = run.checkpoint.exists()
    trainer = trainer_for(model, splits, about["use_labels"], live=manner.live, resumed=resumed)
    until = about["rounds"] if epochs is None else model.total_rounds(trainer)
    if epochs is not None and until <= max(about["rounds"], position):
        raise ValueError(
            f"--epochs must be more than the {config['parameters']['epochs']:g} of {run.folder}; got {epochs:g}."
        )
    if resumed:
        trainer.restore(run.checkpoint)
    run.film()  # a damaged one is noticed before anything is written
    if epochs is not None:
        run.write_config({**config, "parameters": _plain(model), "run": {**about, "rounds": until}})
    return Session(run, model, trainer, splits, until, about["title"])


def _plain(model: Any) -> dict[str, Any]:
    from latently.estimators.saving import model_config

    parameters: dict[str, Any] = model_config(model)["parameters"]
    return parameters
