"""Curves show the numbers they are given, where they lie, and one scale for all panels of a channel."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure

from latently import figures
from latently.figures.curves import as_curves

Check = Callable[[Figure], None]


def test_the_fewer_axis_is_that_of_channels(random: np.random.Generator) -> None:
    rows = random.normal(size=(5, 20, 3))
    np.testing.assert_array_equal(as_curves(rows)[:, 1], rows[:, :, 1])
    np.testing.assert_array_equal(as_curves(np.moveaxis(rows, 2, 1)), as_curves(rows))
    with pytest.raises(ValueError, match="must have shape"):
        as_curves(np.zeros((2, 3, 4, 5)))


def test_a_reconstruction_lies_over_its_original(random: np.random.Generator, assert_nothing_clipped: Check) -> None:
    rows, places = random.normal(size=(30, 40)), np.linspace(1000, 400, 40)
    figure = figures.curve_reconstructions(rows, rows + 1, places=places)
    panels = [axes for axes in figure.axes if axes.get_visible()]
    assert len(panels) == 12
    assert len({axes.get_ylim() for axes in panels}) == 1
    assert panels[0].get_xlim() == (1000, 400)
    original, given = panels[7].lines
    np.testing.assert_allclose(original.get_xdata(), places)
    np.testing.assert_allclose(original.get_ydata(), rows[7])
    np.testing.assert_allclose(given.get_ydata(), rows[7] + 1)
    assert_nothing_clipped(figure)
    with pytest.raises(ValueError, match="originals' shape"):
        figures.curve_reconstructions(rows, rows[:, :4])


def test_channels_have_scales_of_their_own(random: np.random.Generator, assert_nothing_clipped: Check) -> None:
    rows = random.normal(size=(30, 40, 2)) * (1, 1000)
    figure = figures.curve_reconstructions(rows, rows)
    assert len(figure.axes) == 12  # six rows, two channels
    assert figure.axes[6].get_ylim()[1] > 100 * figure.axes[0].get_ylim()[1]
    assert_nothing_clipped(figure)


def test_samples_stand_beside_the_data_of_their_label(
    random: np.random.Generator, assert_nothing_clipped: Check
) -> None:
    samples, data = random.normal(size=(2, 6, 30))
    figure = figures.curve_samples(
        samples, data, [("a", np.arange(4), np.arange(3)), ("b", np.array([5]), np.arange(0))]
    )
    assert [(axes.get_title(loc="left"), len(axes.lines)) for axes in figure.axes] == [
        ("a: data", 3), ("a: samples", 4), ("b: data", 0), ("b: samples", 1),
    ]  # fmt: skip
    assert_nothing_clipped(figure)


def test_a_path_and_what_differs_by_label_show_the_originals_dashed(
    random: np.random.Generator, assert_nothing_clipped: Check
) -> None:
    paths = random.normal(size=(3, 5, 30))
    path = figures.curve_paths(paths, (paths[:, 0] + 1, paths[:, -1] + 1))
    lines = path.axes[2].lines
    assert [line.get_linestyle() for line in lines] == ["--", "--", *"-----"]
    np.testing.assert_allclose(lines[1].get_ydata(), paths[2, -1] + 1)
    labelled = figures.curves_by_label(paths, list("abcde"), paths[:, 0])
    assert len(labelled.axes[0].lines) == 6
    for figure in (path, labelled):
        assert_nothing_clipped(figure)


def test_a_manifold_has_each_curve_where_its_code_lies(assert_nothing_clipped: Check) -> None:
    curves = np.zeros((9, 20))
    curves[2] = 1  # at the right of the top
    figure = figures.curve_manifold(curves, (-3, 3))
    segments = figure.axes[0].collections[0].get_segments()
    assert segments[2][:, 0].min() > 1
    assert segments[2][:, 1].min() > 2.8
    assert segments[6][:, 0].max() < -1
    assert segments[6][:, 1].max() < -2.8
    assert_nothing_clipped(figure)
    with pytest.raises(ValueError, match="square grid"):
        figures.curve_manifold(curves[:8], (-3, 3))
