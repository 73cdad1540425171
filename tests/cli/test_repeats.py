"""`latently fit --repeats`: several runs with seeds of their own, and what they come to."""

import json
import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from latently.run import Plan, Repeats, Run, open_splits

from .conftest import SMALL, after_lines, call, contents, start

FIT = ("fit", "aae", "--data", "digits", "--critic-hidden", "16", "--no-report", *SMALL)


@pytest.fixture(scope="module")
def repeated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs on 50 labels of digits, begun at seed 3."""
    folder = tmp_path_factory.mktemp("repeated") / "runs"
    answer = call(*FIT, "--labels", "50", "--random-state", "3", "--repeats", "2", "--out", folder)
    assert answer.code == 0, answer.err
    assert "AAE on digits: 2 runs" in answer.out
    assert "± sd" in answer.out
    return folder


def test_each_run_has_seeds_of_its_own_on_the_same_rows(repeated: Path) -> None:
    configs = [Run.open(repeated / name).config() for name in ("repeat-1", "repeat-2")]
    assert [config["seed"] for config in configs] == [3, 4]
    first, second = (open_splits(config["run"]["data"]) for config in configs)
    np.testing.assert_array_equal(first.test.x, second.test.x)
    np.testing.assert_array_equal(first.train.x, second.train.x)
    assert not np.array_equal(first.train.labels, second.train.labels)


def test_the_summary_holds_the_mean_of_every_number(repeated: Path) -> None:
    summary = json.loads((repeated / "repeats.json").read_text())
    runs = [Run.open(repeated / run["folder"]).read_json("evaluation.json") for run in summary["runs"]]
    errors = [run["reconstruction"]["mean_squared_error"] for run in runs]
    assert summary["mean"]["reconstruction"]["mean_squared_error"] == pytest.approx(np.mean(errors))
    assert summary["sd"]["reconstruction"]["mean_squared_error"] == pytest.approx(np.std(errors, ddof=1))


def test_the_folder_is_told_from_a_run(repeated: Path) -> None:
    before = contents(repeated)
    for command in ("info", "sample", "evaluate"):
        answer = call(command, repeated)
        assert (answer.code, "holds several runs" in answer.err) == (2, True)
    assert "are finished" in call("resume", repeated, "--no-report").err
    assert "is not empty" in call(*FIT, "--repeats", "2", "--out", repeated).err
    assert contents(repeated) == before
    assert call("info", repeated / "repeat-2").code == 0


def test_bad_input_leaves_nothing(here: Path) -> None:
    assert "--repeats must be 1 or more" in call(*FIT, "--repeats", "0").err
    assert call(*FIT, "--repeats", "2", "--labels", "3").code == 2
    assert not list(here.iterdir())


def test_a_recipe_is_judged_by_the_means(here: Path) -> None:
    (here / "mine.yaml").write_text(
        "about: a small one\nmodel: vae\noptions: {data: digits, hidden: [16], epochs: 1, no_report: true, "
        "repeats: 2}\n"
        "reach:\n  - {name: dimensions, key: dimensions.latent_dim, at_most: 10}\n"
    )
    answer = call("fit", "--recipe", "mine.yaml", "--quiet")
    assert answer.code == 0, answer.err
    assert answer.out.splitlines()[-1].endswith("reached")


def test_an_interrupted_experiment_goes_on_to_the_same_numbers(here: Path) -> None:
    fit = ("fit", "vae", "--data", "digits", "--hidden", "16", "--epochs", "60", "--repeats", "2", "--no-report")
    process = start(*fit, "--json", "--out", here / "cut")
    code, _, err = after_lines(process, 3, signal.SIGINT)
    assert code == 130, err
    assert f"latently resume {here / 'cut'}\n" in err
    assert not (here / "cut" / "repeat-2").exists()
    assert "--epochs makes one run longer" in call("resume", here / "cut", "--epochs", "90").err
    resumed = call("resume", here / "cut", "--json", "--no-report")
    assert resumed.code == 0, resumed.err
    assert call(*fit, "--quiet", "--out", here / "whole").code == 0
    cut, whole = (json.loads((here / name / "repeats.json").read_text()) for name in ("cut", "whole"))
    assert (cut["mean"], cut["sd"]) == (whole["mean"], whole["sd"])
    assert json.loads(resumed.out.splitlines()[-1])["mean"] == cut["mean"]


def test_an_experiment_that_was_killed_before_its_first_run_was_written_goes_on(repeated: Path, tmp_path: Path) -> None:
    plan = Plan.of(Run.open(repeated / "repeat-1"), {**Run.open(repeated / "repeat-1").config()["parameters"]})
    cut = Repeats(tmp_path, 2)
    cut.write(plan.config())
    answer = call("resume", tmp_path, "--quiet", "--no-report")
    assert answer.code == 0, answer.err
    mine, whole = (json.loads((folder / "repeats.json").read_text()) for folder in (tmp_path, repeated))
    assert (mine["mean"], mine["sd"]) == (whole["mean"], whole["sd"])


def test_a_run_whose_evaluation_was_cut_short_is_evaluated_on_resuming(repeated: Path) -> None:
    summary = (repeated / "repeats.json").read_text()
    parameters = Run.open(repeated / "repeat-1").config()["parameters"]
    (repeated / "repeats.json").write_text(json.dumps({"repeats": 2, "parameters": parameters}))
    (repeated / "repeat-2" / "evaluation.json").unlink()
    assert call("resume", repeated, "--quiet", "--no-report").code == 0
    assert json.loads((repeated / "repeats.json").read_text()) == json.loads(summary)


def test_reports_that_runs_lack_are_made_on_resuming(
    repeated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(repeated, tmp_path / "runs"))
    before = contents(folder)
    monkeypatch.setattr("latently.report.report_run", written)
    answer = call("resume", folder, "--quiet")
    assert answer.code == 0, answer.err
    assert "AAE on digits: 2 runs" in answer.out
    assert (folder / "repeat-1" / "report.html").exists()
    assert (folder / "repeat-2" / "report.html").exists()
    after = contents(folder)
    assert {name: after[name][1] for name in before} == {name: held for name, (_, held) in before.items()}
    assert "are finished" in call("resume", folder).err


def written(model: Any, run: Run, *arguments: Any) -> Path:
    """A report in the place of one that takes a few seconds to draw."""
    path = run.folder / "report.html"
    path.write_text("drawn")
    return path


def test_an_earlier_stage_has_a_seed_of_its_own_in_every_run_after_resuming_too(here: Path) -> None:
    fit = ("fit", "m1m2", "--data", "digits", "--labels", "50", "--first-epochs", "1", "--no-report", *SMALL)
    assert call(*fit, "--repeats", "2", "--out", "runs").code == 0
    whole = (here / "runs" / "repeat-2" / "model.safetensors").read_bytes()
    firsts = [Run.open(here / "runs" / name).config()["parameters"]["first"] for name in ("repeat-1", "repeat-2")]
    assert [first["parameters"]["random_state"] for first in firsts] == [0, 1]
    parameters = Run.open(here / "runs" / "repeat-1").config()["parameters"] | {"first": None}
    (here / "runs" / "repeats.json").write_text(json.dumps({"repeats": 2, "parameters": parameters}))
    shutil.rmtree(here / "runs" / "repeat-2")
    resumed = call("resume", "runs", "--quiet", "--no-report")
    assert resumed.code == 0, resumed.err
    assert (here / "runs" / "repeat-2" / "model.safetensors").read_bytes() == whole
    # A run of two stages can be made longer: the first stage is that of its checkpoint.
    longer = call("resume", here / "runs" / "repeat-2", "--epochs", "3", "--quiet", "--no-report")
    assert longer.code == 0, longer.err
