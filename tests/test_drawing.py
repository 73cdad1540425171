"""New data in parts: the same rows however they are cut, in memory that their number does not change."""

import shutil
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from latently import AAE, ACCA, VAE, ConditionalVAE, drawing
from latently.cli import main, outputs
from small_models import as_if_loaded

RANDOM = np.random.default_rng(0)
ROWS = RANDOM.normal(size=(200, 3))
LABELS = np.arange(200) % 3
FRAME = pd.DataFrame({"age": RANDOM.normal(40, 9, 200), "town": np.array(["Bonn", "Ulm", "Trier"])[LABELS]})
FEW: dict[str, Any] = {"latent_dim": 2, "hidden": (8,), "epochs": 1, "random_state": 0}
MODELS: dict[str, tuple[Callable[[], Any], Any]] = {
    "means": (lambda: as_if_loaded(VAE(**FEW), np.clip(ROWS, 0, 1)), None),
    "noise": (lambda: as_if_loaded(VAE(**FEW), ROWS), None),
    "a table": (lambda: as_if_loaded(VAE(**FEW), FRAME), None),
    "views": (lambda: as_if_loaded(ACCA(**FEW), {"a": ROWS, "b": ROWS[:, :2]}), None),
    "a prior with labels": (lambda: as_if_loaded(AAE(prior="star", **FEW), ROWS, LABELS), np.arange(10_001) % 3),
    "a decoder with labels": (lambda: as_if_loaded(ConditionalVAE(**FEW), ROWS, LABELS), None),
    "conditions": (lambda: as_if_loaded(ConditionalVAE(**FEW), ROWS, FRAME), {"age": 40.0}),
    "a sampler": (lambda: as_if_loaded(VAE(**FEW), ROWS).fit_sampler(X=ROWS), None),
}


def arrays_of(rows: Any) -> list[np.ndarray]:
    """Rows as arrays, of whatever kind they are."""
    return [np.asarray(each) for each in (rows.values() if isinstance(rows, dict) else (rows,))]


@pytest.mark.parametrize("name", MODELS)
def test_parts_are_those_of_the_whole(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model, labels = MODELS[name][0](), MODELS[name][1]
    whole = arrays_of(model.sample(10_001, labels, random_state=3))
    drawn = model.drawn(10_001, labels, random_state=3)
    assert len(drawn) == 10_001
    for some in (slice(0, 4096), slice(4096, 8192), slice(8192, None), slice(5000, 5003), slice(10_000, 10_001)):
        for part, all_of_them in zip(arrays_of(drawn[some]), whole, strict=True):
            assert np.array_equal(part, all_of_them[some])
    monkeypatch.setattr(drawing, "BLOCK", 4096)
    blocks = arrays_of(model.sample(10_001, labels, random_state=3))
    assert [len(block) for block in blocks] == [10_001] * len(whole)
    drawn = model.drawn(10_001, labels, random_state=3)
    for some in (slice(8192, None), slice(4000, 4200), slice(0, 10_001)):
        for part, all_of_them in zip(arrays_of(drawn[some]), blocks, strict=True):
            assert np.array_equal(part, all_of_them[some])


def test_blocks_are_not_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "BLOCK", 4096)
    rows = as_if_loaded(VAE(**FEW), ROWS).sample(8192, random_state=0)
    assert not np.array_equal(rows[:4096], rows[4096:])
    assert len(np.unique(rows[:, 0])) > 8000


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a model of 64 numbers a row."""
    folder = tmp_path_factory.mktemp("drawn") / "run"
    as_if_loaded(VAE(**FEW), RANDOM.normal(size=(100, 64))).save(folder)
    return folder


def test_large_samples_are_written_in_bounded_memory(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "STEP_NUMBERS", 2**18)
    monkeypatch.setattr(drawing, "BLOCK", 2**15)
    monkeypatch.setenv("LATENTLY_MEMORY", "10MB")  # a tenth of what the rows take
    assert main(["sample", str(run), "--n", "100", "--out", str(tmp_path / "warm.npy")]) == 0
    tracemalloc.start()
    assert main(["sample", str(run), "--n", "400000", "--out", str(tmp_path / "rows.npy")]) == 0
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    rows = np.load(tmp_path / "rows.npy", mmap_mode="r")
    assert rows.shape == (400_000, 64)
    assert most < 0.3 * rows.nbytes
    from latently import load

    monkeypatch.delenv("LATENTLY_MEMORY")
    assert np.array_equal(rows[:70_000], load(run).sample(400_000, random_state=0)[:70_000])


@pytest.mark.parametrize("kind", ["csv", "parquet", "npz"])
def test_every_kind_of_file_holds_the_same_rows(
    kind: str, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from latently import load

    monkeypatch.setattr(drawing, "STEP_NUMBERS", 2**18)
    path = tmp_path / f"rows.{kind}"
    assert main(["sample", str(run), "--n", "9000", "--out", str(path)]) == 0
    whole = load(run).sample(9000, random_state=0)
    readers: dict[str, Callable[[Path], Any]] = {
        "csv": pd.read_csv, "parquet": pd.read_parquet, "npz": lambda path: np.load(path)["samples"],
    }  # fmt: skip
    assert np.array_equal(np.asarray(readers[kind](path), np.float32), whole)


def test_words_that_are_numbers_in_the_first_part_alone_stay_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "STEP_NUMBERS", 1)
    as_if_loaded(AAE(prior="star", **FEW), ROWS, np.array(["1", "2", "x"])[LABELS]).save(tmp_path / "run")
    path = tmp_path / "rows.parquet"
    assert main(["sample", str(tmp_path / "run"), "--n", "3000", "--labels", "all", "--out", str(path)]) == 0
    assert pd.read_parquet(path)["label"].value_counts().to_dict() == {"1": 3000, "2": 3000, "x": 3000}


def test_what_has_no_room_on_the_disk_is_refused_before_it_is_made(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 10**6))
    for kind in ("npy", "npz", "csv"):
        path = tmp_path / f"rows.{kind}"
        assert main(["sample", str(run), "--n", "1000000", "--out", str(path)]) == 2
        assert "1.0 MB are free" in capsys.readouterr().err
        assert not list(tmp_path.glob("*rows*"))
    assert main(["sample", str(run), "--n", "10", "--out", str(tmp_path / "few.npy")]) == 0


def test_codes_and_reconstructions_are_written_in_parts(run: Path, tmp_path: Path, monkeypatch: Any) -> None:
    from latently import load
    from latently.cli import answers

    monkeypatch.setattr(answers, "LEAST_PIECE", 256)
    monkeypatch.setattr(answers, "PIECE_NUMBERS", 1)
    rows = np.random.default_rng(1).normal(size=(1000, 64))
    np.save(tmp_path / "rows.npy", rows)
    model = load(run)
    for verb, found in (("encode", model.transform(rows)), ("reconstruct", model.reconstruct(rows))):
        for kind, reader in (("csv", pd.read_csv), ("npy", np.load)):
            path = tmp_path / f"{verb}.{kind}"
            assert main([verb, str(run), str(tmp_path / "rows.npy"), "--out", str(path)]) == 0
            assert np.allclose(np.asarray(reader(path)), found, rtol=1e-5, atol=1e-6)
    assert outputs.InPieces(10, lambda some: np.arange(10)[some], 4).whole.tolist() == list(range(10))
