"""Several runs as one program: each folder is what it would be alone."""

import os
import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from latently import AAE, VAE, StackedSemiSupervisedVAE
from latently.catalogue import BY_NAME
from latently.cli.session import begin, resume
from latently.cli.terminal import Reporter
from latently.run import Plan, Repeats, Run

QUIETLY = Reporter(quiet=True)
ALONE: dict[str, Any] = {"report": False}
TOGETHER: dict[str, Any] = {**ALONE, "together": True}
SMALL: dict[str, Any] = {"latent_dim": 2, "hidden": (16,), "epochs": 2, "random_state": 3}


def planned(model: Any, labels: int | None = 50) -> Plan:
    names = ("labels_column", "image_size", "views", "validation", "test", "label_seed")
    data = dict.fromkeys(names) | {"source": "digits", "skip_bad": False, "seed": 0, "labels": labels}
    about = {
        "model": BY_NAME[type(model).__name__].terminal,
        "preset": None,
        "recipe": None,
        "use_labels": True,
        "command": "fit",
        "judge": False,
    }
    return Plan(model, data, about)


def files(run: Run) -> set[str]:
    return {str(path.relative_to(run.folder)) for path in run.folder.rglob("*")}


def agree(one: Run, other: Run) -> None:
    """Whether two folders hold the same run, to rounding.

    A bias behind which a batch norm stands would not: its gradient is rounding alone, and Adam makes full steps of it.
    """
    assert files(one) == files(other)
    for name in ("model.safetensors", "checkpoint.safetensors", "film.safetensors"):
        mine, theirs = load_file(one.folder / name), load_file(other.folder / name)
        assert mine.keys() == theirs.keys()
        for key, values in mine.items():
            np.testing.assert_allclose(values, theirs[key], rtol=1e-3, atol=1e-3)
    assert one.history()[-1]["round"] == other.history()[-1]["round"]
    assert all(record["terms"].keys() == other.history()[-1]["terms"].keys() for record in one.history())
    own = ("seconds", "started", "together", "warnings")
    mine, theirs = ({k: v for k, v in run.config()["run"].items() if k not in own} for run in (one, other))
    assert mine == theirs


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Repeats:
    """Two runs on 50 labels of digits, made as one program."""
    repeats = Repeats(tmp_path_factory.mktemp("together") / "runs", 2)
    assert begin(planned(AAE(critic_hidden=(16,), **SMALL)), repeats.folder, 2, QUIETLY, **TOGETHER) == 0
    return repeats


def test_runs_made_together_leave_the_folders_that_they_leave_alone(together: Repeats, tmp_path: Path) -> None:
    alone = Repeats(tmp_path / "alone", 2)
    plan = planned(AAE(critic_hidden=(16,), **SMALL))
    assert begin(plan, alone.folder, 2, QUIETLY, **ALONE, together=False) == 0
    for place in range(2):
        agree(Run.open(together.run_folder(place)), Run.open(alone.run_folder(place)))
    assert [run["together"] for run in together.summarize()["runs"]] == [2, 2]
    mine, theirs = (repeats.summarize()["mean"]["reconstruction"] for repeats in (together, alone))
    assert mine["mean_squared_error"] == pytest.approx(theirs["mean_squared_error"], rel=1e-3)


def test_a_signal_stops_all_runs_and_they_go_on_from_there(
    together: Repeats, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(values: dict[str, Any]) -> None:
        lines.append(values)
        if len(lines) == 2:
            os.kill(os.getpid(), signal.SIGINT)

    lines: list[dict[str, Any]] = []
    cut = Repeats(tmp_path / "cut", 2)
    monkeypatch.setattr("latently.cli.terminal.print_line", interrupt)
    plan = planned(AAE(critic_hidden=(16,), **SMALL))
    assert begin(plan, cut.folder, 2, Reporter(json=True), **TOGETHER) == 130
    assert [line["event"] for line in lines] == ["progress", "progress", "interrupted"]
    assert (lines[-1]["round"], lines[-1]["folder"]) == (lines[1]["round"], str(cut.folder))
    assert f"latently resume {cut.folder}\n" in capsys.readouterr().err
    assert {Run.open(cut.run_folder(place)).position() for place in range(2)} == {lines[-1]["round"]}
    terms = [Run.open(cut.run_folder(place)).history()[-1]["terms"] for place in range(2)]
    assert lines[1]["terms"] == pytest.approx({name: (terms[0][name] + terms[1][name]) / 2 for name in terms[0]})
    assert resume(cut.folder, None, QUIETLY, **TOGETHER) == 0
    for place in range(2):
        agree(Run.open(cut.run_folder(place)), Run.open(together.run_folder(place)))


def test_runs_that_were_stopped_together_may_go_on_one_after_the_other(together: Repeats, tmp_path: Path) -> None:
    repeats = Repeats(shutil.copytree(together.folder, tmp_path / "runs"), 2)
    for name in ("model.safetensors", "evaluation.json"):
        (repeats.run_folder(1) / name).unlink()
    repeats.write({"parameters": Run.open(repeats.run_folder(0)).config()["parameters"]})
    assert resume(repeats.folder, None, QUIETLY, **ALONE) == 0
    agree(Run.open(repeats.run_folder(1)), Run.open(together.run_folder(1)))


def test_earlier_stages_are_fitted_one_after_the_other_and_the_last_ones_together(tmp_path: Path) -> None:
    repeats = Repeats(tmp_path / "runs", 2)
    plan = planned(StackedSemiSupervisedVAE(first_epochs=0.1, **SMALL | {"epochs": 1}))
    assert begin(plan, repeats.folder, 2, QUIETLY, **TOGETHER) == 0
    summary = repeats.summarize()
    assert [(run["seed"], run["together"]) for run in summary["runs"]] == [(3, 2), (4, 2)]
    first = [load_file(repeats.run_folder(place) / "model.safetensors") for place in range(2)]
    assert all(not np.array_equal(values, first[1][key]) for key, values in first[0].items() if values.ndim == 2)


def test_runs_that_cannot_be_made_together_are_made_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("latently.run.session.why_apart", lambda first, other: "the data is streamed")
    repeats = Repeats(tmp_path / "runs", 2)
    assert begin(planned(VAE(**SMALL), None), repeats.folder, 2, Reporter(), **TOGETHER) == 0
    assert "The runs are made one after the other, since the data is streamed." in capsys.readouterr().err
    assert [run["together"] for run in repeats.summarize()["runs"]] == [1, 1]
