"""Preprocessing: forwards and back again, and what it refuses."""

import json

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from latently.data import DataError, Preprocessing, Subset, check_finite

DTYPES = st.sampled_from([np.uint8, np.int16, np.int32, np.bool_, np.float16, np.float32, np.float64])


@st.composite
def tables(draw):
    dtype = np.dtype(draw(DTYPES))
    shape = draw(arrays.array_shapes(min_dims=2, max_dims=4, min_side=1, max_side=5))
    elements = {
        "b": st.booleans(),
        "u": st.integers(0, 255),
        "i": st.integers(-1000, 1000),
        "f": st.floats(-100, 100, width=16),
    }[dtype.kind]
    return draw(arrays.arrays(dtype, shape, elements=elements))


@settings(max_examples=25, deadline=None)
@given(X=tables(), range_=st.sampled_from(["auto", "real"]))
def test_inverse_of_forward_is_the_identity_for_every_type_and_shape(X, range_):
    preprocessing = Preprocessing.fit(X, range=range_)
    back = preprocessing.inverse(preprocessing(X))
    assert back.shape == X.shape
    if X.dtype.kind == "f":
        assert back.dtype == np.float32
        np.testing.assert_allclose(back, X, atol=1e-3, rtol=1e-5)
    else:
        assert back.dtype == X.dtype
        np.testing.assert_array_equal(back, X)


@pytest.mark.parametrize("range_", ["unit", "symmetric"])
def test_every_pixel_value_survives_the_way_there_and_back(range_):
    X = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    preprocessing = Preprocessing.fit(X, range=range_, layout="images")
    x = preprocessing(X)
    assert x.shape == (1, 16, 16, 1)
    assert float(x.min()) == (0.0 if range_ == "unit" else -1.0)
    assert float(x.max()) == 1.0
    np.testing.assert_array_equal(preprocessing.inverse(x), X)


@pytest.mark.parametrize(
    ("X", "expected"),
    [
        (np.zeros((2, 3), np.uint8), "unit"),
        (np.zeros((2, 3), np.bool_), "unit"),
        (np.full((2, 3), 0.5), "unit"),
        (np.array([[0, 1]]), "unit"),
        (np.array([[0, 16]]), "real"),
        (np.array([[-0.1, 0.5]]), "real"),
    ],
)
def test_the_range_is_chosen_from_the_numbers(X, expected):
    assert Preprocessing.fit(X).range == expected


def test_symmetric_takes_numbers_already_between_minus_one_and_one_as_they_are():
    X = np.array([[-1.0, 0.25], [0.5, 1.0]])
    np.testing.assert_allclose(Preprocessing.fit(X, range="symmetric")(X), X)
    unit = np.array([[0.0, 0.25], [0.5, 1.0]])
    np.testing.assert_allclose(Preprocessing.fit(unit, range="symmetric")(unit), 2 * unit - 1)


def test_standardisation_is_by_feature_for_vectors_and_one_for_all_pixels_of_images():
    generator = np.random.default_rng(0)
    X = generator.normal([5.0, -300.0, 0.0], [2.0, 40.0, 1e-3], size=(500, 3))
    vectors = Preprocessing.fit(X)
    np.testing.assert_allclose(vectors.offset, X.mean(axis=0))
    np.testing.assert_allclose(vectors.scale, X.std(axis=0))
    x = np.asarray(vectors(X), dtype=np.float64)
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(x.std(axis=0), 1, rtol=1e-4)

    images = Preprocessing.fit(X.reshape(500, 3, 1))
    assert images.offset.shape == images.scale.shape == ()
    np.testing.assert_allclose([images.offset, images.scale], [X.mean(), X.std()])


def test_a_constant_feature_is_divided_by_one():
    X = np.array([[7.0, 1.0], [7.0, 2.0]]) * 1e6
    preprocessing = Preprocessing.fit(X)
    assert preprocessing.scale[0] == 1.0
    assert np.isfinite(np.asarray(preprocessing(X))).all()


def test_statistics_do_not_depend_on_the_pieces(monkeypatch):
    X = np.random.default_rng(1).normal(1e4, 1.0, size=(1000, 3))
    whole = Preprocessing.fit(X)
    monkeypatch.setattr("latently.data.rows.pieces", lambda rows: (rows[i : i + 7] for i in range(0, len(rows), 7)))
    piecewise = Preprocessing.fit(X)
    np.testing.assert_allclose(piecewise.offset, whole.offset, rtol=1e-12)
    np.testing.assert_allclose(piecewise.scale, whole.scale, rtol=1e-9)


@pytest.mark.parametrize(
    ("row_shape", "event_shape"), [((4, 6), (4, 6, 1)), ((4, 6, 3), (4, 6, 3)), ((16,), (4, 4, 1))]
)
def test_images_become_height_width_channels(row_shape, event_shape):
    X = np.zeros((2, *row_shape), np.uint8)
    preprocessing = Preprocessing.fit(X, layout="images")
    assert preprocessing.event_shape == event_shape
    assert preprocessing(X).shape == (2, *event_shape)
    assert preprocessing.inverse(np.zeros((2, *event_shape), np.float32)).shape == X.shape
    assert Preprocessing.fit(X).event_shape == (np.prod(row_shape),)


def test_it_runs_inside_jit_with_the_same_result():
    X = np.random.default_rng(0).integers(0, 256, (5, 4, 4), dtype=np.uint8)
    preprocessing = Preprocessing.fit(X)
    np.testing.assert_allclose(jax.jit(preprocessing)(X), preprocessing(X), rtol=1e-6)


def test_a_batch_of_no_rows_stays_one():
    preprocessing = Preprocessing.fit(np.zeros((2, 4, 4), np.uint8), layout="images")
    assert preprocessing(np.zeros((0, 4, 4), np.uint8)).shape == (0, 4, 4, 1)


def test_binarized_pixels_are_ones_as_often_as_they_are_bright():
    X = np.tile(np.array([0, 51, 255], np.uint8), (20000, 1))
    preprocessing = Preprocessing.fit(X, binarize=True)
    drawn = np.asarray(preprocessing(X, jax.random.key(0)))
    assert set(np.unique(drawn)) == {0.0, 1.0}
    np.testing.assert_allclose(drawn.mean(axis=0), [0, 0.2, 1], atol=0.01)
    np.testing.assert_allclose(preprocessing(X)[0], [0, 0.2, 1], rtol=1e-6)


@settings(max_examples=10, deadline=None)
@given(X=tables())
def test_a_config_survives_json(X):
    preprocessing = Preprocessing.fit(X)
    again = Preprocessing.from_config(json.loads(json.dumps(preprocessing.to_config())))
    assert again.to_config() == preprocessing.to_config()
    np.testing.assert_array_equal(again(X), preprocessing(X))


@pytest.mark.parametrize(
    "change",
    [
        {"scale": 0.0},
        {"scale": [1.0, 1.0, 1.0]},
        {"scale": float("nan")},
        {"offset": "low"},
        {"offset": float("inf")},
        {"row_shape": [3]},
        {"row_shape": [2.5]},
        {"row_shape": None},
        {"dtype": "object"},
        {"dtype": "uint9"},
        {"range": "wide"},
        {"binarize": 1},
        {"binarize": True, "range": "real"},
    ],
)
def test_a_config_with_a_wrong_value_is_refused(change):
    config = Preprocessing.fit(np.zeros((1, 4), np.uint8)).to_config()
    with pytest.raises(DataError, match="preprocessing config"):
        Preprocessing.from_config({**config, **change})


def test_a_config_with_a_missing_or_unknown_field_is_refused():
    config = Preprocessing.fit(np.zeros((1, 4), np.uint8)).to_config()
    with pytest.raises(DataError, match="must have the fields"):
        Preprocessing.from_config({**config, "code": "import os"})
    del config["scale"]
    with pytest.raises(DataError, match="must have the fields"):
        Preprocessing.from_config(config)


@pytest.mark.parametrize(
    ("X", "options", "message"),
    [
        (np.array([[0.0, np.nan]]), {}, r"has NaN in column 1 \(row 0\)"),
        (np.array([[0.0, np.inf]]), {"range": "real"}, r"has infinity in column 1 \(row 0\)"),
        (np.array([[1 + 2j]]), {}, "Complex data not supported"),
        (np.array([[None]], dtype=object), {}, "dtype object"),
        (np.array([["a"]]), {}, "dtype <U1"),
        (np.zeros((0, 3)), {}, r"0 sample\(s\)"),
        (np.zeros((3, 0)), {}, r"0 feature\(s\)"),
        (np.zeros(3), {}, "Reshape your data"),
        (
            np.array([[0.0, 1.5]]),
            {"range": "unit"},
            r"X must lie in \[0, 1\] for a Bernoulli decoder; got .* 0 to 1\.5",
        ),
        (np.array([[0, 16]]), {"range": "unit"}, 'likelihood="gaussian"'),
        (np.array([[-2.0, 1.5]]), {"range": "symmetric"}, "from -2 to 1.5"),
        (np.zeros((2, 5), np.uint8), {"layout": "images"}, "square"),
        (np.zeros((2, 1, 2, 3, 4), np.uint8), {"layout": "images"}, "network of images"),
        (np.array([[0, 16]]), {"binarize": True}, "binarize needs pixels"),
    ],
)
def test_data_that_cannot_be_used_gets_a_sentence(X, options, message):
    with pytest.raises(DataError, match=message):
        Preprocessing.fit(X, **options)


def test_new_rows_may_be_flat_or_images_and_any_integers_that_are_pixels():
    X = np.zeros((3, 4, 4), np.uint8)
    preprocessing = Preprocessing.fit(X)
    for new in (X, X.reshape(3, 16), X[..., None], X.astype(np.int64), Subset(X, np.array([2, 0]))):
        preprocessing.check(new)
        assert preprocessing(np.asarray(new)).shape == (len(new), 16)
    Preprocessing.fit(X.reshape(3, 16)).check(X)


@pytest.mark.parametrize(
    ("fitted", "new", "message"),
    [
        (np.eye(4), np.eye(3), "X has 3 features, but VAE is expecting 4 features as input"),
        (np.zeros((1, 4, 4)), np.zeros((1, 2, 8)), r"rows of shape \(2, 8\)"),
        (np.zeros((1, 4), np.uint8), np.zeros((1, 4)), "fitted on uint8 pixels"),
        (np.zeros((1, 4), np.uint8), np.full((1, 4), 256), r"must lie in \[0, 255\]"),
        (np.zeros((1, 4)), np.full((1, 4), 1.1), r"must lie in \[0, 1\]"),
        (np.array([[-1.0, 1.0]]), np.array([[np.nan, 1.0]]), "NaN"),
        (np.eye(2), np.array([[None, 1]], dtype=object), "dtype object"),
    ],
)
def test_new_rows_that_mean_something_else_are_refused(fitted, new, message):
    with pytest.raises(ValueError, match=message):
        Preprocessing.fit(fitted).check(new, "VAE")


def test_only_infinity_is_refused_where_nan_stands_for_a_number_that_is_missing():
    table = np.array([[1.0, np.nan], [np.nan, 2.0]])
    check_finite(table, allow_nan=True)
    check_finite(np.full((3, 2), np.iinfo(np.int64).max))  # integers are finite
    check_finite(np.full((3, 2), np.finfo(np.float32).max, np.float32))  # though their sum is not
    table[1, 1] = -np.inf
    with pytest.raises(
        DataError, match=r"^the table must be finite, and has infinity in column 'b' \(row 1\), counted"
    ):
        check_finite(table, "the table", ["a", "b"], allow_nan=True)


def test_numbers_that_are_all_the_same_are_divided_by_nothing():
    ids = np.column_stack([2**62 + np.arange(50), np.full(50, 2**62)])
    assert float(Preprocessing.fit(ids).scale[1]) == 1.0


def test_integers_beyond_32_bits_are_read_as_the_numbers_that_they_are():
    rows = np.column_stack([np.arange(50) * 10**9, np.arange(50)])
    preprocessing = Preprocessing.fit(rows)
    (stored,) = preprocessing.stored(rows)
    expected = (rows - preprocessing.offset) / preprocessing.scale
    np.testing.assert_allclose(preprocessing.reads((stored,)), expected, atol=1e-5)
    np.testing.assert_allclose(jax.jit(preprocessing.reads)((stored,)), expected, atol=1e-5)
