"""How much memory Latently holds while it trains on an array larger than that.

Run as `python -m benchmarks.streaming`; makes a sparse memory-mapped array of 20 GB (which takes no room on the disk),
plays a VAE on it for one pass or `--seconds`, and prints one JSON line.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.latently_side import Stopwatch

SIDE = 64


def main() -> None:
    """Make the array, stream it, and print the line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bytes", type=int, default=20 * 10**9, help="the size of the array")
    parser.add_argument("--seconds", type=float, default=60.0, help="when to stop if one pass takes longer")
    parser.add_argument("--folder", type=Path, help="where the array lies meanwhile; by default a temporary folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        rows = options.bytes // SIDE**2
        path = Path(folder) / "images.npy"
        np.lib.format.open_memmap(path, "w+", np.uint8, (rows, SIDE, SIDE)).flush()
        line = stream(np.load(path, mmap_mode="r"), options.seconds)
    print(json.dumps(line))


def stream(images: np.ndarray, seconds: float) -> dict[str, float]:
    """Train on a memory map; returns what was read, how fast, and the largest resident set on the way."""
    from latently import VAE

    model = VAE(latent_dim=8, hidden=(64,), likelihood="bernoulli", batch_size=512, random_state=0)
    trainer = model.trainer(images)
    if trainer.feed.resident:
        raise SystemExit("the array was taken onto the device whole; nothing was streamed")
    stopwatch = Stopwatch(0.0, seconds)
    start = time.perf_counter()
    trainer.run(trainer.rounds_in(1), [stopwatch])
    elapsed = time.perf_counter() - start
    drawn = trainer.round * trainer.feed.batch_size
    return {
        "name": "streaming",
        "bytes": images.nbytes,
        "bytes_read": drawn * images[0].nbytes,
        "seconds": elapsed,
        "samples_per_second": drawn / elapsed,
        "peak_resident_bytes": peak_resident_bytes(),
    }


def peak_resident_bytes() -> int:
    """The largest resident set of this process so far, mapped pages of files included."""
    kibibyte = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * kibibyte


if __name__ == "__main__":
    main()
