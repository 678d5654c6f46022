"""How well the machine hears this show: over all approved episodes, or several models on a sample of one."""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import files
from pipeline.errors import OnRecordError, Problem, Refused
from pipeline.review.accuracy import Accuracy, Errors, TermHeard, measure, measure_machine, together
from pipeline.show import Episode, Show, load_show
from pipeline.stages.mixing import recording_of
from pipeline.stages.status import read_episode, remembered_digests
from pipeline.timing import timed
from pipeline.transcript import MACHINE_NAME, TRANSCRIPT_NAME, Paragraph, Transcript, read_machine, read_transcript

if TYPE_CHECKING:
    from pipeline.show.settings import TranscriptionSettings
    from pipeline.transcribe.engine import Engine


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
    """One model on the sample: what it got wrong, and what hearing cost once its weights were loaded.

    `hotwords` is how many names and terms of the show the decoder got: none where `with_glossary` is False, where the
    model takes none, and not those for which it has no room. `failed` says why it could not be tried.
    """

    model: str
    with_glossary: bool = True
    hotwords: int = 0
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
    root: Path,
    slug: str,
    models: Sequence[str],
    *,
    sample_s: int,
    report: Callable[[str, str, float], None],
    also_without_glossary: bool = False,
) -> tuple[Compared, ...]:
    """Let several models hear parts of one episode, and hold each against the text as it stands.

    `sample_s` is how many seconds are heard, in up to three parts spread over the episode; of one recording per speaker
    the mix is heard. With `also_without_glossary` each model hears it twice. Raises Refused where there is no text yet.
    A model that is not on this machine is named with the reason.
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
        done += _hear(show, episode, model, samples, (True, False) if also_without_glossary else (True,))
    return tuple(done)


def _names(show: Show, episode: Episode) -> tuple[str, ...]:
    """Names and terms in the forms in which they are said, which are those that the decoder expects."""
    from pipeline.transcribe.glossary import hotwords

    return hotwords(show.glossary_of(episode), show.episode_people(episode))


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


def _hear(
    show: Show,
    episode: Episode,
    model: str,
    samples: Sequence[tuple[int, int, list[Paragraph]]],
    with_glossary: Sequence[bool],
) -> Iterator[Compared]:
    """One model with its weights loaded once, outside of the time that is measured."""
    from pipeline.transcribe.engine import open_engine

    settings = show.settings.transcription.model_copy(update={"model": model})
    try:
        engine = open_engine(settings)
    except OnRecordError as error:
        yield Compared(model, failed=str(error))
        return
    for has_glossary in with_glossary:
        try:
            yield _heard(show, episode, engine, settings, samples, with_glossary=has_glossary)
        except OnRecordError as error:
            yield Compared(model, has_glossary, failed=str(error))


def _heard(
    show: Show,
    episode: Episode,
    engine: Engine,
    settings: TranscriptionSettings,
    samples: Sequence[tuple[int, int, list[Paragraph]]],
    *,
    with_glossary: bool,
) -> Compared:
    from pipeline.audio.derive import stretch
    from pipeline.transcribe.transcribe import transcribe

    errors = Errors()
    given = 0
    wall_s = cpu_s = 0.0
    with tempfile.TemporaryDirectory(prefix="onrecord-") as folder:
        for start_ms, end_ms, paragraphs in samples:
            speech = Path(folder) / "sample.wav"
            stretch(recording_of(show.root, episode), speech, start_ms, end_ms)
            digest = files.digest_file(speech)
            began, spent = time.monotonic(), _cpu_s()
            heard = transcribe(
                speech,
                audio_digest=digest,
                settings=settings,
                language=episode.language or show.settings.language,
                hotwords=_names(show, episode) if with_glossary else (),
                report=lambda part: None,
                engine=engine,
            )
            wall_s += time.monotonic() - began
            cpu_s += _cpu_s() - spent
            given = max(given, len(heard.hotwords))
            errors += measure(paragraphs, "".join(word.text for word in heard.words)).whole
    return Compared(settings.model, with_glossary, given, errors, wall_s, cpu_s)


def _cpu_s() -> float:
    both = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in both)
