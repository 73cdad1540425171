"""The rows that a command opens for a fitted model."""

import struct
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

import latently
from latently.data import Dataset
from latently.run import labels_of, open_rows, open_splits

from .conftest import SMALL, call


def opened(source: Path, part: str = "all", **about: Any) -> Dataset:
    return open_rows(str(source), SimpleNamespace(row_shape_=(2, 2)), about, part=part)


def write_idx(path: Path, values: np.ndarray) -> None:
    header = struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape)
    path.write_bytes(header + values.astype(np.uint8).tobytes())


@pytest.fixture
def idx_folder(tmp_path: Path) -> Path:
    """A data set with a test set of its own: rows 0 to 5, and 6 to 8."""
    for part, rows in (("train", np.arange(6)), ("t10k", np.arange(6, 9))):
        write_idx(tmp_path / f"{part}-images-idx3-ubyte", np.broadcast_to(rows[:, None, None], (len(rows), 2, 2)))
        write_idx(tmp_path / f"{part}-labels-idx1-ubyte", rows % 2)
    return tmp_path


def test_all_rows_of_a_data_set_with_a_test_set_are_both(idx_folder: Path) -> None:
    whole = opened(idx_folder)
    assert np.asarray(whole.x)[:, 0, 0].tolist() == list(range(9))
    assert (labels_of(whole) if whole.labels is not None else np.zeros(0)).tolist() == [n % 2 for n in range(9)]


def test_parts_are_cut_as_the_run_cut_them(idx_folder: Path) -> None:
    data = {"source": str(idx_folder), "validation": 0.5, "test": None, "seed": 3, "labels": None}
    run = open_splits({**data, "labels_column": None, "image_size": None, "skip_bad": False})
    for part in ("train", "validation", "test"):
        np.testing.assert_array_equal(opened(idx_folder, part, data=data).x, getattr(run, part).x)
    # Of other data, the run's cut says nothing.
    with pytest.raises(ValueError, match="part validation has no rows"):
        opened(idx_folder, "validation", data={**data, "source": "digits"})


def test_images_of_another_size_are_brought_to_the_models(here: Path) -> None:
    generator = np.random.default_rng(0)
    for folder, size in (("small", 8), ("large", 20)):
        for kind in ("cats", "dogs"):
            (here / folder / kind).mkdir(parents=True)
            for number in range(10):
                pixels = generator.integers(0, 256, (size, size), dtype=np.uint8)
                Image.fromarray(pixels).save(here / folder / kind / f"{number}.png")
    fitted = call("fit", "vae", "--data", "small", "--latent-dim", "2", "--out", "run", "--no-report", *SMALL)
    assert fitted.code == 0, fitted.err
    assert latently.load("run").row_shape_[:2] == (8, 8)
    assert call("encode", "run", "large").code == 0
    arrays = np.load("codes.npz")
    assert arrays["codes"].shape == (20, 2)
    assert sorted(set(arrays["labels"].tolist())) == ["cats", "dogs"]
