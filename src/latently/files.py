"""Files on disk: where Latently caches, and how it writes."""

import contextlib
import errno
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


def cache_directory() -> Path | None:
    """Where Latently caches: `$LATENTLY_CACHE`, else `latently` in the user's cache directory.

    `None` where the user has no home: what would be kept is then made anew each time.
    """
    if "LATENTLY_CACHE" in os.environ:
        return Path(os.environ["LATENTLY_CACHE"])
    if chosen := os.environ.get("XDG_CACHE_HOME"):
        return Path(chosen) / "latently"
    with contextlib.suppress(RuntimeError):
        return Path.home() / ".cache" / "latently"
    return None


def cache_for(what: str) -> Path:
    """The cache of something that cannot be done without a place on disk; `OSError` where there is none."""
    folder = cache_directory()
    if folder is None:
        raise OSError(f"there is no home directory to keep {what} in; set LATENTLY_CACHE to a folder for it.")
    return folder / what


@contextlib.contextmanager
def written_whole(path: Path, *, new: bool = False) -> Iterator[IO[bytes]]:
    """A file to write to, which takes its name once all is written: a reader or a crash never meets half of it.

    Until then it is `.NAME.tmp` beside it. Where a process was killed, the next one that writes `path` takes its place;
    where two write at once, the second one waits.

    Args:
        path: the file; its folder must exist.
        new: never take the place of a file that is there, also where another process writes it at the same time.

    Raises:
        FileExistsError: there is one, and it should be new.
        OSError: the folder or its disk cannot be written to; the error names the file, and the old one stays.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with _locked(temporary) as file:
            try:
                if new and path.exists():
                    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
                yield file
                file.flush()
                os.fsync(file.fileno())
                temporary.replace(path)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
    except OSError as error:
        if error.filename is None or str(error.filename) == str(temporary):
            error.filename = str(path)
        raise


def is_temporary(path: Path) -> bool:
    """Whether a file is one that was being written, and now may belong to nobody: see `written_whole`."""
    return path.name.startswith(".") and path.name.endswith(".tmp")


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[IO[bytes]]:
    """An empty file of this name that no other process or thread writes to meanwhile."""
    while True:
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "wb")
        with file:
            if fcntl is not None:
                with contextlib.suppress(OSError):  # a file system without locks
                    fcntl.flock(file, fcntl.LOCK_EX)
            with contextlib.suppress(FileNotFoundError):  # another process had it, and it bears its own name now
                if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                    file.truncate(0)
                    yield file
                    return


def write_atomically(path: Path, content: bytes, *, new: bool = False) -> Path:
    """Write a file whole or not at all.

    Args:
        path: the file; its folder must exist.
        content: all of it.
        new: never take the place of a file that is there; `FileExistsError` says so.

    Returns:
        The path written.

    Raises:
        OSError: it cannot be written; the file already there, if any, stays.

    Example:
        >>> import tempfile
        >>> write_atomically(Path(tempfile.mkdtemp()) / "note.txt", b"whole").read_text()
        'whole'
    """
    with written_whole(path, new=new) as file:
        file.write(content)
    return path


def npy_header(dtype: Any, shape: tuple[int, ...]) -> bytes:
    """What an npy file begins with: all numbers follow, row by row, and need not be there at once.

    Example:
        >>> import io, numpy as np
        >>> rows = np.float32([[1], [2]])
        >>> content = npy_header(np.float32, (2, 1)) + b"".join(row.tobytes() for row in rows)
        >>> np.load(io.BytesIO(content)).tolist()
        [[1.0], [2.0]]
    """
    header = io.BytesIO()
    kind = np.lib.format.dtype_to_descr(np.dtype(dtype))
    np.lib.format.write_array_header_2_0(header, {"descr": kind, "fortran_order": False, "shape": shape})
    return header.getvalue()


def write_records(path: Path, records: Iterable[Mapping[str, Any]]) -> Path:
    """Write a JSON object a line, atomically.

    Example:
        >>> import tempfile
        >>> path = write_records(Path(tempfile.mkdtemp()) / "history.jsonl", [{"round": 1}, {"round": 2}])
        >>> read_records(path)
        [{'round': 1}, {'round': 2}]
    """
    return write_atomically(path, "".join(json.dumps(record) + "\n" for record in records).encode())


def append_records(path: Path, records: Iterable[Mapping[str, Any]]) -> None:
    """Append JSON objects to a file that has one a line; `OSError` where it is not there, or cannot be written."""
    try:
        with path.open("r+b") as file:
            file.seek(0, os.SEEK_END)
            file.writelines((json.dumps(record) + "\n").encode() for record in records)
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


def read_records(path: Path) -> list[dict[str, Any]]:
    """The JSON objects of a file, one a line; none where there is no file, and no line that a crash has cut."""
    records = []
    for line in path.read_bytes().splitlines() if path.exists() else []:
        with contextlib.suppress(ValueError, RecursionError):  # in another encoding, or not JSON
            records.append(json.loads(line))
    return [record for record in records if isinstance(record, dict)]


HISTORY, CLOCK = "history.jsonl", "clock.jsonl"
"""The rows of a run's course, which are a function of the run; and what a clock told beside them, by their rounds."""
_TOLD_BY_CLOCK = ("samples_per_second", "seconds_left", "seconds")


def write_history(folder: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    r"""Write the rows of a run's course into its folder, and what a clock told of them into a file of its own.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> write_history(folder, [{"round": 1, "seconds": 2.5, "terms": {}}])
        >>> (folder / "history.jsonl").read_text(), read_history(folder)
        ('{"round": 1, "terms": {}}\n', [{'round': 1, 'terms': {}, 'seconds': 2.5}])
    """
    for name, part in _parted(rows).items():
        write_records(folder / name, part)


def append_history(folder: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append rows to what `write_history` wrote; `OSError` where a file is not there, or cannot be written."""
    for name, part in _parted(rows).items():
        append_records(folder / name, part)


def read_history(folder: Path) -> list[dict[str, Any]]:
    """The rows of a run's course, with what a clock told of them; earlier versions kept both in one file."""
    told = {str(row.get("round")): row for row in read_records(folder / CLOCK)}
    return [row | told.get(str(row.get("round")), {}) for row in read_records(folder / HISTORY)]


def _parted(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """File → its part of each row; first what a clock told, so that no row is without."""
    parts: dict[str, list[dict[str, Any]]] = {CLOCK: [], HISTORY: []}
    for row in rows:
        told = {name: row[name] for name in _TOLD_BY_CLOCK if name in row}
        parts[CLOCK].append({"round": row.get("round"), **told})
        parts[HISTORY].append({name: value for name, value in row.items() if name not in told})
    return parts


def number_at(evaluation: Mapping[str, Any], key: str) -> float | None:
    """A number of an evaluation by where it stands, such as `"regions.share"`; `None` where it was not measured."""
    value: Any = evaluation
    for name in key.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return float(value) if isinstance(value, int | float) else None
