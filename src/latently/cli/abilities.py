"""What the model of a run can be asked from the terminal, and a sentence where it cannot."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from latently.cli.errors import UsageError
from latently.cli.opening import about_model, open_model

Ability = Literal["encode", "classify", "cluster", "restyle", "denoise", "complete"]

_INABILITY = {
    "encode": "draws and does not encode: it has no code for a row of data. Every model but acgan has one.",
    "classify": "tells no classes apart. `latently fit` makes models that do: m2, m1m2, semi-supervised-aae, cvae, "
    "supervised-aae, acgan, and aae with a prior tied to labels, such as --prior star.",
    "cluster": "finds no clusters. `latently fit` makes models that do: clustering-aae, and m2, m1m2 and "
    "semi-supervised-aae with --labels 0.",
    "restyle": "does not give its decoder a label, so there is none to change. `latently fit` makes models that do: "
    "cvae, m2, m1m2, supervised-aae, semi-supervised-aae and clustering-aae.",
    "complete": "models one view of a row, so none is missing. `latently fit acca --views halves`, say, makes a model "
    "of several.",
    "denoise": "was fitted without a corruption, so it has not learned to clean noise. `latently fit` makes a model "
    "that has, of any kind but m1m2 and acgan, with --corruption gaussian:0.5, say.",
}


def open_able(folder: Path, ability: Ability) -> tuple[Any, dict[str, Any]]:
    """The fitted model that a command asks, and what the run that trained it says of its data and its course.

    Args:
        folder: of the run, or of a model that was saved from Python, of which nothing more is said.
        ability: the command.

    Raises:
        UsageError: the model cannot do it.
        ValueError: there is no model, or it is damaged.
    """
    model = open_model(folder)
    check_ability(model, ability)
    return model, about_model(folder)


def check_ability(model: Any, ability: Ability) -> None:
    """See that a model can do what a command is about.

    Args:
        model: a fitted model.
        ability: the command.

    Raises:
        UsageError: it cannot; the sentence names those that can.
    """
    predicts, named = "predict" in model.abilities(), model.classes_ is not None
    if predicts and ability in ("classify", "cluster") and named != (ability == "classify"):
        what, command = ("was fitted with classes", "classify") if named else ("finds clusters of its own", "cluster")
        raise UsageError(f"this {type(model).__name__} {what}; use `latently {command}`.")
    if ability == "restyle" and model.decodes_labels:
        ability = "encode"  # the label is no hindrance
    able = {
        "encode": "encode" in model.abilities(),
        "classify": predicts,
        "cluster": predicts,
        "restyle": "restyle" in model.abilities(),
        "denoise": model.corruption is not None,
        "complete": "complete" in model.abilities(),
    }
    if not able[ability]:
        raise UsageError(f"this {type(model).__name__} {_INABILITY[ability]}")


def chosen_labels(model: Any, text: str) -> np.ndarray:
    """The labels that `--labels` names, as the model knows them.

    Args:
        model: a fitted model.
        text: labels separated by commas, or `all`.

    Raises:
        UsageError: the model knows no labels, or not one of these.
    """
    known = _by_name(model, "--labels")
    if text == "all":
        return np.asarray(model.label_values)
    return np.asarray([_known(word.strip(), known, "--labels", ", or all") for word in text.split(",")])


def chosen_label(model: Any, text: str) -> Any:
    """The one label that `--label` names, as the model knows it.

    Raises:
        UsageError: the model knows no labels, or not this one.
    """
    return _known(text, _by_name(model, "--label"), "--label")


def _by_name(model: Any, flag: str) -> dict[str, Any]:
    if model.label_values is None:
        raise UsageError(f"{flag}: this {type(model).__name__} knows no labels; leave it out.")
    return {str(value): value for value in model.label_values.tolist()}


def _known(word: str, known: Mapping[str, Any], flag: str, more: str = "") -> Any:
    if word not in known:
        raise UsageError(f"{flag} must be among {', '.join(known)}{more}; got {word!r}.")
    return known[word]
