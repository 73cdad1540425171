"""Pictures from files, as uint8 of one size: PNG, JPEG, TIFF, WebP, BMP, and one frame of a GIF."""

import contextlib
import math
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias, TypeVar, cast

import numpy as np
from jaxtyping import Shaped, UInt8
from PIL import Image, ImageColor, ImageOps

from latently.data.assumptions import assume
from latently.data.rows import DataArgumentError, DataError
from latently.errors import warn
from latently.memory import available_bytes, lacking

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".gif"})
KINDS = "PNG, JPEG, TIFF, WebP, BMP or GIF"
_FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF")
_GRAY_MODES = frozenset({"1", "L", "LA", "La", "I", "I;16", "I;16L", "I;16B", "I;16N", "F"})
_ORIENTATION = 0x0112  # the EXIF tag, and those of its values that swap height and width
_SIDEWAYS = frozenset({5, 6, 7, 8})
_NAMED_AT_MOST = 20
_COPIES = 4  # of its pixels that an image takes while it is read, turned upright, laid on a background and converted
_opening = threading.Lock()
_UPPER_BYTE = 257  # 255 of the upper byte of 16 bits, all that Pillow reads of colours, is 65,535

WORKING_SIDE = 128
"""The longer side of photos in the size that suits learning, of which the smaller one is a multiple of 8."""

Read = TypeVar("Read")
ImageSize: TypeAlias = int | tuple[int, ...] | Literal["auto"] | None
FITS: dict[str, str] = {
    "fill": "cropped around the centre and resized with a Lanczos filter",
    "fit": "resized whole with a Lanczos filter, between black borders",
    "crop": "cropped around the centre, or set between black borders, and not resized",
}
"""How pictures are brought to one size: name → what is done, in words."""


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
    transparent: bool


def read_pictures(
    folder: Path,
    found: Iterable[Path],
    image_size: ImageSize = None,
    skip_bad: bool = False,
    *,
    gray: bool | None = None,
    white_level: float | None = None,
    image_fit: str | None = None,
    background: str | None = None,
    frame: int | None = None,
) -> Pictures:
    """These pictures of a folder in one size.

    All are turned upright as their EXIF data says.

    Args:
        folder: where they are, for error messages.
        found: their files.
        image_size: height and width, or one number for both; the most common size unless said. `"auto"` is that, too,
            but of photos larger than 128 × 128 one in the same proportions whose longer side is 128 (see
            `working_size`).
        skip_bad: leave out those that cannot be read, with a warning.
        gray: whether they come out in gray, `(n, height, width)`, or in colour, `(n, height, width, 3)`; unless said in
            colour where one of them is.
        white_level: the number that is white where a picture has more than 8 bits; unless said the first of 255, 511,
            1023 and so on that none exceeds, or 1 for floats.
        image_fit: what is done to pictures of another size, one of `FITS`; `"fill"` unless said.
        background: the colour behind transparent pictures, in words or as `"#rrggbb"`; white unless said.
        frame: which picture of a file of several is taken, from 0 on; the first unless said.
    """
    bad: list[Path] | None = [] if skip_bad else None
    fit, behind, place = _fit(image_fit), _background(background), _frame(frame)
    headers = {path: header for path in found if (header := _opened(path, _header, bad, place)) is not None}
    height, width = _height_width(image_size, [header.size for header in headers.values()])
    in_gray = all(header.gray for header in headers.values()) if gray is None else gray
    white = _white(white_level, [header.peak for header in headers.values() if header.peak is not None])
    shape = (len(headers), height, width, *(() if in_gray else (3,)))
    if short := lacking(math.prod(shape), available_bytes()):
        rule = f"holds {len(headers):,} images, which in {height:,} x {width:,} pixels {short}"
        raise DataArgumentError(str(folder), rule, remedy="Smaller ones will do: {image_size=64}, say.")
    images = np.empty(shape, dtype=np.uint8)
    good: list[Path] = []
    for path in headers:
        image = _opened(path, lambda opened: _pixels(opened, (height, width), in_gray, white, fit, behind), bad, place)
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
    read = [headers[path] for path in good]
    asked = {"gray": gray, "white_level": white_level, "background": background, "frame": frame}
    told = _description(read, (height, width), image_size, fit, in_gray, white, asked)
    return Pictures(images[: len(good)], good, {**told, "skipped": skipped})


def as_one_size(
    images: Iterable[Image.Image],
    image_size: ImageSize = None,
    gray: bool | None = None,
    white_level: float | None = None,
    image_fit: str | None = None,
    background: str | None = None,
) -> Pictures:
    """Opened images as `read_pictures` reads files; they are from nowhere."""
    images, fit, behind = list(images), _fit(image_fit), _background(background)
    headers = [_header(image) for image in images]
    size = _height_width(image_size, [header.size for header in headers])
    in_gray = all(header.gray for header in headers) if gray is None else gray
    white = _white(white_level, [header.peak for header in headers if header.peak is not None])
    pixels = np.stack([_pixels(image, size, in_gray, white, fit, behind) for image in images])
    asked = {"gray": gray, "white_level": white_level, "background": background, "frame": None}
    return Pictures(pixels, [], _description(headers, size, image_size, fit, in_gray, white, asked))


def _description(
    headers: Sequence[_Header],
    size: tuple[int, int],
    image_size: ImageSize,
    fit: str,
    gray: bool,
    white: float | None,
    asked: Mapping[str, Any],
) -> dict[str, Any]:
    """How pictures were brought to one size, colour and depth, and what was guessed that was not `asked`."""
    sizes = [header.size for header in headers]
    common, chosen = _most_common(sizes), image_size in (None, "auto")
    rule = "as asked" if not chosen else "the most common size" if common == size else "a size to learn from"
    facts: dict[str, Any] = {
        "size": f"{size[0]} x {size[1]}, {rule}; others {FITS[fit]}",
        "colour": "gray" if gray else "RGB",
    }
    facts |= {"image_fit": fit} | ({} if white is None else {"white_level": white})
    facts |= {name: asked[name] for name in ("background", "frame") if asked[name] is not None}
    facts |= {"made_smaller": f"from {common[0]:,} x {common[1]:,}"} if chosen and common != size else {}
    of_sizes = _guesses_of_sizes(sizes, common, size, fit) if chosen else []
    return assume(facts, *of_sizes, *_guesses(headers, white, asked))


def prepared(
    picture: str | Path | Image.Image | Shaped[np.ndarray, "..."],
    size: tuple[int, int],
    *,
    gray: bool,
    white_level: float | None = None,
    image_fit: str = "fill",
    background: str | None = None,
    frame: int = 0,
) -> UInt8[np.ndarray, "height width *channels"]:
    """One picture, from a file, of Pillow or an array of pixels, as `read_pictures` brings those of a folder to a size.

    Args:
        picture: it.
        size: height and width.
        gray: whether it comes out in gray.
        white_level: the number that is white, if it has more than 8 bits.
        image_fit: what is done where its size is another one.
        background: the colour behind what is transparent; white unless said.
        frame: which picture of a file of several is taken.
    """

    def pixels(image: Image.Image) -> UInt8[np.ndarray, "height width *channels"]:
        peak, behind = _header(image).peak, _background(background)
        return _pixels(image, size, gray, _white(white_level, [] if peak is None else [peak]), image_fit, behind)

    if isinstance(picture, str | Path):
        path = Path(picture).expanduser()
        if not path.is_file():
            raise DataArgumentError("picture", "must be the file of an image; there is none", str(picture))
        return cast(np.ndarray, _opened(path, pixels, None, frame))
    try:
        if isinstance(picture, Image.Image):
            return pixels(picture)
        if picture.ndim not in (2, 3):
            raise ValueError(f"it has the shape {picture.shape}")
        one_channel = picture.ndim == 3 and picture.shape[2] == 1
        return pixels(Image.fromarray(picture[..., 0] if one_channel else picture))
    except (TypeError, ValueError) as error:
        rule = f"must be pixels (height, width) or (height, width, 3), or the file of an image ({error})"
        raise DataArgumentError("picture", rule) from error


def working_size(size: tuple[int, int]) -> tuple[int, int]:
    """Height and width to learn photos in: as they are up to 128 x 128, else in proportion, the longer side 128.

    The shorter side is a multiple of 8, so that convolutions halve it without a rest.

    Example:
        >>> working_size((3000, 4000)), working_size((512, 512)), working_size((100, 128))
        ((96, 128), (128, 128), (100, 128))
    """
    longest = max(size)
    if longest <= WORKING_SIDE:
        return size
    height, width = (max(8, round(side * WORKING_SIDE / longest / 8) * 8) for side in size)
    return height, width


def _most_common(sizes: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """The most common size, and of equally common ones the smallest."""
    counts = Counter(sizes)
    return min(counts, key=lambda size: (-counts[size], size[0] * size[1], size), default=(1, 1))


def _guesses_of_sizes(
    sizes: Sequence[tuple[int, int]], common: tuple[int, int], size: tuple[int, int], fit: str
) -> list[str]:
    """What was guessed where no size was asked for."""
    n, (height, width) = len(sizes), size
    others = sum(each != common for each in sizes)
    done = {"fill": "they were cropped around their centre and resized", "crop": "they were cropped, not resized"}
    how = done.get(fit, "they were resized whole, between black borders")
    whole = ", {image_fit=fit} keeps all of each" if fit == "fill" else ""
    if size != common:
        rest = f" ({others:,} of other proportions or sizes: {how})" if others else ""
        return [
            f"the photos, most of {common[0]:,} x {common[1]:,}, are {'cut to' if fit == 'crop' else 'learned in'} "
            f"{height} x {width}{rest}; "
            f"{{image_size=H,W}} sets another size{whole if others else ''}"
        ]
    if not others:
        return []
    return [
        f"{others:,} of {n:,} images are not {height} x {width}, the most common size: {how}; {{image_size=H,W}} sets "
        f"another size{whole}"
    ]


def _guesses(headers: Sequence[_Header], white: float | None, asked: Mapping[str, Any]) -> list[str]:
    """What was guessed of these pictures beside their size, where it was not asked for."""
    n, guesses = len(headers), []
    colours = sum(not header.gray for header in headers)
    if asked["gray"] is None and 0 < colours < n:
        guesses.append(
            f"{colours:,} of {n:,} images have colours, and all are read in colour; {{gray=True}} reads none"
        )
    deep = sum(header.peak is not None for header in headers)
    if white is not None and asked["white_level"] is None:
        guesses.append(
            f"{deep:,} of {n:,} images have more than 8 bits, and {white:,g} is white, the first of 255, 511, 1023 ... "
            "that none exceeds; {white_level=N} sets another"
        )
    transparent = sum(header.transparent for header in headers)
    if transparent and asked["background"] is None:
        guess = f"{transparent:,} of {n:,} images are transparent in places, and lie on white"
        guesses.append(f"{guess}; {{background=COLOUR}} lays them on another colour")
    moving = sum(header.frames > 1 for header in headers)
    if moving and asked["frame"] is None:
        guess = f"{moving:,} of {n:,} files hold several images, of which the first was taken"
        guesses.append(f"{guess}; {{frame=N}} takes another, counted from 0")
    return guesses


def _opened(path: Path, read: Callable[[Image.Image], Read], bad: list[Path] | None, frame: int) -> Read | None:
    """What is read of a frame of an image; one that cannot be read is noted among the bad, if there is such a list."""
    try:
        with _at_frame(path, frame) as image:
            width, height = image.size
            if short := lacking(_COPIES * width * height * (1 if image.mode in "1L" else 4), available_bytes()):
                raise _TooLargeError(f"its {width:,} x {height:,} pixels {short}")
            return read(image)
    except Exception as error:  # Pillow's readers raise anything of a damaged file
        if bad is None:
            if isinstance(error, OSError) and error.errno is not None:  # the system does not give it
                raise
            why = f"cannot be read as an image{f' ({error})' if isinstance(error, _NoPixelsError) else ''}"
            if isinstance(error, _TooLargeError | MemoryError):
                why = f"is too large: {str(error) or 'its pixels do not fit into the memory that is free here'}"
            remedy = "Replace or remove it, or leave out all such images with {skip_bad=True}."
            raise DataArgumentError(str(path), why, remedy=remedy) from error
        bad.append(path)
        return None


@contextlib.contextmanager
def _at_frame(path: Path, frame: int) -> Iterator[Image.Image]:
    """An image that was opened, and not read yet, at one of its frames.

    How many pixels it may have is for the memory to say that is free, and not for Pillow's limit, which knows none.
    """
    with contextlib.ExitStack() as stack:
        with _opening:
            limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
            try:
                image = stack.enter_context(Image.open(path, formats=_FORMATS))
                if frame >= (frames := getattr(image, "n_frames", 1)):
                    raise _NoPixelsError(f"it holds {frames:,} image{'s' * (frames > 1)}, and no frame {frame}")
                if frame:
                    image.seek(frame)
            finally:
                Image.MAX_IMAGE_PIXELS = limit
        yield image


def _header(image: Image.Image) -> _Header:
    """The header of an image; one of more than 8 bits is read whole, for its highest number."""
    width, height = image.size
    size = (width, height) if image.getexif().get(_ORIENTATION) in _SIDEWAYS else (height, width)
    frames, peak = getattr(image, "n_frames", 1), None
    palette = image.getpalette("RGB") if image.mode == "P" else None
    gray = image.mode in _GRAY_MODES or (palette is not None and palette[::3] == palette[1::3] == palette[2::3])
    if frames > 1 and not gray and palette is None:  # Pillow reads gray frames after the first in colour
        red, green, blue = image.convert("RGB").split()
        gray = red.tobytes() == green.tobytes() == blue.tobytes()
    if _is_deep_colour(image):
        peak = _UPPER_BYTE * float(np.asarray(image.convert("RGB")).max())
    elif image.mode[0] in "IF":
        numbers = np.asarray(image)
        peak, low = float(numbers.max()), float(numbers.min())
        if not (np.isfinite(peak) and low >= 0):
            raise _NoPixelsError(f"its numbers lie between {low:g} and {peak:g}, and not from 0 on")
    return _Header(size, gray, peak, frames, image.has_transparency_data)


class _NoPixelsError(ValueError):
    """Numbers that are no pixels."""


class _TooLargeError(ValueError):
    """More pixels than fit into memory, in words."""


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
    image: Image.Image, size: tuple[int, int], gray: bool, white: float | None, fit: str, background: str
) -> UInt8[np.ndarray, "height width *channels"]:
    """The image upright, on a background, in gray or in colour, brought to a height and a width."""
    if white is not None and _is_deep_colour(image):
        steps = [min(255, round(_UPPER_BYTE * 255 * step / white)) for step in range(256)]
        image = image.point(steps * 3 + list(range(256)) * (len(image.getbands()) - 3))
    image = ImageOps.exif_transpose(image)
    if white is not None and image.mode[0] in "IF":
        values = np.asarray(image, np.float64) / white
        image = Image.fromarray(np.rint(255 * values.clip(0, 1)).astype(np.uint8))
    if image.has_transparency_data:
        image = Image.alpha_composite(Image.new("RGBA", image.size, background), image.convert("RGBA"))
    image = image.convert("L" if gray else "RGB")
    height, width = size
    if image.size != (width, height):
        image = _brought_to(image, (width, height), fit)
    return np.asarray(image)


def _brought_to(image: Image.Image, size: tuple[int, int], fit: str) -> Image.Image:
    """An image in another width and height."""
    if fit == "fill":
        return ImageOps.fit(image, size, method=Image.Resampling.LANCZOS)
    if fit == "fit":
        return ImageOps.pad(image, size, method=Image.Resampling.LANCZOS)
    left, top = ((there - wanted) // 2 for there, wanted in zip(image.size, size, strict=True))
    return image.crop((left, top, left + size[0], top + size[1]))  # black, where there is nothing


def _fit(image_fit: str | None) -> str:
    """How pictures are brought to one size: as asked, or to fill it."""
    if image_fit is not None and image_fit not in FITS:
        raise DataArgumentError("image_fit", f"must be one of {', '.join(FITS)}", image_fit, known=FITS)
    return image_fit or "fill"


def _background(colour: str | None) -> str:
    """The colour behind transparent pictures."""
    try:
        ImageColor.getrgb(colour := colour or "white")
    except ValueError as error:
        raise DataArgumentError("background", "must be a colour, such as black or #ff8000", colour) from error
    return colour


def _frame(frame: int | None) -> int:
    """Which picture of a file is taken."""
    if frame is not None and frame < 0:
        raise DataArgumentError("frame", "must be 0, the first picture of a file, or above", frame)
    return frame or 0


def _height_width(image_size: ImageSize, found: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """The size that is asked for, else the most common one, or what suits learning."""
    if image_size is None or image_size == "auto":
        common = _most_common(found)
        return common if image_size is None else working_size(common)
    if isinstance(image_size, str):
        rule = "must be a height and a width in pixels, or one number for both, or auto"
        raise DataArgumentError("image_size", rule, image_size)
    height, width = (image_size, image_size) if isinstance(image_size, int) else image_size
    if height < 1 or width < 1:
        raise DataArgumentError("image_size", "must be at least 1 pixel high and wide", image_size)
    return height, width
