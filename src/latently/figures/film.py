"""The latent space forming during training, as an animated GIF with fixed axes.

A frame costs a few milliseconds: all that stands still is drawn once, through matplotlib, and turned into a palette
image; a frame is a copy of it into which the points are written as palette numbers.
"""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Int, UInt8
from matplotlib import get_data_path
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image, ImageDraw, ImageFont

from latently.figures.latent import CONTOUR, PALEST, Background, class_names, draw_background, legend_entries, paint
from latently.figures.palette import TEN, rgb
from latently.figures.style import INK, dress, legend_outside, legend_width, new_figure, square
from latently.files import write_atomically

PLANE, HEIGHT = 500, 500  # pixels: the width without the legend, and the height
DOTS_PER_INCH = 100
STRIP = 34  # pixels at the top, for the round
HOLD_SECONDS = 1.0
TINTS = 14  # palette entries from the prior's shades to its contours
SHADES_OF_INK = 28  # from paper to ink, for type and axes

Indices = UInt8[np.ndarray, "height width"]
Box: TypeAlias = tuple[int, int, int, int]  # left, top, right, bottom


def latent_film(
    frames: Sequence[tuple[int, Float[np.ndarray, "..."]]],
    labels: Int[np.ndarray, "n"] | None,
    classes: Sequence[object] | None,
    *,
    limits: tuple[float, float],
    background: Background | None = None,
    fps: float = 12.0,
    path: str | Path,
    rounds_per_epoch: float | None = None,
    axis_labels: tuple[str, str] = ("$z_1$", "$z_2$"),
) -> Path:
    """Write the film of the codes of the same rows after several rounds.

    Args:
        frames: (round, codes of shape (n, 2)) in the order shown; codes outside the limits lie at the rim, and
            the title counts them.
        labels: for each row its place in `classes`, -1 where unknown; None colours all rows alike.
        classes: the classes' names; by default the labels' numbers.
        limits: the interval that both axes show in every frame.
        background: the prior, as `latent.codes` takes it.
        fps: frames a second; GIF counts in hundredths of a second.
        path: the file; its folder must exist.
        rounds_per_epoch: where given, the title names the epoch beside the round.
        axis_labels: names of the two axes.

    Returns:
        The path written. The last frame is held for a second.

    Raises:
        ValueError: there are no frames, or a frame's codes are not of shape (n, 2) with the labels' n.
    """
    if not frames:
        raise ValueError("frames must hold at least one (round, codes); got none. Record codes while training.")
    n = len(frames[0][1]) if labels is None else len(labels)
    for round_number, z in frames:
        if z.shape != (n, 2):
            raise ValueError(
                f"the codes of every frame must have shape ({n}, 2); got {z.shape} in round {round_number}. "
                "Record the same rows each time, two dimensions or a projection of them."
            )
    names = class_names(labels, classes)
    stage, box = _stage(still_figure(labels, names, limits, background, axis_labels))
    colours, places, order = paint(labels, names, n)
    ink = _Ink(stage, colours)
    images = []
    for round_number, z in frames:
        sheet = ink.sheet.copy()
        ink.scatter(sheet, _pixels(z[order], limits, box), places[order], box)
        outside = int(np.any((z < limits[0]) | (z > limits[1]), axis=1).sum())
        ink.write(sheet, _caption(round_number, rounds_per_epoch, outside, n))
        images.append(ink.image(sheet))
    frame = max(20, 10 * round(100 / fps))
    durations = [frame] * (len(images) - 1) + [max(frame, round(1000 * HOLD_SECONDS))]
    buffer = io.BytesIO()
    images[0].save(buffer, format="GIF", save_all=True, append_images=images[1:], duration=durations, loop=0)
    return write_atomically(Path(path), buffer.getvalue())


class _Ink:
    """The film's palette: the shades of what stands still, then for each colour its full and its half tones."""

    def __init__(self, stage: UInt8[np.ndarray, "height width 3"], colours: Sequence[str]) -> None:
        self.first = SHADES_OF_INK + TINTS
        # The last colour is that of unknown labels; with more than a GIF can hold, classes share colours in turn.
        kept = [*colours[:-1][: (256 - self.first) // 2 - 1], colours[-1]]
        self.tones, self.known = len(kept), len(kept) - 1
        ink = np.linspace(255, np.array(rgb(INK)), SHADES_OF_INK)
        tints = np.linspace(np.array(rgb(PALEST)), np.array(rgb(CONTOUR)), TINTS)
        full = np.array([rgb(colour) for colour in kept], dtype=np.float64)
        self.palette = np.concatenate([ink, tints, full, (full + 244) / 2]).round().astype(np.uint8)
        holder = Image.new("P", (1, 1))
        holder.putpalette(self.palette.tobytes())
        still = Image.fromarray(stage).quantize(palette=holder, dither=Image.Dither.NONE)
        self.sheet: Indices = np.array(still, dtype=np.uint8)
        self.font = ImageFont.truetype(str(Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"), 14)

    def scatter(self, sheet: Indices, pixels: Int[np.ndarray, "n 2"], labels: Int[np.ndarray, "n"], box: Box) -> None:
        """Write the points as dots; where dots overlap the later one lies on top."""
        left, top, right, bottom = box
        seen = pixels[:, 0] >= 0
        x, y = np.clip(pixels[seen], (left + 2, top + 2), (right - 3, bottom - 3)).T
        label = labels[seen]
        tone = (self.first + np.where(label < 0, self.known, label % max(self.known, 1))).astype(np.uint8)
        # All soft edges first, then all cores, so that no edge eats into a neighbour.
        shapes = np.maximum(label, 0) // len(TEN) % len(_MARKS)
        for part, shade in ((1, tone + self.tones), (0, tone)):
            for shape, mark in enumerate(_MARKS):
                of_shape = shapes == shape
                for dx, dy in mark[part]:
                    sheet[y[of_shape] + dy, x[of_shape] + dx] = shade[of_shape]

    def write(self, sheet: Indices, text: str) -> None:
        """Write the caption into the strip at the top."""
        mask = Image.new("L", (sheet.shape[1], STRIP), 0)
        ImageDraw.Draw(mask).text((16, STRIP // 2), text, fill=255, font=self.font, anchor="lm")
        level = np.rint(np.asarray(mask, dtype=np.float32) / 255 * (SHADES_OF_INK - 1)).astype(np.uint8)
        sheet[:STRIP][level > 0] = level[level > 0]

    def image(self, sheet: Indices) -> Image.Image:
        picture = Image.fromarray(sheet)
        picture.putpalette(self.palette.tobytes())
        return picture


_CORE = [(dx, dy) for dx in range(-1, 2) for dy in range(-1, 2)]
_EDGE = [(dx, dy) for dx in range(-2, 3) for dy in range(-2, 3) if (abs(dx) == 2) != (abs(dy) == 2)]
_TRIANGLE = [(0, -2), (0, -1), (-1, 0), (0, 0), (1, 0), *((dx, dy) for dx in range(-2, 3) for dy in (1, 2))]
_SQUARE = [(dx, dy) for dx in range(-2, 3) for dy in range(-2, 3)]
_MARKS: tuple[tuple[list[tuple[int, int]], list[tuple[int, int]]], ...] = (
    (_CORE, _EDGE),
    (_TRIANGLE, [(-1, -1), (1, -1), (-2, 0), (2, 0)]),
    (_SQUARE, []),
)
"""Of the first ten classes, of the next ten, and so on in turn: the pixels of a mark, and those of its soft edge."""


def _stage(figure: Figure) -> tuple[UInt8[np.ndarray, "height width 3"], Box]:
    """The pixels of a figure, and the box of the axes' inside in them."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    stage = np.asarray(canvas.buffer_rgba())[..., :3].copy()  # type: ignore[no-untyped-call]
    height, inside = stage.shape[0], figure.axes[0].get_window_extent()
    box = (round(inside.x0), round(height - inside.y1), round(inside.x1), round(height - inside.y0))
    return stage, box


def still_figure(
    labels: Int[np.ndarray, "n"] | None,
    names: Sequence[str],
    limits: tuple[float, float],
    background: Background | None,
    axis_labels: tuple[str, str],
) -> Figure:
    """The figure under the film, with the strip at the top left free."""
    handles, shown = legend_entries(names, labels)
    figure = new_figure(PLANE / DOTS_PER_INCH + legend_width(shown), HEIGHT / DOTS_PER_INCH)
    figure.set_dpi(DOTS_PER_INCH)
    figure.get_layout_engine().set(rect=(0, 0, 1, 1 - STRIP / HEIGHT))  # type: ignore[call-arg, union-attr]
    axes = dress(figure.add_subplot(), xlabel=axis_labels[0], ylabel=axis_labels[1])
    draw_background(axes, background)
    square(axes, limits)
    if names:
        legend_outside(figure, handles, shown)
    return figure


def _pixels(z: Float[np.ndarray, "n 2"], limits: tuple[float, float], box: Box) -> Int[np.ndarray, "n 2"]:
    """Where each code lies on the sheet; those outside the limits at the rim, and those that are no numbers off it."""
    left, top, right, bottom = box
    share = (np.clip(z, *limits) - limits[0]) / (limits[1] - limits[0])
    pixels = np.stack([left + share[:, 0] * (right - left), bottom - share[:, 1] * (bottom - top)], axis=1)
    pixels[np.isnan(z).any(axis=1)] = -1
    return np.asarray(np.rint(pixels), dtype=np.intp)


def _caption(round_number: int, rounds_per_epoch: float | None, outside: int, n: int) -> str:
    epoch = f" · epoch {round_number / rounds_per_epoch:.1f}" if rounds_per_epoch else ""
    return f"round {round_number:,}{epoch}" + (f" · {outside:,} of {n:,} at the rim" if outside else "")
