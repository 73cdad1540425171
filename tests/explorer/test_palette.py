"""The colours of classes in a page can be told apart on white and on dark paper, with every common kind of sight."""

import re
from importlib.resources import files

import numpy as np
import pytest

from latently.figures.palette import SIGHTS, TEN, rgb, seen

SCRIPT = (files("latently.explorer") / "static" / "palette.js").read_text(encoding="utf-8")
STYLE = (files("latently.explorer") / "static" / "style.css").read_text(encoding="utf-8")
THEMES = ("light", "dark")


def colours(name: str, theme: str) -> list[str]:
    """The colours of a table of the script, in a theme."""
    table = SCRIPT.split(f"const {name} = {{")[1].split("};")[0]
    return re.findall("#[0-9a-f]{6}", re.search(rf"{theme}: (\[.*?\]|\"#\w+\")", table)[1])


def paper(theme: str) -> str:
    """The colour of a card."""
    return re.findall("--card: (#[0-9a-f]{6})", STYLE)[THEMES.index(theme)]


def differences(names: list[str], sight: str) -> np.ndarray:
    """How far apart each two look, in OKLab."""
    lab = seen(np.array([rgb(name) for name in names]) / 255, sight)
    return np.linalg.norm(lab[:, None] - lab[None], axis=-1) + np.diag(np.full(len(lab), np.inf))


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("theme", THEMES)
def test_ten_classes_the_unlabelled_and_the_paper_are_told_apart(theme: str, sight: str) -> None:
    # 0.02 is about the smallest difference seen side by side.
    found = differences([*colours("CLASSES", theme), *colours("UNLABELLED", theme), paper(theme)], sight)
    assert len(found) == 12
    assert found.min() > 0.09


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("theme", THEMES)
def test_the_ramp_of_numbers_leads_away_from_the_paper_step_by_step(theme: str, sight: str) -> None:
    lightness = seen(np.array([rgb(name) for name in colours("RAMP", theme)]) / 255, sight)[:, 0]
    steps = np.diff(lightness) if theme == "dark" else -np.diff(lightness)
    assert steps.min() > 0.04


def test_classes_have_the_same_colours_as_in_reports() -> None:
    assert tuple(colours("CLASSES", "light")) == TEN
