"""`onrecord import`: a show's folder out of a podcast that is published elsewhere.

Each episode is gathered in `build/import/` and gets its place in `episodes/` when it is whole, by one renaming; so a
killed import goes on where it was, and what is in `episodes/` is never touched again. What a person typed stays: of a
show that is there already, only people.toml is added to.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import tomlkit

from pipeline import __version__, files
from pipeline.errors import InvalidInput, InvalidShow, NoAnswer, OnRecordError, Problem, Refused
from pipeline.publish.lint import reading as lint_reading
from pipeline.publish.moving import plan
from pipeline.publish.moving.downloading import Downloader, by_number
from pipeline.publish.moving.foreign import ForeignFeed, ForeignItem, ForeignShow
from pipeline.publish.moving.reading import read, without_announced, without_doubles
from pipeline.publish.moving.repairs import Repairs
from pipeline.show import (
    EPISODE_NAME,
    EPISODES_FOLDER,
    GLOSSARY_NAME,
    IMPORTED_NAME,
    PEOPLE_NAME,
    SHOW_NAME,
    SLUG,
    SOURCES_NAME,
    Show,
    load_show,
    scaffold,
)
from pipeline.show import models as show_models
from pipeline.show.enclosed import refuse_links_out, require_own_build
from pipeline.show.reading import read_toml
from pipeline.stages import gathering
from pipeline.stages.locks import exclusively
from pipeline.stages.prepare import Report
from pipeline.stages.status import build_folder

STAGING = "import"
_PAGES_MAX = 1000
_PAGES_MAX_BYTES = 4 * lint_reading.MAX_BYTES  # all pages together: each stays in memory until the end
_MOVES_MAX = 5


@dataclass(frozen=True)
class Wanted:
    """What a person asks of an import. `since` and `limit` leave older episodes for another time."""

    feed: str
    site_url: str | None = None
    since: datetime | None = None
    limit: int | None = None
    despite_lock: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """One episode that was (or, in a dry run, would be) taken over."""

    slug: str
    title: str
    guid: str
    published_at: datetime


@dataclass
class Imported:
    """What an import did. `known` were here already, `left` were not asked for; `failed` can be tried again.

    `site_url` is what a new show got; of one that was here already it is what that has, where another was asked for.
    """

    root: Path
    title: str
    site_url: str | None = None
    taken: list[Taken] = field(default_factory=list)
    known: int = 0
    left: int = 0
    failed: list[Problem] = field(default_factory=list)
    repairs: list[Problem] = field(default_factory=list)


@dataclass
class _Here:
    """The show's folder while it is filled."""

    root: Path
    people: plan.People
    guids: set[str]
    slugs: set[str]
    position: int

    @property
    def folder(self) -> Path:
        return self.root / EPISODES_FOLDER


def import_feed(root: Path, wanted: Wanted, report: Report) -> Imported:
    """Take over every episode of a feed that is not here yet; makes the show where there is none.

    Raises Refused where the feed cannot be read, is locked (podcast:locked), or the folder holds something else,
    NoAnswer where its server gives none, InvalidShow where the show that is here cannot be used. What stops one episode
    is in `failed`, and the others go on; in a dry run what would stop one is, as far as its address tells.
    """
    loader = Downloader(wanted.feed, f"OnRecord/{__version__} (moving a podcast)")
    feed, url = _read_all(wanted.feed, loader, report)
    if feed.show.locked and not wanted.despite_lock:
        what = "it says that it may not be imported (podcast:locked)"
        raise Refused(Problem("feed", what, "Unlock it at its host; or add --despite-lock where the podcast is yours"))
    if wanted.dry_run:
        return _would_do(root, wanted, feed, url, loader)
    with exclusively(root):
        repairs = Repairs()
        done = Imported(root, feed.show.title)
        if (root / EPISODES_FOLDER / SHOW_NAME).exists():
            here = _here(root, show := load_show(root))
            done.site_url = _other_site_url(show, wanted)
        else:
            here = _make_show(root, wanted, without_announced(feed.show, feed.items, repairs), url, loader, repairs)
            done.site_url = wanted.site_url or plan.default_site_url(feed.show, url)
        chosen = _choose(feed, here, wanted, done)
        _check_is_one_show(feed, here)
        for item, position in chosen:
            slug = plan.slug_for(item, here.slugs)
            try:
                _take(here, slug, item, position, feed.show, loader, repairs, report)
            except (InvalidInput, NoAnswer, Refused) as error:
                done.failed += _told(item, error)
            else:
                here.slugs.add(slug)
                done.taken.append(Taken(slug, item.title, item.guid, item.published_at))
        done.repairs = [*feed.repairs, *repairs.told()]
        if not done.failed:
            shutil.rmtree(build_folder(root) / STAGING, ignore_errors=True)
    return done


def _other_site_url(show: Show, wanted: Wanted) -> str | None:
    """The show's address where another was asked for: an import changes nothing that is here."""
    asked = wanted.site_url and f"{wanted.site_url.rstrip('/')}/"
    return show.settings.site_url if asked and asked != show.settings.site_url else None


def _would_do(root: Path, wanted: Wanted, feed: ForeignFeed, url: str | None, loader: Downloader) -> Imported:
    done = Imported(root, feed.show.title)
    if (root / EPISODES_FOLDER / SHOW_NAME).exists():
        here = _here(root, show := load_show(root))
        done.site_url = _other_site_url(show, wanted)
    else:
        here = _Here(root, plan.People.known({}), set(), set(), 0)
        done.site_url = wanted.site_url or plan.default_site_url(feed.show, url)
    _check_is_one_show(feed, here)
    for item, _ in _choose(feed, here, wanted, done):
        slug = plan.slug_for(item, here.slugs)
        try:
            loader.check(item.enclosure.url)
        except Refused as error:
            done.failed += _told(item, error)
        else:
            here.slugs.add(slug)
            done.taken.append(Taken(slug, item.title, item.guid, item.published_at))
    done.repairs = list(feed.repairs)
    return done


def _told(item: ForeignItem, error: OnRecordError) -> list[Problem]:
    """Why an episode is not taken over."""
    return [
        replace(one, where=f"{item.where}: {one.where}", remedy=f"{one.remedy}; then import again")
        for one in error.problems
    ]


def _read_all(feed: str, loader: Downloader, report: Report) -> tuple[ForeignFeed, str | None]:
    """The feed with all its pages, from where it has moved to, and its address (None: it is a file)."""
    if not feed.startswith(("http://", "https://")):
        path = Path(feed)
        if not path.is_file():
            remedy = "Name a feed's address, beginning with https://, or its file"
            raise Refused(Problem(feed, "there is no feed here", remedy))
        if path.stat().st_size > lint_reading.MAX_BYTES:
            raise Refused(Problem(feed, f"it has {path.stat().st_size:,} bytes, which nothing reads", "Split it"))
        return read(path.read_bytes(), None), None
    report("feed", "reading", 0.0)
    try:
        content, _, url = loader.fetch(feed, lint_reading.MAX_BYTES)
    except Refused as error:
        raise Refused([replace(one, remedy=f"{one.remedy}{by_number(feed)}") for one in error.problems]) from error
    whole = read(content, url)
    asked = {feed, url}
    repairs = Repairs()
    for _ in range(_MOVES_MAX):
        moved = whole.show.moved_to
        if moved is None or moved in asked:
            break
        asked.add(moved)
        repairs.add("channel", f"it says that it has moved to {moved}", "It was read there")
        content, _, url = loader.fetch(moved, lint_reading.MAX_BYTES)
        whole = read(content, url)
        asked.add(url)
    pages, following, read_bytes = [whole], whole.show.next_page, len(content)
    while following and following not in asked:
        if len(pages) == _PAGES_MAX or read_bytes > _PAGES_MAX_BYTES:
            what = f"it goes on after {len(pages)} pages and {read_bytes:,} bytes"
            repairs.add("feed", what, "It was read up to there; older episodes were left out")
            break
        asked.add(following)
        content, _, at = loader.fetch(following, lint_reading.MAX_BYTES)
        read_bytes += len(content)
        page = read(content, at)
        pages.append(page)
        report("feed", f"reading page {len(pages)}", 0.0)
        following = page.show.next_page
    items = [replace(item, number=number) for number, item in enumerate((i for p in pages for i in p.items), start=1)]
    items = list(without_doubles(items, repairs)) if len(pages) > 1 else items
    found = (*(one for page in pages for one in page.repairs), *repairs.told())
    return ForeignFeed(whole.show, tuple(items), tuple(dict.fromkeys(found))), url


def _choose(feed: ForeignFeed, here: _Here, wanted: Wanted, done: Imported) -> list[tuple[ForeignItem, int]]:
    """What is to be taken over now, newest first, each with its position from the oldest."""
    # Of items of one moment, the one that stands higher is the newer; feeds have the newest on top.
    oldest_first = sorted(feed.items, key=lambda one: (one.published_at, -one.number))
    new = [item for item in oldest_first if item.guid not in here.guids]
    done.known = len(oldest_first) - len(new)
    placed = [(item, here.position + number) for number, item in enumerate(new, start=1)][::-1]
    chosen = [one for one in placed if wanted.since is None or one[0].published_at >= wanted.since][: wanted.limit]
    done.left = len(placed) - len(chosen)
    return chosen


def _check_is_one_show(feed: ForeignFeed, here: _Here) -> None:
    """A second feed in the same folder is most often a slip, and so is a new show made for the feed to come to.

    That would go on with a new guid, its own artwork and no rule for the old feed: in apps another podcast.
    """
    if not here.guids and (here.folder / SHOW_NAME).exists() and not (here.folder / IMPORTED_NAME).exists():
        raise Refused(
            Problem(
                str(here.folder),
                "it holds a show without episodes, and its guid, artwork and texts would stand for those of the feed",
                "Name a folder that is not there yet: the import makes the show, and onrecord new-show is not needed",
            )
        )
    if here.guids and feed.items and not any(item.guid in here.guids for item in feed.items):
        raise Refused(
            Problem(
                str(here.folder),
                "it holds a show, and no episode of it is in this feed",
                "Import the feed into a folder of its own",
            )
        )


def _here(root: Path, show: Show) -> _Here:
    episodes = show.episodes
    slugs = {entry.name for entry in show.folder.iterdir()}
    positions = [one.imported.position or 0 for one in episodes if one.imported]
    people = {person.id: person.name for person in show.people.values()}
    guids = {one.guid for one in episodes} | set(_unread_guids(show))
    return _Here(root, plan.People.known(people), guids, slugs, max(positions, default=0))


def _unread_guids(show: Show) -> Iterator[str]:
    """The guids of episodes that cannot be used now, and of withdrawn ones: those are here too."""
    for slug in (*show.broken, *show.withdrawn):
        table = read_toml(show.folder / slug / EPISODE_NAME, [], optional=True) or {}
        if isinstance(guid := table.get("guid"), str):
            yield guid


def _make_show(
    root: Path, wanted: Wanted, show: ForeignShow, url: str | None, loader: Downloader, repairs: Repairs
) -> _Here:
    """The files that all episodes share; show.toml last, by which a show is known."""
    folder = root / EPISODES_FOLDER
    require_own_build(root, ())
    if folder.exists():
        refuse_links_out(folder, root, InvalidShow)
    if folder.exists() and any(entry.name != IMPORTED_NAME and not _is_ours(entry) for entry in folder.iterdir()):
        raise Refused(Problem(str(folder), "there is something here, and no show", "Choose another folder"))
    site_url = wanted.site_url or plan.default_site_url(show, url)
    site_url = site_url if site_url.endswith("/") else f"{site_url}/"
    people = _people_of_an_import_before(folder)
    here = _Here(root, people, set(), set(), 0)
    artwork = _show_artwork(folder, show, loader, repairs)
    text = plan.show_toml(show, people, feed_url=url, site_url=site_url, artwork=artwork, repairs=repairs)
    for name, start in ((GLOSSARY_NAME, scaffold.GLOSSARY_START), (SOURCES_NAME, "[]\n")):
        if not (folder / name).exists():
            files.write_text(folder / name, start)
    files.write_bytes(folder / IMPORTED_NAME, plan.show_xml(show))
    _add_people(here, loader, repairs)
    files.write_text(folder / SHOW_NAME, text)
    return here


def _people_of_an_import_before(folder: Path) -> plan.People:
    problems: list[Problem] = []
    table = read_toml(folder / PEOPLE_NAME, problems, optional=True) or {}
    if problems:
        raise Refused(problems)
    return plan.People.known({key: str(one["name"]) for key, one in table.items() if "name" in one})


def _is_ours(entry: Path) -> bool:
    """What an import that was killed before show.toml left."""
    shared = {GLOSSARY_NAME, SOURCES_NAME, PEOPLE_NAME, "people"}
    return entry.name in shared or entry.stem in ("artwork", "artwork-as-it-was") or entry.name.startswith(".")


def _show_artwork(folder: Path, show: ForeignShow, loader: Downloader, repairs: Repairs) -> str:
    name = gathering.picture(folder, show.image, "artwork", "channel", loader, repairs) if show.image else None
    if name is None:
        from pipeline.publish.artwork import placeholder

        name = "artwork.png"
        repairs.add("channel", "it has no artwork that can be used", f"A placeholder is in its place: {name}")
        files.write_bytes(folder / name, placeholder(show.title))
    return name


def _take(
    here: _Here,
    slug: str,
    item: ForeignItem,
    position: int,
    show: ForeignShow,
    loader: Downloader,
    repairs: Repairs,
    report: Report,
) -> None:
    """Gather one episode and put it into its place."""
    staging = build_folder(here.root) / STAGING / files.digest_bytes(item.guid.encode()).removeprefix("sha256:")[:24]
    staging.mkdir(parents=True, exist_ok=True)
    files.remove_leftovers(staging)
    beside = plan.Beside(
        audio=gathering.recording(staging, item, loader, repairs, lambda part: report(slug, "downloading", part)),
        artwork=gathering.picture(staging, item.image, "artwork", item.where, loader, repairs)
        if item.image and item.image != show.image
        else None,
        chapters=gathering.chapters(staging, item, loader, repairs),
        transcripts=tuple(gathering.transcripts(staging, item, loader, repairs)),
    )
    text, xml = plan.episode_files(item, here.people, beside, position)
    _require_valid(item, slug, here.folder / slug, text)
    files.write_bytes(staging / IMPORTED_NAME, xml)
    files.write_text(staging / EPISODE_NAME, text)
    _add_people(here, loader, repairs)
    target = here.folder / slug
    if target.exists():
        raise Refused(Problem(str(target), "there is something here already", "Move it away"))
    staging.rename(target)


def _require_valid(item: ForeignItem, slug: str, folder: Path, text: str) -> None:
    """What was written must be readable by everybody else here."""
    table = tomlkit.parse(text).unwrap()
    try:
        show_models.Episode.model_validate({**table, "slug": slug, "folder": folder})
    except ValueError as error:
        told: list[Any] = getattr(error, "errors", list)()
        what = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in told) or str(error)
        raise InvalidInput(Problem(item.where, f"it cannot be taken over ({what})", "Have the feed mended")) from error
    if not SLUG.fullmatch(slug):
        raise InvalidInput(Problem(item.where, f"“{slug}” cannot be a folder", "Have its title mended"))


def _add_people(here: _Here, loader: Downloader, repairs: Repairs) -> None:
    """Add those who are new to people.toml, behind what stands there."""
    path = here.folder / PEOPLE_NAME
    before = path.read_text("utf-8") if path.exists() else ""
    photos: dict[str, str] = {}
    for person_id, person in here.people.new.items():
        if person.img:
            name = gathering.photo(here.folder, person_id, person.img, person.name, loader, repairs)
            photos |= {person_id: name} if name else {}
    added = plan.people_toml(here.people.new, photos)
    if added or not path.exists():
        gap = "" if not before else "\n" if before.endswith("\n") else "\n\n"
        files.write_text(path, f"{before}{gap}{added}")
    here.people.new.clear()
