"""The memory of what was published: what it refuses, what it lets pass with a reason, how it merges."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline import files
from pipeline.errors import Refused
from pipeline.publish.deploy.ledger import (
    Allowed,
    Entry,
    Ledger,
    from_feed,
    judge,
    ledger_text,
    read_ledger,
    updated,
)
from pipeline.publish.deploy.listed import Listed

DAY_1, DAY_2, DAY_3 = "2026-11-20T09:00:00+00:00", "2026-11-21T09:00:00+00:00", "2026-11-22T09:00:00+00:00"
NOBODY = Allowed()


def item(number: int = 1, **changed: str) -> Listed:
    one = Listed(
        guid=f"guid-{number}",
        slug=f"talk-{number}",
        title=f"Talk {number}",
        url=f"https://show.example/talk-{number}/talk-{number}-0123456789ab.mp3",
        size_bytes=1000 * number,
        digest=files.digest_bytes(f"audio {number}".encode()),
        date=f"2026-11-{number:02d}T09:00:00+00:00",
        item="",
    )
    one = replace(one, **changed)  # type: ignore[arg-type]  # every field that tests change is text
    return replace(one, item=files.digest_bytes(repr(one).encode()))


def after(ledger: Ledger, items: list[Listed], at: str, allowed: Allowed = NOBODY, withdrawn: str = "") -> Ledger:
    return updated(
        ledger,
        ledger.at_target("web"),
        items,
        target="web",
        at=at,
        feed=files.digest_bytes(repr(items).encode()),
        withdrawn=frozenset({withdrawn} - {""}),
        allowed=allowed,
    )


FIRST = after(Ledger(), [item(1), item(2)], DAY_1)


def refused(items: list[Listed], *, allowed: Allowed = NOBODY, withdrawn: str = "", ledger: Ledger = FIRST) -> set[str]:
    found = judge(
        ledger.at_target("web"),
        items,
        latest=ledger.latest("web"),
        withdrawn=frozenset({withdrawn} - {""}),
        allowed=allowed,
    )
    return {one.code for one in found}


@pytest.mark.parametrize(
    ("items", "code", "allowed"),
    [
        ([item(1)], "feed-episode-lost", Allowed("why", removals={"talk-2"})),
        ([item(1), item(2, guid="another")], "feed-guid-changed", Allowed("why", guids={"talk-2"})),
        ([item(1), item(2, date="2026-12-24T09:00:00+00:00")], "feed-date-moved", Allowed("why", dates={"talk-2"})),
        (
            [item(1), item(2, digest=files.digest_bytes(b"other"))],
            "feed-enclosure-reused",
            Allowed("why", enclosures={"talk-2"}),
        ),
    ],
)
def test_what_would_hurt_listeners_is_refused_until_somebody_says_why(
    items: list[Listed], code: str, allowed: Allowed
) -> None:
    assert refused(items) == {code}
    assert refused(items, allowed=allowed) == set()
    kept = after(FIRST, items, DAY_2, allowed)
    assert any(note.reason == "why" for one in kept.entries for note in one.notes)


def test_what_does_not_hurt_them_passes() -> None:
    same = [item(1), item(2)]
    assert refused(same) == set()
    assert refused([*same, item(3)]) == set()
    # A recording that was mastered again has a new name; the words of an item may change.
    new_name = item(2, url="https://show.example/talk-2/talk-2-aaaaaaaaaaaa.mp3", digest=files.digest_bytes(b"n"))
    assert refused([item(1), new_name]) == set()
    assert refused([item(1)], withdrawn="talk-2") == set()


def test_an_address_stays_taken_when_its_episode_moved_on() -> None:
    moved = item(2, url="https://show.example/talk-2/talk-2-aaaaaaaaaaaa.mp3", digest=files.digest_bytes(b"n"))
    second = after(FIRST, [item(1), moved], DAY_2)
    back_with_other_audio = item(2, digest=files.digest_bytes(b"third"))
    assert refused([item(1), back_with_other_audio], ledger=second) == {"feed-enclosure-reused"}
    assert refused([item(1), item(2)], ledger=second) == set()


def test_what_was_allowed_once_is_what_was_published() -> None:
    """Other audio that a person let pass under an address is what apps were given there from then on."""
    other = [item(1), item(2, digest=files.digest_bytes(b"other"))]
    second = after(FIRST, other, DAY_2, Allowed("why", enclosures={"talk-2"}))
    assert refused(other, ledger=second) == set()
    assert refused([item(1), item(2)], ledger=second) == {"feed-enclosure-reused"}
    third = after(second, [item(1), replace(other[1], item=files.digest_bytes(b"another title"))], DAY_3)
    assert [len(one.notes) for one in third.entries] == [0, 1]


def test_a_guid_may_stand_once() -> None:
    assert "feed-guid-doubled" in refused([item(1), item(2), item(3, guid="guid-1")])
    everything = Allowed("why", everything=True)
    assert refused([item(1), item(2), item(3, guid="guid-1")], allowed=everything) == {"feed-guid-doubled"}


def test_a_ledger_that_lost_a_line_still_counts() -> None:
    torn = replace(FIRST, entries=FIRST.entries[:1])
    assert refused([item(1)], ledger=torn) == {"feed-shrunk"}
    assert refused([item(1)], ledger=torn, allowed=Allowed("why", shrinking=True)) == set()


def test_each_refusal_says_what_apps_would_do_and_how_to_allow_it() -> None:
    for one in judge(FIRST.at_target("web"), [], latest=None, withdrawn=frozenset(), allowed=NOBODY):
        assert "apps" in one.what
        assert "--reason" in one.remedy


def test_only_what_changed_gets_another_line(tmp_path: Path) -> None:
    second = after(FIRST, [item(1), item(2, title="Talk two"), item(3)], DAY_2)
    before, now = ledger_text(FIRST).splitlines(), ledger_text(second).splitlines()
    (same,) = [line for line in before if '"guid-1"' in line]
    assert same in now
    path = tmp_path / "ledger.json"
    path.write_text(ledger_text(second), encoding="utf-8")
    again = read_ledger(path)
    assert ledger_text(again) == ledger_text(second)
    entry = next(one for one in again.entries if one.guid == "guid-2")
    assert (entry.first, entry.last, entry.title) == (DAY_1, DAY_2, "Talk two")


def test_two_ledgers_merge_line_by_line(tmp_path: Path) -> None:
    """As a merge with the lines of both sides leaves it: nothing is lost, the earlier first publication counts."""
    ours = ledger_text(after(FIRST, [item(1), item(2), item(3)], DAY_2)).splitlines()
    theirs = ledger_text(after(FIRST, [item(1), item(2, title="Talk two"), item(3), item(4)], DAY_3)).splitlines()
    lines = list(dict.fromkeys([*ours[:-2], *theirs[1:-2]]))
    path = tmp_path / "ledger.json"
    path.write_text("\n".join([*lines, "null", "]}"]), encoding="utf-8")
    merged = {one.guid: one for one in read_ledger(path).entries}
    assert merged.keys() == {"guid-1", "guid-2", "guid-3", "guid-4"}
    assert merged["guid-2"].title == "Talk two"
    assert merged["guid-3"].first == DAY_2


def test_of_two_lines_the_later_one_says_whether_an_episode_is_gone(tmp_path: Path) -> None:
    """On one branch it was taken out; on the other it came back after that, with another recording."""
    gone = after(FIRST, [item(1)], DAY_2, Allowed("why", removals={"talk-2"}))
    new = item(2, url="https://show.example/talk-2/talk-2-aaaaaaaaaaaa.mp3", digest=files.digest_bytes(b"n"))
    back = after(FIRST, [item(1), new], DAY_3)
    path = tmp_path / "ledger.json"
    for entries in ((*back.entries, *gone.entries), (*gone.entries, *back.entries)):
        lines = [files.canonical_json(one.model_dump(exclude_defaults=True)) for one in entries]
        path.write_text('{"version":1,"lines":[\n' + ",\n".join(lines) + "]}", "utf-8")
        (merged,) = (one for one in read_ledger(path).entries if one.guid == "guid-2")
        assert (merged.gone, merged.last, merged.url) == (None, DAY_3, new.url)
        assert [one.reason for one in merged.notes] == ["why"]
        assert [one.url for one in merged.earlier] == [item(2).url]


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "<<<<<<< ours\n", '{"version":2,"lines":[null]}', "null", '{"lines":1}']
)
def test_a_ledger_that_cannot_be_read_stops_publishing(tmp_path: Path, content: str) -> None:
    path = tmp_path / "ledger.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(Refused, match="nobody knows what apps were given"):
        read_ledger(path)


def test_an_episode_that_comes_back_is_the_one_it_was() -> None:
    gone = after(FIRST, [item(1)], DAY_2, withdrawn="talk-2")
    entry = next(one for one in gone.entries if one.guid == "guid-2")
    assert (entry.gone, entry.notes[-1].reason) == (DAY_2, "withdrawn")
    back = after(gone, [item(1), item(2)], DAY_3)
    entry = next(one for one in back.entries if one.guid == "guid-2")
    assert (entry.gone, entry.first, entry.last) == (None, DAY_1, DAY_3)


def test_a_feed_that_stands_there_counts_as_published() -> None:
    there: tuple[Entry, ...] = from_feed("web", [item(1), item(2)], DAY_1)
    found = judge(there, [item(1)], latest=None, withdrawn=frozenset(), allowed=NOBODY)
    assert [one.code for one in found] == ["feed-episode-lost"]


def test_why_a_feed_may_list_fewer_is_kept_for_good() -> None:
    allowed = Allowed("The ledger was lost.", shrinking=True)
    fewer = after(Ledger((), FIRST.publications), [item(1)], DAY_2, allowed)
    assert fewer.publications[-1].note == "The ledger was lost."
    for at in range(3, 7):
        fewer = after(fewer, [item(number) for number in range(1, at)], f"2026-11-2{at}T09:00:00+00:00")
    assert [one.note for one in fewer.publications] == ["The ledger was lost.", None, None]


def test_other_audio_of_the_same_length_under_an_address_is_noted_like_any() -> None:
    other = replace(item(2), digest=files.digest_bytes(b"other"))  # the item is word for word the same
    assert refused([item(1), other]) == {"feed-enclosure-reused"}
    second = after(FIRST, [item(1), other], DAY_2, Allowed("why", enclosures={"talk-2"}))
    (entry,) = [one for one in second.entries if one.slug == "talk-2"]
    assert (entry.digest, [one.reason for one in entry.notes]) == (other.digest, ["why"])
    assert refused([item(1), other], ledger=second) == set()


def test_a_new_target_takes_over_what_was_published_last_of_each_episode() -> None:
    second = after(FIRST, [item(1)], DAY_2, Allowed("why", removals={"talk-2"}))
    moved = updated(
        second,
        second.inherited("new-host", "https://show.example/"),
        [item(1)],
        target="new-host",
        at=DAY_3,
        feed=files.digest_bytes(b"feed"),
        withdrawn=frozenset(),
        allowed=NOBODY,
    )
    assert {(one.target, one.slug, one.gone) for one in moved.at_target("new-host")} == {
        ("new-host", "talk-1", None),
        ("new-host", "talk-2", DAY_2),
    }
    # Two targets had it: what happened last counts.
    third = moved.inherited("third", "https://show.example/")
    assert {(one.slug, one.gone) for one in third} == {("talk-1", None), ("talk-2", DAY_2)}
    assert moved.inherited("third", "https://elsewhere.example/") == ()
    assert moved.inherited("web", "https://show.example/") == ()


def test_of_two_publications_within_a_second_the_second_is_the_last(tmp_path: Path) -> None:
    second = after(FIRST, [item(1), item(2), item(3)], DAY_1)
    path = tmp_path / "ledger.json"
    path.write_text(ledger_text(second), encoding="utf-8")
    for ledger in (second, read_ledger(path)):
        latest = ledger.latest("web")
        assert latest is not None
        assert latest.items == 3
