"""Approvals: a person's word, bound to content.

An approval is one JSON file in the episode's `approvals/`. Its `subject` holds the SHA-256 of everything that
shapes the published episode, as it was when the person approved. Nothing marks an approval as valid or void:
the digests are computed again each time, and any difference voids it by construction.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline import files
from pipeline.digests import DigestCache
from pipeline.errors import Problem, Refusal, Refused
from pipeline.review import signatures
from pipeline.show import (
    APPROVALS_FOLDER,
    EPISODE_NAME,
    GLOSSARY_NAME,
    IMPORTED_NAME,
    NOTES_NAME,
    PEOPLE_NAME,
    REDACTIONS_NAME,
    SHOW_NAME,
    SOURCES_NAME,
    Episode,
    Show,
    Term,
)
from pipeline.show.consent import CONSENT_NAME
from pipeline.show.helplines import HELPLINES_NAME
from pipeline.show.settings import ApprovalPolicy
from pipeline.transcript import MACHINE_NAME, TRANSCRIPT_NAME, Transcript

STATEMENT = "I listened to the recording against this text and checked the notes against their sources."
_SIGNATORY = re.compile(r"^(?P<name>[^<>\x00-\x1f]*[^<>\s\x00-\x1f])\s+<(?P<mail>[^<>\s@]+@[^<>\s@]+)>$")
TAKEN_OVER = "I take this episode over as it was published elsewhere."
_MISSING = "missing"
_NOT_THERE = "not there"  # and need not be: adding it later voids too

ONE_PERSON = ApprovalPolicy()

Subject = Mapping[str, str]


class Approval(BaseModel):
    """One sealed record. `subject` maps what was approved to its digest; `evidence` what is known of the checking."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["approval"] = "approval"
    version: Literal[1] = 1
    episode: str
    guid: str
    by: Annotated[str, Field(pattern=_SIGNATORY.pattern)]
    at: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
    statement: str
    subject: dict[str, str]
    evidence: dict[str, Any] = Field(default_factory=dict)

    @property
    def name(self) -> str:
        """Who approved, without the mail address: this is what pages may show."""
        match = _SIGNATORY.fullmatch(self.by)
        return match["name"] if match else self.by

    @property
    def mail(self) -> str:
        """The address, by which keys are looked up and people are counted."""
        match = _SIGNATORY.fullmatch(self.by)
        return match["mail"] if match else ""

    @property
    def approved_at(self) -> datetime:
        """When, in UTC."""
        return datetime.fromisoformat(self.at)


@dataclass(frozen=True)
class Verdict:
    """Whether an episode is approved as it stands now.

    `holding` are the records whose every digest agrees; `changed` says, when records exist and none holds, what
    differs from the newest one; `lacking` is what the show's policy asks for beyond that; `unreadable` are files
    in approvals/ that are no records.
    """

    holding: tuple[Approval, ...] = ()
    changed: tuple[str, ...] = ()
    lacking: tuple[Refusal, ...] = ()
    unreadable: tuple[Problem, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether approvals are bound to exactly this content, as many and as good as the show asks for."""
        return bool(self.holding) and not self.lacking

    def refusals(self, slug: str) -> list[Refusal]:
        """Why the gate stays shut, as far as approvals go."""
        if self.holding or self.lacking:
            return list(self.lacking)
        remedy = f'Check it and run onrecord approve {slug} --by "Name <mail>"'
        if self.changed:
            what = f"the approval is void because {', '.join(self.changed)} changed since"
            return [Refusal(slug, what, remedy, "approval-void")]
        if self.unreadable:
            return [Refusal(one.where, one.what, one.remedy, "approval-unreadable") for one in self.unreadable]
        return [Refusal(slug, "nobody has approved it yet", remedy, "approval-missing")]


def seal(
    show: Show,
    episode: Episode,
    transcript: Transcript | None,
    cited: Iterable[str],
    digests: DigestCache,
    terms: Iterable[Term] = (),
) -> Subject:
    """The digests of everything that shapes the published episode, by a name a person understands.

    Files are sealed by their bytes; entries of shared files (people, sources) by their own content, so another
    person's entry does not matter. `cited` are the keys of sources the notes cite, `terms` those that the page
    explains. What is not there is sealed as missing, so that adding it later voids too.
    """
    subject: dict[str, str] = {}
    for recording in episode.recordings:
        subject[recording.file] = _file(episode.folder / recording.file, digests)
    for name in (EPISODE_NAME, MACHINE_NAME, TRANSCRIPT_NAME, NOTES_NAME):
        subject[name] = _file(episode.folder / name, None)
        if subject[name] == _MISSING and _may_be_missing(episode, name):
            subject[name] = _NOT_THERE
    if episode.imported:
        for name in (IMPORTED_NAME, *episode.imported.kept_files):
            subject[name] = _file(episode.folder / name, None)
    if episode.artwork:
        subject[episode.artwork] = _file(episode.folder / episode.artwork, digests)
    for part, audio in (("intro", show.settings.audio.intro), ("outro", show.settings.audio.outro)):
        if audio:
            subject[f"{SHOW_NAME}#audio.{part}"] = _file(show.folder / audio, digests)
    subject |= _people(show, episode, transcript, digests)
    subject |= {
        f"{HELPLINES_NAME}#{one.id}": files.digest_json(one.model_dump(mode="json", exclude_defaults=True))
        for one in show.helplines_of(episode)
    }
    for name in (REDACTIONS_NAME, CONSENT_NAME):
        if (episode.folder / name).exists():
            subject[name] = _file(episode.folder / name, None)
    sources = show.sources_of(episode)
    for key in sorted(set(cited)):
        source = sources.get(key)
        subject[f"{SOURCES_NAME}#{key}"] = files.digest_json(source.as_csl()) if source else _MISSING
    for term in terms:
        subject[f"{GLOSSARY_NAME}#{term.term}"] = files.digest_json(term.model_dump(mode="json"))
    return subject


def _may_be_missing(episode: Episode, name: str) -> bool:
    """What an imported episode does without: its notes are in imported.xml, and nobody asks it for a transcript."""
    return (episode.imported is not None and name == NOTES_NAME) or (
        episode.is_taken_over and name in (MACHINE_NAME, TRANSCRIPT_NAME)
    )


def _people(show: Show, episode: Episode, transcript: Transcript | None, digests: DigestCache) -> dict[str, str]:
    sealed: dict[str, str] = {}
    speakers = set(transcript.speakers) if transcript else set()
    named = {*episode.people, *(credit.person for credit in episode.credits)}
    if not episode.hosts:
        named.update(show.settings.hosts)  # the feed names the show's hosts where an episode names none
    for person in show.people.values():
        if person.id in named or person.name in speakers:
            sealed[f"{PEOPLE_NAME}#{person.id}"] = files.digest_json(
                person.model_dump(mode="json", exclude_defaults=True)
            )
            if person.photo:
                sealed[person.photo] = _file(show.folder / person.photo, digests)
    return sealed


def judge(folder: Path, slug: str, subject: Subject, policy: ApprovalPolicy = ONE_PERSON) -> Verdict:
    """Compare the records in the episode's `approvals/` with `subject`, what the episode is now.

    A record that was signed holds only when its signature is good. Raises MissingTool when one cannot be checked.
    """
    read, unreadable = _read(folder / APPROVALS_FOLDER, slug)
    records = [record for record, _ in read]
    holding = [(record, path) for record, path in read if record.subject == dict(subject)]
    if not holding:
        changed = difference(max(records, key=lambda record: record.at).subject, subject) if records else ()
        return Verdict((), changed, (), unreadable)
    holding.sort(key=lambda one: (one[0].at, one[0].by))
    good = [(record, path) for record, path in holding if _signature_is_good(record, path, folder.parent)]
    bad = [one for one in holding if one not in good]
    lacking = [
        Refusal(
            str(path),
            f"its signature is not good for {record.mail}",
            "Approve again, or add the signer's key to episodes/allowed_signers",
            "approval-signature-bad",
        )
        for record, path in bad
    ]
    lacking += _lacking(slug, good, policy)
    return Verdict(tuple(record for record, _ in good), (), tuple(lacking), unreadable)


def _signature_is_good(record: Approval, path: Path, episodes: Path) -> bool:
    if not signatures.is_signed(path):
        return True  # whether there must be one is the policy's affair
    allowed = episodes / signatures.ALLOWED_SIGNERS_NAME
    return signatures.verify(path.read_bytes(), signatures.signature_path(path), record.mail, allowed)


def _lacking(slug: str, holding: Sequence[tuple[Approval, Path]], policy: ApprovalPolicy) -> Iterator[Refusal]:
    """What the show's policy asks for and these records do not give."""
    remedy = f"Listen at the desk (onrecord review {slug}), then approve"
    counted: dict[str, Approval] = {}
    for record, path in holding:
        percent = record.evidence.get("heard_percent", 0)
        if percent < policy.minimum_heard_percent:
            what = f"{record.name} had heard {percent} % of it, and this show asks for {policy.minimum_heard_percent} %"
            yield Refusal(str(path), what, remedy, "approval-unheard")
        elif policy.require_signature and not signatures.is_signed(path):
            what = f"the approval of {record.name} is not signed, and this show asks for signatures"
            yield Refusal(str(path), what, f"Run onrecord approve {slug} --by … --sign KEY", "approval-unsigned")
        elif counted and record.mail not in counted and record.evidence.get("edits_by_me", 0):
            what = f"{record.name} approved as the second and had edited the text"
            yield Refusal(str(path), what, "Let somebody approve it who changed nothing", "approval-own-edits")
        else:
            counted[record.mail] = record
    if len(counted) < policy.people:
        what = f"{len(counted)} of {policy.people} people have approved it"
        yield Refusal(slug, what, remedy, "approval-second-missing")


def difference(approved: Subject, now: Subject) -> tuple[str, ...]:
    """The names whose digests differ, or that only one side has, in the order of names."""
    return tuple(name for name in sorted(approved.keys() | now.keys()) if approved.get(name) != now.get(name))


def require_signatory(by: str) -> None:
    """Raises Refused where `by` is not a name with an address."""
    if not _SIGNATORY.fullmatch(by):
        raise Refused(
            Problem(f"“{by}”", "this is not a name with an address", 'Write --by "Ada Host <ada@example.org>"')
        )


def approve(
    episode: Episode, subject: Subject, *, by: str, at: datetime, evidence: Mapping[str, Any] | None = None
) -> Path:
    """Seal `subject` as approved by `by` ("Name <mail>") and return the record's path.

    Raises Refused when `by` is not a name with an address, or when something that must be there is missing.
    """
    require_signatory(by)
    missing = [name for name, digest in subject.items() if digest == _MISSING]
    if missing:
        raise Refused(
            Problem(
                episode.slug,
                f"{', '.join(missing)} is missing, so there is nothing to approve yet",
                "Run make pipeline first",
            )
        )
    moment = at.astimezone(UTC)
    record = Approval(
        episode=episode.slug,
        guid=episode.guid,
        by=by,
        at=moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        statement=TAKEN_OVER if episode.is_taken_over else STATEMENT,
        subject=dict(subject),
        evidence=dict(evidence or {}),
    )
    stem = f"{moment:%Y%m%dT%H%M%SZ}-{_file_name(record.name)}"
    folder = episode.folder / APPROVALS_FOLDER
    files.remove_leftovers(folder, untouched_s=files.STILL_AT_WORK_S)
    path = next(
        candidate
        for number in range(1, 1000)
        if not (candidate := folder / f"{stem}{'' if number == 1 else f'-{number}'}.json").exists()
    )
    files.write_text(path, files.readable_json(record.model_dump(mode="json")))
    return path


def _read(folder: Path, slug: str) -> tuple[list[tuple[Approval, Path]], tuple[Problem, ...]]:
    records: list[tuple[Approval, Path]] = []
    unreadable: list[Problem] = []
    root = folder.parents[2]
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        if path.name.startswith("."):  # not yet a record, or what a killed program left of one
            continue
        if any(files.leads_out(one, root) for one in (path, signatures.signature_path(path))):
            what = "this approval is a link that leads out of the show"
            unreadable.append(Problem(str(path), what, "Put the file itself there, or approve again"))
            continue
        try:
            record = Approval.model_validate(json.loads(path.read_bytes()))
        except (OSError, ValueError, ValidationError, RecursionError):
            unreadable.append(Problem(str(path), "this approval cannot be read", "Restore the file, or approve again"))
            continue
        if record.episode != slug:
            what = f"this approval is for {record.episode}, not for {slug}"
            unreadable.append(Problem(str(path), what, "Delete it, and approve this episode"))
            continue
        records.append((record, path))
    return records, tuple(unreadable)


def _file(path: Path, digests: DigestCache | None) -> str:
    if not path.is_file():
        return _MISSING
    return digests.digest(path) if digests else files.digest_file(path)


def _file_name(name: str) -> str:
    return "-".join(re.findall(r"[a-z0-9]+", name.casefold()))[:40] or "editor"
