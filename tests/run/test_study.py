"""A study of several processes: each trial is somebody's, and none is lost with the process that was at it."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from latently.run import locks
from latently.run import study as studies
from latently.run.study import Study

pytest.importorskip("optuna")

SPACE = {"latent_dim": {"int": [2, 64], "log": True}, "hidden": {"choice": ["8", "8,8"]}}
ABOUT = {"model": "vae", "data": {"source": "digits"}}


def opened(folder: Path, **changes: Any) -> Study:
    return Study(folder, SPACE, ABOUT, **{"trials": 3, **changes})


@pytest.fixture
def study(tmp_path: Path) -> Iterator[Study]:
    study = opened(tmp_path / "study")
    yield study
    study.close()


def test_a_lock_is_had_by_one_process_and_falls_with_it(tmp_path: Path) -> None:
    other = f"import runpy; locks = runpy.run_path({locks.__file__!r})['Locks']({str(tmp_path / 'file')!r}); "
    mine = locks.Locks(tmp_path / "file")
    assert mine.take(3)
    said = subprocess.run(
        [sys.executable, "-c", other + "print(locks.take(3), locks.take(4))"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.split() == ["False", "True"]
    assert mine.take(4)


def test_a_trial_whose_process_ended_is_taken_up(study: Study) -> None:
    ended = opened(study.folder)
    left = ended.take()
    ended.close()
    trial = study.take()
    assert (trial.number, trial.params) == (left.number, left.params)
    for value in (16.5, 12.5, 20.0):
        with study.at(trial):
            assert not study.is_over
            study.tell(trial, value)
        trial = study.take()
    assert trial is None
    assert study.is_over
    kept = json.loads((study.folder / "study.json").read_text())
    assert [trial["value"] for trial in kept["trials"]] == [16.5, 12.5, 20.0]
    assert (kept["best"]["number"], kept["best"]["folder"]) == (1, "trial-0001")


def test_choices_hang_on_the_seed_and_not_on_the_process(study: Study, tmp_path: Path) -> None:
    first = study.take().params
    again = opened(tmp_path / "again" / "study")
    assert again.take().params == first
    assert opened(tmp_path / "other" / "study", seed=1).take().params != first


def test_in_a_database_a_silent_trial_is_run_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studies, "SIGN_SECONDS", 1)
    monkeypatch.setattr(studies, "SILENT_SECONDS", 1)
    database = f"sqlite:///{tmp_path / 'all.db'}"
    here = opened(tmp_path / "here" / "study", storage=database, trials=2)
    elsewhere = opened(tmp_path / "elsewhere" / "study", storage=database, trials=2)
    lost, kept = elsewhere.take(), here.take()
    elsewhere._storage.record_heartbeat(lost._trial_id)  # its last
    with here.at(kept):
        assert here.take() is None
        time.sleep(2.5)
        again = here.take()
        assert again is not None
        assert (again.number, again.params) == (2, lost.params)
        assert here.take() is None  # the trial that is at work gives signs
        for trial, value in ((again, 2.0), (kept, 3.0)):
            here.tell(trial, value)
    assert [(trial.number, trial.state, trial.folder) for trial in elsewhere.records()] == [
        (1, "complete", None),
        (2, "complete", None),
    ]
    assert here.is_over


def test_a_study_that_is_just_being_begun_can_be_joined(tmp_path: Path) -> None:
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "study.lock").touch()
    assert opened(tmp_path / "study").take().number == 0


def test_another_study_is_not_gone_on_with(study: Study, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds a study that began with model=vae; give the options"):
        Study(study.folder, SPACE, {**ABOUT, "model": "aae"}, trials=3)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").touch()
    with pytest.raises(ValueError, match="holds no study, and is not empty"):
        opened(tmp_path / "full")
    with pytest.raises(ValueError, match=r"storage must be the address of a database.*; got 'nowhere'"):
        opened(tmp_path / "new", storage="nowhere")
