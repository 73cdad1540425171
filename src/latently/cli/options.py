"""What `latently fit MODEL` can be told, from the estimator's own signature: on the command line and in YAML files."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from jsonargparse import ActionYesNo, ArgumentParser

from latently.cli.errors import UsageError
from latently.cli.models import TRAINING, description_of, find_estimator, kind_in_words, options_of
from latently.cli.parsing import HelpFormatter, dashed, epilog, reworded

DATA_OPTIONS: tuple[tuple[str, Any, Any, str, str], ...] = (
    ("--data", str | None, None, "SOURCE", "a data set's name (`latently datasets`), a folder of images, or a file"),
    ("--labels", int | None, None, "N", "show the model N labels, evenly over the classes; 0 for none (default: all)"),
    ("--labels-column", str | None, None, "NAME", "the column of a table that holds the labels"),
    (
        "--image-size",
        int | tuple[int, int] | None,
        None,
        "N|H,W",
        "size of a folder's images (default: the most common)",
    ),
    ("--skip-bad", None, False, "", "leave out images that cannot be read, instead of stopping"),
    (
        "--views",
        str | None,
        None,
        "SPEC",
        "the views of a row, for a model of several: halves, top-bottom or noisy of images, or NAME=WHAT,NAME=WHAT: "
        "arrays of a .npz file, columns of a table (names or patterns joined by +), subfolders of a folder",
    ),
    (
        "--validation",
        float | None,
        None,
        "SHARE",
        "rows kept for validation (default: 0.1; 0 where there is a test set)",
    ),
    ("--test", float | None, None, "SHARE", "rows kept for the test, where there is no test set (default: 0.2)"),
    ("--split-seed", int, 0, "N", "seed of the split and of the labels shown"),
    ("--label-seed", int | None, None, "N", "seed of the labels shown, where it is not that of the split"),
)
_OUTPUT_OPTIONS: tuple[tuple[str, Any, Any, str, str], ...] = (
    (
        "--out",
        str | None,
        None,
        "FOLDER",
        "the run's folder, new or empty (default: runs/MODEL-DATA-1 or runs/PRESET-DATA-1, with the next free number)",
    ),
    (
        "--repeats",
        int,
        1,
        "N",
        "make N runs, in the folders repeat-1, repeat-2 ... of --out, each with a --random-state and a --label-seed "
        "higher by 1; repeats.json gives the mean and the spread of their numbers",
    ),
    ("--no-report", None, False, "", "make no figures and no report.html"),
    ("--checkpoint-every", float, 30.0, "SECONDS", "how much work a crash may cost"),
    ("--quiet", None, False, "", "print the closing lines only"),
    ("--json", None, False, "", "print one JSON object a line instead, for every chunk of rounds and at the end"),
)


class FitParser(ArgumentParser):
    """The parser of `latently fit MODEL`.

    Args:
        model: its name in the terminal.
        presets: the names of its presets.
    """

    def __init__(self, model: str, presets: Sequence[str]) -> None:
        self.model_options = {option.name: option for option in options_of(find_estimator(model))}
        super().__init__(
            prog=f"latently fit {model}",
            usage=f"latently fit {model} --data SOURCE [options]",
            description=description_of(find_estimator(model)),
            epilog=epilog(_EXAMPLES[model]),
            formatter_class=HelpFormatter,
            allow_abbrev=False,
            default_env=False,
            print_config="--print-config",
        )
        self._optionals.title = "General"
        about = f"start from {' or '.join(presets) or 'a preset'} (`latently presets`); options given change it"
        self.add_argument("--preset", metavar="NAME", help=about)
        self.add_argument("--config", action="config", metavar="FILE", help="a YAML file of these options")
        self._actions[-1].help = "print the options as such a file and do nothing else"
        self._actions[-1].metavar = ""
        self._add("Data", DATA_OPTIONS)
        self._add("Output", _OUTPUT_OPTIONS)
        self._add_model("Model", lambda option: option.name not in TRAINING)
        self._add_model("Training", lambda option: option.name in TRAINING)

    def parse(self, words: Sequence[str], defaults: Mapping[str, Any], presets: Mapping[str, Mapping[str, Any]]) -> Any:
        """Parse; what is given goes before `defaults` (a recipe's), those before the preset, that before the signature.

        Raises:
            UsageError: something is not what an option takes.
        """
        prepared = self._prepared(words)
        self.set_defaults(dict(defaults))
        given = self.parse_args([word for word in prepared if word != "--print-config"])
        if given.preset is not None:
            if given.preset not in presets:
                raise UsageError(f"--preset must be one of {', '.join(presets) or '(none yet)'}; got {given.preset!r}.")
            self.set_defaults({**presets[given.preset], **defaults})
        return self.parse_args(prepared)

    @property
    def names(self) -> list[str]:
        """Of the options, as arguments of Python."""
        data = [flag.removeprefix("--").replace("-", "_") for flag, *_ in DATA_OPTIONS]
        return [*self.model_options, *data]

    def hyperparameters(self, given: Any) -> dict[str, Any]:
        """The constructor arguments among what was parsed; lists become tuples."""
        values = {name: given[name] for name in self.model_options}
        return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        """Raise what would be printed, as a sentence."""
        del ex
        raise UsageError(self._reworded(message))

    def _add(self, title: str, options: Sequence[tuple[str, Any, Any, str, str]]) -> None:
        group = self.add_argument_group(title)
        for flag, kind, default, metavar, about in options:
            if kind is None:
                group.add_argument(flag, action="store_true", help=about)
            else:
                group.add_argument(flag, type=kind, default=default, metavar=metavar, help=about)

    def _add_model(self, title: str, belongs: Any) -> None:
        group = self.add_argument_group(title)
        for option in filter(belongs, self.model_options.values()):
            if option.kind is bool:
                group.add_argument(
                    option.flag, action=ActionYesNo(no_prefix="no-"), default=option.default, help=option.about
                )
            else:
                group.add_argument(
                    option.flag, type=option.kind, default=option.default, metavar=option.metavar, help=option.about
                )

    def _prepared(self, words: Sequence[str]) -> list[str]:
        """Words as jsonargparse takes them: dashes in names, brackets around lists, files of options first."""
        files: list[str] = []
        others: list[str] = []
        pairs = [part for word in words for part in _name_and_value(dashed(word))]
        for before, word in zip(["", *pairs], pairs, strict=False):
            (files if "--config" in (before, word) else others).append(self._listed(before, word))
        return [*files, *others]

    def _listed(self, flag: str, word: str) -> str:
        option = self.model_options.get(flag.removeprefix("--").replace("-", "_"))
        if word.startswith("--") or (option is None and flag != "--image-size"):
            return word
        word = re.sub(r"(?<![\w./-])none(?![\w./-])", "null", word) if option is not None else word.replace("x", ",")
        several = "," in word or (option is not None and option.takes_lists and not option.takes_words)
        return f"[{word}]" if several and word != "null" and not word.startswith("[") else word

    def _reworded(self, message: str) -> str:
        key = re.match(r'Parser key "(\w+)":', message)
        value = re.search(r"(?:Got value|Given value): (.*)", message)
        if key and value and (option := self.model_options.get(key[1])):
            return f"{option.flag} must be {kind_in_words(option.kind)}; got {value[1]!r}."
        if key and value:
            kinds = {flag: kind for flag, kind, *_ in (*DATA_OPTIONS, *_OUTPUT_OPTIONS)}
            flag = "--" + key[1].replace("_", "-")
            return f"{flag} must be {kind_in_words(kinds.get(flag, str))}; got {value[1]!r}."
        if unknown := re.match(r"Option '([\w-]+)' is not accepted", message):
            message = f"unrecognized arguments: {dashed('--' + unknown[1])}"
        flags = [flag for action in self._actions for flag in action.option_strings if not flag.endswith("+")]
        return reworded(message.replace('Parser key "config": ', "--config: "), flags, self.prog)


def _name_and_value(word: str) -> list[str]:
    """`--name=value` in two; values that are lists or files need to know their names."""
    return word.split("=", 1) if re.match(r"--[\w-]+=", word) else [word]


_EXAMPLES = {
    "vae": (
        "latently fit vae --data mnist --preset vae-2d",
        "latently fit vae --data photos/ --network conv --latent-dim 32",
        "latently fit vae --data table.csv --labels-column species --hidden 64,32 --warm-up-epochs 10",
        "latently fit vae --preset vae-mlp --print-config > my.yaml",
        "latently fit vae --config my.yaml --data mnist --beta 4",
    ),
    "cvae": (
        "latently fit cvae --data mnist --latent-dim 20",
        "latently fit cvae --data mnist --latent-dim 2 --corruption gaussian:0.5",
        "latently fit cvae --data table.csv --labels-column species --hidden 64,32",
    ),
    "m2": (
        "latently fit m2 --data mnist --labels 100",
        "latently fit m2 --data mnist --labels 100 --repeats 5 --no-report",
        "latently fit m2 --data mnist --labels 0 --n-clusters 20",
    ),
    "m1m2": (
        "latently fit m1m2 --data mnist --labels 100",
        "latently fit m1m2 --data mnist --labels 100 --first runs/vae-mnist-1",
    ),
    "supervised-aae": (
        "latently fit supervised-aae --data digits",
        "latently fit supervised-aae --data mnist --latent-dim 2 --prior uniform",
    ),
    "semi-supervised-aae": (
        "latently fit semi-supervised-aae --data mnist --labels 100",
        "latently fit semi-supervised-aae --data mnist --labels 1000 --representation sum --latent-dim 2",
        "latently fit semi-supervised-aae --data mnist --labels 100 --repeats 5 --no-report",
    ),
    "clustering-aae": (
        "latently fit clustering-aae --data digits --n-clusters 16",
        "latently fit clustering-aae --data photos/ --network conv --n-clusters 30",
    ),
    "acca": (
        "latently fit acca --data mnist --views halves --preset acca-halves",
        "latently fit acca --data photos/ --views before=2019,after=2024 --network conv",
        "latently fit acca --data patients.csv --views 'blood=hb+wbc_*,scan=voxel_*' --labels-column outcome",
    ),
    "acgan": (
        "latently fit acgan --data digits --network conv --epochs 100",
        "latently fit acgan --data mnist --preset acgan-small",
    ),
    "autoencoder": (
        "latently fit autoencoder --data digits",
        "latently fit autoencoder --data mnist --preset autoencoder --latent-dim 2",
    ),
    "denoising-autoencoder": (
        "latently fit denoising-autoencoder --data mnist --preset denoising-autoencoder",
        "latently fit denoising-autoencoder --data photos/ --network conv --corruption gaussian:0.3",
    ),
    "contractive-autoencoder": (
        "latently fit contractive-autoencoder --data mnist --preset contractive-autoencoder",
        "latently fit contractive-autoencoder --data digits --contraction 1",
    ),
    "aae": (
        "latently fit aae --data digits --prior star",
        "latently fit aae --data mnist --preset aae-mlp --prior uniform --labels 0",
        "latently fit aae --data mnist --preset aae-mlp --prior star --labels 1000",
        "latently fit aae --preset aae-gaussian --print-config > my.yaml",
    ),
}
