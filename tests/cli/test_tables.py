"""Tables of several kinds of columns, with gaps, from the terminal: fitted, measured, asked, compared."""

import csv
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import latently
from latently.data import open_dataset
from latently.run import Run, fingerprint

from .conftest import SMALL, call

DRAW = np.random.default_rng(0)
N = 120
TOWNS = np.array(["Bonn", "Trier", "Ulm"])


def frame_of(rows: int, seed: int = 0) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    town = draw.integers(0, 3, rows)
    frame = pd.DataFrame(
        {
            "id": [f"P{row:03}" for row in range(rows)],
            "age": (30 + 15 * town + draw.normal(0, 3, rows)).round(1),
            "town": TOWNS[town],
            "visits": draw.poisson(1 + 2 * town),
            "income": np.exp(9 + town + draw.normal(0, 0.3, rows)).round(2),
            "seen": (pd.Timestamp("2024-01-01") + pd.to_timedelta(draw.integers(0, 300, rows), unit="D")).astype(str),
            "smoker": np.where(draw.random(rows) < 0.1 + 0.4 * town, "yes", "no"),
        }
    )
    return frame.mask(draw.random(frame.shape) < [0, 0.1, 0.1, 0, 0.1, 0.1, 0])


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("people") / "people.csv"
    frame_of(N).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def table_run(people: Path) -> Path:
    """A finished run of a small VAE on a table, fitted with cells hidden, with its report."""
    folder = people.parent / "vae"
    words = ("--latent-dim", "2", "--corruption", "masking:0.2", "--kinds", "income=heavy", "--out", folder)
    answer = call("fit", "vae", "--data", people, *words, *SMALL)
    assert answer.code == 0, answer.err
    return folder


@pytest.fixture(scope="module")
def town_run(people: Path) -> Path:
    """A finished run of a small CVAE on the same table, told the town."""
    folder = people.parent / "cvae"
    words = ("--latent-dim", "2", "--labels-column", "town", "--out", folder, "--no-report")
    answer = call("fit", "cvae", "--data", people, *words, *SMALL)
    assert answer.code == 0, answer.err
    return folder


def rows_of(path: str | Path) -> list[dict[str, str]]:
    return list(csv.DictReader(Path(path).read_text().splitlines()))


def test_a_run_on_a_table_is_measured_and_reported(table_run: Path, people: Path) -> None:
    found = Run.open(table_run).evaluation()
    assert found is not None
    assert list(found["reconstruction"]["columns"]) == ["age", "town", "visits", "income", "seen", "smoker"]
    assert found["imputation"]["columns"]["town"]["cells"] <= 24
    assert (table_run / "report.html").exists()
    assert {"film.gif", "relations.png"} <= {path.name for path in (table_run / "figures").iterdir()}
    info = call("info", table_run).out
    assert "age number, town category, visits count, income heavy, seen date, smoker binary" in " ".join(info.split())
    again = call("evaluate", table_run, "--parzen", "--importance-samples", "2")
    assert "words given back, mean of 2 columns" in " ".join(again.out.split())
    assert "skipped: a window needs rows of numbers without gaps" in " ".join(again.out.split())
    assert call("report", table_run).code == 0


@pytest.mark.parametrize(
    "words",
    [
        ("aae", "--prior", "star", "--labels-column", "town", "--critic-hidden", "8"),
        ("m2", "--labels-column", "town", "--labels", "30"),
    ],
    ids=lambda words: words[0],
)
def test_models_of_every_sort_are_fitted_to_tables_and_measured(
    words: tuple[str, ...], people: Path, here: Path
) -> None:
    answer = call(
        "fit", words[0], "--data", people, "--latent-dim", "2", *words[1:], "--out", "run", "--no-report", *SMALL
    )
    assert answer.code == 0, answer.err
    found = Run.open(here / "run").evaluation()
    assert found is not None
    assert found["imputation"]["rows"] == 24
    assert call("sample", "run", "--n", "3").code == 0
    assert set(rows_of("samples.csv")[0]) >= {"age", "visits", "income", "seen", "smoker"}


def test_samples_and_reconstructions_are_rows_of_the_table(table_run: Path, people: Path, here: Path) -> None:
    assert call("sample", table_run, "--n", "40").out == "samples.csv: 40 samples\n"
    drawn = pd.read_csv("samples.csv")
    assert list(drawn) == ["age", "town", "visits", "income", "seen", "smoker"]
    assert set(drawn["town"]) <= set(TOWNS)
    assert set(drawn["smoker"]) <= {"yes", "no"}
    assert drawn["visits"].dtype.kind == "i"
    assert (drawn["income"] > 0).all()
    pd.to_datetime(drawn["seen"], format="%Y-%m-%d")
    assert call("reconstruct", table_run, people, "--part", "test", "--out", "back.csv").code == 0
    assert len(rows_of("back.csv")) == 24
    assert call("encode", table_run, people).code == 0
    assert np.load("codes.npz")["codes"].shape == (N, 2)
    assert call("denoise", table_run, people, "--corrupt", "--out", "clean.csv").code == 0
    assert len(rows_of("clean.csv")) == N


def test_paths_through_a_table_are_written_as_a_table(table_run: Path, people: Path, here: Path) -> None:
    answer = call("interpolate", table_run, "--rows", "0,1", "2,3", "--steps", "4")
    assert answer.out == "interpolations.csv: 2 paths\n"
    rows = rows_of("interpolations.csv")
    assert [(row["path"], row["step"]) for row in rows] == [(str(p), str(s)) for p in range(2) for s in range(4)]
    test = open_dataset(people, kinds="income=heavy").test.rows
    ends = latently.load(table_run).reconstruct(test[:1])
    assert rows[0]["town"] == ends["town"].iloc[0]
    assert float(rows[0]["age"]) == pytest.approx(ends["age"].iloc[0], abs=0.11)
    assert call("manifold", table_run, "--rows", "3").out == "manifold.csv: 9 points of the plane\n"
    assert list(rows_of("manifold.csv")[0])[:3] == ["z1", "z2", "age"]


def test_paths_of_plain_vectors_can_be_tables_too(aae_run: Path, here: Path) -> None:
    assert call("interpolate", aae_run, "--rows", "0,1", "--steps", "3").out.startswith("interpolations.npz: 1 paths")
    assert call("interpolate", aae_run, "--rows", "0,1", "--steps", "3", "--out", "paths.csv").code == 0
    arrays, rows = np.load("interpolations.npz"), rows_of("paths.csv")
    assert list(rows[0]) == ["path", "step", "legs", "wings", "eyes"]
    found = [[float(row[name]) for name in ("legs", "wings", "eyes")] for row in rows]
    np.testing.assert_allclose(arrays["interpolations"][0], found, rtol=1e-6)


def test_rows_of_a_table_are_restyled_and_classified(town_run: Path, people: Path, here: Path) -> None:
    assert call("restyle", town_run, people, "--n", "2").out == "restyled.csv: 2 rows under 3 labels\n"
    rows = rows_of("restyled.csv")
    assert [(row["row"], row["label"]) for row in rows] == [(str(k), town) for k in range(2) for town in TOWNS]
    assert "town" not in rows[0]
    assert call("restyle", town_run, people, "--rows", "5", "--labels", "Ulm", "--out", "one.csv").code == 0
    assert len(rows_of("one.csv")) == 1
    assert call("classify", town_run, people).code == 0
    assert {row["class"] for row in rows_of("classes.csv")} <= set(TOWNS)
    assert call("sample", town_run, "--labels", "Ulm,Bonn", "--n", "2").code == 0
    assert [row["label"] for row in rows_of("samples.csv")] == ["Ulm", "Ulm", "Bonn", "Bonn"]


def test_gaps_are_filled_in_and_nothing_else_is_touched(table_run: Path, people: Path, here: Path) -> None:
    gaps = sum(value == "" for row in rows_of(people) for value in row.values())
    answer = call("impute", table_run, people, "--samples", "5")
    assert answer.out == f"imputed.csv: {N} rows, {gaps} missing cells filled in\n"
    for before, after in zip(rows_of(people), rows_of("imputed.csv"), strict=True):
        assert all(after[name] == value if value else after[name] for name, value in before.items())
    assert call("impute", table_run, people, "--samples", "5", "--draws", "2", "--out", "drawn.csv").code == 0
    assert [row["draw"] for row in rows_of("drawn.csv")] == ["1"] * N + ["2"] * N


def test_a_table_with_its_gaps_filled_in_is_written_as_it_was(table_run: Path, people: Path, here: Path) -> None:
    header, *lines = people.read_text().splitlines()
    assert not any(";" in line for line in lines)
    Path("there.csv").write_text("\n".join(line.replace(",", ";") for line in (header, *lines)) + "\n")
    assert call("impute", table_run, "there.csv", "--samples", "5", "--out", "filled.csv").code == 0
    assert Path("filled.csv").read_text().splitlines()[0] == header.replace(",", ";")


def test_the_rows_of_a_part_keep_all_their_columns_and_their_identifiers(
    table_run: Path, people: Path, here: Path
) -> None:
    test = open_dataset(people, kinds="income=heavy").test
    whole = pd.read_csv(people)
    expected = whole["id"].iloc[test.numbers].tolist()
    assert call("impute", table_run, people, "--part", "test", "--samples", "5").code == 0
    filled = pd.read_csv("imputed.csv")
    assert filled.columns.tolist() == whole.columns.tolist()
    assert filled["id"].tolist() == expected
    assert not filled["age"].isna().any()
    assert call("encode", table_run, people, "--part", "test", "--id", "id", "--out", "codes.csv").code == 0
    assert pd.read_csv("codes.csv")["id"].tolist() == expected
    assert call("outliers", table_run, people, "--part", "test", "--id", "id", "--out", "strange.csv").code == 0
    strange = pd.read_csv("strange.csv")
    assert whole["id"].iloc[strange["row"]].tolist() == strange["id"].tolist()


@pytest.mark.parametrize("suffix", [".parquet", ".xlsx"])
def test_gaps_of_files_that_are_no_text_are_filled_in_beside_all_other_columns(
    suffix: str, table_run: Path, here: Path
) -> None:
    frame = frame_of(20).assign(remark="kept")
    source = here / f"more{suffix}"
    frame.to_parquet(source) if suffix == ".parquet" else frame.to_excel(source, index=False)
    words = ("--samples", "5", "--out", "whole.parquet", "--out", "whole.csv", "--force")
    answer = call("impute", table_run, source, *words)
    assert answer.code == 0, answer.err
    for filled in (pd.read_parquet("whole.parquet"), pd.read_csv("whole.csv")):
        assert filled.columns.tolist() == [*frame.columns]
        assert filled.notna().all(axis=None)
        for name in frame.columns:
            there = frame[name].notna()
            assert filled[name][there].tolist() == frame[name][there].tolist()
    assert call("impute", table_run, source, *words, "--draws", "2").code == 0
    assert pd.read_parquet("whole.parquet")["draw"].tolist() == [1] * 20 + [2] * 20


def test_what_the_options_of_tables_say_counts_and_what_was_guessed_is_printed_once(here: Path) -> None:
    rows = "".join(f"{k};{20 + k % 7},5;{'none' if k % 3 else 'Ulm'};0{1 + k % 9}/02/2025;{k % 2}\n" for k in range(40))
    Path("t.csv").write_text("row;age;pet;seen;flag\n" + rows)
    words = ("--latent-dim", "2", "--hidden", "4", "--epochs", "1", "--no-report")
    guessed = call("fit", "vae", "--data", "t.csv", *words, "--out", "guessed")
    assert guessed.code == 0, guessed.err
    for sentence in (
        "t.csv is written with delimiter=semicolon, decimal=comma; --dialect NAME=VALUE says otherwise",
        "none in pet are taken for missing cells; --dialect missing=WORD+WORD says which words are",
        'the dates of "seen", such as 01/02/2025, are read with the month first; --kinds seen=day-first reads them',
        'the column "row" is left out, since it counts the rows; --kinds row=number takes it all the same',
    ):
        assert "".join(guessed.err.split()).count("".join(sentence.split())) == 1, sentence
    told = ("--dialect", "decimal=comma,missing=", "--kinds", "age=robust,seen=day-first", "--leave-out", "flag")
    answer = call("fit", "vae", "--data", "t.csv", *words, "--out", "told", *told, "--columns", "row,age,pet,seen,flag")
    assert answer.code == 0, answer.err
    columns = latently.load("told").preprocessing_.columns
    assert [(column.name, column.kind) for column in columns] == [
        ("row", "number"), ("age", "robust"), ("pet", "binary"), ("seen", "date"),
    ]  # fmt: skip
    assert (columns[2].words, columns[3].pattern) == (("Ulm", "none"), "%d/%m/%Y")
    assert "missing cells" not in answer.err
    assert call("encode", "told", "t.csv").code == 0  # which reads the table as the run did


def test_numbers_without_gaps_are_said_to_be_such(here: Path) -> None:
    Path("n.csv").write_text("a,visits\n" + "".join(f"{k * 37 % 11}.5,{k % 3}\n" for k in range(40)))
    words = ("--latent-dim", "2", "--hidden", "4", "--epochs", "1", "--no-report", "--out", "run")
    out = " ".join(call("fit", "vae", "--data", "n.csv", *words).err.split())
    assert "rows: 40 rows of 2 columns, each standardised; " in out
    guess = (
        "all columns are taken for numbers, each standardised, though visits could be count; --kinds NAME=KIND says so"
    )
    assert out.count(guess) == 1
    assert latently.load("run").set_output(transform="pandas").sample(2).columns.tolist() == ["a", "visits"]


def test_other_tables_are_read_as_the_runs_own(table_run: Path, town_run: Path, people: Path, here: Path) -> None:
    other = frame_of(60, seed=5).assign(visits=7, extra=1.5)  # which by itself would not look like a count
    other.to_csv("other.csv", index=False)
    found = json.loads(call("evaluate", table_run, "--data", "other.csv", "--json").out)
    kinds = {name: column["kind"] for name, column in found["reconstruction"]["columns"].items()}
    assert (kinds["visits"], kinds["income"]) == ("count", "heavy")
    assert "extra" not in kinds
    told = json.loads(call("evaluate", town_run, "--data", "other.csv", "--json").out)
    assert "confusion" in told["classification"]  # the town is known to be the label
    frame_of(20).drop(columns=["town", "visits"]).to_csv("less.csv", index=False)
    lacking = call("encode", table_run, "less.csv")
    assert lacking.code == 2
    assert "lacks the columns town, visits, which VAE was fitted on. Add them" in lacking.err


def test_runs_on_a_table_are_compared(table_run: Path, town_run: Path, here: Path) -> None:
    answer = call("compare", table_run, town_run)
    assert answer.code == 0, answer.err
    lines = " ".join(answer.out.split())
    assert "negative importance-weighted bound (nats)" in lines
    assert "words given back, mean of 2 columns (%)" in lines
    assert "Relations" in Path("compare.html").read_text()


def test_a_table_whose_words_changed_is_not_the_same_data(people: Path, here: Path) -> None:
    frame = pd.read_csv(people)
    frame.assign(town=frame["town"].replace("Bonn", "Aachen")).to_csv("renamed.csv", index=False)
    assert fingerprint(open_dataset(people)) == fingerprint(open_dataset(people))
    assert fingerprint(open_dataset(people)) != fingerprint(open_dataset("renamed.csv"))


def test_what_a_table_cannot_be_gets_a_sentence(table_run: Path, people: Path, here: Path) -> None:
    for words, sentence in (
        (("sample", table_run, "--out", "x.png"), "--out must end in .csv or .parquet here; got x.png"),
        (("encode", table_run, "digits"), "must be rows and columns of a table; got uint8 of shape (1797, 8, 8)"),
        (("evaluate", table_run, "--judge"), "--judge needs training rows of one view"),
        (("restyle", table_run, people), "cannot decode a code under another label"),
        (("impute", table_run, people, "--draws", "0"), "--draws must be 1 or more; got 0"),
        (("fit", "acgan", "--data", people, "--labels-column", "town", *SMALL), "has no likelihood for other columns"),
    ):
        answer = call(*words)
        assert answer.code == 2
        assert sentence in answer.err
        assert len(answer.err.strip().splitlines()) == 1
    assert not list(here.iterdir())


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_codes_are_written_beside_an_identifier(suffix, people, table_run, tmp_path):
    out = tmp_path / f"codes{suffix}"
    answer = call("encode", table_run, people, "--id", "id", "--out", out)
    assert answer.code == 0, answer.err
    codes = pd.read_csv(out) if suffix == ".csv" else pd.read_parquet(out)
    assert codes.columns.tolist() == ["id", "z1", "z2"]
    assert codes["id"].tolist() == pd.read_csv(people)["id"].tolist()
    whole = open_dataset(people, validation=0.0, test=0.0, kinds="income=heavy").train.rows
    np.testing.assert_allclose(codes[["z1", "z2"]], latently.load(table_run).transform(whole), rtol=1e-5)


def test_an_identifier_that_cannot_be_is_told_in_one_sentence(people, table_run, tmp_path):
    np.save(rows_file := tmp_path / "rows.npy", np.zeros((5, 6)))
    for data, sentence in (
        (people, "--id must be a column of people.csv, which has id, age, "),
        (rows_file, "--id names a column of a table, and rows.npy is none"),
    ):
        answer = call("encode", table_run, data, "--id", "name", "--out", tmp_path / "codes.csv")
        assert answer.code == 2
        assert sentence in answer.err


def test_arrays_with_gaps_are_asked_as_tables_and_answered_with_arrays(here: Path) -> None:
    x = DRAW.normal(size=(60, 3)).astype(np.float32)
    x[np.random.default_rng(1).random(x.shape) < 0.1] = np.nan
    np.savez("gaps.npz", X=x, y=np.arange(60) % 2)
    answer = call("fit", "cvae", "--data", "gaps.npz", "--latent-dim", "2", "--out", "run", *SMALL)
    assert answer.code == 0, answer.err
    assert Path("run/figures/relations.png").exists()
    assert call("interpolate", "run", "--steps", "4").out == "interpolations.npz: 6 paths\n"
    assert np.load("interpolations.npz")["interpolations"].shape == (6, 4, 3)
    assert call("restyle", "run", "gaps.npz", "--n", "5", "--out", "styles.npz").out.endswith("5 rows under 2 labels\n")
    assert np.load("styles.npz")["restyled"].shape == (5, 2, 3)
    assert call("impute", "run", "gaps.npz", "--samples", "5", "--out", "whole.npy").code == 0
    whole = np.load("whole.npy")
    assert whole.dtype == np.float32
    assert np.isfinite(whole).all()
    np.testing.assert_array_equal(whole[~np.isnan(x)], x[~np.isnan(x)])
    words = ("--samples", "5", "--draws", "2", "--out", "draws.csv", "--out", "draws.npz")
    assert call("impute", "run", "gaps.npz", *words).code == 0
    assert np.load("draws.npz")["imputed"].shape == (2, 60, 3)
    assert [row["draw"] for row in rows_of("draws.csv")] == ["1"] * 60 + ["2"] * 60
