"""What a recipe is, and how it is read and judged."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from latently.catalogue import BY_TERMINAL_NAME
from latently.errors import did_you_mean
from latently.files import number_at
from latently.reading import FileError, path_meant, reason, small_text

_FIELDS = {"about": str, "model": str, "options": dict, "reach": list, "shows": dict}
_NEEDED = ("about", "model", "options")
_OF_TARGET: dict[str, Any] = {"name": str, "key": str, "at_most": int | float, "at_least": int | float, "unit": str}
"""The fields of a recipe, and of a number that it must reach."""
_MOST_BYTES, _MOST_VALUES = 100_000, 10_000
"""Of a file that a person writes."""


@dataclass(frozen=True)
class Target:
    """A number that an experiment must reach.

    Attributes:
        name: what it is, in words.
        key: where it stands in an evaluation, such as `"regions.share"`.
        at_most: the value that it must not exceed, if that is the rule.
        at_least: the value that it must not fall below, if that is.
        unit: of the value.
    """

    name: str
    key: str
    at_most: float | None = None
    at_least: float | None = None
    unit: str = ""

    @property
    def rule(self) -> str:
        """What the number must be, in words."""
        return f"≤ {self.at_most:g}" if self.at_most is not None else f"≥ {self.at_least:g}"

    def judge(self, evaluation: Mapping[str, Any]) -> "Verdict":
        """Whether an evaluation reaches it; a number that is not there does not."""
        value = number_at(evaluation, self.key)
        if value is None:
            return Verdict(self, None, reached=False)
        low = value >= self.at_least if self.at_least is not None else True
        high = value <= self.at_most if self.at_most is not None else True
        return Verdict(self, value, reached=low and high)


@dataclass(frozen=True)
class Verdict:
    """A target, the value that was met (`None`: it was not measured) and whether that is enough."""

    target: Target
    value: float | None
    reached: bool

    def as_json(self) -> dict[str, Any]:
        """The verdict as JSON values."""
        return {"key": self.target.key, "value": self.value, "rule": self.target.rule, "reached": self.reached}


@dataclass(frozen=True)
class Recipe:
    """A complete experiment.

    Attributes:
        name: its name.
        about: what it shows, in a sentence.
        model: the model's name in the terminal.
        options: of `latently fit`, by their names with underscores: preset, data, seed and what differs.
        reach: the numbers that it must reach.
        shows: for a part of the demo, what its page shows of it: `name`, `title` and `about`; `pictures` of the report,
            each a `file`, `title`, `caption` and whether it is `wide`; `numbers` of the evaluation, each `words`, `key`
            and `unit` (what is in % stands there as a share).
    """

    name: str
    about: str
    model: str
    options: Mapping[str, Any]
    reach: tuple[Target, ...]
    shows: Mapping[str, Any] = field(default_factory=dict)

    @property
    def needs_judge(self) -> bool:
        """Whether one of the numbers is a judge's: about samples, or about its agreement with completed views."""
        return any(target.key.startswith("samples.") or "judge" in target.key for target in self.reach)

    def judge(self, evaluation: Mapping[str, Any]) -> list[Verdict]:
        """Whether an evaluation reaches each number."""
        return [target.judge(evaluation) for target in self.reach]


def recipe_names() -> list[str]:
    """The recipes that come with the package, in order."""
    return sorted(file.name.removesuffix(".yaml") for file in _folder().iterdir() if file.name.endswith(".yaml"))


def load_recipe(name: str) -> Recipe:
    """A recipe by its name, or from a YAML file.

    Args:
        name: one of `recipe_names()`, or a path that ends in `.yaml` or `.yml`.

    Raises:
        ValueError: there is no such recipe, or the file is none.
    """
    if name.endswith((".yaml", ".yml")):
        path = Path(name)
        if not path.is_file():
            known = ", ".join(recipe_names())
            raise ValueError(f"there is no file {name}; give a recipe's name ({known}) or a file.{path_meant(path)}")
        return _read(path.stem, read_yaml(path, str(path)), str(path))
    if name not in recipe_names():
        meant, known = did_you_mean(name, recipe_names()), ", ".join(recipe_names())
        raise ValueError(f"there is no recipe {name!r}; the recipes are {known}, or a YAML file.{meant}")
    text = (_folder() / f"{name}.yaml").read_text(encoding="utf-8")
    return _read(name, yaml.safe_load(text), f"recipe {name}")


def read_yaml(path: Path, source: str) -> Any:
    """What a YAML file of a person's holds.

    Args:
        path: of the file, in UTF-8.
        source: what to call it.

    Raises:
        FileError: it is no YAML; or it is longer than anything that a person writes, with what its anchors repeat.
    """
    text = small_text(path, "YAML file", most=_MOST_BYTES)
    try:
        values = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = "" if error.problem_mark is None else f" in line {error.problem_mark.line + 1}"
        raise FileError(f"{source} is no YAML{line}: {error.problem or error.context}.") from None
    except Exception as error:  # noqa: BLE001  # a date of month 13, a number of a million digits, a list in itself
        raise FileError(f"{source} is no YAML ({reason(error)}).") from None
    seen, waiting = 0, [values]
    while waiting:  # an anchor that repeats another, ten times over, is a gigabyte by the tenth
        each = waiting.pop()
        seen += 1
        if seen > _MOST_VALUES:
            raise FileError(f"{source} holds more than {_MOST_VALUES:,} values, with what its anchors repeat.")
        waiting += each if isinstance(each, list) else [*each, *each.values()] if isinstance(each, dict) else ()
    return values


def _folder() -> Any:
    return resources.files("latently.recipes")


def _read(name: str, values: Any, source: str) -> Recipe:
    _check_fields(values, source)
    reach = tuple(Target(**target) for target in values.get("reach", ()))
    options = {str(key).replace("-", "_"): value for key, value in values["options"].items()}
    recipe = Recipe(name, values["about"], values["model"], options, reach, values.get("shows", {}))
    if recipe.model not in BY_TERMINAL_NAME:
        meant, known = did_you_mean(str(recipe.model), BY_TERMINAL_NAME.keys()), ", ".join(BY_TERMINAL_NAME)
        raise ValueError(f"{source}: model must be one of {known}; got {recipe.model!r}.{meant}")
    for target in reach:
        if (target.at_most is None) == (target.at_least is None):
            raise ValueError(f"{source}: {target.name!r} must have one of at_most and at_least.")
    return recipe


def _check_fields(values: Any, source: str) -> None:
    """See that a recipe has the fields that it needs, each of its type."""
    must = f"{source} must hold about, model, options, and reach: a list of name, key, at_most or at_least"
    if not isinstance(values, dict):
        raise ValueError(f"{must}; it holds none of them by name.")
    for name, kind in _FIELDS.items():
        if not isinstance(values.get(name, None if name in _NEEDED else kind()), kind):
            raise ValueError(f"{must}; {name} is {'missing' if name not in values else 'of another kind'}.")
    for target in values.get("reach", ()):
        known = isinstance(target, dict) and {"name", "key"} <= target.keys() <= _OF_TARGET.keys()
        if not known or not all(isinstance(value, _OF_TARGET[name]) for name, value in target.items()):
            raise ValueError(f"{must}; this is none: {str(target)[:80]}.")
