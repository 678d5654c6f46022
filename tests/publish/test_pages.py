"""The pages, read as a parser, a browser, a screen reader and a person without scripts read them."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html
from PIL import Image

from pipeline import files
from pipeline.audio import ffmpeg
from pipeline.publish.model import ApprovedEpisode
from pipeline.publish.pages import (
    Pages,
    Site,
    newest_first,
    page_address,
    transcript_html,
)
from pipeline.publish.parts import EpisodeParts
from pipeline.publish.site import build_site
from pipeline.publish.templates import Templates
from pipeline.publish.wording import format_day, format_length
from pipeline.show import Person, Show, Source
from tests.browsers import until
from tests.publish import made

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

ASSETS = made.assets()
TODAY = date(2026, 11, 24)
PAGES = Pages(Templates())
SOURCES = {
    "report": made.source("report", title="The report", URL="https://archive.example/report"),
    "film": made.source("film", title="The film"),
}
# NFC, as everything that is read from episodes/
HOSTILE = '<script>alert(1)</script>" onload="x&amp; \u202eevix\u0301 שלום'


def _show(sources: dict[str, Source] | None = None, **changes: Any) -> Show:
    people = {person.id: person for person in made.PEOPLE}
    return Show(Path("show"), made.settings(**changes), people, (), sources or SOURCES, (), {})


def _document(text: str) -> Any:
    return html.fromstring(text)  # type: ignore[no-untyped-call]  # lxml ships no types


def _site(approved: Sequence[ApprovedEpisode], show: Show | None = None, today: date = TODAY) -> Site:
    show = show or _show()
    return Site(show, newest_first(made.parts(one, show.sources) for one in approved), ASSETS, today)


def _episode_page(approved: ApprovedEpisode, *, show: Show | None = None, today: date = TODAY) -> Any:
    site = _site([approved], show, today)
    (part,) = site.episodes
    assert isinstance(part, EpisodeParts)
    return _document(PAGES.episode_page(site, part))


def _approved(episode: dict[str, Any] | None = None, **changes: Any) -> ApprovedEpisode:
    return made.approved(made.episode(1, **(episode or {})), **changes)


def _text(element: Any) -> str:
    return " ".join(element.text_content().split())


def _index(approved: Sequence[ApprovedEpisode], **changes: Any) -> Any:
    return _document(PAGES.index_page(_site(approved, _show(**changes))))


# An episode's page


def test_says_who_speaks_when_and_how_long() -> None:
    people = (
        Person(id="ada-host", name="Ada Host", role="Reporter", organisation="The Desk"),
        Person(id="gus-guest", name="Gus Guest", url="https://guest.example/"),
    )
    page = _episode_page(_approved(people=people))
    assert _text(page.xpath("//h1")[0]) == "The 1. conversation"
    assert page.xpath("//article//header//time/@datetime") == ["2026-05-08T06:00:00+00:00"]
    assert "8 May 2026" in _text(page.xpath('//p[@class="meta"]')[0])
    assert "30 min" in _text(page.xpath('//p[@class="meta"]')[0])
    assert [_text(part) for part in page.xpath('//dl[@class="people"]/div')] == [
        "Host Ada Host Reporter, The Desk",
        "Guest Gus Guest",
    ]
    links = page.xpath('//bdi[@class="name"]/a/@href')
    assert links == ["../people.html#ada-host", "../people.html#gus-guest"]


def test_a_warning_stands_before_the_player() -> None:
    page = _episode_page(_approved({"content_note": "It is about violence.", "synthetic_voices": True}))
    words = [_text(element) for element in page.iter("p", "audio")]
    player = next(place for place, element in enumerate(page.iter("p", "audio")) if element.tag == "audio")
    assert words.index("It is about violence.") < player
    assert any(text.startswith("The voices in this recording are synthetic.") for text in words[:player])


def test_says_nothing_of_synthetic_voices_where_people_speak() -> None:
    assert "synthetic" not in _text(_episode_page(_approved()))


def test_the_player_needs_no_script() -> None:
    page = _episode_page(_approved())
    (audio,) = page.xpath("//audio")
    names = made.files("episode-1")
    assert names.vtt
    assert names.srt
    assert names.json
    assert audio.get("src") == Path(names.audio).name
    assert "controls" in audio.attrib
    assert audio.get("preload") == "metadata"
    assert audio.xpath("./track/@src") == [Path(names.vtt).name]
    links = page.xpath('//ul[@class="files"]//a/@href')
    assert links == [Path(name).name for name in (names.audio, names.vtt, names.srt, names.json)]


def test_the_whole_transcript_is_there_with_names_and_times() -> None:
    paragraphs = (
        made.paragraph("Ada Host", "Welcome to the show.", 0),
        made.paragraph("Ada Host", "Here is our guest.", 61_250),
        made.paragraph("Gus Guest", "Thank you.", 3_723_000),
        made.paragraph("Ada Host", "Not at all.", 3_725_000),
    )
    page = _episode_page(_approved(paragraphs=paragraphs))
    turns = page.xpath('//div[@class="turn"]')
    assert [_text(turn.xpath("./h3")[0]) for turn in turns] == ["Ada Host", "Gus Guest", "Ada Host"]
    said = page.xpath('//p[@class="said"]')
    assert [one.get("id") for one in said] == ["p-0", "p-61250", "p-3723000", "p-3725000"]
    assert [_text(one.xpath("./span")[0]) for one in said] == [paragraph.text for paragraph in paragraphs]
    times = [one.xpath("./a")[0] for one in said]
    assert [_text(time) for time in times] == ["0:00", "1:01", "1:02:03", "1:02:05"]
    assert [time.get("data-seek-ms") for time in times] == ["0", "61250", "3723000", "3725000"]
    audio = Path(made.files("episode-1").audio).name
    assert times[1].get("href") == f"{audio}#t=61.25"


def test_paragraphs_that_begin_together_have_addresses_of_their_own() -> None:
    paragraphs = [made.paragraph("Ada Host", text, 500) for text in ("One.", "Two.", "Three.")]
    ids = _document(str(transcript_html(paragraphs, audio="a.mp3", numbers={}))).xpath("//p/@id")
    assert len(set(ids)) == 3
    assert ids[0] == "p-500"


def test_citations_lead_to_their_sources_from_notes_and_transcript() -> None:
    approved = _approved(
        notes_markdown="There were 381 cases [@report] at [0:30].",
        paragraphs=(
            made.paragraph("Ada Host", "There were 381 cases [@report, p. 3]."),
            made.paragraph("Gus Guest", "I saw it [@film; @report]. Nobody [@unknown] else did.", 9000),
        ),
    )
    page = _episode_page(approved)
    sources = page.xpath('//ol[@class="sources"]/li')
    assert [source.get("id") for source in sources] == ["source-1", "source-2"]
    assert [source.xpath(".//cite")[0].text for source in sources] == ["The report", "The film"]
    assert page.xpath('//div[@class="transcript"]//sup/a/@href') == ["#source-1", "#source-2", "#source-1"]
    assert "@" not in _text(page.xpath('//div[@class="transcript"]')[0])
    assert _text(page.xpath('//p[@id="p-9000"]/span')[0]) == "I saw it[2][1]. Nobody else did."


def test_every_address_within_the_page_leads_somewhere() -> None:
    page = _episode_page(_approved(notes_markdown="One [@report], two [@film], one [@report]."))
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in page.xpath("//@href") if link.startswith("#")} <= set(ids)


def test_times_in_the_notes_play_without_a_script() -> None:
    page = _episode_page(_approved(notes_markdown='See [1:30]. A text may say href="#t=5 in peace.'))
    (time,) = page.xpath('//div[contains(@class, "notes")]//a')
    assert time.get("href") == f"{Path(made.files('episode-1').audio).name}#t=90"
    assert 'href="#t=5 in peace' in _text(page)


def test_a_call_to_action_ends_when_its_last_day_is_over() -> None:
    calls = [
        {"text": "Give", "url": "https://give.example/", "ends_on": date(2026, 11, 24)},
        {"text": "Write", "url": "https://write.example/"},
    ]
    for today, asked in ((date(2026, 11, 24), ["Give", "Write"]), (date(2026, 11, 25), ["Write"])):
        page = _episode_page(_approved({"calls_to_action": calls}), today=today)
        assert [link.text for link in page.xpath('//section[@id="action"]//a')] == asked
    assert _text(page.xpath('//p[@class="ended"]')[0]) == "This ended on 24 November 2026: Give"


def test_says_who_checked_it_and_what_drafted_it() -> None:
    approved = _approved(
        checked_by=("Eda Editor", "Cy Checker"),
        checked_at=datetime(2026, 5, 7, tzinfo=UTC),
        drafted_by="faster-whisper (base)",
    )
    said = _text(_episode_page(approved).xpath('//section[@id="transcript"]/p')[0])
    assert said.startswith(
        "Drafted by faster-whisper (base). Checked against the recording by Eda Editor and Cy Checker on 7 May 2026, "
        "by their own statement."
    )


def test_what_stands_without_a_source_is_said_with_the_reason_and_the_name() -> None:
    waiver = {"sentence": "The <b>bridge has been closed", "reason": "Everybody & all see it", "by": "Ada <Host>"}
    notes_markdown = "The <b>bridge has been closed since May 2024. It cost £4m [@report]."
    show = _show({"report": SOURCES["report"]})
    page = _episode_page(_approved({"waivers": [waiver]}, notes_markdown=notes_markdown), show=show)
    (section,) = page.xpath("//section[@id='waivers']")
    assert "One statement of the notes stands without a source" in _text(section)
    (item,) = section.xpath(".//li")
    assert _text(item) == "The <b>bridge has been closed since May 2024. Everybody & all see it (Ada <Host>)"
    assert not _episode_page(_approved(notes_markdown="Words.")).xpath("//section[@id='waivers']")


def test_headings_follow_without_gaps_and_landmarks_are_there() -> None:
    approved = _approved(
        {"content_note": "Violence.", "calls_to_action": [{"text": "Act"}]},
        notes_markdown="# Big\n\n### Small\n\nText [@report]",
    )
    for page in (_episode_page(approved), _index([approved])):
        levels = [int(heading.tag[1]) for heading in page.xpath("//h1|//h2|//h3|//h4|//h5|//h6")]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))
        assert len(page.xpath("//main")) == len(page.xpath("//body/header")) == len(page.xpath("//body/footer")) == 1
        skip = page.xpath("//body/a")[0]
        assert page.xpath(f'//main[@id="{skip.get("href")[1:]}"]')


def test_a_page_declares_its_language_and_marks_what_is_in_another() -> None:
    page = _episode_page(_approved(language="fil"))
    assert page.xpath("/html/@lang") == ["fil"]
    assert page.xpath('//h2[@id="transcript-title"]/@lang') == ["en"]
    assert not page.xpath('//div[@class="transcript"]/ancestor-or-self::*[@lang="en"]')
    english = _episode_page(_approved())
    assert english.xpath("//*[@lang]/@lang") == ["en-GB"]


def test_the_policy_forbids_inline_code_and_there_is_none() -> None:
    approved = _approved(notes_markdown="| a | b |\n|:-:|--:|\n| 1 | 2 |\n\n<b onclick=x>raw</b>")
    for page in (_episode_page(approved), _index([approved])):
        (policy,) = page.xpath('//meta[@http-equiv="Content-Security-Policy"]/@content')
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert not page.xpath("//style | //*[@style] | //script[not(@src) and not(@type='application/ld+json')]")
        assert not [name for name in page.xpath("//@*/..") for name in name.attrib if name.startswith("on")]


def test_the_page_has_one_address_and_leads_to_the_feed() -> None:
    page = _episode_page(_approved())
    assert page.xpath('//link[@rel="canonical"]/@href') == ["https://show.example/episode-1/index.html"]
    assert page.xpath('//link[@type="application/rss+xml"]/@href') == ["../feed.xml"]
    assert page_address(made.settings(), "index.html") == "https://show.example/"


def test_what_people_wrote_is_inert() -> None:
    plain = _approved()
    hostile = made.approved(
        made.episode(
            1,
            title=HOSTILE,
            summary=HOSTILE,
            content_note=HOSTILE,
            recorded_on=HOSTILE,
            calls_to_action=[{"text": HOSTILE, "url": 'https://x.example/"><script>'}],
        ),
        people=(Person(id="ada-host", name=HOSTILE, role=HOSTILE, organisation=HOSTILE),),
        paragraphs=(made.paragraph(HOSTILE, HOSTILE), made.paragraph("Ada", f"{HOSTILE} [@report]", 99)),
        notes_markdown=HOSTILE,
        checked_by=(HOSTILE,),
        drafted_by=HOSTILE,
    )
    show = _show(title=HOSTILE, description=HOSTILE, author=HOSTILE, copyright=HOSTILE, artwork_alt=HOSTILE)
    page = _episode_page(hostile, show=show)
    index = _document(PAGES.index_page(_site([hostile], show)))
    for document, scripts in (
        (page, _episode_page(plain).xpath("//script/@src")),
        (index, ["static/copy_script-0.js"]),
    ):
        assert document.xpath("//script/@src") == scripts
        (data,) = document.xpath("//script[not(@src)]")
        assert data.get("type") == "application/ld+json"
        assert json.loads(data.text)["name"] == HOSTILE
        assert not document.xpath("//*[@onload]")
    assert _text(page.xpath("//h1")[0]) == HOSTILE
    assert _text(index.xpath("//h1")[0]) == HOSTILE
    assert index.xpath("//img/@alt")[0] == HOSTILE
    assert _text(page.xpath('//h3[@class="speaker"]/bdi')[0]) == HOSTILE


_TEXT = st.text(
    st.one_of(
        st.sampled_from("<>&\"'[]@;=/\\ \u202e\u200f\u0301"), st.characters(exclude_categories=("Cc", "Cs", "Cn"))
    ),
    min_size=1,
    max_size=60,
).filter(lambda text: bool(text.strip()))


@settings(max_examples=60, deadline=None)
@given(_TEXT, _TEXT)
def test_no_text_makes_an_element(speaker: str, text: str) -> None:
    def shape(name: str, words: str) -> list[str]:
        rendered = str(transcript_html([made.paragraph(name, words)], audio="a.mp3", numbers={}))
        return [str(element.tag) for element in _document(rendered).iter()]

    assert shape(speaker, text) == shape("Ada", "Words")


def test_names_of_any_direction_keep_to_themselves() -> None:
    page = _episode_page(
        _approved(
            people=(Person(id="ada-host", name="شهد الأحمد"),),
            paragraphs=(made.paragraph("شهد الأحمد", "مرحبا بكم."),),
        )
    )
    for name in page.xpath('//*[contains(text(), "شهد الأحمد")][not(self::script)]'):
        assert name.tag == "bdi" or name.getparent().tag == "bdi"
    assert page.xpath('//p[@class="said"]/span/@dir') == ["auto"]


# The index


def test_the_index_lists_the_newest_first() -> None:
    approved = [made.approved(made.episode(which)) for which in (2, 3, 1)]
    page = _index(approved)
    assert page.xpath('//ol[@class="episodes"]//h3/a/@href') == [f"episode-{one}/index.html" for one in (3, 2, 1)]
    assert page.xpath('//section[@id="subscribe"]//a[text()="RSS feed"]/@href') == ["feed.xml"]
    assert page.xpath('//section[@id="subscribe"]//input/@value') == ["https://show.example/feed.xml"]


def test_the_index_describes_the_show() -> None:
    page = _index([], description="First part.\n\nSecond part.", artwork_alt="A lamp", license="CC BY 4.0")
    assert [_text(one) for one in page.xpath("//header//p")][:2] == ["First part.", "Second part."]
    assert page.xpath("//header//img/@alt")[0] == "A lamp"
    assert _index([]).xpath("//header//img/@alt")[0] == "Artwork of On Record"
    assert "CC BY 4.0" in _text(page.xpath("//footer")[0])
    assert page.xpath('//meta[@name="description"]/@content') == ["First part."]


def test_the_page_for_wrong_addresses_works_at_any_depth() -> None:
    show = _show(site_url="https://host.example/our/show/")
    page = _document(PAGES.missing_page(_site([], show)))
    assert page.xpath('//link[@rel="stylesheet"]/@href') == ["/our/show/static/style-0.css"]
    assert "/our/show/index.html" in page.xpath("//main//a/@href")


@pytest.mark.parametrize(
    ("duration_ms", "expected"),
    [
        (200, "1 s"),
        (45_000, "45 s"),
        (59_499, "59 s"),
        (59_500, "1 min"),
        (1_860_000, "31 min"),
        (3_600_000, "1 h"),
        (3_599_999, "1 h"),
        (3_720_000, "1 h 2 min"),
    ],
)
def test_lengths_are_written_as_people_say_them(duration_ms: int, expected: str) -> None:
    assert format_length(duration_ms) == expected


def test_days_are_those_of_the_zone_they_were_written_in() -> None:
    assert format_day(datetime.fromisoformat("2026-11-24T00:30:00+10:00")) == "24 November 2026"


# In a real browser


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A site with a real MP3 of 40 s, a hard name and a long word, served as `onrecord serve` does."""
    import uvicorn

    from pipeline.publish.serve import application

    root = tmp_path_factory.mktemp("show")
    (root / "episodes").mkdir()
    Image.new("RGB", (1400, 1400), (20, 60, 90)).save(root / "episodes" / "artwork.png")
    recording = root / "release.mp3"
    subprocess.run(
        [
            str(ffmpeg.find().path), "-v", "error", "-f", "lavfi", "-i", "sine=frequency=300:duration=40",
            "-c:a", "libmp3lame", "-b:a", "64k", "-ar", "44100", str(recording),
        ],
        check=True,
    )  # fmt: skip
    approved = made.approved(
        made.episode(
            1,
            title="Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
            content_note="It is about violence.",
            synthetic_voices=True,
            recorded_on="late May 2026",
            calls_to_action=[
                {"text": "Give", "url": "https://give.example/", "ends_on": date(2030, 1, 1)},
                {"text": "Sign", "ends_on": date(2020, 1, 1)},
            ],
        ),
        people=(
            Person(id="ada-host", name="Ada Host", role="Reporter", organisation="The Desk", url="https://a.example/"),
            Person(id="gus-guest", name="شهد الأحمد", role="Guest"),
        ),
        paragraphs=(
            made.paragraph("Ada Host", "There were 381 cases [@report].", 1000),
            *(made.paragraph("شهد الأحمد", "A long answer, said slowly. " * 8, 4000 * which) for which in range(1, 10)),
        ),
        notes_markdown=(
            "## Figures\n\nThere were 381 cases [@report], said at [0:20] and `averyveryveryverylongword` "
            f"https://archive.example/{'long' * 30}\n\n"
            "| which | how many | since when | and by whom |\n|---|--:|:-:|---|\n| one | 1 | 2020 | somebody |\n\n"
            "> Said."
        ),
        release=made.release(
            digest=files.digest_file(recording), size_bytes=recording.stat().st_size, duration_ms=40_000
        ),
        release_path=recording,
    )
    build_site(root / "site", Show(root, made.settings(), {}, (), SOURCES, (), {}), [approved], today=TODAY)
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(application(root / "site"), log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
    server.should_exit = True
    thread.join(timeout=30)
    listening.close()


EPISODE = "episode-1/index.html"


@contextlib.contextmanager
def _page(browser: Browser, address: str, **context: Any) -> Iterator[Page]:
    """A page in a fresh context; whatever the browser complains of on the way fails the test."""
    with contextlib.closing(browser.new_context(**context)) as fresh:
        complaints = _complaints(fresh)
        page = fresh.new_page()
        page.goto(address, wait_until="load")
        yield page
        assert complaints == []


def _complaints(context: BrowserContext) -> list[str]:
    complaints: list[str] = []
    context.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    context.on("response", lambda answer: complaints.append(answer.url) if answer.status >= 400 else None)
    return complaints


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["", EPISODE, "no-such-page"])
def test_no_barrier_that_axe_can_find(
    browser: Browser, address: str, path: str, scheme: Literal["light", "dark"]
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    missing = path == "no-such-page"
    with contextlib.closing(browser.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 900})) as fresh:
        page = fresh.new_page()
        answer = page.goto(address + path, wait_until="load")
        assert answer is not None
        assert answer.status == (404 if missing else 200)
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


@pytest.mark.browser
@pytest.mark.parametrize("path", ["", EPISODE])
def test_nothing_is_cut_off_at_320_pixels(browser: Browser, address: str, path: str) -> None:
    with _page(browser, address + path, viewport={"width": 320, "height": 640}) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.browser
def test_without_scripts_everything_is_there(browser: Browser, address: str) -> None:
    with _page(browser, address + EPISODE, java_script_enabled=False) as page:
        assert page.locator("audio").is_visible()
        assert page.locator(".said").count() == 10
        assert page.locator(".said").last.is_visible()
        link = page.locator(".said a.time").nth(3).get_attribute("href")
        assert link is not None
        assert re.fullmatch(r"episode-1-[0-9a-f]{12}\.mp3#t=12", link)


@pytest.mark.browser
@pytest.mark.parametrize(("link", "second"), [(".said a.time >> nth=3", 12), (".notes a.time", 20)])
def test_a_time_seeks_and_plays(browser: Browser, address: str, link: str, second: int) -> None:
    with _page(browser, address + EPISODE) as page:
        page.locator(link).click()
        until(page, f"document.querySelector('audio').currentTime > {second} + 0.2")
        assert page.evaluate("document.querySelector('audio').currentTime") < second + 5
        assert page.evaluate("document.querySelector('audio').paused") is False
        assert page.url.endswith(f"#t={second}")


@pytest.mark.browser
def test_a_time_works_by_keyboard(browser: Browser, address: str) -> None:
    with _page(browser, address + EPISODE) as page:
        page.locator(".said a.time").nth(2).focus()
        page.keyboard.press("Enter")
        until(page, "document.querySelector('audio').currentTime > 8")


@pytest.mark.browser
@pytest.mark.parametrize("end", ["#t=16", "?t=16", "#p-16000"])
def test_an_address_with_a_time_opens_there(browser: Browser, address: str, end: str) -> None:
    with _page(browser, address + EPISODE + end) as page:
        until(page, "document.querySelector('audio').currentTime === 16")
        assert page.evaluate("document.querySelector('audio').paused") is True
        # the paragraph that is said there is on the screen, below the player that stays
        until(
            page,
            "() => { const box = document.getElementById('p-16000').getBoundingClientRect();"
            " const bar = document.querySelector('.player').getBoundingClientRect();"
            " return box.top >= bar.bottom - 1 && box.top < innerHeight; }",
        )


@pytest.mark.browser
def test_the_skip_link_appears_and_leads_to_the_content(browser: Browser, address: str) -> None:
    with _page(browser, address + EPISODE) as page:
        page.keyboard.press("Tab")
        skip = page.locator(".skip")
        box = skip.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "content"


@pytest.mark.browser
def test_on_paper_there_are_words_and_addresses_and_no_controls(browser: Browser, address: str) -> None:
    with _page(browser, address + EPISODE) as page:
        assert not page.locator(".printed").is_visible()
        page.emulate_media(media="print")
        assert not page.locator("audio").is_visible()
        assert page.locator(".printed").inner_text() == "https://show.example/episode-1/index.html"
        assert page.locator(".said").last.is_visible()
        shown = "el => getComputedStyle(el, '::after').content"
        assert "https://archive.example/report" in page.locator(".sources a[href^=http]").first.evaluate(shown)
