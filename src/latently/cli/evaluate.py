"""`latently evaluate RUN`: what a fitted model is worth, in numbers."""

from collections.abc import Sequence
from pathlib import Path

from latently.cli.errors import UsageError
from latently.cli.parsing import Parser

_EXAMPLES = (
    "latently evaluate runs/vae-digits-1",
    "latently evaluate runs/vae-mnist-1 --importance-samples 1000",
    "latently evaluate runs/aae-mnist-1 --parzen",
    "latently evaluate runs/cvae-mnist-1 --judge",
    "latently evaluate runs/vae-mnist-1 --data fashion-mnist --json",
)


def main(arguments: Sequence[str]) -> int:
    """Run the command."""
    given = _parser().parse_args(arguments)

    from latently.cli.data import data_arguments, open_run_splits, open_splits, short_name
    from latently.cli.judging import judge_for
    from latently.cli.opening import about_run, open_model
    from latently.cli.session import Manner, evaluated, waiting
    from latently.cli.terminal import print_json, print_measures
    from latently.evaluation import as_table
    from latently.run import Run

    model, run = open_model(given.run), Run.open(given.run)
    if given.data is None:
        about = about_run(run, run.config())
        data, splits, name = about["data"], open_run_splits(about), "evaluation.json"
    else:
        data = data_arguments(given)
        splits, name = open_splits(data), f"evaluation-{short_name(data['source'])}.json"
    settings = {name: getattr(given, name) for name in ("importance_samples", "max_rows", "seed", "parzen")}
    if given.judge:
        settings["judge"] = judge_for(model, data, splits, live=not given.json)
    with waiting("evaluating …", Manner(json=given.json)):
        evaluation = evaluated(model, splits, settings)
    if evaluation is None:
        raise UsageError(
            "no rows were kept from training, so there is nothing to evaluate on; give other rows by --data."
        )
    run.write_json(name, evaluation)
    if given.json:
        print_json(evaluation)
        return 0
    print_measures(as_table(evaluation))
    print(f"\n{run.folder / name}")
    return 0


def _parser() -> Parser:
    parser = Parser(
        "evaluate",
        "Measure a model on the rows that were kept from training: bounds on the likelihood, errors of reconstruction, "
        "how the codes match the prior, what a linear probe and neighbours read off them, active dimensions, and the "
        "error of a classifier or the agreement of clusters with labels. The numbers go to evaluation.json in the "
        "run's folder (with --data, to evaluation-NAME.json).",
        "RUN [options]",
        _EXAMPLES,
    )
    parser.add_argument("run", metavar="RUN", type=Path, help="a run's folder; or a model's, with --data")
    parser.add_argument("--data", metavar="SOURCE", help="other data: a name, a folder or a file")
    parser.add_argument("--labels-column", metavar="NAME", help="the column of that table that holds the labels")
    parser.add_argument("--skip-bad", action="store_true", help="leave out images that cannot be read")
    parser.add_argument(
        "--importance-samples", metavar="K", type=int, default=100, help="draws behind each importance-weighted bound"
    )
    parser.add_argument("--max-rows", metavar="N", type=int, default=10_000, help="evaluate on so many rows at most")
    parser.add_argument(
        "--parzen",
        action="store_true",
        help="also estimate the likelihood by a Parzen window on 10,000 samples, as is done for models without a bound",
    )
    parser.add_argument(
        "--judge",
        action="store_true",
        help="also show samples to a classifier of the training rows, which is trained once for the data and kept: "
        "whether they are of the class asked for, and how they compare with real rows in its features",
    )
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="of every draw")
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")
    return parser
