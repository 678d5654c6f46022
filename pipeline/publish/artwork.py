"""Artwork: what directories demand of it, and the sizes that listeners get.

Apple Podcasts and Spotify take a square JPEG or PNG of 1400 to 3000 pixels in RGB, and apps ask for at most
500 KB; a producer keeps one good file, and this module makes the rest. Artwork is untrusted input: it is opened
as JPEG or PNG only, its size is known before its pixels are decoded, and what listeners get carries no metadata
(a phone writes into a photograph where it was taken).
"""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import PIL
from PIL import Image, ImageCms, ImageDraw, ImageOps, PngImagePlugin, features

from pipeline import files
from pipeline.errors import InvalidAudio, Problem
from pipeline.publish.lettering import drawable, fitted
from pipeline.show.scaffold import PLACEHOLDER_MARK

FEED_SIZE_PX = 3000
PAGE_SIZE_PX = 600
ICON_SIZE_PX = 96
COVER_SIZE_PX = 800
PORTRAIT_SIZE_PX = 240
MAX_BYTES = 500_000

_MIN_PX = 1400
_MAX_PX = 3000
_SOURCE_MAX_BYTES = 50_000_000
_PHOTO_MAX_PIXELS = 50_000_000
_QUALITIES = (90, 85, 80, 75, 70)
_LAST_QUALITIES = (60, 50, 40, 30, 20, 10)
_SHRINK_PERCENT = 80
_REMEDY = f"Save it as a square JPEG or PNG in RGB, {_MIN_PX} to {_MAX_PX} pixels wide"
_PHOTO_REMEDY = "Save it as a JPEG or PNG of at most 50 MB, or take the photo out of people.toml"
_PLACEHOLDER_GROUND = (10, 90, 102)
_PLACEHOLDER_INK = (252, 251, 248)
_PLACEHOLDER_BARS = 28
# Palettes and grey turn into RGB without loss; CMYK, Lab and 16 bits would change their colours.
_MODES = ("RGB", "RGBA", "L", "LA", "P")


@dataclass(frozen=True, slots=True)
class Artwork:
    """One picture that meets the rules: `size_px` is its width and its height."""

    path: Path
    size_px: int
    format: Literal["JPEG", "PNG"]


def check(path: Path) -> Artwork:
    """Read the picture whole and hold it against the rules. Raises InvalidAudio listing every one it breaks.

    The file's content decides what it is, not its name. A picture with transparent parts is refused, because
    every app fills them with another colour.
    """
    with _opened(path) as image:
        what = [
            text
            for broken, text in (
                (image.width != image.height, f"it is {image.width} by {image.height} pixels, not square"),
                (
                    not (_MIN_PX <= image.width <= _MAX_PX and _MIN_PX <= image.height <= _MAX_PX),
                    f"it is {image.width} by {image.height} pixels; directories take {_MIN_PX} to {_MAX_PX}",
                ),
                (image.mode not in _MODES, f"its colours are {image.mode}, not RGB"),
            )
            if broken
        ]
        if not what:
            _load(path, image)
            if image.has_transparency_data and image.convert("RGBA").getchannel("A").getextrema() != (255, 255):
                what.append("it has transparent parts, and every app fills them with another colour")
        if what:
            raise InvalidAudio([Problem(str(path), text, _REMEDY) for text in what])
        return Artwork(path, image.width, "PNG" if image.format == "PNG" else "JPEG")


def encode(path: Path, size_px: int, max_bytes: int = MAX_BYTES) -> bytes:
    """The picture as a JPEG of at most `size_px` by `size_px` pixels and `max_bytes` bytes.

    Never enlarges. Takes the best quality that fits; where none does, fewer pixels, but no fewer than
    directories demand; in the end coarser quality. The same picture gives the same bytes. Raises InvalidAudio
    when it is no picture, or when even the coarsest is too big.
    """
    with _opened(path) as image:
        _load(path, image)
        picture = _in_srgb(ImageOps.exif_transpose(image))
    for width_px, qualities in _ladder(min(size_px, max(picture.size))):
        small = picture if width_px == max(picture.size) else _resized(picture, width_px)
        # The coarsest first: it says at once whether this many pixels can fit at all.
        if len(_jpeg(small, qualities[-1])) <= max_bytes:
            return next(content for quality in qualities if len(content := _jpeg(small, quality)) <= max_bytes)
    raise InvalidAudio(
        Problem(str(path), f"it cannot be made smaller than {max_bytes} bytes", "Use a picture with less fine detail")
    )


def cover(path: Path, digest: str) -> bytes:
    """The picture that goes into the recording's ID3 tags: 800 pixels, at most 200 KB.

    `digest` is that of its content: most episodes have the show's artwork, which is made smaller once.
    """
    return _cover(path, digest)


@lru_cache(maxsize=2)
def _cover(path: Path, _digest: str) -> bytes:
    return encode(path, COVER_SIZE_PX, 200_000)


def portrait(path: Path, folder: Path) -> Path:
    """A person's photo as a small square JPEG, kept in `folder`: its middle, and for an upright one its upper part.

    It carries no metadata; any JPEG or PNG of up to 50 MB and 50 megapixels will do. Raises InvalidAudio where it
    cannot be read.
    """
    try:
        digest = files.digest_file(path)
    except OSError as error:
        raise InvalidAudio(Problem(str(path), "it cannot be read", _PHOTO_REMEDY)) from error
    key = files.digest_json({"portrait": digest, "size_px": PORTRAIT_SIZE_PX, "pillow": PIL.__version__})
    target = folder / f"{key.removeprefix('sha256:')[:32]}.jpg"
    if not target.is_file():
        with _opened(path, _PHOTO_REMEDY) as image:
            if image.width * image.height > _PHOTO_MAX_PIXELS:
                raise InvalidAudio(Problem(str(path), "it has more than 50 megapixels", _PHOTO_REMEDY))
            try:
                image.load()
            except (OSError, SyntaxError, ValueError) as error:
                raise InvalidAudio(Problem(str(path), "it is damaged or incomplete", _PHOTO_REMEDY)) from error
            picture = _in_srgb(ImageOps.exif_transpose(image))
        square = ImageOps.fit(picture, (PORTRAIT_SIZE_PX, PORTRAIT_SIZE_PX), centering=(0.5, 0.3))
        files.write_bytes(target, _jpeg(square, _QUALITIES[1]))
    return target


def placeholder(title: str) -> bytes:
    """Artwork for a show that has none yet: a PNG of 1400 pixels with a waveform and, where it can be drawn, the title.

    The same title gives the same picture. It says of itself what it is, so that it is not published unnoticed.
    """
    picture = Image.new("RGB", (_MIN_PX, _MIN_PX), _PLACEHOLDER_GROUND)
    draw = ImageDraw.Draw(picture)
    for place in range(_PLACEHOLDER_BARS):
        height_px = 60 + 420 * abs(math.sin(0.35 + place * 0.74)) * math.sin(
            math.pi * (place + 1) / (_PLACEHOLDER_BARS + 1)
        )
        left_px = 140 + place * 40
        draw.rounded_rectangle(
            (left_px, 420 - height_px / 2, left_px + 20, 420 + height_px / 2), 10, fill=_PLACEHOLDER_INK
        )
    if drawn := drawable(title):
        letters, lines = fitted(drawn, _MIN_PX - 280, 500, range(130, 40, -10), leading=1.25)
        pitch_px = letters.size * 1.25
        for number, line in enumerate(lines):
            draw.text((140, 780 + round(number * pitch_px)), line, font=letters, fill=_PLACEHOLDER_INK)
    buffer, told = io.BytesIO(), PngImagePlugin.PngInfo()
    told.add_text("Comment", PLACEHOLDER_MARK)
    picture.save(buffer, "PNG", optimize=True, pnginfo=told)
    return buffer.getvalue()


def prepare(path: Path, size_px: int, folder: Path) -> Path:
    """`encode`, kept in `folder` under a name made of everything it depends on: a second call only looks there."""
    key = files.digest_json(
        {
            "source": files.digest_file(path),
            "size_px": size_px,
            "max_bytes": MAX_BYTES,
            "pillow": PIL.__version__,
            "jpeg": features.version("jpg"),
        }
    )
    target = folder / f"{key.removeprefix('sha256:')[:32]}.jpg"
    if not target.is_file():
        check(path)
        files.write_bytes(target, encode(path, size_px))
    return target


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality, optimize=True, progressive=True, dpi=(72, 72))
    return buffer.getvalue()


def _ladder(start_px: int) -> Iterator[tuple[int, tuple[int, ...]]]:
    least_px = min(start_px, _MIN_PX)
    width_px = start_px
    while width_px > least_px:
        yield width_px, _QUALITIES
        width_px = width_px * _SHRINK_PERCENT // 100
    yield least_px, (*_QUALITIES, *_LAST_QUALITIES)


@contextmanager
def _opened(path: Path, remedy: str = _REMEDY) -> Iterator[Image.Image]:
    try:
        if path.stat().st_size > _SOURCE_MAX_BYTES:
            raise InvalidAudio(Problem(str(path), "it is bigger than 50 MB", remedy))
        with warnings.catch_warnings():
            # Pillow warns of a decompression bomb; the limit in pixels below says it in our words.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(path, formats=("JPEG", "PNG"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise InvalidAudio(Problem(str(path), "it cannot be read as a JPEG or a PNG", remedy)) from error
    with image:
        yield image


def _load(path: Path, image: Image.Image) -> None:
    if max(image.size) > _MAX_PX:
        raise InvalidAudio(Problem(str(path), f"it is more than {_MAX_PX} pixels wide or high", _REMEDY))
    try:
        image.load()
    except (OSError, SyntaxError, ValueError) as error:
        raise InvalidAudio(Problem(str(path), "it is damaged or incomplete", _REMEDY)) from error


def _in_srgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    picture = image.convert("RGB")
    if profile and image.mode in ("RGB", "RGBA", "P"):
        try:
            converted = ImageCms.profileToProfile(
                picture, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
            )
        except (ImageCms.PyCMSError, OSError):
            return picture  # a damaged profile: every viewer ignores it, and so do we
        if converted is not None:
            picture = converted
    picture.info.clear()
    return picture


def _resized(picture: Image.Image, width_px: int) -> Image.Image:
    widest = max(picture.size)
    size = tuple(max(1, round(side * width_px / widest)) for side in picture.size)
    return picture.resize((size[0], size[1]), Image.Resampling.LANCZOS)
