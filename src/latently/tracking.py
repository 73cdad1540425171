"""Trackers: observers that hand what is told of a fit to TensorBoard, MLflow, or Weights & Biases.

Each needs its package, which `pip install 'latently[track]'` installs; it is imported when a tracker is made.
"""

import abc
import hashlib
import os
import re
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias

from latently.errors import needed, warn

if TYPE_CHECKING:
    from latently.training import Progress

Status: TypeAlias = Literal["FINISHED", "FAILED", "KILLED"]
"""How a run ended."""

_EXTRA = "track"
_NONE: Mapping[str, Any] = MappingProxyType({})
_UNNAMEABLE = re.compile(r"[^\w/.\- :]")
"""What MLflow takes in no name."""


class Tracker(abc.ABC):
    """An observer that tracks a fit: its parameters, the terms of each chunk of rounds, and numbers at its end.

    A tracker that fails while a model is trained, since its server is gone, say, is left out from then on, with a
    warning: it costs no training. As a context manager it is closed at the end, as failed where there was an error.

    Args:
        folder: of the run; its name is what the tracker calls it. What is tracked of the same folder again goes on.
        parameters: of the model, as `model.get_params()` gives them, and whatever else is worth keeping.

    Raises:
        MissingPackageError: the tracker's package is not installed.
        ValueError: the tracker cannot be used: it is not logged in, or its server does not answer.
    """

    package: str
    """The module of the tracker's package."""
    interrupted = False
    """Set it where a fit did not come to its end, so that the run is not said to be finished."""

    def __init__(self, folder: str | Path, parameters: Mapping[str, Any] = _NONE) -> None:
        self._failed = False
        self.folder = Path(folder)
        self.parameters = {name: _plain(value) for name, value in parameters.items()}
        package = self.require()
        try:
            self.begin(package)
        except Exception as error:
            raise ValueError(f"{type(self).__name__} cannot be told of this run ({_reason(error)}).") from error

    @classmethod
    def require(cls) -> Any:
        """The tracker's package; `MissingPackageError` where it is not installed."""
        return needed(cls.package, _EXTRA, cls.__name__)

    @abc.abstractmethod
    def begin(self, package: Any) -> None:
        """Tell the tracker of the run and its parameters."""

    @abc.abstractmethod
    def log(self, numbers: Mapping[str, float], round_: int) -> None:
        """Hand on what is known after a round."""

    @abc.abstractmethod
    def conclude(self, numbers: Mapping[str, float]) -> None:
        """Hand on what is known at the end."""

    @abc.abstractmethod
    def end(self, status: Status) -> None:
        """Tell the tracker that there will be no more, and why."""

    def __call__(self, trainer: Any, progress: "Progress", /) -> None:
        """Hand on what is told of a chunk of rounds: its terms, those of held-out rows, the epoch, the throughput."""
        del trainer
        numbers = progress.terms | {f"held-out/{name}": value for name, value in (progress.held_out or {}).items()}
        numbers |= {"epoch": progress.epoch, "samples_per_second": progress.samples_per_second}
        self._try(lambda: self.log(numbers, progress.round))

    def finish(self, evaluation: Mapping[str, Any]) -> None:
        """Hand on the numbers of an evaluation, such as a run's `evaluation.json`: each under its path in it."""
        numbers = {f"evaluation/{name}": value for name, value in _numbers(evaluation)}
        self._try(lambda: self.conclude(numbers))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: Any, *_: object) -> None:
        status: Status = "FAILED" if kind is not None else "KILLED" if self.interrupted else "FINISHED"
        self._try(lambda: self.end(status))

    def _try(self, tell: Any) -> None:
        if self._failed:
            return
        try:
            tell()
        except Exception as error:  # noqa: BLE001  # whatever a server or a disk does, the training goes on
            self._failed = True
            warn(f"{type(self).__name__} is told no more of this run ({_reason(error)}).")


class TensorBoard(Tracker):
    """Writes event files into `tensorboard` in the run's folder: `tensorboard --logdir runs` shows all runs.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> import numpy as np
        >>> from latently import VAE
        >>> folder, model = Path(tempfile.mkdtemp()), VAE(latent_dim=2, hidden=(8,), epochs=2, random_state=0)
        >>> with TensorBoard(folder, model.get_params()) as tracker:
        ...     model = model.fit(np.eye(20), observers=[tracker])
        >>> [path.name.split(".")[0] for path in (folder / "tensorboard").iterdir()]
        ['events']
    """

    package = "tensorboardX"

    def begin(self, package: Any) -> None:
        self._package = package
        folder = self.folder / "tensorboard"
        # tensorboardX names a file by the second and overwrites one of that name. The number keeps the order, in which
        # TensorBoard reads files of one second; the random part keeps processes apart.
        suffix = f".{len(list(folder.glob('events*'))):06d}.{uuid.uuid4().hex}"
        self._writer = package.SummaryWriter(str(folder), filename_suffix=suffix)
        lines = "\n".join(f"| {name} | {value} |" for name, value in self.parameters.items())
        self._writer.add_text("parameters", f"| parameter | value |\n| --- | --- |\n{lines}")

    def log(self, numbers: Mapping[str, float], round_: int) -> None:
        for name, value in numbers.items():
            self._writer.add_scalar(name, value, round_)

    def conclude(self, numbers: Mapping[str, float]) -> None:
        for name, value in numbers.items():
            self._writer.add_scalar(name, value)
        known = {name: v if isinstance(v, str | int | float) else str(v) for name, v in self.parameters.items()}
        for summary in self._package.summary.hparams(known, dict(numbers)):
            self._writer.file_writer.add_summary(summary)

    def end(self, status: Status) -> None:  # noqa: ARG002
        self._writer.close()


class MLflow(Tracker):
    """Keeps a run of the experiment `latently` (or `$MLFLOW_EXPERIMENT_NAME`) where `$MLFLOW_TRACKING_URI` says.

    Without that, MLflow keeps it in `mlflow.db` in the current folder.
    """

    package = "mlflow"

    def begin(self, package: Any) -> None:
        self._entities = needed("mlflow.entities", _EXTRA, "MLflow")
        self._client = package.MlflowClient()
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME", "latently")
        found = self._client.get_experiment_by_name(name)
        experiment = self._client.create_experiment(name) if found is None else found.experiment_id
        tags = {"latently.run": _digest(self.folder)}
        if earlier := self._client.search_runs([experiment], f"tags.`latently.run` = '{tags['latently.run']}'"):
            self._id = earlier[0].info.run_id
            self._client.update_run(self._id, status="RUNNING")
            return
        self._id = self._client.create_run(experiment, run_name=self.folder.name, tags=tags).info.run_id
        params = [self._entities.Param(key, str(value)) for key, value in self.parameters.items()]
        self._client.log_batch(self._id, params=params)

    def log(self, numbers: Mapping[str, float], round_: int) -> None:
        now = int(1000 * time.time())
        known = {_UNNAMEABLE.sub("_", name): value for name, value in numbers.items()}
        metrics = [self._entities.Metric(name, value, now, round_) for name, value in known.items()]
        self._client.log_batch(self._id, metrics=metrics)

    def conclude(self, numbers: Mapping[str, float]) -> None:
        self.log(numbers, 0)

    def end(self, status: Status) -> None:
        self._client.set_terminated(self._id, status)


class WandB(Tracker):
    """Keeps a run of the project `latently` (or `$WANDB_PROJECT`) at Weights & Biases.

    With `WANDB_MODE=offline` it stays in the run's folder, until `wandb sync` sends it.
    """

    package = "wandb"

    def begin(self, package: Any) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._run = package.init(
            project=os.environ.get("WANDB_PROJECT", "latently"),
            name=self.folder.name,
            id=_digest(self.folder),
            dir=str(self.folder),
            config=self.parameters,
            resume="allow",
            reinit="create_new",
        )

    def log(self, numbers: Mapping[str, float], round_: int) -> None:
        self._run.log(dict(numbers), step=round_)

    def conclude(self, numbers: Mapping[str, float]) -> None:
        self._run.summary.update(dict(numbers))

    def end(self, status: Status) -> None:
        self._run.finish(exit_code=int(status != "FINISHED"))


TRACKERS: Mapping[str, type[Tracker]] = {"tensorboard": TensorBoard, "mlflow": MLflow, "wandb": WandB}
"""What a tracker is called in the terminal → the tracker."""


def _plain(value: Any) -> Any:
    """A parameter as all trackers can keep it: a list as it would be typed, what is neither word nor number as text."""
    if isinstance(value, tuple | list):
        return ",".join(map(str, value))
    return value if isinstance(value, str | int | float) else str(value)


def _numbers(values: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, float]]:
    """Every number in nested mappings with the names that lead to it, but the seeds."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _numbers(value, f"{path}{name}/")
        elif isinstance(value, int | float) and not isinstance(value, bool) and name != "seed":
            yield f"{path}{name}", float(value)


def _digest(folder: Path) -> str:
    """What a folder is known by to a server."""
    return hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}".rstrip(".")
