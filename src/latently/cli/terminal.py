"""What is printed: tables, JSON, and where each goes."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from latently.evaluation import Line

PIPE_WIDTH = 140
"""Columns of a table that goes to a file or another program."""


def output() -> Console:
    """Standard output: what was asked for."""
    return Console(file=sys.stdout, width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False)


def say(text: str) -> None:
    """A line on standard error: what a person wants to know on the way."""
    print(text, file=sys.stderr, flush=True)


def print_json(values: Any) -> None:
    """JSON on standard output, on one line when it is one of many."""
    print(json.dumps(values, indent=2), flush=True)


def print_line(values: Mapping[str, Any]) -> None:
    """A JSON object on a line of its own."""
    print(json.dumps(values), flush=True)


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int] = ()) -> None:
    """A table without lines but the one under its header.

    Args:
        header: names of the columns.
        rows: the cells.
        numbers: the columns that are set flush right.
    """
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
    """A number as a person reads it, with its unit.

    Example:
        >>> number(150.8123, "nats"), number(0.00012), number(None)
        ('150.8 nats', '0.00012', '–')
    """
    if value is None:
        return "–"
    text = f"{value:,.0f}" if abs(value) >= 1e5 else f"{value:.4g}"
    return f"{text} {unit}".strip()
