"""A Hugging Face hub on this machine that serves folders, and fails as servers and networks do."""

import contextlib
import os
import random
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # whose small hub it is

from hub_server import Harm, Hub, hub


class _Folders(Mapping[str, Mapping[str, bytes]]):
    """Repositories by their names: `ada/NAME` is the first folder of that name, whatever it holds at the moment."""

    def __init__(self, *places: Path) -> None:
        self.places = places

    def __getitem__(self, repo: str) -> Mapping[str, bytes]:
        name = repo.rpartition("/")[2]
        folder = next((place / name for place in self.places if name and (place / name).is_dir()), None)
        if folder is None:
            raise KeyError(repo)
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    def __iter__(self) -> Iterator[str]:
        return (f"ada/{path.name}" for place in self.places for path in place.iterdir())

    def __len__(self) -> int:
        return sum(1 for _ in self)


@contextlib.contextmanager
def hub_of(work: Path, seeds: Path) -> Iterator[Hub]:
    """Serve the folders of two places; processes that are begun meanwhile take it for the hub."""
    with hub(_Folders(work, seeds)) as server:
        cache = str(work / "cache" / "hub")
        os.environ |= {"HF_ENDPOINT": server.url, "HF_HOME": cache, "HF_HUB_DISABLE_XET": "1"}
        yield server


def harm(draw: random.Random) -> Harm:
    """A way to fail, at all that is asked for or at one kind of it; most often there is none."""
    place = draw.choice(("/api/", "/resolve/", "parquet", "README", "tree", ""))
    way = draw.choice(("cut", "cut", "broken", "lost", "words"))
    if draw.random() < 0.6:
        return lambda _, data: (200, data)

    def harmed(path: str, data: bytes) -> tuple[int, bytes]:
        if place not in path:
            return 200, data
        ways = {"cut": (200, data[: len(data) // 2]), "broken": (500, data), "lost": (404, data)}
        return ways.get(way, (200, b"<html>sorry".ljust(len(data))[: len(data)]))

    return harmed
