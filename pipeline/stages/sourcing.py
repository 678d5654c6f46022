"""Sources are added to episodes/sources.json, taken over from other programs, and listed with where they are cited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline import files
from pipeline.errors import InvalidShow, InvalidTranscript, Problem, Refused
from pipeline.publish import notes
from pipeline.publish.markdown import cited_in_text
from pipeline.publish.references import source_label
from pipeline.publish.sourcing import (
    PUBLIC,
    Asks,
    Catalogues,
    Found,
    Planned,
    appended,
    identify,
    look_up,
    plan,
    read_list,
)
from pipeline.show import EPISODES_FOLDER, NOTES_NAME, SOURCES_NAME, Episode, load_show
from pipeline.show.sources import is_key, read_records, read_sources
from pipeline.transcript import TRANSCRIPT_NAME, read_transcript


@dataclass(frozen=True, slots=True)
class Listed:
    """One source: its key, what it is in one line, whose list it is in (an episode's slug; None is the show's), and
    where it is cited (`first-talk/notes.md:12`)."""

    key: str
    label: str
    episode: str | None
    cited: tuple[str, ...]


def add_source(
    root: Path,
    text: str,
    asks: Asks,
    *,
    now: datetime,
    key: str | None = None,
    title: str | None = None,
    catalogues: Catalogues = PUBLIC,
    dry_run: bool = False,
) -> Found:
    """Look up an address, a DOI or an ISBN, and add its record to the end of episodes/sources.json.

    Raises Refused where it cannot be found, or where its key or its address is listed already, InvalidShow where the
    list cannot be read, and what `asks` raises.
    """
    wanted = identify(text)
    path, written, records = _read(root)
    taken = [str(record[field]) for record in records for field in ("id", "citation-key") if field in record]
    if key is not None and not is_key(key):
        raise Refused(Problem(key, "this cannot be a key", "Use letters, digits and hyphens: ijm-osec-2020"))
    if key in taken:
        raise Refused(Problem(f"{path}", f"the key {key} is taken", "Choose another with --key, or mend that record"))
    found = look_up(wanted, asks, taken=taken, today=now.date(), key=key, title=title, catalogues=catalogues)
    _refuse_doubles(path, found.record, records)
    if not dry_run:
        _write(path, written, [found.record])
    return found


def import_sources(root: Path, file: Path, *, dry_run: bool = False) -> Planned:
    """Take over a CSL-JSON, BibTeX or RIS file. What is listed already stays as it is.

    Raises InvalidShow where the file, or the list, cannot be read.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise InvalidShow(Problem(str(file), f"it cannot be read ({error.strerror})", "Check its name")) from error
    path, written, records = _read(root)
    planned = plan(read_list(content, str(file)), records)
    if planned.added and not dry_run:
        _write(path, written, planned.added)
    return planned


def list_sources(root: Path) -> list[Listed]:
    """Every source of the show and of its episodes, in the order of their files. Raises InvalidShow."""
    show = load_show(root)
    cited: dict[tuple[str | None, str], list[str]] = {}
    for episode in show.episodes:
        own = show.episode_sources.get(episode.slug, {})
        for key, where in _citations(episode):
            cited.setdefault((episode.slug if key in own else None, key), []).append(where)
    lists: list[tuple[str | None, Mapping[str, Any]]] = [(None, show.sources)]
    lists += [(slug, show.episode_sources[slug]) for slug in sorted(show.episode_sources)]
    return [
        Listed(source.id, source_label(source), slug, tuple(cited.get((slug, source.id), ())))
        for slug, sources in lists
        for source in sources.values()
    ]


def _citations(episode: Episode) -> Sequence[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    path = episode.folder / NOTES_NAME
    if path.is_file():
        markdown = path.read_text("utf-8-sig", errors="replace")
        found += [(one.key, f"{episode.slug}/{NOTES_NAME}:{one.line}") for one in notes.citations(markdown)]
    path = episode.folder / TRANSCRIPT_NAME
    try:
        paragraphs = read_transcript(path).paragraphs if path.is_file() else ()
    except InvalidTranscript:
        paragraphs = ()  # another command says what is wrong with it
    found += [
        (key, f"{episode.slug}/{TRANSCRIPT_NAME}:{paragraph.line}")
        for paragraph in paragraphs
        for key in cited_in_text(paragraph.text)
    ]
    return found


def _read(root: Path) -> tuple[Path, str, list[dict[str, Any]]]:
    folder = root / EPISODES_FOLDER
    if not folder.is_dir():
        raise InvalidShow(
            Problem(str(folder), "there is no show here", "Name its folder with --root, or make one: onrecord new-show")
        )
    path = folder / SOURCES_NAME
    if not path.exists():
        return path, "", []
    problems: list[Problem] = []
    read_sources(path, problems)
    found = read_records(path, problems)
    if problems or found is None:
        raise InvalidShow(problems)
    return path, path.read_bytes().decode("utf-8"), found[1]


def _write(path: Path, written: str, records: Sequence[Mapping[str, Any]]) -> None:
    mark = "\ufeff" if written.startswith("\ufeff") else ""
    text = mark + appended(written.removeprefix(mark), records, str(path))
    problems: list[Problem] = []
    files.write_bytes(path, text.encode("utf-8"))
    read_sources(path, problems)
    assert not problems, problems  # noqa: S101 - each record was checked, and so was the list


def _refuse_doubles(path: Path, record: Mapping[str, Any], records: Sequence[Mapping[str, Any]]) -> None:
    for field in ("DOI", "ISBN", "URL"):
        for listed in records:
            if field in record and listed.get(field) == record[field]:
                raise Refused(
                    Problem(
                        str(path),
                        f"{record[field]} is listed already, as {listed.get('citation-key') or listed.get('id')}",
                        "Cite that one",
                    )
                )
