"""What is printed: tables, JSON, how a session goes; and where each goes."""

import dataclasses
import json
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from latently.cli.errors import as_typed
from latently.cli.parsing import LEAST
from latently.errors import words
from latently.wording import short_number

if TYPE_CHECKING:
    from latently.evaluation import Line
    from latently.run import Session
    from latently.training import Observer, Progress

PIPE_WIDTH = 140
"""Columns of a table that goes to a file or another program."""


def output() -> Console:
    """Standard output: what was asked for."""
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False)
    console.width = max(LEAST, console.width)
    return console


def say(text: str) -> None:
    """A line on standard error: what a person wants to know on the way."""
    print(text, file=sys.stderr, flush=True)


def print_json(values: Any) -> None:
    """JSON on standard output, over several lines."""
    print(json.dumps(values, indent=2), flush=True)


def print_line(values: Mapping[str, Any]) -> None:
    """A JSON object on a line of its own."""
    print(json.dumps(values), flush=True)


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int] = ()) -> None:
    """A table under the names of its columns; those that `numbers` names by their places are set flush right."""
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    for place, name in enumerate(header):
        table.add_column(name, justify="right" if place in numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    output().print(table)


def print_facts(facts: Mapping[str, str]) -> None:
    """Names and values, one a line."""
    table = Table.grid(padding=(0, 3, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts.items():
        table.add_row(name, Text(value))
    output().print(table)


def print_measures(lines: "Sequence[Line]") -> None:
    """The lines of an evaluation, with what stands behind each number."""
    rows = [(line.name, number(line.value), line.unit, line.note) for line in lines]
    print_table(("measure", "value", "unit", "note"), rows, numbers=(1,))


def number(value: float | None, unit: str = "") -> str:
    """A number as a person reads it, with its unit."""
    return short_number(value) if value is None else f"{short_number(value)} {unit}".strip()


@dataclasses.dataclass(frozen=True)
class Reporter:
    """Tells how a session goes: as it goes, at its end alone, or to another program.

    Attributes:
        quiet: print the closing lines only.
        json: print JSON lines instead of anything else.
        brief: sum up a run in one line, since it is one of several.
        bars: show how far training is.
    """

    quiet: bool = False
    json: bool = False
    brief: bool = False
    bars: bool = True

    @property
    def live(self) -> bool:
        """Whether to tell what is going on."""
        return not (self.quiet or self.json)

    def event(self, name: str, values: Mapping[str, Any]) -> None:
        """Tell another program that something has happened; people read it in other words."""
        if self.json:
            print_line({"event": name, **values})

    def remark(self, text: str) -> None:
        """Tell a person something on the way."""
        if self.live:
            say(text)

    def opened(self, reading: Sequence[str]) -> None:
        """Data was opened: what its rows are, and what was assumed, with the options that say otherwise."""
        for line in reading:
            self.remark(words(line, as_typed))

    @contextmanager
    def watching(self, title: str) -> Iterator[tuple["list[Observer]", Callable[[], None]]]:
        """While something is trained: all who show how it goes, and what to call when it is asked to stop."""
        from latently.training.bar import ProgressBar

        if not (self.live and self.bars):
            yield [_JsonLines()] if self.json else [], lambda: None
            return
        with ProgressBar(title) as bar:
            yield [bar], lambda: bar.note("Stopping after this chunk; Ctrl-C again stops at once.")

    def waiting(self, what: str) -> AbstractContextManager[Any]:
        """Something that turns on a terminal while something takes a while."""
        return Console(file=sys.stderr).status(what) if self.live and sys.stderr.isatty() else nullcontext()

    def apart(self, reason: str) -> None:
        """Several runs are made one after the other, for a reason."""
        self.remark(f"The runs are made one after the other, since {reason}.")

    def stopped(self, sessions: "Sequence[Session]", folder: Path) -> None:
        """Runs were interrupted, and saved; resuming the folder goes on."""
        round_, until, several = sessions[0].trainer.round, sessions[0].until, len(sessions) > 1
        where = folder if several else sessions[0].run.folder
        self.event("interrupted", {"round": round_, "until": until, "folder": str(where)})
        say(f"Stopped{' all runs' if several else ''} after round {round_:,} of {until:,}, and saved.")
        say(f"Go on with: {_resume(folder)}")

    def stopped_at_once(self, sessions: "Sequence[Session]", folder: Path) -> None:
        """Runs were interrupted without waiting; what they are at is in their last checkpoints."""
        kept = min(session.run.position() for session in sessions)
        last = "checkpoints are" if len(sessions) > 1 else "checkpoint is"
        say(f"The last {last} of round {kept:,}. Go on with: {_resume(folder)}")


def _resume(folder: Path) -> str:
    return f"latently resume {shlex.quote(str(folder))}"


class _JsonLines:
    """Prints the progress after each chunk as a JSON object on a line of its own."""

    def __call__(self, trainer: Any, progress: "Progress") -> None:
        """Print a line."""
        del trainer
        print_line({"event": "progress", **dataclasses.asdict(progress)})
