"""The pages that go over all episodes: what stands on them, and that their links lead where they say."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import feedparser
import pytest
from lxml import html
from PIL import Image

from pipeline.errors import InvalidAudio
from pipeline.publish import artwork
from pipeline.publish.corrections_feed import corrections_feed
from pipeline.publish.model import ApprovedEpisode
from pipeline.publish.pages import Pages, Site, newest_first
from pipeline.publish.pages.transcript import cited_at
from pipeline.publish.templates import Templates
from pipeline.show import Person, Show
from tests.publish import made

ASSETS = made.assets()
PAGES = Pages(Templates())
SOURCES = {key: made.source(key) for key in ("report", "film", "book")}
CORRECTION = {
    "kind": "correction",
    "at": datetime(2026, 12, 2, 10, tzinfo=UTC),
    "by": "Ada Host",
    "where": ["notes"],
    "said": "318 <cases>",
    "says": "381 cases",
}


def site(*approved: ApprovedEpisode, photos: dict[str, str] | None = None, **changes: Any) -> Site:
    people = {person.id: person for person in made.PEOPLE}
    show = Show(Path("show"), made.settings(**changes), people, (), SOURCES, (), {})
    parts = [made.parts(one, SOURCES) for one in approved]
    return Site(show, newest_first(parts), ASSETS, date(2026, 11, 24), photos or {}, "search/index-0.json")


def page(whole: Site, name: str) -> Any:
    return html.fromstring(dict(PAGES.all(whole))[name])  # type: ignore[no-untyped-call]  # lxml ships no types


def text(element: Any) -> str:
    return " ".join(element.text_content().split())


def episodes(count: int) -> list[ApprovedEpisode]:
    first = datetime(2025, 12, 1, 6, tzinfo=UTC)
    return [
        made.approved(made.episode(number, published_at=first + timedelta(days=7 * number)))
        for number in range(1, count + 1)
    ]


def test_the_index_shows_the_newest_and_leads_to_the_others() -> None:
    index = page(site(*episodes(33)), "index.html")
    titles = [text(one) for one in index.xpath('//ol[@class="episodes"]/li//h3')]
    assert titles[0] == "The 33. conversation"
    assert len(titles) == 30
    assert text(index.xpath('//p[@class="further"]')[0]) == "3 more in the archive"
    assert index.xpath('//p[@class="further"]/a/@href') == ["archive.html"]


def test_the_archive_has_every_episode_under_its_year() -> None:
    whole = site(*episodes(7))
    years = page(whole, "archive.html")
    assert [text(one) for one in years.xpath('//ul[@class="years"]/li')] == ["2026 3 episodes", "2025 4 episodes"]
    assert [text(one) for one in page(whole, "archive-2025.html").xpath("//h2")] == [
        f"The {number}. conversation" for number in (4, 3, 2, 1)
    ]
    assert page(whole, "archive-2025.html").xpath('//*[@aria-current="page"]/text()') == ["2025"]


def test_neighbours_lead_to_one_another() -> None:
    whole = site(*episodes(3))
    middle = page(whole, "episode-2/index.html")
    assert middle.xpath('//a[@rel="prev"]/@href') == ["../episode-1/index.html"]
    assert middle.xpath('//a[@rel="next"]/@href') == ["../episode-3/index.html"]
    assert not page(whole, "episode-3/index.html").xpath('//a[@rel="next"]')


def test_people_are_listed_with_what_they_do_and_a_photo() -> None:
    one = made.approved(
        made.episode(1, credits=[{"person": made.PEOPLE[1].id, "role": "producer"}]), people=(made.PEOPLE[0],)
    )
    whole = site(one, photos={made.PEOPLE[0].id: "static/photo-0.jpg"})
    listed = {entry.get("id"): entry for entry in page(whole, "people.html").xpath('//ul[@class="persons"]/li')}
    assert set(listed) == {made.PEOPLE[0].id, made.PEOPLE[1].id}
    assert listed[made.PEOPLE[0].id].xpath(".//img/@src") == ["static/photo-0.jpg"]
    assert "producer" in text(listed[made.PEOPLE[1].id])
    heard = page(whole, "episode-1/index.html")
    assert heard.xpath('//dl[@class="people"]//img/@src') == ["../static/photo-0.jpg"]
    assert f"../people.html#{made.PEOPLE[0].id}" in heard.xpath('//dl[@class="people"]//a/@href')


def test_sources_say_where_and_when_they_are_cited() -> None:
    said = made.paragraph("Ada", "One thing is known. There were 381 cases [@film]. And more.", 60_000)
    one = made.approved(made.episode(1), notes_markdown="It says so [@report].", paragraphs=(said,))
    works = page(site(one), "sources.html").xpath('//ul[@class="works"]/li')
    assert [entry.get("id") for entry in works] == ["source-film", "source-report"]
    second = said.words[4].start_ms  # the sentence begins with “There”, the fifth word
    assert works[0].xpath('.//a[@class="time"]/@href') == [f"episode-1/index.html#t={second / 1000:g}"]
    assert not works[1].xpath('.//a[@class="time"]')
    assert "The work book" not in text(page(site(one), "sources.html"))


def test_two_works_that_go_by_one_key_have_addresses_of_their_own() -> None:
    one, other = (made.approved(made.episode(which), notes_markdown="[@report] [@film]") for which in (1, 2))
    whole = site(one, other)
    own = {"report": made.source("report", title="Zebras")}
    show = replace(whole.show, episode_sources={"episode-2": SOURCES | own})
    parts = [made.parts(one, SOURCES), made.parts(other, SOURCES | own)]
    shown = page(replace(whole, show=show, episodes=newest_first(parts)), "sources.html")
    ids = shown.xpath('//ul[@class="works"]/li/@id')
    assert sorted(ids) == ["source-film", "source-report", "source2-report"]
    assert text(shown.xpath('//li[@id="source-report"]/p')[0]).startswith("Zebras")


def test_a_citation_belongs_to_the_sentence_that_it_ends() -> None:
    said = made.paragraph("Ada", "First [@report]. Second one [@film]. Third [@report; @film].")
    starts = [word.start_ms for word in said.words]
    assert cited_at([said]) == {"report": [starts[0], starts[3]], "film": [starts[1], starts[3]]}


def test_corrections_stand_on_top_of_their_episode_and_on_a_page_of_their_own() -> None:
    one = made.approved(made.episode(1, corrections=[CORRECTION]))
    whole = site(one)
    top = page(whole, "episode-1/index.html").xpath('//section[@id="corrections"]')[0]
    assert "Correction, 2 December 2026" in text(top)
    assert "It said: 318 <cases>" in text(top)
    whole_page = page(whole, "episode-1/index.html")
    assert [one.get("id") for one in whole_page.xpath("//article/section")][:1] == ["corrections"]
    listed = page(whole, "corrections.html")
    assert "The 1. conversation" in text(listed.xpath("//article")[0])
    assert listed.xpath("//article//h2/a/@href") == ["episode-1/index.html#corrections"]
    assert page(whole, "index.html").xpath('//footer//a[@href="corrections.html"]')
    assert not page(site(made.approved(made.episode(1))), "index.html").xpath('//footer//a[@href="corrections.html"]')


def test_corrections_have_a_feed() -> None:
    later = CORRECTION | {"kind": "update", "at": datetime(2026, 12, 9, tzinfo=UTC), "says": "8 more", "said": None}
    one = made.approved(made.episode(1, corrections=[CORRECTION, later]))
    parser: Any = feedparser  # it ships no types
    (name, document), *_ = corrections_feed(site(one)).items()
    assert name == "corrections.xml"
    assert corrections_feed(site(one))[name] == document
    read: Any = parser.parse(document)
    assert [entry.title for entry in read.entries] == [
        "Update: The 1. conversation", "Correction: The 1. conversation",
    ]  # fmt: skip
    assert "318 &lt;cases&gt;" in read.entries[1].description
    assert read.entries[0].link == "https://show.example/episode-1/index.html#corrections"
    assert corrections_feed(site(made.approved(made.episode(1)))) == {}


def test_chapters_and_soundbites_play_from_their_times() -> None:
    one = made.approved(
        made.episode(
            1,
            chapters=[{"start": "0:00", "title": "Who counts"}, {"start": "12:34.5", "title": "Why"}],
            soundbites=[{"start": "1:00", "end": "1:30", "title": "Nobody had counted"}],
        )
    )
    shown = page(site(one), "episode-1/index.html")
    times = shown.xpath('//section[@id="chapters"]//a[@class="time"]/@href')
    assert [time.partition("#")[2] for time in times] == ["t=0", "t=754.5"]
    assert text(shown.xpath('//section[@id="soundbites"]//li')[0]) == "1:00–1:30 Nobody had counted"


def test_an_error_is_reported_by_a_letter_that_names_the_episode() -> None:
    shown = page(site(made.approved(made.episode(1)), contact_email="desk@show.example"), "episode-1/index.html")
    (address,) = shown.xpath("//a[@data-report]/@href")
    assert address.startswith("mailto:desk@show.example?subject=Error%20in%20")
    assert "episode-1/index.html" in address
    assert not page(site(made.approved(made.episode(1))), "episode-1/index.html").xpath("//a[@data-report]")


def test_what_was_heard_is_called_evidence() -> None:
    shown = page(site(made.approved(made.episode(1), heard_percent=97)), "episode-1/index.html")
    assert "97 % of it had been played at the desk by then, which is evidence of listening, not proof" in text(shown)


def test_an_empty_show_has_every_page() -> None:
    names = set(dict(PAGES.all(site())))
    assert names == {
        "people.html", "sources.html", "archive.html", "corrections.html", "feed.html", "index.html", "404.html",
        "search.html",
    }  # fmt: skip


# Photos


def photo(path: Path, size: tuple[int, int]) -> None:
    picture = Image.new("RGB", size, (200, 80, 40))
    exif = Image.Exif()
    exif[0x010E] = "taken at Maria's house"
    picture.save(path, "JPEG", exif=exif)


def test_a_photo_becomes_small_and_square_and_says_nothing(tmp_path: Path) -> None:
    photo(tmp_path / "ada.jpg", (900, 1600))
    made_here = artwork.portrait(tmp_path / "ada.jpg", tmp_path / "pictures")
    with Image.open(made_here) as small:
        assert small.size == (240, 240)
        assert not small.getexif()
    assert made_here.stat().st_size < 30_000
    assert artwork.portrait(tmp_path / "ada.jpg", tmp_path / "pictures") == made_here


def test_a_photo_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "ada.jpg").write_bytes(b"GIF89a")
    with pytest.raises(InvalidAudio, match="cannot be read"):
        artwork.portrait(tmp_path / "ada.jpg", tmp_path)
    whole = io.BytesIO()
    Image.effect_noise((400, 400), 80).convert("RGB").save(whole, "JPEG")
    (tmp_path / "ada.jpg").write_bytes(whole.getvalue()[:9000])
    with pytest.raises(InvalidAudio, match="damaged"):
        artwork.portrait(tmp_path / "ada.jpg", tmp_path)


def test_people_without_a_photo_have_none() -> None:
    person = Person(id="ada", name="Ada")
    one = made.approved(made.episode(1), people=(person,))
    assert not page(site(one), "people.html").xpath('//ul[@class="persons"]//img')


def test_a_page_is_as_it_was() -> None:
    """The golden page: an episode with everything that a page can show. A wished-for change is made in the file."""
    one = made.approved(
        made.episode(
            1,
            season=2,
            number=1,
            explicit=True,
            content_note="It is about <violence>.",
            recorded_on="late May 2026",
            corrections=[CORRECTION],
            chapters=[{"start": "0:00", "title": "Who counts"}, {"start": "12:34.5", "title": "Why & how"}],
            soundbites=[{"start": "1:00", "end": "1:30", "title": "Nobody had counted"}],
            calls_to_action=[
                {"text": "Read the report", "url": "https://archive.example/report"},
                {"text": "Give", "ends_on": date(2026, 1, 1)},
            ],
            locations=[{"name": "Cebu"}],
            content_links=[{"url": "https://video.example/1", "text": "Watch it"}],
            license="CC BY 4.0",
            license_url="https://creativecommons.org/licenses/by/4.0/",
        ),
        notes_markdown="There were *381* cases [@report, p. 12; @film], said at [12:34].\n\n- One\n- Two [@report]",
        paragraphs=(
            made.paragraph("Ada Host", "Who counts? There were 381 [@film]."),
            made.paragraph("Gus <Guest>", "We do.", 5000),
        ),
        heard_percent=97,
    )
    older = made.approved(made.episode(2, published_at=datetime(2026, 1, 1, tzinfo=UTC)))
    rendered = dict(PAGES.all(site(one, older, contact_email="desk@show.example")))["episode-1/index.html"]
    assert rendered == (made.GOLDEN / "page-episode.html").read_text("utf-8")
