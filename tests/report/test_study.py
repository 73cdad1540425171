"""The page of a study: all trials, and Optuna's pictures as far as there are trials for them."""

from pathlib import Path

import pytest

from html_page import Page
from latently.report import write_study
from latently.run.study import Study

pytest.importorskip("optuna")


def test_the_page_shows_all_trials_and_pictures(tmp_path: Path) -> None:
    space = {"latent_dim": {"int": [2, 64], "log": True}, "hidden": {"choice": ["8", "8,8"]}}
    study = Study(tmp_path / "study", space, {"model": "vae", "data": {"source": "digits"}}, trials=5)
    study.call("negative bound, nats")
    for value in (20.0, 16.5, 18.0, None):
        trial = study.take()
        with study.at(trial):
            if value is not None:
                trial.report(value + 3, 5)
            study.tell(trial, value, reason="it diverged." if value is None else None)
    page = Page(write_study(study, tmp_path / "study.html", "latently tune vae").read_text())
    study.close()
    assert page.outline_is_sound
    assert [image["alt"] for image in page.all("img")] == [
        "The course of the search",
        "What matters",
        "One hyperparameter at a time",
        "All hyperparameters of each trial",
        "While they were trained",
    ]
    for words in (
        "Tuning vae",
        "4 trials on digits",
        "16.5",
        "8,8",
        "Trial 3 failed: it diverged.",
        "latently tune vae",
    ):
        assert words in page.text
