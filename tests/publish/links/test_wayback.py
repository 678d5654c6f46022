"""The Wayback Machine, played by a server on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from pipeline.errors import NoAnswer
from pipeline.publish.links.wayback import Credentials, Wayback, credentials
from tests.publish.links.sites import Page, Site, answer, fetcher, running

URL = "https://source.example/report?x=1&y=2"
ASKED = "/wayback/available?url=https%3A%2F%2Fsource.example%2Freport%3Fx%3D1%26y%3D2"
KEYS = Credentials("key", "secret")


@pytest.fixture
def site() -> Iterator[Site]:
    with running() as site:
        yield site


def machine(site: Site) -> Wayback:
    return Wayback(fetcher(site), save_base=site.url(""), available_base=site.url(""), sleep=lambda seconds: None)


def said(value: object, status: int = 200) -> Page:
    return answer(status, json.dumps(value).encode(), Content_Type="application/json")


def one_after_the_other(*pages: Page) -> Page:
    left = list(pages)

    def page(handler: BaseHTTPRequestHandler) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(handler)

    return page


def test_a_copy_is_asked_for_and_waited_for(site: Site) -> None:
    site.pages["/save"] = said({"url": URL, "job_id": "spn2-1"})
    done = {"status": "success", "timestamp": "20261124091500", "original_url": URL}
    site.pages["/save/status/spn2-1"] = one_after_the_other(said({"status": "pending"}), said(done))
    assert machine(site).save(URL, KEYS) == f"{site.url('')}/web/20261124091500/{URL}"
    assert [method for method, _, _ in site.asked] == ["POST", "GET", "GET"]
    assert {headers["Authorization"] for _, _, headers in site.asked} == {"LOW key:secret"}


def test_the_keys_go_to_no_other_host(site: Site) -> None:
    with running() as other:
        site.pages["/save"] = said({"job_id": "1"})
        site.pages["/save/status/1"] = answer(302, Location=other.url("/elsewhere", "other.example"))
        other.pages["/elsewhere"] = said({"status": "success", "timestamp": "20261124091500"})
        wayback = Wayback(fetcher(site, other), save_base=site.url(""), sleep=lambda seconds: None)
        wayback.save(URL, KEYS)
        assert "Authorization" in site.asked[-1][2]
        assert "Authorization" not in other.asked[-1][2]


@pytest.mark.parametrize(
    ("first", "then", "told"),
    [
        (said({"message": "You need to be logged in"}, 401), said({}), "keys"),
        (said({"message": "This URL is in the list of excluded ones."}), said({}), "list of excluded"),
        (answer(503, b"<html>busy"), said({}), "status 503"),
        (answer(302, Location="https://elsewhere.example/"), said({}), "status 302"),
        (said([1]), said({}), "status 200"),
        (said({"job_id": "1"}), said({"status": "error", "message": "Couldn't resolve host"}), "resolve host"),
        (said({"job_id": "1"}), said({"status": "success", "timestamp": "<script>"}), "does not say why"),
        (said({"job_id": "1"}), said({"status": "pending"}), "too long"),
    ],
)
def test_what_went_wrong_is_told(site: Site, first: Page, then: Page, told: str) -> None:
    site.pages["/save"] = first
    site.pages["/save/status/1"] = then
    with pytest.raises(NoAnswer, match=told) as error:
        machine(site).save(URL, KEYS)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"archived_snapshots": {"closest": {"available": True, "timestamp": "20200101000000", "url": "http://evil.example"}}},
         "/web/20200101000000/"),
        ({"archived_snapshots": {"closest": {"available": False, "timestamp": "20200101000000"}}}, None),
        ({"archived_snapshots": {"closest": {"available": True, "timestamp": "x"}}}, None),
        ({"archived_snapshots": {}}, None),
        ({"archived_snapshots": []}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_copies_that_are_there(site: Site, value: object, found: str | None) -> None:
    site.pages[ASKED] = said(value)
    got = machine(site).available(URL)
    assert got == (f"{site.url('')}{found}{URL}" if found else None)
    assert "Authorization" not in site.asked[0][2]


def test_the_keys_come_from_the_environment_and_are_not_shown() -> None:
    found = credentials({"ONRECORD_WAYBACK_KEY": "abc", "ONRECORD_WAYBACK_SECRET": "def"})
    assert found == Credentials("abc", "def")
    assert "def" not in repr(found)
    assert credentials({"ONRECORD_WAYBACK_KEY": "abc"}) is None
    assert credentials({"ONRECORD_WAYBACK_KEY": " ", "ONRECORD_WAYBACK_SECRET": "x"}) is None
