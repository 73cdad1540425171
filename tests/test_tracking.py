"""Trackers: what they are told of a run, and that none of them costs a training."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import latently
from latently.errors import MissingPackageError
from latently.tracking import MLflow, TensorBoard, Tracker, WandB
from latently.training import Progress

PARAMETERS = {"hidden": (8, 4), "learning_rate": 0.01, "prior": None}
EVALUATION = {"seed": 3, "likelihood": {"seed": 3, "bound": {"nats": 16.5, "rows": 20}}, "probe": {"skipped": "why"}}
CHUNKS = [Progress(round_, 8, round_ / 2, 1000.0, 1.0, {"vae/kl": 1.0 / round_}) for round_ in (4, 8)]


def told(tracker: Tracker) -> None:
    with tracker:
        for progress in CHUNKS:
            tracker(None, progress)
        tracker.finish(EVALUATION)


def test_any_function_can_look_on() -> None:
    rounds: list[int] = []
    model = latently.VAE(latent_dim=2, hidden=(8,), epochs=3, batch_size=10, random_state=0)
    model.fit(np.eye(20), observers=[lambda trainer, progress: rounds.append(progress.round)])
    assert rounds == sorted(set(rounds))
    assert rounds[-1] == model.history_[-1]["round"] == 6


def test_tensorboard_reads_terms_evaluation_and_parameters(tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX")
    told(TensorBoard(tmp_path, PARAMETERS))
    events = tensorboard_events(tmp_path / "tensorboard")
    assert events["vae/kl"] == [(4, 0.25), (8, 0.125)]
    assert events["evaluation/likelihood/bound/nats"] == [(0, 16.5)]
    assert "| hidden | 8,4 |" in events["parameters/text_summary"][0][1]
    assert not [name for name in events if "seed" in name or "skipped" in name]
    assert "_hparams_/session_start_info" in events


def test_a_run_that_goes_on_within_the_same_second_overwrites_no_events(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("tensorboardX")
    monkeypatch.setattr("time.time", lambda: 1.7e9)
    for chunk in range(1, 4):
        with TensorBoard(tmp_path) as tracker:
            tracker(None, Progress(chunk, 3, 1.0, 1000.0, 0.0, {"vae/kl": 1.0 / chunk}))
    assert tensorboard_events(tmp_path / "tensorboard")["vae/kl"] == [(1, 1.0), (2, 0.5), (3, 0.333333)]


def test_mlflow_keeps_one_run_for_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    told(MLflow(tmp_path / "it's mine", PARAMETERS))
    with MLflow(tmp_path / "cut") as cut:
        cut.interrupted = True
    with MLflow(tmp_path / "it's mine") as again:  # a run that is made longer
        again(None, Progress(12, 12, 6.0, 1000.0, 0.0, {"vae/kl": 0.5}))
        again.finish({"conditions": {"age (years)": 0.75}})
    client = mlflow.MlflowClient()
    experiment = client.get_experiment_by_name("latently")
    killed, run = sorted(client.search_runs([experiment.experiment_id]), key=lambda each: each.info.run_name)
    assert (killed.info.run_name, killed.info.status) == ("cut", "KILLED")
    assert (run.info.run_name, run.info.status) == ("it's mine", "FINISHED")
    assert run.data.params == {"hidden": "8,4", "learning_rate": "0.01", "prior": "None"}
    assert run.data.metrics["evaluation/likelihood/bound/nats"] == 16.5
    assert run.data.metrics["evaluation/conditions/age _years_"] == 0.75
    assert sorted(client.get_metric_history(run.info.run_id, "vae/kl"), key=lambda each: each.step)[-1].step == 12


def test_weights_and_biases_keeps_a_run_offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wandb = pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    told(WandB(tmp_path / "run", PARAMETERS))
    wandb.teardown()
    (kept,) = (tmp_path / "run" / "wandb").glob("offline-run-*/*.wandb")
    history, summary = wandb_records(kept)
    assert [value for name, value in history if name == "vae/kl"] == [0.25, 0.125]
    assert ("evaluation/likelihood/bound/nats", 16.5) in summary


def test_a_package_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(MissingPackageError, match=r"WandB needs wandb; run: pip install 'latently\[track\]'"):
        WandB(tmp_path)


def test_a_tracker_that_fails_is_left_out_from_then_on(tmp_path: Path) -> None:
    class Gone(TensorBoard):
        calls = 0

        def log(self, numbers: Any, round_: int) -> None:
            self.calls += 1
            raise ConnectionError("no route to host.")

    pytest.importorskip("tensorboardX")
    tracker = Gone(tmp_path)
    with pytest.warns(UserWarning, match=r"told no more .* \(ConnectionError: no route to"):
        told(tracker)
    assert tracker.calls == 1


def tensorboard_events(folder: Path) -> dict[str, list[tuple[int, Any]]]:
    """What the event files of a folder hold: name → steps and values."""
    from tensorboardX.proto.event_pb2 import Event

    found: dict[str, list[tuple[int, Any]]] = {}
    for path in sorted(folder.iterdir()):
        data, at = path.read_bytes(), 0
        while at < len(data):  # each record: its length (8 bytes), a checksum (4), itself, a checksum (4)
            length = int.from_bytes(data[at : at + 8], "little")
            event = Event.FromString(data[at + 12 : at + 12 + length])
            at += 16 + length
            for value in event.summary.value:
                text = value.tensor.string_val
                found.setdefault(value.tag, []).append(
                    (event.step, text[0].decode() if text else round(value.simple_value, 6))
                )
    return found


def wandb_records(path: Path) -> tuple[list[tuple[str, Any]], list[tuple[str, Any]]]:
    """The numbers that the file of an offline run holds: of its history, and of its summary."""
    from wandb.proto.wandb_internal_pb2 import Record

    data, at, whole = path.read_bytes(), 7, b""  # after the file's header, a log of LevelDB's form
    history, summary = [], []
    while at + 7 <= len(data):
        if (room := 32768 - at % 32768) < 7:  # a block's last bytes hold no record's head
            at += room
            continue
        length, kind = int.from_bytes(data[at + 4 : at + 6], "little"), data[at + 6]
        whole += data[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):  # whole, or the last part of one
            record, whole = Record.FromString(whole), b""
            history += [*record.history.item, *record.request.partial_history.item]
            summary += record.summary.update
    named = [[("/".join(i.nested_key) or i.key, json.loads(i.value_json)) for i in each] for each in (history, summary)]
    return named[0], named[1]
