"""A desk for tests: a small show with machine words, services made of plain functions, and a real server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from pipeline.errors import Refusal
from pipeline.review.serve import DeskServer
from pipeline.review.services import Approved, DeskServices, EpisodeState, Preview, ReportPart
from pipeline.show import Source
from pipeline.transcript import (
    MachineSegment,
    MachineTranscript,
    MachineWord,
    Paragraph,
    Transcript,
    machine_to_bytes,
    transcript_to_text,
)
from tests.shows import make_show

SLUG = "first-talk"
TEMPLATES = Path(__file__).parents[2] / "templates"
HEARD = (
    "Welcome to the show today we talk about the archive",
    "Thank you for having me there were 381 cases last year",
    "And what did you do then",
)
TEXT = (
    Paragraph("Ada Host", "Welcome to the show today we talk about the archive", 0),
    Paragraph("Ben Guest", "Thank you for having me there were 381 cases last year", 5000),
    Paragraph("Ada Host", "And what did you do then", 11_000),
)
AUDIO = bytes(range(256)) * 400


def machine_of(
    *sentences: str, starts: tuple[int, ...] = (0, 5000, 11_000), probability: float = 0.99
) -> MachineTranscript:
    """Each sentence is a segment; its words are 300 ms long, 400 ms apart."""
    segments = []
    for start_ms, sentence in zip(starts, sentences, strict=False):
        words = tuple(
            MachineWord(f" {word}", start_ms + 400 * place, start_ms + 400 * place + 300, probability)
            for place, word in enumerate(sentence.split())
        )
        segments.append(MachineSegment(words, -0.2, 1.4, 0.02))
    return MachineTranscript(
        1, "test", "1", "base", "sha256:m", "en", 0.99, "sha256:recording", 20_000, (), tuple(segments)
    )


def make_desk_show(tmp_path: Path) -> Path:
    """A show with one episode that waits for its editor; returns the show's root."""
    root = make_show(tmp_path)
    folder = root / "episodes" / SLUG
    (folder / "machine.json").write_bytes(machine_to_bytes(machine_of(*HEARD)))
    (folder / "transcript.md").write_text(transcript_to_text(Transcript(TEXT)), encoding="utf-8")
    build = root / "build" / SLUG
    build.mkdir(parents=True)
    (build / "proxy.m4a").write_bytes(AUDIO)
    (build / "peaks.json").write_text('{"version":2,"channels":1,"sample_rate":8000,"samples_per_pixel":80,"bits":8}')
    return root


def make_services(root: Path, **instead: Any) -> DeskServices:
    """Services that do what their names say, as simply as can be; `instead` replaces some of them."""

    def approve(slug: str, by: str, evidence: Mapping[str, Any]) -> Approved:
        folder = root / "episodes" / slug / "approvals"
        folder.mkdir(exist_ok=True)
        (folder / "one.json").write_text(str(dict(evidence)), encoding="utf-8")
        return Approved(
            f"episodes/{slug}/approvals/one.json", by.partition(" <")[0], datetime(2026, 11, 24, tzinfo=UTC)
        )

    def retranscribe(slug: str, start_ms: int, end_ms: int, model: str, report: ReportPart) -> str:
        report(0.5)
        return "Thank you for having us there were 318 cases last year"

    def preview(text: str, sources: Mapping[str, Source]) -> Preview:
        return Preview(f"<p>{len(text)} characters, {len(sources)} sources</p>", "")

    services = DeskServices(
        templates=TEMPLATES,
        states=lambda: (EpisodeState(SLUG, "First talk", "waiting for the editor", "nobody approved it", "check it"),),
        preview=preview,
        source_label=lambda source: source.title,
        refusals=lambda slug: (Refusal(slug, "nobody has approved it yet", "Check it", "approval-missing"),),
        voids=lambda slug: ("transcript.md", "notes.md"),
        approve=approve,
        retranscribe=retranscribe,
        models=lambda: ("base", "small"),
        was_published=lambda slug: False,
        guard_ms=200,
        tone_hz=1000,
    )
    return replace(services, **instead)


@contextmanager
def running(root: Path, services: DeskServices | None = None) -> Iterator[DeskServer]:
    """A real server on a free port, in a thread."""
    server = DeskServer(root, services or make_services(root), port=0)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join(timeout=60)
        assert not thread.is_alive()


@contextmanager
def let_in(server: DeskServer) -> Iterator[httpx.Client]:
    """A browser's window, as far as HTTP goes: with the cookie, and with the headers a browser sends."""
    headers = {"Sec-Fetch-Site": "same-origin"}
    base = f"http://127.0.0.1:{server.port}"
    with httpx.Client(base_url=base, headers=headers, timeout=20, trust_env=False) as client:
        address = httpx.URL(server.address())
        assert client.get(address.raw_path.decode(), headers={"Sec-Fetch-Site": "none"}).status_code == 303
        yield client


def eventually(holds: Callable[[], Any], within_seconds: float = 60) -> Any:
    """Ask until the answer is true, and return it."""
    stop = time.monotonic() + within_seconds
    while not (answer := holds()):
        assert time.monotonic() < stop, "it did not happen in time"
        time.sleep(0.05)
    return answer
