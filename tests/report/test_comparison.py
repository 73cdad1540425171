"""Several runs on one page: in what they differ, their numbers and their pictures, column by column."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from latently.figures import image_grid, png
from latently.report import compare_runs, measures, unmeasured
from latently.report.comparison import differences, names_of
from latently.run import Run

from .test_page import Page


def made(folder: Path, seed: int, pictures: tuple[str, ...], error: float | None, **parameters: Any) -> Run:
    run = Run.create(folder)
    data = {"source": "digits", "seed": seed, "validation": None, "test": None, "labels": 100}
    about = {"title": f"VAE on {folder.name} & more", "data": data, "data_name": "digits", "seconds": 1.25}
    parameters = {"latent_dim": 2, "hidden": [16], "epochs": 3, **parameters}
    run.write_config({"estimator": "VAE", "parameters": parameters, "classes": [0, 1], "run": about})
    if error is not None:
        run.write_json("evaluation.json", {"reconstruction": reconstruction(error)})
    (folder / "figures").mkdir()
    for name in pictures:
        (folder / "figures" / f"{name}.png").write_bytes(png(image_grid(np.zeros((1, 8, 8)))))
    return run


def reconstruction(error: float) -> dict[str, Any]:
    return {"mean_squared_error": error, "root_mean_squared_error": error, "variance_explained": None, "rows": 3}


@pytest.fixture
def runs(tmp_path: Path) -> list[Run]:
    return [
        made(tmp_path / "a", 0, ("codes", "samples"), 0.25, hidden=[16, 8]),
        made(tmp_path / "b", 0, ("samples",), 0.5, beta=4.0),
        made(tmp_path / "c", 0, (), None),
    ]


def test_pictures_of_one_name_stand_in_a_row_with_a_column_for_each_run(runs: list[Run], tmp_path: Path) -> None:
    page = Page(compare_runs(runs, tmp_path / "page.html").read_text())
    rows = [each for each in page.all("div") if each.get("class") == "beside"]
    assert [row["style"] for row in rows] == ["--columns: 3"] * 2
    assert [image["alt"] for image in page.all("img")] == ["a", "a", "b"]
    assert [name for name in ("Codes", "Samples") if name in page.text] == ["Codes", "Samples"]
    assert all(str(image["src"]).startswith("data:image/png;base64,") for image in page.all("img"))
    assert not page.all("script")
    assert page.outline_is_sound
    assert "VAE on a & more" in page.text


def test_numbers_are_lines_and_missing_ones_are_dashes(runs: list[Run]) -> None:
    table = measures(runs)
    assert table.header == ("measure", "a", "b", "c")
    assert ("mean squared error (squared data units)", "0.25", "0.5", "–") in table.rows


def test_dimensions_of_codes_that_differ_in_length_stand_in_one_line(tmp_path: Path) -> None:
    runs = [made(tmp_path / name, 0, (), None) for name in ("short", "long")]
    for run, length in zip(runs, (2, 50), strict=True):
        kl = {"skipped": "the model cannot give its posterior's KL in closed form"}
        block = {"active": 2, "latent_dim": length, "threshold": 0.01, "rows": 9, "kl": kl}
        run.write_json("evaluation.json", {"dimensions": block})
    assert measures(runs).rows == [("active dimensions", "2 of 2", "2 of 50")]


def test_a_run_without_an_evaluation_says_why(runs: list[Run], tmp_path: Path) -> None:
    (told,) = unmeasured(runs)
    assert told.startswith("c has no numbers: it is not trained to its end; `latently resume ")
    (runs[2].folder / "model.safetensors").write_bytes(b"")
    assert unmeasured(runs) == ["c has no numbers: no rows were kept from training."]
    assert "c has no numbers" in compare_runs(runs, tmp_path / "page.html").read_text()


def test_only_hyperparameters_that_differ_are_shown(runs: list[Run]) -> None:
    lines = {name: cells for name, *cells in differences(runs).rows}
    assert lines["hidden"] == ["16, 8", "16", "16"]
    assert lines["labels shown"] == ["100"] * 3
    assert "latent dim" not in lines
    assert "beta" not in lines  # only one of them has it


def test_epochs_are_those_of_all_stages_and_labels_those_of_models_that_take_any(tmp_path: Path) -> None:
    first = {"estimator": "VAE", "parameters": {"epochs": 50}}
    staged = made(tmp_path / "m1m2", 0, (), None, first=first, first_epochs=50, epochs=1)
    alone = made(tmp_path / "vae", 0, (), None)
    alone.write_config({**alone.config(), "classes": None})
    lines = {name: cells for name, *cells in differences([staged, alone]).rows}
    assert lines["training"] == ["50 epochs of the first stage, then 1 epoch", "3 epochs"]
    assert not {"epochs", "first epochs"} & set(lines)
    assert lines["labels shown"] == ["100", "–"]


def test_names_are_as_short_as_they_can_be(tmp_path: Path) -> None:
    folders = [tmp_path / "x" / "repeat-1", tmp_path / "y" / "repeat-1", tmp_path / "y" / "repeat-2"]
    assert names_of([Run(folder) for folder in folders]) == ["x/repeat-1", "y/repeat-1", "y/repeat-2"]
    assert names_of([Run(folder) for folder in folders[1:]]) == ["repeat-1", "repeat-2"]


def test_other_test_rows_are_a_reason_to_warn(runs: list[Run], tmp_path: Path) -> None:
    assert "not comparable" not in compare_runs(runs, tmp_path / "page.html").read_text()
    other = made(tmp_path / "d", 1, (), 0.5)
    assert "not comparable" in compare_runs([runs[0], other], tmp_path / "page.html").read_text()
