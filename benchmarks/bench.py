"""`make bench`: Latently and its peers in turn, on the same machine, the same model, batch and optimiser.

Every contender runs in a process of its own with all cores, several times, in turns (A B A B …), so that a machine that
slows down for a while slows all of them; the medians count.
"""

import argparse
import json
import os
import statistics
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.contests import CONTESTS, STREAMING_BYTES
from benchmarks.measure import answer_lines, contest_lines, machine, module_line, startup_seconds
from benchmarks.table import sheets, summarize

EXTRAS = ("answers", "startup", "streaming")


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    names = [*(contest.preset for contest in CONTESTS), *EXTRAS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench", description=__doc__)
    parser.add_argument("--only", choices=names, action="append", help="measure this alone; may be repeated")
    parser.add_argument("--json", type=Path, default=Path(__file__).parent / "results.json", help="where results go")
    parser.add_argument(
        "--data",
        default=os.environ.get("LATENTLY_DATA"),
        help="the folder that has mnist/; by default $LATENTLY_DATA, or Latently's cache",
    )
    parser.add_argument("--turns", type=int, default=3, help="how often each contender runs")
    parser.add_argument("--seconds", type=float, default=8.0, help="how long each run is measured")
    options = parser.parse_args()
    options.only = options.only or names
    return options


def cached_data() -> str:
    """The folder of Latently's cache that has mnist/, downloaded if need be."""
    from latently.data.builtin import MNIST, cache_folder, load

    load(MNIST)
    return str(cache_folder())


def measure(options: argparse.Namespace, console: Console) -> dict[str, Any]:
    """All that was asked for."""
    contests = [contest for contest in CONTESTS if contest.preset in options.only]
    data = (options.data or cached_data()) if contests or "answers" in options.only else ""
    passed_on = ["--data", data, "--seconds", str(options.seconds)]
    turns: dict[str, list[dict[str, Any]]] = {contest.preset: [] for contest in contests}
    results: dict[str, Any] = {"machine": machine()}
    with console.status("") as status:
        for turn in range(options.turns):
            for contest in contests:
                status.update(f"{contest.title}: turn {turn + 1} of {options.turns}")
                turns[contest.preset].append(contest_lines(contest, passed_on))
        rates = [turn["matmul"]["gflops"] for contest in turns.values() for turn in contest]
        results["contests"] = [
            summarize(contest, turns[contest.preset], statistics.median(rates)) for contest in contests
        ]
        results["turns"] = turns
        if "answers" in options.only:
            results["answers"] = []
            for turn in range(options.turns):
                status.update(f"answers of a fitted model: turn {turn + 1} of {options.turns}")
                results["answers"].append(answer_lines(passed_on))
        if "startup" in options.only:
            status.update("start-up times")
            results["startup"] = startup_seconds()
        if "streaming" in options.only:
            status.update("streaming a memory map")
            results["streaming"] = module_line("streaming", "--bytes", str(STREAMING_BYTES))
    return results


def main() -> int:
    """Measure, write the results, print the tables; returns 1 if a floor was missed."""
    options = arguments()
    console = Console() if sys.stdout.isatty() else Console(width=132)
    try:
        results = measure(options, console)
    except RuntimeError as error:
        Console(stderr=True).print(str(error), markup=False)
        return 1
    options.json.write_text(json.dumps(results, indent=2) + "\n")
    found = sheets(results)
    for sheet in found:
        console.print(sheet.rich())
    print("\n\n".join(sheet.markdown() for sheet in found))
    return int(any("MISSED" in row for sheet in found for row in sheet.rows))


if __name__ == "__main__":
    sys.exit(main())
