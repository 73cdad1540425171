"""`latently evaluate RUN`: what a fitted model is worth, in numbers."""

from collections.abc import Sequence
from dataclasses import replace

from latently.cli.errors import UsageError
from latently.cli.options import DIALECT, LABELS_COLUMN, RUN
from latently.cli.parsing import Option, Parser
from latently.errors import MOST_SEED, called

_EXAMPLES = (
    "latently evaluate runs/vae-digits-1",
    "latently evaluate runs/vae-mnist-1 --importance-samples 1000",
    "latently evaluate runs/aae-mnist-1 --parzen",
    "latently evaluate runs/cvae-mnist-1 --judge",
    "latently evaluate runs/vae-mnist-1 --data fashion-mnist --json",
)
_OPTIONS = (
    replace(RUN, about="a run's folder; or a model's, with --data"),
    Option("data", metavar="SOURCE", about="other data: a name, a folder or a file"),
    replace(LABELS_COLUMN, about="a column of that table that holds labels; may be repeated"),
    DIALECT,
    Option("skip_bad", None, False, "leave out images that cannot be read"),
    Option("importance_samples", int, 100, "draws behind each importance-weighted bound", "K"),
    Option("max_rows", int, 10_000, "evaluate on so many rows at most"),
    Option("parzen", None, False,
           "also estimate the likelihood by a Parzen window on 10,000 samples, as is done for models without a bound"),
    Option("judge", None, False,
           "also show samples to a classifier of the training rows, which is trained once for the data and kept: "
           "whether they are of the class asked for, and how they compare with real rows in its features"),
    Option("seed", int, 0, "of every draw", least=0, most=MOST_SEED),
    Option("json", None, False, "print the numbers as JSON"),
)  # fmt: skip


def evaluate(words: Sequence[str]) -> int:
    """Run the command."""
    given = Parser(
        "evaluate",
        "Measure a model on the rows that were kept from training: bounds on the likelihood, errors of reconstruction, "
        "how the codes match the prior, what a linear probe and neighbours read off them, active dimensions, and the "
        "error of a classifier or the agreement of clusters with labels, beside what scikit-learn reaches on the same "
        "rows (PCA, KMeans, a Gaussian mixture, LabelSpreading, ridge regression). The numbers go to evaluation.json "
        "in the run's folder (with --data, to evaluation-NAME.json).",
        "RUN [options]",
        _EXAMPLES,
        _OPTIONS,
    ).parse(words)

    from latently.cli.fit import data_arguments
    from latently.cli.terminal import Reporter, print_json, print_measures
    from latently.evaluation import advice, as_table
    from latently.run import Run, load_model, open_run_splits, open_splits, reading_of, short_name
    from latently.run.evaluating import evaluate_run, judge_for

    model, run, reporter = load_model(given.run), Run.open(given.run), Reporter(json=given.json)
    if given.data is None:
        data, splits, name = run.about()["data"], open_run_splits(run.about()), "evaluation.json"
    else:
        data, about = data_arguments(given), run.config().get("run", {})
        data |= reading_of(data["source"], model, about, labels_column=given.labels_column, dialect=given.dialect)
        splits, name = open_splits(data), f"evaluation-{short_name(data['source'])}.json"
    settings = {name: getattr(given, name) for name in ("importance_samples", "max_rows", "seed", "parzen")}
    if given.judge:
        settings["judge"] = judge_for(model, data, splits, verbose=reporter.live)
    with reporter.waiting("evaluating …"), called(n_samples="importance_samples"):
        evaluation = evaluate_run(run, model, splits, settings, name)
    if evaluation is None:
        raise UsageError("no rows were kept from training, so there is none to evaluate on; give others by --data.")
    if given.json:
        print_json(evaluation)
        return 0
    print_measures(as_table(evaluation))
    for sentence in advice(evaluation):
        print(f"\n{sentence}")
    print(f"\n{run.folder / name}")
    return 0
