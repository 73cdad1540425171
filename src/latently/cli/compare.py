"""`latently compare RUN...`: the numbers and the pictures of several runs, side by side."""

from collections.abc import Sequence
from pathlib import Path

from latently.cli.errors import UsageError
from latently.cli.outputs import add_output_options, choose_paths
from latently.cli.parsing import Parser

KINDS = (".html",)
_EXAMPLES = (
    "latently compare runs/vae-digits-1 runs/aae-digits-1",
    "latently compare runs/m2-mnist-1/repeat-* --out repeats.html",
)


def main(arguments: Sequence[str]) -> int:
    """Run the command."""
    parser = Parser(
        "compare",
        "Print the numbers of runs, one column each, and write a page that holds them and the pictures of all runs "
        "side by side: one file that opens without a network.",
        "RUN RUN... [options]",
        _EXAMPLES,
    )
    parser.add_argument("runs", metavar="RUN", type=Path, nargs="+", help="the runs' folders")
    parser.add_argument("--json", action="store_true", help="print the evaluations as JSON, by folder")
    add_output_options(parser, "compare.html", KINDS)
    given = parser.parse_args(arguments)

    from latently.cli.terminal import print_json, print_table
    from latently.report import compare_runs, measures
    from latently.run import Run

    runs = [Run.open(folder) for folder in dict.fromkeys(given.runs)]
    if len(runs) < 2:
        raise UsageError(f"compare needs two runs or more; got {runs[0].folder}.")
    paths = choose_paths(given, "compare", KINDS)
    table = measures(runs)
    for path in paths:
        compare_runs(runs, path)
    if given.json:
        found = {str(run.folder): run.folder / "evaluation.json" for run in runs}
        print_json(
            {name: Run(path.parent).read_json(path.name) if path.exists() else None for name, path in found.items()}
        )
        return 0
    if table.rows:
        print_table(table.header, table.rows, numbers=range(1, len(table.header)))
    else:
        print("None of the runs has been evaluated; `latently evaluate RUN` does that.")
    print("\n" + "\n".join(map(str, paths)))
    return 0
