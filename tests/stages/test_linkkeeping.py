"""The links of a show's sources, kept from end to end with a real server on this machine."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from pipeline.errors import Busy, InvalidShow, Refused
from pipeline.publish.links.fetch import Fetcher
from pipeline.publish.links.quotations import Outcome
from pipeline.publish.links.verdicts import Verdict
from pipeline.publish.links.wayback import Wayback
from pipeline.show import load_show
from pipeline.stages.linkkeeping import SourcesReport, check_sources, take_snapshots, warnings_in_run
from tests.publish.links.sites import Site, answer, fetcher, running
from tests.shows import SHOW, make_show

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
PAGE = b"<html><p>There were 381 cases in the years from 2011 to 2017.</p></html>"
NOTES = """\
Ada talks with Ben.

> There were 381 cases in the years from 2011 to 2017.
> [@report]

> There were 391 cases in the years from 2011 to 2017.
> [@report, p. 2]

> Something quite different was written in this report.
> [@report]

> Words of a source without a copy.
> [@private]

“Words of a paper that is no page” [@paper].
"""


@pytest.fixture
def site() -> Iterator[Site]:
    with running() as site:
        site.pages["/report"] = answer(200, PAGE, Content_Type="text/html")
        site.pages["/private"] = answer(200, b"<p>private", Content_Type="text/html")
        site.pages["/paper"] = answer(200, b"%PDF-1.7", Content_Type="application/pdf")
        yield site


def record(key: str, url: str | None, **custom: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"id": key, "type": "webpage", "title": key.title()}
    return made | ({"URL": url} if url else {}) | ({"custom": custom} if custom else {})


@pytest.fixture
def root(site: Site, tmp_path: Path) -> Path:
    root = make_show(tmp_path)
    sources = [record("report", site.url("/report"), archive="public"), record("private", site.url("/private")),
               record("paper", site.url("/paper")), record("secret", site.url("/secret"), archive="none"),
               record("book", None)]  # fmt: skip
    (root / "episodes" / "sources.json").write_text(json.dumps(sources))
    (root / "episodes" / "first-talk" / "notes.md").write_text(NOTES)
    return root


def quiet(slug: str, stage: str, part: float) -> None:
    """Nobody listens."""


def check(root: Path, site: Site, days: int = 0, **settings: Any) -> SourcesReport:
    return check_sources(root, NOW + timedelta(days=days), quiet, fetcher=fetcher(site), **settings)


def verdicts(found: SourcesReport) -> dict[str, Verdict | None]:
    return {link.keys[0]: link.known.verdict if link.known else None for link in found.links}


def test_links_are_asked_once_in_a_while_and_gone_on_the_second_day(site: Site, root: Path) -> None:
    first = check(root, site)
    assert verdicts(first) == {"paper": Verdict.ALIVE, "private": Verdict.ALIVE, "report": Verdict.ALIVE,
                               "secret": Verdict.CANNOT_TELL}  # fmt: skip
    assert first.without_link == ("book",)
    assert not first.has_gone
    asked = len(site.asked)
    assert not any(link.asked for link in check(root, site).links)
    assert len(site.asked) == asked
    second = check(root, site, days=1)
    assert [link.keys for link in second.links if link.asked] == [("secret",)]
    assert second.has_gone
    assert {link.keys[0] for link in check(root, site, days=1, again=True).links if link.asked} == set(verdicts(first))


def test_offline_asks_nobody_and_tells_what_is_known(site: Site, root: Path) -> None:
    never = check_sources(root, NOW, quiet, offline=True)
    assert set(verdicts(never).values()) == {None}
    check(root, site)
    asked = len(site.asked)
    assert verdicts(check_sources(root, NOW, quiet, offline=True))["report"] is Verdict.ALIVE
    assert len(site.asked) == asked


def test_a_machine_without_a_network_forgets_nothing(site: Site, root: Path) -> None:
    import socket

    def resolver(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "no")

    check(root, site)
    path = root / "build" / "links.json"
    before = path.read_bytes()
    for days in (40, 41):
        found = check_sources(root, NOW + timedelta(days=days), quiet, fetcher=fetcher(site, resolver=resolver))
        assert not found.online
        assert verdicts(found)["report"] is Verdict.ALIVE
        assert not found.has_gone
    assert path.read_bytes() == before


def test_two_checks_at_once_do_not_meet(site: Site, root: Path) -> None:
    (root / "build").mkdir(exist_ok=True)
    with FileLock(root / "build" / "links.lock"), pytest.raises(Busy):
        check(root, site)


def test_copies_are_taken_as_the_policy_says(site: Site, root: Path) -> None:
    taken = take_snapshots(root, NOW, quiet, fetcher=fetcher(site))
    assert [(one.key, one.new) for one in taken] == [("report", True), ("private", True), ("paper", True)]
    assert "/secret" not in {path for _, path, _ in site.asked}
    listed = json.loads((root / "episodes" / "snapshots.json").read_text())["snapshots"]
    assert set(listed) == {"report", "private", "paper"}
    assert all((root / one["file"]).is_file() for taken_of in listed.values() for one in taken_of)
    assert take_snapshots(root, NOW, quiet, fetcher=fetcher(site)) == ()


def test_a_copy_asked_for_by_name(site: Site, root: Path) -> None:
    assert take_snapshots(root, NOW, quiet, ["report"], fetcher=fetcher(site))[0].new
    again = take_snapshots(root, NOW, quiet, ["report"], fetcher=fetcher(site))[0]
    assert not again.new
    assert "unchanged" in again.said
    site.pages["/report"] = answer(200, b"<p>other", Content_Type="text/html")
    assert take_snapshots(root, NOW, quiet, ["report"], fetcher=fetcher(site))[0].new
    said = {one.key: one.said for one in take_snapshots(root, NOW, quiet, ["secret", "book"], fetcher=fetcher(site))}
    assert said == {"secret": "its record says that no copy is kept", "book": "it has no address"}
    with pytest.raises(Refused, match="no such source"):
        take_snapshots(root, NOW, quiet, ["nobody"], fetcher=fetcher(site))


def test_one_source_without_an_answer_does_not_stop_the_others(site: Site, root: Path) -> None:
    site.pages["/report"] = answer(404)
    site.pages["/private"] = answer(302, Location="http://127.0.0.1:1/")
    taken = {one.key: one for one in take_snapshots(root, NOW, quiet, fetcher=fetcher(site))}
    assert taken["report"].snapshot is None
    assert "404" in taken["report"].said
    assert taken["private"].snapshot is None
    assert taken["paper"].new


def test_an_approval_does_not_mind_a_copy(site: Site, root: Path) -> None:
    before = (root / "episodes" / "sources.json").read_bytes()
    take_snapshots(root, NOW, quiet, fetcher=fetcher(site))
    assert (root / "episodes" / "sources.json").read_bytes() == before


def test_quotations_are_looked_up_in_the_copies(site: Site, root: Path) -> None:
    assert {one.result.outcome for one in check(root, site).quotations} == {Outcome.NO_SNAPSHOT}
    take_snapshots(root, NOW, quiet, ["report", "paper"], fetcher=fetcher(site))
    found = check(root, site).quotations
    assert [(one.where.rpartition("/")[2], one.key, one.result.outcome) for one in found] == [
        ("notes.md:3", "report", Outcome.FOUND),
        ("notes.md:6", "report", Outcome.DIFFERENT),
        ("notes.md:9", "report", Outcome.NOT_FOUND),
        ("notes.md:12", "private", Outcome.NO_SNAPSHOT),
        ("notes.md:15", "paper", Outcome.CANNOT_TELL),
    ]
    assert [str(one) for one in found[1].result.differences] == ["the source says “381” where “391” is quoted"]


def test_a_copy_that_was_tampered_with_proves_nothing(site: Site, root: Path) -> None:
    taken = take_snapshots(root, NOW, quiet, ["report"], fetcher=fetcher(site))
    assert taken[0].snapshot is not None
    (root / taken[0].snapshot.file).write_bytes(b"other")
    first = check(root, site).quotations[0].result
    assert first.outcome is Outcome.CANNOT_TELL
    assert "not the snapshot that was taken" in first.why


def test_a_broken_list_of_copies_is_refused(site: Site, root: Path) -> None:
    (root / "episodes" / "snapshots.json").write_text("{")
    with pytest.raises(InvalidShow):
        take_snapshots(root, NOW, quiet, fetcher=fetcher(site))


def archive(site: Site) -> Wayback:
    return Wayback(fetcher(site), save_base=site.url(""), available_base=site.url(""), sleep=lambda seconds: None)


KEYS = {"ONRECORD_WAYBACK_KEY": "k", "ONRECORD_WAYBACK_SECRET": "s"}


def set_up(root: Path, settings: str) -> None:
    (root / "episodes" / "show.toml").write_text(f"{SHOW}\n[links]\n{settings}\n")


def test_only_public_sources_are_sent_to_the_archive_and_only_where_it_is_asked_for(site: Site, root: Path) -> None:
    site.pages["/save"] = answer(200, b'{"job_id": "1"}')
    site.pages["/save/status/1"] = answer(200, b'{"status": "success", "timestamp": "20261124090000"}')
    take_snapshots(root, NOW, quiet, fetcher=fetcher(site), wayback=archive(site), environment=KEYS)
    assert "/save" not in {path for _, path, _ in site.asked}
    set_up(root, "wayback = true")
    keys = ["report", "private", "paper"]
    without = take_snapshots(root, NOW, quiet, keys, fetcher=fetcher(site), wayback=archive(site), environment={})
    assert "ONRECORD_WAYBACK_KEY" in without[0].said
    assert "/save" not in {path for _, path, _ in site.asked}
    taken = take_snapshots(root, NOW, quiet, keys, fetcher=fetcher(site), wayback=archive(site), environment=KEYS)
    assert site.methods("/save") == ["POST"]
    snapshot = taken[0].snapshot
    assert snapshot is not None
    assert snapshot.archived == f"{site.url('')}/web/20261124090000/{site.url('/report')}"
    site.pages["/report"] = answer(410)
    gone = next(link for link in check(root, site, again=True).links if link.is_gone)
    assert gone.archived == snapshot.archived


def test_the_archive_is_asked_for_what_is_gone_and_public(site: Site, root: Path) -> None:
    set_up(root, "wayback = true")
    site.pages |= {"/report": answer(410), "/private": answer(410)}
    found = check(root, site, wayback=archive(site))
    assert sum(link.is_gone for link in found.links) == 2
    assert [path for _, path, _ in site.asked if path.startswith("/wayback/")] == [
        f"/wayback/available?url=http%3A%2F%2Fsite.example%3A{site.port}%2Freport"
    ]


def test_copies_go_where_show_toml_says(site: Site, root: Path) -> None:
    set_up(root, 'snapshots = "kept/copies"')
    taken = take_snapshots(root, NOW, quiet, ["report"], fetcher=fetcher(site))
    assert taken[0].snapshot is not None
    assert taken[0].snapshot.file.startswith("kept/copies/report-")


@pytest.mark.parametrize("folder", ["site", "site/copies", "Site/x", "../out", "/tmp/x"])  # noqa: S108  - refused
def test_copies_are_not_published_and_stay_in_the_show(root: Path, folder: str) -> None:
    set_up(root, f'snapshots = "{folder}"')
    with pytest.raises(InvalidShow, match="snapshots"):
        load_show(root)


def test_a_run_warns_of_what_is_gone_and_of_nothing_else(site: Site, root: Path) -> None:
    site.pages["/report"] = answer(410)
    found = warnings_in_run(load_show(root), NOW, quiet, fetcher(site))
    assert len(found) == 1
    assert "report" in found[0].what
    assert "410" in found[0].what
    asked = len(site.asked)
    assert warnings_in_run(load_show(root), NOW, quiet, fetcher(site)) == found
    assert len(site.asked) == asked


def test_a_run_asks_where_show_toml_says_so_and_refuses_nothing(root: Path) -> None:
    shutil.rmtree(root / "episodes" / "first-talk")
    sources = [record("here", "http://127.0.0.1/"), record("there", "http://2130706433/")]
    (root / "episodes" / "sources.json").write_text(json.dumps(sources))
    assert "127.0.0.1" not in onrecord("run", "--root", root).stderr
    assert not (root / "build" / "links.json").exists()
    set_up(root, "check_in_run = true")
    told = onrecord("run", "--root", root)
    assert told.returncode == 0
    assert "here: http://127.0.0.1/ is refused: it leads to 127.0.0.1, which is this machine" in told.stderr
    warned = json.loads(onrecord("run", "--json", "--root", root).stdout)["warnings"]
    assert [one["what"].partition(":")[0] for one in warned] == ["here", "there"]


# The commands. They may ask nobody on this machine, so the server is only there to show that it is left alone.


def onrecord(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipeline", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def test_the_commands_refuse_this_machine_and_ask_it_nothing(site: Site, root: Path) -> None:
    sources = [record("here", f"http://127.0.0.1:{site.port}/"), record("number", "http://2130706433/")]
    (root / "episodes" / "sources.json").write_text(json.dumps(sources))
    (root / "episodes" / "first-talk" / "notes.md").write_text("Ada talks with Ben.\n")
    told = onrecord("sources", "check", "--json", "--root", root)
    assert told.returncode == 0
    assert {one["verdict"] for one in json.loads(told.stdout)["links"]} == {"refused"}
    copied = onrecord("sources", "snapshot", "--root", root)
    assert copied.returncode == 1
    assert "port" in copied.stdout
    assert not site.asked


def test_a_gone_source_has_an_exit_code_of_its_own(site: Site, root: Path) -> None:
    site.pages["/report"] = answer(410)
    take_snapshots(root, NOW, quiet, ["paper"], fetcher=fetcher(site))
    check(root, site)
    told = onrecord("sources", "check", "--offline", "--root", root)
    assert told.returncode == 4
    line = next(line for line in told.stdout.splitlines() if line.startswith("report"))
    assert "gone" in line
    assert "as of 2026-11-24" in line
    assert "4 links: 2 alive, 1 gone, 1 cannot tell. 0 asked now." in told.stdout
    assert "Without a link: book." in told.stdout
    assert "cannot tell: its copy is no page of text (application/pdf)" in told.stdout


def test_the_default_fetcher_lets_nothing_through(root: Path) -> None:
    with pytest.raises(Refused):
        Fetcher("x").get("http://127.0.0.1/")
