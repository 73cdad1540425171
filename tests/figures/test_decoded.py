"""What models make of images stands beside what they were given: originals, labels, views, codes."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure

from latently.figures import as_images, completions, interpolations, manifold, reconstructions, restyled

Check = Callable[[Figure], None]


def shown(figure: Figure) -> np.ndarray:
    return np.asarray(figure.axes[0].images[0].get_array())


def test_reconstructions_are_on_the_scale_of_the_originals() -> None:
    originals = np.full((2, 8, 8), 16.0)
    originals[:, 0, 0] = 0
    mosaic = shown(reconstructions(originals, originals / 2))
    assert float(mosaic[4 * 8, 4 * 8, 0]) == pytest.approx(1.0)
    assert float(mosaic[-4 * 8, 4 * 8, 0]) == pytest.approx(0.5)


def test_reconstructions_name_their_rows() -> None:
    images = np.zeros((3, 8, 8))
    names = [label.get_text() for label in reconstructions(images, images, corrupted=images).axes[0].get_yticklabels()]
    assert names == ["original", "corrupted", "reconstruction"]


def test_manifold_puts_each_image_at_its_code() -> None:
    rows = 5
    code = -3 + 6 * (np.arange(rows) + 0.5) / rows
    z1, z2 = np.meshgrid(code, code[::-1])  # reading order: z2 falls from row to row
    images = np.broadcast_to((z1 + 10 * z2).reshape(-1, 1, 1), (25, 8, 8))
    figure = manifold(images, (-3.0, 3.0), value_range=(-33.0, 33.0))
    picture = figure.axes[0].images[0]
    mosaic = np.asarray(picture.get_array())
    left, right, bottom, top = picture.get_extent()
    for a in code:
        for b in code:
            column = int((a - left) / (right - left) * mosaic.shape[1])
            row = int((top - b) / (top - bottom) * mosaic.shape[0])
            assert 66 * float(mosaic[row, column, 0]) - 33 == pytest.approx(a + 10 * b, abs=1e-3)


@pytest.mark.parametrize(("side", "seamless"), [(8, False), (28, True)])
def test_a_gap_keeps_small_images_of_a_manifold_apart_and_large_ones_join(side: int, seamless: bool) -> None:
    figure = manifold(np.zeros((9, side, side)), (-3.0, 3.0), value_range=(0.0, 1.0))
    assert bool((shown(figure) == 0).all()) is seamless
    assert figure.axes[0].get_xlim() == figure.axes[0].get_ylim() == (-3.0, 3.0)


def test_interpolations_are_one_path_a_row() -> None:
    images = np.zeros((2, 3, 64, 64))
    images[1, 2] = 1.0
    mosaic = shown(interpolations(images, value_range=(0.0, 1.0)))
    assert float(mosaic[-5, -5, 0]) == 1.0
    assert float(mosaic[5, -5, 0]) == 0.0


def test_restyled_images_stand_right_of_their_original_under_their_label() -> None:
    originals = np.zeros((2, 64, 64))
    others = np.arange(6).reshape(2, 3, 1, 1) / 10 * np.ones((2, 3, 64, 64))
    originals[0, 0, 0] = 1.0  # the scale is that of the originals
    figure = restyled(originals, others, ["a", "b", "c"])
    mosaic = np.asarray(figure.axes[0].images[0].get_array())
    step = (mosaic.shape[1] + 4) // 4
    levels = [[float(mosaic[i * step + 9, j * step + 9, 0]) for j in range(4)] for i in range(2)]
    np.testing.assert_allclose(levels, [[0, 0, 0.1, 0.2], [0, 0.3, 0.4, 0.5]], atol=1e-6)
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["original", "a", "b", "c"]


@pytest.mark.parametrize("labels", [1, 10, 30])
@pytest.mark.parametrize("name", ["{}", "a class with a long name, number {}"])
@pytest.mark.parametrize("n", [1, 10])
def test_restyled_images_are_not_clipped(n: int, labels: int, name: str, assert_nothing_clipped: Check) -> None:
    others = np.zeros((n, labels, 8, 8, 3), np.uint8)
    assert_nothing_clipped(restyled(others[:, 0], others, [name.format(k) for k in range(labels)], title="Restyled"))


def test_halves_are_joined_and_other_pictures_stand_side_by_side(random: np.random.Generator) -> None:
    whole = random.uniform(size=(3, 8, 8))
    np.testing.assert_array_equal(as_images({"left": whole[:, :, :3], "right": whole[:, :, 3:]}), whole)
    np.testing.assert_array_equal(as_images(whole), whole)
    beside = as_images({"a": whole, "table": np.ones((3, 5)), "b": np.ones((3, 12, 6, 3))})
    assert beside.shape == (3, 2 * 12, 2 * 8 + 2 + 2 * 6, 3)  # twice as large, so that the gap of 2 is a thin one
    np.testing.assert_allclose(beside[:, 4:20:2, :16:2, 0], whole, atol=1e-6)
    assert (beside[:, 0, :16] == 1).all()  # the smaller one stands in the middle, on paper
    assert (beside[:, :, 16:18] == 1).all()
    large = as_images({"a": np.zeros((3, 40, 40)), "b": np.zeros((3, 40, 40))})
    assert large.shape == (3, 40, 82, 3)
    assert as_images({"table": np.ones((3, 5))}) is None
    assert as_images(np.ones((3, 5))) is None


@pytest.mark.parametrize("known", [True, False])
def test_completions_show_given_completed_and_true(
    known: bool, random: np.random.Generator, assert_nothing_clipped: Check
) -> None:
    left, right = random.uniform(size=(2, 20, 8, 4))
    guess = np.zeros_like(right)
    truth = {"left": left, "right": right} if known else None
    figure = completions({"right": right}, {"left": guess}, truth, names=("left", "right"), columns=5)
    assert_nothing_clipped(figure)
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["given", "completed", "true"][: 2 + known]
    sheet = np.asarray(axes.images[0].get_array())
    first = sheet[: sheet.shape[0] // (2 + known), : sheet.shape[1] // 5][..., 0]
    assert (first[5, 5], first[5, 40]) == (0.5, pytest.approx(right[0, 0, 1], abs=0.01))  # grey, then what is known


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: manifold(np.zeros((5, 8, 8)), (-1.0, 1.0)), "square grid of codes"),
        (lambda: reconstructions(np.zeros((2, 8, 8)), np.zeros((2, 9, 9))), "originals' shape"),
        (lambda: interpolations(np.zeros((2, 3))), r"shape \(k, steps, ...\)"),
        (lambda: restyled(np.zeros((2, 8, 8)), np.zeros((2, 3, 8, 8)), ["a"]), r"= \(2, 1, 8, 8\); got \(2, 3, 8, 8\)"),
        (lambda: completions({"a": np.ones((3, 2))}, {"b": np.ones((3, 3))}), "no view is one"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_the_way_out(call, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=message):
        call()
