"""`--track`: runs of the terminal are told to trackers of experiments."""

import sys
from pathlib import Path
from typing import Any

import pytest

from latently.run import Run
from latently.tracking import TRACKERS, TensorBoard

from .conftest import SMALL, call


def test_a_run_and_its_prolongation_are_tracked(here: Path) -> None:
    pytest.importorskip("tensorboardX")
    fit = ("fit", "vae", "--data", "digits", "--latent-dim", "2", "--out", "run", "--no-report", *SMALL)
    answer = call(*fit, "--track", "tensorboard", "--track", "tensorboard")
    assert answer.code == 0, answer.err
    (file,) = Path("run/tensorboard").iterdir()
    held = file.read_bytes()
    for word in (b"vae/kl", b"evaluation/likelihood/evidence_lower_bound/bits_per_dimension", b"| data | digits |"):
        assert word in held
    assert call("resume", "run", "--epochs", "3", "--no-report", "--quiet", "--track", "tensorboard").code == 0
    assert len(list(Path("run/tensorboard").iterdir())) == 2
    assert Run.open(Path("run")).is_finished


def test_a_tracker_that_is_not_there_leaves_nothing(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    answer = call("fit", "vae", "--data", "digits", "--track", "mlflow", *SMALL)
    assert (answer.code, answer.err) == (2, "latently: MLflow needs mlflow; run: pip install 'latently[track]'.\n")
    assert "--track must be tensorboard, mlflow or wandb" in call("fit", "vae", "--track", "clearml").err
    assert not list(here.iterdir())


@pytest.mark.parametrize("repeats", [(), ("--repeats", "2")])
def test_a_tracker_that_refuses_leaves_nothing(
    here: Path, monkeypatch: pytest.MonkeyPatch, repeats: tuple[str, ...]
) -> None:
    class LoggedOut(TensorBoard):
        def begin(self, package: Any) -> None:
            (self.folder / "tensorboard").mkdir(parents=True)
            raise PermissionError("log in first.")

    monkeypatch.setitem(TRACKERS, "tensorboard", LoggedOut)
    answer = call("fit", "vae", "--data", "digits", "--track", "tensorboard", "--out", "run", *repeats, *SMALL)
    assert answer.code == 2
    assert answer.err == "latently: LoggedOut cannot be told of this run (PermissionError: log in first).\n"
    assert not list(here.iterdir())
