"""Which hyperparameters make the codes of several views tell classes apart, by rows kept for tuning.

Wang, Yan, Lee & Livescu 2016 (arXiv 1610.03454) choose the sizes of codes by the error of a linear SVM on the tuning
part; the test rows are not looked at. Run as `python -m benchmarks.code_sizes --preset vcca-private "private_dim=10"
"latent_dim=30 likelihood_scale=0.2" …`: each argument is one setting, changes to the preset; a line is printed for each
part of its training.
"""

import argparse
import ast
import time
import warnings
from typing import Any

from latently import VCCA, open_dataset
from latently.data import Views
from latently.evaluation.codes import linear_svm_error

FIT_ROWS = 10_000
"""Training rows that the SVM is fitted on."""


def changes_of(setting: str) -> dict[str, Any]:
    """Hyperparameters from words such as `latent_dim=30 inferred_from=each`."""
    pairs = (word.split("=", 1) for word in setting.split())
    return {name: _value(text) for name, text in pairs}


def _value(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return text


def main() -> None:
    """Train each setting in turn and print the tuning error on the codes of one view as it falls."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("settings", nargs="+", metavar="CHANGES")
    parser.add_argument("--preset", default="vcca-private")
    parser.add_argument("--view", default="rotated", help="the view whose codes are read")
    parser.add_argument("--parts", type=int, default=3, help="how often the error is measured")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    data = open_dataset("mnist", views="noisy", validation=1 / 6, seed=asked.seed)
    train, tuning = data.train, data.validation
    assert isinstance(train.rows, Views)
    assert isinstance(tuning.rows, Views)
    for setting in asked.settings:
        model = VCCA.from_preset(asked.preset, random_state=asked.seed, **changes_of(setting))
        trainer, start = model.trainer(train.rows), time.perf_counter()
        rounds = model.total_rounds(trainer)
        for part in range(1, asked.parts + 1):
            trainer.run(rounds * part // asked.parts)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model.adopt(trainer)
            codes = [model.transform(rows.only(asked.view)) for rows in (train.rows[:FIT_ROWS], tuning.rows)]
            error = linear_svm_error(codes[0], train.labels[:FIT_ROWS], codes[1], tuning.labels, asked.seed)
            used = trainer.history[-1].terms.get("vcca/active_dimensions", float("nan"))
            minutes = (time.perf_counter() - start) / 60
            print(f"{setting:60} {part}/{asked.parts} {error:8.2%} {used:5.0f} used {minutes:6.1f} min", flush=True)


if __name__ == "__main__":
    main()
