"""No figure, whatever its arrays and names, clips a text or lays a legend over its data."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure

from latently import figures
from latently.figures.film import STRIP, still_figure

Check = Callable[[Figure], None]
LONG_TITLE = "A title that says at some length which rows of which data set are to be seen in this picture"
NORMAL = np.linspace(-3, 3, 50)
DENSITY = ("density", NORMAL, NORMAL, np.exp(-(NORMAL[None] ** 2 + NORMAL[:, None] ** 2) / 2))


def test_checker_finds_a_clipped_label_a_covered_axes_and_overlapping_texts(assert_nothing_clipped: Check) -> None:
    clipped = Figure(figsize=(3, 2))
    clipped.text(0.9, 0.5, "a text that is too long")
    covered = Figure(figsize=(3, 2), layout="constrained")
    covered.subplots().plot([0, 1], label="a line")
    covered.axes[0].legend()
    crowded = Figure(figsize=(3, 2))
    crowded.text(0.1, 0.5, "one")
    crowded.text(0.12, 0.5, "two")
    for figure, message in ((clipped, "leaves the canvas"), (covered, "over the data"), (crowded, "overlap")):
        with pytest.raises(AssertionError, match=message):
            assert_nothing_clipped(figure)


@pytest.mark.sampled
@pytest.mark.parametrize("title", [None, "Samples", LONG_TITLE])
@pytest.mark.parametrize(("n", "columns"), [(1, 1), (7, 4), (40, 10), (60, 30)])
def test_image_grid(n: int, columns: int, title: str | None, assert_nothing_clipped: Check) -> None:
    images = np.zeros((n, 8, 8), np.uint8)
    rows = -(-n // columns)
    assert_nothing_clipped(figures.image_grid(images, columns=columns, title=title))
    labels = [f"class number {k} $x" for k in range(rows)]
    above = [str(k) for k in range(columns)]
    assert_nothing_clipped(
        figures.image_grid(images, columns=columns, title=title, row_labels=labels, column_labels=above)
    )


@pytest.mark.parametrize("shape", [(8, 8), (16, 24, 3), (40, 12, 1)])
def test_reconstructions_interpolations_and_manifold(
    shape: tuple[int, ...], assert_nothing_clipped: Check, random: np.random.Generator
) -> None:
    images = random.random((36, *shape))
    assert_nothing_clipped(figures.reconstructions(images, images, corrupted=images, title="Test rows"))
    assert_nothing_clipped(figures.reconstructions(images[:2], images[:2]))
    assert_nothing_clipped(figures.interpolations(images.reshape(4, 9, *shape), title="Paths"))
    assert_nothing_clipped(figures.interpolations(images.reshape(18, 2, *shape)))
    assert_nothing_clipped(figures.manifold(images, (-3.0, 3.0), title="The manifold"))
    assert_nothing_clipped(figures.manifold(images[:1], (-0.00125, 123.5)))


@pytest.mark.sampled
@pytest.mark.parametrize("classes", [1, 37, 150])
@pytest.mark.parametrize("limits", [(-0.001, 0.0013), (-1234.0, 5678.0), (-1.5, 1.5), None])
def test_codes(
    classes: int, limits: tuple[float, float] | None, assert_nothing_clipped: Check, random: np.random.Generator
) -> None:
    z = random.normal(size=(300, 2))
    labels = random.integers(-1, classes, 300)
    names = [f"{'a class with a long name ' * (k % 2)}{k}" for k in range(classes)]
    assert_nothing_clipped(figures.codes(z, labels, names, background=DENSITY, limits=limits, title=LONG_TITLE))
    assert_nothing_clipped(figures.codes(z, labels, names, background=("points", z), limits=limits))


def test_codes_on_named_axes_without_labels(assert_nothing_clipped: Check, random: np.random.Generator) -> None:
    axis_labels = ("first principal component (31 %)", "second principal component (9 %)")
    assert_nothing_clipped(figures.codes(random.normal(size=(300, 2)), limits=(-1.0, 1.0), axis_labels=axis_labels))


@pytest.mark.parametrize("classes", [0, 1, 10, 37, 150])
def test_film_and_its_strip(classes: int, assert_nothing_clipped: Check) -> None:
    names = [f"{'a class with a long name ' * (k % 2)}{k}" for k in range(classes)]
    figure = still_figure(np.arange(classes), names, (-3.2, 3.2), DENSITY, ("first", "second"))
    figure.draw_without_rendering()
    strip = figure.bbox.height - STRIP
    assert all(axes.get_tightbbox().y1 <= strip + 2 for axes in figure.axes)
    assert all(legend.get_window_extent().y1 <= strip + 2 for legend in figure.legends)
    assert_nothing_clipped(figure)


@pytest.mark.parametrize(("players", "scale"), [(1, 1e-5), (2, 1.0), (4, 1e6)])
def test_terms(players: int, scale: float, assert_nothing_clipped: Check, random: np.random.Generator) -> None:
    history = [
        {
            "round": 10 * k,
            "epoch": k / 7,
            "terms": {
                f"player{p}/{term}": scale * (10.0 * p - 3 + float(random.random()) * 100 ** (p - 1))
                for p in range(players)
                for term in ("reconstruction", "posterior", "a_term_of_a_very_long_name_indeed")
            },
        }
        for k in range(1, 40)
    ]
    for records in (history, history[:1], history[:2]):
        assert_nothing_clipped(figures.terms(records, title=LONG_TITLE))


@pytest.mark.sampled
@pytest.mark.parametrize(("dim", "scale"), [(1, 1.0), (2, 1.0), (2, 1e-4), (2, 1e4), (3, 1e4), (5, 1e-4), (32, 1.0)])
def test_prior_match(dim: int, scale: float, assert_nothing_clipped: Check, random: np.random.Generator) -> None:
    a, b = scale * random.normal(size=(2, 200, dim))
    assert_nothing_clipped(figures.prior_match(a, b, title="Codes beside the prior"))
    assert_nothing_clipped(figures.prior_match(a, b))


@pytest.mark.parametrize(("columns", "scale"), [(1, 1.0), (2, 1e5), (3, 1e-5), (13, 1e-5), (40, 1e5)])
def test_tables(columns: int, scale: float, assert_nothing_clipped: Check, random: np.random.Generator) -> None:
    rows = scale * random.normal(size=(50, columns))
    names = [f"{'a long and ' * (k % 3)}winding_name_{k}" for k in range(columns)]
    assert_nothing_clipped(figures.table_reconstructions(rows, rows + scale, names, title=LONG_TITLE))
    assert_nothing_clipped(figures.table_reconstructions(rows, rows))
    assert_nothing_clipped(figures.table_samples(rows, rows, names, title=LONG_TITLE))
    assert_nothing_clipped(figures.table_samples(rows[:1], rows))


@pytest.mark.parametrize(("n_players", "n_parts"), [(1, 1), (2, 9), (6, 3)])
def test_players_of_a_game(n_players: int, n_parts: int, assert_nothing_clipped: Check) -> None:
    parts = [f"part number {place} of the game"[: 8 + 4 * place] for place in range(n_parts)]
    logged = [f"told_apart_from_the_prior_{place}_accuracy" for place in range(3)]
    cards = [
        figures.PlayerCard(
            f"player_{place}", parts[place % 3 :], parts[: place % 3], {"kl": "0 → 4"}, logged, "adam", 2
        )
        for place in range(n_players)
    ]
    assert_nothing_clipped(figures.players(cards, title=LONG_TITLE))
    assert_nothing_clipped(figures.players(cards[:1]))
