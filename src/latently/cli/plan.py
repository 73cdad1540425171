"""What a run is going to be: it can be begun, once or several times with other seeds."""

import dataclasses
import datetime
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from latently import __version__
from latently.cli.data import check_labels, check_views, open_splits
from latently.cli.opening import about_run, unfitted
from latently.cli.session import Manner, Session, trainer_for
from latently.estimators.saving import model_config
from latently.run import Run, fingerprint


@dataclasses.dataclass(frozen=True)
class Plan:
    """A run that has not begun.

    Attributes:
        estimator: not fitted.
        data: the arguments of `open_dataset`.
        about: what the run's configuration says of it: `model`, `preset`, `recipe`, `use_labels`, `command`,
            and `judge`: whether samples are shown to a judge at its end.
    """

    estimator: Any
    data: Mapping[str, Any]
    about: Mapping[str, Any]

    @classmethod
    def of(cls, run: Run, parameters: Mapping[str, Any]) -> "Plan":
        """The plan that a run followed.

        Args:
            run: its folder.
            parameters: of the estimator, as they were given.

        Raises:
            ValueError: its configuration is damaged.
        """
        config = run.config()
        about = about_run(run, config)
        kept = {name: about.get(name) for name in ("model", "preset", "recipe", "use_labels", "command", "judge")}
        return cls(unfitted({**config, "parameters": parameters}, {}), about["data"], kept)

    def repeated(self, place: int) -> "Plan":
        """The same with other seeds of the model and of the labels shown, so many higher; the rows stay as they are."""
        parameters = self.estimator.get_params(deep=False)
        estimator = type(self.estimator)(**{**parameters, "random_state": parameters["random_state"] + place})
        given = self.data.get("label_seed")
        label_seed = (self.data["seed"] if given is None else given) + place
        return dataclasses.replace(self, estimator=estimator, data={**self.data, "label_seed": label_seed})

    def begin(self, folder: Path, manner: Manner) -> Session:
        """Check everything that is given; then make the run's folder and write its configuration.

        Args:
            folder: missing or empty.
            manner: how to go about it.

        Raises:
            ValueError: the data, an argument or the folder cannot be used. Nothing has been written then.
        """
        Run.check_free(folder)
        splits, estimator = open_splits(self.data), self.estimator
        check_views(estimator, splits.train)
        check_labels(estimator, splits.train, self.about["use_labels"])
        trainer = trainer_for(estimator, splits, self.about["use_labels"], live=manner.live)
        if self.data["labels"] and estimator.classes_ is None:
            warnings.warn(
                f"{type(estimator).__name__} learns without labels here; the {self.data['labels']} of --labels are "
                "used to evaluate it, and for nothing else.",
                stacklevel=2,
            )
        rounds = estimator.total_rounds(trainer)
        title = f"{type(estimator).__name__} on {splits.train.name}"
        about = {
            "version": __version__,
            "title": title,
            **self.about,
            "data": dict(self.data),
            "data_name": splits.train.name,
            "columns": splits.train.description.get("columns"),
            "rows": {"train": len(splits.train), "validation": len(splits.validation), "test": len(splits.test)},
            "fingerprint": fingerprint(splits),
            "rounds": rounds,
            "started": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        }
        run = Run.create(folder)
        run.write_config({**model_config(estimator), "run": about})
        return Session(run, estimator, trainer, splits, rounds, title)
