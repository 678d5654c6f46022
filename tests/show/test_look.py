"""The show's colours and fonts: what a person names is checked, what follows from it can always be read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipeline.errors import InvalidShow
from pipeline.publish.templates import templates_folder
from pipeline.show import load_show
from pipeline.show.colours import TEXT_RATIO, contrast, mix, nearest_passing
from pipeline.show.look import DARK, LIGHT, Look, Palette, faults, palette
from tests.shows import make_show

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        # As the WebAIM and the W3C's own examples have them.
        ("#000000", "#ffffff", 21.0),
        ("#777777", "#ffffff", 4.48),
        ("#767676", "#ffffff", 4.54),
        ("#0000ff", "#ffffff", 8.59),
        ("#ff0000", "#ffffff", 4.0),
    ],
)
def test_contrast_is_what_wcag_says(one: str, other: str, expected: float) -> None:
    assert contrast(one, other) == contrast(other, one)
    assert int(contrast(one, other) * 100) / 100 == pytest.approx(expected, abs=0.011)


@given(COLOURS, COLOURS)
def test_a_near_colour_passes_and_is_itself_where_it_can_be(colour: str, ground: str) -> None:
    near = nearest_passing(colour, (ground,), TEXT_RATIO)
    assert near is not None
    assert contrast(near, ground) >= TEXT_RATIO
    assert (near == colour) is (contrast(colour, ground) >= TEXT_RATIO)


def test_half_of_each() -> None:
    assert mix("#000000", "#ffffff", 0.5) == "#808080"
    assert mix("#123456", "#ffffff", 0.0) == "#123456"


@pytest.mark.parametrize("ours", [LIGHT, DARK])
def test_our_own_colours_can_be_read_and_are_those_of_the_style_sheet(ours: Palette) -> None:
    _must_be_readable(ours)
    sheet = (templates_folder() / "static" / "style.css").read_text("utf-8")
    light, dark = (
        dict(re.findall(r"(--[a-z-]+): (#[0-9a-f]{3,6});", block))
        for block in re.findall(r":root \{(.*?)\}", sheet, re.DOTALL)[:2]
    )
    written = {name: Look(accent=value).accent for name, value in (light if ours is LIGHT else dark).items()}
    assert {name: written[name] for name in ours.properties()} == ours.properties()


@given(
    st.fixed_dictionaries({}, optional={"accent": COLOURS, "paper": COLOURS, "ink": COLOURS}),
    st.fixed_dictionaries({}, optional={"accent": COLOURS, "paper": COLOURS, "ink": COLOURS}),
)
def test_what_is_not_refused_can_be_read(light: dict[str, Any], dark: dict[str, Any]) -> None:
    look = Look.model_validate(light | {"dark": dark})
    if not list(faults(look)):
        for scheme in SCHEMES:
            _must_be_readable(palette(look, scheme))


def _must_be_readable(made: Palette) -> None:
    for ground in (made.paper, made.raised):
        for text in (made.ink, made.quiet, made.accent, made.warning):
            assert contrast(text, ground) >= TEXT_RATIO
    assert contrast(made.accent_ink, made.accent) >= TEXT_RATIO
    assert contrast(made.ink, made.marked) >= TEXT_RATIO


def test_dark_follows_from_the_accent() -> None:
    made = palette(Look(accent="#8a1538"), "dark")
    assert made.paper == DARK.paper
    assert made.accent not in (DARK.accent, "#8a1538")
    _must_be_readable(made)


def test_a_refusal_names_the_pair_the_ratio_and_a_colour_that_passes() -> None:
    (fault,) = faults(Look(accent="#c0c0c0"))
    assert fault.setting == ("look", "accent")
    assert fault.what == (
        "accent #c0c0c0 on #f3f1ea has a contrast of 1.6:1; links are text and need 4.5:1 (light scheme)"
    )
    near = re.findall("#[0-9a-f]{6}", fault.remedy)[0]
    assert not list(faults(Look(accent=near)))


@pytest.mark.parametrize(
    ("look", "setting", "said"),
    [
        ({"paper": "#666"}, ("look", "paper"), "needs 4.5:1"),
        ({"ink": "#bbb"}, ("look", "ink"), "has a contrast of"),
        ({"paper": "#111"}, ("look", "paper"), "is lighter than paper"),
        ({"paper": "#000", "ink": "#fff"}, ("look", "ink"), "is lighter than paper"),
        ({"dark": {"paper": "#fff", "ink": "#000"}}, ("look", "dark", "ink"), "is darker than paper"),
        ({"dark": {"accent": "#222"}}, ("look", "dark", "accent"), "dark scheme"),
    ],
)
def test_each_pair_is_checked_in_its_scheme(look: dict[str, Any], setting: tuple[str, ...], said: str) -> None:
    found = list(faults(Look.model_validate(look)))
    assert found[0].setting == setting
    assert said in found[0].what


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Georgia, serif", '"Georgia", serif'),
        ("'Our Sans', system-ui, -apple-system, sans-serif", '"Our Sans", system-ui, -apple-system, sans-serif'),
        ("Noto Sans 日本", '"Noto Sans 日本"'),
    ],
)
def test_a_stack_of_fonts_comes_out_quoted(written: str, expected: str) -> None:
    assert Look(text_font=written).text_font == expected


@pytest.mark.parametrize(
    "written", ["", "a, , b", 'x"; } body { display: none', "url(https://x.example/f)", "a; b", "a\\", "</style>"]
)
def test_nothing_else_than_names_comes_into_a_stack(written: str) -> None:
    with pytest.raises(ValidationError, match="no name of a font"):
        Look(text_font=written)


@pytest.mark.parametrize("written", ["red", "#12345", "#0a5a66;", "rgb(0,0,0)", ""])
def test_a_colour_is_written_in_hexadecimal(written: str) -> None:
    with pytest.raises(ValidationError, match="no colour"):
        Look(accent=written)


def test_show_toml_says_where_a_colour_cannot_be_read_and_which_font_is_missing(tmp_path: Path) -> None:
    root = make_show(tmp_path)
    path = root / "episodes" / "show.toml"
    before = path.read_text("utf-8")
    path.write_text(
        f'{before}\n[look]\naccent = "#0a5a66"\n\n[look.dark]\naccent = "#444444"\n\n'
        '[[look.fonts]]\nfamily = "Our Sans"\nfile = "our-sans.woff2"\n',
        "utf-8",
    )
    with pytest.raises(InvalidShow) as caught:
        load_show(root)
    dark, font = caught.value.problems
    first = before.count("\n") + 2
    assert dark.where == f"{path}:{first + 4}"
    assert "accent #444444 on #212427 has a contrast of 1.6" in dark.what
    assert font.where == f"{path}:{first + 8}"
