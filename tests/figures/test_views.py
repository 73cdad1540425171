"""Views are put together, and a completed one stands under what was given."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure

from latently.figures import as_images, completions

Check = Callable[[Figure], None]


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


def test_completions_of_tables_are_refused() -> None:
    with pytest.raises(ValueError, match="no view is one"):
        completions({"a": np.ones((3, 2))}, {"b": np.ones((3, 3))})
