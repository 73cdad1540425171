"""Confusions and calibration are drawn where they belong."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure

from latently.figures import calibration, confusion

Check = Callable[[Figure], None]
CURVE = [
    {"low": 0.4, "high": 0.6, "rows": 3, "confidence": 0.55, "accuracy": 0.3},
    {"low": 0.8, "high": 1.0, "rows": 9000, "confidence": 0.99, "accuracy": 1.0},
]


def written(figure: Figure) -> dict[tuple[int, int], str]:
    return {
        (int(text.get_position()[1]), int(text.get_position()[0])): text.get_text() for text in figure.axes[0].texts
    }


def test_a_cell_holds_its_count_and_its_share_of_its_row() -> None:
    figure = confusion(np.array([[9990, 10, 0], [1, 0, 3]]), ["ant", "bee"], ["ant", "bee", "cat"])
    assert written(figure) == {(0, 0): "9990\n>99 %", (0, 1): "10\n<1 %", (1, 0): "1\n25 %", (1, 2): "3\n75 %"}
    shades = np.asarray(figure.axes[0].images[0].get_array())
    np.testing.assert_allclose(shades**2, [[0.999, 0.001, 0], [0.25, 0, 0.75]])
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["ant", "bee"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["ant", "bee", "cat"]


@pytest.mark.sampled
@pytest.mark.parametrize("classes", [1, 2, 10, 13, 30])
@pytest.mark.parametrize("name", ["{}", "class {}", "a class with a long name, number {}"])
@pytest.mark.parametrize("most", [9, 123_456])
def test_confusions_stay_readable(
    classes: int, name: str, most: int, assert_nothing_clipped: Check, random: np.random.Generator
) -> None:
    counts = random.integers(0, most + 1, (classes, classes))
    names = [name.format(k) for k in range(classes)]
    figure = confusion(counts, names, title="Held-out rows")
    assert len(written(figure)) == np.count_nonzero(counts)
    assert_nothing_clipped(figure)


@pytest.mark.parametrize(("labels", "clusters"), [(1, 30), (10, 16), (30, 2), (40, 10), (150, 150), (2, 80)])
def test_confusions_of_any_shape_are_not_clipped(labels: int, clusters: int, assert_nothing_clipped: Check) -> None:
    counts = np.arange(labels * clusters).reshape(labels, clusters)
    figure = confusion(counts, [f"label {k}" for k in range(labels)], range(clusters), across="cluster")
    assert_nothing_clipped(figure)


def test_a_label_without_rows_is_blank() -> None:
    assert (1, 0) not in written(confusion(np.array([[2, 1], [0, 0]]), ["a", "b"]))


@pytest.mark.parametrize("bins", [CURVE, CURVE[:1], CURVE[1:]])
def test_calibration_is_drawn_at_its_confidence(bins: list[dict[str, float]], assert_nothing_clipped: Check) -> None:
    figure = calibration(bins, 0.0123, rows=9003, title="How sure it is")
    assert_nothing_clipped(figure)
    points = figure.axes[0].collections[-1].get_offsets()
    np.testing.assert_allclose(points, [(point["confidence"], point["accuracy"]) for point in bins])
    assert "1.2 % (9,003 rows)" in figure.axes[0].get_title(loc="left")
    assert not figure.axes[0].texts  # nothing stands where the curve may run


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: confusion(np.zeros((2, 2), int), ["a"]), r"a row for each of the 1 names .* got shape \(2, 2\)"),
        (lambda: confusion(np.zeros((0, 0), int), []), "1 or more"),
        (lambda: calibration([]), "at least one bin"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_the_way_out(call, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=message):
        call()
