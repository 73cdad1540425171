"""The commands that use a model: what they write, and that they overwrite nothing."""

import json
from pathlib import Path

import numpy as np
import pytest

import latently
from latently.data import open_dataset
from latently.evaluation import as_table

from .conftest import SMALL, call, contents


def test_samples_are_those_of_the_model(vae_run: Path, here: Path) -> None:
    answer = call("sample", vae_run, "--n", "5", "--seed", "3", "--out", "a.npz", "--out", "a.npy", "--out", "a.png")
    assert answer.code == 0, answer.err
    assert answer.out == "a.npz: 5 samples\na.npy: 5 samples\na.png: 5 samples\n"
    wanted = latently.load(vae_run).sample(5, random_state=3)
    np.testing.assert_array_equal(np.load("a.npz")["samples"], wanted)
    np.testing.assert_array_equal(np.load("a.npy"), wanted)
    assert Path("a.png").read_bytes().startswith(b"\x89PNG")


def test_samples_of_labels_are_so_many_of_each(aae_run: Path, here: Path) -> None:
    answer = call("sample", aae_run, "--labels", "all", "--n", "3", "--out", "a.npz")
    assert answer.code == 0, answer.err
    arrays = np.load("a.npz")
    assert arrays["labels"].tolist() == ["ant"] * 3 + ["bee"] * 3
    assert arrays["samples"].shape == (6, 3)
    assert "--labels must be among ant, bee, or all; got 'cat'." in call("sample", aae_run, "--labels", "cat").err


def test_a_model_without_labels_cannot_sample_by_label(vae_run: Path, here: Path) -> None:
    answer = call("sample", vae_run, "--labels", "3")
    assert (answer.code, "knows no labels" in answer.err) == (2, True)


def test_a_sampler_is_fitted_at_the_end_of_a_run_and_draws_by_class_unless_told_not_to(here: Path) -> None:
    asked = ("fit", "vae", "--data", "digits", *SMALL, "--no-report", "--sampler", "gaussian-mixture", "--out", "run")
    assert call(*asked).code == 0
    model, answer = latently.load("run"), call("sample", "run", "--labels", "3,8", "--n", "2", "--out", "a.npz")
    assert answer.code == 0, answer.err
    np.testing.assert_array_equal(np.load("a.npz")["samples"], model.sample(4, [3, 3, 8, 8], random_state=0))
    assert call("sample", "run", "--n", "2", "--from-prior", "--out", "b.npy").code == 0
    np.testing.assert_array_equal(np.load("b.npy"), model.sample(2, random_state=0, from_prior=True))
    refused = call("fit", "acgan", "--data", "digits", "--sampler", "gaussian-mixture", "--out", "none")
    assert (refused.code, Path("none").exists()) == (2, False)
    assert "--sampler draws from where codes of rows are, and ACGAN has no encoder" in refused.err


def test_where_few_labels_are_shown_a_sampler_goes_by_the_classes_that_the_model_reads(here: Path) -> None:
    few = ("--labels", "20", "--sampler", "gaussian-mixture", "--no-report", *SMALL)
    for model, out, classes in (("m2", "one", list(range(10))), ("vae", "other", None)):
        assert call("fit", model, "--data", "digits", *few, "--out", out).code == 0
        found = latently.load(out).sampler_.classes
        assert (found if found is None else found.tolist()) == classes


def test_nothing_is_overwritten_unless_told_so(vae_run: Path, here: Path) -> None:
    assert call("sample", vae_run, "--n", "2").out == "samples.png: 2 samples\n"
    before = contents(here)
    answer = call("sample", vae_run, "--n", "2")
    assert answer.code == 2
    assert "samples.png is there already" in answer.err
    assert contents(here) == before
    assert call("sample", vae_run, "--n", "3", "--force").code == 0
    assert contents(here) != before


@pytest.mark.parametrize(
    ("run", "words", "said"),
    [
        ("vae_run", ("sample", "--labels", "3"), "this VAE knows no labels"),
        ("vae_run", ("encode", "nowhere.npy"), 'there is no file or folder "nowhere.npy"'),
        ("vae_run", ("reconstruct", "digits", "--labels-column", "kind"), "--labels-column is for tables"),
        ("m2_run", ("classify", "nowhere.npy"), "there is no file or folder"),
        ("clustering_run", ("cluster", "nowhere.npy"), "there is no file or folder"),
        ("m2_run", ("restyle", "digits", "--rows", "9999"), "--rows must be numbers from 0 to"),
        ("m2_run", ("denoise", "nowhere.npy"), "there is no file or folder"),
        ("acca_run", ("complete", "digits", "--given", "middle"), "--given must be among the views left, right"),
        ("vae_run", ("interpolate", "--rows", "3,9999"), "--rows must be numbers from 0 to"),
        ("vae_run", ("interpolate", "--steps", "1"), "--steps must be 2 or more; got 1."),
        ("vae_run", ("manifold", "--dimensions", "1", "3"), "--dimensions must be two of 1 to 2"),
        ("m2_run", ("manifold", "--label", "12"), "--label must be among 0, 1"),
    ],
)
def test_a_file_that_is_there_hides_nothing_that_is_wrong_with_what_is_asked(
    run: str, words: tuple[str, ...], said: str, request: pytest.FixtureRequest, here: Path
) -> None:
    (here / "a.npz").write_bytes(b"mine")
    command, *rest = words
    answer = call(command, request.getfixturevalue(run), *rest, "--out", "a.npz")
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ("vae_run", ("sample",)),
        ("vae_run", ("encode", "digits")),
        ("vae_run", ("reconstruct", "digits")),
        ("m2_run", ("classify", "digits")),
        ("m2_run", ("restyle", "digits")),
        ("m2_run", ("denoise", "digits")),
        ("acca_run", ("complete", "digits", "--given", "left")),
        ("vae_run", ("interpolate",)),
        ("vae_run", ("manifold",)),
    ],
)
def test_a_file_that_is_there_stops_a_command_before_the_model_is_asked(
    run: str, words: tuple[str, ...], request: pytest.FixtureRequest, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = request.getfixturevalue(run)
    monkeypatch.setattr(latently.fitted, "inference", None)  # whoever works would fail
    (here / "a.npz").write_bytes(b"mine")
    command, *rest = words
    answer = call(command, folder, *rest, "--out", "a.npz")
    assert (answer.code, answer.err.startswith("latently: a.npz is there already;")) == (2, True), answer.err
    assert (here / "a.npz").read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("run", "words", "said"),
    [
        ("vae_run", ("reconstruct", "digits", "--part", "test"), "{} reconstructions"),
        ("m2_run", ("denoise", "digits", "--part", "test"), "{} rows cleaned"),
        ("acca_run", ("complete", "digits", "--part", "test", "--given", "left"), "{} rows, right completed"),
        ("m2_run", ("restyle", "digits", "--part", "test", "--labels", "3,8"), "{} rows under 2 labels"),
    ],
)
def test_of_a_picture_it_is_said_how_many_rows_it_shows(
    run: str, words: tuple[str, ...], said: str, request: pytest.FixtureRequest, here: Path
) -> None:
    command, *rest = words
    answer = call(command, request.getfixturevalue(run), *rest, "--out", "a.png", "--out", "a.npz")
    shown = {"reconstruct": 24, "denoise": 12, "complete": 12, "restyle": 10}[command]
    lines = [f"a.png: {said.format(f'the first {shown} of 359')}", f"a.npz: {said.format('359')}"]
    assert (answer.code, answer.out.splitlines()) == (0, lines)


@pytest.mark.parametrize("command", ["sample", "reconstruct", "restyle", "denoise", "manifold"])
def test_the_help_says_which_files_suit_which_models(command: str) -> None:
    text = " ".join(call(command, "--help").out.split())
    assert "suffix says, .png for images, .csv for tables, .parquet for tables, .npz, .npy for one view; may" in text
    assert ".png for images, .csv for tables, .npz; may be given" in " ".join(call("complete", "--help").out.split())


@pytest.mark.parametrize(
    ("out", "said"),
    [("a.csv", ".png or .npz or .npy"), ("a.jpg", "must end in"), ("none/a.png", "there is no folder none")],
)
def test_files_that_cannot_be_written_are_known_before_any_work(out: str, said: str, vae_run: Path, here: Path) -> None:
    answer = call("manifold", vae_run, "--out", out)
    assert (answer.code, said in answer.err) == (2, True)


def test_codes_are_written_with_the_labels_of_the_data(vae_run: Path, here: Path) -> None:
    answer = call("encode", vae_run, "digits", "--out", "codes.npz", "--out", "codes.csv")
    assert answer.code == 0, answer.err
    whole = open_dataset("digits", validation=0, test=0).train
    arrays = np.load("codes.npz")
    np.testing.assert_array_equal(arrays["codes"], latently.load(vae_run).transform(whole.x))
    np.testing.assert_array_equal(arrays["labels"], whole.labels)
    lines = Path("codes.csv").read_text().splitlines()
    assert (lines[0], len(lines)) == ("z1,z2,label", 1798)
    first = [float(cell) for cell in lines[1].split(",")]
    np.testing.assert_array_equal(np.float32(first[:2]), arrays["codes"][0])


def test_a_part_is_that_of_the_runs_own_split(vae_run: Path, here: Path) -> None:
    assert call("encode", vae_run, "digits", "--part", "test").code == 0
    test = open_dataset("digits").test
    np.testing.assert_array_equal(np.load("codes.npz")["codes"], latently.load(vae_run).transform(test.x))


def test_a_table_is_encoded_with_the_runs_column_of_labels(aae_run: Path, here: Path) -> None:
    source = json.loads((aae_run / "config.json").read_text())["run"]["data"]["source"]
    assert call("encode", aae_run, source, "--out", "codes.csv").code == 0
    assert Path("codes.csv").read_text().splitlines()[1].endswith(",ant")
    assert call("reconstruct", aae_run, source).out == "reconstructions.csv: 80 reconstructions\n"
    assert call("sample", aae_run, "--labels", "bee", "--n", "3").code == 0
    assert call("manifold", aae_run, "--rows", "2").code == 0
    names = "legs,wings,eyes"
    for table, header in (("reconstructions", names), ("samples", f"{names},label"), ("manifold", f"z1,z2,{names}")):
        assert Path(f"{table}.csv").read_text().startswith(header + "\n"), table


def test_data_of_another_shape_is_bad_input(vae_run: Path, here: Path) -> None:
    np.save("rows.npy", np.zeros((3, 5), np.uint8))
    answer = call("encode", vae_run, "rows.npy")
    assert answer.code == 2
    assert not Path("codes.npz").exists()


def test_reconstructions_are_drawn_beside_their_originals(vae_run: Path, here: Path) -> None:
    answer = call("reconstruct", vae_run, "digits", "--part", "test", "--out", "a.png", "--out", "a.npy")
    assert answer.code == 0, answer.err
    test = open_dataset("digits").test
    np.testing.assert_array_equal(np.load("a.npy"), latently.load(vae_run).reconstruct(test.x))


def test_paths_lead_from_one_row_to_the_other(vae_run: Path, here: Path) -> None:
    answer = call("interpolate", vae_run, "--rows", "3,17", "5,9", "--steps", "4", "--out", "a.npz", "--out", "a.png")
    assert answer.code == 0, answer.err
    arrays, test = np.load("a.npz"), open_dataset("digits").test
    assert arrays["interpolations"].shape == (2, 4, 8, 8)
    assert arrays["rows"].tolist() == [[3, 17], [5, 9]]
    ends = latently.load(vae_run).reconstruct(test.x[np.array([3, 17])])
    np.testing.assert_allclose(arrays["interpolations"][0, [0, -1]].astype(int), ends.astype(int), atol=1)
    assert call("interpolate", vae_run).code == 0
    for rows in ("3", "3,x", "3,359"):
        assert call("interpolate", vae_run, "--rows", rows, "--force").code == 2


def test_the_manifold_is_written_with_its_codes(vae_run: Path, here: Path) -> None:
    assert call("manifold", vae_run, "--rows", "4", "--out", "a.npz", "--out", "a.png").code == 0
    arrays = np.load("a.npz")
    assert (arrays["manifold"].shape, arrays["codes"].shape) == ((16, 8, 8), (16, 2))
    assert call("manifold", vae_run, "--rows", "4", "--dimensions", "2", "1", "--out", "b.npz").code == 0
    np.testing.assert_array_equal(np.load("b.npz")["codes"], arrays["codes"][:, ::-1])
    assert "--dimensions must be two of 1 to 2; got 1 3." in call("manifold", vae_run, "--dimensions", "1", "3").err


def test_an_evaluation_is_printed_and_written(vae_run: Path) -> None:
    answer = call("evaluate", vae_run, "--importance-samples", "3", "--json")
    assert answer.code == 0, answer.err
    evaluation = json.loads(answer.out)
    assert evaluation == json.loads((vae_run / "evaluation.json").read_text())
    assert evaluation["likelihood"]["importance_weighted"]["samples"] == 3
    table = call("evaluate", vae_run, "--importance-samples", "3").out
    assert all(line.name in table for line in as_table(evaluation))


def test_an_evaluation_on_other_data_goes_to_another_file(vae_run: Path, here: Path) -> None:
    np.savez("Noisy Digits.npz", x=np.random.default_rng(0).integers(0, 256, (60, 8, 8)).astype(np.uint8))
    before = (vae_run / "evaluation.json").read_bytes()
    answer = call("evaluate", vae_run, "--data", "Noisy Digits.npz", "--importance-samples", "2")
    assert answer.code == 0, answer.err
    (vae_run / "evaluation-noisy-digits.json").unlink()  # it is there, and other tests look at this run
    assert (vae_run / "evaluation.json").read_bytes() == before


def test_a_report_is_written_again(vae_run: Path) -> None:
    (vae_run / "report.html").unlink()
    assert call("report", vae_run).out == f"{vae_run / 'report.html'}\n"
    assert (vae_run / "report.html").exists()


def test_info_tells_what_a_run_is(vae_run: Path) -> None:
    answer = call("info", vae_run)
    assert answer.code == 0
    for part in ("VAE", "hidden=16", "finished", "1,258 train", "8×8 uint8", "report.html"):
        assert part in answer.out
    values = json.loads(call("info", vae_run, "--json").out)
    assert (values["state"], values["estimator"], values["round"]) == ("finished", "VAE", values["run"]["rounds"])


def test_a_model_that_was_saved_from_python_can_be_used_but_has_no_run(vae_run: Path, here: Path) -> None:
    latently.load(vae_run).save("model")
    assert call("sample", "model", "--n", "1").code == 0
    assert call("info", "model").code == 0
    assert call("encode", "model", "digits").code == 0
    for words in (["evaluate", "model"], ["report", "model"], ["interpolate", "model"], ["resume", "model"]):
        answer = call(*words, *(["--force"] if words[0] == "interpolate" else []))
        assert answer.code == 2
        assert "saved from Python" in answer.err


@pytest.mark.parametrize("command", ["datasets", "presets"])
def test_tables_are_also_json(command: str) -> None:
    table, values = call(command), json.loads(call(command, "--json").out)
    names = values if command == "datasets" else {**values["presets"], **values["recipes"]}
    assert all(name in table.out for name in names)
