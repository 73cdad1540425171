"""Numbers that float32 does not hold: they are learned, and given back, to within a millionth of their spread."""

import dataclasses
import json
import warnings
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import polars as pl
import pytest

import latently
from latently import ACCA, VAE, ConditionalVAE, Table, open_dataset
from latently.cli import main
from latently.data import DataAssumption, Preprocessing, Subset, TablePreprocessing, Views, assumed
from latently.data.far import differences, placed
from latently.data.preprocessing import Preprocessing as Done

SPREAD = np.random.default_rng(0).normal(size=400)
MOMENTS = np.int64(1_760_000_000_000) + np.int64(86_400_000 * (SPREAD + 4))  # milliseconds of some days
COUNTERS = np.int64(2**62) + np.int64(1e4 * SPREAD)
FAR = {
    "milliseconds": MOMENTS,
    "milliseconds as fractions": MOMENTS + 0.25,
    "whole numbers of 64 bits": COUNTERS,
    "without a sign": np.uint64(2**63) + np.uint64(1e4 * (SPREAD + 9)),
    "ninth digit": 1 + 1e-9 * SPREAD,
    "small ninth digit": 1e-5 * (1 + 1e-9 * SPREAD),
    "large": 1e300 * (1 + SPREAD),
    "as large as there are": 1.7e308 * np.sign(SPREAD),
    "tiny": 1e-300 * SPREAD,
    "float32": np.float32(1000) + np.spacing(np.float32(1000)) * np.float32(np.round(5 * SPREAD)),
}


def missed(found: Any, values: np.ndarray) -> float:
    """The largest error, in shares of the spread; of whole numbers without rounding either."""
    if values.dtype.kind in "iu":
        apart = np.array(
            [int(a) - int(b) for a, b in zip(np.ravel(found).tolist(), values.tolist(), strict=True)], float
        )
        return float(np.abs(apart).max() / (int(values.max()) - int(values.min())))
    scale = float(np.abs(values).max())
    apart = np.ravel(found) / scale - values / scale
    return float(np.abs(apart).max() / (values.max() / scale - values.min() / scale))


def rows_of(values: np.ndarray) -> np.ndarray:
    """Rows of two columns of one type: the values, and the same in another order."""
    return np.stack([values, values[::-1]], axis=1)


@pytest.mark.parametrize("values", FAR.values(), ids=FAR)
def test_rows_are_standardised_and_given_back_to_within_a_millionth_of_their_spread(values: np.ndarray) -> None:
    rows = rows_of(values)
    done = Preprocessing.fit(rows)
    x = np.asarray(done(rows), np.float64)
    assert np.allclose(x.mean(axis=0), 0, atol=1e-5)
    assert np.allclose(x.std(axis=0), 1, atol=1e-5)
    back = done.inverse(x)
    assert back.dtype == rows.dtype
    assert missed(back[:, 0], values) < 1e-6
    assert missed(back[:, 1], values[::-1]) < 1e-6


@pytest.mark.parametrize("values", FAR.values(), ids=FAR)
def test_a_saved_preprocessing_holds_the_centre_exactly(values: np.ndarray) -> None:
    rows = rows_of(values)
    done = Preprocessing.fit(rows)
    again = Done.from_config(json.loads(json.dumps(done.to_config())))
    assert np.array_equal(again.scaled(rows), done.scaled(rows))
    assert np.array_equal(again.inverse(done.scaled(rows)), done.inverse(done.scaled(rows)))


def test_a_column_beside_a_far_one_is_read_bit_for_bit_as_alone() -> None:
    near = np.random.default_rng(1).normal(3, 2, size=(400, 1))
    alone, beside = Preprocessing.fit(near), Preprocessing.fit(np.hstack([near, (MOMENTS + 0.25)[:, None]]))
    assert np.array_equal(alone(near)[:, 0], beside(np.hstack([near, (MOMENTS + 0.25)[:, None]]))[:, 0])


def test_of_ordinary_rows_nothing_is_centred_before() -> None:
    random = np.random.default_rng(2)
    for rows in (random.normal(size=(50, 3)), random.normal(1000, 3, (50, 3)).astype(np.float32), np.eye(5) * 1e4,
                 random.integers(1990, 2025, (50, 2)), np.full((9, 2), 2020.0)):  # fmt: skip
        done = Preprocessing.fit(rows)
        assert not done.far
        assert "centre" not in done.to_config()
        assert done.laid_out(rows) == (rows,)


def test_values_that_are_all_the_same_come_back_as_they_were() -> None:
    for value in (np.int64(2**62 + 12345), 1e300, 123456789.25):
        rows = np.stack([np.full(9, value), np.arange(9).astype(np.asarray(value).dtype)], axis=1)
        done = Preprocessing.fit(rows, range="real")
        x = done(rows)
        assert np.array_equal(x[:, 0], np.zeros(9))
        back = done.inverse(x)
        assert back[:, 0].tolist() == rows[:, 0].tolist()
        assert missed(back[:, 1], rows[:, 1]) < 1e-6


def test_differences_of_whole_numbers_are_exact_up_to_their_limits() -> None:
    for kind in (np.int64, np.uint64):
        limits = np.iinfo(kind)
        for values in (np.array([limits.max, limits.max - 3]), np.array([limits.min, limits.min + 3])):
            values, centre = values.astype(kind), np.float64(2**61)
            assert placed(differences(values, centre), centre, np.dtype(kind)).dtype == kind
    close = np.array([2**63 - 1, 2**63 - 5, 2**63 - 1000], np.int64)
    centre = np.float64(2**63)
    assert placed(differences(close, centre), centre, close.dtype).tolist() == [*close.tolist()]


def test_arrays_maps_and_subsets_are_learned_alike(tmp_path: Path) -> None:
    rows = np.stack([MOMENTS.astype(float), SPREAD, SPREAD**2], axis=1)
    np.save(tmp_path / "rows.npy", rows)
    mapped = np.load(tmp_path / "rows.npy", mmap_mode="r")
    models = [VAE(latent_dim=2, hidden=(8,), epochs=3, random_state=0).fit(X)
              for X in (rows, mapped, Subset(rows, np.arange(len(rows))))]  # fmt: skip
    codes = [model.transform(rows) for model in models]
    assert np.array_equal(codes[0], codes[1])
    assert np.array_equal(codes[0], codes[2])
    assert np.array_equal(models[0].transform(mapped), codes[0])


def test_a_stream_brings_what_rows_on_the_device_do() -> None:
    from latently.training import Feed

    rows = rows_of(COUNTERS)
    done = Preprocessing.fit(rows)
    feeds = [Feed(done.laid_out(rows), batch_size=10, seed=0, prepare=done.prepare, resident_bytes=size)
             for size in (10**9, 0)]  # fmt: skip
    batches = [feed.batch(feed.chunk(0, 2), 1, jax.random.key(0)).x for feed in feeds]
    assert np.array_equal(*batches)
    assert np.abs(batches[0]).max() < 5


def test_a_fitted_model_gives_back_moments_counters_and_large_values(tmp_path: Path) -> None:
    for values in (MOMENTS, COUNTERS, 1e300 * (1 + SPREAD), 1 + 1e-9 * SPREAD):
        rows = rows_of(values)
        model = VAE(latent_dim=2, epochs=200, random_state=0, learning_rate=3e-3).fit(rows)
        back = model.reconstruct(rows)
        assert back.dtype == rows.dtype
        assert missed(back[:, 0], values) < 0.5  # of which the model knows much, and all levels
        assert len(np.unique(back[:, 0])) > 300
        drawn = model.sample(200, random_state=0)
        assert drawn.dtype == rows.dtype
        assert len(np.unique(drawn[:, 0])) > 150
        model.save(tmp_path / "model")
        again = latently.load(tmp_path / "model")
        assert np.array_equal(again.reconstruct(rows), back)
        assert np.array_equal(again.transform(rows), model.transform(rows))


def test_frames_hold_whole_numbers_beside_fractions() -> None:
    frame = pd.DataFrame({"id_code": COUNTERS, "weight": SPREAD, "time": MOMENTS})
    model = VAE(latent_dim=2, hidden=(16,), epochs=2, random_state=0).fit(frame)
    back = model.reconstruct(frame)
    assert back.dtypes.tolist() == frame.dtypes.tolist()
    assert back["id_code"].between(COUNTERS.min(), COUNTERS.max()).all()
    assert back["id_code"].nunique() > 300


@pytest.mark.parametrize(
    "values", [v for k, v in FAR.items() if k != "float32"], ids=[k for k in FAR if k != "float32"]
)
def test_columns_of_tables_are_standardised_and_given_back(values: np.ndarray) -> None:
    frame = pd.DataFrame({"far": values, "gap": np.where(SPREAD > 0, SPREAD, np.nan)})
    table = Table.of(frame, kinds={"far": "number"})
    done = TablePreprocessing.fit(table)
    x = np.asarray(done(table), np.float64)
    assert abs(x[:, 0].mean()) < 1e-5
    assert abs(x[:, 0].std() - 1) < 1e-5
    again = TablePreprocessing.from_config(json.loads(json.dumps(done.to_config())))
    assert again == done
    back = again.inverse(x).frame()["far"].to_numpy()
    assert back.dtype == values.dtype
    assert missed(back, values) < 1e-6


def test_dates_within_a_minute_are_told_apart() -> None:
    moments = pd.Timestamp("2026-03-01 12:00") + pd.to_timedelta(20 * SPREAD, unit="s")
    table = Table.of(pd.DataFrame({"at": moments, "gap": np.where(SPREAD > 0, SPREAD, np.nan)}))
    done = TablePreprocessing.fit(table)
    x = np.asarray(done(table), np.float64)
    assert np.corrcoef(x[:, 1], SPREAD)[0, 1] > 0.9999  # numbers come before dates
    assert abs(x[:, 1].std() - 1) < 1e-3


def test_of_ordinary_tables_nothing_is_read_before() -> None:
    random = np.random.default_rng(3)
    frame = pd.DataFrame({"age": random.normal(40, 9, 50), "year": random.integers(1990, 2025, 50), "always": 7.5,
                          "day": pd.Timestamp("2026-01-01") + pd.to_timedelta(random.integers(0, 99, 50), unit="D"),
                          "gap": [np.nan, *range(49)]})  # fmt: skip
    done = TablePreprocessing.fit(table := Table.of(frame))
    assert not done.far
    assert done.stored(table)[0] is table.values


def test_missing_cells_are_imputed_within_the_spread_and_others_stay_exactly() -> None:
    gaps = pd.DataFrame({"id_code": pd.array(COUNTERS, "Int64"), "time": MOMENTS + 0.25, "weight": SPREAD})
    gaps.loc[::7, "id_code"] = pd.NA
    gaps.loc[3::7, "time"] = np.nan
    model = VAE(latent_dim=2, epochs=100, random_state=0).fit(gaps)
    filled = model.impute(gaps)
    kept = gaps["id_code"].notna()
    assert (filled["id_code"][kept] == gaps["id_code"][kept]).all()
    assert missed(filled["id_code"].to_numpy("int64")[::7], COUNTERS[::7]) < 0.5
    assert missed(filled["time"].to_numpy()[3::7], (MOMENTS + 0.25)[3::7]) < 0.5


def test_views_and_conditions_are_held_too(tmp_path: Path) -> None:
    views = {"clock": rows_of(MOMENTS), "body": np.stack([SPREAD, SPREAD**2], axis=1)}
    model = ACCA(latent_dim=2, hidden=(16,), epochs=2, random_state=0).fit(views)
    back = model.reconstruct(views)["clock"]
    assert back.dtype == np.int64
    assert len(np.unique(back)) > 300
    told = pd.DataFrame({"time": MOMENTS + 0.25, "mark": COUNTERS})
    conditional = ConditionalVAE(latent_dim=2, hidden=(16,), epochs=2, random_state=0).fit(views["body"], told)
    facts = conditional.conditions_(told)
    assert np.allclose(facts.std(axis=0), 1, atol=1e-3)
    conditional.save(tmp_path / "model")
    again = latently.load(tmp_path / "model")
    assert np.array_equal(again.sample(5, random_state=0), conditional.sample(5, random_state=0))
    asked = {"time": float(MOMENTS[0]), "mark": int(COUNTERS[0])}
    assert np.array_equal(again.sample(5, asked, random_state=0), conditional.sample(5, asked, random_state=0))


def test_the_terminal_learns_and_answers_a_table_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame({"time": MOMENTS, "serial": COUNTERS, "ratio": 1 + 1e-9 * SPREAD, "weight": SPREAD})
    frame.to_csv("rows.csv", index=False)
    how = ["--latent-dim", "2", "--hidden", "32", "--epochs", "60", "--quiet"]
    assert main(["fit", "vae", "--data", "rows.csv", *how, "--out", "run"]) == 0
    assert main(["reconstruct", "run", "rows.csv", "--out", "back.csv"]) == 0
    back = pd.read_csv("back.csv")
    assert back.columns.tolist() == frame.columns.tolist()
    for name in frame.columns:
        assert missed(back[name].to_numpy(), frame[name].to_numpy()) < 0.6
        assert back[name].nunique() > 300
    assert back["serial"].dtype == np.int64
    assert main(["encode", "run", "rows.csv", "--out", "codes.csv"]) == 0
    gaps = frame.astype({"serial": "Int64", "time": "Int64"}).copy()
    gaps.loc[::9, "serial"] = pd.NA
    gaps.loc[4::9, "ratio"] = np.nan
    gaps.to_csv("gaps.csv", index=False)
    assert main(["impute", "run", "gaps.csv", "--out", "filled.csv"]) == 0
    filled = pd.read_csv("filled.csv")
    assert (filled["serial"].drop(range(0, 400, 9)) == frame["serial"].drop(range(0, 400, 9))).all()
    assert missed(filled["serial"].to_numpy()[::9], COUNTERS[::9]) < 0.6
    assert missed(filled["ratio"].to_numpy()[4::9], frame["ratio"].to_numpy()[4::9]) < 0.6


def test_a_plain_table_of_moments_is_learned_from_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame({"time": MOMENTS, "weight": SPREAD, "large": 1e300 * (1 + SPREAD)})
    frame.to_csv("rows.csv", index=False)
    how = ["--latent-dim", "2", "--hidden", "32", "--epochs", "30", "--quiet"]
    assert main(["fit", "aae", "--data", "rows.csv", *how, "--out", "run"]) == 0
    assert main(["reconstruct", "run", "rows.csv", "--out", "back.csv"]) == 0
    assert main(["sample", "run", "--n", "50", "--out", "drawn.csv"]) == 0
    back, drawn = pd.read_csv("back.csv"), pd.read_csv("drawn.csv")
    for name in frame.columns:
        assert missed(back[name].to_numpy(), frame[name].to_numpy().astype(float)) < 0.6
        assert drawn[name].nunique() == 50
    one = frame.iloc[:1]
    one.to_csv("one.csv", index=False)
    assert main(["encode", "run", "one.csv", "--out", "one.npy"]) == 0
    assert np.allclose(np.load("one.npy")[0], latently.load("run").transform(frame.to_numpy(float))[0], atol=1e-4)


def test_a_model_of_whole_numbers_that_float32_does_not_tell_apart_is_not_exported() -> None:
    from latently.export import ExportError, functions

    model = VAE(latent_dim=2, hidden=(8,), epochs=1, random_state=0).fit(rows_of(COUNTERS))
    with pytest.raises(ExportError, match="float32"):
        functions(model.fitted_)
    rows = np.random.default_rng(0).normal(52.5, 0.05, (200, 2))
    exported = functions((mild := VAE(latent_dim=2, hidden=(8,), epochs=1, random_state=0).fit(rows)).fitted_)
    assert mild.preprocessing_.far
    single = jnp.asarray(rows, jnp.float32)
    assert np.allclose(exported["encode"].call(single)[0], mild.transform(rows), atol=1e-3)
    assert np.allclose(exported["reconstruct"].call(single)[0], mild.reconstruct(rows), atol=1e-3)


def test_earlier_models_lack_the_centre() -> None:
    config = Preprocessing.fit(np.random.default_rng(0).normal(size=(20, 2))).to_config()
    assert dataclasses.asdict(Done.from_config(config))["centre"] == 0


def test_whole_numbers_that_a_view_rounds_are_named(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"id": 2**60 + 3 * np.arange(30), "size": np.linspace(0, 1, 30), "even": 2**60 + np.zeros(30, int)}
    )
    frame.assign(other=frame["size"]).to_csv(tmp_path / "t.csv", index=False)
    data = open_dataset(tmp_path / "t.csv", views="a=id+size+even,b=other")
    said = "the whole numbers of id are rounded to 53 bits, since the view "
    assert any(sentence.startswith(said) for sentence in assumed(data.train.description))
    with pytest.warns(DataAssumption, match=said):
        Views.of({"a": frame, "b": frame[["size"]]})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Views.of({"a": frame[["id", "even"]], "b": frame[["size"]]})


def test_whole_numbers_beside_gaps_and_as_categories_stay_exact() -> None:
    cells: list[Any] = [2**53 + 1, None, 2**53 + 3] * 10
    for X in ({"id": cells, "x": [0.5] * 30}, pl.DataFrame({"id": cells, "x": [0.5] * 30})):
        table = Table.of(X, kinds="id=number")
        assert [table.frame()["id"].to_list()[place] for place in (0, 2)] == [2**53 + 1, 2**53 + 3]
    names = Table.of(pd.DataFrame({"k": [2**53, 2**53 + 1] * 10, "x": np.arange(20) / 3}), kinds="k=category")
    assert names.values[:4, 0].tolist() == [0, 1, 0, 1]
    assert names.frame()["k"].tolist() == [2**53, 2**53 + 1] * 10


def test_words_of_more_digits_than_a_number_has_are_names(tmp_path: Path) -> None:
    lines = [f"{10**20 + n % 7},{10**25 + n},{n / 3}" for n in range(70)]
    (tmp_path / "accounts.csv").write_text("nr,iban,x\n" + "\n".join(lines) + "\n")
    table = open_dataset(tmp_path / "accounts.csv", validation=0.0, test=0.0).train.x
    assert [(column.name, column.kind, len(column.words)) for column in table.columns] == [
        ("nr", "category", 7),
        ("x", "number", 0),
    ]
    assert any('"iban" is left out' in sentence for sentence in table.assumed)
