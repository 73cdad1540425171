"""Data larger than memory: a pass over a memory map keeps little of it resident."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

GIB = 2**30

PROGRAM = """
import sys
import numpy as np
from latently.data import Preprocessing, open_dataset

def peak_bytes():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))

data = open_dataset(sys.argv[1])
before = peak_bytes()
preprocessing = Preprocessing.fit(data.train.x)
preprocessing.check(data.test.x)
assert preprocessing.range == "unit", preprocessing
print(peak_bytes() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the peak of memory from Linux's /proc")
def test_a_pass_over_three_gib_takes_less_than_a_sixteenth_of_one(tmp_path):
    path = tmp_path / "rows.npy"
    # A file of holes: 3 GiB of zeros that take no room on disk.
    np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(3 * GIB // 4096, 1024))
    assert path.stat().st_size > 3 * GIB
    run = subprocess.run([sys.executable, "-c", PROGRAM, path], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) < GIB // 16
