"""The picture that goes along with an address, measured by its pixels."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageColor

from pipeline.publish import lettering
from pipeline.publish.share_image import (
    HEIGHT_PX,
    MAX_BYTES,
    WIDTH_PX,
    Said,
    draw,
    encode,
    prepare,
    share_colours,
    waveform,
)
from pipeline.show.colours import contrast
from pipeline.show.look import Look

COLOURS = share_colours(Look())
ARTWORK = Image.new("RGB", (600, 600), (200, 30, 30))
RED = (200, 30, 30)


def _jpeg(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def _count(picture: Image.Image, colour: str, box: tuple[int, int, int, int]) -> int:
    return sum(pixel == ImageColor.getrgb(colour) for pixel in list(picture.crop(box).get_flattened_data()))


def _peaks(path: Path, sizes: list[int]) -> Path:
    data = [side * size for size in sizes for side in (-1, 1)]
    path.write_text(json.dumps({"version": 2, "data": data}), "utf-8")
    return path


TITLE_BOX = (64, 110, 860, 410)
WAVE_BOX = (0, 420, WIDTH_PX, HEIGHT_PX)


def test_shows_title_waveform_and_artwork() -> None:
    picture = draw(Said("On Record", "Who counts the missing"), ARTWORK, (0.2, 1.0) * 44, COLOURS)
    assert picture.size == (1200, 630)
    assert picture.getpixel((1040, 160)) == RED
    assert _count(picture, COLOURS.ink, TITLE_BOX) > 1000
    assert _count(picture, COLOURS.wave, WAVE_BOX) > 5000


@pytest.mark.parametrize("title", ["播客", "بودكاست", "Подкаст", "Eugénie"])
def test_a_title_that_cannot_be_drawn_is_left_off_whole(title: str) -> None:
    assert lettering.drawable(title) is None
    with_show = draw(Said("On Record", title), ARTWORK, (0.5,) * 89, COLOURS)
    assert with_show.tobytes() == draw(Said("On Record", None), ARTWORK, (0.5,) * 89, COLOURS).tobytes()
    alone = draw(Said(title, title), ARTWORK, (), COLOURS)
    assert _count(alone, COLOURS.ink, (0, 0, WIDTH_PX, HEIGHT_PX)) == 0


@pytest.mark.parametrize("accent", [None, "#0a5a66", "#8a1538", "#000000", "#767676"])
def test_the_show_s_own_colour_is_the_ground_and_all_on_it_stands_out(accent: str | None) -> None:
    colours = share_colours(Look(accent=accent))
    assert colours.ground == (accent or COLOURS.ground)
    assert contrast(colours.ink, colours.ground) >= 4.5
    assert contrast(colours.quiet, colours.ground) >= 3  # large letters (WCAG 2.2, 1.4.3)
    assert contrast(colours.wave, colours.ground) >= 2


def test_typographic_signs_do_not_keep_a_title_off() -> None:
    assert lettering.drawable("“It’s known” – who\u00a0says so…") == "“It’s known” - who says so…"


@given(st.text(st.characters(codec="ascii", categories=("L", "N", "P", "Zs")), min_size=1, max_size=400))
def test_no_title_runs_out_of_its_place(title: str) -> None:
    letters, lines = lettering.fitted(title, 700, 290, (72, 56, 36))
    assert all(letters.getlength(line) <= 700 for line in lines)
    assert len(lines) * letters.size * 1.2 <= 290 + 1e-6


def test_a_title_that_fits_in_no_size_is_cut_with_an_ellipsis() -> None:
    _, lines = lettering.fitted("word " * 400, 700, 290, (72, 36))
    assert lines[-1].endswith("…")


def test_the_waveform_is_loud_where_the_recording_is() -> None:
    loud, quiet = [-100, 100] * 50, [-10, 10] * 50
    bars = waveform([*quiet, *loud, *quiet], 6)
    assert bars[2] == bars[3] == 1.0
    assert max(bars[:2] + bars[4:]) < 0.2


@pytest.mark.parametrize("peaks", [[], [0, 0] * 500, [-5, 5]])
def test_there_is_no_waveform_of_silence_or_of_next_to_nothing(peaks: list[int]) -> None:
    assert waveform(peaks) == ()


@given(st.lists(st.integers(-127, 127), max_size=600))
def test_strokes_stay_within_their_height(peaks: list[int]) -> None:
    assert all(0.0 <= bar <= 1.0 for bar in waveform([abs(peak) * sign for peak in peaks for sign in (-1, 1)], 20))


def test_detail_in_the_artwork_costs_quality_not_size() -> None:
    noise = Image.merge("RGB", [Image.effect_noise((600, 600), 200) for _ in range(3)])
    picture = draw(Said("On Record"), noise, (), COLOURS)
    assert len(encode(picture, max_bytes=10_000_000)) > MAX_BYTES >= len(encode(picture))


def test_the_same_input_gives_the_same_bytes_and_is_drawn_once(tmp_path: Path) -> None:
    peaks = _peaks(tmp_path / "peaks.json", [5, 90] * 500)
    said = Said("On Record", "Who counts the missing")
    first = prepare(said, _jpeg(ARTWORK), peaks, COLOURS, tmp_path / "a")
    assert prepare(said, _jpeg(ARTWORK), peaks, COLOURS, tmp_path / "b") == first
    (kept,) = (tmp_path / "a").iterdir()
    kept.write_bytes(b"kept")
    assert prepare(said, _jpeg(ARTWORK), peaks, COLOURS, tmp_path / "a") == b"kept"


def test_what_it_depends_on_makes_another_picture(tmp_path: Path) -> None:
    peaks = _peaks(tmp_path / "peaks.json", [5, 90] * 500)
    other = _peaks(tmp_path / "other.json", [90, 90, 90, 5, 90] * 200)
    said = Said("On Record", "One")
    variants = [
        prepare(said, _jpeg(ARTWORK), peaks, COLOURS, tmp_path),
        prepare(Said("On Record", "Two"), _jpeg(ARTWORK), peaks, COLOURS, tmp_path),
        prepare(said, _jpeg(ARTWORK), other, COLOURS, tmp_path),
        prepare(said, _jpeg(ARTWORK), tmp_path / "none.json", COLOURS, tmp_path),
        prepare(said, _jpeg(ARTWORK.resize((500, 500))), peaks, share_colours(Look(accent="#000000")), tmp_path),
    ]
    assert len(set(variants)) == len(variants)


def test_peaks_that_are_none_only_cost_the_waveform(tmp_path: Path) -> None:
    broken = tmp_path / "peaks.json"
    broken.write_text('{"data": 5}', "utf-8")
    content = prepare(Said("On Record", "One"), _jpeg(ARTWORK), broken, COLOURS, tmp_path)
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.size == (WIDTH_PX, HEIGHT_PX)
