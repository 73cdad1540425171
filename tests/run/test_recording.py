"""A run that cannot be saved for a while goes on, says so, and lacks nothing once it can be saved again."""

import warnings
from pathlib import Path

import pytest

from latently.files import write_records
from latently.run import Run
from latently.run.recording import Checkpointer, HistoryWriter
from toy_games import tug_trainer


def test_a_history_and_a_checkpoint_whose_folder_is_lost_are_whole_once_it_is_back(tmp_path: Path) -> None:
    run, away = Run.create(tmp_path / "run"), tmp_path / "away"
    trainer = tug_trainer()
    watching = [HistoryWriter(run, 0), Checkpointer(run, [], seconds=0.0)]
    trainer.run(10, watching)
    run.folder.rename(away)
    with pytest.warns(UserWarning, match="cannot be written") as told:
        trainer.run(20, watching)
    names = ("history.jsonl", "checkpoint.safetensors")
    said = [f"{run.folder / name} cannot be written (no such file or directory); training goes on" for name in names]
    assert [str(each.message).startswith(sentence) for each, sentence in zip(told, said, strict=True)] == [True, True]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trainer.run(25, watching)  # which is not said again
    away.rename(run.folder)
    with pytest.warns(UserWarning, match="could be written again"):
        trainer.run(30, watching)
    assert [row["round"] for row in run.history()] == list(range(1, 31))
    assert run.position() == 30


def test_a_line_that_a_full_disk_has_cut_is_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(folder: Path, rows: object) -> None:
        with (folder / "history.jsonl").open("a") as file:
            file.write('{"round": 11, "ep')
        raise OSError(28, "No space left on device")

    run, trainer = Run.create(tmp_path / "run"), tug_trainer()
    history = HistoryWriter(run, 0)
    trainer.run(10, [history])
    monkeypatch.setattr("latently.run.recording.append_history", cut)
    with pytest.warns(UserWarning, match="no space left on device"):
        trainer.run(11, [history])
    monkeypatch.undo()
    with pytest.warns(UserWarning, match="could be written again"):
        trainer.run(12, [history])
    assert [row["round"] for row in run.history()] == list(range(1, 13))


def test_two_runs_of_one_seed_have_one_history_whatever_the_clock_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for name, pace in (("quick", 1.0), ("slow", 7.0)):
        now = [0.0]
        monkeypatch.setattr(
            "latently.run.recording.time.monotonic", lambda now=now, pace=pace: now.append(pace) or sum(now)
        )
        run, trainer = Run.create(tmp_path / name), tug_trainer()
        history = HistoryWriter(run, 0)
        trainer.run(20, [history])
        trainer.run(30, [history])
        found.append(((run.folder / "history.jsonl").read_bytes(), run.history()))
    assert found[0][0] == found[1][0]
    assert found[0][1][-1]["seconds"] != found[1][1][-1]["seconds"]
    assert {"samples_per_second", "seconds", "terms"} <= found[0][1][-1].keys()


def test_a_history_that_an_earlier_version_wrote_goes_on(tmp_path: Path) -> None:
    run, trainer = Run.create(tmp_path / "run"), tug_trainer()
    old = [{"round": 1, "until": 30, "epoch": 0.1, "samples_per_second": 5.0, "terms": {"a": 1.0}, "seconds": 2.5}]
    write_records(run.folder / "history.jsonl", old)
    history = HistoryWriter(run, 1)
    assert history.rows == run.history() == old
    assert "seconds" not in (run.folder / "history.jsonl").read_text()
    trainer.run(10, [history])
    assert run.history()[-1]["seconds"] >= 2.5


@pytest.mark.parametrize(("asked", "written"), [(30.0, 2), (0.0, 300)])
def test_a_checkpoint_that_takes_long_to_write_is_written_more_rarely(
    asked: float, written: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, saves = [0.0], []

    class Slow:
        def save(self, path: Path) -> None:
            now[0] += 20.0
            saves.append(path)

    monkeypatch.setattr("latently.run.recording.time.monotonic", lambda: now[0])
    keeper = Checkpointer(Run.create(tmp_path / "run"), [], seconds=asked)
    for _ in range(300):  # a chunk a second
        now[0] += 1.0
        keeper(Slow(), None)  # type: ignore[arg-type]
    assert len(saves) == written
