"""The arguments that open rows for a fitted model; read without opening any."""

import argparse

PARTS = ("all", "train", "validation", "test")


def add_data_options(parser: argparse.ArgumentParser) -> None:
    """The arguments that open rows for a fitted model."""
    parser.add_argument("data", metavar="DATA", help="a data set's name (`latently datasets`), a folder, or a file")
    group = parser.add_argument_group("Data")
    group.add_argument(
        "--part", choices=PARTS, default="all", help="all rows, or those of the run's own split (default: all)"
    )
    group.add_argument("--labels-column", metavar="NAME", help="the column of a table that holds the labels")
    group.add_argument(
        "--views",
        metavar="SPEC",
        help="what of the data is which view, for a model of several, as for `latently fit`; views that the data lacks "
        "may be left out (default: as the run says)",
    )
    group.add_argument("--skip-bad", action="store_true", help="leave out images that cannot be read")
