"""Artwork: the rules of the directories, and what listeners get of it."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from pipeline.errors import InvalidAudio
from pipeline.publish import artwork


def _save(path: Path, image: Image.Image, format: str = "PNG", **options: object) -> Path:
    image.save(path, format, **options)
    return path


def _noise(size_px: int) -> Image.Image:
    small = Image.effect_noise((size_px // 2, size_px // 2), 90).convert("RGB")
    return small.resize((size_px, size_px), Image.Resampling.NEAREST)


def _what(error: pytest.ExceptionInfo[InvalidAudio]) -> str:
    return " / ".join(problem.what for problem in error.value.problems)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P"])
def test_accepts_what_turns_into_rgb_without_loss(tmp_path: Path, mode: str) -> None:
    # RGBA here is opaque: transparency that nobody sees is no reason to send a producer away
    path = _save(tmp_path / "a.png", Image.new("RGB", (1400, 1400), (200, 30, 30)).convert(mode))
    assert artwork.check(path) == artwork.Artwork(path, 1400, "PNG")


def test_the_content_decides_not_the_name(tmp_path: Path) -> None:
    path = _save(tmp_path / "really-a-jpeg.png", Image.new("RGB", (3000, 3000)), "JPEG")
    assert artwork.check(path).format == "JPEG"


@pytest.mark.parametrize(
    ("image", "format", "expected"),
    [
        (Image.new("RGB", (1400, 1500)), "PNG", "not square"),
        (Image.new("RGB", (1399, 1399)), "PNG", "directories take 1400 to 3000"),
        (Image.new("RGB", (3001, 3001)), "PNG", "directories take 1400 to 3000"),
        (Image.new("CMYK", (1400, 1400)), "JPEG", "its colours are CMYK, not RGB"),
        (Image.new("I;16", (1400, 1400)), "PNG", "not RGB"),
        (Image.new("RGBA", (1400, 1400), (0, 0, 0, 0)), "PNG", "transparent parts"),
        (Image.new("RGB", (1400, 1400)), "GIF", "cannot be read as a JPEG or a PNG"),
    ],
)
def test_refuses_what_directories_refuse(tmp_path: Path, image: Image.Image, format: str, expected: str) -> None:
    path = _save(tmp_path / "artwork.png", image, format)
    with pytest.raises(InvalidAudio) as error:
        artwork.check(path)
    assert expected in _what(error)
    assert all(problem.remedy for problem in error.value.problems)


def test_lists_every_broken_rule_at_once(tmp_path: Path) -> None:
    path = _save(tmp_path / "artwork.jpg", Image.new("CMYK", (100, 90)), "JPEG")
    with pytest.raises(InvalidAudio) as error:
        artwork.check(path)
    assert len(error.value.problems) == 3


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0\x00\x10JFIF"])
def test_refuses_what_is_no_picture(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "artwork.png"
    path.write_bytes(content)
    with pytest.raises(InvalidAudio):
        artwork.check(path)


def test_refuses_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidAudio):
        artwork.check(tmp_path / "none.png")


def test_refuses_half_a_picture(tmp_path: Path) -> None:
    path = _save(tmp_path / "a.jpg", _noise(1400), "JPEG")
    path.write_bytes(path.read_bytes()[:50_000])
    with pytest.raises(InvalidAudio) as error:
        artwork.check(path)
    assert "damaged or incomplete" in _what(error)


@pytest.mark.parametrize("width_px", [12_000, 60_000])
def test_refuses_a_decompression_bomb_before_decoding_it(tmp_path: Path, width_px: int) -> None:
    # a few bytes that promise 144 million, then 3.6 billion pixels
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width_px, width_px, 8, 2, 0, 0, 0)
    path = tmp_path / "bomb.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )
    for use in (artwork.check, lambda bomb: artwork.encode(bomb, 600)):
        with pytest.raises(InvalidAudio):
            use(path)


def test_the_feed_gets_at_most_500_kb_of_the_worst_picture(tmp_path: Path) -> None:
    path = _save(tmp_path / "noise.png", _noise(2400), compress_level=1)
    content = artwork.encode(path, artwork.FEED_SIZE_PX)
    with Image.open(io.BytesIO(content)) as image:
        assert (image.format, image.mode) == ("JPEG", "RGB")
        assert image.width == image.height
        assert 1400 <= image.width <= 3000
    assert len(content) <= 500_000


def test_the_page_gets_600_pixels_and_nothing_is_enlarged(tmp_path: Path) -> None:
    path = _save(tmp_path / "a.png", Image.new("RGB", (1400, 1400), (200, 30, 30)))
    for wanted_px, got_px in ((600, 600), (3000, 1400)):
        with Image.open(io.BytesIO(artwork.encode(path, wanted_px))) as image:
            assert image.size == (got_px, got_px)


def test_the_recording_carries_a_small_cover(tmp_path: Path) -> None:
    content = artwork.cover(_save(tmp_path / "noise.png", _noise(1400)), "sha256:noise")
    with Image.open(io.BytesIO(content)) as image:
        assert (image.format, image.size) == ("JPEG", (800, 800))
    assert len(content) <= 200_000


def test_the_same_picture_gives_the_same_bytes(tmp_path: Path) -> None:
    path = _save(tmp_path / "a.png", _noise(1400))
    assert artwork.encode(path, 600) == artwork.encode(path, 600)


def test_listeners_do_not_learn_where_the_picture_was_taken(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    path = _save(tmp_path / "a.jpg", Image.new("RGB", (1400, 1400)), "JPEG", exif=exif, comment=b"at home")
    assert b"at home" not in artwork.encode(path, 1400)


def test_a_picture_turned_by_its_metadata_is_turned_for_good(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned by 90° clockwise
    image = Image.new("RGB", (1400, 1400), "white")
    image.paste("black", (0, 700, 1400, 1400))
    path = _save(tmp_path / "a.jpg", image, "JPEG", exif=exif)
    with Image.open(io.BytesIO(artwork.encode(path, 600))) as turned:
        left, right = turned.getpixel((50, 300)), turned.getpixel((550, 300))
    assert left == (0, 0, 0)
    assert right == (255, 255, 255)


def test_colours_of_a_damaged_profile_are_left_alone(tmp_path: Path) -> None:
    red = Image.new("RGB", (1400, 1400), (200, 30, 30))
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for name, profile in (("good.png", srgb), ("bad.png", b"nonsense")):
        content = artwork.encode(_save(tmp_path / name, red, icc_profile=profile), 600)
        with Image.open(io.BytesIO(content)) as image:
            pixel = image.getpixel((300, 300))
            assert "icc_profile" not in image.info
        assert isinstance(pixel, tuple)
        assert all(abs(got - wanted) <= 3 for got, wanted in zip(pixel, (200, 30, 30), strict=True))


def test_a_prepared_picture_is_encoded_once_and_again_when_it_changes(tmp_path: Path) -> None:
    source, folder = tmp_path / "a.png", tmp_path / "pictures"
    _save(source, Image.new("RGB", (1400, 1400), "red"))
    first = artwork.prepare(source, 600, folder)
    first.write_bytes(b"kept")
    assert artwork.prepare(source, 600, folder).read_bytes() == b"kept"
    _save(source, Image.new("RGB", (1400, 1400), "blue"))
    assert artwork.prepare(source, 600, folder) != first


def test_a_prepared_picture_meets_the_rules(tmp_path: Path) -> None:
    source = _save(tmp_path / "a.png", Image.new("RGB", (700, 700)))
    with pytest.raises(InvalidAudio):
        artwork.prepare(source, 600, tmp_path / "pictures")
    assert not (tmp_path / "pictures").exists()


@pytest.mark.parametrize("title", ["On Record", "Größe — a long title " * 12, "بودكاست", "x" * 300])
def test_a_placeholder_meets_the_rules(tmp_path: Path, title: str) -> None:
    path = tmp_path / "artwork.png"
    path.write_bytes(artwork.placeholder(title))
    assert artwork.check(path).size_px == 1400
    assert artwork.placeholder(title) == path.read_bytes()


def test_a_placeholder_bears_the_title_where_its_font_knows_the_letters() -> None:
    assert artwork.placeholder("One show") != artwork.placeholder("Another")
    assert artwork.placeholder("بودكاست") == artwork.placeholder("播客")
