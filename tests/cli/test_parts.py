"""Data in many files through a model: part by part, each written once, on this machine or on workers of Ray."""

import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mortal
from latently.cli import parts

from .conftest import call

PARTS, ROWS = 4, 30


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A table in four files of Parquet, in the folders of two days; with a column that names its rows."""
    folder, random = tmp_path_factory.mktemp("parts"), np.random.default_rng(0)
    for part in range(PARTS):
        day = folder / f"day={part // 2}"
        day.mkdir(exist_ok=True)
        frame = pd.DataFrame(random.normal(size=(ROWS, 3)).astype(np.float32), columns=["legs", "wings", "eyes"])
        frame.assign(name=[f"{part}-{row}" for row in range(ROWS)]).to_parquet(day / f"part-{part}.parquet")
    return folder


@pytest.fixture(scope="module")
def run(data, tmp_path_factory):
    """A model of a VAE that learned the numbers of the first part."""
    folder = tmp_path_factory.mktemp("run") / "run"
    source = data / "day=0" / "part-0.parquet"
    words = ("--leave-out", "name", "--latent-dim", "2", "--hidden", "8", "--epochs", "2", "--quiet", "--no-report")
    answer = call("fit", "vae", "--data", source, *words, "--out", folder)
    assert answer.code == 0, answer.err
    return folder


def encoded(run, source, out, *words):
    return call("encode", run, source, "--id", "name", "--out", out, *words)


def test_parts_are_encoded_as_each_alone_and_keep_their_places(run, data, tmp_path):
    answer = encoded(run, data / "*" / "*.parquet", tmp_path / "codes")
    assert (answer.code, answer.out) == (0, f"{tmp_path / 'codes'}: 120 rows in 4 parts\n"), answer.err
    for part in range(PARTS):
        place = f"day={part // 2}/part-{part}.parquet"
        assert encoded(run, data / place, tmp_path / f"{part}.parquet").code == 0
        codes = pd.read_parquet(tmp_path / "codes" / place, partitioning=None)
        pd.testing.assert_frame_equal(codes, pd.read_parquet(tmp_path / f"{part}.parquet"))
        assert codes.columns.tolist() == ["name", "z1", "z2"]
        assert codes["name"].tolist()[:2] == [f"{part}-0", f"{part}-1"]


def test_a_second_run_makes_what_is_missing_and_nothing_else(run, data, tmp_path):
    out = tmp_path / "codes"
    assert encoded(run, data / "*" / "*.parquet", out).code == 0
    first, second = out / "day=0" / "part-0.parquet", out / "day=1" / "part-2.parquet"
    written, whole = first.stat().st_mtime_ns, second.read_bytes()
    second.unlink()
    answer = encoded(run, data / "*" / "*.parquet", out)
    assert answer.out == f"{out}: 30 rows in 1 parts, and 3 that were there\n"
    assert (first.stat().st_mtime_ns, second.read_bytes()) == (written, whole)


def test_a_bad_part_is_named_and_the_others_are_answered(run, data, tmp_path):
    for part in (0, 1):
        source = (data / "day=0" / f"part-{part}.parquet").read_bytes()
        (tmp_path / f"part-{part}.parquet").write_bytes(source if part else source[:100])
    answer = encoded(run, tmp_path / "part-*.parquet", tmp_path / "codes")
    assert (answer.code, answer.out) == (1, f"{tmp_path / 'codes'}: 30 rows in 1 parts\n")
    assert answer.err.startswith(f"latently: 1 of 2 parts could not be answered, {tmp_path}/part-0.parquet first: ")
    assert [path.name for path in (tmp_path / "codes").glob("*.parquet")] == ["part-1.parquet"]


def test_a_folder_of_other_answers_is_kept(run, data, tmp_path):
    out = tmp_path / "codes"
    assert encoded(run, data / "day=0" / "*.parquet", out).code == 0
    answer = call("reconstruct", run, data / "day=0" / "*.parquet", "--out", out)
    assert (answer.code, answer.err) == (
        2,
        f"latently: {out} holds the answers of another model, or to another question; choose another folder, or "
        "--force to write over them.\n",
    )
    answer = call("reconstruct", run, data / "day=0" / "*.parquet", "--out", out, "--force")
    assert (answer.code, answer.out) == (0, f"{out}: 60 rows in 2 parts\n")
    rows = pd.read_parquet(out / "part-0.parquet")
    assert rows.columns.tolist() == ["legs", "wings", "eyes"]


def test_gaps_in_parts_are_filled_each_part_with_draws_of_its_own(run, data, tmp_path):
    gaps = pd.read_parquet(data / "day=0" / "part-0.parquet", partitioning=None).astype({"legs": float})
    gaps.loc[::3, "legs"] = np.nan
    for name in ("a", "b"):
        gaps.to_parquet(tmp_path / f"{name}.parquet")
    call("fit", "vae", "--data", tmp_path / "a.parquet", "--leave-out", "name", "--hidden", "8", "--epochs", "1",
         "--quiet", "--no-report", "--out", tmp_path / "run")  # fmt: skip
    answer = call("impute", tmp_path / "run", tmp_path / "*.parquet", "--samples", "5", "--out", tmp_path / "filled")
    assert answer.code == 0, answer.err
    one, other = (pd.read_parquet(tmp_path / "filled" / f"{name}.parquet") for name in ("a", "b"))
    there = gaps["legs"].notna()
    np.testing.assert_array_equal(one.loc[there, "legs"], gaps.loc[there, "legs"])
    assert not one["legs"].isna().any()
    assert (one.loc[~there, "legs"] != other.loc[~there, "legs"]).all()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("DATA/*.parquet",), "data in parts is answered in parts: name one folder for them with --out, such as --out "
         "answers."),
        (("DATA/none-*.parquet", "--out", "OUT"), "DATA/none-*.parquet: there are no such files."),
        (("DATA/day=0", "--out", "OUT", "--workers", "2"),
         "--workers is for --engine ray; here one part is answered after the other, on all cores."),
        (("DATA/day=0", "--out", "OUT", "--part", "test"),
         "--part test is of a run's own data, and not of data in parts; leave it out."),
        (("DATA/day=0", "--out", "OUT", "--engine", "ray"),
         "--engine ray needs ray; run: pip install 'latently[ray]'."),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_in_parts_is_said_in_a_sentence(words, sentence, run, data, tmp_path, monkeypatch):
    def put(text):
        return text.replace("DATA", str(data)).replace("OUT", str(tmp_path / "out"))

    monkeypatch.setitem(sys.modules, "ray", None)
    answer = call("encode", run, *map(put, words))
    assert (answer.code, answer.err) == (2, f"latently: {put(sentence)}\n")
    assert not list(tmp_path.iterdir())


def test_workers_of_ray_answer_the_parts_though_one_of_them_is_killed(run, data, tmp_path, monkeypatch):
    ray = pytest.importorskip("ray", reason="needs the extra ray")
    here = tmp_path / "here"
    assert encoded(run, data / "*" / "*.parquet", here).code == 0
    monkeypatch.setenv("LATENTLY_TEST_MARK", str(tmp_path / "killed"))
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    found = (str(Path(mortal.__file__).parent), os.environ.get("PYTHONPATH", ""))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, found)))
    monkeypatch.setattr(parts, "_Worker", mortal.Mortal)
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        answer = encoded(run, data / "*" / "*.parquet", tmp_path / "there", "--engine", "ray", "--workers", "2")
    finally:
        ray.shutdown()
    assert answer.code == 0, answer.err
    assert answer.out.endswith(f"{tmp_path / 'there'}: 120 rows in 4 parts\n")  # Ray tells of the death before
    assert (tmp_path / "killed").exists()
    for path in sorted(here.rglob("*.parquet")):
        found = pd.read_parquet(tmp_path / "there" / path.relative_to(here), partitioning=None)
        pd.testing.assert_frame_equal(found, pd.read_parquet(path, partitioning=None))
