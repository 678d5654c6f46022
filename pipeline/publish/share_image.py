"""The picture that goes along when somebody passes on the address of a page.

1200 by 630 pixels, the shape that OpenGraph's readers and Twitter's large cards show whole: the show's artwork and
name, the episode's title, and the waveform of its sound. Drawing is pure; `prepare` keeps what was drawn.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import PIL
from PIL import Image, ImageDraw, features

from pipeline import files
from pipeline.publish.lettering import drawable, fitted
from pipeline.show.colours import mix
from pipeline.show.look import Look, palette

WIDTH_PX, HEIGHT_PX = 1200, 630
MAX_BYTES = 200_000

# Raise it when the same input gives another picture.
_VERSION = 1
_QUALITIES = (88, 80, 70, 60, 50, 40)
_MARGIN_PX = 64
_ARTWORK_PX = 190
_ARTWORK_LARGE_PX = 320
_ARTWORK_ALONE_PX = HEIGHT_PX - 2 * _MARGIN_PX
_BAR_PX, _GAP_PX = 7, 5
_BARS = (WIDTH_PX - 2 * _MARGIN_PX + _GAP_PX) // (_BAR_PX + _GAP_PX)
_SMOOTH = 2  # shapes are drawn larger and reduced, since Pillow's have hard edges
_TITLE_SIZES_PX = tuple(range(72, 34, -4))


@dataclass(frozen=True, slots=True)
class Colours:
    """The colours of the picture, as `#rrggbb`."""

    ground: str
    ink: str
    quiet: str
    wave: str


@dataclass(frozen=True, slots=True)
class Said:
    """What the picture says: `title` is None on the picture of the whole show."""

    show: str
    title: str | None = None


def share_colours(look: Look) -> Colours:
    """The show's accent as the ground, and what can be read on it."""
    made = palette(look, "light")
    ground, ink = made.accent, made.accent_ink
    return Colours(ground, ink, quiet=mix(ink, ground, 0.2), wave=mix(ink, ground, 0.4))


def draw(said: Said, artwork: Image.Image, bars: Sequence[float], colours: Colours) -> Image.Image:
    """The picture. `bars` are the heights of the waveform's strokes from 0.0 to 1.0, none for no waveform.

    What the font cannot draw is left off; then the artwork takes its place, larger.
    """
    picture = Image.new("RGB", (WIDTH_PX, HEIGHT_PX), colours.ground)
    show, title = drawable(said.show), drawable(said.title) if said.title else None
    size_px = _ARTWORK_PX if title else _ARTWORK_LARGE_PX if bars else _ARTWORK_ALONE_PX
    left_px = WIDTH_PX - _MARGIN_PX - size_px if show or title else (WIDTH_PX - size_px) // 2
    _place_artwork(picture, artwork, left_px, _MARGIN_PX, size_px, colours)
    pen = ImageDraw.Draw(picture)
    width_px = left_px - 48 - _MARGIN_PX
    if title:
        _write(pen, title, (_MARGIN_PX, _MARGIN_PX + 56, width_px, 290), _TITLE_SIZES_PX, colours.ink)
    if title and show:
        _write(pen, show, (_MARGIN_PX, _MARGIN_PX, width_px, 40), (30,), colours.quiet)
    elif show:
        _write(pen, show, (_MARGIN_PX, _MARGIN_PX, width_px, size_px), _TITLE_SIZES_PX, colours.ink)
    if bars:
        _draw_waveform(picture, bars, colours.wave)
    return picture


def waveform(peaks: Sequence[int], count: int = _BARS) -> tuple[float, ...]:
    """`count` heights from 0.0 to 1.0 for the peaks of a recording: the least and the greatest sample by turns.

    Each stroke is the mean size of its stretch, the tallest fills the height. Where there are fewer pixels than
    strokes, or only silence, there is nothing to show: an empty tuple.
    """
    sizes = [high - low for low, high in zip(peaks[::2], peaks[1::2], strict=False)]
    if len(sizes) < count:
        return ()
    bounds = [place * len(sizes) // count for place in range(count + 1)]
    means = [sum(sizes[start:end]) / (end - start) for start, end in pairwise(bounds)]
    least, most = min(means), max(means)
    # Speech is never far from its mean: without this, a conversation looks like a beam.
    floor = least * 0.8
    return tuple((mean - floor) / (most - floor) for mean in means) if most > 0 else ()


def encode(picture: Image.Image, max_bytes: int = MAX_BYTES) -> bytes:
    """As a JPEG of at most `max_bytes` bytes, in the best quality that fits (the coarsest, where none does)."""
    content = b""
    for quality in _QUALITIES:
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=quality, optimize=True, progressive=True, subsampling=0)
        content = buffer.getvalue()
        if len(content) <= max_bytes:
            break
    return content


def prepare(said: Said, artwork: bytes, peaks: Path | None, colours: Colours, folder: Path) -> bytes:
    """The picture as a JPEG, kept in `folder` under a name made of everything it depends on.

    `artwork` is a JPEG or PNG that was checked, `peaks` the waveform that the audio room writes (audiowaveform's
    JSON), which may be absent: it is derived, and the picture does without.
    """
    measured = peaks.read_bytes() if peaks and peaks.is_file() else b""
    key = files.digest_json(
        {
            "version": _VERSION,
            "said": asdict(said),
            "artwork": files.digest_bytes(artwork),
            "peaks": files.digest_bytes(measured),
            "colours": asdict(colours),
            "pillow": PIL.__version__,
            "jpeg": features.version("jpg"),
            "freetype": features.version("freetype2"),
        }
    )
    target = folder / f"share-{key.removeprefix('sha256:')[:32]}.jpg"
    if target.is_file():
        return target.read_bytes()
    with Image.open(io.BytesIO(artwork), formats=("JPEG", "PNG")) as image:
        content = encode(draw(said, image.convert("RGB"), waveform(_read_peaks(measured)), colours))
    files.write_bytes(target, content)
    return content


def _read_peaks(measured: bytes) -> list[int]:
    try:
        data = json.loads(measured)["data"]
    except (ValueError, KeyError, TypeError):
        return []
    return data if isinstance(data, list) else []


def _write(
    pen: ImageDraw.ImageDraw,
    text: str,
    place: tuple[int, int, int, int],
    sizes_px: Sequence[int],
    ink: str,
) -> None:
    left_px, top_px, width_px, height_px = place
    letters, lines = fitted(text, width_px, height_px, sizes_px)
    for number, line in enumerate(lines):
        pen.text((left_px, top_px + round(number * letters.size * 1.2)), line, font=letters, fill=ink, anchor="la")


def _place_artwork(
    picture: Image.Image, artwork: Image.Image, left_px: int, top_px: int, size_px: int, colours: Colours
) -> None:
    small = artwork.resize((size_px, size_px), Image.Resampling.LANCZOS)
    shape = _rounded(size_px)
    # A hairline keeps artwork in the colour of the ground from running into it.
    pen = ImageDraw.Draw(picture)
    pen.rounded_rectangle(
        (left_px - 2, top_px - 2, left_px + size_px + 1, top_px + size_px + 1), 16, fill=colours.quiet
    )
    picture.paste(small, (left_px, top_px), shape)


@lru_cache(maxsize=4)
def _rounded(size_px: int) -> Image.Image:
    mask = Image.new("L", (size_px * _SMOOTH * 2,) * 2, 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, mask.width - 1, mask.height - 1), 14 * _SMOOTH * 2, fill=255)
    return mask.resize((size_px, size_px), Image.Resampling.LANCZOS)


def _draw_waveform(picture: Image.Image, bars: Sequence[float], ink: str) -> None:
    height_px = 150
    strip = Image.new("L", (WIDTH_PX * _SMOOTH, height_px * _SMOOTH), 0)
    pen = ImageDraw.Draw(strip)
    for number, bar in enumerate(bars):
        left_px = _MARGIN_PX + number * (_BAR_PX + _GAP_PX)
        half_px = max(_BAR_PX, bar * height_px) / 2
        pen.rounded_rectangle(
            (
                left_px * _SMOOTH,
                (height_px / 2 - half_px) * _SMOOTH,
                (left_px + _BAR_PX) * _SMOOTH - 1,
                (height_px / 2 + half_px) * _SMOOTH - 1,
            ),
            _BAR_PX * _SMOOTH // 2,
            fill=255,
        )
    mask = strip.resize((WIDTH_PX, height_px), Image.Resampling.BOX)
    picture.paste(Image.new("RGB", mask.size, ink), (0, HEIGHT_PX - 44 - height_px), mask)
