"""How much memory there is to have, so that what cannot fit is refused in words before the system ends the process."""

import ctypes
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_KB = 1024
_UNITS = (("TB", 1e12), ("GB", 1e9), ("MB", 1e6))
LIMIT = "LATENTLY_MEMORY"
"""The variable of the environment that says how much memory may be taken, whatever the system tells: `24GB`."""


def available_bytes(root: Path = Path("/")) -> int | None:
    """What this machine, or the container that the process is in, has left to give; `None` where nothing tells.

    Limits of the process itself (`ulimit -v`) count, too. `$LATENTLY_MEMORY` says otherwise.

    Args:
        root: of the file system that is asked.

    Raises:
        ValueError: `$LATENTLY_MEMORY` is no size.
    """
    if limit := os.environ.get(LIMIT):
        return _told(limit)
    found: list[int] = []
    with suppress(OSError, ValueError, KeyError):
        lines = (root / "proc/meminfo").read_text().splitlines()
        told = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
        found.append((told["MemAvailable"] + told["SwapFree"]) * _KB)
    if not found:
        with suppress(OSError, ValueError, AttributeError):  # where the system tells only how much there is in all
            found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return min((*found, *_left_in_containers(root), *_left_to_process()), default=None)


def _told(text: str) -> int:
    """A size in words, as a number of bytes."""
    sizes = dict(_UNITS) | {"KB": 1e3, "": 1.0}
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)B?\s*", text, re.IGNORECASE)
    if match is None:
        raise ValueError(f"{LIMIT} must be a size such as 24GB; got {text!r}.")
    return int(float(match[1]) * sizes[match[2].upper() + "B" if match[2] else ""])


def _left_to_process() -> Iterator[int]:
    """What each limit of this process leaves: of all addresses, and of memory of its own."""
    with suppress(OSError, ValueError, ImportError, IndexError):
        import resource  # which only Unix has

        told = Path("/proc/self/status").read_text()
        for limit, name in ((resource.RLIMIT_AS, "VmSize:"), (resource.RLIMIT_DATA, "VmData:")):
            most = resource.getrlimit(limit)[0]
            if most != resource.RLIM_INFINITY:
                yield max(0, most - int(told.partition(name)[2].split()[0]) * _KB)


def _left_in_containers(root: Path) -> Iterator[int]:
    """What each control group (version 1 or 2) that limits this process has left; files that it caches can be given up.

    A batch system limits a job by one; so does whoever runs a container.
    """
    with suppress(OSError, ValueError):
        for line in (root / "proc/self/cgroup").read_text().splitlines():
            _, kinds, place = line.split(":", 2)
            if kinds and "memory" not in kinds.split(","):
                continue
            top = root / ("sys/fs/cgroup/memory" if kinds else "sys/fs/cgroup")
            most, used = ("limit_in_bytes", "usage_in_bytes") if kinds else ("max", "current")
            group = top / place.lstrip("/")
            for folder in (group, *group.parents):
                with suppress(OSError, ValueError):  # no limit is the word "max"
                    limit, taken = (int((folder / f"memory.{name}").read_text()) for name in (most, used))
                    stat = dict(pair.split() for pair in (folder / "memory.stat").read_text().splitlines())
                    yield limit - taken + sum(int(stat.get(f"{age}_file", 0)) for age in ("active", "inactive"))
                if folder == top:
                    break


def give_back() -> None:
    """Give memory that was freed back to the system, where the C library (glibc) would keep it for later."""
    with suppress(OSError, AttributeError, TypeError):  # Windows has no library that is called nothing
        ctypes.CDLL(None).malloc_trim(0)


def lacking(needed: float, there: int | None) -> str:
    """That there is too little memory, in words that follow what needs it; nothing where it is enough, or not known.

    Example:
        >>> lacking(24e9, 14_000_000_000), lacking(1e9, None)
        ('take about 24 GB of memory, and 14 GB are free here (LATENTLY_MEMORY=24GB sets another limit)', '')
    """
    if there is None or needed <= there:
        return ""
    free = f"{in_words(there)} are free here ({LIMIT}=24GB sets another limit)"
    return f"take about {in_words(needed)} of memory, and {free}"


def in_words(count: float) -> str:
    """A number of bytes, as people write it.

    Example:
        >>> in_words(24_300_000_000), in_words(1_260_000_000), in_words(512_000)
        ('24 GB', '1.3 GB', '0.5 MB')
    """
    if count >= 1e18:  # more than there is anywhere: digits would tell nothing
        return "a million TB or more"
    unit, size = next((each for each in _UNITS if count >= each[1]), _UNITS[-1])
    return f"{count / size:,.0f} {unit}" if count >= 10 * size else f"{count / size:.1f} {unit}"
