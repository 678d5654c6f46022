"""Colours as WCAG 2.2 sees them: how far apart two are, and the nearest one that is far enough.

Contrast is WCAG's ratio of relative luminances (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio), 1 to 21.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator

TEXT_RATIO = 4.5  # success criterion 1.4.3
_HEX = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})")
_STEPS = 100


def _colour(value: str) -> str:
    colour = value.strip().lower()
    if not _HEX.fullmatch(colour):
        raise ValueError(f"“{value}” is no colour; write for example #0a5a66")
    return colour if len(colour) == 7 else "#" + "".join(2 * digit for digit in colour[1:])


Colour = Annotated[str, AfterValidator(_colour)]


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb`, 0.0 (black) to 1.0 (white)."""
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG's contrast ratio of two colours, 1.0 to 21.0, in either order."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def mix(one: str, other: str, part: float) -> str:
    """`one` with `part` (0.0 to 1.0) of `other` in it, channel by channel."""
    pairs = zip(_channels(one), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * part):02x}" for a, b in pairs)


def passes(colour: str, grounds: Sequence[str], ratio: float) -> bool:
    """Whether `colour` keeps `ratio` to every one of `grounds`."""
    return all(contrast(colour, ground) >= ratio for ground in grounds)


def nearest_passing(colour: str, grounds: Sequence[str], ratio: float) -> str | None:
    """The colour nearest to `colour`, darker or lighter, that keeps `ratio` to all `grounds`; None where none does."""
    for step in range(_STEPS + 1):
        for end in ("#000000", "#ffffff"):
            tried = mix(colour, end, step / _STEPS)
            if passes(tried, grounds, ratio):
                return tried
    return None


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
