"""Plans and sessions: what begins a run, what takes it up, and how several over seeds follow from one."""

import dataclasses
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from latently import VAE, ConditionalVAE
from latently.errors import ArgumentError
from latently.run import Plan, Playing, Repeats, Run, Session, load_model
from latently.training import NonFiniteLossError

SMALL: dict[str, Any] = {"latent_dim": 2, "hidden": (8,), "epochs": 0.3, "random_state": 3}


def planned(model: Any, **changes: Any) -> Plan:
    names = ("labels_column", "image_size", "views", "validation", "test", "label_seed", "labels")
    data = dict.fromkeys(names) | {"source": "digits", "skip_bad": False, "seed": 0} | changes
    about = {"model": "vae", "preset": None, "recipe": None, "use_labels": data.pop("use_labels", True)}
    return Plan(model, data, about | {"command": "fit", "judge": False})


@dataclasses.dataclass
class Told:
    """A reporter that remembers what it was told, and stops what it watches where it is asked to."""

    live: bool = False
    stops: bool = False
    told: list[str] = dataclasses.field(default_factory=list)
    read: list[str] = dataclasses.field(default_factory=list)

    @contextmanager
    def watching(self, title: str) -> Iterator[tuple[list[Any], Callable[[], None]]]:
        self.told.append(title)
        yield [self] if self.stops else [], lambda: None

    def next_stop(self, round_: int) -> int:
        return round_ + 1

    def __call__(self, trainer: Any, progress: Any) -> None:
        trainer.stop_requested = True

    def opened(self, reading: Sequence[str]) -> None:
        self.read = list(reading)

    def apart(self, reason: str) -> None:
        self.told.append(f"apart: {reason}")

    def stopped(self, sessions: Sequence[Session], folder: Path) -> None:
        self.told.append(f"stopped {len(sessions)} of {folder.name}")

    def stopped_at_once(self, sessions: Sequence[Session], folder: Path) -> None:
        raise AssertionError


def playing(reporter: Told, finished: list[str], **changes: Any) -> Playing:
    return Playing(reporter, lambda s: finished.append(s.run.folder.name), lambda run: False, **changes)


def test_a_begun_run_knows_all_that_it_takes_to_go_on(tmp_path: Path) -> None:
    session = planned(VAE(**SMALL)).begin(tmp_path / "run")
    about = session.run.about()
    assert (about["title"], about["rounds"]) == ("VAE on digits", session.until)
    assert about["rows"] == {"train": 1258, "validation": 180, "test": 359}
    again = Session.resume(Run.open(tmp_path / "run"))
    assert (again.until, again.title, again.trainer.round) == (session.until, session.title, 0)
    assert again.model.get_params() == session.model.get_params()
    given = VAE(**SMALL).get_params()
    assert Plan.of(session.run, given).estimator.get_params() == given


@pytest.mark.parametrize(
    ("model", "changes", "name"),
    [
        (VAE(latent_dim=2), {"views": "halves"}, "views"),
        (ConditionalVAE(latent_dim=2), {"use_labels": False}, "labels"),
        (ConditionalVAE(latent_dim=2), {"source": "rows.npy"}, "data"),
    ],
)
def test_data_that_does_not_suit_the_model_is_refused_before_a_folder_is_made(
    model: Any, changes: dict[str, Any], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("rows.npy", np.eye(30, dtype=np.float32))
    with pytest.raises(ArgumentError) as caught:
        planned(model, **changes).begin(tmp_path / "run")
    assert caught.value.name == name
    assert not (tmp_path / "run").exists()


def test_a_full_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ValueError, match="is not empty, and a run never overwrites"):
        planned(VAE(**SMALL)).begin(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_repeated_plans_differ_in_their_seeds_alone() -> None:
    plan = planned(VAE(**SMALL), labels=50, seed=4)
    second = plan.repeated(2)
    assert (second.estimator.random_state, second.data["label_seed"], second.data["seed"]) == (5, 6, 4)
    assert {**second.estimator.get_params(), "random_state": 3} == plan.estimator.get_params()
    assert plan.repeated(0).data == {**plan.data, "label_seed": 4}


def test_a_run_is_played_to_its_end_finished_and_then_refused(tmp_path: Path) -> None:
    reporter, finished = Told(), []
    assert playing(reporter, finished).begin(planned(VAE(**SMALL)), tmp_path / "run")
    assert (reporter.told, finished) == (["VAE on digits"], ["run"])
    rows = "rows: 1,797 images of 8 x 8 pixels, scaled to [0, 1]; 1,258 to train, 180 to validate, 359 to test"
    assert reporter.read == [rows] == Run(tmp_path / "run").about()["reading"]
    assert load_model(tmp_path / "run").latent_dim == 2
    with pytest.raises(ValueError, match=r"is finished, with 0\.3 epochs"):
        playing(reporter, finished).resume(Run.open(tmp_path / "run"))
    lacking = dataclasses.replace(playing(reporter, finished), lacks=lambda run: True)
    assert lacking.resume(Run.open(tmp_path / "run"))
    assert finished == ["run", "run"]
    assert reporter.told == ["VAE on digits"]  # it was not trained again
    with pytest.raises(ArgumentError, match=r"epochs must be more than the 0\.3 of"):
        lacking.resume(Run.open(tmp_path / "run"), 0.1)


def test_a_run_that_was_stopped_is_not_finished_and_goes_on(tmp_path: Path) -> None:
    reporter, finished = Told(stops=True), []
    plan = planned(VAE(**SMALL | {"epochs": 2}))
    assert not playing(reporter, finished).begin(plan, tmp_path / "run")
    assert reporter.told == ["VAE on digits", "stopped 1 of run"]
    assert (finished, Run.open(tmp_path / "run").has_model) == ([], False)
    with pytest.raises(ValueError, match="has no model yet: its run stopped after round"):
        load_model(tmp_path / "run")
    assert playing(Told(), finished).resume(Run.open(tmp_path / "run"))
    assert finished == ["run"]


def test_repeats_are_played_one_after_the_other_and_go_on_where_they_stopped(tmp_path: Path) -> None:
    repeats, reporter, finished = Repeats(tmp_path / "runs", 2), Told(), []
    summary = playing(reporter, finished, together=False).begin_repeats(planned(VAE(**SMALL)), repeats)
    assert summary is not None
    assert [run["seed"] for run in summary["runs"]] == [3, 4]
    assert reporter.told == ["VAE on digits, 1 of 2", "VAE on digits, 2 of 2"]
    assert finished == ["repeat-1", "repeat-2"]
    with pytest.raises(ValueError, match=r"the 2 runs in .* are finished"):
        playing(reporter, finished).resume_repeats(repeats)
    repeats.write({"parameters": planned(VAE(**SMALL)).estimator.get_params(deep=False)})
    (repeats.run_folder(1) / "model.safetensors").unlink()
    again = Told()
    assert playing(again, finished, together=False).resume_repeats(repeats) is not None
    assert again.told == ["VAE on digits, 2 of 2"]


def test_a_loss_that_is_no_number_says_where_the_last_checkpoint_is(tmp_path: Path) -> None:
    model = VAE(**SMALL | {"learning_rate": 1e30, "epochs": 2})
    with pytest.raises(NonFiniteLossError, match="of player 'vae' became"):
        playing(Told(), []).begin(planned(model), tmp_path / "run")


def test_a_configuration_of_another_version_is_refused_in_words(tmp_path: Path) -> None:
    session = planned(VAE(**SMALL)).begin(tmp_path / "run")
    config = session.run.config()
    for changed in ({"estimator": "FutureVAE"}, {"parameters": {**config["parameters"], "gamma": 2}}):
        (tmp_path / "run" / "config.json").write_text(json.dumps({**config, **changed}))
        with pytest.raises(ValueError, match="the run's parameters do not fit this version of"):
            Session.resume(session.run)
