"""What the machine heard, and what the editor says it was: `machine.json` and `transcript.md`.

`MachineTranscript` is evidence: words with times and probabilities, written once and never edited.
`Transcript` is the text: paragraphs in a file that any editor and any diff can handle (docs/formats.md).

All times are integer milliseconds from the start of the recording.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from pipeline import files
from pipeline.errors import InvalidTranscript, Problem

TRANSCRIPT_NAME = "transcript.md"
MACHINE_NAME = "machine.json"

Milliseconds = Annotated[int, Field(ge=0, strict=True)]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
# What is wrong with a segment after all that was tried: it repeats itself, nobody speaks where its words are, they come
# faster than anybody speaks, another language is spoken. `redecoded` says that it was heard a second time.
Mark = Literal["loop", "over-silence", "fast", "language", "redecoded"]
Stretch = tuple[Milliseconds, Milliseconds]
# Why it is unsure whose words these are: a turn of under 2 s, a voice that sounds nearly like another, two who speak
# at once, a place where the diarizer heard nobody.
SpeakerDoubt = Literal["short", "near", "together", "unheard"]


@dataclass(frozen=True, slots=True)
class MachineWord:
    """One word as the engine wrote it, with the space that stands before it where the script has spaces."""

    text: str
    start_ms: Milliseconds
    end_ms: Milliseconds
    probability: Fraction


@dataclass(frozen=True, slots=True)
class MachineSegment:
    """A stretch the engine decoded as one, with the figures by which it doubts itself.

    `speaker` is a person's id where the words were heard in a recording of that person alone, and “Voice 1”, “Voice 2”
    where voices were told apart in one recording; `speaker_doubt` is why it may be another's. `language` is Whisper's
    code where it is not the recording's.
    """

    words: tuple[MachineWord, ...]
    average_log_probability: float
    compression_ratio: float
    no_speech_probability: Fraction
    speaker: str | None = None
    marks: tuple[Mark, ...] = ()
    language: str | None = None
    speaker_doubt: SpeakerDoubt | None = None


@dataclass(frozen=True, slots=True)
class MachineTranscript:
    """What an engine heard in an episode's recording, or its several; `audio_digest` says in which.

    `dropped` are stretches (from, to) in which somebody speaks and no words were found; `diarizer` is what told the
    voices apart, with its version, where something did.
    """

    version: Literal[1]
    engine: str
    engine_version: str
    model: str
    model_digest: str
    language: str
    language_probability: Fraction
    audio_digest: str
    duration_ms: Milliseconds
    hotwords: tuple[str, ...]
    segments: tuple[MachineSegment, ...]
    dropped: tuple[Stretch, ...] = ()
    diarizer: str | None = None

    @property
    def drafted_by(self) -> str:
        """The engine and its model, as the page names them."""
        return f"{self.engine} ({self.model})"

    @property
    def words(self) -> tuple[MachineWord, ...]:
        """All words in the order of time."""
        return tuple(word for segment in self.segments for word in segment.words)

    @property
    def voices(self) -> tuple[tuple[MachineWord, ...], ...]:
        """The words of each person who was heard alone, each in the order of time; else all words as one voice.

        Voices that were told apart in one recording are one here: no two of their words were heard at once.
        """
        speakers = dict.fromkeys(segment.speaker for segment in self.segments)
        if self.diarizer or len(speakers) < 2:
            return (self.words,)
        return tuple(
            tuple(word for segment in self.segments if segment.speaker == speaker for word in segment.words)
            for speaker in speakers
        )

    @property
    def text(self) -> str:
        """What was heard, as one text."""
        return "".join(word.text for word in self.words).strip()


_machine = TypeAdapter(MachineTranscript)
_TOLD_WHERE_KNOWN = ("speaker", "speaker_doubt", "marks", "language")


def machine_to_bytes(machine: MachineTranscript) -> bytes:
    """`machine.json` as it is written: readable, sorted, the same bytes for the same words."""
    content = _machine.dump_python(machine, mode="json")
    # Where there is nothing to tell, nothing is written of it.
    for entry, names in [
        (content, ("dropped", "diarizer")),
        *((one, _TOLD_WHERE_KNOWN) for one in content["segments"]),
    ]:
        for name in names:
            if not entry[name]:
                del entry[name]
    return files.readable_json(content).encode("utf-8")


def read_machine(path: Path) -> MachineTranscript:
    """Read `machine.json`. Raises InvalidTranscript naming the first places that do not fit."""
    return parse_machine(path.read_bytes(), str(path))


def parse_machine(content: bytes, where: str) -> MachineTranscript:
    """Parse the bytes of a `machine.json`; `where` names it in errors.

    Besides the form, checks that words follow one another in time: everything timed is derived from them.
    """
    remedy = f"Delete {Path(where).name} and run again to transcribe afresh; it is not meant to be edited"
    try:
        machine = _machine.validate_json(content)
    except ValidationError as error:
        raise InvalidTranscript(
            [
                Problem(
                    f"{where} at {'.'.join(str(part) for part in problem['loc']) or 'top'}",
                    problem["msg"],
                    remedy,
                )
                for problem in error.errors()[:5]
            ]
        ) from error
    previous_ms = 0
    for number, word in enumerate(machine.words):
        if word.start_ms < previous_ms or word.end_ms < word.start_ms:
            raise InvalidTranscript(
                Problem(f"{where}, word {number + 1}", f"its time {word.start_ms} ms runs backwards", remedy)
            )
        previous_ms = word.start_ms
    for start_ms, end_ms in machine.dropped:
        if end_ms < start_ms:
            raise InvalidTranscript(Problem(f"{where}, dropped", f"{start_ms} to {end_ms} ms runs backwards", remedy))
    return machine


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Some sentences of one speaker.

    `start_ms` is None where a person wrote a paragraph without a time: alignment finds it. `line` is where
    the paragraph begins in the file (1 for the first line; 0 when it was never in a file).
    """

    speaker: str
    text: str
    start_ms: int | None = None
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Transcript:
    """The editor's text."""

    paragraphs: tuple[Paragraph, ...]

    @property
    def speakers(self) -> tuple[str, ...]:
        """Every speaker, in the order of first words."""
        return tuple(dict.fromkeys(paragraph.speaker for paragraph in self.paragraphs))


_STAMP = r"\[(\d{2,}):([0-5]\d):([0-5]\d)\.(\d{3})\]"
_HEADER = re.compile(rf"^{_STAMP}(?:[ \t]+\*\*(?P<speaker>.+?)\*\*)?(?:[ \t]+(?P<text>\S.*))?$")
_UNTIMED = re.compile(r"^\*\*(?P<speaker>.+?)\*\*$")
_ALMOST = re.compile(r"^\[\s*\d")
_ESCAPE_NEEDED = re.compile(r"^(?:\\|\[\s*\d|\*\*)")
# XML cannot carry these, so neither feed nor captions could: control characters but the tab, and two that are none.
_FORBIDDEN = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\ufffe\uffff]")
_HEADER_EXAMPLE = "Write the time as [HH:MM:SS.mmm] and the name in two stars: [00:01:23.450] **Name**"


def format_ms(time_ms: int) -> str:
    """`HH:MM:SS.mmm`, the time in transcript.md."""
    seconds, milliseconds = divmod(time_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}.{milliseconds:03d}"


def transcript_to_text(transcript: Transcript) -> str:
    """`transcript.md` as it is written: a header line and a text line per paragraph, a blank line between.

    The name is left out where the speaker goes on; a text that would read as a header gets a backslash.
    """
    blocks: list[str] = []
    speaker: str | None = None
    for paragraph in transcript.paragraphs:
        name = f"**{paragraph.speaker}**" if paragraph.speaker != speaker else ""
        stamp = f"[{format_ms(paragraph.start_ms)}]" if paragraph.start_ms is not None else ""
        header = " ".join(part for part in (stamp, name) if part)
        text = f"\\{paragraph.text}" if _ESCAPE_NEEDED.match(paragraph.text) else paragraph.text
        blocks.append(f"{header}\n{text}" if header else text)
        speaker = paragraph.speaker
    return "\n\n".join(blocks) + "\n" if blocks else ""


def read_transcript(path: Path) -> Transcript:
    """Read `transcript.md`. Raises InvalidTranscript with file, line and remedy for each malformed line."""
    return parse_transcript(path.read_bytes(), str(path))


def parse_transcript(content: bytes, where: str) -> Transcript:
    """Parse the bytes of a `transcript.md`; `where` names it in errors.

    Soft-wrapped lines are joined, runs of white space become one space, and the text is NFC: what a person's
    editor does to layout does not change the words.
    """
    try:
        source = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InvalidTranscript(
            Problem(f"{where}:{line}", "these bytes are not UTF-8", "Save the file as UTF-8")
        ) from error
    reader = _Reader(where)
    lines: list[str] = re.split(r"\r\n|\r|\n", unicodedata.normalize("NFC", source))
    for number, text in enumerate(lines, start=1):
        reader.take(number, text.strip())
    return reader.finish()


class _Reader:
    """Collects paragraphs and problems line by line."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._problems: list[Problem] = []
        self._paragraphs: list[Paragraph] = []
        self._speaker: str | None = None
        self._last_ms = -1
        self._open: tuple[int, int | None] | None = None  # line and time of the paragraph being read
        self._text: list[str] = []

    def take(self, number: int, line: str) -> None:
        if bad := _FORBIDDEN.search(line):
            self._fault(number, f"it holds the control character U+{ord(bad[0]):04X}", "Delete that character")
            return
        if not line:
            self._close()
        elif match := _HEADER.match(line):
            self._close()
            hours, minutes, seconds, milliseconds = (int(group) for group in match.groups()[:4])
            self._begin(number, ((hours * 60 + minutes) * 60 + seconds) * 1000 + milliseconds, match["speaker"])
            if match["text"]:
                self._text.append(match["text"])
        elif self._open is None and (match := _UNTIMED.match(line)):
            self._begin(number, None, match["speaker"])
        elif _ALMOST.match(line):
            self._close()
            self._fault(number, f"“{line[:40]}” is not a time that can be read", _HEADER_EXAMPLE)
            self._open = (number, None)
        else:
            if self._open is None:
                self._begin(number, None, None)
            self._text.append(line)

    def finish(self) -> Transcript:
        self._close()
        if self._problems:
            raise InvalidTranscript(self._problems)
        return Transcript(tuple(self._paragraphs))

    def _begin(self, number: int, start_ms: int | None, speaker: str | None) -> None:
        if speaker is not None:
            self._speaker = " ".join(speaker.split())
        elif self._speaker is None:
            self._fault(number, "nobody is named before the first words", _HEADER_EXAMPLE)
            self._speaker = "?"
        if start_ms is not None:
            if start_ms < self._last_ms:
                self._fault(
                    number,
                    f"its time {format_ms(start_ms)} is before the one above it, {format_ms(self._last_ms)}",
                    "Put the paragraphs in the order of their times, or mend the time",
                )
            self._last_ms = start_ms
        self._open = (number, start_ms)

    def _close(self) -> None:
        # A header without words below it is how a person deletes a paragraph: it vanishes.
        if self._open is not None and self._text:
            text = " ".join(" ".join(self._text).split()).removeprefix("\\")
            line, start_ms = self._open
            self._paragraphs.append(Paragraph(self._speaker or "?", text, start_ms, line))
        self._open = None
        self._text = []

    def _fault(self, number: int, what: str, remedy: str) -> None:
        self._problems.append(Problem(f"{self._where}:{number}", what, remedy))
