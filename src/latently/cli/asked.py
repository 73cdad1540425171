"""What a verb is asked: a fitted model, new rows for it, labels that it knows; and a sentence where it cannot."""

import inspect
import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from latently.catalogue import BY_NAME
from latently.cli.errors import UsageError
from latently.cli.outputs import check_free
from latently.cli.parsing import in_words
from latently.data import Dataset, Table
from latently.data.columns import Column
from latently.errors import NotSupportedError, did_you_mean
from latently.run import dialect_for, known_labels, labels_of, located, open_rows


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

    @property
    def dialect(self) -> str | None:
        """How DATA, if it is a table, is written: as `--dialect` says, else as the run's own table."""
        return dialect_for(located(self.given.data), self.about, self.given.dialect)

    @cached_property
    def part(self) -> Dataset:
        """The rows that DATA and its options name."""
        return open_rows(self.given.data, self.model, self.about, **self.opening)

    @cached_property
    def source(self) -> Path:
        """The file or folder that the rows are of: DATA, or what holds the run's validation or test rows."""
        own, place = self.about.get("data", {}), located(self.given.data)
        told = own.get(self.given.part) if own.get("source") == place else None
        return Path(told if isinstance(told, str) else place)

    def begin(self) -> None:
        """Say, once all that is asked is in order, that the work begins: a file that it would write over stops it."""
        check_free(self.paths, self.given.force)

    @cached_property
    def known(self) -> np.ndarray | Table | None:
        """The labels of those rows, for a model whose decoder is given one."""
        return known_labels(self.model, self.part)

    @property
    def of_rows(self) -> dict[str, np.ndarray | None]:
        """What the rows come with: their labels, or the cells of each condition."""
        if self.part.conditions is None:
            return {"label": labels_of(self.part)}
        cells = self.part.conditions.to_pandas()
        return {name: cells[name].to_numpy() for name in cells.columns}

    def labels(self, text: str) -> "Wanted":
        """The labels that `--labels` names, separated by commas, or all; as the model knows them."""
        if self.model.conditions_ is not None:
            return Wanted.of_conditions(text, self.model.conditions_.columns, "--labels")
        sampler, values = getattr(self.model, "sampler_", None), self.model.label_values
        values = sampler.classes if values is None and sampler is not None else values
        known = self._by_name("--labels", values)
        if text == "all":
            return Wanted.of_classes(values)
        return Wanted.of_classes([_known(word.strip(), known, "--labels", ", or all") for word in text.split(",")])

    def label(self, text: str) -> Any:
        """The one label that `--label` names, as the model knows it."""
        if self.model.conditions_ is None:
            return _known(text, self._by_name("--label", self.model.label_values), "--label")
        wanted = Wanted.of_conditions(text, self.model.conditions_.columns, "--label")
        if len(wanted.labels) > 1:
            raise UsageError(f"--label takes one value for each condition; got {text!r}.")
        return wanted.labels[0]

    def _by_name(self, flag: str, values: Any) -> dict[str, Any]:
        if values is None:
            raise UsageError(f"{flag}: this {type(self.model).__name__} knows no labels; leave it out.")
        return {str(value): value for value in values.tolist()}


class Wanted(NamedTuple):
    """Labels that are asked for.

    Attributes:
        labels: each as a model takes it: a class, or a dict of conditions.
        columns: the same by column: `label`, or the name of each condition that is named → a value each.
    """

    labels: Any
    columns: dict[str, np.ndarray]

    @property
    def names(self) -> list[str]:
        """Each in words."""
        if list(self.columns) == ["label"]:
            return [str(label) for label in self.labels.tolist()]
        return [", ".join(f"{name}={in_words(value)}" for name, value in each.items()) for each in self.labels]

    def each(self, n: int) -> "Wanted":
        """Each n times."""
        columns = {name: np.repeat(values, n) for name, values in self.columns.items()}
        if isinstance(self.labels, np.ndarray):
            return Wanted(np.repeat(self.labels, n), columns)
        return Wanted([label for label in self.labels for _ in range(n)], columns)

    @classmethod
    def of_classes(cls, classes: Any) -> "Wanted":
        """Classes, or clusters."""
        return cls(np.asarray(classes), {"label": np.asarray(classes)})

    @classmethod
    def of_conditions(cls, text: str, columns: Sequence[Column], flag: str) -> "Wanted":
        """Conditions as they are typed: `age=40,sex=f`, `age=20,40,60`; the values of all, in order; those of one.

        Example:
            >>> columns = Table.of({"age": [30.5, 70.0], "sex": ["f", "m"]}).columns
            >>> Wanted.of_conditions("sex=f,age=40,50", columns, "--labels").names
            ['sex=f, age=40', 'sex=f, age=50']
        """
        names = [column.name for column in columns]
        begins = "|".join(map(re.escape, names))
        parts = re.split(rf",(?=\s*(?:{begins})\s*=)", text)
        given = {name.strip(): value for name, sign, value in (part.partition("=") for part in parts) if sign}
        if not given and len(names) == 1:
            given = {names[0]: text}
        if not given and len(values := text.split(",")) == len(names):
            given = dict(zip(names, values, strict=True))
        if not given or text == "all":
            raise UsageError(
                f"{flag} must name conditions, of {', '.join(names)}: {flag} {names[0]}=VALUE; got {text!r}."
            )
        of_name = {column.name: column for column in columns}
        choices = [_values(of_name.get(name), value, flag) for name, value in given.items()]
        labels = [dict(zip(given, each, strict=True)) for each in itertools.product(*choices)]
        return cls(labels, {name: np.asarray([label[name] for label in labels]) for name in given})


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


def _values(column: Column | None, text: str, flag: str) -> list[Any]:
    """The values of a condition that are typed, separated by commas; a word may have commas itself."""
    words = [] if column is None else [str(word) for word in column.words]
    values = [text.strip()] if text.strip() in words else [each.strip() for each in text.split(",")]
    if column is None or words or column.kind == "date":
        return values
    try:
        return [float(value) for value in values]
    except ValueError:
        raise UsageError(f"{flag} must give a number for {column.name}; got {text!r}.") from None


def _known(word: str, known: Mapping[str, Any], flag: str, more: str = "") -> Any:
    if word not in known:
        raise UsageError(
            f"{flag} must be among {', '.join(known)}{more}; got {word!r}.{did_you_mean(word, list(known))}"
        )
    return known[word]
