"""An episode to sit down with at the desk: a minute of sound, what a machine heard in it, and a text to check."""

from __future__ import annotations

import json
import math
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import wave
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import files, release
from pipeline.audio.derive import derive
from pipeline.transcript import (
    MachineSegment,
    MachineTranscript,
    MachineWord,
    Paragraph,
    Transcript,
    machine_to_bytes,
    read_transcript,
    transcript_to_text,
)
from tests.browsers import PATIENCE_S
from tests.shows import EPISODE, make_show

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Page

SLUG = "first-talk"
ADA, BEN = "Ada Host", "Ben Guest"
RATE_HZ = 16_000
WORD_MS = 300
COMMAND = (sys.executable, "-m", "pipeline", "review")

# (speaker, words); a word with ~ was heard with low probability.
TALK = (
    (ADA, "Welcome to the show. Today I am talking with Ben about how an archive checks what people remember."),
    (BEN, "Thank you. I have worked at the Kigali~ office since the year it opened, and that was not yesterday."),
    (BEN, "We keep recordings, letters and photographs. Most of them came from rowhinge~ families who had to leave."),
    (ADA, "How many of these recordings are there, and who is allowed to listen to them?"),
    (BEN, "There are 381 recordings at the moment. Nobody listens without the consent of the person who speaks."),
    (BEN, "When a rowhinge~ family asks for a copy we send it the same week, and we do not ask why."),
    (ADA, "What happens when somebody remembers a date wrongly? Do you correct the tape?"),
    (BEN, "Never. The recording stays as it is. We write a note beside it that says what another source gives."),
    (ADA, "And if the sauce~ is wrong as well, what do you do then?"),
    (BEN, "Then there are two notes, and the reader can see who said what, and when, and how we know it."),
)


@dataclass(frozen=True)
class Said:
    """A paragraph and its words as the machine heard them."""

    speaker: str
    words: tuple[MachineWord, ...]

    @property
    def text(self) -> str:
        return "".join(word.text for word in self.words).strip()


def spoken(talk: tuple[tuple[str, str], ...] = TALK, word_ms: int = WORD_MS, pause_ms: int = 900) -> tuple[Said, ...]:
    """Give every word of a talk a time, one after the other."""
    said: list[Said] = []
    clock_ms = 500
    for speaker, text in talk:
        words: list[MachineWord] = []
        for word in text.split():
            probability = 0.31 if word.endswith("~") else 0.97
            words.append(MachineWord(f" {word.rstrip('~')}", clock_ms, clock_ms + word_ms - 40, probability))
            clock_ms += word_ms
        said.append(Said(speaker, tuple(words)))
        clock_ms += pause_ms
    return tuple(said)


def long_talk(words: int, seed: int = 7) -> tuple[tuple[str, str], ...]:
    """A talk of that many words, in turns of 40 to 90, from a small vocabulary."""
    chance = random.Random(seed)  # noqa: S311 - for a text, not for a secret
    vocabulary = " ".join(text for _, text in TALK).replace("~", "").split()
    talk: list[tuple[str, str]] = []
    left = words
    while left > 0:
        length = min(left, chance.randint(8, 30))
        chosen = [chance.choice(vocabulary) + ("~" if chance.random() < 0.02 else "") for _ in range(length)]
        talk.append((ADA if len(talk) % 3 == 0 else BEN, " ".join(chosen)))
        left -= length
    return tuple(talk)


def make_desk_show(tmp_path: Path, talk: tuple[tuple[str, str], ...] = TALK, *, sound_ms: int | None = None) -> Path:
    """Make a show with one episode that is ready for the desk; returns its root.

    The sound lasts as long as the words, or `sound_ms` where that is given (then it is only nominally theirs).
    """
    said = spoken(talk)
    duration_ms = said[-1].words[-1].end_ms + 1500
    root = make_show(tmp_path, EPISODE, slug=SLUG)
    folder = root / "episodes" / SLUG
    recording = folder / "interview.wav"
    _sound(recording, said, sound_ms or duration_ms)
    machine = MachineTranscript(
        version=1,
        engine="faster-whisper",
        engine_version="1.2.1",
        model="base",
        model_digest=files.digest_bytes(b"weights"),
        language="en",
        language_probability=1.0,
        audio_digest=files.digest_file(recording),
        duration_ms=duration_ms,
        hotwords=(),
        segments=tuple(MachineSegment(one.words, -0.2, 1.2, 0.01) for one in said),
    )
    (folder / "machine.json").write_bytes(machine_to_bytes(machine))
    text = Transcript(tuple(Paragraph(one.speaker, one.text, one.words[0].start_ms) for one in said))
    (folder / "transcript.md").write_text(transcript_to_text(text), encoding="utf-8")
    build = root / "build" / SLUG
    build.mkdir(parents=True)
    derive(
        recording,
        proxy=build / release.PROXY_NAME,
        speech=build / release.SPEECH_NAME,
        peaks=build / release.PEAKS_NAME,
        report=lambda part: None,
    )
    return root


def _sound(path: Path, said: tuple[Said, ...], duration_ms: int) -> None:
    """A tone per word, another pitch for each speaker, silence between: what the waveform shows is the text."""
    samples = array("h", bytes(2 * RATE_HZ * duration_ms // 1000))
    for one in said:
        for word in one.words:
            first, last = word.start_ms * RATE_HZ // 1000, word.end_ms * RATE_HZ // 1000
            if last <= len(samples):
                tone = _tone(180 if one.speaker == ADA else 120, last - first, 1 + len(word.text) % 5)
                samples[first:last] = tone
    with wave.open(str(path), "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(RATE_HZ)
        writer.writeframes(samples.tobytes())


@cache
def _tone(pitch_hz: int, length: int, loudness: int) -> array[int]:
    return array(
        "h",
        (
            int(3000 * loudness * math.sin(math.pi * place / length) * math.sin(math.tau * pitch_hz * place / RATE_HZ))
            for place in range(length)
        ),
    )


def add_talk(root: Path, slug: str, number: int) -> Path:
    """Another episode with the same talk and the same sound; returns its folder."""
    folder = root / "episodes" / slug
    shutil.copytree(root / "episodes" / SLUG, folder, ignore=shutil.ignore_patterns("review.json", "approvals"))
    settings = (folder / "episode.toml").read_text(encoding="utf-8")
    settings = settings.replace("000000000001", f"{number:012d}").replace("First talk", f"Talk {number}")
    (folder / "episode.toml").write_text(settings, encoding="utf-8")
    shutil.copytree(root / "build" / SLUG, root / "build" / slug, ignore=shutil.ignore_patterns("desk"))
    return folder


class DeskServer:
    """`onrecord review` in a process of its own, so that a test can kill it."""

    def __init__(self, root: Path, port: int = 0) -> None:
        self.root = root
        self.process = subprocess.Popen(
            [*COMMAND, "--root", str(root), "--port", str(port), "--no-browser"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1", "COLUMNS": "200"},
        )
        self.address = self._address()
        self.origin = self.address.partition("/?")[0]
        self.port = int(self.origin.rpartition(":")[2])

    def _address(self) -> str:
        assert self.process.stdout is not None
        said = ""
        for line in self.process.stdout:
            said += line
            if found := re.search(r"http://\S+", line):
                return found[0]
        raise AssertionError(f"the desk did not start:\n{said}")

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self._end()

    def stop(self) -> None:
        """End it as Ctrl+C does."""
        self.process.send_signal(signal.SIGINT)
        self._end()

    def _end(self) -> None:
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
        if self.process.stdout is not None:
            self.process.stdout.close()


class DeskPage:
    """One window on one episode, and its files."""

    def __init__(self, page: Page, origin: str, folder: Path) -> None:
        self.page = page
        self.folder = folder
        self.address = f"{origin}/episodes/{folder.name}/"
        self.faults: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda message: self.faults.append(message.text) if _is_fault(message) else None)

    def open(self) -> DeskPage:
        """Load the desk and wait until it can be used."""
        self.page.goto(self.address)
        self.page.wait_for_selector("body[data-ready]")
        return self

    def text(self, index: int) -> str:
        """What the window shows of a paragraph."""
        return self.page.locator(".words").nth(index).text_content() or ""

    def texts(self) -> list[str]:
        """What the window shows."""
        return self.page.locator(".words").all_text_contents()

    def select(self, index: int, words: str) -> None:
        """Select the first such words of a paragraph, as a double click or Shift and arrows would."""
        self.page.evaluate(
            """([index, words]) => {
                const element = document.querySelectorAll('.words')[index];
                const at = element.textContent.indexOf(words);
                if (at < 0) throw new Error(`no “${words}” in “${element.textContent}”`);
                element.focus();
                getSelection().setBaseAndExtent(element.firstChild, at, element.firstChild, at + words.length);
            }""",
            [index, words],
        )

    def caret_before(self, index: int, words: str) -> None:
        """Put the caret before the first such words of a paragraph."""
        self.select(index, words)
        self.page.evaluate("getSelection().collapseToStart()")

    def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        """Type letters as a person does."""
        self.page.keyboard.type(text, delay=2)

    def wait_saved(self) -> None:
        """Wait until the window says that everything is on disk."""
        self.until("document.getElementById('saving').dataset.state === 'saved'")

    def until(self, expression: str, seconds: float = PATIENCE_S) -> None:
        """Wait until a JavaScript expression is true (Playwright's own way needs what the desk's policy forbids)."""
        self.wait_for(lambda: bool(self.page.evaluate(expression)), expression, seconds)

    def on_disk(self) -> tuple[Paragraph, ...]:
        """transcript.md as it is now."""
        return read_transcript(self.folder / "transcript.md").paragraphs

    def review(self) -> dict[str, Any]:
        """review.json as it is now."""
        path = self.folder / "review.json"
        return dict(json.loads(path.read_bytes())) if path.exists() else {}

    def wait_for(self, true: Callable[[], bool], what: str, seconds: float = PATIENCE_S) -> None:
        """Wait until something is so, while the window lives on."""
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, f"waited in vain until {what}"
            self.page.wait_for_timeout(50)


def _is_fault(message: ConsoleMessage) -> bool:
    # A browser prints every answer that is not 200; whether one should come is what the tests say.
    return message.type == "error" and not message.text.startswith("Failed to load resource")
