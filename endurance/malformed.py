"""Malformed input: files of every kind that Latently reads, and values of its command line, damaged at random.

Data sets and models of the hub come from a server on this machine, which fails now and then as networks do.

    python -m endurance.malformed --n 1000 --seed 0

Every input must end within ten seconds and 1 GB: well, or with exit code 2, one clear sentence and nothing half-made.
The figure is how many did not. `--only KIND` looks at one kind, `--first N` begins with the input of that number.
"""

import argparse
import json
import random
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

from endurance.bounded import Bounded, Ended, told_of
from endurance.damage import damaged
from endurance.hubs import Hub, harm, hub_of
from endurance.seeds import KINDS, Seed, write_seeds


def main() -> int:
    """Run the program; the exit code is 1 where an input did not end as it should."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=1000, help="how many inputs (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of what is damaged and how (default: %(default)s)")
    parser.add_argument("--first", type=int, default=0, help="the number of the first one (default: %(default)s)")
    parser.add_argument("--only", choices=KINDS, help="inputs of one kind")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        seeds = [seed for seed in write_seeds(folder / "seeds") if given.only in (None, seed.kind)]
        run = str(shutil.copytree(folder / "seeds" / "run", folder / "warm"))
        warm = [["sample", run, "--n", "2", "--out", "warm.npz"], ["resume", run, "--epochs", "2"], ["report", run]]
        for seed in seeds:
            if seed.kind in ("yaml", "hub"):
                called = seed.path.name if seed.kind == "hub" else str(seed.path)
                warm += [[word.replace("{}", called) for word in words] for words in seed.commands]
        work = folder / "own" / "own" / "work"  # so that ../.. is ours
        work.mkdir(parents=True)
        codes: Counter[str] = Counter()
        faults = []
        with hub_of(work, folder / "seeds") as hub, Bounded(work, warm) as worker:
            for number in range(given.first, given.first + given.n):
                ended, words = _try(worker, seeds, work, hub, f"{given.seed}/{number}")
                codes["fault" if ended.fault else "well" if ended.code == 0 else "refused"] += 1
                if ended.fault:
                    faults.append(number)
                    print(f"input {number}: {told_of(words, ended)}", flush=True)
    told = {"inputs": given.n, "well": codes["well"], "refused": codes["refused"], "faults": len(faults)}
    print(json.dumps(told | {"seed": given.seed, "faulty": faults}))
    return 1 if faults else 0


def _try(worker: Bounded, seeds: list[Seed], work: Path, hub: Hub, key: str) -> tuple[Ended, list[str]]:
    """One input, made from its number alone, and how it ended."""
    draw = random.Random(key)
    kind = draw.choice(sorted({seed.kind for seed in seeds}))
    seed = draw.choice([each for each in seeds if each.kind == kind])
    for entry in work.iterdir():
        if entry.name != "cache":
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    words = seed.laid(work, draw, damaged)
    hub.harm = harm(draw)
    worker.ready()
    before = {entry.name for entry in work.iterdir()} | {"cache"}
    ended = worker.run(words)
    left = {entry.name for entry in work.iterdir()} - before
    if ended.code == 2 and left and not ended.fault:
        ended = Ended(ended.code, ended.said, ended.seconds, f"left {', '.join(sorted(left))}")
    return ended, words


if __name__ == "__main__":
    sys.exit(main())
