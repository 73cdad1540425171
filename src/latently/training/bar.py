"""A progress bar for a terminal: rounds, epoch, throughput, time left, each player's terms."""

import sys
import textwrap
import time
from typing import IO, Any, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar as Line
from rich.table import Table
from rich.text import Text

from latently.training.trainer import Progress
from latently.wording import short_number

WIDEST = 100
SECONDS_BETWEEN = 30.0  # lines of a log, at most; and each ten percent, if that is sooner


class ProgressBar:
    """An observer that draws a live bar and, under it, the terms of every player.

    On a terminal it redraws itself; elsewhere (a log file) it prints that it begins, and then a line every ten percent
    or thirty seconds, whichever comes first.

    Args:
        title: what is being trained.
        file: where to draw; standard error unless said, so that a command's output stays clean.
    """

    def __init__(self, title: str, file: IO[str] | None = None) -> None:
        self.title = title
        self.console = Console(file=file or sys.stderr)
        self._live: Live | None = None
        self._progress: Progress | None = None
        self._held_out: dict[str, float] = {}
        self._chunks = 0
        self._note = ""
        self._told_percent = -10.0
        self._began = self._told_at = time.monotonic()

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        if self.console.is_terminal:
            self._live = Live(get_renderable=self._render, console=self.console, refresh_per_second=8)
            self._live.start()
        else:
            self.console.print(f"{self.title}: compiling, then training …", highlight=False, soft_wrap=True)
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def note(self, text: str) -> None:
        """Say something in the last line."""
        self._note = text
        if self._live is None:
            self.console.print(text, highlight=False, soft_wrap=True)

    def __call__(self, trainer: Any, progress: Progress) -> None:  # noqa: ARG002
        """Take in a chunk's progress: a terminal shows it at the next redraw, a log gets a line now and then."""
        self._progress = progress
        self._held_out = progress.held_out or self._held_out
        self._chunks += 1
        if self._live is None:
            self._print_line(progress)

    def _render(self) -> RenderableType:
        width = min(self.console.width, WIDEST)
        lines: list[RenderableType] = [self._bar(width)]
        if self._progress is not None:
            lines += [Text(f"  {_state(self._progress)}", style="dim", overflow="ellipsis", no_wrap=True)]
            lines += _terms(self._progress.terms | _told(self._held_out), width)
        if self._note:
            lines += [Text(f"  {self._note}", style="yellow")]
        return Group(*lines)

    def _bar(self, width: int) -> Table:
        line = Table.grid(padding=(0, 1), expand=True)
        line.width = width
        line.add_column(no_wrap=True, overflow="ellipsis", max_width=width // 3)
        line.add_column(ratio=1)
        line.add_column(no_wrap=True, justify="right")
        progress, title = self._progress, Text(self.title, style="bold")
        if progress is None:
            line.add_row(title, Line(total=None), "compiling …")
        else:
            share = f"{100 * progress.round // progress.until} % · {self._time(progress)}"
            line.add_row(title, Line(total=progress.until, completed=progress.round), share)
        return line

    def _time(self, progress: Progress) -> str:
        if progress.round < progress.until:
            # The first chunk holds the compilation, and tells nothing about those to come.
            return f"{duration(progress.seconds_left)} left" if self._chunks > 1 else "… left"
        return f"took {duration(time.monotonic() - self._began)}"

    def _print_line(self, progress: Progress) -> None:
        percent, now = 100 * progress.round / progress.until, time.monotonic()
        soon = percent - self._told_percent < 10 and now - self._told_at < SECONDS_BETWEEN
        if soon and progress.round < progress.until:
            return
        self._told_percent, self._told_at = percent, now
        summary = f"{self.title}: {percent:.0f} % · {_state(progress)} · {self._time(progress)}"
        self.console.print(summary, highlight=False, soft_wrap=True)
        for line in _terms(progress.terms | _told(self._held_out), WIDEST):
            self.console.print(line, soft_wrap=True)


def duration(seconds: float) -> str:
    """A duration as people write it.

    Example:
        >>> duration(75), duration(3700), duration(4.2)
        ('1 min 15 s', '1 h 01 min', '4 s')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def _state(progress: Progress) -> str:
    return (
        f"round {progress.round:,} of {progress.until:,} · epoch {progress.epoch:.1f} · "
        f"{progress.samples_per_second:,.0f} samples/s"
    )


def _told(held_out: dict[str, float]) -> dict[str, float]:
    """What held-out rows say, but for the terms of the players, as a player of that name."""
    return {f"held-out rows/{name}": value for name, value in held_out.items() if "/" not in name}


def _terms(terms_of: dict[str, float], width: int) -> list[RenderableType]:
    """A line or more for each player: its name, then its terms."""
    players: dict[str, list[str]] = {}
    for name, value in terms_of.items():
        player, term = name.split("/", 1)
        players.setdefault(player, []).append(f"{term.replace('_', ' ')} {short_number(value)}".replace(" ", "\u00a0"))
    names = max(map(len, players), default=0)
    lines: list[RenderableType] = []
    for player, terms in players.items():
        wrapped = textwrap.wrap("   ".join(terms), max(20, width - names - 4))
        for name, line in zip([player, *[""] * (len(wrapped) - 1)], wrapped, strict=True):
            lines.append(Text.assemble((f"  {name:{names}}  ", "cyan"), line))
    return lines
