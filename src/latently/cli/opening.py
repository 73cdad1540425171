"""Runs and models, opened with a sentence where that cannot be done."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from latently.cli.models import MODELS
from latently.estimators import loading
from latently.run import Run

_NEEDED = ("data", "fingerprint", "model", "rounds", "title", "use_labels")


def about_run(run: Run, config: Mapping[str, Any]) -> dict[str, Any]:
    """What a run's configuration says of its data and its course.

    Raises:
        ValueError: it says nothing of it, or not all.
    """
    path = run.folder / "config.json"
    about = config.get("run")
    if about is None and "estimator" in config:
        raise ValueError(
            f"{run.folder} holds a model that was saved from Python, and not the run that trained it; "
            "what needs the run's data or checkpoint cannot be done with it."
        )
    missing = _NEEDED if not isinstance(about, dict) else [name for name in _NEEDED if name not in about]
    if missing or not isinstance(config.get("parameters"), dict) or not isinstance(about, dict):
        raise ValueError(f"{path} is damaged: it has no {(*missing, 'parameters')[0]!r}.")
    return about


def unfitted(config: Mapping[str, Any], changes: Mapping[str, Any]) -> Any:
    """The estimator that a run's configuration describes, before it was fitted, with some arguments changed.

    Raises:
        ValueError: the configuration is damaged, or of another version.
    """
    name = config["run"]["model"]
    if name not in MODELS:
        raise ValueError(f"the run's model is {name!r}; this version knows {', '.join(MODELS)}. Update Latently.")
    try:
        return loading.unfitted({**config, "estimator": MODELS[name][0]}, **changes)
    except (TypeError, KeyError) as error:
        raise ValueError(f"the run's parameters do not fit this version of {name}: {error}.") from None


def about_model(folder: Path) -> dict[str, Any]:
    """What the run that trained a model says of its data and its course; nothing, of a model saved from Python."""
    about: dict[str, Any] = Run.open(folder).config().get("run", {})
    return about


def open_model(folder: Path) -> Any:
    """The fitted model of a run, or of a folder that `model.save` made.

    Raises:
        ValueError: there is none, or it is damaged.
    """
    run = Run.open(folder)
    if not run.has_model:
        about = about_run(run, run.config())
        raise ValueError(
            f"{folder} has no model yet: its run stopped after round {run.position():,} of {about['rounds']:,}; "
            f"go on with `latently resume {folder}`."
        )
    return loading.load(folder)
