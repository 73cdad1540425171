"""What goes in and what comes out: shapes, units, types."""

import jax
import numpy as np
import pytest
import scipy.sparse
from sklearn.base import clone

from latently import AAE, VAE, Feed
from latently.data import Subset
from latently.data.sparse import Sparse
from small_models import as_if_fitted, as_if_loaded

FAST = {"latent_dim": 2, "hidden": (8,), "epochs": 1, "batch_size": 16, "random_state": 0}
RANDOM = np.random.default_rng(0)
PIXELS = RANDOM.integers(0, 256, (30, 6, 6), dtype=np.uint8)
ROWS = {
    "uint8 images": PIXELS,
    "uint8 images with a channel": PIXELS[..., None],
    "uint8 images in colour": RANDOM.integers(0, 256, (30, 6, 6, 3), dtype=np.uint8),
    "uint8 vectors": PIXELS.reshape(30, 36),
    "booleans": PIXELS.reshape(30, 36) > 127,
    "float images in [0, 1]": PIXELS / 255,
    "float vectors in [0, 1]": PIXELS.reshape(30, 36) / 255,
    "measurements": RANDOM.normal(100, 20, (30, 5)),
    "counts": RANDOM.integers(0, 1000, (30, 5)),
    "float32": RANDOM.normal(size=(30, 5)).astype(np.float32),
}


@pytest.mark.parametrize("kind", ROWS)
def test_data_comes_out_in_the_shape_the_units_and_the_type_that_it_came_in(kind):
    X = ROWS[kind]
    model = as_if_fitted(VAE(**FAST), X)
    codes = model.transform(X)
    assert codes.shape == (30, 2)
    assert codes.dtype == np.float32
    expected = np.float32 if X.dtype.kind == "f" else X.dtype
    for rows in (model.reconstruct(X), model.sample(7, random_state=0), model.inverse_transform(codes[:7])):
        assert rows.shape[1:] == X.shape[1:]
        assert rows.dtype == expected
    paths = model.interpolate(X[:2], X[2:4], steps=3)
    assert paths.shape == (2, 3, *X.shape[1:])
    assert paths.dtype == expected
    assert model.manifold(3).shape == (9, *X.shape[1:])


@pytest.mark.parametrize("kind", ["measurements", "counts"])
def test_reconstructions_are_in_the_units_of_the_data(kind):
    X = ROWS[kind]
    rows = VAE(**FAST).fit(X).reconstruct(X)
    np.testing.assert_allclose(rows.mean(axis=0), X.mean(axis=0), atol=0.75 * X.std())


@pytest.mark.parametrize(
    ("estimator", "kind"),
    [
        (VAE, "uint8 images"),
        (VAE, "uint8 images with a channel"),
        (AAE, "uint8 images in colour"),
        (VAE, "uint8 vectors"),
    ],
)
def test_images_go_through_convolutions(estimator, kind):
    X = ROWS[kind]
    model = as_if_fitted(estimator(**FAST, network="conv", channels=(3, 4)), X)
    assert model.transform(X).shape == (30, 2)
    rows = model.reconstruct(X)
    assert rows.shape == X.shape
    assert rows.dtype == np.uint8


def test_a_model_of_images_takes_them_flat_and_the_other_way_round():
    flat, image = PIXELS.reshape(30, 36), PIXELS
    of_images, of_rows = as_if_fitted(VAE(**FAST), image), as_if_fitted(VAE(**FAST), flat)
    assert (of_images.transform(flat) == of_images.transform(image)).all()
    assert (of_rows.transform(image) == of_rows.transform(flat)).all()
    assert (of_images.transform(image) == of_rows.transform(flat)).all()
    assert of_images.reconstruct(flat).shape == (30, 6, 6)
    assert of_rows.reconstruct(image).shape == (30, 36)


@pytest.mark.parametrize("source", ["memory map", "subset", "list", "Fortran order", "other byte order"])
def test_the_fit_does_not_depend_on_where_the_rows_lie(source, tmp_path):
    X = ROWS["float32"]
    np.save(tmp_path / "rows.npy", X)
    given = {
        "memory map": lambda: np.load(tmp_path / "rows.npy", mmap_mode="r"),
        "subset": lambda: Subset(X, np.arange(30)),
        "list": X.tolist,
        "Fortran order": lambda: np.asfortranarray(X),
        "other byte order": lambda: X.astype(">f4"),
    }[source]()
    expected = VAE(**FAST).fit(X)
    model = VAE(**FAST).fit(given)
    np.testing.assert_array_equal(model.transform(given), expected.transform(X))
    assert model.n_features_in_ == 5


def test_a_change_to_the_array_after_the_fit_began_does_no_harm():
    X = ROWS["float32"].copy()
    expected = VAE(**FAST).fit(X).transform(X)
    model = VAE(**FAST)
    trainer = model.trainer(X)
    X[:] = 0
    trainer.run(model.total_rounds(trainer))
    assert (model.adopt(trainer).transform(ROWS["float32"]) == expected).all()


def test_one_row_and_one_feature_are_enough():
    assert VAE(**FAST).fit(np.ones((1, 1))).transform(np.ones((1, 1))).shape == (1, 2)
    assert AAE(**FAST).fit(np.ones((1, 3)), [0]).predict(np.ones((2, 3))).tolist() == [0, 0]


@pytest.mark.parametrize("estimator", [VAE(**FAST), AAE(**FAST, critic_hidden=(8,), encoder="gaussian")])
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, ("unit", "BernoulliHead")),
        ({"output": "tanh"}, ("symmetric", "GaussianHead")),
        ({"likelihood": "gaussian"}, ("unit", "GaussianHead")),
        ({"likelihood": "laplace", "output": "sigmoid"}, ("unit", "LaplaceHead")),
        ({"likelihood": "laplace", "output": "tanh"}, ("symmetric", "LaplaceHead")),
        ({"likelihood": "bernoulli"}, ("unit", "BernoulliHead")),
    ],
)
def test_the_likelihood_and_the_range_follow_from_data_and_arguments(estimator, options, expected):
    model = as_if_loaded(clone(estimator).set_params(**options), PIXELS)
    assert (model.preprocessing_.range, type(model.game_.decoder.head).__name__) == expected


def test_data_outside_of_0_and_1_gets_a_gaussian_likelihood():
    assert as_if_loaded(VAE(**FAST), ROWS["measurements"]).preprocessing_.range == "real"


@pytest.mark.parametrize(("output", "low"), [("sigmoid", 0.0), ("tanh", -1.0)])
def test_salt_and_pepper_are_the_ends_of_the_range_of_the_data(output, low):
    model = AAE(**FAST, likelihood="gaussian", output=output, corruption="salt-and-pepper:0.2")
    corruption = model.trainer(PIXELS).state.game.corruption
    assert (corruption.low, corruption.high) == (low, 1.0)


@pytest.mark.parametrize("form", ["csr_array", "csc_matrix", "coo_array"])
def test_sparse_rows_are_learned_as_their_array_is(form):
    dense = np.random.default_rng(0).poisson(0.3, size=(50, 6)).astype(np.float32)
    sparse = getattr(scipy.sparse, form)(dense)
    model = VAE(latent_dim=2, hidden=(8,), epochs=2, random_state=0)
    codes = model.fit(dense).transform(dense)
    np.testing.assert_array_equal(model.fit(sparse).transform(sparse), codes)
    np.testing.assert_array_equal(model.transform(dense), codes)
    assert model.reconstruct(sparse).shape == (50, 6)


def test_sparse_rows_are_streamed_a_batch_at_a_time():
    matrix = scipy.sparse.random_array((40, 5), density=0.2, rng=0, dtype=np.float32)
    batches = []
    for rows, resident_bytes in ((Sparse(matrix), 0), (matrix.toarray(), 2**30)):
        feed = Feed((rows,), batch_size=8, seed=0, resident_bytes=resident_bytes)
        assert feed.resident == bool(resident_bytes)
        chunk = feed.chunk(0, 5)
        batches.append([chunk.batch(lambda views, _: views, number, jax.random.key(0)).x for number in range(5)])
    np.testing.assert_array_equal(*batches)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (
            np.eye(9) + 0j,
            r"^X must hold real numbers; got dtype complex128 \(Complex data not supported\)\. Give real and",
        ),
        (np.zeros(9, [("a", "f4"), ("b", "f4")]), r"^X has named fields \(a, b\) for columns\. Make columns of them: "),
        (
            [[1, 2], [3]],
            r"^X must have rows of one length; got rows of 1 to 2 numbers\. Fill them up with NaN, or cut th",
        ),
        (np.zeros((9, 2), "M8[s]"), r"^X must hold integers, booleans or floats .*; got dtype datetime64\[s\]\."),
        (np.zeros((0, 3)), r"Found array with 0 sample\(s\)"),
    ],
    ids=["complex", "fields", "ragged", "dates", "no rows"],
)
def test_arrays_that_are_no_rows_of_numbers_get_one_sentence(X, message):
    with pytest.raises(ValueError, match=message) as caught:
        VAE(**FAST).fit(X)
    assert "\n" not in str(caught.value)
