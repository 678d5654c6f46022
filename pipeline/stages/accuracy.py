"""How well the machine hears this show: over all approved episodes, or several models on a sample of one."""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pipeline import files
from pipeline.errors import OnRecordError, Problem, Refused
from pipeline.review.accuracy import Accuracy, Errors, TermHeard, measure, measure_machine, together
from pipeline.show import Episode, Show, load_show
from pipeline.stages.mixing import recording_of
from pipeline.stages.status import read_episode, remembered_digests
from pipeline.timing import timed
from pipeline.transcript import MACHINE_NAME, TRANSCRIPT_NAME, Paragraph, Transcript, read_machine, read_transcript


@dataclass(frozen=True)
class EpisodeAccuracy:
    """One approved episode against what the machine had heard."""

    slug: str
    published_at: datetime
    model: str
    accuracy: Accuracy


@dataclass(frozen=True)
class ShowAccuracy:
    """All approved episodes in the order of publication; `left_out` are slugs that are not approved as they stand."""

    episodes: tuple[EpisodeAccuracy, ...]
    left_out: tuple[str, ...] = ()

    def by_model(self) -> dict[str, Errors]:
        """The errors of each model over all its episodes."""
        found: dict[str, Errors] = {}
        for one in self.episodes:
            found[one.model] = found.get(one.model, Errors()) + one.accuracy.whole
        return found

    def by_speaker(self) -> dict[str, Errors]:
        """The errors with each speaker over all episodes."""
        found: dict[str, Errors] = {}
        for one in self.episodes:
            for speaker, errors in one.accuracy.by_speaker.items():
                found[speaker] = found.get(speaker, Errors()) + errors
        return found

    def terms(self) -> tuple[TermHeard, ...]:
        """Names and terms over all episodes, the worst heard first."""
        return together(term for one in self.episodes for term in one.accuracy.terms)


@dataclass(frozen=True)
class Compared:
    """One model on the sample: what it got wrong, and what it cost. `failed` says why it could not be tried."""

    model: str
    errors: Errors = field(default_factory=Errors)
    wall_s: float = 0.0
    cpu_s: float = 0.0
    failed: str | None = None


def accuracy(root: Path) -> ShowAccuracy:
    """Measure every episode that is approved as it stands. Raises InvalidShow."""
    show = load_show(root)
    digests = remembered_digests(root)
    measured: list[EpisodeAccuracy] = []
    left_out: list[str] = [*show.broken]
    for episode in show.episodes:
        reading = read_episode(show, episode, digests)
        if not reading.verdict.holds or reading.problems or reading.transcript is None:
            left_out.append(episode.slug)
            continue
        machine = read_machine(episode.folder / MACHINE_NAME)
        found = measure_machine(reading.transcript.paragraphs, machine, _names(show, episode))
        measured.append(EpisodeAccuracy(episode.slug, episode.published_at, f"{machine.engine} {machine.model}", found))
    measured.sort(key=lambda one: (one.published_at, one.slug))
    return ShowAccuracy(tuple(measured), tuple(sorted(left_out)))


def compare(
    root: Path, slug: str, models: Sequence[str], *, sample_s: int, report: Callable[[str, str, float], None]
) -> tuple[Compared, ...]:
    """Let several models hear parts of one episode, and hold each against the text as it stands.

    `sample_s` is how many seconds are heard, in up to three parts spread over the episode. Raises Refused where
    there is no text yet. A model that is not on this machine is named with the reason.
    """
    from pipeline.stages.run import find_episode

    show = load_show(root)
    episode = find_episode(show, slug)
    for name in (MACHINE_NAME, TRANSCRIPT_NAME):
        if not (episode.folder / name).exists():
            raise Refused(Problem(str(episode.folder / name), "it is not there yet", "Run onrecord run first"))
    text = read_transcript(episode.folder / TRANSCRIPT_NAME)
    machine = read_machine(episode.folder / MACHINE_NAME)
    samples = list(_samples(text, machine.duration_ms, [one.start_ms for one in timed(text, machine)], sample_s))
    done: list[Compared] = []
    for number, model in enumerate(models):
        report(slug, f"hearing with {model}", number / len(models))
        done.append(_hear(show, episode, model, samples))
    return tuple(done)


def _names(show: Show, episode: Episode) -> list[str]:
    return [
        *(term.term for term in show.glossary_of(episode)),
        *(person.name for person in show.episode_people(episode)),
    ]


def _samples(
    text: Transcript, duration_ms: int, starts_ms: Sequence[int], sample_s: int
) -> Iterator[tuple[int, int, list[Paragraph]]]:
    """Up to three runs of whole paragraphs, spread evenly: their beginning, end, and text."""
    ends_ms = [*starts_ms[1:], duration_ms]
    parts = min(3, max(1, len(text.paragraphs) // 4))
    each_ms = sample_s * 1000 // parts
    taken = 0
    for part in range(parts):
        first = max(taken, next(i for i, end in enumerate(ends_ms) if end > duration_ms * part // parts))
        last = first
        while last + 1 < len(text.paragraphs) and ends_ms[last] - starts_ms[first] < each_ms:
            last += 1
        if first < len(text.paragraphs):
            yield starts_ms[first], ends_ms[last], list(text.paragraphs[first : last + 1])
        taken = last + 1
        if taken >= len(text.paragraphs):
            return


def _hear(show: Show, episode: Episode, model: str, samples: Sequence[tuple[int, int, list[Paragraph]]]) -> Compared:
    from pipeline.audio.derive import stretch
    from pipeline.transcribe.glossary import hotwords
    from pipeline.transcribe.transcribe import transcribe

    settings = show.settings.transcription.model_copy(update={"model": model})
    errors = Errors()
    wall_s = cpu_s = 0.0
    with tempfile.TemporaryDirectory(prefix="onrecord-") as folder:
        for start_ms, end_ms, paragraphs in samples:
            speech = Path(folder) / "sample.wav"
            stretch(recording_of(show.root, episode), speech, start_ms, end_ms)
            began, spent = time.monotonic(), _cpu_s()
            try:
                heard = transcribe(
                    speech,
                    audio_digest=files.digest_file(speech),
                    settings=settings,
                    language=episode.language or show.settings.language,
                    hotwords=hotwords(show.glossary_of(episode), show.episode_people(episode)),
                    report=lambda part: None,
                )
            except OnRecordError as error:
                return Compared(model, failed=str(error))
            wall_s += time.monotonic() - began
            cpu_s += _cpu_s() - spent
            errors += measure(paragraphs, "".join(word.text for word in heard.words)).whole
    return Compared(model, errors, wall_s, cpu_s)


def _cpu_s() -> float:
    both = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in both)
