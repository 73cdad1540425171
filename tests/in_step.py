"""A program that one or several processes run: every model of the catalogue, and a toy game, for some rounds each."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np

from latently import Views, distributed
from latently.catalogue import MODELS
from small_models import small
from toy_games import StopEvery, same_bits, tug_trainer

TUGS = {"resident": {}, "streamed": {"resident_bytes": 0}, "few labels": {"rows": 12}}


def tugs():
    """Trainers of the toy game at round 0: its rows resident, streamed, and too few labelled ones to share out."""
    return {f"tug, {name}": lambda how=how: tug_trainer(**how) for name, how in TUGS.items()}


def models():
    """Trainers of every model at round 0."""
    random = np.random.default_rng(0)
    X, y = random.uniform(size=(60, 6)), np.arange(60) % 3

    def trainer(model):
        estimator = small(model.load(), hidden=(8,))
        views = Views({"left": X[:, :4], "right": X[:, 4:]})
        return estimator.trainer(views if estimator.takes_views else X, y)

    return {model.name: lambda model=model: trainer(model) for model in MODELS}


def resumes(path):
    """Whether a run that is saved and taken up again goes on bit for bit."""
    whole, cut, again = tug_trainer(), tug_trainer(), tug_trainer()
    whole.run(25)
    cut.run(10)
    cut.save(path)
    distributed.wait_for_all()  # what the first process wrote is read by all
    again.restore(path)
    again.run(25)
    return same_bits(whole.state, again.state)


def losses(rounds):
    """The losses of each round of each trainer, after as many rounds as its group is to play."""
    found = {}
    for group, count in rounds.items():
        for name, make in {"tugs": tugs, "models": models}[group]().items():
            trainer = make()
            trainer.run(count, [StopEvery(1)])
            found[name] = [progress.terms for progress in trainer.history]
    return found


def main(out, rounds):
    distributed.initialize()
    found = {"losses": losses(json.loads(rounds)), "resumed": resumes(Path(out).with_suffix(".checkpoint"))}
    if distributed.is_first():
        Path(out).write_text(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
