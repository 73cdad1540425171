"""Conditions are read from what people have, and asked for by name, by order or by row."""

import numpy as np
import pandas as pd
import pytest

from latently.data import ConditionPreprocessing, DataError, Dataset, Splits, Table, keep_labels, open_dataset
from latently.data.conditions import asked_conditions, conditions_of, recognised, spread
from latently.run import fingerprint, targets_of

FRAME = pd.DataFrame(
    {"age": [20.5, None, 60.0, 41.5], "sex": ["f", "m", None, "m"], "smoker": [True, False, True, True]}
)
LABELS = np.array([[1, 0, 0, 1], [0, 1, 0, 1], [1, 1, 0, 0]])


def kinds_of(table):
    return None if table is None else {column.name: column.kind for column in table.columns}


@pytest.mark.parametrize(
    ("y", "found"),
    [
        (np.arange(4), None),
        (np.arange(4.0), None),
        (np.array([0.0, np.nan, 1.0]), None),
        (["a", "b", None], None),
        (["7", "8", ""], None),
        (np.arange(4)[:, None], None),
        (pd.DataFrame({"kind": [1, 2, 3]}), None),
        (np.eye(3), None),  # one-hot: a class a row
        ([1.5, None, 2.0], {"y": "number"}),
        (np.array([1.5, 2.5], np.float32), {"y": "number"}),
        (["1.5", "", "2"], {"y": "number"}),
        (pd.Series([0.1, 0.2], name="dose"), {"dose": "number"}),
        (pd.DataFrame({"dose": [0.1, 0.2]}), {"dose": "number"}),
        ({"age": [40, 61, 22]}, {"age": "number"}),
        (LABELS, {"y0": "binary", "y1": "binary", "y2": "binary", "y3": "binary"}),
        (LABELS.astype(bool), {"y0": "binary", "y1": "binary", "y2": "binary", "y3": "binary"}),
        (np.where(LABELS == 0, np.nan, LABELS), {"y0": "binary", "y1": "binary", "y2": "binary", "y3": "binary"}),
        ([[1, None], [0, 1], [1, 1]], {"y0": "binary", "y1": "binary"}),
        (np.array([[0.5, 1], [2.5, 0]]), {"y0": "number", "y1": "binary"}),
        (FRAME, {"age": "number", "sex": "binary", "smoker": "binary"}),
        (FRAME.to_dict("list"), {"age": "number", "sex": "binary", "smoker": "binary"}),
        (FRAME.to_dict("records"), {"age": "number", "sex": "binary", "smoker": "binary"}),
        ({"digit": ["0", "7", "7"], "n": [1, 5, 6]}, {"digit": "category", "n": "number"}),
        ({"id": [1, 2, 3], "who": ["a", "b", "c"]}, {"id": "number", "who": "category"}),  # named, so not left out
    ],
)
def test_what_is_more_than_one_class_a_row_is_conditions(y, found):
    assert kinds_of(conditions_of(y)) == found


def test_the_cells_are_those_that_were_given():
    np.testing.assert_array_equal(
        conditions_of(FRAME).values, [[20.5, 0, 1], [np.nan, 1, 0], [60, np.nan, 1], [41.5, 1, 1]]
    )
    np.testing.assert_array_equal(conditions_of(LABELS).values, LABELS)
    polars = pytest.importorskip("polars")
    assert conditions_of(polars.from_pandas(FRAME)).columns[1].words == ("f", "m")


@pytest.mark.parametrize(
    ("y", "sentence"),
    [
        (
            np.array([[1, -1], [-1, 1]]),
            "y has -1 beside 1 in the label y0, .* Give 0 for no, and NaN for",
        ),
        ({"a": [1.5, 2.5], "b": [None, None]}, 'y has the column "b", and it is empty. Leave it out.'),
        ({"a": [1.5] * 90, "who": [f"p{i}" for i in range(90)]}, 'y has 90 different words in the column "who"'),
        (np.array([[1.0, np.inf], [0.5, 1]]), "infinite"),
    ],
)
def test_what_cannot_be_a_condition_is_refused_in_a_sentence(y, sentence):
    with pytest.raises(DataError, match=sentence):
        conditions_of(y)


COLUMNS = conditions_of(FRAME).columns


@pytest.mark.parametrize(
    ("labels", "rows"),
    [
        ({"age": 30, "sex": "m", "smoker": True}, [[30, 1, 1]]),
        ({"sex": "f"}, [[np.nan, 0, np.nan]]),
        ({"age": [30, 50], "smoker": 1}, [[30, np.nan, 1], [50, np.nan, 1]]),
        ([30, "m", False], [[30, 1, 0]]),
        ([[30, "m", False], [None, "", "True"]], [[30, 1, 0], [np.nan, np.nan, 1]]),
        ([{"age": 30}, {"sex": "f"}], [[30, np.nan, np.nan], [np.nan, 0, np.nan]]),
        (FRAME[["smoker", "age"]][:1], [[20.5, np.nan, 1]]),
        ({"age": "30.5"}, [[30.5, np.nan, np.nan]]),
    ],
)
def test_conditions_are_asked_for_by_name_by_order_or_by_row(labels, rows):
    np.testing.assert_array_equal(asked_conditions(labels, COLUMNS).values, rows)


@pytest.mark.parametrize("labels", [30.0, [30.0], {"y": 30.0}, np.array(30.0), np.array([[30.0]])])
def test_one_condition_is_asked_for_by_its_value(labels):
    columns = conditions_of([20.5, 70.5]).columns
    assert asked_conditions(labels, columns, 2).values.tolist() == [[30.0], [30.0]]
    assert asked_conditions([30.0, 40.0], columns, 2).values.tolist() == [[30.0], [40.0]]


def test_several_labels_are_asked_for_as_a_row_of_them():
    columns = conditions_of(LABELS).columns
    assert asked_conditions([1, 0, 0, 1], columns, 2).values.tolist() == [[1, 0, 0, 1]] * 2
    assert asked_conditions(np.array([True, False, False, True]), columns).values.tolist() == [[1, 0, 0, 1]]
    assert asked_conditions(LABELS, columns, 3).values.tolist() == LABELS.tolist()


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        ({"agee": 3}, "labels must name conditions among age, sex, smoker; got 'agee'."),
        ({"sex": "x"}, "labels must be among f, m for sex; got 'x'."),
        ({"age": [1, 2, 3]}, "labels must be one for all, or one for each of n=2; got 3."),
        ([1, 2], "labels must give the conditions age, sex, smoker, by name or one value for each; got .1, 2."),
        ({"age": "old"}, 'column "age" holds numbers, but one of its cells is "old"'),
    ],
)
def test_conditions_that_there_are_not_are_refused(labels, sentence):
    with pytest.raises(ValueError, match=sentence):
        asked_conditions(labels, COLUMNS, 2)


def test_of_new_rows_what_is_not_known_is_missing():
    new = conditions_of({"sex": ["x", "m"], "age": [3.5, 4.0], "town": ["a", "b"]})
    np.testing.assert_array_equal(recognised(new, COLUMNS).values, [[3.5, np.nan, np.nan], [4.0, 1, np.nan]])


def test_what_is_not_named_is_drawn_as_rows_have_it_beside_what_is():
    random = np.random.default_rng(0)
    sex = random.integers(2, size=400)
    age = np.where(sex == 1, 60.0, 30.0) + random.normal(size=400)
    known = {"age": age, "sex": np.where(sex == 1, "m", "f")}
    told = ConditionPreprocessing.fit(conditions_of(known))
    drawn = told.draw({"sex": ["m", "f"] * 100}, 200, seed=1).frame()
    assert abs(drawn.age[drawn.sex == "m"].mean() - 60) < 0.5
    assert abs(drawn.age[drawn.sex == "f"].mean() - 30) < 0.5
    assert drawn.age.nunique() > 50
    assert (told.draw({"age": [30.0, 60.0]}, 2, seed=1).frame().sex == ["f", "m"]).all()
    whole = told.draw(None, 1000, seed=0).frame()
    assert abs((whole.sex == "m").mean() - (sex == 1).mean()) < 0.1
    assert ((whole.age > 45) == (whole.sex == "m")).all()
    again = ConditionPreprocessing.from_config(told.to_config())
    np.testing.assert_allclose(again.draw(None, 9, 3).values, told.draw(None, 9, 3).values, rtol=1e-8)


def test_examples_have_no_gaps_though_the_rows_do():
    told = ConditionPreprocessing.fit(conditions_of({"age": [20.5, None, None], "sex": ["f", "m", None]}))
    assert np.isfinite(told.examples).all()
    assert set(told.examples[:, 0]) == {20.5}


def test_a_condition_is_shown_by_its_words_or_over_its_range():
    age, sex, _ = COLUMNS
    assert spread(sex, 5) == ["f", "m"]
    assert spread(age, 3) == [20.5, 40.2, 60.0]
    assert spread(conditions_of({"n": [1, 1, 0, 2, 3]}).columns[0], 9) == [0, 1, 2, 3]


def test_files_open_with_conditions(tmp_path):
    np.savez(tmp_path / "several.npz", X=np.ones((3, 2)), y=LABELS)
    np.savez(tmp_path / "measured.npz", X=np.ones((3, 2)), y=np.array([0.5, np.nan, 2.0]))
    whole = {"validation": 0, "test": 0}
    several = open_dataset(tmp_path / "several.npz", **whole).train
    assert several.labels is None
    np.testing.assert_array_equal(several.conditions.values, LABELS)
    measured = open_dataset(tmp_path / "measured.npz", **whole).train
    np.testing.assert_array_equal(measured.conditions.values, [[0.5], [np.nan], [2.0]])
    assert "conditions y" in repr(measured)
    assert len(measured.take(np.array([2])).conditions) == 1
    with pytest.raises(DataError, match=r"labels keeps labels of so many classes; those of measured\.npz are y"):
        keep_labels(measured, 2)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_columns_of_a_table_are_conditions(tmp_path, suffix):
    path = tmp_path / f"people.{suffix}"
    frame = pd.DataFrame({"x": [1.0, 2, 3, 4], "age": [20, None, 40, 60], "sex": ["f", "m", None, "m"]})
    frame.to_csv(path, index=False) if suffix == "csv" else frame.to_parquet(path)

    def opened(columns, **kinds):
        part = open_dataset(path, labels_column=columns, validation=0, test=0, **kinds).train
        return part.views[0].shape, kinds_of(part.conditions), targets_of(part)

    shape, found, table = opened(["age", "sex"])
    assert (shape, found) == ((4, 1), {"age": "number", "sex": "binary"})
    np.testing.assert_array_equal(table.values, [[20, 0], [np.nan, 1], [40, np.nan], [60, 1]])
    assert opened(["sex", "age"], kinds="age=category")[1] == {"sex": "binary", "age": "category"}
    frame = frame.drop(columns="sex")
    frame.to_csv(path, index=False) if suffix == "csv" else frame.to_parquet(path)
    assert opened("age", kinds="age=number")[:2] == ((4, 1), {"age": "number"})
    assert opened("age")[1] is None  # whole numbers: classes, as ever
    with pytest.raises(DataError, match=r"labels_column must be a column of .*; got 'sex'"):
        opened(["age", "sex"])


def test_a_run_knows_its_conditions_again():
    def print_of(y):
        part = Dataset.of("few", np.ones((2, 2)), y, "few", {})
        return fingerprint(Splits(part, part, part))

    assert print_of(np.array([0.5, 1.5])) == print_of(np.array([0.5, 1.5]))
    assert print_of(np.array([0.5, 1.5])) != print_of(np.array([0.5, 1.25]))
    assert print_of(Table.of({"a": ["f", "m"]})) != print_of(Table.of({"a": ["f", "x"]}))
