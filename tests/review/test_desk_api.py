"""The desk through real HTTP: what its page asks, and what is then on the disk."""

from __future__ import annotations

import errno
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipeline import files
from pipeline.errors import Problem, Refused, ToolFailed
from pipeline.review.serve import DeskServer
from pipeline.review.services import EpisodeState, Published
from pipeline.transcript import read_transcript
from tests.review.desks import AUDIO, SLUG, eventually, let_in, make_desk_show, make_services, running

API = f"/api/episodes/{SLUG}"
ADA = "Ada Host <ada@show.example>"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_desk_show(tmp_path)


@pytest.fixture
def server(root: Path) -> Iterator[DeskServer]:
    with running(root) as server:
        yield server


@pytest.fixture
def window(server: DeskServer) -> Iterator[httpx.Client]:
    with let_in(server) as client:
        yield client


def folder_of(root: Path) -> Path:
    return root / "episodes" / SLUG


def plain(paragraphs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: one[name] for name in ("start_ms", "speaker", "text")} for one in paragraphs]


def save(window: httpx.Client, paragraphs: list[dict[str, Any]], revision: str, by: str = ADA) -> httpx.Response:
    body = {"by": by, "paragraphs": plain(paragraphs)}
    return window.put(f"{API}/transcript", json=body, headers={"If-Match": f'"{revision}"'})


def test_the_list(window: httpx.Client) -> None:
    (one,) = window.get("/api/episodes").json()
    assert one["slug"] == SLUG
    assert one["duration_ms"] == one["unheard_ms"] == 20_000
    assert one["open_doubts"] == 1
    assert window.get("/api/episodes").json() == [one]


def test_the_episode(window: httpx.Client) -> None:
    found = window.get(API).json()
    assert found["speakers"] == ["Ada Host", "Ben Guest"]
    assert [one["start_ms"] for one in found["paragraphs"]] == [0, 5000, 11_000]
    first = found["paragraphs"][0]
    assert first["times"][0] == [0, 7, 0, 300, 0]
    assert [first["text"][one[0] : one[1]] for one in first["times"]] == first["text"].split()
    (doubt,) = found["doubts"]
    assert (doubt["kind"], doubt["text"], doubt["paragraph"]) == ("number", "381", 1)
    assert found["sources"] == [{"key": "report-2020", "label": "A report"}]
    assert found["glossary"] == ["OSEC"]
    assert found["models"] == ["base", "small"]
    assert found["policy"] == {"people": 1, "minimum_heard_percent": 0, "require_signature": False}
    assert found["direction"] == "ltr"
    assert found["offers"] == ["preview", "retranscribe"]


def test_an_edit_is_on_disk_with_times_kept(root: Path, window: httpx.Client) -> None:
    before = window.get(API).json()
    text = before["paragraphs"]
    text[1]["text"] = "Thank you for having me. There were 318 cases [@report-2020] last year."
    answer = save(window, text, before["revision"])
    assert answer.status_code == 200
    after = answer.json()
    assert not after["merged"]
    assert read_transcript(folder_of(root) / "transcript.md").paragraphs[1].text == text[1]["text"]
    assert after["paragraphs"][0] == before["paragraphs"][0]
    times = {
        text[1]["text"][start:end].strip(".,"): (start_ms, kind)
        for start, end, start_ms, _, kind in after["paragraphs"][1]["times"]
    }
    assert times["Thank"] == (5000, 0)
    assert times["318"] == (5000 + 400 * 7, 1)
    assert times["year"] == (5000 + 400 * 10, 0)
    assert after["doubts"] == []
    assert window.get(API).json()["revision"] == after["revision"]
    assert window.get(API).json()["review"]["edits"] == {"Ada Host": 1}
    # Taken back, it is no edit any more.
    text[1] = before["paragraphs"][1] | {"text": "Thank you for having me there were 381 cases last year"}
    save(window, text, after["revision"])
    assert window.get(API).json()["review"]["edits"] == {}


def test_a_correction_offers_itself_as_a_term(root: Path, window: httpx.Client) -> None:
    before = window.get(API).json()
    text = before["paragraphs"]
    text[0]["text"] = "Welcome to the show today we talk about the Arkive"
    answer = save(window, text, before["revision"]).json()
    assert answer["suggestions"] == [{"term": "Arkive", "heard": "archive", "times": 1}]
    assert window.get(f"{API}/suggestions").json()["terms"] == answer["suggestions"]
    added = window.post(f"{API}/glossary", json={"term": "Arkive"})
    assert added.json()["glossary"] == ["OSEC", "Arkive"]
    assert (folder_of(root) / "glossary.toml").is_file()
    assert window.get(f"{API}/suggestions").json()["terms"] == []


def test_a_save_says_from_what_it_began(window: httpx.Client) -> None:
    found = window.get(API).json()
    body = {"by": ADA, "paragraphs": plain(found["paragraphs"])}
    for path, content in (
        ("transcript", body),
        ("notes", {"text": "x"}),
        ("marks", {"chapters": [], "soundbites": []}),
    ):
        assert window.put(f"{API}/{path}", json=content).status_code == 428
        assert window.put(f"{API}/{path}", json=content, headers={"If-Match": "*"}).status_code == 428


def test_two_windows(server: DeskServer, root: Path, window: httpx.Client) -> None:
    with let_in(server) as other:
        mine, theirs = window.get(API).json(), other.get(API).json()
        theirs["paragraphs"][0]["text"] = "their words"
        mine["paragraphs"][2]["text"] = "my words"
        assert save(other, theirs["paragraphs"], theirs["revision"], "Ben Guest").status_code == 200
        merged = save(window, mine["paragraphs"], mine["revision"]).json()
        assert merged["merged"]
        assert [one["text"] for one in merged["paragraphs"]][::2] == ["their words", "my words"]
        mine["paragraphs"][0]["text"] = "mine against theirs"
        stale = save(window, mine["paragraphs"], mine["revision"])
        assert stale.status_code == 409
        answer = stale.json()
        assert answer["error"] == "stale"
        assert answer["revision"] == merged["revision"]
        assert answer["paragraphs"] == merged["paragraphs"]
        assert answer["conflicts"] == [0]
        assert answer["merged"][0]["text"] == "mine against theirs"
        assert answer["clashes"][0]["theirs"][0]["text"] == "their words"
        assert read_transcript(folder_of(root) / "transcript.md").paragraphs[0].text == "their words"


def test_notes(root: Path, window: httpx.Client) -> None:
    notes = window.get(API).json()["notes"]
    assert notes["text"].startswith("Ada talks with Ben")
    saved = window.put(f"{API}/notes", json={"text": "New.\n"}, headers={"If-Match": f'"{notes["revision"]}"'})
    assert saved.status_code == 200
    assert (folder_of(root) / "notes.md").read_text("utf-8") == "New.\n"
    stale = window.put(f"{API}/notes", json={"text": "Old.\n"}, headers={"If-Match": f'"{notes["revision"]}"'})
    assert stale.status_code == 409
    assert stale.json()["text"] == "New.\n"
    assert window.post(f"{API}/preview", json={"text": "abc"}).json()["html"] == "<p>3 characters, 1 sources</p>"


def test_marks_and_sources(window: httpx.Client) -> None:
    revision = window.get(API).json()["marks_revision"]
    body = {
        "chapters": [{"start_ms": 5000, "title": "The answer", "url": None}],
        "soundbites": [{"start_ms": 0, "end_ms": 15_000, "title": None}],
    }
    saved = window.put(f"{API}/marks", json=body, headers={"If-Match": f'"{revision}"'})
    assert saved.status_code == 200
    found = window.get(API).json()
    assert found["chapters"] == body["chapters"] == saved.json()["chapters"]
    assert found["soundbites"] == body["soundbites"]
    assert found["marks_revision"] == saved.json()["revision"]
    wrong = {"chapters": [], "soundbites": [{"start_ms": 0, "end_ms": 1}]}
    refused = window.put(f"{API}/marks", json=wrong, headers={"If-Match": f'"{found["marks_revision"]}"'})
    assert refused.status_code == 422
    assert "15 to 120 seconds" in refused.json()["message"]
    added = window.post(f"{API}/sources", json={"url": "https://unhcr.example/a", "title": "A page"}).json()
    assert added in window.get(API).json()["sources"]
    assert window.post(f"{API}/sources", json={"url": "javascript:x", "title": ""}).status_code == 422


def test_heard_ticked_and_settled(root: Path, window: httpx.Client) -> None:
    found = window.get(API).json()
    digest, doubt = found["paragraphs"][1]["digest"], found["doubts"][0]["id"]
    window.post(f"{API}/review", json={"by": ADA, "heard": [[0, 4000], [3000, 6000]]})
    review = window.post(f"{API}/review", json={"by": "Ben Guest", "heard": [[8000, 99_000]], "tick": [digest]}).json()
    assert review["review"]["heard"] == [[0, 6000], [8000, 20_000]]
    assert review["review"]["heard_by"]["Ada Host"] == [[0, 6000]]
    window.post(f"{API}/review", json={"by": ADA, "resolve": [doubt]})
    (listed,) = window.get("/api/episodes").json()
    assert (listed["unheard_ms"], listed["open_doubts"]) == (2000, 0)
    # An edit un-ticks; undoing it ticks again.
    edited = [dict(one) for one in found["paragraphs"]]
    edited[1]["text"] += " or so"
    after = save(window, edited, found["revision"]).json()
    ticks = window.get(API).json()["review"]["ticks"]
    assert after["paragraphs"][1]["digest"] not in ticks
    back = save(window, found["paragraphs"], after["revision"]).json()
    assert back["paragraphs"][1]["digest"] in ticks
    assert json.loads((folder_of(root) / "review.json").read_text("utf-8"))["ticks"][digest]["by"] == "Ben Guest"


def test_windows_that_report_at_once_lose_no_evidence(
    server: DeskServer, window: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.review.workspace._LOCK_WAIT_SECONDS", 120)  # no turn comes by right

    def report(number: int) -> None:
        with let_in(server) as client:
            for step in range(5):
                start_ms = (number * 5 + step) * 500
                said = {"by": f"P{number % 2}", "heard": [[start_ms, start_ms + 500]]}
                assert client.post(f"{API}/review", json=said, timeout=120).status_code == 200

    threads = [threading.Thread(target=report, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert window.get(API).json()["review"]["heard"] == [[0, 20_000]]


def test_audio_in_ranges(window: httpx.Client) -> None:
    whole = window.get(f"/episodes/{SLUG}/audio")
    assert whole.headers["content-type"] == "audio/mp4"
    assert whole.headers["accept-ranges"] == "bytes"
    assert whole.content == AUDIO
    part = window.get(f"/episodes/{SLUG}/audio", headers={"Range": "bytes=1000-1999"})
    assert part.status_code == 206
    assert part.content == AUDIO[1000:2000]
    assert part.headers["content-range"] == f"bytes 1000-1999/{len(AUDIO)}"
    assert window.get(f"/episodes/{SLUG}/audio", headers={"Range": f"bytes={len(AUDIO)}-"}).status_code == 416
    assert window.get(f"/episodes/{SLUG}/peaks").json()["sample_rate"] == 8000


def test_the_summary_and_the_approval(root: Path, window: httpx.Client) -> None:
    found = window.get(API).json()
    text = found["paragraphs"]
    text[1]["text"] = "Thank you for having me. There were 318 cases last year."
    revision = save(window, text, found["revision"]).json()["revision"]
    window.post(f"{API}/review", json={"by": ADA, "heard": [[0, 15_000]]})
    summary = window.get(f"{API}/summary").json()
    assert summary["unheard"] == [[15_000, 20_000]]
    assert summary["heard_percent"] == 75
    assert summary["unticked"] == 3
    (changed,) = summary["diff"]
    assert changed["ops"][1] == ["replace", "381", "318"]
    assert summary["changed_words"] == 1
    (prompt,) = summary["statements_without_source"]
    assert (prompt["text"], prompt["kinds"]) == ("There were 318 cases last year.", ["figure"])
    assert prompt["start_ms"] > text[1]["start_ms"]
    assert summary["refusals"][0]["code"] == "approval-missing"
    assert summary["needs"] == []
    assert summary["voids"] == ["transcript.md", "notes.md"]

    assert window.post(f"{API}/approve", json={"by": ADA, "revision": found["revision"]}).status_code == 409
    approved = window.post(f"{API}/approve", json={"by": ADA, "revision": revision})
    assert approved.status_code == 200
    assert approved.json()["name"] == "Ada Host"
    evidence = (root / approved.json()["path"]).read_text("utf-8")
    assert "'heard_ms': 15000" in evidence
    assert "'edits_by_me': 1" in evidence


def test_a_policy_is_kept(root: Path) -> None:
    show = root / "episodes" / "show.toml"
    show.write_text(
        show.read_text("utf-8") + "\n[approval]\npeople = 2\nminimum_heard_percent = 50\n", encoding="utf-8"
    )
    state = EpisodeState(SLUG, "First talk", "waiting", "", "", approved_by=("Ben Guest",))
    with running(root, make_services(root, states=lambda: (state,))) as server, let_in(server) as window:
        found = window.get(API).json()
        assert found["policy"]["people"] == 2
        text = found["paragraphs"]
        text[0]["text"] += " now"
        revision = save(window, text, found["revision"]).json()["revision"]
        refused = window.post(f"{API}/approve", json={"by": ADA, "revision": revision})
        assert refused.status_code == 422
        reasons = [one["what"] for one in refused.json()["refusals"]]
        assert len(reasons) == 2
        assert "50 %" in reasons[0]
        assert "changed nothing" in reasons[1]
        assert not (folder_of(root) / "approvals").exists()


def test_what_stands_against_an_approval_is_told_whole(root: Path) -> None:
    def approve(*_: object) -> Any:
        raise Refused([Problem("notes.md:3", "a figure has no source", "Cite one"), Problem("x", "y", "z")])

    with running(root, make_services(root, approve=approve)) as server, let_in(server) as window:
        answer = window.post(f"{API}/approve", json={"by": ADA, "revision": window.get(API).json()["revision"]})
        assert answer.status_code == 422
        assert [one["where"] for one in answer.json()["refusals"]] == ["notes.md:3", "x"]


def test_a_stretch_heard_again(window: httpx.Client) -> None:
    started = window.post(f"{API}/retranscribe", json={"start_ms": 5000, "end_ms": 10_000, "model": "small"})
    job = started.json()["job"]
    found = eventually(lambda: (answer := window.get(f"/api/jobs/{job}").json())["state"] == "done" and answer)
    assert found["part"] == 1.0
    assert ["replace", "me", "us"] in found["diff"]
    assert ["replace", "381", "318"] in found["diff"]
    unknown = window.post(f"{API}/retranscribe", json={"start_ms": 0, "end_ms": 10, "model": "../large"})
    assert unknown.status_code == 422
    assert window.post(f"{API}/retranscribe", json={"start_ms": 9, "end_ms": 1, "model": "base"}).status_code == 422
    assert window.get("/api/jobs/none").status_code == 404


def test_a_job_that_fails_says_so(root: Path) -> None:
    def fails(*_: object) -> str:
        raise ToolFailed(Problem("small", "the weights cannot be read", "Install them again"))

    with running(root, make_services(root, retranscribe=fails)) as server, let_in(server) as window:
        body = {"start_ms": 0, "end_ms": 1000, "model": "base"}
        job = window.post(f"{API}/retranscribe", json=body).json()["job"]
        found = eventually(lambda: (one := window.get(f"/api/jobs/{job}").json())["state"] == "failed" and one)
        assert (found["message"], found["remedy"]) == ("the weights cannot be read", "Install them again")


def test_publishing(root: Path) -> None:
    published = Published(("site: 9 files written",), (EpisodeState(SLUG, "First talk", "published", "", ""),))
    with running(root, make_services(root, publish=lambda: published)) as server, let_in(server) as window:
        assert "publish" in window.get(API).json()["offers"]
        answer = window.post(f"{API}/publish", json={}).json()
        assert answer["done"] == ["site: 9 files written"]
        assert answer["statuses"][0]["state"] == "published"


def test_a_full_disk_is_told_and_nothing_is_lost(
    root: Path, window: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = window.get(API).json()
    before = (folder_of(root) / "transcript.md").read_bytes()
    text = found["paragraphs"]
    text[0]["text"] = "typed while the disk was full"

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(files, "_flush", full)
        for answer in (save(window, text, found["revision"]), window.post(f"{API}/review", json={"tick": ["x"]})):
            assert answer.status_code == 507
            assert answer.json()["error"] == "disk-full"
            assert "Free some space" in answer.json()["remedy"]
        assert (folder_of(root) / "transcript.md").read_bytes() == before
        assert window.get(API).status_code == 200
    assert save(window, text, found["revision"]).status_code == 200
    assert not list(folder_of(root).glob(".*.tmp*"))


def test_changes_on_disk_are_announced(root: Path, window: httpx.Client) -> None:
    path = folder_of(root) / "transcript.md"
    with window.stream("GET", f"{API}/changes") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = (line for line in stream.iter_lines() if line.startswith("data:"))
        first = json.loads(next(lines).removeprefix("data:"))
        assert set(first) == {"revision", "notes_revision", "marks_revision", "redactions_revision", "review"}
        path.write_text(path.read_text("utf-8").replace("Welcome", "Hello and welcome"), encoding="utf-8")
        news = json.loads(next(lines).removeprefix("data:"))
        assert news == {"revision": files.digest_file(path)}
        window.post(f"{API}/review", json={"by": ADA, "heard": [[0, 1000]]})
        assert json.loads(next(lines).removeprefix("data:"))["review"]["heard"] == [[0, 1000]]


def test_a_text_broken_by_hand_is_named_with_its_line(root: Path, window: httpx.Client) -> None:
    found = window.get(API).json()
    (folder_of(root) / "transcript.md").write_text("[00:00:01.000] **Ada**\nx\n\n[1:2] y\n", encoding="utf-8")
    for answer in (window.get(API), save(window, found["paragraphs"], found["revision"])):
        assert answer.status_code == 422
        assert "transcript.md:4" in answer.json()["message"]
    assert window.get("/api/episodes").status_code == 200


def test_what_is_not_there(root: Path, window: httpx.Client) -> None:
    (root / "build" / SLUG / "proxy.m4a").unlink()
    for path in ("/api/episodes/nobody", "/episodes/nobody/", f"/episodes/{SLUG}/audio", "/nothing", f"{API}/nothing"):
        answer = window.get(path)
        assert answer.status_code == 404
        assert answer.json()["error"] == "not-found"
    assert window.put("/api/episodes/nobody/notes", json={"text": ""}, headers={"If-Match": "x"}).status_code == 404


def test_a_fault_of_ours_is_told_without_its_insides(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    def states() -> Any:
        raise ZeroDivisionError("secret insides")

    with running(root, make_services(root, states=states)) as server, let_in(server) as window:
        answer = window.get("/api/episodes")
        assert answer.status_code == 500
        assert answer.json()["error"] == "fault"
        assert "secret" not in answer.text
        assert "secret insides" in caplog.text


def test_pages_and_their_files(window: httpx.Client) -> None:
    assert "The Show" in window.get("/").text
    assert "First talk" in window.get(f"/episodes/{SLUG}/").text
    script = window.get("/static/desk.js")
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    assert window.get("/static/desk.css").headers["content-type"].startswith("text/css")


def test_nothing_is_written_outside_the_episode(root: Path, window: httpx.Client) -> None:
    def outside() -> dict[Path, bytes]:
        own = (folder_of(root), root / "build" / SLUG / "desk")
        return {
            path: path.read_bytes()
            for path in root.rglob("*")
            if path.is_file() and not any(path.is_relative_to(one) for one in own)
        }

    before = outside()
    found = window.get(API).json()
    text = found["paragraphs"]
    text[0]["text"] = "x"
    save(window, text, found["revision"])
    window.post(f"{API}/review", json={"by": ADA, "heard": [[0, 1]], "tick": ["x"]})
    window.post(f"{API}/glossary", json={"term": "Rohingya"})
    window.post(f"{API}/sources", json={"url": "https://a.example/", "title": "A"})
    window.get("/api/episodes")
    assert outside() == before
