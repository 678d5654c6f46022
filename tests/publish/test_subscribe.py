"""Links for apps and directories, and a QR code that is read back by eyes of its own."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
import segno
from lxml import etree
from PIL import Image

from pipeline.publish.subscribe import directory_pages, qr_code, ways
from tests.publish import made
from tests.publish.varied import build_varied
from tests.serving import served

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FEED = "https://show.example/sub%20folder/feed.xml"


def test_without_addresses_only_apps_that_take_any_feed_get_a_link() -> None:
    links = {way.app: way.url for way in ways(made.settings(), FEED)}
    assert links.keys() == {"apple", "overcast", "pocket_casts", "antennapod"}
    assert links["apple"] == "podcast://show.example/sub%20folder/feed.xml"
    assert links["pocket_casts"] == "pktc://subscribe/show.example/sub%20folder/feed.xml"
    overcast, antennapod = urlsplit(links["overcast"]), urlsplit(links["antennapod"])
    assert (overcast.scheme, overcast.netloc, overcast.path) == ("overcast", "x-callback-url", "/add")
    assert parse_qs(overcast.query) == {"url": [FEED]}
    assert antennapod.hostname == "antennapod.org"
    assert parse_qs(antennapod.query) == {"url": [FEED], "title": ["On Record"]}


def test_a_title_cannot_add_to_a_link() -> None:
    (antennapod,) = (way for way in ways(made.settings(title='A & B&url="x'), FEED) if way.app == "antennapod")
    assert parse_qs(urlsplit(antennapod.url).query) == {"url": [FEED], "title": ['A & B&url="x']}


def test_an_address_in_show_toml_comes_before_a_link_that_needs_the_app() -> None:
    own = {"apple": "https://podcasts.example/id1", "spotify": "https://spotify.example/show/1"}
    found = ways(made.settings(subscribe=own), FEED)
    assert [(way.label, way.url, way.kind) for way in found[:2]] == [
        ("Apple Podcasts", own["apple"], "page"),
        ("Spotify", own["spotify"], "page"),
    ]
    kinds = [way.kind for way in found]
    assert kinds == sorted(kinds, key=["page", "app"].index)
    assert directory_pages(made.settings(subscribe=own)) == (own["apple"], own["spotify"])


def test_a_directory_must_have_a_whole_address() -> None:
    with pytest.raises(ValueError, match="whole web address"):
        made.settings(subscribe={"spotify": "javascript:alert(1)"})


def test_the_qr_code_shows_the_matrix_of_the_address_with_its_quiet_zone() -> None:
    drawn = _modules(qr_code(FEED))
    matrix = [[bool(module) for module in row] for row in segno.make_qr(FEED, error="m").matrix]
    side = len(matrix) + 8
    assert len(drawn) == side
    assert [row[4:-4] for row in drawn[4:-4]] == matrix
    edge = [*drawn[:4], *drawn[-4:], *(row[:4] + row[-4:] for row in drawn)]
    assert not any(itertools.chain(*edge))


def test_the_qr_code_is_the_same_for_the_same_address() -> None:
    assert qr_code(FEED) == qr_code(FEED)
    assert b"style=" not in qr_code(FEED)


def test_an_address_that_fits_in_no_qr_code_is_refused() -> None:
    with pytest.raises(ValueError, match="too many for a QR code"):
        qr_code("https://show.example/" + "a" * 3000)


@pytest.mark.browser
def test_a_browser_draws_the_qr_code_as_it_is_meant(browser: Browser) -> None:
    """Chromium's pixels of the picture, on a dark page, against the matrix: no part of ours reads the SVG here."""
    svg = qr_code(FEED).decode()
    side = len(segno.make_qr(FEED, error="m").matrix) + 8
    page = browser.new_page(viewport={"width": 600, "height": 600})
    page.set_content('<body style="margin:0;background:#000"><img style="display:block">')
    drawn = page.evaluate(
        """async ([svg, side]) => {
          const image = document.querySelector("img");
          image.width = image.height = side * 4;
          image.src = "data:image/svg+xml," + encodeURIComponent(svg);
          await image.decode();
          const canvas = Object.assign(document.createElement("canvas"), { width: side * 4, height: side * 4 });
          const pen = canvas.getContext("2d");
          pen.drawImage(image, 0, 0, side * 4, side * 4);
          const at = (x, y) => pen.getImageData(x * 4 + 2, y * 4 + 2, 1, 1).data;
          return [...Array(side).keys()].map((y) => [...Array(side).keys()].map((x) => [...at(x, y)].join()));
        }""",
        [svg, side],
    )
    page.close()
    matrix = [[bool(module) for module in row] for row in segno.make_qr(FEED, error="m").matrix]
    assert {colour for row in drawn for colour in row} == {"0,0,0,255", "255,255,255,255"}
    assert [[colour == "0,0,0,255" for colour in row[4:-4]] for row in drawn[4:-4]] == matrix


# On the pages


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("subscribing")
    build_varied(root)
    with served(root) as address:
        yield address


@pytest.mark.browser
@pytest.mark.parametrize("path", ["", "episode-1/index.html"])
def test_the_address_of_the_feed_is_copied_by_a_button(browser: Browser, address: str, path: str) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(address + path)
    button = page.get_by_role("button", name="Copy", exact=True)
    button.focus()
    page.keyboard.press("Enter")
    said = page.locator("#subscribe [role=status]")
    said.filter(has_text="Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    context.close()
    assert copied == "https://show.example/feed.xml"


@pytest.mark.browser
def test_where_a_browser_does_not_copy_the_address_stands_selected(browser: Browser, address: str) -> None:
    context = browser.new_context()
    context.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page = context.new_page()
    page.goto(address)
    page.get_by_role("button", name="Copy", exact=True).click()
    page.locator("#subscribe [role=status]").filter(has_text="Ctrl+C").wait_for()
    selected = page.evaluate("String(getSelection())")
    context.close()
    assert selected == "https://show.example/feed.xml"


@pytest.mark.browser
def test_without_scripts_the_address_can_be_taken_and_no_button_does_nothing(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    assert page.get_by_label("paste this address").input_value() == "https://show.example/feed.xml"
    assert not page.get_by_role("button", name="Copy", exact=True).is_visible()
    page.get_by_text("QR code for your phone").click()
    code = page.get_by_alt_text("QR code that holds the address of the feed")
    code.scroll_into_view_if_needed()
    box = code.bounding_box()
    context.close()
    assert box
    assert box["width"] == box["height"] > 150


@pytest.mark.browser
def test_an_episode_leads_to_every_way_to_subscribe(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(f"{address}episode-1/index.html")
    page.get_by_role("link", name="Subscribe", exact=True).click()
    page.wait_for_url("**/feed.html")
    links = page.locator(".subscribing .ways a").all_inner_texts()
    page.close()
    assert "RSS feed" in links
    assert "AntennaPod" in links


def _modules(svg: bytes) -> list[list[bool]]:
    """The modules that the SVG's strokes cover: moves and horizontal lines along the middle of rows."""
    root = etree.fromstring(svg)
    side = int(root.get("viewBox").split()[2])
    dark = [[False] * side for _ in range(side)]
    (path,) = (element for element in root.iter() if element.get("stroke") == "#000")
    commands = path.get("d").replace("M", " M ").replace("m", " m ").replace("h", " h ").split()
    x, y = 0.0, 0.0
    offset = path.get("transform")
    assert offset is None
    place = 0
    while place < len(commands):
        letter = commands[place]
        if letter in "Mm":
            across, down = float(commands[place + 1]), float(commands[place + 2])
            x, y = (across, down) if letter == "M" else (x + across, y + down)
            place += 3
        else:
            length = float(commands[place + 1])
            for column in range(round(x), round(x + length)):
                dark[int(y)][column] = True
            x += length
            place += 2
    return dark


@pytest.mark.browser
def test_a_decoder_reads_the_code_from_the_page(browser: Browser, address: str) -> None:
    import zxingcpp

    page = browser.new_page(color_scheme="dark")
    page.goto(f"{address}feed.html")
    picture = page.locator("img.qr-code").screenshot()
    page.close()
    with Image.open(io.BytesIO(picture)) as image:
        (code,) = zxingcpp.read_barcodes(image.convert("RGB"))
    assert code.text == "https://show.example/feed.xml"
