"""The site: everything that is published, in one folder that any web server or object store can hold.

`plan_site` says what the folder must hold; `build_site` makes it so. The order of writing keeps a promise under
every interruption: **the feed names only files that are there, whole.** Recordings, transcripts and pictures come
first, then pages, the feed last; only after it vanishes what the site no longer names.

Nothing is remembered between runs. What this program makes has names that nobody else would give (a piece of the
content's digest, after the folder's own name), so what an episode left behind is known by its name even when
`build/` was deleted or a run was killed. Files of other names are reported and never touched.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from html import escape
from pathlib import Path, PurePosixPath

from pipeline import files
from pipeline.errors import InvalidAudio, OnRecordError, Problem, Refused
from pipeline.publish import artwork, pages, share_image
from pipeline.publish.corrections_feed import corrections_feed
from pipeline.publish.feed import build_feeds, feed_item
from pipeline.publish.leaks import leaks, leaks_into
from pipeline.publish.model import ApprovedEpisode
from pipeline.publish.modules import linked
from pipeline.publish.moving.kept import kept_of_show
from pipeline.publish.pages import Site, SiteAssets, named_people, newest_first
from pipeline.publish.parts import EpisodeParts, Pictures, episode_parts, pictures_of
from pipeline.publish.search.index import build_index
from pipeline.publish.sitemap import ROBOTS, SITEMAP, ListedPage, to_robots, to_sitemap
from pipeline.publish.subscribe import qr_code
from pipeline.publish.templates import (
    STATIC_FOLDER,
    STATIC_SUFFIXES,
    Templates,
    overrides_folder,
    static_files,
    static_place,
)
from pipeline.show import Show
from pipeline.withhold import protected_by

PICTURES_FOLDER = "_pictures"  # in build/; no slug begins with an underscore
# The player's modules, those that import others after them.
_PLAYER = ("playhead.js", "transcript.js", "controls.js", "shortcuts.js", "player.js")
_PIECE = r"[0-9a-f]{12}"
# Add to these, never take away: an older version's files must still be known as ours.
_OURS_SHARED = re.compile(
    rf"^(?:{STATIC_FOLDER}/[A-Za-z0-9_-]+-{_PIECE}(?:{'|'.join(map(re.escape, STATIC_SUFFIXES))})|feed-\d+\.xml"
    r"|(?:people|sources|archive(?:-\d{1,4})?|corrections|feed|search)\.html|(?:corrections|sitemap)\.xml|robots\.txt"
    rf"|search/(?:index|words)-{_PIECE}\.json)$"
)
_OURS_EPISODE = re.compile(
    rf"^(?P<slug>[a-z0-9-]+)/(?P=slug)-{_PIECE}\."
    r"(?:mp3|opus|aac|m4a|m4v|mov|mp4|oga|flac|wav|webm|vtt|srt|txt|json|html|chapters\.json|search\.json|jpg)$"
)


@dataclass(frozen=True)
class SiteResult:
    """What `build_site` did. All names are paths below `site/`; `files` are all that the site holds of ours.

    `files` are all of the site, in the order of writing; `written` those that were not there or were different.
    `strays` are files in `site/` that this program did not make. `pages` are the public addresses of the
    episodes by slug, `left_out` the episodes that could not be published and why; `photo_problems` say which
    photos the pages do without.
    """

    files: tuple[str, ...]
    written: tuple[str, ...]
    removed: tuple[str, ...]
    strays: tuple[str, ...]
    pages: Mapping[str, str]
    left_out: Mapping[str, OnRecordError]
    photo_problems: tuple[Problem, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether anything in `site/` is another than before."""
        return bool(self.written or self.removed)


def build_site(
    site: Path,
    show: Show,
    approved: Sequence[ApprovedEpisode],
    *,
    today: date,
    report: Callable[[float], None] = lambda _: None,
    build: Path | None = None,
) -> SiteResult:
    """Make `site` hold exactly what `approved` asks for, beside whatever others put there.

    Works everything out before it writes anything; writes only what differs. An episode that cannot be published
    (its release is not the one measured, its picture is too small, ...) is left out and named in the result. The
    caller holds the lock. `today` decides which calls to action have ended. `report` is told which part of the
    writing is done, from 0.0 to 1.0. `build` is where reduced pictures are kept (the show's `build/` by default).

    Raises InvalidAudio when the show's own artwork cannot be used, InvalidShow when its templates or fonts cannot,
    Refused when something stands in the way in `site`. A second call with the same arguments writes nothing.
    """
    pictures = (build or show.root / "build") / PICTURES_FOLDER
    shared = pictures_of(show.folder / show.settings.artwork, pictures)
    parts: list[EpisodeParts] = []
    left_out: dict[str, OnRecordError] = {}
    for one in approved:
        try:
            part = episode_parts(show, one, shared, pictures)
            _check_release(site, one, part.files.audio)
        except OnRecordError as error:
            left_out[one.slug] = error
        else:
            parts.append(part)
    icon = artwork.prepare(show.folder / show.settings.artwork, artwork.ICON_SIZE_PX, pictures).read_bytes()
    share = share_image.prepare(
        share_image.Said(show.settings.title),
        shared.page,
        None,
        share_image.share_colours(show.settings.look),
        pictures,
    )
    portraits, photo_problems = _portraits(show, parts, pictures)
    plan = plan_site(show, parts, shared, icon, share, today=today, portraits=portraits)
    while found := _leaking(show, plan, parts):
        # Fail closed: an episode that says a protected name anywhere is left out of everything, and looked at again.
        left_out |= found
        parts = [part for part in parts if part.approved.slug not in found]
        plan = plan_site(show, parts, shared, icon, share, today=today, portraits=portraits)
    _refuse_leaks(show, plan, parts)
    _refuse_obstacles(site, plan)
    _remove_leftovers(site)
    written: list[str] = []
    for done, (name, content) in enumerate(plan.items()):
        report(done / len(plan))
        if _put(site / name, content):
            written.append(name)
    ours, strays = _superfluous(site, plan.keys())
    for name in ours:
        _remove(site / name)
    for folder in {(site / name).parent for name in ours} - {site}:
        if not any(folder.iterdir()):
            folder.rmdir()
    report(1.0)
    return SiteResult(
        files=tuple(plan),
        written=tuple(written),
        removed=tuple(ours),
        strays=tuple(strays),
        pages={part.approved.slug: pages.page_address(show.settings, part.files.page) for part in parts},
        left_out=left_out,
        photo_problems=photo_problems,
    )


def plan_site(
    show: Show,
    parts: Sequence[EpisodeParts],
    shared: Pictures,
    icon: bytes,
    share: bytes,
    *,
    today: date,
    portraits: Mapping[str, bytes] | None = None,
) -> dict[str, bytes | Path]:
    """Every file of the site by its name, in the order in which they must be written.

    A path stands for the content of the file there: recordings are linked, not read.
    """
    templates = Templates(overrides_folder(show.root))
    own = static_files(show, templates)
    portraits = portraits or {}
    published = {name: place for name, (place, _) in own.items()}
    contents = {
        "style": ("style.css", templates.style(show, published)),
        "artwork": ("artwork.jpg", shared.feed),
        "cover": ("cover.jpg", shared.page),
        "icon": ("icon.jpg", icon),
        "share": ("share.jpg", share),
        "copy_script": ("copy.js", templates.static("copy.js")),
        "qr_code": ("qr.svg", qr_code(show.settings.site_url + pages.FEED)),
    }
    names = {role: static_place(name, content) for role, (name, content) in contents.items()}
    photos = {person: static_place("photo.jpg", content) for person, content in portraits.items()}
    searching = linked(("folding.js", "finding.js", "search.js"), templates.static)
    playing = linked(_PLAYER, templates.static)
    index = build_index([part.searched for part in parts])
    whole = Site(
        show=show,
        episodes=newest_first(parts),
        assets=SiteAssets(
            names,
            search=tuple(place for place, _ in searching.values()),
            player=tuple(place for place, _ in playing.values()),
            own=published,
        ),
        today=today,
        photos=photos,
        search_index=index.manifest,
    )
    plan: dict[str, bytes | Path] = {}
    for part in parts:
        plan[part.files.audio] = part.approved.release_path
        if part.files.alternate and part.approved.alternate_path:
            plan[part.files.alternate] = part.approved.alternate_path
        plan |= part.contents
    plan |= {names[role]: content for role, (_, content) in contents.items()}
    plan |= {photos[person]: content for person, content in portraits.items()}
    plan |= dict(own.values())
    plan |= dict(searching.values()) | dict(playing.values())
    plan |= index.files
    plan |= {name: html.encode("utf-8") for name, html in pages.Pages(templates).all(whole)}
    plan |= corrections_feed(whole)
    plan[SITEMAP] = to_sitemap(_listed_pages(whole, plan))
    plan[ROBOTS] = to_robots(show.settings.site_url + SITEMAP)
    feeds = build_feeds(
        show.settings,
        [feed_item(show.settings, part.approved, part.files, part.notes) for part in parts],
        artwork_url=show.settings.site_url + names["artwork"],
        people=show.people,
        photos={person: show.settings.site_url + name for person, name in photos.items()},
        kept=kept_of_show(show.folder).tags,
    )
    # The page that everybody asks for comes last: it names the others.
    return plan | dict(sorted(feeds.items(), key=lambda page: page[0] == pages.FEED))


def _listed_pages(whole: Site, plan: Mapping[str, bytes | Path]) -> Iterator[ListedPage]:
    """Every page that crawlers may keep, newest episode first. Pages about several episodes change with the newest."""
    episodes = {part.files.page: part.approved.changed_at for part in whole.episodes}
    newest = max(episodes.values(), default=None)
    written = [name for name, content in plan.items() if isinstance(content, bytes) and name.endswith(".html")]
    for name in (*(name for name in written if name not in episodes), *episodes):
        address, content = pages.page_address(whole.settings, name), plan[name]
        # Such a page names its own address as the one to keep; the 404 page and the apps' transcript do not.
        own = f'<link rel="canonical" href="{escape(address)}">'.encode()
        if isinstance(content, bytes) and own in content and b'<meta name="robots" content="noindex' not in content:
            yield ListedPage(address, episodes.get(name, newest))


def _leaking(show: Show, plan: Mapping[str, bytes | Path], parts: Sequence[EpisodeParts]) -> dict[str, OnRecordError]:
    """By slug, the episodes that would say a name they must not: in files of their own, or in what they put into those
    of all episodes."""
    found: dict[str, OnRecordError] = {}
    for part in parts:
        slug, protected = part.approved.slug, part.approved.protected
        if not protected:
            continue
        own = {name: content for name, content in plan.items() if name.startswith(f"{slug}/")}
        problems = [problem for _, problem in leaks(own, protected)]
        item = feed_item(show.settings, part.approved, part.files, part.notes)
        tags = [text for tag in item.kept for one in tag.iter() for text in (one.text or "", *one.attrib.values())]
        problems += leaks_into(f"{slug} in site/feed.xml", (item.description, item.content, *tags), protected)
        # The index holds its words one by one, where a name of several could not be seen: it is made of these texts.
        searched = part.searched
        texts = (searched.heading, searched.notes, searched.said)
        problems += leaks_into(f"{slug} in site/search/", texts, protected)
        if problems:
            found[slug] = Refused(problems)
    return found


def _refuse_leaks(show: Show, plan: Mapping[str, bytes | Path], parts: Sequence[EpisodeParts]) -> None:
    """Nothing is published while a name that protects the whole show stands in a file of all episodes.

    Those of one episode were searched before, by the same names and more.
    """
    slugs = {part.approved.slug for part in parts}
    shared = {name: content for name, content in plan.items() if name.partition("/")[0] not in slugs}
    protected = protected_by(one for one in show.protected if not one.episodes)
    if problems := [problem for _, problem in leaks(shared, protected)]:
        raise Refused(problems)


def _portraits(
    show: Show, parts: Sequence[EpisodeParts], pictures: Path
) -> tuple[dict[str, bytes], tuple[Problem, ...]]:
    """The photos of those who are named on the pages, by a person's id, and what is wrong with the others.

    A photo that cannot be used costs listeners no episode: the pages name its person without it.
    """
    named = {person.id: person for part in parts for person in named_people(show, part.approved)}
    portraits: dict[str, bytes] = {}
    problems: list[Problem] = []
    for person in named.values():
        if person.photo:
            try:
                portraits[person.id] = artwork.portrait(show.folder / person.photo, pictures).read_bytes()
            except InvalidAudio as error:
                problems += [
                    replace(one, what=f"{one.what}, and the pages show {person.name} without a photo")
                    for one in error.problems
                ]
    return portraits, tuple(problems)


def _check_release(site: Path, approved: ApprovedEpisode, name: str) -> None:
    """Before a recording is published for the first time, it is read whole: its name promises a digest."""
    source, release = approved.release_path, approved.release
    size_bytes = source.stat().st_size if source.is_file() else None
    if size_bytes == release.size_bytes:
        target = site / name
        if target.is_file() and target.stat().st_size == size_bytes:
            return
        if files.digest_file(source) == release.digest:
            return
    raise InvalidAudio(
        Problem(str(source), "it is not the recording that was measured", f"Delete {source.parent} and run again")
    )


def _put(path: Path, content: bytes | Path) -> bool:
    if isinstance(content, bytes):
        return files.write_if_changed(path, content)
    # Its name carries its digest: a file of that name and size is that file.
    if path.is_file() and path.stat().st_size == content.stat().st_size:
        return False
    with files.replacing(path) as temporary:
        try:
            os.link(content, temporary)
        except OSError:  # another file system, or one without hard links
            shutil.copyfile(content, temporary)
    return True


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def _refuse_obstacles(site: Path, names: Iterable[str]) -> None:
    """A link in the way could lead the writing out of `site`, a folder could stop it half-way."""
    problems = [
        Problem(str(site / name), what, "Move it out of site/, which holds what is published")
        for name, is_folder in sorted(_places(names).items())
        if (what := _obstacle(site / name, is_folder=is_folder))
    ]
    if problems:
        raise Refused(problems)


def _places(names: Iterable[str]) -> dict[str, bool]:
    """Every file and, marked True, every folder that the names need."""
    places: dict[str, bool] = {}
    for name in names:
        places[name] = False
        places |= {str(parent): True for parent in PurePosixPath(name).parents if str(parent) != "."}
    return places


def _obstacle(path: Path, *, is_folder: bool) -> str | None:
    if path.is_symlink():
        return "a link stands where the site has a file or a folder of its own"
    if path.exists() and path.is_dir() is not is_folder:
        return "a file stands where the site has a folder" if is_folder else "a folder stands where the site has a file"
    return None


def _remove_leftovers(site: Path) -> None:
    for folder, _, _ in os.walk(site):
        files.remove_leftovers(Path(folder))


def _superfluous(site: Path, planned: Iterable[str]) -> tuple[list[str], list[str]]:
    """Files that the plan does not name: ours, in the order in which to remove them, and strays."""
    kept = set(planned)
    others = sorted(name for name in _names(site) if name not in kept)
    made_here = {name for name in others if _OURS_SHARED.match(name) or _OURS_EPISODE.match(name)}
    folders = {PurePosixPath(name).parent for name in made_here if _OURS_EPISODE.match(name)}
    # A page is ours when files of ours lie beside it. It goes first, so that this is still known after a kill.
    pages_made_here = [
        name
        for name in others
        if PurePosixPath(name).name == pages.INDEX_PAGE and PurePosixPath(name).parent in folders
    ]
    ours = [*pages_made_here, *sorted(made_here)]
    return ours, [name for name in others if name not in ours]


def _names(site: Path) -> Iterator[str]:
    for folder, folders, names in os.walk(site):
        linked = [name for name in folders if (Path(folder) / name).is_symlink()]
        for name in (*names, *linked):
            yield (Path(folder) / name).relative_to(site).as_posix()
