"""What commands can be told: the options that several share, and all of `latently fit MODEL`, from all sources."""

import argparse
import dataclasses
import inspect
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Union, get_args

import yaml
from docstring_parser import parse as parse_docstring

from latently.catalogue import BY_TERMINAL_NAME, MODELS
from latently.cli.errors import UsageError, sentence
from latently.cli.parsing import Kind, Option, Parser, members, origin
from latently.errors import MOST_SEED, ArgumentError, did_you_mean
from latently.recipes import read_yaml

RUN = Option("run", Path, metavar="RUN", about="the run's folder", positional=True)
RUN_OR_MODEL = dataclasses.replace(RUN, about="a run's folder, a model's, or hf://USER/NAME")
TELLING_OPTIONS = (
    Option("quiet", None, False, "print the closing lines only"),
    Option("json", None, False, "print one JSON object a line instead, for every chunk of rounds and at the end"),
)
PLAYING_OPTIONS = (
    Option("no_report", None, False, "make no figures, no report.html and no explorer.html"),
    Option("checkpoint_every", float, 30.0, "how much work a crash may cost", "SECONDS", least=0),
    Option(
        "track",
        Literal["tensorboard", "mlflow", "wandb"],
        nargs="append",
        about="tell a tracker of parameters, terms and evaluation; may be given several times",
    ),
    *TELLING_OPTIONS,
)  # fmt: skip
DISTRIBUTED = Option(
    "distributed", None, False,
    "share the run with the other processes that SLURM, Open MPI, Kubernetes or a cloud TPU started with this command; "
    "not needed where $JAX_COORDINATOR_ADDRESS, $JAX_NUM_PROCESSES and $JAX_PROCESS_ID name them",
)  # fmt: skip
DIALECT = Option(
    "dialect", str, metavar="NAME=SIGN,NAME=SIGN",
    about="how a table is written, where that is not to be guessed: of text delimiter, decimal, thousands, comment and "
    "encoding, as in delimiter=semicolon,decimal=comma; of Excel the sheet; of both the words for missing cells, as in "
    "missing=NA+?",
)  # fmt: skip
LABELS_COLUMN = Option(
    "labels_column", str, nargs="append", metavar="NAME",
    about="the column of a table, or the array of a file of arrays, that holds the labels; of a table several times: "
    "each is a condition (of cvae, supervised-aae and acgan)",
)  # fmt: skip
DATA_OPTIONS = (
    Option("data", str, about="a data set's name (`latently datasets`), a folder of images, or a file",
           metavar="SOURCE"),
    Option("labels", int, about="show the model N labels, evenly over the classes; 0 for none (default: all)"),
    LABELS_COLUMN,
    Option("array", str, about="the array of a file of arrays that holds the rows, where its name does not tell",
           metavar="NAME"),
    Option("unlabelled", int | str | None, "auto", metavar="LABEL",
           about="the label of rows without one: auto is -1; none: all labels count, but empty ones"),
    Option("columns", Sequence[str], about="the columns of a table to learn from (default: all)", metavar="NAME,NAME"),
    Option("leave_out", Sequence[str], about="columns of a table that are not to be learned", metavar="NAME,NAME"),
    Option("kinds", str, metavar="NAME=KIND,NAME=KIND",
           about="what columns of a table are, where that is not to be guessed: number, robust, heavy (a logarithm), "
           "count, poisson, binary, category, date (day-first or month-first where both would do); degrees, radians, "
           "hour, weekday or month, which come round; one of labels with a kind is a condition"),
    DIALECT,
    Option("gray", bool, about="read images in gray, or not (default: in colour where one of them is)"),
    Option("white_level", float, metavar="X",
           about="the number that is white (default: of bytes 255, of numbers from 0 to 1 that 1, of image files of "
           "more than 8 bits the first of 255, 511, 1023 ... that none exceeds; other numbers are no pixels)"),
    Option("image_size", int | tuple[int, int] | Literal["auto"], "auto", metavar="N|H,W",
           about="size of a folder's images (default: the most common; for photos larger than 128 x 128 one in the "
           "same proportions whose longer side is 128; images of 48 x 48 or more have the network conv unless one is "
           "named)"),
    Option("image_fit", Literal["fill", "fit", "crop"],
           about="how images of another size are brought to that one: fill covers it and crops what stands out, fit "
           "keeps the whole image between black borders, crop takes the centre as it is (default: fill)"),
    Option("background", str, metavar="COLOUR",
           about="the colour behind images that are transparent in places, such as black or #ff8000 (default: white)"),
    Option("frame", int, about="which image of a file of several, such as a moving GIF (default: 0, the first)",
           metavar="N", least=0),
    Option("nested", None, default=False,
           about="take images below the folders of classes, too, each in the class that it lies below"),
    Option("skip_bad", None, default=False, about="leave out images that cannot be read, instead of stopping"),
    Option("parts", str, metavar="train=NAME,test=NAME",
           about="which folders, or splits of a Hugging Face data set, are the rows to train, validate and test, where "
           "their names do not tell; none: all folders are classes, all splits one"),
    Option("labels_file", str, metavar="FILE",
           about="the labels of a .npy or idx file, in another; of a folder of images, a table of filename and label; "
           "none: not those beside the rows"),
    Option("row_axis", Literal["first", "last"],
           about="the axis of a file's arrays that counts the rows (default: the first, unless labels tell otherwise)"),
    Option("views", str, metavar="SPEC",
           about="the views of a row, for a model of several: halves, top-bottom or noisy of images, or "
           "NAME=WHAT,NAME=WHAT: arrays of a .npz file, columns of a table (names or patterns joined by +), "
           "subfolders of a folder"),
    Option("validation", float | str, metavar="SHARE|PATH",
           about="rows kept for validation, or a file or folder of them (default: 0.1; 0 where the data has parts)"),
    Option("test", float | str, metavar="SHARE|PATH",
           about="rows kept for the test, where there is no test set, or a file or folder of them (default: 0.2)"),
    Option("split_seed", int, 0, "seed of the split and of the labels shown", least=0, most=MOST_SEED),
    Option("label_seed", int, about="seed of the labels shown, where it is not that of the split", least=0,
           most=MOST_SEED),
)  # fmt: skip
OPENING_OPTIONS = (
    Option("part", Literal["all", "train", "validation", "test"], "all",
           "all rows, or those of the run's own split (default: all)"),
    LABELS_COLUMN,
    Option("views", metavar="SPEC",
           about="what of the data is which view, for a model of several, as for `latently fit`; views that the data "
           "lacks may be left out (default: as the run says)"),
    DIALECT,
    Option("skip_bad", None, False, "leave out images that cannot be read"),
)  # fmt: skip
"""How the rows are opened that a fitted model is asked about."""
_OUTPUT_OPTIONS = (
    Option("out", str, metavar="FOLDER",
           about="the run's folder, new or empty (default: runs/MODEL-DATA-1 or runs/PRESET-DATA-1, with the next free "
           "number)"),
    Option("repeats", int, 1, least=1, most=10_000,
           about="make N runs, in the folders repeat-1, repeat-2 ... of --out, each with a --random-state and a "
           "--label-seed higher by 1; repeats.json gives the mean and the spread of their numbers"),
    Option("sampler", Literal["gaussian-mixture"],
           about="what draws new data in the place of the prior: a mixture of Gaussians, fitted to the codes of the "
           "training rows when the model is trained, class by class where they have labels"),
    DISTRIBUTED,
    *PLAYING_OPTIONS,
)  # fmt: skip

_TRAINING = frozenset(
    {"epochs", "first_epochs", "batch_size", "learning_rate", "critic_learning_rate", "generator_learning_rate"}
    | {"learning_rate_decay", "momentum", "devices", "random_state", "early_stopping", "patience", "optimizer"}
    | {"schedule", "gradient_clipping", "weight_decay", "averaging", "precision"}
)
"""Arguments that are about training and not about the model."""

_HIDDEN = frozenset({"verbose", "validation_fraction", "warm_start"})
_GENERAL = ("preset", "config", "print_config")
_PLAIN = (int, float, str, bool, type(None))


class FitParser(Parser):
    """The parser of a command that trains a model, such as `latently fit MODEL`.

    Args:
        model: its name in the terminal.
        command: the word before it.
        output: options of what is made, and of how it is told.
        examples: command lines; those of the model in the catalogue unless given.
    """

    def __init__(
        self,
        model: str,
        command: str = "fit",
        output: Sequence[Option] = _OUTPUT_OPTIONS,
        examples: Sequence[str] | None = None,
    ) -> None:
        estimator, self.presets = BY_TERMINAL_NAME[model].load(), presets_of(model)
        self.said: set[str] = set()  # what words, files and a recipe gave, the preset apart
        self.hyperparameters = options_of(estimator)
        shared = {option.name for option in DATA_OPTIONS}
        of_model = [option for option in self.hyperparameters if option.name not in shared]
        about = f"start from {' or '.join(self.presets) or 'a preset'} (`latently presets`); options given change it"
        general = (
            Option("preset", str, about=about),
            Option("config", str, metavar="FILE", about="a YAML file of these options", nargs="append"),
            Option("print_config", None, False, "print the options as such a file and do nothing else"),
        )
        super().__init__(
            f"{command} {model}",
            description_of(estimator),
            "--data SOURCE [options]",
            examples or [f"latently fit {model} {example}" for example in BY_TERMINAL_NAME[model].examples],
            general,
            {
                "Data": DATA_OPTIONS,
                "Output" if command == "fit" else command.capitalize(): output,
                "Model": [option for option in of_model if option.name not in _TRAINING],
                "Training": [option for option in of_model if option.name in _TRAINING],
            },
        )
        self._optionals.title = "General"

    def parse_over(self, words: Sequence[str], recipe: Mapping[str, Any], source: str = "") -> argparse.Namespace:
        """What was asked for: words go before files, these before a recipe, a preset and, at last, the defaults.

        Args:
            words: that were typed.
            recipe: its options.
            source: what to call the recipe.
        """
        given = self.given(words)
        files = [self._read_file(Path(name)) for name in given.get("config", [])]
        layers = [self._read_all(recipe, source), *files, given]
        self.said = {name for layer in layers for name in layer}
        preset = next((layer["preset"] for layer in reversed(layers) if "preset" in layer), None)
        if preset is not None and preset not in self.presets:
            own, owner = ", ".join(self.presets) or "(none yet)", find_preset(preset)
            meant = f" That is a preset of {owner}." if owner else did_you_mean(preset, self.presets.keys())
            raise UsageError(f"--preset must be one of {own}; got {preset!r}.{meant}")
        values = {name: option.default for name, option in self.options.items()}
        if recipe:  # which says how long the training is
            values["early_stopping"] = False
        for layer in ({} if preset is None else self._read_all(self.presets[preset]), *layers):
            values |= layer
        return argparse.Namespace(**values)

    def constructor_arguments(self, given: argparse.Namespace) -> dict[str, Any]:
        """The estimator's arguments among what was parsed."""
        return {option.name: getattr(given, option.name) for option in self.hyperparameters}

    def as_file(self, given: argparse.Namespace) -> str:
        """What was parsed, as YAML that `--config` reads."""
        kept = {name: value for name, value in vars(given).items() if name not in ("config", "print_config")}
        plain = {name: list(value) if isinstance(value, tuple) else value for name, value in kept.items()}
        return str(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True))

    def _read_file(self, path: Path) -> dict[str, Any]:
        values = read_yaml(path, f"--config {path}")
        if not isinstance(values, dict):
            raise UsageError(f"--config {path} must hold options and their values, one a line.")
        return self._read_all(values, f"--config {path}")

    def _read_all(self, values: Mapping[str, Any], source: str = "") -> dict[str, Any]:
        """Options that a file holds, or a recipe or a preset; what is wrong with one is said with where it stands."""
        try:
            return self._read(values)
        except (UsageError, ArgumentError) as error:
            raise UsageError(f"{source}: {sentence(error)}" if source else sentence(error)) from None

    def _read(self, values: Mapping[str, Any]) -> dict[str, Any]:
        named = {str(name).replace("-", "_"): value for name, value in values.items()}
        for name in named:
            if name in _GENERAL[1:]:
                raise UsageError(f"--{name.replace('_', '-')} is for the command line; take it out of the file.")
            if name not in self.options:
                raise self.unknown("--" + name.replace("_", "-"))
        return {name: self.options[name].read(value) for name, value in named.items()}


def options_of(estimator: Any) -> list[Option]:
    """The estimator's constructor arguments, from its signature, its annotations and the docstrings of its classes."""
    bases = reversed([base for base in inspect.getmro(estimator) if dataclasses.is_dataclass(base)])
    entries = [entry for base in bases for entry in parse_docstring(base.__doc__ or "").params]
    about = {entry.arg_name: entry.description or "" for entry in entries}
    kinds = typing.get_type_hints(estimator)
    options = []
    for name, parameter in inspect.signature(estimator).parameters.items():
        if name in _HIDDEN:
            continue
        told, kind, default = about.get(name, ""), _typeable(kinds[name]), parameter.default
        if name == "prior":
            kind = _narrowed(kind, told)
        if name == "early_stopping":  # a run keeps rows for validation, and so knows when to stop
            default = True
        if name == "random_state":  # a run from the terminal can always be resumed and repeated
            kind, default = int, 0
        options.append(Option(name, kind, default, " ".join(told.replace("`", "").split())))
    return options


def description_of(estimator: Any) -> str:
    """The first paragraphs of the estimator's docstring."""
    parsed = parse_docstring(estimator.__doc__ or "")
    paragraphs = [parsed.short_description or "", *(parsed.long_description or "").split("\n\n")]
    return "\n\n".join(" ".join(each.replace("`", "").split()) for each in paragraphs if each)


def presets_of(model: str) -> dict[str, dict[str, Any]]:
    """The presets of a model, by its name in the terminal: name → hyperparameters."""
    return {name: dict(values) for name, values in BY_TERMINAL_NAME[model].load().presets.items()}


def find_preset(name: str) -> str | None:
    """The terminal's name of the model that a preset is of; `None` where there is no such preset."""
    return next((model.terminal for model in MODELS if name in presets_of(model.terminal)), None)


def _narrowed(kind: Kind, told: str) -> Kind:
    """Those of a few words that a model's docstring names: not every model can have every prior."""
    named = tuple(word for word in get_args(kind) if f"`{word}`" in told)
    return Literal[named] if named else kind


def _typeable(kind: Kind) -> Kind:
    """The annotation without the classes that cannot be typed: priors, random states."""
    kept = [member for member in members(kind) if origin(member) in (Literal, Sequence) or member in _PLAIN]
    return Union[tuple(kept)]  # noqa: UP007  # the members are only known now
