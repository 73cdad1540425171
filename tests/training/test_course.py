"""The rows of a run's history: they hang on its rounds, and not on the clock that cut these into chunks."""

import json

import numpy as np

from latently.training import course
from toy_games import StopEvery, tug_trainer


def of_run(trainer):
    return [(row.round, row.epoch, row.terms) for row in trainer.history]


def test_a_history_does_not_hang_on_where_rounds_were_cut():
    whole, cut = tug_trainer(), tug_trainer()
    whole.run(200)
    cut.run(200, [StopEvery(7)])
    assert of_run(whole) == of_run(cut)
    assert [row.round for row in whole.history[-2:]] == [196, 200]


def test_a_row_that_a_stop_has_cut_is_completed_by_the_run_that_goes_on_from_its_checkpoint(tmp_path):
    class StopAt(StopEvery):
        def __call__(self, trainer, progress):
            trainer.stop_requested = progress.round == 143

    whole, cut, again = tug_trainer(), tug_trainer(), tug_trainer()
    whole.run(200)
    cut.run(200, [StopAt(143)])
    assert [row.round for row in cut.whole_history[-2:]] == [140, 143]
    cut.save(tmp_path / "checkpoint")
    again.restore(tmp_path / "checkpoint")
    again.run(200)
    assert of_run(cut) + of_run(again) == of_run(whole)


def test_a_mean_is_the_same_to_the_last_bit_wherever_it_is_cut_and_kept_as_json():
    random = np.random.default_rng(0)
    losses = (random.normal(size=4000) * 10.0 ** random.integers(-8, 8, 4000)).astype(np.float32)
    whole, cut = course.Course(), course.Course()
    expected = list(whole.rows({"loss": losses}, 0))
    found = []
    for first, last in [(0, 1), (1, 700), (700, 701), (701, 3999), (3999, 4000)]:
        found += cut.rows({"loss": losses[first:last]}, first)
        kept, cut = json.loads(json.dumps(cut.state())), course.Course()
        cut.restore(kept)
    assert found == expected
    assert len(expected) < 64 + 32 * 6
    (start, _), (end, means) = expected[-2:]
    assert np.isclose(means["loss"], losses[start:end].mean(dtype=np.float64), rtol=1e-9)
