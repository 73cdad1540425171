"""How much memory is taken: by a process that goes on and on, and by rows that are larger than memory.

Run as `python -m endurance.memory` (half an hour on two cores; `--short` takes a minute, and asks the same of less).
Figures, one a line: by how much a process grows over 1,000 calls of `transform` with changing numbers of rows, and over
24 fits of changing sizes; whether two fits in two threads give what each gives alone; and the most that `latently fit`,
`encode`, `reconstruct` and `sample` hold of a file of 20 GB, or of results of 8 GB.
"""

import argparse
import gc
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

MB, GB = 10**6, 10**9
MOST_GROWTH, MOST_HELD = 50 * MB, 2 * GB
SIDE = 64
WARM_CALLS = 50
WARM_FITS = 18  # more than there are compiled programs of any kind that are kept


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 if a figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="ask the same of less")
    parser.add_argument("--bytes", type=int, default=20 * GB, help="the size of the file of rows")
    parser.add_argument("--only", choices=("calls", "fits", "threads", "rows"), action="append")
    parser.add_argument("--folder", type=Path, help="where the file lies meanwhile; by default a temporary folder")
    options = parser.parse_args(arguments)
    wanted, missed = options.only or ["calls", "fits", "threads", "rows"], False
    if "calls" in wanted:
        calls = 200 if options.short else 1000
        missed |= told(f"{calls:,} calls of transform", grown_by_calls(calls), MOST_GROWTH, "grows by")
    if "fits" in wanted:
        fits = 8 if options.short else 24
        missed |= told(f"{fits} fits in one process", grown_by_fits(fits), MOST_GROWTH, "grows by")
    if "threads" in wanted:
        same = fits_in_threads_are_those_alone()
        print(f"two fits in two threads: {'what each gives alone' if same else 'ANOTHER RESULT than alone'}")
        missed |= not same
    if "rows" in wanted:
        size = min(options.bytes, GB) if options.short else options.bytes
        for words, held in held_by_commands(size, options.folder):
            missed |= told(f"latently {words} of {size / GB:.0f} GB", held, MOST_HELD, "holds at most")
    return int(missed)


def told(what: str, found: int, most: int, verb: str) -> bool:
    """Print a figure; whether it is missed."""
    print(f"{what}: {verb} {found / MB:,.0f} MB (must stay under {most / MB:,.0f})", flush=True)
    return found >= most


def resident() -> int:
    """The bytes of this process that are in memory."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def grown(turn: Callable[[int], object], turns: int, warm: int) -> int:
    """By how many bytes the process grows over so many turns, once it is warm."""
    for number in range(warm):
        turn(number)
    before = resident()
    for number in range(warm, warm + turns):
        turn(number)
    return max(0, resident() - before)


def grown_by_calls(calls: int) -> int:
    """Over calls of `transform` with numbers of rows that nobody has asked for before."""
    from latently import VAE

    rows = np.random.default_rng(0).uniform(size=(6000, 64)).astype(np.float32)
    model = VAE(latent_dim=2, hidden=(32,), epochs=1, random_state=0).fit(rows)
    return grown(lambda number: model.transform(rows[: 1 + 37 * number % 5999]), calls, WARM_CALLS)


def grown_by_fits(fits: int) -> int:
    """Over fits of other sizes, each of which is compiled anew."""
    from latently import VAE

    rows = np.random.default_rng(0).uniform(size=(500, 64)).astype(np.float32)

    def fit(number: int) -> None:
        VAE(latent_dim=2, hidden=(8 + number,), epochs=2, random_state=0).fit(rows).transform(rows)

    return grown(fit, fits, WARM_FITS)


def fits_in_threads_are_those_alone() -> bool:
    """Whether two models, fitted at the same time in one process, are those that are fitted one after the other."""
    from latently import AAE, VAE

    rows = np.random.default_rng(0).uniform(size=(500, 64)).astype(np.float32)

    def codes(estimator: type) -> np.ndarray:
        fitted = estimator(latent_dim=2, hidden=(32,), epochs=20, random_state=0).fit(rows)
        return np.asarray(fitted.transform(rows))

    alone = [codes(VAE), codes(AAE)]
    with ThreadPoolExecutor(2) as threads:
        together = list(threads.map(codes, (VAE, AAE)))
    return all(np.array_equal(*pair) for pair in zip(alone, together, strict=True))


def held_by_commands(size: int, parent: Path | None) -> Iterator[tuple[str, int]]:
    """What each command holds at most, of rows that are a sparse file: it takes no room on the disk."""
    with tempfile.TemporaryDirectory(dir=parent) as name:
        folder = Path(name)
        count = size // SIDE**2
        rows = np.lib.format.open_memmap(folder / "rows.npy", "w+", np.uint8, (count, SIDE, SIDE))
        rows[:1000] = np.random.default_rng(0).integers(0, 256, (1000, SIDE, SIDE), np.uint8)
        rows.flush()
        few = max(1000, count // 10)
        np.save(folder / "few.npy", rows[:few])
        del rows
        how = ("--latent-dim", "4", "--hidden", "32", "--batch-size", "512", "--quiet", "--no-report")
        passes = str(min(1.0, 4e8 / size))  # of the rows: what is held does not hang on how long it takes
        run, out = folder / "run", folder / "out"
        yield "fit", held(["fit", "vae", "--data", folder / "rows.npy", "--epochs", passes, *how, "--out", run])
        yield "encode", held(["encode", run, folder / "rows.npy", "--out", out.with_suffix(".npy")])
        yield "reconstruct", held(["reconstruct", run, folder / "few.npy", "--out", out.with_suffix(".npz")])
        drawn = 4 * few
        yield f"sample --n {drawn}", held(["sample", run, "--n", drawn, "--out", folder / "samples.npy"])


def held(words: Sequence[object]) -> int:
    """The most bytes that a command holds in memory."""
    command = [sys.executable, "-c", _WATCHED, *map(str, words)]
    ended = subprocess.run(command, capture_output=True, text=True)
    found = re.findall(r"held (\d+)$", ended.stdout)
    if ended.returncode or not found:
        raise SystemExit(f"latently {' '.join(map(str, words))} ended with {ended.returncode}: {ended.stderr}")
    return int(found[0])


# Of the process itself, since it began: `ru_maxrss` would count the one that started it as well.
_WATCHED = """
import re, sys
from pathlib import Path
from latently.cli import main
code = main(sys.argv[1:])
print("held", 1024 * int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]))
sys.exit(code)
"""

if __name__ == "__main__":
    sys.exit(main())
