"""Tables: CSV and Parquet give the same rows, and say which column is wrong."""

import builtins
import gzip
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from latently.data import DataError, TablePreprocessing, assumed, open_dataset
from latently.data.tables import open_table


def write(path, columns):
    """The same table in either format; None is a missing value."""
    if path.suffix == ".parquet":
        parquet.write_table(pa.table(columns), path)
        return
    delimiter = "\t" if path.suffix == ".tsv" else ","
    rows = zip(*columns.values(), strict=True)
    lines = [columns, *(["" if cell is None else str(cell) for cell in row] for row in rows)]
    path.write_text("\n".join(delimiter.join(line) for line in lines) + "\n")


SUFFIXES = pytest.mark.parametrize("suffix", ["csv", "tsv", "parquet"])
IRIS = {"length": [1.5, 2.0, 3.25], "width": [1, 2, 3], "kind": ["b", None, "a"]}


def test_one_column_may_be_named_as_a_word(tmp_path):
    path = tmp_path / "one.csv"
    write(path, {"age": [1.5, 2.5, 4.0], "size": [3.5, 1.0, 2.5]})
    assert open_dataset(path, columns="size", validation=0.0, test=0.0).train.x.ravel().tolist() == [3.5, 1.0, 2.5]
    with pytest.raises(DataError, match="'agee'"):
        open_dataset(path, columns="agee")


@SUFFIXES
def test_numeric_columns_are_features_and_the_named_one_is_the_label(suffix, tmp_path):
    path = tmp_path / f"iris.{suffix}"
    write(path, IRIS)
    table = open_table(path, "kind")
    assert table.x.dtype == np.float32
    np.testing.assert_array_equal(table.x, [[1.5, 1], [2, 2], [3.25, 3]])
    assert table.labels.tolist() == [1, -1, 0]
    assert table.classes == ("a", "b")
    assert table.description["columns"] == ["length", "width"]


@settings(max_examples=20, deadline=None)
@given(numbers=st.lists(st.tuples(st.floats(-1e9, 1e9, width=32), st.integers(-1000, 1000)), min_size=1, max_size=9))
def test_csv_and_parquet_give_the_same_numbers(numbers, tmp_path_factory):
    columns = {"real": [pair[0] for pair in numbers], "whole": [pair[1] for pair in numbers]}
    folder = tmp_path_factory.getbasetemp()
    for name in ("same.csv", "same.parquet"):
        write(folder / name, columns)
    np.testing.assert_array_equal(open_table(folder / "same.csv").x, open_table(folder / "same.parquet").x)
    np.testing.assert_array_equal(open_table(folder / "same.csv").x, np.array(numbers, dtype=np.float32))


def test_booleans_and_decimals_of_parquet_are_numbers(tmp_path):
    path = tmp_path / "rows.parquet"
    parquet.write_table(
        pa.table(
            {
                "flag": [True, False],
                "price": pa.array([1, 2]).cast(pa.decimal128(25, 2)),
                "n": pa.array([1, 2], pa.uint8()),
            }
        ),
        path,
    )
    np.testing.assert_array_equal(open_table(path).x, [[1, 1, 1], [0, 2, 2]])


def test_labels_of_parquet_may_be_integers_with_gaps_and_categories(tmp_path):
    path = tmp_path / "rows.parquet"
    columns = {"x": [1.0, 2.0, 3.0], "whole": [5, None, 3], "category": pa.array(["u", "v", "u"]).dictionary_encode()}
    parquet.write_table(pa.table({name: columns[name] for name in ("x", "whole")}), path)
    assert open_table(path, "whole").labels.tolist() == [1, -1, 0]
    parquet.write_table(pa.table({name: columns[name] for name in ("x", "category")}), path)
    assert open_table(path, "category").classes == ("u", "v")


def test_a_table_is_split_like_any_other_data(tmp_path):
    path = tmp_path / "rows.csv"
    write(path, {"x": range(20), "y": [row % 2 for row in range(20)]})
    data = open_dataset(path, labels_column="y", labels=4)
    assert (len(data.train), len(data.validation), len(data.test)) == (14, 2, 4)
    assert np.bincount(data.train.labels[data.train.labels >= 0]).tolist() == [2, 2]


@SUFFIXES
@pytest.mark.parametrize(
    ("columns", "labels_column", "message"),
    [
        ({"x": [1.0, float("inf")]}, None, 'infinite values.* in column "x"'),
        (IRIS, "sort", r"labels_column must be a column of .* which has length, width, kind; got 'sort'\."),
        ({"kind": ["a", "b"]}, "kind", "no numeric columns"),
    ],
)
def test_a_wrong_column_is_named(suffix, columns, labels_column, message, tmp_path):
    path = tmp_path / f"rows.{suffix}"
    write(path, columns)
    with pytest.raises(DataError, match=message) as caught:
        open_dataset(path, labels_column=labels_column)
    assert path.name in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no rows"),
        ("a,b\n", "no rows"),
        ("a,b\n1,2\n", "1 row, too few to split"),
        ("1,2\n3,4\n", "begins with a line of numbers"),
        ("a,a\n1,2\n", "more than one column named 'a'"),
        ("a,b\n1,2\n3\n", "1 cells in line 3, but 2 columns"),
        ('a,b\n1,"2\n', "no table in UTF-8"),
    ],
)
def test_a_text_that_is_no_table_gets_a_sentence_that_names_it(text, message, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        open_dataset(path)


def test_quotes_byte_order_marks_blank_lines_and_spaces_are_no_matter(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes('\ufeff"a", b\r\n"1", 2\r\n\r\n3,4\r\n'.encode())
    table = open_table(path)
    assert table.description["columns"] == ["a", "b"]
    np.testing.assert_array_equal(table.x, [[1, 2], [3, 4]])


def test_bytes_that_are_no_text_get_a_sentence(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes(b"a,b\n\xff\x81,1\n")
    with pytest.raises(DataError, match="no table in UTF-8"):
        open_dataset(path)


@SUFFIXES
def test_words_and_gaps_make_a_table_of_several_kinds(suffix, tmp_path):
    path = tmp_path / f"iris.{suffix}"
    write(path, IRIS)
    table = open_table(path)
    assert [(column.name, column.kind) for column in table.x.columns] == [
        ("length", "number"),
        ("width", "number"),
        ("kind", "binary"),
    ]
    np.testing.assert_array_equal(table.x.values, [[1.5, 1, 1], [2, 2, np.nan], [3.25, 3, 0]])
    write(path, {"x": [1.0, None, 3.0, float("nan")]})
    np.testing.assert_array_equal(open_table(path).x.values, [[1], [np.nan], [3], [np.nan]])


@SUFFIXES
def test_columns_are_chosen_left_out_and_told_their_kinds(suffix, tmp_path):
    path = tmp_path / f"rows.{suffix}"
    write(path, {"a": [1, 2, 3], "b": [4, 5, 6], "c": [7, 8, 9]})
    np.testing.assert_array_equal(open_table(path, columns=["c", "a"]).x, [[1, 7], [2, 8], [3, 9]])
    assert open_table(path, leave_out=["b"]).description["columns"] == ["a", "c"]
    kinds = [column.kind for column in open_table(path, kinds="a=category").x.columns]
    assert kinds == ["category", "number", "number"]
    for name in ("columns", "leave_out"):
        with pytest.raises(DataError, match=f"{name} must name columns among a, b, c; got 'd'"):
            open_table(path, **{name: ["d"]})


def test_an_index_column_is_left_out_and_said(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text(",height,kind\n" + "".join(f"{row},{row * 1.5 + 2},a\n" for row in range(12)))
    data = open_dataset(path, labels_column="kind")
    assert data.train.x.shape[1] == 1
    assert any("counts the rows" in sentence for sentence in assumed(data.train.description))


@pytest.mark.parametrize(
    ("text", "told", "names", "cells"),
    [
        ("a;b\n1;2\n3;4\n", {}, ["a", "b"], [[1, 2], [3, 4]]),
        ("a;b\n1,5;2\n3,25;4\n", {}, ["a", "b"], [[1.5, 2], [3.25, 4]]),
        ("a|b\n1|2\n3|4\n", {}, ["a", "b"], [[1, 2], [3, 4]]),
        ("a\tb\n1\t2\n3\t4\n", {}, ["a", "b"], [[1, 2], [3, 4]]),
        ('a,b\n"1,234",2\n"3,456,789",4\n', {}, ["a", "b"], [[1234, 2], [3456789, 4]]),
        ("a;b\n1.234,5;2\n3.456.789,25;4\n", {}, ["a", "b"], [[1234.5, 2], [3456789.25, 4]]),
        ("# made by hand\n# in June\na,b\n1,2\n3,4\n", {}, ["a", "b"], [[1, 2], [3, 4]]),
        ("a;b\n1,234;2\n3,456;4\n", {"decimal": "point", "thousands": "comma"}, ["a", "b"], [[1234, 2], [3456, 4]]),
        ("a b\n1 2\n3 4\n", "delimiter=space", ["a", "b"], [[1, 2], [3, 4]]),
    ],
)
def test_how_a_text_is_written_is_found_out_or_told(text, told, names, cells, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text(text)
    table = open_table(path, dialect=told)
    assert table.description["columns"] == names
    np.testing.assert_allclose(table.x, cells)
    said = assumed(table.description)
    assert "rows.csv is written with " in said[0]
    assert "{dialect=" in said[0]


def test_other_encodings_and_packed_files_are_read(tmp_path):
    text = "Größe,Ort\n1.5,Köln\n2.5,Ulm\n3.5,Köln\n"
    for name, data in (
        ("latin.csv", text.encode("cp1252")),
        ("wide.csv", text.encode("utf-16")),
        ("packed.csv.gz", gzip.compress(text.encode())),
    ):
        (tmp_path / name).write_bytes(data)
        table = open_table(tmp_path / name).x
        assert table.names == ("Größe", "Ort")
        assert table.columns[1].words == ("Köln", "Ulm")


def test_a_dialect_that_cannot_be_is_told_in_one_sentence(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("a,b\n1,2\n3,4\n")
    with pytest.raises(DataError, match=r"dialect may say delimiter, .*; got 'quote'"):
        open_table(path, dialect={"quote": "'"})
    with pytest.raises(DataError, match="must name an encoding that Python knows; got 'encoding=klingon'"):
        open_table(path, dialect="encoding=klingon")
    with pytest.raises(DataError, match=r"dialect is for tables .*, and digits is none"):
        open_dataset("digits", dialect="decimal=comma")


def test_excel_and_folders_of_parquet_parts_are_tables(tmp_path):
    pd.DataFrame({"x": [1.5, 2.5], "town": ["Ulm", "Bonn"]}).to_excel(tmp_path / "rows.xlsx", index=False)
    np.testing.assert_array_equal(open_table(tmp_path / "rows.xlsx").x.values, [[1.5, 1], [2.5, 0]])
    (tmp_path / "parts").mkdir()
    for part in range(2):
        write(tmp_path / "parts" / f"part-{part}.parquet", {"x": [part + 0.5, part + 0.75]})
    whole = open_dataset(tmp_path / "parts", test=0.0, validation=0.0).train.x
    np.testing.assert_array_equal(whole, [[0.5], [0.75], [1.5], [1.75]])


def test_a_test_set_of_its_own_is_read_as_the_training_rows_were(tmp_path):
    train = pd.DataFrame({"town": ["Ulm", "Bonn", "Ulm", "Trier"] * 5, "x": np.linspace(0, 1, 20)})
    train.to_csv(tmp_path / "train.csv", index=False)
    pd.DataFrame({"town": ["Trier", None], "x": [0.5, 2.0]}).to_csv(tmp_path / "new.csv", index=False)
    data = open_dataset(tmp_path / "train.csv", test=tmp_path / "new.csv", validation=0.1)
    assert data.test.x.columns == data.train.x.columns
    np.testing.assert_array_equal(data.test.x.values, [[1, 0.5], [np.nan, 2.0]])


def test_a_damaged_parquet_file_gets_a_sentence(tmp_path):
    path = tmp_path / "rows.parquet"
    write(path, IRIS)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match="damaged or no Parquet file"):
        open_dataset(path)
    write(path, {"x": pa.array([], pa.float32())})
    with pytest.raises(DataError, match="no rows"):
        open_dataset(path)


def test_without_pyarrow_the_extra_is_named(tmp_path, monkeypatch):
    path = tmp_path / "rows.parquet"
    write(path, IRIS)
    real_import = builtins.__import__

    def without_pyarrow(name, *args, **kwargs):
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_pyarrow)
    with pytest.raises(DataError, match=r"pip install 'latently\[tables\]'"):
        open_dataset(path)


def test_a_tall_table_is_read_a_piece_at_a_time_and_mapped(tmp_path, monkeypatch):
    monkeypatch.setenv("LATENTLY_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "tall.parquet"
    numbers = np.random.default_rng(0).normal(size=(500, 3)).astype(np.float32)
    columns = dict(zip("abc", numbers.T, strict=True)) | {"kind": [f"k{row % 3}" for row in range(500)]}
    parquet.write_table(pa.table(columns), path, row_group_size=64)
    whole = open_table(path, "kind")
    monkeypatch.setattr("latently.data.tall_tables.TALL_BYTES", 1000)
    tall = open_table(path, "kind")
    assert isinstance(tall.x, np.memmap)
    np.testing.assert_array_equal(tall.x, whole.x)
    np.testing.assert_array_equal(tall.labels, whole.labels)
    assert tall.classes == whole.classes == ("k0", "k1", "k2")
    assert open_table(path, "kind", leave_out=["b"]).x.shape == (500, 2)
    with pytest.raises(DataError, match="columns must name columns among a, b, c; got 'd'"):
        open_table(path, "kind", columns=["a", "d"])
    assert not list((tmp_path / "cache" / "tables").glob("*.part"))


@pytest.fixture
def mixed(tmp_path, monkeypatch):
    """A Parquet file of columns of many kinds, whose rows are read 16 at a time."""
    monkeypatch.setenv("LATENTLY_CACHE", str(tmp_path / "cache"))
    random, n = np.random.default_rng(0), 60
    frame = pd.DataFrame(
        {
            "row": range(n),
            "age": random.normal(40, 9, n),
            "town": [*np.resize(["Ulm", "Bonn"], 50), *np.resize(["Trier"], 10)],  # the last is no part of the sample
            "visits": random.poisson(2, n),
            "seen": pd.Timestamp("2025-01-01") + pd.to_timedelta(random.integers(0, 99, n), "D"),
            "when": np.resize(["03/04/2025", "05/06/2025", "11/12/2024"], n),
            "smoker": random.random(n) < 0.3,
        }
    )
    frame.loc[::7, "age"] = None
    frame.set_index(pd.Index(random.normal(size=n), name="dose")).to_parquet(tmp_path / "mixed.parquet")
    for name, value in {"TALL_BYTES": 1000, "_BATCH": 16, "_LOOKED_AT": 40}.items():
        monkeypatch.setattr(f"latently.data.tall_tables.{name}", value)
    return tmp_path / "mixed.parquet"


def test_a_tall_table_has_words_dates_and_gaps_as_any_other(mixed, monkeypatch):
    tall = open_table(mixed)
    monkeypatch.setattr("latently.data.tall_tables.TALL_BYTES", 2**30)
    whole = open_table(mixed)
    kinds = [(column.name, column.kind, column.words, column.pattern) for column in whole.x.columns]
    assert [(column.name, column.kind, column.words, column.pattern) for column in tall.x.columns] == kinds
    assert ("town", "category", ("Bonn", "Trier", "Ulm"), None) in kinds
    assert isinstance(tall.x.values, np.memmap)
    np.testing.assert_allclose(np.asarray(tall.x), np.asarray(whole.x), rtol=1e-6)
    assert [(c.low, c.high) for c in tall.x.columns] == [(c.low, c.high) for c in whole.x.columns]
    said = assumed(tall.description)
    assert said[0].startswith("the kinds of columns are town=category, visits=count")
    assert "judged by 40 of its 60 rows" in said[0]
    assert any('the column "row" is left out, since it counts the rows' in sentence for sentence in said)


def test_what_is_told_of_a_tall_table_counts(mixed):
    told = {"kinds": "visits=poisson,when=day-first", "labels_column": "smoker", "leave_out": ["seen"]}
    table = open_table(mixed, **told)
    assert [column.name for column in table.x.columns] == ["age", "town", "visits", "when", "dose"]
    assert [table.x.columns[place].kind for place in (2, 3)] == ["poisson", "date"]
    assert table.x.columns[3].pattern == "%d/%m/%Y"
    assert table.classes == ("False", "True")
    assert open_table(mixed, columns=["row", "dose"]).x.shape == (60, 2)  # a column that is named is taken
    parts = open_dataset(mixed, seed=1)
    np.testing.assert_allclose(
        np.nanmean(TablePreprocessing.fit(parts.train.x)(parts.train.x), axis=0)[:2], [0, 0], atol=1e-5
    )


def test_an_index_that_pandas_kept_in_parquet_is_a_column(tmp_path):
    frame = pd.DataFrame({"age": [30.0, 40, 50, 60], "town": list("abab")})
    for name, index in [("dose", [1.5, 2.5, 0.5, 1.0]), (None, list("wxyz")), (None, None)]:
        frame.set_index(pd.Index(index if index else range(4), name=name)).to_parquet(tmp_path / "rows.parquet")
        table = open_table(tmp_path / "rows.parquet")
        assert table.description["columns"] == ["age", "town", *([name] if name else [])]
        left_out = any("the column without a name is left out" in sentence for sentence in table.x.assumed)
        assert left_out == (index is not None and name is None)


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_words_that_are_taken_for_gaps_are_said_and_can_be_told(suffix, tmp_path):
    path, frame = (
        tmp_path / f"rows.{suffix}",
        pd.DataFrame({"age": ["30.5", "NA", "-9"] * 4, "pet": ["none", "?", "cat"] * 4}),
    )
    frame.to_csv(path, index=False) if suffix == "csv" else frame.to_excel(path, index=False)
    table = open_table(path)
    said = "NA in age, ? and none in pet are taken for missing cells; {dialect=missing=WORD+WORD} says which words are"
    assert said in assumed(table.description)
    assert table.x.missing[:3].tolist() == [[False, True], [True, True], [False, False]]
    table = open_table(path, dialect="missing=NA+-9")
    assert table.x.missing[:3].tolist() == [[False, False], [True, False], [True, False]]
    assert table.x.columns[1].words == ("?", "cat", "none")
    assert not any("missing cells" in sentence for sentence in assumed(table.description))


def test_the_sheet_of_an_excel_file_is_said_and_can_be_told(tmp_path):
    path = tmp_path / "book.xlsx"
    with pd.ExcelWriter(path) as book:
        for place, name in enumerate(["north", "south"]):
            pd.DataFrame({"x": [place + 0.5, place + 1.5]}).to_excel(book, sheet_name=name, index=False)
    (said,) = assumed(open_table(path).description)
    assert said.startswith("book.xlsx has the sheets north, south, of which the first, north, is read; ")
    assert said.endswith("{dialect=sheet=south} reads another")
    south = open_table(path, dialect="sheet=south")
    assert (south.x.tolist(), assumed(south.description)) == ([[1.5], [2.5]], ())
    with pytest.raises(DataError, match=r"must name a sheet of .*, which has north, south; got 'east'"):
        open_table(path, dialect="sheet=east")
    with pytest.raises(DataError, match="dialect may say sheet, missing of an Excel file; got 'decimal'"):
        open_table(path, dialect="decimal=comma")


def test_an_old_excel_file_names_the_package_that_reads_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "xlrd", None)
    path = tmp_path / "old.xls"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    with pytest.raises(DataError, match=r"old.xls needs xlrd to be read; run: pip install xlrd, or save it as .xlsx"):
        open_table(path)


def test_a_tall_text_is_read_a_piece_at_a_time_and_mapped(tmp_path, monkeypatch):
    monkeypatch.setenv("LATENTLY_CACHE", str(tmp_path / "cache"))
    path, random = tmp_path / "tall.csv", np.random.default_rng(0)
    frame = pd.DataFrame(random.normal(size=(500, 3)), columns=list("abc"))
    frame["kind"] = [f"k{row % 3}" for row in range(500)]
    frame.to_csv(path, index=False, sep=";", decimal=",")
    whole = open_table(path, "kind")
    for name, value in {"TALL_BYTES": 1000, "_BATCH": 64}.items():
        monkeypatch.setattr(f"latently.data.tall_tables.{name}", value)
    for _ in range(2):  # the second time from the cache
        tall = open_table(path, "kind")
        assert isinstance(tall.x, np.memmap)
        np.testing.assert_array_equal(tall.x, whole.x)
        np.testing.assert_array_equal(tall.labels, whole.labels)
        assert assumed(tall.description) == assumed(whole.description)
    assert open_table(path, "kind", leave_out=["b"], dialect="delimiter=semicolon,decimal=comma").x.shape == (500, 2)
    path.write_text("a,b\n" + "1,2\n" * 500 + "3\n")
    with pytest.raises(DataError, match="has 1 cells in line 502, but 2 columns"):
        open_table(path)


def test_a_tall_text_has_words_dates_and_gaps_as_any_other(tmp_path, monkeypatch):
    monkeypatch.setenv("LATENTLY_CACHE", str(tmp_path / "cache"))
    path, random, n = tmp_path / "mixed.csv", np.random.default_rng(0), 60
    frame = pd.DataFrame(
        {
            "age": random.normal(40, 9, n),
            "town": [*np.resize(["Ulm", "Bonn"], 50), *np.resize(["Trier"], 10)],
            "visits": random.poisson(2, n),
            "when": np.resize(["2025-04-03", "2025-06-05", "2024-12-11"], n),
            "serial": 2**62 + random.integers(0, 1000, n),
        }
    )
    frame.loc[::7, "age"] = None
    frame.to_csv(path, index=False)
    whole = open_table(path)
    for name, value in {"TALL_BYTES": 1000, "_BATCH": 16, "_LOOKED_AT": 1000}.items():
        monkeypatch.setattr(f"latently.data.tall_tables.{name}", value)
    tall = open_table(path)
    kinds = [(column.name, column.kind, column.words, column.pattern) for column in whole.x.columns]
    assert [(column.name, column.kind, column.words, column.pattern) for column in tall.x.columns] == kinds
    assert isinstance(tall.x.values, np.memmap)
    assert tall.x.to_pandas()["serial"].astype("int64").tolist() == frame["serial"].tolist()
    assert tall.x.to_pandas()["town"].tolist() == frame["town"].tolist()
    np.testing.assert_allclose(np.asarray(tall.x)[:, 0], np.asarray(whole.x)[:, 0], rtol=1e-6)
