"""Tables that people bring: what they are read as, filled in by, and drawn like."""

import re

import numpy as np
import pandas as pd
import pytest

from latently import VAE, open_dataset
from latently.data import assumed


def test_a_running_column_without_a_name_is_left_out(case):
    data = open_dataset(case("tables/index-column.csv"), labels_column="kind")
    assert data.train.x.shape[1] == 13
    assert len(data.train.classes) == 3
    assert ["counts the rows" in sentence for sentence in assumed(data.train.description)] == [True]


def test_the_delimiter_is_found(case):
    data = open_dataset(case("tables/semicolons.csv"), labels_column="quality")
    assert data.train.x.shape[1] == 13
    assert data.train.classes == (0, 1, 2)
    assert "delimiter=semicolon" in assumed(data.train.description)[0]


def test_missing_cells_are_filled_in_and_no_other_is_touched(case):
    frame = pd.read_csv(case("tables/missing-cells.csv"), dtype_backend="numpy_nullable")
    gaps = frame.isna()
    assert 0.05 < gaps.to_numpy().mean() < 0.15
    model = VAE.from_preset("vae-table", epochs=60, random_state=0).fit(frame)
    filled = model.impute(frame)
    assert not filled.isna().any(axis=None)
    pd.testing.assert_frame_equal(filled.where(~gaps), frame)


@pytest.fixture(scope="module")
def patients(case):
    frame = pd.read_csv(case("tables/mixed-kinds.csv"))
    with pytest.warns(UserWarning, match='column "id" is left out'):
        return frame, VAE.from_preset("vae-table", random_state=0).fit(frame)


def test_columns_are_of_the_kinds_that_they_are(patients):
    _, model = patients
    kinds = {column.name: column.kind for column in model.preprocessing_.columns}
    assert kinds == {
        "age": "number",
        "sex": "binary",
        "town": "category",
        "smoker": "binary",
        "visits": "count",
        "income": "heavy",
        "seen_on": "date",
    }


def test_samples_are_rows_of_the_same_kinds_and_keep_the_age_of_towns(patients):
    frame, model = patients
    samples = model.sample(3000, random_state=0)
    assert samples["visits"].dtype.kind == "i"
    assert samples["visits"].min() >= 0
    assert set(samples["town"]) == set(frame["town"].dropna())
    assert samples["income"].min() > 0
    assert samples["seen_on"].map(lambda day: re.fullmatch(r"2026-\d\d-\d\d", day) is not None).all()
    of_data, of_samples = (rows.groupby("town")["age"].mean() for rows in (frame, samples))
    np.testing.assert_allclose(of_samples, of_data, atol=3)
