"""How much memory there is: of the machine, of a container in it; and what is said where it is too little."""

import resource
from pathlib import Path

import pytest

from latently.memory import available_bytes, lacking

MEMINFO = "MemTotal: 24000 kB\nMemAvailable:   14000 kB\nSwapFree: 1000 kB\n"


def written(root: Path, **files: str) -> Path:
    for name, text in {"proc/meminfo": MEMINFO, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def group(folder: str, most: object, used: int, cached: int, names: tuple[str, str]) -> dict[str, str]:
    limit, usage = (f"{folder}/memory.{name}" for name in names)
    return {limit: f"{most}\n", usage: f"{used}\n", f"{folder}/memory.stat": f"anon 5\nactive_file {cached}\n"}


def test_a_machine_has_what_is_available_and_what_it_can_swap(tmp_path: Path) -> None:
    assert available_bytes(written(tmp_path)) == 15_000 * 1024


@pytest.mark.parametrize(
    ("line", "top", "names"),
    [
        ("0::/jobs/7", "sys/fs/cgroup", ("max", "current")),
        ("4:cpu,memory:/jobs/7", "sys/fs/cgroup/memory", ("limit_in_bytes", "usage_in_bytes")),
    ],
)
def test_a_container_has_what_its_groups_leave_and_files_that_are_cached_can_go(
    line: str, top: str, names: tuple[str, str], tmp_path: Path
) -> None:
    inner, outer = group(f"{top}/jobs/7", "max", 0, 0, names), group(f"{top}/jobs", 9000, 8000, 500, names)
    written(tmp_path, **{"proc/self/cgroup": f"1:pids:/other\n{line}\n"}, **inner, **outer)
    assert available_bytes(tmp_path) == 1500


def test_what_fits_lacks_nothing() -> None:
    assert lacking(100, 100) == ""
    limit = "LATENTLY_MEMORY=24GB sets another limit"
    assert lacking(2e6, 1_000_000) == f"take about 2.0 MB of memory, and 1.0 MB are free here ({limit})"


def test_a_person_sets_another_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for told, count in {"24GB": 24_000_000_000, "1.5 tb": 1_500_000_000_000, "512M": 512_000_000, "7": 7}.items():
        monkeypatch.setenv("LATENTLY_MEMORY", told)
        assert available_bytes(written(tmp_path)) == count
    monkeypatch.setenv("LATENTLY_MEMORY", "much")
    with pytest.raises(ValueError, match="LATENTLY_MEMORY must be a size such as 24GB; got 'much'"):
        available_bytes(tmp_path)


def test_a_limit_of_the_process_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    taken = int(Path("/proc/self/status").read_text().partition("VmSize:")[2].split()[0]) * 1024
    limits = {resource.RLIMIT_AS: taken + 2**23, resource.RLIMIT_DATA: resource.RLIM_INFINITY}
    monkeypatch.setattr(resource, "getrlimit", lambda which: (limits[which], limits[which]))
    there = available_bytes(written(tmp_path))
    assert there is not None
    assert 0 < there < 12_000_000


def test_the_machine_at_hand_tells() -> None:
    there = available_bytes()
    assert there is None or there > 2**20
