"""`latently fit`: what it leaves, what it prints, and that bad input leaves nothing."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import latently.cli.session
import latently.recipes
from latently.run import Run

from .conftest import SMALL, Answer, call


def small_fit(model: str, *words: str | Path) -> Answer:
    return call("fit", model, *words, *SMALL, "--no-report")


def test_a_run_leaves_its_folder_and_says_what_to_do_next(vae_run: Path) -> None:
    files = {path.name for path in vae_run.iterdir()}
    assert files == {
        *("config.json", "model.safetensors", "checkpoint.safetensors", "history.jsonl", "clock.jsonl"),
        *("film.safetensors", "evaluation.json", "figures", "report.html", "explorer.html"),
    }
    assert (vae_run / "figures" / "film.gif").read_bytes().startswith(b"GIF8")
    run = Run.open(vae_run)
    about = run.config()["run"]
    assert about["data"]["source"] == "digits"
    assert about["rows"] == {"train": 1258, "validation": 180, "test": 359}
    assert about["command"].startswith("latently fit vae --data digits")
    assert (run.is_finished, run.position(), about["played"]) == (True, about["rounds"], about["rounds"])
    rounds, codes = run.film() or pytest.fail("nothing was filmed")
    assert (rounds[0], rounds[-1], codes.shape) == (0, about["rounds"], (len(rounds), 359, 2))
    assert [record["round"] for record in run.history()][-1] == about["rounds"]


def test_a_report_of_a_model_that_learned_too_little_says_that_components_explain_more(vae_run: Path) -> None:
    page = (vae_run / "report.html").read_text()
    assert "variance explained, by PCA" in page
    assert "PCA with as many dimensions explains more of these rows" in page


def test_the_model_of_a_run_is_loaded_by_its_folder(vae_run: Path) -> None:
    model = latently.load(vae_run)
    assert (model.latent_dim, model.hidden, model.random_state) == (2, (16,), 0)
    assert model.history_ == Run.open(vae_run).history()
    assert model.history_[-1]["seconds"] > 0


def test_labels_are_those_of_the_data(aae_run: Path) -> None:
    model = latently.load(aae_run)
    assert model.classes_.tolist() == ["ant", "bee"]
    evaluation = Run.open(aae_run).read_json("evaluation.json")
    assert set(evaluation["regions"]["share_by_label"]) == {"ant", "bee"}


def test_json_is_all_that_goes_to_standard_output(here: Path) -> None:
    answer = call("fit", "vae", "--data", "digits", "--hidden", "16", "--epochs", "1", "--json", "--no-report")
    assert answer.code == 0
    events = [json.loads(line) for line in answer.out.splitlines()]
    assert {event["event"] for event in events[:-1]} == {"progress"}
    assert set(events[0]) >= {"round", "until", "epoch", "samples_per_second", "seconds_left", "terms"}
    assert events[-1]["event"] == "finished"
    assert events[-1]["evaluation"] == Run.open(Path(events[-1]["folder"])).read_json("evaluation.json")
    # Without --out, the folder is the next free one.
    assert events[-1]["folder"] == "runs/vae-digits-1"
    again = small_fit("vae", "--data", "digits")
    assert "runs/vae-digits-2" in again.out


def test_labels_can_be_hidden_or_left_out(here: Path) -> None:
    few = small_fit("aae", "--data", "digits", "--labels", "50", "--prior", "star", "--out", "few")
    assert few.code == 0, few.err
    assert latently.load("few").classes_.tolist() == list(range(10))
    closing = " ".join(few.out.split())
    assert "classification error, by LabelSpreading" in closing
    assert "LabelSpreading reads these classes better from as few labels" in closing  # than one epoch does
    none = small_fit("aae", "--data", "digits", "--labels", "0", "--out", "none", "--latent-dim", "3")
    assert none.code == 0, none.err
    assert latently.load("none").classes_ is None


def test_without_rows_for_a_test_nothing_is_evaluated(here: Path) -> None:
    np.save(here / "rows.npy", np.random.default_rng(0).normal(size=(50, 4)))
    answer = small_fit("vae", "--data", "rows.npy", "--validation", "0", "--test", "0", "--out", "run")
    assert answer.code == 0, answer.err
    assert "nothing was evaluated" in answer.out
    assert not (here / "run" / "evaluation.json").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--data", "digitz"], 'Did you mean "digits"?'),
        (["--data", "digits", "--latent-dim", "0"], "--latent-dim must be a whole number of 1 or more; got 0."),
        (["--data", "digits", "--learning-rate", "0"], "--learning-rate must be a number above 0; got 0."),
        (["--data", "digits", "--learning-rate-decay", "3"], "--learning-rate-decay must be a number from 0 to 1"),
        (["--data", "digits", "--prior", "swiss-roll"], "--prior must be normal or star; got 'swiss-roll'."),
        (["--data", "digits", "--labels-column", "kind"], "is for tables"),
        (["--data", "digits", "--labels", "3"], "--labels must lie between the number of classes, 10, and"),
        (["--data", "digits", "--out", "full"], "full is not empty, and a run never overwrites"),
        (["--data", "digits", "--test", "1.5"], "must be fractions of the rows"),
        (
            ["--data", "inf.npy"],
            "the data must be finite, and has infinity in column 1 (rows 0, 1, 3",
        ),
        (
            ["--data", "words.csv", "--kinds", "kind=number"],
            '"kind" is of the kind number, which "ant" is not',
        ),
    ],
)
def test_bad_input_leaves_nothing(words: list[str], said: str, here: Path) -> None:
    (here / "full").mkdir()
    (here / "full" / "notes.txt").write_text("mine")
    (here / "words.csv").write_text("legs,kind\n6,ant\n6,bee\n")
    np.save(here / "inf.npy", [[1.0, np.inf]] * 9)
    there = sorted(here.rglob("*"))
    answer = small_fit("vae", *words)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    assert answer.err.count("\n") == 1
    assert sorted(here.rglob("*")) == there


@pytest.mark.parametrize(
    ("model", "words", "said"),
    [
        ("cvae", ["--data", "rows.npy"], "ConditionalVAE learns from labels, and rows.npy has none"),
        (
            "acgan",
            ["--data", "digits", "--labels", "0"],
            "--labels must not be 0, since ACGAN learns from labels. Give another number",
        ),
        ("m1m2", ["--data", "digits", "--first", "runs/none"], "runs/none holds no model"),
    ],
)
def test_what_a_model_cannot_do_without_is_named(model: str, words: list[str], said: str, here: Path) -> None:
    np.save(here / "rows.npy", np.eye(8, dtype=np.float32))
    answer = small_fit(model, *words)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    assert [path.name for path in here.iterdir()] == ["rows.npy"]


def test_labels_that_a_model_does_not_learn_from_are_remarked_on(here: Path) -> None:
    answer = small_fit("vae", "--data", "digits", "--labels", "100")
    assert answer.code == 0
    assert "VAE learns without labels here; the 100 of --labels are used to evaluate it" in answer.err


def test_no_run_is_told_to_train_longer_since_nobody_has_watched_held_out_rows(here: Path) -> None:
    answer = call("fit", "vae", "--data", "digits", "--hidden", "16", "--epochs", "2", "--no-report", "--out", "run")
    assert answer.code == 0
    assert "rounds in" in answer.out
    assert "--epochs" not in answer.out + answer.err


def test_a_loss_that_is_no_number_is_a_failure_that_names_it(here: Path) -> None:
    answer = small_fit("vae", "--data", "digits", "--learning-rate", "1e30", "--out", "run")
    assert answer.code == 1
    assert "of player 'vae' became" in answer.err
    assert answer.err.count("\n") == 1
    assert not (here / "run" / "model.safetensors").exists()


def test_ctrl_c_after_training_says_what_is_left(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*arguments: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(latently.cli.session, "evaluate_run", interrupt)
    answer = small_fit("vae", "--data", "digits", "--out", "my run")
    assert answer.code == 130
    assert "latently evaluate 'my run', latently report 'my run'" in answer.err
    assert latently.load("my run").latent_dim == 10


def test_a_traceback_is_shown_when_asked_for(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENTLY_TRACEBACK", "1")
    assert "Traceback" in small_fit("vae", "--data", "digitz").err


def test_a_recipe_says_whether_its_numbers_are_reached(here: Path) -> None:
    (here / "mine.yaml").write_text(
        "about: a small one\nmodel: vae\noptions: {data: digits, hidden: [16], epochs: 1, no_report: true}\n"
        "reach:\n"
        "  - {name: dimensions, key: dimensions.latent_dim, at_most: 10}\n"
        "  - {name: bound, key: likelihood.evidence_lower_bound.negative_log_likelihood_nats, at_most: 1}\n"
    )
    answer = call("fit", "--recipe", "mine.yaml", "--quiet")
    assert answer.code == 1
    lines = answer.out.splitlines()
    assert lines[-2].split() == ["dimensions", "10", "≤", "10", "reached"]
    assert lines[-1].endswith("NOT reached")
    assert (here / "runs" / "mine-1" / "model.safetensors").exists()


def test_a_run_ends_when_held_out_rows_have_ceased_to_gain_and_goes_on_when_told(tmp_path: Path) -> None:
    table, folder = tmp_path / "noise.csv", tmp_path / "run"
    np.savetxt(table, np.random.default_rng(0).normal(size=(60, 4)), delimiter=",", header="a,b,c,d", comments="")
    words = ("fit", "vae", "--data", table, "--hidden", "64", "--learning-rate", "1e-2", "--no-report", "--quiet")
    answer = call(*words, "--patience", "6", "--epochs", "900", "--out", folder)
    assert answer.code == 0, answer.err
    run = Run.open(folder)
    about = run.about()
    assert about["played"] < about["rounds"]
    assert about["validation"]["name"] == "negative_bound"
    assert about["best"]["kept"]
    assert about["verdict"]["kind"] in ("over-fitted", "diverged", "settled")
    assert f"of 900 epochs, {about['played']:,} rounds" in answer.out
    assert "that model was kept" in answer.out
    assert run.is_finished
    again = call("resume", folder, "--no-report")
    assert (again.code, "before its 900 epochs, as held-out rows told" in again.err) == (2, True)
    played = about["played"]
    assert call("resume", folder, "--epochs", "600", "--no-report", "--quiet").code == 0
    assert run.about()["played"] > played
    whole = call(*words, "--no-early-stopping", "--epochs", "50", "--out", tmp_path / "whole")
    assert whole.code == 0, whole.err
    assert Run.open(tmp_path / "whole").about()["played"] == 50
