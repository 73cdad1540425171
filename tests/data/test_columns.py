"""Columns of a table: what each is taken for, and that cells come back as they were."""

import numpy as np
import pandas as pd
import pytest

from latently.data import DataError, Table, TablePreprocessing
from latently.data.columns import Column

ROWS = 60
DRAW = np.random.default_rng(0)
WORDS = np.array(["Bonn", "Ulm", "Trier"])
FRAME = pd.DataFrame(
    {
        "age": DRAW.integers(18, 80, ROWS),
        "height": DRAW.normal(170, 10, ROWS).round(1),
        "income": np.exp(DRAW.normal(10, 1.8, ROWS)).round(2),
        "change": DRAW.standard_t(1.2, ROWS),
        "visits": DRAW.poisson(2, ROWS),
        "smoker": DRAW.random(ROWS) < 0.3,
        "sex": np.array(["m", "f"])[DRAW.integers(0, 2, ROWS)],
        "answer": np.array(["yes", "no"])[DRAW.integers(0, 2, ROWS)],
        "town": WORDS[DRAW.integers(0, 3, ROWS)],
        "grade": pd.Categorical(WORDS[DRAW.integers(0, 2, ROWS)], categories=WORDS),
        "ill": DRAW.integers(0, 2, ROWS),
        "seen_on": pd.Series(pd.Timestamp("2020-01-01") + pd.to_timedelta(DRAW.integers(0, 900, ROWS), "D")),
        "born": [
            f"{day:02d}.{month:02d}.19{year}" for day, month, year in DRAW.integers((1, 1, 10), (29, 13, 99), (ROWS, 3))
        ],
        "at": pd.Timestamp("2024-03-01") + pd.to_timedelta(DRAW.integers(0, 90 * 24 * 60, ROWS) * 60, "s"),
    }
)
EXPECTED = {
    "age": "number",
    "height": "number",
    "income": "heavy",
    "change": "heavy",
    "visits": "count",
    "smoker": "binary",
    "sex": "binary",
    "answer": "binary",
    "town": "category",
    "grade": "category",
    "ill": "binary",
    "seen_on": "date",
    "born": "date",
    "at": "date",
}


def test_kinds_are_guessed():
    table = Table.of(FRAME)
    assert {column.name: column.kind for column in table.columns} == EXPECTED
    assert table.missing.sum() == 0


def test_of_two_words_no_comes_first():
    answer = next(column for column in Table.of(FRAME).columns if column.name == "answer")
    assert answer.words == ("no", "yes")


@pytest.mark.parametrize("name", EXPECTED)
def test_cells_come_back_as_they_were(name):
    table = Table.of(FRAME[[name]])
    preprocessing = TablePreprocessing.fit(table)
    back = preprocessing.inverse(preprocessing(table)).frame()[name]
    if EXPECTED[name] in ("number", "heavy") and name != "age":
        np.testing.assert_allclose(back, FRAME[name], rtol=2e-5, atol=1e-4)
    elif name == "at":  # to the minutes that float32 tells apart in 50 years
        assert (back - FRAME[name]).abs().max() < pd.Timedelta(minutes=5)
    else:
        assert back.tolist() == FRAME[name].tolist()
        assert back.dtype == FRAME[name].dtype


def test_years_are_told_to_minutes_in_float32():
    table = Table.of(pd.DataFrame({"at": FRAME["at"]}))
    preprocessing = TablePreprocessing.fit(table)
    years = np.asarray(preprocessing(table))[:, 0] * np.float32(preprocessing.scale[0])
    right = np.asarray(table)[:, 0] / 365.2425 + 1970 - preprocessing.offset[0]
    np.testing.assert_allclose(years, right, atol=4 / (365 * 24 * 60))


def test_a_date_is_moved_to_its_season_as_far_as_that_is_told():
    days = pd.Series(pd.date_range("2024-01-01", periods=200, freq="9D"))
    preprocessing = TablePreprocessing.fit(Table.of(days.to_frame("seen")))
    elements = np.asarray(preprocessing(Table.of(days.to_frame("seen"))))
    untold = elements * [1, 0, 0]  # the mean of all seasons
    in_year = (elements[:, 0] * preprocessing.scale[0] + preprocessing.offset[0] - 1970) * 365.2425
    np.testing.assert_allclose(np.asarray(preprocessing.inverse(untold))[:, 0], in_year, atol=0.51)
    half = untold + 0.5 * np.array([0, 1, 0])  # rather the turn of the year
    moved = np.asarray(preprocessing.inverse(half))[:, 0]
    turn = 365.2425 * np.round(in_year / 365.2425)
    np.testing.assert_allclose(moved, in_year + 0.5 * (turn - in_year), atol=0.51)


def test_missing_cells_stay_missing():
    gappy = FRAME.astype(object).where(np.random.default_rng(1).random(FRAME.shape) > 0.2, None).infer_objects()
    table = Table.of(gappy, kinds={name: kind for name, kind in EXPECTED.items() if name != "born"})
    preprocessing = TablePreprocessing.fit(table)
    back = preprocessing.inverse(preprocessing(table))
    assert (back.missing == gappy[list(table.names)].isna().to_numpy()).all()
    assert 0.1 < back.missing.mean() < 0.3


@pytest.mark.parametrize(
    ("name", "cells", "why"),
    [
        ("patient_id", [f"P{row:03d}" for row in range(ROWS)], "its words are identifiers"),
        ("code", [f"x{row}" for row in range(ROWS)], "its words are identifiers"),
        ("customer id", DRAW.permutation(ROWS) + 1000, "its numbers are identifiers"),
        ("", np.arange(ROWS), "it counts the rows"),
        ("Unnamed: 0", np.arange(ROWS) * 3, "it counts the rows"),
        ("row", np.arange(1, ROWS + 1), "it counts the rows"),
        ("remark", [f"words and words {row % 50}" for row in range(ROWS)], "it is free text"),
        ("nothing", [None] * ROWS, "it is empty"),
    ],
)
def test_what_says_nothing_of_a_row_is_left_out_with_a_word(name, cells, why):
    table = Table.of(pd.DataFrame({name: cells, "height": FRAME["height"]}))
    assert table.names == ("height",)
    assert why in table.assumed[0]
    assert "{kinds=" in table.assumed[0]


def test_text_that_numbers_the_rows_is_no_error():
    table = Table.of(pd.DataFrame({"n": [str(row) for row in range(ROWS)], "height": FRAME["height"]}))
    assert table.names == ("height",)


def test_the_kind_that_is_told_is_taken():
    table = Table.of(FRAME, kinds="age=category,visits=poisson,height=robust,town=category")
    kinds = {column.name: column.kind for column in table.columns}
    assert (kinds["age"], kinds["visits"], kinds["height"]) == ("category", "poisson", "robust")
    assert table.columns[0].words == tuple(sorted(set(FRAME["age"].tolist())))
    assert not any("visits" in sentence for sentence in table.assumed)


@pytest.mark.parametrize(
    ("first", "told", "day", "said"),
    [
        ("03/04/2025", None, 4, "are read with the month first; {kinds=seen=day-first} reads them with the day first"),
        (
            "03.04.2025",
            None,
            3,
            "are read with the day first; {kinds=seen=month-first} reads them with the month first",
        ),
        ("03/04/2025", "day-first", 3, None),
        ("03.04.2025", "month-first", 4, None),
        ("30/04/2025", None, 30, None),
        ("2025-03-04", None, 4, None),
    ],
)
def test_dates_that_could_be_read_in_two_orders_are_said_and_can_be_told(first, told, day, said):
    cells = pd.Series([first, first[:-4] + "2024" if first[2] in "/." else "2024-01-02"] * 20)
    table = Table.of(pd.DataFrame({"seen": cells}), kinds={"seen": told or "date"})
    assert pd.Timestamp(table.values[0, 0], unit="D").day == day
    assert [sentence.partition(", such as ")[0] for sentence in table.assumed] == (
        ['the dates of "seen"'] if said else []
    )
    assert not said or table.assumed[0].endswith(f"{first}, {said}")
    assert table.frame()["seen"].tolist() == cells.tolist()
    assert table.columns[0].kind == "date"


def test_a_column_that_is_named_is_taken_though_it_counts_the_rows():
    frame = pd.DataFrame({"row": np.arange(ROWS), "height": FRAME["height"], "town": FRAME["town"]})
    assert Table.of(frame).names == ("height", "town")
    assert Table.of(frame, columns=["row", "town"]).names == ("row", "town")
    assert Table.of(frame, kinds=Table.of(frame).assumed[1].partition("kinds=")[2].partition("}")[0]).names[0] == "row"


@pytest.mark.parametrize(
    ("kinds", "sentence"),
    [
        ({"age": "ordinal"}, "must be NAME=KIND for each column, with a kind among number, .* got 'age=ordinal'"),
        ("age", "must be NAME=KIND"),
        ({"old": "number"}, "must name columns among age, .*; got 'old'"),
        ({"town": "number"}, 'says that column "town" is of the kind number, which ".*" is not'),
        ({"height": "count"}, 'says that column "height" is of the kind count'),
        ({"town": "binary"}, "3 different values"),
        ({"town": "date"}, 'column "town" is of the kind date'),
    ],
)
def test_a_kind_that_cannot_be_is_told_in_one_sentence(kinds, sentence):
    with pytest.raises(DataError, match=sentence):
        Table.of(FRAME, kinds=kinds)


def test_infinite_numbers_name_their_column():
    with pytest.raises(DataError, match=r"infinity in column 'b' \(row 0\)"):
        Table.of(pd.DataFrame({"a": [1.0, None], "b": [np.inf, 1.0]}))


def test_decoded_numbers_stay_within_what_was_seen():
    column = Column.of("age", pd.Series([18.0, 40.0, 65.0]), "number")
    assert column.cells(np.array([-5.0, 30.4, 300.0])).tolist() == [18.0, 30.0, 65.0]


def test_new_rows_are_matched_by_name_and_new_words_are_missing():
    table = Table.of(FRAME[["town", "age"]])
    shuffled = pd.DataFrame({"age": [20.0, None], "other": [1, 2], "town": ["Ulm", "Paris"]})
    with pytest.warns(UserWarning, match='"town" has words that the model has not met, taken for missing: Paris'):
        rows = Table.like(shuffled, table.columns)
    np.testing.assert_array_equal(rows.values, [[table.columns[0].words.index("Ulm"), 20], [np.nan, np.nan]])
    with pytest.raises(DataError, match="lacks the column town"):
        Table.like(shuffled[["age"]], table.columns)
    with pytest.raises(DataError, match='holds numbers, but one of its cells is "old"; correct it'):
        Table.like(pd.DataFrame({"age": ["old"], "town": ["Ulm"]}), table.columns)


def test_a_table_is_kept_as_json():
    table = Table.of(FRAME)
    preprocessing = TablePreprocessing.fit(table)
    import json

    read = TablePreprocessing.from_config(json.loads(json.dumps(preprocessing.to_config())))
    assert read == preprocessing
    np.testing.assert_array_equal(read(table), preprocessing(table))
    with pytest.raises(DataError, match="must have"):
        TablePreprocessing.from_config({"columns": []})


def test_polars_frames_go_in_and_come_out():
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame({"age": [1.5, None, 4.0], "town": ["Ulm", "Bonn", "Ulm"]})
    table = Table.of(frame)
    assert table.missing.tolist() == [[False, False], [True, False], [False, False]]
    assert table.frame().equals(frame)


def test_sixteen_thousand_columns_are_one_program_of_a_few_steps():
    import jax

    wide = np.random.default_rng(0).normal(size=(3, 16_000))
    wide[0, 0] = np.nan
    preprocessing = TablePreprocessing.fit(Table.of(wide))
    steps = jax.make_jaxpr(preprocessing.single)(np.asarray(wide, np.float32)).jaxpr.eqns
    assert len(steps) < 20


@pytest.mark.parametrize(
    ("kind", "cells"),
    [
        ("degrees", [350.0, 10.0, 90.0, 180.0]),
        ("degrees", [-170.0, 179.0, -10.5, 0.0]),
        ("radians", [0.1, 6.2, 3.0, 1.0]),
        ("hour", [23, 0, 12, 6]),
        ("weekday", [6, 0, 3, 1]),
        ("month", [12, 1, 7, 3]),
    ],
)
def test_what_comes_round_is_two_numbers_on_a_circle_and_comes_back(kind, cells):
    table = Table.of(pd.DataFrame({"round": cells}), kinds={"round": kind})
    preprocessing = TablePreprocessing.fit(table)
    elements = np.asarray(preprocessing(table))
    np.testing.assert_allclose(np.hypot(*elements.T), 1, rtol=1e-6)
    assert np.hypot(*(elements[0] - elements[1])) < np.hypot(*(elements[0] - elements[2]))
    np.testing.assert_allclose(preprocessing.inverse(elements).frame()["round"], cells, atol=1e-4)


def test_an_hour_rounded_past_midnight_is_the_first_of_the_day():
    column = Table.of(pd.DataFrame({"hour": [0, 12, 23]}), kinds="hour=hour").columns[0]
    assert column.cells(np.array([23.6, 23.4, 0.2])).tolist() == [0, 23, 0]
