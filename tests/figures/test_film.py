"""The film: as many frames as were given, everything still but the points, a colour that stays with its label."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from latently.figures import latent_film
from latently.figures.film import HOLD_SECONDS, STRIP, _caption
from latently.figures.palette import UNLABELLED, palette, rgb

LIMITS = (-3.0, 3.0)
GRID = np.linspace(-3, 3, 60)
DENSITY = ("density", GRID, GRID, np.exp(-(GRID[None] ** 2 + GRID[:, None] ** 2) / 2))


def read(path: Path) -> tuple[np.ndarray, list[int]]:
    """All frames, shape (frames, height, width, 3), and the milliseconds each is shown."""
    with Image.open(path) as film:
        frames, durations = [], []
        for k in range(film.n_frames):
            film.seek(k)
            frames.append(np.asarray(film.convert("RGB")))
            durations.append(film.info["duration"])
    return np.stack(frames), durations


def cloud(random: np.random.Generator, frames: int, n: int = 60) -> list[tuple[int, np.ndarray]]:
    return [(40 * k, random.uniform(-2.5, 2.5, (n, 2))) for k in range(frames)]


@pytest.mark.parametrize("frames", [1, 2, 9])
def test_film_has_the_frames_asked_for_and_holds_the_last(
    frames: int, tmp_path: Path, random: np.random.Generator
) -> None:
    path = latent_film(
        cloud(random, frames), np.arange(60) % 3, ["a", "b", "c"], limits=LIMITS, path=tmp_path / "f.gif", fps=10.0
    )
    pictures, durations = read(path)
    assert len(pictures) == frames
    assert durations == [100] * (frames - 1) + [1000 * HOLD_SECONDS]


def test_frames_that_look_alike_but_for_the_round_are_all_kept(tmp_path: Path, random: np.random.Generator) -> None:
    z = random.normal(size=(10, 2))
    path = latent_film([(k, z) for k in range(1, 6)], None, None, limits=LIMITS, path=tmp_path / "f.gif")
    assert len(read(path)[0]) == 5


@pytest.mark.parametrize("background", [None, DENSITY, ("points", np.zeros((5, 2)))])
def test_all_but_the_points_and_the_round_stands_still(background, tmp_path: Path, random) -> None:  # type: ignore[no-untyped-def]
    z = cloud(random, 6)
    names = [f"class {k}" for k in range(10)]
    labels = np.arange(60) % 10
    film = latent_film(z, labels, names, limits=LIMITS, background=background, path=tmp_path / "a.gif")
    still = latent_film(
        [(0, np.full((60, 2), np.nan))], labels, names, limits=LIMITS, background=background, path=tmp_path / "b.gif"
    )
    moving, rest = read(film)[0], read(still)[0][0]
    differs = (moving != rest).any(axis=(0, 3))
    rows, columns = np.nonzero(differs[STRIP:])
    height, width = rest.shape[:2]
    assert columns.min() > 0.08 * width  # left of the plane: labels and ticks
    assert columns.max() < 0.8 * width  # right of it: the legend
    assert rows.max() + STRIP < 0.92 * height
    for frame in moving:  # where no frame has a point, all are the same
        np.testing.assert_array_equal(frame[~differs], rest[~differs])


def test_a_label_keeps_its_colour_in_every_frame(tmp_path: Path) -> None:
    far = np.array([[-2.0, -2.0], [2.0, -2.0], [2.0, 2.0], [-2.0, 2.0]])
    labels = np.array([0, 1, 2, -1])
    frames = [(k, far * (1 - 0.1 * k)) for k in range(5)]
    pictures, _ = read(
        latent_film(frames, labels, ["a", "b", "c"], limits=LIMITS, background=DENSITY, path=tmp_path / "f.gif")
    )
    for frame in pictures:
        for colour in (*palette(3), UNLABELLED):
            columns = np.nonzero((frame[STRIP:] == rgb(colour)).all(axis=2))[1]
            in_plane = columns < 0.78 * frame.shape[1]
            assert in_plane.sum() >= 9, colour  # a core of 3x3 pixels


def test_the_legend_shows_the_colours_of_the_points(tmp_path: Path) -> None:
    names = [f"class {k}" for k in range(10)]
    path = latent_film(
        [(0, np.full((10, 2), np.nan))],
        np.arange(10),
        names,
        limits=LIMITS,
        background=DENSITY,
        path=tmp_path / "f.gif",
    )
    frame = read(path)[0][0]
    for colour in palette(10):
        assert (frame == rgb(colour)).all(axis=2).sum() > 15, colour


def test_points_lie_at_their_codes_and_those_beyond_the_plane_at_its_rim(tmp_path: Path) -> None:
    corner = np.array([[-2.9, -2.9], [2.9, 2.9], [0.0, 0.0], [3.5, 0.0], [np.nan, 0.0], [0.0, -1e30]])
    path = latent_film([(0, corner)], None, None, limits=LIMITS, path=tmp_path / "f.gif")
    frame = read(path)[0][0]
    rows, columns = np.nonzero((frame == rgb(palette(1)[0])).all(axis=2))
    assert len(rows) == 45  # five dots of 3x3: the code that is no number is not seen
    at_left, at_right = columns < columns.min() + 3, columns > columns.max() - 3
    at_top, at_bottom = rows < rows.min() + 3, rows > rows.max() - 3
    left, right, top, bottom = ((columns[at].mean(), rows[at].mean()) for at in (at_left, at_right, at_top, at_bottom))
    assert left[1] > top[1]  # up is up
    assert right[1] == pytest.approx((left[1] + top[1]) / 2, abs=1.5)  # at the rim, as high as it lies
    assert bottom[0] == pytest.approx((left[0] + top[0]) / 2, abs=1.5)
    at_middle = (np.abs(columns - bottom[0]) < 3) & (np.abs(rows - right[1]) < 3)
    assert at_middle.sum() == 9


def test_the_title_counts_the_codes_at_the_rim() -> None:
    assert _caption(1200, 100, 0, 50) == "round 1,200 · epoch 12.0"
    assert _caption(7, None, 3, 50) == "round 7 · 3 of 50 at the rim"


def test_more_classes_than_a_palette_holds_still_make_a_film(tmp_path: Path, random: np.random.Generator) -> None:
    n = 400
    path = latent_film(
        [(0, random.normal(size=(n, 2)))], np.arange(n), list(range(n)), limits=LIMITS, path=tmp_path / "f.gif"
    )
    assert len(read(path)[0]) == 1


def test_sixty_frames_of_two_thousand_points_stay_under_three_megabytes(
    tmp_path: Path, random: np.random.Generator
) -> None:
    labels = np.arange(2000) % 10
    names = [str(k) for k in range(10)]
    path = latent_film(
        cloud(random, 60, n=2000), labels, names, limits=LIMITS, background=DENSITY, path=tmp_path / "f.gif"
    )
    assert path.stat().st_size < 3e6


def test_nothing_but_the_film_is_left_behind(tmp_path: Path, random: np.random.Generator) -> None:
    latent_film(cloud(random, 2), None, None, limits=LIMITS, path=tmp_path / "f.gif")
    assert [path.name for path in tmp_path.iterdir()] == ["f.gif"]


def test_frames_that_make_no_film_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "f.gif"
    with pytest.raises(ValueError, match="at least one"):
        latent_film([], None, None, limits=LIMITS, path=path)
    with pytest.raises(ValueError, match=r"shape \(4, 2\); got \(5, 2\) in round 7"):
        latent_film([(0, np.zeros((4, 2))), (7, np.zeros((5, 2)))], None, None, limits=LIMITS, path=path)
    assert not path.exists()
