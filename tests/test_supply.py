"""What is installed where changes are tested: pinned versions, by the hashes of their files."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCK = ROOT / ".ci" / "requirements.lock"


def called(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(text):
    return {called(name): version for name, version in re.findall(r"^([\w.-]+)==([\w.+!]+)", text, re.M)}


@pytest.mark.skipif(not LOCK.exists(), reason="needs a checkout")
def test_hashes_are_known_of_the_versions_that_are_pinned():
    constraints, locked = pins((ROOT / "constraints.txt").read_text()), pins(LOCK.read_text())
    assert {name: constraints.get(name) for name in locked} == locked, "run .ci/lock after a change of constraints.txt"
    needed = re.findall(r'^    "([\w.-]+)', (ROOT / "pyproject.toml").read_text().split("[project.optional")[0], re.M)
    assert {"jax", "equinox"} <= {called(name) for name in needed} <= locked.keys()
    for entry in re.split(r"^(?=\w)", LOCK.read_text(), flags=re.M)[1:]:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\n", entry), entry
