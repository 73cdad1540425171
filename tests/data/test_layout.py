"""What rows are taken for: images or series, channels first or last, pixels or counts."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from latently.data import DataAssumption, DataError, Dataset, Preprocessing, open_dataset
from latently.data.layout import bytes_are, channels_first, rows_are
from latently.data.view_making import halves

GENERATOR = np.random.default_rng(0)
BLOBS = np.clip(GENERATOR.normal(120, 60, (40, 3, 8, 12)), 0, 255).astype(np.uint8)


def series(steps, scales, seed=0):
    """Random walks, seen through channels of these scales, in no order."""
    generator = np.random.default_rng(seed)
    walks = generator.normal(size=(200, steps, 3)).cumsum(axis=1)
    return (walks @ generator.normal(size=(3, len(scales)))) * np.asarray(scales)


# ---- channels first ----


@pytest.mark.parametrize(
    ("shape", "first"),
    [
        ((1, 28, 28), True),
        ((3, 32, 32), True),
        ((4, 16, 20), True),
        ((28, 28, 1), False),
        ((32, 32, 3), False),
        ((3, 8, 4), False),
        ((2, 8, 8), True),
        ((12, 8, 8), True),
        ((12, 64, 40), True),
        ((8, 8, 12), False),
        ((40, 64, 12), False),
        ((28, 28), False),
        ((28, 28, 28), False),
    ],
)
def test_channels_are_first_where_that_alone_makes_sense(shape, first):
    assert channels_first(shape) == first
    if len(shape) == 3:
        assert channels_first(shape, "first")
        assert not channels_first(shape, "last")


@pytest.mark.parametrize("channels", [1, 3])
def test_an_event_has_the_channels_last_and_comes_back_as_it_was_stored(channels):
    X = BLOBS[:, :channels]
    preprocessing = Preprocessing.fit(X, layout="images")
    assert preprocessing.event_shape == (8, 12, channels)
    np.testing.assert_allclose(preprocessing(X), np.moveaxis(X, 1, -1) / np.float32(255), rtol=1e-6)
    np.testing.assert_array_equal(preprocessing.inverse(preprocessing(X)), X)
    many = "1 channel" if channels == 1 else "3 channels"
    assert preprocessing.reading == f"images of 8 x 12 pixels, {many}, scaled to [0, 1]"
    assert preprocessing.assumed == (
        f"the first axis of rows {X.shape[1:]} is the channels; {{channel_axis=last}} takes the last",
    )
    assert Preprocessing.from_config(preprocessing.to_config()) == preprocessing


def test_a_user_says_which_axis_is_that_of_the_channels():
    last = Preprocessing.fit(BLOBS, layout="images", channel_axis="last")
    assert (last.event_shape, last.assumed) == ((3, 8, 12), ())
    turned = np.moveaxis(BLOBS, 1, -1)
    first = Preprocessing.fit(turned, layout="images", channel_axis="first")
    assert (first.event_shape, first.assumed) == ((12, 3, 8), ())
    np.testing.assert_array_equal(first.inverse(first(turned)), turned)


def test_rows_that_are_no_images_to_the_network_are_flattened_as_they_are_stored():
    np.testing.assert_allclose(Preprocessing.fit(BLOBS)(BLOBS), BLOBS.reshape(40, -1) / np.float32(255), rtol=1e-6)


def test_a_gray_image_may_come_without_its_axis_of_channels():
    preprocessing = Preprocessing.fit(BLOBS[:, :1], layout="images")
    assert preprocessing.check(BLOBS[:, 0]).shape == (40, 8, 12)
    with pytest.raises(DataError, match=r"has rows of shape \(12, 8\), but"):
        preprocessing.check(np.zeros((2, 12, 8), np.uint8))


def test_halves_of_images_with_the_channels_first_have_them_last():
    both = halves(Dataset("blobs", (BLOBS,)))
    np.testing.assert_array_equal(both.views[0], np.moveaxis(BLOBS, 1, -1)[:, :, :6])
    np.testing.assert_array_equal(both.views[1], np.moveaxis(BLOBS, 1, -1)[:, :, 6:])


def test_a_config_that_was_written_before_there_were_layouts_is_read():
    config = Preprocessing.fit(BLOBS[:, 0]).to_config()
    old = {name: value for name, value in config.items() if name not in ("channels_first", "assumed")}
    assert Preprocessing.from_config(old) == Preprocessing.from_config(config)


@pytest.mark.parametrize(
    ("shape", "event", "guess"),
    [
        ((2, 8, 8), (8, 8, 2), "the first axis of rows (2, 8, 8) is the channels; {channel_axis=last} takes the last"),
        ((12, 8, 8), (8, 8, 12), "the first axis of rows (12, 8, 8) is the channels; {channel_axis=last} takes th"),
        ((8, 8, 12), (8, 8, 12), "the last axis of rows (8, 8, 12) is the channels; {channel_axis=first} takes the fi"),
        ((3, 8, 4), (3, 8, 4), "the last axis of rows (3, 8, 4) is the channels; {channel_axis=first} takes the first"),
        ((28, 28, 28), (28, 28, 28), "rows (28, 28, 28) are volumes, read as images of 28 x 28 pixels: the 28 places "),
        ((8, 8, 3), (8, 8, 3), None),
    ],
)  # fmt: skip
def test_a_reading_of_axes_that_is_not_the_only_one_is_said(shape, event, guess):
    X = GENERATOR.integers(0, 256, (2, *shape)).astype(np.uint8)
    preprocessing = Preprocessing.fit(X, layout="images")
    assert preprocessing.event_shape == event
    assert [said[: len(guess)] for said in preprocessing.assumed] == ([] if guess is None else [guess])
    np.testing.assert_array_equal(preprocessing.inverse(preprocessing(X)), X)
    for axis in ("first", "last"):
        assert Preprocessing.fit(X, layout="images", channel_axis=axis).assumed == ()


@pytest.mark.parametrize("shape", [(6, 6, 6), (1, 6, 6, 6)])
def test_volumes_are_numbers_to_a_perceptron_and_that_is_said(shape):
    X = GENERATOR.integers(0, 256, (2, *shape)).astype(np.uint8)
    preprocessing = Preprocessing.fit(X)
    assert preprocessing.reading == f"volumes of {' x '.join(map(str, shape))} numbers, scaled to [0, 1]"
    (guess,) = preprocessing.assumed
    assert guess.startswith(f"rows {shape} are volumes, read as 216 numbers, and not convolved")
    assert rows_are(X) == "volumes"
    if len(shape) == 4:
        with pytest.raises(DataError, match="volumes are not convolved over three axes"):
            Preprocessing.fit(X, layout="images")


# ---- series ----


@pytest.mark.parametrize(
    ("steps", "scales"),
    [
        (20, (1, 100, 10_000)),
        (20, (1, 30)),
        (20, (1, 1.5, 1)),
        (3, (1e3, 1, 10, 1e-2, 5)),
        (30, tuple(10.0 ** GENERATOR.uniform(-3, 3, 12))),
        (20, tuple(10.0 ** GENERATOR.uniform(-3, 3, 20))),
    ],
)
@pytest.mark.parametrize("first", [False, True])
def test_channels_of_unlike_scales_are_standardised_one_by_one(steps, scales, first):
    X = series(steps, scales)
    stored = np.moveaxis(X, 2, 1) if first else X
    preprocessing = Preprocessing.fit(stored)
    assert preprocessing.reading == f"series of {steps} steps, {len(scales)} channels, each standardised"
    np.testing.assert_allclose(preprocessing.offset.ravel(), X.mean(axis=(0, 1)), rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(preprocessing.scale.ravel(), X.std(axis=(0, 1)), rtol=1e-6)
    np.testing.assert_allclose(preprocessing.inverse(preprocessing(stored)), stored, rtol=1e-4, atol=1e-4)
    (guess,) = preprocessing.assumed
    axis, why = "first" if first else "last", "" if steps >= 4 * len(scales) else ", since their scales are unlike"
    assert guess == (
        f"the {len(scales)} channels of rows {stored.shape[1:]}, their {axis} axis, are standardised one by one{why}; "
        "{standardize=together} scales all numbers alike"
    )
    assert Preprocessing.from_config(preprocessing.to_config()) == preprocessing


def test_channels_that_are_far_apart_are_unlike_too():
    X = series(20, (1, 1)) / 10 + np.array([300.0, 1000.0])
    assert Preprocessing.fit(X).scale.shape == (1, 2)


def digits_with_margins(width):
    from sklearn.datasets import load_digits

    return load_digits().images[:, :, :width]


@pytest.mark.parametrize(
    "X",
    [
        digits_with_margins(8),
        digits_with_margins(6),
        np.pad(digits_with_margins(8), ((0, 0), (2, 2), (1, 3))),
        GENERATOR.normal(size=(50, 20, 7)),
        GENERATOR.normal(size=(50, 20, 7)) * GENERATOR.uniform(0.5, 2, 7),
        series(4, (1, 10, 100, 1000)),  # a square of few columns says nothing
    ],
    ids=["digits", "digits with one margin", "digits with wide margins", "noise", "noise of like scales", "4 x 4"],
)
def test_images_and_channels_of_like_scales_are_standardised_together(X):
    preprocessing = Preprocessing.fit(X)
    assert preprocessing.scale.shape == ()
    np.testing.assert_allclose([preprocessing.offset, preprocessing.scale], [X.mean(), X.std()])
    (guess,) = preprocessing.assumed
    assert "standardised together" in guess


def test_bands_of_images_of_unlike_scales_are_standardised_one_by_one():
    bands = GENERATOR.normal(size=(30, 6, 6, 4)) * np.array([1, 20, 300, 4000])
    last = Preprocessing.fit(bands, layout="images")
    assert last.scale.shape == (1, 1, 4)
    first = Preprocessing.fit(np.moveaxis(bands, -1, 1), layout="images")
    assert first.scale.shape == (4, 1, 1)
    np.testing.assert_allclose(first(np.moveaxis(bands, -1, 1)), last(bands), rtol=1e-5)
    assert last.reading == "images of 6 x 6 pixels, 4 channels, each standardised"


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("channels", [3, 7])
def test_a_network_of_series_has_every_channel_standardised(channels, first):
    X = series(20, np.ones(channels))
    stored = np.moveaxis(X, 2, 1) if first else X
    axis = "auto" if channels == 3 or not first else "first"
    preprocessing = Preprocessing.fit(stored, layout="series", channel_axis=axis)
    assert preprocessing.event_shape == (20, channels)
    np.testing.assert_allclose(preprocessing.scale.ravel(), X.std(axis=(0, 1)), rtol=1e-6)
    np.testing.assert_allclose(preprocessing.inverse(preprocessing(stored)), stored, rtol=1e-4, atol=1e-4)
    said = " ".join(preprocessing.assumed)
    assert ("the last axis of rows (20, 7) is the channels" in said) == (channels == 7 and not first)
    shares = stored - stored.min()
    assert Preprocessing.fit(shares / shares.max(), layout="series", channel_axis=axis).event_shape == (20, channels)


@pytest.mark.parametrize(("standardize", "shape"), [("together", ()), ("channels", (1, 3)), ("features", (20, 3))])
def test_a_user_says_what_is_standardised(standardize, shape):
    X = series(20, (1, 100, 10_000))
    preprocessing = Preprocessing.fit(X, standardize=standardize)
    assert preprocessing.scale.shape == shape
    assert preprocessing.assumed == ()
    np.testing.assert_allclose(preprocessing.inverse(preprocessing(X)), X, rtol=1e-3, atol=0.1)


def test_standardising_is_for_pixels_and_shares_too_where_it_is_asked_for():
    pixels = Preprocessing.fit(BLOBS[:, 0], standardize="together")
    assert (pixels.range, float(pixels.scale)) == ("real", pytest.approx(BLOBS[:, 0].std()))
    assert Preprocessing.fit(GENERATOR.uniform(size=(9, 4)), standardize="features").range == "real"
    vectors = Preprocessing.fit(series(4, (1, 9)).reshape(200, 8), standardize="together")
    assert vectors.scale.shape == ()
    assert vectors.reading == "vectors of 8 numbers, standardised together"


# ---- pixels, counts, zeros and ones ----

COUNTS = GENERATOR.poisson(2.0, (200, 40)).astype(np.uint8)
RARE = COUNTS.copy()
RARE[0, 0] = 208
SQUARE = COUNTS[:, :36].copy()
SQUARE[0, 0] = 208
FLAT = GENERATOR.integers(0, 256, (50, 784)).astype(np.uint8)


@pytest.mark.parametrize(
    ("rows", "held"),
    [
        (COUNTS, "counts"),
        (RARE, "counts"),
        (SQUARE, "pixels"),
        (FLAT, "pixels"),
        (FLAT[:, :560], "pixels"),
        (FLAT // 4, "counts"),
        (BLOBS, "pixels"),
        (BLOBS // 4, "dark pixels"),
        (BLOBS // 128, "bits"),
        (FLAT // 128, "bits"),
        (np.zeros((3, 4), np.uint8), "pixels"),
    ],
)
def test_what_bytes_are(rows, held):
    assert bytes_are(rows) == held


def test_counts_are_standardised_with_a_warning_and_come_back_whole():
    with pytest.warns(DataAssumption, match=r"is counts, standardised; output=\"sigmoid\" takes it for pixels"):
        preprocessing = Preprocessing.fit(RARE)
    assert preprocessing.range == "real"
    assert preprocessing.reading == "vectors of 40 numbers, each standardised"
    np.testing.assert_array_equal(preprocessing.inverse(preprocessing(RARE)), RARE)
    assert preprocessing.inverse(np.full((1, 40), -9.0)).min() == 0
    np.testing.assert_array_equal(preprocessing.check(RARE.astype(float)), RARE)


def test_counts_are_pixels_where_they_are_asked_to_be():
    asked = Preprocessing.fit(COUNTS, range="unit")
    assert (asked.range, float(asked.scale), asked.assumed) == ("unit", 255.0, ())


def test_dark_images_are_pixels_with_a_warning():
    with pytest.warns(DataAssumption, match="though none is above 127"):
        assert float(Preprocessing.fit(BLOBS // 4, layout="images").scale) == 255


def test_zeros_and_ones_are_no_nearly_black_pixels():
    bits = Preprocessing.fit(BLOBS // 128, layout="images")
    assert (bits.range, float(bits.scale)) == ("unit", 1.0)
    assert "{white_level=255} takes it for pixels from 0 to 255" in bits.assumed[0]
    assert Preprocessing.fit(BLOBS // 128, white_level=255).scale == 255
    np.testing.assert_array_equal(bits.inverse(bits(BLOBS // 128)), BLOBS // 128)
    bits.check((BLOBS // 128).astype(float))
    with pytest.raises(DataError, match=r"X must lie in \[0, 1\]"):
        bits.check(BLOBS)


# ---- which numbers are black and white ----

SHARES = GENERATOR.uniform(size=(30, 8, 8))
SHARES[0, 0, :2] = 0, 1
NUMBERS = {
    "shares": (SHARES, "pixels: floats taken as 0 to 1, black to white; {white_level} names another white, "),
    "flat shares": (SHARES.reshape(30, 64), "pixels: floats taken as 0 to 1, black to white; {white_level} names "),
    "columns": (SHARES.reshape(-1, 8), "numbers: floats taken as shares from 0 to 1, as they are; {standardize=feat"),
    "bytes": (255 * SHARES, "pixels: floats from 0 to 255 are standardised together; {white_level=255} takes them as "),
    "small": (16 * SHARES, "pixels: floats from 0 to 16 are standardised together; {white_level=16} takes them as 0 t"),
    "deep": ((4000 * SHARES).astype(np.uint16), "pixels: uint16 from 0 to 4000 are standardised together; {white_level="
    "4095} takes them as 0 to 4095, black to white"),
    "signed": (2 * SHARES - 1, "pixels: floats from -1 to 1 are standardised together; {output=tanh} takes them as -1"),
    "far": (300 * SHARES - 50, "numbers of rows (8, 8) are standardised together, with one mean and one deviation; "),
}  # fmt: skip


@pytest.mark.parametrize("kind", NUMBERS)
def test_the_range_that_is_assumed_is_said_with_what_decides(kind):
    X, said = NUMBERS[kind]
    (guess,) = Preprocessing.fit(X).assumed
    assert guess.startswith(said)


def test_flat_images_from_0_to_255_are_columns_with_a_warning():
    with pytest.warns(DataAssumption, match="white_level=255 takes them for pixels from 0 to 255"):
        flat = Preprocessing.fit(255 * SHARES.reshape(30, 64))
    assert flat.scale.shape == (64,)


@pytest.mark.parametrize(("kind", "white"), [("bytes", 255.0), ("small", 20.0), ("deep", 4095.0), ("shares", 2.0)])
def test_a_user_says_which_number_is_white(kind, white):
    X = NUMBERS[kind][0]
    pixels = Preprocessing.fit(X, white_level=white)
    assert (pixels.range, pixels.assumed) == ("unit", ())
    assert pixels.reading == "images of 8 x 8 pixels, scaled to [0, 1]"
    np.testing.assert_allclose(pixels(X), (X / white).reshape(30, 64), rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(pixels.inverse(pixels(X)), X, rtol=1e-5, atol=1e-5)
    stretched = Preprocessing.fit(X, white_level=white, range="symmetric")
    np.testing.assert_allclose(stretched(X), (2 * X / white - 1).reshape(30, 64), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (
            "bytes",
            r"X must lie in \[0, 100\] for white_level=100; got .* to 255\. Say .*: white_level=255",
        ),
        ("signed", r"X must lie in \[0, 100\] for white_level=100; got values from -1 to .* with output=\"tanh\"\."),
    ],
)
def test_numbers_beyond_black_and_white_are_named(kind, message):
    with pytest.raises(DataError, match=message):
        Preprocessing.fit(NUMBERS[kind][0], white_level=100)


# ---- inputs that others made ----


def test_public_cases_are_read_as_what_they_are(case):
    reading = {
        "channels-first": "images of 8 x 8 pixels, 1 channel, scaled to [0, 1]",
        "series-three-scales": "series of 20 steps, 3 channels, each standardised",
        "counts": "vectors of 40 numbers, each standardised",
    }
    for name, words in reading.items():
        rows = np.load(case(f"arrays/{name}.npy"))
        if name == "counts":
            with pytest.warns(DataAssumption):
                assert Preprocessing.fit(rows).reading == words
        else:
            assert Preprocessing.fit(rows).reading == words
    assert open_dataset(case("arrays/channels-first.npy")).train.x.shape == (140, 1, 8, 8)


# ---- pictures, curves, columns ----


def spectra(steps):
    """Two bumps a row, at places that vary."""
    x, middles = np.linspace(0, 1, steps), np.random.default_rng(0).uniform(0.2, 0.8, (80, 2, 1))
    return np.exp(-((x - middles) ** 2) / 0.005).sum(axis=1)


@pytest.mark.parametrize(
    ("rows", "names", "of_view", "nature"),
    [
        (np.zeros((4, 8, 8)), None, False, "images"),
        (np.zeros((4, 8, 4)), None, True, "images"),  # halves of digits
        (np.zeros((4, 33, 47, 3)), None, False, "images"),
        (np.zeros((4, 20, 3)), None, False, "series"),
        (np.zeros((4, 3, 20)), None, False, "series"),
        (np.full((4, 40, 4), 200, np.uint8), None, False, "images"),
        (np.zeros((4, 50)), [f"{400 + 2.5 * k}" for k in range(50)], False, "series"),
        (np.zeros((4, 50)), [f"{4000 - 2.5 * k}" for k in range(50)], True, "series"),
        (np.zeros((4, 10)), [f"{400 + 2.5 * k}" for k in range(10)], False, "columns"),  # too few to be a curve
        (GENERATOR.normal(size=(40, 64)), [f"gene {k % 7}{'ab'[k % 2]}" for k in range(64)], False, "columns"),
        (GENERATOR.normal(size=(40, 64)), None, True, "columns"),  # a view of 64 numbers
        (GENERATOR.normal(size=(40, 64)), [str(k) for k in range(64)], False, "columns"),
        (GENERATOR.normal(size=(40, 64)), None, False, "images"),
        (load_digits().data, None, True, "images"),
        (load_digits().data, [f"pixel{k}" for k in range(64)], False, "images"),
        (spectra(500), None, False, "series"),
        (spectra(400), None, False, "series"),  # a square number, and no image
        (spectra(400), [str(k) for k in range(400)], False, "series"),
        (GENERATOR.normal(size=(40, 60)), None, False, "columns"),
    ],
)  # fmt: skip
def test_rows_are_drawn_as_what_their_shape_names_and_neighbours_say(rows, names, of_view, nature):
    assert rows_are(rows, names, of_view=of_view) == nature
