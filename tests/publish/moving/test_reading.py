"""Foreign feeds in every broken style: golden pairs, and strangers' bytes that must do nothing."""

from __future__ import annotations

import contextlib
import json
import re
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import Refused
from pipeline.publish.moving.foreign import ForeignPerson
from pipeline.publish.moving.plan import People, show_toml, slug_for
from pipeline.publish.moving.reading import read, without_announced
from pipeline.publish.moving.repairs import Repairs
from tests.publish.moving.golden_pairs import GOLDEN, NAMES, URL, read_pair

GOOD = (GOLDEN / "nothing-wrong.rss").read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_a_feed_is_read_as_it_is_meant_and_every_repair_is_told(name: str) -> None:
    expected: Any = json.loads((GOLDEN / f"{name}.json").read_text("utf-8"))
    assert read_pair(name) == expected


def test_nothing_is_mended_where_nothing_is_wrong() -> None:
    assert read(GOOD, URL).repairs == ()


ODD_CASE = """<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel><title>A</title>
<itunes:Author>Ada</itunes:Author><item><title>One</title><GUID isPermaLink="false">one</GUID>
<itunes:Explicit>yes</itunes:Explicit>
<itunes:explicit>no</itunes:explicit><pubdate>Sat, 01 Feb 2020 10:00:00 +0100</pubdate>
<itunes:episodetype>bonus</itunes:episodetype>
<enclosure url="https://a.example/1.mp3" length="1" type="audio/mpeg"/></item></channel></rss>"""


def test_names_in_another_case_are_read_as_they_are_meant_and_none_that_is_right_is_passed_over() -> None:
    feed = read(ODD_CASE.encode(), URL)
    (item,) = feed.items
    assert (feed.show.author, item.guid, item.type, item.explicit) == ("Ada", "one", "bonus", False)
    assert item.published_at.isoformat() == "2020-02-01T10:00:00+01:00"
    assert "<GUID> is not written <guid>. It was read as that" in " ".join(map(str, feed.repairs))


def test_of_a_web_page_the_feed_that_it_names_is_told() -> None:
    links = '<link rel="icon" href="/a.ico"><link type="application/rss+xml" rel="alternate" href="/feed?a=1&amp;b=2">'
    with pytest.raises(Refused) as refused:
        read(f"<!doctype html><html><head>{links}</head></html>".encode(), URL)
    assert refused.value.problems[0].remedy.endswith("not of a page; this one names /feed?a=1&b=2")
    with pytest.raises(Refused) as refused:
        read(b"<!doctype html><html></html>", URL)
    assert refused.value.problems[0].remedy.endswith("not of a page")


@pytest.mark.parametrize(
    ("title", "number", "slug"),
    [
        ("Two talks", "", "2020-02-two-talks"),
        ("1984", "", "2020-02-1984"),
        ("みんなの声", "", "2020-02-17"),
        ("みんなの声", "<itunes:episode>5</itunes:episode>", "2020-02-episode-5"),
        ("第5回", "<itunes:episode>5</itunes:episode>", "2020-02-episode-5"),
    ],
)
def test_a_folder_is_named_by_what_is_known_of_its_episode(title: str, number: str, slug: str) -> None:
    feed = f"""<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel><title>A</title>
<item><title>{title}</title><guid>a</guid><pubDate>Mon, 17 Feb 2020 10:00:00 GMT</pubDate>{number}
<enclosure url="https://a.example/1.mp3" length="1" type="audio/mpeg"/></item></channel></rss>"""
    (item,) = read(feed.encode(), URL).items
    assert slug_for(item, ()) == slug


def test_whoever_is_written_with_two_apostrophes_is_one_person() -> None:
    people = People.known({})
    named = [ForeignPerson(name, "host", "cast", None, None) for name in ("Anna O\u2019Neill", "anna O'Neill")]
    assert len({people.id_of(one) for one in named}) == 1


def test_what_held_for_the_old_place_alone_is_left_there() -> None:
    """A feed of several pages that says it is whole would be read no further."""
    there = (
        '<fh:complete xmlns:fh="http://purl.org/syndication/history/1.0"/>'
        '<sy:updatePeriod xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">hourly</sy:updatePeriod>'
        '<odd:show xmlns:odd="urn:odd">kept</odd:show>'
    )
    feed = read(f'<rss version="2.0"><channel><title>A</title>{there}</channel></rss>'.encode(), URL)
    assert [tag.tag for tag in feed.show.kept.tags] == ["{urn:odd}show"]


TRAILERS = """<rss version="2.0" xmlns:podcast="https://podcastindex.org/namespace/1.0"
 xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel><title>A</title>{trailers}
<item><title>Trailer</title><guid>a</guid><itunes:episodeType>trailer</itunes:episodeType>
<enclosure url="https://a.example/t.mp3" length="1" type="audio/mpeg"/></item>
<item><title>Full</title><guid>b</guid><enclosure url="https://a.example/f.mp3" length="1" type="audio/mpeg"/></item>
</channel></rss>"""


@pytest.mark.parametrize(
    ("url", "text", "kept", "told"),
    [
        ("https://a.example/alone.mp3", "Soon", 1, ""),
        ("https://a.example/t.mp3", "Trailer", 0, ""),
        ("https://a.example/t.mp3", "Soon", 0, "“Soon”. It is announced as “Trailer”"),
        ("https://a.example/f.mp3", "Full", 0, "of the type full. It was left out"),
    ],
)
def test_a_trailer_is_announced_once_and_only_when_its_episode_is(url: str, text: str, kept: int, told: str) -> None:
    tag = f'<podcast:trailer url="{url}" pubdate="Sat, 01 Feb 2020 10:00:00 +0100">{text}</podcast:trailer>'
    feed, repairs = read(TRAILERS.format(trailers=tag).encode(), URL), Repairs()
    show = without_announced(feed.show, feed.items, repairs)
    assert len(show.kept.tags) == kept
    assert told in " ".join(map(str, repairs.told()))
    assert bool(repairs.told()) == bool(told)


@pytest.mark.parametrize(
    ("head", "told"),
    [
        ("<podcast:guid>not one</podcast:guid>", "“not one” is none"),
        ("<podcast:medium>radio</podcast:medium>", "“radio”. It was taken as a podcast"),
        ("<itunes:owner><itunes:email>o at x</itunes:email></itunes:owner>", "“o at x” is none. It was left out"),
        ('<podcast:locked owner="o@x.example">no</podcast:locked>', "o@x.example as the owner. The feed names nobody"),
        (f"<description><![CDATA[<p>{'x ' * 2500}</p>]]></description>", "more than 4000 bytes with its HTML"),
    ],
)
def test_what_of_the_channel_cannot_be_kept_is_told(head: str, told: str) -> None:
    feed, repairs = read(TRAILERS.format(trailers=head).encode(), URL), Repairs()
    show_toml(
        feed.show, People.known({}), feed_url=URL, site_url="https://new.example/", artwork="a.png", repairs=repairs
    )
    assert told in " ".join(map(str, (*feed.repairs, *repairs.told())))


def test_entities_are_never_expanded_and_no_file_is_read() -> None:
    feed = read((GOLDEN / "document-type.rss").read_bytes(), URL)
    told = f"{feed.items[0].title} {feed.items[0].kept.description}"
    assert "root:" not in told
    assert "lollol" not in told


def test_a_bomb_of_entities_costs_nothing() -> None:
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 30))
    bomb = (
        f'<!DOCTYPE rss [<!ENTITY a0 "ha">{entities}]><rss version="2.0"><channel><title>&a29;</title></channel></rss>'
    )
    start = time.process_time()
    assert read(bomb.encode(), URL).show.title == "&a29;"
    # Where the declaration hides what looks like the feed, the parser meets it and does not expand it either.
    hidden = bomb.replace("<!DOCTYPE rss [", '<rss version="2.0"><!DOCTYPE rss [')
    for one in (hidden, hidden.replace("<rss", "<x", 1)):
        with contextlib.suppress(Refused):
            assert len(read(one.encode(), URL).show.title) < 100
    assert time.process_time() - start < 10


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 100,
        b"<html><body>404</body></html>",
        b'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>x</title></feed>',
        b"<rss/>",
        b"\xff\xfe<",
        b"<?xml version='1.0' encoding='utf-7'?><rss",
    ],
)
def test_what_is_no_feed_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(Refused, match="feed"):
        read(content, URL)


def test_deep_nesting_does_not_end_the_program() -> None:
    deep = b"<a>" * 50_000 + b"x" + b"</a>" * 50_000
    content = GOOD.replace(b"</item>", deep + b"</item>")
    feed = read(content, URL)
    assert feed.repairs
    assert read(b"<rss version='2.0'>" + b"<channel>" * 100_000, URL).items == ()


def test_a_long_broken_feed_is_read_in_a_moment() -> None:
    item = GOOD[GOOD.index(b"<item>") : GOOD.index(b"</channel>")]
    broken = item.replace(b"Fine", b"Fine & &nbsp; " * 20).replace(b"Talk", b"A & B &eacute;")
    many = b"".join(broken.replace(b"talk-1<", b"talk-%d<" % n) for n in range(1500))
    start = time.process_time()
    feed = read(GOOD.replace(item, many), URL)
    assert len(feed.items) == 1500
    assert time.process_time() - start < 20


@pytest.mark.parametrize(
    "many", [b"<item><title><![CDATA[x</title></item>" * 20_000, (b"words " * 80 + b"\xe4 ") * 8_000]
)
def test_what_is_broken_everywhere_costs_no_more_than_its_length(many: bytes) -> None:
    start = time.process_time()
    read(b"<rss version='2.0'><channel><title>x</title>" + many + b"</channel></rss>", URL)
    assert time.process_time() - start < 20


def test_what_a_browser_could_run_is_not_kept() -> None:
    live = (
        '<x:svg xmlns:x="http://www.w3.org/2000/svg" onload="alert(1)"/>'
        '<h:script xmlns:h="http://www.w3.org/1999/xhtml">alert(1)</h:script>'
        '<o:a xmlns:o="urn:o" href=" javascript:alert(1)"><h:b xmlns:h="http://www.w3.org/1999/xhtml"/></o:a>'
        '<o:fine xmlns:o="urn:o" href="javascript:alert(1)" rel="x" '
        'src="java&#9;script:alert(1)">&lt;img src=x onerror=alert(1)&gt;<o:b/>&lt;script&gt;alert(1)&lt;/script&gt;'
        "</o:fine>"
    )
    (item,) = read(GOOD.replace(b"</item>", live.encode() + b"</item>"), URL).items
    names = [str(tag.tag) for tag in item.kept.tags]
    assert names == ["{http://www.itunes.com/dtds/podcast-1.0.dtd}keywords", "{urn:x}y", "{urn:o}fine"]
    fine = item.kept.tags[-1]
    assert dict(fine.attrib) == {"rel": "x"}
    assert fine.text == "<img>"
    assert fine[0].tail is None


mangled = st.lists(
    st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 40), st.binary(max_size=12)), min_size=1, max_size=6
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cuts=mangled)
def test_a_mangled_feed_is_read_or_refused(cuts: list[tuple[int, int, bytes]]) -> None:
    content = GOOD
    for start, length, inserted in cuts:
        content = content[:start] + inserted + content[start + length :]
    try:
        feed = read(content, URL)
    except Refused:
        return
    assert all(item.guid and item.title and item.published_at.tzinfo for item in feed.items)


PIECES = """<item> </item> <guid> </guid> <![CDATA[ ]]> &nbsp; & <!-- --> x <title> </title> <pubDate> 2020-01-01
</pubDate> <enclosure\turl='/a.mp3'/> <itunes:duration> 1:2 <a:b\tc:d='1'> \x00 <description> </description> <p>
</channel> </rss>
<rss> <!DOCTYPE\trss\t[ ]> <?x?>"""
pieces = st.sampled_from(re.split("[ \n]", PIECES))


@settings(max_examples=150, deadline=None)
@given(inner=st.lists(pieces, max_size=30))
def test_any_order_of_the_pieces_of_a_feed_is_read_or_refused(inner: list[str]) -> None:
    with contextlib.suppress(Refused):
        read(f'<rss version="2.0"><channel>{"".join(inner)}</channel></rss>'.encode(), URL)
