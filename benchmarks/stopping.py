"""What early stopping is worth, and what validation costs.

`python -m benchmarks.stopping` fits a default VAE to ten data sets, ten times as long as is common (50 epochs, and 500
rounds at least), with early stopping and without, and prints the negative bound of test rows and the time of both; a
tenth of the training rows is held out of both. `--only overhead` prints for every preset of the speed table what part
of the time of its training validation takes, the copy of the best weights included: median, and range of the turns.
"""

import argparse
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import equinox as eqx
import numpy as np
from jaxtyping import Float, Shaped
from sklearn import datasets
from sklearn.model_selection import train_test_split

from benchmarks.flops import TRAININGS
from benchmarks.latently_side import make_trainer
from latently import VAE, open_dataset

EPOCHS, ROUNDS, TIMES = 50, 500, 10
Rows = Shaped[np.ndarray, "rows ..."]


def genes() -> Rows:
    """140 rows of 5,000 numbers, of four groups."""
    random = np.random.default_rng(0)
    means = random.normal(size=(4, 5000)) * (random.uniform(size=5000) < 0.1)
    return means[np.arange(140) % 4] + random.normal(size=(140, 5000))


def patches() -> Rows:
    """3,000 patches of 8 x 8 pixels of two photographs."""
    random, found = np.random.default_rng(0), []
    for photo in datasets.load_sample_images().images:
        for _ in range(1500):
            top, left = (random.integers(size - 8) for size in photo.shape[:2])
            found.append(photo[top : top + 8, left : left + 8])
    return np.stack(found)


def penguins() -> Rows:
    """The four measurements of 342 penguins."""
    from palmerpenguins import load_penguins

    return load_penguins().iloc[:, 2:6].dropna().to_numpy(float)


SETS: dict[str, Callable[[], Any]] = {
    "iris": lambda: datasets.load_iris().data,
    "wine": lambda: datasets.load_wine().data,
    "breast cancer": lambda: datasets.load_breast_cancer().data,
    "diabetes": lambda: datasets.load_diabetes().data,
    "penguins": penguins,
    "digits": lambda: datasets.load_digits().images / 16,
    "swiss roll": lambda: datasets.make_swiss_roll(1000, noise=0.5, random_state=0)[0],
    "genes": genes,
    "patches": patches,
    "mnist, 2,000": lambda: open_dataset("mnist").train.x[:2000],
}


def fitted(rows: Rows, seed: int, **changes: Any) -> tuple[float, float, int]:
    """The negative bound of test rows in nats, the seconds of a fit, and the rounds that it took."""
    train, test = train_test_split(rows, test_size=0.25, random_state=seed)
    train, out = train_test_split(train, test_size=0.1, random_state=seed)
    size, batch = min(10, int(np.prod(rows.shape[1:]))), min(VAE().batch_size, len(train))
    epochs = TIMES * max(EPOCHS, ROUNDS * batch / len(train))
    model, began = VAE(size, epochs=epochs, random_state=seed, **changes), time.perf_counter()
    model.fit(train, X_val=out if changes else None)
    seconds = time.perf_counter() - began
    return -float(model.score_samples(test, n_samples=10).mean()), seconds, model.history_[-1]["round"]


def compare(names: list[str], seeds: int, patience: int) -> Iterator[tuple[bool, float]]:
    """Print both fits of every data set; whether stopping is no worse, and the part of the time that it takes."""
    print(f"{'data':16}{'-bound, all epochs':>22}{'-bound, stopped':>22}{'rounds':>16}{'time':>7}")
    for name in names:
        rows, both = SETS[name](), {}
        for how in ({}, {"early_stopping": True, "patience": patience}):
            both[bool(how)] = np.array([fitted(rows, seed, **how) for seed in range(seeds)])
        (whole, stopped), ratio = (both[False], both[True]), float(both[True][:, 1].sum() / both[False][:, 1].sum())
        error = float(np.std(stopped[:, 0] - whole[:, 0], ddof=1) / np.sqrt(seeds)) if seeds > 1 else 0.0
        no_worse = stopped[:, 0].mean() <= whole[:, 0].mean() + error
        figures = [f"{each[:, 0].mean():.2f} ± {each[:, 0].std():.2f}" for each in (whole, stopped)]
        counts = "/".join(f"{each[:, 2].mean():.0f}" for each in (stopped, whole))
        print(f"{name:16}{figures[0]:>22}{figures[1]:>22}{counts:>16}{ratio:>7.2f}", flush=True)
        yield bool(no_worse), ratio


def overhead(preset: str, seconds: float, turns: int) -> Float[np.ndarray, "turns"]:
    """The time of a measurement and of keeping the best, as a part of that of the rounds between two, turn by turn."""
    mnist = open_dataset("mnist").train
    trainer = make_trainer(preset, mnist.x, mnist.labels, 6000)
    watch, trainer.validation, ratios = trainer.validation, None, []

    def look() -> None:
        watch.best_value = np.inf  # so that each is kept
        game = trainer.state.averaged
        watch.look(game, eqx.filter(game, eqx.is_array), 0)

    def rounds() -> None:
        trainer.run(trainer.round + min(watch.every, 50))

    rounds(), look()  # compiles
    for _ in range(turns):
        of_rounds, of_look = (seconds_of(call, part * seconds) for call, part in ((rounds, 0.75), (look, 0.25)))
        ratios.append(of_look / (of_rounds * watch.every / min(watch.every, 50)))
    return np.array(ratios)


def seconds_of(call: Callable[[], object], seconds: float) -> float:
    """How long a call takes, in the mean over so many seconds."""
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        call()
        count += 1
    return (time.perf_counter() - began) / count


def main() -> None:
    """Print one of the two tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=("stopping", "overhead"), default="stopping")
    parser.add_argument("--data", nargs="+", default=list(SETS), choices=list(SETS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--patience", type=int, default=VAE().patience)
    parser.add_argument("--presets", nargs="+", default=list(TRAININGS))
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--turns", type=int, default=5)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    if asked.only == "overhead":
        for preset in asked.presets:
            low, middle, high = 100 * np.percentile(overhead(preset, asked.seconds, asked.turns), (0, 50, 100))
            print(f"{preset:24}{middle:6.1f} % ({low:.1f} to {high:.1f})", flush=True)
        return
    found = list(compare(asked.data, asked.seeds, asked.patience))
    ratio = np.mean([ratio for _, ratio in found])
    print(f"no worse in {sum(ok for ok, _ in found)} of {len(found)}; part of the time, in the mean {ratio:.2f}")


if __name__ == "__main__":
    main()
