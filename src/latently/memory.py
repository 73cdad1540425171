"""How much memory there is to have, so that what cannot fit is refused in words before the system ends the process."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_KB = 1024
_UNITS = (("TB", 1e12), ("GB", 1e9), ("MB", 1e6))


def available_bytes(root: Path = Path("/")) -> int | None:
    """What this machine, or the container that the process is in, has left to give; `None` where nothing tells.

    Args:
        root: of the file system that is asked.
    """
    found: list[int] = []
    with suppress(OSError, ValueError, KeyError):
        lines = (root / "proc/meminfo").read_text().splitlines()
        told = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
        found.append((told["MemAvailable"] + told["SwapFree"]) * _KB)
    if not found:
        with suppress(OSError, ValueError, AttributeError):  # where the system tells only how much there is in all
            found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return min((*found, *_left_in_containers(root)), default=None)


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


def lacking(needed: float, there: int | None) -> str:
    """That there is too little memory, in words that follow what needs it; nothing where it is enough, or not known.

    Example:
        >>> lacking(24e9, 14_000_000_000), lacking(1e9, None)
        ('take about 24 GB of memory, and 14 GB are free here', '')
    """
    if there is None or needed <= there:
        return ""
    return f"take about {in_words(needed)} of memory, and {in_words(there)} are free here"


def in_words(count: float) -> str:
    """A number of bytes, as people write it.

    Example:
        >>> in_words(24_300_000_000), in_words(1_260_000_000), in_words(512_000)
        ('24 GB', '1.3 GB', '0.5 MB')
    """
    unit, size = next((each for each in _UNITS if count >= each[1]), _UNITS[-1])
    return f"{count / size:,.0f} {unit}" if count >= 10 * size else f"{count / size:.1f} {unit}"
