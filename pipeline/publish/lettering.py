"""Letters on the pictures that this program draws: what its font can draw, and how a title breaks into lines.

The font is the one that Pillow brings, so that the same title gives the same picture on every machine. It has the
letters of English, typographic quotation marks, and little else: no accents, no other scripts. A font draws an empty
box for what it lacks, and a title of boxes, or a name without its accents, is worse than no title.
"""

from __future__ import annotations

from collections.abc import Iterable

from PIL import ImageFont
from PIL.ImageFont import FreeTypeFont

# What the font lacks and a plain sign stands for as well: dashes, and spaces that only hold words together.
_PLAIN = str.maketrans({"‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "\u00a0": " ", "\u202f": " "})
_NO_CHARACTER = "\uffff"  # by definition never one, so every font draws its box for it


def font(size_px: int) -> FreeTypeFont:
    """The font in a size. Raises RuntimeError where Pillow was built without FreeType."""
    found = ImageFont.load_default(size_px)
    if not isinstance(found, FreeTypeFont):
        raise RuntimeError("Pillow has no FreeType here, and draws no letters without it; install Pillow's wheel")
    return found


def drawable(text: str) -> str | None:
    """The text as the font can draw it, on one line; None where it lacks a letter of it."""
    plain = " ".join(text.translate(_PLAIN).split())
    letters = font(24)
    box = _drawn(letters, _NO_CHARACTER)
    missing = any(_drawn(letters, character) == box for character in set(plain) - {" "})
    return None if missing or not plain else plain


def wrapped(text: str, letters: FreeTypeFont, width_px: int) -> list[str]:
    """Lines no wider than `width_px`, broken between words; a word that is wider itself is broken."""
    lines: list[str] = []
    for word in text.split():
        if lines and letters.getlength(f"{lines[-1]} {word}") <= width_px:
            lines[-1] += f" {word}"
        else:
            lines.extend(_pieces(word, letters, width_px))
    return lines


def fitted(
    text: str, width_px: int, height_px: int, sizes_px: Iterable[int], leading: float = 1.2
) -> tuple[FreeTypeFont, list[str]]:
    """The first of `sizes_px` in which the text fits, and its lines; in the last one, cut off with an ellipsis.

    `leading` is the distance between lines in sizes of the font.
    """
    letters, lines = font(1), list[str]()
    for size_px in sizes_px:
        letters, most = font(size_px), max(1, int(height_px / (size_px * leading)))
        lines = wrapped(text, letters, width_px)
        if len(lines) <= most:
            return letters, lines
    last = lines[most - 1]
    while last and letters.getlength(f"{last}…") > width_px:
        last = last[:-1]
    return letters, [*lines[: most - 1], f"{last.rstrip()}…"]


def _pieces(word: str, letters: FreeTypeFont, width_px: int) -> list[str]:
    pieces = [""]
    for character in word:
        if pieces[-1] and letters.getlength(pieces[-1] + character) > width_px:
            pieces.append("")
        pieces[-1] += character
    return pieces


def _drawn(letters: FreeTypeFont, character: str) -> tuple[tuple[int, int], bytes]:
    mask = letters.getmask(character)
    return mask.size, bytes(mask)
