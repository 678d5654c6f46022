"""By what it is known that nothing has changed: digests of all that shapes what is published, of each episode and all.

A key that leaves something out would publish what is no longer so: what is not known to be harmless is in it.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from pipeline import files
from pipeline.digests import DigestCache, program_digest
from pipeline.publish.finished import Candidate
from pipeline.show import IMPORTED_NAME, Show
from pipeline.stages import stamps
from pipeline.stages.prepare import MASTER_VERSION
from pipeline.stages.status import MASTER_STAMP, Reading, build_folder


def may_be_published(reading: Reading, now: datetime) -> bool:
    """Whether nothing stands against it: approved as it is now, no refusal, and its time has come."""
    stands = reading.problems or reading.refusals_on(now.date())
    return reading.verdict.holds and not stands and reading.episode.published_at <= now


def candidate_of(show: Show, reading: Reading, now: datetime, every: str) -> Candidate:
    """An episode that may be published, under the digest of all that shapes it and is not its page's surroundings."""
    episode = reading.episode
    folder = build_folder(show.root) / episode.slug
    asked = [call.ends_on is not None and call.ends_on < now.date() for call in episode.calls_to_action]
    key = stamps.key_of(
        every=every,
        subject=reading.subject_digest,
        approvals=[one.model_dump(mode="json", exclude={"subject"}) for one in reading.verdict.holding],
        ended=asked,
        protected=[one.model_dump(mode="json") for one in show.protected_of(episode)],
        # A waived statement is found again by the words of the glossary; others need only those that are sealed.
        terms=[one.model_dump(mode="json") for one in show.glossary_of(episode)] if episode.waivers else [],
        made=[stamps.read(folder / name).get("key") for name in (MASTER_STAMP, "derive.stamp.json")],
    )
    return Candidate(episode, episode.language or show.settings.language, show.episode_people(episode), key)


def every_key(show: Show, digests: DigestCache) -> str:
    """What shapes the files of every episode."""
    from pipeline.publish.templates import overrides_folder, templates_folder

    settings = show.settings
    named = [one for one in show.people.values() if one.name == settings.author or one.id in settings.hosts]
    return stamps.key_of(
        show=settings.model_dump(mode="json", exclude={"targets"}),
        artwork=digests.digest(show.folder / settings.artwork),
        people=[one.model_dump(mode="json") for one in named],
        templates=[_digest_folder(folder) for folder in (templates_folder(), overrides_folder(show.root)) if folder],
        fonts=[digests.digest(show.folder / font.file) for font in settings.look.fonts],
        program=program_digest(),
        versions=[MASTER_VERSION],
    )


def shared_key(show: Show) -> str:
    """What shapes the files that go over several episodes and is not in theirs."""
    kept = show.folder / IMPORTED_NAME
    return stamps.key_of(
        people=[one.model_dump(mode="json") for one in show.people.values()],
        protected=[one.model_dump(mode="json") for one in show.protected],
        kept=files.digest_file(kept) if kept.exists() else None,
    )


def _digest_folder(folder: Path, pattern: str = "**/*.*") -> str:
    return files.digest_json(
        {
            str(path.relative_to(folder)): files.digest_file(path)
            for path in sorted(folder.glob(pattern))
            if path.is_file()
        }
    )
