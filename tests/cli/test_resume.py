"""`latently resume`: killed or interrupted, a run comes out bit for bit as if nothing had happened."""

import contextlib
import json
import os
import shutil
import signal
from pathlib import Path

import pytest

import latently
from latently.run import Run, TakenError

from .conftest import after_lines, call, contents, start

# Long enough to be cut, and with a checkpoint after every chunk of rounds.
CUT = (
    "fit",
    "vae",
    "--data",
    "digits",
    "--latent-dim",
    "2",
    "--hidden",
    "16",
    "--epochs",
    "60",
    "--json",
    "--no-report",
)
EVERY = ("--checkpoint-every", "0")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The uninterrupted run."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    assert call(*CUT, "--out", folder).code == 0
    return folder


def assert_same(a: Path, b: Path) -> None:
    for name in ("model.safetensors", "film.safetensors", "evaluation.json"):
        assert (a / name).read_bytes() == (b / name).read_bytes(), name


def test_a_killed_run_resumes_to_the_same_bits(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    process = start(*CUT, *EVERY, "--out", folder)
    code, *_ = after_lines(process, 6, signal.SIGKILL)
    run = Run.open(folder)
    assert (code, run.has_model) == (-signal.SIGKILL, False)
    assert 0 < run.position() < run.config()["run"]["rounds"]
    answer = call("resume", folder, "--json", "--no-report")
    assert answer.code == 0, answer.err
    assert_same(folder, whole)
    rounds = [record["round"] for record in run.history()]
    assert rounds == sorted(set(rounds))
    seconds = [record["seconds"] for record in run.history()]
    assert seconds == sorted(seconds)
    assert latently.load(folder).history_ == run.history()  # the rounds before the kill among them


def test_a_run_of_several_views_resumes_to_the_same_bits(tmp_path: Path) -> None:
    """Some rows lack a view, and the views are patterns of a table's columns."""
    table = tmp_path / "gaps.csv"
    lines = [f"{n % 7},{n % 5},{'' if n % 4 == 0 else n % 3},{'' if n % 4 == 0 else n % 11}" for n in range(400)]
    table.write_text("\n".join(["age,weight,lab1,lab2", *lines]))
    views = ("--views", "body=age+weight,lab=lab*", "--encoder", "gaussian", "--critic-hidden", "8")
    words = ("fit", "acca", "--data", table, *views, "--latent-dim", "2", "--hidden", "8", *CUT[8:])
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    assert call(*words, "--out", whole).code == 0
    code, *_ = after_lines(start(*words, *EVERY, "--out", cut), 3, signal.SIGINT)
    assert (code, Run.open(cut).has_model) == (130, False)
    assert 0 < Run.open(cut).position() < Run.open(cut).config()["run"]["rounds"]
    answer = call("resume", cut, "--quiet", "--no-report")
    assert answer.code == 0, answer.err
    assert_same(cut, whole)


@pytest.mark.parametrize(("number", "expected"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_that_is_asked_to_end_saves_says_how_to_go_on_and_exits_as_shells_expect(
    number: signal.Signals, expected: int, whole: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    process = start(*CUT, "--out", folder)
    code, out, err = after_lines(process, 4, number)
    assert code == expected
    assert f"latently resume {folder}" in err
    assert json.loads(out.splitlines()[-1])["event"] == "interrupted"
    assert Run.open(folder).position() == json.loads(out.splitlines()[-1])["round"]
    # Until then there is no model, and every command says so.
    answer = call("sample", folder)
    assert answer.code == 2
    assert f"go on with `latently resume {folder}`" in answer.err
    assert "unfinished" in call("info", folder).out
    assert call("resume", folder, "--quiet", "--no-report").code == 0
    assert_same(folder, whole)


def test_a_finished_run_is_refused_unless_it_is_made_longer(vae_run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(vae_run, folder)
    before = contents(folder)
    finished = call("resume", folder)
    shorter = call("resume", folder, "--epochs", "1")
    assert (finished.code, shorter.code) == (2, 2)
    assert "is finished, with 2 epochs" in finished.err
    assert shorter.err == f"latently: --epochs must be more than the 2 of {folder}; got 1.\n"
    assert contents(folder) == before
    longer = call("resume", folder, "--epochs", "3", "--quiet", "--no-report")
    assert longer.code == 0, longer.err
    run = Run.open(folder)
    assert run.is_finished
    assert run.config()["parameters"]["epochs"] == 3
    assert run.position() > json.loads(before["config.json"][1])["run"]["rounds"]


def test_a_run_that_was_killed_after_training_gets_the_evaluation_and_the_report_that_it_lacks(
    vae_run: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(vae_run, folder)
    kept = contents(folder)
    shutil.rmtree(folder / "figures")
    for name in ("report.html", "evaluation.json"):
        (folder / name).unlink()
    without = call("resume", folder, "--no-report", "--json")
    assert without.code == 0, without.err
    evaluation = Run.open(folder).read_json("evaluation.json")
    assert json.loads(without.out)["evaluation"] == evaluation
    assert evaluation["reconstruction"] == json.loads(kept["evaluation.json"][1])["reconstruction"]
    assert not (folder / "report.html").exists()
    assert "is finished" in call("resume", folder, "--no-report").err
    answer = call("resume", folder)
    assert answer.code == 0, answer.err
    assert f"Report {folder / 'report.html'}" in " ".join(answer.out.split())
    assert contents(folder).keys() == kept.keys()
    assert contents(folder)["model.safetensors"] == kept["model.safetensors"]
    refused = call("resume", folder)
    assert (refused.code, "is finished" in refused.err) == (2, True)
    # What is there from before the run was made longer is not what the model is now.
    for name in ("report.html", "evaluation.json"):
        os.utime(folder / name, ns=(0, 0))
    assert call("resume", folder, "--no-report", "--quiet").code == 0
    assert (folder / "evaluation.json").stat().st_mtime_ns > 0 == (folder / "report.html").stat().st_mtime_ns


def test_changed_data_is_refused(aae_run: Path, tmp_path: Path) -> None:
    table = Path(Run.open(aae_run).config()["run"]["data"]["source"])
    original = table.read_bytes()
    before = contents(aae_run)
    try:
        table.write_bytes(original.replace(b"3,3,0,bee", b"4,3,0,bee", 1))
        answer = call("resume", aae_run, "--epochs", "9")
        table.unlink()
        missing = call("resume", aae_run, "--epochs", "9")
    finally:
        table.write_bytes(original)
    assert (answer.code, missing.code) == (2, 2)
    assert "has changed since the run began" in answer.err
    assert "there is no file or folder" in missing.err
    assert contents(aae_run) == before


@pytest.mark.parametrize(
    ("name", "damage", "said"),
    [
        ("config.json", b"{", "config.json is damaged"),
        ("config.json", b'{"estimator": "VAE"}', "saved from Python"),
        ("config.json", b'{"run": {}}', "has no 'data'"),
        ("checkpoint.safetensors", b"half", "checkpoint.safetensors is damaged"),
        ("film.safetensors", b"half", "film.safetensors is damaged"),
    ],
)
def test_a_damaged_folder_is_refused_and_left_as_it_is(
    name: str, damage: bytes, said: str, vae_run: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(vae_run, folder)
    (folder / name).write_bytes(damage)
    before = contents(folder)
    answer = call("resume", folder, "--epochs", "3")
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    assert answer.err.count("\n") == 1
    assert contents(folder) == before


def test_a_fit_that_finds_another_in_its_folder_leaves_that_as_it_is(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both found the folder free, and the other one was first to lock it, or to write what it trains on."""
    create, others = Run.create, contextlib.ExitStack()

    def overtaken(folder: Path) -> Run:
        run = create(folder)
        others.enter_context(run.lock())
        run.write_config({"of": "the other"})
        return run

    monkeypatch.setattr(Run, "create", overtaken)
    with others:
        answer = call("fit", "vae", "--data", "digits", "--out", "run", "--hidden", "8", "--epochs", "1", "--quiet")
    assert answer.code == 2
    assert "another process is training in run" in answer.err
    assert Run(here / "run").config() == {"of": "the other"}
    monkeypatch.undo()
    with pytest.raises(TakenError, match="holds a run already"):
        Run(here / "run").write_config({"of": "this one"}, new=True)
    assert Run(here / "run").config() == {"of": "the other"}


def test_a_fit_without_a_name_takes_the_next_one_where_another_process_was_first(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create, others = Run.create, contextlib.ExitStack()

    def overtaken(folder: Path) -> Run:
        run = create(folder)
        if folder.name == "vae-digits-1":
            others.enter_context(run.lock())
        return run

    monkeypatch.setattr(Run, "create", overtaken)
    monkeypatch.setattr("latently.run.playing.Playing._play", lambda *_: True)
    with others:
        answer = call("fit", "vae", "--data", "digits", "--hidden", "8", "--epochs", "1", "--quiet")
    assert answer.code == 0, answer.err
    assert sorted(path.name for path in (here / "runs").iterdir()) == ["vae-digits-1", "vae-digits-2"]
    assert not list((here / "runs" / "vae-digits-1").iterdir())


def test_what_a_kill_left_of_a_first_write_is_in_nobodys_way(here: Path) -> None:
    (here / "run").mkdir()
    (here / "run" / ".config.json.tmp").write_text('{"estim')
    refused = call("resume", "run")
    assert (refused.code, "holds no run" in refused.err) == (2, True)
    answer = call("fit", "vae", "--data", "digits", "--out", "run", *("--hidden", "8", "--epochs", "1", "--no-report"))
    assert answer.code == 0, answer.err
    assert not [path for path in (here / "run").rglob("*") if path.name.endswith(".tmp")]


def test_two_processes_cannot_train_in_one_folder(vae_run: Path) -> None:
    with Run.open(vae_run).lock():
        answer = call("resume", vae_run, "--epochs", "3")
    assert answer.code == 2
    assert "another process is training" in answer.err
