"""`latently tune`: what is tried, what a killed process leaves, and what comes of it."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest
import yaml

import latently
from latently.catalogue import BY_TERMINAL_NAME
from latently.files import number_at

from .conftest import call, start

optuna = pytest.importorskip("optuna")

SMALL = ("--data", "digits", "--hidden", "8", "--no-report", "--out", "study")


def study() -> dict[str, Any]:
    return dict(json.loads(Path("study/study.json").read_text()))


def test_two_processes_work_on_one_study_and_a_killed_one_loses_nothing(here: Path) -> None:
    (here / "space.yaml").write_text("random_state: {int: [0, 1000]}\n")  # all trials are one program
    study_of = ("tune", "vae", "--trials", "3", "--search", "space.yaml")
    words = (*study_of, "--epochs", "60", "--latent-dim", "2", *SMALL, "--json")
    first, second = start(*words), start(*words)
    assert first.stdout is not None
    assert '"progress"' in first.stdout.readline()  # it is at a trial
    first.send_signal(signal.SIGKILL)
    out, err = second.communicate(timeout=300)
    first.communicate()
    assert second.returncode == 0, err
    trials = study()["trials"]
    assert [trial["number"] for trial in trials] == [0, 1, 2]
    assert {trial["state"] for trial in trials} <= {"complete", "pruned"}
    told = [json.loads(line) for line in out.splitlines() if '"progress"' not in line]
    assert {event["number"] for event in told if event["event"] == "trial"} <= {0, 1, 2}
    assert told[-1]["event"] == "tuned"
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
    assert "unexplained and prior distance" in answer.out
    assert "Best run" in answer.out
    assert "study holds a study; name one of its runs, such as study/trial-0000" in call("info", "study").err
    more = call(*words, "--trials", "4", "--labels", "0", "--quiet")
    assert (more.code, len(study()["trials"])) == (0, 4)
    other = call(*words, "--trials", "4", "--labels", "0", "--batch-size", "32")
    assert "study holds a study that began with batch_size=" in other.err


def test_a_database_keeps_the_study_and_hears_of_trials_as_they_go_unless_none_is_to_be_pruned(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("latently.cli.session.resume", lambda *_, **__: None)  # the best run needs no evaluation here
    (here / "space.yaml").write_text("random_state: {int: [0, 1000]}\n")
    storage = ("--storage", "sqlite:///all.db")
    words = ("tune", "vae", "--search", "space.yaml", "--epochs", "6", "--latent-dim", "2", *SMALL, *storage, "--quiet")
    for more in (("--trials", "1"), ("--trials", "2", "--no-prune")):
        answer = call(*words, *more)
        assert answer.code == 0, answer.err
    first, second = optuna.load_study(study_name="study", storage="sqlite:///all.db").trials
    assert first.intermediate_values
    assert not second.intermediate_values
    assert [trial["value"] for trial in study()["trials"]] == [first.value, second.value]
    assert not Path("study/study.log").exists()


def test_a_number_of_the_evaluation_can_be_made_large(here: Path) -> None:
    (here / "space.yaml").write_text("random_state: {int: [0, 1000]}\n")
    words = ("tune", "vae", "--search", "space.yaml", "--epochs", "1", "--latent-dim", "2", *SMALL, "--quiet")
    measure = "reconstruction.variance_explained"
    answer = call(*words, "--trials", "3", "--measure", measure, "--maximize")
    assert answer.code == 0, answer.err
    trials = study()["trials"]
    for trial in trials:
        found = json.loads((Path("study") / trial["folder"] / "validation.json").read_text())
        assert trial["value"] == number_at(found, measure)
    values = [trial["value"] for trial in trials]
    assert study()["best"]["value"] == max(values) > min(values)


def test_a_number_that_no_evaluation_has_ends_the_study_at_once(here: Path) -> None:
    answer = call(
        "tune", "vae", "--measure", "likelihood.nope", "--epochs", "1", "--latent-dim", "2", *SMALL, "--quiet"
    )
    assert answer.code == 2
    assert "--measure must name a number of evaluation.json, such as reconstruction.mean_squared_error" in answer.err
    assert len(study()["trials"]) == 1


def test_what_is_searched_is_checked_before_anything_is_tried(here: Path) -> None:
    for space, said in (
        ("latent_dims: {int: [2, 4]}", "s.yaml: there is no hyperparameter 'latent_dims'. Did you mean latent_dim?"),
        ("latent_dim: [2, 4]", "latent_dim must say one of int, float and choice; such as latent_dim: {int: [2, 64]"),
        ("latent_dim: {int: [4, 2]}", "latent_dim must have the least number first; got [4, 2]."),
        ("latent_dim: {int: [0, 2], log: true}", "must be above 0 for log: true"),
        ("latent_dim: {float: [1, 2]}", "--latent-dim must be a whole number; got 1.3"),
        ("latent_dim: {int: [0, 2]}", "--latent-dim must be a whole number of 1 or more; got 0."),
        ("prior: {choice: [normal, sun]}", "--prior must be normal, uniform, star, swiss-roll or s-curve; got 'sun'"),
        ("[1, 2]", "--search s.yaml must hold hyperparameters and what is searched of each"),
    ):
        (here / "s.yaml").write_text(space)
        answer = call("tune", "aae", "--search", "s.yaml", *SMALL)
        assert (answer.code, said in answer.err) == (2, True), answer.err
    assert "--maximize is about --measure" in call("tune", "vae", "--maximize", *SMALL).err
    assert "--validation must keep rows" in call("tune", "vae", "--validation", "0", *SMALL).err
    assert [path.name for path in here.iterdir()] == ["s.yaml"]


def test_what_is_given_is_not_searched() -> None:
    printed = call("tune", "aae", "--print-search", "--hidden", "8", "--prior", "star").out
    assert set(yaml.safe_load(printed)) == {"learning_rate", "critic_learning_rate", "batch_size"}
    assert yaml.safe_load(call("tune", "vae", "--print-search").out)["latent_dim"] == {"int": [2, 64], "log": True}


@pytest.mark.parametrize("model", BY_TERMINAL_NAME)
def test_every_model_has_a_space(model: str) -> None:
    answer = call("tune", model, "--print-search")
    assert answer.code == 0, answer.err
    space, estimator = yaml.safe_load(answer.out), BY_TERMINAL_NAME[model].load()
    assert {"latent_dim", "learning_rate", "batch_size"} <= set(space) <= set(estimator().get_params(deep=False))
