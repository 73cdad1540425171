"""Locks that several processes hold on one file, also over a network, and that fall when a process ends."""

import os
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


class Locks:
    """Numbered locks: this process holds those that it took until it releases them, or ends, in whatever way.

    They are POSIX locks on single bytes of a file.

    Args:
        path: of the file, which stays empty.
    """

    work = fcntl is not None
    """Whether there are such locks on this system; without them, none is ever taken."""

    def __init__(self, path: Path) -> None:
        # The file stays open: a process that closes it anywhere loses all locks on it.
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)

    def take(self, number: int, *, wait: bool = False) -> bool:
        """Take a lock, now or as soon as it can be had; whether this process holds it."""
        if not self.work:
            return False
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB), 1, number)
        except OSError:
            return False
        return True

    def release(self, number: int) -> None:
        """Let others have it."""
        if self.work:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, number)

    def close(self) -> None:
        """Release all of them."""
        os.close(self._file)
