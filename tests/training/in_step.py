"""A program that one or several processes run: every model of the catalogue, a few rounds of each."""

import json
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import jax
import numpy as np

from latently import Views, distributed
from latently.catalogue import MODELS
from small_models import small
from toy_games import StopEvery, tug_trainer

ROUNDS, EVERY = 200, 20


def trainers():
    """Every model by name, and the toy game, resident and streamed: all at round 0."""
    random = np.random.default_rng(0)
    X, y = random.uniform(size=(60, 6)), np.arange(60) % 3
    for model in MODELS:
        estimator = small(model.load(), batch_size=16)
        rows = Views({"left": X[:, :4], "right": X[:, 4:]}) if estimator.takes_views else X
        yield model.name, lambda estimator=estimator, rows=rows: estimator.trainer(rows, y)
    for name, how in {"tug": {}, "tug, streamed": {"resident_bytes": 0}, "tug, few labels": {"rows": 12}}.items():
        yield name, lambda how=how: tug_trainer(**how)


def windows(history):
    """The mean of each term over every `EVERY` rounds, however the chunks in them were cut."""
    means, before = {}, 0
    for progress in history:
        window = means.setdefault(str(-(-progress.round // EVERY) * EVERY), dict.fromkeys(progress.terms, 0.0))
        for name, value in progress.terms.items():
            window[name] += value * (progress.round - before) / EVERY
        before = progress.round
    return means


def main(out, only=""):
    if "JAX_PROCESS_ID" in os.environ:
        distributed.initialize()
    losses = {}
    for name, make in trainers():
        if only and not name.startswith(only): continue
        t=time.time()
        trainer = make()
        trainer.run(ROUNDS, [StopEvery(EVERY)])
        losses[name] = windows(trainer.history)
        print(name, time.time()-t, flush=True)
    if distributed.is_first():
        Path(out).write_text(json.dumps(losses))


main(*sys.argv[1:])
