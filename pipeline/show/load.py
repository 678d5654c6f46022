"""Reads `episodes/` whole, and lists everything that is wrong with it at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as made_by
from pathlib import Path
from uuid import uuid4

from pipeline.errors import InvalidEpisode, InvalidShow, Problem
from pipeline.show.amends import Withdrawal
from pipeline.show.consent import CONSENT_NAME, Consent, read_consents
from pipeline.show.enclosed import refuse_links_out, require_own_build, require_own_folders
from pipeline.show.fields import SLUG, SLUG_MAX_CHARACTERS
from pipeline.show.helplines import HELPLINES_NAME, Helpline, read_helplines, require_helplines
from pipeline.show.imported import IMPORTED_NAME
from pipeline.show.look import Look, faults
from pipeline.show.models import Episode, Person, Term
from pipeline.show.places import line_in_toml
from pipeline.show.protected import ProtectedName, read_protected
from pipeline.show.reading import read_list, read_toml, require_file, validated
from pipeline.show.recordings import recording_problems
from pipeline.show.redactions import Redaction, read_redactions
from pipeline.show.settings import ShowSettings
from pipeline.show.sources import SOURCES_NAME, Source, read_sources

EPISODES_FOLDER = "episodes"
SHOW_NAME = "show.toml"
PEOPLE_NAME = "people.toml"
GLOSSARY_NAME = "glossary.toml"
EPISODE_NAME = "episode.toml"
NOTES_NAME = "notes.md"
WITHDRAWN_NAME = "withdrawn.toml"
REDACTIONS_NAME = "redactions.toml"
_OWN_NAMES = {SOURCES_NAME, GLOSSARY_NAME}


@dataclass(frozen=True)
class Show:
    """Everything people wrote.

    `broken` holds, by slug, the episodes that cannot be used and why; `withdrawn` those that were taken back, which
    are in none of the others, so that nothing of them is read again.
    """

    root: Path
    settings: ShowSettings
    people: Mapping[str, Person]
    glossary: tuple[Term, ...]
    sources: Mapping[str, Source]
    episodes: tuple[Episode, ...]
    broken: Mapping[str, InvalidEpisode]
    episode_sources: Mapping[str, Mapping[str, Source]] = made_by(default_factory=dict)
    episode_glossary: Mapping[str, tuple[Term, ...]] = made_by(default_factory=dict)
    withdrawn: Mapping[str, Withdrawal] = made_by(default_factory=dict)
    redactions: Mapping[str, tuple[Redaction, ...]] = made_by(default_factory=dict)
    consents: Mapping[str, Mapping[str, Consent]] = made_by(default_factory=dict)
    protected: tuple[ProtectedName, ...] = ()
    helplines: Mapping[str, Helpline] = made_by(default_factory=dict)

    @property
    def folder(self) -> Path:
        """`episodes/`."""
        return self.root / EPISODES_FOLDER

    def episode_people(self, episode: Episode) -> tuple[Person, ...]:
        """The people of one episode, hosts first."""
        return tuple(self.people[person_id] for person_id in episode.people)

    def sources_of(self, episode: Episode) -> Mapping[str, Source]:
        """What the episode may cite: the show's sources and those in its own sources.json, which win by their id."""
        return {**self.sources, **self.episode_sources.get(episode.slug, {})}

    def redactions_of(self, episode: Episode) -> tuple[Redaction, ...]:
        """What is struck out of the episode, in the order of time."""
        return self.redactions.get(episode.slug, ())

    def consents_of(self, episode: Episode) -> Mapping[str, Consent]:
        """What people agreed to, by their ids; never to be rendered."""
        return self.consents.get(episode.slug, {})

    def helplines_of(self, episode: Episode) -> tuple[Helpline, ...]:
        """The helplines that the episode names, in its order."""
        return tuple(self.helplines[key] for key in dict.fromkeys(episode.helplines))

    def protected_of(self, episode: Episode) -> tuple[ProtectedName, ...]:
        """The names that must stand in nothing that is published of the episode, beside those it strikes out itself."""
        return tuple(one for one in self.protected if not one.episodes or episode.slug in one.episodes)

    def glossary_of(self, episode: Episode) -> tuple[Term, ...]:
        """The show's terms and those in the episode's own glossary.toml, each once."""
        terms = {term.term: term for term in (*self.glossary, *self.episode_glossary.get(episode.slug, ()))}
        return tuple(terms.values())


def load_show(root: Path) -> Show:
    """Read and validate `root/episodes`.

    Raises InvalidShow, listing every problem, when the files that all episodes share cannot be used. A broken
    episode does not raise: it is in `Show.broken` and the others are there.
    """
    folder = root / EPISODES_FOLDER
    if not (folder / SHOW_NAME).is_file():
        raise InvalidShow(
            Problem(
                str(folder / SHOW_NAME),
                "there is no show here",
                "Name its folder with --root, or make one with onrecord new-show",
            )
        )
    require_own_folders(root)
    refuse_links_out(folder, root, InvalidShow)
    entries = sorted(folder.iterdir())
    require_own_build(root, (entry.name for entry in entries))
    problems: list[Problem] = []
    settings = validated(ShowSettings, read_toml(folder / SHOW_NAME, problems), folder / SHOW_NAME, (), problems)
    people = _read_people(folder / PEOPLE_NAME, problems)
    glossary = _read_glossary(folder / GLOSSARY_NAME, problems)
    sources = read_sources(folder / SOURCES_NAME, problems)
    helplines = read_helplines(folder / HELPLINES_NAME, problems)
    if settings is not None:
        for key, name in (
            ("artwork", settings.artwork),
            ("audio.intro", settings.audio.intro),
            ("audio.outro", settings.audio.outro),
        ):
            if name:
                require_file(folder, name, folder / SHOW_NAME, tuple(key.split(".")), problems)
        _check_hosts(settings, folder / SHOW_NAME, people, problems)
        _check_look(settings.look, folder, problems)
    for person in people.values():
        if person.photo:
            require_file(folder, person.photo, folder / PEOPLE_NAME, (person.id, "photo"), problems)
    protected = read_protected(settings, root, problems) if settings is not None else ()
    if problems or settings is None:
        raise InvalidShow(problems)

    episodes: list[Episode] = []
    broken: dict[str, InvalidEpisode] = {}
    own_sources: dict[str, Mapping[str, Source]] = {}
    own_glossary: dict[str, tuple[Term, ...]] = {}
    withdrawn: dict[str, Withdrawal] = {}
    redactions: dict[str, tuple[Redaction, ...]] = {}
    consents: dict[str, Mapping[str, Consent]] = {}
    for entry in entries:
        if not _is_episode_folder(entry):
            continue
        names = _names_in(entry)
        try:
            refuse_links_out(entry, root, InvalidEpisode)
            if WITHDRAWN_NAME in names and (entry / WITHDRAWN_NAME).exists():
                withdrawn[entry.name] = _read_withdrawal(entry / WITHDRAWN_NAME)
                continue
            episode = load_episode(entry, people)
            require_helplines(episode, entry / EPISODE_NAME, helplines)
            own_sources[entry.name], own_glossary[entry.name] = _read_own(entry) if names & _OWN_NAMES else ({}, ())
            redactions[entry.name] = read_redactions(entry / REDACTIONS_NAME) if REDACTIONS_NAME in names else ()
            consents[entry.name] = read_consents(entry, people) if CONSENT_NAME in names else {}
        except InvalidEpisode as error:
            broken[entry.name] = error
        else:
            episodes.append(episode)
    kept = _without_doubled_guids(episodes, broken)
    return Show(
        root,
        settings,
        people,
        glossary,
        sources,
        kept,
        broken,
        own_sources,
        own_glossary,
        withdrawn,
        redactions,
        consents,
        protected,
        helplines,
    )


def withdrawn_slugs(root: Path) -> tuple[str, ...]:
    """The slugs of the withdrawn episodes of a show, without reading it: also of one that cannot be read."""
    return tuple(path.parent.name for path in sorted((root / EPISODES_FOLDER).glob(f"*/{WITHDRAWN_NAME}")))


def load_episode(folder: Path, people: Mapping[str, Person]) -> Episode:
    """Read one episode.toml. Raises InvalidEpisode listing every problem with its line."""
    path = folder / EPISODE_NAME
    problems: list[Problem] = []
    if not SLUG.fullmatch(folder.name) or len(folder.name) > SLUG_MAX_CHARACTERS:
        problems.append(
            Problem(
                str(folder),
                f"“{folder.name}” cannot be part of a web address",
                f"Rename the folder: a-z, 0-9 and single hyphens, at most {SLUG_MAX_CHARACTERS} characters",
            )
        )
    if not path.is_file():
        problems.append(Problem(str(path), "it is missing", "Make the episode with onrecord new, or add the file"))
        raise InvalidEpisode(problems)
    table = read_toml(path, problems)
    identity = {"slug": folder.name, "folder": folder}
    if table is not None:
        if "guid" not in table:
            problems.append(
                Problem(
                    f"{path}:1",
                    "guid is missing",
                    f'Write guid = "{uuid4()}", and never change it again',
                )
            )
            table = {**table, "guid": "00000000-0000-4000-8000-000000000000"}
        for field in identity.keys() & table.keys():
            problems.append(
                Problem(
                    f"{path}:{line_in_toml(path.read_text('utf-8'), (field,))}",
                    f"{field} is not a setting; the folder says it",
                    "Delete the line",
                )
            )
        table = {**table, **identity}
    episode = validated(Episode, table, path, (), problems)
    if episode is not None:
        _check_references(episode, path, people, problems)
    if problems or episode is None:
        raise InvalidEpisode(problems)
    return episode


def _read_withdrawal(path: Path) -> Withdrawal:
    problems: list[Problem] = []
    withdrawal = validated(Withdrawal, read_toml(path, problems), path, (), problems)
    if withdrawal is None:
        raise InvalidEpisode(problems)  # broken is not published either: a slip must not bring it back
    return withdrawal


def _read_own(folder: Path) -> tuple[dict[str, Source], tuple[Term, ...]]:
    """The sources and terms of one episode, beside those of the show."""
    problems: list[Problem] = []
    sources = read_sources(folder / SOURCES_NAME, problems)
    glossary = _read_glossary(folder / GLOSSARY_NAME, problems)
    if problems:
        raise InvalidEpisode(problems)
    return sources, glossary


def _check_references(episode: Episode, path: Path, people: Mapping[str, Person], problems: list[Problem]) -> None:
    def where(*key: str | int) -> str:  # the file is read again only where something is wrong
        return f"{path}:{line_in_toml(path.read_text('utf-8'), key)}"

    for field in ("hosts", "guests"):
        for person_id in getattr(episode, field):
            if person_id not in people:
                problems.append(_unknown_person(where(field), person_id))
    for person_id in episode.languages:
        if person_id not in episode.people:
            what = f"“{person_id}” has a language and is neither host nor guest"
            problems.append(
                Problem(where("languages", person_id), what, "Add the id to hosts or guests, or mend it here")
            )
    for index, credit in enumerate(episode.credits):
        if credit.person not in people:
            problems.append(_unknown_person(where("credits", index, "person"), credit.person))
    for index, recording in enumerate(episode.recordings):
        require_file(episode.folder, recording.file, path, ("recordings", index, "file"), problems)
    problems.extend(recording_problems(episode, path))
    if episode.artwork:
        require_file(episode.folder, episode.artwork, path, ("artwork",), problems)
    if episode.imported:
        for name in (IMPORTED_NAME, *episode.imported.kept_files):
            require_file(episode.folder, name, path, ("imported",), problems)


def _check_look(look: Look, folder: Path, problems: list[Problem]) -> None:
    path = folder / SHOW_NAME
    for fault in faults(look):
        line = line_in_toml(path.read_text("utf-8-sig"), fault.setting)
        problems.append(Problem(f"{path}:{line}", fault.what, fault.remedy))
    for index, font in enumerate(look.fonts):
        require_file(folder, font.file, path, ("look", "fonts", index, "file"), problems)


def _check_hosts(settings: ShowSettings, path: Path, people: Mapping[str, Person], problems: list[Problem]) -> None:
    for host in settings.hosts:
        if host not in people:
            line = line_in_toml(path.read_text("utf-8-sig"), ("hosts",))
            problems.append(_unknown_person(f"{path}:{line}", host))


def _unknown_person(where: str, person_id: str) -> Problem:
    return Problem(
        where, f"“{person_id}” is not in people.toml", f"Add [{person_id}] with a name to people.toml, or mend the id"
    )


def _without_doubled_guids(episodes: list[Episode], broken: dict[str, InvalidEpisode]) -> tuple[Episode, ...]:
    # A copied folder must not push the original out of people's apps: the earliest keeps the guid.
    owners: dict[str, Episode] = {}
    kept: list[Episode] = []
    for episode in sorted(episodes, key=lambda one: (one.published_at, one.slug)):
        owner = owners.setdefault(episode.guid, episode)
        if owner is episode:
            kept.append(episode)
            continue
        path = episode.folder / EPISODE_NAME
        line = line_in_toml(path.read_text("utf-8"), ("guid",))
        broken[episode.slug] = InvalidEpisode(
            Problem(
                f"{path}:{line}",
                f"its guid is the one of {owner.slug}; apps would show only one of them",
                f'Write a new one: guid = "{uuid4()}"',
            )
        )
    return tuple(sorted(kept, key=lambda one: one.slug))


def _names_in(entry: Path) -> set[str]:
    """The names in a folder in small letters, as some file systems compare them: files of other names are not there.

    Of thousands of episodes few have every file that may be there, and asking for each takes its time.
    """
    try:
        return {name.casefold() for name in os.listdir(entry)}  # noqa: PTH208  names are all that is wanted
    except FileNotFoundError:
        return set()


def _is_episode_folder(entry: Path) -> bool:
    if entry.name.startswith((".", "_")) or not entry.is_dir() or entry.is_symlink():
        return False
    # Folders beside the episodes (photos, music) hold no episode.toml and are none of ours, unless a person
    # put a recording there and forgot the rest.
    return (entry / EPISODE_NAME).exists() or (entry / NOTES_NAME).exists()


def _read_people(path: Path, problems: list[Problem]) -> dict[str, Person]:
    people: dict[str, Person] = {}
    for person_id, table in (read_toml(path, problems, optional=True) or {}).items():
        if not isinstance(table, dict) or not SLUG.fullmatch(person_id):
            line = line_in_toml(path.read_text("utf-8"), (person_id,))
            problems.append(
                Problem(
                    f"{path}:{line}",
                    f"“{person_id}” is not a person",
                    'Write a table named by an id of a-z, 0-9 and hyphens: [ada-host], then name = "Ada Host"',
                )
            )
            continue
        person = validated(Person, {**table, "id": person_id}, path, (person_id,), problems)
        if person is not None:
            people[person_id] = person
    return people


def _read_glossary(path: Path, problems: list[Problem]) -> tuple[Term, ...]:
    entries = read_list(path, "terms", "Write each term as [[terms]] with term = and meaning =", problems)
    terms = [validated(Term, entry, path, ("terms", index), problems) for index, entry in enumerate(entries)]
    return tuple(term for term in terms if term is not None)
