"""Models of tables with gaps and of several kinds of columns: learned from as they are, filled in, drawn anew."""

import pickle

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

import latently
from latently import (
    AAE,
    ACGAN,
    VAE,
    ConditionalVAE,
    NotSupportedError,
    SemiSupervisedVAE,
    StackedSemiSupervisedVAE,
    Table,
)
from small_models import as_if_loaded

DRAW = np.random.default_rng(0)
N = 240
TOWN = DRAW.integers(0, 3, N)
AGE = (25 + 20 * TOWN + DRAW.normal(0, 4, N)).round()
WHOLE = pd.DataFrame(
    {
        "id": [f"P{row}" for row in range(N)],
        "age": AGE,
        "town": np.array(["Bonn", "Trier", "Ulm"])[TOWN],
        "visits": DRAW.poisson(1 + 2 * TOWN),
        "income": np.exp(DRAW.normal(9 + TOWN / 2, 0.3, N)).round(2),
        "smoker": DRAW.random(N) < 0.2 + 0.3 * TOWN,
    }
)
GAPS = np.random.default_rng(1).random(WHOLE.shape) < 0.15
GAPS[:, [0, 3, 5]] = False  # whole numbers and truth values keep their types
FRAME = WHOLE.mask(GAPS)
KINDS = ("number", "category", "count", "heavy", "binary")
MODELS = [
    VAE(latent_dim=2),
    VAE(latent_dim=2, corruption="masking:0.3"),
    AAE(latent_dim=2, encoder="gaussian"),
    AAE(latent_dim=2),
    ConditionalVAE(latent_dim=2),
    SemiSupervisedVAE(latent_dim=2),
    StackedSemiSupervisedVAE(latent_dim=2, first=VAE(latent_dim=3, hidden=(8,), epochs=1)),
    latently.AuxiliaryDeepGenerativeModel(latent_dim=2, auxiliary_dim=3),
    latently.AuxiliaryDeepGenerativeModel(latent_dim=2, auxiliary_dim=3, skip=True),
    latently.Autoencoder(latent_dim=2),
    latently.DenoisingAutoencoder(latent_dim=2, corruption="gaussian:0.1"),
    latently.ContractiveAutoencoder(latent_dim=2),
    latently.FactorVAE(latent_dim=2),
    latently.SupervisedAAE(latent_dim=2),
    latently.SemiSupervisedAAE(latent_dim=2),
    latently.ClusteringAAE(latent_dim=2, n_clusters=3),
]


@pytest.fixture(scope="module")
def fitted():
    model = VAE(latent_dim=3, hidden=(64,), epochs=150, batch_size=40, learning_rate=3e-3, random_state=0)
    with pytest.warns(latently.data.DataAssumption, match='column "id" is left out'):
        return model.fit(FRAME)


@pytest.mark.sampled
@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_every_model_with_a_decoder_learns_from_gaps_and_words(model):
    model = clone(model).set_params(hidden=(8,), epochs=1, random_state=0)
    model.fit(FRAME.drop(columns="id"), TOWN % 2)
    codes = model.transform(FRAME)
    assert codes.shape == (N, 2)
    assert np.isfinite(codes).all()
    assert model.reconstruct(FRAME).notna().all(axis=None)
    filled = model.impute(FRAME, n_samples=3)
    assert filled.notna().all(axis=None)
    assert all(np.isfinite(value) for value in model.history_[-1]["terms"].values())


def test_samples_are_rows_of_the_same_kinds_that_keep_what_columns_have_to_do_with_each_other(fitted):
    samples = fitted.sample(2000, random_state=0)
    assert list(samples.columns) == ["age", "town", "visits", "income", "smoker"]
    assert samples["visits"].dtype.kind == "i"
    assert samples["visits"].min() >= 0
    assert samples["income"].min() > 0
    assert set(samples["town"]) == {"Bonn", "Trier", "Ulm"}
    assert samples["smoker"].dtype == bool
    assert ((samples["age"] % 1) == 0).all()
    for town, age in WHOLE.groupby("town")["age"].mean().items():
        assert samples["age"][samples["town"] == town].mean() == pytest.approx(age, abs=3)
    assert not samples.equals(fitted.sample(2000, random_state=1))
    typical = fitted.sample(2000, random_state=0, noise=False)
    assert typical["age"].std() < samples["age"].std()


def test_gaps_are_filled_in_and_all_else_stays(fitted):
    filled = fitted.impute(FRAME)
    there = FRAME.notna()
    pd.testing.assert_frame_equal(filled.where(there), FRAME)
    assert filled.drop(columns="id").notna().all(axis=None)
    assert filled.index.equals(FRAME.index)
    missing = GAPS[:, 2]
    assert (filled["town"][missing] == WHOLE["town"][missing]).mean() > 0.7  # a third by chance
    error = (filled["age"] - WHOLE["age"])[GAPS[:, 1]]
    assert np.sqrt((error**2).mean()) < 0.6 * AGE.std()


def test_multiple_imputation_draws_tables_that_differ_in_the_gaps_alone(fitted):
    first, second = fitted.impute(FRAME, draws=2)
    assert not first["age"].equals(second["age"])
    pd.testing.assert_frame_equal(first.where(FRAME.notna()), second.where(FRAME.notna()))
    again, _ = fitted.impute(FRAME, draws=2)
    pd.testing.assert_frame_equal(first, again)


def test_a_model_of_a_table_is_saved_loaded_and_copied(fitted, tmp_path):
    fitted.save(tmp_path)
    for model in (latently.load(tmp_path), pickle.loads(pickle.dumps(fitted))):
        np.testing.assert_array_equal(model.transform(FRAME), fitted.transform(FRAME))
        pd.testing.assert_frame_equal(model.sample(5, random_state=0), fitted.sample(5, random_state=0))
        assert model.assumptions_ == fitted.assumptions_


def test_what_comes_in_as_an_array_comes_out_as_one():
    X = DRAW.normal(size=(40, 3)).astype(np.float32)
    X[DRAW.random(X.shape) < 0.2] = np.nan
    X[np.isnan(X).all(axis=1)] = 0
    model = VAE(latent_dim=2, hidden=(8,), epochs=1, random_state=0).fit(X)
    assert model.sample(4).shape == (4, 3)
    assert model.reconstruct(X).shape == X.shape
    filled = model.impute(X)
    assert type(filled) is np.ndarray
    assert filled.dtype == np.float32
    np.testing.assert_array_equal(filled[~np.isnan(X)], X[~np.isnan(X)])
    assert np.isfinite(model.score_samples(X, n_samples=5, kind="importance")).all()
    assert make_pipeline(clone(model)).fit_transform(X).shape == (40, 2)


def test_a_polars_frame_gives_polars_frames():
    pl = pytest.importorskip("polars")
    frame = pl.from_pandas(FRAME.drop(columns="id"))
    model = as_if_loaded(VAE(latent_dim=2, hidden=(8,)), frame)
    assert isinstance(model.sample(3), pl.DataFrame)
    filled = model.impute(frame)
    assert filled.null_count().to_numpy().sum() == 0
    assert filled.columns == frame.columns


def test_the_bound_counts_what_is_there():
    X = DRAW.normal(size=(60, 2))
    X[:30, 1] = np.nan
    model = as_if_loaded(VAE(latent_dim=1, hidden=(8,)), X)
    hidden = np.where([[False, True]], np.nan, np.abs(X))
    assert (model.score_samples(hidden[30:]) != model.score_samples(np.abs(X[30:]))).all()
    x = model.preprocessing_(Table.like(X, model.preprocessing_.columns))
    p = model.game_.decode(jnp.asarray(model.transform(X))).log_probs(x)
    assert (np.asarray(p)[:30, 1] == 0).all()
    assert (np.asarray(p)[:30, 0] != 0).all()


def test_counts_come_out_as_counts():
    counts = DRAW.poisson(3, size=(60, 4)).astype(np.uint8)
    table = Table.of(counts, kinds=dict.fromkeys(("x0", "x1", "x2", "x3"), "count"))
    model = VAE(latent_dim=2, hidden=(8,), epochs=2, random_state=0)
    samples = model.fit(table).sample(50, random_state=0)
    assert samples.dtype == np.uint8
    assert samples.shape == (50, 4)
    np.testing.assert_array_equal(model.fit(counts).sample(50, random_state=0), samples)  # uint8 that is no pixels
    assert "counts" in model.assumptions_[0]
    assert as_if_loaded(model, counts.astype(np.int64)).preprocessing_.range == "real"
    assert as_if_loaded(model.set_params(output="sigmoid"), counts).preprocessing_.range == "unit"


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda: ACGAN(latent_dim=2).fit(FRAME, TOWN), r"X must be numbers without gaps \(NaN\) for ACGAN"),
        (lambda: VAE(network="conv").fit(FRAME), "network must be mlp or resnet for a table with gaps"),
        (
            lambda: VAE(likelihood="bernoulli").fit(FRAME),
            r"likelihood must be left at auto .*kinds=.*; got|each column has",
        ),
        (
            lambda: VAE(corruption="salt-and-pepper:0.1").fit(FRAME),
            "corruption must be gaussian or masking for a table",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore::latently.data.DataAssumption")
def test_what_a_table_cannot_have_is_told_in_one_sentence(ask, sentence):
    with pytest.raises(ValueError, match=sentence):
        ask()


def test_a_model_of_rows_without_gaps_does_not_impute():
    model = as_if_loaded(VAE(latent_dim=2, hidden=(8,)), np.eye(20))
    assert not hasattr(model, "impute")
    with pytest.raises(NotSupportedError, match="fill in missing cells: it was fitted on rows without gaps"):
        model.impute(np.eye(20))


def test_a_row_of_nothing_is_the_priors_own(fitted):
    nothing = FRAME.iloc[:2].mask(np.ones((2, FRAME.shape[1]), bool))
    filled = fitted.impute(nothing.astype(object))
    assert filled["town"].isin(["Bonn", "Trier", "Ulm"]).all()


def test_gaps_of_a_file_of_numbers_are_learned_from(tmp_path):
    X = DRAW.normal(size=(60, 3))
    X[::4, 1] = np.nan
    np.save(tmp_path / "rows.npy", X)
    np.savez(tmp_path / "rows.npz", X=X)
    filled = []
    for name in ("rows.npy", "rows.npz"):
        data = latently.open_dataset(tmp_path / name, seed=1)
        model = VAE(latent_dim=2, hidden=(8,), epochs=1, random_state=0).fit(data.train.x)
        filled.append(model.impute(data.train.x))
        assert np.isfinite(filled[-1]).all()
        assert np.isfinite(model.transform(data.test.x)).all()
    assert filled[0].shape == filled[1].shape


@pytest.mark.parametrize("estimator", [latently.VAE, latently.ConditionalVAE])
def test_samples_of_numbers_are_draws_and_scatter_as_rows_do(estimator):
    random = np.random.default_rng(0)
    y = np.arange(300) % 3
    X = np.eye(3)[y] * 4 + random.normal(size=(300, 3))
    model = estimator(2, hidden=(32,), epochs=150, learning_rate=5e-3, random_state=0).fit(X, y)
    labels = np.resize(y, 900) if estimator is latently.ConditionalVAE else None
    drawn, means = (model.sample(900, labels, random_state=0, noise=noise) for noise in (None, False))
    assert drawn.std(axis=0) / X.std(axis=0) == pytest.approx(1, abs=0.25)
    assert (means.std(axis=0) < 0.95 * drawn.std(axis=0)).all()
    again = model.sample(900, labels, random_state=0)
    assert np.array_equal(again, drawn)


def test_samples_of_pixels_and_of_a_generator_are_means():
    pixels = np.random.default_rng(0).uniform(size=(40, 6))
    vae = as_if_loaded(latently.VAE(2, hidden=()), pixels)
    assert np.array_equal(vae.sample(5, random_state=0), vae.sample(5, random_state=0, noise=False))
    gan = as_if_loaded(latently.ACGAN(2, network="mlp", hidden=(8,)), 20 * pixels, np.arange(40) % 2)
    assert np.array_equal(gan.sample(5, random_state=0), gan.sample(5, random_state=0, noise=False))


NUMBERS = pd.DataFrame(DRAW.normal(size=(40, 2)), columns=["a", "b"]).assign(visits=DRAW.poisson(1, 40))


@pytest.fixture(scope="module")
def of_numbers():
    """A model of a frame of numbers with a column that counts its rows."""
    frame = NUMBERS.rename_axis(None).reset_index(names="Unnamed: 0")
    with pytest.warns(latently.data.DataAssumption, match="column without a name is left out"):
        return as_if_loaded(VAE(latent_dim=2, hidden=()), frame)


def test_set_output_asks_for_rows_in_frames_too(of_numbers):
    pl = pytest.importorskip("polars")
    arrays = as_if_loaded(VAE(latent_dim=2, hidden=()), NUMBERS.to_numpy())
    kinds = as_if_loaded(VAE(latent_dim=2, hidden=()), WHOLE[["age", "town"]].mask(DRAW.random((N, 2)) < 0.1))
    for model, given, names in [(of_numbers, NUMBERS, ["a", "b", "visits"]), (kinds, FRAME, ["age", "town"])]:
        model = pickle.loads(pickle.dumps(model))
        assert isinstance(model.sample(2), pd.DataFrame)
        model.set_output(transform="polars")
        for rows in (model.sample(2), model.reconstruct(given[:3]), model.interpolate(given[:2], given[2:4], 2)):
            assert isinstance(rows, pl.DataFrame)
            assert rows.columns == names
        if model is not of_numbers and hasattr(model, "impute"):
            assert isinstance(model.impute(given[:3], n_samples=2), pl.DataFrame)
    assert isinstance(arrays.sample(2), np.ndarray)
    assert arrays.set_output(transform="pandas").sample(2).columns.tolist() == ["x0", "x1", "x2"]


def test_a_frame_of_numbers_is_learned_without_the_column_that_counts_its_rows(of_numbers, tmp_path):
    of_numbers.save(tmp_path)
    for model in (of_numbers, latently.load(tmp_path)):
        assert model.feature_names_in_.tolist() == ["a", "b", "visits"]
        assert model.preprocessing_.reading == "rows of 3 columns, each standardised"
        assert model.assumptions_ == (
            "the column without a name is left out, since it counts the rows; "
            'kinds="Unnamed: 0=number" takes it all the same',
            "all columns are taken for numbers, each standardised, though visits could be count; "
            'kinds="NAME=KIND" says so',
        )
        with_counts = NUMBERS.assign(**{"Unnamed: 0": range(100, 140)})
        np.testing.assert_array_equal(model.transform(with_counts), model.transform(NUMBERS))
    kept = Table.of(NUMBERS.assign(row=range(40)), kinds={"row": "number"})
    assert kept.names == ("a", "b", "visits", "row")


def test_a_frame_whose_columns_have_numbers_for_names_comes_back_so():
    model = as_if_loaded(VAE(latent_dim=2, hidden=()), pd.DataFrame(NUMBERS.to_numpy()))
    assert model.sample(2).columns.tolist() == [0, 1, 2]


def test_what_was_guessed_of_a_data_set_is_known_to_the_model_that_is_given_it(tmp_path):
    path = tmp_path / "prices.csv"
    frame = NUMBERS.assign(town=np.resize(["Ulm", "Bonn", "Trier"], 40))
    for columns in (["a", "b"], ["a", "b", "town"]):
        frame[columns].to_csv(path, index=False, sep=";", decimal=",")
        data = latently.open_dataset(path)
        model = as_if_loaded(VAE(latent_dim=2, hidden=()), data.train)
        assert "prices.csv is written with delimiter=semicolon, decimal=comma" in model.assumptions_[0]
        assert model.transform(data.test).shape == (8, 2)
        assert model.set_output(transform="pandas").sample(1).columns.tolist() == columns
    assert "delimiter=semicolon" in as_if_loaded(VAE(latent_dim=2, hidden=()), data.train.x).assumptions_[0]


def test_a_part_of_a_data_set_brings_its_labels():
    rows = latently.data.Dataset("two", (DRAW.normal(size=(4, 2)),), np.array([1, 0, 1, 0]), ("ant", "bee"))
    model = as_if_loaded(ConditionalVAE(latent_dim=2, hidden=()), rows)
    assert model.classes_.tolist() == ["ant", "bee"]
    X, labels, _ = model._meet(rows, ["bee"] * 4, None)
    assert (X.shape, labels.tolist()) == ((4, 2), [0, 0, 0, 0])  # those that are given go before


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_columns_of_a_frame_of_numbers_come_back_in_their_own_types(library, tmp_path):
    frames = pytest.importorskip(library)
    columns = {
        "visits": DRAW.integers(0, 250, 40).astype(np.uint8),
        "rate": DRAW.normal(size=40),
        "size": DRAW.normal(size=40),
    }
    frame = frames.DataFrame(columns | {"size": columns["size"].astype(np.float32)})
    model = as_if_loaded(VAE(latent_dim=2, hidden=(4,)), frame)
    model.save(tmp_path / "model")
    for each in (model, latently.load(tmp_path / "model")):
        for rows in (each.sample(3, random_state=0), each.reconstruct(frame)):
            assert list(rows.dtypes) == list(frame.dtypes)
