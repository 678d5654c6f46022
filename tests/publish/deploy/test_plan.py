"""What travels, in which order, and what may be deleted when."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import files
from pipeline.errors import Refused
from pipeline.publish.deploy.manifest import MANIFEST_NAME, Noted, read_manifest, write_manifest
from pipeline.publish.deploy.plan import KEPT, Rank, Wanted, make_plan, rank_of, unclear
from pipeline.publish.deploy.targets import Stored

TODAY = date(2026, 11, 24)


def digest(content: str) -> str:
    return files.digest_bytes(content.encode())


def media(slug: str, content: str, suffix: str = "mp3") -> str:
    return f"{slug}/{slug}-{digest(content).removeprefix('sha256:')[:12]}.{suffix}"


def wanted(**contents: str) -> list[Wanted]:
    return [Wanted(name, Path(name), len(content), digest(content)) for name, content in contents.items()]


SITE = {
    media("talk", "audio"): "audio",
    media("talk", "words", "vtt"): "words",
    "talk/index.html": "page",
    "index.html": "front",
    "feed.xml": "feed",
    "feed-2.xml": "older",
    "sitemap.xml": "map",
}


def standing(contents: dict[str, str]) -> tuple[dict[str, Stored], dict[str, Noted]]:
    """A target as a publication of `contents` leaves it."""
    stored = {name: Stored(len(content), digest(content)[-8:]) for name, content in contents.items()}
    noted = {
        name: Noted(digest=digest(content), size_bytes=len(content), tag=digest(content)[-8:])
        for name, content in contents.items()
    }
    return stored, noted


def test_the_feed_comes_last_and_its_front_page_after_the_others() -> None:
    plan = make_plan(wanted(**SITE), {}, {}, {}, today=TODAY)
    names = [step.upload.name for step in plan.steps]
    assert names[0] == media("talk", "audio")
    assert names[1] == media("talk", "words", "vtt")
    assert names[2:] == ["talk/index.html", "sitemap.xml", "index.html", "feed-2.xml", "feed.xml"]


def test_headers_say_what_each_is_and_how_long_it_may_be_kept() -> None:
    said = {
        step.upload.name: (step.upload.content_type, step.upload.cache_control)
        for step in make_plan(wanted(**SITE), {}, {}, {}, today=TODAY).steps
    }
    assert said[media("talk", "audio")] == ("audio/mpeg", "public, max-age=31536000, immutable")
    assert said["feed.xml"] == ("application/rss+xml; charset=utf-8", "public, max-age=300")
    assert said["sitemap.xml"][0] == "application/xml; charset=utf-8"
    assert said["talk/index.html"] == ("text/html; charset=utf-8", "public, max-age=300")


def test_only_what_changed_travels() -> None:
    stored, noted = standing(SITE)
    assert make_plan(wanted(**SITE), stored, noted, {}, today=TODAY).empty
    changed = SITE | {"talk/index.html": "another", "feed.xml": "a new feed"}
    plan = make_plan(wanted(**changed), stored, noted, {}, today=TODAY)
    assert [step.upload.name for step in plan.steps] == ["talk/index.html", "feed.xml"]
    assert [step.expected for step in plan.steps] == [stored["talk/index.html"], stored["feed.xml"]]
    assert plan.unchanged == len(SITE) - 2


def test_who_wrote_there_meanwhile_is_noticed_by_the_tag() -> None:
    stored, noted = standing(SITE)
    stored["talk/index.html"] = Stored(4, "somebody else's")
    assert unclear(wanted(**SITE), stored, noted) == ["talk/index.html"]
    plan = make_plan(wanted(**SITE), stored, noted, {"talk/index.html": digest("mine")}, today=TODAY)
    assert [step.upload.name for step in plan.steps] == ["talk/index.html"]
    assert make_plan(wanted(**SITE), stored, noted, {"talk/index.html": digest("page")}, today=TODAY).empty


def test_without_a_note_nothing_is_ours_to_delete_and_media_are_known_by_their_names() -> None:
    stored, _ = standing(SITE | {"photos/holiday.jpg": "not ours"})
    asked = {name: digest(SITE[name]) for name in ("talk/index.html", "index.html")}
    plan = make_plan(wanted(**SITE), stored, {}, asked, today=TODAY)
    assert [step.upload.name for step in plan.steps] == ["sitemap.xml", "feed-2.xml", "feed.xml"]
    assert not plan.deletions


def test_what_nothing_names_goes_after_the_feed_pages_at_once_media_later() -> None:
    old = media("talk", "old audio")
    stored, noted = standing(SITE | {old: "old audio", "gone/index.html": "gone", "photos/x.jpg": "not ours"})
    del noted["photos/x.jpg"]
    plan = make_plan(wanted(**SITE), stored, noted, {}, today=TODAY)
    assert list(plan.deletions) == ["gone/index.html"]
    assert plan.kept == {old: TODAY + KEPT}
    later = TODAY + KEPT - timedelta(days=1)
    again = make_plan(wanted(**SITE), stored, dict(plan.noted), {}, today=later)
    assert again.kept == {old: TODAY + KEPT}
    end = make_plan(wanted(**SITE), stored, dict(again.noted), {}, today=TODAY + KEPT)
    assert list(end.deletions) == [old]


def test_of_an_episode_that_must_be_gone_nothing_old_stays() -> None:
    old, index = media("secret", "name"), media("search", "everybody's words", "json")
    stored, noted = standing(SITE | {old: "name", index: "everybody's words"})
    plan = make_plan(wanted(**SITE), stored, noted, {}, today=TODAY, hasty={"secret"})
    assert set(plan.deletions) == {old, index}


def test_a_damaged_recording_is_mended_and_another_under_its_name_refused() -> None:
    name = media("talk", "audio")
    stored, noted = standing(SITE)
    stored[name] = Stored(3, "torn")
    (step,) = make_plan(wanted(**SITE), stored, noted, {}, today=TODAY).steps
    assert step.mends
    stored[name] = Stored(len("audio"), "written since")  # as long, and the target cannot say what is in it
    assert [step.upload.name for step in make_plan(wanted(**SITE), stored, noted, {}, today=TODAY).steps] == [name]
    with pytest.raises(Refused, match="apps keep the one they have"):
        make_plan(wanted(**SITE | {name: "something else"}), *standing(SITE), {}, today=TODAY)


@given(
    st.dictionaries(
        st.sampled_from([*SITE, media("b", "1"), media("c", "2"), "b/index.html", "people.html"]),
        st.sampled_from(["x", "yy", "zz"]),
        max_size=8,
    ),
    st.dictionaries(
        st.sampled_from([*(name for name in SITE if rank_of(name) >= Rank.PAGE), "b/index.html", "people.html"]),
        st.sampled_from(["x", "yy", "zz"]),
        min_size=1,
    ),
)
def test_whatever_stood_there_after_the_steps_it_is_the_site(before: dict[str, str], after: dict[str, str]) -> None:
    stored, noted = standing(before)
    plan = make_plan(wanted(**after), stored, noted, {}, today=TODAY)
    there = dict(before)
    for step in plan.steps:
        there[step.upload.name] = after[step.upload.name]
    for name in plan.deletions:
        del there[name]
    assert {name: content for name, content in there.items() if name not in plan.kept} == after


def test_the_note_survives_damage_as_nothing() -> None:
    _, noted = standing(SITE)
    assert read_manifest(write_manifest(noted)) == noted
    for damaged in (None, b"", b"{", b"[]", b'{"version":1,"files":{"a":{}}}', write_manifest(noted)[:-20]):
        assert read_manifest(damaged) == {}
    assert MANIFEST_NAME not in noted
