"""Short forms of the programs of endurance/, and what they would find."""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # the programs are no part of the installed package

from browser import chromium
from endurance import kills, memory, nobody, saved, together, uploads
from latently.files import write_history


def test_a_run_that_is_killed_and_resumed_comes_out_as_if_nobody_had_killed_it(tmp_path: Path) -> None:
    found = kills.Kills(tmp_path, ["vae"], seed=3, reports=False).until(2)
    assert found.faults == []
    assert sum(found.stages.values()) >= 2


def test_a_run_that_came_out_otherwise_would_be_found(tmp_path: Path) -> None:
    def run(name: str, weights: bytes = b"1", loss: float = 0.5, seconds: float = 1.0) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "model.safetensors").write_bytes(weights)
        write_history(folder, [{"round": 1, "terms": {"loss": loss}, "seconds": seconds}])
        return folder

    whole = run("whole")
    assert kills.differences(run("slower", seconds=9.0), whole, False) is None
    assert kills.differences(run("weights", weights=b"2"), whole, False) == "model.safetensors is another"
    assert kills.differences(run("history", loss=0.25), whole, False) == "history.jsonl is another"
    (run("left") / ".model.safetensors.tmp").touch()
    assert kills.differences(tmp_path / "left", whole, False) == "['.model.safetensors.tmp'] is there"


def test_fits_at_once_get_names_of_their_own(tmp_path: Path) -> None:
    assert all(well for _, well in together.fits_at_once(tmp_path, fits=2))


def test_calls_with_other_numbers_of_rows_do_not_grow_the_process() -> None:
    kept: list[np.ndarray] = []
    large = 8 * memory.MB  # floats: so much is never taken from what the process has left from before
    assert memory.grown(lambda _: kept.append(np.ones(large)), 1, 1) > memory.MOST_GROWTH  # 64 MB are found
    words = [sys.executable, "-m", "endurance.memory", "--short", "--only", "calls"]  # where nothing ran before
    ended = subprocess.run(words, cwd=Path(__file__).parents[2], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_two_fits_in_two_threads_are_those_alone() -> None:
    assert memory.fits_in_threads_are_those_alone()


@pytest.mark.sampled
@pytest.mark.parametrize("folder", saved.kept(), ids=lambda folder: f"{folder.parent.name}/{folder.name}")
def test_a_model_that_a_version_has_saved_answers_as_it_did_then(folder: Path) -> None:
    assert list(saved.differences(folder)) == []


def test_a_user_without_a_home_and_a_place_to_write_fits_models() -> None:
    if reason := nobody.cannot():
        pytest.skip(reason)
    with tempfile.TemporaryDirectory(dir="/dev/shm") as place:
        assert [question for question, well in nobody.asked(Path(place)) if not well] == []


def test_a_page_answers_whatever_is_dropped_on_it(tmp_path: Path) -> None:
    with chromium() as browser:
        pages = uploads.Uploads(browser, tmp_path)
        assert [answer for number in range(60, 75) if (answer := pages.give(f"0/{number}", number))[1]] == []


def test_a_page_that_answers_otherwise_would_be_found() -> None:
    assert uploads.fault_of("x.csv is no image.", True, True) == uploads.fault_of("", False, True) == ""
    for said, same, finite in (
        ("", True, True),
        ("got undefined.", False, True),
        ("no stop", True, True),
        ("", False, False),
    ):
        assert uploads.fault_of(said, same, finite)
