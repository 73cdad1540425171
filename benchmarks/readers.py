"""How fast tables of text are read: by the reader that Latently stands on, by others, and by Latently as a whole.

Run as `python -m benchmarks.readers`; writes a table of each kind into a temporary folder, reads it with every reader
in turns, and prints the medians. Readers differ in what they refuse: a line with too few cells passes pandas and polars
without a word, so Latently looks at the lines of every file itself.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow.csv as pa_csv

from latently import open_dataset

Reader = Callable[[Path], Any]
TABLES: dict[str, dict[str, Any]] = {
    "numbers, a comma between": {"sep": ",", "decimal": "."},
    "numbers with decimal commas, a semicolon between": {"sep": ";", "decimal": ","},
}


def readers(sep: str, decimal: str) -> dict[str, Reader]:
    """Name → what reads a table that is written so."""
    comma = decimal == ","
    arrow = pa_csv.ParseOptions(delimiter=sep), pa_csv.ConvertOptions(decimal_point=decimal)
    return {
        "pandas, its C engine (what Latently uses)": lambda path: pd.read_csv(path, sep=sep, decimal=decimal),
        "pandas, its pyarrow engine": lambda path: pd.read_csv(path, sep=sep, decimal=decimal, engine="pyarrow"),
        "pyarrow": lambda path: pa_csv.read_csv(path, parse_options=arrow[0], convert_options=arrow[1]),
        "polars": lambda path: pl.read_csv(path, separator=sep, decimal_comma=comma),
        "open_dataset, as a whole": open_dataset,
    }


def write(path: Path, rows: int, columns: int, sep: str, decimal: str) -> None:
    """A table of numbers."""
    numbers = np.random.default_rng(0).normal(size=(rows, columns))
    frame = pd.DataFrame(numbers, columns=[f"column_{place}" for place in range(columns)])
    frame.to_csv(path, index=False, sep=sep, decimal=decimal, float_format="%.6g")


def main() -> None:
    """Write the tables, read them, and print how long it took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=12)
    parser.add_argument("--turns", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for what, written in TABLES.items():
            path = Path(folder) / "table.csv"
            write(path, options.rows, options.columns, **written)
            print(f"{options.rows:,} rows of {options.columns} {what} ({path.stat().st_size / 1e6:.0f} MB)")
            seconds: dict[str, list[float]] = {}
            for _ in range(options.turns):
                for name, read in readers(**written).items():
                    start = time.perf_counter()
                    read(path)
                    seconds.setdefault(name, []).append(time.perf_counter() - start)
            for name, each in seconds.items():
                print(f"  {name:<42} {statistics.median(each):6.2f} s")


if __name__ == "__main__":
    main()
