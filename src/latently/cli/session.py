"""What `fit`, `resume` and `demo` share: a run is trained, evaluated, drawn and summed up."""

import dataclasses
import shlex
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from rich.console import Console

from latently.cli.data import labels_of
from latently.cli.errors import INTERRUPTED
from latently.cli.judging import judged
from latently.cli.terminal import number, print_facts, print_line, say
from latently.data import Splits
from latently.evaluation import as_table, counted, evaluate
from latently.run import Run, Training, film_rows, train
from latently.training import NonFiniteLossError, Observer, Progress, Trainer
from latently.training.bar import ProgressBar, in_words

QUICK: dict[str, Any] = {"importance_samples": 10, "max_rows": 2000}
"""How a run is evaluated at its end; `latently evaluate` takes its time."""


@dataclasses.dataclass(frozen=True)
class Manner:
    """How a session goes about its work.

    Attributes:
        quiet: print the closing lines only.
        json: print JSON lines instead of anything else.
        report: draw figures and write report.html.
        checkpoint_seconds: the age at which a checkpoint is renewed.
        thorough: evaluate as `latently evaluate` does.
        brief: sum up in one line, since the run is one of several.
        together: play several runs as one program; `None` where that pays, which is anywhere but on a CPU.
    """

    quiet: bool = False
    json: bool = False
    report: bool = True
    checkpoint_seconds: float = 30.0
    thorough: bool = False
    brief: bool = False
    together: bool | None = None

    @property
    def live(self) -> bool:
        """Whether to tell what is going on."""
        return not (self.quiet or self.json)

    @property
    def evaluation(self) -> dict[str, Any]:
        """How to evaluate."""
        return {} if self.thorough else QUICK


@dataclasses.dataclass(frozen=True)
class Session:
    """A run about to be trained.

    Attributes:
        run: its folder, with its configuration.
        model: the estimator.
        trainer: made by it; at round 0 or where the checkpoint left off; `None` of a run that is trained.
        splits: the data.
        until: the round at which the run ends.
        title: the model and the data, in words.
        resumed_by: the folder that `latently resume` is to be given, where it is not the run's own.
    """

    run: Run
    model: Any
    trainer: Any
    splits: Splits
    until: int
    title: str
    resumed_by: Path | None = None

    @property
    def resume_command(self) -> str:
        """How to go on after an interruption."""
        return f"latently resume {shlex.quote(str(self.resumed_by or self.run.folder))}"

    def play(self, manner: Manner) -> int:
        """Train to the end, evaluate, report and sum up.

        Returns:
            The exit code: 0, or 130 when training was interrupted.
        """
        if not self._train(manner):
            self._tell_interrupted(manner)
            return INTERRUPTED
        self.finish(manner)
        return 0

    def finish(self, manner: Manner) -> None:
        """Evaluate, report and sum up a model that is trained."""
        try:
            evaluation, report = self._look_back(manner)
        except BaseException:  # Ctrl-C too: hours of training are safe, and whoever waits for them should read so
            folder = shlex.quote(str(self.run.folder))
            say(f"The model is trained and saved; what is left: latently evaluate {folder}, latently report {folder}")
            raise
        self._sum_up(evaluation, report, manner)

    def training(self, manner: Manner) -> Training:
        """The run in training: made once, when it is about to begin or to go on."""
        return Training(
            self.model,
            self.trainer,
            self.run,
            film=film_rows(self.splits).rows,
            until=self.until,
            checkpoint_seconds=manner.checkpoint_seconds,
        )

    def _look_back(self, manner: Manner) -> tuple[dict[str, Any] | None, Path | None]:
        """The evaluation and the report, as far as there are any."""
        judge = judged(self.run, self.model, self.splits, live=manner.live)
        with waiting("evaluating …", manner):
            evaluation = evaluate_run(self.run, self.model, self.splits, manner.evaluation | judge)
        if not manner.report:
            return evaluation, None
        with waiting("drawing the report …", manner):
            return evaluation, write_report(self.model, self.run, self.splits, evaluation)

    def _train(self, manner: Manner) -> bool:
        bar, observers = onlookers(self.title, manner)
        try:
            with bar or nullcontext():
                return train(self.training(manner), observers, lambda: stopping(bar))
        except NonFiniteLossError as error:
            kept = self.run.position()
            about = f" The checkpoint of round {kept:,} is kept in {self.run.folder}." if kept else ""
            raise NonFiniteLossError(f"{error}{about}") from None
        except KeyboardInterrupt:  # the second one; the first lets the chunk end
            say(f"The last checkpoint is of round {self.run.position():,}. Go on with: {self.resume_command}")
            raise

    def _tell_interrupted(self, manner: Manner) -> None:
        round_, folder = self.trainer.round, str(self.run.folder)
        if manner.json:
            print_line({"event": "interrupted", "round": round_, "until": self.until, "folder": folder})
        say(f"Stopped after round {round_:,} of {self.until:,}, and saved.")
        say(f"Go on with: {self.resume_command}")

    def _sum_up(self, evaluation: Mapping[str, Any] | None, report: Path | None, manner: Manner) -> None:
        folder, seconds = str(self.run.folder), self.run.config()["run"]["seconds"]
        epochs = counted(self.model.epochs, "epoch")
        if manner.json:
            where = None if report is None else str(report)
            values = {"event": "finished", "folder": folder, "seconds": seconds, "report": where}
            print_line({**values, "evaluation": evaluation})
            return
        if manner.live:
            say("")
        print(f"{self.title}: {epochs}, {self.until:,} rounds in {in_words(seconds)}")
        if manner.brief:
            return
        print()
        if evaluation is None:
            print("No rows were kept from training, so nothing was evaluated.")
        else:
            print_facts(
                {
                    line.name: number(line.value, line.unit)
                    for line in as_table(dict(evaluation))
                    if line.value is not None
                }
            )
        print()
        print_facts(
            {"Run": folder} | ({} if report is None else {"Report": str(report)}) | next_steps(self.run, self.model)
        )


def trainer_for(model: Any, splits: Splits, use_labels: bool, *, live: bool, resumed: bool = False) -> Trainer[Any]:
    """The engine that fits a model to the training rows.

    Args:
        model: the estimator; an earlier stage that it needs is fitted now.
        splits: the data.
        use_labels: whether it may see the labels.
        live: tell how an earlier stage goes.
        resumed: whether a checkpoint will be restored, which holds the earlier stage.

    Raises:
        ValueError: the model cannot work with the data or with its hyperparameters.
    """
    verbose = model.verbose
    labels = labels_of(splits.train) if use_labels else None
    try:
        trainer: Trainer[Any] = model.set_params(verbose=live).trainer(splits.train.rows, labels, resumed=resumed)
        return trainer
    finally:
        model.set_params(verbose=verbose)


def onlookers(title: str, manner: Manner) -> tuple[ProgressBar | None, list[Observer]]:
    """The progress bar, if there is to be one, and all who show how training goes."""
    bar = ProgressBar(title) if manner.live else None
    return bar, [bar] if bar else [JsonLines()] if manner.json else []


def stopping(bar: ProgressBar | None) -> None:
    """Say that a signal was heard."""
    if bar:
        bar.note("Stopping after this chunk; Ctrl-C again stops at once.")


class JsonLines:
    """Prints the progress after each chunk as a JSON object on a line of its own."""

    def next_stop(self, round_: int) -> None:
        """Any round will do."""

    def __call__(self, trainer: Trainer[Any], progress: Progress) -> None:
        """Print a line."""
        del trainer
        print_line({"event": "progress", **dataclasses.asdict(progress)})


def evaluate_run(run: Run, model: Any, splits: Splits, settings: Mapping[str, Any]) -> dict[str, Any] | None:
    """Evaluate a model on the rows kept from training, and write evaluation.json.

    Returns:
        The numbers; `None` where no rows were kept for the test or for validation.
    """
    evaluation = evaluated(model, splits, settings)
    if evaluation is not None:
        run.write_json("evaluation.json", evaluation)
    return evaluation


def evaluated(model: Any, splits: Splits, settings: Mapping[str, Any]) -> dict[str, Any] | None:
    """The numbers of a model on the test rows (or, if there are none, on those for validation)."""
    test = splits.test if len(splits.test) else splits.validation
    if not len(test):
        return None
    train_rows = (splits.train.rows, labels_of(splits.train))
    validation = splits.validation.rows if len(splits.validation) and len(splits.test) else None
    return evaluate(model, (*train_rows, test.rows, labels_of(test)), **settings, validation=validation)


def write_report(model: Any, run: Run, splits: Splits, evaluation: Mapping[str, Any] | None) -> Path:
    """Draw the figures and write report.html into the run's folder."""
    from latently import report

    path: Path = report.report_run(model, run, splits, evaluation, _next_commands(model, run.folder))
    return path


def _next_commands(model: Any, path: Path) -> dict[str, str]:
    able, folder = model.abilities(), shlex.quote(str(path))
    commands = {"draw new data": f"latently sample {folder} --n 64"}
    if "encode" in able:
        commands["encode other data"] = f"latently encode {folder} DATA"
    if "predict" in able and model.classes_ is not None:
        commands["classify other data"] = f"latently classify {folder} DATA"
    elif "predict" in able:
        commands["sort other data into the clusters"] = f"latently cluster {folder} DATA"
    if "complete" in able:
        commands["complete a missing view"] = f"latently complete {folder} DATA --given {model.view_names_[0]}"
    if "restyle" in able:
        commands["give other data every label"] = f"latently restyle {folder} DATA"
    if model.corruption is not None:
        commands["clean noisy data"] = f"latently denoise {folder} DATA"
    if "log_likelihood" in able:
        commands["measure again, with more samples"] = f"latently evaluate {folder} --importance-samples 1000"
    elif "complete" not in able:
        commands["measure again, on a window over samples"] = f"latently evaluate {folder} --parzen"
    if "sample_labels" in able:
        commands["measure again, and show samples to a classifier of real rows"] = f"latently evaluate {folder} --judge"
    return commands


def waiting(what: str, manner: Manner) -> AbstractContextManager[Any]:
    """Something that turns on a terminal while something takes a while."""
    return Console(file=sys.stderr).status(what) if manner.live and sys.stderr.isatty() else nullcontext()


def next_steps(run: Run, model: Any) -> dict[str, str]:
    """What to do with a fitted model, as commands."""
    folder, source = shlex.quote(str(run.folder)), shlex.quote(run.config()["run"]["data"]["source"])
    able = model.abilities()
    steps = {"Sample": f"latently sample {folder}" + (" --labels all" if model.knows_labels else "")}
    if "encode" in able:
        steps["Codes"] = f"latently encode {folder} {source} --out codes.csv"
    if "predict" in able and model.classes_ is None:
        steps["Clusters"] = f"latently cluster {folder} {source}"
    elif "predict" in able:
        steps["Classes"] = f"latently classify {folder} {source}"
    if "restyle" in able:
        steps["Restyle"] = f"latently restyle {folder} {source}"
    if "complete" in able:
        steps["Complete"] = f"latently complete {folder} {source} --given {model.view_names_[0]}"
    if model.corruption is not None:
        steps["Denoise"] = f"latently denoise {folder} {source} --corrupt"
    return steps | {"Python": f"latently.load({str(run.folder)!r})"}
