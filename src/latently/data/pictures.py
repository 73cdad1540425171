"""Pictures from files, as uint8 of one size: PNG, JPEG, TIFF, WebP, BMP, and the first frame of a GIF."""

import struct
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias, TypeVar

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageOps

from latently.data.assumptions import assume
from latently.data.rows import DataArgumentError, DataError
from latently.errors import warn

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".gif"})
KINDS = "PNG, JPEG, TIFF, WebP, BMP or GIF"
_FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF")
_GRAY_MODES = frozenset({"1", "L", "LA", "La", "I", "I;16", "I;16L", "I;16B", "I;16N", "F"})
_ORIENTATION = 0x0112  # the EXIF tag, and those of its values that swap height and width
_SIDEWAYS = frozenset({5, 6, 7, 8})
_BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)
_UNREADABLE = (OSError, SyntaxError, ValueError, EOFError, struct.error)
_NAMED_AT_MOST = 20
_UPPER_BYTE = 257  # 255 of the upper byte of 16 bits, all that Pillow reads of colours, is 65,535

Read = TypeVar("Read")
ImageSize: TypeAlias = int | tuple[int, ...] | None


class Pictures(NamedTuple):
    """Pictures of one size, where each is from, and how they were brought to one size, colour and depth."""

    images: UInt8[np.ndarray, "images height width *channels"]
    paths: list[Path]
    description: dict[str, Any]


class _Header(NamedTuple):
    """What is found out of a picture first: its size, once upright; its highest number, if it is not of 8 bits."""

    size: tuple[int, int]
    gray: bool
    peak: float | None
    frames: int


def read_pictures(
    folder: Path,
    found: Iterable[Path],
    image_size: ImageSize = None,
    skip_bad: bool = False,
    *,
    gray: bool | None = None,
    white_level: float | None = None,
) -> Pictures:
    """These pictures of a folder in one size.

    Pictures of another size are cropped around their centre and resized. All are turned upright as their EXIF data
    says, and laid on white where they are transparent.

    Args:
        folder: where they are, for error messages.
        found: their files.
        image_size: height and width, or one number for both; the most common size unless said.
        skip_bad: leave out those that cannot be read, with a warning.
        gray: whether they come out in gray, `(n, height, width)`, or in colour, `(n, height, width, 3)`; unless said in
            colour where one of them is.
        white_level: the number that is white where a picture has more than 8 bits; unless said the first of 255, 511,
            1023 and so on that none exceeds, or 1 for floats.
    """
    bad: list[Path] | None = [] if skip_bad else None
    headers = {path: header for path in found if (header := _opened(path, _header, bad)) is not None}
    height, width = _height_width(image_size, [header.size for header in headers.values()])
    in_gray = all(header.gray for header in headers.values()) if gray is None else gray
    white = _white(white_level, [header.peak for header in headers.values() if header.peak is not None])
    images = np.empty((len(headers), height, width, *(() if in_gray else (3,))), dtype=np.uint8)
    good: list[Path] = []
    for path in headers:
        image = _opened(path, lambda opened: _pixels(opened, height, width, in_gray, white), bad)
        if image is not None:
            images[len(good)] = image
            good.append(path)
    skipped = [str(path.relative_to(folder)) for path in bad or ()]
    if not good:
        raise DataError(f"{folder} holds {len(skipped)} images, and none of them can be read; check the files.")
    if skipped:
        names = ", ".join(skipped[:_NAMED_AT_MOST])
        more = f" and {len(skipped) - _NAMED_AT_MOST} more" if len(skipped) > _NAMED_AT_MOST else ""
        warn(f"skipped {len(skipped)} images that cannot be read: {names}{more}")
    rule = "the most common size" if image_size is None else "as asked"
    how = f"{height} x {width}, {rule}; others cropped around the centre and resized with a Lanczos filter"
    facts: dict[str, Any] = {"size": how, "colour": "gray" if in_gray else "RGB", "skipped": skipped}
    facts |= {} if white is None else {"white_level": white}
    guesses = _guesses([headers[path] for path in good], (height, width), image_size, white, white_level)
    return Pictures(images[: len(good)], good, assume(facts, *guesses))


def as_one_size(
    images: Iterable[Image.Image], image_size: ImageSize = None, gray: bool | None = None
) -> UInt8[np.ndarray, "images height width *channels"]:
    """Opened images as `read_pictures` reads files."""
    images = list(images)
    headers = [_header(image) for image in images]
    height, width = _height_width(image_size, [header.size for header in headers])
    in_gray = all(header.gray for header in headers) if gray is None else gray
    white = _white(None, [header.peak for header in headers if header.peak is not None])
    return np.stack([_pixels(image, height, width, in_gray, white) for image in images])


def _guesses(
    headers: Sequence[_Header],
    size: tuple[int, int],
    image_size: ImageSize,
    white: float | None,
    white_level: float | None,
) -> list[str]:
    """What was guessed of these pictures."""
    n, guesses = len(headers), []
    others = sum(header.size != size for header in headers)
    if others and image_size is None:
        guesses.append(
            f"{others:,} of {n:,} images are not {size[0]} x {size[1]}, the most common size: they were cropped around "
            "their centre and resized; {image_size=H,W} sets another size"
        )
    deep = sum(header.peak is not None for header in headers)
    if white is not None and white_level is None:
        guesses.append(
            f"{deep:,} of {n:,} images have more than 8 bits, and {white:,g} is white, the first of 255, 511, 1023 ... "
            "that none exceeds; {white_level=N} sets another"
        )
    if moving := sum(header.frames > 1 for header in headers):
        guesses.append(f"{moving:,} of {n:,} files hold several images, of which the first was taken")
    return guesses


def _opened(path: Path, read: Callable[[Image.Image], Read], bad: list[Path] | None) -> Read | None:
    """What is read of an image; one that cannot be read is noted among the bad, and an error where those are `None`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=_FORMATS) as image:
                return read(image)
    except (*_UNREADABLE, *_BOMBS) as error:
        if bad is None:
            why = f"is too large ({error})" if isinstance(error, _BOMBS) else "cannot be read as an image"
            remedy = "Replace or remove it, or leave out all such images with {skip_bad=True}."
            raise DataArgumentError(str(path), why, remedy=remedy) from error
        bad.append(path)
        return None


def _header(image: Image.Image) -> _Header:
    """The header of an image; one of more than 8 bits is read whole, for its highest number."""
    width, height = image.size
    size = (width, height) if image.getexif().get(_ORIENTATION) in _SIDEWAYS else (height, width)
    frames, peak = getattr(image, "n_frames", 1), None
    palette = image.getpalette("RGB") if image.mode == "P" else None
    gray = image.mode in _GRAY_MODES or (palette is not None and palette[::3] == palette[1::3] == palette[2::3])
    if _is_deep_colour(image):
        peak = _UPPER_BYTE * float(np.asarray(image.convert("RGB")).max())
    elif image.mode[0] in "IF":
        numbers = np.asarray(image)
        peak, low = float(numbers.max()), float(numbers.min())
        if not (np.isfinite(peak) and low >= 0):
            raise ValueError(f"its numbers lie between {low} and {peak}")
    return _Header(size, gray, peak, frames)


def _is_deep_colour(image: Image.Image) -> bool:
    """Whether a colour has 16 bits in the file."""
    return image.mode in ("RGB", "RGBA") and any(";16" in str(tile[3]) for tile in getattr(image, "tile", ()))


def _white(white_level: float | None, peaks: Sequence[float]) -> float | None:
    """The number that is white in images of more than 8 bits; `None` where there are none."""
    if white_level is not None and not white_level > 0:
        raise DataArgumentError("white_level", "must be above 0", white_level)
    if not peaks or white_level is not None:
        return white_level if peaks else None
    peak = max(peaks)
    if 0 < peak <= 1:
        return 1.0
    return float(2 ** max(8, int(np.ceil(np.log2(peak + 1)))) - 1)


def _pixels(
    image: Image.Image, height: int, width: int, gray: bool, white: float | None
) -> UInt8[np.ndarray, "height width *channels"]:
    """The image upright, on white, in gray or in colour, cropped around its centre and resized."""
    if white is not None and _is_deep_colour(image):
        steps = [min(255, round(_UPPER_BYTE * 255 * step / white)) for step in range(256)]
        image = image.point(steps * 3 + list(range(256)) * (len(image.getbands()) - 3))
    image = ImageOps.exif_transpose(image)
    if white is not None and image.mode[0] in "IF":
        values = np.asarray(image, np.float64) / white
        image = Image.fromarray(np.rint(255 * values.clip(0, 1)).astype(np.uint8))
    if image.has_transparency_data:
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
    image = image.convert("L" if gray else "RGB")
    if image.size != (width, height):
        image = ImageOps.fit(image, (width, height), method=Image.Resampling.LANCZOS)
    return np.asarray(image)


def _height_width(image_size: ImageSize, found: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """The size that is asked for, else the most common one, and of equally common ones the smallest."""
    if image_size is None:
        counts = Counter(found)
        return min(counts, key=lambda size: (-counts[size], size[0] * size[1], size), default=(1, 1))
    height, width = (image_size, image_size) if isinstance(image_size, int) else image_size
    if height < 1 or width < 1:
        raise DataArgumentError("image_size", "must be at least 1 pixel high and wide", image_size)
    return height, width
