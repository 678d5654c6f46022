"""Copies of sources in WARC files, read back by the library that others read them with."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from warcio import archiveiterator

from pipeline import files
from pipeline.errors import InvalidShow
from pipeline.publish.links import snapshots
from pipeline.publish.links.fetch import Answer
from pipeline.publish.links.policy import Policy, policy_of
from pipeline.show import Source
from tests.publish.links.sites import Site, answer, fetcher, running

ITERATOR: Any = archiveiterator.ArchiveIterator  # warcio ships no types
PAGE = "<html><p>Zürich: the figures.</p></html>".encode()


@pytest.fixture
def site() -> Iterator[Site]:
    with running() as site:
        site.pages["/old"] = answer(301, Location="/page")
        site.pages["/page"] = answer(200, gzip.compress(PAGE), Content_Type="text/html", Content_Encoding="gzip")
        yield site


def kept(site: Site, path: str = "/page") -> Answer:
    return fetcher(site).get(site.url(path), keep=True)


def test_a_snapshot_holds_every_step_of_the_way(site: Site, tmp_path: Path) -> None:
    one = snapshots.take(tmp_path, "build/snapshots", "report-2020", site.url("/old"), kept(site, "/old"))
    path = tmp_path / one.file
    records = []
    for record in ITERATOR(io.BytesIO(path.read_bytes()), check_digests="raise"):
        body = record.content_stream().read()
        headers = record.rec_headers
        records.append((record.rec_type, headers.get_header("WARC-Target-URI"), headers.protocol, body))
    assert [(kind, url) for kind, url, _, _ in records] == [
        ("warcinfo", None), ("request", site.url("/old")), ("response", site.url("/old")),
        ("request", site.url("/page")), ("response", site.url("/page")),
    ]  # fmt: skip
    assert {protocol for *_, protocol, _ in records} == {"WARC/1.1"}
    assert records[-1][3] == PAGE
    checked = subprocess.run([sys.executable, "-m", "warcio.cli", "check", str(path)], capture_output=True, check=False)
    assert checked.returncode == 0, checked.stdout


def test_a_snapshot_is_named_by_its_digests_and_read_back(site: Site, tmp_path: Path) -> None:
    one = snapshots.take(tmp_path, "kept", "report-2020", site.url("/page"), kept(site))
    assert one.file.startswith("kept/report-2020-")
    assert one.file.endswith("Z.warc.gz")
    assert one.digest == files.digest_file(tmp_path / one.file)
    assert one.payload_digest == files.digest_bytes(PAGE)
    found = snapshots.open_snapshot(tmp_path, one)
    assert (found.body, found.content_type, found.text) == (PAGE, "text/html", PAGE.decode())
    snapshots.write_list(tmp_path / "snapshots.json", {"report-2020": [one]})
    assert snapshots.read_list(tmp_path / "snapshots.json") == {"report-2020": (one,)}
    assert json.loads((tmp_path / "snapshots.json").read_text())["snapshots"]["report-2020"][0]["file"] == one.file


@pytest.mark.parametrize("key", ["../../etc/passwd", "a/b", "A:B#c", "a" * 300, "~", "con", "Über"])
def test_a_key_cannot_lead_out_of_the_folder(site: Site, tmp_path: Path, key: str) -> None:
    one = snapshots.take(tmp_path, "kept", key, site.url("/page"), kept(site))
    assert (tmp_path / one.file).resolve().parent == tmp_path / "kept"
    assert snapshots.open_snapshot(tmp_path, one).body == PAGE


def test_two_keys_that_look_alike_have_two_files(site: Site, tmp_path: Path) -> None:
    got = kept(site)
    names = {
        snapshots.take(tmp_path, "kept", key, site.url("/page"), got).file.lower()
        for key in ("a/b", "a:b", "A/b", "a_b")
    }
    assert len(names) == 4


def test_a_snapshot_that_was_changed_or_lost_is_not_believed(site: Site, tmp_path: Path) -> None:
    one = snapshots.take(tmp_path, "kept", "report", site.url("/page"), kept(site))
    path = tmp_path / one.file
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(InvalidShow, match="not the snapshot that was taken"):
        snapshots.open_snapshot(tmp_path, one)
    path.unlink()
    with pytest.raises(InvalidShow, match="not there"):
        snapshots.open_snapshot(tmp_path, one)


@pytest.mark.parametrize(
    "content", [b"", b"no archive", gzip.compress(b"WARC/1.1\r\n\r\n", mtime=0)], ids=["nothing", "text", "gzip"]
)
def test_a_file_that_holds_no_page_is_told(tmp_path: Path, site: Site, content: bytes) -> None:
    from dataclasses import replace

    one = snapshots.take(tmp_path, "kept", "report", site.url("/page"), kept(site))
    (tmp_path / one.file).write_bytes(content)
    with pytest.raises(InvalidShow):
        snapshots.open_snapshot(tmp_path, replace(one, digest=files.digest_bytes(content)))


@pytest.mark.parametrize("name", ["../outside.warc.gz", "/etc/passwd", "kept/../../x"])
def test_the_list_cannot_lead_out_of_the_show(tmp_path: Path, site: Site, name: str) -> None:
    from dataclasses import replace

    one = snapshots.take(tmp_path / "show", "kept", "report", site.url("/page"), kept(site))
    (tmp_path / "outside.warc.gz").write_bytes((tmp_path / "show" / one.file).read_bytes())
    with pytest.raises(InvalidShow, match="not there"):
        snapshots.open_snapshot(tmp_path / "show", replace(one, file=name))


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"version": 9, "snapshots": {}}', '{"version": 1, "snapshots": {"k": [{}]}}']
)
def test_a_broken_list_is_told_and_not_overwritten(tmp_path: Path, content: str) -> None:
    path = tmp_path / "snapshots.json"
    path.write_text(content)
    with pytest.raises(InvalidShow, match="no list of snapshots"):
        snapshots.read_list(path)
    assert path.read_text() == content


def test_a_copy_is_not_written_through_a_link_that_leads_out(tmp_path: Path, site: Site) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "show").mkdir()
    (tmp_path / "show" / "kept").symlink_to(tmp_path / "mine")
    with pytest.raises(InvalidShow, match="leads out of the show"):
        snapshots.take(tmp_path / "show", "kept", "report", site.url("/page"), kept(site))
    assert list((tmp_path / "mine").iterdir()) == []


def source(**more: Any) -> Source:
    return Source.model_validate({"id": "k", "type": "webpage", "title": "T", "URL": "https://site.example/", **more})


def test_a_copy_of_another_address_is_no_copy(site: Site, tmp_path: Path) -> None:
    one = snapshots.take(tmp_path, "kept", "k", "https://site.example/", kept(site))
    assert snapshots.newest(source(), {"k": (one,)}) == one
    assert snapshots.newest(source(URL="https://site.example/other"), {"k": (one,)}) is None


@pytest.mark.parametrize(
    ("custom", "policy"),
    [(None, Policy.PRIVATE), ({}, Policy.PRIVATE), ({"archive": "public"}, Policy.PUBLIC),
     ({"archive": "private"}, Policy.PRIVATE), ({"archive": "none"}, Policy.NONE),
     ({"archive": "Public"}, Policy.NONE), ({"archive": ["public"]}, Policy.NONE), ("odd", Policy.PRIVATE)],
)  # fmt: skip
def test_what_may_be_kept(custom: Any, policy: Policy) -> None:
    assert policy_of(source(**({} if custom is None else {"custom": custom}))) is policy
