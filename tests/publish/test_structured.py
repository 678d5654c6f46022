"""The data for machines, read back as a machine reads it: out of the page, as JSON."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from pipeline.publish import structured
from pipeline.publish.citation_data import citation
from pipeline.publish.model import ApprovedEpisode
from pipeline.show import Person
from tests.publish import made

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SITE = "https://show.example/"
HOSTILE = '</script><script>alert(1)</script><!-- --> ]]> \u2028\u2029 " \\ &amp; שלום'
ADDRESSES = structured.PageAddresses(
    site=SITE,
    page=f"{SITE}episode-1/index.html",
    images=[f"{SITE}episode-1/episode-1-0123456789ab.jpg"],
    photos={"ada-host": f"{SITE}people/ada.jpg"},
)


def _episode(approved: ApprovedEpisode, show: dict[str, Any] | None = None, **named: Any) -> Any:
    arguments: dict[str, Any] = {"sources": (), "people": made.BY_ID, "addresses": ADDRESSES} | named
    files = made.files(approved.slug, whole=approved.alternate is not None)
    return _read(structured.episode(made.settings(**(show or {})), approved, files, **arguments))


def _series(*episodes: ApprovedEpisode, same_as: tuple[str, ...] = (), **show: Any) -> Any:
    listed = [(one, f"{SITE}{one.slug}/index.html") for one in episodes]
    settings = made.settings(**show)
    return _read(
        structured.series(
            settings, listed, made.BY_ID, images=[f"{SITE}share.jpg"], feed=f"{SITE}feed.xml", same_as=same_as
        )
    )


def _read(data: dict[str, Any]) -> Any:
    page = html.fromstring(f"<!doctype html><head>{structured.as_script(data)}</head>")  # type: ignore[no-untyped-call]
    (script,) = page.xpath('//script[@type="application/ld+json"]')
    return json.loads(script.text)


def test_tells_of_an_episode_what_its_page_tells() -> None:
    ada = Person(id="ada-host", name="Ada Host", role="Reporter", organisation="The Desk")
    one = made.episode(1, number=7, season=2)
    data = _episode(made.approved(one, people=(ada,)), {"seasons": [{"number": 2, "name": "Counting"}]})
    assert data["@type"] == "PodcastEpisode"
    assert data["name"] == "The 1. conversation"
    assert data["url"] == ADDRESSES.page
    assert data["datePublished"] == "2026-05-08T06:00:00+00:00"
    assert data["timeRequired"] == "PT30M"
    assert data["episodeNumber"] == 7
    assert data["partOfSeason"] == {"@type": "PodcastSeason", "seasonNumber": 2, "name": "Counting"}
    assert data["partOfSeries"] == {"@type": "PodcastSeries", "@id": SITE, "name": "On Record", "url": SITE}
    assert data["actor"] == [
        {
            "@type": "Person",
            "name": "Ada Host",
            "jobTitle": "Reporter",
            "affiliation": {"@type": "Organization", "name": "The Desk"},
            "image": f"{SITE}people/ada.jpg",
        }
    ]
    assert data["author"] == {"@type": "Organization", "name": "The On Record desk"}
    assert data["accessibilityFeature"] == ["transcript", "closedCaptions"]


def test_tells_where_the_sound_and_its_text_are() -> None:
    one = made.approved(made.episode(1), alternate=made.ALTERNATE)
    spoken, smaller = _episode(one)["associatedMedia"]
    files = made.files(one.slug, whole=True)
    assert files.vtt
    assert files.srt
    assert (spoken["contentUrl"], spoken["encodingFormat"]) == (SITE + files.audio, "audio/mpeg")
    assert spoken["contentSize"] == "28800417 B"
    assert (spoken["duration"], spoken["bitrate"]) == ("PT30M", "128 kbps")
    assert spoken["sha256"] == "0f" * 32
    assert spoken["transcript"] == f"{ADDRESSES.page}#transcript"
    assert [(text["contentUrl"], text["encodingFormat"]) for text in spoken["caption"]] == [
        (SITE + files.vtt, "text/vtt"),
        (SITE + files.srt, "application/x-subrip"),
    ]
    assert (smaller["contentUrl"], smaller["encodingFormat"]) == (f"{SITE}{files.alternate}", "audio/ogg")


def test_cites_each_source_as_what_it_is() -> None:
    sources = made.golden_sources()
    cited = {
        one["name"]: one for one in _episode(made.approved(made.episode(1)), sources=list(sources.values()))["citation"]
    }
    assert len(cited) == len(sources)
    report = made.source(
        "osec",
        title="A study",
        author=[{"literal": "The Mission"}, {"family": "Doe", "given": "Jo"}],
        publisher="The Mission",
        issued={"date-parts": [[2020, 5]]},
        URL="https://mission.example/study",
    )
    assert _episode(made.approved(made.episode(1)), sources=[report])["citation"] == [
        {
            "@type": "Report",
            "name": "A study",
            "author": [{"@type": "Organization", "name": "The Mission"}, {"@type": "Person", "name": "Jo Doe"}],
            "publisher": {"@type": "Organization", "name": "The Mission"},
            "datePublished": "2020-05",
            "url": "https://mission.example/study",
        }
    ]


@pytest.mark.parametrize(
    ("csl", "schema"),
    [
        ("article-journal", "ScholarlyArticle"),
        ("book", "Book"),
        ("webpage", "WebPage"),
        ("dataset", "Dataset"),
        ("treaty", "Legislation"),
        ("legal_case", "CreativeWork"),
        ("something new", "CreativeWork"),
    ],
)
def test_finds_the_type_of_a_work(csl: str, schema: str) -> None:
    assert citation(made.source("one", type=csl))["@type"] == schema


@pytest.mark.parametrize(
    ("issued", "date"),
    [
        ({"date-parts": [[2020, 5, 6]]}, "2020-05-06"),
        ({"date-parts": [["2020", "5"]]}, "2020-05"),
        ({"date-parts": [[2020], [2021]]}, "2020"),
        ({"date-parts": [[2020, 13, 1]]}, "2020"),
        ({"date-parts": [["<b>"]]}, None),
        ({"date-parts": []}, None),
        ({"literal": "spring"}, None),
        (None, None),
    ],
)
def test_a_date_is_as_exact_as_it_is_known(issued: dict[str, Any] | None, date: str | None) -> None:
    assert citation(made.source("one", issued=issued))["datePublished"] == date


def test_nobody_acts_where_the_voices_are_synthetic() -> None:
    assert "actor" not in _episode(made.approved(made.episode(1, synthetic_voices=True)))


def test_who_works_behind_the_microphone_is_named_for_it() -> None:
    credits = [{"person": "peta-producer", "role": "producer"}, {"person": "ada-host", "role": "fact checker"}]
    data = _episode(made.approved(made.episode(1, credits=credits)))
    assert [one["name"] for one in data["producer"]] == ["Peta Producer"]
    assert [one["name"] for one in data["contributor"]] == ["Ada Host"]


def test_a_show_made_by_one_of_its_people_has_a_person_as_its_author() -> None:
    assert _series(author="Ada Host")["author"]["@type"] == "Person"


def test_tells_of_the_show_and_its_episodes() -> None:
    newest, oldest = made.approved(made.episode(9)), made.approved(made.episode(1))
    data = _series(newest, oldest, same_as=("https://spotify.example/1",), license="CC", hosts=["ada-host"])
    assert data["@type"] == "PodcastSeries"
    assert (data["@id"], data["url"], data["webFeed"]) == (SITE, SITE, f"{SITE}feed.xml")
    assert data["numberOfEpisodes"] == 2
    assert data["startDate"] == "2026-05-08"
    assert data["sameAs"] == ["https://spotify.example/1"]
    assert [one["url"] for one in data["episode"]] == [f"{SITE}episode-9/index.html", f"{SITE}episode-1/index.html"]
    assert [one["name"] for one in data["actor"]] == ["Ada Host"]
    assert data["license"] == "CC"


def test_a_show_without_episodes_names_none() -> None:
    data = _series()
    assert data["numberOfEpisodes"] == 0
    assert not {"episode", "startDate", "sameAs", "license", "actor"} & data.keys()


def test_a_long_show_lists_its_newest_only() -> None:
    listed = [made.approved(made.episode(number)) for number in range(80, 0, -1)]
    assert len(_series(*listed)["episode"]) == structured.LISTED_EPISODES


@pytest.mark.parametrize(
    ("duration_ms", "text"),
    [(0, "PT0S"), (45_499, "PT45S"), (3_600_000, "PT1H"), (3_725_000, "PT1H2M5S"), (59_999, "PT1M")],
)
def test_writes_lengths_as_iso_8601(duration_ms: int, text: str) -> None:
    assert structured.iso_duration(duration_ms) == text


def test_the_same_episode_gives_the_same_bytes() -> None:
    one = made.approved(made.episode(1))
    settings, files = made.settings(), made.files("episode-1")
    twice = [
        structured.as_script(structured.episode(settings, one, files, (), made.BY_ID, ADDRESSES)) for _ in range(2)
    ]
    assert twice[0] == twice[1]


@given(st.text() | st.just(HOSTILE))
def test_no_text_leaves_the_element_that_holds_it(title: str) -> None:
    script = structured.as_script({"name": title, "list": [{title: title}]})
    inner = re.fullmatch(r'<script type="application/ld\+json">(.*)</script>', script, re.DOTALL)
    assert inner
    assert not re.search("[<>&\u2028\u2029]", inner[1])
    assert json.loads(inner[1]) == {"name": title, "list": [{title: title}]}


@pytest.mark.browser
def test_a_browser_finds_the_data_and_runs_nothing(browser: Browser) -> None:
    data = structured.as_script({"@context": "https://schema.org", "name": HOSTILE})
    policy = "default-src 'none'; script-src 'self'"
    page = browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.set_content(
        f'<!doctype html><meta http-equiv="Content-Security-Policy" content="{policy}"><title>t</title>{data}<p>end'
    )
    read = page.evaluate("JSON.parse(document.querySelector('script[type=\"application/ld+json\"]').textContent)")
    page.close()
    assert read["name"] == HOSTILE
    assert complaints == []
