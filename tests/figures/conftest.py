"""What every figure must keep: nothing clipped, nothing overlapping, nothing too small to read."""

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.text import Text
from matplotlib.transforms import Bbox

SMALLEST_TYPE = 8.0  # points


def drawn_texts(figure: Figure) -> list[Text]:
    """The texts that can be seen: matplotlib keeps, but never draws, the labels of ticks outside the view."""
    unseen: set[int] = set()
    for axes in figure.axes:
        shown = {id(label) for axis in (axes.xaxis, axes.yaxis) for label in _labels_in_view(axis)}
        for axis in (axes.xaxis, axes.yaxis):
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                unseen |= {id(label) for label in (tick.label1, tick.label2) if id(label) not in shown}
        if not axes.get_visible():
            unseen |= {id(text) for text in axes.findobj(Text)}
    return [
        text
        for text in figure.findobj(Text)
        if isinstance(text, Text) and text.get_visible() and text.get_text().strip() and id(text) not in unseen
    ]


def _labels_in_view(axis: Axis) -> list[Text]:
    low, high = sorted(axis.get_view_interval())
    air = 1e-9 * (high - low)
    return [
        label
        for tick in axis.get_major_ticks()
        for label in (tick.label1, tick.label2)
        if low - air <= tick.get_loc() <= high + air and label.get_visible()
    ]


def _overlap(a: Bbox, b: Bbox) -> bool:
    width = min(a.x1, b.x1) - max(a.x0, b.x0)
    height = min(a.y1, b.y1) - max(a.y0, b.y0)
    return width > 1 and height > 1


def check_nothing_clipped(figure: Figure) -> None:
    canvas = FigureCanvasAgg(figure)
    figure.draw_without_rendering()
    renderer = canvas.get_renderer()
    width, height = canvas.get_width_height()
    texts = drawn_texts(figure)
    boxes = [text.get_window_extent(renderer) for text in texts]
    for text, box in zip(texts, boxes, strict=True):
        inside = box.x0 >= 1 and box.y0 >= 1 and box.x1 <= width - 1 and box.y1 <= height - 1
        assert inside, f"{text.get_text()!r} leaves the canvas {width}x{height}: {box}"
        assert text.get_fontsize() >= SMALLEST_TYPE, f"{text.get_text()!r} is {text.get_fontsize()} points"
    for (a, box_a), (b, box_b) in combinations(list(zip(texts, boxes, strict=True)), 2):
        assert not _overlap(box_a, box_b), f"{a.get_text()!r} and {b.get_text()!r} overlap: {box_a} {box_b}"
    panels = [axes for axes in figure.axes if axes.get_visible()]
    for axes in panels:
        frame = axes.get_window_extent(renderer)
        assert frame.width > 20, f"an axes has collapsed: {frame}"
        assert frame.height > 20, f"an axes has collapsed: {frame}"
    for legend in figure.findobj(Legend):
        box = legend.get_window_extent(renderer)
        assert box.x0 >= -0.5, box
        assert box.y0 >= -0.5, box
        assert box.x1 <= width + 0.5, box
        assert box.y1 <= height + 0.5, box
        for axes in panels:
            assert not _overlap(box, axes.get_window_extent(renderer)), "a legend lies over the data"
        _check_legend_clears_labels(legend, texts, boxes, box)


def _check_legend_clears_labels(legend: Legend, texts: list[Text], boxes: list[Bbox], box: Bbox) -> None:
    own = {id(text) for text in legend.findobj(Text)}
    for text, other in zip(texts, boxes, strict=True):
        if id(text) not in own:
            assert not _overlap(box, other), f"a legend covers {text.get_text()!r}"


@pytest.fixture
def assert_nothing_clipped() -> Callable[[Figure], None]:
    return check_nothing_clipped


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(0)
