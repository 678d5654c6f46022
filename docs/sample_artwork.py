"""Draws the artwork of the sample show with Pillow. Run by hand: `python docs/sample_artwork.py episodes/artwork.png`.

A voice on the left becomes lines of text on the right: the same row of strokes, first as the peaks of a waveform,
then lying down as words. One line is underlined in red, because it has been checked against a source.
"""

from __future__ import annotations

import math
import random
import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

SIZE = 3000
OVERSAMPLING = 2
PAPER = (244, 240, 230)
INK = (24, 34, 48)
RED = (190, 52, 40)
# All lengths below are in pixels of the finished cover.
MARGIN = 300
TEXT_TOP, TEXT_PITCH, TEXT_HEIGHT = 300, 171, 46
WAVE_MIDDLE = 1010
SEED = 7


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size * OVERSAMPLING)


def _bar(
    draw: ImageDraw.ImageDraw, left: float, top: float, right: float, bottom: float, colour: tuple[int, int, int]
) -> None:
    box = [value * OVERSAMPLING for value in (left, top, right, bottom)]
    radius = min(box[2] - box[0], box[3] - box[1]) / 2
    draw.rounded_rectangle(box, radius=radius, fill=colour)


def _waveform(draw: ImageDraw.ImageDraw, chance: random.Random) -> None:
    count, pitch, width = 18, 66, 34
    for index in range(count):
        place = index / (count - 1)
        syllables = abs(math.sin(place * 3.1 * math.pi + 0.35)) * 0.75 + 0.25
        rise = math.sin(min(place * 1.25 + 0.12, 1.0) * math.pi / 2)
        height = 1250 * syllables * rise * chance.uniform(0.72, 1.0)
        left = MARGIN + index * pitch
        _bar(draw, left, WAVE_MIDDLE - height / 2, left + width, WAVE_MIDDLE + height / 2, INK)


def _text(draw: ImageDraw.ImageDraw, chance: random.Random) -> None:
    left_edge, right_edge = MARGIN + 19 * 66 + 40, SIZE - MARGIN
    for row in range(9):
        top = TEXT_TOP + row * TEXT_PITCH
        left: float = left_edge
        end: float = right_edge if row not in (3, 8) else left_edge + (right_edge - left_edge) * 0.55
        words: list[tuple[float, float]] = []
        while end - left > 60:
            right = min(left + chance.choice((90, 130, 170, 220, 280)), end)
            if end - right < 90:
                right = end
            words.append((left, right))
            left = right + 34
        for start, stop in words:
            _bar(draw, start, top, stop, top + TEXT_HEIGHT, INK)
        if row == 6:
            _bar(draw, words[1][0], top + TEXT_HEIGHT + 26, words[2][1], top + TEXT_HEIGHT + 44, RED)


def draw_artwork() -> Image.Image:
    """The cover, square, `SIZE` pixels wide, in RGB."""
    chance = random.Random(SEED)  # noqa: S311 - a drawing, not a secret
    image = Image.new("RGB", (SIZE * OVERSAMPLING, SIZE * OVERSAMPLING), PAPER)
    draw = ImageDraw.Draw(image)
    _waveform(draw, chance)
    _text(draw, chance)
    place = MARGIN * OVERSAMPLING
    draw.text((place - 20, 2020 * OVERSAMPLING), "On Record", font=_font(430), fill=INK)
    draw.text((place, 2540 * OVERSAMPLING), "the sample show", font=_font(150), fill=RED)
    return image.resize((SIZE, SIZE), Image.Resampling.LANCZOS)


def main() -> None:
    """Write the cover to the file named on the command line."""
    output = Path(sys.argv[1])
    draw_artwork().quantize(64, dither=Image.Dither.NONE).convert("RGB").save(output, optimize=True)
    sys.stdout.write(f"{output}: {output.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
