"""What `latently` can do, as one table: it is read without importing a command."""

from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from typing import NamedTuple

from latently.cli.errors import UsageError
from latently.errors import did_you_mean


class Command(NamedTuple):
    """A line of the overview.

    Attributes:
        group: the heading it stands under.
        module: of this package that holds it: a function of its name; or `use`, for one of the verbs.
        usage: the command with its main arguments.
        about: what it does, in a few words.
    """

    group: str
    module: str
    usage: str
    about: str

    @property
    def name(self) -> str:
        """What is typed."""
        return self.usage.split()[0]

    def load(self) -> Callable[[Sequence[str]], int]:
        """The function that runs it, from what follows its name to the exit code; only its module is imported."""
        module = import_module(f"latently.cli.{self.module}")
        run: Callable[[Sequence[str]], int]
        run = partial(module.use, self.name) if self.module == "use" else getattr(module, self.name)
        return run


_TRAIN, _JUDGE, _USE, _KNOW = "Train", "Look at a run", "Use a model", "Find your way"

# fmt: off
COMMANDS = {
    command.name: command
    for command in (
        Command(_TRAIN, "demo", "demo", "train five small models on digits, and show them on one page"),
        Command(_TRAIN, "fit", "fit MODEL --data SOURCE", "train a model (`latently fit` lists them)"),
        Command(_TRAIN, "fit", "resume RUN", "go on with a run that was interrupted, or make it longer"),
        Command(_TRAIN, "tune", "tune MODEL --data SOURCE", "train it many times, and find the best hyperparameters"),
        Command(_TRAIN, "dimensions", "dimensions DATA", "how many dimensions a code should have"),
        Command(_JUDGE, "look", "info RUN", "what a run is and how far it came"),
        Command(_JUDGE, "evaluate", "evaluate RUN",
                "likelihood, reconstruction, match to the prior, classes or clusters"),
        Command(_JUDGE, "explore", "explore RUN [RUN]", "a page that holds the model itself, and computes there"),
        Command(_JUDGE, "look", "compare RUN...", "the numbers and the pictures of several runs, side by side"),
        Command(_JUDGE, "look", "report RUN", "draw the figures and write report.html again"),
        Command(_USE, "use", "sample RUN", "new data from the prior"),
        Command(_USE, "use", "encode RUN DATA", "the codes of data"),
        Command(_USE, "use", "reconstruct RUN DATA", "data, encoded and decoded again"),
        Command(_USE, "use", "classify RUN DATA", "the class of each row, and how likely each class is"),
        Command(_USE, "use", "cluster RUN DATA", "the cluster of each row, found without labels"),
        Command(_USE, "use", "outliers RUN DATA", "rows ranked by how strange they are"),
        Command(_USE, "use", "restyle RUN DATA", "each row under other labels, its style kept"),
        Command(_USE, "use", "denoise RUN DATA", "noise cleaned away"),
        Command(_USE, "use", "complete RUN DATA", "missing views, from those that are given"),
        Command(_USE, "use", "impute RUN DATA", "the missing cells of a table, filled in"),
        Command(_USE, "use", "interpolate RUN", "paths through the latent space"),
        Command(_USE, "use", "manifold RUN", "the plane of codes, decoded"),
        Command(_USE, "export", "export RUN", "the model as ONNX files, for other programs"),
        Command(_USE, "push", "push RUN hf://USER/NAME", "put the model on the Hugging Face hub, with a card"),
        Command(_KNOW, "players", "players MODEL", "who plays in a model's game, and what for"),
        Command(_KNOW, "find", "datasets", "the data that can be opened"),
        Command(_KNOW, "find", "presets", "hyperparameters and experiments that have a name"),
    )
}
# fmt: on
"""Name → command, in the order of the overview."""

_EXAMPLES = """\
Examples:
  latently demo
  latently fit vae --data digits --latent-dim 2
  latently fit aae --data mnist --preset aae-mlp --prior star
  latently fit m2 --data mnist --labels 100
  latently sample runs/vae-digits-1 --out samples.png

`latently COMMAND --help` says more; so does `latently fit MODEL --help`. `latently --version` names the version."""


def overview() -> str:
    """The text of `latently --help`."""
    lines = ["Learn, shape and use latent spaces.", "", "Usage: latently COMMAND ..."]
    group = ""
    for command in COMMANDS.values():
        if command.group != group:
            group = command.group
            lines += ["", f"{group}:"]
        lines.append(f"  {command.usage:<25}{command.about}")
    return "\n".join([*lines, "", _EXAMPLES])


def find_command(name: str) -> Command:
    """The command of a name; the error where there is none names one that is spelt alike."""
    if name in COMMANDS:
        return COMMANDS[name]
    meant = did_you_mean(name, list(COMMANDS), "`latently {}`")
    raise UsageError(f"there is no command {name!r}; `latently --help` lists them.{meant}")
