"""What a verb is asked: a fitted model, new rows for it, labels that it knows; and a sentence where it cannot."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from latently.catalogue import BY_NAME
from latently.cli.errors import UsageError
from latently.cli.outputs import check_free
from latently.data import Dataset
from latently.errors import NotSupportedError
from latently.run import known_labels, open_rows


@dataclass(frozen=True)
class Asked:
    """A command line about a fitted model, read and opened.

    Attributes:
        given: the parsed options.
        model: fitted.
        about: what the run that trained it says of its data and its course; nothing, of a model saved from Python.
        paths: of the files to write.
    """

    given: Any
    model: Any
    about: Mapping[str, Any]
    paths: Sequence[Path] = ()

    @property
    def columns(self) -> Any:
        """The names of the columns of the run's table, if it was one."""
        return self.about.get("columns")

    @property
    def opening(self) -> dict[str, Any]:
        """The options that say how DATA is opened."""
        return {name: getattr(self.given, name) for name in ("part", "labels_column", "skip_bad", "views", "dialect")}

    @cached_property
    def part(self) -> Dataset:
        """The rows that DATA and its options name."""
        return open_rows(self.given.data, self.model, self.about, **self.opening)

    def begin(self) -> None:
        """Say, once all that is asked is in order, that the work begins: a file that it would write over stops it."""
        check_free(self.paths, self.given.force)

    @cached_property
    def known(self) -> np.ndarray | None:
        """The labels of those rows, for a model whose decoder is given one."""
        return known_labels(self.model, self.part)

    def labels(self, text: str) -> np.ndarray:
        """The labels that `--labels` names, separated by commas, or all; as the model knows them."""
        known = self._by_name("--labels")
        if text == "all":
            return np.asarray(self.model.label_values)
        return np.asarray([_known(word.strip(), known, "--labels", ", or all") for word in text.split(",")])

    def label(self, text: str) -> Any:
        """The one label that `--label` names, as the model knows it."""
        return _known(text, self._by_name("--label"), "--label")

    def _by_name(self, flag: str) -> dict[str, Any]:
        if self.model.label_values is None:
            raise UsageError(f"{flag}: this {type(self.model).__name__} knows no labels; leave it out.")
        return {str(value): value for value in self.model.label_values.tolist()}


def require_prediction(model: Any, *, of_classes: bool) -> None:
    """See that a model predicts classes that it was given, or else clusters of its own making."""
    try:
        model.require("predict")
    except NotSupportedError as error:
        if of_classes:
            raise
        others = [name for name in error.others if "n_clusters" in inspect.signature(BY_NAME[name].load()).parameters]
        raise NotSupportedError(error.model, "find clusters", error.why, others) from None
    if (model.classes_ is not None) != of_classes:
        instead = "finds clusters of its own; use `latently cluster`."
        instead = instead if of_classes else "was fitted with classes; use `latently classify`."
        raise UsageError(f"this {type(model).__name__} {instead}")


def _known(word: str, known: Mapping[str, Any], flag: str, more: str = "") -> Any:
    if word not in known:
        raise UsageError(f"{flag} must be among {', '.join(known)}{more}; got {word!r}.")
    return known[word]
