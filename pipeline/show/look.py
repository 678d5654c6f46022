"""The show's own look: its colours in light and dark, and its fonts.

A person names up to three colours; every other one that the pages use is worked out from them, so that what the
person did not think of cannot be unreadable. What the person did name is checked, and refused with a near colour
that would do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import AfterValidator, Field, model_validator

from pipeline.show.colours import TEXT_RATIO, Colour, contrast, luminance, mix, nearest_passing, passes
from pipeline.show.fields import FileName, Label, Value

FONT_SUFFIX = ".woff2"
_GENERIC = frozenset({"serif", "sans-serif", "monospace", "system-ui", "ui-serif", "ui-sans-serif", "ui-rounded"})
_FAMILY = re.compile(r"-?\w[\w .+-]{0,63}")
_RAISED_PART, _LINE_PART, _QUIET_PART, _MARKED_PART = 0.05, 0.18, 0.3, 0.25
_MARKER = "#ffd54a"


def _family(value: str) -> str:
    if not _FAMILY.fullmatch(value):
        raise ValueError(f"“{value}” is no name of a font; letters, digits, spaces, dots and hyphens only")
    return value


def _stack(value: str) -> str:
    names = [_family(name.strip().strip("\"'").strip()) for name in value.split(",")]
    return ", ".join(name if name in _GENERIC or name == "-apple-system" else f'"{name}"' for name in names)


# A CSS font-family list; names come out quoted, so that nothing in them can end the declaration.
FontStack = Annotated[str, Field(max_length=500), AfterValidator(_stack)]


class Colours(Value):
    """What a person may set of one scheme; what is None is worked out."""

    accent: Colour | None = None
    paper: Colour | None = None
    ink: Colour | None = None


class FontFile(Value):
    """A font that the site serves itself: a WOFF2 file in episodes/, and the name to use it by."""

    family: Annotated[Label, AfterValidator(_family)]
    file: FileName
    weight: Annotated[str, Field(pattern=r"^[1-9]\d{0,2}( [1-9]\d{0,2})?$")] = "400"
    style: Literal["normal", "italic"] = "normal"

    @model_validator(mode="after")
    def _is_woff2(self) -> Self:
        if not self.file.lower().endswith(FONT_SUFFIX):
            raise ValueError(f"{self.file} is not WOFF2, the one format that every browser takes")
        return self


class Look(Colours):
    """The table [look] of show.toml: the light scheme, the dark one, and fonts."""

    text_font: FontStack | None = None
    interface_font: FontStack | None = None
    dark: Colours = Colours()
    fonts: tuple[FontFile, ...] = ()


@dataclass(frozen=True)
class Palette:
    """Every colour of one scheme, as the style sheet's custom properties name them (with hyphens there)."""

    paper: str
    raised: str
    ink: str
    quiet: str
    line: str
    accent: str
    accent_ink: str
    warning: str
    marked: str

    def properties(self) -> dict[str, str]:
        """The custom properties of CSS with their values."""
        return {f"--{name.replace('_', '-')}": value for name, value in asdict(self).items()}


class Fault(NamedTuple):
    """A colour that cannot be used: the setting below [look], and what is wrong and would be right."""

    setting: tuple[str, ...]
    what: str
    remedy: str


LIGHT = Palette("#fcfbf8", "#f3f1ea", "#1d1c1a", "#5d594f", "#dcd7ca", "#0a5a66", "#ffffff", "#8a4b00", "#fdf0c4")
DARK = Palette("#16181a", "#212427", "#e8e5de", "#aaa69b", "#3a3d40", "#83c9d3", "#10262a", "#eab86c", "#3d3515")


def palette(look: Look, scheme: Literal["light", "dark"]) -> Palette:
    """All colours of one scheme. What dark does not name follows from light's accent and from our own dark."""
    named, ours = (look, LIGHT) if scheme == "light" else (look.dark, DARK)
    paper, ink = named.paper or ours.paper, named.ink or ours.ink
    own_ground = bool(named.paper or named.ink)
    raised = mix(paper, ink, _RAISED_PART) if own_ground else ours.raised
    grounds = (paper, raised)

    def readable(colour: str) -> str:
        return nearest_passing(colour, grounds, TEXT_RATIO) or ink

    accent = named.accent or readable(look.accent or ours.accent)
    return Palette(
        paper=paper,
        raised=raised,
        ink=ink,
        quiet=readable(mix(ink, paper, _QUIET_PART)) if own_ground else ours.quiet,
        line=mix(paper, ink, _LINE_PART) if own_ground else ours.line,
        accent=accent,
        accent_ink=ours.accent_ink if accent == ours.accent else _ink_on(accent),
        warning=readable(ours.warning),
        marked=_marked(paper, ink) if own_ground else ours.marked,
    )


def faults(look: Look) -> Iterator[Fault]:
    """Colours that a person named and nobody could read: each pair, its ratio, and a near colour that passes."""
    for scheme, named in (("light", look), ("dark", look.dark)):
        made = palette(look, "light" if scheme == "light" else "dark")
        prefix = ("look",) if scheme == "light" else ("look", "dark")
        if named.ink or named.paper:
            yield from _ground_faults(made, named, prefix, scheme)
        if named.accent and not passes(made.accent, (made.paper, made.raised), TEXT_RATIO):
            ground = min((made.paper, made.raised), key=lambda one: contrast(made.accent, one))
            near = nearest_passing(made.accent, (made.paper, made.raised), TEXT_RATIO)
            yield Fault(
                (*prefix, "accent"),
                f"accent {made.accent} on {ground} has a contrast of {_shown(contrast(made.accent, ground))}; links "
                f"are text and need {TEXT_RATIO}:1 ({scheme} scheme)",
                f"Take {near}, which is near it" if near else "Mend paper and ink first",
            )


def _ground_faults(made: Palette, named: Colours, prefix: tuple[str, ...], scheme: str) -> Iterator[Fault]:
    setting = (*prefix, "ink" if named.ink else "paper")
    if (luminance(made.ink) > luminance(made.paper)) is (scheme == "light"):
        yield Fault(
            setting,
            f"ink {made.ink} is {'lighter' if scheme == 'light' else 'darker'} than paper {made.paper} in the {scheme} "
            "scheme, and browsers colour their own controls by the scheme",
            "Exchange the two, or set them in the other scheme",
        )
    elif not passes(made.ink, (made.paper, made.raised), TEXT_RATIO):
        near = nearest_passing(made.ink, (made.paper, made.raised), TEXT_RATIO)
        yield Fault(
            setting,
            f"ink {made.ink} on paper {made.paper} has a contrast of {_shown(contrast(made.ink, made.paper))}; text "
            f"needs {TEXT_RATIO}:1, on raised grounds too ({scheme} scheme)",
            f"Take {near} as ink, which is near it" if near else "Take a paper further from the middle",
        )


def _ink_on(ground: str) -> str:
    inks = ("#ffffff", mix(ground, "#000000", 0.8), "#000000")
    return next(ink for ink in inks if passes(ink, (ground,), TEXT_RATIO))


def _marked(paper: str, ink: str) -> str:
    """Paper as a marker pen leaves it: as much of the pen as the ink stays readable on."""
    parts = (_MARKED_PART * step / 5 for step in range(5, -1, -1))
    return next(
        (tint for tint in (mix(paper, _MARKER, part) for part in parts) if passes(ink, (tint,), TEXT_RATIO)), paper
    )


def _shown(ratio: float) -> str:
    # Rounded down: 4.49 must not be shown as the 4.5 that it is not.
    return f"{int(ratio * 100) / 100}:1"
