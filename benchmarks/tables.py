"""How well missing cells of tables are filled in: Latently beside the mean, nearest neighbours and chained equations.

Six public tables of numbers lose 10, 30 and 50 % of their cells at random; each contender learns from what is left and
fills in the gaps. The error is the root mean squared error over the cells that were hidden, in standard deviations of
their columns. Run as `python -m benchmarks.tables --only imputation`; prints the table, with the mean and the standard
deviation over seeds, and the mean rank of each contender. The penguins need `pip install palmerpenguins`.
"""

import argparse
import time
import warnings
from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import Bool, Float
from sklearn import datasets
from sklearn.experimental import enable_iterative_imputer  # noqa: F401 - without it, there is no IterativeImputer
from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer

from latently import VAE

Rows = Float[np.ndarray, "rows columns"]
Imputer = Callable[[Rows, int], Rows]

RATES = (0.1, 0.3, 0.5)
DIGITS_ROWS = 600


def tables() -> Iterator[tuple[str, Rows]]:
    """The names and the numbers of the tables."""
    for name in ("iris", "wine", "diabetes", "breast_cancer"):
        yield name, getattr(datasets, f"load_{name}")().data.astype(np.float64)
    digits = datasets.load_digits().data[:DIGITS_ROWS]
    yield "digits", digits[:, (digits > 0).mean(axis=0) > 0.05]  # the margins are nearly always blank
    try:
        from palmerpenguins import load_penguins
    except ImportError:
        warnings.warn("without palmerpenguins, there are five tables", stacklevel=2)
        return
    yield "penguins", load_penguins().select_dtypes("number").drop(columns="year").dropna().to_numpy(np.float64)


def _scikit_learns(make: Callable[[int], SimpleImputer]) -> Imputer:
    return lambda rows, seed: make(seed).fit_transform(rows)


def latently(rows: Rows, seed: int) -> Rows:
    """A VAE of the preset for small tables."""
    return VAE.from_preset("vae-table", random_state=seed).fit(rows).impute(rows)


CONTENDERS: dict[str, Imputer] = {
    "mean": _scikit_learns(lambda _: SimpleImputer()),
    "5 nearest neighbours": _scikit_learns(lambda _: KNNImputer()),
    "IterativeImputer": _scikit_learns(lambda seed: IterativeImputer(random_state=seed)),
    "Latently": latently,
}


def hide(rows: Rows, rate: float, seed: int) -> Bool[np.ndarray, "rows columns"]:
    """Which cells are hidden: each with the same probability, but never a whole row."""
    hidden = np.random.default_rng(seed).random(rows.shape) < rate
    hidden[hidden.all(axis=1)] = False
    return hidden


def error(filled: Rows, rows: Rows, hidden: Bool[np.ndarray, "rows columns"]) -> float:
    """The root mean squared error of hidden cells, in standard deviations of their columns."""
    return float(np.sqrt((((filled - rows) / rows.std(axis=0))[hidden] ** 2).mean()))


def imputation(seeds: int) -> None:
    """Print the comparison as it goes, then the mean ranks."""
    print(f"| table | hidden | {' | '.join(CONTENDERS)} |\n| --- | ---: |{' ---: |' * len(CONTENDERS)}")
    ranks: list[np.ndarray] = []
    seconds = dict.fromkeys(CONTENDERS, 0.0)
    for name, rows in tables():
        for rate in RATES:
            errors = np.empty((seeds, len(CONTENDERS)))
            for seed in range(seeds):
                hidden = hide(rows, rate, seed)
                left = np.where(hidden, np.nan, rows)
                mean, deviation = np.nanmean(left, axis=0), np.nanstd(left, axis=0)  # neighbours need one scale
                for place, (contender, impute) in enumerate(CONTENDERS.items()):
                    start = time.perf_counter()
                    filled = impute((left - mean) / deviation, seed) * deviation + mean
                    seconds[contender] += time.perf_counter() - start
                    errors[seed, place] = error(filled, rows, hidden)
            averages, spread = errors.mean(axis=0), errors.std(axis=0)
            ranks.append(averages.argsort().argsort() + 1)
            each = " | ".join(
                f"**{a:.3f}** ± {s:.3f}" if a == averages.min() else f"{a:.3f} ± {s:.3f}"
                for a, s in zip(averages, spread, strict=True)
            )
            size = f"{len(rows):,} × {rows.shape[1]}"
            print(f"| {name}, {size} | {rate:.0%} | {each} |", flush=True)
    means = np.mean(ranks, axis=0)
    print(f"| mean rank | | {' | '.join(f'{rank:.2f}' for rank in means)} |")
    print(f"| seconds in all | | {' | '.join(f'{each:.0f}' for each in seconds.values())} |")


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=("imputation",), default="imputation")
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        imputation(asked.seeds)


if __name__ == "__main__":
    main()
