"""Results as rows, and rows as tables: one for a terminal, one in Markdown."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from benchmarks.contests import (
    ANSWER_FLOOR,
    FIRST_CALL_SECONDS,
    ONE_ROW_MS,
    STARTUP_FLOORS,
    STREAMING_FLOOR_BYTES,
    Contest,
)
from benchmarks.flops import TRAININGS

SPEED_COLUMNS = ("what", "Latently samples/s", "peer", "peer samples/s", "ratio", "floor", "")
SHARE_COLUMNS = ("training", "operations a round, XLA / needed", "GFLOP/s", "machine GFLOP/s", "share", "floor", "")
ANSWER_COLUMNS = ("60,000 images, a VAE 784-500-500-20", "Latently", "eager PyTorch", "ratio", "limit", "")
LIMIT_COLUMNS = ("what", "measured", "limit", "")
END = "<!-- until here -->"


@dataclass(frozen=True)
class Sheet:
    """A table: a title, its columns, and rows of strings."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]

    def rich(self) -> Table:
        """For a terminal."""
        table = Table(title=self.title, title_justify="left")
        for index, column in enumerate(self.columns):
            table.add_column(column, justify="left" if index == 0 or column == "peer" else "right")
        for row in self.rows:
            table.add_row(*row)
        return table

    def markdown(self) -> str:
        """For the README."""
        rules = ["---" if index == 0 or column == "peer" else "---:" for index, column in enumerate(self.columns)]
        lines = [self.columns, rules, *self.rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def summarize(contest: Contest, turns: list[dict[str, Any]], machine: float) -> dict[str, Any]:
    """The medians of a contest.

    Args:
        contest: what was measured.
        turns: for each turn, the lines of `benchmarks.measure.contest_lines`.
        machine: the machine's own fp32 matrix-product rate, in GFLOP/s.

    Returns:
        Latently's rate, its share of the machine's, and each peer's rate, ratio, floor and verdict.
    """

    def median(name: str) -> float:
        return float(statistics.median(turn[name]["samples_per_second"] for turn in turns))

    training = TRAININGS[contest.preset]
    xla = statistics.median(turn["latently"]["xla_flops_per_round"] for turn in turns)
    ours = median("latently")
    gflops = ours * training.flops_per_row / 1e9
    peers = {}
    for peer in contest.peers:
        theirs = median(peer.title)
        peers[peer.title] = {"samples_per_second": theirs, "ratio": ours / theirs, "floor": peer.floor}
    return {
        "preset": contest.preset,
        "title": contest.title,
        "samples_per_second": ours,
        "flops_per_row": training.flops_per_row,
        "gflops": gflops,
        "machine_gflops": machine,
        "xla_flops_per_row": xla / training.batch,
        "share": gflops / machine,
        "share_floor": contest.share_floor,
        "peers": peers,
    }


def speed_sheet(contests: list[dict[str, Any]]) -> Sheet:
    """Latently against its peers."""
    rows = [
        (
            contest["title"],
            f"{contest['samples_per_second']:,.0f}",
            title,
            f"{peer['samples_per_second']:,.0f}",
            f"{peer['ratio']:.2f}",
            "" if peer["floor"] is None else f"≥ {peer['floor']}",
            _verdict(peer["floor"], peer["ratio"]),
        )
        for contest in contests
        for title, peer in contest["peers"].items()
    ]
    return Sheet("Training speed", SPEED_COLUMNS, rows)


def share_sheet(contests: list[dict[str, Any]]) -> Sheet:
    """Latently against the machine's own fp32 matrix product."""
    rows = [
        (
            contest["title"],
            f"{contest['xla_flops_per_row'] / contest['flops_per_row']:.2f}",
            f"{contest['gflops']:.0f}",
            f"{contest['machine_gflops']:.0f}",
            f"{contest['share']:.0%}",
            "" if contest["share_floor"] is None else f"≥ {contest['share_floor']:.0%}",
            _verdict(contest["share_floor"], contest["share"]),
        )
        for contest in contests
    ]
    return Sheet("Share of the machine's own fp32 matrix-product rate", SHARE_COLUMNS, rows)


def answer_sheet(turns: list[dict[str, Any]]) -> Sheet:
    """A fitted model against PyTorch: the medians of the turns."""

    def median(name: str, *path: str) -> float:
        values = [turn[name] for turn in turns]
        for key in path:
            values = [value[key] for value in values]
        return float(statistics.median(values))

    rows = []
    for question in turns[0]["latently"]["rows_per_second"]:
        ours, theirs = (median(name, "rows_per_second", question) for name in ("latently", "torch"))
        ratio, verdict = f"{ours / theirs:.2f}", _verdict(ANSWER_FLOOR, ours / theirs)
        rows.append((f"`{question}`", f"{ours:,.0f} rows/s", f"{theirs:,.0f}", ratio, f"≥ {ANSWER_FLOOR}", verdict))
    one, first = median("latently", "one_row_ms"), median("latently", "first_call_seconds")
    of_torch = median("torch", "one_row_ms")
    row, call = (f"< {ONE_ROW_MS} ms", _verdict(-ONE_ROW_MS, -one)), (f"< {FIRST_CALL_SECONDS} s",)
    rows.append(("`transform`, one row", f"{one:.2f} ms", f"{of_torch:.2f}", f"{of_torch / one:.2f}", *row))
    rows.append(("first call, cache warm", f"{first:.2f} s", "", "", *call, _verdict(-FIRST_CALL_SECONDS, -first)))
    return Sheet("A fitted model's answers", ANSWER_COLUMNS, rows)


def limit_sheet(startup: dict[str, float] | None, streaming: dict[str, Any] | None) -> Sheet:
    """Start-up times and memory."""
    rows = []
    for name, seconds in (startup or {}).items():
        limit = STARTUP_FLOORS[name]
        rows.append((f"`{name}`", f"{seconds:.2f} s", f"< {limit} s", _verdict(-limit, -seconds)))
    if streaming is not None:
        peak = streaming["peak_resident_bytes"]
        read, size = streaming["bytes_read"] / 1e9, streaming["bytes"] / 1e9
        what = f"resident set, {read:.0f} GB read of a memory map of {size:.0f} GB"
        limit = STREAMING_FLOOR_BYTES
        rows.append((what, f"{peak / 1e9:.2f} GB", f"< {limit / 1e9:.0f} GB", _verdict(-limit, -peak)))
    return Sheet("Start-up and memory", LIMIT_COLUMNS, rows)


def sheets(results: dict[str, Any]) -> list[Sheet]:
    """All tables that the results have rows for."""
    found = [speed_sheet(results["contests"]), share_sheet(results["contests"])] if results["contests"] else []
    if results.get("answers"):
        found.append(answer_sheet(results["answers"]))
    limits = limit_sheet(results.get("startup"), results.get("streaming"))
    return [*found, limits] if limits.rows else found


def with_table(text: str, begin: str, table: str) -> str:
    """A text with the table after the line `begin` made anew; it ends with a line of `END`.

    Raises:
        ValueError: the text lacks the marks.
    """
    before, found, rest = text.partition(begin)
    _, end, after = rest.partition(END)
    if not (found and end):
        raise ValueError(f"the text must hold the lines {begin} and {END}, and the table goes between them.")
    return f"{before}{begin}\n{table}\n{END}{after}"


def _verdict(floor: float | None, value: float) -> str:
    return "" if floor is None else "reached" if value >= floor else "MISSED"
