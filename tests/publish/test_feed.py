"""The feed, against what podcast apps and directories ask for, and read back by parsers nobody here wrote.

The rows are those of the checklists that Apple's guide, PSP-1, the podcast namespace, RSS 2.0 and the W3C validator
add up to: C for the channel, I for the item. Rows that speak of the server (C3's password, C11's HEAD, C15, C16,
C22, C23, C25, I13, I15, I18) are not the feed module's, or name tags that it does not write.
"""

from __future__ import annotations

import importlib
import io
import json
import locale
import re
import warnings
from calendar import timegm
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from html import unescape
from pathlib import Path
from typing import Any

import podcastparser
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from lxml import etree

from pipeline.errors import Refused
from pipeline.publish.feed import FeedItem, build_feeds
from pipeline.publish.feed_notes import DESCRIPTION_MAX_BYTES
from pipeline.show import Person
from tests.publish.made import (
    ALTERNATE,
    ARTWORK_URL,
    BY_ID,
    FEED_URL,
    GOLDEN,
    PEOPLE,
    approved,
    episode,
    golden_sources,
    item,
    release,
    settings,
)

NAMESPACES = {
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "podcast": "https://podcastindex.org/namespace/1.0",
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
}


def built(show: Any = None, *items: FeedItem) -> bytes:
    return build_feeds(show or settings(), items, artwork_url=ARTWORK_URL, people=BY_ID)["feed.xml"]


def two_items(show: Any = None) -> tuple[FeedItem, FeedItem]:
    show = show or settings()
    return item(show, approved(episode(1))), item(show, approved(episode(2, season=2, number=12)))


def texts(document: bytes, path: str) -> list[str]:
    found = etree.fromstring(document).xpath(path, namespaces=NAMESPACES)
    return [str(one) if isinstance(one, str) else (one.text or "") for one in found]


def golden_feed(path: Path) -> bytes:
    described = json.loads(path.read_text("utf-8"))
    show = settings(**described["settings"])
    items = [
        item(
            show,
            approved(
                made,
                notes_markdown=one["notes"],
                explicit=one.get("explicit", False),
                people=tuple(BY_ID[person] for person in made.people),
                alternate=ALTERNATE if one.get("whole") else None,
                release=release(recording_start_ms=one.get("recording_start_ms", 0)),
            ),
            golden_sources(),
            artwork=one.get("artwork", False),
            whole=one.get("whole", False),
        )
        for one in described["items"]
        for made in [episode(one["number"], **one["episode"])]
    ]
    return built(show, *items)


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("feed-*.json")), ids=lambda path: path.stem)
def test_golden_pairs(path: Path) -> None:
    assert golden_feed(path).decode() == path.with_suffix(".xml").read_text("utf-8")


# -- the channel ----------------------------------------------------------------------------------------------------


def test_c1_declaration_version_and_namespaces() -> None:
    document = built(None, *two_items())
    assert document.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<rss ')
    root = etree.fromstring(document)
    assert root.get("version") == "2.0"
    assert root.nsmap == NAMESPACES


def test_c2_texts_are_trimmed_and_short_unless_they_are_prose() -> None:
    root = etree.fromstring(built(None, *two_items()))
    for element in root.iter():
        if not len(element) and element.text and element.tag.rpartition("}")[2] not in ("description", "encoded"):
            assert element.text == element.text.strip()
            assert len(element.text) <= 255


def test_c4_self_names_the_address_of_the_feed() -> None:
    document = built(None, *two_items())
    (link,) = etree.fromstring(document).findall("channel/atom:link", NAMESPACES)
    assert dict(link.attrib) == {"href": FEED_URL, "rel": "self", "type": "application/rss+xml"}


def test_c5_c7_c8_title_link_and_language() -> None:
    document = built(None)
    assert texts(document, "channel/title") == ["On Record"]
    assert texts(document, "channel/link") == ["https://show.example/"]
    assert texts(document, "channel/language") == ["en-GB"]


@pytest.mark.parametrize("description", ["Plain, & plain <only>.", "word " * 2000, "漢" * 1300 + " 字" * 900])
def test_c6_the_description_is_short_enough_and_is_no_html(description: str) -> None:
    (found,) = texts(built(settings(description=description)), "channel/description")
    assert len(found.encode()) <= 4000
    assert "<" not in found
    if len(description) < 100:
        assert found == "Plain, &amp; plain &lt;only&gt;."


@pytest.mark.parametrize("description", ["Stories & talks", "R&D, AT&T: 3 < 5", "Ça & là – “oui”"])
def test_apps_that_read_no_html_show_the_description_as_it_was_written(description: str) -> None:
    feed = built(settings(description=description))
    assert texts(feed, "channel/description") == [description]
    assert unescape(description) == description  # so those that do read it show the same


def test_c9_categories_keep_their_exact_names() -> None:
    document = built(settings(categories=["Society & Culture > Documentary", "News", "Health & Fitness > Medicine"]))
    assert texts(document, "channel/itunes:category/@text") == ["Society & Culture", "News", "Health & Fitness"]
    assert texts(document, "channel/itunes:category/itunes:category/@text") == ["Documentary", "Medicine"]
    assert b'text="Society &amp; Culture"' in document


@pytest.mark.parametrize(("explicit", "written"), [(True, "true"), (False, "false")])
def test_c10_i10_explicit_is_true_or_false(explicit: bool, written: str) -> None:
    show = settings(explicit=explicit)
    document = built(show, item(show, approved(episode(1), explicit=explicit)))
    assert texts(document, "channel/itunes:explicit") == [written]
    assert texts(document, "channel/item/itunes:explicit") == [written]


def test_c11_c12_artwork_and_author() -> None:
    document = built(None)
    assert texts(document, "channel/itunes:image/@href") == [ARTWORK_URL]
    assert texts(document, "channel/itunes:author") == ["The On Record desk"]


def test_c13_no_mail_address_is_given_away_unless_the_show_names_one() -> None:
    assert b"@" not in built(None, *two_items())
    document = built(settings(contact_email="desk@show.example"))
    assert texts(document, "channel/itunes:owner/itunes:email") == ["desk@show.example"]
    assert texts(document, "channel/podcast:locked/@owner") == ["desk@show.example"]
    assert texts(document, "channel/itunes:owner/itunes:name") == ["The On Record desk"]
    named = built(settings(contact_name="The owners"))
    assert texts(named, "channel/itunes:owner/itunes:name") == ["The owners"]
    assert texts(named, "channel/itunes:owner/itunes:email") == []


@pytest.mark.parametrize("kind", ["episodic", "serial"])
def test_c14_the_type_of_the_show(kind: str) -> None:
    assert texts(built(settings(type=kind)), "channel/itunes:type") == [kind]


def test_c17_c19_copyright_and_generator() -> None:
    assert texts(built(settings(copyright="The desk")), "channel/copyright") == ["The desk"]
    assert texts(built(None), "channel/copyright") == []
    assert texts(built(None), "channel/generator") == ["On Record"]


def test_c18_the_date_of_the_feed_is_the_last_publication_or_check() -> None:
    show = settings()
    late = datetime(2026, 9, 1, 12, 30, tzinfo=timezone(timedelta(hours=2)))
    document = built(show, item(show, approved(episode(1), checked_at=late)), item(show, approved(episode(2))))
    assert texts(document, "channel/lastBuildDate") == ["Tue, 01 Sep 2026 12:30:00 +0200"]
    document = built(show, *two_items())
    assert texts(document, "channel/lastBuildDate") == ["Fri, 15 May 2026 06:00:00 +0000"]
    assert texts(built(show), "channel/lastBuildDate") == []


def test_c20_c21_guid_and_lock() -> None:
    document = built(None)
    assert texts(document, "channel/podcast:guid") == ["9b024349-ccf0-5f69-a609-6b82873eab3c"]
    assert texts(document, "channel/podcast:locked") == ["yes"]
    assert texts(built(settings(locked=False)), "channel/podcast:locked") == ["no"]
    assert texts(document, "channel/podcast:medium") == ["podcast"]


def test_c24_the_newest_stands_first_whatever_order_they_come_in() -> None:
    show = settings()
    items = [item(show, approved(episode(number))) for number in (2, 3, 1)]
    titles = ["The 3. conversation", "The 2. conversation", "The 1. conversation"]
    assert texts(built(show, *items), "channel/item/title") == titles


def test_licence_and_funding_only_where_set() -> None:
    document = built(
        settings(license="CC-BY-4.0", license_url="https://cc.example/by", funding_url="https://show.example/give")
    )
    assert texts(document, "channel/podcast:license") == ["cc-by-4.0"]
    assert texts(document, "channel/podcast:license/@url") == ["https://cc.example/by"]
    assert texts(document, "channel/podcast:funding") == ["Support this show"]
    assert texts(document, "channel/podcast:funding/@url") == ["https://show.example/give"]
    plain = built(None)
    assert b"podcast:license" not in plain
    assert b"podcast:funding" not in plain
    assert texts(built(settings(license="All rights ours")), "channel/podcast:license") == ["All rights ours"]


# -- the item -------------------------------------------------------------------------------------------------------


def test_i1_the_title_is_the_episodes_own() -> None:
    document = built(None, *two_items())
    assert texts(document, "channel/item/title")[0] == "The 2. conversation"
    assert b"itunes:title" not in document


def test_i2_one_enclosure_with_exact_length_and_an_extension_apps_know() -> None:
    show = settings()
    one = item(show, approved(episode(1), release=release(size_bytes=12_345_678)))
    (enclosure,) = etree.fromstring(built(show, one)).findall("channel/item/enclosure")
    assert dict(enclosure.attrib) == {
        "url": f"https://show.example/{one.files.audio}",
        "length": "12345678",
        "type": "audio/mpeg",
    }
    assert re.fullmatch(r"https://[a-zA-Z0-9./-]+\.mp3", enclosure.get("url"))


def test_i2_i3_two_items_with_one_guid_or_one_file_are_refused() -> None:
    show = settings()
    one = item(show, approved(episode(1)))
    with pytest.raises(Refused) as caught:
        built(show, one, one)
    assert [problem.what.split(" is ")[0] for problem in caught.value.problems] == ["its guid", "its audio file"]


def test_i3_the_guid_is_no_address() -> None:
    (guid, _) = etree.fromstring(built(None, *two_items())).findall("channel/item/guid")
    assert guid.text == str(episode(2).guid)
    assert guid.get("isPermaLink") == "false"


@pytest.mark.parametrize(
    ("published_at", "written"),
    [
        (datetime(2026, 11, 24, 6, 5, tzinfo=UTC), "Tue, 24 Nov 2026 06:05:00 +0000"),
        (
            datetime(2026, 3, 29, 2, 30, tzinfo=timezone(timedelta(hours=5, minutes=45))),
            "Sun, 29 Mar 2026 02:30:00 +0545",
        ),
        (datetime(2038, 1, 20, tzinfo=timezone(-timedelta(hours=3, minutes=30))), "Wed, 20 Jan 2038 00:00:00 -0330"),
    ],
)
def test_i4_dates_are_rfc_2822_with_their_zone(published_at: datetime, written: str) -> None:
    show = settings()
    document = built(show, item(show, approved(episode(1, published_at=published_at))))
    assert texts(document, "channel/item/pubDate") == [written]
    assert parsedate_to_datetime(written) == published_at


def test_i4_dates_do_not_speak_the_locale_of_the_machine() -> None:
    before = locale.setlocale(locale.LC_ALL)
    document = built(None, *two_items())
    assert locale.setlocale(locale.LC_ALL) == before
    assert texts(document, "channel/item/pubDate")[0] == "Fri, 15 May 2026 06:00:00 +0000"


def test_i5_i6_the_description_is_html_in_cdata_and_the_whole_notes_are_in_content() -> None:
    show = settings()
    long = "\n\n".join(f"Paragraph {number} of *many* words, at [1:00]." for number in range(200))
    document = built(show, item(show, approved(episode(1), notes_markdown=long)))
    assert document.count(b"<![CDATA[") == 2
    (short,) = texts(document, "channel/item/description")
    (whole,) = texts(document, "channel/item/content:encoded")
    assert len(short.encode()) <= DESCRIPTION_MAX_BYTES
    assert "Paragraph 199" not in short
    assert "Paragraph 199 of <em>many</em> words, at 1:00." in whole
    for html in (short, whole):
        assert html.startswith("<p>Who counts the missing, and how.</p>")
        assert set(re.findall(r"</?([a-z0-9]+)", html)) <= {"p", "ol", "ul", "li", "a", "strong", "em"}


def test_a_content_note_and_synthetic_voices_are_said_before_the_notes() -> None:
    show = settings()
    one = approved(episode(1, content_note="Describes a death.", synthetic_voices=True))
    (short,) = texts(built(show, item(show, one)), "channel/item/description")
    assert short.startswith(
        "<p>Who counts the missing, and how.</p><p>Content note: Describes a death.</p>"
        "<p>The voices in this episode are synthetic.</p><p>We talk about counting.</p>"
    )


def test_i7_the_link_is_the_page() -> None:
    assert texts(built(None, *two_items()), "channel/item/link")[1] == "https://show.example/episode-1/index.html"


@pytest.mark.parametrize(("duration_ms", "seconds"), [(1_800_400, "1800"), (1_800_500, "1801"), (200, "1")])
def test_i8_the_duration_is_whole_seconds(duration_ms: int, seconds: str) -> None:
    show = settings()
    document = built(show, item(show, approved(episode(1), release=release(duration_ms=duration_ms))))
    assert texts(document, "channel/item/itunes:duration") == [seconds]


def test_i9_artwork_of_an_episode_where_it_has_its_own() -> None:
    show = settings()
    one = item(show, approved(episode(1)), artwork=True)
    assert texts(built(show, one), "channel/item/itunes:image/@href") == [f"https://show.example/{one.files.artwork}"]
    assert texts(built(None, *two_items()), "channel/item/itunes:image") == []


def test_i11_i12_numbers_where_set_and_the_type() -> None:
    document = built(None, *two_items())
    for namespace in ("itunes", "podcast"):
        assert texts(document, f"channel/item/{namespace}:season") == ["2"]
        assert texts(document, f"channel/item/{namespace}:episode") == ["12"]
    assert texts(document, "channel/item/itunes:episodeType") == ["full", "full"]
    show = settings()
    assert texts(built(show, item(show, approved(episode(1, type="trailer")))), "//itunes:episodeType") == ["trailer"]


def test_i14_three_transcripts_with_type_language_and_captions() -> None:
    show = settings()
    one = item(show, approved(episode(1), language="pt-BR"))
    found = [
        dict(tag.attrib)
        for tag in etree.fromstring(built(show, one)).findall("channel/item/podcast:transcript", NAMESPACES)
    ]
    assert found == [
        {"url": f"https://show.example/{path}", "type": kind, "language": "pt-BR", "rel": "captions"}
        for path, kind in (
            (one.files.vtt, "text/vtt"),
            (one.files.srt, "application/x-subrip"),
            (one.files.json, "application/json"),
        )
    ]


def test_i16_an_item_restates_the_regular_hosts_where_it_names_none() -> None:
    show = settings(hosts=["ada-host"])
    guest = approved(episode(1, hosts=[]), people=PEOPLE[1:])
    document = built(show, item(show, guest), item(show, approved(episode(2, hosts=[], guests=[]), people=())))
    assert texts(document, "channel/podcast:person") == ["Ada Host"]
    (alone, with_guest) = etree.fromstring(document).findall("channel/item")
    # Without a list of its own the channel's holds; with one, the hosts would be gone.
    assert alone.findall("podcast:person", NAMESPACES) == []
    assert [(one.text, one.get("role")) for one in with_guest.findall("podcast:person", NAMESPACES)] == [
        ("Ada Host", "host"),
        ("Gus Guest", "guest"),
    ]


def test_photos_of_people_where_the_site_has_them() -> None:
    show = settings(hosts=["ada-host"])
    photos = {"ada-host": "https://show.example/people/ada.jpg"}
    document = build_feeds(show, two_items(show), artwork_url=ARTWORK_URL, people=BY_ID, photos=photos)["feed.xml"]
    assert texts(document, "channel/podcast:person/@img") == list(photos.values())
    assert texts(document, "channel/item/podcast:person[@role='host']/@img") == list(photos.values()) * 2
    assert texts(document, "channel/item/podcast:person[@role='guest']/@img") == []


def test_what_is_not_set_is_not_written() -> None:
    document = built(None, two_items()[0])
    found = {one.tag.rpartition("}")[2] for one in etree.fromstring(document).iter() if "podcastindex" in str(one.tag)}
    assert found == {"guid", "locked", "medium", "image", "person", "transcript"}


@pytest.mark.parametrize("synthetic", [True, False])
def test_i17_synthetic_voices_are_disclosed_and_a_checked_draft_is_not(synthetic: bool) -> None:
    show = settings()
    document = built(show, item(show, approved(episode(1, synthetic_voices=synthetic), drafted_by="whisper (base)")))
    for place in ("channel", "channel/item"):
        assert texts(document, f"{place}/podcast:txt[@purpose='ai-content']") == (["true"] if synthetic else [])


def test_a_show_that_hides_ends_or_moves_says_so() -> None:
    document = built(settings(blocked=True, complete=True, new_feed_url="https://new.example/feed.xml"))
    assert texts(document, "channel/itunes:block") == ["Yes"]
    assert texts(document, "channel/podcast:block") == ["yes"]
    assert texts(document, "channel/itunes:complete") == ["Yes"]
    assert texts(document, "channel/podcast:updateFrequency/@complete") == ["true"]
    assert texts(document, "channel/itunes:new-feed-url") == ["https://new.example/feed.xml"]


def test_chapters_stand_in_the_description_when_they_are_short_enough_for_all() -> None:
    show = settings()
    for count, length, shown in ((2, 10, False), (3, 10, True), (60, 60, False)):
        chapters = [{"start": f"00:{number:02d}:00", "title": "t" * length} for number in range(count)]
        document = built(show, item(show, approved(episode(1, chapters=chapters))))
        (short,) = texts(document, "channel/item/description")
        assert ("<li>00:01:00 ttt" in short) is shown
        assert ("<li>00:01:00 ttt" in texts(document, "channel/item/content:encoded")[0]) is (count > 2)
        assert len(short.encode()) <= DESCRIPTION_MAX_BYTES


def test_i16_the_people_of_every_item_hosts_first() -> None:
    document = built(None, two_items()[0])
    assert texts(document, "channel/item/podcast:person") == ["Ada Host", "Gus Guest"]
    assert texts(document, "channel/item/podcast:person/@role") == ["host", "guest"]
    assert texts(document, "channel/item/podcast:person/@group") == ["cast", "cast"]
    # The namespace asks for https; a plain http address is left out.
    assert texts(document, "channel/item/podcast:person/@href") == ["https://show.example/ada"]


def test_i17_synthetic_voices_are_disclosed() -> None:
    show = settings()
    document = built(show, item(show, approved(episode(1, synthetic_voices=True))), item(show, approved(episode(2))))
    assert texts(document, "channel/item[guid/@isPermaLink]/podcast:txt[@purpose='ai-content']") == ["true"]


def test_i19_what_apps_no_longer_want_is_not_there() -> None:
    document = built(None, *two_items())
    for name in (b"itunes:summary", b"itunes:keywords", b"itunes:order", b"itunes:subtitle", b"itunes:block"):
        assert name not in document


# -- whole feeds ----------------------------------------------------------------------------------------------------


def test_the_same_episodes_give_the_same_bytes() -> None:
    assert built(None, *two_items()) == built(None, *reversed(two_items()))


def test_an_empty_feed_is_a_feed() -> None:
    read = read_by_feedparser(built(None))
    assert not read.bozo
    assert read.feed.title == "On Record"
    assert read.entries == []


hostile_lines = st.one_of(
    st.sampled_from(
        ["<script>alert(1)</script>", "a & b &amp; c", "]]>", "\u202eedis", "e\u0301 漢字 שלום", "\"quoted'", "<!--"]
    ),
    st.text(
        st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff\u2028\u2029"),
        min_size=1,
        max_size=80,
    ),
).filter(lambda text: bool(text.strip()))


@given(hostile_lines, hostile_lines, hostile_lines, hostile_lines)
@hypothesis_settings(max_examples=60, deadline=None)
def test_no_text_breaks_the_feed(title: str, summary: str, name: str, notes: str) -> None:
    show = settings(title=title)
    people = (Person(id="ada-host", name=name.replace("**", "")[:128].strip() or "Ada"), PEOPLE[1])
    one = approved(episode(1, title=title, summary=summary), people=people, notes_markdown=notes)
    document = built(show, item(show, one))
    assert texts(document, "channel/title") == [show.title]
    assert texts(document, "channel/item/title") == [one.episode.title]
    assert texts(document, "channel/item/podcast:person")[0] == people[0].name
    assert len(texts(document, "channel/item/description")[0].encode()) <= DESCRIPTION_MAX_BYTES


def read_by_feedparser(document: bytes) -> Any:
    with warnings.catch_warnings():
        # feedparser itself, not its use here, is what these are about.
        warnings.filterwarnings("ignore", category=DeprecationWarning, module="feedparser|sgmllib")
        feedparser: Any = importlib.import_module("feedparser")
        return feedparser.parse(io.BytesIO(document))


def test_feedparser_reads_it_back() -> None:
    show = settings()
    one = item(
        show, approved(episode(1, season=3, number=4), notes_markdown="The [office](https://river.example/) counts.")
    )
    read = read_by_feedparser(built(show, one))
    assert not read.bozo
    assert read.version == "rss20"
    assert read.feed.title == show.title
    assert read.feed.link == show.site_url
    assert read.feed.language == "en-GB"
    assert [tag["term"] for tag in read.feed.tags] == ["Society & Culture", "Documentary", "News"]
    (entry,) = read.entries
    assert entry.title == one.approved.episode.title
    assert entry.id == str(one.approved.episode.guid)
    assert entry.link == "https://show.example/episode-1/index.html"
    (enclosure,) = entry.enclosures
    assert enclosure == {
        "href": f"https://show.example/{one.files.audio}",
        "length": str(one.approved.release.size_bytes),
        "type": "audio/mpeg",
    }
    assert entry.itunes_duration == "1800"
    assert datetime.fromtimestamp(timegm(entry.published_parsed), UTC) == one.approved.episode.published_at
    assert '<a href="https://river.example/">office</a>' in entry.content[0].value


def test_podcastparser_reads_it_back() -> None:
    show = settings()
    items = two_items(show)
    read = podcastparser.parse(FEED_URL, io.BytesIO(built(show, *items)))  # type: ignore[no-untyped-call]  # no types
    assert read["title"] == show.title
    assert read["link"] == show.site_url
    assert read["cover_url"] == ARTWORK_URL
    assert read["itunes_author"] == show.author
    assert read["explicit"] is False
    assert read["generator"] == "On Record"
    newest, oldest = read["episodes"]
    assert (newest["number"], oldest["guid"]) == (12, str(items[0].approved.episode.guid))
    assert newest["published"] == int(items[1].approved.episode.published_at.timestamp())
    assert newest["total_time"] == 1800
    assert newest["link"] == "https://show.example/episode-2/index.html"
    assert "We talk about counting." in newest["description_html"]
    (enclosure,) = newest["enclosures"]
    assert enclosure["url"] == f"https://show.example/{items[1].files.audio}"
    assert enclosure["file_size"] == items[1].approved.release.size_bytes
    assert enclosure["mime_type"] == "audio/mpeg"
