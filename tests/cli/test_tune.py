"""`latently tune`: what is tried, what a killed process leaves, and what comes of it."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest

import latently
from latently.run import Run

from .conftest import call, start

pytest.importorskip("optuna")

SMALL = ("--data", "digits", "--hidden", "8", "--no-report", "--out", "study")


def study(**_: Any) -> dict[str, Any]:
    return dict(json.loads(Path("study/study.json").read_text()))


def test_two_processes_work_on_one_study_and_a_killed_one_loses_nothing(here: Path) -> None:
    (here / "space.yaml").write_text("latent_dim: {int: [2, 4]}\nlearning_rate: {float: [1e-4, 1e-2], log: true}\n")
    words = ("tune", "vae", "--epochs", "15", "--trials", "4", "--search", "space.yaml", *SMALL, "--json")
    first, second = start(*words), start(*words)
    assert first.stdout is not None
    assert json.loads(first.stdout.readline())["event"] == "progress"  # it is at a trial
    first.send_signal(signal.SIGKILL)
    out, err = second.communicate(timeout=300)
    first.communicate()
    assert second.returncode == 0, err
    trials = study()["trials"]
    assert [trial["number"] for trial in trials] == [0, 1, 2, 3]
    assert {trial["state"] for trial in trials} <= {"complete", "pruned"}
    told = [json.loads(line) for line in out.splitlines() if '"progress"' not in line]
    assert {event["number"] for event in told if event["event"] == "trial"} == {0, 1, 2, 3}
    assert told[-1]["event"] == "tuned"
    # The trial of the process that was killed was gone on with, not begun again.
    starts = [Run.open(Path("study") / trial["folder"]).history()[0]["round"] for trial in trials]
    assert len(starts) == 4
    best = study()["best"]
    assert best["value"] == min(trial["value"] for trial in trials if trial["state"] == "complete")
    model = latently.load(Path("study") / best["folder"])
    assert {name: getattr(model, name) for name in best["parameters"]} == best["parameters"]
    assert (Path("study") / best["folder"] / "evaluation.json").exists()  # the best one is finished as any run


def test_a_trial_that_cannot_be_is_recorded_and_the_study_goes_on(here: Path) -> None:
    (here / "space.yaml").write_text("prior: {choice: [normal, swiss-roll]}\n")
    words = ("tune", "aae", "--epochs", "1", "--latent-dim", "3", "--search", "space.yaml", *SMALL)
    answer = call(*words, "--trials", "3", "--labels", "0", "--quiet")
    assert answer.code == 0, answer.err
    failed = [trial for trial in study()["trials"] if trial["state"] == "failed"]
    assert {trial["parameters"]["prior"] for trial in failed} == {"swiss-roll"}
    assert "latent_dim must be even for prior=" in failed[0]["reason"]
    assert study()["best"]["parameters"] == {"prior": "normal"}
    assert "Best run" in answer.out
    more = call(*words, "--trials", "4", "--labels", "0", "--quiet")
    assert (more.code, len(study()["trials"])) == (0, 4)
    other = call(*words, "--trials", "4", "--labels", "0", "--batch-size", "32")
    assert "study holds a study with another parameters" in other.err
