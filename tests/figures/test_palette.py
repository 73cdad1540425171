"""Class colours can be told apart, with every common kind of sight, and never change with the number of classes."""

import numpy as np
import pytest

from latently.figures.palette import SIGHTS, UNLABELLED, palette, rgb, seen


def smallest_difference(colours: tuple[str, ...], sight: str) -> float:
    lab = seen(np.array([rgb(colour) for colour in colours]) / 255, sight)
    distance = np.linalg.norm(lab[:, None] - lab[None], axis=-1)
    return float(distance[~np.eye(len(colours), dtype=bool)].min())


@pytest.mark.parametrize("sight", SIGHTS)
def test_ten_classes_and_the_unlabelled_are_told_apart(sight: str) -> None:
    # 0.02 is about the smallest difference seen side by side; matplotlib's ten come to 0.007 for the red-blind.
    assert smallest_difference((*palette(10), UNLABELLED), sight) > 0.09


@pytest.mark.parametrize("sight", SIGHTS)
def test_thirty_classes_are_told_apart(sight: str) -> None:
    assert smallest_difference(palette(30), sight) > 0.025


def test_a_class_keeps_its_colour_when_others_are_added() -> None:
    for n in (3, 10, 11, 25, 60):
        assert palette(n) == palette(80)[:n]


def test_all_colours_are_clear_of_the_paper() -> None:
    lightness = seen(np.array([rgb(colour) for colour in palette(60)]) / 255)[:, 0]
    assert lightness.max() < 0.85


def test_a_negative_number_of_classes_is_refused() -> None:
    with pytest.raises(ValueError, match="n=-1"):
        palette(-1)
