"""Photos of real size in the terminal: learned in a size that suits, by convolutions; and new ones, prepared alike."""

import csv
import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import latently
from latently.data import assumed, open_dataset, open_whole
from latently.report.exploring import story_of
from latently.run import Plan, Run, open_run_splits
from latently.run.photos import suited

from .conftest import call

SMALL = ("--latent-dim", "2", "--hidden", "8", "--channels", "4,4,4", "--epochs", "1", "--no-report", "--quiet")


def photo(path: Path, height: int, width: int, seed: int) -> Path:
    """Noise on a gradient."""
    noise = np.random.default_rng(seed).integers(0, 100, (height, width, 3))
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((noise + np.linspace(0, 155, width)[:, None]).astype(np.uint8)).save(path)
    return path


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve of 512 x 512, and one that is wide."""
    folder = tmp_path_factory.mktemp("photos") / "photos"
    for number in range(11):
        photo(folder / f"{number:02}.png", 512, 512, number)
    photo(folder / "wide.png", 300, 600, 11)
    return folder


@pytest.fixture(scope="module")
def run(photos: Path) -> Path:
    """A run on them, whole between borders."""
    out = photos.parent / "run"
    answer = call("fit", "vae", "--data", photos, "--image-fit", "fit", "--out", out, *SMALL)
    assert answer.code == 0, answer.err
    return out


def test_photos_are_learned_in_a_size_to_learn_from_by_convolutions_and_it_is_said_once(run: Path) -> None:
    config = Run(run).config()
    assert config["parameters"]["network"] == "conv"
    assert config["run"]["data"]["image_fit"] == "fit"
    counts, *guesses = config["run"]["reading"]
    assert counts.startswith("rows: 12 images of 128 x 128 pixels, 3 channels")
    assert guesses[:2] == [
        "the photos, most of 512 x 512, are learned in 128 x 128 (1 of other proportions or sizes: they were resized "
        "whole, between black borders); {image_size=H,W} sets another size",
        "photos are read and given by convolutions; {network=mlp} has a perceptron instead",
    ]
    rows = np.concatenate([part.x for part in vars(open_run_splits(Run(run).about())).values()])
    bordered = [row for row in rows if not row[:32].any() and not row[96:].any() and row[32:96].min(axis=2).all()]
    assert len(bordered) == 1  # the wide one, twice as wide as high


@pytest.mark.parametrize(
    ("size", "estimator", "channels"),
    [
        ((60, 80), latently.VAE(2), (16, 32, 64, 64)),
        ((48, 48), latently.AAE(2), (16, 32, 64, 64)),
        ((48, 48), latently.VAE(2, channels=(4,)), (4,)),
        ((48, 48), latently.ACGAN(2), None),
        ((40, 80), latently.VAE(2), None),
    ],
)
def test_a_few_images_of_some_size_have_convolutions_and_rounds_enough(
    size: tuple[int, int], estimator: Any, channels: Any, tmp_path: Path
) -> None:
    for number in range(10):
        photo(tmp_path / f"{number}.png", *size, number)
    splits = open_dataset(tmp_path)
    found, told = suited(estimator, splits, network_open=True, epochs_open=True)
    sentences = assumed(told.train.description)
    if min(size) < 48:
        assert (found, sentences) == (estimator, assumed(splits.train.description))
        return
    assert (found.network, found.channels, found.epochs) == ("conv", channels, 300)
    assert sentences[-2:] == (
        "photos are read and given by convolutions; {network=mlp} has a perceptron instead",
        "7 photos make few rounds an epoch, so there may be 300 epochs; {epochs=N} sets another number",
    )
    assert suited(estimator, splits, network_open=True)[0].epochs == estimator.epochs
    assert suited(estimator, splits, network_open=False, epochs_open=True)[0] is estimator


def test_many_photos_and_arrays_are_as_they_were(tmp_path: Path) -> None:
    images = np.zeros((1000, 48, 48), np.uint8)
    np.save(tmp_path / "rows.npy", images)
    of_array = open_dataset(tmp_path / "rows.npy")
    estimator = latently.VAE(2)
    assert suited(estimator, of_array, network_open=True, epochs_open=True)[0] is estimator
    train = dataclasses.replace(of_array.train, description={"source": "folder of images"})
    found, _ = suited(estimator, dataclasses.replace(of_array, train=train), network_open=True, epochs_open=True)
    assert (found.network, found.epochs) == ("conv", 55)  # 5.5 rounds each


def test_what_photos_choose_is_what_the_terminal_was_not_told(here: Path) -> None:
    for number in range(10):
        photo(Path("photos", f"{number}.png"), 48, 48, number)
    for words, network, epochs in (
        (("--epochs", "1", "--channels", "4,4"), "conv", 1),
        (("--epochs", "1", "--network", "mlp"), "mlp", 1),
    ):
        answer = call("fit", "vae", "--data", "photos", "--out", network, *SMALL[:4], *SMALL[-2:], *words)
        assert answer.code == 0, answer.err
        parameters = Run(Path(network)).config()["parameters"]
        assert (parameters["network"], parameters["epochs"]) == (network, epochs)
    planned = Plan.of(Run(Path("conv")), {})
    assert (planned.about["network_open"], planned.about["epochs_open"]) == (True, False)


def test_new_photos_are_prepared_as_those_of_the_run(run: Path, photos: Path, here: Path) -> None:
    new = photo(here / "new.png", 200, 500, 99)
    for verb, name in (("encode", "codes"), ("reconstruct", "reconstructions")):
        answer = call(verb, run, new, "--out", f"{name}.npz")
        assert answer.code == 0, answer.err
    model = latently.load(run)
    row = open_dataset(photos, image_size="auto", image_fit="fit").train.prepare(new)
    np.testing.assert_allclose(np.load("codes.npz")["codes"], model.transform(row[None]), rtol=1e-5)
    np.testing.assert_allclose(
        np.load("reconstructions.npz")["reconstructions"][0], model.reconstruct(row[None])[0], atol=0.01
    )
    assert story_of(model, Run(run)).image_fit == "fit"  # as the explorer does with what is dropped there


@pytest.mark.parametrize("order", ["files first", "options first"])
def test_a_path_leads_from_one_given_photo_to_the_other(order: str, run: Path, here: Path) -> None:
    ends = [photo(here / name, 150, 300, seed) for seed, name in enumerate(("A.png", "B.png"))]
    options = ["--steps", "3", "--out", "path.npz"]
    answer = call("interpolate", run, *(ends + options if order == "files first" else options + ends))
    assert answer.code == 0, answer.err
    assert answer.out == "path.npz: 1 paths\n"
    written, model = np.load("path.npz"), latently.load(run)
    assert written["ends"].tolist() == [list(map(str, ends))]
    a, b = (open_whole(end, image_size=128, image_fit="fit").x for end in ends)
    np.testing.assert_allclose(written["interpolations"], model.interpolate(a, b, 3), atol=0.01)
    assert written["interpolations"].shape == (1, 3, 128, 128, 3)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("A.png",), "a path is between two files, or else between --rows of the run's data"),
        (("A.png", "A.png", "--rows", "0,1"), "a path is between two files"),
        (("A.png", "nowhere.png"), 'there is no file or folder "nowhere.png"'),
        (("A.png", "folder"), "folder must hold one row, an end of a path; it holds 2"),
    ],
)
def test_a_path_needs_two_ends(words: tuple[str, ...], said: str, run: Path, here: Path) -> None:
    for name in ("A.png", "folder/a.png", "folder/b.png"):
        photo(here / name, 20, 20, 0)
    answer = call("interpolate", run, *words)
    assert (answer.code, said in answer.err) == (2, True), answer.err


def test_what_is_asked_for_is_done(photos: Path, here: Path) -> None:
    asked = {
        "network": (("--network", "mlp", "--image-size", "16"), "mlp", "16 x 16", "as asked"),
        "layers": (("--hidden", "4,4"), "mlp", "128 x 128", "to learn from"),
    }
    for name, (words, network, size, why) in asked.items():
        small = ("--latent-dim", "2", "--hidden", "4", "--epochs", "1", "--no-report", "--quiet")
        answer = call("fit", "vae", "--data", photos, "--out", name, *small, *words)
        assert answer.code == 0, answer.err
        config = json.loads(Path(name, "config.json").read_text())
        assert config["parameters"]["network"] == network
        assert f"images of {size} pixels" in config["run"]["reading"][0]
        assert (why == "to learn from") == any("learned in" in line for line in config["run"]["reading"])


def test_photos_that_do_not_fit_are_refused_and_leave_nothing(
    photos: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("latently.estimators.demands.device_bytes", lambda: 8_000_000_000)
    answer = call("fit", "vae", "--data", photos, "--image-size", "512", "--network", "mlp", "--out", "run", "--quiet")
    assert (answer.code, answer.out, Path("run").exists()) == (2, "", False)
    assert answer.err.startswith("latently: --network must be smaller: its 807 million weights, and what training")
    assert "Use --network conv, smaller images (opened with --image-size 64), or a smaller --hidden." in answer.err


def test_codes_and_strange_photos_name_their_files(run: Path, photos: Path, here: Path) -> None:
    assert call("encode", run, photos, "--out", "codes.csv").code == 0
    assert [row["file"] for row in rows_of("codes.csv")] == sorted(path.name for path in photos.iterdir())
    assert call("encode", run, photos, "--part", "test", "--out", "some.csv").code == 0
    codes = {row["file"]: row["z1"] for row in rows_of("codes.csv")}
    for row in rows_of("some.csv"):
        assert float(row["z1"]) == pytest.approx(float(codes[row["file"]]), rel=1e-4)
    assert call("encode", run, photos / "03.png", "--out", "one.csv").code == 0
    assert [row["file"] for row in rows_of("one.csv")] == ["03.png"]


def rows_of(path: str) -> list[dict[str, str]]:
    with Path(path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
