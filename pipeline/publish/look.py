"""The show's look as CSS: what show.toml names, as the custom properties and font faces of the one style sheet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pipeline.errors import InvalidShow, Problem
from pipeline.show.look import FontFile, Look, palette

FONT_MAX_BYTES = 200_000
_MAGIC = b"wOF2"


def look_css(look: Look, fonts: Mapping[str, str]) -> str:
    """The rules that follow our style sheet; nothing where the show has no look of its own.

    `fonts` are the names of the published font files, beside the style sheet, by their names in show.toml.
    Paper keeps our colours: what is printed is black on white.
    """
    rules = [_face(font, fonts[font.file]) for font in look.fonts]
    families = {"--serif": look.text_font, "--sans": look.interface_font}
    named = {name: stack for name, stack in families.items() if stack}
    if named:
        rules.append(_root(named))
    if look.model_dump(include={"accent", "paper", "ink"}, exclude_none=True) or look.dark.model_dump(
        exclude_none=True
    ):
        rules.append(f"@media screen {{\n{_root(palette(look, 'light').properties())}}}\n")
        rules.append(
            f"@media screen and (prefers-color-scheme: dark) {{\n{_root(palette(look, 'dark').properties())}}}\n"
        )
    return "".join(["\n/* The show's own look, from show.toml */\n", *rules]) if rules else ""


def read_fonts(look: Look, folder: Path) -> dict[str, bytes]:
    """The font files of a look by their names. Raises InvalidShow where one is not WOFF2 or too large."""
    contents = {font.file: (folder / font.file).read_bytes() for font in look.fonts}
    problems = [
        Problem(str(folder / name), what, remedy)
        for name, content in contents.items()
        for what, remedy in _faults(content)
    ]
    if problems:
        raise InvalidShow(problems)
    return contents


def _faults(content: bytes) -> list[tuple[str, str]]:
    if not content.startswith(_MAGIC):
        return [("it is no WOFF2 font, whatever its name says", "Convert it, for example with fonttools")]
    if len(content) > FONT_MAX_BYTES:
        size_kb, most_kb = len(content) // 1000, FONT_MAX_BYTES // 1000
        what = f"it has {size_kb} kB, and every reader would fetch them; at most {most_kb} kB is published"
        return [(what, "Keep only the characters that the show needs, for example with pyftsubset of fonttools")]
    return []


def _face(font: FontFile, name: str) -> str:
    return (
        f'@font-face {{\n  font-family: "{font.family}";\n  src: url("{name}") format("woff2");\n'
        f"  font-weight: {font.weight};\n  font-style: {font.style};\n  font-display: swap;\n}}\n"
    )


def _root(properties: Mapping[str, str]) -> str:
    return ":root {\n" + "".join(f"  {name}: {value};\n" for name, value in properties.items()) + "}\n"
