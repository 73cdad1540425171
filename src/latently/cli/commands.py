"""What `latently` can do, as one table: it is read without importing a command."""

import difflib
from dataclasses import dataclass

from latently.cli.errors import UsageError


@dataclass(frozen=True)
class Command:
    """A line of the overview.

    Attributes:
        group: the heading it stands under.
        usage: the command with its main arguments.
        about: what it does, in a few words.
    """

    group: str
    usage: str
    about: str

    @property
    def name(self) -> str:
        return self.usage.split()[0]

    @property
    def module(self) -> str:
        return f"latently.cli.{self.name}"


_TRAIN, _JUDGE, _USE, _KNOW = "Train", "Look at a run", "Use a model", "Find your way"

COMMANDS = {
    command.name: command
    for command in (
        Command(_TRAIN, "demo", "train five small models on digits, and show them on one page"),
        Command(_TRAIN, "fit MODEL --data SOURCE", "train a model (`latently fit` lists them)"),
        Command(_TRAIN, "resume RUN", "go on with a run that was interrupted, or make it longer"),
        Command(_JUDGE, "info RUN", "what a run is and how far it came"),
        Command(_JUDGE, "evaluate RUN", "likelihood, reconstruction, match to the prior, classes or clusters"),
        Command(_JUDGE, "compare RUN...", "the numbers and the pictures of several runs, side by side"),
        Command(_JUDGE, "report RUN", "draw the figures and write report.html again"),
        Command(_USE, "sample RUN", "new data from the prior"),
        Command(_USE, "encode RUN DATA", "the codes of data"),
        Command(_USE, "reconstruct RUN DATA", "data, encoded and decoded again"),
        Command(_USE, "classify RUN DATA", "the class of each row, and how likely each class is"),
        Command(_USE, "cluster RUN DATA", "the cluster of each row, found without labels"),
        Command(_USE, "restyle RUN DATA", "each row under other labels, its style kept"),
        Command(_USE, "denoise RUN DATA", "noise cleaned away"),
        Command(_USE, "complete RUN DATA", "missing views, from those that are given"),
        Command(_USE, "interpolate RUN", "paths through the latent space"),
        Command(_USE, "manifold RUN", "the plane of codes, decoded"),
        Command(_KNOW, "datasets", "the data that can be opened"),
        Command(_KNOW, "presets", "hyperparameters and experiments that have a name"),
    )
}
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


def check_command(name: str) -> None:
    """See that there is such a command.

    Raises:
        UsageError: there is none; it names one that is spelt alike.
    """
    if name in COMMANDS:
        return
    close = difflib.get_close_matches(name, COMMANDS, n=1)
    meant = f" Did you mean `latently {close[0]}`?" if close else ""
    raise UsageError(f"there is no command {name!r}; `latently --help` lists them.{meant}")
