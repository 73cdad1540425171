"""Codes: the prior's contours hold the mass they say, points have their label's colour, histograms are densities."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from latently.figures import codes, prior_match
from latently.figures.latent import MASSES, common_limits, mass_levels
from latently.figures.palette import UNLABELLED, palette
from latently.figures.style import limits_of


def test_contours_of_a_normal_density_hold_their_share_of_its_mass() -> None:
    grid = np.linspace(-5, 5, 401)
    squared = grid[None] ** 2 + grid[:, None] ** 2
    density = np.exp(-squared / 2) / (2 * np.pi)
    # In two dimensions a disc that holds the mass m has radius² = -2 log(1 - m), hence density (1 - m) / 2π at its rim.
    expected = (1 - np.array(MASSES)) / (2 * np.pi)
    np.testing.assert_allclose(mass_levels(density), np.sort(expected), rtol=0.02)


def test_a_uniform_density_is_outlined() -> None:
    density = np.pad(np.full((40, 40), 0.25), 10)
    assert mass_levels(density) == [0.125]
    assert mass_levels(np.zeros((4, 4))) == [0.5]


def test_points_have_the_colour_of_their_label_and_unknown_ones_lie_underneath(random: np.random.Generator) -> None:
    z = random.normal(size=(50, 2))
    labels = random.integers(-1, 4, 50)
    points = codes(z, labels, ["a", "b", "c", "d"]).axes[0].collections[-1]
    offsets = np.asarray(points.get_offsets())
    painted = [to_hex(colour) for colour in points.get_facecolors()]
    colours = [*palette(4), UNLABELLED]
    for position, colour in zip(offsets, painted, strict=True):
        row = int(np.argmin(np.abs(z - position).sum(axis=1)))
        assert colour == colours[labels[row]]
    unknown = int((labels < 0).sum())
    assert painted[:unknown] == [UNLABELLED] * unknown


def test_twenty_classes_have_twenty_marks(random: np.random.Generator) -> None:
    labels = np.arange(200) % 20
    figure = codes(random.normal(size=(200, 2)), labels)
    entries = [(line.get_marker(), line.get_color()) for line in figure.legends[0].get_lines()]
    assert [mark for mark, _ in entries] == ["o"] * 10 + ["^"] * 10
    assert len(set(entries)) == 20
    assert sorted(len(each.get_offsets()) for each in figure.axes[0].collections) == [100, 100]


def test_legend_names_every_class_and_the_unlabelled(random: np.random.Generator) -> None:
    figure = codes(random.normal(size=(9, 2)), np.arange(9) % 3 - 1, ["cat", "dog"])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["cat", "dog", "unlabelled"]


def test_legend_of_very_many_classes_counts_the_rest(random: np.random.Generator) -> None:
    figure = codes(random.normal(size=(200, 2)), np.arange(200), None)
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert len(texts) == 60
    assert texts[-1] == "and 141 more"


def test_codes_outside_the_axes_are_counted(random: np.random.Generator) -> None:
    z = random.uniform(-1, 1, (100, 2))
    z[:7, 0] = 5
    assert "7 of 100 codes lie outside" in codes(z, limits=(-2.0, 2.0)).axes[0].get_xlabel()
    assert "outside" not in codes(z).axes[0].get_xlabel()


def test_limits_hold_codes_and_background_and_ignore_what_is_no_number() -> None:
    z = np.array([[0.0, 1.0], [np.nan, np.inf]])
    low, high = common_limits(z, ("points", np.array([[-4.0, 2.0]])))
    assert low < -4
    assert 2 < high < 3


def test_air_is_a_share_of_what_the_limits_hold() -> None:
    assert limits_of(np.array([0.0, 4.0]), np.array([10.0, np.inf]), air=0.1) == (-1.0, 11.0)


def test_scales_are_equal(random: np.random.Generator) -> None:
    axes = codes(random.normal(size=(30, 2)) * (1, 20)).axes[0]
    assert axes.get_aspect() == 1
    assert axes.get_xlim() == axes.get_ylim()


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(ValueError, match=r"shape \(n, 2\); got \(5, 3\)"):
        codes(np.zeros((5, 3)))
    with pytest.raises(ValueError, match="places in classes, 0 to 1; got 4"):
        codes(np.zeros((5, 2)), np.arange(5), ["a", "b"])


def test_marginals_are_densities_on_one_scale(random: np.random.Generator) -> None:
    figure = prior_match(random.normal(size=(5000, 3)), random.normal(size=(700, 3)))
    for axes in figure.axes[:3]:
        for outline in axes.patches:
            heights, edges, _ = outline.get_data()
            assert float(np.sum(heights * np.diff(edges))) == pytest.approx(1, abs=0.01)
        assert axes.get_ylim() == figure.axes[0].get_ylim()


def test_of_many_dimensions_those_that_differ_are_shown(random: np.random.Generator) -> None:
    z, prior = random.normal(size=(2, 2000, 30))
    z[:, [4, 17, 29]] *= 0.05
    titles = [axes.get_title(loc="left") for axes in prior_match(z, prior).axes]
    assert {"$z_{5}$", "$z_{18}$", "$z_{30}$"} <= set(titles)


@pytest.mark.parametrize("dim", [2, 3])
def test_codes_outside_the_frame_are_counted(dim: int, random: np.random.Generator) -> None:
    z, prior = random.uniform(-1, 1, (2, 100, dim))
    z[:7, 0], z[0, 0] = 5, np.nan
    axes = prior_match(z, prior, limits=(-2.0, 2.0)).axes
    if dim == 2:
        assert "7 of 100 codes lie outside" in axes[0].get_xlabel()
    else:
        assert [each.get_title(loc="left") for each in axes[:2]] == ["$z_{1}$: 7 % outside", "$z_{2}$"]


def test_codes_and_prior_of_two_dimensions_are_refused() -> None:
    with pytest.raises(ValueError, match="with one latent"):
        prior_match(np.zeros((4, 3)), np.zeros((4, 2)))
    with pytest.raises(ValueError, match="hold rows"):
        prior_match(np.zeros((0, 3)), np.zeros((4, 3)))
