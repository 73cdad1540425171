"""Files on disk: where Latently caches, and how it writes."""

import os
from pathlib import Path


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
