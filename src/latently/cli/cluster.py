"""`latently cluster RUN DATA`: the cluster of each row."""

from collections.abc import Sequence

from latently.cli.parsing import Parser

_EXAMPLES = (
    "latently cluster runs/clustering-aae-digits-1 digits",
    "latently cluster runs/clustering-aae-photos-1 new-photos/ --proba --out clusters.csv --out clusters.npz",
)


def main(arguments: Sequence[str]) -> int:
    """Run the command."""
    from latently.cli.predictions import add_prediction_options, predict

    parser = Parser(
        "cluster",
        "Write the number of the likeliest cluster of every row, among those that the model found without labels, and "
        "its probability. Where the data has labels, print how the clusters agree with them.",
        "RUN DATA [options]",
        _EXAMPLES,
    )
    add_prediction_options(parser, "clusters")
    return predict(parser.parse_args(arguments), "cluster", "clusters", "cluster")
