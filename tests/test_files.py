"""Files are written whole or not at all, and what cannot be written is said by its name."""

import errno
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from latently.files import append_records, cache_directory, is_temporary, read_records, write_atomically, written_whole

KILLED = """
import os, signal, sys
from pathlib import Path
from latently.files import written_whole
with written_whole(Path(sys.argv[1])) as file:
    file.write(b"half")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_was_writing_gives_way_to_the_next(tmp_path: Path) -> None:
    path = write_atomically(tmp_path / "note", b"whole")
    killed = subprocess.run([sys.executable, "-c", KILLED, str(path)])
    assert killed.returncode == -signal.SIGKILL
    assert path.read_bytes() == b"whole"
    (left,) = (each for each in tmp_path.iterdir() if each != path)
    assert is_temporary(left)
    assert left.read_bytes() == b"half"
    write_atomically(path, b"new")
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == {"note": b"new"}


def test_of_many_that_write_a_file_at_once_each_writes_it_whole(tmp_path: Path) -> None:
    contents, faults = {bytes([number]) * 200_000 for number in range(8)}, []

    def write(content: bytes) -> None:
        try:
            for _ in range(5):
                write_atomically(tmp_path / "note", content)
                if (tmp_path / "note").read_bytes() not in contents:
                    faults.append("torn")
        except OSError as error:
            faults.append(error)

    writers = [threading.Thread(target=write, args=(content,)) for content in contents]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert not faults
    assert [each.name for each in tmp_path.iterdir()] == ["note"]


def test_an_error_names_the_file_and_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = write_atomically(tmp_path / "note", b"old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left on device") as told:
        write_atomically(path, b"new")
    assert told.value.filename == str(path)
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == {"note": b"old"}
    with pytest.raises(FileNotFoundError) as told:
        write_atomically(tmp_path / "gone" / "note", b"new")
    assert told.value.filename == str(tmp_path / "gone" / "note")


def test_a_new_file_takes_the_place_of_none(tmp_path: Path) -> None:
    path = write_atomically(tmp_path / "note", b"first", new=True)
    with pytest.raises(FileExistsError), written_whole(path, new=True) as file:
        file.write(b"second")
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == {"note": b"first"}


def test_records_are_appended_to_a_file_that_is_there_and_to_no_other(tmp_path: Path) -> None:
    (tmp_path / "history.jsonl").touch()
    append_records(tmp_path / "history.jsonl", [{"round": 1}])
    append_records(tmp_path / "history.jsonl", [{"round": 2}, {"round": 3}])
    assert [record["round"] for record in read_records(tmp_path / "history.jsonl")] == [1, 2, 3]
    with pytest.raises(FileNotFoundError):
        append_records(tmp_path / "other.jsonl", [{"round": 1}])


def test_without_a_home_there_is_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("LATENTLY_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    assert cache_directory() is None
