"""`latently classify RUN DATA`: the class of each row."""

from collections.abc import Sequence

from latently.cli.parsing import Parser

_EXAMPLES = (
    "latently classify runs/m2-mnist-1 new.npy",
    "latently classify runs/m2-mnist-1 mnist --part test --proba --out classes.csv",
    "latently classify runs/aae-photos-1 new-photos/ --out classes.npz",
)


def main(arguments: Sequence[str]) -> int:
    """Run the command."""
    from latently.cli.predictions import add_prediction_options, predict

    parser = Parser(
        "classify",
        "Write the likeliest class of every row, among those that the model was fitted on, and its probability. Where "
        "the data has labels, print how well they are met.",
        "RUN DATA [options]",
        _EXAMPLES,
    )
    add_prediction_options(parser, "classes")
    return predict(parser.parse_args(arguments), "classify", "classes", "class")
