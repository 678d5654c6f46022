"""What an answer means, and how slow the program is to call a page gone."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import Problem, Refused
from pipeline.publish.links.fetch import Answer, Hop, Kind, Unanswered
from pipeline.publish.links.verdicts import Known, Verdict, judge, known_from_json

URL = "https://site.example/a/page"
DAY = datetime(2026, 11, 24, 9, tzinfo=UTC)


def answered(status: int, url: str = URL, hops: tuple[Hop, ...] = (), **headers: str) -> Answer:
    return Answer(url, status, {name.replace("_", "-"): value for name, value in headers.items()}, redirects=hops)


def missed(kind: Kind) -> Unanswered:
    return Unanswered(Problem(URL, "no", "Look"), kind)


def on_days(*outcomes: Answer | Unanswered | Refused) -> Known:
    """What is known after one outcome a day."""
    known: Known | None = None
    for day, outcome in enumerate(outcomes):
        known = judge(URL, outcome, known, DAY + timedelta(days=day))
    assert known is not None
    return known


@pytest.mark.parametrize("status", range(200, 600))
def test_no_status_but_410_makes_a_page_gone_at_once(status: int) -> None:
    verdict = on_days(answered(status)).verdict
    if status == 410:
        assert verdict is Verdict.GONE
    elif 200 <= status < 300:
        assert verdict is Verdict.ALIVE
    else:
        assert verdict is Verdict.CANNOT_TELL


@pytest.mark.parametrize("status", [400, 401, 403, 405, 408, 418, 429, 451, 500, 502, 503, 504, 520, 599])
def test_refusals_and_faults_never_make_a_page_gone(status: int) -> None:
    known = on_days(*[answered(status)] * 30)
    assert known.verdict is Verdict.CANNOT_TELL
    assert str(status) in known.why


@pytest.mark.parametrize(
    "kind", ["look-up", "connection", "tls", "timeout", "protocol", "loop", "size", "asked to wait"]
)
def test_no_answer_never_makes_a_page_gone(kind: Kind) -> None:
    assert on_days(*[missed(kind)] * 30).verdict is Verdict.CANNOT_TELL


def test_not_found_counts_on_the_second_day() -> None:
    first = judge(URL, answered(404), None, DAY)
    assert first.verdict is Verdict.CANNOT_TELL
    assert "another day" in first.why
    same_day = judge(URL, answered(404), first, DAY + timedelta(hours=10))
    assert same_day.verdict is Verdict.CANNOT_TELL
    next_day = judge(URL, answered(404), same_day, DAY + timedelta(days=1))
    assert next_day.verdict is Verdict.GONE
    assert "404" in next_day.why
    assert "2 days since 2026-11-24" in next_day.why


def test_a_name_that_is_no_more_counts_like_not_found() -> None:
    assert on_days(missed("no such name")).verdict is Verdict.CANNOT_TELL
    assert on_days(missed("no such name"), answered(404)).verdict is Verdict.GONE


def test_a_page_that_came_back_starts_anew() -> None:
    assert on_days(answered(404), answered(200), answered(404)).verdict is Verdict.CANNOT_TELL
    assert on_days(answered(404), answered(404), answered(200)).verdict is Verdict.ALIVE


def test_a_server_that_was_down_between_changes_nothing() -> None:
    assert on_days(answered(404), answered(503), answered(404)).verdict is Verdict.GONE


def test_refused_addresses_say_so() -> None:
    refused = Refused(Problem(URL, "it leads to 127.0.0.1, which is this machine", "Give another"))
    known = on_days(refused)
    assert (known.verdict, known.why) == (Verdict.REFUSED, "it leads to 127.0.0.1, which is this machine")


@pytest.mark.parametrize("status", [301, 308])
def test_a_permanent_redirect_gives_the_new_address(status: int) -> None:
    new = "https://new.example/page"
    known = on_days(answered(200, new, (Hop(URL, status, new),)))
    assert (known.verdict, known.moved_to) == (Verdict.MOVED, new)


@pytest.mark.parametrize("status", [302, 303, 307])
def test_a_redirect_for_now_is_alive(status: int) -> None:
    new = "https://new.example/page"
    assert on_days(answered(200, new, (Hop(URL, status, new),))).verdict is Verdict.ALIVE


@pytest.mark.parametrize("status", [301, 302])
@pytest.mark.parametrize("home", ["https://site.example/", "https://site.example", "https://other.example/en/"])
def test_a_redirect_to_the_start_page_asks_for_a_look(status: int, home: str) -> None:
    known = on_days(answered(200, home, (Hop(URL, status, home),)))
    assert known.verdict is Verdict.MOVED
    assert "look whether" in known.why


def test_a_start_page_that_moved_is_only_moved() -> None:
    new = "https://new.example/"
    known = judge("https://site.example/", answered(200, new, (Hop("https://site.example/", 301, new),)), None, DAY)
    assert known.why == "it moved to https://new.example/"


def test_a_page_that_moved_and_is_gone_there_is_judged_by_its_end() -> None:
    new = "https://new.example/page"
    assert on_days(answered(410, new, (Hop(URL, 301, new),))).verdict is Verdict.GONE


def test_what_did_not_change_stays_alive() -> None:
    known = on_days(answered(200, etag='"1"'), answered(304))
    assert (known.verdict, known.etag, known.at) == (Verdict.ALIVE, '"1"', DAY + timedelta(days=1))
    assert known.conditions() == {"If-None-Match": '"1"'}
    assert on_days(answered(200, last_modified="Tue")).conditions() == {"If-Modified-Since": "Tue"}
    assert on_days(answered(404)).conditions() == {}
    assert on_days(answered(304)).verdict is Verdict.CANNOT_TELL


def test_when_it_is_time_to_ask_again() -> None:
    alive, unsure = on_days(answered(200)), on_days(answered(503))
    assert not alive.is_due(DAY + timedelta(days=29), 30)
    assert alive.is_due(DAY + timedelta(days=30), 30)
    assert not unsure.is_due(DAY + timedelta(hours=2), 30)
    assert unsure.is_due(DAY + timedelta(hours=23), 30)
    waits = on_days(answered(429, retry_after=str(3 * 24 * 3600)))
    assert not waits.is_due(DAY + timedelta(days=2), 30)
    assert not waits.is_due(DAY + timedelta(days=2), 30, again=True)
    assert waits.is_due(DAY + timedelta(days=3), 30)
    assert alive.is_due(DAY, 30, again=True)


moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001  - the zone is given beside
    lambda moment: moment.replace(microsecond=0)
)


@given(
    st.builds(
        Known, st.sampled_from(Verdict), moments, st.text(), st.none() | st.integers(100, 599),
        st.none() | st.text(min_size=1), st.none() | st.text(min_size=1), st.none() | st.text(min_size=1),
        st.lists(st.text(), max_size=3).map(tuple), st.none() | moments,
    )
)  # fmt: skip
def test_what_is_known_survives_its_file(known: Known) -> None:
    assert known_from_json(json.loads(json.dumps(known.as_json()))) == known
