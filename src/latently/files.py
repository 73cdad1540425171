"""Files on disk: where Latently caches, and how it writes."""

import contextlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def cache_directory() -> Path:
    """Where Latently caches: `$LATENTLY_CACHE`, else `latently` in the user's cache directory."""
    if "LATENTLY_CACHE" in os.environ:
        return Path(os.environ["LATENTLY_CACHE"])
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "latently"


def write_atomically(path: Path, content: bytes) -> Path:
    """Write a file under a temporary name and rename it, so that a reader or a crash never meets half of it.

    Args:
        path: the file; its folder must exist.
        content: all of it.

    Returns:
        The path written.

    Example:
        >>> import tempfile
        >>> write_atomically(Path(tempfile.mkdtemp()) / "note.txt", b"whole").read_text()
        'whole'
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def write_records(path: Path, records: Iterable[Mapping[str, Any]]) -> Path:
    """Write a JSON object a line, atomically.

    Example:
        >>> import tempfile
        >>> path = write_records(Path(tempfile.mkdtemp()) / "history.jsonl", [{"round": 1}, {"round": 2}])
        >>> read_records(path)
        [{'round': 1}, {'round': 2}]
    """
    return write_atomically(path, "".join(json.dumps(record) + "\n" for record in records).encode())


def read_records(path: Path) -> list[dict[str, Any]]:
    """The JSON objects of a file, one a line; none where there is no file, and no line that a crash has cut."""
    records = []
    for line in path.read_bytes().splitlines() if path.exists() else []:
        with contextlib.suppress(ValueError, RecursionError):  # in another encoding, or not JSON
            records.append(json.loads(line))
    return [record for record in records if isinstance(record, dict)]


def number_at(evaluation: Mapping[str, Any], key: str) -> float | None:
    """A number of an evaluation by where it stands, such as `"regions.share"`; `None` where it was not measured."""
    value: Any = evaluation
    for name in key.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return float(value) if isinstance(value, int | float) else None
