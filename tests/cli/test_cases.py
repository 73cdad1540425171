"""Data as people have it, from the terminal: fitted, told what it was taken for, and used."""

import json

import numpy as np
import pytest
from PIL import Image

from latently import figures

from .conftest import call

FIT = ("--latent-dim", "2", "--hidden", "8", "--epochs", "2")
READING = {
    "arrays/train-val-test-names.npz": "rows: 500 images of 8 x 8 pixels, scaled to [0, 1]; 300 to train, 100 to "
    "validate, 100 to test",
    "arrays/x-train-x-test.npz": "rows: 400 images of 8 x 8 pixels, scaled to [0, 1]; 300 to train, 100 to test",
    "arrays/channels-first.npy": "rows: 200 images of 8 x 8 pixels, 1 channel, scaled to [0, 1]; 140 to train, 20 to "
    "validate, 40 to test",
    "arrays/series-three-scales.npy": "rows: 200 series of 20 steps, 3 channels, each standardised; 140 to train, 20 "
    "to validate, 40 to test",
    "arrays/counts.npy": "rows: 200 rows of a table: 40 counts; 140 to train, 20 to validate, 40 to test",
    "folders/train-test": "rows: 24 images of 8 x 8 pixels, scaled to [0, 1]; 12 to train, 12 to test",
    "folders/sixteen-bit": "rows: 12 images of 8 x 8 pixels, scaled to [0, 1]; 9 to train, 1 to validate, 2 to test",
    "folders/odd-size": "rows: 8 images of 33 x 47 pixels, 3 channels, scaled to [0, 1]; 5 to train, 1 to validate, 2 "
    "to test",
}


@pytest.mark.parametrize(("name", "reading"), READING.items(), ids=READING)
def test_a_case_is_fitted_and_its_model_used_from_the_terminal(name, reading, case, here):
    data = case(name)
    answer = call("fit", "vae", "--data", data, *FIT, "--out", "run")
    assert answer.code == 0, answer.err
    assert answer.err.splitlines()[0] == reading
    assert json.loads((here / "run" / "config.json").read_text())["run"]["reading"][0] == reading
    assert (here / "run" / "report.html").exists()
    assert call("encode", "run", data, "--out", "codes.npz").code == 0
    total = int(reading.split()[1])
    assert np.load(here / "codes.npz")["codes"].shape == (total, 2)
    assert call("sample", "run", "--n", "3", "--out", "samples.npy").code == 0
    rows = np.load(data) if data.suffix == ".npy" else None
    samples = np.load(here / "samples.npy")
    assert samples.shape[1:] == (rows.shape[1:] if rows is not None else samples.shape[1:])
    assert call("reconstruct", "run", data, "--out", "rows.npy").code == 0


def test_every_guess_is_printed_once_recorded_and_may_be_overridden(case, here):
    data = case("arrays/series-three-scales.npy")
    first = call("fit", "vae", "--data", data, *FIT, "--no-report", "--out", "one")
    (guess,) = [line for line in first.err.splitlines() if "--standardize together" in line]
    assert guess.startswith("the 3 channels of rows (20, 3), their last axis, are standardised one by one")
    config = json.loads((here / "one" / "config.json").read_text())
    assert len(config["run"]["reading"]) == 2
    assert config["preprocessing"]["assumed"] == config["run"]["reading"][1:]
    second = call("fit", "vae", "--data", data, *FIT, "--no-report", "--standardize", "together", "--out", "two")
    assert second.err.startswith("rows: 200 arrays of 20 x 3 numbers, standardised together; ")
    assert "channels" not in second.err.splitlines()[1]


def test_series_are_drawn_as_curves(case, here, monkeypatch):
    data, drawn = case("arrays/series-three-scales.npy"), []
    kept = figures.curves._sheet
    monkeypatch.setattr(figures.curves, "_sheet", lambda *given, **more: drawn.append(given[0]) or kept(*given, **more))
    assert call("fit", "vae", "--data", data, *FIT, "--no-report", "--out", "run").code == 0
    for verb in (
        ("sample", "run", "--n", "5"),
        ("reconstruct", "run", data),
        ("interpolate", "run", "--rows", "0,1"),
    ):
        answer = call(*verb, "--out", f"{verb[0]}.png")
        assert answer.code == 0, answer.err
    sampled, given, paths = drawn
    rows = np.load(data)
    assert sampled[0][1][0].curves.shape == (5, 3, 20)
    np.testing.assert_allclose(given[2][1][0].curves, rows[[2]].swapaxes(1, 2), rtol=1e-6)
    assert [strand.dashed for strand in paths[0][1]] == [True, False]


def test_counts_are_told_and_not_warned_of(case, here):
    answer = call("fit", "vae", "--data", case("arrays/counts.npy"), *FIT, "--no-report", "--out", "run")
    assert "--output sigmoid for pixels" in answer.err
    assert "warning: uint8" not in answer.err


def test_labels_that_are_signs_are_asked_for(case, here):
    data = case("arrays/labels-minus-one-plus-one.npz")
    refused = call("fit", "m2", "--data", data, *FIT)
    assert (refused.code, refused.err) == (
        2,
        "latently: the labels must not be -1 and one other value alone, where -1 marks a row whose label is not known. "
        "If -1 is a class like the others, say --unlabelled none; if it marks such rows, --unlabelled -1.\n",
    )
    options = ("--unlabelled", "none", "--latent-dim", "2", "--hidden", "32", "--epochs", "60")
    answer = call("fit", "m2", "--data", data, *options, "--no-report", "--out", "run")
    assert answer.code == 0, answer.err
    assert call("classify", "run", data, "--out", "classes.npz").code == 0
    found = np.load(here / "classes.npz")
    assert found["names"].tolist() == [-1, 1]
    assert (found["classes"] == np.load(data)["y"]).mean() > 0.95
    np.testing.assert_array_equal(found["labels"], np.load(data)["y"])


def test_a_model_that_ignores_labels_only_tells_of_them(case, here):
    data = case("arrays/labels-minus-one-plus-one.npz")
    answer = call("fit", "vae", "--data", data, *FIT, "--no-report", "--out", "run")
    assert answer.code == 0
    assert "-1 marks rows without a label, 109 of the 200 in labels-minus-one-plus-one.npz; --unlabelled none" in (
        answer.err
    )


def test_parts_have_files_of_their_own(here):
    generator = np.random.default_rng(0)
    for name, n in (("rows", 40), ("more", 7), ("last", 9)):
        np.savez(here / f"{name}.npz", X=generator.normal(size=(n, 3)), y=np.arange(n) % 2)
    answer = call("fit", "vae", "--data", "rows.npz", "--validation", "more.npz", "--test", "last.npz", *FIT,
                  "--no-report", "--out", "run")  # fmt: skip
    assert answer.code == 0, answer.err
    assert answer.err.splitlines()[0].endswith("; 40 to train, 7 to validate, 9 to test")
    assert call("encode", "run", "rows.npz", "--part", "test", "--out", "codes.npz").code == 0
    assert np.load(here / "codes.npz")["codes"].shape == (9, 2)
    assert call("encode", "run", "last.npz", "--out", "last.csv").code == 0
    assert call("evaluate", "run").code == 0
    missing = call("fit", "vae", "--data", "rows.npz", "--test", "lst.npz", *FIT)
    assert missing.err == (
        "latently: --test must be a share of the rows, such as 0.2, or the path of a file or folder that exists; got "
        "'lst.npz'.\n"
    )


def test_one_photograph_is_data_and_comes_in_the_size_and_white_of_the_run(here, case):
    answer = call("fit", "vae", "--data", case("folders/sixteen-bit"), *FIT, "--no-report", "--out", "run")
    assert answer.code == 0, answer.err
    deep = np.full((20, 20), 2048, np.uint16)
    Image.fromarray(deep).save(here / "photo.png")
    Image.fromarray(np.full((8, 8, 3), 128, np.uint8)).save(here / "same.png")
    for name in ("photo", "same"):
        assert call("encode", "run", f"{name}.png", "--out", f"{name}.csv").code == 0
    assert (here / "photo.csv").read_text() == (here / "same.csv").read_text()
