"""`latently report RUN`: draw a run's figures and write its report.html again."""

from collections.abc import Sequence
from pathlib import Path

from latently.cli.parsing import Parser


def main(arguments: Sequence[str]) -> int:
    """Run the command."""
    parser = Parser(
        "report",
        "Draw the figures of a run and write its report.html: one file that opens without a network.",
        "RUN",
        ("latently report runs/vae-digits-1",),
    )
    parser.add_argument("run", metavar="RUN", type=Path, help="the run's folder")
    given = parser.parse_args(arguments)

    from latently.cli.data import open_run_splits
    from latently.cli.opening import about_run, open_model
    from latently.cli.session import Manner, waiting, write_report
    from latently.run import Run

    model, run = open_model(given.run), Run.open(given.run)
    splits = open_run_splits(about_run(run, run.config()))
    evaluation = run.read_json("evaluation.json") if (run.folder / "evaluation.json").exists() else None
    with waiting("drawing the report …", Manner()):
        path = write_report(model, run, splits, evaluation)
    print(path)
    return 0
