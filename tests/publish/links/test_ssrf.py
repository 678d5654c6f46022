"""Nobody leads the program into this machine or a private network: not by an address, a name, or a redirect."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

import pytest

from pipeline.errors import Refused
from pipeline.publish.links.fetch import Fetcher
from pipeline.publish.links.manners import Manners
from tests.publish.links.sites import Site, answer, fetcher, running

INSIDE = [
    "http://127.0.0.1/", "http://[::1]/", "http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/",
    "http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/", "http://127.1/", "http://0/",
    "http://[::ffff:127.0.0.1]/", "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/", "http://[fe80::1%25lo]/",
    "http://localhost/", "http://a.localhost/", "http://127。0。0。1/", "http://127.0.0.1.:80/",
    "http://site.example@127.0.0.1/", "file:///etc/passwd", "gopher://127.0.0.1:80/", "http://[::]/",
]  # fmt: skip


@pytest.fixture
def site() -> Iterator[Site]:
    with running() as site:
        yield site


@pytest.mark.parametrize("url", INSIDE)
@pytest.mark.parametrize("method", ["get", "head", "probe"])
def test_an_address_inside_is_refused(url: str, method: str) -> None:
    with pytest.raises(Refused):
        getattr(Fetcher("x", manners=Manners(0)), method)(url)


@pytest.mark.parametrize("url", INSIDE)
@pytest.mark.parametrize("status", [301, 302, 307])
def test_a_redirect_inside_is_refused(site: Site, url: str, status: int) -> None:
    # The site itself is let through by its port; where it redirects to is not.
    site.pages["/out"] = answer(status, Location=url.encode().decode("latin-1"))
    with pytest.raises(Refused):
        fetcher(site).get(site.url("/out"))
    assert [path for _, path, _ in site.asked] == ["/out"]


def test_a_redirect_to_another_port_of_the_same_machine_is_refused(site: Site) -> None:
    with running() as other:
        site.pages["/out"] = answer(302, Location=f"http://site.example:{other.port}/secret")
        with pytest.raises(Refused, match="port"):
            fetcher(site).get(site.url("/out"))
        assert not other.asked


@pytest.mark.parametrize(
    "answers",
    [["127.0.0.1"], ["::1"], ["169.254.169.254"], ["10.1.2.3"], ["fd00::1"], ["fe80::1%eth0"], ["::ffff:127.0.0.1"],
     ["64:ff9b::7f00:1"], ["2002:7f00:1::"], ["0.0.0.1"], ["224.0.0.1"], ["8.8.8.8", "127.0.0.1"]],
)  # fmt: skip
def test_a_name_that_leads_inside_is_refused(answers: Sequence[str]) -> None:
    with pytest.raises(Refused, match="it leads to"):
        Fetcher("x", resolver=lambda host, port: answers, manners=Manners(0)).get("http://site.example/")


def test_what_is_let_through_is_one_address_with_one_port(site: Site) -> None:
    with pytest.raises(Refused):
        fetcher(site, resolver=lambda host, port: ["127.0.0.2"]).get(site.url("/"))
    with pytest.raises(Refused):
        fetcher(site).get("http://site.example/")
    assert not site.asked


def test_a_public_address_with_the_port_of_a_test_is_refused(site: Site) -> None:
    asker = fetcher(site, resolver=lambda host, port: ["8.8.8.8"])
    with pytest.raises(Refused, match="port"):
        asker.get(site.url("/"))


def test_a_name_that_changes_its_answer_gains_nothing(site: Site) -> None:
    """DNS rebinding: public when it is checked, this machine when it is connected to."""
    asked: list[str] = []

    def resolver(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    site.pages["/page"] = answer(200, b"words")
    # The one address that was checked (here: let through) is the one that is connected to, and no second look is taken.
    assert fetcher(site, resolver=resolver).get(site.url("/page")).body == b"words"
    assert asked == ["site.example"]
    with pytest.raises(Refused, match=r"169\.254\.169\.254"):
        fetcher(site, resolver=resolver).get(site.url("/page"))
    assert len(site.asked) == 1


def test_a_name_that_changes_its_answer_between_redirects_is_refused(site: Site) -> None:
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    site.pages["/one"] = answer(302, Location="/two")
    site.pages["/two"] = answer(200, b"secret")
    with pytest.raises(Refused, match=r"10\.0\.0\.1"):
        fetcher(site, resolver=lambda host, port: next(answers)).get(site.url("/one"))
    assert [path for _, path, _ in site.asked] == ["/one"]


@pytest.mark.skipif(not os.path.exists("/proc/net/if_inet6"), reason="no IPv6 on this machine")  # noqa: PTH110  - a question to the kernel
def test_the_other_loopback_is_refused_too() -> None:
    with running("::1") as site:
        with pytest.raises(Refused):
            Fetcher("x", manners=Manners(0)).get(f"http://[::1]:{site.port}/")
        assert not site.asked
