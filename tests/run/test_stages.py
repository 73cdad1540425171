"""The time of a run of two stages is that of both."""

import dataclasses

from latently import StackedSemiSupervisedVAE
from latently.data import digits, split
from latently.estimators.saving import model_config
from latently.run import Run, Training, film_rows, train_together

SMALL = {"hidden": (8,), "epochs": 0.2, "random_state": 0}


def test_the_first_stage_counts_even_where_its_run_is_resumed(tmp_path):
    splits = split(digits(), seed=0)
    model, run = StackedSemiSupervisedVAE(4, first_epochs=0.2, **SMALL), Run.create(tmp_path / "run")
    trainer = model.trainer(splits.train.x, splits.train.labels)
    run.write_config({**model_config(model), "run": {}})
    settings = {"film": film_rows(splits).x, "until": model.total_rounds(trainer)}
    Training(model, trainer, run, **settings)  # interrupted before its first chunk
    again = dataclasses.replace(model, first=model.first_).trainer(splits.train.x, splits.train.labels, resumed=True)
    again.restore(run.checkpoint)
    assert train_together([Training(model, again, run, **settings)])
    about = run.config()["run"]
    assert 0 < about["first_seconds"] < about["seconds"]
