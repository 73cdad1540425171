"""Data as people have it, from the terminal: fitted, told what it was taken for, and used."""

import json

import numpy as np
import pandas as pd
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

TABLES = {
    "index-column": (("--labels-column", "kind"), "rows: 178 rows of 13 columns, each standardised", 13),
    "semicolons": (("--labels-column", "quality"), "rows: 178 rows of 13 columns, each standardised", 13),
    "missing-cells": (("--labels-column", "kind"), "rows: 178 rows of a table: 13 numbers", 13),
    "mixed-kinds": ((), "rows: 300 rows of a table: ", 7),
}
"""A table → options, the first words of its reading, and how many columns it is learned from."""
CONDITIONS = {
    "arrays/several-labels.npz": ("y0=1,y3=1", "y0=binary,y1=binary,y2=binary,y3=binary"),
    "arrays/continuous-condition.npz": ("y=30", "y=number"),
}
"""A file → labels to sample under, and what its conditions are."""
ELSEWHERE = {"arrays/labels-minus-one-plus-one.npz"}


def test_every_case_has_a_test(case):
    root = case("README.md").parent
    files = {
        str(path.relative_to(root)) for kind in ("tables", "arrays", "folders") for path in (root / kind).iterdir()
    }
    assert files == {f"tables/{name}.csv" for name in TABLES} | set(READING) | set(CONDITIONS) | ELSEWHERE


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_fitted_and_filled_in_from_the_terminal(name, case, here):
    options, reading, columns = TABLES[name]
    data = case(f"tables/{name}.csv")
    answer = call("fit", "vae", "--data", data, *FIT, *options, "--no-report", "--out", "run")
    assert answer.code == 0, answer.err
    assert answer.err.startswith(reading)
    assert ("counts the rows" in answer.err) == (name == "index-column")
    assert ("delimiter=semicolon" in answer.err) == (name == "semicolons")
    assert ('the column "id" is left out' in answer.err) == (name == "mixed-kinds")
    assert call("sample", "run", "--n", "50", "--out", "samples.csv").code == 0
    samples = pd.read_csv("samples.csv")
    assert samples.shape == (50, columns)
    if name == "mixed-kinds":
        assert samples["visits"].dtype.kind == "i"
        assert samples["visits"].min() >= 0
        assert set(samples["town"]) <= set(pd.read_csv(data)["town"].dropna())
        assert samples["income"].min() > 0
    if name in ("missing-cells", "mixed-kinds"):
        assert call("impute", "run", data, "--out", "filled.csv").code == 0
        given, filled = pd.read_csv(data, dtype=str), pd.read_csv("filled.csv", dtype=str)
        there = given.notna()
        assert not filled[samples.columns].isna().any(axis=None)
        pd.testing.assert_frame_equal(filled.where(there), given.where(there))


@pytest.mark.parametrize("name", CONDITIONS)
def test_conditions_are_learned_and_sampled_under_from_the_terminal(name, case, here):
    labels, kinds = CONDITIONS[name]
    answer = call("fit", "cvae", "--data", case(name), *FIT, "--no-report", "--out", "run")
    assert answer.code == 0, answer.err
    assert f"each row comes under conditions, {kinds};" in answer.err
    assert call("sample", "run", "--labels", labels, "--n", "3", "--out", "samples.npy").code == 0
    assert np.load("samples.npy").shape[0] == 3


@pytest.mark.parametrize(("name", "reading"), READING.items(), ids=READING)
def test_a_case_is_fitted_and_its_model_used_from_the_terminal(name, reading, case, here):
    data = case(name)
    answer = call("fit", "vae", "--data", data, *FIT, "--out", "run")
    assert answer.code == 0, answer.err
    assert answer.err.splitlines()[0] == reading
    assert ("--output sigmoid for pixels" in answer.err) == ("counts" in name)
    assert "warning: uint8" not in answer.err
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
    assert second.err.startswith("rows: 200 series of 20 steps, 3 channels, standardised together; ")
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
        "'lst.npz'. Did you mean last.npz?\n"
    )


def test_one_photograph_is_data_and_comes_in_the_size_and_white_of_the_run(here, case):
    answer = call("fit", "vae", "--data", case("folders/sixteen-bit"), *FIT, "--no-report", "--out", "run")
    assert answer.code == 0, answer.err
    deep = np.full((20, 20), 2048, np.uint16)
    Image.fromarray(deep).save(here / "photo.png")
    Image.fromarray(np.full((8, 8, 3), 128, np.uint8)).save(here / "same.png")
    for name in ("photo", "same"):
        assert call("encode", "run", f"{name}.png", "--out", f"{name}.csv").code == 0
    assert (here / "photo.csv").read_text().replace("photo.png", "same.png") == (here / "same.csv").read_text()


# ---- options that say what data is ----


@pytest.fixture
def unclear(here):
    """Data that is read in more than one way."""
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, (20, 12, 6, 6)).astype(np.uint8)
    np.savez("two.npz", first=generator.normal(size=(20, 2)), second=generator.normal(size=(20, 3)))
    np.save("bands.npy", pixels)
    np.save("floats.npy", np.float32(pixels[:, 0]))
    for folder, images in (
        ("colours", np.moveaxis(pixels[:, :3], 1, -1)),
        ("deep", pixels[:, 0].astype(np.uint16) * 4),
    ):
        (here / folder).mkdir()
        for number, image in enumerate(images[:10]):
            Image.fromarray(image).save(here / folder / f"{number}.png")
    return here


@pytest.mark.parametrize(
    ("data", "option", "reading"),
    [
        ("two.npz", ("--array", "second"), "20 vectors of 3 numbers, each standardised"),
        ("bands.npy", ("--channel-axis", "last"), "20 images of 12 x 6 pixels, 6 channels, scaled to [0, 1]"),
        ("floats.npy", ("--white-level", "255"), "20 images of 6 x 6 pixels, scaled to [0, 1]"),
        ("deep", ("--white-level", "2000"), "10 images of 6 x 6 pixels, scaled to [0, 1]"),
        ("colours", ("--gray",), "10 images of 6 x 6 pixels, scaled to [0, 1]"),
    ],
)
def test_an_option_decides_what_data_is(data, option, reading, unclear):
    answer = call("fit", "vae", "--data", data, *FIT, *option, "--no-report", "--out", "run")
    assert answer.code == 0, answer.err
    about = json.loads((unclear / "run" / "config.json").read_text())["run"]
    assert about["reading"][0].startswith(f"rows: {reading}; ")
    name = option[0].removeprefix("--").replace("-", "_")
    assert name == "array" or not any(f"{{{name}" in guess for guess in about["reading"][1:])
    assert about["white_level"] == (2000 if data == "deep" else None)  # of files; that of arrays is the model's
    assert call("encode", "run", data, "--out", "codes.npz").code == 0


def test_a_choice_of_arrays_that_is_not_clear_names_the_option(unclear):
    answer = call("fit", "vae", "--data", "two.npz", *FIT)
    assert (answer.code, "name the rows with --array NAME" in answer.err) == (2, True)


def test_images_that_cannot_be_read_are_left_out_where_that_is_asked_for(unclear):
    (unclear / "colours" / "0.png").write_bytes(b"no image")
    refused = call("fit", "vae", "--data", "colours", *FIT)
    assert (refused.code, "leave out all such images with --skip-bad" in refused.err) == (2, True)
    answer = call("fit", "vae", "--data", "colours", "--skip-bad", *FIT, "--no-report", "--out", "run")
    assert answer.code == 0, answer.err
    assert "skipped 1 images that cannot be read: 0.png" in answer.err
    assert json.loads((unclear / "run" / "config.json").read_text())["run"]["rows"]["train"] == 6


# ---- files of MedMNIST ----


def medmnist(path, shape, labels=1):
    """A file in MedMNIST's layout: images and labels (n, 1), or several labels (n, 14), of three parts."""
    generator, arrays = np.random.default_rng(0), {}
    for part, n in (("train", 40), ("val", 10), ("test", 12)):
        arrays[f"{part}_images"] = generator.integers(0, 256, (n, *shape)).astype(np.uint8)
        arrays[f"{part}_labels"] = generator.integers(0, 2 if labels > 1 else 3, (n, labels)).astype(np.uint8)
    np.savez_compressed(path, **arrays)
    return path


@pytest.mark.parametrize(
    ("model", "shape", "labels", "reading"),
    [
        ("m2", (6, 6), 1, "62 images of 6 x 6 pixels, scaled to [0, 1]"),
        ("cvae", (6, 6), 14, "62 images of 6 x 6 pixels, scaled to [0, 1]"),
        ("vae", (6, 6, 6), 1, "62 volumes of 6 x 6 x 6 numbers, scaled to [0, 1]"),
    ],
)
def test_a_file_of_medmnist_opens_as_it_is(model, shape, labels, reading, here):
    medmnist(here / "parts.npz", shape, labels)
    answer = call("fit", model, "--data", "parts.npz", *FIT, "--out", "run")
    assert answer.code == 0, answer.err
    first, *guesses = answer.err.splitlines()
    assert first == f"rows: {reading}; 40 to train, 10 to validate, 12 to test"
    assert any("volumes" in guess for guess in guesses) == (len(shape) == 3)
    assert any("y0=binary,y1=binary" in guess for guess in guesses) == (labels > 1)
    assert call("sample", "run", "--n", "3", "--out", "samples.npy").code == 0
    assert np.load(here / "samples.npy").shape == (3, *shape)


def test_several_labels_are_refused_by_a_model_of_classes_with_those_that_take_them(here):
    answer = call("fit", "m2", "--data", medmnist(here / "chest.npz", (6, 6), 14), *FIT)
    assert (answer.code, "14 columns" in answer.err, "ConditionalVAE" in answer.err) == (2, True, True)
