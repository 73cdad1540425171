"""A missing view from the terminal: what is written, and what is said where nothing can be completed."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import latently
from latently.data import open_dataset

from .conftest import SMALL, call


def test_a_half_is_completed_and_written_in_every_form(acca_run: Path, here: Path) -> None:
    words = ("--part", "test", "--given", "left", "--out", "a.png", "--out", "a.npz")
    answer = call("complete", acca_run, "digits", *words)
    assert answer.code == 0, answer.err
    assert "right completed" in answer.out
    test = open_dataset("digits", views="halves").test.rows
    expected = latently.load(acca_run).complete({"left": test.view("left")})["right"]
    arrays = np.load("a.npz")
    assert list(arrays) == ["right"]
    np.testing.assert_array_equal(arrays["right"], expected)
    assert Image.open("a.png").size[0] > 500


def test_a_file_of_one_half_alone_will_do(acca_run: Path, here: Path) -> None:
    halves = open_dataset("digits", views="halves").test.rows
    np.save("right.npy", np.asarray(halves.view("right")))
    answer = call("complete", acca_run, "right.npy", "--given", "right", "--out", "a.npz", "--out", "a.png")
    assert answer.code == 0, answer.err
    expected = latently.load(acca_run).complete({"right": halves.view("right")})["left"]
    np.testing.assert_array_equal(np.load("a.npz")["left"], expected)


def test_draws_are_several_completions_of_a_row(acca_run: Path, here: Path) -> None:
    answer = call("complete", acca_run, "digits", "--part", "test", "--given", "left", "--draws", "3")
    assert answer.code == 0, answer.err
    assert np.load("completed.npz")["right"].shape == (359, 3, 8, 4)


def test_gaps_of_a_table_are_filled_and_nothing_else_is_touched(here: Path) -> None:
    random = np.random.default_rng(0)
    values = random.normal(size=(60, 5)).round(9)
    names = ["patient", "age", "lab1", "outcome", "lab2", "lab3", "weight"]
    lines = [
        [f"p{place}", a, *(["", "well", "", "NA"] if place % 5 == 0 else [one, "ill", two, three]), b]
        for place, (a, b, one, two, three) in enumerate(values.tolist())
    ]
    with Path("patients.csv").open("w", newline="") as file:
        csv.writer(file).writerows([names, *lines])
    spec = ("--views", "body=age+weight,lab=lab*", "--labels-column", "outcome")
    answer = call("fit", "acca", "--data", "patients.csv", *spec, "--latent-dim", "2", "--out", "run", *SMALL)
    assert answer.code == 0, answer.err
    answer = call("complete", "run", "patients.csv", "--out", "filled.csv")
    assert answer.code == 0, answer.err
    with Path("filled.csv").open(newline="") as file:
        header, *filled = csv.reader(file)
    assert header == names
    for place, (before, after) in enumerate(zip(lines, filled, strict=True)):
        gaps = {2, 4, 5} if place % 5 == 0 else set()
        assert [cell for at, cell in enumerate(after) if at not in gaps] == [
            str(cell) for at, cell in enumerate(before) if at not in gaps
        ]
        assert all(np.isfinite(float(after[at])) for at in gaps)
    # A table without the columns of a view gets them, behind its own.
    Path("bodies.csv").write_text("weight,name,age\n0.5,Ann,1\n0.25,Bea,2\n")
    assert call("complete", "run", "bodies.csv", "--out", "whole.csv").code == 0
    with Path("whole.csv").open(newline="") as file:
        header, *whole = csv.reader(file)
    assert header == ["weight", "name", "age", "lab1", "lab2", "lab3"]
    assert [row[:3] for row in whole] == [["0.5", "Ann", "1"], ["0.25", "Bea", "2"]]
    assert np.isfinite(np.array(whole)[:, 3:].astype(float)).all()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--given", "middle"), "--given must be among the views left, right; got 'middle'"),
        (("--given", "left,right"), "names all of the views"),
        ((), "nothing to complete"),
        (("--given", "left", "--draws", "0"), "--draws must be 1 or more"),
        (("--given", "left", "--draws", "2", "--out", "a.png"), "--out must end in .npz here"),
    ],
)
def test_misuse_gets_one_sentence_and_writes_nothing(
    acca_run: Path, here: Path, words: tuple[str, ...], sentence: str
) -> None:
    answer = call("complete", acca_run, "digits", *words)
    assert (answer.code, list(here.iterdir())) == (2, [])
    assert sentence in answer.err


def test_a_model_of_one_view_says_so(vae_run: Path, here: Path) -> None:
    answer = call("complete", vae_run, "digits", "--given", "left")
    assert answer.code == 2
    assert "this VAE cannot complete a missing view: its rows have one view" in answer.err


@pytest.mark.parametrize("command", ["sample", "reconstruct", "interpolate", "manifold", "encode"])
def test_the_other_commands_know_several_views(acca_run: Path, here: Path, command: str) -> None:
    data = ("digits", "--part", "test") if command in ("reconstruct", "encode") else ()
    outs = ("--out", "a.npz") if command == "encode" else ("--out", "a.npz", "--out", "a.png")
    answer = call(command, acca_run, *data, *outs)
    assert answer.code == 0, answer.err
    names = {name for name in np.load("a.npz") if name.endswith(("left", "right"))}
    assert len(names) == (0 if command == "encode" else 2)


def test_the_report_shows_both_completions(acca_run: Path) -> None:
    figures = {path.name for path in (acca_run / "figures").iterdir()}
    assert {"completed-left.png", "completed-right.png", "samples.png", "codes.png", "film.gif"} <= figures
    assert "right from left" in (acca_run / "report.html").read_text()
