"""`latently datasets`: the data that can be opened."""

import dataclasses
from collections.abc import Sequence

from latently.cli.parsing import Parser

_FILES = (
    ("a folder of images", "PNG or JPEG; subfolders, or a labels.csv, are the labels"),
    (".npy", "an array (n, ...)"),
    (".npz", "an array x, or the only one, and labels y"),
    (".csv .tsv .parquet", "numeric columns; --labels-column names that of the labels"),
    ("idx files, or a folder of them", "as MNIST is published: train-images-idx3-ubyte.gz and so on"),
)
_VIEWS = (
    ("halves, top-bottom", "images, cut into left and right, or into top and bottom"),
    ("noisy", "labelled images, each rotated; and another image of its class under noise"),
    ("NAME=ARRAY,NAME=ARRAY", "arrays of a .npz file; all NaN in one row: that row lacks the view"),
    ("NAME=COLUMN+PATTERN*,...", "columns of a table, by name or pattern; all cells empty: the row lacks the view"),
    ("NAME=FOLDER,NAME=FOLDER", "subfolders of images, matched by file name; labels.csv: filename,label"),
)


def main(arguments: Sequence[str]) -> int:
    """Run the command."""
    parser = Parser("datasets", "The data that `--data` can open.", "[--json]", ("latently datasets",))
    parser.add_argument("--json", action="store_true", help="print the data sets with a name as JSON")
    given = parser.parse_args(arguments)

    from latently.cli.terminal import print_json, print_table
    from latently.data import BUILTIN

    if given.json:
        print_json({name: dataclasses.asdict(about) for name, about in BUILTIN.items()})
        return 0
    rows = [
        (name, about.about, about.rows, "×".join(map(str, about.shape)), str(about.classes), about.where)
        for name, about in BUILTIN.items()
    ]
    print_table(("name", "what", "rows", "shape", "classes", "where it comes from"), rows, numbers=(2, 4))
    print()
    print_table(("your own", "what is read"), _FILES)
    print()
    print_table(("--views", "several views of a row, for ACCA"), _VIEWS)
    return 0
