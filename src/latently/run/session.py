"""A session: a run that is about to be trained, begun from a plan or taken up where it stands."""

import dataclasses
import datetime
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from latently import __version__, distributed
from latently.abilities import may
from latently.catalogue import models_that_may
from latently.data import DataAssumption, Dataset, Splits, assumed
from latently.errors import ArgumentError, warn
from latently.estimators.inputs import check_minus_ones
from latently.estimators.saving import before_fit, load, model_config
from latently.run.folder import Run
from latently.run.photos import suited
from latently.run.rows import fingerprint, open_run_splits, open_splits
from latently.training import why_apart


@dataclasses.dataclass(frozen=True)
class Session:
    """A run about to be trained, or one that is.

    Attributes:
        run: its folder, with its configuration.
        model: the estimator.
        trainer: made by it; at round 0 or where the checkpoint left off; `None` of a run that is trained.
        splits: the data.
        until: the round at which the run ends.
        title: the model and the data, in words.
    """

    run: Run
    model: Any
    trainer: Any
    splits: Splits
    until: int
    title: str

    @classmethod
    def resume(cls, run: Run, epochs: float | None = None, *, verbose: bool = False) -> "Session":
        """Take up a run where it stands; only when all is checked is its configuration changed, if it is made longer.

        Args:
            run: its folder.
            epochs: the new number of epochs in all, or `None`.
            verbose: tell how an earlier stage goes.
        """
        config, about = run.config(), run.about()
        position, splits = run.position(), open_run_splits(about)
        model = estimator_of(config, **({} if epochs is None else {"epochs": epochs}))
        resumed = run.checkpoint.exists()
        trainer = trainer_for(
            model, splits, about["use_labels"], verbose=verbose, resumed=resumed, watched="validation" in about
        )
        until = about["rounds"] if epochs is None else model.total_rounds(trainer)
        if epochs is not None and until <= max(0 if run.stopped_early else about["rounds"], position):
            before = position / trainer.feed.rounds_per_epoch if run.stopped_early else config["parameters"]["epochs"]
            raise ArgumentError("epochs", f"must be more than the {before:.6g} of {run.folder}", epochs)
        if resumed:
            trainer.restore(run.checkpoint)
        if epochs is not None and trainer.validation is not None:
            trainer.validation.go_on()
        run.film()  # a damaged one is noticed before anything is written
        distributed.wait_for_all()  # and all have read before the first process writes
        if epochs is not None and distributed.is_first():
            parameters = model_config(model)["parameters"]
            rest = {name: value for name, value in about.items() if name != "stopped_early"}
            run.write_config({**config, "parameters": parameters, "run": {**rest, "rounds": until}})
        return cls(run, model, trainer, splits, until, about["title"])

    @classmethod
    def trained(cls, run: Run) -> "Session":
        """The session of a run that is trained: it can be evaluated and reported."""
        about = run.about()
        return cls(run, load_model(run.folder), None, open_run_splits(about), about["rounds"], about["title"])


@dataclasses.dataclass(frozen=True)
class Plan:
    """A run that has not begun; it can be begun once, or several times with other seeds.

    Attributes:
        estimator: not fitted.
        data: the arguments of `open_dataset`, as JSON values.
        about: what the run's configuration says of it: `model`, `preset`, `recipe`, `use_labels`, `command`,
            `judge`: whether samples are shown to a judge at its end, `network_open` and `epochs_open`: whether photos
            may choose the network and the number of epochs, and `sampler`: what draws codes in the place of the prior.
    """

    estimator: Any
    data: Mapping[str, Any]
    about: Mapping[str, Any]

    @classmethod
    def of(cls, run: Run, parameters: Mapping[str, Any]) -> "Plan":
        """The plan that a run followed, with the estimator's parameters as they were given."""
        about = run.about()
        open_ = ("network_open", "epochs_open")
        names = ("model", "preset", "recipe", "use_labels", "command", "judge", *open_, "sampler")
        kept = {name: about.get(name) for name in names}
        return cls(estimator_of({**run.config(), "parameters": parameters}), about["data"], kept)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "Plan":
        """The plan that `config` gave."""
        return cls(estimator_of(config), config["data"], config["about"])

    def config(self) -> dict[str, Any]:
        """The plan as JSON values."""
        parameters = self.estimator.get_params(deep=False)
        about = {"data": dict(self.data), "about": dict(self.about)}
        return {"estimator": type(self.estimator).__name__, "parameters": parameters, **about}

    def repeated(self, place: int) -> "Plan":
        """The same with other seeds of the model and of the labels shown, so many higher; the rows stay as they are."""
        parameters = self.estimator.get_params(deep=False)
        estimator = type(self.estimator)(**{**parameters, "random_state": parameters["random_state"] + place})
        given = self.data.get("label_seed")
        label_seed = (self.data["seed"] if given is None else given) + place
        return dataclasses.replace(self, estimator=estimator, data={**self.data, "label_seed": label_seed})

    def open(self) -> Splits:
        """The data, once it is seen that the estimator can learn from it."""
        splits = open_splits(self.data)
        _check_views(self.estimator, splits.train)
        _check_labels(self.estimator, splits.train, self.about["use_labels"])
        return splits

    def begin(self, folder: Path, *, verbose: bool = False) -> Session:
        """Check everything that is given; then make the run's folder and write its configuration.

        A `ValueError` says that the data, an argument or the folder cannot be used; nothing has been written then. Of
        several processes the first one writes.
        """
        if distributed.is_first():
            Run.check_free(folder)
        network_open, epochs_open = (bool(self.about.get(f"{name}_open")) for name in ("network", "epochs"))
        estimator, splits = suited(self.estimator, self.open(), network_open, epochs_open)
        estimator = _stopping(estimator, splits)
        if self.about.get("sampler") and not may(estimator.game_type, "encode"):
            rule = f"draws from where codes of rows are, and {type(estimator).__name__} has no encoder"
            raise ArgumentError("sampler", rule, remedy="Leave it out.")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DataAssumption)  # whoever begins a run is told of all assumptions
            trainer = trainer_for(estimator, splits, self.about["use_labels"], verbose=verbose)
        if self.data["labels"] and estimator.classes_ is None:
            warn(
                f"{type(estimator).__name__} learns without labels here; the {self.data['labels']} of {{labels}} are "
                "used to evaluate it, and for nothing else."
            )
        rounds, title = estimator.total_rounds(trainer), f"{type(estimator).__name__} on {splits.train.name}"
        about = {
            "version": __version__,
            "title": title,
            **self.about,
            "data": dict(self.data),
            "data_name": splits.train.name,
            "columns": splits.train.description.get("columns"),
            "white_level": splits.train.description.get("white_level"),
            "rows": {"train": len(splits.train), "validation": len(splits.validation), "test": len(splits.test)},
            "reading": reading(splits, estimator),
            "fingerprint": fingerprint(splits),
            "rounds": rounds,
            **({} if trainer.validation is None else {"validation": estimator.criterion_._asdict()}),
            "started": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        }
        run = Run(folder)
        if distributed.is_first():
            folder.mkdir(parents=True, exist_ok=True)
            run.write_config({**model_config(estimator), "run": about}, new=True)
        return Session(run, estimator, trainer, splits, rounds, title)


def reading(splits: Splits, model: Any) -> list[str]:
    """What the data was taken for: a line on the rows, then what was assumed, arguments marked as in errors.

    Args:
        splits: the data.
        model: that has met the training rows.
    """
    parts = {"train": splits.train, "validate": splits.validation, "test": splits.test}
    counts = ", ".join(f"{len(part):,} to {verb}" for verb, part in parts.items() if len(part))
    n, preprocessing = sum(map(len, parts.values())), model.preprocessing_
    guesses = [*assumed(splits.train.description), *preprocessing.assumed]
    if model.conditions_ is not None:
        columns = ",".join(f"{column.name}={column.kind}" for column in model.conditions_.columns)
        guesses.append(f"each row comes under conditions, {columns}; {{kinds=NAME=KIND}} says otherwise")
    if not len(splits.validation):
        guesses.append("no rows are kept for validation, so nothing tells when to stop; {validation=0.1} keeps a tenth")
    return [f"rows: {n:,} {preprocessing.reading}; {counts}", *dict.fromkeys(guesses)]


def trainer_for(
    model: Any, splits: Splits, use_labels: bool, *, verbose: bool, resumed: bool = False, watched: bool = True
) -> Any:
    """The engine that fits a model to the training rows, and measures those for validation.

    Args:
        model: not fitted.
        splits: the data. Where but some labels of the training rows are shown, those for validation have none, either.
        use_labels: whether any are shown.
        verbose: tell how an earlier stage goes.
        resumed: a checkpoint that holds an earlier stage will be restored; else that is fitted now.
        watched: whether rows for validation are measured.
    """
    before, out = model.verbose, {}
    if watched and len(splits.validation):
        shown = use_labels and "labels_kept" not in splits.train.description
        out = {"X_val": splits.validation if shown else _unlabelled(splits.validation)}
    train = splits.train if use_labels else _unlabelled(splits.train)
    try:
        return model.set_params(verbose=verbose).trainer(train, **out, resumed=resumed)
    finally:
        model.set_params(verbose=before)


def _unlabelled(part: Dataset) -> Dataset:
    """The rows without what is known of them."""
    return dataclasses.replace(part, labels=None, conditions=None)


def fit_sampler(session: Session) -> None:
    """Fit the sampler that the run asks for, if it does, to the training rows, class by class where they have labels.

    Where but some labels of the rows are known, those that the model reads stand in, if it reads any.
    """
    kind, model, train = session.run.about().get("sampler"), session.model, session.splits.train
    if kind is None:
        return
    labels = train.targets if session.run.about()["use_labels"] else None
    if "labels_kept" in train.description:
        labels = model.predict(train.rows) if "predict" in model.abilities() else None
    model.fit_sampler(kind, train.rows, labels, random_state=model.seed_)


def _stopping(estimator: Any, splits: Splits) -> Any:
    """The estimator as it can be trained: nothing tells it when to stop where no rows are kept for validation."""
    if not estimator.early_stopping or len(splits.validation):
        return estimator
    return type(estimator)(**{**estimator.get_params(deep=False), "early_stopping": False})


def why_not_together(first: Session, other: Session) -> str | None:
    """Why two runs cannot be played as one program, in words that follow "since".

    `None`: they can, and share the rows on the device from now on.
    """
    if first.until != other.until:
        return f"they end after {first.until:,} and {other.until:,} rounds"
    reason = why_apart(first.trainer, other.trainer)
    if reason is None:
        other.trainer.feed.share(first.trainer.feed)
    return reason


def estimator_of(config: Mapping[str, Any], **changes: Any) -> Any:
    """The estimator that a run's configuration describes, before it was fitted, with some arguments changed."""
    try:
        return before_fit(config, **changes)
    except (TypeError, KeyError, ValueError) as error:
        name = config.get("estimator", "the model")
        raise ValueError(f"the run's parameters do not fit this version of {name}: {error}.") from None


def load_model(folder: Path) -> Any:
    """The fitted model of a run, or of a folder that `model.save` made."""
    run = Run.open(folder)
    if not run.has_model:
        raise ValueError(
            f"{folder} has no model yet: its run stopped after round {run.position():,} of {run.about()['rounds']:,}; "
            f"go on with `latently resume {folder}`."
        )
    return load(folder)


def _check_views(estimator: Any, part: Dataset) -> None:
    """See that the data has as many views as the model wants."""
    name, views = type(estimator).__name__, ", ".join(part.view_names)
    if estimator.takes_views and not views:
        raise ArgumentError(
            "views",
            f"is missing: {name} learns from rows of several views, and {part.name} has one",
            remedy="Give {views=halves} for images, or {views=NAME=WHAT,NAME=WHAT} for what a file or a folder holds.",
        )
    if views and not estimator.takes_views:
        rule = f"gives several views ({views}), and {name} learns from rows of one view"
        others = " or ".join(model.name for model in models_that_may("complete"))
        raise ArgumentError("views", rule, remedy=f"Leave it out, or fit {others}.")


def _check_labels(estimator: Any, part: Dataset, use_labels: bool) -> None:
    """See that the data has labels where the model cannot do without, and that -1 is none of them unless it may be."""
    if use_labels and part.labels is not None:
        found, rows = part.description.get("minus_ones", 0), part.description.get("labels_of", len(part))
        check_minus_ones("y", found, rows, len(part.classes), estimator.labels)
    if not estimator.__sklearn_tags__().target_tags.required:
        return
    name = type(estimator).__name__
    if not use_labels:
        rule = f"must not be 0, since {name} learns from labels"
        raise ArgumentError("labels", rule, remedy="Give another number, or leave it out for all.")
    if part.labels is None and part.conditions is None:
        raise ArgumentError(
            "data",
            f"must have labels: {name} learns from labels, and {part.name} has none",
            remedy="Name a table's column with {labels_column}, give each class of images a subfolder, put the labels "
            "of rows.npy into rows_labels.npy; or fit a model that needs none, such as VAE.",
        )
