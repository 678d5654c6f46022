"""Pictures of a foreign feed as directories take them: what they would refuse is mended, and the original kept."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

from PIL import Image, ImageOps

from pipeline.errors import InvalidAudio
from pipeline.publish import artwork

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
_PIXELS_MAX = 50_000_000
_LEAST_PX, _MOST_PX = 1400, 3000
_SUFFIXES = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif"}


def suffix_of(content: bytes) -> str | None:
    """The suffix of a picture by what it is; None where it is none that can be read."""
    try:
        with _opened(content) as image:
            return _SUFFIXES[str(image.format)]
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None


def refused(path: Path) -> str | None:
    """What directories have against a picture, or None."""
    try:
        artwork.check(path)
    except InvalidAudio as error:
        return "; ".join(problem.what for problem in error.problems)
    return None


def mended(content: bytes) -> bytes | None:
    """The picture as a square JPEG of 1400 to 3000 pixels: set on white where it was not square, enlarged if small.

    None where its pixels cannot be read.
    """
    try:
        with _opened(content) as image:
            if image.width * image.height > _PIXELS_MAX:
                return None
            upright = ImageOps.exif_transpose(image).convert("RGBA")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None
    upright.thumbnail((_MOST_PX, _MOST_PX), Image.Resampling.LANCZOS)
    side = max(upright.size)
    square = Image.new("RGB", (side, side), (255, 255, 255))
    square.paste(upright, ((side - upright.width) // 2, (side - upright.height) // 2), upright)
    size_px = min(max(side, _LEAST_PX), _MOST_PX)
    if size_px != side:
        square = square.resize((size_px, size_px), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    square.save(buffer, "JPEG", quality=92, optimize=True)
    return buffer.getvalue()


def _opened(content: bytes) -> Image.Image:
    with warnings.catch_warnings():
        # Pillow warns of a decompression bomb; the limit in pixels says it in our words.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        return Image.open(io.BytesIO(content), formats=_FORMATS)
