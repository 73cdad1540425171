"""Images of every accepted form are shown as they are, in their place."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn.datasets import load_digits

from latently.figures import image_grid
from latently.figures.images import are_pictures, as_pictures, display_range


def shown(figure: Figure) -> np.ndarray:
    return np.asarray(figure.axes[0].images[0].get_array())


def test_grid_holds_every_image_in_reading_order() -> None:
    images = np.arange(6, dtype=np.uint8)[:, None, None] * np.full((1, 64, 64), 40, np.uint8)
    mosaic = shown(image_grid(images, columns=3))
    step_down, step_across = mosaic.shape[0] // 2 + 2, mosaic.shape[1] // 3 + 2
    levels = [round(255 * float(mosaic[i * step_down + 9, j * step_across + 9, 0])) for i in range(2) for j in range(3)]
    assert levels == [0, 40, 80, 120, 160, 200]


def test_flat_square_rows_are_the_same_picture_as_their_images() -> None:
    digits = load_digits().data[:4]
    np.testing.assert_array_equal(as_pictures(digits), as_pictures(digits.reshape(-1, 8, 8)))
    np.testing.assert_array_equal(as_pictures(digits), as_pictures(digits.reshape(-1, 8, 8, 1)))


def test_bytes_and_the_floats_they_stand_for_look_alike(random: np.random.Generator) -> None:
    images = random.integers(0, 256, (3, 5, 7), dtype=np.uint8)
    np.testing.assert_allclose(as_pictures(images), as_pictures(images / 255.0), atol=1e-6)


def test_ink_is_white_on_black_and_colour_stays_colour() -> None:
    gray = as_pictures(np.array([[[0, 255]]], np.uint8))
    np.testing.assert_array_equal(gray[0, 0], [[0, 0, 0], [1, 1, 1]])
    red = as_pictures(np.array([[[[255, 0, 0]]]], np.uint8))
    np.testing.assert_array_equal(red[0, 0], [[1, 0, 0]])
    clear = as_pictures(np.array([[[[255, 0, 0, 0]]]], np.uint8))
    np.testing.assert_array_equal(clear[0, 0], [[1, 1, 1]])


def test_the_rule_lies_in_the_gap_between_two_columns() -> None:
    figure = image_grid(np.ones((6, 64, 64)), columns=3, rule_after=2)
    axes = figure.axes[0]
    (rule,) = axes.lines
    column = round(float(np.asarray(rule.get_xdata())[0]))
    mosaic = np.asarray(axes.images[0].get_array())
    assert 2 * 64 <= column < mosaic.shape[1] - 64


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0.0, 1.0, (0, 1)), (-0.03, 1.02, (0, 1)), (-1.0, 0.9, (-1, 1)), (0.0, 16.0, (0, 16)), (-2.5, 3.0, (-2.5, 3.0))],
)
def test_range_shown_follows_the_values(low: float, high: float, expected: tuple[float, float]) -> None:
    assert display_range(np.array([low, high])) == pytest.approx(expected)


def test_values_that_are_no_numbers_are_drawn_black() -> None:
    assert float(as_pictures(np.full((1, 4, 4), np.nan), (0.0, 1.0)).max()) == 0.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: image_grid(np.zeros((3, 13))),
            r"\(n, d\) with d a square number, or be volumes \(n, d, h, w\); got \(3, 13\)",
        ),
        (lambda: image_grid(np.zeros((3, 8, 8, 2))), r"1, 3 or 4 channels"),
        (lambda: image_grid(np.zeros((0, 8, 8))), "at least one image"),
        (lambda: image_grid(np.zeros((9, 8, 8)), rows=2, columns=4), r"must hold all 9 images; got 2\*4"),
        (lambda: image_grid(np.zeros((4, 8, 8)), rows=2, row_labels=["a"]), "row_labels must hold one text"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_the_way_out(call, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=message):
        call()


def test_rows_that_are_no_images_are_known() -> None:
    assert are_pictures((28, 28))
    assert are_pictures((28, 28, 3))
    assert are_pictures((784,))
    assert not are_pictures((13,))
    assert not are_pictures((4,))
    assert not are_pictures((8, 8, 5))


@pytest.mark.parametrize("shape", [(8, 8, 8), (1, 8, 8, 8), (8, 8, 8, 1)])
def test_a_volume_is_four_slices_across_its_first_axis(shape: tuple[int, ...]) -> None:
    volume = np.broadcast_to(np.arange(8, dtype=np.uint8)[:, None, None] * 30, (8, 8, 8)).reshape(1, *shape)
    (picture,) = as_pictures(volume)
    levels = [round(255 * float(level)) for level in picture[4::8, 4::8, 0].ravel()]
    assert picture.shape == (16, 16, 3)
    assert levels == [30, 90, 150, 210]
    assert are_pictures(shape)


def test_a_volume_in_colour_keeps_its_colours() -> None:
    volume = np.zeros((1, 8, 8, 8, 3), np.uint8)
    volume[..., 2] = 255
    assert as_pictures(volume)[0, 3, 12].tolist() == [0, 0, 1]
