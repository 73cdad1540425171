"""What a default fit explains of a few photos, beside a perceptron and PCA.

`python -m benchmarks.photos` cuts 60 and 200 pictures of 96 x 128 pixels out of scikit-learn's two photographs, and
trains `latently fit vae` on them with ten dimensions: as it does without further options, and with the perceptron and
the 50 epochs that other data have. It prints a table like that of docs/data.md: the variance explained of the photos
kept for the test. `--photos 60` prints one line of it.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from sklearn.datasets import load_sample_images

from latently.cli import main as latently

COUNTS = (60, 200)
HEIGHT, WIDTH = 96, 128
PERCEPTRON = ("--network", "mlp", "--epochs", "50")


def write_photos(folder: Path, count: int) -> None:
    """Cut so many pictures out of the two photographs, at places drawn by a seed."""
    random, photos = np.random.default_rng(0), load_sample_images().images
    for number in range(count):
        photo = photos[number % 2]
        top, left = (random.integers(size - side) for size, side in zip(photo.shape, (HEIGHT, WIDTH), strict=False))
        Image.fromarray(photo[top : top + HEIGHT, left : left + WIDTH]).save(folder / f"{number:03}.png")


def fitted(photos: Path, run: Path, *words: str) -> tuple[dict[str, Any], int]:
    """What was measured of the reconstructions of a run on these photos, and after how many rounds."""
    how = ("--latent-dim", "10", "--random-state", "0", "--no-report", "--quiet", "--out", str(run))
    if latently(["fit", "vae", "--data", str(photos), *how, *words]):
        raise SystemExit("the run could not be trained.")
    history = (run / "history.jsonl").read_text().splitlines()
    found: dict[str, Any] = json.loads((run / "evaluation.json").read_text())["reconstruction"]
    return found, json.loads(history[-1])["round"]


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, action="append", help="how many; may be repeated (default: 60 and 200)")
    given = parser.parse_args()
    print("| photos | a perceptron, 50 epochs | as it comes: convolutions | PCA |\n| ---: | ---: | ---: | ---: |")
    for count in given.photos or COUNTS:
        with tempfile.TemporaryDirectory() as name:
            photos, runs = Path(name) / "photos", Path(name)
            photos.mkdir()
            write_photos(photos, count)
            cells = []
            for label, words in (("perceptron", PERCEPTRON), ("default", ())):
                found, rounds = fitted(photos, runs / label, *words)
                cells.append(f"{100 * found['variance_explained']:.0f} %, after {rounds} rounds")
            pca = found["baselines"]["pca"]["variance_explained"]
            print(f"| {count} | {' | '.join(cells)} | {100 * pca:.0f} % |", flush=True)


if __name__ == "__main__":
    main()
