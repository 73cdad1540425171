"""The commands about classes, clusters, styles and noise: what they write, and what they say of a model that cannot."""

import csv
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import latently
from latently.data import open_dataset
from latently.run import Run

from .conftest import SMALL, call


def table_of(path: str) -> list[dict[str, str]]:
    with Path(path).open() as file:
        return list(csv.DictReader(file))


def test_classes_are_those_of_the_model_with_their_probabilities(m2_run: Path, here: Path) -> None:
    answer = call("classify", m2_run, "digits", "--part", "test", "--out", "a.npz", "--out", "a.csv", "--out", "a.npy")
    assert answer.code == 0, answer.err
    test, model, arrays = open_dataset("digits").test, latently.load(m2_run), np.load("a.npz")
    np.testing.assert_array_equal(arrays["classes"], model.predict(test.x))
    np.testing.assert_array_equal(arrays["probabilities"], model.predict_proba(test.x))
    np.testing.assert_array_equal(arrays["names"], model.classes_)
    np.testing.assert_array_equal(np.load("a.npy"), arrays["classes"])
    rows = table_of("a.csv")
    assert list(rows[0]) == ["class", "probability", "label"]
    assert [int(row["class"]) for row in rows] == arrays["classes"].tolist()
    assert [int(row["label"]) for row in rows] == test.labels.tolist()
    assert "learned from" not in answer.out
    # The data has labels, so the error is printed.
    error = 100 * np.mean(arrays["classes"] != arrays["labels"])
    assert f"classification error{error:.4g}".replace(" ", "") in answer.out.replace(" ", "")


def test_every_probability_is_a_column_where_asked_for(m2_run: Path, here: Path) -> None:
    np.save("rows.npy", open_dataset("digits").test.x[:7])
    assert call("classify", m2_run, "rows.npy", "--proba").out == "classes.csv: the classes of 7 rows\n"
    rows = table_of("classes.csv")
    assert list(rows[0]) == ["class", "probability", *(f"p({digit})" for digit in range(10))]
    shares = [[float(row[f"p({digit})"]) for digit in range(10)] for row in rows]
    np.testing.assert_allclose(np.sum(shares, axis=1), 1, atol=1e-4)
    assert [float(row["probability"]) for row in rows] == [max(row) for row in shares]


def test_classes_that_are_words_stay_words(aae_run: Path, here: Path) -> None:
    source = Run.open(aae_run).config()["run"]["data"]["source"]
    answer = call("classify", aae_run, source)
    assert (answer.code, "the rows that it learned from among them" in answer.out) == (0, True)
    assert {row["class"] for row in table_of("classes.csv")} <= {"ant", "bee"}
    # New rows come without a label.
    Path("new.csv").write_text("legs,wings,eyes\n6,2,2\n6,4,2\n")
    assert call("classify", aae_run, "new.csv", "--out", "new-classes.csv").code == 0
    assert list(table_of("new-classes.csv")[0]) == ["class", "probability"]


def test_clusters_have_numbers_and_are_held_against_labels(clustering_run: Path, here: Path) -> None:
    source = Run.open(clustering_run).config()["run"]["data"]["source"]
    answer = call("cluster", clustering_run, source, "--proba", "--out", "a.npz", "--out", "a.csv")
    assert answer.code == 0, answer.err
    arrays = np.load("a.npz")
    assert set(arrays["clusters"].tolist()) <= {0, 1, 2}
    assert arrays["probabilities"].shape == (60, 3)
    assert list(table_of("a.csv")[0]) == ["cluster", "probability", "p(0)", "p(1)", "p(2)", "label"]
    for measure in ("AAE protocol", "Hungarian", "normalized mutual information", "adjusted Rand index"):
        assert measure in answer.out


def test_rows_are_restyled_under_the_labels_asked_for(m2_run: Path, here: Path) -> None:
    words = ("restyle", m2_run, "digits", "--part", "test", "--labels", "3,8", "--n", "5")
    answer = call(*words, "--out", "a.npz", "--out", "a.png")
    assert answer.code == 0, answer.err
    test, arrays = open_dataset("digits").test, np.load("a.npz")
    wanted = latently.load(m2_run).restyle(test.x[:5], [3, 8], test.labels[:5])
    np.testing.assert_array_equal(arrays["restyled"], wanted)
    assert arrays["labels"].tolist() == [3, 8]
    assert Path("a.png").read_bytes().startswith(b"\x89PNG")
    assert "--labels must be among 0, 1, 2" in call(*words[:-4], "--labels", "12").err
    assert "--n must be 1 or more" in call(*words[:-1], "0").err


def test_labels_may_be_called_in_the_singular_too(m2_run: Path, here: Path) -> None:
    for verb in (("sample", "--n", "2"), ("restyle", "digits", "--part", "test", "--n", "2")):
        command, *rest = verb
        for name in ("--labels", "--label"):
            assert call(command, m2_run, *rest, name, "3", "--out", f"{command}{name}.npy").code == 0
        many, one = (np.load(f"{command}{name}.npy") for name in ("--labels", "--label"))
        np.testing.assert_array_equal(one, many)


def test_rows_can_be_named(m2_run: Path, here: Path) -> None:
    assert call("restyle", m2_run, "digits", "--part", "test", "--rows", "7,2", "--out", "two.npz").code == 0
    test = open_dataset("digits").test
    wanted = latently.load(m2_run).restyle(test.x[[7, 2]], None, test.labels[[7, 2]])
    np.testing.assert_array_equal(np.load("two.npz")["restyled"], wanted)
    refused = call("restyle", m2_run, "digits", "--part", "test", "--rows", "7,9999")
    assert (refused.code, "--rows must be numbers from 0 to" in refused.err) == (2, True)


def test_a_restyled_table_has_a_line_for_each_row_and_cluster(clustering_run: Path, here: Path) -> None:
    source = Run.open(clustering_run).config()["run"]["data"]["source"]
    assert call("restyle", clustering_run, source, "--n", "4").out == "restyled.csv: 4 rows under 3 labels\n"
    rows = table_of("restyled.csv")
    assert list(rows[0]) == ["row", "label", "legs", "wings", "eyes"]
    assert [(row["row"], row["label"]) for row in rows[:4]] == [("0", "0"), ("0", "1"), ("0", "2"), ("1", "0")]
    assert len(rows) == 12


def test_labels_that_the_model_does_not_know_are_inferred(m2_run: Path, here: Path) -> None:
    rows = open_dataset("digits").test.x[:6]
    np.savez("odd.npz", x=rows, y=np.array([3, 42, -1, 3, 3, 3]))
    assert call("encode", m2_run, "odd.npz", "--out", "a.npz").code == 0
    wanted = latently.load(m2_run).transform(rows, [3, -1, -1, 3, 3, 3])
    np.testing.assert_array_equal(np.load("a.npz")["codes"], wanted)
    np.savez("words.npz", x=rows, y=np.array(["ant"] * 6))
    assert call("reconstruct", m2_run, "words.npz", "--out", "b.npy").code == 0
    np.testing.assert_array_equal(np.load("b.npy"), latently.load(m2_run).reconstruct(rows))


def test_noise_is_cleaned_away(m2_run: Path, here: Path) -> None:
    test, model = open_dataset("digits").test, latently.load(m2_run)
    np.save("rows.npy", test.x)
    assert call("denoise", m2_run, "rows.npy", "--out", "a.npz", "--out", "a.png").code == 0
    np.testing.assert_array_equal(np.load("a.npz")["denoised"], model.reconstruct(test.x))
    assert "noisy" not in np.load("a.npz")
    answer = call("denoise", m2_run, "rows.npy", "--corrupt", "--seed", "3", "--out", "b.npz", "--out", "b.png")
    assert answer.code == 0, answer.err
    noisy = model.corrupt(test.x, random_state=3)
    np.testing.assert_array_equal(np.load("b.npz")["noisy"], noisy)
    np.testing.assert_array_equal(np.load("b.npz")["denoised"], model.reconstruct(noisy))
    assert Path("a.png").stat().st_size < Path("b.png").stat().st_size


def test_the_manifold_of_a_decoder_that_is_given_a_label_is_that_of_a_class(m2_run: Path, here: Path) -> None:
    assert "give --label, one of 0, 1, 2" in call("manifold", m2_run).err
    assert "--label must be among 0, 1" in call("manifold", m2_run, "--label", "12").err
    assert "--label must be among 0, 1" in call("manifold", m2_run, "--labels", "3,8").err
    assert call("manifold", m2_run, "--labels", "3", "--rows", "4", "--out", "a.npz").code == 0
    assert call("manifold", m2_run, "--label", "3", "--rows", "4", "--out", "a.npz", "--force").code == 0
    np.testing.assert_array_equal(np.load("a.npz")["manifold"], latently.load(m2_run).manifold(4, 3))


@pytest.mark.parametrize(
    ("run", "command", "said"),
    [
        ("vae_run", "classify", "this VAE cannot predict classes: it tells no classes apart"),
        ("vae_run", "cluster", "this VAE cannot find clusters: it tells no classes apart"),
        ("vae_run", "restyle", "this VAE cannot decode a code under another label: its decoder is given no label"),
        (
            "vae_run",
            "denoise",
            "this VAE cannot clean noise: it was fitted without a corruption, so it has not learned to; fit it with "
            "--corruption gaussian:0.5, say",
        ),
        ("m2_run", "cluster", "this SemiSupervisedVAE was fitted with classes; use `latently classify`."),
        ("clustering_run", "classify", "this ClusteringAAE finds clusters of its own; use `latently cluster`."),
    ],
)
def test_a_model_that_cannot_says_so_in_one_sentence(
    run: str, command: str, said: str, request: pytest.FixtureRequest, here: Path
) -> None:
    answer = call(command, request.getfixturevalue(run), "digits")
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    assert answer.err.count("\n") == 1
    assert not list(here.iterdir())


def test_the_closing_lines_name_what_the_model_can_do(here: Path) -> None:
    answer = call("fit", "m2", "--data", "digits", "--out", "run", "--no-report", "--corruption", "masking:0.3", *SMALL)
    assert answer.code == 0, answer.err
    for command in ("sample run --labels all", "classify run digits", "restyle run digits", "denoise run digits"):
        assert f"latently {command}" in answer.out


@pytest.mark.parametrize("model", ["cvae", "supervised-aae"])
def test_a_model_that_needs_labels_says_so_before_a_folder_is_made(model: str, here: Path) -> None:
    np.save("rows.npy", np.random.default_rng(0).normal(size=(50, 4)))
    before = list(here.iterdir())
    for words in (("--data", "rows.npy"), ("--data", "digits", "--labels", "0")):
        answer = call("fit", model, *words, *SMALL)
        assert (answer.code, answer.out) == (2, "")
        assert "label" in answer.err
        assert answer.err.count("\n") == 1
    assert list(here.iterdir()) == before


def test_a_second_stage_is_put_on_the_run_of_a_first(vae_run: Path, here: Path) -> None:
    answer = call("fit", "m1m2", "--data", "digits", "--labels", "50", "--first", vae_run, "--no-report", *SMALL)
    assert answer.code == 0, answer.err
    assert call("classify", "runs/m1m2-digits-1", "digits").code == 0
    assert call("fit", "m1m2", "--data", "digits", "--first", "nowhere", *SMALL).code == 2


def test_the_parzen_window_is_asked_for(aae_run: Path) -> None:
    before = (aae_run / "evaluation.json").read_bytes()
    answer = call("evaluate", aae_run, "--parzen")
    assert answer.code == 0, answer.err
    assert "Parzen" in answer.out
    block = Run.open(aae_run).read_json("evaluation.json")["parzen"]
    assert block["bandwidth_chosen_on"] == "validation"
    (aae_run / "evaluation.json").write_bytes(before)


@pytest.mark.parametrize(
    ("kind", "code", "before"), [(UserWarning, 0, "latently: warning: "), (ValueError, 2, "latently: ")]
)
def test_what_the_estimator_says_of_rows_without_a_label_reaches_the_terminal(
    kind: type[Exception], code: int, before: str, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer, said = latently.ConditionalVAE.trainer, "ConditionalVAE learns from labelled rows alone; 1158 have none."

    def remarking(*arguments: Any, **keywords: Any) -> Any:
        if kind is not UserWarning:
            raise kind(said)
        warnings.warn(said, kind, stacklevel=2)
        return trainer(*arguments, **keywords)

    monkeypatch.setattr(latently.ConditionalVAE, "trainer", remarking)
    answer = call("fit", "cvae", "--data", "digits", "--labels", "100", "--out", "run", "--no-report", *SMALL)
    assert answer.code == code
    assert before + said + "\n" in answer.err
    assert Path("run").exists() == (code == 0)
