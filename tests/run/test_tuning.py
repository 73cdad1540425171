"""Trials that are worse than most at their time are ended early, by what held-out rows say."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from latently.run.study import Study
from latently.run.tuning import STEPS, Pruner
from latently.training import Progress

pytest.importorskip("optuna")
pytestmark = pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")

ROUNDS = 100


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Study]:
    """A study whose first five trials came to 1, as they did all along."""
    folder = tmp_path_factory.mktemp("tuning") / "study"
    study = Study(folder, {"latent_dim": {"int": (2, 64)}}, {"model": "vae"}, trials=20)
    for _ in range(5):
        trial = study.take()
        played(trial, Pruner(trial), 1.0)
        study.tell(trial, 1.0)
    yield study
    study.close()


def played(trial: Any, pruner: Pruner, loss: float, *, every: int = 1, after: int = 0) -> int:
    """Play a trial whose loss stays as it is, measured every so many rounds; the round at which it ends."""
    trainer = SimpleNamespace(validation=SimpleNamespace(criterion="loss"), stop_requested=False)
    for round_ in range(after + 1, ROUNDS + 1):
        found = {"loss": loss, "other": -loss} if round_ % every == 0 else None
        pruner(trainer, Progress(round_, ROUNDS, 0.1 * round_, 1.0, 1.0, {}, found))
        if trainer.stop_requested:
            return round_
    return ROUNDS


def reported(study: Study, trial: Any) -> dict[int, float]:
    return dict(study.study.trials[trial.number].intermediate_values)


def test_a_trial_worse_than_most_is_pruned_once_it_has_had_its_warm_up(study: Study) -> None:
    trial = study.take()
    pruner = Pruner(trial)
    ended = played(trial, pruner, 2.0)
    assert pruner.pruned
    assert ended == ROUNDS * max(reported(study, trial)) // STEPS
    assert reported(study, trial) == {1: 2.0, 2: 2.0, 3: 2.0}
    told = study.tell(trial, pruned=True)
    assert (told.state, told.value) == ("pruned", 2.0)


def test_a_trial_as_good_as_most_is_played_to_its_end_and_tells_each_part_once(study: Study) -> None:
    trial = study.take()
    pruner = Pruner(trial)
    assert played(trial, pruner, 0.5) == ROUNDS
    assert not pruner.pruned
    assert reported(study, trial) == dict.fromkeys(range(1, STEPS), 0.5)
    study.tell(trial, 0.5)


def test_a_part_in_which_nothing_was_measured_tells_nothing(study: Study) -> None:
    trial = study.take()
    played(trial, Pruner(trial), 0.5, every=20)
    assert reported(study, trial) == dict.fromkeys((4, 8, 12, 16), 0.5)
    study.tell(trial, 0.5)


def test_a_trial_that_is_taken_up_tells_the_parts_that_are_left(study: Study) -> None:
    trial = study.take()
    trial.report(0.25, 10)  # what a process that was killed had told
    assert played(trial, Pruner(trial), 0.5, after=40) == ROUNDS
    assert reported(study, trial) == {10: 0.25} | dict.fromkeys(range(11, STEPS), 0.5)
    study.tell(trial, 0.5)
