"""After publication: a correction is recorded, an episode is withdrawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import AoT

from pipeline import files
from pipeline.errors import InvalidEpisode, Problem, Refused
from pipeline.publish import corrections, published, withdrawal
from pipeline.publish.pages import INDEX_PAGE, page_address
from pipeline.publish.pairing import sentence_pairs
from pipeline.publish.published import area
from pipeline.show import EPISODE_NAME, WITHDRAWN_NAME, Episode, Show, load_show
from pipeline.show.amends import Correction, Kind, Place
from pipeline.stages.faults import Failed, set_aside
from pipeline.stages.locks import exclusively
from pipeline.stages.publishing import publish
from pipeline.stages.status import Reading, build_folder, compared, read_episode, remembered_digests
from pipeline.stages.takenover import published_audio
from pipeline.stages.voices import forget_voices

RULES_FOLDER = "withdrawn"


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What a withdrawal did: the marker, the rules for hosts, and who may still hold a copy."""

    slug: str
    page_url: str
    marker: Path
    rules: tuple[Path, ...]
    holders: tuple[withdrawal.Holder, ...]


def correct(
    root: Path,
    slug: str,
    *,
    kind: Kind,
    by: str,
    now: datetime,
    said: str | None = None,
    says: str | None = None,
    note: str | None = None,
    where: Sequence[Place] = (),
    time: str | None = None,
    dry_run: bool = False,
) -> tuple[Correction, ...]:
    """Record in episode.toml what changed since publication, and return what was recorded.

    Without `said`, `says` and `note` the changes are found: one record for each changed sentence,
    with a note where it was taken out or added as a whole. `time` is the
    place in the recording (`12:34`). A dry run changes nothing.

    Raises Refused when the episode was never published, or when there is nothing to record, InvalidEpisode when
    the record would not be valid.
    """
    from pipeline.stages.run import find_episode

    show = load_show(root)
    episode = find_episode(show, slug)
    record = published.read_record(episode.folder)
    if record is None:
        raise Refused(
            Problem(slug, "it was never published, so there is nothing to correct", "Change it, and approve it")
        )
    tables = (
        [_table(kind, by, now, said=said, says=says, note=note, where=where or (Place.NOTES,), time=time)]
        if said or says or note
        else list(_found(show, episode, record, kind, by, now))
    )
    if not tables:
        raise Refused(
            Problem(slug, "nothing has changed that is not told already", "Change the episode first, or give --note")
        )
    text = _with_corrections(episode, tables)
    made = _validated(episode, text)[len(episode.corrections) :]
    if not dry_run:
        files.write_text(episode.folder / EPISODE_NAME, text)
    return made


def withdraw(root: Path, slug: str, *, by: str, now: datetime, reason: str | None, dry_run: bool = False) -> Withdrawn:
    """Take an episode back: mark it, and build `site/` without it. A dry run changes nothing.

    What people wrote stays in its folder. Raises Refused when there is no such episode or it is withdrawn already.
    """
    from pipeline.stages.run import find_episode

    show = load_show(root)
    if slug in show.withdrawn:
        raise Refused(Problem(slug, "it is withdrawn already", "Run onrecord run to build the site without it"))
    folder = show.folder / slug
    title = slug
    if slug not in show.broken:
        title = find_episode(show, slug).title
    page_url = page_address(show.settings, f"{slug}/{INDEX_PAGE}")
    audio = published_audio(root, slug)
    audio_url = f"{show.settings.site_url}{slug}/{audio.name}" if audio else None
    rules = withdrawal.gone_rules(show.settings.site_url, [*show.withdrawn, slug])
    target = build_folder(root) / RULES_FOLDER
    if not dry_run:
        with exclusively(root):
            marker: dict[str, Any] = {"at": now.replace(microsecond=0), "by": by}
            if reason:
                marker["reason"] = reason
            files.write_text(folder / WITHDRAWN_NAME, tomlkit.dumps(marker))
            for name, text in rules.items():
                files.write_text(target / name, text)
            without = load_show(root)
            _rebuild(without, now)
            forget_voices(without, now.date())
    return Withdrawn(
        slug,
        page_url,
        folder / WITHDRAWN_NAME,
        tuple(target / name for name in rules),
        withdrawal.holders(page_url, audio_url, title),
    )


def _rebuild(show: Show, now: datetime) -> None:
    digests = remembered_digests(show.root)
    failed: Failed = {}
    readings: list[Reading] = []
    for episode in show.episodes:
        with set_aside(show.root, episode.slug, failed):
            readings.append(read_episode(show, episode, digests))
    publish(show, readings, digests, now, failed, lambda slug, stage, part: None)
    digests.save()


def _found(
    show: Show, episode: Episode, record: published.Record, kind: Kind, by: str, now: datetime
) -> Iterator[dict[str, Any]]:
    reading = read_episode(show, episode, remembered_digests(show.root))
    incomplete = (reading.transcript is None and not episode.is_taken_over) or (
        reading.notes_markdown is None and not episode.imported
    )
    if incomplete:
        raise Refused([*reading.problems, *reading.refusals])
    record, sections = compared(show, episode, record, reading.transcript, reading.notes_markdown, reading.subject)
    seen: set[tuple[str, str, str]] = set()
    untold = corrections.untold(record, sections, episode.corrections)
    for change in sentence_pairs(record.sections, sections, untold):
        place = area(change.section)
        if place is Place.AUDIO:
            yield _table(kind, by, now, note="The recording was replaced.", where=(place,))
            continue
        said, says = change.sentences()
        if (place, said, says) not in seen:  # the same change in several places is told once
            seen.add((place, said, says))
            yield _table(kind, by, now, said=said, says=says, note=_instead(kind, said, says), where=(place,))


def _instead(kind: Kind, said: str, says: str) -> str | None:
    """What a record says in place of the words that its kind asks for, where there are none."""
    if not says and kind != "retraction":
        return "This was taken out."
    if not said and kind in ("correction", "retraction"):
        return "This was added."
    return None


def _table(
    kind: Kind,
    by: str,
    now: datetime,
    *,
    said: str | None = None,
    says: str | None = None,
    note: str | None = None,
    where: Sequence[Place],
    time: str | None = None,
) -> dict[str, Any]:
    whole = {
        "kind": kind,
        "at": now.replace(microsecond=0),
        "by": by,
        "where": [one.value for one in where],
        "time": time,
        "said": said,
        "says": says,
        "note": note,
    }
    return {name: value for name, value in whole.items() if value}


def _with_corrections(episode: Episode, tables: Sequence[dict[str, Any]]) -> str:
    document = tomlkit.parse((episode.folder / EPISODE_NAME).read_text("utf-8-sig"))
    listed = document.get("corrections")
    if not isinstance(listed, AoT):
        if listed is not None:
            raise Refused(
                Problem(
                    str(episode.folder / EPISODE_NAME),
                    "corrections is a list on one line there",
                    "Write each correction as [[corrections]], then try again",
                )
            )
        listed = tomlkit.aot()
        document["corrections"] = listed
    for table in tables:
        item = tomlkit.table()
        for name, value in table.items():
            item[name] = value
        listed.append(item)
    return tomlkit.dumps(document)


def _validated(episode: Episode, text: str) -> tuple[Correction, ...]:
    """The corrections of an episode.toml of that text, read as a run would read it."""
    try:
        table = tomlkit.parse(text).unwrap()
        read = Episode.model_validate({**table, "slug": episode.slug, "folder": episode.folder})
    except ValueError as error:
        told: list[dict[str, Any]] = getattr(error, "errors", list)()
        what = "; ".join(str(one["msg"]).removeprefix("Value error, ") for one in told) or str(error)
        raise InvalidEpisode(Problem(str(episode.folder / EPISODE_NAME), what, "Nothing was changed")) from error
    return read.corrections
